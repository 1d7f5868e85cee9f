#include "validator/cli/dispute_claimed.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/machine/tolerance.h"
#include "validator/cli/distance.h"
#include "validator/exec/exec.h"

/* The comparison alone, over a trace that has everything before it. */
static enum gs_err compare(const struct gs_program *program, uint32_t first, const struct gs_memory *memory,
                           unsigned threads, struct gs_error *error)
{
	struct gs_program rest = *program; /* a borrowed tail of the list; nothing here is freed */
	if (first >= program->count)
		return GS_OK;
	rest.descriptor_at += first;
	rest.count -= first;
	return gs_exec_run(&rest, memory, threads, error);
}

/* The canonical outputs of a trace, as a claim states them. */
static enum gs_err pack_canonical(const struct gs_program *p, const struct gs_trace *trace, uint8_t *out,
                                  struct gs_error *error)
{
	enum gs_err err = GS_OK;
	memset(out, 0, (size_t)gs_run_output_bytes(p));
	for (uint32_t k = 0; k < p->io.outputs && err == GS_OK; k++) {
		const struct gs_tensor_type *t = &p->io.output[k];
		uint32_t chunk = 0;
		err = gs_program_canonical_output(p, k, &chunk, error);
		if (err == GS_OK)
			memcpy(out + (size_t)t->chunk * GS_CHUNK_BYTES, trace->chunks + (size_t)chunk * GS_CHUNK_BYTES,
			       (size_t)(gs_tensor_type_count(t) * gs_dtype_bytes((enum gs_dtype)t->dtype)));
	}
	return err;
}

static enum gs_err no_memory(struct gs_error *error)
{
	return gs_fail(error, GS_ENOMEM, "no memory for the claimed outputs");
}

enum gs_err gs_dispute_claim_canonical(struct gs_dispute_setup *setup, struct gs_error *error)
{
	const struct gs_program *p = &setup->program;
	enum gs_err err;
	if (!gs_header_tolerant(&p->header))
		return GS_OK;
	err = pack_canonical(p, &setup->trace, setup->claimed, error);
	const struct gs_memory memory = {.trace = setup->trace.chunks,
	                                 .weights = p->weights,
	                                 .inputs = setup->inputs,
	                                 .claimed = setup->claimed};
	return err == GS_OK ? compare(p, gs_program_comparison(p), &memory, setup->threads, error) : err;
}

enum gs_err gs_dispute_claim_given(struct gs_dispute_setup *setup, const char *const *outputs, size_t count,
                                   struct gs_error *error)
{
	const struct gs_program *p = &setup->program;
	struct gs_tensor_set *set;
	enum gs_err err = GS_OK;
	if (!gs_header_tolerant(&p->header))
		return gs_fail(error, GS_EINVAL, "--output: the model is exact, and claims what its execution gives");
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		return no_memory(error);
	gs_tensor_set_init(set);
	for (size_t i = 0; i < count && err == GS_OK; i++)
		err = gs_tensor_set_add(set, outputs[i], error);
	if (err == GS_OK)
		err = gs_pack_given_outputs(p, set, setup->claimed, error);
	gs_tensor_set_free(set);
	free(set);
	setup->given = true;
	if (err != GS_OK)
		return err;
	const struct gs_memory memory = gs_prover_trace_memory(&setup->honest);
	err = compare(p, gs_program_comparison(p), &memory, setup->threads, error);
	if (err == GS_OK &&
	    (gs_trace_commit(&setup->trace) != GS_OK || gs_commitments_claim(&setup->common, setup->claimed) != GS_OK))
		err = no_memory(error);
	return err;
}

/* A trace of its own with the honest execution up to the comparison, and the comparison with own->claimed. */
static enum gs_err follow(const struct gs_dispute_setup *setup, struct gs_dispute_setup *own, struct gs_error *error)
{
	const struct gs_program *p = &setup->program;
	if (gs_trace_init(&own->trace, setup->trace.depth, setup->trace.present) != GS_OK)
		return no_memory(error);
	memcpy(own->trace.chunks, setup->trace.chunks, (size_t)setup->trace.present * GS_CHUNK_BYTES);
	own->honest = (struct gs_prover_trace){.common = &own->common, .trace = &own->trace};
	const struct gs_memory memory = gs_prover_trace_memory(&own->honest);
	enum gs_err err = compare(p, gs_program_comparison(p), &memory, own->threads, error);
	if (err == GS_OK && gs_trace_commit(&own->trace) != GS_OK)
		err = no_memory(error);
	return err;
}

/* The liar compares with what it claims, and says that it holds. A fault in the comparison itself stays. */
static enum gs_err stand_by(struct gs_liar *liar, unsigned threads, struct gs_error *error)
{
	const struct gs_program *p = liar->base.common->program;
	const struct gs_memory memory = gs_prover_trace_memory(&liar->base);
	uint32_t first = gs_program_comparison(p);
	enum gs_err err = GS_OK;
	if (liar->fault.instruction < first)
		err = compare(p, first, &memory, threads, error);
	if (err == GS_OK && !gs_program_accepts(p, liar->trace.chunks))
		gs_element_write(liar->trace.chunks + (size_t)p->header.output_chunk * GS_CHUNK_BYTES, GS_I32, 0, 1);
	if (err == GS_OK && gs_trace_commit(&liar->trace) != GS_OK)
		err = no_memory(error);
	return err;
}

enum gs_err gs_dispute_claim_of_liar(const struct gs_dispute_setup *setup, struct gs_liar *liar,
                                     struct gs_dispute_setup *own, bool *differ, struct gs_error *error)
{
	const struct gs_program *p = &setup->program;
	const size_t bytes = (size_t)gs_run_output_bytes(p);
	struct gs_hash honest, lied;
	enum gs_err err = GS_OK;
	*own = *setup; /* what is not made anew below is borrowed */
	*differ = true;
	if (!gs_header_tolerant(&p->header))
		return GS_OK;
	own->trace = (struct gs_trace){0};
	own->common.claimed = NULL;
	own->common.claimed_tree = (struct gs_merkle){0};
	own->claimed = malloc(bytes);
	if (own->claimed == NULL)
		return no_memory(error);
	memcpy(own->claimed, setup->claimed, bytes);
	if (!setup->given && liar->fault.instruction < gs_program_comparison(p))
		err = pack_canonical(p, &liar->trace, own->claimed, error);
	if (err == GS_OK && gs_commitments_claim(&own->common, own->claimed) != GS_OK)
		err = no_memory(error);
	if (err == GS_OK)
		err = follow(setup, own, error);
	liar->base.common = &own->common;
	liar->base.trace = &liar->trace;
	if (err == GS_OK)
		err = stand_by(liar, own->threads, error);
	if (err != GS_OK)
		return err;
	gs_trace_root(&own->trace, &honest);
	gs_trace_root(&liar->trace, &lied);
	*differ = !gs_hash_equal(&honest, &lied);
	return GS_OK;
}

void gs_dispute_claimed_end(struct gs_dispute_setup *own)
{
	if (!gs_header_tolerant(&own->program.header))
		return;
	gs_merkle_free(&own->common.claimed_tree);
	gs_trace_free(&own->trace);
	free(own->claimed);
	own->claimed = NULL;
}
