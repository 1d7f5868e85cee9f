/* Lowering of whole models, and the memory of lowering and one execution together: a line a model, each in a process of its
 * own, so that the peak of its resident memory is its own. Inputs whose values lowering asks for are bound.
 *
 * A process takes some MiB for code and libraries whatever it works on: "process" is its peak when it has lowered and run a
 * model of one element and read all of its own code, "peak" is how far beyond that the real model takes it. */
#include "tests/support/bench_model.h"
#include "validator/exec/live.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double processor_s(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

struct activations { /* in chunks */
	const struct gs_program *program;
	uint64_t trace, now, most;
};

static uint64_t chunks_of(const struct gs_instr *in)
{
	return gs_dtype_chunks((enum gs_dtype)in->store_dtype, gs_instr_count(in));
}

static void release(void *self, uint32_t chunk, uint32_t chunks)
{
	struct activations *a = self;
	struct gs_instr in = gs_program_instr(a->program, gs_program_covering(a->program, chunk));
	(void)chunks; /* with the gap behind the tensor, which nobody writes */
	a->now -= chunks_of(&in);
}

/* What the trace takes, and what of it is needed at once: tensors that were written and are still to be read, and outputs. */
static struct activations count_activations(const struct gs_program *p)
{
	struct activations a = {.program = p};
	struct gs_live live;
	if (gs_live_init(&live, p, NULL, NULL) != GS_OK)
		return a;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		a.trace += chunks_of(&in);
		a.now += chunks_of(&in);
		a.most = a.now > a.most ? a.now : a.most;
		gs_live_after(&live, i, release, &a);
	}
	gs_live_free(&live);
	return a;
}

static void report_line(const char *label, const struct gs_mapped *file, const struct gs_program *p, double seconds,
                        double process, double peak, uint32_t arena_chunks)
{
	double mib = 1 << 20, size = (double)file->bytes.len / mib;
	struct activations a = count_activations(p);
	double trace = (double)(a.trace * GS_CHUNK_BYTES) / mib, most = (double)(a.most * GS_CHUNK_BYTES) / mib;
	double arena = (double)arena_chunks * GS_CHUNK_BYTES / mib;
	printf("| %s | %.2f | %u | %.2f | %.2f | %.2f | %.0f | %.1f | %.2f | %.2f |\n", label, size, p->count, trace,
	       most, arena, seconds * 1e3, process, peak - process, (peak - process) / (size + most));
}

static int measure(const char *folder, const char *label)
{
	char path[4200];
	struct gs_mapped file = {0};
	struct gs_tensor_set set;
	struct gs_program program = {.count = 0};
	struct gs_run run = {.program = NULL};
	struct gs_error error = {0};
	const struct gs_tensor *feed[GS_IO_MAX];
	uint32_t used = 0;
	double process = gs_bench_process_mib(), start;
	if (process < 0)
		return 1;

	gs_tensor_set_init(&set);
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	enum gs_err err = gs_bench_model_inputs(folder, &set, &error);
	if (err == GS_OK)
		err = gs_map_file(path, GS_MODEL_FILE_MAX, &file, &error);
	struct gs_mapped kept = file;
	start = processor_s();
	if (err == GS_OK)
		err = gs_bench_model_lower(path, file.bytes, &set, &program, feed, &used, &error);
	double seconds = processor_s() - start;
	gs_unmap_file(&file);
	if (err == GS_OK)
		err = gs_run_init(&run, &program, feed, used, &error);
	if (err == GS_OK)
		err = gs_run_execute(&run, 1, NULL, &error);
	if (err == GS_OK)
		report_line(label, &kept, &program, seconds, process, gs_bench_peak_mib(),
		            gs_exec_plan_chunks(run.plan));
	else
		printf("| %s | refused: %s |\n", label, error.text);
	gs_run_free(&run);
	gs_tensor_set_free(&set);
	gs_program_free(&program);
	return 0;
}

int main(int argc, char **argv)
{
	const char *data = getenv("GAINSAY_DATA");
	char root[2048];
	struct dirent **entry = NULL;
	int failed = 0;
	gs_return_freed_memory(); /* as the program does */
	if (argc == 4 && strcmp(argv[1], "--one") == 0)
		return measure(argv[2], argv[3]);
	snprintf(root, sizeof(root), "%s/models", data != NULL ? data : "../shared/data");
	int n = scandir(argc > 1 ? argv[1] : root, &entry, NULL, alphasort);
	if (n < 0) {
		printf("lowering: no models at %s, skipped (set GAINSAY_DATA)\n", argc > 1 ? argv[1] : root);
		return 0;
	}
	printf("| model | file, MiB | instructions | trace, MiB | live, MiB | arena, MiB | lowering, ms | process, MiB | peak, MiB | peak : file + live |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < n; i++) {
		char folder[4096], model[4200];
		int status;
		snprintf(folder, sizeof(folder), "%s/%s", argc > 1 ? argv[1] : root, entry[i]->d_name);
		snprintf(model, sizeof(model), "%s/model.onnx", folder);
		if (entry[i]->d_name[0] != '.' && access(model, R_OK) == 0) {
			fflush(stdout);
			pid_t child = fork();
			if (child == 0) {
				execl("/proc/self/exe", argv[0], "--one", folder, entry[i]->d_name, (char *)NULL);
				_exit(1);
			}
			if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
				failed = 1;
		}
		free(entry[i]);
	}
	free(entry);
	return failed;
}
