/* The schedule of a game; the claimed output, asked for and shown; games about models that are void. */
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
#include "tests/unit/game_fixture.h"
#include "validator/cli/dispute_fault.h"

/* Levels by round, by the page's formulas; "20 levels: 5, 4, 4, 5 and 2 raw. 26: 5, 4, 5, 5, 5 and 2". */
static void test_schedule(void **state)
{
	(void)state;
	static const struct {
		unsigned depth, rounds, levels[GS_GAME_ROUNDS_MAX];
	} known[] = {{0, 0, {0}},
	             {1, 0, {0}},
	             {2, 0, {0}},
	             {3, 1, {1}},
	             {6, 1, {4}},
	             {7, 1, {5}},
	             {8, 2, {5, 1}},
	             {11, 2, {5, 4}},
	             {12, 2, {5, 5}},
	             {13, 3, {5, 3, 3}},
	             {14, 3, {5, 3, 4}},
	             {17, 3, {5, 5, 5}},
	             {18, 4, {5, 3, 4, 4}},
	             {20, 4, {5, 4, 4, 5}},
	             {21, 4, {5, 4, 5, 5}},
	             {22, 4, {5, 5, 5, 5}},
	             {23, 5, {5, 4, 4, 4, 4}},
	             {26, 5, {5, 4, 5, 5, 5}}};
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++) {
		assert_int_equal(gs_schedule_rounds(known[i].depth), known[i].rounds);
		for (unsigned r = 0; r < known[i].rounds; r++)
			assert_int_equal(gs_schedule_levels(known[i].depth, r), known[i].levels[r]);
	}
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

static void one_move(struct gs_game *game, struct gs_game_rules *rules, enum gs_side side, const struct gs_move *move,
                     uint64_t now, const char *refusal)
{
	struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = move};
	struct gs_game_effects effects;
	struct gs_error error = {0};
	enum gs_err err = gs_game_step(game, rules, &in, &effects, &error);
	if (refusal != NULL) {
		assert_int_equal(err, GS_EINVAL);
		assert_string_equal(error.text, refusal);
		return;
	}
	if (err != GS_OK)
		fail_msg("%s: %s", gs_move_name(move->kind), error.text);
	if (effects.bound)
		rules->tag = gs_trace_tag_of(&game->trace_root);
}

/* A game up to where the output is asked for: the claimant commits to `shown`, the challenger believes `believed`. */
static void ask_for_output(struct gs_game *game, struct gs_game_rules *rules, const struct gs_prover *shown,
                           const struct gs_prover *believed)
{
	struct gs_hash claim = {{2}};
	struct gs_address b = {{4}};
	struct gs_move move;
	bool waiting;
	gs_game_open(game, rules, &claim, &b, 0, 1, 100);
	assert_int_equal(gs_strategy_claimant(game, shown, &move, &waiting), GS_OK);
	one_move(game, rules, GS_SIDE_CLAIMANT, &move, 110, NULL);
	assert_int_equal(gs_strategy_challenger(game, believed, &rules->body, &move, &waiting), GS_OK);
	assert_false(waiting);
	assert_int_equal(move.kind, GS_MOVE_CHALLENGE_OUTPUT);
	one_move(game, rules, GS_SIDE_CLAIMANT, &move, 120, "StaleState");
	one_move(game, rules, GS_SIDE_CHALLENGER, &move, 120, NULL);
	assert_int_equal(game->state.phase, GS_PHASE_OUTPUT);
	assert_int_equal(game->state.move, 2);
	assert_int_equal(gs_game_turn(game), GS_SIDE_CLAIMANT);
	assert_int_equal(game->state.deadline, 120 + 990);
	assert_int_equal(gs_strategy_challenger(game, believed, &rules->body, &move, &waiting), GS_OK);
	assert_true(waiting);
}

/* A wrong output is claimed and the right trace defended: the challenger, who finds nothing wrong in it, asks for the output,
 * and there is no path. */
static void test_hollow_claims(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	bool shallow = false;
	for (uint64_t seed = 3000; seed < 3060; seed++) {
		struct game_setting s;
		game_set_up(&s, seed, &options);
		struct gs_game_rules rules = game_rules_of(&s, &s.trace);
		struct gs_prover honest = gs_prover_over_trace(&s.honest);
		const struct gs_hash right = rules.body.output_root;
		struct gs_game game;
		struct gs_move move;
		bool waiting;
		shallow |= gs_schedule_rounds(s.program.header.trace_depth) == 0;
		rules.body.output_root.b[31] ^= 1;
		ask_for_output(&game, &rules, &honest, &honest);
		assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
		assert_int_equal(move.kind, GS_MOVE_PROVE_OUTPUT);
		one_move(&game, &rules, GS_SIDE_CLAIMANT, &move, 130, "StaleState");
		struct gs_game asked = game;
		move = (struct gs_move){.kind = GS_MOVE_TIMEOUT};
		one_move(&game, &rules, 0, &move, 1110, "NotOver");
		one_move(&game, &rules, 0, &move, 1111, NULL);
		assert_int_equal(game.outcome, GS_GAME_CHALLENGER_WON);
		assert_int_equal(game.reason, GS_REASON_TIMEOUT);
		/* What an honest claimant would show, the right path, at the right length only and in its own name. */
		rules.body.output_root = right;
		game = asked;
		assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
		move.siblings++;
		one_move(&game, &rules, GS_SIDE_CLAIMANT, &move, 130, "WrongLength");
		move.siblings--;
		one_move(&game, &rules, GS_SIDE_CHALLENGER, &move, 130, "StaleState");
		one_move(&game, &rules, GS_SIDE_CLAIMANT, &move, 1111, "TooLate");
		for (uint32_t i = 0; i < move.siblings; i++) {
			move.sibling[i].b[i] ^= 0x10;
			one_move(&game, &rules, GS_SIDE_CLAIMANT, &move, 130, "StaleState");
			move.sibling[i].b[i] ^= 0x10;
		}
		one_move(&game, &rules, GS_SIDE_CLAIMANT, &move, 130, NULL);
		assert_int_equal(game.outcome, GS_GAME_CLAIMANT_WON);
		assert_int_equal(game.reason, GS_REASON_OUTPUT);
		game_tear_down(&s);
	}
	assert_true(shallow);
}

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

/* A game of somebody who selects at random, up to its end; *last: the move that ended it. */
static void wander(struct game_setting *s, struct gs_game_rules *rules, const struct gs_prover *honest,
                   struct gs_game *game, enum gs_move_kind *last)
{
	struct gs_hash claim = {{2}};
	struct gs_address b = {{4}};
	gs_game_open(game, rules, &claim, &b, 0, 1, 100);
	while (game->outcome == GS_GAME_OPEN) {
		struct gs_move move;
		bool waiting;
		enum gs_side side = GS_SIDE_CHALLENGER;
		assert_int_equal(gs_strategy_wanderer(game, honest, choose, &s->rng, &move, &waiting), GS_OK);
		if (waiting) {
			side = GS_SIDE_CLAIMANT;
			assert_int_equal(gs_strategy_claimant(game, honest, &move, &waiting), GS_OK);
		}
		*last = move.kind;
		one_move(game, rules, side, &move, 110, NULL);
	}
}

/* About a model that is void nobody loses, whoever would have. */
static void test_void_model(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct game_setting s;
	game_set_up(&s, 11, &options);
	struct gs_game_rules rules = game_rules_of(&s, &s.trace);
	struct gs_prover honest = gs_prover_over_trace(&s.honest);
	struct gs_game asked;
	rules.body.output_root.b[0] ^= 1;
	ask_for_output(&asked, &rules, &honest, &honest);
	rules.body.output_root.b[0] ^= 1;
	rules.model_void = true;
	const struct gs_move timeout = {.kind = GS_MOVE_TIMEOUT}, concede = {.kind = GS_MOVE_CONCEDE};
	struct gs_move output;
	unsigned steps[2] = {0};
	bool waiting;
	assert_int_equal(gs_strategy_claimant(&asked, &honest, &output, &waiting), GS_OK);
	const struct {
		const struct gs_move *move;
		enum gs_side side;
		uint64_t now;
	} ends[] = {{&timeout, 0, 1111},
	            {&concede, GS_SIDE_CLAIMANT, 130},
	            {&concede, GS_SIDE_CHALLENGER, 130},
	            {&output, GS_SIDE_CLAIMANT, 130}};
	for (size_t i = 0; i < GS_ARRAY_LEN(ends); i++) {
		struct gs_game game = asked;
		one_move(&game, &rules, ends[i].side, ends[i].move, ends[i].now, NULL);
		assert_int_equal(game.outcome, GS_GAME_CLOSED);
		assert_int_equal(game.reason, GS_REASON_CLOSED);
	}
	/* The last step, of whatever is selected, in which an honest claimant is right. */
	for (unsigned i = 0; i < 20; i++) {
		struct gs_game game;
		enum gs_move_kind last = GS_MOVE_COMMIT_TRACE;
		rules.model_void = i % 2 == 0;
		memset(&rules.tag, 0, sizeof(rules.tag));
		wander(&s, &rules, &honest, &game, &last);
		assert_int_equal(game.outcome, rules.model_void ? GS_GAME_CLOSED : GS_GAME_CLAIMANT_WON);
		if (!rules.model_void)
			assert_int_equal(game.reason, last == GS_MOVE_PROVE_STEP ? GS_REASON_STEP : GS_REASON_OUTPUT);
		steps[i % 2] += last == GS_MOVE_PROVE_STEP;
	}
	assert_true(steps[0] > 0 && steps[1] > 0);
	game_tear_down(&s);
}

/* Words that a game in which the output is asked for can, and cannot, be in. */
static void test_states(void **state)
{
	(void)state;
	struct gs_game_state s;
	const struct gs_game_state asked = {.units = 1, .phase = GS_PHASE_OUTPUT, .depth = 20, .move = 2};
	s = asked;
	assert_true(gs_game_state_invariant(&s));
	s.round = 1;
	assert_false(gs_game_state_invariant(&s));
	s = asked;
	s.position = 1;
	assert_false(gs_game_state_invariant(&s));
	s = asked;
	s.phase = GS_PHASE_COMMIT; /* of any depth, but nothing is done */
	s.move = 0;
	assert_true(gs_game_state_invariant(&s));
	s.round = 1;
	assert_false(gs_game_state_invariant(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_hollow_claims),
		cmocka_unit_test(test_void_model),
		cmocka_unit_test(test_states),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
