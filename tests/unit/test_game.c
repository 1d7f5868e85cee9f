/* Whole games without a chain: liars against honest players, both ways round, over random programs and random faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "challenge/game/strategy.h"
#include "chain/core/hash.h"
#include "tests/generator/generator.h"
#include "validator/cli/dispute_fault.h"

struct setting { /* a program that was run honestly */
	struct gs_program program;
	struct gs_buf inputs;
	struct gs_trace trace;
	struct gs_commitments common;
	struct gs_prover_trace honest;
	struct gs_rng rng;
};

enum { LONGEST = 1000000 }; /* in place of a seed: the program with the longest fold */

static void set_up(struct setting *s, uint64_t seed, const struct gs_generator_options *options)
{
	gs_rng_seed(&s->rng, seed);
	gs_buf_init(&s->inputs, 1 << 24);
	enum gs_err err = seed == LONGEST ? gs_generate_longest_fold(1, &s->program, NULL)
	                                  : gs_generate_program(seed, options, &s->program, NULL);
	assert_int_equal(err, GS_OK);
	assert_int_equal(gs_generate_inputs(seed, &s->program, &s->inputs), GS_OK);
	assert_int_equal(gs_trace_init_for(&s->trace, &s->program), GS_OK);
	struct gs_memory memory = {.trace = s->trace.chunks, .weights = s->program.weights, .inputs = s->inputs.ptr};
	gs_interpret(&s->program, &memory);
	assert_int_equal(gs_trace_commit(&s->trace), GS_OK);
	assert_int_equal(gs_commitments_build(&s->program, s->inputs.ptr, &s->common), GS_OK);
	s->honest = (struct gs_prover_trace){.common = &s->common, .trace = &s->trace};
}

static void tear_down(struct setting *s)
{
	gs_commitments_free(&s->common);
	gs_trace_free(&s->trace);
	gs_buf_free(&s->inputs);
	gs_program_free(&s->program);
}

static struct gs_game_rules rules_of(const struct setting *s, const struct gs_trace *claimed)
{
	struct gs_game_rules rules = {.header = &s->program.header,
	                              .claimant_budget_s = 1000,
	                              .challenger_budget_s = 900,
	                              .minimum_time_s = 60};
	gs_merkle_root(&s->common.inputs_tree, &rules.input_root);
	gs_trace_output_root(claimed, &s->program.header, &rules.output_root);
	return rules;
}

enum manner { HONEST, WANDERING };

struct played {
	struct gs_game game;
	struct gs_step_record step;
	uint64_t computed;
	unsigned moves;
	unsigned claimant_moves;
	bool judged;
};

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

/* A changed move must be refused, or be another thing that the mover may say; never may it change who is right. */
static void try_spoilt(const struct gs_game *game, const struct gs_game_rules *rules, const struct gs_game_input *in,
                       struct gs_rng *rng)
{
	struct gs_move spoilt = *in->move;
	struct gs_game_input input = {.sender = in->sender, .now = in->now, .move = &spoilt};
	struct gs_game copy = *game;
	struct gs_game_effects effects;
	bool must_fail = true;
	switch (gs_rng_below(rng, 8)) {
	case 0:
		input.sender = in->sender == GS_SIDE_CLAIMANT ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT;
		must_fail = spoilt.kind != GS_MOVE_PROVE_STEP;
		break;
	case 1: input.now = game->state.deadline + 1; break;
	case 2: spoilt.kind = spoilt.kind == GS_MOVE_REVEAL ? GS_MOVE_SELECT : GS_MOVE_REVEAL; break;
	case 3:
		if (spoilt.data_len == 0)
			return;
		spoilt.data[gs_rng_below(rng, spoilt.data_len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
		must_fail = spoilt.kind != GS_MOVE_REVEAL_STATES;
		break;
	case 4:
		if (spoilt.data_len == 0)
			return;
		spoilt.data_len--;
		break;
	case 5:
		if (spoilt.siblings == 0)
			return;
		spoilt.sibling[gs_rng_below(rng, spoilt.siblings)].b[gs_rng_below(rng, 32)] ^= 4;
		break;
	case 6:
		if (spoilt.descriptor_len == 0)
			return;
		spoilt.descriptor[gs_rng_below(rng, spoilt.descriptor_len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
		break;
	case 7:
		if (spoilt.kind != GS_MOVE_SELECT && spoilt.kind != GS_MOVE_SELECT_ELEMENT &&
		    spoilt.kind != GS_MOVE_SELECT_SEGMENT)
			return;
		spoilt.child += 32;
		spoilt.segment += 65;
		break;
	}
	enum gs_err err = gs_game_step(&copy, rules, &input, &effects, NULL);
	if (must_fail) {
		assert_int_equal(err, GS_EINVAL);
		assert_memory_equal(&copy, game, sizeof(copy));
	}
}

/* States that no game is in, as a lying endpoint may tell them: an answer or a refusal, never a crash. */
static void disturb(const struct gs_game *game, const struct gs_prover *prover, struct gs_rng *rng)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	for (unsigned i = 0; i < 6; i++) {
		struct gs_game lie = *game;
		struct gs_move move;
		bool waiting;
		gs_game_state_encode(&game->state, words);
		for (unsigned k = 0; k < 1 + i / 2; k++) {
			/* The low bytes of phase, round, level, position, element, low, high. */
			static const uint8_t word[] = {4, 9, 10, 11, 12, 16, 17, 18};
			unsigned at = word[gs_rng_below(rng, sizeof(word))];
			words[at * 32 + 31 - gs_rng_below(rng, at < 12 ? 1 : 3)] ^= (uint8_t)(1 +
			                                                                      gs_rng_below(rng, 255));
		}
		if (gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &lie.state) != GS_OK)
			continue;
		enum gs_err err[] = {gs_strategy_claimant(&lie, prover, &move, &waiting),
		                     gs_strategy_challenger(&lie, prover, &move, &waiting),
		                     gs_strategy_wanderer(&lie, prover, choose, rng, &move, &waiting)};
		for (unsigned k = 0; k < GS_ARRAY_LEN(err); k++)
			assert_true(err[k] == GS_OK || err[k] == GS_ECORRUPT || err[k] == GS_ENOTFOUND);
	}
}

static void play(const struct setting *s, const struct gs_game_rules *given, const struct gs_prover *claimant,
                 const struct gs_prover *challenger, enum manner manner, bool claimant_proves, struct gs_rng *rng,
                 struct played *out)
{
	struct gs_game_rules rules = *given;
	struct gs_hash id = {{1}}, claim = {{2}};
	struct gs_address a = {{3}}, b = {{4}};
	uint64_t now = 1000000;
	memset(out, 0, sizeof(*out));
	struct gs_game *game = &out->game;
	gs_game_open(game, &rules, &id, &claim, &a, &b, now);
	/* A second game that only hears what the contract announces must come to know the same. */
	struct gs_game watched = *game;
	(void)s;
	while (game->outcome == GS_GAME_OPEN) {
		struct gs_move move;
		struct gs_game_effects effects;
		bool waiting = true;
		enum gs_side side = GS_SIDE_CHALLENGER;
		if (game->state.phase != GS_PHASE_STEP || !claimant_proves) {
			enum gs_err err = manner == WANDERING
			                          ? gs_strategy_wanderer(&watched, challenger, choose, rng, &move,
			                                                 &waiting)
			                          : gs_strategy_challenger(&watched, challenger, &move, &waiting);
			assert_int_equal(err, GS_OK);
		}
		if (waiting) {
			side = GS_SIDE_CLAIMANT;
			assert_int_equal(gs_strategy_claimant(&watched, claimant, &move, &waiting), GS_OK);
		}
		assert_false(waiting);
		now += gs_rng_below(rng, 20);
		struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
		try_spoilt(game, &rules, &in, rng);
		disturb(&watched, claimant, rng);
		struct gs_error error = {0};
		if (gs_game_step(game, &rules, &in, &effects, &error) != GS_OK)
			fail_msg("move %u, %s: %s", out->moves, gs_move_name(move.kind), error.text);
		struct gs_bytes shown = {move.data, move.data_len};
		assert_int_equal(gs_game_observe(&watched, &game->state, effects.revealed ? &shown : NULL), GS_OK);
		watched.outcome = game->outcome;
		watched.reason = game->reason;
		assert_memory_equal(&watched, game, sizeof(watched));
		out->moves++;
		out->claimant_moves += side == GS_SIDE_CLAIMANT;
		out->judged = effects.judged;
		out->computed = effects.computed;
		out->step = effects.step;
	}
	assert_true(out->judged);
	assert_int_equal(out->game.reason, GS_REASON_STEP);
	/* "for the largest the limits allow 19 transactions", of them the challenge itself. */
	assert_true(out->moves <= 18);
}

static void against_liar(struct setting *s, const struct gs_fault *fault, struct gs_liar *liar, bool claimant_proves)
{
	struct gs_prover lying = gs_prover_over_liar(liar), honest = gs_prover_over_trace(&s->honest);
	struct gs_game_rules rules = rules_of(s, &liar->trace);
	struct played p;
	play(s, &rules, &lying, &honest, HONEST, claimant_proves, &s->rng, &p);
	assert_int_equal(p.game.outcome, GS_GAME_CHALLENGER_WON);
	const struct gs_instr instr = gs_program_instr(&s->program, fault->instruction), *in = &instr;
	unsigned per_chunk = gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	assert_int_equal(p.game.state.position, in->first_chunk + fault->element / per_chunk);
	assert_int_equal(p.game.state.element, fault->element);
	if (fault->at_state)
		assert_int_equal(p.game.state.high, fault->state);
	assert_int_equal(p.game.state.high_value, fault->wrong);
	assert_int_equal(p.computed, fault->right);
	assert_int_not_equal(p.computed, fault->wrong);
	/* The same lie as a challenge: the honest trace is claimed, the liar points at what differs from its own. */
	rules = rules_of(s, &s->trace);
	play(s, &rules, &honest, &lying, HONEST, true, &s->rng, &p);
	assert_int_equal(p.game.outcome, GS_GAME_CLAIMANT_WON);
	assert_int_equal(p.computed, p.game.state.high_value);
}

static void test_random_games(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	unsigned kinds[GS_FAULT_KINDS] = {0}, steps[GS_STEP_FINAL + 1] = {0}, depths[27] = {0};
	for (uint64_t seed = 1000; seed < 1400; seed++) {
		struct setting s;
		set_up(&s, seed, &options);
		for (unsigned kind = 0; kind < GS_FAULT_KINDS; kind++) {
			struct gs_fault fault;
			struct gs_liar liar;
			bool changed = false;
			if (gs_fault_draw(&s.rng, (enum gs_fault_kind)kind, &s.honest, &fault) != GS_OK)
				continue;
			assert_int_equal(gs_liar_run(&s.honest, &fault, 1, &liar, &changed, NULL), GS_OK);
			if (changed)
				against_liar(&s, &fault, &liar, gs_rng_below(&s.rng, 2) == 0);
			kinds[kind] += changed;
			gs_liar_free(&liar);
		}
		struct gs_game_rules rules = rules_of(&s, &s.trace);
		for (unsigned round = 0; round < 6; round++) {
			struct gs_prover honest = gs_prover_over_trace(&s.honest);
			struct played p;
			play(&s, &rules, &honest, &honest, WANDERING, true, &s.rng, &p);
			assert_int_equal(p.game.outcome, GS_GAME_CLAIMANT_WON);
			steps[p.step.kind]++;
		}
		depths[s.program.header.trace_depth]++;
		tear_down(&s);
	}
	for (unsigned k = 0; k < GS_FAULT_KINDS; k++)
		if (kinds[k] < 20)
			fail_msg("only %u games about %s", kinds[k], gs_fault_kind_name((enum gs_fault_kind)k));
	for (unsigned k = GS_STEP_PADDING; k <= GS_STEP_FINAL; k++)
		assert_true(steps[k] > 20);
	for (unsigned d = 0; d <= options.trace_depth_max; d++)
		assert_true(depths[d] > 0);
}

/* One liar and one made-up challenge in a setting. */
static void two_games(struct setting *s, enum gs_fault_kind kind)
{
	struct gs_fault fault;
	struct gs_liar liar;
	bool changed = false;
	while (!changed) {
		assert_int_equal(gs_fault_draw(&s->rng, kind, &s->honest, &fault), GS_OK);
		assert_int_equal(gs_liar_run(&s->honest, &fault, 1, &liar, &changed, NULL), GS_OK);
		if (changed)
			against_liar(s, &fault, &liar, false);
		gs_liar_free(&liar);
	}
	struct gs_game_rules rules = rules_of(s, &s->trace);
	struct gs_prover honest = gs_prover_over_trace(&s->honest);
	struct played p;
	play(s, &rules, &honest, &honest, WANDERING, true, &s->rng, &p);
	assert_int_equal(p.game.outcome, GS_GAME_CLAIMANT_WON);
}

static void test_deep_games(void **state)
{
	(void)state;
	static const enum gs_fault_kind kinds[] = {GS_FAULT_LAST_CHUNK, GS_FAULT_GAP, GS_FAULT_FIRST_CHUNK};
	struct gs_generator_options options = gs_generator_small();
	options.deep = true;
	options.trace_depth_max = 20;
	for (uint64_t seed = 0; seed < GS_ARRAY_LEN(kinds); seed++) {
		struct setting s;
		set_up(&s, 2000 + seed, &options);
		assert_int_equal(s.program.header.trace_depth, 20);
		two_games(&s, kinds[seed]);
		tear_down(&s);
	}
}

static void test_longest_fold(void **state)
{
	(void)state;
	static const enum gs_fault_kind kinds[] = {GS_FAULT_LONGEST_FOLD, GS_FAULT_LAST_TERM, GS_FAULT_BODY};
	struct setting s;
	set_up(&s, LONGEST, NULL);
	for (unsigned k = 0; k < GS_ARRAY_LEN(kinds); k++)
		two_games(&s, kinds[k]);
	tear_down(&s);
}

/* Nothing differs: there is no honest challenge. */
static void test_no_difference(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct setting s;
	set_up(&s, 5, &options);
	struct gs_game_rules rules = rules_of(&s, &s.trace);
	struct gs_prover honest = gs_prover_over_trace(&s.honest);
	struct gs_hash id = {{1}}, claim = {{2}};
	struct gs_address a = {{3}}, b = {{4}};
	struct gs_game game;
	struct gs_game_effects effects;
	struct gs_move move;
	bool waiting;
	gs_game_open(&game, &rules, &id, &claim, &a, &b, 100);
	assert_int_equal(gs_strategy_challenger(&game, &honest, &move, &waiting), GS_OK);
	assert_true(waiting);
	assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
	struct gs_game_input in = {.sender = GS_SIDE_CLAIMANT, .now = 110, .move = &move};
	/* Bound by another game to another trace. */
	rules.trace_root.b[0] = 1;
	struct gs_error error = {0};
	assert_int_equal(gs_game_step(&game, &rules, &in, &effects, &error), GS_EINVAL);
	assert_string_equal(error.text, "WrongTraceRoot");
	memset(&rules.trace_root, 0, sizeof(rules.trace_root));
	assert_int_equal(gs_game_step(&game, &rules, &in, &effects, NULL), GS_OK);
	assert_true(effects.bound);
	assert_int_equal(gs_strategy_challenger(&game, &honest, &move, &waiting), GS_ENOTFOUND);
	/* Clocks: 10 of 1000 s used; the challenger has its 900 from now. */
	assert_int_equal(game.state.claimant_left, 990);
	assert_int_equal(game.state.deadline, 110 + 900);
	assert_false(gs_strategy_timeout(&game, 1010, &move));
	assert_true(gs_strategy_timeout(&game, 1011, &move));
	struct gs_game_input late = {.sender = 0, .now = 1010, .move = &move};
	assert_int_equal(gs_game_step(&game, &rules, &late, &effects, &error), GS_EINVAL);
	assert_string_equal(error.text, "NotOver");
	late.now = 1011;
	struct gs_game copy = game;
	assert_int_equal(gs_game_step(&copy, &rules, &late, &effects, NULL), GS_OK);
	assert_int_equal(copy.outcome, GS_GAME_CLAIMANT_WON);
	assert_int_equal(copy.reason, GS_REASON_TIMEOUT);
	struct gs_move concede = {.kind = GS_MOVE_CONCEDE};
	struct gs_game_input give_up = {.sender = GS_SIDE_CLAIMANT, .now = 500, .move = &concede};
	assert_int_equal(gs_game_step(&game, &rules, &give_up, &effects, NULL), GS_OK);
	assert_int_equal(game.outcome, GS_GAME_CHALLENGER_WON);
	assert_int_equal(game.reason, GS_REASON_CONCESSION);
	assert_int_equal(gs_game_step(&game, &rules, &give_up, &effects, &error), GS_EINVAL);
	tear_down(&s);
}

/* Every depth's levels add up, no round is longer than five levels, and the states shown narrow any fold in four rounds. */
static void test_schedule(void **state)
{
	(void)state;
	for (unsigned depth = 0; depth <= GS_TRACE_DEPTH_MAX; depth++) {
		unsigned rounds = gs_schedule_rounds(depth), sum = gs_schedule_chunk_levels(depth);
		assert_true(rounds <= GS_GAME_ROUNDS_MAX);
		for (unsigned r = 0; r < rounds; r++) {
			assert_in_range(gs_schedule_levels(depth, r), 1, 5);
			sum += gs_schedule_levels(depth, r);
		}
		assert_int_equal(sum, depth);
		assert_int_equal(gs_schedule_top(depth, rounds), gs_schedule_chunk_levels(depth));
	}
	/* D = 20: 18 levels above the chunks in 4, 5, 4, 5. */
	assert_int_equal(gs_schedule_levels(20, 0), 4);
	assert_int_equal(gs_schedule_levels(20, 1), 5);
	assert_int_equal(gs_schedule_levels(20, 2), 4);
	assert_int_equal(gs_schedule_levels(20, 3), 5);
	for (uint32_t high = 1; high <= GS_FOLD_MAX + 1; high += high < 20000 ? 1 : 997) {
		uint32_t stretch = high;
		unsigned rounds = 0;
		for (; stretch > 0; rounds++) {
			uint32_t stride = gs_states_stride(0, stretch), count = gs_states_count(0, stretch);
			assert_in_range(count, 1, GS_GAME_STATES_MAX);
			uint32_t inner = stride - 1, last = stretch - stride * count;
			stretch = inner > last ? inner : last;
		}
		assert_true(rounds <= 3);
	}
}

static void test_state_codec(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct setting s;
	set_up(&s, 8, &options);
	struct gs_game_rules rules = rules_of(&s, &s.trace);
	struct gs_hash id = {{1}}, claim = {{2}};
	struct gs_address a = {{3}}, b = {{4}};
	struct gs_game game, back;
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	gs_game_open(&game, &rules, &id, &claim, &a, &b, 100);
	gs_game_state_encode(&game.state, words);
	memset(&back, 0, sizeof(back));
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &back.state), GS_OK);
	assert_memory_equal(&back.state, &game.state, sizeof(back.state));
	words[4 * 32 + 31] = 9; /* no such phase */
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &back.state), GS_EPARSE);
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, sizeof(words) - 1}, &back.state), GS_EPARSE);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule),      cmocka_unit_test(test_state_codec),
		cmocka_unit_test(test_no_difference), cmocka_unit_test(test_random_games),
		cmocka_unit_test(test_deep_games),    cmocka_unit_test(test_longest_fold),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
