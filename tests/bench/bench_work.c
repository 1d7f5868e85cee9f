/* Claims a second, as the node's workers execute them: a model's claims, all right and of others, wait together.
 *
 *     bench_work [MODEL...]     folders below GAINSAY_DATA/models (rand_mobilenet_v2 and squeezenet_fp16)
 *
 * Four ways, in turns: a plan made and a trace committed to for each claim (no room for prepared models), a trace committed to
 * by a prepared model, outputs alone, and outputs alone by two threads. By the wall clock: best of the rounds. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/bench.h"
#include "tests/support/bench_model.h"
#include "validator/daemon/work.h"

enum { CLAIMS = 24, ROUNDS = 3 };

struct way {
	const char *name;
	unsigned threads;
	bool trace_roots;
	uint64_t prepared_bytes;
};

static const struct way ways[] = {
	{"a plan and a trace for each", 1, true, 0},
	{"prepared, with traces", 1, true, UINT64_C(1) << 30},
	{"prepared, outputs alone", 1, false, UINT64_C(1) << 30},
	{"the same, two threads", 2, false, UINT64_C(1) << 30},
};

struct claims {
	char folder[64];
	struct gs_work_job job;
};

static void die(const char *what, const struct gs_error *error)
{
	fprintf(stderr, "bench_work: %s: %s\n", what, error != NULL ? error->text : "");
	exit(1);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Hands n claims to the workers and waits for their results. */
static void work_off(struct gs_work *work, int fd, const struct claims *claims, unsigned n)
{
	struct gs_work_job job = claims->job;
	for (unsigned i = 0; i < n; i++) {
		memset(job.claim.b, (int)i + 1, sizeof(job.claim.b));
		if (gs_work_submit(work, &job) != GS_OK)
			die("submit", NULL);
	}
	while (n > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		struct gs_work_result result;
		if (poll(&wait, 1, -1) < 0)
			die("poll", NULL);
		while (gs_work_take(work, &result)) {
			if (!result.computed || !gs_hash_equal(&result.output_root, &job.output_root))
				die("a claim is not found right", NULL);
			n--;
		}
	}
}

/* Seconds a claim. The first round prepares. */
static double measure(const struct way *way, const struct claims *claims)
{
	const struct gs_work_options options = {.models = claims->folder,
	                                        .threads = way->threads,
	                                        .trace_roots = way->trace_roots,
	                                        .prepared_bytes = way->prepared_bytes,
	                                        .program_bytes = UINT64_MAX};
	struct gs_error error;
	struct gs_work *work;
	int fd;
	if (gs_work_open(&options, &work, &fd, &error) != GS_OK)
		die("workers", &error);
	work_off(work, fd, claims, 2 * way->threads);
	double start = now_s();
	work_off(work, fd, claims, CLAIMS);
	double seconds = now_s() - start;
	gs_work_close(work);
	return seconds / CLAIMS;
}

static void write_program(const struct gs_program *p, const char *path, struct gs_error *error)
{
	struct gs_buf file;
	gs_buf_init(&file, SIZE_MAX / 2);
	if (gs_program_write(p, &file) != GS_OK)
		die("program file", NULL);
	if (gs_write_file(path, gs_buf_view(&file), error) != GS_OK)
		die("program file", error);
	gs_buf_free(&file);
}

/* With its id: a node knows models by it. */
static enum gs_err lower(const char *path, struct gs_bytes onnx, const struct gs_tensor_set *set,
                         struct gs_program *program, const struct gs_tensor **feed, struct gs_error *error)
{
	struct gs_onnx_signature sig;
	struct gs_onnx_report report;
	const char *name[GS_IO_MAX];
	const bool bound[GS_IO_MAX] = {false};
	uint32_t index[GS_IO_MAX];
	enum gs_err err = gs_onnx_signature_read(onnx, &sig, error);
	if (err != GS_OK)
		return err;
	for (uint32_t i = 0; i < sig.inputs && i < GS_IO_MAX; i++)
		name[i] = sig.input[i].name;
	err = gs_tensor_set_match(set, name, sig.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		feed[i] = &set->tensor[index[i]];
	if (err == GS_OK)
		err = gs_model_lower(path, onnx, &sig, feed, bound, false, program, &report, error);
	gs_onnx_signature_free(&sig);
	return err;
}

static void bench(struct gs_bench *b, const char *folder, const char *name)
{
	char path[4200];
	struct gs_mapped file = {0};
	struct gs_tensor_set set;
	struct gs_program program = {.count = 0};
	struct gs_run run = {.program = NULL};
	struct gs_error error = {0};
	const struct gs_tensor *feed[GS_IO_MAX];
	struct claims claims = {.folder = "/tmp/gainsay-bench-work-XXXXXX"};
	double best[GS_ARRAY_LEN(ways)] = {0};

	gs_tensor_set_init(&set);
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	if (gs_bench_model_inputs(folder, &set, &error) != GS_OK ||
	    gs_map_file(path, GS_MODEL_FILE_MAX, &file, &error) != GS_OK ||
	    lower(path, file.bytes, &set, &program, feed, &error) != GS_OK ||
	    gs_run_init(&run, &program, feed, program.io.inputs, &error) != GS_OK ||
	    gs_run_execute(&run, 1, NULL, &error) != GS_OK ||
	    gs_run_output_root(&run, &claims.job.output_root, &error) != GS_OK)
		die(name, &error);
	gs_unmap_file(&file);
	gs_run_input_root(&run, &claims.job.input_root);
	gs_header_model_id(&program.header, &claims.job.model);
	claims.job.input = (struct gs_bytes){run.inputs, (size_t)program.header.inputs_chunks * GS_CHUNK_BYTES};
	if (mkdtemp(claims.folder) == NULL)
		die(claims.folder, NULL);
	snprintf(path, sizeof(path), "%s/model.gsp", claims.folder);
	write_program(&program, path, &error);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned w = 0; w < GS_ARRAY_LEN(ways); w++) {
			double seconds = measure(&ways[w], &claims);
			best[w] = round == 0 || seconds < best[w] ? seconds : best[w];
		}
	for (unsigned w = 0; w < GS_ARRAY_LEN(ways); w++) {
		char label[128];
		snprintf(label, sizeof(label), "%s: %s", name, ways[w].name);
		gs_bench_row(b, label, 1 / best[w], "claims/s", best[0] / best[w], ways[0].name);
	}
	unlink(path);
	rmdir(claims.folder);
	gs_run_free(&run);
	gs_tensor_set_free(&set);
	gs_program_free(&program);
}

int main(int argc, char **argv)
{
	static const char *const usual[] = {"rand_mobilenet_v2", "squeezenet_fp16"};
	const char *data = getenv("GAINSAY_DATA");
	unsigned count = argc > 1 ? (unsigned)argc - 1 : (unsigned)GS_ARRAY_LEN(usual);
	struct gs_bench *b = gs_bench_begin(argv[0], "work", "claims a second, as a node's workers execute them");
	if (b == NULL)
		return 1;
	for (unsigned i = 0; i < count; i++) {
		const char *name = argc > 1 ? argv[i + 1] : usual[i];
		char folder[4096];
		snprintf(folder, sizeof(folder), "%s/models/%s", data != NULL ? data : "../shared/data", name);
		if (access(folder, R_OK) == 0)
			bench(b, folder, name);
		else
			printf("%s is not there, skipped (set GAINSAY_DATA)\n", folder);
	}
	return gs_bench_end(b);
}
