#include "validator/exec/across.h"

#include "validator/exec/ints.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINE_MIN = 8,         /* outputs */
	TERMS_MAX = 64,       /* and no more than a line has outputs */
	PIECE = 256,          /* outputs of a line that are worked on at once */
	KEPT = 4096,          /* numbers of an operand that all lines share: terms times a piece */
	WORK_GRAIN = 1 << 15, /* terms worth handing to another thread */
};

struct gs_across {
	uint8_t fn, epilogue, epilogue_pos, store_dtype;
	float epilogue_value[2];
	uint32_t first_chunk;
	unsigned operands, axes, red_axes,
		first_red; /* axes: of the output, merged; those of the reduction begin at first_red */
	uint64_t extent[GS_OUT_AXES_MAX];
	uint64_t lines, line, terms;
	size_t piece;                         /* outputs */
	struct gs_element_operand operand[3]; /* init, x, w */
	bool shared[3]; /* all lines read the same of it; of an indirect one, the same of the index */
};

/* ---- preparation ---- */

static bool known(unsigned fn)
{
	return fn == GS_FN_F32_ADD || fn == GS_FN_F32_MAX || fn == GS_FN_F32_MIN || fn == GS_FN_F32_FMA;
}

/* Operands over all axes. */
static bool read_operands(const struct gs_instr *in, struct gs_across *a)
{
	struct gs_instr box = *in; /* as if every axis were one of the output's */
	box.out_axes = (uint8_t)(in->out_axes + in->red_axes);
	box.red_axes = 0;
	for (unsigned k = 0; k < a->operands; k++) {
		if (!gs_element_operand_read(&box, k, &a->operand[k]) || a->operand[k].iota)
			return false;
	}
	return true;
}

static unsigned merge(struct gs_across *a, unsigned first, unsigned axes)
{
	int64_t *lists[9];
	unsigned walks = 0;
	for (unsigned k = 0; k < a->operands; k++) {
		lists[walks++] = &a->operand[k].place.step[first];
		lists[walks++] = &a->operand[k].row.step[first];
		lists[walks++] = &a->operand[k].row.index.step[first];
	}
	return gs_merge_axes(axes, &a->extent[first], lists, walks);
}

static bool still(const struct gs_across *a, const int64_t *step)
{
	for (unsigned i = 0; i + 1 < a->axes; i++)
		if (step[i] != 0)
			return false;
	return true;
}

static bool lay_out(const struct gs_instr *in, struct gs_across *a)
{
	a->first_red = in->out_axes;
	for (unsigned i = 0; i < (unsigned)in->out_axes + in->red_axes; i++)
		a->extent[i] = in->extent[i];
	if (!read_operands(in, a))
		return false;
	a->axes = merge(a, 0, in->out_axes);
	a->red_axes = merge(a, a->first_red, in->red_axes);
	a->line = a->extent[a->axes - 1];
	a->lines = gs_instr_count(in) / a->line;
	if (a->line < LINE_MIN || a->terms > a->line)
		return false;
	a->piece = KEPT / a->terms < PIECE ? KEPT / (size_t)a->terms : PIECE;
	for (unsigned k = 1; k < a->operands; k++) {
		const struct gs_element_operand *op = &a->operand[k];
		a->shared[k] = !op->constant && (op->indirect ? still(a, op->row.step) && still(a, op->row.index.step)
		                                              : still(a, op->place.step));
	}
	return true;
}

enum gs_err gs_across_prepare(const struct gs_instr *in, struct gs_across **out)
{
	*out = NULL;
	uint64_t terms = in->form == GS_FOLD ? gs_instr_terms(in) : 0;
	if (terms == 0 || terms > TERMS_MAX || !known(in->fn) || in->out_axes == 0 || in->red_axes == 0 ||
	    (unsigned)in->out_axes + in->red_axes > GS_OUT_AXES_MAX || gs_instr_count(in) == 0 ||
	    gs_dtype_class((enum gs_dtype)in->store_dtype) != GS_CLASS_F32 ||
	    (in->epilogue && !gs_sweep_knows(in->epilogue)) || !gs_fold_indexed(in))
		return GS_OK;
	struct gs_across *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return GS_ENOMEM;
	a->fn = in->fn;
	a->epilogue = in->epilogue;
	a->epilogue_pos = in->epilogue_pos;
	a->store_dtype = in->store_dtype;
	a->first_chunk = in->first_chunk;
	a->operands = gs_instr_operands(in);
	a->terms = terms;
	for (unsigned k = 0; k < 2; k++)
		a->epilogue_value[k] = gs_f32_from_bits((uint32_t)in->epilogue_const[k]);
	if (lay_out(in, a))
		*out = a;
	else
		free(a);
	return GS_OK;
}

void gs_across_free(struct gs_across *a)
{
	free(a);
}

/* ---- running ---- */

struct job {
	const struct gs_across *a;
	const struct gs_kernels *kernels;
	struct gs_element_source from[3];
	uint8_t *out;
	uint64_t pieces; /* of a line */
};

struct numbers { /* i < n of an operand: at[i*step] */
	const float *at;
	ptrdiff_t step;
};

struct worker {
	float acc[PIECE], scratch[3][PIECE], value[3];
	/* Of the operands that all lines share, the piece's: [term][output]. Numbers; or where they lie in the tensor. */
	float kept[3][KEPT];
	int32_t offset[3][KEPT];
	bool known[3];
};

static void advance(const struct gs_across *a, struct gs_element_place at[3], unsigned axis, int64_t n)
{
	for (unsigned k = 0; k < a->operands; k++)
		gs_element_advance(&a->operand[k], &at[k], axis, n);
}

/* Through an index that stays where it is: an element, or a line of them. */
static struct numbers one_row(const struct gs_element_source *from, struct gs_element_place at, unsigned inner,
                              float *value)
{
	const struct gs_elements_row *row = &from->is->row;
	int64_t index = row->index.dtype == GS_I64 ? ((const int64_t *)(const void *)from->index)[at.index]
	                                           : ((const int32_t *)(const void *)from->index)[at.index];
	__int128 c = (__int128)index + at.row;
	*value = gs_f32_from_bits(row->outside);
	if (c < 0 || c >= row->extent)
		return (struct numbers){value, 0};
	return (struct numbers){(const float *)(const void *)from->base + at.at + (int64_t)c * row->stride,
	                        (ptrdiff_t)from->is->place.step[inner]};
}

/* Operand k's n numbers from there on. */
static struct numbers bring(const struct job *job, unsigned k, struct gs_element_place at, size_t n, struct worker *w)
{
	const struct gs_element_operand *op = &job->a->operand[k];
	unsigned inner = job->a->axes - 1;
	if (op->constant) {
		w->value[k] = gs_f32_from_bits(op->value);
		return (struct numbers){&w->value[k], 0};
	}
	if (op->indirect && op->row.step[inner] == 0 && op->row.index.step[inner] == 0)
		return one_row(&job->from[k], at, inner, &w->value[k]);
	if (!op->indirect)
		return (struct numbers){(const float *)(const void *)job->from[k].base + at.at,
		                        (ptrdiff_t)op->place.step[inner]};
	const uint32_t *x = gs_element_registers(&job->from[k], job->kernels->ints->elements, at, inner, n,
	                                         (uint32_t *)(void *)w->scratch[k]);
	return (struct numbers){(const float *)(const void *)x, 1};
}

/* Where the index leads from there on; false when it leads outside, or too far. */
static bool find_offsets(const struct gs_element_source *from, struct gs_element_place at, unsigned inner, size_t n,
                         int32_t *offset)
{
	const struct gs_elements_row *row = &from->is->row;
	const int32_t *narrow = (const int32_t *)(const void *)from->index;
	const int64_t *wide = (const int64_t *)(const void *)from->index;
	for (size_t i = 0; i < n; i++) {
		int64_t j = at.index + (int64_t)i * row->index.step[inner];
		int64_t index = row->index.dtype == GS_I64 ? wide[j] : narrow[j];
		__int128 c = (__int128)index + at.row + (int64_t)i * row->step[inner];
		if (c < 0 || c >= row->extent)
			return false;
		__int128 flat = c * row->stride + (__int128)i * from->is->place.step[inner];
		if (flat < INT32_MIN || flat > INT32_MAX)
			return false;
		offset[i] = (int32_t)flat;
	}
	return true;
}

static void step_term(const struct gs_across *a, struct gs_element_place at[3], uint64_t point[GS_OUT_AXES_MAX])
{
	for (unsigned i = a->first_red + a->red_axes; i-- > a->first_red; point[i] = 0) {
		bool carry = ++point[i] == a->extent[i];
		for (unsigned k = 1; k < a->operands; k++)
			gs_element_advance(&a->operand[k], &at[k], i, carry ? 1 - (int64_t)a->extent[i] : 1);
		if (!carry)
			return;
	}
}

static void copy(float *to, struct numbers from, size_t n)
{
	if (from.step == 1) {
		memcpy(to, from.at, n * sizeof(*to));
		return;
	}
	if (from.step == 0) {
		const float value = *from.at;
		for (size_t i = 0; i < n; i++)
			to[i] = value;
		return;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = from.at[(ptrdiff_t)i * from.step];
}

/* What all lines read of a piece, n outputs whose places in the first line are at. */
static void keep(const struct job *job, const struct gs_element_place first[3], size_t n, struct worker *w)
{
	const struct gs_across *a = job->a;
	unsigned inner = a->axes - 1;
	for (unsigned k = 1; k < a->operands; k++) {
		const struct gs_element_operand *op = &a->operand[k];
		struct gs_element_place at[3] = {first[0], first[1], first[2]};
		uint64_t point[GS_OUT_AXES_MAX] = {0};
		bool moves = !op->indirect || op->row.step[inner] != 0 || op->row.index.step[inner] != 0;
		w->known[k] = a->shared[k] && moves;
		for (uint64_t t = 0; w->known[k] && t < a->terms; t++, step_term(a, at, point)) {
			if (op->indirect) {
				w->known[k] = find_offsets(&job->from[k], at[k], inner, n, w->offset[k] + t * n);
				continue;
			}
			copy(w->kept[k] + t * n, bring(job, k, at[k], n, w), n);
		}
	}
}

/* acc[i] = g(acc[i], x[i], w[i]) */
static void fold_term(const struct job *job, struct worker *w, struct numbers x[3], size_t n)
{
	const unsigned fn = job->a->fn;
	if (fn == GS_FN_F32_FMA) {
		job->kernels->fma(w->acc, n, x[1].at, x[1].step, x[2].at, x[2].step);
		return;
	}
	if (x[1].step != 0 && x[1].step != 1) {
		copy(w->scratch[1], x[1], n);
		x[1] = (struct numbers){w->scratch[1], 1};
	}
	const float *const operand[3] = {w->acc, x[1].at, NULL};
	gs_sweep_apply(job->kernels, fn, w->acc, n, operand, x[1].step != 0 ? 3 : 1);
}

static void store(const struct job *job, struct worker *w, uint64_t first, size_t n)
{
	const struct gs_across *a = job->a;
	const struct gs_kernels *k = job->kernels;
	for (size_t i = 0; i < n; i++)
		w->acc[i] = w->acc[i] != w->acc[i] ? gs_f32_from_bits(GS_F32_NAN) : w->acc[i];
	gs_sweep_finish(k, a->epilogue, a->epilogue_pos, a->epilogue_value, w->acc, n);
	if (a->store_dtype == GS_F32)
		memcpy((float *)(void *)job->out + first, w->acc, n * sizeof(float));
	else
		(a->store_dtype == GS_F16 ? k->narrow_f16 : k->narrow_bf16)((uint16_t *)(void *)job->out + first,
		                                                            w->acc, n);
}

/* n outputs of a line from output `first` on, whose places are at. */
static void run_piece(const struct job *job, struct worker *w, struct gs_element_place at[3], uint64_t first, size_t n)
{
	const struct gs_across *a = job->a;
	uint64_t point[GS_OUT_AXES_MAX] = {0};
	struct numbers x[3] = {bring(job, 0, at[0], n, w)};
	copy(w->acc, x[0], n);
	for (uint64_t t = 0; t < a->terms; t++, step_term(a, at, point)) {
		for (unsigned k = 1; k < a->operands; k++) {
			if (!w->known[k]) {
				x[k] = bring(job, k, at[k], n, w);
			} else if (!a->operand[k].indirect) {
				x[k] = (struct numbers){w->kept[k] + t * n, 1};
			} else {
				const float *from = (const float *)(const void *)job->from[k].base + at[k].at;
				const int32_t *offset = w->offset[k] + t * n;
				for (size_t i = 0; i < n; i++)
					w->scratch[k][i] = from[offset[i]];
				x[k] = (struct numbers){w->scratch[k], 1};
			}
		}
		fold_term(job, w, x, n);
	}
	store(job, w, first, n);
}

/* Items: pieces, the same of all lines after each other. */
static void run_pieces(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_across *a = job->a;
	struct worker w; /* not cleared: it is written before it is read */
	uint64_t have = UINT64_MAX;
	(void)thread;
	for (uint64_t i = first; i < last; i++) {
		uint64_t piece = i / a->lines, line = i % a->lines, start = piece * a->piece, rest = line;
		size_t n = (size_t)(a->line - start < a->piece ? a->line - start : a->piece);
		struct gs_element_place at[3] = {{.at = 0}};
		for (unsigned k = 0; k < a->operands; k++)
			at[k] = gs_element_first(&a->operand[k]);
		advance(a, at, a->axes - 1, (int64_t)start);
		if (have != piece)
			keep(job, at, n, &w);
		have = piece;
		for (unsigned axis = a->axes - 1; axis-- > 0; rest /= a->extent[axis])
			advance(a, at, axis, (int64_t)(rest % a->extent[axis]));
		run_piece(job, &w, at, line * a->line + start, n);
	}
}

void gs_across_run(const struct gs_across *a, const struct gs_memory *mem, const struct gs_kernels *kernels,
                   struct gs_pool *pool)
{
	struct job job = {.a = a, .kernels = kernels, .out = mem->trace + (size_t)a->first_chunk * GS_CHUNK_BYTES};
	for (unsigned k = 0; k < a->operands; k++)
		job.from[k] = gs_element_open(&a->operand[k], mem);
	job.pieces = (a->line + a->piece - 1) / a->piece;
	uint64_t piece_terms = a->terms * (a->line < a->piece ? a->line : a->piece);
	gs_pool_run(pool, a->lines * job.pieces, WORK_GRAIN / piece_terms + 1, run_pieces, &job);
}
