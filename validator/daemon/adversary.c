#include "validator/daemon/adversary.h"

#include <string.h>

#include "challenge/machine/tolerance.h"
#include "validator/exec/exec.h"

/* The same instructions at the same places: only numbers in the weights may differ. */
static bool laid_out_alike(const struct gs_program *a, const struct gs_program *b)
{
	if (a->count != b->count || a->header.trace_depth != b->header.trace_depth ||
	    a->header.weights_chunks != b->header.weights_chunks || a->header.inputs_chunks != b->header.inputs_chunks)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!gs_bytes_equal(gs_program_descriptor(a, i), gs_program_descriptor(b, i)))
			return false;
	return true;
}

enum gs_err gs_adversary_run(const struct gs_commitments *common, const struct gs_program *with, unsigned threads,
                             struct gs_adversary *out, struct gs_error *error)
{
	const struct gs_program *p = common->program;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->with = with ? with : p;
	if (!laid_out_alike(p, out->with))
		return gs_fail(error, GS_EINVAL, "the adversary's model is not laid out like the claimed one");
	err = gs_trace_init_for(&out->trace, p);
	if (err)
		return gs_fail(error, err, "the adversary's trace: out of memory");
	const struct gs_memory memory = {.trace = out->trace.chunks,
	                                 .weights = out->with->weights,
	                                 .inputs = common->inputs,
	                                 .claimed = common->claimed};
	err = gs_exec_run(p, &memory, threads, error);
	if (!err && gs_trace_commit(&out->trace))
		err = gs_fail(error, GS_ENOMEM, "the adversary's trace: out of memory");
	out->base = (struct gs_prover_trace){.common = common, .trace = &out->trace};
	if (err)
		gs_adversary_free(out);
	return err;
}

static bool ends_in(const struct gs_adversary *a, const struct gs_hash *output_root)
{
	struct gs_hash root;

	gs_trace_output_root(&a->trace, &a->base.common->program->header, &root);
	return gs_hash_equal(&root, output_root);
}

/* What a trace in which every comparison holds has in the instructions that compare: ones. */
static void pretend(struct gs_adversary *a)
{
	const struct gs_program *p = a->base.common->program;

	for (uint32_t i = gs_program_comparison(p); i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		uint8_t *tensor = a->trace.chunks + (size_t)in.first_chunk * GS_CHUNK_BYTES;
		for (uint64_t n = gs_instr_count(&in); n-- > 0;)
			gs_element_write(tensor, (enum gs_dtype)in.store_dtype, n, 1);
	}
}

static enum gs_err replace_output(struct gs_adversary *a, struct gs_bytes output)
{
	const struct gs_header *h = &a->base.common->program->header;
	uint64_t first = h->output_chunk, chunks = UINT64_C(1) << h->output_depth;
	enum gs_err err;

	if (output.len > chunks * GS_CHUNK_BYTES)
		return GS_EINVAL;
	err = gs_trace_reach(&a->trace, first + chunks - 1);
	if (err)
		return err;
	uint8_t *block = a->trace.chunks + first * GS_CHUNK_BYTES;
	memset(block, 0, chunks * GS_CHUNK_BYTES);
	if (output.len)
		memcpy(block, output.ptr, output.len);
	pretend(a);
	return gs_trace_commit(&a->trace);
}

enum gs_err gs_adversary_claim(const struct gs_commitments *common, const struct gs_program *const *with,
                               size_t with_count, struct gs_bytes output, const struct gs_hash *output_root,
                               unsigned threads, struct gs_adversary *out, struct gs_error *error)
{
	enum gs_err err;

	for (size_t i = 0; i < with_count; i++) {
		err = gs_adversary_run(common, with[i], threads, out, error);
		if (err)
			return err;
		if (ends_in(out, output_root))
			return GS_OK;
		gs_adversary_free(out);
	}
	err = gs_adversary_run(common, NULL, threads, out, error);
	if (err)
		return err;
	err = replace_output(out, output);
	if (!err && !ends_in(out, output_root))
		err = GS_EINVAL;
	if (err) {
		gs_adversary_free(out);
		return gs_fail(error, err, "the claimed output cannot be put into a trace");
	}
	return GS_OK;
}

void gs_adversary_free(struct gs_adversary *adversary)
{
	if (adversary)
		gs_trace_free(&adversary->trace);
}

/* What differs from an honest prover: the states of a fold are those that the adversary's own weights give. */
static enum gs_err accumulators(void *self, uint32_t instruction, uint64_t element, uint32_t first, uint32_t stride,
                                uint32_t count, gs_reg *out)
{
	const struct gs_prover_trace *base = self;
	const struct gs_adversary *a = (const struct gs_adversary *)((const char *)base -
	                                                             offsetof(struct gs_adversary, base));
	const struct gs_memory memory = {.trace = a->trace.chunks,
	                                 .weights = a->with->weights,
	                                 .inputs = base->common->inputs,
	                                 .claimed = base->common->claimed};
	struct gs_instr in = gs_program_instr(base->common->program, instruction);

	gs_interpret_accumulators(&in, &memory, element, first, stride, count, out);
	return GS_OK;
}

struct gs_prover gs_prover_over_adversary(struct gs_adversary *self)
{
	struct gs_prover prover = gs_prover_over_trace(&self->base);

	prover.accumulators = accumulators;
	return prover;
}
