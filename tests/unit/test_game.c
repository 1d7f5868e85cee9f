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
#include "tests/unit/game_fixture.h"
#include "validator/cli/dispute_fault.h"

enum manner { HONEST, WANDERING };
enum ending {
	MERGED,
	CHALLENGER_PROVES,
	CLAIMANT_PROVES
}; /* who proves, and whether in the call of the last selection */

struct played {
	struct gs_game game;
	struct gs_step_record step;
	uint64_t computed;
	unsigned moves;
	unsigned claimant_moves;
	enum gs_move_kind last;
	bool judged;
};

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

static void flip(struct gs_rng *rng, uint8_t *bytes, size_t len)
{
	bytes[gs_rng_below(rng, len)] ^= (uint8_t)(1u << gs_rng_below(rng, 8));
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
	switch (gs_rng_below(rng, 11)) {
	case 0:
		input.sender = in->sender == GS_SIDE_CLAIMANT ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT;
		must_fail = spoilt.kind != GS_MOVE_PROVE_STEP;
		break;
	case 1: input.now = game->state.deadline + 1; break;
	case 2: spoilt.kind = spoilt.kind == GS_MOVE_REVEAL ? GS_MOVE_SELECT : GS_MOVE_REVEAL; break;
	case 3:
		if (spoilt.data_len == 0)
			return;
		flip(rng, spoilt.data, spoilt.data_len);
		/* Other states, or another trace that nobody is bound to yet. */
		must_fail = spoilt.kind != GS_MOVE_REVEAL_STATES && spoilt.kind != GS_MOVE_COMMIT_TRACE;
		break;
	case 4:
		if (spoilt.data_len == 0)
			return;
		spoilt.data_len--;
		break;
	case 5:
		if (spoilt.siblings == 0)
			return;
		flip(rng, spoilt.sibling[gs_rng_below(rng, spoilt.siblings)].b, 32);
		break;
	case 6:
		if (spoilt.descriptor_len == 0)
			return;
		flip(rng, spoilt.descriptor, spoilt.descriptor_len);
		break;
	case 7:
		if (spoilt.kind == GS_MOVE_COMMIT_TRACE || spoilt.kind == GS_MOVE_REVEAL ||
		    spoilt.kind == GS_MOVE_REVEAL_STATES || spoilt.kind == GS_MOVE_PROVE_STEP ||
		    spoilt.kind == GS_MOVE_CHALLENGE_OUTPUT || spoilt.kind == GS_MOVE_PROVE_OUTPUT)
			return;
		spoilt.child += 32;
		spoilt.segment += 65;
		break;
	case 8:
		if (spoilt.openings_len == 0)
			return;
		flip(rng, spoilt.openings, spoilt.openings_len);
		break;
	case 9:
		if (spoilt.openings_len == 0)
			return;
		spoilt.openings_len--;
		break;
	case 10:
		if (!gs_move_proves(spoilt.kind))
			return;
		flip(rng, spoilt.trace_root.b + 12, GS_TRACE_TAG_BYTES);
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
	const struct gs_claim_body body = {.output_root = {{9}}};
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	for (unsigned i = 0; i < 6; i++) {
		struct gs_game lie = *game;
		struct gs_move move;
		bool waiting;
		gs_game_state_encode(&game->state, words);
		/* a but the address, c but the values. */
		for (unsigned k = 0; k < 1 + i / 2; k++) {
			unsigned at = gs_rng_below(rng, 2) ? 32 + 20 + (unsigned)gs_rng_below(rng, 12)
			                                   : 128 + (unsigned)gs_rng_below(rng, 16);
			words[at] ^= (uint8_t)(1 + gs_rng_below(rng, 255));
		}
		if (gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &lie.state) != GS_OK)
			continue;
		enum gs_err err[] = {gs_strategy_claimant(&lie, prover, &move, &waiting),
		                     gs_strategy_challenger(&lie, prover, &body, &move, &waiting),
		                     gs_strategy_wanderer(&lie, prover, choose, rng, &move, &waiting)};
		for (unsigned k = 0; k < GS_ARRAY_LEN(err); k++)
			assert_true(err[k] == GS_OK || err[k] == GS_ECORRUPT || err[k] == GS_ENOTFOUND);
	}
}

/* The selection without its proof. */
static void part(struct gs_move *move)
{
	move->kind = move->kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE ? GS_MOVE_SELECT_ELEMENT : GS_MOVE_SELECT_SEGMENT;
	move->openings_len = 0;
	memset(&move->trace_root, 0, sizeof(move->trace_root));
	memset(move->openings, 0, sizeof(move->openings));
	if (move->kind == GS_MOVE_SELECT_SEGMENT) {
		move->descriptor_len = 0;
		memset(move->descriptor, 0, sizeof(move->descriptor));
	}
}

static void find_move(const struct gs_game *game, const struct gs_game_rules *rules, const struct gs_prover *claimant,
                      const struct gs_prover *challenger, enum manner manner, enum ending ending, struct gs_rng *rng,
                      struct gs_move *move, enum gs_side *side)
{
	bool waiting = true;
	*side = GS_SIDE_CHALLENGER;
	if (game->state.phase != GS_PHASE_STEP || ending != CLAIMANT_PROVES) {
		enum gs_err err = manner == WANDERING
		                          ? gs_strategy_wanderer(game, challenger, choose, rng, move, &waiting)
		                          : gs_strategy_challenger(game, challenger, &rules->body, move, &waiting);
		assert_int_equal(err, GS_OK);
		if (!waiting && ending != MERGED && gs_move_proves(move->kind) && move->kind != GS_MOVE_PROVE_STEP)
			part(move);
	}
	if (waiting) {
		*side = GS_SIDE_CLAIMANT;
		assert_int_equal(gs_strategy_claimant(game, claimant, move, &waiting), GS_OK);
	}
	assert_false(waiting);
}

static void play(const struct gs_game_rules *given, const struct gs_prover *claimant,
                 const struct gs_prover *challenger, enum manner manner, enum ending ending, struct gs_rng *rng,
                 struct played *out)
{
	struct gs_game_rules rules = *given;
	struct gs_hash claim = {{2}};
	struct gs_address b = {{4}};
	uint64_t now = 1000000;
	memset(out, 0, sizeof(*out));
	struct gs_game *game = &out->game;
	gs_game_open(game, &rules, &claim, &b, 7, 3, now);
	/* A second game that only hears what the contract announces must come to know the same. */
	struct gs_game watched = *game;
	while (game->outcome == GS_GAME_OPEN) {
		struct gs_move move;
		struct gs_game_effects effects;
		enum gs_side side;
		find_move(&watched, &rules, claimant, challenger, manner, ending, rng, &move, &side);
		now += gs_rng_below(rng, 20);
		struct gs_game_input in = {.sender = (uint8_t)side, .now = now, .move = &move};
		try_spoilt(game, &rules, &in, rng);
		disturb(&watched, claimant, rng);
		struct gs_error error = {0};
		if (gs_game_step(game, &rules, &in, &effects, &error) != GS_OK)
			fail_msg("move %u, %s: %s", out->moves, gs_move_name(move.kind), error.text);
		out->moves++;
		out->claimant_moves += side == GS_SIDE_CLAIMANT;
		out->judged = effects.judged;
		out->computed = effects.computed;
		out->step = effects.step;
		out->last = move.kind;
		if (game->outcome != GS_GAME_OPEN)
			break;
		if (effects.bound)
			rules.tag = gs_trace_tag_of(&game->trace_root);
		struct gs_bytes shown = {move.data, move.data_len};
		assert_int_equal(gs_game_observe(&watched, &game->state, effects.revealed ? &shown : NULL), GS_OK);
		assert_memory_equal(&watched, game, sizeof(watched));
	}
	assert_true(out->judged == (out->game.reason == GS_REASON_STEP));
	assert_true(out->judged || (manner == WANDERING && out->game.reason == GS_REASON_OUTPUT));
	/* "the largest in at most 19 transactions", of them the challenge itself; one more when the proof comes alone. */
	assert_true(out->moves <= (ending == MERGED ? 17 : 18));
}

static void against_liar(struct game_setting *s, const struct gs_fault *fault, struct gs_liar *liar, enum ending ending)
{
	struct gs_prover lying = gs_prover_over_liar(liar), honest = gs_prover_over_trace(&s->honest);
	struct gs_game_rules rules = game_rules_of(s, &liar->trace);
	struct played p;
	play(&rules, &lying, &honest, HONEST, ending, &s->rng, &p);
	assert_int_equal(p.game.outcome, GS_GAME_CHALLENGER_WON);
	assert_int_equal(ending == MERGED, p.last != GS_MOVE_PROVE_STEP);
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
	rules = game_rules_of(s, &s->trace);
	play(&rules, &honest, &lying, HONEST, CLAIMANT_PROVES, &s->rng, &p);
	assert_int_equal(p.game.outcome, GS_GAME_CLAIMANT_WON);
	assert_int_equal(p.computed, p.game.state.high_value);
}

static void test_random_games(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	unsigned kinds[GS_FAULT_KINDS] = {0}, steps[GS_STEP_FINAL + 1] = {0}, depths[27] = {0}, outputs = 0;
	for (uint64_t seed = 1000; seed < 1400; seed++) {
		struct game_setting s;
		game_set_up(&s, seed, &options);
		for (unsigned kind = 0; kind < GS_FAULT_KINDS; kind++) {
			struct gs_fault fault;
			struct gs_liar liar;
			bool changed = false;
			if (gs_fault_draw(&s.rng, (enum gs_fault_kind)kind, &s.honest, &fault) != GS_OK)
				continue;
			assert_int_equal(gs_liar_run(&s.honest, &fault, 1, &liar, &changed, NULL), GS_OK);
			if (changed)
				against_liar(&s, &fault, &liar, (enum ending)gs_rng_below(&s.rng, 3));
			kinds[kind] += changed;
			gs_liar_free(&liar);
		}
		struct gs_game_rules rules = game_rules_of(&s, &s.trace);
		for (unsigned round = 0; round < 6; round++) {
			struct gs_prover honest = gs_prover_over_trace(&s.honest);
			struct played p;
			play(&rules, &honest, &honest, WANDERING, CLAIMANT_PROVES, &s.rng, &p);
			assert_int_equal(p.game.outcome, GS_GAME_CLAIMANT_WON);
			steps[p.step.kind] += p.judged;
			outputs += !p.judged;
		}
		depths[s.program.header.trace_depth]++;
		game_tear_down(&s);
	}
	for (unsigned k = 0; k < GS_FAULT_KINDS; k++)
		if (kinds[k] < 20)
			fail_msg("only %u games about %s", kinds[k], gs_fault_kind_name((enum gs_fault_kind)k));
	for (unsigned k = GS_STEP_PADDING; k <= GS_STEP_FINAL; k++)
		assert_true(steps[k] > 20);
	assert_true(outputs > 20);
	for (unsigned d = 0; d <= options.trace_depth_max; d++)
		assert_true(depths[d] > 0);
}

/* One liar and one made-up challenge in a setting. */
static void two_games(struct game_setting *s, enum gs_fault_kind kind)
{
	struct gs_fault fault;
	struct gs_liar liar;
	bool changed = false;
	while (!changed) {
		assert_int_equal(gs_fault_draw(&s->rng, kind, &s->honest, &fault), GS_OK);
		assert_int_equal(gs_liar_run(&s->honest, &fault, 1, &liar, &changed, NULL), GS_OK);
		if (changed)
			against_liar(s, &fault, &liar, MERGED);
		gs_liar_free(&liar);
	}
	struct gs_game_rules rules = game_rules_of(s, &s->trace);
	struct gs_prover honest = gs_prover_over_trace(&s->honest);
	struct played p;
	play(&rules, &honest, &honest, WANDERING, CLAIMANT_PROVES, &s->rng, &p);
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
		struct game_setting s;
		game_set_up(&s, 2000 + seed, &options);
		assert_int_equal(s.program.header.trace_depth, 20);
		two_games(&s, kinds[seed]);
		game_tear_down(&s);
	}
}

static void test_longest_fold(void **state)
{
	(void)state;
	static const enum gs_fault_kind kinds[] = {GS_FAULT_LONGEST_FOLD, GS_FAULT_LAST_TERM, GS_FAULT_BODY};
	struct game_setting s;
	game_set_up(&s, GAME_LONGEST_FOLD, NULL);
	for (unsigned k = 0; k < GS_ARRAY_LEN(kinds); k++)
		two_games(&s, kinds[k]);
	game_tear_down(&s);
}

/* Nothing differs: there is no honest challenge. */
static void test_no_difference(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct game_setting s;
	game_set_up(&s, 5, &options);
	struct gs_game_rules rules = game_rules_of(&s, &s.trace);
	struct gs_prover honest = gs_prover_over_trace(&s.honest);
	struct gs_hash claim = {{2}};
	struct gs_address b = {{4}};
	struct gs_game game;
	struct gs_game_effects effects;
	struct gs_move move;
	bool waiting;
	gs_game_open(&game, &rules, &claim, &b, 0, 1, 100);
	assert_int_equal(gs_strategy_challenger(&game, &honest, &rules.body, &move, &waiting), GS_OK);
	assert_true(waiting);
	assert_int_equal(gs_strategy_claimant(&game, &honest, &move, &waiting), GS_OK);
	struct gs_game_input in = {.sender = GS_SIDE_CLAIMANT, .now = 110, .move = &move};
	/* Bound by another game to another trace. */
	rules.tag.b[0] = 1;
	struct gs_error error = {0};
	assert_int_equal(gs_game_step(&game, &rules, &in, &effects, &error), GS_EINVAL);
	assert_string_equal(error.text, "WrongTraceRoot");
	memset(&rules.tag, 0, sizeof(rules.tag));
	assert_int_equal(gs_game_step(&game, &rules, &in, &effects, NULL), GS_OK);
	assert_true(effects.bound);
	assert_int_equal(gs_strategy_challenger(&game, &honest, &rules.body, &move, &waiting), GS_ENOTFOUND);
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
	game_tear_down(&s);
}

static struct gs_game_state some_state(void)
{
	struct gs_game_state s = {.ordinal = 0x1234,
	                          .units = 0x5678,
	                          .phase = GS_PHASE_SEGMENT,
	                          .move = 0x9a,
	                          .deadline = UINT64_C(0xb1b2b3b4b5),
	                          .claimant_left = 0xc1c2c3,
	                          .challenger_left = 0xd1d2d3,
	                          .depth = 20,
	                          .round = 4,
	                          .position = 0x000a1a2a,
	                          .element = UINT64_C(0xe1e2e3e4e5),
	                          .low = 0x010203,
	                          .high = 0x020405,
	                          .low_value = UINT64_C(0x1112131415161718),
	                          .high_value = UINT64_C(0x2122232425262728)};
	memset(s.claim.b, 0x41, 32);
	memset(s.claimant.b, 0x42, 20);
	memset(s.challenger.b, 0x43, 20);
	memset(s.node.b, 0x44, 32);
	memset(s.values.b, 0x45, 32);
	return s;
}

/* The six words of that state, written down from the table of docs/protocol.md, 5.1. */
static const char some_words[] = "4141414141414141414141414141414141414141414141414141414141414141"
				 "4242424242424242424242424242424242424242"
				 "1234"
				 "5678"
				 "06"
				 "9a"
				 "14"
				 "04"
				 "000a1a2a"
				 "4343434343434343434343434343434343434343"
				 "b1b2b3b4b5"
				 "c1c2c3"
				 "d1d2d3"
				 "00"
				 "4444444444444444444444444444444444444444444444444444444444444444"
				 "0000000000"
				 "e1e2e3e4e5"
				 "010203"
				 "020405"
				 "1112131415161718"
				 "2122232425262728"
				 "4545454545454545454545454545454545454545454545454545454545454545";

static void test_state_words(void **state)
{
	(void)state;
	struct gs_game_state s = some_state(), back;
	uint8_t words[GS_GAME_STATE_WORDS * 32], want[sizeof(words)];
	struct gs_hash hash, want_hash;
	assert_int_equal(gs_hex_decode(some_words, strlen(some_words), want, sizeof(want)), GS_OK);
	gs_game_state_encode(&s, words);
	assert_memory_equal(words, want, sizeof(words));
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &back), GS_OK);
	assert_memory_equal(&back, &s, sizeof(s));
	gs_keccak256(want, sizeof(want), &want_hash);
	gs_game_state_hash(&s, &hash);
	assert_true(gs_hash_equal(&hash, &want_hash));
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, sizeof(words) - 1}, &back), GS_EPARSE);
	assert_int_equal(gs_game_state_decode((struct gs_bytes){words, 0}, &back), GS_EPARSE);
}

/* Every single bit: those that no field has are refused, and whatever is taken encodes to the words that it came from. */
static void test_dirty_words(void **state)
{
	(void)state;
	struct gs_game_state s = some_state(), back;
	uint8_t words[GS_GAME_STATE_WORDS * 32], again[sizeof(words)];
	unsigned taken = 0;
	for (unsigned bit = 0; bit < 8 * sizeof(words); bit++) {
		gs_game_state_encode(&s, words);
		words[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		bool dirty = (bit >= 3 * 256 - 8 && bit < 3 * 256) || (bit >= 4 * 256 && bit < 4 * 256 + 40);
		enum gs_err err = gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &back);
		assert_true(err == GS_OK || err == GS_EPARSE);
		if (dirty)
			assert_int_equal(err, GS_EPARSE);
		if (err != GS_OK)
			continue;
		taken++;
		gs_game_state_encode(&back, again);
		assert_memory_equal(again, words, sizeof(words));
	}
	assert_true(taken > 1200);
}

/* Words that no game can be in. */
static void test_impossible_states(void **state)
{
	(void)state;
	struct gs_game_state s;
	const struct gs_game_state good = some_state();
#define REFUSED(change) \
	do { \
		s = good; \
		change; \
		assert_false(gs_game_state_invariant(&s)); \
	} while (0)
	assert_true(gs_game_state_invariant(&good));
	REFUSED(s.phase = 0);
	REFUSED(s.phase = 8);
	REFUSED(s.units = 0);
	REFUSED(s.depth = 27);
	REFUSED(s.round = 5);
	REFUSED(s.round = 3);
	REFUSED(s.position = 1u << 20);
	REFUSED(s.low = s.high);
	REFUSED(s.high = GS_FOLD_MAX + 2);
	REFUSED(s.low = 0); /* with a low value */
	REFUSED(memset(&s.values, 0, 32));
	REFUSED(s.phase = GS_PHASE_STATES); /* with values */
	REFUSED(s.phase = GS_PHASE_STEP);
	REFUSED(s.phase = GS_PHASE_SELECT);
	REFUSED(s.phase = GS_PHASE_ELEMENT);
	REFUSED(s.phase = GS_PHASE_COMMIT);
	REFUSED(s.phase = GS_PHASE_OUTPUT);
	REFUSED(s.phase = 11);
#undef REFUSED
}

/* ---- two games side by side ---- */

enum { MOVES_MAX = 24 };

struct run { /* one game, moved on one move at a time */
	struct game_setting setting;
	struct gs_liar liar;
	struct gs_game_rules rules;
	struct gs_game game;
	struct gs_rng rng;
	uint64_t now;
	unsigned moves;
	struct gs_hash hash[MOVES_MAX]; /* after each move */
};

static void run_begin(struct run *r, uint64_t seed)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_fault fault;
	bool changed = false;
	game_set_up(&r->setting, seed, &options);
	while (!changed) {
		gs_liar_free(&r->liar);
		memset(&r->liar, 0, sizeof(r->liar));
		enum gs_fault_kind kind = (enum gs_fault_kind)gs_rng_below(&r->setting.rng, GS_FAULT_KINDS);
		if (gs_fault_draw(&r->setting.rng, kind, &r->setting.honest, &fault) == GS_OK)
			assert_int_equal(gs_liar_run(&r->setting.honest, &fault, 1, &r->liar, &changed, NULL), GS_OK);
	}
	r->rules = game_rules_of(&r->setting, &r->liar.trace);
}

static void run_again(struct run *r, uint64_t seed)
{
	struct gs_hash claim = {{(uint8_t)seed}};
	struct gs_address challenger = {{4}};
	gs_rng_seed(&r->rng, seed);
	r->now = 5000 + seed;
	r->moves = 0;
	gs_game_open(&r->game, &r->rules, &claim, &challenger, 0, 1, r->now);
}

static void run_move(struct run *r)
{
	struct gs_prover lying = gs_prover_over_liar(&r->liar), honest = gs_prover_over_trace(&r->setting.honest);
	struct gs_move move;
	struct gs_game_effects effects;
	enum gs_side side;
	find_move(&r->game, &r->rules, &lying, &honest, HONEST, MERGED, &r->rng, &move, &side);
	r->now += gs_rng_below(&r->rng, 50);
	struct gs_game_input in = {.sender = (uint8_t)side, .now = r->now, .move = &move};
	assert_int_equal(gs_game_step(&r->game, &r->rules, &in, &effects, NULL), GS_OK);
	assert_true(r->moves < MOVES_MAX);
	gs_game_hash(&r->game, &r->hash[r->moves++]);
}

/* Nothing is kept between calls: two games that take turns come to what each comes to alone. */
static void test_side_by_side(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct run *run = calloc(2, sizeof(*run));
		struct gs_hash alone[2][MOVES_MAX];
		struct gs_game last[2];
		struct gs_rng order;
		assert_non_null(run);
		gs_rng_seed(&order, seed);
		for (unsigned i = 0; i < 2; i++) {
			run_begin(&run[i], 3000 + 2 * seed + i);
			run_again(&run[i], seed + i);
			while (run[i].game.outcome == GS_GAME_OPEN)
				run_move(&run[i]);
			memcpy(alone[i], run[i].hash, sizeof(alone[i]));
			last[i] = run[i].game;
			assert_int_equal(last[i].outcome, GS_GAME_CHALLENGER_WON);
			run_again(&run[i], seed + i);
		}
		while (run[0].game.outcome == GS_GAME_OPEN || run[1].game.outcome == GS_GAME_OPEN) {
			unsigned i = (unsigned)gs_rng_below(&order, 2);
			if (run[i].game.outcome != GS_GAME_OPEN)
				i = 1 - i;
			run_move(&run[i]);
		}
		for (unsigned i = 0; i < 2; i++) {
			assert_memory_equal(run[i].hash, alone[i], run[i].moves * sizeof(alone[i][0]));
			assert_memory_equal(&run[i].game, &last[i], sizeof(last[i]));
			gs_liar_free(&run[i].liar);
			game_tear_down(&run[i].setting);
		}
		free(run);
	}
}

/* Hashes of several games are those of each. */
static void test_hashes_at_once(void **state)
{
	struct gs_game *game = calloc(GS_GAME_HASHES_MAX, sizeof(*game));
	const struct gs_game *all[GS_GAME_HASHES_MAX];
	(void)state;
	assert_non_null(game);
	for (unsigned i = 0; i < GS_GAME_HASHES_MAX; i++) {
		game[i].state.move = 3 * i;
		game[i].state.deadline = 1700000000 + i;
		all[i] = &game[i];
	}
	for (size_t count = 0; count <= GS_GAME_HASHES_MAX; count++) {
		struct gs_hash hash[GS_GAME_HASHES_MAX], one;
		gs_game_hash_each(all, count, hash);
		for (size_t i = 0; i < count; i++) {
			gs_game_hash(all[i], &one);
			assert_true(gs_hash_equal(&one, &hash[i]));
			assert_true(i == 0 || !gs_hash_equal(&hash[0], &hash[i]));
		}
	}
	free(game);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_words),       cmocka_unit_test(test_dirty_words),
		cmocka_unit_test(test_impossible_states), cmocka_unit_test(test_no_difference),
		cmocka_unit_test(test_random_games),      cmocka_unit_test(test_deep_games),
		cmocka_unit_test(test_longest_fold),      cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_hashes_at_once),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
