#include "validator/exec/fuse.h"

#include <stdlib.h>

/* Whether instructions from i on, that are run together, read the producer's tensor, and nowhere but at their own place. */
static bool reads_at_its_place(const struct gs_program *p, const struct gs_instr *producer, uint32_t i, uint32_t last)
{
	struct gs_instr in;
	bool reads = false;
	for (; i <= last; i++) {
		gs_program_decode(p, i, &in);
		if (!gs_blocks_element_wise(&in) || gs_instr_count(&in) != gs_instr_count(producer))
			return false;
		for (unsigned k = 0; k < gs_instr_operands(&in); k++) {
			const struct gs_operand *op = &in.operand[k];
			if (op->kind != GS_OPERAND_TENSOR || op->view.space != GS_SPACE_TRACE ||
			    op->view.chunk != producer->first_chunk)
				continue;
			if (!gs_blocks_alike(&in, &op->view))
				return false;
			reads = true;
		}
	}
	return reads;
}

void gs_fuse_producers(const struct gs_program *p, uint32_t *last, uint32_t chunks_min)
{
	struct gs_instr in;
	for (uint32_t i = 1; i < p->count; i++) {
		bool begins = last[i - 1] == i - 1, alone = i < 2 || last[i - 2] != i - 1;
		if (!begins || !alone || gs_program_tensor_chunks(p, i - 1) < chunks_min)
			continue;
		gs_program_decode(p, i - 1, &in);
		if (in.form == GS_FOLD && (in.fn == GS_FN_F32_FMA || in.fn == GS_FN_I32_MULADD) &&
		    reads_at_its_place(p, &in, i, last[i]))
			last[i - 1] = last[i];
	}
}

/* What sweep i reads of tensors that those from `first` on have written. */
static void find_use(const struct gs_places *places, uint32_t first, uint32_t i, uint32_t end,
                     const struct gs_sweep *sweep, struct gs_blocks_use *use)
{
	const struct gs_live_reads *reads = &places->reads[i];
	use->wanted = places->last[i] >= end;
	for (unsigned k = 0, read = 0; k < sweep->operands; k++) {
		const struct gs_sweep_operand *op = &sweep->operand[k];
		if (op->constant || op->space != GS_SPACE_TRACE)
			continue;
		GS_ASSERT(read < reads->count); /* in the order of the operands; no sweep is indirect */
		uint32_t from = reads->from[read++];
		if (from >= first)
			use->made_by[k] = (int)(from - first);
	}
}

enum gs_err gs_fuse_blocks(const struct gs_places *places, uint32_t first, const struct gs_sweep *const *sweep,
                           unsigned n, struct gs_blocks **out)
{
	struct gs_blocks_use use[GS_BLOCKS_MAX];
	GS_ASSERT(n <= GS_BLOCKS_MAX);
	if ((*out = malloc(sizeof(**out) + n * sizeof((*out)->member[0]))) == NULL)
		return GS_ENOMEM;
	for (unsigned k = 0; k < n; k++) {
		use[k] = (struct gs_blocks_use){{GS_BLOCKS_OWN, GS_BLOCKS_OWN, GS_BLOCKS_OWN}, true};
		if (places)
			find_use(places, first, first + k, first + n, sweep[k], &use[k]);
	}
	gs_blocks_prepare(sweep, n, use, *out);
	return GS_OK;
}
