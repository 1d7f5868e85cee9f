/* Terms, payouts and worst cases: nothing is made or lost, and the numbers are those of docs/protocol.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "challenge/game/bonds.h"
#include "challenge/game/moves.h"
#include "challenge/game/strategy.h"
#include "tests/generator/generator.h"
#include "validator/cli/dispute_fault.h"

static struct gs_bond_rules rules(void)
{
	return (struct gs_bond_rules){.challenger_bond = gs_wei_from_u64(333),
	                              .refund_per_move = gs_wei_from_u64(40),
	                              .concede_bps = 1001,
	                              .burn_bps = 5000};
}

static void expect(uint64_t bond, bool only_game, enum gs_game_outcome outcome, enum gs_game_reason reason,
                   uint64_t slashed, uint64_t burned, uint64_t rest)
{
	struct gs_bond_rules r = rules();
	struct gs_payout p;
	assert_int_equal(gs_bond_payout(&r, gs_wei_from_u64(bond), only_game, outcome, reason, &p), GS_OK);
	assert_int_equal(p.slashed.v.limb[0], slashed);
	assert_int_equal(p.burned.v.limb[0], burned);
	assert_int_equal(p.rest.v.limb[0], rest);
	if (outcome == GS_GAME_CLAIMANT_WON || outcome == GS_GAME_CHALLENGER_WON)
		assert_int_equal(p.kept.v.limb[0], bond - slashed);
	assert_int_equal(p.slashed.v.limb[0], p.burned.v.limb[0] + p.rest.v.limb[0]);
}

static void test_payouts(void **state)
{
	(void)state;
	for (unsigned only = 0; only < 2; only++) {
		expect(4999, only, GS_GAME_CHALLENGER_WON, GS_REASON_STEP, 4999, 2499, 2500);
		expect(4999, only, GS_GAME_CHALLENGER_WON, GS_REASON_TIMEOUT, 4999, 2499, 2500);
		expect(333, only, GS_GAME_CLAIMANT_WON, GS_REASON_STEP, 333, 166, 167);
		expect(333, only, GS_GAME_CLAIMANT_WON, GS_REASON_CONCESSION, 33, 16, 17);
		expect(333, only, GS_GAME_CLOSED, GS_REASON_CLOSED, 0, 0, 0);
	}
	expect(4999, true, GS_GAME_CHALLENGER_WON, GS_REASON_CONCESSION, 500, 250,
	       250); /* floor(4999 * 1001 / 10000) */
	expect(4999, false, GS_GAME_CHALLENGER_WON, GS_REASON_CONCESSION, 4999, 2499, 2500);
	struct gs_bond_rules r = rules();
	struct gs_wei bond, huge = {{{0, 0, 0, UINT64_MAX}}};
	assert_int_equal(gs_bond_of_game(&r, 3, &bond), GS_OK);
	assert_int_equal(bond.v.limb[0], 999);
	r.challenger_bond = huge;
	assert_int_equal(gs_bond_of_game(&r, 3, &bond), GS_ELIMIT);
}

static void test_refunds(void **state)
{
	(void)state;
	static const struct {
		uint8_t move;
		uint64_t pot, refund;
	} known[] = {{0, 1000, 40}, {1, 1000, 40},         {2, 1000, 80},  {7, 1000, 160}, {7, 159, 159},
	             {7, 0, 0},     {127, 1u << 20, 2560}, {128, 1000, 0}, {190, 1000, 0}};
	struct gs_bond_rules r = rules();
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++) {
		struct gs_game_state s = {.move = known[i].move};
		struct gs_wei refund;
		assert_int_equal(gs_bond_refund(&r, &s, gs_wei_from_u64(known[i].pot), &refund), GS_OK);
		assert_int_equal(refund.v.limb[0], known[i].refund);
	}
}

/* 0 8 | minimumBond 96 | minimumFee 72 | bondBps 16 | feeBps 16 | windowSeconds 32 | version 8 | retired 8 */
static void test_terms(void **state)
{
	(void)state;
	static const char word[] = "00"
				   "0102030405060708090a0b0c"
				   "111213141516171819"
				   "09c4"
				   "0064"
				   "00015180"
				   "2a"
				   "01";
	uint8_t bytes[32];
	struct gs_terms t;
	struct gs_u256 packed, again;
	assert_int_equal(gs_hex_decode(word, strlen(word), bytes, sizeof(bytes)), GS_OK);
	packed = gs_u256_from_be(bytes);
	assert_int_equal(gs_terms_decode(&packed, &t), GS_OK);
	assert_true(t.minimum_bond.v.limb[0] == UINT64_C(0x05060708090a0b0c) && t.minimum_bond.v.limb[1] == 0x01020304);
	assert_true(t.minimum_fee.v.limb[0] == UINT64_C(0x1213141516171819) && t.minimum_fee.v.limb[1] == 0x11);
	assert_int_equal(t.bond_bps, 2500);
	assert_int_equal(t.fee_bps, 100);
	assert_int_equal(t.window_s, 86400);
	assert_int_equal(t.version, 42);
	assert_true(t.retired);
	gs_terms_encode(&t, &again);
	assert_int_equal(gs_u256_cmp(&again, &packed), 0);
	t.minimum_bond = gs_wei_from_u64(1000);
	t.minimum_fee = gs_wei_from_u64(10);
	struct gs_wei v, huge = {{{0, 0, 0, UINT64_MAX}}};
	assert_int_equal(gs_bond_of_claim(&t, gs_wei_from_u64(7), &v), GS_OK);
	assert_int_equal(v.v.limb[0], 1001); /* 1000 + floor(1.75) */
	assert_int_equal(gs_fee_of_claim(&t, gs_wei_from_u64(299), &v), GS_OK);
	assert_int_equal(v.v.limb[0], 12); /* 10 + floor(2.99) */
	assert_int_equal(gs_bond_of_claim(&t, huge, &v), GS_ELIMIT);
	assert_int_equal(gs_fee_of_claim(&t, huge, &v), GS_ELIMIT);
	static const struct {
		unsigned at;
		uint8_t byte;
	} bad[] = {{0, 1}, {31, 2}, {22, 0x28}, {24, 0x28}, {26, 0x81}};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		uint8_t wrong[32];
		memcpy(wrong, bytes, 32);
		wrong[bad[i].at] = bad[i].byte;
		packed = gs_u256_from_be(wrong);
		assert_int_equal(gs_terms_decode(&packed, &t), GS_EPARSE);
	}
	memset(bytes + 26, 0, 4); /* a window of nothing */
	packed = gs_u256_from_be(bytes);
	assert_int_equal(gs_terms_decode(&packed, &t), GS_EPARSE);
}

static struct gs_game_rules game_rules(const struct gs_header *header)
{
	return (struct gs_game_rules){
		.header = header, .claimant_budget_s = 1000, .challenger_budget_s = 900, .minimum_time_s = 60};
}

static struct gs_worst_case worst_of(const struct gs_game_shape *shape)
{
	struct gs_gas_model gas = gs_gas_model_default();
	struct gs_bond_rules bonds = rules();
	struct gs_game_rules r = game_rules(NULL);
	struct gs_worst_case worst;
	assert_int_equal(gs_bond_worst_case(shape, &r, &bonds, &gas, 2, 5000, &worst), GS_OK);
	return worst;
}

/* The two games that docs/protocol.md and the gas page speak of, and the smallest. */
static void test_worst_case_of_sizes(void **state)
{
	(void)state;
	struct gs_game_shape ordinary = {.trace_depth = 20,
	                                 .output_depth = 3,
	                                 .program_depth = 8,
	                                 .inputs_depth = 12,
	                                 .weights_depth = 20,
	                                 .most_states = 4097,
	                                 .longest_descriptor = 150,
	                                 .most_reads = 2};
	struct gs_worst_case worst = worst_of(&ordinary);
	/* 4 rounds, 2 showings of states: challenge, 4 selects, selectElement, 2 selectSegments, the last with the proof. */
	assert_int_equal(worst.challenger.transactions, 8);
	/* commitTrace, 4 reveals, 2 revealStates, and the proof that a challenger may leave to it. */
	assert_int_equal(worst.claimant.transactions, 8);
	assert_int_equal(worst.claimant.seconds, 1000 + 8 * 60);
	assert_int_equal(worst.challenger.seconds, 900 + 8 * 60);
	assert_int_equal(worst.ends_by, 5000 + 1000 + 900 + 16 * 60);
	assert_true(gs_wei_cmp(worst.at_risk, gs_wei_from_u64(0)) == 0);
	assert_int_equal(worst.locked.v.limb[0], 3 * 333);
	assert_int_equal(worst.concession.v.limb[0], 99); /* floor(999 * 1001 / 10000) */
	assert_true(worst.claimant.dearest <= worst.claimant.gas && worst.challenger.dearest <= worst.challenger.gas);

	struct gs_game_shape largest = ordinary, smallest = {.longest_descriptor = 60, .most_reads = 1};
	largest.trace_depth = 26;
	largest.most_states = GS_FOLD_MAX + 1;
	largest.most_reads = 3;
	largest.longest_descriptor = GS_DESCRIPTOR_BYTES_MAX;
	struct gs_worst_case most = worst_of(&largest), least = worst_of(&smallest);
	assert_int_equal(most.challenger.transactions, 10); /* 5 rounds, 3 showings */
	assert_int_equal(most.claimant.transactions, 10);
	assert_int_equal(least.challenger.transactions, 2);
	assert_int_equal(least.claimant.transactions, 2);
	assert_true(most.challenger.gas > worst.challenger.gas && worst.challenger.gas > least.challenger.gas);
	assert_true(most.challenger.bytes > worst.challenger.bytes && most.claimant.bytes > worst.claimant.bytes);
	struct gs_gas_model gas = gs_gas_model_default();
	struct gs_bond_rules bonds = rules();
	struct gs_game_rules r = game_rules(NULL);
	assert_int_equal(gs_bond_worst_case(&largest, &r, &bonds, &gas, 65535, 5000, &most), GS_ELIMIT);
}

static void count(const struct gs_game_rules *r, const struct gs_game *game, const struct gs_move *move,
                  struct gs_worst_side *side)
{
	struct gs_buf data;
	gs_buf_init(&data, GS_MOVE_CALLDATA_MAX);
	gs_move_calldata(&r->body, &game->state, move, &data);
	assert_int_equal(data.err, GS_OK);
	side->transactions++;
	side->bytes += data.len;
	gs_buf_free(&data);
}

/* One game between an honest challenger and the liar, or an honest claimant and a wanderer; what each side sent. */
static void played(const struct gs_game_rules *r, const struct gs_prover *claimant, const struct gs_prover *challenger,
                   bool lie, gs_chooser choose, void *rng, struct gs_worst_side out[2])
{
	struct gs_game game;
	struct gs_hash claim = {{1}};
	struct gs_address someone = {{2}};
	memset(out, 0, 2 * sizeof(*out));
	gs_game_open(&game, r, &claim, &someone, 0, 1, 100);
	out[1] = (struct gs_worst_side){.transactions = 1, .bytes = 4 + 6 * 32}; /* challenge */
	while (game.outcome == GS_GAME_OPEN) {
		struct gs_move move;
		struct gs_game_effects effects;
		bool waiting = true;
		enum gs_side side = GS_SIDE_CHALLENGER;
		enum gs_err err = lie ? gs_strategy_challenger(&game, challenger, &r->body, &move, &waiting)
		                      : gs_strategy_wanderer(&game, challenger, choose, rng, &move, &waiting);
		if (err == GS_OK && waiting) {
			side = GS_SIDE_CLAIMANT;
			err = gs_strategy_claimant(&game, claimant, &move, &waiting);
		}
		assert_int_equal(err, GS_OK);
		count(r, &game, &move, &out[side == GS_SIDE_CHALLENGER]);
		struct gs_game_input in = {.sender = (uint8_t)side, .now = 100, .move = &move};
		assert_int_equal(gs_game_step(&game, r, &in, &effects, NULL), GS_OK);
	}
}

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

/* No game that is really played sends more than its worst case says, nor is that much larger than the longest. */
static void test_worst_case_of_games(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	unsigned games = 0, exact = 0;
	for (uint64_t seed = 4000; seed < 4150; seed++) {
		struct gs_program program;
		struct gs_buf inputs;
		struct gs_trace trace;
		struct gs_commitments common;
		struct gs_rng rng;
		gs_rng_seed(&rng, seed);
		gs_buf_init(&inputs, 1 << 24);
		assert_int_equal(gs_generate_program(seed, &options, &program, NULL), GS_OK);
		assert_int_equal(gs_generate_inputs(seed, &program, &inputs), GS_OK);
		assert_int_equal(gs_trace_init_for(&trace, &program), GS_OK);
		struct gs_memory memory = {.trace = trace.chunks, .weights = program.weights, .inputs = inputs.ptr};
		gs_interpret(&program, &memory);
		assert_int_equal(gs_trace_commit(&trace), GS_OK);
		assert_int_equal(gs_commitments_build(&program, inputs.ptr, &common), GS_OK);
		struct gs_prover_trace right = {.common = &common, .trace = &trace};
		struct gs_prover honest = gs_prover_over_trace(&right);
		struct gs_game_rules r = game_rules(&program.header);
		struct gs_game_shape shape, any;
		gs_merkle_root(&common.inputs_tree, &r.body.input_root);
		gs_bond_shape(&program, &shape);
		gs_bond_shape_of_header(&program.header, &any);
		struct gs_worst_case worst = worst_of(&shape), worst_any = worst_of(&any);
		assert_true(worst_any.challenger.gas >= worst.challenger.gas &&
		            worst_any.claimant.gas >= worst.claimant.gas);
		for (unsigned k = 0; k < 6; k++) {
			struct gs_worst_side sent[2];
			struct gs_fault fault;
			struct gs_liar liar;
			bool lie = false,
			     ran = k % 2 == 0 &&
			           gs_fault_draw(&rng, (enum gs_fault_kind)gs_rng_below(&rng, GS_FAULT_KINDS), &right,
			                         &fault) == GS_OK;
			if (ran)
				assert_int_equal(gs_liar_run(&right, &fault, 1, &liar, &lie, NULL), GS_OK);
			gs_trace_output_root(lie ? &liar.trace : &trace, &program.header, &r.body.output_root);
			struct gs_prover lying = lie ? gs_prover_over_liar(&liar) : honest;
			played(&r, &lying, &honest, lie, choose, &rng, sent);
			assert_true(sent[0].transactions <= worst.claimant.transactions);
			assert_true(sent[1].transactions <= worst.challenger.transactions);
			assert_true(sent[0].bytes <= worst.claimant.bytes);
			assert_true(sent[1].bytes <= worst.challenger.bytes);
			exact += sent[0].transactions == worst.claimant.transactions ||
			         sent[1].transactions == worst.challenger.transactions;
			games++;
			if (ran)
				gs_liar_free(&liar);
		}
		gs_commitments_free(&common);
		gs_trace_free(&trace);
		gs_buf_free(&inputs);
		gs_program_free(&program);
	}
	assert_true(games > 600 && exact > games / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payouts),
		cmocka_unit_test(test_refunds),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_worst_case_of_sizes),
		cmocka_unit_test(test_worst_case_of_games),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
