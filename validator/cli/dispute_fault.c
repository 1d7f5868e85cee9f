/* validator/cli/dispute_fault.c: the liar's execution. Where faults are drawn is in dispute_draw.c. */
#include "validator/cli/dispute_fault.h"

#include <stdlib.h>
#include <string.h>

#include "validator/exec/exec.h"

static struct gs_instr faulty_instr(const struct gs_prover_trace *p, const struct gs_fault *fault)
{
	return gs_program_instr(p->common->program, fault->instruction);
}

static const uint8_t *source_of_prover(void *self, uint8_t space, uint32_t chunk)
{
	const struct gs_prover_trace *p = self;
	struct gs_memory memory = gs_prover_trace_memory(p);
	return gs_memory_array(&memory, (enum gs_space)space) + (size_t)chunk * GS_CHUNK_BYTES;
}

/* The liar's states of the faulty fold, and the bits that it stores: right up to the fault, then on from there. */
static enum gs_err run_states(struct gs_liar *liar, uint64_t *stored)
{
	const struct gs_fault *fault = &liar->fault;
	const struct gs_instr instr = faulty_instr(&liar->base, fault), *in = &instr;
	uint32_t terms = (uint32_t)gs_instr_terms(in);
	struct gs_memory memory = gs_prover_trace_memory(&liar->base);
	struct gs_step_record record;
	liar->states = malloc(((size_t)terms + 1) * sizeof(*liar->states));
	if (liar->states == NULL)
		return GS_ENOMEM;
	gs_interpret_accumulators(in, &memory, fault->element, 0, 1, fault->state, liar->states);
	liar->states[fault->state] = fault->wrong;
	for (uint32_t t = fault->state + 1; t <= terms; t++) {
		gs_judge_step(in, fault->element, t, liar->states[t - 1], source_of_prover, &liar->base, &record);
		liar->states[t] = record.result;
	}
	gs_judge_step(in, fault->element, terms + 1, liar->states[terms], source_of_prover, &liar->base, &record);
	*stored = record.result;
	return GS_OK;
}

/* Everything behind the faulty instruction, computed from what is there now. */
static enum gs_err run_rest(struct gs_liar *liar, unsigned threads, struct gs_error *error)
{
	struct gs_program rest = *liar->base.common->program; /* a borrowed tail of the list; nothing here is freed */
	uint32_t first = liar->fault.instruction + 1;
	if (first == rest.count)
		return GS_OK;
	rest.descriptor_at += first;
	rest.count -= first;
	struct gs_memory memory = gs_prover_trace_memory(&liar->base);
	return gs_exec_run(&rest, &memory, threads, error);
}

enum gs_err gs_liar_run(const struct gs_prover_trace *honest, const struct gs_fault *fault, unsigned threads,
                        struct gs_liar *out, bool *changed, struct gs_error *error)
{
	const struct gs_instr instr = faulty_instr(honest, fault), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	uint64_t chunk = in->first_chunk + fault->element / gs_dtype_per_chunk(dtype);
	uint64_t stored = fault->wrong;
	struct gs_hash right_root, wrong_root;
	memset(out, 0, sizeof(*out));
	out->fault = *fault;
	out->base.common = honest->common;
	out->base.trace = &out->trace;
	uint64_t present = chunk < honest->trace->present ? honest->trace->present : chunk + 1;
	enum gs_err err = gs_trace_init(&out->trace, honest->trace->depth, present);
	if (err != GS_OK)
		goto out;
	memcpy(out->trace.chunks, honest->trace->chunks, (size_t)honest->trace->present * GS_CHUNK_BYTES);
	if (fault->at_state)
		err = run_states(out, &stored);
	if (err != GS_OK)
		goto out;
	gs_element_write(out->trace.chunks + (size_t)in->first_chunk * GS_CHUNK_BYTES, dtype, fault->element, stored);
	err = run_rest(out, threads, error);
	if (err == GS_OK)
		err = gs_trace_commit(&out->trace);
	if (err != GS_OK)
		goto out;
	gs_trace_root(honest->trace, &right_root);
	gs_trace_root(&out->trace, &wrong_root);
	*changed = !gs_hash_equal(&right_root, &wrong_root);
	return GS_OK;
out:
	gs_liar_free(out);
	return gs_fail(error, err, "dispute: the faulty execution: %s", gs_err_name(err));
}

void gs_liar_free(struct gs_liar *liar)
{
	if (liar == NULL)
		return;
	gs_trace_free(&liar->trace);
	free(liar->states);
	memset(liar, 0, sizeof(*liar));
}

static enum gs_err node(void *self, unsigned level, uint64_t index, struct gs_hash *out)
{
	struct gs_liar *liar = self;
	struct gs_prover base = gs_prover_over_trace(&liar->base);
	return base.node(base.self, level, index, out);
}

static enum gs_err read(void *self, enum gs_space space, uint32_t chunk, uint8_t out[GS_CHUNK_BYTES])
{
	struct gs_liar *liar = self;
	struct gs_prover base = gs_prover_over_trace(&liar->base);
	return base.read(base.self, space, chunk, out);
}

static enum gs_err path(void *self, enum gs_space space, uint32_t chunk, struct gs_hash *out)
{
	struct gs_liar *liar = self;
	struct gs_prover base = gs_prover_over_trace(&liar->base);
	return base.path(base.self, space, chunk, out);
}

static enum gs_err descriptor_path(void *self, uint32_t instruction, struct gs_hash *out)
{
	struct gs_liar *liar = self;
	struct gs_prover base = gs_prover_over_trace(&liar->base);
	return base.descriptor_path(base.self, instruction, out);
}

static enum gs_err accumulators(void *self, uint32_t instruction, uint64_t element, uint32_t first, uint32_t stride,
                                uint32_t count, gs_reg *out)
{
	struct gs_liar *liar = self;
	const struct gs_fault *fault = &liar->fault;
	if (liar->states != NULL && instruction == fault->instruction && element == fault->element) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = liar->states[first + (uint64_t)i * stride];
		return GS_OK;
	}
	struct gs_prover base = gs_prover_over_trace(&liar->base);
	return base.accumulators(base.self, instruction, element, first, stride, count, out);
}

struct gs_prover gs_prover_over_liar(struct gs_liar *self)
{
	self->base.trace = &self->trace; /* the liar may have moved since it ran */
	return (struct gs_prover){.self = self,
	                          .program = self->base.common->program,
	                          .node = node,
	                          .read = read,
	                          .path = path,
	                          .descriptor_path = descriptor_path,
	                          .accumulators = accumulators};
}
