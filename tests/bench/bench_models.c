/* Whole models beside ONNX Runtime (npm's onnxruntime-node), both in turns, and the price of committing to a run.
 *
 *     bench_models [FOLDER] [NAME...]     FOLDER has a folder a model, as $GAINSAY_DATA/models; NAMEs choose
 *
 * Each model runs with one thread and with two. Times of one thread are processor time and of two the clock's; a figure is
 * the best of rounds that both sides take in turns, and the medians are kept beside it. ONNX Runtime's figure is the lesser
 * of what its own profile calls model_run and what a call takes that goes straight to the binding: the first has the
 * profile's own cost in it, the second that of JavaScript. Both sides' outputs are compared, so both have really computed.
 * `load` is from the file to where a run can begin: map, lower and prepare the plan here, create a session there; `first`
 * is that and the first run, with what only the first does. */
#include "tests/support/bench.h"
#include "tests/support/bench_model.h"
#include "tests/support/ort_peer.h"
#include "validator/cli/compare.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 40,
	ROUNDS_MIN = 4,
	CALLS_MAX = 200, /* of one round */
	FIRSTS = 3,
	PROFILED_MAX = 200,
	KECCAK_CHUNKS = 1 << 15,
	MODELS_MAX = 256,
};
#define ROUND_S 2e-3 /* what a round should take */
#define BUDGET_S 1.2 /* of rounds, a model and number of threads */
#define DIFFERENT_MAX \
	0.01 /* the share of values that may lie outside the tolerance: they are of models that amplify last bits */

struct best {
	double best, median;
};

struct side { /* one number of threads */
	struct best ours, call, profile;
	double ort; /* the lesser of call and profile */
};

struct first { /* processor time; total: the least of both together, which need not be of one try */
	double load, run, total;
};

struct result {
	char name[256];
	struct side threads[2];
	struct first ours_first, ort_first;
	double ours_mib, ort_mib; /* beyond the process that has run the smallest model; negative: not known */
	double trace_vs_model, different;
};

struct model {
	const char *label;
	char path[4200], folder[4096], scratch[4096];
	struct gs_mapped file;
	struct gs_tensor_set set;
	struct gs_onnx_signature signature;
	const struct gs_tensor *tensor[GS_IO_MAX], *feed[GS_IO_MAX];
	const char *name[GS_IO_MAX];
	uint32_t used;
	struct gs_program program;
	struct gs_trace trace;
	struct gs_run run; /* for its inputs and outputs */
};

static double seconds(bool processor)
{
	struct timespec t;
	clock_gettime(processor ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct best best_of(double *took, unsigned n)
{
	qsort(took, n, sizeof(*took), ascending);
	return (struct best){took[0], took[n / 2]};
}

/* ---- a model, opened ---- */

static enum gs_err open_model(struct model *m, struct gs_error *error)
{
	uint32_t index[GS_IO_MAX];
	gs_tensor_set_init(&m->set);
	enum gs_err err = gs_bench_model_inputs(m->folder, &m->set, error);
	if (err == GS_OK)
		err = gs_map_file(m->path, GS_MODEL_FILE_MAX, &m->file, error);
	if (err == GS_OK)
		err = gs_onnx_signature_read(m->file.bytes, &m->signature, error);
	if (err == GS_OK && m->signature.inputs > GS_IO_MAX)
		err = gs_fail(error, GS_ELIMIT, "more than %d inputs", GS_IO_MAX);
	for (uint32_t i = 0; err == GS_OK && i < m->signature.inputs; i++)
		m->name[i] = m->signature.input[i].name;
	if (err == GS_OK)
		err = gs_tensor_set_match(&m->set, m->name, m->signature.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < m->signature.inputs; i++)
		m->tensor[i] = &m->set.tensor[index[i]];
	if (err == GS_OK)
		err = gs_bench_model_lower(m->path, m->file.bytes, &m->set, &m->program, m->feed, &m->used, error);
	if (err == GS_OK)
		err = gs_run_init(&m->run, &m->program, m->feed, m->used, error);
	if (err == GS_OK)
		err = gs_trace_init_for(&m->trace, &m->program);
	return err;
}

static void close_model(struct model *m)
{
	gs_trace_free(&m->trace);
	gs_run_free(&m->run);
	gs_program_free(&m->program);
	gs_onnx_signature_free(&m->signature);
	gs_unmap_file(&m->file);
	gs_tensor_set_free(&m->set);
}

/* ---- from the file to the first result; the memory of it ---- */

static const struct first nothing_yet = {INFINITY, INFINITY, INFINITY};

static void keep_least(struct first *least, const struct first *took)
{
	least->load = took->load < least->load ? took->load : least->load;
	least->run = took->run < least->run ? took->run : least->run;
	least->total = took->total < least->total ? took->total : least->total;
}

static enum gs_err first_run(const char *folder, const char *path, struct first *took, struct gs_error *error)
{
	struct gs_mapped file = {0};
	struct gs_tensor_set set;
	struct gs_program program = {.count = 0};
	struct gs_run run = {.program = NULL};
	const struct gs_tensor *feed[GS_IO_MAX];
	uint32_t used = 0;
	gs_tensor_set_init(&set);
	enum gs_err err = gs_bench_model_inputs(folder, &set, error);
	double start = seconds(true);
	if (err == GS_OK)
		err = gs_map_file(path, GS_MODEL_FILE_MAX, &file, error);
	if (err == GS_OK)
		err = gs_bench_model_lower(path, file.bytes, &set, &program, feed, &used, error);
	gs_unmap_file(&file);
	double lowered = seconds(true);
	if (err == GS_OK)
		err = gs_run_init(&run, &program, feed, used, error);
	double before_plan = seconds(true);
	if (err == GS_OK)
		err = gs_run_prepare(&run, 1, error);
	double planned = seconds(true);
	if (err == GS_OK)
		err = gs_run_execute(&run, 1, NULL, error);
	double end = seconds(true);
	took->load = lowered - start + (planned - before_plan);
	took->total = end - start;
	took->run = took->total - took->load; /* with the trace's mapping and the inputs' copies */
	gs_run_free(&run);
	gs_program_free(&program);
	gs_tensor_set_free(&set);
	return err;
}

/* In a process of its own, which prints the peak of its memory beyond what any model takes. */
static int print_memory(const char *folder)
{
	char path[4200];
	struct gs_error error = {0};
	struct first took;
	double before = gs_bench_process_mib();
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	if (before < 0 || first_run(folder, path, &took, &error) != GS_OK)
		return 1;
	printf("%.3f\n", gs_bench_peak_mib() - before);
	return 0;
}

static double own_memory(const char *program, const struct model *m)
{
	int ends[2], status = 1;
	char text[64] = "";
	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		if (dup2(ends[1], 1) == 1)
			execl("/proc/self/exe", program, "--memory", m->folder, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || n <= 0)
		return -1;
	return strtod(text, NULL);
}

/* A new process of ONNX Runtime with the model, its first run done; *first, *mib may get what that took. */
static bool start_peer(const char *build, const struct model *m, unsigned threads, struct gs_ort_peer *peer,
                       struct first *first, double *mib)
{
	static const float one = 1;
	const struct gs_tensor x = {.dtype = GS_F32, .rank = 1, .dim = {1}, .count = 1, .data = (const uint8_t *)&one};
	const struct gs_tensor *const tensor[] = {&x};
	const char *const name[] = {"x"};
	char path[4200];
	struct gs_error error;
	struct gs_ort_loaded before, after;
	snprintf(path, sizeof(path), "%s/smallest.onnx", m->scratch);
	if (gs_write_file(path, gs_bench_model_smallest, &error) != GS_OK)
		return false;
	if (!gs_ort_start(build, peer) ||
	    !gs_ort_load(peer, "the smallest model", path, threads, m->scratch, name, tensor, 1, &before) ||
	    !gs_ort_load(peer, m->label, m->path, threads, m->scratch, m->name, m->tensor, m->signature.inputs, &after))
		return false;
	if (first == NULL)
		return true;
	*mib = after.peak_mib - before.peak_mib;
	*first = nothing_yet;
	for (unsigned i = 0;;) {
		double load = after.load.processor, run = after.first.processor;
		keep_least(first, &(struct first){load, run, load + run});
		if (++i == FIRSTS)
			return true;
		if (!gs_ort_load(peer, m->label, m->path, threads, m->scratch, m->name, m->tensor, m->signature.inputs,
		                 &after))
			return false;
	}
}

static bool own_first(const struct model *m, struct first *out)
{
	struct gs_error error = {0};
	*out = nothing_yet;
	for (unsigned i = 0; i < FIRSTS; i++) {
		struct first took;
		if (first_run(m->folder, m->path, &took, &error) != GS_OK)
			return false;
		keep_least(out, &took);
	}
	return true;
}

/* ---- runs in turns ---- */

static double time_ours(struct gs_exec_plan *plan, const struct gs_memory *memory, unsigned calls, bool processor)
{
	double start = seconds(processor);
	for (unsigned i = 0; i < calls; i++)
		if (gs_exec_plan_run(plan, memory, NULL) != GS_OK)
			abort();
	return (seconds(processor) - start) / calls;
}

static unsigned calls_a_round(double one)
{
	return one * CALLS_MAX < ROUND_S ? CALLS_MAX : one < ROUND_S ? (unsigned)(ROUND_S / one) : 1;
}

static bool in_turns(struct model *m, struct gs_exec_plan *plan, struct gs_ort_peer *peer, unsigned threads,
                     struct side *out)
{
	const struct gs_memory memory = {
		.trace = m->trace.chunks, .weights = m->program.weights, .inputs = m->run.inputs};
	double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], profile[PROFILED_MAX];
	struct gs_ort_times took;
	bool processor = threads == 1;
	unsigned rounds = 0;
	(void)time_ours(plan, &memory, 2, processor);
	unsigned our_calls = calls_a_round(time_ours(plan, &memory, 1, processor));
	if (!gs_ort_run(peer, m->label, 2, &took) || !gs_ort_run(peer, m->label, 1, &took))
		return false;
	unsigned their_calls = calls_a_round(processor ? took.processor : took.wall);
	double start = seconds(false);
	while (rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && seconds(false) - start < BUDGET_S)) {
		ours[rounds] = time_ours(plan, &memory, our_calls, processor);
		if (!gs_ort_run(peer, m->label, their_calls, &took))
			return false;
		theirs[rounds++] = (processor ? took.processor : took.wall) / their_calls;
	}
	unsigned profiled = rounds * their_calls < PROFILED_MAX ? rounds * their_calls : PROFILED_MAX;
	if (!gs_ort_profile(peer, m->label, threads, m->scratch, profiled, profile))
		return false;
	out->ours = best_of(ours, rounds);
	out->call = best_of(theirs, rounds);
	out->profile = best_of(profile, profiled);
	out->ort = out->call.best < out->profile.best ? out->call.best : out->profile.best;
	return true;
}

/* ---- outputs ---- */

static bool close_enough(double have, double want, bool half)
{
	if (isnan(have) || isnan(want) || isinf(have) || isinf(want))
		return (isnan(have) && isnan(want)) || have == want;
	return fabs(have - want) <= 1e-5 + (half ? 2e-2 : 1e-3) * fabs(want);
}

/* The share of values that differ by more than the tolerance; false when shapes or types do. */
static bool compare_outputs(struct model *m, struct gs_ort_peer *peer, double *different)
{
	struct gs_ort_outputs theirs;
	uint64_t values = 0, wrong = 0;
	bool ok = gs_ort_outputs(peer, m->label, m->scratch, &theirs) && theirs.count == m->program.io.outputs;
	memcpy(m->run.trace, m->trace.chunks, m->run.trace_bytes);
	for (uint32_t i = 0; ok && i < theirs.count; i++) {
		struct gs_tensor have;
		const struct gs_tensor *want = &theirs.tensor[i];
		gs_run_output(&m->run, i, &have);
		enum gs_difference d = gs_compare(&have, want, GS_TOLERANCE, NULL);
		ok = d == GS_SAME || d == GS_DIFFERENT_VALUE;
		values += have.count;
		for (uint64_t k = 0; ok && d != GS_SAME && k < have.count; k++) {
			uint64_t a = gs_element_bits(have.data, have.dtype, k),
				 b = gs_element_bits(want->data, want->dtype, k);
			bool floats = gs_dtype_class(have.dtype) == GS_CLASS_F32;
			wrong += floats ? !close_enough(gs_float_value(have.dtype, a), gs_float_value(have.dtype, b),
			                                m->signature.half)
			                : a != b;
		}
	}
	gs_ort_outputs_free(&theirs);
	*different = values ? (double)wrong / (double)values : 0;
	if (!ok || *different > DIFFERENT_MAX)
		printf("%s: the outputs are not ONNX Runtime's: %.3g %% of the values differ\n", m->label,
		       *different * 100);
	return ok && *different <= DIFFERENT_MAX;
}

/* ---- committing ---- */

/* A committing run, over a plain run (for the outputs alone) and the time that hashing as many bytes takes in the same minute. */
static enum gs_err measure_trace(struct model *m, struct gs_exec_plan *plan, double *out, struct gs_error *error)
{
	const struct gs_exec_options options = {.threads = 1, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX};
	struct gs_exec_plan *whole = NULL; /* that keeps the trace */
	const struct gs_memory memory = {
		.trace = m->trace.chunks, .weights = m->program.weights, .inputs = m->run.inputs};
	double plain[ROUNDS_MAX], committing[ROUNDS_MAX], hashing[ROUNDS_MAX], bytes = 0;
	struct gs_trace keccak;
	enum gs_err err = gs_exec_plan_new(&m->program, &options, &whole, error);
	unsigned rounds = 0;
	if (err == GS_OK)
		err = gs_trace_init(&keccak, 15, KECCAK_CHUNKS);
	if (err != GS_OK) {
		gs_exec_plan_free(whole);
		return err;
	}
	for (size_t i = 0; i < (size_t)KECCAK_CHUNKS * GS_CHUNK_BYTES; i++)
		keccak.chunks[i] = (uint8_t)(i * 2654435761U >> 13);
	for (uint32_t i = 0; i < m->program.count; i++) {
		struct gs_instr in = gs_program_instr(&m->program, i);
		bytes += (double)gs_dtype_chunks((enum gs_dtype)in.store_dtype, gs_instr_count(&in)) * GS_CHUNK_BYTES;
	}
	unsigned calls = calls_a_round(time_ours(plan, &memory, 1, true));
	double start = seconds(false);
	while (err == GS_OK && (rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && seconds(false) - start < BUDGET_S))) {
		plain[rounds] = time_ours(plan, &memory, calls, true);
		double before = seconds(true);
		for (unsigned i = 0; err == GS_OK && i < calls; i++)
			err = gs_exec_plan_run_committing(whole, &memory, &m->trace, error);
		committing[rounds] = (seconds(true) - before) / calls;
		before = seconds(true);
		if (err == GS_OK)
			err = gs_trace_commit(&keccak);
		hashing[rounds++] = seconds(true) - before;
	}
	gs_trace_free(&keccak);
	gs_exec_plan_free(whole);
	double rate = (double)KECCAK_CHUNKS * GS_CHUNK_BYTES / best_of(hashing, rounds).best;
	*out = best_of(committing, rounds).best / (best_of(plain, rounds).best + bytes / rate);
	return err;
}

/* ---- one model ---- */

static bool measure_threads(const char *build, struct model *m, unsigned threads, struct result *r)
{
	struct gs_ort_peer peer = {.pid = 0};
	struct gs_exec_plan *plan = NULL;
	struct gs_error error = {0};
	const struct gs_exec_options options = {
		.threads = threads, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX, .outputs_only = true};
	bool one = threads == 1;
	enum gs_err err = gs_exec_plan_new(&m->program, &options, &plan, &error);
	bool ok = err == GS_OK &&
	          start_peer(build, m, threads, &peer, one ? &r->ort_first : NULL, one ? &r->ort_mib : NULL) &&
	          in_turns(m, plan, &peer, threads, &r->threads[threads - 1]) &&
	          (!one || compare_outputs(m, &peer, &r->different));
	gs_ort_stop(&peer);
	if (ok && one)
		err = measure_trace(m, plan, &r->trace_vs_model, &error);
	if (err != GS_OK)
		printf("%s: %s\n", m->label, error.text);
	gs_exec_plan_free(plan);
	return ok && err == GS_OK;
}

static bool measure(const char *program, const char *build, const char *root, const char *label, struct result *r)
{
	struct model *m = calloc(1, sizeof(*m));
	struct gs_error error = {0};
	if (m == NULL)
		return false;
	m->label = label;
	snprintf(r->name, sizeof(r->name), "%s", label);
	snprintf(m->folder, sizeof(m->folder), "%s/%s", root, label);
	snprintf(m->path, sizeof(m->path), "%s/model.onnx", m->folder);
	snprintf(m->scratch, sizeof(m->scratch), "%s/bench/ort", build);
	bool ok = mkdir(m->scratch, 0777) == 0 || errno == EEXIST;
	r->ours_mib = own_memory(program, m);
	if (ok && open_model(m, &error) != GS_OK) {
		printf("%s: %s\n", label, error.text);
		ok = false;
	}
	ok = ok && own_first(m, &r->ours_first);
	for (unsigned threads = 1; ok && threads <= 2; threads++)
		ok = measure_threads(build, m, threads, r);
	close_model(m);
	free(m);
	return ok;
}

/* ---- all of them ---- */

static json_t *side_json(const struct side *s)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "ours_ms", s->ours.best * 1e3, "ort_ms", s->ort * 1e3,
	                 "ratio", s->ours.best / s->ort, "ours_median_ms", s->ours.median * 1e3, "ort_call_median_ms",
	                 s->call.median * 1e3, "ort_model_run_ms", s->profile.best * 1e3, "ort_model_run_median_ms",
	                 s->profile.median * 1e3);
}

static json_t *result_json(const struct result *r)
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

static void print_result(struct gs_bench *b, const struct result *r)
{
	char label[300], against[160];
	for (unsigned t = 0; t < 2; t++) {
		const struct side *s = &r->threads[t];
		snprintf(label, sizeof(label), "%s, %u", r->name, t + 1);
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
		snprintf(label, sizeof(label), "%s, %s", r->name, once[i].what);
		snprintf(against, sizeof(against), "ONNX Runtime's %.4g", once[i].ort);
		gs_bench_row(b, label, once[i].ours, once[i].unit, once[i].ours / once[i].ort, against);
	}
}

static bool write_part(const char *build, const struct result *result, unsigned results)
{
	char path[4200];
	double log1 = 0, log2 = 0, worst = 0, worst_trace = 0;
	const char *worst_model = "", *worst_trace_model = "";
	json_t *models = json_object();
	for (unsigned i = 0; i < results; i++) {
		const struct result *r = &result[i];
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
	printf("%u models: geometric mean of ours : ONNX Runtime's %.3f with one thread, %.3f with two; worst %.2f (%s)\n"
	       "a committing run : a plain run and hashing, at worst %.2f (%s)\n",
	       results, geomean1, geomean2, worst, worst_model, worst_trace, worst_trace_model);
	json_t *part = json_pack("{s:f, s:f, s:f, s:s, s:f, s:s, s:o}", "geomean_1t", geomean1, "geomean_2t", geomean2,
	                         "worst", worst, "worst_model", worst_model, "trace_vs_model", worst_trace,
	                         "trace_vs_model_worst", worst_trace_model, "models", models);
	snprintf(path, sizeof(path), "%s/bench/parts", build);
	bool ok = mkdir(path, 0777) == 0 || errno == EEXIST;
	snprintf(path, sizeof(path), "%s/bench/parts/exec-models.json", build);
	ok = ok && part != NULL && json_dump_file(part, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;
	if (!ok)
		printf("cannot write %s\n", path);
	json_decref(part);
	return ok;
}

static bool chosen(const char *name, char **names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count <= 0;
}

static int bench_folder(struct gs_bench *b, const char *program, const char *build, const char *root, char **names,
                        int count)
{
	static struct result result[MODELS_MAX];
	struct dirent **entry = NULL;
	unsigned results = 0;
	int status = 0, n = scandir(root, &entry, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char path[4200];
		snprintf(path, sizeof(path), "%s/%s/test_data_set_0", root, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.' && access(path, R_OK) == 0 && results < MODELS_MAX &&
		    chosen(entry[i]->d_name, names, count)) {
			if (measure(program, build, root, entry[i]->d_name, &result[results]))
				print_result(b, &result[results++]);
			else
				status = 1;
		}
		free(entry[i]);
	}
	free(entry);
	if (results == 0)
		gs_bench_note(b, root, "no models there, skipped (set GAINSAY_DATA)");
	else if (!write_part(build, result, results))
		status = 1;
	return status;
}

int main(int argc, char **argv)
{
	const char *data = getenv("GAINSAY_DATA"), *tail = strstr(argv[0], "/tests/bench/");
	char root[2048], build[1024];
	gs_return_freed_memory(); /* as the program does */
	if (argc == 3 && strcmp(argv[1], "--memory") == 0)
		return print_memory(argv[2]);
	snprintf(root, sizeof(root), "%s/models", data != NULL ? data : "../shared/data");
	snprintf(build, sizeof(build), "%.*s", tail != NULL ? (int)(tail - argv[0]) : 1, tail != NULL ? argv[0] : ".");
	struct gs_bench *b = gs_bench_begin(argv[0], "models", "whole models, ms a run, and ONNX Runtime's");
	if (b == NULL)
		return 1;
	gs_bench_note(b, "isa", gs_exec_isa());
	int status = bench_folder(b, argv[0], build, argc > 1 ? argv[1] : root, argv + 2, argc - 2);
	return gs_bench_end(b) | status;
}
