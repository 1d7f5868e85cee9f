#include "validator/exec/chain.h"

#include "validator/exec/ints.h"
#include "validator/exec/sweep_kernels.h"

#include <stdlib.h>
#include <string.h>

enum {
	TERMS = 512,          /* whose operands are brought side by side at once */
	WORK_GRAIN = 1 << 13, /* terms worth handing to another thread */
	VECTOR = 16,          /* lanes that a kernel may read and write, of which one is wanted */
};

struct gs_chain {
	struct gs_instr in; /* for its epilogue */
	unsigned out_axes, red_axes, operands;
	uint64_t extent[GS_OUT_AXES_MAX]; /* output axes, then those of the reduction, merged; at most 8 together */
	uint64_t count, terms;
	struct gs_element_operand operand[3]; /* init, x, w */
};

/* ---- preparation ---- */

static bool known(unsigned fn)
{
	return fn == GS_FN_F32_ADD || fn == GS_FN_F32_MAX || fn == GS_FN_F32_MIN || fn == GS_FN_F32_FMA;
}

/* Operands over all axes. */
static bool read_operands(const struct gs_instr *in, struct gs_chain *c)
{
	struct gs_instr box = *in; /* as if every axis were one of the output's */
	box.out_axes = (uint8_t)(in->out_axes + in->red_axes);
	box.red_axes = 0;
	for (unsigned k = 0; k < c->operands; k++) {
		if (!gs_element_operand_read(&box, k, &c->operand[k]) || c->operand[k].iota)
			return false;
	}
	return true;
}

static void merge_reduction(const struct gs_instr *in, struct gs_chain *c)
{
	int64_t *lists[6];
	unsigned walks = 0;
	for (unsigned k = 1; k < c->operands; k++) {
		lists[walks++] = &c->operand[k].place.step[c->out_axes];
		if (!c->operand[k].indirect)
			continue;
		lists[walks++] = &c->operand[k].row.step[c->out_axes];
		lists[walks++] = &c->operand[k].row.index.step[c->out_axes];
	}
	c->red_axes = gs_merge_axes(in->red_axes, &c->extent[c->out_axes], lists, walks);
}

enum gs_err gs_chain_prepare(const struct gs_instr *in, struct gs_chain **out)
{
	*out = NULL;
	if (in->form != GS_FOLD || !known(in->fn) || in->red_axes == 0 ||
	    (unsigned)in->out_axes + in->red_axes > GS_OUT_AXES_MAX || gs_instr_terms(in) == 0)
		return GS_OK;
	if (!gs_fold_indexed(in) && gs_instr_count(in) != 1)
		return GS_OK; /* nobody is the better for it */
	struct gs_chain *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return GS_ENOMEM;
	c->in = *in;
	c->operands = gs_instr_operands(in);
	c->out_axes = in->out_axes;
	c->count = gs_instr_count(in);
	c->terms = gs_instr_terms(in);
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++)
		c->extent[a] = in->extent[a];
	if (!read_operands(in, c)) {
		free(c);
		return GS_OK;
	}
	merge_reduction(in, c);
	*out = c;
	return GS_OK;
}

void gs_chain_free(struct gs_chain *c)
{
	free(c);
}

/* ---- running ---- */

struct job {
	const struct gs_chain *c;
	const struct gs_kernels *kernels;
	struct gs_element_source from[3];
	uint8_t *out;
};

/* Operand k's next terms, with room behind them for a vector that is read at the last one. */
static const float *bring(const struct job *job, unsigned k, struct gs_element_place at, size_t n, uint32_t *scratch)
{
	unsigned inner = job->c->out_axes + job->c->red_axes - 1;
	const uint32_t *x = gs_element_registers(&job->from[k], job->kernels->ints->elements, at, inner, n, scratch);
	if (x != scratch)
		memcpy(scratch, x, n * sizeof(*scratch));
	return (const float *)(const void *)scratch;
}

/* acc[0] = g(acc[0], x[t], w[t]) for every t; the other lanes are computed in vain. */
static void fold_terms(const struct job *job, const float *x, const float *w, size_t n, float *acc)
{
	const unsigned fn = job->c->in.fn;
	float result[VECTOR];
	if (fn != GS_FN_F32_FMA) {
		job->kernels->sweep->fold[fn](acc, 1, x, NULL, 1, n, 1);
		return;
	}
	struct gs_tile tile = {.terms = n,
	                       .panels = 1,
	                       .x = x,
	                       .x_step = 1,
	                       .w = w,
	                       .w_step = 1,
	                       .start = acc,
	                       .out = result,
	                       .out_row = VECTOR};
	job->kernels->tile[0][0](&tile);
	acc[0] = result[0];
}

static void next_line(const struct gs_chain *c, struct gs_element_place *at, uint64_t *point)
{
	for (unsigned a = c->out_axes + c->red_axes - 1; a-- > c->out_axes; point[a] = 0) {
		bool carry = ++point[a] == c->extent[a];
		for (unsigned k = 1; k < c->operands; k++)
			gs_element_advance(&c->operand[k], &at[k], a, carry ? 1 - (int64_t)c->extent[a] : 1);
		if (!carry)
			return;
	}
}

static void run_output(const struct job *job, uint64_t output, uint32_t scratch[2][TERMS + VECTOR])
{
	const struct gs_chain *c = job->c;
	struct gs_element_place at[3] = {{.at = 0}};
	uint64_t point[GS_OUT_AXES_MAX] = {0}, rest = output;
	uint64_t line = c->extent[c->out_axes + c->red_axes - 1];
	uint32_t start;
	float acc[VECTOR] = {0};
	for (unsigned k = 0; k < c->operands; k++)
		at[k] = gs_element_first(&c->operand[k]);
	for (unsigned a = c->out_axes; a-- > 0; rest /= c->extent[a])
		for (unsigned k = 0; k < c->operands; k++)
			gs_element_advance(&c->operand[k], &at[k], a, (int64_t)(rest % c->extent[a]));
	acc[0] = gs_f32_from_bits(
		*gs_element_registers(&job->from[0], job->kernels->ints->elements, at[0], 0, 1, &start));
	for (uint64_t t = 0; t < c->terms; t += line, next_line(c, at, point)) {
		for (uint64_t i = 0; i < line; i += TERMS) {
			size_t n = (size_t)(line - i < TERMS ? line - i : TERMS);
			const float *x[2] = {NULL, NULL};
			for (unsigned k = 1; k < c->operands; k++) {
				struct gs_element_place here = at[k];
				gs_element_advance(&c->operand[k], &here, c->out_axes + c->red_axes - 1, (int64_t)i);
				x[k - 1] = bring(job, k, here, n, scratch[k - 1]);
			}
			fold_terms(job, x[0], x[1], n, acc);
		}
	}
	gs_reg value = gs_load(GS_F32, gs_f32_to_bits(acc[0]));
	gs_element_write(job->out, (enum gs_dtype)c->in.store_dtype, output, gs_finish(&c->in, value));
}

/* Items: outputs. */
static void run_outputs(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	uint32_t scratch[2][TERMS + VECTOR];
	(void)thread;
	for (unsigned k = 0; k < 2; k++) /* what lies behind the terms is read, too, and must be numbers */
		memset(scratch[k], 0,
		       (job->c->terms < TERMS ? job->c->terms : TERMS) * sizeof(scratch[k][0]) +
		               VECTOR * sizeof(scratch[k][0]));
	for (uint64_t i = first; i < last; i++)
		run_output(job, i, scratch);
}

void gs_chain_run(const struct gs_chain *c, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_pool *pool)
{
	struct job job = {.c = c, .kernels = kernels, .out = mem->trace + (size_t)c->in.first_chunk * GS_CHUNK_BYTES};
	for (unsigned k = 0; k < c->operands; k++)
		job.from[k] = gs_element_open(&c->operand[k], mem);
	gs_pool_run(pool, c->count, WORK_GRAIN / c->terms + 1, run_outputs, &job);
}
