/* validator/exec/states.c: one fold, one term after the other, operands by lines. */
#include "validator/exec/states.h"

#include "validator/exec/line.h"

#include <math.h>
#include <string.h>

enum {
	LINE = 512,
	AHEAD = 32 * LINE, /* terms whose operands are wanted at once */
	FAR = 4096,        /* bytes between neighbours that share no page */
};

struct fold {
	const struct gs_instr *in;
	const struct gs_trace_home *home;
	struct gs_line_operand operand[3];
	unsigned operands;
	unsigned axis; /* lines run along this reduction axis: every one behind it has extent 1 */
	uint64_t point[GS_AXES_MAX];
	gs_reg x[2][LINE];
	gs_reg index[LINE];
	uint8_t absent[LINE];
};

/* The first term behind those of a line. */
static void next_line(struct fold *f, size_t n)
{
	unsigned a = f->axis;
	for (f->point[a] += n; f->point[a] >= f->in->extent[a] && a > f->in->out_axes; a--) {
		f->point[a] = 0;
		f->point[a - 1]++;
	}
}

/* The part of the trace that a direct operand reads along the next terms of this axis: one stretch, or a page a term. */
static void want(const struct fold *f, unsigned k)
{
	const struct gs_line_operand *op = &f->operand[k];
	uint64_t n = f->in->extent[f->axis] - f->point[f->axis];
	if (op->kind != GS_OPERAND_TENSOR || op->indirect_row != 0 || f->in->operand[k].view.space != GS_SPACE_TRACE)
		return;
	struct gs_line_span span = gs_line_span_at(&op->view, op->axes, f->point, f->axis,
	                                           (int64_t)(n < AHEAD ? n : AHEAD));
	const int64_t width = gs_dtype_bytes(op->view.dtype), step = span.flat_step * width;
	const uint8_t *first = op->view.base + (span.flat + span.flat_step * span.low) * width;
	if (span.low >= span.high)
		return;
	if (step > -FAR && step < FAR) {
		int64_t reach = step * (span.high - span.low - 1);
		f->home->want(f->home->self, reach < 0 ? first + reach : first,
		              (uint64_t)(reach < 0 ? -reach : reach) + (uint64_t)width);
		return;
	}
	for (int64_t i = span.low; i < span.high; i++, first += step)
		f->home->want(f->home->self, first, (uint64_t)width);
}

static size_t load_line(struct fold *f, uint64_t left)
{
	uint64_t n = f->in->extent[f->axis] - f->point[f->axis];
	n = n < left ? n : left;
	n = n < LINE ? n : LINE;
	for (unsigned k = 1; f->home != NULL && f->point[f->axis] % AHEAD == 0 && k < f->operands; k++)
		want(f, k);
	memset(f->absent, 0, (size_t)n);
	for (unsigned k = 1; k < f->operands; k++)
		gs_line_load(&f->operand[k], f->point, f->axis, (size_t)n, f->x[k - 1], f->absent, f->index);
	return (size_t)n;
}

/* The state behind terms [from, to) of the line. Sums, and sums of products, are most folds: without a call for each term. A NaN stays one, so
 * that only the last one must be canonical. */
static gs_reg advance(const struct fold *f, gs_reg acc, size_t from, size_t to)
{
	float sum = gs_f32_from_bits((uint32_t)acc);
	if (from == to)
		return acc;
	if (f->in->fn == GS_FN_F32_ADD) {
		for (size_t i = from; i < to; i++)
			if (!f->absent[i])
				sum += gs_f32_from_bits((uint32_t)f->x[0][i]);
		return gs_f32_to_bits(sum);
	}
	if (f->in->fn == GS_FN_F32_FMA) {
		for (size_t i = from; i < to; i++)
			if (!f->absent[i])
				sum = fmaf(gs_f32_from_bits((uint32_t)f->x[0][i]),
				           gs_f32_from_bits((uint32_t)f->x[1][i]), sum);
		return gs_f32_to_bits(sum);
	}
	for (size_t i = from; i < to; i++)
		if (!f->absent[i])
			acc = gs_fn_apply(f->in->fn, acc, f->x[0][i], f->x[1][i]);
	return acc;
}

static void run(struct fold *f, uint32_t first, uint32_t stride, uint32_t count, gs_reg *out)
{
	const uint64_t last = first + (uint64_t)stride * (count - 1);
	uint64_t next = first; /* the state that is taken next */
	gs_reg acc;
	memset(f->x[1], 0, sizeof(f->x[1])); /* of a function of two operands */
	gs_line_load(&f->operand[0], f->point, GS_AXES_MAX, 1, &acc, NULL, f->index);
	for (uint64_t j = 0; j < last;) {
		size_t n = load_line(f, last - j);
		size_t i = 0;
		for (; next < j + n; next += stride) {
			acc = advance(f, acc, i, (size_t)(next - j));
			i = (size_t)(next - j);
			*out++ = acc;
		}
		acc = advance(f, acc, i, n);
		j += n;
		next_line(f, n);
	}
	*out = acc;
}

void gs_exec_states(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_trace_home *home,
                    uint64_t element, uint32_t first, uint32_t stride, uint32_t count, gs_reg *out)
{
	struct fold f = {.in = in, .operands = gs_instr_operands(in), .axis = in->out_axes + in->red_axes - 1};
	GS_ASSERT(in->form == GS_FOLD && stride > 0);
	if (count == 0)
		return;
	GS_ASSERT(first + (uint64_t)stride * (count - 1) <= gs_instr_terms(in));
	bool lines = in->red_axes > 0;
	for (unsigned k = 0; lines && k < f.operands; k++)
		lines = gs_line_prepare(in, k, mem, &f.operand[k]);
	if (!lines) { /* addresses beyond 64 bits: only a hostile program has them */
		gs_interpret_accumulators(in, mem, element, first, stride, count, out);
		return;
	}
	f.home = home != NULL && home->want != NULL ? home : NULL;
	while (f.axis > in->out_axes && in->extent[f.axis] == 1)
		f.axis--;
	gs_box_point(in->extent, in->out_axes, element, f.point);
	run(&f, first, stride, count, out);
}
