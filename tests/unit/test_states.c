/* Accumulators by lines against the reference interpreter, to the bit: folds of random programs that reach the whole law. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/rng.h"
#include "tests/generator/generator.h"
#include "validator/exec/prover_trace.h"
#include "validator/exec/states.h"

static unsigned folds, long_folds; /* reached */

/* Every state of some elements, and some states of others. */
static void check_fold(const struct gs_instr *in, const struct gs_memory *mem, struct gs_rng *rng, uint64_t seed)
{
	uint64_t terms = gs_instr_terms(in), elements = gs_instr_count(in);
	gs_reg *want = malloc((size_t)(terms + 1) * sizeof(*want)), *got = malloc((size_t)(terms + 1) * sizeof(*got));
	assert_non_null(want);
	assert_non_null(got);
	for (unsigned k = 0; k < 4; k++) {
		uint64_t element = gs_rng_below(rng, elements);
		uint32_t first = 0, stride = 1, count = (uint32_t)terms + 1;
		if (k > 0) {
			first = (uint32_t)gs_rng_below(rng, terms + 1);
			stride = (uint32_t)gs_rng_below(rng, terms + 1) + 1;
			count = (uint32_t)gs_rng_below(rng, (terms - first) / stride + 2);
		}
		gs_interpret_accumulators(in, mem, element, first, stride, count, want);
		gs_exec_states(in, mem, NULL, element, first, stride, count, got);
		if (memcmp(want, got, count * sizeof(*want)) != 0)
			fail_msg("seed %llu: %s, element %llu: states %u, %u by %u", (unsigned long long)seed,
			         gs_fn_info(in->fn)->name, (unsigned long long)element, first, count, stride);
	}
	folds++;
	long_folds += terms > 512;
	free(want);
	free(got);
}

/* Takes the program. */
static void run_program(struct gs_program *p, uint64_t seed)
{
	struct gs_buf inputs;
	struct gs_rng rng;
	gs_rng_seed(&rng, seed);
	gs_buf_init(&inputs, (size_t)1 << 30);
	assert_int_equal(gs_generate_inputs(seed, p, &inputs), GS_OK);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(p));
	assert_non_null(trace);
	struct gs_memory mem = {.trace = trace, .weights = p->weights, .inputs = inputs.ptr};
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		gs_interpret_instr(&in, &mem);
		if (in.form == GS_FOLD)
			check_fold(&in, &mem, &rng, seed);
	}
	free(trace);
	gs_buf_free(&inputs);
	gs_program_free(p);
}

static void test_random_folds(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct gs_program p;
	options.trace_depth_max = 10;
	for (uint64_t seed = 1; seed <= 340; seed++) {
		if (seed == 301) {
			options.trace_depth_max = 12;
			options.elements_max = 2000;
			options.terms_max = 3000;
			options.steps_max = 300000;
		}
		assert_int_equal(gs_generate_program(seed, &options, &p, NULL), GS_OK);
		run_program(&p, seed);
	}
	assert_true(folds > 200 && long_folds > 5);
}

static void ask_both(struct gs_prover *kept, struct gs_prover *direct, uint32_t i, const struct gs_instr *in,
                     struct gs_rng *rng)
{
	enum { STATES = 64 };
	gs_reg want[STATES], got[STATES];
	uint64_t terms = gs_instr_terms(in), element = gs_rng_below(rng, gs_instr_count(in));
	for (unsigned round = 0; round < 3; round++) {
		uint32_t first = (uint32_t)gs_rng_below(rng, terms + 1), stride = (uint32_t)gs_rng_below(rng, 9) + 1;
		uint64_t there = (terms - first) / stride + 1;
		uint32_t count = (uint32_t)(there < STATES ? there : STATES);
		assert_int_equal(direct->accumulators(direct->self, i, element, first, stride, count, want), GS_OK);
		assert_int_equal(kept->accumulators(kept->self, i, element, first, stride, count, got), GS_OK);
		assert_memory_equal(want, got, count * sizeof(*want));
	}
}

/* A prover that keeps the states of the last fold says what one that keeps none says, whatever fold comes next. */
static void test_kept_states(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	gs_reg *states = malloc((GS_FOLD_MAX + 1) * sizeof(*states));
	assert_non_null(states);
	options.trace_depth_max = 10;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gs_program p;
		struct gs_buf inputs;
		struct gs_trace trace;
		struct gs_rng rng;
		gs_rng_seed(&rng, seed);
		gs_buf_init(&inputs, (size_t)1 << 30);
		assert_int_equal(gs_generate_program(seed, &options, &p, NULL), GS_OK);
		assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
		assert_int_equal(gs_trace_init_for(&trace, &p), GS_OK);
		gs_interpret(&p,
		             &(struct gs_memory){.trace = trace.chunks, .weights = p.weights, .inputs = inputs.ptr});
		struct gs_commitments common = {.program = &p, .inputs = inputs.ptr};
		struct gs_prover_trace with = {.common = &common, .trace = &trace, .states = states};
		struct gs_prover_trace without = {.common = &common, .trace = &trace};
		struct gs_prover kept = gs_prover_over_trace(&with), direct = gs_prover_over_trace(&without);
		for (uint32_t i = 0; i < p.count; i++) {
			struct gs_instr in = gs_program_instr(&p, i);
			for (unsigned k = 0; in.form == GS_FOLD && k < 3; k++)
				ask_both(&kept, &direct, i, &in, &rng);
		}
		gs_trace_free(&trace);
		gs_buf_free(&inputs);
		gs_program_free(&p);
	}
	free(states);
}

/* Coordinates at the law's limits, some beyond 64 bits. */
static void test_extreme_folds(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct gs_program p;
	options.trace_depth_max = 10;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		assert_int_equal(gs_generate_extreme(seed, &options, &p, NULL), GS_OK);
		run_program(&p, seed);
	}
}

static void test_longest_fold(void **state)
{
	(void)state;
	struct gs_program p;
	assert_int_equal(gs_generate_longest_fold(3, &p, NULL), GS_OK);
	run_program(&p, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_folds),
		cmocka_unit_test(test_extreme_folds),
		cmocka_unit_test(test_longest_fold),
		cmocka_unit_test(test_kept_states),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
