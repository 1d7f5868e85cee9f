/* Products of bytes beside products of binary32, one thread, both ours and both with the law's bits: ONNX models of one
 * MatMulInteger (u8 activations and i8 weights, each with a zero point) and one MatMul of the same shape, as the lowering
 * writes them, executed in turns. "product" is the FOLD alone, weights packed beforehand; "operator" is the whole program, with the subtraction
 * of the activations' zero point; "neither packed" is the FOLD with a second factor that is no constant. Best of many turns. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/core/rng.h"
#include "tests/support/bench.h"
#include "tests/support/onnx_builder.h"
#include "validator/exec/contract.h"
#include "validator/exec/plan.h"
#include "validator/onnx/onnx.h"

enum { A_ZERO = 131, B_ZERO = -3 };

struct shape { /* a product, or, with a kernel, a convolution of k channels of m = size*size places to n */
	uint32_t m, n, k, kernel, size, pad;
};
static const struct shape shapes[] = {
	{256, 256, 256, 0, 0, 0}, {512, 512, 512, 0, 0, 0}, {1024, 1024, 1024, 0, 0, 0}, {2048, 2048, 2048, 0, 0, 0},
	{196, 64, 576, 0, 0, 0},  {3136, 64, 64, 0, 0, 0},  {12544, 32, 27, 0, 0, 0},    {1, 4096, 4096, 0, 0, 0},
	{3136, 64, 64, 3, 56, 1}, {2916, 64, 64, 3, 54, 0}, {3136, 64, 128, 1, 56, 0},
};

static double processor_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct side { /* one of the two programs */
	struct gs_program program;
	struct gs_exec_plan *plan;
	uint8_t *inputs, *trace;
	struct gs_memory memory;
	/* its product alone */
	struct gs_instr fold;
	struct gs_contract loose, packed;
};

static const struct gs_kernels *kernels;
static struct gs_pool *pool;
static struct gs_workspace *ws;

/* C = A*B, or the convolution of A with B, with a zero point for each of the bytes, or of binary32. */
static struct gs_buf model(const struct shape *s, bool bytes)
{
	struct ob o;
	const bool conv = s->kernel != 0;
	const int64_t side = s->size + s->kernel - 1 - 2 * (int64_t)s->pad, kernel = s->kernel, pad = s->pad;
	const int64_t left[] = {s->m, s->k}, right[] = {s->k, s->n};
	const int64_t image[] = {1, s->k, side, side}, weights[] = {s->n, s->k, kernel, kernel};
	ob_init(&o, 13);
	ob_input(&o, "a", bytes ? GS_U8 : GS_F32, conv ? 4 : 2, conv ? image : left);
	ob_input(&o, "b", bytes ? GS_I8 : GS_F32, conv ? 4 : 2, conv ? weights : right);
	if (bytes) {
		ob_initializer(&o, "p", GS_U8, 0, NULL, (const uint8_t[]){A_ZERO});
		ob_initializer(&o, "q", GS_I8, 0, NULL, (const int8_t[]){B_ZERO});
	}
	if (conv)
		ob_node(&o, bytes ? "ConvInteger" : "Conv", bytes ? "a,b,p,q" : "a,b", "c");
	else
		ob_node(&o, bytes ? "MatMulInteger" : "MatMul", bytes ? "a,b,p,q" : "a,b", "c");
	if (conv)
		ob_attr_ints(&o, "pads", 4, (const int64_t[]){pad, pad, pad, pad});
	ob_end(&o);
	ob_output(&o, "c", bytes ? GS_I32 : GS_F32);
	return ob_finish(&o);
}

/* The model with random weights, bound as constants. */
static void lower(const struct shape *s, bool bytes, struct gs_rng *rng, struct side *out)
{
	const uint32_t kernel = s->kernel;
	size_t count = (size_t)s->k * s->n * (kernel ? kernel * kernel : 1);
	uint8_t *weights = calloc(count, 4);
	if (weights == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		int8_t q = (int8_t)gs_rng_below(rng, 256);
		if (bytes)
			weights[i] = (uint8_t)q;
		else
			gs_le32_write(weights + 4 * i, gs_f32_to_bits((float)(q - B_ZERO) / 64));
	}
	struct gs_onnx_bound bound = {"b", {.dtype = bytes ? GS_I8 : GS_F32, .count = count, .data = weights}};
	bound.tensor.rank = kernel ? 4 : 2;
	const uint32_t matrix[] = {s->k, s->n}, filters[] = {s->n, s->k, kernel, kernel};
	memcpy(bound.tensor.dim, kernel ? filters : matrix, bound.tensor.rank * sizeof(uint32_t));
	struct gs_onnx_options options = {.bound = &bound, .bounds = 1};
	struct gs_buf file = model(s, bytes);
	struct gs_error error = {0};
	if (gs_onnx_lower(gs_buf_view(&file), &options, &out->program, NULL, &error) != GS_OK) {
		fprintf(stderr, "bench_int8: %s\n", error.text);
		exit(1);
	}
	gs_buf_free(&file);
	free(weights);
}

static void open_side(const struct shape *s, bool bytes, struct side *out)
{
	struct gs_rng rng;
	struct gs_error error = {0};
	gs_rng_seed(&rng, s->m + s->n + s->k);
	struct gs_exec_options options = {.threads = 1, .isa = kernels->isa, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX};
	memset(out, 0, sizeof(*out));
	lower(s, bytes, &rng, out);
	if (gs_exec_plan_new(&out->program, &options, &out->plan, &error) != GS_OK) {
		fprintf(stderr, "bench_int8: %s\n", error.text);
		exit(1);
	}
	out->inputs = aligned_alloc(GS_CHUNK_BYTES, (size_t)out->program.header.inputs_chunks * GS_CHUNK_BYTES);
	out->trace = aligned_alloc(GS_CHUNK_BYTES, gs_program_trace_bytes(&out->program));
	if (out->inputs == NULL || out->trace == NULL)
		abort();
	memset(out->inputs, 0, (size_t)out->program.header.inputs_chunks * GS_CHUNK_BYTES);
	memset(out->trace, 0, gs_program_trace_bytes(&out->program));
	out->memory = (struct gs_memory){.trace = out->trace, .weights = out->program.weights, .inputs = out->inputs};
	uint64_t elements = gs_tensor_type_count(&out->program.io.input[0]);
	for (uint64_t i = 0; i < elements; i++) {
		uint32_t value = (uint32_t)gs_rng_below(&rng, 256);
		gs_element_write(out->inputs, bytes ? GS_U8 : GS_F32, i,
		                 bytes ? value : gs_f32_to_bits(((float)value - A_ZERO) / 64));
	}
	if (gs_exec_plan_run(out->plan, &out->memory, NULL) != GS_OK)
		abort();
	for (uint32_t i = 0; i < out->program.count; i++) {
		out->fold = gs_program_instr(&out->program, i);
		if (out->fold.form == GS_FOLD)
			break;
	}
	uint64_t budget = UINT64_MAX;
	if (!gs_contract_match(&out->fold, kernels, &out->loose))
		abort();
	out->packed = out->loose;
	if (gs_contract_prepack(&out->packed, out->program.weights, kernels, pool, ws, &budget) != GS_OK)
		abort();
}

static void close_side(struct side *s)
{
	gs_contract_drop(&s->packed);
	gs_exec_plan_free(s->plan);
	gs_program_free(&s->program);
	free(s->inputs);
	free(s->trace);
}

enum { PRODUCT, OPERATOR, LOOSE, WAYS };

static double run(struct side *s, unsigned way)
{
	double start = processor_s();
	enum gs_err err = way == OPERATOR ? gs_exec_plan_run(s->plan, &s->memory, NULL)
	                                  : gs_contract_run(way == PRODUCT ? &s->packed : &s->loose, &s->fold,
	                                                    &s->memory, kernels, pool, ws);
	if (err != GS_OK)
		abort();
	return processor_s() - start;
}

/* Both have computed the same sums of products of 64ths, which binary32 rounds where they are long. */
static void check(const struct shape *s, const struct side *bytes, const struct side *floats)
{
	const uint8_t *ours = bytes->trace + (size_t)bytes->fold.first_chunk * GS_CHUNK_BYTES;
	const uint8_t *theirs = floats->trace + (size_t)floats->fold.first_chunk * GS_CHUNK_BYTES;
	for (uint64_t i = 0; i < (uint64_t)s->m * s->n; i++) {
		double want = (double)gs_f32_from_bits((uint32_t)gs_element_bits(theirs, GS_F32, i)) * 4096;
		double have = (double)(int32_t)(uint32_t)gs_element_bits(ours, GS_I32, i);
		if (fabs(have - want) > 1e-5 * (fabs(have) + 16384 * (double)s->k)) {
			fprintf(stderr, "bench_int8: element %llu: %g of bytes, %g of binary32\n",
			        (unsigned long long)i, have, want);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	const char *program = argc > 0 ? argv[0] : "";
	kernels = gs_kernels_named(argc > 1 ? argv[1] : NULL);
	if (kernels == NULL) {
		fprintf(stderr, "bench_int8: this processor has no '%s'\n", argv[1]);
		return 1;
	}
	struct gs_bench *table = gs_bench_begin(
		program, "int8", "products of bytes M x N x K, 1e9 products a second, against ours of binary32");
	if (table == NULL || gs_pool_new(1, &pool) != GS_OK || gs_workspace_new(1, &ws) != GS_OK)
		return 1;
	gs_bench_note(table, "isa", kernels->isa);
	double sum[WAYS] = {0}, worst[WAYS] = {1e9, 1e9, 1e9};
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *s = &shapes[i];
		struct side side[2];
		char label[64], against[128];
		snprintf(label, sizeof(label), "%ux%ux%u", s->m, s->n, s->k);
		if (s->kernel)
			snprintf(label, sizeof(label), "conv%ux%u%s %u to %u, %ux%u", s->kernel, s->kernel,
			         s->pad ? " padded" : "", s->k, s->n, s->size, s->size);
		if (argc > 2 && strcmp(argv[2], label) != 0)
			continue;
		double best[2][WAYS] = {{1e9, 1e9, 1e9}, {1e9, 1e9, 1e9}}, ratio[WAYS], until;
		open_side(s, true, &side[0]);
		open_side(s, false, &side[1]);
		until = processor_s() + 2;
		for (unsigned turn = 0; turn < 5 || processor_s() < until; turn++)
			for (unsigned way = 0; way < WAYS; way++)
				for (unsigned k = 0; k < 2; k++)
					best[k][way] = fmin(best[k][way], run(&side[k], way));
		check(s, &side[0], &side[1]);
		for (unsigned way = 0; way < WAYS; way++) {
			ratio[way] = best[1][way] / best[0][way];
			sum[way] += log(ratio[way]);
			worst[way] = fmin(worst[way], ratio[way]);
		}
		double products = (double)s->m * s->n * s->k * (s->kernel ? s->kernel * s->kernel : 1) * 1e-9;
		snprintf(against, sizeof(against), "binary32 %.1f; operator x%.2f; neither packed x%.2f",
		         products / best[1][PRODUCT], ratio[OPERATOR], ratio[LOOSE]);
		gs_bench_row(table, label, products / best[0][PRODUCT], "G/s", ratio[PRODUCT], against);
		close_side(&side[0]);
		close_side(&side[1]);
	}
	const size_t all = sizeof(shapes) / sizeof(shapes[0]);
	double shapes_of = (double)all;
	const struct gs_bench_key key[] = {
		{"int8_vs_f32", exp(sum[PRODUCT] / shapes_of)},
		{"int8_vs_f32_worst", worst[PRODUCT]},
		{"int8_operator_vs_f32", exp(sum[OPERATOR] / shapes_of)},
		{"int8_operator_vs_f32_worst", worst[OPERATOR]},
		{"int8_not_packed_vs_f32", exp(sum[LOOSE] / shapes_of)},
	};
	gs_bench_part_of(table, "exec-int8", key, sizeof(key) / sizeof(key[0]));
	gs_workspace_free(ws);
	gs_pool_free(pool);
	return gs_bench_end(table);
}
