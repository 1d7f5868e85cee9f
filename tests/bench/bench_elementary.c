/* Scalar functions over arrays of 4096 floats, correctly rounded, by every instruction set, against SLEEF's vector functions of
 * the same instruction set (which err by up to 1.0 ulp) and glibc's scalar ones: nanoseconds an element, one thread, the best
 * of many short turns. A turn of one contender is microseconds, so all of them see the same state of the machine. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "tests/support/bench.h"
#include "validator/exec/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ELEMENTS = 4096, CONTENDERS_MAX = 8, SECONDS_A_FUNCTION = 1, SLOW_EVERY = 64 };

static float input[ELEMENTS], output[ELEMENTS];

struct contender {
	void (*run)(const struct contender *c);
	union {
		gs_kernel_map *map;
		float (*scalar)(float);
		void *peer;
	} f;
	double best;
	bool slow; /* takes its turn seldom, so that the others' turns lie close together */
};

static void run_array(const struct contender *c)
{
	c->f.map(input, output, ELEMENTS);
}

static void run_one_by_one(const struct contender *c)
{
	for (unsigned i = 0; i < ELEMENTS; i++)
		output[i] = c->f.scalar(input[i]);
}

/* By the wall clock: a turn is too short to be interrupted often, and the best is one that was not. Processor time is
 * credited back for stolen time by some hypervisors, and can then come out too short. */
static double wall_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void run_peer_avx512(const struct contender *c)
{
	__m512 (*peer)(__m512);
	memcpy(&peer, &c->f.peer, sizeof(peer));
	for (unsigned i = 0; i < ELEMENTS; i += 16)
		_mm512_storeu_ps(output + i, peer(_mm512_loadu_ps(input + i)));
}

__attribute__((target("avx2,fma"))) static void run_peer_avx2(const struct contender *c)
{
	__m256 (*peer)(__m256);
	memcpy(&peer, &c->f.peer, sizeof(peer));
	for (unsigned i = 0; i < ELEMENTS; i += 8)
		_mm256_storeu_ps(output + i, peer(_mm256_loadu_ps(input + i)));
}

/* False where SLEEF is absent or has none for this instruction set. */
static bool find_peer(void *library, const char *name, const char *isa, struct contender *c)
{
	bool wide = strcmp(isa, "avx512") == 0;
	char symbol[64];
	if (library == NULL || (!wide && strcmp(isa, "avx2") != 0))
		return false;
	snprintf(symbol, sizeof(symbol), wide ? "Sleef_%sf16_u10avx512f" : "Sleef_%sf8_u10avx2", name);
	*c = (struct contender){wide ? run_peer_avx512 : run_peer_avx2, {.peer = dlsym(library, symbol)}, 1e9, false};
	return c->f.peer != NULL;
}
#else
static bool find_peer(void *library, const char *name, const char *isa, struct contender *c)
{
	(void)library, (void)name, (void)isa, (void)c; /* measured on x86-64 only */
	return false;
}
#endif

/* The tables that differ in these functions, best first. */
static unsigned tables(const struct gs_kernels *table[CONTENDERS_MAX])
{
	unsigned count = 0;
	for (unsigned k = 0; gs_kernels_nth(k) != NULL && count < CONTENDERS_MAX / 2 - 1; k++)
		if (count == 0 || table[count - 1]->math != gs_kernels_nth(k)->math)
			table[count++] = gs_kernels_nth(k);
	return count;
}

static void in_turns(struct contender *c, unsigned n)
{
	double until = wall_s() + SECONDS_A_FUNCTION;
	for (unsigned turn = 0; turn < 5 || wall_s() < until; turn++)
		for (unsigned k = 0; k < n; k++) {
			if (c[k].slow && turn % SLOW_EVERY != 0)
				continue;
			double start = wall_s();
			c[k].run(&c[k]);
			c[k].best = fmin(c[k].best, wall_s() - start);
		}
}

struct subject {
	const char *name;
	unsigned fn;
	float low, high; /* where it is interesting */
	float (*glibc)(float);
};

static void row(struct gs_bench *b, const char *name, const char *what, double ns, double ratio, const char *against)
{
	char label[128];
	snprintf(label, sizeof(label), "%s, %s", name, what);
	gs_bench_row(b, label, ns, "ns", ratio, against);
}

/* BUILD/bench/parts/exec-elementary.json: {"elementary": {"exp": {"avx512_ns": ..., "avx512_of_sleef": ..., ...}, ...}} */
static FILE *open_part(const char *program)
{
	char path[4096];
	const char *end = strstr(program, "tests/bench/");
	snprintf(path, sizeof(path) - 32, "%.*sbench", end ? (int)(end - program) : 0, program);
	mkdir(path, 0777);
	strcat(path, "/parts");
	mkdir(path, 0777);
	strcat(path, "/exec-elementary.json");
	FILE *f = fopen(path, "w");
	if (f == NULL)
		perror(path);
	return f;
}

static void time_function(struct gs_bench *b, FILE *part, void *library, const struct subject *s)
{
	struct contender c[CONTENDERS_MAX];
	struct gs_rng rng;
	const struct gs_kernels *table[CONTENDERS_MAX];
	unsigned n = 0, peer[CONTENDERS_MAX] = {0}, count = tables(table);
	gs_rng_seed(&rng, s->fn);
	for (unsigned i = 0; i < ELEMENTS; i++)
		input[i] = s->low + (s->high - s->low) * ((float)gs_rng_below(&rng, 1 << 24) * 0x1p-24f);
	c[n++] = (struct contender){run_one_by_one, {.scalar = s->glibc}, 1e9, false};
	for (unsigned k = 0; k < count; k++) {
		const struct gs_kernels *kernels = table[k];
		c[n] = (struct contender){
			run_array, {.map = kernels->math->map[s->fn]}, 1e9, kernels->math == &gs_vmath_portable};
		bool found = find_peer(library, s->name, kernels->isa, &c[n + 1]);
		peer[k] = found ? n + 1 : 0;
		n += found ? 2 : 1;
	}
	in_turns(c, n);
	char label[64];
	double ns = 1e9 / ELEMENTS, glibc = c[0].best * ns;
	fprintf(part, "\"%s\": {", s->name);
	n = 1;
	for (unsigned k = 0; k < count; k++) {
		const char *isa = table[k]->isa;
		double ours = c[n].best * ns, theirs = c[peer[k]].best * ns;
		fprintf(part, "\"%s_ns\": %.4f, \"%s_glibc_of_ours\": %.3f, ", isa, ours, isa, glibc / ours);
		row(b, s->name, isa, ours, ours / theirs, peer[k] ? "SLEEF's time" : "glibc's time");
		if (peer[k]) {
			fprintf(part, "\"%s_of_sleef\": %.3f, ", isa, ours / theirs);
			snprintf(label, sizeof(label), "SLEEF %s", isa);
			row(b, s->name, label, theirs, theirs / glibc, "glibc's time");
		}
		n += peer[k] ? 2 : 1;
	}
	fprintf(part, "\"glibc_ns\": %.4f}", glibc);
	row(b, s->name, "glibc", glibc, 1, "itself");
}

int main(int argc, char **argv)
{
	static const struct subject subjects[] = {
		{"exp", GS_FN_F32_EXP, -20, 20, expf},       {"log", GS_FN_F32_LOG, 0x1p-20f, 100, logf},
		{"tanh", GS_FN_F32_TANH, -6, 6, tanhf},      {"erf", GS_FN_F32_ERF, -4, 4, erff},
		{"sin", GS_FN_F32_SIN, -20, 20, sinf},       {"cos", GS_FN_F32_COS, -20, 20, cosf},
		{"expm1", GS_FN_F32_EXPM1, -5, 5, expm1f},   {"log1p", GS_FN_F32_LOG1P, -0.9f, 10, log1pf},
		{"tan", GS_FN_F32_TAN, -20, 20, tanf},       {"asin", GS_FN_F32_ASIN, -1, 1, asinf},
		{"acos", GS_FN_F32_ACOS, -1, 1, acosf},      {"atan", GS_FN_F32_ATAN, -10, 10, atanf},
		{"sinh", GS_FN_F32_SINH, -5, 5, sinhf},      {"cosh", GS_FN_F32_COSH, -5, 5, coshf},
		{"asinh", GS_FN_F32_ASINH, -10, 10, asinhf}, {"acosh", GS_FN_F32_ACOSH, 1, 100, acoshf},
		{"atanh", GS_FN_F32_ATANH, -1, 1, atanhf},
	};
	void *library = dlopen("libsleef.so.3", RTLD_NOW);
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "elementary",
	                                    "elementary functions over arrays, ns an element");
	FILE *part = open_part(argc > 0 ? argv[0] : "");
	if (b == NULL || part == NULL)
		return 1;
	if (library == NULL)
		gs_bench_note(b, "sleef", "libsleef.so.3 is absent (apt: libsleef-dev): ratios are to glibc");
	fprintf(part, "{\"elementary\": {");
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		fprintf(part, "%s\n", i ? "," : "");
		time_function(b, part, library, &subjects[i]);
	}
	fprintf(part, "}}\n");
	int closed = fclose(part);
	return gs_bench_end(b) | (closed != 0);
}
