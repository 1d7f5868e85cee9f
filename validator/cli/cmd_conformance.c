/* gainsay conformance: every folder with a model and test data, compared with its reference outputs. */
#include "validator/cli/commands.h"
#include "validator/cli/compare.h"
#include "validator/cli/model.h"
#include "validator/exec/exec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PATH_BYTES_MAX = 4096,
	WALK_DEPTH_MAX = 8,
	DATA_SETS_MAX = 1024,
};
#define COST_MAX (UINT64_C(1) << 38) /* scalar steps of one case */

enum outcome { PASSED, FAILED, REFUSED };

struct conformance {
	unsigned threads;
	const char *isa;
	bool verbose;
	unsigned count[3];
	unsigned reason[GS_ONNX_REASONS]; /* refusals */
};

struct verdict {
	enum outcome outcome;
	const char *reason;
	struct gs_error detail;
};

static void decide(struct verdict *v, enum outcome outcome, const char *reason)
{
	v->outcome = outcome;
	v->reason = reason;
}

static enum gs_err load_tensors(const char *folder, const char *kind, struct gs_tensor_set *out, struct gs_error *error)
{
	char path[PATH_BYTES_MAX + 64];
	for (unsigned i = 0; i < GS_IO_MAX; i++) {
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s_%u.pb", folder, kind, i);
		if (stat(path, &st) != 0)
			return GS_OK;
		enum gs_err err = gs_tensor_set_add(out, path, error);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

/* Lowers with the shapes of the data; binds an input whenever lowering asks for its value. */
static enum gs_err lower_for(const char *path, struct gs_bytes onnx, const struct gs_onnx_signature *sig,
                             const struct gs_tensor *const *tensor, bool *bound, struct gs_program *program,
                             struct gs_onnx_report *report, struct gs_error *error)
{
	for (;;) {
		enum gs_err err = gs_model_lower(path, onnx, sig, tensor, bound, true, program, report, error);
		bool more = false;
		if (err == GS_OK || (report->reason != GS_ONNX_NOT_STATIC && report->reason != GS_ONNX_CONTROL_FLOW))
			return err;
		for (uint32_t n = 0; n < report->needs; n++)
			for (uint32_t i = 0; i < sig->inputs; i++)
				if (sig->input[i].graph_index == report->need[n] && !bound[i])
					bound[i] = more = true;
		if (!more)
			return err;
	}
}

/* ONNX's suite kept bf16 data as u16 before its version 1.13. */
static void read_as_bf16(struct gs_tensor *t, uint64_t declared)
{
	if (t->dtype == GS_U16 && declared == GS_BF16)
		t->dtype = GS_BF16;
}

static void compare_outputs(const struct gs_run *run, const struct gs_tensor_set *want, bool half, struct verdict *v)
{
	if (want->count > run->program->io.outputs) {
		decide(v, FAILED, "outputs");
		return;
	}
	for (uint32_t i = 0; i < want->count; i++) {
		struct gs_tensor have, reference = want->tensor[i];
		gs_run_output(run, i, &have);
		read_as_bf16(&reference, have.dtype);
		enum gs_difference d = gs_compare(&have, &reference, half ? GS_TOLERANCE_HALF : GS_TOLERANCE,
		                                  &v->detail);
		if (d != GS_SAME) {
			decide(v, FAILED, gs_difference_name(d));
			return;
		}
	}
}

static void run_data_set(const struct conformance *c, const char *path, struct gs_bytes onnx,
                         const struct gs_onnx_signature *sig, const char *folder, struct verdict *v)
{
	struct gs_tensor_set in, want;
	struct gs_program program = {0};
	struct gs_run run = {0};
	struct gs_onnx_report report = {0};
	uint32_t index[GS_IO_MAX], used = 0;
	bool bound[GS_IO_MAX] = {false};
	const struct gs_tensor *tensor[GS_IO_MAX], *feed[GS_IO_MAX];
	const char *name[GS_IO_MAX];

	gs_tensor_set_init(&in);
	gs_tensor_set_init(&want);
	if (!sig->tensors_only) {
		(void)gs_fail(&v->detail, GS_EUNSUPPORTED,
		              "an input or output is a sequence, map or optional, not a tensor");
		decide(v, REFUSED, gs_onnx_reason_name(GS_ONNX_SEQUENCE));
		return;
	}
	enum gs_err err = load_tensors(folder, "input", &in, &v->detail);
	if (err == GS_OK)
		err = load_tensors(folder, "output", &want, &v->detail);
	if (err == GS_OK && (want.count == 0 || sig->inputs > GS_IO_MAX))
		err = gs_fail(&v->detail, GS_EPARSE, "%s: no reference outputs, or too many inputs", folder);
	for (uint32_t i = 0; err == GS_OK && i < sig->inputs; i++)
		name[i] = sig->input[i].name;
	if (err == GS_OK)
		err = gs_tensor_set_match(&in, name, sig->inputs, index, &v->detail);
	if (err != GS_OK) {
		decide(v, err == GS_EUNSUPPORTED ? REFUSED : FAILED,
		       err == GS_EUNSUPPORTED ? gs_onnx_reason_name(sig->strings ? GS_ONNX_STRING : GS_ONNX_DATA_TYPE)
		                              : "data");
		goto out;
	}
	for (uint32_t i = 0; i < sig->inputs; i++) {
		read_as_bf16(&in.tensor[index[i]], sig->input[i].elem_type);
		tensor[i] = &in.tensor[index[i]];
	}
	err = lower_for(path, onnx, sig, tensor, bound, &program, &report, &v->detail);
	if (err != GS_OK) {
		decide(v, REFUSED, gs_onnx_reason_name(report.reason));
		goto out;
	}
	for (uint32_t i = 0; i < sig->inputs; i++)
		if (!bound[i])
			feed[used++] = tensor[i];
	if (program.header.cost > COST_MAX)
		err = gs_fail(&v->detail, GS_ELIMIT, "%llu scalar steps", (unsigned long long)program.header.cost);
	if (err == GS_OK)
		err = gs_run_init(&run, &program, feed, used, &v->detail);
	run.isa = c->isa;
	if (err == GS_OK)
		err = gs_run_execute(&run, c->threads, NULL, &v->detail);
	if (err != GS_OK)
		decide(v, err == GS_ELIMIT || err == GS_ENOMEM ? REFUSED : FAILED,
		       gs_onnx_reason_name(err == GS_ELIMIT || err == GS_ENOMEM ? GS_ONNX_TOO_BIG : GS_ONNX_FORM));
	else
		compare_outputs(&run, &want, sig->half, v);
out:
	gs_run_free(&run);
	gs_program_free(&program);
	gs_tensor_set_free(&in);
	gs_tensor_set_free(&want);
}

static void run_case(struct conformance *c, const char *folder, const char *label)
{
	static const char *const word[] = {"PASS", "FAIL", "REFUSED"};
	char path[PATH_BYTES_MAX + 64], model[PATH_BYTES_MAX + 64];
	struct verdict v = {.outcome = PASSED, .reason = "ok"};
	struct gs_mapped file = {0};
	struct gs_onnx_signature sig = {0};
	unsigned sets = 0;

	snprintf(model, sizeof(model), "%s/model.onnx", folder);
	enum gs_err err = gs_map_file(model, GS_MODEL_FILE_MAX, &file, &v.detail);
	if (err == GS_OK)
		err = gs_onnx_signature_read(file.bytes, &sig, &v.detail);
	if (err != GS_OK)
		decide(&v, REFUSED,
		       gs_onnx_reason_name(err == GS_EUNSUPPORTED ? GS_ONNX_DATA_TYPE
		                           : err == GS_ELIMIT     ? GS_ONNX_TOO_BIG
		                                                  : GS_ONNX_MALFORMED));
	for (unsigned k = 0; v.outcome == PASSED && k < DATA_SETS_MAX; k++) {
		struct stat st;
		snprintf(path, sizeof(path), "%s/test_data_set_%u", folder, k);
		if (stat(path, &st) != 0)
			break;
		run_data_set(c, model, file.bytes, &sig, path, &v);
		sets++;
	}
	if (v.outcome == PASSED && sets == 0)
		decide(&v, FAILED, "data");
	printf("%s %s %s\n", word[v.outcome], label, v.reason);
	fflush(stdout);
	if (c->verbose && v.outcome != PASSED)
		fprintf(stderr, "%s: %s\n", label, v.detail.text);
	c->count[v.outcome]++;
	for (unsigned r = 0; v.outcome == REFUSED && r < GS_ONNX_REASONS; r++)
		c->reason[r] += strcmp(v.reason, gs_onnx_reason_name((enum gs_onnx_reason)r)) == 0;
	gs_onnx_signature_free(&sig);
	gs_unmap_file(&file);
}

/* Folders in the order of their names; label is the path below the argument. */
static enum gs_err walk(struct conformance *c, const char *folder, const char *label, unsigned depth,
                        struct gs_error *error)
{
	char path[PATH_BYTES_MAX + 64], below[PATH_BYTES_MAX];
	struct dirent **entry;
	struct stat st;
	enum gs_err err = GS_OK;

	if (strlen(folder) + 300 > PATH_BYTES_MAX || depth > WALK_DEPTH_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: nested too deep", folder);
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	if (stat(path, &st) == 0) {
		run_case(c, folder, label);
		return GS_OK;
	}
	int n = scandir(folder, &entry, NULL, alphasort);
	if (n < 0)
		return gs_fail(error, GS_EIO, "%s: not a readable folder", folder);
	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;
		if (err == GS_OK && name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, name);
			snprintf(below, sizeof(below), "%s%s%s", depth == 0 ? "" : label, depth == 0 ? "" : "/", name);
			if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
				err = walk(c, path, below, depth + 1, error);
		}
		free(entry[i]);
	}
	free(entry);
	return err;
}

int gs_cmd_conformance(int argc, char **argv)
{
	uint64_t threads = 1;
	const char *isa = NULL;
	bool verbose = false;
	struct gs_error error = {0};
	const struct gs_flag flags[] = {
		{.name = "threads", .kind = GS_FLAG_U64, .value = "N", .help = "worker threads (1)", .out = &threads},
		{.name = "isa",
	         .kind = GS_FLAG_TEXT,
	         .value = "NAME",
	         .help = "inner loops: avx512, avx512bw (without VNNI), avx2, neon, neonbase (without dot products) or portable",
	         .out = &isa},
		{.name = "verbose",
	         .kind = GS_FLAG_BOOL,
	         .help = "say on stderr what was refused or differs",
	         .out = &verbose},
	};
	struct gs_cli cli = {
		.usage = "gainsay conformance DIR...",
		.about =
			"Runs every folder that holds model.onnx and test_data_set_*/{input,output}_*.pb and compares the outputs.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = GS_CLI_ARGS_MAX};
	int code = gs_cli_parse(&cli, argc, argv);
	if (code != GS_CLI_GO_ON)
		return code;
	if (threads < 1 || threads > GS_EXEC_THREADS_MAX)
		return gs_cli_misused("--threads takes 1 to %d", GS_EXEC_THREADS_MAX);
	if (gs_exec_isa_check(isa, &error) != GS_OK)
		return gs_cli_misused("--isa: %s", error.text);
	struct conformance c = {.threads = (unsigned)threads, .isa = isa, .verbose = verbose};
	for (size_t i = 0; i < cli.arg_count; i++) {
		char folder[PATH_BYTES_MAX];
		snprintf(folder, sizeof(folder), "%s", cli.arg[i]);
		for (size_t len = strlen(folder); len > 1 && folder[len - 1] == '/'; len--)
			folder[len - 1] = 0;
		const char *slash = strrchr(folder, '/');
		if (walk(&c, folder, slash != NULL && slash[1] != 0 ? slash + 1 : folder, 0, &error) != GS_OK)
			return gs_cli_fail(&error);
	}
	for (unsigned r = 0; r < GS_ONNX_REASONS; r++)
		if (c.reason[r] != 0)
			printf("refused as %s: %u\n", gs_onnx_reason_name((enum gs_onnx_reason)r), c.reason[r]);
	printf("%u passed, %u failed, %u refused\n", c.count[PASSED], c.count[FAILED], c.count[REFUSED]);
	return c.count[FAILED] == 0 ? GS_EXIT_OK : GS_EXIT_FAILED;
}
