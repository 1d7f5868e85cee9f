/* The endpoint against servers that refuse, lie, babble and hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "chain/rpc/eth.h"
#include "tests/support/fake_http.h"

struct fixture {
	struct fake_http *server;
	struct gs_rpc *rpc;
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct gs_rpc_options options = {.connect_ms = 60 * 1000, .timeout_ms = 60 * 1000};
	assert_non_null(f);
	f->server = fake_http_start();
	assert_int_equal(gs_rpc_open(fake_http_url(f->server), &options, &f->rpc, NULL), GS_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	gs_rpc_close(f->rpc);
	fake_http_stop(f->server);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *body)
{
	fake_http_reply(f->server, (struct fake_reply){.body = body});
}

#define assert_failure(f, expected_kind, words) \
	do { \
		assert_int_equal(gs_rpc_last_failure((f)->rpc)->kind, (expected_kind)); \
		if (!strstr((f)->error.text, (words))) \
			fail_msg("'%s' does not contain '%s'", (f)->error.text, (words)); \
	} while (0)

static void reads_an_answer(void **state)
{
	struct fixture *f = *state;
	uint64_t id = 0;
	say(f, "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"0x2105\"}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
	assert_true(id == 8453);
	assert_string_equal(fake_http_last_request(f->server),
	                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK); /* on the same connection, with the next id */
	assert_int_equal(gs_rpc_last_failure(f->rpc)->kind, GS_RPC_NO_FAILURE);
}

static void says_that_nobody_is_there(void **state)
{
	(void)state;
	struct gs_rpc *rpc;
	struct gs_error error;
	uint64_t id;
	assert_int_equal(gs_rpc_open("http://user:secret@127.0.0.1:1/key", NULL, &rpc, &error), GS_OK);
	assert_string_equal(gs_rpc_name(rpc), "http://127.0.0.1:1");
	assert_int_equal(gs_eth_chain_id(rpc, &id, &error), GS_EIO);
	assert_string_equal(error.text, "http://127.0.0.1:1: Connection refused; is the node running?");
	assert_int_equal(gs_rpc_last_failure(rpc)->kind, GS_RPC_TRANSPORT);
	gs_rpc_close(rpc);
}

static void refuses_addresses(void **state)
{
	(void)state;
	static const char *const bad[] = {"",        "ftp://127.0.0.1:1", "file:///etc/passwd", "127.0.0.1",
	                                  "http://", "http://a b/",       "http://x:99999"};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		struct gs_rpc *rpc = (struct gs_rpc *)1;
		assert_int_equal(gs_rpc_open(bad[i], NULL, &rpc, NULL), GS_EINVAL);
		assert_null(rpc);
	}
}

static void refuses_what_is_not_json_rpc(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body, *words;
	} cases[] = {
		{"<html>hello</html>", "is not JSON"},
		{"", "is not JSON"},
		{"{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"0x1\",\"result\":\"0x2\"}", "is not JSON"}, /* twice */
		{"{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"0x1\"} x", "is not JSON"},
		{"[]", "not a JSON-RPC response"},
		{"{\"jsonrpc\":\"2.0\",\"id\":$ID}", "not a JSON-RPC response"},
		{"{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":\"0x1\"}", "not a JSON-RPC response"},
		{"{\"id\":$ID,\"result\":1}", "not a number"},
		{"{\"id\":$ID,\"result\":\"1\"}", "not a number"},
		{"{\"id\":$ID,\"result\":\"0x\"}", "not a number"},
		{"{\"id\":$ID,\"result\":\"0xg\"}", "not a number"},
		{"{\"id\":$ID,\"result\":\"0x10000000000000000\"}", "not a number"},
		{"{\"id\":$ID,\"result\":null}", "not a number"},
	};
	uint64_t id;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		say(f, cases[i].body);
		assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EPARSE);
		assert_failure(f, GS_RPC_MALFORMED, cases[i].words);
		assert_non_null(strstr(f->error.text, fake_http_url(f->server)));
	}
}

static void tells_errors_apart(void **state)
{
	struct fixture *f = *state;
	uint64_t id;
	say(f, "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":{\"code\":-32000,\"message\":\"boom\\u001b[31m\"}}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EINVAL);
	assert_failure(f, GS_RPC_REMOTE, "eth_chainId: the node says: boom?[31m (-32000)");
	assert_int_equal(gs_rpc_last_failure(f->rpc)->code, -32000);
	say(f, "{\"id\":$ID,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EUNSUPPORTED);
	say(f, "{\"id\":$ID,\"error\":{\"code\":-32005,\"message\":\"slow down\"}}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EAGAIN);
	say(f, "{\"id\":$ID,\"error\":{}}");
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EINVAL);
	fake_http_reply(f->server, (struct fake_reply){.status = 429, .body = "busy"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EAGAIN);
	assert_failure(f, GS_RPC_HTTP, "HTTP status 429");
	fake_http_reply(f->server, (struct fake_reply){.status = 403, .body = "{}"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EIO);
	assert_failure(f, GS_RPC_HTTP, "is the key in the address right?");
	/* Some nodes put their error object behind a bad status. */
	fake_http_reply(f->server,
	                (struct fake_reply){.status = 400,
	                                    .body = "{\"id\":$ID,\"error\":{\"code\":-32602,\"message\":\"bad\"}}"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EINVAL);
	assert_failure(f, GS_RPC_REMOTE, "bad (-32602)");
	/* No redirect is followed. */
	fake_http_reply(
		f->server,
		(struct fake_reply){
			.raw = true,
			.body = "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EIO);
	assert_failure(f, GS_RPC_HTTP, "HTTP status 302");
}

static void ends_in_time(void **state)
{
	struct fixture *f = *state;
	const struct gs_rpc_options options = {.timeout_ms = 5 * 1000};
	uint64_t id;
	gs_rpc_close(f->rpc);
	assert_int_equal(gs_rpc_open(fake_http_url(f->server), &options, &f->rpc, NULL), GS_OK);
	fake_http_reply(f->server, (struct fake_reply){.hang = true});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EIO);
	assert_failure(f, GS_RPC_TRANSPORT, "no answer in time");
	fake_http_reply(
		f->server,
		(struct fake_reply){.raw = true, .body = "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"id\":"});
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_EIO);
	assert_failure(f, GS_RPC_TRANSPORT, "connection failed");
	say(f, "{\"id\":$ID,\"result\":\"0x1\"}"); /* and it recovers */
	assert_int_equal(gs_eth_chain_id(f->rpc, &id, &f->error), GS_OK);
}

static void ends_when_told(void **state)
{
	struct fixture *f = *state;
	uint64_t id;
	const int fd = eventfd(1, EFD_CLOEXEC);
	struct gs_rpc *rpc; /* with the long default time-outs: not these end the call */
	assert_true(fd >= 0);
	assert_int_equal(gs_rpc_open(fake_http_url(f->server), NULL, &rpc, NULL), GS_OK);
	gs_rpc_stop_on(rpc, fd);
	fake_http_reply(f->server, (struct fake_reply){.hang = true});
	assert_int_equal(gs_eth_chain_id(rpc, &id, &f->error), GS_EIO);
	assert_non_null(strstr(f->error.text, "the call was ended"));
	gs_rpc_stop_on(rpc, -1);
	say(f, "{\"id\":$ID,\"result\":\"0x1\"}");
	assert_int_equal(gs_eth_chain_id(rpc, &id, &f->error), GS_OK);
	gs_rpc_close(rpc);
	close(fd);
}

static void caps_the_answer(void **state)
{
	(void)state;
	struct fixture f = {.server = fake_http_start()};
	uint64_t id;
	assert_int_equal(gs_rpc_open(fake_http_url(f.server), NULL, &f.rpc, NULL), GS_OK);
	char *block = malloc(1024 * 1024 + 1);
	assert_non_null(block);
	memset(block, '0', 1024 * 1024);
	block[1024 * 1024] = '\0';
	fake_http_reply(f.server, (struct fake_reply){.body = block, .repeat = GS_RPC_RESPONSE_MAX >> 20});
	assert_int_equal(gs_eth_chain_id(f.rpc, &id, &f.error), GS_ELIMIT);
	assert_failure(&f, GS_RPC_OVERSIZE, "larger than");
	gs_rpc_close(f.rpc);
	fake_http_stop(f.server);
	free(block);
}

static enum gs_err try_call(struct fixture *f)
{
	struct gs_address to = {{1}};
	struct gs_eth_call call = {.to = &to};
	struct gs_buf out;
	gs_buf_init(&out, 64);
	enum gs_err err = gs_eth_do_call(f->rpc, &call, gs_block_latest(), &out, &f->error);
	gs_buf_free(&out);
	return err;
}

/* Error("nope"), spelled by geth and anvil, Parity, and a node that wraps it. */
#define NOPE \
	"08c379a00000000000000000000000000000000000000000000000000000000000000020" \
	"00000000000000000000000000000000000000000000000000000000000000046e6f706500000000000000000000000000000000000000000000000000000000"

static void keeps_reverts(void **state)
{
	struct fixture *f = *state;
	static const char *const bodies[] = {
		"{\"id\":$ID,\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x" NOPE "\"}}",
		"{\"id\":$ID,\"error\":{\"code\":-32015,\"message\":\"VM execution error: Reverted\",\"data\":\"Reverted 0x" NOPE
		"\"}}",
		"{\"id\":$ID,\"error\":{\"code\":-32000,\"message\":\"execution reverted\",\"data\":{\"data\":\"0x" NOPE
		"\"}}}",
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bodies); i++) {
		say(f, bodies[i]);
		assert_int_equal(try_call(f), GS_ECONFLICT);
		assert_failure(f, GS_RPC_REVERT, "eth_call: the contract reverted: nope");
		assert_int_equal(gs_rpc_last_failure(f->rpc)->revert_len, 100);
	}
	say(f, "{\"id\":$ID,\"error\":{\"code\":3,\"message\":\"execution reverted\"}}");
	assert_int_equal(try_call(f), GS_ECONFLICT);
	assert_failure(f, GS_RPC_REVERT, "execution reverted");
	assert_int_equal(gs_rpc_last_failure(f->rpc)->revert_len, 0);
	/* anvil quotes what a contract returned byte by byte; a result never has a zero byte. */
	say(f,
	    "{\"id\":$ID,\"error\":{\"code\":3,\"message\":\"execution reverted: custom error \\u0000\\u0001\",\"data\":\"0x" NOPE
	    "\"}}");
	assert_int_equal(try_call(f), GS_ECONFLICT);
	assert_failure(f, GS_RPC_REVERT, "eth_call: the contract reverted: nope");
	say(f, "{\"id\":$ID,\"result\":\"0x12\\u0000\"}");
	assert_int_equal(try_call(f), GS_EPARSE);
	assert_failure(f, GS_RPC_MALFORMED, "zero byte");
	say(f, "{\"id\":$ID,\"result\":\"0x123\"}");
	assert_int_equal(try_call(f), GS_EPARSE);
	say(f, "{\"id\":$ID,\"result\":\"0x12zz\"}");
	assert_int_equal(try_call(f), GS_EPARSE);
	say(f, "{\"id\":$ID,\"result\":\"0x" NOPE "\"}");
	assert_int_equal(try_call(f), GS_ELIMIT); /* of the caller's buffer */
}

#define H32(x) "0x" x "000000000000000000000000000000000000000000000000000000000000"
#define LOG(address, block, index, topic) \
	"{\"address\":\"" address "00000000000000000000000000000000000000\",\"topics\":[\"" H32( \
		topic) "\"],\"data\":\"0xabcd\"," \
		       "\"blockNumber\":\"" block "\",\"blockHash\":\"" H32("aaaa") "\",\"transactionHash\":\"" H32( \
			       "bbbb") "\",\"logIndex\":\"" index "\",\"removed\":false}"
#define RESULT(list) "{\"id\":$ID,\"result\":[" list "]}"

static void checks_logs(void **state)
{
	struct fixture *f = *state;
	struct gs_address address = {{0x11}};
	struct gs_hash topic = {{0x22, 0x22}};
	struct gs_eth_filter filter = {.from_block = 5,
	                               .to_block = 9,
	                               .addresses = &address,
	                               .address_count = 1,
	                               .topics = &topic,
	                               .topic_count = 1};
	struct gs_log_list logs;
	say(f, RESULT(LOG("0x11", "0x9", "0x0", "2222") "," LOG("0x11", "0x5", "0x7", "2222") "," LOG("0x11", "0x5",
	                                                                                              "0x1", "2222")));
	assert_int_equal(gs_eth_get_logs(f->rpc, &filter, &logs, &f->error), GS_OK);
	assert_non_null(strstr(fake_http_last_request(f->server),
	                       "\"fromBlock\":\"0x5\",\"toBlock\":\"0x9\",\"address\":[\"0x11"));
	assert_int_equal(logs.count, 3); /* in the chain's order */
	assert_true(logs.entries[0].index == 1 && logs.entries[1].index == 7 && logs.entries[2].block_number == 9);
	assert_int_equal(logs.entries[2].data.len, 2);
	assert_memory_equal(logs.entries[2].data.ptr, "\xab\xcd", 2);
	gs_log_list_free(&logs);
	static const struct {
		const char *body, *words;
	} bad[] = {
		{RESULT(LOG("0x12", "0x5", "0x1", "2222")), "not asked for"},
		{RESULT(LOG("0x11", "0x4", "0x1", "2222")), "not asked for"},
		{RESULT(LOG("0x11", "0xa", "0x1", "2222")), "not asked for"},
		{RESULT(LOG("0x11", "0x5", "0x1", "2223")), "not asked for"},
		{RESULT(LOG("0x11", "0x5", "0x1", "2222") "," LOG("0x11", "0x5", "0x1", "2222")), "not asked for"},
		{RESULT(LOG("0x11", "0x5", "0x100000000", "2222")), "not a list of logs"},
		{RESULT(LOG("0x11", "0x5", "0x1", "22")), "not a list of logs"},
		{RESULT("{}"), "not a list of logs"},
		{RESULT("7"), "not a list of logs"},
		{"{\"id\":$ID,\"result\":{}}", "not a list of logs"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		say(f, bad[i].body);
		assert_int_equal(gs_eth_get_logs(f->rpc, &filter, &logs, &f->error), GS_EPARSE);
		assert_failure(f, GS_RPC_MALFORMED, bad[i].words);
		assert_null(logs.entries);
	}
}

static void checks_blocks(void **state)
{
	struct fixture *f = *state;
	struct gs_eth_block block;
	struct gs_hash other = {{1}};
	say(f, "{\"id\":$ID,\"result\":null}");
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_at(7), &block, &f->error), GS_ENOTFOUND);
	say(f, "{\"id\":$ID,\"result\":{\"number\":\"0x7\",\"hash\":\"" H32("aaaa") "\",\"parentHash\":\"" H32(
		       "bbbb") "\",\"timestamp\":\"0x64\",\"gasLimit\":\"0x1c9c380\",\"baseFeePerGas\":\"0x7\"}}");
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_at(7), &block, &f->error), GS_OK);
	assert_true(block.head.number == 7 && block.head.time.unix_s == 100 && block.head.parent.b[0] == 0xbb);
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_at(8), &block, &f->error), GS_EPARSE);
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_of(&other), &block, &f->error), GS_EPARSE);
	assert_failure(f, GS_RPC_MALFORMED, "another block");
	say(f, "{\"id\":$ID,\"result\":{\"number\":\"0x7\"}}");
	assert_int_equal(gs_eth_get_block(f->rpc, gs_block_latest(), &block, &f->error), GS_EPARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_an_answer, set_up, tear_down),
		cmocka_unit_test(says_that_nobody_is_there),
		cmocka_unit_test(refuses_addresses),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_json_rpc, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_errors_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_when_told, set_up, tear_down),
		cmocka_unit_test(caps_the_answer),
		cmocka_unit_test_setup_teardown(keeps_reverts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(checks_logs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(checks_blocks, set_up, tear_down),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
