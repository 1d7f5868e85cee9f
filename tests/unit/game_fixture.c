#include "tests/unit/game_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void game_set_up(struct game_setting *s, uint64_t seed, const struct gs_generator_options *options)
{
	gs_rng_seed(&s->rng, seed);
	gs_buf_init(&s->inputs, 1 << 24);
	enum gs_err err = seed == GAME_LONGEST_FOLD ? gs_generate_longest_fold(1, &s->program, NULL)
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

void game_tear_down(struct game_setting *s)
{
	gs_commitments_free(&s->common);
	gs_trace_free(&s->trace);
	gs_buf_free(&s->inputs);
	gs_program_free(&s->program);
}

struct gs_game_rules game_rules_of(const struct game_setting *s, const struct gs_trace *claimed)
{
	struct gs_game_rules rules = {.header = &s->program.header,
	                              .claimant_budget_s = 1000,
	                              .challenger_budget_s = 900,
	                              .minimum_time_s = 60};
	gs_header_model_id(&s->program.header, &rules.body.model_id);
	memset(rules.body.claimant.b, 3, sizeof(rules.body.claimant.b));
	gs_merkle_root(&s->common.inputs_tree, &rules.body.input_root);
	gs_trace_output_root(claimed, &s->program.header, &rules.body.output_root);
	return rules;
}
