#include "tests/support/bench_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

double gs_bench_peak_mib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024;
}

enum gs_err gs_bench_model_inputs(const char *folder, struct gs_tensor_set *set, struct gs_error *error)
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

enum gs_err gs_bench_model_lower(const char *path, struct gs_bytes onnx, const struct gs_tensor_set *set,
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
		err = gs_model_lower(path, onnx, &sig, tensor, bound, true, program, &report, error);
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

static const uint8_t smallest[] = {
	0x08, 8,    0x3a, 51,  0x0a, 12,   0x0a, 1,    'x', 0x12, 1, 'y',  0x22, 4,    'R', 'e',  'l',
	'u',  0x12, 1,    'g',                                                                       /* node, name */
	0x5a, 15,   0x0a, 1,   'x',  0x12, 10,   0x0a, 8,   0x08, 1, 0x12, 4,    0x0a, 2,   0x08, 1, /* input */
	0x62, 15,   0x0a, 1,   'y',  0x12, 10,   0x0a, 8,   0x08, 1, 0x12, 4,    0x0a, 2,   0x08, 1, /* output */
	0x42, 4,    0x0a, 0,   0x10, 13};                                                            /* opset */

const struct gs_bytes gs_bench_model_smallest = {smallest, sizeof(smallest)};

/* Reads all of this program's code and tables, so that what a model makes it read is not counted for the model. */
static void read_own_code(void)
{
	char line[8192], self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *maps = fopen("/proc/self/maps", "r");
	self[n < 0 ? 0 : n] = 0;
	while (n > 0 && maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long first, end;
		if (sscanf(line, "%llx-%llx r", &first, &end) == 2 && strstr(line, self) != NULL)
			for (; first < end; first += 4096)
				(void)*(const volatile char *)(uintptr_t)first;
	}
	if (maps != NULL)
		fclose(maps);
}

double gs_bench_process_mib(void)
{
	struct gs_program program;
	struct gs_run run = {.program = NULL};
	struct gs_error error = {0};
	const float one = 1;
	read_own_code();
	const struct gs_tensor x = {.dtype = GS_F32, .rank = 1, .dim = {1}, .count = 1, .data = (const uint8_t *)&one};
	enum gs_err err = gs_onnx_lower(gs_bench_model_smallest, NULL, &program, NULL, &error);
	if (err == GS_OK)
		err = gs_run_init(&run, &program, (const struct gs_tensor *[]){&x}, 1, &error);
	if (err == GS_OK)
		err = gs_run_execute(&run, 1, NULL, &error);
	gs_run_free(&run);
	gs_program_free(&program);
	if (err != GS_OK)
		printf("the smallest model: %s\n", error.text);
	return err == GS_OK ? gs_bench_peak_mib() : -1;
}
