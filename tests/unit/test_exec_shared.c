/* Constants packed before a run: all of them, none, or those alone that several products read. Each choice packs what it
 * says, and every run has the reference interpreter's bits. */
#include "chain/core/rng.h"
#include "tests/support/endian.h"
#include "tests/support/onnx_builder.h"
#include "validator/exec/plan.h"
#include "validator/onnx/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TERMS = 37, LANES = 53, STEPS = 4 };

static void constant(struct ob *o, struct gs_rng *rng, const char *name, uint32_t rows, uint32_t columns)
{
	float *v = calloc(rows * columns, sizeof(*v));
	for (uint32_t i = 0; i < rows * columns; i++)
		v[i] = ((float)gs_rng_below(rng, 20001) - 10000.0F) / 1777.0F;
	ob_initializer(o, name, GS_F32, 2, (const uint32_t[]){rows, columns}, v);
	free(v);
}

static void product(struct ob *o, const char *inputs, const char *output)
{
	ob_node(o, "MatMul", inputs, output);
	ob_end(o);
}

/* W read by four products of `rows` rows one after the other, V and U by one each. */
static void lower(uint64_t seed, int64_t rows, struct gs_program *p)
{
	struct gs_rng rng;
	struct ob o;
	struct gs_error error = {0};
	gs_rng_seed(&rng, seed);
	ob_init(&o, 13);
	ob_input(&o, "x", 1, 2, (const int64_t[]){rows, TERMS});
	constant(&o, &rng, "w", TERMS, TERMS);
	constant(&o, &rng, "v", TERMS, LANES);
	constant(&o, &rng, "u", TERMS, LANES);
	product(&o, "x,w", "h0");
	product(&o, "h0,w", "h1");
	product(&o, "h1,w", "h2");
	product(&o, "h2,w", "h3");
	product(&o, "h3,v", "y");
	product(&o, "h1,u", "z");
	ob_output(&o, "y", 1);
	ob_output(&o, "z", 1);
	struct gs_buf b = ob_finish(&o);
	if (gs_onnx_lower(gs_buf_view(&b), NULL, p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	gs_buf_free(&b);
}

/* The number of constants packed. */
static uint32_t run(const struct gs_program *p, const struct gs_memory *from, const uint8_t *want,
                    const struct gs_exec_options *options)
{
	uint64_t bytes = gs_program_trace_bytes(p), outputs = (uint64_t)p->header.output_chunk * GS_CHUNK_BYTES;
	struct gs_exec_plan *plan;
	struct gs_error error = {0};
	struct gs_memory mem = *from;
	mem.trace = malloc(bytes);
	assert_non_null(mem.trace);
	assert_int_equal(gs_exec_plan_new(p, options, &plan, &error), GS_OK);
	for (unsigned again = 0; again < 3; again++) {
		memset(mem.trace, 0xa5, bytes);
		assert_int_equal(gs_exec_plan_run(plan, &mem, &error), GS_OK);
		for (uint32_t i = p->count - p->header.outputs; i < p->count; i++) {
			uint64_t at = (uint64_t)gs_program_first_chunk(p, i) * GS_CHUNK_BYTES;
			uint64_t size = (uint64_t)gs_program_tensor_chunks(p, i) * GS_CHUNK_BYTES;
			assert_true(at >= outputs);
			assert_memory_equal(mem.trace + at, want + at, size);
		}
	}
	uint32_t packed = gs_exec_plan_packed(plan);
	gs_exec_plan_free(plan);
	free(mem.trace);
	return packed;
}

static void what_is_packed_before(void **state)
{
	(void)state;
	/* Products have no form of their own on a big-endian processor, and nothing is packed for them. */
	const uint32_t all = gs_little_endian() ? 3 : 0, shared = gs_little_endian() ? 1 : 0;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct gs_program p;
		lower(seed, seed % 3 ? (int64_t)(1 + seed) : 1, &p);
		uint8_t *want = calloc(1, gs_program_trace_bytes(&p));
		float *x = aligned_alloc(64, p.header.inputs_chunks * (size_t)GS_CHUNK_BYTES);
		assert_non_null(want);
		assert_non_null(x);
		memset(x, 0, p.header.inputs_chunks * (size_t)GS_CHUNK_BYTES);
		for (uint64_t i = 0; i < gs_tensor_type_count(&p.io.input[0]); i++)
			x[i] = (float)(i % 23) / 7.0F - 1.5F;
		const struct gs_memory from = {.weights = p.weights, .inputs = (const uint8_t *)x};
		struct gs_memory reference = from;
		reference.trace = want;
		gs_interpret(&p, &reference);
		for (unsigned threads = 1; threads <= 3; threads++)
			for (unsigned only = 0; only < 2; only++) {
				struct gs_exec_options options = {
					.threads = threads, .finely = threads > 1, .outputs_only = only == 1};
				assert_int_equal(run(&p, &from, want, &options), 0);
				options.packed_bytes = GS_EXEC_PACKED_BYTES_MAX;
				assert_int_equal(run(&p, &from, want, &options), all);
				options.shared_only = true;
				assert_int_equal(run(&p, &from, want, &options), shared);
				options.packed_bytes = 4;
				assert_int_equal(run(&p, &from, want, &options), 0);
			}
		free(want);
		free(x);
		gs_program_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_packed_before)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
