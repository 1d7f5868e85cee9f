/* Receipts that are looked for together: what is asked, how often, and what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fake_http.h"
#include "validator/daemon/receipts.h"

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":" text "}"

struct fixture {
	struct fake_http *server;
	struct gs_rpc *rpc;
	struct gs_receipts *receipts;
	struct gs_address account;
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct gs_rpc_options options = {.timeout_ms = 30000};

	assert_non_null(f);
	f->server = fake_http_start();
	assert_int_equal(gs_rpc_open(fake_http_url(f->server), &options, &f->rpc, &f->error), GS_OK);
	assert_int_equal(gs_receipts_new(&f->receipts, &f->error), GS_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gs_receipts_free(f->receipts);
	gs_rpc_close(f->rpc);
	fake_http_stop(f->server);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *body)
{
	fake_http_reply(f->server, (struct fake_reply){.body = body});
}

static struct gs_receipt_look line(uint8_t name, uint64_t nonce)
{
	return (struct gs_receipt_look){.tx = {{name}}, .numbered = true, .nonce = nonce};
}

static void look(struct fixture *f, const struct gs_receipt_look *looks, size_t count)
{
	gs_receipts_look(f->receipts, f->rpc, &f->account, looks, count);
}

static enum gs_err take(struct fixture *f, uint8_t name, bool *there)
{
	const struct gs_hash tx = {{name}};
	struct gs_receipt receipt;
	const enum gs_err err = gs_receipts_take(f->receipts, f->rpc, &tx, &receipt, &f->error);

	*there = err == GS_OK && receipt.success && gs_hash_equal(&receipt.tx_hash, &tx);
	gs_receipt_free(&receipt);
	return err;
}

static void asks_the_nonce_first(void **state)
{
	struct fixture *f = *state;
	const struct gs_receipt_look looks[] = {line(1, 3), line(2, 4), line(3, 4)};
	const struct gs_hash blocks[] = {{{0xb1}}, {{0xb2}}};
	bool there;

	say(f, RESULT("\"0x3\""));
	gs_receipts_newest(f->receipts, &blocks[0]);
	look(f, looks, 3);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(take(f, i, &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 1);
	assert_non_null(strstr(fake_http_last_request(f->server), "eth_getTransactionCount"));
	/* At the same block nothing is asked again. */
	look(f, looks, 3);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(take(f, i, &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 1);
	/* Who must know asks. */
	say(f, RESULT("null"));
	gs_receipts_forget(f->receipts, &looks[0].tx);
	assert_int_equal(take(f, 1, &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 2);
	/* At another block it is. */
	gs_receipts_newest(f->receipts, &blocks[1]);
	say(f, RESULT("\"0x3\""));
	look(f, looks, 3);
	assert_int_equal(fake_http_requests(f->server), 3);
	assert_int_equal(take(f, 1, &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 3);
}

static void asks_together_for_what_may_be_mined(void **state)
{
	struct fixture *f = *state;
	const struct gs_receipt_look looks[] = {line(1, 3), line(2, 3), line(3, 4), {.tx = {{4}}}};
	const struct gs_hash block = {{0xb1}};
	bool there;

	/* "0x4" is the nonce, and no receipt. */
	say(f, RESULT("\"0x4\""));
	gs_receipts_newest(f->receipts, &block);
	look(f, looks, 4);
	assert_int_equal(fake_http_requests(f->server), 2);
	const char *asked = fake_http_last_request(f->server);
	assert_int_equal(asked[0], '[');
	assert_non_null(strstr(asked, "0x01"));
	assert_non_null(strstr(asked, "0x02"));
	assert_null(strstr(asked, "0x03"));
	assert_non_null(strstr(asked, "0x04")); /* nobody knows its nonce */
	assert_int_equal(take(f, 3, &there), GS_ENOTFOUND);
	assert_int_equal(take(f, 1, &there), GS_EPARSE);
	assert_int_equal(fake_http_requests(f->server), 2);
	/* A failure is told once. */
	say(f,
	    RESULT("{\"transactionHash\":\"0x0100000000000000000000000000000000000000000000000000000000000000\","
	           "\"status\":\"0x1\",\"gasUsed\":\"0x1\",\"effectiveGasPrice\":\"0x1\",\"blockNumber\":\"0x1\","
	           "\"blockHash\":\"0xb100000000000000000000000000000000000000000000000000000000000000\",\"logs\":[]}"));
	assert_int_equal(take(f, 1, &there), GS_OK);
	assert_true(there);
	/* Of another transaction: together as alone. */
	look(f, looks, 2);
	assert_int_equal(take(f, 2, &there), GS_EPARSE);
	assert_int_equal(take(f, 1, &there), GS_OK);
	assert_true(there);
}

static void remembers_nothing_without_a_block(void **state)
{
	struct fixture *f = *state;
	const struct gs_receipt_look looks[] = {line(1, 3), line(2, 4)};
	bool there;

	say(f, RESULT("\"0x3\""));
	look(f, looks, 2);
	assert_int_equal(take(f, 1, &there), GS_ENOTFOUND);
	assert_int_equal(take(f, 2, &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 1);
	look(f, looks, 2);
	assert_int_equal(fake_http_requests(f->server), 2);
}

/* More than there is room for: the others are asked by themselves. */
static void has_room_for_so_many(void **state)
{
	struct fixture *f = *state;
	struct gs_receipt_look looks[GS_RECEIPTS_MAX + 8];
	const struct gs_hash block = {{0xb1}};
	bool there;

	for (size_t i = 0; i < GS_ARRAY_LEN(looks); i++)
		looks[i] = line((uint8_t)(i + 1), 9);
	say(f, RESULT("\"0x3\""));
	gs_receipts_newest(f->receipts, &block);
	look(f, looks, GS_ARRAY_LEN(looks));
	say(f, RESULT("null"));
	for (size_t i = 0; i < GS_ARRAY_LEN(looks); i++)
		assert_int_equal(take(f, (uint8_t)(i + 1), &there), GS_ENOTFOUND);
	assert_int_equal(fake_http_requests(f->server), 1 + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_the_nonce_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asks_together_for_what_may_be_mined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(remembers_nothing_without_a_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_room_for_so_many, set_up, tear_down),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
