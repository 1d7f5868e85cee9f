/* Matrix products, C[M][N] = A[M][K]*B[K][N] of binary32, one thread: ours, whose bits are the law's, against OpenBLAS's
 * sgemm, whose bits are not, and against the fma peak of the same instruction set. Best of many turns. */
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "chain/core/rng.h"
#include "tests/support/bench.h"
#include "tests/support/peak.h"
#include "validator/exec/contract.h"
#include "validator/exec/exec.h"

struct shape {
	uint32_t m, n, k;
	bool odd; /* not square: the second target */
};

typedef void sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                   int ldb, float beta, float *c, int ldc);
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

static double processor_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the product as an instruction ---- */

static void one_row(struct gs_operand *op, uint8_t space, uint64_t count, unsigned axis0, uint32_t coef0,
                    unsigned axis1, uint32_t coef1)
{
	*op = (struct gs_operand){.kind = GS_OPERAND_TENSOR};
	op->view = (struct gs_view){.space = space, .dtype = GS_F32, .rows = 1, .count = count};
	op->view.row[0] = (struct gs_row){.extent = count, .stride = 1};
	op->view.row[0].at.coef[axis0] = coef0;
	op->view.row[0].at.coef[axis1] = coef1;
}

static void product(const struct shape *s, struct gs_instr *in)
{
	memset(in, 0, sizeof(*in));
	in->form = GS_FOLD;
	in->fn = GS_FN_F32_FMA;
	in->store_dtype = in->acc_dtype = GS_F32;
	in->out_axes = 2;
	in->red_axes = 1;
	in->extent[0] = s->m;
	in->extent[1] = s->n;
	in->extent[2] = s->k;
	one_row(&in->operand[1], GS_SPACE_INPUTS, (uint64_t)s->m * s->k, 0, s->k, 2, 1);
	one_row(&in->operand[2], GS_SPACE_WEIGHTS, (uint64_t)s->k * s->n, 1, 1, 2, s->n);
}

static float *numbers(uint64_t count, struct gs_rng *rng)
{
	float *p = aligned_alloc(GS_CHUNK_BYTES,
	                         (count * sizeof(float) + GS_CHUNK_BYTES - 1) / GS_CHUNK_BYTES * GS_CHUNK_BYTES);
	if (p == NULL)
		abort();
	for (uint64_t i = 0; i < count; i++)
		p[i] = rng ? (float)gs_rng_below(rng, 1 << 21) * 0x1p-20f - 1 : 0;
	return p;
}

struct bench {
	struct gs_bench *table;
	const struct gs_kernels *kernels;
	struct gs_pool *pool;
	struct gs_workspace *ws;
	sgemm *theirs;
	double sum[2]; /* of the logarithms of the ratios: square, odd */
	unsigned count[2];
	double worst[2];
};

struct result {
	double ours, packed, theirs, peak; /* seconds of one product; peak: FLOP/s */
};

/* In turns until two seconds have passed, and at least five times; the best of each. */
static void in_turns(struct bench *b, const struct shape *s, const struct gs_contract *c,
                     const struct gs_contract *kept, const struct gs_memory *mem, float *theirs,
                     const struct gs_instr *in, struct result *best)
{
	double until = processor_s() + 2;
	*best = (struct result){1e9, 1e9, 1e9, 0};
	for (unsigned turn = 0; turn < 5 || processor_s() < until; turn++) {
		double at[5];
		at[0] = processor_s();
		if (gs_contract_run(c, in, mem, b->kernels, b->pool, b->ws) != GS_OK)
			abort();
		at[1] = processor_s();
		if (b->theirs)
			b->theirs(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, (int)s->m, (int)s->n, (int)s->k, 1,
			          (const float *)(const void *)mem->inputs, (int)s->k,
			          (const float *)(const void *)mem->weights, (int)s->n, 0, theirs, (int)s->n);
		at[2] = processor_s();
		if (gs_contract_run(kept, in, mem, b->kernels, b->pool, b->ws) != GS_OK)
			abort();
		at[3] = processor_s();
		double rate = gs_peak_flops(b->kernels->isa);
		best->ours = fmin(best->ours, at[1] - at[0]);
		best->theirs = fmin(best->theirs, at[2] - at[1]);
		best->packed = fmin(best->packed, at[3] - at[2]);
		best->peak = fmax(best->peak, rate);
	}
}

static void check(const struct shape *s, const float *ours, const float *theirs)
{
	for (uint64_t i = 0; i < (uint64_t)s->m * s->n; i++)
		if (!(fabsf(ours[i] - theirs[i]) <= 1e-3f * sqrtf((float)s->k))) {
			fprintf(stderr, "bench_gemm: element %llu: ours %g, theirs %g\n", (unsigned long long)i,
			        (double)ours[i], (double)theirs[i]);
			exit(1);
		}
}

static void time_shape(struct bench *b, const struct shape *s)
{
	struct gs_rng rng;
	struct gs_instr in;
	struct gs_contract c;
	struct result best;
	char label[64], against[96];
	uint64_t budget = UINT64_MAX;
	gs_rng_seed(&rng, s->m + s->n + s->k);
	product(s, &in);
	float *left = numbers((uint64_t)s->m * s->k, &rng), *right = numbers((uint64_t)s->k * s->n, &rng);
	float *out = numbers((uint64_t)s->m * s->n, NULL), *theirs = numbers((uint64_t)s->m * s->n, NULL);
	struct gs_memory mem = {.trace = (uint8_t *)out, .weights = (uint8_t *)right, .inputs = (uint8_t *)left};
	if (!gs_contract_match(&in, b->kernels, &c))
		abort();
	struct gs_contract kept = c;
	if (gs_contract_prepack(&kept, mem.weights, b->kernels, b->pool, b->ws, &budget) != GS_OK)
		abort();
	in_turns(b, s, &c, &kept, &mem, theirs, &in, &best);
	if (b->theirs)
		check(s, out, theirs);
	double flops = 2.0 * s->m * s->n * s->k;
	snprintf(label, sizeof(label), "%ux%ux%u", s->m, s->n, s->k);
	snprintf(against, sizeof(against), "theirs %.1f; ours with B packed before %.1f; peak %.1f",
	         flops / best.theirs * 1e-9, flops / best.packed * 1e-9, best.peak * 1e-9);
	gs_bench_row(b->table, label, flops / best.ours * 1e-9, "GFLOP/s", b->theirs ? best.theirs / best.ours : 0,
	             against);
	b->sum[s->odd] += log(best.theirs / best.ours);
	b->worst[s->odd] = fmin(b->worst[s->odd], best.theirs / best.ours);
	b->count[s->odd]++;
	gs_contract_drop(&kept);
	free(left);
	free(right);
	free(out);
	free(theirs);
}

static sgemm *open_blas(void)
{
	void *library = dlopen("libopenblas.so.0", RTLD_NOW);
	if (library == NULL)
		return NULL;
	void (*threads)(int);
	sgemm *product_of;
	*(void **)&threads = dlsym(library, "openblas_set_num_threads");
	*(void **)&product_of = dlsym(library, "cblas_sgemm");
	if (threads == NULL || product_of == NULL)
		return NULL;
	threads(1);
	return product_of;
}

/* BUILD/bench/parts/exec-gemm.json, for whoever puts the parts together. */
static int write_part(const char *program, const struct bench *b)
{
	char path[4096];
	const char *end = strstr(program, "tests/bench/");
	snprintf(path, sizeof(path), "%.*sbench", end ? (int)(end - program) : 0, program);
	mkdir(path, 0777);
	strncat(path, "/parts", sizeof(path) - strlen(path) - 1);
	mkdir(path, 0777);
	strncat(path, "/exec-gemm.json", sizeof(path) - strlen(path) - 1);
	FILE *f = fopen(path, "w");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	fprintf(f, "{\n  \"gemm_vs_openblas\": %.4f,\n  \"gemm_vs_openblas_square\": %.4f,\n",
	        exp((b->sum[0] + b->sum[1]) / (b->count[0] + b->count[1])), exp(b->sum[0] / b->count[0]));
	fprintf(f,
	        "  \"gemm_vs_openblas_odd\": %.4f,\n  \"gemm_worst_square\": %.4f,\n  \"gemm_worst_odd\": %.4f,\n  \"gemm_isa\": \"%s\"\n}\n",
	        exp(b->sum[1] / b->count[1]), b->worst[0], b->worst[1], b->kernels->isa);
	return fclose(f) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct shape shapes[] = {
		{256, 256, 256, false}, {512, 512, 512, false}, {1024, 1024, 1024, false}, {2048, 2048, 2048, false},
		{196, 64, 576, true},   {3136, 64, 64, true},   {12544, 32, 27, true},     {1, 4096, 4096, true},
	};
	const char *program = argc > 0 ? argv[0] : "";
	struct bench b = {
		.kernels = gs_kernels_named(argc > 1 ? argv[1] : NULL), .theirs = open_blas(), .worst = {1e9, 1e9}};
	if (b.kernels == NULL) {
		fprintf(stderr, "bench_gemm: this processor has no '%s'\n", argv[1]);
		return 1;
	}
	b.table = gs_bench_begin(program, "gemm", "matrix products M x N x K, GFLOP/s, against OpenBLAS");
	if (b.table == NULL || gs_pool_new(1, &b.pool) != GS_OK || gs_workspace_new(1, &b.ws) != GS_OK)
		return 1;
	gs_bench_note(b.table, "isa", b.kernels->isa);
	if (b.theirs == NULL)
		gs_bench_note(b.table, "openblas", "libopenblas.so.0 is absent (apt: libopenblas0-pthread): no ratios");
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		char label[64];
		snprintf(label, sizeof(label), "%ux%ux%u", shapes[i].m, shapes[i].n, shapes[i].k);
		if (argc <= 2 || strcmp(argv[2], label) == 0)
			time_shape(&b, &shapes[i]);
	}
	int status = b.theirs && argc <= 2 ? write_part(program, &b) : 0;
	gs_workspace_free(b.ws);
	gs_pool_free(b.pool);
	return gs_bench_end(b.table) | status;
}
