/* What the sequencer keeps out goes through L1: when, once, over reorganisations of L1 and restarts, and what becomes of it on the chain. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "chain/eth/deposit.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/node_state.h"

enum {
	GAS = 50000,
	L1_NONCE = 40,
	HALF_S = (NODE_START_S + NODE_WINDOW_END_S) /
	         2, /* of the time that there is for a challenge, or a little more */
	CHAIN_TX = 0x71,
	L1_TX = 0x81,
	DEPOSIT = 0x91, /* on the chain */
};

static int set_up(void **state)
{
	int failed = node_set_up(state);
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 12;
	f->options.fees.close_s = 60;
	f->options.settle_blocks = 200;
	f->options.l1.on = true;
	f->options.l1.portal = node_address(0x66);
	f->options.l1.escalate_ppm = 500 * 1000;
	f->options.l1.fee_max = gs_wei_from_u64(777);
	f->options.l1.cost_max = gs_wei_from_u64(1000 * 1000);
	gs_node_close(f->node);
	node_open(f);
	return failed;
}

static void reopen(struct node_fixture *f)
{
	gs_node_close(f->node);
	node_open(f);
}

static const struct gs_node_effect *on(const struct node_fixture *f, enum gs_lane lane, enum gs_node_effect_kind kind)
{
	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].lane == lane && f->effects.effect[i].kind == kind)
			return &f->effects.effect[i];
	return NULL;
}

static unsigned count(const struct node_fixture *f, enum gs_lane lane, enum gs_node_effect_kind kind, uint8_t tx)
{
	const struct gs_hash hash = node_hash(tx);
	unsigned n = 0;

	for (size_t i = 0; i < f->effects.count; i++)
		n += f->effects.effect[i].kind == kind && f->effects.effect[i].lane == lane &&
		     gs_hash_equal(&f->effects.effect[i].hash, &hash);
	return n;
}

/* Answers the PREPARE of that lane; its bytes are stored and sent. */
static void sign(struct node_fixture *f, enum gs_lane lane, uint8_t tx)
{
	const struct gs_node_effect *e = on(f, lane, GS_EFFECT_PREPARE);
	struct gs_node_input in = {.kind = GS_INPUT_PREPARED, .lane = lane};
	uint8_t raw[] = {'t', 'x', tx};

	assert_non_null(e);
	in.as.prepared.intent = e->hash;
	in.as.prepared.nonce = e->nonce;
	in.as.prepared.tx = node_hash(tx);
	in.as.prepared.raw = (struct gs_bytes){raw, sizeof(raw)};
	in.as.prepared.max_fee = gs_wei_from_u64(80);
	in.as.prepared.tip = gs_wei_from_u64(8);
	in.as.prepared.gas_limit = e->gas ? e->gas : GAS;
	node_feed(f, &in);
	e = on(f, lane, GS_EFFECT_SEND);
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, raw, sizeof(raw));
}

static void behind(struct node_fixture *f, uint64_t nonce)
{
	struct gs_node_input in = {.kind = GS_INPUT_NONCE_BEHIND, .lane = GS_LANE_L1};

	in.as.nonce_behind.nonce = nonce;
	node_feed(f, &in);
}

static void tick_at(struct node_fixture *f, uint64_t now_s)
{
	f->now_s = now_s;
	node_tick(f);
}

static void l1_receipt(struct node_fixture *f, uint8_t tx, bool success, uint8_t deposit, bool deep)
{
	struct gs_node_input in = {.kind = GS_INPUT_RECEIPT, .lane = GS_LANE_L1};

	in.as.receipt.tx = node_hash(tx);
	in.as.receipt.success = success;
	in.as.receipt.block_number = 1000 * 1000; /* L1's blocks are not the chain's */
	in.as.receipt.cost = gs_wei_from_u64(1000);
	in.as.receipt.deposit = deposit ? node_hash(deposit) : (struct gs_hash){{0}};
	in.as.receipt.deep = deep;
	node_feed(f, &in);
}

static void chain_receipt(struct node_fixture *f, uint8_t tx, bool success)
{
	struct gs_node_input in = {.kind = GS_INPUT_RECEIPT};

	in.as.receipt.tx = node_hash(tx);
	in.as.receipt.success = success;
	in.as.receipt.block_number = f->head.number;
	in.as.receipt.block_hash = f->head.hash;
	node_feed(f, &in);
}

static struct gs_node_summary summary_of(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

/* A challenge that was sent, and half of its time is over. */
static void censored(struct node_fixture *f)
{
	node_post(f, 1, NODE_CLAIMANT, 3);
	node_executed(f, 1, true, node_hash(0x33), node_hash(0x33));
	sign(f, GS_LANE_CHAIN, CHAIN_TX);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	tick_at(f, HALF_S - 100);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	tick_at(f, HALF_S + 100);
}

/* And its deposit was signed and sent. */
static void forced(struct node_fixture *f)
{
	censored(f);
	behind(f, L1_NONCE);
	sign(f, GS_LANE_L1, L1_TX);
}

/* --- */

static void what_waits_too_long_goes_through_l1(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_bytes data;

	censored(f);
	e = on(f, GS_LANE_L1, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(gs_address_equal(&e->to, &f->options.l1.portal));
	assert_int_equal(gs_wei_cmp(e->fee_max, f->options.l1.fee_max), 0);
	assert_int_equal(gs_wei_cmp(e->cost_max, f->options.l1.cost_max), 0);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(gs_be32_read(data.ptr), 0xe9e05c42);
	assert_memory_equal(data.ptr + 4 + 12, f->options.contracts.disputes.b, 20);
	assert_int_equal(gs_be32_read(data.ptr + 4 + 92), GAS); /* as on the chain */
	assert_int_equal(gs_be32_read(data.ptr + 4 + 192), GS_DISPUTES_FN_CHALLENGE);
	assert_int_equal(e->nonce, 0);
	behind(f, L1_NONCE); /* nothing was known of the account there */
	assert_int_equal(on(f, GS_LANE_L1, GS_EFFECT_PREPARE)->nonce, L1_NONCE);
	sign(f, GS_LANE_L1, L1_TX);
	assert_int_equal(summary_of(f).pending_txs, 2);
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE)); /* once */
	assert_int_equal(count(f, GS_LANE_L1, GS_EFFECT_WATCH, L1_TX), 1);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, L1_TX), 0);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, CHAIN_TX), 1); /* which may still be first */
}

static void without_l1_nothing_does(void **state)
{
	struct node_fixture *f = *state;

	f->options.l1.on = false;
	reopen(f);
	censored(f);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_NONCE));
}

/* Stored before it is sent: whoever comes after a crash sends the same bytes again, and nothing else. */
static void a_restart_sends_the_same_again(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	forced(f);
	reopen(f);
	e = on(f, GS_LANE_L1, GS_EFFECT_SEND);
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, ((uint8_t[]){'t', 'x', L1_TX}), 3);
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	l1_receipt(f, L1_TX, true, DEPOSIT, false);
	reopen(f);
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT), 1);
	l1_receipt(f, L1_TX, true, DEPOSIT, true);
	reopen(f);
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	assert_int_equal(count(f, GS_LANE_L1, GS_EFFECT_WATCH, L1_TX), 0);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT), 1);
}

/* Its transaction on the chain does what the intent wanted; the intent's own, which may not be mined any more, is lost or taken back. */
static void the_deposit_does_it(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input nonce = {.kind = GS_INPUT_NONCE};

	forced(f);
	l1_receipt(f, L1_TX, true, DEPOSIT, true);
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(1000)), 0);
	l1_receipt(f, L1_TX, true, DEPOSIT, true); /* counted once */
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(1000)), 0);
	tick_at(f, f->now_s + 1);
	chain_receipt(f, DEPOSIT, true);
	tick_at(f, f->now_s + 1);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT), 0);
	assert_int_equal(summary_of(f).pending_txs, 1);
	/* the endpoint never says that the nonce is gone; the chain does, twice */
	nonce.as.nonce.pending = nonce.as.nonce.mined = 6;
	node_feed(f, &nonce);
	assert_int_equal(summary_of(f).pending_txs, 1);
	f->now_s += 60;
	node_feed(f, &nonce);
	assert_int_equal(summary_of(f).pending_txs, 0);
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_CHAIN, GS_EFFECT_PREPARE)); /* done is done */
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
}

/* The same, but the chain has not used the nonce: what waits would do it a second time. */
static void what_waits_is_taken_back(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	forced(f);
	l1_receipt(f, L1_TX, true, DEPOSIT, true);
	chain_receipt(f, DEPOSIT, true);
	for (int i = 0; i < 12; i++)
		node_block(f, 0x11, NULL, 0);
	e = on(f, GS_LANE_CHAIN, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(e->replaces);
	assert_int_equal(e->data_len, 0);
	assert_true(gs_address_equal(&e->to, &f->options.self));
}

/* L1 takes the deposit's block back, and has it in another one: it leads to another transaction. */
static void l1_may_reorganise(void **state)
{
	struct node_fixture *f = *state;

	forced(f);
	l1_receipt(f, L1_TX, true, DEPOSIT, false);
	tick_at(f, f->now_s + 1);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT), 1);
	tick_at(f, f->now_s + 600); /* no receipt any more: it is sent again */
	assert_int_equal(count(f, GS_LANE_L1, GS_EFFECT_SEND, L1_TX), 1);
	l1_receipt(f, L1_TX, true, DEPOSIT + 1, false);
	tick_at(f, f->now_s + 1);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT), 0);
	assert_int_equal(count(f, GS_LANE_CHAIN, GS_EFFECT_WATCH, DEPOSIT + 1), 1);
	l1_receipt(f, L1_TX, true, DEPOSIT + 1, true);
	assert_int_equal(summary_of(f).pending_txs, 1);
}

/* L1 takes the deposit's block back, and nobody has the deposit any more: it is sent again at once, the same bytes, once. */
static void what_l1_drops_is_sent_at_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input none = {.kind = GS_INPUT_NO_RECEIPT, .lane = GS_LANE_L1};
	const struct gs_node_effect *e;

	none.as.no_receipt = node_hash(L1_TX);
	forced(f);
	node_feed(f, &none); /* it never was there */
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_SEND));
	l1_receipt(f, L1_TX, true, DEPOSIT, false);
	node_feed(f, &none);
	e = on(f, GS_LANE_L1, GS_EFFECT_SEND);
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, ((uint8_t[]){'t', 'x', L1_TX}), 3);
	node_feed(f, &none);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_SEND));
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE)); /* it is no other one */
	l1_receipt(f, L1_TX, true, DEPOSIT, true);
	node_feed(f, &none); /* settled */
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_SEND));
}

/* What fails on L1, or on the chain, is tried again, not for ever. */
static void what_fails_is_tried_again(void **state)
{
	struct node_fixture *f = *state;

	forced(f);
	l1_receipt(f, L1_TX, false, 0, true);
	tick_at(f, f->now_s + 1);
	assert_int_equal(on(f, GS_LANE_L1, GS_EFFECT_PREPARE)->nonce, L1_NONCE + 1);
	for (uint8_t i = 1; i <= 4; i++) {
		assert_non_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
		sign(f, GS_LANE_L1, L1_TX + i);
		l1_receipt(f, L1_TX + i, true, DEPOSIT + i, true);
		chain_receipt(f, DEPOSIT + i, false);
		tick_at(f, f->now_s + 1);
	}
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
}

static void l1_that_refuses_is_asked_again(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input in = {.kind = GS_INPUT_REFUSED, .lane = GS_LANE_L1};

	censored(f);
	in.as.refused.intent = on(f, GS_LANE_L1, GS_EFFECT_PREPARE)->hash;
	in.as.refused.kind = GS_REFUSED_ENDPOINT;
	in.as.refused.reason = "nobody is there";
	node_feed(f, &in);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	tick_at(f, f->now_s + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	tick_at(f, f->now_s + 10);
	assert_non_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
	assert_int_equal(summary_of(f).pending_txs, 1); /* the one on the chain is as it was */
}

/* The sequencer relented in time. */
static void what_is_mined_is_not_forced(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_executed(f, 1, true, node_hash(0x33), node_hash(0x33));
	sign(f, GS_LANE_CHAIN, CHAIN_TX);
	node_block(f, 0x11, NULL, 0);
	chain_receipt(f, CHAIN_TX, true);
	tick_at(f, HALF_S + 100);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
}

/* And while it was on its way to L1: it is taken back there. */
static void what_is_done_is_taken_back_on_l1(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	forced(f);
	node_block(f, 0x11, NULL, 0);
	chain_receipt(f, CHAIN_TX, true);
	tick_at(f, f->now_s + 12 * 12);
	e = on(f, GS_LANE_L1, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(e->replaces);
	assert_int_equal(e->nonce, L1_NONCE);
	assert_int_equal(e->data_len, 0);
	assert_true(gs_address_equal(&e->to, &f->options.self));
}

/* After the deadline nothing is worth L1's gas. */
static void too_late_is_too_late(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_executed(f, 1, true, node_hash(0x33), node_hash(0x33));
	sign(f, GS_LANE_CHAIN, CHAIN_TX);
	tick_at(f, NODE_WINDOW_END_S + 1);
	assert_null(on(f, GS_LANE_L1, GS_EFFECT_PREPARE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, node_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_too_long_goes_through_l1),
		TEST(without_l1_nothing_does),
		TEST(a_restart_sends_the_same_again),
		TEST(the_deposit_does_it),
		TEST(what_l1_drops_is_sent_at_once),
		TEST(what_waits_is_taken_back),
		TEST(l1_may_reorganise),
		TEST(what_fails_is_tried_again),
		TEST(l1_that_refuses_is_asked_again),
		TEST(what_is_mined_is_not_forced),
		TEST(what_is_done_is_taken_back_on_l1),
		TEST(too_late_is_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
