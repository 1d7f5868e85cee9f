/* gainsay program: an ONNX model lowered: its identity and its size. */
#include "challenge/machine/interpreter.h"
#include "validator/cli/commands.h"
#include "validator/cli/compare.h"
#include "validator/cli/model.h"
#include "validator/cli/model_json.h"
#include "validator/models/beside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_text(const struct gs_program *p)
{
	char id[67], root[67], weights[67];
	struct gs_hash model;
	gs_header_model_id(&p->header, &model);
	gs_hex_encode(model.b, 32, true, id);
	gs_hex_encode(p->header.program_root.b, 32, true, root);
	gs_hex_encode(p->header.weights_root.b, 32, true, weights);
	printf("model         %s\nprogram root  %s\nweights root  %s\n", id, root, weights);
	printf("instructions  %u\nscalar steps  %llu\n", p->count, (unsigned long long)p->header.cost);
	printf("trace         %llu chunks in use, depth %u\nweights       %u chunks\ninputs        %u chunks\n",
	       (unsigned long long)(gs_program_trace_bytes(p) / GS_CHUNK_BYTES), p->header.trace_depth,
	       p->header.weights_chunks, p->header.inputs_chunks);
	if (gs_header_tolerant(&p->header))
		printf("tolerance     %.9g + %.9g*|value|, %u chunks of claimed outputs\n",
		       gs_float_value(GS_F32, p->header.tolerance_abs), gs_float_value(GS_F32, p->header.tolerance_rel),
		       p->header.claimed_chunks);
	for (int kind = 0; kind < 3; kind++) {
		const struct gs_tensor_type *t = kind == 0 ? p->io.input : kind == 1 ? p->io.output : p->io.bound;
		uint32_t n = kind == 0 ? p->io.inputs : kind == 1 ? p->io.outputs : p->io.bounds;
		for (uint32_t i = 0; i < n; i++) {
			char text[GS_TENSOR_TEXT_MAX];
			gs_tensor_describe((enum gs_dtype)t[i].dtype, t[i].rank, t[i].dim, text);
			printf("%-13s %s %s\n", kind == 0 ? "input" : kind == 1 ? "output" : "bound", t[i].name, text);
		}
	}
}

static int print_json(const struct gs_program *p)
{
	struct gs_hash model;
	gs_header_model_id(&p->header, &model);
	json_t *json = json_object();
	json_object_set_new(json, "modelId", gs_model_json_hash(&model));
	json_object_set_new(json, "programRoot", gs_model_json_hash(&p->header.program_root));
	json_object_set_new(json, "weightsRoot", gs_model_json_hash(&p->header.weights_root));
	json_object_set_new(json, "onnxHash", gs_model_json_hash(&p->header.onnx_hash));
	json_object_set_new(json, "lowering", json_integer(p->header.lowering));
	json_object_set_new(json, "instructions", json_integer(p->count));
	json_object_set_new(json, "steps", json_integer((json_int_t)p->header.cost));
	json_object_set_new(json, "traceChunks",
	                    json_integer((json_int_t)(gs_program_trace_bytes(p) / GS_CHUNK_BYTES)));
	json_object_set_new(json, "traceDepth", json_integer(p->header.trace_depth));
	json_object_set_new(json, "weightsChunks", json_integer(p->header.weights_chunks));
	json_object_set_new(json, "inputsChunks", json_integer(p->header.inputs_chunks));
	json_object_set_new(json, "tolerance", gs_json_tolerance(&p->header));
	json_object_set_new(json, "inputs", gs_json_types(p->io.input, p->io.inputs));
	json_object_set_new(json, "outputs", gs_json_types(p->io.output, p->io.outputs));
	json_object_set_new(json, "bounds", gs_json_types(p->io.bound, p->io.bounds));
	return gs_json_print(json);
}

static enum gs_err write_program(const struct gs_program *p, const char *path, struct gs_error *error)
{
	struct gs_buf buf;
	gs_buf_init(&buf, SIZE_MAX / 2);
	enum gs_err err = gs_program_write(p, &buf);
	if (err != GS_OK)
		err = gs_fail(error, err, "%s: no memory for the program file", path);
	else
		err = gs_write_file(path, gs_buf_view(&buf), error);
	gs_buf_free(&buf);
	return err;
}

int gs_cmd_program(int argc, char **argv)
{
	const char *output = NULL, *tolerance = NULL;
	bool json = false;
	struct gs_cli_list shapes = {.count = 0}, binds = {.count = 0};
	struct gs_error error = {0};
	const struct gs_flag flags[] = {
		{.name = "shape",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=D0,D1,...",
	         .help = "the shape of an input (several)",
	         .out = &shapes},
		{.name = "bind",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=FILE",
	         .help = "bind an input as a constant (several)",
	         .out = &binds},
		{.name = "tolerance",
	         .kind = GS_FLAG_TEXT,
	         .value = "ABS,REL",
	         .help = "a tolerant model: claims about it may be off by ABS + REL*|value|",
	         .out = &tolerance},
		{.name = "output",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE.gsp",
	         .help = "write the program file",
	         .out = &output},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &json},
	};
	struct gs_cli cli = {.usage = "gainsay program MODEL [--shape NAME=1,3,224,224] [--output FILE.gsp]",
	                     .about = "Lowers an ONNX model (or reads a program file) and prints what it commits to.",
	                     .flags = flags,
	                     .flag_count = GS_ARRAY_LEN(flags),
	                     .args_min = 1,
	                     .args_max = 1};
	int code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;

	struct gs_mapped file = {0};
	struct gs_tensor_set set;
	struct gs_program program = {0};
	struct gs_onnx_shape *shape = calloc(GS_CLI_LIST_MAX, sizeof(*shape));
	struct gs_onnx_bound *bound = calloc(GS_CLI_LIST_MAX, sizeof(*bound));
	char(*name)[GS_NAME_MAX + 1] = calloc(GS_CLI_LIST_MAX, sizeof(*name));
	struct gs_onnx_options options = {.shape = shape, .bound = bound};
	gs_tensor_set_init(&set);
	code = GS_EXIT_OK;
	enum gs_err err = shape == NULL || bound == NULL || name == NULL ? gs_fail(&error, GS_ENOMEM, "no memory")
	                                                                 : GS_OK;
	if (err == GS_OK)
		err = gs_map_file(cli.arg[0], GS_MODEL_FILE_MAX, &file, &error);
	for (size_t i = 0; err == GS_OK && i < shapes.count; i++)
		err = gs_parse_shape(shapes.item[i], name[i], &shape[options.shapes++], &error);
	for (size_t i = 0; bound != NULL && err == GS_OK && i < binds.count; i++) {
		err = gs_tensor_set_add(&set, binds.item[i], &error);
		if (err == GS_OK && set.label[i][0] == 0)
			err = gs_fail(&error, GS_EINVAL, "--bind %s: write NAME=FILE", binds.item[i]);
		if (err == GS_OK)
			bound[options.bounds++] = (struct gs_onnx_bound){.name = set.label[i], .tensor = set.tensor[i]};
	}
	if (err == GS_OK && tolerance != NULL)
		err = gs_parse_tolerance(tolerance, &options.tolerance_abs, &options.tolerance_rel, &error);
	if (err == GS_OK && tolerance != NULL && gs_is_program_file(file.bytes))
		err = gs_fail(&error, GS_EINVAL,
		              "--tolerance is for ONNX models; a program file says itself whether it is tolerant");
	else if (err == GS_OK && gs_is_program_file(file.bytes))
		err = gs_program_read(file.bytes, &program, &error);
	else if (err == GS_OK)
		err = gs_lower_beside(cli.arg[0], file.bytes, &options, &program, NULL, &error);
	if (err != GS_OK && file.bytes.ptr != NULL)
		(void)gs_fail_within(&error, err, "%s", cli.arg[0]);
	if (err == GS_OK && output != NULL)
		err = write_program(&program, output, &error);
	if (err != GS_OK)
		code = gs_cli_fail(&error);
	else if (json)
		code = print_json(&program);
	else
		print_text(&program);
	gs_program_free(&program);
	gs_tensor_set_free(&set);
	gs_unmap_file(&file);
	free(shape);
	free(bound);
	free(name);
	return code;
}
