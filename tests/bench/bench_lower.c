/* Lowering of whole models, and the memory of lowering and one execution together: a line a model, each in a process of its
 * own, so that the peak of its resident memory is its own. Inputs whose values lowering asks for are bound. */
#include "validator/cli/model.h"

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

static double peak_mib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024;
}

static enum gs_err add_inputs(const char *folder, struct gs_tensor_set *set, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned i = 0; err == GS_OK && i < GS_IO_MAX; i++) {
		char path[4200];
		snprintf(path, sizeof(path), "%s/test_data_set_0/input_%u.pb", folder, i);
		if (access(path, R_OK) != 0)
			break;
		err = gs_tensor_set_add(set, path, error);
	}
	return err;
}

/* Lowers, binding what must be; *used tensors are left to feed. */
static enum gs_err lower(const char *path, struct gs_bytes onnx, const struct gs_tensor_set *set,
                         struct gs_program *program, const struct gs_tensor **feed, uint32_t *used,
                         struct gs_error *error)
{
	struct gs_onnx_signature sig;
	struct gs_onnx_report report = {0};
	const char *name[GS_IO_MAX];
	const struct gs_tensor *tensor[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	bool bound[GS_IO_MAX] = {false}, more = true;
	enum gs_err err = gs_onnx_signature_read(onnx, &sig, error);
	if (err != GS_OK)
		return err;
	if (sig.inputs > GS_IO_MAX)
		err = gs_fail(error, GS_ELIMIT, "more than %d inputs", GS_IO_MAX);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		name[i] = sig.input[i].name;
	if (err == GS_OK)
		err = gs_tensor_set_match(set, name, sig.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		tensor[i] = &set->tensor[index[i]];
	while (err == GS_OK && more) {
		more = false;
		err = gs_model_lower(path, onnx, &sig, tensor, bound, program, &report, error);
		bool static_only = report.reason == GS_ONNX_NOT_STATIC || report.reason == GS_ONNX_CONTROL_FLOW;
		for (uint32_t n = 0; err != GS_OK && static_only && n < report.needs; n++)
			for (uint32_t i = 0; i < sig.inputs; i++)
				if (sig.input[i].graph_index == report.need[n] && !bound[i])
					bound[i] = more = true;
		if (more)
			err = GS_OK;
	}
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		if (!bound[i])
			feed[(*used)++] = tensor[i];
	gs_onnx_signature_free(&sig);
	return err;
}

static void report_line(const char *label, const struct gs_mapped *file, const struct gs_program *p, double seconds,
                        double peak)
{
	double mib = 1 << 20, trace = 0, largest = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		double bytes = (double)gs_instr_count(&in) * gs_dtype_bytes((enum gs_dtype)in.store_dtype) / mib;
		trace += bytes;
		largest = bytes > largest ? bytes : largest;
	}
	double size = (double)file->bytes.len / mib;
	printf("| %s | %.2f | %u | %.2f | %.2f | %.0f | %.1f | %.2f | %.2f |\n", label, size, p->count, trace, largest,
	       seconds * 1e3, peak, peak / (size + trace), peak / (size + largest));
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
	double idle = peak_mib(), start;

	gs_tensor_set_init(&set);
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	enum gs_err err = add_inputs(folder, &set, &error);
	if (err == GS_OK)
		err = gs_map_file(path, GS_MODEL_FILE_MAX, &file, &error);
	struct gs_mapped kept = file;
	start = processor_s();
	if (err == GS_OK)
		err = lower(path, file.bytes, &set, &program, feed, &used, &error);
	double seconds = processor_s() - start;
	gs_unmap_file(&file);
	if (err == GS_OK)
		err = gs_run_init(&run, &program, feed, used, &error);
	if (err == GS_OK)
		err = gs_run_execute(&run, 1, NULL, &error);
	if (err == GS_OK)
		report_line(label, &kept, &program, seconds, peak_mib() - idle);
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
	snprintf(root, sizeof(root), "%s/models", data != NULL ? data : "../shared/data");
	int n = scandir(argc > 1 ? argv[1] : root, &entry, NULL, alphasort);
	if (n < 0) {
		printf("lowering: no models at %s, skipped (set GAINSAY_DATA)\n", argc > 1 ? argv[1] : root);
		return 0;
	}
	printf("| model | file, MiB | instructions | trace, MiB | largest tensor, MiB | lowering, ms | peak, MiB | peak : file + trace | peak : file + largest |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < n; i++) {
		char folder[4096], model[4200];
		int status;
		snprintf(folder, sizeof(folder), "%s/%s", argc > 1 ? argv[1] : root, entry[i]->d_name);
		snprintf(model, sizeof(model), "%s/model.onnx", folder);
		if (entry[i]->d_name[0] != '.' && access(model, R_OK) == 0) {
			fflush(stdout);
			pid_t child = fork();
			if (child == 0) {
				int code = measure(folder, entry[i]->d_name);
				fflush(stdout);
				_exit(code);
			}
			if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
				failed = 1;
		}
		free(entry[i]);
	}
	free(entry);
	return failed;
}
