/* exp, log, tanh, erf, correctly rounded, against glibc's, which are not: nanoseconds an element. */
#include <math.h>
#include <stdio.h>

#include "chain/core/rng.h"
#include "challenge/machine/elementary.h"
#include "tests/support/bench.h"

enum { ELEMENTS = 1 << 15 };

static float input[ELEMENTS], output[ELEMENTS];

typedef float (*function)(float);
typedef void (*array_function)(const float *in, float *out, size_t n);

struct call {
	function f;
	array_function array;
};

static void one_by_one(void *context)
{
	function f = ((struct call *)context)->f;
	for (size_t i = 0; i < ELEMENTS; i++)
		output[i] = f(input[i]);
}

static void as_array(void *context)
{
	((struct call *)context)->array(input, output, ELEMENTS);
}

static const struct {
	const char *name;
	float low, high; /* where models use it */
	function ours, glibc;
	array_function array;
} functions[] = {
	{"exp", -20, 20, gs_expf, expf, gs_expf_array},
	{"log", 0x1p-20f, 100, gs_logf, logf, gs_logf_array},
	{"tanh", -6, 6, gs_tanhf, tanhf, gs_tanhf_array},
	{"erf", -4, 4, gs_erff, erff, gs_erff_array},
};

int main(int argc, char **argv)
{
	struct gs_rng rng;
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "elementary",
	                                    "elementary functions, ns an element");
	if (b == NULL)
		return 1;
	gs_rng_seed(&rng, 1);
	for (size_t f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
		float width = functions[f].high - functions[f].low;
		for (size_t i = 0; i < ELEMENTS; i++)
			input[i] = functions[f].low + width * ((float)gs_rng_below(&rng, 1 << 24) * 0x1p-24f);
		struct call ours = {functions[f].ours, functions[f].array}, glibc = {functions[f].glibc, NULL};
		struct gs_bench_task task[] = {{one_by_one, &ours, 0}, {as_array, &ours, 0}, {one_by_one, &glibc, 0}};
		gs_bench_in_turns(task, 3, GS_BENCH_PROCESSOR, 0.5);
		char label[64];
		double ns = 1e9 / ELEMENTS;
		snprintf(label, sizeof(label), "%s, one by one", functions[f].name);
		gs_bench_row(b, label, task[0].median_s * ns, "ns", task[0].median_s / task[2].median_s,
		             "glibc's time");
		snprintf(label, sizeof(label), "%s, array", functions[f].name);
		gs_bench_row(b, label, task[1].median_s * ns, "ns", task[1].median_s / task[2].median_s,
		             "glibc's time");
		snprintf(label, sizeof(label), "%s, glibc", functions[f].name);
		gs_bench_row(b, label, task[2].median_s * ns, "ns", 1, "itself");
	}
	return gs_bench_end(b);
}
