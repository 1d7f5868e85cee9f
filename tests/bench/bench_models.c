/* Whole models beside ONNX Runtime (npm's onnxruntime-node), both in turns, and the price of committing to a run.
 *
 *     bench_models [--exports] [--batch 1] [FOLDER] [NAME...]
 *
 * FOLDER has a folder a model, as $GAINSAY_DATA/models; NAMEs choose. --exports: BUILD/exports, which tests/bench/exports.py
 * made, and results under the name "exports". Models whose batch is free are run once more in batches of 8, unless --batch 1
 * says no.
 *
 * Each model runs with one thread and with two. Times of one thread are processor time and of two the clock's; a figure is
 * the best of rounds that both sides take in turns, and the medians are kept beside it. ONNX Runtime's figure is the lesser
 * of what its own profile calls model_run and what a call takes that goes straight to the binding: the first has the
 * profile's own cost in it, the second that of JavaScript. Both sides' outputs are compared, so both have really computed.
 * `load` is from the file to where a run can begin: map, lower and prepare the plan here, create a session there; `first`
 * is that and the first run, with what only the first does. */
#include "chain/core/pages.h"
#include "tests/support/bench_batch.h"
#include "tests/support/bench_model.h"
#include "tests/support/bench_results.h"
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
	BATCH = 8,
	FIRSTS = 3,
	PROFILED_MAX = 200,
	KECCAK_CHUNKS = 1 << 15,
	MODELS_MAX = 256,
};
#define ROUND_S 2e-3 /* what a round should take */
#define BATCH_S 0.2  /* a model that takes longer is not run in batches */
#define BUDGET_S 1.2 /* of rounds, a model and number of threads */
#define DIFFERENT_MAX \
	0.01 /* the share of values that may lie outside the tolerance: they are of models that amplify last bits */

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

static struct gs_bench_best best_of(double *took, unsigned n)
{
	qsort(took, n, sizeof(*took), ascending);
	return (struct gs_bench_best){took[0], took[n / 2]};
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

static const struct gs_bench_first nothing_yet = {INFINITY, INFINITY, INFINITY};

static void keep_least(struct gs_bench_first *least, const struct gs_bench_first *took)
{
	least->load = took->load < least->load ? took->load : least->load;
	least->run = took->run < least->run ? took->run : least->run;
	least->total = took->total < least->total ? took->total : least->total;
}

static enum gs_err first_run(const char *folder, const char *path, struct gs_bench_first *took, struct gs_error *error)
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
static int print_memory(const char *folder, const char *path)
{
	struct gs_error error = {0};
	struct gs_bench_first took;
	double before = gs_bench_process_mib();
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
			execl("/proc/self/exe", program, "--memory", m->folder, m->path, (char *)NULL);
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
                       struct gs_bench_first *first, double *mib)
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
		keep_least(first, &(struct gs_bench_first){load, run, load + run});
		if (++i == FIRSTS)
			return true;
		if (!gs_ort_load(peer, m->label, m->path, threads, m->scratch, m->name, m->tensor, m->signature.inputs,
		                 &after))
			return false;
	}
}

static bool own_first(const struct model *m, struct gs_bench_first *out)
{
	struct gs_error error = {0};
	*out = nothing_yet;
	for (unsigned i = 0; i < FIRSTS; i++) {
		struct gs_bench_first took;
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

/* Of a run for the outputs alone: as gs_run_execute has it. */
static struct gs_memory plain_memory(const struct model *m, const struct gs_exec_plan *plan)
{
	gs_large_pages(m->run.trace, (size_t)gs_exec_plan_chunks(plan) * GS_CHUNK_BYTES);
	return (struct gs_memory){.trace = m->run.trace, .weights = m->program.weights, .inputs = m->run.inputs};
}

static bool in_turns(struct model *m, struct gs_exec_plan *plan, struct gs_ort_peer *peer, unsigned threads,
                     struct gs_bench_side *out)
{
	const struct gs_memory memory = plain_memory(m, plan);
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
	const struct gs_memory outputs = plain_memory(m, plan);
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
	unsigned calls = calls_a_round(time_ours(plan, &outputs, 1, true));
	double start = seconds(false);
	while (err == GS_OK && (rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && seconds(false) - start < BUDGET_S))) {
		plain[rounds] = time_ours(plan, &outputs, calls, true);
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

static bool measure_threads(const char *build, struct model *m, unsigned threads, struct gs_bench_result *r)
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

/* root/label/model.onnx, with the data of `folder`. */
static bool measure(const char *program, const char *build, const char *root, const char *label, const char *folder,
                    struct gs_bench_result *r)
{
	struct model *m = calloc(1, sizeof(*m));
	struct gs_error error = {0};
	if (m == NULL)
		return false;
	m->label = label;
	snprintf(r->name, sizeof(r->name), "%s", label);
	snprintf(m->folder, sizeof(m->folder), "%s", folder);
	snprintf(m->path, sizeof(m->path), "%s/%s/model.onnx", root, label);
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

static bool chosen(const char *name, char **names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count <= 0;
}

struct results {
	struct gs_bench_result one[MODELS_MAX], batch[MODELS_MAX];
	unsigned ones, batches;
};

/* One model in batches, if it can be. */
static bool bench_batch(struct gs_bench *b, const char *program, const char *build, const char *root, const char *label,
                        struct results *out)
{
	char from[4096], folder[4096];
	struct gs_error error = {0};
	bool can;
	snprintf(from, sizeof(from), "%s/%s", root, label);
	snprintf(folder, sizeof(folder), "%s/bench/batch", build);
	if (gs_bench_model_batch(from, BATCH, folder, &can, &error) != GS_OK) {
		printf("%s: %s\n", label, error.text);
		return false;
	}
	if (!can)
		return true;
	if (!measure(program, build, root, label, folder, &out->batch[out->batches]))
		return false;
	gs_bench_result_print(b, &out->batch[out->batches++], BATCH);
	return true;
}

static bool bench_model(struct gs_bench *b, const char *program, const char *build, const char *root, const char *label,
                        bool batches, struct results *out)
{
	char folder[4096];
	struct gs_bench_result *r = &out->one[out->ones];
	snprintf(folder, sizeof(folder), "%s/%s", root, label);
	if (!measure(program, build, root, label, folder, r))
		return false;
	out->ones++;
	gs_bench_result_print(b, r, 1);
	return !batches || r->threads[0].ort > BATCH_S || bench_batch(b, program, build, root, label, out);
}

static int bench_folder(struct gs_bench *b, const char *program, const char *build, const char *root, bool exports,
                        bool batches, char **names, int count)
{
	static struct results results;
	struct dirent **entry = NULL;
	int status = 0, n = scandir(root, &entry, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char path[4200];
		snprintf(path, sizeof(path), "%s/%s/test_data_set_0", root, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.' && access(path, R_OK) == 0 && results.ones < MODELS_MAX &&
		    chosen(entry[i]->d_name, names, count) &&
		    !bench_model(b, program, build, root, entry[i]->d_name, batches, &results))
			status = 1;
		free(entry[i]);
	}
	free(entry);
	if (results.ones == 0)
		gs_bench_note(b, root,
		              exports ? "no models there, skipped (make bench-exports makes them)"
		                      : "no models there, skipped (set GAINSAY_DATA)");
	else if (!gs_bench_results_write(build, exports ? "exports" : "models", exports ? "exports" : NULL, results.one,
	                                 results.ones, results.batch, results.batches))
		status = 1;
	return status;
}

int main(int argc, char **argv)
{
	const char *data = getenv("GAINSAY_DATA"), *tail = strstr(argv[0], "/tests/bench/");
	char root[2048], build[1024];
	bool exports = false, batches = true;
	int at = 1;
	gs_return_freed_memory(); /* as the program does */
	if (argc == 4 && strcmp(argv[1], "--memory") == 0)
		return print_memory(argv[2], argv[3]);
	if (at < argc && strcmp(argv[at], "--exports") == 0) {
		exports = true;
		at++;
	}
	if (at + 1 < argc && strcmp(argv[at], "--batch") == 0 && strcmp(argv[at + 1], "1") == 0) {
		batches = false;
		at += 2;
	}
	if (at < argc && argv[at][0] == '-') {
		fprintf(stderr, "usage: %s [--exports] [--batch 1] [FOLDER] [NAME...]\n", argv[0]);
		return 2;
	}
	snprintf(build, sizeof(build), "%.*s", tail != NULL ? (int)(tail - argv[0]) : 1, tail != NULL ? argv[0] : ".");
	if (exports)
		snprintf(root, sizeof(root), "%s/exports", build);
	else
		snprintf(root, sizeof(root), "%s/models", data != NULL ? data : "../shared/data");
	struct gs_bench *b = gs_bench_begin(argv[0], exports ? "exports" : "models",
	                                    "whole models, ms a run, and ONNX Runtime's");
	if (b == NULL)
		return 1;
	int status = bench_folder(b, argv[0], build, at < argc ? argv[at] : root, exports, batches, argv + at + 1,
	                          argc - at - 1);
	return gs_bench_end(b) | status;
}
