/* Lowering: the bits of the formulas in docs/operators.md, computed here in plain C with fmaf, and the form of programs. */
#include "challenge/machine/trace.h"
#include "chain/core/rng.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static float random_float(struct gs_rng *rng)
{
	return ((float)gs_rng_below(rng, 20001) - 10000.0F) / 1777.0F;
}

static void fill(struct gs_rng *rng, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = random_float(rng);
}

static void lower_ok(struct ob *o, struct gs_program *p)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	if (gs_onnx_lower(gs_buf_view(&b), NULL, p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	gs_buf_free(&b);
}

/* Runs with inputs of f32 given back to back as the program's inputs array; returns the outputs array (malloc). */
static float *run(const struct gs_program *p, uint32_t inputs, const float *const *input,
                  const struct gs_tensor_type **type)
{
	uint8_t *in = calloc(p->header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(p));
	GS_ASSERT(in != NULL && trace != NULL && p->io.inputs == inputs);
	for (uint32_t i = 0; i < inputs; i++)
		ob_pack(GS_F32, input[i], gs_tensor_type_count(&p->io.input[i]),
		        in + (size_t)p->io.input[i].chunk * GS_CHUNK_BYTES);
	gs_interpret(p, &(struct gs_memory){.trace = trace, .weights = p->weights, .inputs = in});
	size_t bytes = 4 * gs_tensor_type_count(&p->io.output[0]);
	float *out = malloc(bytes);
	ob_unpack(GS_F32, trace + (size_t)p->header.output_chunk * GS_CHUNK_BYTES, bytes / 4, out);
	*type = &p->io.output[0];
	free(in);
	free(trace);
	return out;
}

static void assert_bits(const float *have, const float *want, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (gs_f32_to_bits(have[i]) != gs_f32_to_bits(want[i]))
			fail_msg("%s: element %zu is %a, not %a", what, i, (double)have[i], (double)want[i]);
}

/* ---- convolution against nested loops ---- */

static void convolution_bits(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 7);
	for (int round = 0; round < 60; round++) {
		unsigned g = 1 + (unsigned)gs_rng_below(&rng, 3), cg = 1 + (unsigned)gs_rng_below(&rng, 3);
		unsigned mg = 1 + (unsigned)gs_rng_below(&rng, 3), n = 1 + (unsigned)gs_rng_below(&rng, 2);
		unsigned h = 4 + (unsigned)gs_rng_below(&rng, 5), w = 4 + (unsigned)gs_rng_below(&rng, 5);
		unsigned kh = 1 + (unsigned)gs_rng_below(&rng, 3), kw = 1 + (unsigned)gs_rng_below(&rng, 3);
		int64_t s[2] = {1 + (int64_t)gs_rng_below(&rng, 2), 1 + (int64_t)gs_rng_below(&rng, 2)};
		int64_t d[2] = {1 + (int64_t)gs_rng_below(&rng, 2), 1 + (int64_t)gs_rng_below(&rng, 2)};
		int64_t pad[4];
		for (int i = 0; i < 4; i++)
			pad[i] = (int64_t)gs_rng_below(&rng, 3);
		bool bias = gs_rng_below(&rng, 2) == 0, relu = gs_rng_below(&rng, 2) == 0;
		int64_t rh = (int64_t)h + pad[0] + pad[2] - d[0] * (kh - 1) - 1;
		int64_t rw = (int64_t)w + pad[1] + pad[3] - d[1] * (kw - 1) - 1;
		if (rh < 0 || rw < 0)
			continue;
		unsigned oh = (unsigned)(rh / s[0]) + 1, ow = (unsigned)(rw / s[1]) + 1;
		unsigned c = g * cg, m = g * mg;
		float *x = malloc(4 * n * c * h * w), *k = malloc(4 * m * cg * kh * kw), *b = malloc(4 * m);
		float *want = malloc(4 * n * m * oh * ow);
		fill(&rng, x, n * c * h * w);
		fill(&rng, k, m * cg * kh * kw);
		fill(&rng, b, m);
		for (unsigned at = 0; at < n * m * oh * ow; at++) {
			unsigned ox = at % ow, oy = at / ow % oh, om = at / ow / oh % m, on = at / ow / oh / m;
			float acc = bias ? b[om] : 0.0F;
			for (unsigned ic = 0; ic < cg; ic++)
				for (unsigned ky = 0; ky < kh; ky++)
					for (unsigned kx = 0; kx < kw; kx++) {
						int64_t iy = oy * s[0] - pad[0] + ky * d[0];
						int64_t ix = ox * s[1] - pad[1] + kx * d[1];
						bool in = iy >= 0 && iy < h && ix >= 0 && ix < w;
						unsigned channel = om / mg * cg + ic;
						float v = in ? x[((on * c + channel) * h + (unsigned)iy) * w +
						                 (unsigned)ix]
						             : 0.0F;
						acc = fmaf(v, k[((om * cg + ic) * kh + ky) * kw + kx], acc);
					}
			want[at] = relu && !(acc > 0) ? 0.0F : acc;
		}
		struct ob o;
		struct gs_program p;
		const struct gs_tensor_type *type;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){n, c, h, w});
		ob_initializer(&o, "k", GS_F32, 4, (uint32_t[]){m, cg, kh, kw}, k);
		ob_initializer(&o, "b", GS_F32, 1, (uint32_t[]){m}, b);
		ob_node(&o, "Conv", bias ? "x,k,b" : "x,k", relu ? "t" : "y");
		ob_attr_int(&o, "group", g);
		ob_attr_ints(&o, "strides", 2, s);
		ob_attr_ints(&o, "dilations", 2, d);
		ob_attr_ints(&o, "pads", 4, pad);
		ob_end(&o);
		if (relu) {
			ob_node(&o, "Relu", "t", "y");
			ob_end(&o);
		}
		ob_output(&o, "y", GS_F32);
		lower_ok(&o, &p);
		assert_int_equal(p.count, 1); /* relu is an epilogue */
		float *have = run(&p, 1, (const float *[]){x}, &type);
		assert_int_equal(type->rank, 4);
		assert_int_equal(type->dim[1], m);
		assert_int_equal(type->dim[2], oh);
		assert_int_equal(type->dim[3], ow);
		assert_bits(have, want, (size_t)n * m * oh * ow, "conv");
		gs_program_free(&p);
		free(have);
		free(x);
		free(k);
		free(b);
		free(want);
	}
}

/* ---- products ---- */

static void gemm_bits(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 8);
	for (int form = 0; form < 32; form++) {
		bool ta = form & 1, tb = form & 2, c = form & 4;
		float alpha = form & 8 ? 0.5F : 1.0F, beta = form & 16 ? 0.3F : 1.0F;
		enum { M = 5, N = 7, K = 19 };
		float a[M * K], b[K * N], bias[N], want[M * N];
		fill(&rng, a, M * K);
		fill(&rng, b, K * N);
		fill(&rng, bias, N);
		for (unsigned m = 0; m < M; m++)
			for (unsigned n = 0; n < N; n++) {
				float scaled = beta == 1.0F ? bias[n] : bias[n] * beta;
				float acc = c && alpha == 1.0F ? scaled : 0.0F;
				for (unsigned k = 0; k < K; k++)
					acc = fmaf(ta ? a[k * M + m] : a[m * K + k], tb ? b[n * K + k] : b[k * N + n],
					           acc);
				if (alpha != 1.0F)
					acc = c ? fmaf(acc, alpha, scaled) : acc * alpha;
				want[m * N + n] = acc;
			}
		struct ob o;
		struct gs_program p;
		const struct gs_tensor_type *type;
		ob_init(&o, 13);
		ob_input(&o, "a", GS_F32, 2, ta ? (int64_t[]){K, M} : (int64_t[]){M, K});
		ob_initializer(&o, "b", GS_F32, 2, tb ? (uint32_t[]){N, K} : (uint32_t[]){K, N}, b);
		ob_initializer(&o, "c", GS_F32, 1, (uint32_t[]){N}, bias);
		ob_node(&o, "Gemm", c ? "a,b,c" : "a,b", "y");
		ob_attr_int(&o, "transA", ta);
		ob_attr_int(&o, "transB", tb);
		ob_attr_float(&o, "alpha", alpha);
		ob_attr_float(&o, "beta", beta);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower_ok(&o, &p);
		float *have = run(&p, 1, (const float *[]){a}, &type);
		assert_bits(have, want, M * N, "gemm");
		free(have);
		gs_program_free(&p);
	}
}

/* ---- sums, softmax, sigmoid ---- */

static float long_sum(const float *v, unsigned n)
{
	float lane[16] = {0}, sum = 0;
	if (n <= 64) {
		for (unsigned i = 0; i < n; i++)
			sum += v[i];
		return sum;
	}
	for (unsigned i = 0; i < n; i++)
		lane[i % 16] += v[i];
	for (unsigned i = 0; i < 16; i++)
		sum += lane[i];
	return sum;
}

static void sums_and_softmax_bits(void **state)
{
	(void)state;
	static const unsigned length[] = {1, 2, 63, 64, 65, 79, 80, 81, 1000};
	struct gs_rng rng;
	gs_rng_seed(&rng, 9);
	for (size_t i = 0; i < GS_ARRAY_LEN(length); i++)
		for (int softmax = 0; softmax < 2; softmax++) {
			unsigned n = length[i];
			float *x = malloc(4 * 3 * n), *want = malloc(4 * 3 * n), *e = malloc(4 * n);
			fill(&rng, x, 3 * n);
			for (unsigned r = 0; r < 3; r++) {
				const float *row = x + r * n;
				float max = -INFINITY;
				for (unsigned k = 0; k < n; k++)
					max = row[k] > max ? row[k] : max;
				for (unsigned k = 0; k < n; k++)
					e[k] = gs_f32_from_bits((uint32_t)gs_fn_apply(
						GS_FN_F32_EXP, gs_f32_to_bits(row[k] - max), 0, 0));
				float sum = long_sum(e, n);
				for (unsigned k = 0; k < n && softmax; k++)
					want[r * n + k] = e[k] / sum;
				if (!softmax)
					want[r] = long_sum(row, n) / (float)n;
			}
			struct ob o;
			struct gs_program p;
			const struct gs_tensor_type *type;
			ob_init(&o, 13);
			ob_input(&o, "x", GS_F32, 2, (int64_t[]){3, n});
			ob_node(&o, softmax ? "Softmax" : "ReduceMean", "x", "y");
			if (!softmax)
				ob_attr_ints(&o, "axes", 1, (int64_t[]){1});
			ob_end(&o);
			ob_output(&o, "y", GS_F32);
			lower_ok(&o, &p);
			float *have = run(&p, 1, (const float *[]){x}, &type);
			assert_bits(have, want, softmax ? 3 * n : 3, softmax ? "softmax" : "mean");
			gs_program_free(&p);
			free(have);
			free(x);
			free(want);
			free(e);
		}
}

/* The window of a pool: ceil_mode, pads and their count. */
static void average_pool_bits(void **state)
{
	(void)state;
	static const float x[5] = {1, 2, 4, 8, 16};
	/* kernel 3, stride 2, pad 1 before and 1 after: windows -1..1, 1..3, 3..5 */
	static const float without[3] = {3.0F / 2, 14.0F / 3, 24.0F / 2}, with[3] = {1.0F, 14.0F / 3, 8.0F};
	for (int include = 0; include < 2; include++) {
		struct ob o;
		struct gs_program p;
		const struct gs_tensor_type *type;
		ob_init(&o, 19);
		ob_input(&o, "x", GS_F32, 3, (int64_t[]){1, 1, 5});
		ob_node(&o, "AveragePool", "x", "y");
		ob_attr_ints(&o, "kernel_shape", 1, (int64_t[]){3});
		ob_attr_ints(&o, "strides", 1, (int64_t[]){2});
		ob_attr_ints(&o, "pads", 2, (int64_t[]){1, 1});
		ob_attr_int(&o, "count_include_pad", include);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower_ok(&o, &p);
		assert_int_equal(p.count, include ? 1 : 2); /* one divisor is an epilogue */
		float *have = run(&p, 1, (const float *[]){x}, &type);
		assert_bits(have, include ? with : without, 3, "average pool");
		free(have);
		gs_program_free(&p);
	}
}

/* A window that sees nothing but padding averages no terms: 0 / 0. */
static void a_window_outside(void **state)
{
	(void)state;
	struct ob o;
	struct gs_program p;
	const struct gs_tensor_type *type;
	ob_init(&o, 19);
	ob_input(&o, "x", GS_F32, 3, (int64_t[]){1, 1, 1});
	ob_node(&o, "AveragePool", "x", "y");
	ob_attr_ints(&o, "kernel_shape", 1, (int64_t[]){2});
	ob_attr_ints(&o, "dilations", 1, (int64_t[]){2});
	ob_attr_ints(&o, "pads", 2, (int64_t[]){1, 1});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	lower_ok(&o, &p);
	float *have = run(&p, 1, (const float *[]){(const float[]){3.0F}}, &type);
	assert_int_equal(type->dim[2], 1);
	assert_int_equal(gs_f32_to_bits(have[0]), GS_F32_NAN);
	free(have);
	gs_program_free(&p);
}

static void sigmoid_form(void **state)
{
	(void)state;
	static const float x[4] = {0.0F, 1.0F, -200.0F, INFINITY};
	struct ob o;
	struct gs_program p;
	const struct gs_tensor_type *type;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
	ob_node(&o, "Sigmoid", "x", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	lower_ok(&o, &p);
	assert_int_equal(p.count, 2);
	assert_int_equal(gs_program_instr(&p, 0).fn, GS_FN_F32_NEG);
	assert_int_equal(gs_program_instr(&p, 0).epilogue, GS_FN_F32_EXP);
	assert_int_equal(gs_program_instr(&p, 1).fn, GS_FN_F32_ADD);
	assert_int_equal(gs_program_instr(&p, 1).epilogue, GS_FN_F32_DIV);
	assert_int_equal(gs_program_instr(&p, 1).epilogue_pos, 1);
	float *have = run(&p, 1, (const float *[]){x}, &type);
	assert_bits(have, (const float[]){0.5F}, 1, "sigmoid");
	assert_true(have[2] == 0.0F && have[3] == 1.0F && fabsf(have[1] - 0.73105858F) < 1e-7F);
	free(have);
	gs_program_free(&p);
}

/* ---- views, constants, outputs ---- */

static void views_cost_nothing(void **state)
{
	(void)state;
	float x[24], want[24];
	struct ob o;
	struct gs_program p;
	const struct gs_tensor_type *type;
	for (unsigned i = 0; i < 24; i++)
		x[i] = (float)i;
	/* x[2,3,4] -> transpose (2,0,1) -> [4,2,3] -> slice 3..0 backwards -> unsqueeze -> negate */
	for (unsigned k = 0; k < 4; k++)
		for (unsigned a = 0; a < 2; a++)
			for (unsigned b = 0; b < 3; b++)
				want[(k * 2 + a) * 3 + b] = -x[(a * 3 + b) * 4 + (3 - k)];
	static const int64_t start = 3, end = INT64_MIN, axis = 0, step = -1, lead = 0;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 3, (int64_t[]){2, 3, 4});
	ob_initializer(&o, "s", GS_I64, 1, (uint32_t[]){1}, &start);
	ob_initializer(&o, "e", GS_I64, 1, (uint32_t[]){1}, &end);
	ob_initializer(&o, "a", GS_I64, 1, (uint32_t[]){1}, &axis);
	ob_initializer(&o, "d", GS_I64, 1, (uint32_t[]){1}, &step);
	ob_initializer(&o, "l", GS_I64, 1, (uint32_t[]){1}, &lead);
	ob_node(&o, "Transpose", "x", "t");
	ob_attr_ints(&o, "perm", 3, (int64_t[]){2, 0, 1});
	ob_end(&o);
	ob_node(&o, "Slice", "t,s,e,a,d", "u");
	ob_end(&o);
	ob_node(&o, "Unsqueeze", "u,l", "v");
	ob_end(&o);
	ob_node(&o, "Neg", "v", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	lower_ok(&o, &p);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.header.weights_chunks, 0); /* what only lowering reads is no weight */
	float *have = run(&p, 1, (const float *[]){x}, &type);
	assert_int_equal(type->rank, 4);
	assert_bits(have, want, 24, "views");
	free(have);
	gs_program_free(&p);
}

static void outputs_come_last(void **state)
{
	(void)state;
	struct ob o;
	struct gs_program p;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){40});
	ob_node(&o, "Exp", "x", "a"); /* an output that is read again */
	ob_end(&o);
	ob_node(&o, "Neg", "a", "b");
	ob_end(&o);
	ob_node(&o, "Log", "x", "unused");
	ob_end(&o);
	ob_node(&o, "Identity", "x", "c"); /* an input as output */
	ob_end(&o);
	ob_output(&o, "c", GS_F32);
	ob_output(&o, "a", GS_F32);
	ob_output(&o, "b", GS_F32);
	lower_ok(&o, &p);
	assert_int_equal(p.count, 4); /* exp, then copy of x, copy of a, neg */
	assert_int_equal(gs_program_instr(&p, 0).fn, GS_FN_F32_EXP);
	assert_int_equal(gs_program_instr(&p, 1).fn, GS_FN_F32_COPY);
	assert_int_equal(gs_program_instr(&p, 2).fn, GS_FN_F32_COPY);
	assert_int_equal(gs_program_instr(&p, 3).fn, GS_FN_F32_NEG);
	assert_int_equal(p.header.outputs, 3);
	gs_program_free(&p);
}

/* A shared value keeps its bits before the relu; a value read once takes it as epilogue. */
static void relu_is_fused_only_when_alone(void **state)
{
	(void)state;
	for (int shared = 0; shared < 2; shared++) {
		struct ob o;
		struct gs_program p;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
		ob_node(&o, "Add", "x,x", "s");
		ob_end(&o);
		ob_node(&o, "Relu", "s", "r");
		ob_end(&o);
		ob_node(&o, "Mul", shared ? "r,s" : "r,r", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower_ok(&o, &p);
		assert_int_equal(p.count, shared ? 3 : 2);
		assert_int_equal(gs_program_instr(&p, 0).epilogue, shared ? 0 : GS_FN_F32_MAX);
		gs_program_free(&p);
	}
}

static struct gs_buf reshape_by_input(void)
{
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){-1, 6});
	ob_input(&o, "shape", GS_I64, 1, (int64_t[]){2});
	ob_node(&o, "Reshape", "x,shape", "t");
	ob_end(&o);
	ob_node(&o, "Exp", "t", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	return ob_finish(&o);
}

static void binding_and_shapes(void **state)
{
	(void)state;
	struct gs_buf b = reshape_by_input();
	struct gs_program p, q;
	struct gs_onnx_report report;
	struct gs_error error = {0};
	struct gs_onnx_shape shape = {.name = "x", .rank = 2, .dim = {2, 6}};
	struct gs_onnx_options options = {.shape = &shape, .shapes = 1};

	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "'x'"));
	assert_non_null(strstr(error.text, "--shape"));

	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &p, &report, &error), GS_EUNSUPPORTED);
	assert_int_equal(report.reason, GS_ONNX_NOT_STATIC);
	assert_int_equal(report.needs, 1);
	assert_int_equal(report.need[0], 1);
	assert_non_null(strstr(error.text, "--bind shape"));
	assert_non_null(strstr(error.text, "(Reshape)"));

	uint8_t data[16] = {3, 0, 0, 0, 0, 0, 0, 0, 4};
	struct gs_onnx_bound bound = {.name = "shape",
	                              .tensor = {.dtype = GS_I64, .rank = 1, .dim = {2}, .count = 2, .data = data}};
	options.bound = &bound;
	options.bounds = 1;
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &p, NULL, &error), GS_OK);
	assert_int_equal(p.io.inputs, 1);
	assert_int_equal(p.io.bounds, 1);
	assert_false(gs_hash_is_zero(&p.io.bound[0].bound));
	assert_int_equal(p.io.output[0].dim[0], 3);

	/* for who only runs it: the same program without hashes */
	options.unnamed = true;
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &q, NULL, &error), GS_OK);
	assert_true(q.unnamed && !p.unnamed);
	assert_true(gs_hash_is_zero(&q.header.program_root) && gs_hash_is_zero(&q.header.onnx_hash));
	assert_int_equal(q.count, p.count);
	assert_memory_equal(q.descriptor_at, p.descriptor_at, (p.count + 1) * sizeof(*p.descriptor_at));
	assert_memory_equal(q.descriptors, p.descriptors, p.descriptor_at[p.count]);
	assert_int_equal(q.header.weights_chunks, p.header.weights_chunks);
	assert_int_equal(q.header.output_chunk, p.header.output_chunk);
	assert_int_equal(q.header.cost, p.header.cost);
	gs_program_free(&q);
	options.unnamed = false;

	data[0] = 4; /* another constant is another model */
	data[8] = 3;
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &q, NULL, &error), GS_OK);
	struct gs_hash one, other;
	gs_header_model_id(&p.header, &one);
	gs_header_model_id(&q.header, &other);
	assert_false(gs_hash_equal(&one, &other));
	gs_program_free(&p);
	gs_program_free(&q);

	shape.dim[1] = 7;
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &p, NULL, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "[?,6]"));
	shape.name = "nobody";
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), &options, &p, NULL, &error), GS_EINVAL);
	gs_buf_free(&b);
}

static void same_bytes_twice(void **state)
{
	(void)state;
	struct gs_buf first, second;
	gs_buf_init(&first, 1 << 24);
	gs_buf_init(&second, 1 << 24);
	for (int round = 0; round < 2; round++) {
		static const float w[12] = {1, -2, 3, 4, -5, 6, 7, 8, 9, 10, 11, 12};
		struct ob o;
		struct gs_program p;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 2, (int64_t[]){2, 3});
		ob_initializer(&o, "w", GS_F32, 2, (uint32_t[]){3, 4}, w);
		ob_node(&o, "MatMul", "x,w", "t");
		ob_end(&o);
		ob_node(&o, "Softmax", "t", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		lower_ok(&o, &p);
		assert_int_equal(gs_program_check(&p, NULL), GS_OK);
		assert_int_equal(gs_program_write(&p, round == 0 ? &first : &second), GS_OK);
		gs_program_free(&p);
	}
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.ptr, second.ptr, first.len);
	gs_buf_free(&first);
	gs_buf_free(&second);
}

/* ---- refusals ---- */

static void refusal(const char *op, const char *domain_or_null, enum gs_onnx_reason reason, const char *text)
{
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
	ob_node(&o, op, "x", "y");
	ob_text(&o.node, 3, "node_a");
	if (domain_or_null != NULL)
		ob_text(&o.node, 7, domain_or_null);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct gs_buf b = ob_finish(&o);
	struct gs_program p;
	struct gs_onnx_report report;
	struct gs_error error = {0};
	assert_int_not_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, &report, &error), GS_OK);
	if (report.reason != reason || strstr(error.text, text) == NULL || strstr(error.text, "node_a") == NULL ||
	    strstr(error.text, op) == NULL)
		fail_msg("%s: reason %s, text '%s'", op, gs_onnx_reason_name(report.reason), error.text);
	gs_buf_free(&b);
}

static void names_what_it_refuses(void **state)
{
	(void)state;
	refusal("Frobnicate", NULL, GS_ONNX_OPERATOR, "not supported");
	refusal("NonZero", NULL, GS_ONNX_DATA_SHAPE, "shape of its result depends on the data");
	refusal("RandomNormal", NULL, GS_ONNX_RANDOM, "random numbers");
	refusal("StringNormalizer", NULL, GS_ONNX_STRING, "strings");
	refusal("SequenceAt", NULL, GS_ONNX_SEQUENCE, "sequences");
	refusal("Adam", "ai.onnx.preview.training", GS_ONNX_TRAINING, "export the model for inference");
	refusal("ImageDecoder", NULL, GS_ONNX_IMAGE, "image");
	refusal("DictVectorizer", "ai.onnx.ml", GS_ONNX_SEQUENCE, "maps");
	refusal("Relu", "com.example", GS_ONNX_OPERATOR, "com.example");
	refusal("MatMul", NULL, GS_ONNX_MALFORMED, "missing");
	refusal("Not", NULL, GS_ONNX_MALFORMED, "bool");
	refusal("Mod", NULL, GS_ONNX_MALFORMED, "missing");
	refusal("Conv", NULL, GS_ONNX_MALFORMED, "missing");
}

/* An output without elements is one zero in the output block, and its dimensions say that there is nothing. */
static void empty_outputs(void **state)
{
	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		struct ob o;
		const int64_t zero = 0;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
		ob_initializer(&o, "zero", GS_I64, 1, (uint32_t[]){1}, &zero);
		ob_node(&o, "Slice", "x,zero,zero", "none");
		ob_end(&o);
		ob_node(&o, "Relu", "x", "y");
		ob_end(&o);
		ob_output(&o, "none", GS_F32);
		if (both)
			ob_output(&o, "y", GS_F32);
		struct gs_buf b = ob_finish(&o);
		struct gs_program p;
		struct gs_onnx_report report;
		struct gs_error error = {0};
		assert_int_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, &report, &error), GS_OK);
		assert_int_equal(p.io.outputs, 1 + both);
		assert_string_equal(p.io.output[0].name, "none");
		assert_int_equal(p.io.output[0].dim[0], 0);
		assert_int_equal(gs_tensor_type_elements(&p.io.output[0]), 0);
		struct gs_instr written = gs_program_instr(&p, p.count - 1 - both);
		assert_int_equal(gs_instr_count(&written), 1);
		gs_program_free(&p);
		gs_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convolution_bits),
		cmocka_unit_test(gemm_bits),
		cmocka_unit_test(sums_and_softmax_bits),
		cmocka_unit_test(average_pool_bits),
		cmocka_unit_test(a_window_outside),
		cmocka_unit_test(sigmoid_form),
		cmocka_unit_test(views_cost_nothing),
		cmocka_unit_test(outputs_come_last),
		cmocka_unit_test(relu_is_fused_only_when_alone),
		cmocka_unit_test(binding_and_shapes),
		cmocka_unit_test(same_bytes_twice),
		cmocka_unit_test(names_what_it_refuses),
		cmocka_unit_test(empty_outputs),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
