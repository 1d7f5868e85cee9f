#include "validator/exec/live.h"

#include "validator/exec/blocks.h"

#include <stdlib.h>

/* The one of the first `count` instructions whose tensor is at this chunk. */
static uint32_t producer(const uint32_t *first, uint32_t count, uint32_t chunk)
{
	uint32_t low = count, high, step = 1;
	do { /* mostly a recent one */
		high = low;
		low = low > step ? low - step : 0;
		step *= 2;
	} while (low > 0 && first[low] > chunk);
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (first[middle] <= chunk)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool is_copy(const struct gs_instr *in)
{
	return gs_fn_is_first(in->fn) || in->fn == GS_FN_F32_COPY || in->fn == GS_FN_I32_COPY ||
	       in->fn == GS_FN_I64_COPY;
}

/* first: where the tensors of the instructions before this one begin. */
static void find_reads(const struct gs_instr *in, unsigned alike, const uint32_t *first, uint32_t before,
                       struct gs_live_reads *out)
{
	unsigned bytes = gs_dtype_bytes((enum gs_dtype)in->store_dtype);
	bool computes = in->form == GS_MAP && !is_copy(in);
	out->folds = in->form == GS_FOLD;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (op->view.space == GS_SPACE_TRACE) {
			uint8_t bit = (uint8_t)(1U << out->count);
			out->alike |= alike >> k & 1 ? bit : 0;
			if (computes && gs_dtype_bytes((enum gs_dtype)op->view.dtype) == bytes)
				out->fits |= bit;
			out->from[out->count++] = producer(first, before, op->view.chunk);
		}
		if (op->indirect_row && op->indirect.space == GS_SPACE_TRACE)
			out->from[out->count++] = producer(first, before, op->indirect.chunk);
	}
}

enum gs_err gs_live_init(struct gs_live *l, const struct gs_program *p, gs_live_look look, void *self)
{
	uint32_t *first = calloc(p->count, sizeof(*first));
	struct gs_instr in;
	*l = (struct gs_live){
		.program = p, .last = calloc(p->count, sizeof(*l->last)), .reads = calloc(p->count, sizeof(*l->reads))};
	if (!first || !l->last || !l->reads) {
		free(first);
		gs_live_free(l);
		return GS_ENOMEM;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		gs_program_decode(p, i, &in);
		unsigned alike = gs_blocks_reads_alike(&in);
		first[i] = in.first_chunk;
		find_reads(&in, alike, first, i, &l->reads[i]);
		for (unsigned k = 0; k < l->reads[i].count; k++)
			l->last[l->reads[i].from[k]] = i;
		l->last[i] = i;
		if (look)
			look(self, i, &in, alike);
	}
	for (uint32_t i = p->count - p->header.outputs; i < p->count; i++)
		l->last[i] = GS_LIVE_ALWAYS;
	free(first);
	return GS_OK;
}

void gs_live_free(struct gs_live *l)
{
	free(l->last);
	free(l->reads);
	*l = (struct gs_live){.last = NULL};
}

static void release_one(struct gs_live *l, uint32_t i, uint32_t after, gs_live_release release, void *self)
{
	struct gs_instr in;
	if (l->last[i] != after)
		return;
	gs_program_decode(l->program, i, &in);
	l->last[i] = GS_LIVE_ALWAYS; /* an instruction may read a tensor twice */
	release(self, in.first_chunk, in.span);
}

void gs_live_after(struct gs_live *l, uint32_t i, gs_live_release release, void *self)
{
	for (unsigned k = 0; k < l->reads[i].count; k++)
		release_one(l, l->reads[i].from[k], i, release, self);
	release_one(l, i, i, release, self);
}
