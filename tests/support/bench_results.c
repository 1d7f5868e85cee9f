#include "tests/support/bench_results.h"

#include "chain/core/core.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

void gs_bench_result_print(struct gs_bench *b, const struct gs_bench_result *r, unsigned batch)
{
	char label[300], against[160], times[16] = "";
	if (batch > 1)
		snprintf(times, sizeof(times), " x%u", batch);
	for (unsigned t = 0; t < 2; t++) {
		const struct gs_bench_side *s = &r->threads[t];
		snprintf(label, sizeof(label), "%s%s, %u", r->name, times, t + 1);
		snprintf(against, sizeof(against), "ONNX Runtime's %.4g", s->ort * 1e3);
		gs_bench_row(b, label, s->ours.best * 1e3, "ms", s->ours.best / s->ort, against);
	}
	const struct {
		const char *what, *unit;
		double ours, ort;
	} once[] = {{"load", "ms", r->ours_first.load * 1e3, r->ort_first.load * 1e3},
	            {"first run", "ms", r->ours_first.run * 1e3, r->ort_first.run * 1e3},
	            {"peak", "MiB", r->ours_mib, r->ort_mib}};
	for (size_t i = 0; i < GS_ARRAY_LEN(once); i++) {
		snprintf(label, sizeof(label), "%s%s, %s", r->name, times, once[i].what);
		snprintf(against, sizeof(against), "ONNX Runtime's %.4g", once[i].ort);
		gs_bench_row(b, label, once[i].ours, once[i].unit, once[i].ours / once[i].ort, against);
	}
}

static json_t *side_json(const struct gs_bench_side *s)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "ours_ms", s->ours.best * 1e3, "ort_ms", s->ort * 1e3,
	                 "ratio", s->ours.best / s->ort, "ours_median_ms", s->ours.median * 1e3, "ort_call_median_ms",
	                 s->call.median * 1e3, "ort_model_run_ms", s->profile.best * 1e3, "ort_model_run_median_ms",
	                 s->profile.median * 1e3);
}

static json_t *result_json(const struct gs_bench_result *r)
{
	json_t *json = side_json(&r->threads[0]);
	json_object_set_new(json, "two_threads", side_json(&r->threads[1]));
	json_object_set_new(json, "load_ms", json_real(r->ours_first.load * 1e3));
	json_object_set_new(json, "ort_load_ms", json_real(r->ort_first.load * 1e3));
	json_object_set_new(json, "first_run_ms", json_real(r->ours_first.run * 1e3));
	json_object_set_new(json, "ort_first_run_ms", json_real(r->ort_first.run * 1e3));
	json_object_set_new(json, "first_ms", json_real(r->ours_first.total * 1e3));
	json_object_set_new(json, "ort_first_ms", json_real(r->ort_first.total * 1e3));
	json_object_set_new(json, "peak_mib", json_real(r->ours_mib));
	json_object_set_new(json, "ort_peak_mib", json_real(r->ort_mib));
	json_object_set_new(json, "trace_vs_model", json_real(r->trace_vs_model));
	json_object_set_new(json, "different", json_real(r->different));
	return json;
}

/* NULL without memory; results at least 1. */
static json_t *summary(const struct gs_bench_result *result, unsigned results, const char *what)
{
	double log1 = 0, log2 = 0, worst = 0, worst_trace = 0;
	const char *worst_model = "", *worst_trace_model = "";
	json_t *models = json_object();
	for (unsigned i = 0; i < results; i++) {
		const struct gs_bench_result *r = &result[i];
		double one = r->threads[0].ours.best / r->threads[0].ort,
		       two = r->threads[1].ours.best / r->threads[1].ort;
		double most = one > two ? one : two;
		log1 += log(one);
		log2 += log(two);
		worst_model = most > worst ? r->name : worst_model;
		worst = most > worst ? most : worst;
		worst_trace_model = r->trace_vs_model > worst_trace ? r->name : worst_trace_model;
		worst_trace = r->trace_vs_model > worst_trace ? r->trace_vs_model : worst_trace;
		json_object_set_new(models, r->name, result_json(r));
	}
	double geomean1 = exp(log1 / results), geomean2 = exp(log2 / results);
	printf("%u models%s: geometric mean of ours : ONNX Runtime's %.3f with one thread, %.3f with two; worst %.2f (%s)\n"
	       "a committing run : a plain run and hashing, at worst %.2f (%s)\n",
	       results, what, geomean1, geomean2, worst, worst_model, worst_trace, worst_trace_model);
	return json_pack("{s:f, s:f, s:f, s:s, s:f, s:s, s:o}", "geomean_1t", geomean1, "geomean_2t", geomean2, "worst",
	                 worst, "worst_model", worst_model, "trace_vs_model", worst_trace, "trace_vs_model_worst",
	                 worst_trace_model, "models", models);
}

bool gs_bench_results_write(const char *build, const char *name, const char *key, const struct gs_bench_result *one,
                            unsigned ones, const struct gs_bench_result *batch, unsigned batches)
{
	char path[4200];
	json_t *part = ones > 0 ? summary(one, ones, "") : json_object();
	if (batches > 0)
		json_object_set_new(part, "batch8", summary(batch, batches, " in batches of 8"));
	if (key != NULL)
		part = json_pack("{s:o}", key, part);
	snprintf(path, sizeof(path), "%s/bench/parts", build);
	bool ok = mkdir(path, 0777) == 0 || errno == EEXIST;
	snprintf(path, sizeof(path), "%s/bench/parts/exec-%s.json", build, name);
	ok = ok && part != NULL && json_dump_file(part, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;
	if (!ok)
		printf("cannot write %s\n", path);
	json_decref(part);
	return ok;
}
