/* The node's core and its money: no game that could not be paid to its end, running games first, and a warning in time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"

enum { PRICE = 7, HEADROOM = 1000 * 1000 };

static struct gs_wei wei(uint64_t v)
{
	return gs_wei_from_u64(v);
}

/* Of one game of the model that the fixture registers, for its challenger (or its claimant). */
static struct gs_worst_side worst_side(bool claimant)
{
	const struct gs_header header = {.law = 1,
	                                 .lowering = 1,
	                                 .instructions = 3,
	                                 .inputs_chunks = 1,
	                                 .trace_depth = 7,
	                                 .outputs = 1,
	                                 .cost = 3};
	const struct gs_game_rules rules = {.header = &header, .claimant_budget_s = 100};
	const struct gs_bond_rules bonds = {.challenger_bond = wei(NODE_BOND), .concede_bps = 5000};
	const struct gs_gas_model gas = gs_gas_model_default();
	struct gs_game_shape shape;
	struct gs_worst_case worst;

	gs_bond_shape_of_header(&header, &shape);
	assert_int_equal(gs_bond_worst_case(&shape, &rules, &bonds, &gas, 0, 0, &worst), GS_OK);
	return claimant ? worst.claimant : worst.challenger;
}

static uint64_t worst_gas(bool claimant)
{
	return worst_side(claimant).gas;
}

static void reopen(struct node_fixture *f, uint32_t defences)
{
	f->options.capital = (struct gs_capital_policy){
		.gas = true, .defences = defences, .price_percent = 100, .warn_games = 2, .warn_s = 86400};
	f->options.defend = true;
	gs_node_close(f->node);
	node_open(f);
	node_tick(f);
}

static void tell(struct node_fixture *f, uint64_t balance, uint64_t per_gas)
{
	struct gs_node_input in = {.kind = GS_INPUT_FUNDS,
	                           .as.funds = {.balance = wei(balance), .per_gas = wei(per_gas)}};

	node_feed(f, &in);
}

static void funds(struct node_fixture *f, uint64_t balance, uint64_t per_gas)
{
	tell(f, balance, per_gas);
	node_tick(f);
}

static bool challenges(const struct node_fixture *f)
{
	return node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE) != NULL;
}

static void wrong_claim(struct node_fixture *f, uint64_t claim)
{
	node_post(f, claim, NODE_CLAIMANT, 3);
	node_executed(f, claim, true, node_hash(0x33), node_hash(0x33));
}

static struct gs_capital_outlook outlook(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s.capital;
}

/* --- arithmetic --- */

static void what_is_left_of_a_game_never_grows(void **state)
{
	const struct gs_funds funds = {.per_gas = wei(3), .per_byte = wei(2)};
	const struct gs_worst_side side = {.transactions = 5, .bytes = 10, .gas = 100, .dearest = 40};
	static const uint64_t expected[] = {100, 100, 100, 80, 40, 40, 40}; /* 4 * 40 and 3 * 40 are above the whole */
	struct gs_wei rest, most;

	(void)state;
	for (unsigned moves = 0; moves < GS_ARRAY_LEN(expected); moves++) {
		assert_int_equal(gs_capital_rest(&funds, &side, moves, &rest), GS_OK);
		assert_int_equal(rest.v.limb[0], 3 * expected[moves] + 2 * 10);
	}
	most.v = (struct gs_u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
	assert_int_equal(gs_capital_price(&(struct gs_funds){.per_gas = most}, 2, 0, &rest), GS_ELIMIT);
	assert_int_equal(gs_capital_price(&(struct gs_funds){.per_gas = most, .per_byte = wei(1)}, 1, 1, &rest),
	                 GS_ELIMIT);
}

/* --- games --- */

/* What is not known is not ventured; what is known for too long is not known any more. */
static void nothing_is_ventured_with_unknown_funds(void **state)
{
	struct node_fixture *f = *state;

	reopen(f, 0);
	wrong_claim(f, 1);
	assert_false(challenges(f));
	assert_false(outlook(f).now.known);
	funds(f, PRICE * worst_gas(false) - 1, PRICE);
	assert_false(challenges(f));
	f->now_s += GS_CAPITAL_STALE_S + 1;
	funds(f, PRICE * worst_gas(false), PRICE);
	assert_true(challenges(f));
	f->now_s += GS_CAPITAL_STALE_S + 1;
	node_tick(f);
	assert_false(outlook(f).now.known);
}

static void one_game_is_paid_for_and_no_other(void **state)
{
	struct node_fixture *f = *state;
	const uint64_t game = PRICE * worst_gas(false);

	reopen(f, 0);
	funds(f, game + HEADROOM, PRICE);
	wrong_claim(f, 1);
	assert_true(challenges(f));
	node_sign(f, 0x71);
	wrong_claim(f, 2); /* promised, not even sent */
	assert_false(challenges(f));
	node_game_opens(f, 1, NODE_CLAIMANT, NODE_SELF, NODE_WINDOW_END_S);
	node_tick(f);
	assert_false(challenges(f)); /* and as long as it runs */
	assert_int_equal(outlook(f).now.games, 1);
	assert_int_equal(outlook(f).more_games, 0);
	assert_true(outlook(f).by_gas);
	funds(f, 2 * game + HEADROOM, PRICE);
	assert_true(challenges(f));
}

/* Dearer gas means fewer games; what is offered at most bounds what is kept. */
static void the_price_counts_up_to_the_cap(void **state)
{
	struct node_fixture *f = *state;
	const uint64_t game = PRICE * worst_gas(false);

	f->options.fees.max = wei(PRICE);
	reopen(f, 0);
	funds(f, game, 100 * PRICE);
	wrong_claim(f, 1);
	assert_true(challenges(f));
	f->options.fees.max = wei(0);
	reopen(f, 0);
	funds(f, game, PRICE + 1);
	wrong_claim(f, 2);
	assert_false(challenges(f));
	assert_int_equal(outlook(f).more_games, 0);
}

/* A claim of our own may be challenged at any time: gas for so many defences of a model is no challenger's. */
static void defences_come_before_challenges(void **state)
{
	struct node_fixture *f = *state;
	const uint64_t game = PRICE * worst_gas(false), defence = PRICE * worst_gas(true);

	reopen(f, 2);
	for (uint64_t own = 11; own < 15; own++)
		node_post(f, own, NODE_SELF, 3);
	funds(f, game + 2 * defence - 1, PRICE);
	assert_int_equal(outlook(f).now.defences.v.limb[0], 2 * defence);
	wrong_claim(f, 1);
	assert_false(challenges(f));
	funds(f, game + 2 * defence, PRICE);
	assert_true(challenges(f));
}

/* What others than games cost is taken from what no game may need. */
static void what_can_wait_leaves_the_reserve_alone(void **state)
{
	struct node_fixture *f = *state;
	const uint64_t game = PRICE * worst_gas(false);
	const struct gs_worst_side side = worst_side(false);
	const struct gs_funds price = {.per_gas = wei(PRICE)};
	const struct gs_node_effect *e;
	struct gs_wei rest;

	assert_int_equal(gs_capital_rest(&price, &side, 1, &rest), GS_OK);
	reopen(f, 0);
	funds(f, game, PRICE);
	wrong_claim(f, 1);
	assert_true(challenges(f));
	node_sign(f, 0x71);
	node_game_opens(f, 1, NODE_CLAIMANT, NODE_SELF, NODE_WINDOW_END_S + 1000);
	node_post(f, 2, NODE_CLAIMANT, 3); /* is going to be final */
	node_executed(f, 2, true, (struct gs_hash){{2}}, (struct gs_hash){{2}});
	f->now_s = NODE_WINDOW_END_S + GS_NODE_FINALISE_GRACE_S + 1;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* nothing is known any more */
	funds(f, rest.v.limb[0], PRICE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* nothing is left */
	tell(f, rest.v.limb[0] + HEADROOM, PRICE);
	e = node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_FINALIZE);
	assert_non_null(e);
	assert_int_equal(e->cost_max.v.limb[0], HEADROOM);
	node_sign(f, 0x72);
	funds(f, 1, PRICE);
	assert_true(outlook(f).now.short_of_running);
	f->now_s = NODE_WINDOW_END_S +
	           1001; /* the claimant's clock is over: the game is won by a transaction that has first claim */
	f->head.time.unix_s = f->now_s;
	node_block(f, 0x11, NULL, 0);
	e = node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_TIMEOUT);
	assert_non_null(e);
	assert_true(gs_u256_is_zero(&e->cost_max.v)); /* any amount */
}

/* The operator's calls wait like other things, but for those that bring stake. */
static void orders_to_bring_stake_do_not_wait(void **state)
{
	struct node_fixture *f = *state;
	static const uint8_t data[] = {1, 2, 3, 4};
	struct gs_node_input in = {.kind = GS_INPUT_COMMAND,
	                           .as.command = {.id = node_hash(0x31), .data = {data, sizeof(data)}}};

	reopen(f, 0);
	in.as.command.to = f->options.contracts.stakes;
	node_feed(f, &in);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE)); /* though nothing is known of what the account has */
	node_sign(f, 0x71);
	in.as.command.id = node_hash(0x32);
	in.as.command.to = f->options.contracts.claims;
	node_feed(f, &in);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	tell(f, PRICE * worst_gas(false), PRICE);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* --- the outlook --- */

static void the_present_rate_is_an_average_of_days(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input in = {.kind = GS_INPUT_RECEIPT};

	reopen(f, 0);
	funds(f, 2 * PRICE * worst_gas(false), PRICE);
	assert_true(outlook(f).lasts_s == UINT64_MAX);
	wrong_claim(f, 1);
	node_sign(f, 0x71);
	in.as.receipt.tx = node_hash(0x71);
	in.as.receipt.success = true;
	in.as.receipt.block_number = f->head.number;
	in.as.receipt.block_hash = f->head.hash;
	in.as.receipt.cost = wei(24000);
	node_feed(f, &in);
	assert_int_equal(outlook(f).a_day.v.limb[0], 24000);
	assert_int_equal(outlook(f).lasts_s, 2 * PRICE * worst_gas(false) * 86400 / 24000);
	f->now_s += 3600;
	funds(f, 48000, PRICE);
	assert_int_equal(outlook(f).a_day.v.limb[0], 23000);
	f->now_s += 3600;
	funds(f, 48000, PRICE);
	assert_int_equal(outlook(f).a_day.v.limb[0], 23000 / 24 * 23);
	f->now_s += UINT64_C(3600) * 5000;
	funds(f, 48000, PRICE);
	assert_true(outlook(f).lasts_s == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_of_a_game_never_grows),
		cmocka_unit_test_setup_teardown(nothing_is_ventured_with_unknown_funds, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(one_game_is_paid_for_and_no_other, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_price_counts_up_to_the_cap, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(defences_come_before_challenges, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_can_wait_leaves_the_reserve_alone, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(orders_to_bring_stake_do_not_wait, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_present_rate_is_an_average_of_days, node_set_up, node_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
