#include "validator/cli/dispute_setup.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "validator/cli/dispute_claimed.h"
#include "validator/exec/exec.h"

double gs_dispute_now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum gs_err read_raw_inputs(struct gs_dispute_setup *s, const char *path, struct gs_error *error)
{
	struct gs_mapped file;
	size_t want = (size_t)s->program.header.inputs_chunks * GS_CHUNK_BYTES;
	enum gs_err err = gs_map_file(path, GS_CHUNKS_MAX * GS_CHUNK_BYTES, &file, error);
	if (err != GS_OK)
		return err;
	s->inputs = malloc(want + 1);
	if (file.bytes.len != want)
		err = gs_fail(error, GS_EINVAL, "%s: %zu bytes, but the program's inputs array has %zu", path,
		              file.bytes.len, want);
	else if (s->inputs == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory for the inputs");
	else if (want > 0)
		memcpy(s->inputs, file.bytes.ptr, want);
	gs_unmap_file(&file);
	return err;
}

/* Packs the tensors; gs_run checks types and shapes. */
static enum gs_err pack_inputs(struct gs_dispute_setup *s, const struct gs_tensor *const *feed, uint32_t feeds,
                               struct gs_error *error)
{
	struct gs_run run;
	enum gs_err err = gs_run_init(&run, &s->program, feed, feeds, error);
	if (err != GS_OK)
		return err;
	s->inputs = run.inputs; /* taken over */
	run.inputs = NULL;
	gs_run_free(&run);
	return GS_OK;
}

static enum gs_err load_program(struct gs_dispute_setup *s, struct gs_bytes file, const struct gs_tensor_set *set,
                                const char *raw, struct gs_error *error)
{
	const struct gs_tensor *feed[GS_IO_MAX];
	const char *name[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	enum gs_err err = gs_program_read(file, &s->program, error);
	if (err != GS_OK)
		return err;
	if (raw != NULL)
		return read_raw_inputs(s, raw, error);
	for (uint32_t i = 0; i < s->program.io.inputs; i++)
		name[i] = s->program.io.input[i].name;
	err = gs_tensor_set_match(set, name, s->program.io.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < s->program.io.inputs; i++)
		feed[i] = &set->tensor[index[i]];
	return err == GS_OK ? pack_inputs(s, feed, s->program.io.inputs, error) : err;
}

static enum gs_err load_onnx(struct gs_dispute_setup *s, const char *path, struct gs_bytes file,
                             const struct gs_tensor_set *set, struct gs_error *error)
{
	const struct gs_tensor *feed[GS_IO_MAX];
	const char *name[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	bool bound[GS_IO_MAX] = {false};
	struct gs_onnx_signature signature;
	struct gs_onnx_report report;
	enum gs_err err = gs_onnx_signature_read(file, &signature, error);
	if (err != GS_OK)
		return err;
	if (signature.inputs > GS_IO_MAX)
		err = gs_fail(error, GS_ELIMIT, "the model has more than %d inputs", GS_IO_MAX);
	for (uint32_t i = 0; err == GS_OK && i < signature.inputs; i++)
		name[i] = signature.input[i].name;
	if (err == GS_OK)
		err = gs_tensor_set_match(set, name, signature.inputs, index, error);
	for (uint32_t i = 0; err == GS_OK && i < signature.inputs; i++)
		feed[i] = &set->tensor[index[i]];
	if (err == GS_OK)
		err = gs_model_lower(path, file, &signature, feed, bound, false, &s->program, &report, error);
	if (err == GS_OK)
		err = pack_inputs(s, feed, signature.inputs, error);
	gs_onnx_signature_free(&signature);
	return err;
}

static enum gs_err execute(struct gs_dispute_setup *s, struct gs_error *error)
{
	double start = gs_dispute_now_s();
	s->claimed = calloc((size_t)s->program.header.claimed_chunks + 1, GS_CHUNK_BYTES);
	if (s->claimed == NULL || gs_trace_init_for(&s->trace, &s->program) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "no memory for the trace");
	struct gs_memory memory = {
		.trace = s->trace.chunks, .weights = s->program.weights, .inputs = s->inputs, .claimed = s->claimed};
	enum gs_err err = gs_exec_run(&s->program, &memory, s->threads, error);
	if (err == GS_OK)
		err = gs_dispute_claim_canonical(s, error);
	if (err != GS_OK)
		return err;
	s->execute_s = gs_dispute_now_s() - start;
	start += s->execute_s;
	if (gs_trace_commit(&s->trace) != GS_OK || gs_commitments_build(&s->program, s->inputs, &s->common) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "no memory for the Merkle trees");
	if (gs_header_tolerant(&s->program.header) && gs_commitments_claim(&s->common, s->claimed) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "no memory for the Merkle trees");
	s->commit_s = gs_dispute_now_s() - start;
	s->honest = (struct gs_prover_trace){.common = &s->common, .trace = &s->trace};
	return GS_OK;
}

static bool is_raw(const char *path)
{
	size_t len = strlen(path);
	return len > 4 && strcmp(path + len - 4, ".bin") == 0;
}

enum gs_err gs_dispute_setup_load(const char *model, const char *const *inputs, size_t input_count, unsigned threads,
                                  struct gs_dispute_setup *out, struct gs_error *error)
{
	struct gs_mapped file;
	struct gs_tensor_set *set = calloc(1, sizeof(*set));
	memset(out, 0, sizeof(*out));
	out->threads = threads;
	enum gs_err err = set == NULL ? gs_fail(error, GS_ENOMEM, "no memory") : GS_OK;
	if (err == GS_OK)
		err = gs_map_file(model, GS_MODEL_FILE_MAX, &file, error);
	if (err != GS_OK) {
		free(set);
		return err;
	}
	gs_tensor_set_init(set);
	bool program = gs_is_program_file(file.bytes);
	const char *raw = program && input_count == 1 && is_raw(inputs[0]) ? inputs[0] : NULL;
	for (size_t i = 0; err == GS_OK && raw == NULL && i < input_count; i++)
		err = gs_tensor_set_add(set, inputs[i], error);
	if (err == GS_OK) {
		err = program ? load_program(out, file.bytes, set, raw, error)
		              : load_onnx(out, model, file.bytes, set, error);
		if (err != GS_OK)
			(void)gs_fail_within(error, err, "%s", model);
	}
	gs_unmap_file(&file);
	gs_tensor_set_free(set);
	free(set);
	return err == GS_OK ? execute(out, error) : err;
}

void gs_dispute_setup_free(struct gs_dispute_setup *setup)
{
	gs_commitments_free(&setup->common);
	gs_trace_free(&setup->trace);
	gs_program_free(&setup->program);
	free(setup->inputs);
	free(setup->claimed);
	memset(setup, 0, sizeof(*setup));
}
