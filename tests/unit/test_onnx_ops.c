/* Operators lowered as compositions, against plain loops over random inputs. */
#include "challenge/machine/trace.h"
#include "chain/core/rng.h"
#include "tests/support/onnx_run.h"
#include "validator/onnx/onnx.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Lowers the builder's model, runs it on one f32 input, and gives the first output's bytes. */
static void *run(struct ob *o, const float *x, size_t *bytes)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	struct gs_program p;
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	uint8_t *in = calloc(p.header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(&p));
	ob_pack(GS_F32, x, gs_tensor_type_count(&p.io.input[0]), in);
	gs_interpret(&p, &(struct gs_memory){.trace = trace, .weights = p.weights, .inputs = in});
	enum gs_dtype dtype = (enum gs_dtype)p.io.output[0].dtype;
	*bytes = gs_tensor_type_count(&p.io.output[0]) * gs_dtype_bytes(dtype);
	void *out = malloc(*bytes);
	ob_unpack(dtype, trace + (size_t)p.header.output_chunk * GS_CHUNK_BYTES, *bytes / gs_dtype_bytes(dtype), out);
	free(in);
	free(trace);
	gs_program_free(&p);
	gs_buf_free(&b);
	return out;
}

/* Later updates win; reductions go in the order of the updates. */
static void scatter_nd_in_order(void **state)
{
	(void)state;
	static const char *const how[] = {"none", "add", "mul", "max", "min"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 11);
	for (unsigned round = 0; round < 100; round++) {
		enum { PLACES = 7, REST = 3, TURNS = 9 };
		float data[PLACES * REST], update[TURNS * REST];
		int64_t index[TURNS];
		unsigned kind = round % 5;
		for (unsigned i = 0; i < PLACES * REST; i++)
			data[i] = (float)gs_rng_below(&rng, 1000) / 7.0F - 60.0F;
		for (unsigned i = 0; i < TURNS * REST; i++)
			update[i] = (float)gs_rng_below(&rng, 1000) / 9.0F - 50.0F;
		for (unsigned i = 0; i < TURNS; i++)
			index[i] = (int64_t)gs_rng_below(&rng, 2 * PLACES) - PLACES;
		struct ob o;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){PLACES, REST});
		ob_initializer(&o, "i", GS_I64, 2, (uint32_t[]){TURNS, 1}, index);
		ob_initializer(&o, "u", GS_F32, 2, (uint32_t[]){TURNS, REST}, update);
		ob_node(&o, "ScatterND", "x,i,u", "y");
		ob_attr_text(&o, "reduction", how[kind]);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		size_t bytes;
		float *have = run(&o, data, &bytes);
		assert_int_equal(bytes, sizeof(data));
		for (unsigned t = 0; t < TURNS; t++)
			for (unsigned r = 0; r < REST; r++) {
				float *at = &data[(index[t] < 0 ? index[t] + PLACES : index[t]) * REST + r],
				      u = update[t * REST + r];
				*at = kind == 0   ? u
				      : kind == 1 ? *at + u
				      : kind == 2 ? *at * u
				      : kind == 3 ? fmaxf(*at, u)
				                  : fminf(*at, u);
			}
		assert_memory_equal(have, data, sizeof(data));
		free(have);
	}
}

/* Equal elements keep their order; the k best of each row. */
static void top_k_with_ties(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 12);
	for (unsigned round = 0; round < 60; round++) {
		enum { ROWS = 3, N = 11 };
		float x[ROWS * N];
		int64_t k = 1 + (int64_t)gs_rng_below(&rng, N), largest = (int64_t)gs_rng_below(&rng, 2);
		for (unsigned i = 0; i < ROWS * N; i++)
			x[i] = (float)gs_rng_below(&rng, 5);
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, N});
		ob_initializer(&o, "k", GS_I64, 1, (uint32_t[]){1}, &k);
		ob_node(&o, "TopK", "x,k", "v,y");
		ob_attr_int(&o, "largest", largest);
		ob_end(&o);
		ob_output(&o, "y", GS_I64);
		size_t bytes;
		int64_t *have = run(&o, x, &bytes);
		assert_int_equal(bytes, (size_t)(ROWS * k) * 8);
		for (unsigned r = 0; r < ROWS; r++) {
			bool used[N] = {false};
			for (int64_t j = 0; j < k; j++) {
				int best = -1;
				for (int i = 0; i < N; i++)
					if (!used[i] && (best < 0 || (largest ? x[r * N + i] > x[r * N + best]
					                                      : x[r * N + i] < x[r * N + best])))
						best = i;
				used[best] = true;
				assert_int_equal(have[r * k + j], best);
			}
		}
		free(have);
	}
}

/* All four directions of a running sum, in the order of the additions. */
static void running_sums(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 13);
	for (unsigned round = 0; round < 40; round++) {
		enum { ROWS = 2, N = 9 };
		float x[ROWS * N], want[ROWS * N];
		int64_t axis = 1, exclusive = round & 1, reverse = round >> 1 & 1;
		for (unsigned i = 0; i < ROWS * N; i++)
			x[i] = (float)gs_rng_below(&rng, 1000) / 7.0F - 60.0F;
		for (unsigned r = 0; r < ROWS; r++) {
			float sum = 0;
			for (unsigned i = 0; i < N; i++) {
				unsigned at = r * N + (reverse ? N - 1 - i : i);
				if (exclusive)
					want[at] = sum;
				sum += x[at];
				if (!exclusive)
					want[at] = sum;
			}
		}
		struct ob o;
		ob_init(&o, 14);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, N});
		ob_initializer(&o, "a", GS_I64, 0, NULL, &axis);
		ob_node(&o, "CumSum", "x,a", "y");
		ob_attr_int(&o, "exclusive", exclusive);
		ob_attr_int(&o, "reverse", reverse);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		size_t bytes;
		float *have = run(&o, x, &bytes);
		assert_int_equal(bytes, sizeof(want));
		assert_memory_equal(have, want, sizeof(want));
		free(have);
	}
}

/* In training mode Dropout draws at random, unless its ratio is 0: then it is its input, to the bit, and a mask of ones. */
static void dropout_of_nothing(void **state)
{
	(void)state;
	enum { N = 5 };
	static const uint32_t in[N] = {0x3f800000, 0x80000000, 0x00000001, 0xff800000, 0x7fc00000};
	static const float ratio[] = {0, 0.5F, 0, 0};
	static const bool training[] = {true, true, false, true}, given[] = {true, true, true, false},
			  fine[] = {true, false, true, false};
	for (unsigned i = 0; i < GS_ARRAY_LEN(fine); i++) {
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){N});
		ob_initializer(&o, "r", GS_F32, 0, NULL, &ratio[i]);
		ob_initializer(&o, "t", GS_BOOL, 0, NULL, &training[i]);
		ob_node(&o, "Dropout", given[i] ? "x,r,t" : "x,,t", "y,m");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		ob_output(&o, "m", GS_BOOL);
		if (!fine[i]) {
			assert_int_equal(onnx_refusal(&o, NULL), GS_ONNX_TRAINING);
			continue;
		}
		struct onnx_run r = onnx_run(&o, (const void *const[]){in});
		assert_int_equal(r.outputs, 2);
		assert_int_equal(r.count[0], N);
		assert_memory_equal(r.output[0], in, sizeof(in));
		for (unsigned k = 0; k < N; k++)
			assert_int_equal(((const uint8_t *)r.output[1])[k], 1);
		onnx_run_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scatter_nd_in_order),
		cmocka_unit_test(top_k_with_ties),
		cmocka_unit_test(running_sums),
		cmocka_unit_test(dropout_of_nothing),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
