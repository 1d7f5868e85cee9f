/* tests/unit/game_fixture.h: a drawn program that was run honestly, with all that a player of a game about it needs. */
#ifndef GS_TESTS_UNIT_GAME_FIXTURE_H
#define GS_TESTS_UNIT_GAME_FIXTURE_H

#include "chain/core/rng.h"
#include "challenge/game/strategy.h"
#include "challenge/machine/trace.h"
#include "validator/exec/prover_trace.h"
#include "tests/generator/generator.h"

struct game_setting { /* a program that was run honestly */
	struct gs_program program;
	struct gs_buf inputs;
	struct gs_trace trace;
	struct gs_commitments common;
	struct gs_prover_trace honest;
	struct gs_rng rng;
};

enum { GAME_LONGEST_FOLD = 1000000 }; /* in place of a seed: the program with the longest fold */

/* A failure fails the test. */
void game_set_up(struct game_setting *s, uint64_t seed, const struct gs_generator_options *options);
void game_tear_down(struct game_setting *s);

/* Of a game about the claim that the program has the outputs of `claimed`. */
struct gs_game_rules game_rules_of(const struct game_setting *s, const struct gs_trace *claimed);

#endif
