/* Hostile programs that are well formed: what an address is made of stands at the limits of the law. Executor, interpreter
 * and judge must give one answer, or an honest party's second opinion would differ and a wrong claim stand. */
#include "challenge/machine/judge.h"
#include "tests/generator/generator.h"
#include "validator/exec/exec.h"

#include "chain/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static unsigned opened; /* reads that were in range, over all programs: the test must not be about padding alone */

static const uint8_t *chunk_of(void *self, uint8_t space, uint32_t chunk)
{
	const struct gs_memory *m = self;
	const uint8_t *array = gs_memory_array(m, (enum gs_space)space);
	opened++;
	return array + (size_t)chunk * GS_CHUNK_BYTES;
}

/* Every step of the element, from the state before it, as the judge has them. */
static void judge_element(const struct gs_program *p, uint32_t i, const struct gs_memory *m, uint64_t element,
                          uint64_t seed)
{
	const struct gs_instr instr = gs_program_instr(p, i), *in = &instr;
	uint64_t last = in->form == GS_FOLD ? gs_instr_terms(in) + 1 : 0;
	struct gs_step_record record;
	gs_reg prev = 0;
	for (uint64_t t = 0; t <= last; t++) {
		gs_judge_step(in, element, (uint32_t)t, prev, chunk_of, (void *)m, &record);
		prev = record.result;
		assert_in_range(record.reads, 0, GS_OPENINGS_MAX);
	}
	uint64_t stored = gs_element_bits(m->trace + (size_t)in->first_chunk * GS_CHUNK_BYTES, in->store_dtype,
	                                  element);
	if (prev != stored)
		fail_msg("seed %llu, instruction %u (%s), element %llu: the judge differs", (unsigned long long)seed, i,
		         gs_fn_info(in->fn)->name, (unsigned long long)element);
}

static void one_answer(uint64_t seed, const struct gs_generator_options *options)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf inputs;
	struct gs_rng rng;
	gs_buf_init(&inputs, (size_t)1 << 28);
	gs_rng_seed(&rng, seed);
	if (gs_generate_extreme(seed, options, &p, &error) != GS_OK)
		fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
	assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
	size_t bytes = gs_program_trace_bytes(&p);
	uint8_t *slow = calloc(1, bytes), *fast = malloc(bytes);
	assert_non_null(slow);
	assert_non_null(fast);
	memset(fast, 0xa5, bytes);
	struct gs_memory reference = {.trace = slow, .weights = p.weights, .inputs = inputs.ptr},
			 portable = {.trace = fast, .weights = p.weights, .inputs = inputs.ptr};
	gs_interpret(&p, &reference);
	assert_int_equal(gs_exec_run(&p, &portable, seed % 8 == 0 ? 3 : 1, &error), GS_OK);
	for (uint32_t i = 0; i < p.count; i++) {
		const struct gs_instr instr = gs_program_instr(&p, i), *in = &instr;
		size_t at = (size_t)in->first_chunk * GS_CHUNK_BYTES;
		size_t len = gs_dtype_chunks(in->store_dtype, gs_instr_count(in)) * GS_CHUNK_BYTES;
		if (memcmp(slow + at, fast + at, len) != 0)
			fail_msg("seed %llu: the executor differs in instruction %u (%s)", (unsigned long long)seed, i,
			         gs_fn_info(in->fn)->name);
		for (unsigned k = 0; k < 6; k++)
			judge_element(&p, i, &reference, gs_rng_below(&rng, gs_instr_count(in)), seed);
	}
	free(slow);
	free(fast);
	gs_buf_free(&inputs);
	gs_program_free(&p);
}

static void everybody_agrees_at_the_limits(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	options.trace_depth_max = 0;
	const char *text = getenv("GAINSAY_ATTACK_SEEDS");
	uint64_t seeds = text != NULL ? strtoull(text, NULL, 10) : 1500;
	opened = 0;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		one_answer(seed, &options);
	assert_true(opened > seeds * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_agrees_at_the_limits)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
