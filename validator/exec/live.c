#include "validator/exec/live.h"

#include <stdlib.h>

unsigned gs_live_reads(const struct gs_program *p, const struct gs_instr *in, uint32_t out[GS_LIVE_READS_MAX])
{
	unsigned n = 0;
	for (unsigned k = 0; k < gs_instr_operands(in); k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (op->view.space == GS_SPACE_TRACE)
			out[n++] = gs_program_covering(p, op->view.chunk);
		if (op->indirect_row && op->indirect.space == GS_SPACE_TRACE)
			out[n++] = gs_program_covering(p, op->indirect.chunk);
	}
	return n;
}

enum gs_err gs_live_init(struct gs_live *l, const struct gs_program *p)
{
	*l = (struct gs_live){.program = p, .last = calloc(p->count, sizeof(*l->last))};
	if (!l->last)
		return GS_ENOMEM;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		uint32_t read[GS_LIVE_READS_MAX];
		unsigned reads = gs_live_reads(p, &in, read);
		for (unsigned k = 0; k < reads; k++)
			l->last[read[k]] = i;
		l->last[i] = i;
	}
	for (uint32_t i = p->count - p->header.outputs; i < p->count; i++)
		l->last[i] = GS_LIVE_ALWAYS;
	return GS_OK;
}

void gs_live_free(struct gs_live *l)
{
	free(l->last);
	*l = (struct gs_live){.last = NULL};
}

static void release_one(struct gs_live *l, uint32_t i, uint32_t after, gs_live_release release, void *self)
{
	if (l->last[i] != after)
		return;
	struct gs_instr in = gs_program_instr(l->program, i);
	l->last[i] = GS_LIVE_ALWAYS; /* an instruction may read a tensor twice */
	release(self, in.first_chunk, in.span);
}

void gs_live_after(struct gs_live *l, uint32_t i, const struct gs_instr *in, gs_live_release release, void *self)
{
	uint32_t read[GS_LIVE_READS_MAX];
	unsigned reads = gs_live_reads(l->program, in, read);
	for (unsigned k = 0; k < reads; k++)
		release_one(l, read[k], i, release, self);
	release_one(l, i, i, release, self);
}
