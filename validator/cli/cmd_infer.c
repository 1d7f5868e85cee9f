/* gainsay infer: runs a model once (or many times, or on many inputs) the canonical way and prints its outputs and
 * commitments. */
#include "validator/cli/commands.h"
#include "validator/cli/distance.h"
#include "validator/cli/infer_sets.h"
#include "validator/cli/model.h"
#include "validator/cli/model_json.h"
#include "validator/cli/profile.h"
#include "validator/exec/exec.h"

#include <jansson.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LEADING_VALUES = 10, REPEAT_MAX = 100000, PROFILE_LINES = 40 };

struct infer {
	const char *model;
	struct gs_cli_list inputs, folders, binds, others;
	const char *output_dir, *isa;
	uint64_t threads, repeat;
	bool json, profile;
	struct gs_program program;
	struct gs_infer_sets sets;
	bool batch;                 /* several, or in folders */
	struct gs_run *run;         /* of the first set */
	struct gs_tensor_set other; /* outputs of another runtime, to compare */
	uint8_t *claimed;           /* owned: `other` as a claim would state it */
	double min_ms, median_ms;
	struct gs_profile times;
};

static enum gs_err load_program(struct infer *a, struct gs_bytes file, struct gs_error *error)
{
	const char *name[GS_IO_MAX];
	const bool bound[GS_IO_MAX] = {false};
	if (a->binds.count != 0)
		return gs_fail(error, GS_EINVAL, "--bind is for ONNX models; a program file has its constants inside");
	enum gs_err err = gs_program_read(file, &a->program, error);
	if (err != GS_OK)
		return err;
	for (uint32_t i = 0; i < a->program.io.inputs; i++)
		name[i] = a->program.io.input[i].name;
	return gs_infer_sets_feed(&a->sets, name, bound, a->program.io.inputs, error);
}

static enum gs_err load_onnx(struct infer *a, struct gs_bytes file, struct gs_error *error)
{
	struct gs_onnx_signature sig;
	struct gs_onnx_report report;
	const char *name[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	bool bound[GS_IO_MAX] = {false};
	const struct gs_tensor *tensor[GS_IO_MAX];
	struct gs_infer_set *first = a->sets.set[0];

	enum gs_err err = gs_onnx_signature_read(file, &sig, error);
	if (err != GS_OK)
		return err;
	if (sig.inputs > GS_IO_MAX)
		err = gs_fail(error, GS_ELIMIT, "the model has more than %d inputs", GS_IO_MAX);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		name[i] = sig.input[i].name;
	for (size_t b = 0; err == GS_OK && b < a->binds.count; b++) {
		bool found = false;
		for (uint32_t i = 0; i < sig.inputs; i++)
			if (strcmp(a->binds.item[b], name[i]) == 0)
				found = bound[i] = true;
		if (!found)
			err = gs_fail(error, GS_EINVAL, "--bind %s: the model has no such input", a->binds.item[b]);
	}
	if (err == GS_OK)
		err = gs_infer_sets_feed(&a->sets, name, bound, sig.inputs, error);
	if (err == GS_OK)
		err = gs_tensor_set_match(&first->tensors, name, sig.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		tensor[i] = &first->tensors.tensor[index[i]];
	if (err == GS_OK)
		err = gs_model_lower(a->model, file, &sig, tensor, bound, !a->json, &a->program, &report, error);
	gs_onnx_signature_free(&sig);
	return err;
}

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static enum gs_err execute_one(struct infer *a, uint64_t n, double *seconds, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	a->run->isa = a->isa;
	a->run->again = n > 1 || a->profile;
	for (uint64_t i = 0; err == GS_OK && i < n; i++)
		err = gs_run_execute(a->run, (unsigned)a->threads, &seconds[i], error);
	return err;
}

static enum gs_err execute(struct infer *a, struct gs_error *error)
{
	uint64_t n = a->repeat == 0 ? 1 : a->repeat;
	double *ms = calloc(n, sizeof(*ms));
	if (ms == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	enum gs_err err = a->batch ? gs_infer_sets_run(&a->sets, (unsigned)a->threads, a->isa, n, ms, error)
	                           : execute_one(a, n, ms, error);
	for (uint64_t i = 0; i < n; i++)
		ms[i] *= 1e3;
	if (err == GS_OK) {
		qsort(ms, n, sizeof(*ms), compare_times);
		a->min_ms = ms[0];
		a->median_ms = n % 2 != 0 ? ms[n / 2] : (ms[n / 2 - 1] + ms[n / 2]) / 2;
	}
	free(ms);
	return err;
}

static enum gs_err make_folder(const char *path, struct gs_error *error)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return GS_OK;
	return gs_fail(error, GS_EIO, "--output-dir: %s: %s", path, strerror(errno));
}

static enum gs_err write_outputs(const struct gs_run *run, const char *folder, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (uint32_t i = 0; err == GS_OK && i < run->program->io.outputs; i++) {
		struct gs_tensor t;
		gs_run_output(run, i, &t);
		for (int npy = 0; err == GS_OK && npy < 2; npy++) {
			char path[4096];
			struct gs_buf buf;
			int n = snprintf(path, sizeof(path), "%s/output_%u.%s", folder, i, npy ? "npy" : "pb");
			if (n < 0 || (size_t)n >= sizeof(path))
				return gs_fail(error, GS_EINVAL, "--output-dir: the path is too long");
			gs_buf_init(&buf, SIZE_MAX / 2);
			err = npy ? gs_tensor_to_npy(&t, &buf) : gs_tensor_to_proto(&t, &buf);
			if (err != GS_OK)
				err = gs_fail(error, err, "%s: no memory", path);
			else
				err = gs_write_file(path, gs_buf_view(&buf), error);
			gs_buf_free(&buf);
		}
	}
	return err;
}

/* Of a batch, a folder a set, in the order in which they were given. */
static enum gs_err write_all(const struct infer *a, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	if (!a->batch)
		return write_outputs(a->run, a->output_dir, error);
	for (uint32_t s = 0; err == GS_OK && s < a->sets.count; s++) {
		char path[GS_INFER_PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s/test_data_set_%u", a->output_dir, s);
		if (n < 0 || (size_t)n >= sizeof(path))
			return gs_fail(error, GS_EINVAL, "--output-dir: the path is too long");
		err = make_folder(path, error);
		if (err == GS_OK)
			err = write_outputs(&a->sets.set[s]->run, path, error);
	}
	return err;
}

static json_t *json_distance(const struct infer *a, uint32_t output)
{
	struct gs_distance d = gs_distance_of(a->run, output, a->claimed);
	json_t *json = json_object();
	json_object_set_new(json, "outside", json_integer((json_int_t)d.outside));
	json_object_set_new(json, "worst", isfinite(d.worst) ? json_real(d.worst) : json_string("inf"));
	json_object_set_new(json, "element", json_integer((json_int_t)d.at));
	return json;
}

static void print_distance(const struct infer *a, uint32_t output)
{
	struct gs_distance d = gs_distance_of(a->run, output, a->claimed);
	if (d.outside != 0)
		printf("  compared: %llu values outside the tolerance, at most %.3g tolerances away (element %llu)\n",
		       (unsigned long long)d.outside, d.worst, (unsigned long long)d.at);
	else
		printf("  compared: within the tolerance, at most %.3g of it away (element %llu)\n", d.worst,
		       (unsigned long long)d.at);
}

/* The outputs of another runtime beside the canonical ones. */
static enum gs_err compare(struct infer *a, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	if (!gs_header_tolerant(&a->program.header))
		return gs_fail(
			error, GS_EINVAL,
			"--compare: the model is exact, so a claim's outputs are these or wrong; see 'gainsay program "
			"--tolerance'");
	for (size_t i = 0; err == GS_OK && i < a->others.count; i++)
		err = gs_tensor_set_add(&a->other, a->others.item[i], error);
	if (err != GS_OK)
		return err;
	a->claimed = malloc((size_t)gs_run_output_bytes(&a->program));
	if (a->claimed == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for the outputs");
	return gs_pack_given_outputs(&a->program, &a->other, a->claimed, error);
}

static json_t *json_outputs(const struct infer *a, const struct gs_run *run)
{
	json_t *outputs = gs_json_types(a->program.io.output, a->program.io.outputs);
	for (uint32_t i = 0; i < a->program.io.outputs; i++) {
		struct gs_tensor t;
		json_t *values = json_array();
		gs_run_output(run, i, &t);
		for (uint64_t k = 0; k < t.count && k < LEADING_VALUES; k++)
			json_array_append_new(values, gs_json_element(t.dtype, gs_element_bits(t.data, t.dtype, k)));
		json_object_set_new(json_array_get(outputs, i), "values", values);
		if (a->claimed != NULL)
			json_object_set_new(json_array_get(outputs, i), "compared", json_distance(a, i));
	}
	return outputs;
}

static void json_set(const struct infer *a, const struct gs_infer_set *set, json_t *json)
{
	struct gs_hash in;
	gs_run_input_root(&set->run, &in);
	json_object_set_new(json, "inputRoot", gs_model_json_hash(&in));
	json_object_set_new(json, "outputRoot", gs_model_json_hash(&set->output_root));
	json_object_set_new(json, "outputs", json_outputs(a, &set->run));
}

static double per_second(const struct infer *a)
{
	return a->min_ms > 0 ? a->sets.count / a->min_ms * 1e3 : 0;
}

static json_t *json_sets(const struct infer *a)
{
	json_t *sets = json_array();
	for (uint32_t s = 0; s < a->sets.count; s++) {
		json_t *json = json_object();
		json_object_set_new(json, "inputs", json_string(a->sets.set[s]->name));
		json_set(a, a->sets.set[s], json);
		json_array_append_new(sets, json);
	}
	return sets;
}

static int print_json(const struct infer *a)
{
	struct gs_hash model;
	json_t *json = json_object();
	gs_header_model_id(&a->program.header, &model);
	json_object_set_new(json, "modelId", gs_model_json_hash(&model));
	json_object_set_new(json, "tolerance", gs_json_tolerance(&a->program.header));
	if (a->batch) {
		json_object_set_new(json, "sets", json_sets(a));
		json_object_set_new(json, "inferences_per_second", json_real(per_second(a)));
	} else {
		json_set(a, a->sets.set[0], json);
	}
	if (a->repeat != 0 || a->batch) {
		json_object_set_new(json, "repeat", json_integer((json_int_t)(a->repeat == 0 ? 1 : a->repeat)));
		json_object_set_new(json, "threads", json_integer((json_int_t)a->threads));
		json_object_set_new(json, "min_ms", json_real(a->min_ms));
		json_object_set_new(json, "median_ms", json_real(a->median_ms));
	}
	return gs_json_print(json);
}

static void print_set(const struct infer *a, const struct gs_infer_set *set)
{
	char hex[67];
	if (a->batch)
		printf("%s\n", set->name);
	for (uint32_t i = 0; i < a->program.io.outputs; i++) {
		struct gs_tensor t;
		char text[GS_TENSOR_TEXT_MAX], value[GS_ELEMENT_TEXT_MAX];
		gs_run_output(&set->run, i, &t);
		gs_tensor_describe(t.dtype, t.rank, t.dim, text);
		printf("%s %s", a->program.io.output[i].name, text);
		for (uint64_t k = 0; k < t.count && k < LEADING_VALUES; k++) {
			gs_element_text(t.dtype, gs_element_bits(t.data, t.dtype, k), value);
			printf(" %s", value);
		}
		printf("%s\n", t.count > LEADING_VALUES ? " ..." : "");
		if (a->claimed != NULL)
			print_distance(a, i);
	}
	gs_hex_encode(set->output_root.b, sizeof(set->output_root.b), true, hex);
	printf("output root %s\n", hex);
}

static void print_text(const struct infer *a)
{
	uint64_t runs = a->repeat == 0 ? 1 : a->repeat;
	for (uint32_t s = 0; s < a->sets.count; s++)
		print_set(a, a->sets.set[s]);
	if (a->batch)
		printf("%u sets by %llu threads: min %.3f ms, median %.3f ms over %llu runs, %.1f inferences a second\n",
		       a->sets.count, (unsigned long long)a->threads, a->min_ms, a->median_ms, (unsigned long long)runs,
		       per_second(a));
	else if (a->repeat != 0)
		printf("min %.3f ms, median %.3f ms over %llu runs\n", a->min_ms, a->median_ms,
		       (unsigned long long)a->repeat);
	if (a->profile)
		gs_profile_print(&a->times, a->run, PROFILE_LINES);
}

static enum gs_err infer(struct infer *a, struct gs_error *error)
{
	struct gs_mapped file;
	enum gs_err err = gs_map_file(a->model, GS_MODEL_FILE_MAX, &file, error);
	if (err != GS_OK)
		return err;
	err = a->batch ? gs_infer_sets_read(&a->folders, &a->sets, error)
	               : gs_infer_sets_one(&a->inputs, &a->sets, error);
	if (err == GS_OK) {
		err = gs_is_program_file(file.bytes) ? load_program(a, file.bytes, error)
		                                     : load_onnx(a, file.bytes, error);
		if (err != GS_OK)
			(void)gs_fail_within(error, err, "%s", a->model);
	}
	gs_unmap_file(&file);
	if (err == GS_OK)
		err = gs_infer_sets_init(&a->sets, &a->program, error);
	if (err == GS_OK) {
		a->run = &a->sets.set[0]->run;
		err = execute(a, error);
	}
	if (err == GS_OK && a->profile)
		err = gs_profile_take(a->run, a->repeat == 0 ? 1 : a->repeat, &a->times, error);
	for (uint32_t s = 0; err == GS_OK && s < a->sets.count; s++)
		err = gs_run_output_root(&a->sets.set[s]->run, &a->sets.set[s]->output_root, error);
	if (err == GS_OK && a->others.count != 0)
		err = compare(a, error);
	if (err == GS_OK && a->output_dir != NULL)
		err = write_all(a, error);
	return err;
}

int gs_cmd_infer(int argc, char **argv)
{
	struct gs_error error = {0};
	struct infer *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return gs_cli_fail(&(struct gs_error){.code = GS_ENOMEM, .text = "no memory"});
	a->threads = 1;
	const struct gs_flag flags[] = {
		{.name = "input",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "a .pb or .npy tensor for the next input (several)",
	         .out = &a->inputs},
		{.name = "inputs",
	         .kind = GS_FLAG_LIST,
	         .value = "DIR",
	         .help = "a folder with input_0.pb and so on, or with test_data_set_0 and so on; all sets run as a batch (several)",
	         .out = &a->folders},
		{.name = "bind",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME",
	         .help = "bind this input as a constant of the program (several)",
	         .out = &a->binds},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "worker threads (1)",
	         .out = &a->threads},
		{.name = "isa",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "inner loops: avx512, avx512bw (without VNNI), avx2, neon, neonbase (without dot products) or portable",
	         .out = &a->isa},
		{.name = "repeat",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "run N times; adds min_ms and median_ms",
	         .out = &a->repeat},
		{.name = "profile",
	         .kind = GS_FLAG_BOOL,
	         .help = "run as often once more and print what the slowest instructions take",
	         .out = &a->profile},
		{.name = "output-dir",
	         .kind = GS_FLAG_TEXT,
	         .value = "DIR",
	         .help = "write output_I.npy and output_I.pb there; of a batch into test_data_set_N there",
	         .out = &a->output_dir},
		{.name = "compare",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "outputs of another runtime: how far they are from a tolerant model's (several)",
	         .out = &a->others},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &a->json},
	};
	struct gs_cli cli = {
		.usage = "gainsay infer MODEL.onnx|PROGRAM.gsp --input FILE.pb|.npy ...|--inputs DIR ... [--threads N]",
		.about =
			"Runs a model the canonical way: the same bits on every machine and with any number of threads.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1};
	int code = gs_cli_parse(&cli, argc, argv);
	if (code == GS_CLI_GO_ON && (a->threads < 1 || a->threads > GS_EXEC_THREADS_MAX || a->repeat > REPEAT_MAX))
		code = gs_cli_misused("--threads takes 1 to %d, --repeat at most %d", GS_EXEC_THREADS_MAX, REPEAT_MAX);
	if (code == GS_CLI_GO_ON && a->profile && a->json)
		code = gs_cli_misused("--profile is printed as text; leave --json out");
	a->batch = a->folders.count != 0;
	if (code == GS_CLI_GO_ON && a->batch && (a->inputs.count != 0 || a->profile || a->others.count != 0))
		code = gs_cli_misused("--inputs names whole sets; leave --input, --profile and --compare out");
	if (code == GS_CLI_GO_ON && gs_exec_isa_check(a->isa, &error) != GS_OK)
		code = gs_cli_misused("--isa: %s", error.text);
	if (code != GS_CLI_GO_ON) {
		free(a);
		return code;
	}
	a->model = cli.arg[0];
	gs_tensor_set_init(&a->other);
	code = GS_EXIT_OK;
	if (infer(a, &error) != GS_OK)
		code = gs_cli_fail(&error);
	else if (a->json)
		code = print_json(a);
	else
		print_text(a);
	gs_profile_free(&a->times);
	gs_infer_sets_free(&a->sets);
	gs_tensor_set_free(&a->other);
	free(a->claimed);
	gs_program_free(&a->program);
	free(a);
	return code;
}
