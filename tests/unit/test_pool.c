/* A pool of endpoints that lie, hang, refuse and lag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "chain/rpc/eth.h"
#include "chain/rpc/pool.h"
#include "tests/support/fake_http.h"

enum {
	SERVERS = 3,
	PATIENT_MS = 60 * 1000, /* a call's time where all answer, on whatever machine */
	SHORT_MS = 5 * 1000,    /* and where one hangs */
};

struct fixture {
	struct fake_http *server[SERVERS];
	struct gs_rpc *rpc;
	struct gs_log log;
	char told[4096]; /* log lines */
	struct gs_error error;
};

static void keep_line(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	struct fixture *f = self;
	const size_t len = strlen(f->told);

	(void)level;
	snprintf(f->told + len, sizeof(f->told) - len, "%s %s\n", event, fields);
}

static void open_rpc(struct fixture *f, size_t count, uint64_t quorum, uint32_t timeout_ms)
{
	const struct gs_rpc_many_options options = {.each.timeout_ms = timeout_ms, .quorum = quorum, .seed = 1};
	const char *urls[SERVERS];

	for (size_t i = 0; i < count; i++)
		urls[i] = fake_http_url(f->server[i]);
	assert_int_equal(gs_rpc_open_many(urls, count, &options, &f->rpc, &f->error), GS_OK);
	f->log = (struct gs_log){.self = f, .level = GS_LOG_INFO, .write = keep_line};
	gs_rpc_log_to(f->rpc, &f->log);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (size_t i = 0; i < SERVERS; i++)
		f->server[i] = fake_http_start();
	open_rpc(f, SERVERS, 0, PATIENT_MS);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gs_rpc_close(f->rpc);
	for (size_t i = 0; i < SERVERS; i++)
		if (f->server[i])
			fake_http_stop(f->server[i]);
	free(f);
	return 0;
}

static void say(struct fixture *f, size_t i, const char *body)
{
	fake_http_reply(f->server[i], (struct fake_reply){.body = body});
}

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":" text "}"
#define REFUSAL(text) "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":" text "}"

static struct gs_pool_status status_of(const struct fixture *f)
{
	struct gs_pool_status s;

	assert_true(gs_rpc_pool_status(f->rpc, &s));
	return s;
}

static void believes_a_majority(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	say(f, 0, RESULT("\"0x5\"")); /* lies */
	say(f, 1, RESULT("\"0x01\""));
	say(f, 2, RESULT("\"0x1\""));
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	assert_int_equal(id, 1);
	assert_non_null(strstr(f->told, "rpc.disagree method=eth_chainId decided=yes"));
	assert_non_null(strstr(f->told, "0x5"));
	struct gs_pool_status s = status_of(f);
	assert_int_equal(s.need, 2);
	assert_int_equal(s.disagreements, 1);
	assert_int_equal(s.undecided, 0);
	assert_int_equal(s.endpoint[0].disagreements, 1);
	assert_int_equal(s.endpoint[1].disagreements, 0);
	/* Whoever was outvoted is not asked first any more. */
	const uint64_t before = s.endpoint[0].answers;
	for (int i = 0; i < 5; i++)
		assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	s = status_of(f);
	assert_true(s.endpoint[0].answers < before + 5); /* but where the others are late */
}

static void fails_closed(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	say(f, 0, RESULT("\"0x5\""));
	say(f, 1, RESULT("\"0x6\""));
	say(f, 2, RESULT("\"0x7\""));
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EAGAIN);
	assert_non_null(strstr(f->error.text, "disagree"));
	assert_non_null(strstr(f->told, "decided=no"));
	assert_int_equal(status_of(f).undecided, 1);
	/* One answer and two failures are no quorum, and no contradiction either. */
	say(f, 1, REFUSAL("{\"code\":-32000,\"message\":\"header not found\"}"));
	fake_http_reply(f->server[2], (struct fake_reply){.status = 502, .body = "<html>"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EAGAIN);
	/* Two failures settle it: where they came first, the one that answers was not even asked. */
	assert_true(strstr(f->error.text, "1 of 3 endpoints answered, 2 must agree") ||
	            strstr(f->error.text, "0 of 3 endpoints answered, 2 must agree"));
	assert_int_equal(status_of(f).disagreements, 1);
	/* What all say is what they say. */
	for (size_t i = 0; i < SERVERS; i++)
		say(f, i, REFUSAL("{\"code\":-32601,\"message\":\"no such method\"}"));
	usleep(500 * 1000); /* the one with 502 rests */
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EUNSUPPORTED);
}

static void does_without_one(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	gs_rpc_close(f->rpc);
	open_rpc(f, SERVERS, 0, SHORT_MS);
	fake_http_reply(f->server[0], (struct fake_reply){.hang = true});
	say(f, 1, RESULT("\"0x1\""));
	say(f, 2, RESULT("\"0x1\""));
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	assert_int_equal(id, 1);
	assert_int_equal(status_of(f).endpoint[0].answers, 0);
	/* Two silent ones are one too many, and time passed is no answer. */
	fake_http_reply(f->server[1], (struct fake_reply){.hang = true});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EAGAIN);
}

static void agrees_on_reverts(void **state)
{
	struct fixture *f = *state;
	struct gs_address to = {{1}};
	struct gs_eth_call call = {.to = &to};
	struct gs_buf out;

	gs_buf_init(&out, 64);
	say(f, 0, RESULT("\"0x01\"")); /* says that it would do */
	say(f, 1, REFUSAL("{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x12345678\"}"));
	say(f, 2, REFUSAL("{\"code\":-32000,\"message\":\"VM: revert\",\"data\":\"0x12345678\"}"));
	assert_int_equal(gs_eth_do_call(f->rpc, &call, gs_block_at(7), &out, &f->error), GS_ECONFLICT);
	assert_int_equal(gs_rpc_last_failure(f->rpc)->kind, GS_RPC_REVERT);
	assert_int_equal(out.len, 0);
	gs_buf_free(&out);
}

/* One endpoint cannot raise what grows, nor fees and gas. */
static void takes_the_middle(void **state)
{
	struct fixture *f = *state;
	const struct gs_address who = {{1}};
	const struct gs_block_id pending = {.kind = GS_BLOCK_PENDING};
	struct gs_eth_call call = {.to = &who};
	uint64_t value;

	say(f, 0, RESULT("\"0xffff\""));
	say(f, 1, RESULT("\"0x7\""));
	say(f, 2, RESULT("\"0x8\""));
	assert_int_equal(gs_eth_get_nonce(f->rpc, &who, pending, &value, &f->error), GS_OK);
	assert_int_equal(value, 8);
	assert_int_equal(gs_eth_estimate_gas(f->rpc, &call, &value, &f->error), GS_OK);
	assert_int_equal(value, 8);
	say(f, 0, REFUSAL("{\"code\":3,\"message\":\"execution reverted\"}"));
	assert_int_equal(gs_eth_estimate_gas(f->rpc, &call, &value, &f->error), GS_OK);
	assert_int_equal(value, 8);
	say(f, 2, REFUSAL("{\"code\":3,\"message\":\"execution reverted\"}"));
	assert_int_equal(gs_eth_estimate_gas(f->rpc, &call, &value, &f->error), GS_ECONFLICT);
	fake_http_reply(f->server[2], (struct fake_reply){.status = 500, .body = ""});
	assert_int_equal(gs_eth_estimate_gas(f->rpc, &call, &value, &f->error), GS_EAGAIN);
}

#define HASH(digit) "0x" digit "000000000000000000000000000000000000000000000000000000000000000"
#define BLOCK(number, digit) \
	RESULT("{\"number\":\"" number "\",\"hash\":\"" HASH(digit) "\",\"parentHash\":\"" HASH( \
		"9") "\",\"timestamp\":\"0x5\",\"gasLimit\":\"0x7\",\"baseFeePerGas\":\"0x9\"}")

static void follows_the_newest_of_a_quorum(void **state)
{
	struct fixture *f = *state;
	struct gs_eth_block block;

	say(f, 0, BLOCK("0xffffff", "f")); /* lies */
	say(f, 1, BLOCK("0x10", "1"));
	say(f, 2, BLOCK("0x10", "1"));
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error), GS_OK);
	assert_int_equal(block.head.number, 16);
	assert_int_equal(status_of(f).head, 16);
	/* Nobody else has the newer block, which takes no disagreement. */
	assert_int_equal(status_of(f).disagreements, 0);
	/* Three blocks that nobody confirms. */
	say(f, 1, BLOCK("0x11", "2"));
	say(f, 2, BLOCK("0x12", "3"));
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error), GS_EAGAIN);
}

/* State is asked at the hash of a block that a quorum has. */
static void pins_what_is_latest(void **state)
{
	struct fixture *f = *state;
	const struct gs_address who = {{1}};
	struct gs_eth_block block;
	uint64_t nonce;

	for (size_t i = 0; i < SERVERS; i++)
		say(f, i, BLOCK("0x10", "1"));
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error), GS_OK);
	for (size_t i = 0; i < SERVERS; i++)
		say(f, i, RESULT("\"0x3\""));
	assert_int_equal(gs_eth_get_nonce(f->rpc, &who, gs_block_latest(), &nonce, &f->error), GS_OK);
	assert_int_equal(nonce, 3);
	size_t pinned = 0;
	for (size_t i = 0; i < SERVERS; i++) {
		const char *request = fake_http_last_request(f->server[i]);
		pinned += strstr(request, "{\"blockHash\":\"" HASH("1") "\"}") != NULL;
		assert_null(strstr(request, "\"latest\"]"));
	}
	assert_true(pinned >= 2); /* a third is asked where one of the two is late */
}

static void tells_transactions_to_all(void **state)
{
	struct fixture *f = *state;
	static const uint8_t raw[] = {1, 2, 3};
	const struct gs_bytes bytes = {raw, sizeof(raw)};
	struct gs_hash ours, hash;
	char text[67], taken[160];

	gs_keccak256(raw, sizeof(raw), &ours);
	gs_hex_encode(ours.b, 32, true, text);
	snprintf(taken, sizeof(taken), RESULT("\"%s\""), text);
	say(f, 0, REFUSAL("{\"code\":-32000,\"message\":\"nonce too low\"}"));
	say(f, 1, RESULT("\"" HASH("f") "\"")); /* another transaction, it says */
	say(f, 2, taken);
	assert_int_equal(gs_eth_send_raw(f->rpc, bytes, &hash, &f->error), GS_OK);
	assert_memory_equal(hash.b, ours.b, 32);
	for (size_t i = 0; i < SERVERS; i++)
		assert_non_null(strstr(fake_http_last_request(f->server[i]), "0x010203"));
	/* That the nonce is taken is not for one endpoint to say. */
	say(f, 2, REFUSAL("{\"code\":-32000,\"message\":\"busy\"}"));
	assert_int_equal(gs_eth_send_raw(f->rpc, bytes, &hash, &f->error), GS_EAGAIN);
	say(f, 2, REFUSAL("{\"code\":-32000,\"message\":\"nonce too low: next nonce 5\"}"));
	assert_int_equal(gs_eth_send_raw(f->rpc, bytes, &hash, &f->error), GS_EINVAL);
	assert_non_null(strstr(gs_rpc_last_failure(f->rpc)->message, "nonce too low"));
}

static void slows_down_when_told(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	fake_http_reply(f->server[0], (struct fake_reply){.status = 429, .body = "slow down"});
	say(f, 1, RESULT("\"0x1\""));
	say(f, 2, RESULT("\"0x1\""));
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	say(f, 0, RESULT("\"0x1\""));
	for (int i = 0; i < 3; i++)
		assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	struct gs_pool_status s = status_of(f);
	assert_int_equal(s.endpoint[0].answers, 0); /* left alone for a while */
	assert_int_equal(s.endpoint[0].failures, 0);
	/* For as long as it says. */
	fake_http_reply(f->server[1],
	                (struct fake_reply){.raw = true,
	                                    .body = "HTTP/1.1 503 X\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK); /* the first is waited for */
	s = status_of(f);
	assert_int_equal(s.endpoint[0].answers, 1);
	assert_true(s.endpoint[1].rests_ms > 5000 && s.endpoint[1].rests_ms <= 60000);
}

static void learns_ranges(void **state)
{
	struct fixture *f = *state;
	const struct gs_eth_filter filter = {.from_block = 1, .to_block = 1500};
	struct gs_log_list logs;

	say(f, 0, REFUSAL("{\"code\":-32602,\"message\":\"range 1500 exceeds limit of 1000\"}"));
	say(f, 1, RESULT("[]"));
	say(f, 2, RESULT("[]"));
	assert_int_equal(gs_eth_get_logs(f->rpc, &filter, &logs, &f->error), GS_OK);
	gs_log_list_free(&logs);
	const struct gs_pool_status s = status_of(f);
	assert_int_equal(s.endpoint[0].range, 1000);
	assert_int_equal(s.endpoint[1].range, 2000);
}

#define WORD(digit) "\"0x" digit digit digit digit digit digit digit digit "\""
#define EIGHT(d) d d d d d d d d
#define LOG(block, index, data, time) \
	"{\"address\":\"0x" EIGHT("11") \
		EIGHT("11") "11111111\",\"topics\":[],\"data\":\"0x" data "\",\"blockNumber\":\"0x" block \
			    "\",\"blockHash\":" WORD("0000000" block) ",\"transactionHash\":" WORD( \
				    "22222222") ",\"logIndex\":\"0x" index "\",\"blockTimestamp\":\"0x" time "\"}"

static enum gs_err stream(struct fixture *f, uint64_t from, uint64_t to, size_t logs_max, struct gs_log_list *out)
{
	const struct gs_eth_filter filter = {.from_block = from, .to_block = to, .logs_max = logs_max};

	return gs_eth_stream_logs(f->rpc, &filter, out, &f->error);
}

/* A range is read as it comes from each, and what a quorum's digests say is taken, whoever was asked first. */
static void ranges_are_agreed_on_by_digest(void **state)
{
	static const char right[] = RESULT("[" LOG("3", "0", "aa", "10") "," LOG("4", "7", "bbcc", "11") "]");
	static const char with_other_times[] = RESULT(
		"[" LOG("3", "0", "aa", "77") "," LOG("4", "7", "bbcc", "78") "]");
	static const char *const wrong[] = {
		RESULT("[" LOG("3", "0", "ab", "10") "," LOG("4", "7", "bbcc", "11") "]"), /* a byte */
		RESULT("[" LOG("3", "0", "aa", "10") "]"),                                 /* one left out */
		RESULT("[" LOG("3", "0", "aa", "10") "," LOG("3", "1", "", "10") "," LOG("4", "7", "bbcc", "11") "]"),
		RESULT("[" LOG("4", "7", "bbcc", "11") "," LOG("3", "0", "aa", "10") "]"), /* in disorder: no answer */
		RESULT("[" LOG("9", "0", "aa", "10") "]"), /* not asked for: no answer */
		RESULT("{}"),
	};
	struct fixture *f = *state;
	struct gs_log_list logs;

	for (size_t w = 0; w < GS_ARRAY_LEN(wrong); w++)
		for (size_t liar = 0; liar < (w < 3 ? SERVERS : 1); liar++) { /* one that says nonsense rests a while */
			for (size_t i = 0; i < SERVERS; i++)
				say(f, i, i == liar ? wrong[w] : i == (liar + 1) % SERVERS ? right : with_other_times);
			assert_int_equal(stream(f, 2, 5, 0, &logs), GS_OK);
			assert_int_equal(logs.count, 2);
			assert_int_equal(logs.entries[0].data.len, 1);
			assert_int_equal(logs.entries[0].data.ptr[0], 0xaa);
			assert_int_equal(logs.entries[1].block_number, 4);
			assert_int_equal(logs.entries[1].data.ptr[1], 0xcc);
			assert_int_equal(logs.entries[1].time.unix_s, 0); /* nobody has agreed on it */
			gs_log_list_free(&logs);
		}
	const struct gs_pool_status s = status_of(f);
	assert_true(s.disagreements > 0);
	assert_int_equal(s.undecided, 0);
	assert_non_null(strstr(f->told, "rpc.disagree method=eth_getLogs decided=yes from=2 to=5 one="));
}

/* Times are taken where a quorum tells the same ones, and are never what a range fails for. */
static void times_of_logs_are_agreed_on_apart(void **state)
{
	static const char timed[] = RESULT("[" LOG("3", "0", "aa", "10") "," LOG("4", "7", "bb", "11") "]");
	static const char later[] = RESULT("[" LOG("3", "0", "aa", "10") "," LOG("4", "7", "bb", "12") "]");
	static const char half[] = RESULT("[" LOG("3", "0", "aa", "10") "," LOG("4", "7", "bb", "0") "]");
	static const struct {
		const char *answer[SERVERS];
		uint64_t time;
	} cases[] = {
		{{timed, timed, timed}, 0x11},
		{{later, later, later}, 0x12},
		{{half, half, half}, 0},
		{{timed, later, half}, 0},
	};
	struct fixture *f = *state;
	struct gs_log_list logs;

	for (size_t c = 0; c < GS_ARRAY_LEN(cases); c++) {
		for (size_t i = 0; i < SERVERS; i++)
			say(f, i, cases[c].answer[i]);
		assert_int_equal(stream(f, 1, 8, 0, &logs), GS_OK);
		assert_int_equal(logs.count, 2);
		assert_int_equal(logs.entries[1].time.unix_s, cases[c].time);
		assert_int_equal(logs.entries[0].time.unix_s, cases[c].time ? 0x10 : 0);
		gs_log_list_free(&logs);
	}
	assert_int_equal(status_of(f).disagreements, 0);
}

/* Three answers: nothing is taken; both are told with the range, and again when a smaller one contradicts. */
static void ranges_without_a_quorum_fail_closed(void **state)
{
	struct fixture *f = *state;
	struct gs_log_list logs;
	const char *first, *second;

	say(f, 0, RESULT("[" LOG("3", "0", "aa", "10") "]"));
	say(f, 1, RESULT("[" LOG("3", "0", "ab", "10") "]"));
	say(f, 2, RESULT("[]"));
	assert_int_equal(stream(f, 1, 8, 0, &logs), GS_EAGAIN);
	assert_int_equal(logs.count, 0);
	assert_non_null(strstr(f->error.text, "the endpoints disagree"));
	first = strstr(f->told, "rpc.disagree method=eth_getLogs decided=no from=1 to=8 one=");
	assert_non_null(first);
	assert_non_null(strstr(first, " entries #"));
	assert_int_equal(stream(f, 1, 8, 0, &logs), GS_EAGAIN); /* the same is not told again so soon */
	assert_null(strstr(first + 1, "rpc.disagree"));
	assert_int_equal(stream(f, 1, 4, 0, &logs), GS_EAGAIN);
	second = strstr(f->told, "decided=no from=1 to=4 one=");
	assert_non_null(second);
	assert_int_equal(status_of(f).undecided, 3);
}

/* More than may be kept: the caller hears that less must be asked for, and no endpoint is blamed. */
static void a_range_beyond_the_limit_is_nobodys_fault(void **state)
{
	struct fixture *f = *state;
	struct gs_log_list logs;

	for (size_t i = 0; i < SERVERS; i++)
		say(f, i,
		    RESULT("[" LOG("3", "0", "aa", "10") "," LOG("3", "1", "", "10") "," LOG("4", "7", "bb",
		                                                                             "11") "]"));
	assert_int_equal(stream(f, 1, 8, 2, &logs), GS_ELIMIT);
	assert_int_equal(logs.count, 0);
	const struct gs_pool_status s = status_of(f);
	for (size_t i = 0; i < SERVERS; i++) {
		assert_int_equal(s.endpoint[i].failures, 0);
		assert_int_equal(s.endpoint[i].rests_ms, 0);
	}
	assert_int_equal(stream(f, 1, 8, 3, &logs), GS_OK);
	assert_int_equal(logs.count, 3);
	gs_log_list_free(&logs);
}

/* Several questions: each by its own rule, in one request an endpoint, the same one once. */
static void many_at_once(void **state)
{
	struct fixture *f = *state;
	struct gs_hash tx[3] = {{{1}}, {{2}}, {{1}}};
	struct gs_receipt_answer answer[3];

	say(f, 0, RESULT("null"));
	say(f, 1, RESULT("null"));
	say(f, 2, RESULT("null"));
	assert_int_equal(gs_eth_get_receipts(f->rpc, tx, 3, answer, &f->error), GS_OK);
	size_t asked = 0;
	for (size_t i = 0; i < 3; i++) {
		const char *request = fake_http_last_request(f->server[i]);
		assert_int_equal(answer[i].err, GS_ENOTFOUND);
		if (!*request)
			continue;
		asked++;
		assert_int_equal(request[0], '[');
		const char *second = strstr(request, "0x02");
		assert_non_null(strstr(request, "0x01"));
		assert_non_null(second);
		assert_null(strstr(second, "0x01")); /* the third is the first */
	}
	assert_true(asked >= 2);
	/* What endpoints disagree about fails closed, each question by itself. */
	struct gs_rpc_item item[2];
	say(f, 0, RESULT("\"0x5\""));
	say(f, 1, RESULT("\"0x6\""));
	say(f, 2, RESULT("\"0x7\""));
	for (size_t i = 0; i < 2; i++)
		item[i] = (struct gs_rpc_item){.method = i ? "eth_estimateGas" : "eth_chainId",
		                               .params = i ? json_pack("[{}]") : json_array()};
	assert_int_equal(gs_rpc_call_many(f->rpc, item, 2, &f->error), GS_OK);
	assert_int_equal(item[0].err, GS_EAGAIN);
	assert_null(item[0].result);
	assert_non_null(strstr(item[0].why.text, "disagree"));
	assert_int_equal(item[1].err, GS_OK); /* of opinions the middle */
	assert_string_equal(json_string_value(item[1].result), "0x6");
	json_decref(item[1].result);
	/* One does not take batches: it is asked call by call, and that is learnt. */
	fake_http_reply(f->server[0], (struct fake_reply){.status = 400, .body = "{}"});
	say(f, 1, RESULT("null"));
	say(f, 2, RESULT("null"));
	assert_int_equal(gs_eth_get_receipts(f->rpc, tx, 3, answer, &f->error), GS_OK);
	const struct gs_pool_status s = status_of(f);
	assert_true(s.endpoint[1].batch > 1 && s.endpoint[2].batch > 1);
}

/* One endpoint: the same without votes, and ended when told. */
static void many_of_one(void **state)
{
	struct fixture *f = *state;
	struct gs_hash tx[2] = {{{1}}, {{2}}};
	struct gs_receipt_answer answer[2];
	struct gs_rpc *rpc;
	const struct gs_rpc_options options = {
		.timeout_ms = 5000}; /* one call takes it all: this server has one connection at a time */
	const int fd = eventfd(1, 0);

	assert_int_equal(gs_rpc_open(fake_http_url(f->server[0]), &options, &rpc, &f->error), GS_OK);
	say(f, 0, RESULT("null"));
	assert_int_equal(gs_eth_get_receipts(rpc, tx, 2, answer, &f->error), GS_OK);
	assert_int_equal(fake_http_last_request(f->server[0])[0], '[');
	assert_int_equal(answer[0].err, GS_ENOTFOUND);
	assert_int_equal(answer[1].err, GS_ENOTFOUND);
	say(f, 0, RESULT("\"0x1\"")); /* is no receipt */
	assert_int_equal(gs_eth_get_receipts(rpc, tx, 2, answer, &f->error), GS_OK);
	assert_int_equal(answer[0].err, GS_EPARSE);
	/* It has nothing for arrays, nor for single calls. */
	fake_http_reply(f->server[0], (struct fake_reply){.status = 404, .body = ""});
	assert_int_equal(gs_eth_get_receipts(rpc, tx, 2, answer, &f->error), GS_OK);
	assert_int_equal(answer[0].err, GS_EIO);
	assert_int_equal(gs_rpc_batch(rpc), 1);
	fake_http_reply(f->server[0], (struct fake_reply){.hang = true});
	gs_rpc_stop_on(rpc, fd);
	assert_int_equal(gs_eth_get_receipts(rpc, tx, 2, answer, &f->error), GS_EIO);
	gs_rpc_close(rpc);
	close(fd);
}

static void ends_when_told(void **state)
{
	struct fixture *f = *state;
	const int fd = eventfd(1, EFD_CLOEXEC);
	uint64_t id;

	assert_true(fd >= 0);
	for (size_t i = 0; i < SERVERS; i++)
		fake_http_reply(f->server[i], (struct fake_reply){.hang = true});
	gs_rpc_stop_on(f->rpc, fd);
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EIO);
	assert_non_null(strstr(f->error.text, "the call was ended"));
	gs_rpc_stop_on(f->rpc, -1);
	close(fd);
}

static void refuses_nonsense(void **state)
{
	(void)state;
	static const char *const twice[] = {"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:1"};
	struct gs_rpc_many_options options = {.seed = 1};
	struct gs_error error;
	struct gs_rpc *rpc;

	assert_int_equal(gs_rpc_open_many(twice, 3, &options, &rpc, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "named twice"));
	options.quorum = 3;
	assert_int_equal(gs_rpc_open_many(twice, 2, &options, &rpc, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "chain.quorum"));
	assert_int_equal(gs_rpc_open_many(twice, 1, &options, &rpc, &error), GS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(believes_a_majority, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fails_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_without_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(agrees_on_reverts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(follows_the_newest_of_a_quorum, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pins_what_is_latest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_transactions_to_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slows_down_when_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(learns_ranges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_are_agreed_on_by_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times_of_logs_are_agreed_on_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_without_a_quorum_fail_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_range_beyond_the_limit_is_nobodys_fault, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_of_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_when_told, set_up, tear_down),
		cmocka_unit_test(refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
