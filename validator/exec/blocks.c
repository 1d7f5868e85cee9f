#include "validator/exec/blocks.h"

enum {
	BLOCK = 2048,         /* elements */
	WORK_GRAIN = 1 << 15, /* elements of all instructions worth handing to another thread */
};

/* ---- groups ---- */

bool gs_blocks_alike(const struct gs_instr *in, const struct gs_view *view)
{
	struct gs_sweep_view walk;
	int64_t step = 1;
	if (view->count != gs_instr_count(in) || !gs_sweep_view(in, view, &walk) || walk.at != 0)
		return false;
	for (unsigned a = in->out_axes; a-- > 0; step *= in->extent[a])
		if (in->extent[a] != 1 && walk.step[a] != step)
			return false;
	return true;
}

bool gs_blocks_element_wise(const struct gs_instr *in)
{
	if (in->form != GS_MAP || gs_fn_is_first(in->fn))
		return false;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++)
		if (in->operand[k].kind == GS_OPERAND_IOTA || in->operand[k].indirect_row != 0)
			return false;
	return true;
}

unsigned gs_blocks_reads_alike(const struct gs_instr *in)
{
	unsigned alike = 0;
	for (unsigned k = 0, operands = gs_instr_operands(in); in->form == GS_MAP && k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && op->indirect_row == 0 && op->view.space == GS_SPACE_TRACE &&
		    gs_blocks_alike(in, &op->view))
			alike |= 1U << k;
	}
	return alike;
}

/* Whether *in can follow a group whose first tensor is at this chunk. */
static bool follows(const struct gs_instr *in, unsigned alike, uint32_t first_chunk)
{
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && op->view.space == GS_SPACE_TRACE &&
		    op->view.chunk >= first_chunk && !(alike >> k & 1))
			return false;
	}
	return true;
}

void gs_blocks_next(struct gs_blocks_finder *f, const struct gs_instr *in, unsigned alike, uint32_t *last)
{
	bool fits = gs_blocks_element_wise(in);
	uint32_t i = f->next++;
	if (!f->open || !fits || gs_instr_count(in) != f->count || !follows(in, alike, f->first_chunk)) {
		f->first = i;
		f->first_chunk = in->first_chunk;
		f->count = gs_instr_count(in);
	}
	f->open = fits;
	last[i] = i;
	last[f->first] = i; /* those between are told at the end */
}

void gs_blocks_find(const struct gs_program *p, uint32_t *last)
{
	struct gs_blocks_finder f = {.next = 0};
	struct gs_instr in;
	for (uint32_t i = 0; i < p->count; i++) {
		gs_program_decode(p, i, &in);
		gs_blocks_next(&f, &in, gs_blocks_reads_alike(&in), last);
	}
	gs_blocks_end(&f, last);
}

void gs_blocks_end(const struct gs_blocks_finder *f, uint32_t *last)
{
	for (uint32_t i = 0; i < f->next;)
		for (uint32_t end = last[i]; i <= end; i++)
			last[i] = end;
}

/* ---- running ---- */

void gs_blocks_prepare(const struct gs_sweep *const *sweep, unsigned n, const struct gs_blocks_use *use,
                       struct gs_blocks *out)
{
	unsigned last[GS_BLOCKS_MAX];
	int holder[GS_BLOCKS_SLOTS]; /* whose tensor it is */
	GS_ASSERT(n > 0 && n <= GS_BLOCKS_MAX);
	out->n = n;
	for (unsigned s = 0; s < GS_BLOCKS_SLOTS; s++)
		holder[s] = GS_BLOCKS_OWN;
	for (unsigned i = 0; i < n; i++) {
		last[i] = i;
		for (unsigned k = 0; k < 3; k++)
			if (use[i].made_by[k] != GS_BLOCKS_OWN)
				last[use[i].made_by[k]] = i;
	}
	for (unsigned i = 0; i < n; i++) {
		struct gs_blocks_member *member = &out->member[i];
		*member = (struct gs_blocks_member){.sweep = sweep[i], .slot = GS_BLOCKS_OWN};
		for (unsigned k = 0; k < 3; k++)
			member->from[k] = use[i].made_by[k] != GS_BLOCKS_OWN ? out->member[use[i].made_by[k]].slot
			                                                     : GS_BLOCKS_OWN;
		for (unsigned s = 0; s < GS_BLOCKS_SLOTS; s++) {
			if (holder[s] != GS_BLOCKS_OWN &&
			    last[holder[s]] <= i) /* i may write over what it reads last */
				holder[s] = GS_BLOCKS_OWN;
			if (holder[s] != GS_BLOCKS_OWN || member->slot != GS_BLOCKS_OWN || use[i].wanted ||
			    sweep[i]->store_dtype != GS_F32)
				continue;
			member->slot = (int8_t)s;
			holder[s] = (int)i;
		}
	}
}

void gs_blocks_bind(const struct gs_blocks *blocks, const struct gs_memory *mem, const struct gs_kernels *kernels,
                    struct gs_blocks_bound *out)
{
	out->blocks = blocks;
	for (unsigned i = 0; i < blocks->n; i++)
		out->sweep[i] = gs_sweep_bind(blocks->member[i].sweep, mem, kernels);
}

/* Where element 0 would be, if element `first` of a tensor is that of the slot. */
static uint8_t *slot_at(float *slot, uint64_t first)
{
	return (uint8_t *)((uintptr_t)slot - first * sizeof(float));
}

void gs_blocks_part(const struct gs_blocks_bound *bound, uint64_t first, uint64_t last)
{
	const struct gs_blocks *blocks = bound->blocks;
	float slot[GS_BLOCKS_SLOTS][BLOCK]; /* not cleared: written before it is read */
	for (uint64_t end; first < last; first = end) {
		end = last - first < BLOCK ? last : first + BLOCK;
		for (unsigned i = 0; i < blocks->n; i++) {
			struct gs_sweep_bound sweep = bound->sweep[i];
			const struct gs_blocks_member *member = &blocks->member[i];
			for (unsigned k = 0; k < 3; k++)
				if (member->from[k] != GS_BLOCKS_OWN)
					sweep.base[k] = slot_at(slot[member->from[k]], first);
			if (member->slot != GS_BLOCKS_OWN)
				sweep.out = slot_at(slot[member->slot], first);
			gs_sweep_range(&sweep, first, end);
		}
	}
}

/* Items: blocks. */
static void run_blocks(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct gs_blocks_bound *bound = self;
	uint64_t elements = gs_sweep_elements(bound->blocks->member[0].sweep);
	(void)thread;
	gs_blocks_part(bound, first * BLOCK, elements < last * BLOCK ? elements : last * BLOCK);
}

void gs_blocks_run(const struct gs_blocks *blocks, const struct gs_memory *mem, const struct gs_kernels *kernels,
                   struct gs_pool *pool)
{
	struct gs_blocks_bound bound;
	uint64_t elements = gs_sweep_elements(blocks->member[0].sweep);
	for (unsigned i = 0; elements <= BLOCK && i < blocks->n; i++) { /* in the caches wherever they lie */
		struct gs_sweep_bound sweep = gs_sweep_bind(blocks->member[i].sweep, mem, kernels);
		gs_sweep_range(&sweep, 0, elements);
	}
	if (elements <= BLOCK)
		return;
	gs_blocks_bind(blocks, mem, kernels, &bound);
	gs_pool_run(pool, (elements + BLOCK - 1) / BLOCK, WORK_GRAIN / (BLOCK * blocks->n) + 1, run_blocks, &bound);
}
