/* What endpoints mean by their refusals, in the words that they use, and what is learnt from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>
#include <stdio.h>

#include "chain/rpc/limits.h"

static void recognises(void **state)
{
	(void)state;
	static const struct {
		enum gs_rpc_failure_kind kind;
		int64_t code;
		const char *message;
		enum gs_limit_kind limit;
		uint64_t hint;
	} cases[] = {
		/* ranges and results */
		{GS_RPC_REMOTE, -32602,
	         "eth_getLogs: the node says: Log response size exceeded. You can make eth_getLogs requests with up to a 2K block "
	         "range and no limit on the response size. [0xc5dc00, 0xc614a7]",
	         GS_LIMIT_RANGE, 0xc614a7 - 0xc5dc00 + 1},
		{GS_RPC_REMOTE, -32600,
	         "You can make eth_getLogs requests with up to a 500 block range. Based on your parameters, this block range should "
	         "work: [0x7e9b85, 0x7e9d78]",
	         GS_LIMIT_RANGE, 500},
		{GS_RPC_REMOTE, -32600, "eth_getLogs requests with up to a 500 block range", GS_LIMIT_RANGE, 500},
		{GS_RPC_REMOTE, -32005, "query returned more than 10000 results", GS_LIMIT_RANGE, 0},
		{GS_RPC_REMOTE, -32005,
	         "query returned more than 10000 results. Try with this block range [0xBDE5F8, 0x102DBCC].",
	         GS_LIMIT_RANGE, 0x102DBCC - 0xBDE5F8 + 1},
		{GS_RPC_REMOTE, -32602, "range 1000000 exceeds limit of 10000", GS_LIMIT_RANGE, 10000},
		{GS_RPC_REMOTE, -32614, "eth_getLogs is limited to a 10,000 range", GS_LIMIT_RANGE, 10000},
		{GS_RPC_REMOTE, -32000,
	         "block range is larger than max block range, block range = 5120, max block range = 5000",
	         GS_LIMIT_RANGE, 5000},
		{GS_RPC_REMOTE, -32602, "range 9009594 is bigger than range limit 2000", GS_LIMIT_RANGE, 2000},
		{GS_RPC_REMOTE, -32602, "query exceeds max results 20000, retry with the range 24383075-24383096",
	         GS_LIMIT_RANGE, 22},
		{GS_RPC_REMOTE, -32000, "block range is too large", GS_LIMIT_RANGE, 0},
		{GS_RPC_REMOTE, -32000, "exceed maximum block range: 50000", GS_LIMIT_RANGE, 50000},
		{GS_RPC_REMOTE, 35, "ranges over 10000 blocks are not supported on freetier", GS_LIMIT_RANGE, 10000},
		{GS_RPC_HTTP, 413, "HTTP status 413", GS_LIMIT_RANGE, 0},
		{GS_RPC_OVERSIZE, 0, "the answer is larger than 67108864 bytes", GS_LIMIT_RANGE, 0},
		/* batches */
		{GS_RPC_REMOTE, -32000, "batch limit 100 exceeded: 142 requests given", GS_LIMIT_BATCH, 100},
		{GS_RPC_REMOTE, -32600, "batch too large", GS_LIMIT_BATCH, 0},
		{GS_RPC_REMOTE, -32005, "batch item count exceeded", GS_LIMIT_BATCH, 0},
		{GS_RPC_REMOTE, -32003, "response too large", GS_LIMIT_BATCH, 0},
		{GS_RPC_REMOTE, 31, "Batch of more than 3 requests are not allowed on free tier", GS_LIMIT_BATCH, 3},
		{GS_RPC_REMOTE, -32602, "Number of requests in batch exceeds --rpc-max-batch-size.", GS_LIMIT_BATCH, 0},
		/* rates */
		{GS_RPC_HTTP, 429, "HTTP status 429", GS_LIMIT_RATE, 0},
		{GS_RPC_REMOTE, 429,
	         "Your app has exceeded its compute units per second capacity. If you have retries enabled, you can safely ignore "
	         "this message.",
	         GS_LIMIT_RATE, 0},
		{GS_RPC_REMOTE, -32005, "project ID request rate exceeded", GS_LIMIT_RATE, 0},
		{GS_RPC_REMOTE, -32007, "15/second request limit reached - reduce calls per second", GS_LIMIT_RATE, 0},
		{GS_RPC_REMOTE, -32016, "over rate limit", GS_LIMIT_RATE, 0},
		{GS_RPC_REMOTE, -32029, "Too Many Requests, try again in 3 seconds", GS_LIMIT_RATE, 3000},
		/* what is no limit */
		{GS_RPC_REMOTE, -32000, "header not found", GS_LIMIT_NONE, 0},
		{GS_RPC_REMOTE, -32602, "invalid argument 0: hex string without 0x prefix", GS_LIMIT_NONE, 0},
		{GS_RPC_REVERT, 3, "execution reverted: rate limit", GS_LIMIT_NONE, 0},
		{GS_RPC_TRANSPORT, 0, "no answer in time", GS_LIMIT_NONE, 0},
		{GS_RPC_HTTP, 502, "HTTP status 502", GS_LIMIT_NONE, 0},
		{GS_RPC_NO_FAILURE, 0, "", GS_LIMIT_NONE, 0},
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_rpc_failure failure = {.kind = cases[i].kind, .code = cases[i].code};
		uint64_t hint;
		snprintf(failure.message, sizeof(failure.message), "%s", cases[i].message);
		const enum gs_limit_kind got = gs_limit_recognise(&failure, &hint);
		if (got != cases[i].limit || hint != cases[i].hint)
			fail_msg("\"%s\": kind %d, hint %llu", cases[i].message, (int)got, (unsigned long long)hint);
	}
}

static void learns_ranges(void **state)
{
	(void)state;
	struct gs_limits l;

	gs_limits_init(&l);
	assert_int_equal(l.range, GS_LIMITS_RANGE_DEFAULT);
	gs_limits_refused(&l, GS_LIMIT_RANGE, 500, 2000, 0);
	assert_int_equal(l.range, 500);
	gs_limits_refused(&l, GS_LIMIT_RANGE, 0, 500, 0);
	assert_int_equal(l.range, 250);
	gs_limits_refused(&l, GS_LIMIT_RANGE, 9999, 250, 0); /* it refused 250, whatever it says */
	assert_int_equal(l.range, 125);
	for (int i = 0; i < 20; i++)
		gs_limits_refused(&l, GS_LIMIT_RANGE, 0, l.range, 0);
	assert_int_equal(l.range, 1);
	for (int i = 0; i < GS_LIMITS_GROW_AFTER - 1; i++)
		gs_limits_took_range(&l, 1);
	assert_int_equal(l.range, 1);
	gs_limits_took_range(&l, 1);
	assert_int_equal(l.range, 2);
	for (int i = 0; i < 10000; i++)
		gs_limits_took_range(&l, 1); /* less than the limit says nothing about it */
	assert_int_equal(l.range, 2);
	for (int i = 0; i < 100 * GS_LIMITS_GROW_AFTER; i++)
		gs_limits_took_range(&l, l.range);
	assert_int_equal(l.range, GS_LIMITS_RANGE_MAX);
	gs_limits_refused(&l, GS_LIMIT_BATCH, 10, 50, 0);
	assert_int_equal(l.batch, 10);
	gs_limits_refused(&l, GS_LIMIT_BATCH, 0, 10, 0);
	assert_int_equal(l.batch, 5);
	for (int i = 0; i < 1000 * GS_LIMITS_GROW_AFTER; i++)
		gs_limits_took_batch(&l, l.batch);
	assert_int_equal(l.batch, GS_LIMITS_BATCH_MAX);
}

/* Against a server that takes so many calls in each second. */
static void learns_a_rate(void **state)
{
	(void)state;
	enum { SERVER_TAKES = 20, SECONDS = 120 };
	struct gs_limits l;
	uint32_t refused = 0, taken = 0, in_second = 0;

	gs_limits_init(&l);
	for (uint64_t now = 0; now < SECONDS * 1000; now += 5) {
		if (now % 1000 == 0)
			in_second = 0;
		if (gs_limits_wait_ms(&l, now)) {
			assert_true(gs_limits_take(&l, now) > 0);
			continue;
		}
		assert_int_equal(gs_limits_take(&l, now), 0);
		if (in_second++ < SERVER_TAKES) {
			taken++;
		} else {
			refused++;
			gs_limits_refused(&l, GS_LIMIT_RATE, 0, 0, now);
		}
	}
	/* At least a third of what the server would take, and hardly ever more than that. */
	assert_true(taken > SERVER_TAKES * SECONDS / 3);
	assert_true(refused < SECONDS / 4);
	/* Told to wait it waits, but not for ever. */
	gs_limits_refused(&l, GS_LIMIT_RATE, 7000, 0, 200000);
	assert_int_equal(gs_limits_take(&l, 200000), 7000);
	assert_int_equal(gs_limits_take(&l, 206999), 1);
	gs_limits_refused(&l, GS_LIMIT_RATE, UINT64_MAX, 0, 300000);
	assert_int_equal(gs_limits_take(&l, 300000), GS_LIMITS_REST_MS_MAX);
}

/* Calls of one second, taken as soon as that can be. */
static uint32_t taken_in(struct gs_limits *l, uint64_t from_ms)
{
	uint32_t taken = 0;

	for (uint64_t now = from_ms; now < from_ms + 1000; now += 5)
		taken += gs_limits_take(l, now) == 0;
	return taken;
}

/* Refusals while hardly anything was asked say little about what the server takes: the rate is low then, but one at which a node
 * follows the chain and plays its games, since it grows slowly. */
static void refusals_in_quiet_seconds(void **state)
{
	(void)state;
	struct gs_limits l;

	gs_limits_init(&l);
	for (uint64_t now = 10000; now < 16000; now += 2000) {
		assert_int_equal(gs_limits_take(&l, now), 0);
		gs_limits_refused(&l, GS_LIMIT_RATE, 0, 0, now);
	}
	taken_in(&l, 16000);
	assert_in_range(taken_in(&l, 17000), 4, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recognises),
		cmocka_unit_test(learns_ranges),
		cmocka_unit_test(learns_a_rate),
		cmocka_unit_test(refusals_in_quiet_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
