/* A batch gives every input's trace to the bit as the interpreter does, and its root, whoever runs which input; with and
 * without constants that all its plans share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/generator/generator.h"
#include "validator/exec/batch.h"

enum { INPUTS = 7 };

struct fixture {
	struct gs_program program;
	struct gs_buf inputs[INPUTS];
	struct gs_trace want[INPUTS], got[INPUTS];
	struct gs_memory memory[INPUTS];
};

static void prepare(struct fixture *f, uint64_t seed)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_error error;
	options.instructions_max = 40;
	assert_int_equal(gs_generate_program(seed, &options, &f->program, &error), GS_OK);
	for (unsigned i = 0; i < INPUTS; i++) {
		gs_buf_init(&f->inputs[i], (size_t)1 << 30);
		assert_int_equal(gs_generate_inputs(seed * INPUTS + i, &f->program, &f->inputs[i]), GS_OK);
		assert_int_equal(gs_trace_init_for(&f->want[i], &f->program), GS_OK);
		assert_int_equal(gs_trace_init_for(&f->got[i], &f->program), GS_OK);
		f->memory[i] = (struct gs_memory){
			.trace = f->want[i].chunks, .weights = f->program.weights, .inputs = f->inputs[i].ptr};
		gs_interpret(&f->program, &f->memory[i]);
		assert_int_equal(gs_trace_commit(&f->want[i]), GS_OK);
		f->memory[i].trace = f->got[i].chunks;
	}
}

static void drop(struct fixture *f)
{
	for (unsigned i = 0; i < INPUTS; i++) {
		gs_trace_free(&f->want[i]);
		gs_trace_free(&f->got[i]);
		gs_buf_free(&f->inputs[i]);
	}
	gs_program_free(&f->program);
}

static void run(struct fixture *f, const struct gs_exec_options *options, uint64_t seed)
{
	struct gs_exec_batch *batch;
	struct gs_error error;
	assert_int_equal(gs_exec_batch_new(&f->program, options, &batch, &error), GS_OK);
	for (uint32_t round = 0; round < 4; round++) {
		uint32_t count = round == 0 ? INPUTS : (uint32_t)(seed + round) % (INPUTS + 1);
		bool committing = round % 2 != 0;
		for (uint32_t i = 0; i < count; i++)
			memset(f->got[i].chunks, 0, (size_t)f->got[i].present * GS_CHUNK_BYTES);
		assert_int_equal(gs_exec_batch_run(batch, f->memory, committing ? f->got : NULL, count, &error), GS_OK);
		for (uint32_t i = 0; i < count; i++) {
			struct gs_hash a, b;
			if (memcmp(f->got[i].chunks, f->want[i].chunks, (size_t)f->want[i].present * GS_CHUNK_BYTES) !=
			    0)
				fail_msg("seed %llu, %u threads: input %u differs", (unsigned long long)seed,
				         options->threads, i);
			if (!committing)
				continue;
			gs_trace_root(&f->want[i], &a);
			gs_trace_root(&f->got[i], &b);
			assert_memory_equal(a.b, b.b, sizeof(a.b));
		}
	}
	gs_exec_batch_free(batch);
}

struct gathering { /* one output of every input, as its thread left it */
	struct fixture *f;
	const struct gs_exec_batch *batch;
	unsigned seen[INPUTS];
	bool same[INPUTS];
};

static void gather(void *self, uint32_t input, const uint8_t *trace)
{
	struct gathering *g = self;
	const struct gs_program *p = &g->f->program;
	g->same[input] = true;
	for (uint32_t i = p->count - p->header.outputs; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		uint32_t place = gs_exec_batch_place(g->batch, in.first_chunk);
		size_t bytes = (size_t)(gs_instr_count(&in) * gs_dtype_bytes(in.store_dtype));
		g->same[input] &= memcmp(trace + (size_t)place * GS_CHUNK_BYTES,
		                         g->f->want[input].chunks + (size_t)in.first_chunk * GS_CHUNK_BYTES,
		                         bytes) == 0;
	}
	g->seen[input]++;
}

/* Outputs alone, one input after the other in a thread's own room. */
static void in_rooms(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct fixture f;
		struct gs_exec_batch *batch;
		struct gs_error error;
		uint8_t *room[3];
		prepare(&f, seed);
		const struct gs_exec_options options = {.threads = 1 + (unsigned)seed % 3,
		                                        .packed_bytes = GS_EXEC_PACKED_BYTES_MAX,
		                                        .finely = seed % 2 == 0,
		                                        .outputs_only = true};
		struct gathering g = {.f = &f};
		assert_int_equal(gs_exec_batch_new(&f.program, &options, &batch, &error), GS_OK);
		g.batch = batch;
		for (unsigned t = 0; t < options.threads; t++)
			assert_non_null(room[t] = calloc(1, (size_t)gs_program_trace_bytes(&f.program)));
		for (unsigned i = 0; i < INPUTS; i++)
			f.memory[i].trace = NULL;
		for (unsigned round = 1; round <= 3; round++) {
			assert_int_equal(gs_exec_batch_run_in(batch, f.memory, INPUTS, room, gather, &g, &error),
			                 GS_OK);
			for (unsigned i = 0; i < INPUTS; i++) {
				assert_int_equal(g.seen[i], round);
				if (!g.same[i])
					fail_msg("seed %llu: input %u differs", (unsigned long long)seed, i);
			}
		}
		for (unsigned t = 0; t < options.threads; t++)
			free(room[t]);
		gs_exec_batch_free(batch);
		drop(&f);
	}
}

static void every_input_as_if_alone(void **state)
{
	(void)state;
	unsigned different = 0;
	for (uint64_t seed = 1; seed <= 120; seed++) {
		struct fixture f;
		prepare(&f, seed);
		struct gs_exec_options options = {.threads = 1 + (unsigned)seed % 3,
		                                  .packed_bytes = seed % 2 ? GS_EXEC_PACKED_BYTES_MAX : 0,
		                                  .finely = seed % 4 == 0};
		run(&f, &options, seed);
		different += memcmp(f.want[0].chunks, f.want[1].chunks, (size_t)f.want[0].present * GS_CHUNK_BYTES) !=
		             0;
		drop(&f);
	}
	assert_true(different > 60); /* programs do read their inputs */
}

static void unknown_isa(void **state)
{
	(void)state;
	struct fixture f;
	prepare(&f, 3);
	struct gs_exec_batch *batch;
	struct gs_error error;
	const struct gs_exec_options options = {.threads = 2, .isa = "none"};
	assert_int_equal(gs_exec_batch_new(&f.program, &options, &batch, &error), GS_EINVAL);
	drop(&f);
	gs_exec_batch_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_input_as_if_alone),
		cmocka_unit_test(in_rooms),
		cmocka_unit_test(unknown_isa),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
