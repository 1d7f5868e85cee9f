/* tests/support/onnx_model.h: lowers a small model, checks that the program is well formed, and runs it by the reference
 * interpreter. For cmocka tests: what goes wrong fails the test. */
#ifndef GS_TESTS_SUPPORT_ONNX_MODEL_H
#define GS_TESTS_SUPPORT_ONNX_MODEL_H

#include "chain/core/rng.h"
#include "challenge/machine/trace.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ONNX_INPUTS_MAX = 4 };

/* Runs the builder's model (which is emptied). input[] has the host's elements of every graph input that is no
 * initializer, in order. Returns the elements of the given output as the host keeps them (free it) and their type. */
static inline void *onnx_run(struct ob *o, const void *const input[ONNX_INPUTS_MAX], uint32_t output,
                             struct gs_tensor_type *type)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	struct gs_program p = {0};
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	if (gs_program_check(&p, &error) != GS_OK)
		fail_msg("not well formed: %s", error.text);
	uint8_t *in = calloc(p.header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(&p) + GS_CHUNK_BYTES);
	assert_non_null(in);
	assert_non_null(trace);
	assert_true(p.io.inputs <= ONNX_INPUTS_MAX);
	for (uint32_t i = 0; i < p.io.inputs && i < ONNX_INPUTS_MAX; i++)
		ob_pack((enum gs_dtype)p.io.input[i].dtype, input[i], gs_tensor_type_count(&p.io.input[i]),
		        in + (size_t)p.io.input[i].chunk * GS_CHUNK_BYTES);
	gs_interpret(&p, &(struct gs_memory){.trace = trace, .weights = p.weights, .inputs = in});
	assert_true(output < p.io.outputs);
	*type = p.io.output[output];
	uint64_t count = gs_tensor_type_count(type);
	void *out = calloc(count + 1, 8);
	assert_non_null(out);
	ob_unpack((enum gs_dtype)type->dtype, trace + ((size_t)p.header.output_chunk + type->chunk) * GS_CHUNK_BYTES,
	          count, out);
	free(in);
	free(trace);
	gs_program_free(&p);
	gs_buf_free(&b);
	return out;
}

/* Lowering must refuse the builder's model for this reason. */
static inline void onnx_refused(struct ob *o, enum gs_onnx_reason reason)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	struct gs_onnx_report report = {0};
	struct gs_program p = {0};
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &p, &report, &error) == GS_OK) {
		gs_program_free(&p);
		fail_msg("lowered, but should be refused as %s", gs_onnx_reason_name(reason));
	}
	if (report.reason != reason)
		fail_msg("refused as %s, not %s: %s", gs_onnx_reason_name(report.reason), gs_onnx_reason_name(reason),
		         error.text);
	gs_buf_free(&b);
}

static inline void onnx_shape(const struct gs_tensor_type *type, unsigned rank, const uint32_t *dim)
{
	assert_int_equal(type->rank, rank);
	for (unsigned d = 0; d < rank; d++)
		assert_int_equal(type->dim[d], dim[d]);
}

/* -5 to 5, with fractions that are no multiples of a power of two. */
static inline float onnx_random(struct gs_rng *rng)
{
	return ((float)gs_rng_below(rng, 20001) - 10000.0F) / 1999.0F;
}

static inline void onnx_fill(struct gs_rng *rng, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = onnx_random(rng);
}

/* Floats that must be as near as two orders of the same few roundings are. */
static inline void onnx_near(const float *have, const double *want, size_t n, double tolerance, const char *what)
{
	for (size_t i = 0; i < n; i++) {
		double size = want[i] < 0 ? -want[i] : want[i], off = (double)have[i] - want[i];
		if (!(off <= tolerance * (1.0 + size) && -off <= tolerance * (1.0 + size)))
			fail_msg("%s: element %zu is %.9g, not %.9g", what, i, (double)have[i], want[i]);
	}
}

#endif
