#include "validator/cli/answer.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/machine/merkle.h"

/* Which tensor of the set is for which of these places. */
static enum gs_err match(const struct gs_tensor_set *set, const struct gs_tensor_type *type, uint32_t count,
                         const struct gs_tensor **out, struct gs_error *error)
{
	const char *name[GS_IO_MAX] = {0};
	uint32_t index[GS_IO_MAX];
	enum gs_err err;

	for (uint32_t i = 0; i < count; i++)
		name[i] = type[i].name;
	err = gs_tensor_set_match(set, name, count, index, error);
	for (uint32_t i = 0; i < count && !err; i++)
		out[i] = &set->tensor[index[i]];
	return err;
}

static enum gs_err execute(struct gs_answer *a, const struct gs_program *program, const struct gs_tensor_set *inputs,
                           unsigned threads, struct gs_error *error)
{
	const struct gs_tensor *tensor[GS_IO_MAX];
	enum gs_err err = match(inputs, program->io.input, program->io.inputs, tensor, error);

	if (!err)
		err = gs_run_init(&a->run, program, tensor, program->io.inputs, error);
	if (!err)
		err = gs_run_execute(&a->run, threads, NULL, error);
	if (err)
		return err;
	a->input_view = (struct gs_bytes){a->run.inputs, (size_t)program->header.inputs_chunks * GS_CHUNK_BYTES};
	gs_run_input_root(&a->run, &a->input_root);
	return GS_OK;
}

/* The output block, packed: what was computed, or what the user says. */
static enum gs_err pack_output(struct gs_answer *a, const struct gs_program *program, const struct gs_tensor_set *given,
                               struct gs_error *error)
{
	const struct gs_header *h = &program->header;
	const struct gs_tensor *tensor[GS_IO_MAX];
	enum gs_err err = GS_OK;

	a->output_view.len = (size_t)GS_CHUNK_BYTES << h->output_depth;
	a->output = calloc(1, a->output_view.len);
	if (!a->output)
		return gs_fail(error, GS_ENOMEM, "no memory");
	a->output_view.ptr = a->output;
	if (given->count)
		err = match(given, program->io.output, program->io.outputs, tensor, error);
	for (uint32_t i = 0; i < program->io.outputs && !err; i++) {
		const struct gs_tensor_type *type = &program->io.output[i];
		struct gs_tensor computed;
		gs_run_output(&a->run, i, &computed);
		const struct gs_tensor *t = given->count ? tensor[i] : &computed;
		if (t->dtype != type->dtype || t->count != gs_tensor_type_elements(type))
			err = gs_fail(error, GS_EINVAL, "--output: '%s' has another type or size", type->name);
		else if (t->count != 0)
			memcpy(a->output + (size_t)type->chunk * GS_CHUNK_BYTES, t->data, gs_tensor_bytes(t));
	}
	gs_merkle_array_root(a->output, UINT64_C(1) << h->output_depth, h->output_depth, &a->output_root);
	return err;
}

enum gs_err gs_answer_make(const struct gs_program *program, const struct gs_tensor_set *inputs,
                           const struct gs_tensor_set *given, unsigned threads, struct gs_answer *out,
                           struct gs_error *error)
{
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = execute(out, program, inputs, threads, error);
	return err ? err : pack_output(out, program, given, error);
}

void gs_answer_free(struct gs_answer *answer)
{
	gs_run_free(&answer->run);
	free(answer->output);
	memset(answer, 0, sizeof(*answer));
}
