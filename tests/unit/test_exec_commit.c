/* A trace that is committed while it is written has the root of the interpreter's trace, committed afterwards; on the heap
 * and in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/spill.h"
#include "tests/generator/generator.h"
#include "validator/exec/plan.h"

static void expect_same(const struct gs_trace *want, const struct gs_trace *got, uint64_t seed)
{
	struct gs_hash a, b;
	assert_true(got->committed);
	gs_trace_root(want, &a);
	gs_trace_root(got, &b);
	if (memcmp(a.b, b.b, sizeof(a.b)) != 0)
		fail_msg("seed %llu: another root", (unsigned long long)seed);
	assert_memory_equal(want->chunks, got->chunks, (size_t)want->present * GS_CHUNK_BYTES);
}

static void run_seed(uint64_t seed, const struct gs_generator_options *options, const struct gs_trace_home *home)
{
	struct gs_program p;
	struct gs_buf inputs;
	struct gs_trace want, got;
	struct gs_error error;
	gs_buf_init(&inputs, (size_t)1 << 30);
	assert_int_equal(gs_generate_program(seed, options, &p, &error), GS_OK);
	assert_int_equal(gs_generate_inputs(seed, &p, &inputs), GS_OK);
	assert_int_equal(gs_trace_init_for(&want, &p), GS_OK);
	assert_int_equal(gs_trace_init_at(&got, want.depth, want.present, home, &error), GS_OK);
	struct gs_memory reference = {.trace = want.chunks, .weights = p.weights, .inputs = inputs.ptr},
			 fast = {.trace = got.chunks, .weights = p.weights, .inputs = inputs.ptr};
	gs_interpret(&p, &reference);
	assert_int_equal(gs_trace_commit(&want), GS_OK);
	struct gs_exec_options one_thread = {.threads = 1};
	assert_int_equal(gs_exec_run_committing(&p, &fast, &one_thread, &got, &error), GS_OK);
	expect_same(&want, &got, seed);
	/* A second run into the same memory commits anew. */
	got.chunks[0] ^= 1;
	assert_int_equal(gs_exec_run_committing(&p, &fast, &one_thread, &got, &error), GS_OK);
	expect_same(&want, &got, seed);
	struct gs_exec_options three_threads = {.threads = 3, .finely = true};
	assert_int_equal(gs_exec_run_committing(&p, &fast, &three_threads, &got, &error), GS_OK);
	expect_same(&want, &got, seed);
	gs_trace_free(&want);
	gs_trace_free(&got);
	gs_buf_free(&inputs);
	gs_program_free(&p);
}

static void test_random_programs(void **state)
{
	(void)state;
	const struct gs_spill_options room = {"/tmp", 0, UINT64_C(1) << 30};
	struct gs_spill *spill;
	struct gs_error error;
	assert_int_equal(gs_spill_open(&room, &spill, &error), GS_OK);
	struct gs_trace_home home = gs_spill_home(spill);
	struct gs_generator_options options = gs_generator_small();
	for (uint64_t seed = 1; seed <= 120; seed++) {
		options.trace_depth_max = seed % 10 == 0 ? 15 : 10; /* with gaps, beyond a tree that is kept whole */
		options.deep = seed % 10 == 0;
		run_seed(seed, &options, seed % 2 ? NULL : &home);
	}
	gs_spill_close(spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_programs)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
