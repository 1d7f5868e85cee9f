/* What the executor releases is read by nothing afterwards: it is overwritten at once, and the outputs are still the
 * interpreter's. Everything but the outputs is released, once. */
#include "validator/exec/live.h"

#include "tests/generator/generator.h"
#include "validator/exec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct spoiler {
	const struct gs_program *program;
	uint8_t *trace;
	uint64_t present; /* chunks of the trace in memory */
	uint8_t *released;
	uint64_t chunks;
};

static void spoil(void *self, uint32_t chunk, uint32_t chunks)
{
	struct spoiler *s = self;
	uint32_t i = gs_program_covering(s->program, chunk);
	struct gs_instr in = gs_program_instr(s->program, i);
	assert_int_equal(in.first_chunk, chunk);
	assert_int_equal(in.span, chunks);
	assert_int_equal(s->released[i]++, 0);
	s->chunks += chunks;
	uint64_t end = (uint64_t)chunk + chunks < s->present ? (uint64_t)chunk + chunks : s->present;
	if (chunk < end)
		memset(s->trace + (size_t)chunk * GS_CHUNK_BYTES, 0xa5, (size_t)(end - chunk) * GS_CHUNK_BYTES);
}

static void outputs_survive(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	options.instructions_max = 40;
	uint64_t early = 0;
	for (uint64_t seed = 1; seed <= 250; seed++) {
		struct gs_program p;
		struct gs_error error;
		struct gs_buf inputs;
		gs_buf_init(&inputs, (size_t)1 << 24);
		assert_int_equal(gs_generate_program(seed, &options, &p, &error), GS_OK);
		assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
		uint64_t bytes = gs_program_trace_bytes(&p), at = (uint64_t)p.header.output_chunk * GS_CHUNK_BYTES;
		uint8_t *want = calloc(1, bytes), *got = calloc(1, bytes);
		struct spoiler s = {.program = &p, .trace = got, .present = bytes / GS_CHUNK_BYTES};
		s.released = calloc(p.count, 1);
		assert_non_null(want);
		assert_non_null(got);
		assert_non_null(s.released);
		struct gs_memory reference = {.trace = want, .weights = p.weights, .inputs = inputs.ptr},
				 fast = {.trace = got, .weights = p.weights, .inputs = inputs.ptr};
		gs_interpret(&p, &reference);
		struct gs_exec_options one_thread = {.threads = 1};
		struct gs_exec_plan *plan;
		assert_int_equal(gs_exec_plan_new(&p, &one_thread, &plan, &error), GS_OK);
		assert_int_equal(gs_exec_plan_run_releasing(plan, &fast, spoil, &s, &error), GS_OK);
		gs_exec_plan_free(plan);
		assert_memory_equal(got + at, want + at, bytes - at);
		for (uint32_t i = 0; i < p.count; i++)
			assert_int_equal(s.released[i], i < p.count - p.header.outputs);
		assert_int_equal(s.chunks, p.header.output_chunk);
		early += memcmp(got, want, at) != 0;
		free(want);
		free(got);
		free(s.released);
		gs_buf_free(&inputs);
		gs_program_free(&p);
	}
	assert_true(early > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(outputs_survive)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
