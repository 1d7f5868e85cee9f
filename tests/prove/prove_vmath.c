/* tests/prove/prove_vmath.c: every input through the functions over arrays of every instruction set.
 *
 * prove_vmath FUNCTION ("exp", ...; "sigmoid" is 1 / (1 + exp(-x)) by arrays) runs all 2^32 inputs through each table of
 * validator/exec/vmath.h that this processor can run, but for the portable one, and compares the bits with those of the scalar functions, one after the other (the portable table). `make prove-vmath` links
 * them compiled for this machine, which `make prove-math-native` compares with MPFR. Two threads. Exit
 * status 0 only without a difference. */
#include "challenge/machine/scalar.h"
#include "validator/exec/kernels.h"
#include "validator/exec/sweep_kernels.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { THREADS = 2, BLOCK = 4096, TABLES_MAX = 8, PRINTED = 20 };

struct job {
	const char *name;
	unsigned fn; /* 0: sigmoid */
	const struct gs_kernels *kernels[TABLES_MAX];
	unsigned tables;
	pthread_mutex_t lock;
	uint32_t next; /* of 2^12 parts */
	uint64_t inputs, differences;
};

static void by_array(const struct gs_kernels *kernels, unsigned fn, const float *in, float *out)
{
	static const float one = 1;
	gs_sweep_kernel *const *sweep = kernels->sweep->fn;
	if (fn) {
		kernels->math->map[fn](in, out, BLOCK);
		return;
	}
	sweep[GS_FN_F32_NEG](out, BLOCK, in, &one, &one, 1);
	kernels->math->map[GS_FN_F32_EXP](out, out, BLOCK);
	sweep[GS_FN_F32_ADD](out, BLOCK, out, &one, &one, 1);
	sweep[GS_FN_F32_DIV](out, BLOCK, &one, out, &one, 2);
}

static uint64_t run_block(struct job *job, uint32_t first)
{
	uint32_t in[BLOCK], right[BLOCK], got[BLOCK];
	float x[BLOCK], y[BLOCK];
	uint64_t differences = 0;
	for (uint32_t i = 0; i < BLOCK; i++)
		in[i] = first + i;
	memcpy(x, in, sizeof(x));
	by_array(&gs_kernels_portable, job->fn, x, y);
	memcpy(right, y, sizeof(right));
	for (unsigned k = 0; k < job->tables; k++) {
		by_array(job->kernels[k], job->fn, x, y);
		memcpy(got, y, sizeof(got));
		if (memcmp(got, right, sizeof(got)) == 0)
			continue;
		pthread_mutex_lock(&job->lock);
		for (uint32_t i = 0; i < BLOCK; i++)
			if (got[i] != right[i] && job->differences + differences++ < PRINTED)
				printf("difference: %s: %s(%08" PRIx32 ") gave %08" PRIx32 ", not %08" PRIx32 "\n",
				       job->kernels[k]->isa, job->name, in[i], got[i], right[i]);
		pthread_mutex_unlock(&job->lock);
	}
	return differences;
}

static void *worker(void *arg)
{
	struct job *job = arg;
	for (;;) {
		pthread_mutex_lock(&job->lock);
		uint32_t part = job->next++;
		pthread_mutex_unlock(&job->lock);
		if (part >= 1 << 12)
			return NULL;
		uint64_t differences = 0;
		for (uint32_t at = 0; at < 1 << 20; at += BLOCK)
			differences += run_block(job, part << 20 | at);
		pthread_mutex_lock(&job->lock);
		job->inputs += 1 << 20;
		job->differences += differences;
		pthread_mutex_unlock(&job->lock);
	}
}

int main(int argc, char **argv)
{
	struct job job = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread[THREADS];
	bool known = false;
	struct timespec start, end;
	for (unsigned code = 1; argc == 2 && code < GS_VMATH_CODES && !known; code++) {
		known = gs_fn_info(code) && gs_fn_info(code)->arity == 1 && gs_vmath_portable.map[code] &&
		        strcmp(gs_fn_info(code)->name + strlen("f32."), argv[1]) == 0;
		job.fn = known ? code : 0;
	}
	if (argc != 2 || (!known && strcmp(argv[1], "sigmoid") != 0)) {
		fprintf(stderr, "usage: prove_vmath FUNCTION (exp, ..., or sigmoid)\n");
		return 2;
	}
	job.name = argv[1];
	for (unsigned k = 0; gs_kernels_nth(k) != NULL && k < TABLES_MAX; k++)
		if (gs_kernels_nth(k)->math != &gs_vmath_portable &&
		    (job.tables == 0 || job.kernels[job.tables - 1]->math != gs_kernels_nth(k)->math))
			job.kernels[job.tables++] = gs_kernels_nth(k);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, worker, &job) != 0) {
			fprintf(stderr, "prove_vmath: cannot start a thread\n");
			return 2;
		}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%s (", job.name);
	for (unsigned k = 0; k < job.tables; k++)
		printf("%s%s", k ? ", " : "", job.kernels[k]->isa);
	printf("): %" PRIu64 " inputs, %" PRIu64 " differences, %.1f s\n", job.inputs, job.differences,
	       (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
	return job.tables > 0 && job.differences == 0 && job.inputs == (uint64_t)1 << 32 ? 0 : 1;
}
