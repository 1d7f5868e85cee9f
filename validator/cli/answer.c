#include "validator/cli/answer.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/machine/tolerance.h"
#include "validator/cli/distance.h"

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

static enum gs_err execute(struct gs_answer *a, unsigned threads, struct gs_error *error)
{
	const struct gs_program *program = a->run.program;
	enum gs_err err = gs_run_execute(&a->run, threads, NULL, error);

	if (err)
		return err;
	a->input_view = (struct gs_bytes){a->run.inputs, (size_t)program->header.inputs_chunks * GS_CHUNK_BYTES};
	gs_run_input_root(&a->run, &a->input_root);
	return GS_OK;
}

/* What the user says, which a tolerant program reads when it runs. */
static enum gs_err take_given(struct gs_answer *a, const struct gs_tensor_set *given, struct gs_error *error)
{
	const struct gs_program *program = a->run.program;
	enum gs_err err = gs_pack_given_outputs(program, given, a->output, error);

	if (!err && gs_header_tolerant(&program->header))
		memcpy(a->run.claimed, a->output, a->output_view.len);
	return err;
}

/* Whether the comparison said so; else what is wrong. */
static enum gs_err check_given(const struct gs_answer *a, struct gs_error *error)
{
	enum gs_err err;

	if (gs_program_accepts(a->run.program, a->run.trace))
		return GS_OK;
	err = gs_distance_check(&a->run, a->output, error);
	return err ? err : gs_fail(error, GS_EINVAL, "the model's own comparison refuses these outputs");
}

enum gs_err gs_answer_make(const struct gs_program *program, const struct gs_tensor_set *inputs,
                           const struct gs_tensor_set *given, bool unchecked, unsigned threads, struct gs_answer *out,
                           struct gs_error *error)
{
	const struct gs_tensor *tensor[GS_IO_MAX];
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = match(inputs, program->io.input, program->io.inputs, tensor, error);
	if (!err)
		err = gs_run_init(&out->run, program, tensor, program->io.inputs, error);
	if (err)
		return err;
	out->output_view.len = (size_t)gs_run_output_bytes(program);
	out->output = calloc(1, out->output_view.len);
	if (!out->output)
		return gs_fail(error, GS_ENOMEM, "no memory");
	out->output_view.ptr = out->output;
	if (given->count)
		err = take_given(out, given, error);
	if (!err)
		err = execute(out, threads, error);
	if (!err && !given->count)
		gs_run_pack_outputs(&out->run, out->output);
	else if (!err && gs_header_tolerant(&program->header) && !unchecked)
		err = check_given(out, error);
	gs_output_array_root(program, out->output, &out->output_root);
	return err;
}

void gs_answer_free(struct gs_answer *answer)
{
	gs_run_free(&answer->run);
	free(answer->output);
	memset(answer, 0, sizeof(*answer));
}
