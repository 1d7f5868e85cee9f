#include "validator/exec/blocks.h"

enum {
	BLOCK = 2048,         /* elements */
	WORK_GRAIN = 1 << 15, /* elements of all instructions worth handing to another thread */
};

/* ---- groups ---- */

bool gs_blocks_alike(const struct gs_instr *in, const struct gs_view *view)
{
	struct gs_sweep_operand walk;
	int64_t step = 1;
	if (view->count != gs_instr_count(in) || !gs_sweep_view(in, view, &walk) || walk.at != 0)
		return false;
	for (unsigned a = in->out_axes; a-- > 0; step *= in->extent[a])
		if (in->extent[a] != 1 && walk.step[a] != step)
			return false;
	return true;
}

/* Whether it may belong to a group at all; which form it gets is seen later. */
static bool element_wise(const struct gs_instr *in)
{
	if (in->form != GS_MAP || gs_fn_is_first(in->fn))
		return false;
	for (unsigned k = 0; k < gs_instr_operands(in); k++)
		if (in->operand[k].kind == GS_OPERAND_IOTA || in->operand[k].indirect_row != 0)
			return false;
	return true;
}

unsigned gs_blocks_reads_alike(const struct gs_instr *in)
{
	unsigned alike = 0;
	for (unsigned k = 0; in->form == GS_MAP && k < gs_instr_operands(in); k++) {
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
	for (unsigned k = 0; k < gs_instr_operands(in); k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && op->view.space == GS_SPACE_TRACE &&
		    op->view.chunk >= first_chunk && !(alike >> k & 1))
			return false;
	}
	return true;
}

void gs_blocks_next(struct gs_blocks_finder *f, const struct gs_instr *in, unsigned alike, uint32_t *last)
{
	bool fits = element_wise(in);
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

struct job {
	struct gs_sweep_bound bound[GS_BLOCKS_MAX];
	unsigned n;
	uint64_t elements;
};

/* Items: blocks. */
static void run_blocks(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	(void)thread;
	for (uint64_t i = first; i < last; i++) {
		uint64_t from = i * BLOCK, to = job->elements - from < BLOCK ? job->elements : from + BLOCK;
		for (unsigned k = 0; k < job->n; k++)
			gs_sweep_range(&job->bound[k], from, to);
	}
}

void gs_blocks_run(const struct gs_sweep *const *sweep, unsigned n, const struct gs_memory *mem,
                   const struct gs_kernels *kernels, struct gs_pool *pool)
{
	struct job job;
	GS_ASSERT(n > 0 && n <= GS_BLOCKS_MAX);
	job.n = n;
	job.elements = gs_sweep_elements(sweep[0]);
	if (job.elements <= BLOCK) {
		for (unsigned k = 0; k < n; k++) {
			struct gs_sweep_bound bound = gs_sweep_bind(sweep[k], mem, kernels);
			gs_sweep_range(&bound, 0, job.elements);
		}
		return;
	}
	for (unsigned k = 0; k < n; k++)
		job.bound[k] = gs_sweep_bind(sweep[k], mem, kernels);
	gs_pool_run(pool, (job.elements + BLOCK - 1) / BLOCK, WORK_GRAIN / (BLOCK * n) + 1, run_blocks, &job);
}
