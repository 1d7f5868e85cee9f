/* validator/exec/prover_trace.c: answers out of kept trees, or kept levels and chunks. */
#include "validator/exec/prover_trace.h"

#include <stdlib.h>
#include <string.h>

#include "validator/exec/states.h"

static enum gs_err build_program_tree(const struct gs_program *p, struct gs_merkle *out)
{
	struct gs_hash *leaf = malloc((size_t)p->count * sizeof(*leaf));
	if (leaf == NULL)
		return GS_ENOMEM;
	for (uint32_t i = 0; i < p->count; i++)
		gs_merkle_descriptor(gs_program_descriptor(p, i), &leaf[i]);
	enum gs_err err = gs_merkle_build_hashes(leaf, p->count, gs_merkle_depth(p->count), out);
	free(leaf);
	return err;
}

static enum gs_err build_array_tree(const uint8_t *data, uint64_t chunks, struct gs_merkle *out)
{
	return gs_merkle_build_from(NULL, data, chunks, gs_merkle_depth(chunks), gs_merkle_base_for(chunks), out);
}

enum gs_err gs_commitments_build(const struct gs_program *program, const uint8_t *inputs, struct gs_commitments *out)
{
	const struct gs_header *h = &program->header;
	memset(out, 0, sizeof(*out));
	out->program = program;
	out->inputs = inputs;
	enum gs_err err = build_array_tree(program->weights, h->weights_chunks, &out->weights_tree);
	if (err == GS_OK)
		err = build_array_tree(inputs, h->inputs_chunks, &out->inputs_tree);
	if (err == GS_OK)
		err = build_program_tree(program, &out->program_tree);
	if (err != GS_OK)
		gs_commitments_free(out);
	return err;
}

enum gs_err gs_commitments_claim(struct gs_commitments *c, const uint8_t *claimed)
{
	struct gs_merkle tree;
	GS_ASSERT(gs_header_tolerant(&c->program->header));
	enum gs_err err = build_array_tree(claimed, c->program->header.claimed_chunks, &tree);
	if (err != GS_OK)
		return err;
	gs_merkle_free(&c->claimed_tree);
	c->claimed_tree = tree;
	c->claimed = claimed;
	return GS_OK;
}

void gs_commitments_free(struct gs_commitments *c)
{
	if (c == NULL)
		return;
	gs_merkle_free(&c->weights_tree);
	gs_merkle_free(&c->inputs_tree);
	gs_merkle_free(&c->claimed_tree);
	gs_merkle_free(&c->program_tree);
	memset(c, 0, sizeof(*c));
}

static enum gs_err node(void *self, unsigned level, uint64_t index, struct gs_hash *out)
{
	const struct gs_prover_trace *p = self;
	gs_trace_node(p->trace, level, index, out);
	return GS_OK;
}

static enum gs_err read(void *self, enum gs_space space, uint32_t chunk, uint8_t out[GS_CHUNK_BYTES])
{
	const struct gs_prover_trace *p = self;
	const struct gs_header *h = &p->common->program->header;
	const uint8_t *array = NULL;
	uint32_t chunks = 0;
	switch (space) {
	case GS_SPACE_TRACE: gs_trace_chunk(p->trace, chunk, out); return GS_OK;
	case GS_SPACE_WEIGHTS:
		array = p->common->program->weights;
		chunks = h->weights_chunks;
		break;
	case GS_SPACE_INPUTS:
		array = p->common->inputs;
		chunks = h->inputs_chunks;
		break;
	case GS_SPACE_CLAIMED:
		array = p->common->claimed;
		chunks = h->claimed_chunks;
		GS_ASSERT(array != NULL || chunks == 0);
		break;
	}
	if (chunk < chunks)
		memcpy(out, array + (size_t)chunk * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
	else
		memset(out, 0, GS_CHUNK_BYTES);
	return GS_OK;
}

static enum gs_err path(void *self, enum gs_space space, uint32_t chunk, struct gs_hash *out)
{
	const struct gs_prover_trace *p = self;
	const struct gs_merkle *tree = NULL;
	switch (space) {
	case GS_SPACE_TRACE: gs_trace_path(p->trace, chunk, out); return GS_OK;
	case GS_SPACE_WEIGHTS: tree = &p->common->weights_tree; break;
	case GS_SPACE_INPUTS: tree = &p->common->inputs_tree; break;
	case GS_SPACE_CLAIMED: tree = &p->common->claimed_tree; break;
	}
	gs_merkle_path(tree, 0, chunk, tree->depth, out);
	return GS_OK;
}

static enum gs_err descriptor_path(void *self, uint32_t instruction, struct gs_hash *out)
{
	const struct gs_prover_trace *p = self;
	gs_merkle_path(&p->common->program_tree, 0, instruction, p->common->program_tree.depth, out);
	return GS_OK;
}

/* All states of the fold into p->states, unless they are there. */
static void keep_states(struct gs_prover_trace *p, const struct gs_instr *in, const struct gs_memory *memory,
                        uint32_t instruction, uint64_t element)
{
	if (p->kept && p->instruction == instruction && p->element == element)
		return;
	gs_exec_states(in, memory, &p->trace->home, element, 0, 1, (uint32_t)gs_instr_terms(in) + 1, p->states);
	p->kept = true;
	p->instruction = instruction;
	p->element = element;
}

static enum gs_err accumulators(void *self, uint32_t instruction, uint64_t element, uint32_t first, uint32_t stride,
                                uint32_t count, gs_reg *out)
{
	struct gs_prover_trace *p = self;
	struct gs_memory memory = gs_prover_trace_memory(p);
	struct gs_instr in = gs_program_instr(p->common->program, instruction);
	if (p->states == NULL) {
		gs_exec_states(&in, &memory, &p->trace->home, element, first, stride, count, out);
		return GS_OK;
	}
	GS_ASSERT(count == 0 || first + (uint64_t)stride * (count - 1) <= gs_instr_terms(&in));
	keep_states(p, &in, &memory, instruction, element);
	for (uint32_t i = 0; i < count; i++)
		out[i] = p->states[first + (uint64_t)i * stride];
	return GS_OK;
}

struct gs_memory gs_prover_trace_memory(const struct gs_prover_trace *self)
{
	return (struct gs_memory){.trace = self->trace->chunks,
	                          .weights = self->common->program->weights,
	                          .inputs = self->common->inputs,
	                          .claimed = self->common->claimed};
}

struct gs_prover gs_prover_over_trace(struct gs_prover_trace *self)
{
	return (struct gs_prover){.self = self,
	                          .program = self->common->program,
	                          .node = node,
	                          .read = read,
	                          .path = path,
	                          .descriptor_path = descriptor_path,
	                          .accumulators = accumulators};
}
