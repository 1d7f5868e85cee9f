#include "validator/cli/adversary.h"

#include <string.h>

#include "validator/daemon/models.h"
#include "validator/exec/exec.h"

enum gs_err gs_adversary_open(const struct gs_cli_list *specs, struct gs_adversary *out, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < specs->count && !err; i++) {
		if (strcmp(specs->item[i], "outputs") == 0)
			continue;
		if (out->count == GS_ADVERSARY_MODELS_MAX)
			err = gs_fail(error, GS_ELIMIT, "--adversary: more than %d models", GS_ADVERSARY_MODELS_MAX);
		else
			err = gs_model_load(specs->item[i], &out->model[out->count], error);
		if (!err)
			out->count++;
	}
	if (err)
		gs_adversary_close(out);
	return err;
}

void gs_adversary_close(struct gs_adversary *adversary)
{
	for (size_t i = 0; i < adversary->count; i++)
		gs_program_free(&adversary->model[i]);
	adversary->count = 0;
}

/* The same instructions over other weights, so that the traces can be laid side by side. */
static bool same_shape(const struct gs_program *a, const struct gs_program *b)
{
	return gs_hash_equal(&a->header.program_root, &b->header.program_root) &&
	       a->header.inputs_chunks == b->header.inputs_chunks;
}

static enum gs_err run(const struct gs_program *model, const uint8_t *inputs, struct gs_trace *out)
{
	struct gs_memory memory = {.weights = model->weights, .inputs = inputs};
	enum gs_err err = gs_trace_init_for(out, model);

	if (err)
		return err;
	memory.trace = out->chunks;
	err = gs_exec_run(model, &memory, 1, NULL);
	return err ? err : gs_trace_commit(out);
}

/* Takes over the wrong model's trace if it ends in the wanted output (any, when root is NULL). */
static enum gs_err try_model(const struct gs_program *model, const struct gs_program *program, const uint8_t *inputs,
                             const struct gs_hash *wanted, struct gs_trace *trace, bool *taken)
{
	struct gs_trace wrong = {0};
	struct gs_hash root;
	enum gs_err err;

	*taken = false;
	if (!same_shape(model, program))
		return GS_OK;
	err = run(model, inputs, &wrong);
	if (err)
		goto out;
	gs_trace_output_root(&wrong, &program->header, &root);
	if (!wanted || gs_hash_equal(&root, wanted)) {
		struct gs_trace honest = *trace;
		*trace = wrong;
		wrong = honest;
		*taken = true;
	}
out:
	gs_trace_free(&wrong);
	return err;
}

static enum gs_err replace_outputs(const struct gs_program *program, struct gs_bytes claimed, struct gs_trace *trace)
{
	const struct gs_header *h = &program->header;
	const size_t bytes = (size_t)GS_CHUNK_BYTES << h->output_depth;
	enum gs_err err;

	if (claimed.len > bytes)
		return GS_EINVAL;
	for (size_t at = 0; at < bytes; at += GS_CHUNK_BYTES) {
		const size_t chunk = h->output_chunk + at / GS_CHUNK_BYTES;
		const size_t given = claimed.len > at ? claimed.len - at : 0;
		const size_t len = given < GS_CHUNK_BYTES ? given : GS_CHUNK_BYTES;
		uint8_t value[GS_CHUNK_BYTES] = {0};
		if (len)
			memcpy(value, claimed.ptr + at, len);
		if ((err = gs_trace_reach(trace, chunk)))
			return err;
		memcpy(trace->chunks + chunk * GS_CHUNK_BYTES, value, GS_CHUNK_BYTES);
	}
	return GS_OK;
}

static enum gs_err corrupt(void *self, const struct gs_program *program, const uint8_t *inputs,
                           const struct gs_work_job *job, struct gs_trace *trace)
{
	const struct gs_adversary *a = self;
	const struct gs_hash *wanted = job->own ? &job->output_root : NULL;
	struct gs_hash honest;
	bool taken = false;
	enum gs_err err = gs_trace_commit(trace);

	if (err)
		return err;
	gs_trace_output_root(trace, &program->header, &honest);
	if (wanted && gs_hash_equal(&honest, wanted))
		return GS_OK; /* an honest claim among the others */
	for (size_t i = 0; i < a->count && !taken && !err; i++)
		err = try_model(&a->model[i], program, inputs, wanted, trace, &taken);
	if (err || taken || !wanted)
		return err;
	return replace_outputs(program, job->output, trace);
}

struct gs_work_adversary gs_adversary_at_work(struct gs_adversary *adversary)
{
	return (struct gs_work_adversary){.self = adversary, .corrupt = corrupt};
}
