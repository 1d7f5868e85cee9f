/* tests/support/bench_results.h: what bench_models measures: its rows, and the file that other tools read. */
#ifndef GS_TESTS_SUPPORT_BENCH_RESULTS_H
#define GS_TESTS_SUPPORT_BENCH_RESULTS_H

#include "tests/support/bench.h"

#include <stdbool.h>

struct gs_bench_best { /* seconds a run */
	double best, median;
};

struct gs_bench_side { /* one number of threads */
	struct gs_bench_best ours, call, profile;
	double ort; /* the lesser of call and profile */
};

struct gs_bench_first { /* seconds of processor time; total: the least of both together, which need not be of one try */
	double load, run, total;
};

struct gs_bench_result {
	char name[256];
	struct gs_bench_side threads[2];
	struct gs_bench_first ours_first, ort_first;
	double ours_mib, ort_mib; /* beyond the process that has run the smallest model; negative: not known */
	double trace_vs_model, different;
};

/* Rows "NAME, 1", "NAME, 2" (threads), "NAME, load", "NAME, first run", "NAME, peak"; of a greater batch "NAME x8, 1"... */
void gs_bench_result_print(struct gs_bench *b, const struct gs_bench_result *r, unsigned batch);

/* Prints the geometric means and writes BUILD/bench/parts/exec-NAME.json. Of models at batch 1 its keys are geomean_1t,
 * geomean_2t, worst, worst_model, trace_vs_model, trace_vs_model_worst, models, and "batch8" with the same of those at batch
 * 8; all of them under `key` when it is not NULL. False after a message. */
bool gs_bench_results_write(const char *build, const char *name, const char *key, const struct gs_bench_result *one,
                            unsigned ones, const struct gs_bench_result *batch, unsigned batches);

#endif
