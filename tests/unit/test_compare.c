/* Which answers are the same, and what is made of those that need not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/rpc/compare.h"

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static enum gs_err digest(const char *method, const char *text, bool *absent, struct gs_hash *out)
{
	json_t *value = parse(text);
	const enum gs_err err = gs_compare_digest(method, value, absent, out);

	json_decref(value);
	return err;
}

static bool same(const char *method, const char *a, const char *b)
{
	struct gs_hash ha, hb;
	bool absent;

	assert_int_equal(digest(method, a, &absent, &ha), GS_OK);
	assert_int_equal(digest(method, b, &absent, &hb), GS_OK);
	return gs_hash_equal(&ha, &hb);
}

static enum gs_trust trust(const char *method, const char *params)
{
	json_t *value = parse(params);
	const enum gs_trust got = gs_trust_of(method, value);

	json_decref(value);
	return got;
}

static void knows_methods(void **state)
{
	(void)state;
	assert_int_equal(trust("eth_getLogs", "[{}]"), GS_TRUST_QUORUM);
	assert_int_equal(trust("eth_getBlockByNumber", "[\"0x10\", false]"), GS_TRUST_QUORUM);
	assert_int_equal(trust("eth_getBlockByNumber", "[\"latest\", false]"), GS_TRUST_NEWEST);
	assert_int_equal(trust("eth_getBlockByNumber", "[\"finalized\", false]"), GS_TRUST_NEWEST);
	assert_int_equal(trust("eth_getTransactionCount", "[\"0x1\", \"latest\"]"), GS_TRUST_QUORUM);
	assert_int_equal(trust("eth_getTransactionCount", "[\"0x1\", \"pending\"]"), GS_TRUST_LEAST);
	assert_int_equal(trust("eth_sendRawTransaction", "[\"0x\"]"), GS_TRUST_ALL);
	assert_int_equal(trust("eth_estimateGas", "[{}]"), GS_TRUST_MEDIAN);
	assert_int_equal(trust("eth_call", "[{}, \"latest\"]"), GS_TRUST_QUORUM);
	assert_int_equal(trust("debug_whatIsThis", "[]"), GS_TRUST_QUORUM);
}

static int block_param(const char *method, const char *params)
{
	json_t *value = parse(params);
	const int got = gs_compare_block_param(method, value);

	json_decref(value);
	return got;
}

static void finds_the_block(void **state)
{
	(void)state;
	assert_int_equal(block_param("eth_call", "[{}, \"latest\"]"), 1);
	assert_int_equal(block_param("eth_call", "[{}, \"0x10\"]"), -1);
	assert_int_equal(block_param("eth_call", "[{}]"), -1);
	assert_int_equal(block_param("eth_getTransactionCount", "[\"0x1\", \"pending\"]"), -1);
	assert_int_equal(block_param("eth_getStorageAt", "[\"0x1\", \"0x0\", \"latest\"]"), 2);
	assert_int_equal(block_param("eth_getLogs", "[{}]"), -1);
}

static void compares_numbers_and_bytes(void **state)
{
	(void)state;
	assert_true(same("eth_chainId", "\"0x7a69\"", "\"0x07A69\""));
	assert_false(same("eth_chainId", "\"0x7a69\"", "\"0x7a6\""));
	assert_true(same("eth_chainId", "\"0x0\"", "\"0x00\""));
	assert_true(same("eth_call", "\"0xabcd\"", "\"0xABCD\""));
	assert_false(same("eth_call", "\"0xabcd\"", "\"0x00abcd\""));
	assert_true(same("other", "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}"));
	assert_false(same("other", "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 2}"));
}

static const char *block(const char *number, const char *hash, const char *more)
{
	static char text[2][1024];
	static int turn;

	turn = !turn;
	snprintf(
		text[turn], sizeof(text[turn]),
		"{\"number\":\"%s\",\"hash\":\"0x%s\",\"parentHash\":\"0x22\",\"timestamp\":\"0x5\",\"gasLimit\":\"0x7\","
		"\"baseFeePerGas\":\"0x9\"%s}",
		number, hash, more);
	return text[turn];
}

static void compares_blocks(void **state)
{
	(void)state;
	struct gs_hash hash;
	bool absent;

	assert_true(same("eth_getBlockByHash", block("0x10", "ab", ""), block("0x010", "AB", ",\"size\":\"0x1\"")));
	assert_false(same("eth_getBlockByHash", block("0x10", "ab", ""), block("0x10", "ac", "")));
	assert_false(same("eth_getBlockByHash", block("0x10", "ab", ""), block("0x11", "ab", "")));
	assert_false(same("eth_getBlockByHash", block("0x10", "ab", ""), block("0x10", "ab", ",\"mixHash\":\"0x01\"")));
	assert_int_equal(digest("eth_getBlockByHash", "null", &absent, &hash), GS_OK);
	assert_true(absent);
	assert_int_equal(digest("eth_getBlockByHash", "{\"number\":\"0x1\"}", &absent, &hash), GS_EPARSE);
	assert_int_equal(digest("eth_getBlockByHash", "\"0x1\"", &absent, &hash), GS_EPARSE);
	assert_int_equal(digest("eth_call", "null", &absent, &hash), GS_EPARSE);
	assert_false(absent);
}

#define LOG(block, index, data, more) \
	"{\"blockNumber\":\"" block "\",\"logIndex\":\"" index \
	"\",\"blockHash\":\"0x01\",\"transactionHash\":\"0x02\"," \
	"\"address\":\"0xAa\",\"data\":\"" data "\",\"topics\":[\"0x03\",\"0x04\"]" more "}"

static void compares_logs(void **state)
{
	(void)state;
	static const char method[] = "eth_getLogs";
	static const char one[] = "[" LOG("0x1", "0x0", "0xbb", "") "," LOG("0x1", "0xa", "0xcc", "") "]";
	struct gs_hash hash;
	bool absent;

	assert_true(same(method, one,
	                 "[" LOG("0x1", "0xa", "0xCC", ",\"removed\":false") "," LOG("0x01", "0x0", "0xbb", "") "]"));
	assert_false(same(method, one, "[" LOG("0x1", "0x0", "0xbb", "") "]"));
	assert_false(same(method, one, "[]"));
	assert_false(same(method, one, "[" LOG("0x1", "0x0", "0xbb", "") "," LOG("0x1", "0xa", "0xcd", "") "]"));
	assert_false(same(method, one, "[" LOG("0x1", "0x0", "0xbb", "") "," LOG("0x1", "0xb", "0xcc", "") "]"));
	assert_false(same(method, one,
	                  "[" LOG("0x1", "0x0", "0xbb", "") "," LOG("0x1", "0xa", "0xcc", ",\"removed\":true") "]"));
	assert_true(same(method, "[]", "[]"));
	assert_int_equal(digest(method, "null", &absent, &hash), GS_EPARSE);
	assert_int_equal(digest(method, "[{}]", &absent, &hash), GS_EPARSE);
	assert_int_equal(digest(method, "[3]", &absent, &hash), GS_EPARSE);
}

#define RECEIPT(status, more) \
	"{\"transactionHash\":\"0x02\",\"status\":\"" status "\",\"blockHash\":\"0x01\",\"blockNumber\":\"0x1\"," \
	"\"gasUsed\":\"0x5208\",\"effectiveGasPrice\":\"0x7\",\"contractAddress\":null,\"logs\":[]" more "}"

static void compares_receipts(void **state)
{
	(void)state;
	static const char method[] = "eth_getTransactionReceipt";
	struct gs_hash hash;
	bool absent;

	assert_true(same(method, RECEIPT("0x1", ""), RECEIPT("0x1", ",\"type\":\"0x2\"")));
	assert_false(same(method, RECEIPT("0x1", ""), RECEIPT("0x0", "")));
	assert_int_equal(digest(method, "null", &absent, &hash), GS_OK);
	assert_true(absent);
	assert_int_equal(digest(method, "{\"blockHash\":null}", &absent, &hash), GS_OK);
	assert_true(absent);
	assert_int_equal(digest(method, "{\"blockHash\":\"0x01\"}", &absent, &hash), GS_EPARSE);
	assert_true(same("eth_getTransactionByHash", "{\"hash\":\"0x01\",\"blockHash\":null}",
	                 "{\"hash\":\"0x01\",\"blockHash\":\"0x05\"}"));
}

static bool failure_digest(const char *method, enum gs_rpc_failure_kind kind, const char *message, struct gs_hash *out)
{
	struct gs_rpc_failure failure = {.kind = kind, .code = -32000};

	snprintf(failure.message, sizeof(failure.message), "%s", message);
	return gs_compare_failure(method, &failure, out);
}

static void tells_answers_from_silence(void **state)
{
	(void)state;
	static const char send[] = "eth_sendRawTransaction";
	struct gs_hash a, b, c;

	assert_true(failure_digest("eth_call", GS_RPC_REVERT, "execution reverted: A", &a));
	assert_true(failure_digest("eth_call", GS_RPC_REVERT, "VM Exception: revert", &b));
	assert_true(gs_hash_equal(&a, &b));
	assert_false(failure_digest("eth_call", GS_RPC_REMOTE, "header not found", &a));
	assert_false(failure_digest(send, GS_RPC_TRANSPORT, "nonce too low", &a));
	assert_true(failure_digest(send, GS_RPC_REMOTE, "nonce too low", &a));
	assert_true(failure_digest(send, GS_RPC_REMOTE, "replacement transaction underpriced", &b));
	assert_true(failure_digest(send, GS_RPC_REMOTE, "insufficient funds", &c));
	assert_true(gs_hash_equal(&a, &b));
	assert_false(gs_hash_equal(&a, &c));
}

static void picks(const char *list, size_t need, bool least, const char *want)
{
	json_t *values = parse(list), *item[GS_COMPARE_ANSWERS_MAX], *got;
	enum gs_err err;

	for (size_t i = 0; i < json_array_size(values); i++)
		item[i] = json_array_get(values, i);
	err = least ? gs_compare_least(item, json_array_size(values), need, &got)
	            : gs_compare_median(item, json_array_size(values), need, &got);
	if (want) {
		json_t *wanted = parse(want);
		assert_int_equal(err, GS_OK);
		if (!json_equal(got, wanted))
			fail_msg("%s: not %s", list, want);
		json_decref(wanted);
	} else {
		assert_int_equal(err, GS_EPARSE);
		assert_null(got);
	}
	json_decref(got);
	json_decref(values);
}

static void makes_one_of_many(void **state)
{
	(void)state;
	picks("[\"0x5\", \"0x63\", \"0x6\"]", 2, true, "\"0x6\"");
	picks("[\"0xa\", \"0x9\", \"0x10\"]", 2, true, "\"0xa\"");
	picks("[\"0x5\", \"0x9\"]", 2, true, "\"0x5\"");
	picks("[\"0x5\"]", 1, true, "\"0x5\"");
	picks("[\"0x5\", 7]", 2, true, NULL);
	picks("[\"0x5\", \"0xffffffffffffffffffffffffffffffff\", \"0x6\"]", 2, false, "\"0x6\"");
	picks("[\"0x5\", \"0x9\"]", 2, false, "\"0x9\"");
	/* fee histories: part by part, and one of another shape does not count */
	picks("[{\"r\": [\"0x1\", \"0x9\"], \"g\": 0.5}, {\"r\": [\"0x3\", \"0x8\"], \"g\": 0.25}, {\"r\": [\"0x2\", \"0x7\"], \"g\": 0.5}]",
	      2, false, "{\"r\": [\"0x2\", \"0x8\"], \"g\": 0.5}");
	picks("[{\"r\": [\"0x99\"]}, {\"r\": [\"0x3\", \"0x8\"]}, {\"r\": [\"0x2\", \"0x9\"]}]", 2, false,
	      "{\"r\": [\"0x3\", \"0x9\"]}");
	picks("[{\"r\": [\"0x99\"]}, {\"r\": [\"0x3\", \"0x8\"]}, {\"x\": 1}]", 2, false, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_methods),
		cmocka_unit_test(finds_the_block),
		cmocka_unit_test(compares_numbers_and_bytes),
		cmocka_unit_test(compares_blocks),
		cmocka_unit_test(compares_logs),
		cmocka_unit_test(compares_receipts),
		cmocka_unit_test(tells_answers_from_silence),
		cmocka_unit_test(makes_one_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
