#include "validator/exec/concat.h"

#include "validator/exec/move.h"
#include "validator/exec/sweep.h"

#include <stdlib.h>
#include <string.h>

enum {
	PIECES_MAX = 8,       /* boxes: an interval of each operand may be cut by those before it */
	BLOCK = 1 << 14,      /* elements of a line copied at once */
	WORK_GRAIN = 1 << 15, /* elements worth handing to another thread */
};
#define SAFE (INT64_C(1) << 56) /* coordinates of sane programs are far below */

struct piece {
	bool constant;
	uint64_t value; /* of a constant, as it is stored */
	uint8_t space;
	uint32_t chunk;
	int64_t from, to; /* elements: the box's first, in the operand's tensor and in the output */
	unsigned axes;
	uint64_t extent[GS_OUT_AXES_MAX];                           /* of the merged axes */
	int64_t x_step[GS_OUT_AXES_MAX], out_step[GS_OUT_AXES_MAX]; /* elements */
	uint64_t lines;                                             /* product of all extents but the last */
};

struct gs_concat {
	uint8_t dtype;
	bool canonical; /* NaNs may have to be made so: not all that is read was written by an instruction */
	uint32_t first_chunk;
	uint64_t elements;
	unsigned count;
	struct piece piece[]; /* `count` of them */
};

/* ---- preparation ---- */

struct interval {
	int64_t low, high; /* positions low ... high - 1 */
};

/* An operand where it is in range. */
struct reading {
	bool constant;
	int64_t at, step[GS_OUT_AXES_MAX];
	struct interval on; /* of the shared axis; all of an axis when nothing guards */
};

struct sharing {
	unsigned axis; /* GS_OUT_AXES_MAX: not known yet */
	bool written;  /* by instructions, all that is read */
	struct reading operand[3];
};

static bool add_to(int64_t *sum, __int128 what)
{
	what += *sum;
	*sum = (int64_t)what;
	return what <= SAFE && what >= -SAFE;
}

/* The one axis that moves a row which may leave its range, and where it does not. */
static bool guard(const struct gs_instr *in, const struct gs_row *row, struct sharing *s, struct reading *r)
{
	unsigned axis = GS_OUT_AXES_MAX;
	for (unsigned a = 0; a < in->out_axes; a++) {
		if (row->at.coef[a] == 0 || in->extent[a] == 1)
			continue;
		if (axis != GS_OUT_AXES_MAX || row->at.coef[a] < 0)
			return false;
		axis = a;
	}
	if (axis == GS_OUT_AXES_MAX || (s->axis != GS_OUT_AXES_MAX && s->axis != axis))
		return false;
	s->axis = axis;
	__int128 coef = row->at.coef[axis], offset = row->at.offset, extent = (__int128)row->extent;
	__int128 low = offset >= 0 ? 0 : (-offset + coef - 1) / coef;
	__int128 high = offset >= extent ? 0 : (extent - 1 - offset) / coef + 1;
	r->on.low = low > r->on.low ? (int64_t)low : r->on.low;
	r->on.high = high < r->on.high ? (int64_t)high : r->on.high;
	return true;
}

static bool in_range(const struct gs_instr *in, const struct gs_row *row, bool *safe)
{
	__int128 low = row->at.offset, high = low;
	for (unsigned a = 0; a < in->out_axes; a++) {
		__int128 far = (__int128)row->at.coef[a] * (in->extent[a] - 1);
		low += far < 0 ? far : 0;
		high += far > 0 ? far : 0;
	}
	*safe = low >= -SAFE && high <= SAFE;
	return low >= 0 && high < (__int128)row->extent;
}

/* Rows as one flat index, which stays inside the tensor wherever the rows are in range. */
static bool read_view(const struct gs_instr *in, const struct gs_view *view, struct sharing *s, struct reading *r)
{
	__int128 most = 0;
	r->on = (struct interval){0, INT64_MAX};
	for (unsigned k = 0; k < view->rows; k++) {
		const struct gs_row *row = &view->row[k];
		bool safe;
		if (!in_range(in, row, &safe) && !(safe && guard(in, row, s, r)))
			return false;
		if (!add_to(&r->at, (__int128)row->stride * row->at.offset))
			return false;
		for (unsigned a = 0; a < in->out_axes; a++)
			if (!add_to(&r->step[a], (__int128)row->stride * row->at.coef[a]))
				return false;
		most += (__int128)row->stride * (row->extent - 1);
	}
	return most < (__int128)view->count;
}

static bool read_operand(const struct gs_instr *in, unsigned k, struct sharing *s)
{
	const struct gs_operand *op = &in->operand[k];
	struct reading *r = &s->operand[k];
	*r = (struct reading){.constant = op->kind == GS_OPERAND_CONST, .on = {0, INT64_MAX}};
	if (r->constant)
		return true;
	s->written &= op->view.space == GS_SPACE_TRACE;
	return op->kind == GS_OPERAND_TENSOR && op->indirect_row == 0 && op->view.dtype == in->store_dtype &&
	       op->view.pad == GS_PAD_SKIP && read_view(in, &op->view, s, r);
}

static void add_piece(const struct gs_instr *in, const struct sharing *s, unsigned k, struct interval on,
                      struct gs_concat *c)
{
	const struct reading *r = &s->operand[k];
	struct piece *p = &c->piece[c->count++];
	int64_t *lists[2] = {p->x_step, p->out_step}, dense = 1;
	*p = (struct piece){.constant = r->constant,
	                    .value = r->constant ? gs_store(in->store_dtype, in->operand[k].constant) : 0,
	                    .space = in->operand[k].view.space,
	                    .chunk = in->operand[k].view.chunk,
	                    .from = r->at,
	                    .lines = 1};
	for (unsigned a = in->out_axes; a-- > 0; dense *= in->extent[a]) {
		p->extent[a] = a == s->axis ? (uint64_t)(on.high - on.low) : in->extent[a];
		p->x_step[a] = r->step[a];
		p->out_step[a] = dense;
	}
	p->from += on.low * p->x_step[s->axis];
	p->to = on.low * p->out_step[s->axis];
	p->axes = gs_merge_axes(in->out_axes, p->extent, lists, 2);
	for (unsigned a = 0; a + 1 < p->axes; a++)
		p->lines *= p->extent[a];
}

/* What is left of an axis to the operands in turn. False when there are too many pieces, or none for some positions. */
static bool share_out(const struct gs_instr *in, const struct sharing *s, struct gs_concat *c)
{
	struct interval left[PIECES_MAX] = {{0, in->extent[s->axis]}};
	unsigned holes = 1;
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++) {
		const struct interval on = s->operand[k].on;
		for (unsigned h = holes; h-- > 0;) {
			struct interval hole = left[h];
			struct interval mine = {on.low > hole.low ? on.low : hole.low,
			                        on.high < hole.high ? on.high : hole.high};
			if (mine.low >= mine.high)
				continue;
			if (c->count == PIECES_MAX || holes == PIECES_MAX)
				return false;
			add_piece(in, s, k, mine, c);
			left[h] = left[--holes];
			if (hole.low < mine.low)
				left[holes++] = (struct interval){hole.low, mine.low};
			if (mine.high < hole.high && holes == PIECES_MAX)
				return false;
			if (mine.high < hole.high)
				left[holes++] = (struct interval){mine.high, hole.high};
		}
	}
	return holes == 0;
}

enum gs_err gs_concat_prepare(const struct gs_instr *in, struct gs_concat **out)
{
	*out = NULL;
	if (in->form != GS_MAP || in->epilogue || !gs_fn_is_first(in->fn))
		return GS_OK;
	struct sharing s = {.axis = GS_OUT_AXES_MAX, .written = true};
	for (unsigned k = 0, operands = gs_instr_operands(in); k < operands; k++)
		if (!read_operand(in, k, &s))
			return GS_OK;
	if (s.axis == GS_OUT_AXES_MAX || (!s.written && in->store_dtype == GS_BOOL)) /* any byte but 0 would be 1 */
		return GS_OK;
	struct gs_concat *c = calloc(1, sizeof(*c) + PIECES_MAX * sizeof(c->piece[0]));
	if (c == NULL)
		return GS_ENOMEM;
	c->dtype = in->store_dtype;
	c->first_chunk = in->first_chunk;
	c->elements = gs_instr_count(in);
	c->canonical = !s.written && gs_dtype_class((enum gs_dtype)c->dtype) == GS_CLASS_F32;
	if (!share_out(in, &s, c)) {
		free(c);
		return GS_OK;
	}
	struct gs_concat *fitting = realloc(c, sizeof(*c) + c->count * sizeof(c->piece[0]));
	*out = fitting ? fitting : c;
	return GS_OK;
}

/* ---- running ---- */

#define LINE(W) \
	static void line_##W(void *to, int64_t to_step, const void *from, int64_t step, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		if (to_step == 1) \
			for (size_t i = 0; i < n; i++) \
				out[i] = x[(int64_t)i * step]; \
		else if (step == 1) \
			for (size_t i = 0; i < n; i++) \
				out[(int64_t)i * to_step] = x[i]; \
		else \
			for (size_t i = 0; i < n; i++) \
				out[(int64_t)i * to_step] = x[(int64_t)i * step]; \
	}
LINE(8)
LINE(16)
LINE(32)
LINE(64)

struct job {
	const struct piece *p;
	size_t bytes; /* of an element */
	const uint8_t *x;
	uint8_t *out;
	uint64_t blocks; /* of a line */
};

static void copy_line(const struct job *job, uint8_t *to, const uint8_t *from, size_t n)
{
	int64_t to_step = job->p->out_step[job->p->axes - 1], step = job->p->x_step[job->p->axes - 1];
	if (to_step == 1 && step == 1)
		memcpy(to, from, n * job->bytes);
	else if (job->bytes == 1)
		line_8(to, to_step, from, step, n);
	else if (job->bytes == 2)
		line_16(to, to_step, from, step, n);
	else if (job->bytes == 4)
		line_32(to, to_step, from, step, n);
	else
		line_64(to, to_step, from, step, n);
}

/* Items: blocks of all lines of a piece. */
static void copy_blocks(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct piece *p = job->p;
	unsigned inner = p->axes - 1;
	(void)thread;
	for (uint64_t i = first; i < last; i++) {
		uint64_t start = i % job->blocks * BLOCK, rest = i / job->blocks, left = p->extent[inner] - start;
		int64_t to = p->to + (int64_t)start * p->out_step[inner];
		int64_t from = p->from + (int64_t)start * p->x_step[inner];
		for (unsigned a = inner; a-- > 0; rest /= p->extent[a]) {
			to += (int64_t)(rest % p->extent[a]) * p->out_step[a];
			from += (int64_t)(rest % p->extent[a]) * p->x_step[a];
		}
		/* a constant is read again and again */
		const uint8_t *x = p->constant ? job->x : job->x + from * (int64_t)job->bytes;
		copy_line(job, job->out + to * (int64_t)job->bytes, x, (size_t)(left < BLOCK ? left : BLOCK));
	}
}

void gs_concat_run(const struct gs_concat *c, const struct gs_memory *mem, struct gs_pool *pool)
{
	struct job job = {.bytes = gs_dtype_bytes((enum gs_dtype)c->dtype),
	                  .out = mem->trace + (size_t)c->first_chunk * GS_CHUNK_BYTES};
	for (unsigned k = 0; k < c->count; k++) {
		const struct piece *p = &c->piece[k];
		uint64_t line = p->extent[p->axes - 1];
		job.p = p;
		job.x = (const uint8_t *)&p->value; /* little-endian, as this form wants the host: its first bytes */
		if (!p->constant)
			job.x = gs_memory_array(mem, (enum gs_space)p->space) + (size_t)p->chunk * GS_CHUNK_BYTES;
		job.blocks = (line + BLOCK - 1) / BLOCK;
		gs_pool_run(pool, p->lines * job.blocks, WORK_GRAIN / (line < BLOCK ? line : BLOCK) + 1, copy_blocks,
		            &job);
	}
	if (c->canonical)
		gs_move_canonical(c->dtype, job.out, (size_t)c->elements);
}
