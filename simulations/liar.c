#include "simulations/liar.h"

#include <stdlib.h>
#include <string.h>

#include "simulations/programs.h"
#include "validator/exec/exec.h"

enum gs_err gs_sim_execute(const struct gs_commitments *common, struct gs_sim_execution *out)
{
	memset(out, 0, sizeof(*out));
	out->base.common = common;
	enum gs_err err = gs_trace_init_for(&out->trace, common->program);
	out->trace.whole = true; /* many games are about it */
	if (err == GS_OK) {
		gs_interpret(common->program, &(struct gs_memory){.trace = out->trace.chunks,
		                                                  .weights = common->program->weights,
		                                                  .inputs = common->inputs});
		err = gs_trace_commit(&out->trace);
	}
	if (err != GS_OK)
		gs_sim_execution_free(out);
	return err;
}

enum gs_err gs_sim_execute_drawn(const struct gs_program *program, struct gs_rng *rng, uint8_t **inputs,
                                 struct gs_commitments *common, struct gs_sim_execution *out)
{
	*inputs = malloc((size_t)program->header.inputs_chunks * GS_CHUNK_BYTES);
	if (*inputs == NULL)
		return GS_ENOMEM;
	gs_sim_draw_inputs(rng, program, *inputs);
	enum gs_err err = gs_commitments_build(program, *inputs, common);
	return err == GS_OK ? gs_sim_execute(common, out) : err;
}

static const uint8_t *own_chunk(void *self, uint8_t space, uint32_t chunk)
{
	const struct gs_memory *memory = self;
	const uint8_t *array = gs_memory_array(memory, (enum gs_space)space);
	return array + (size_t)chunk * GS_CHUNK_BYTES;
}

/* States that are right up to `wrong_at`, wrong there, and follow from it behind; *stored: the output that they lead to. */
static enum gs_err lie_about_states(struct gs_sim_execution *e, struct gs_memory *memory, const struct gs_instr *in,
                                    uint32_t wrong_at, unsigned bit, uint64_t *stored)
{
	uint32_t terms = (uint32_t)gs_instr_terms(in);
	struct gs_step_record record;
	e->states = malloc(((size_t)terms + 1) * sizeof(*e->states));
	if (e->states == NULL)
		return GS_ENOMEM;
	gs_interpret_accumulators(in, memory, e->element, 0, 1, terms + 1, e->states);
	e->states[wrong_at] ^= UINT64_C(1) << bit;
	for (uint32_t t = wrong_at + 1; t <= terms; t++) {
		gs_judge_step(in, e->element, t, e->states[t - 1], own_chunk, memory, &record);
		e->states[t] = record.result;
	}
	gs_judge_step(in, e->element, terms + 1, e->states[terms], own_chunk, memory, &record);
	*stored = record.result;
	return GS_OK;
}

static enum gs_err copy_trace(const struct gs_sim_execution *from, struct gs_sim_execution *out)
{
	memset(out, 0, sizeof(*out));
	out->base.common = from->base.common;
	enum gs_err err = gs_trace_init(&out->trace, from->trace.depth, from->trace.present);
	out->trace.whole = true;
	if (err == GS_OK)
		memcpy(out->trace.chunks, from->trace.chunks, (size_t)from->trace.present * GS_CHUNK_BYTES);
	return err;
}

enum gs_err gs_sim_second_face(const struct gs_sim_execution *first, struct gs_rng *rng, struct gs_sim_execution *out)
{
	const struct gs_program *program = first->base.common->program;
	if (program->count == program->header.outputs)
		return GS_ENOTFOUND;
	enum gs_err err = copy_trace(first, out);
	if (err != GS_OK)
		return err;
	uint32_t inner = (uint32_t)gs_rng_below(rng, program->count - program->header.outputs);
	const struct gs_instr instr = gs_program_instr(program, inner), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	uint8_t *tensor = out->trace.chunks + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	uint64_t element = gs_rng_below(rng, gs_instr_count(in));
	gs_element_write(tensor, dtype, element, gs_element_bits(tensor, dtype, element) ^ 1);
	err = gs_trace_commit(&out->trace);
	if (err != GS_OK)
		gs_sim_execution_free(out);
	return err;
}

enum gs_err gs_sim_execute_wrongly(const struct gs_sim_execution *honest, struct gs_rng *rng,
                                   struct gs_sim_execution *out)
{
	const struct gs_program *program = honest->base.common->program;
	enum gs_err err = copy_trace(honest, out);
	if (err != GS_OK)
		return err;
	out->instruction = (uint32_t)gs_rng_below(rng, program->count);
	const struct gs_instr instr = gs_program_instr(program, out->instruction), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	uint64_t count = gs_instr_count(in), slots = gs_dtype_chunks(dtype, count) * gs_dtype_per_chunk(dtype);
	bool padding = slots > count && gs_rng_below(rng, 10) == 0;
	out->element = padding ? count + gs_rng_below(rng, slots - count) : gs_rng_below(rng, count);
	struct gs_memory memory = {
		.trace = out->trace.chunks, .weights = program->weights, .inputs = honest->base.common->inputs};
	uint8_t *tensor = out->trace.chunks + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	unsigned width = gs_dtype_bytes(dtype) * 8;
	uint64_t stored = gs_element_bits(tensor, dtype, out->element) ^ UINT64_C(1) << gs_rng_below(rng, width);
	if (!padding && in->form == GS_FOLD && gs_rng_below(rng, 2) == 0) {
		uint32_t at = (uint32_t)gs_rng_below(rng, gs_instr_terms(in) + 1);
		unsigned bits = gs_dtype_class((enum gs_dtype)in->acc_dtype) == GS_CLASS_I64 ? 64 : 32;
		err = lie_about_states(out, &memory, in, at, (unsigned)gs_rng_below(rng, bits), &stored);
	}
	if (err == GS_OK) {
		gs_element_write(tensor, dtype, out->element, stored);
		for (uint32_t i = out->instruction + 1; i < program->count; i++) {
			struct gs_instr next = gs_program_instr(program, i);
			gs_interpret_instr(&next, &memory);
		}
		err = gs_trace_commit(&out->trace);
	}
	if (err != GS_OK)
		gs_sim_execution_free(out);
	return err;
}

/* The trace of another input, passed off as this one's. */
static enum gs_err execute_other_input(const struct gs_sim_lie *lie, struct gs_sim_execution *out)
{
	struct gs_commitments other = *lie->honest->base.common;
	other.inputs = lie->other_inputs;
	enum gs_err err = gs_sim_execute(&other, out);
	out->base.common = lie->honest->base.common;
	return err;
}

enum gs_err gs_sim_draw_lie(const struct gs_sim_lie *lie, struct gs_rng *rng, struct gs_sim_execution *out, bool *shows)
{
	const struct gs_header *header = &lie->honest->base.common->program->header;
	struct gs_hash right, mine;
	gs_trace_output_root(&lie->honest->trace, header, &right);
	*shows = false;
	for (unsigned tries = 0; tries < lie->tries && !*shows; tries++) {
		gs_sim_execution_free(out);
		bool other = lie->other_inputs != NULL && gs_rng_below(rng, 8) == 0;
		enum gs_err err = other ? execute_other_input(lie, out) : gs_sim_execute_wrongly(lie->honest, rng, out);
		if (err != GS_OK)
			return err;
		gs_trace_output_root(&out->trace, header, &mine);
		*shows = !gs_hash_equal(&right, &mine);
	}
	return GS_OK;
}

void gs_sim_execution_free(struct gs_sim_execution *e)
{
	gs_trace_free(&e->trace);
	free(e->states);
	memset(e, 0, sizeof(*e));
}

/* ---- the prover: that of the trace, but for the states ---- */

static struct gs_prover base_of(void *self)
{
	struct gs_sim_execution *e = self;
	e->base.trace = &e->trace;
	return gs_prover_over_trace(&e->base);
}

static enum gs_err node(void *self, unsigned level, uint64_t index, struct gs_hash *out)
{
	struct gs_prover base = base_of(self);
	return base.node(base.self, level, index, out);
}

static enum gs_err read(void *self, enum gs_space space, uint32_t chunk, uint8_t out[GS_CHUNK_BYTES])
{
	struct gs_prover base = base_of(self);
	return base.read(base.self, space, chunk, out);
}

static enum gs_err path(void *self, enum gs_space space, uint32_t chunk, struct gs_hash *out)
{
	struct gs_prover base = base_of(self);
	return base.path(base.self, space, chunk, out);
}

static enum gs_err descriptor_path(void *self, uint32_t instruction, struct gs_hash *out)
{
	struct gs_prover base = base_of(self);
	return base.descriptor_path(base.self, instruction, out);
}

static enum gs_err accumulators(void *self, uint32_t instruction, uint64_t element, uint32_t first, uint32_t stride,
                                uint32_t count, gs_reg *out)
{
	const struct gs_sim_execution *e = self;
	if (e->states != NULL && instruction == e->instruction && element == e->element) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = e->states[first + (uint64_t)i * stride];
		return GS_OK;
	}
	struct gs_prover base = base_of(self);
	return base.accumulators(base.self, instruction, element, first, stride, count, out);
}

struct gs_prover gs_sim_prover(struct gs_sim_execution *self)
{
	return (struct gs_prover){.self = self,
	                          .program = self->base.common->program,
	                          .node = node,
	                          .read = read,
	                          .path = path,
	                          .descriptor_path = descriptor_path,
	                          .accumulators = accumulators};
}
