#include "validator/exec/move.h"

#include "validator/exec/gather.h"
#include "validator/exec/sweep.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORK_GRAIN = 1 << 15, /* elements worth handing to another thread */
	INDEX_BLOCK = 256,
	PLACES_MAX = 2048, /* of a line that are looked up once for all lines */
	SHORT = 4,         /* a line that is run across its neighbours, if there are */
	LONG = 16,         /* so many */
	ACROSS = 64,       /* lines that a transposition works on at once */
};
#define SAFE (INT64_C(1) << 56) /* coordinates of sane programs are far below */

/* ---- preparation ---- */

static bool add_to(int64_t *sum, __int128 what)
{
	what += *sum;
	*sum = (int64_t)what;
	return what <= SAFE && what >= -SAFE;
}

/* The coordinates that a row can have, the index left out; false beyond what is safe. */
static bool reach(const struct gs_instr *in, const struct gs_row *row, int64_t *low, int64_t *high)
{
	*low = *high = row->at.offset;
	for (unsigned a = 0; a < in->out_axes; a++) {
		__int128 far = (__int128)row->at.coef[a] * (in->extent[a] - 1);
		if (!add_to(far < 0 ? low : high, far))
			return false;
	}
	return true;
}

/* A view that stays in its range becomes one flat index; of another, the rows that may leave theirs are kept. */
static bool read_view(const struct gs_instr *in, const struct gs_view *view, unsigned indirect_row,
                      struct gs_move_operand *out)
{
	__int128 most = 0;
	for (unsigned k = 0; k < view->rows; k++) {
		/* the indirect row first */
		unsigned r = indirect_row == 0 ? k : k == 0 ? indirect_row - 1 : k < indirect_row ? k - 1 : k;
		const struct gs_row *row = &view->row[r];
		int64_t low, high;
		if (!reach(in, row, &low, &high) || (__int128)row->stride * (high + 1) > SAFE)
			return false;
		bool guarded = r + 1 == indirect_row || low < 0 || high >= (int64_t)row->extent;
		most += (__int128)row->stride * (guarded ? (int64_t)row->extent - 1 : high);
		if (guarded) {
			if (out->rows == GS_MOVE_ROWS_MAX)
				return false;
			struct gs_move_row *kept = &out->row[out->rows++];
			*kept = (struct gs_move_row){.extent = (int64_t)row->extent,
			                             .stride = (int64_t)row->stride,
			                             .offset = row->at.offset};
			memcpy(kept->coef, row->at.coef, sizeof(kept->coef));
			continue;
		}
		if (!add_to(&out->at, (__int128)row->stride * row->at.offset))
			return false;
		for (unsigned a = 0; a < in->out_axes; a++)
			if (!add_to(&out->step[a], (__int128)row->stride * row->at.coef[a]))
				return false;
	}
	return most < (__int128)view->count;
}

static bool read_index(const struct gs_instr *in, const struct gs_operand *op, struct gs_move_operand *out)
{
	struct gs_move_operand index = {.rows = 0};
	const struct gs_view *view = &op->indirect;
	if (view->dtype != GS_I32 && view->dtype != GS_I64)
		return false;
	if (!read_view(in, view, 0, &index) || index.rows != 0)
		return false;
	out->indirect = true;
	out->index_space = view->space;
	out->index_dtype = view->dtype;
	out->index_chunk = view->chunk;
	out->index_at = index.at;
	memcpy(out->index_step, index.step, sizeof(out->index_step));
	return true;
}

static bool read_operand(const struct gs_instr *in, unsigned i, struct gs_move_operand *out)
{
	const struct gs_operand *op = &in->operand[i];
	memset(out, 0, sizeof(*out));
	if (op->kind == GS_OPERAND_IOTA)
		return false;
	if (op->kind == GS_OPERAND_CONST) {
		out->constant = true;
		out->value = gs_store(in->store_dtype, op->constant);
		return true;
	}
	out->space = op->view.space;
	out->chunk = op->view.chunk;
	out->skip = op->view.pad == GS_PAD_SKIP;
	out->value = gs_store(in->store_dtype, op->view.pad == GS_PAD_VALUE ? op->view.pad_value : 0);
	return op->view.dtype == in->store_dtype && read_view(in, &op->view, op->indirect_row, out) &&
	       (op->indirect_row == 0 || read_index(in, op, out));
}

static void merge(struct gs_move *m, unsigned axes)
{
	int64_t *lists[3 * (GS_MOVE_ROWS_MAX + 2)];
	unsigned walks = 0;
	for (unsigned k = 0; k < m->operands; k++) {
		struct gs_move_operand *op = &m->operand[k];
		lists[walks++] = op->step;
		for (unsigned r = 0; r < op->rows; r++)
			lists[walks++] = op->row[r].coef;
		if (op->indirect)
			lists[walks++] = op->index_step;
	}
	m->axes = gs_merge_axes(axes, m->extent, lists, walks);
	m->lines = 1;
	for (unsigned a = 0; a + 1 < m->axes; a++)
		m->lines *= m->extent[a];
}

/* Of one operand that never leaves its range, neighbours across the lines: a transposition. */
static bool transposes(const struct gs_move *m)
{
	const struct gs_move_operand *op = &m->operand[0];
	unsigned inner = m->axes - 1;
	return m->axes > 1 && m->operands == 1 && op->rows == 0 && op->step[inner] != 1 && op->step[inner] != 0 &&
	       op->step[inner - 1] == 1;
}

static void swap_steps(int64_t *step, unsigned a, unsigned b)
{
	int64_t kept = step[a];
	step[a] = step[b];
	step[b] = kept;
}

/* Where the elements go; short lines give way to the longest axis across them. */
static void choose_line(struct gs_move *m)
{
	unsigned inner = m->axes - 1, along = inner;
	int64_t dense = 1;
	for (unsigned a = m->axes; a-- > 0; dense *= (int64_t)m->extent[a])
		m->out_step[a] = dense;
	for (unsigned a = 0; a < inner && m->extent[inner] <= SHORT && !m->canonical && !transposes(m); a++)
		if (m->extent[a] >= LONG && m->extent[a] > m->extent[along])
			along = a;
	if (along == inner)
		return;
	uint64_t extent = m->extent[along];
	m->extent[along] = m->extent[inner];
	m->extent[inner] = extent;
	m->lines = m->lines / extent * m->extent[along];
	swap_steps(m->out_step, along, inner);
	for (unsigned k = 0; k < m->operands; k++) {
		struct gs_move_operand *op = &m->operand[k];
		swap_steps(op->step, along, inner);
		swap_steps(op->index_step, along, inner);
		for (unsigned r = 0; r < op->rows; r++)
			swap_steps(op->row[r].coef, along, inner);
	}
}

enum gs_err gs_move_prepare(const struct gs_instr *in, struct gs_move **out)
{
	bool copy = in->fn == GS_FN_F32_COPY || in->fn == GS_FN_I32_COPY || in->fn == GS_FN_I64_COPY;
	unsigned operands = gs_instr_operands(in);
	*out = NULL;
	if (in->form != GS_MAP || in->epilogue || !(copy || gs_fn_is_first(in->fn)))
		return GS_OK;
	struct gs_move *m = calloc(1, sizeof(*m) + operands * sizeof(m->operand[0]));
	if (m == NULL)
		return GS_ENOMEM;
	m->dtype = in->store_dtype;
	m->first_chunk = in->first_chunk;
	m->operands = operands;
	bool known = true, written = true;
	for (unsigned k = 0; known && k < operands; k++) {
		known = read_operand(in, k, &m->operand[k]);
		written &= m->operand[k].constant || m->operand[k].space == GS_SPACE_TRACE;
	}
	m->canonical = !written && gs_dtype_class((enum gs_dtype)m->dtype) == GS_CLASS_F32;
	if (!known || (!written && m->dtype == GS_BOOL)) { /* bytes other than 0 and 1 would have to become 1 */
		free(m);
		return GS_OK;
	}
	for (unsigned a = 0; a < in->out_axes; a++)
		m->extent[a] = in->extent[a];
	merge(m, in->out_axes);
	choose_line(m);
	*out = m;
	return GS_OK;
}

/* ---- elements of every width ---- */

/* Elements are to_step apart where they go, step where they come from. */
#define MOVE_ELEMENTS(W) \
	static void strided_##W(void *to, int64_t to_step, const void *from, int64_t step, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		if (to_step == 1 && step == 2) /* a constant distance becomes vector shuffles */ \
			for (size_t i = 0; i < n; i++) \
				out[i] = x[2 * i]; \
		else if (to_step == 2 && step == 1) \
			for (size_t i = 0; i < n; i++) \
				out[2 * i] = x[i]; \
		else \
			for (int64_t i = 0; i < (int64_t)n; i++) \
				out[i * to_step] = x[i * step]; \
	} \
	static void fill_##W(void *to, int64_t to_step, uint64_t value, size_t n) \
	{ \
		uint##W##_t *out = to; \
		for (int64_t i = 0; i < (int64_t)n; i++) \
			out[i * to_step] = (uint##W##_t)value; \
	} \
	static void gather_##W(void *to, int64_t to_step, const void *from, const int64_t *at, uint64_t outside, \
	                       bool skip, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		for (int64_t i = 0; i < (int64_t)n; i++) \
			if (at[i] >= 0) \
				out[i * to_step] = x[at[i]]; \
			else if (!skip) \
				out[i * to_step] = (uint##W##_t)outside; \
	} \
	static void place_##W(void *to, const void *from, const int32_t *place, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		for (size_t i = 0; i < n; i++) \
			out[i] = x[place[i]]; \
	} \
	/* each element twice */ \
	static void twice_##W(void *to, const void *from, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		for (size_t i = 0; i < n / 2; i++) { \
			out[2 * i] = x[i]; \
			out[2 * i + 1] = x[i]; \
		} \
		if (n % 2) \
			out[n - 1] = x[n / 2]; \
	} \
	/* to[a*line + i] = from[a + i*step], a < across, i < n */ \
	static void transpose_##W(void *to, size_t line, const void *from, int64_t step, size_t across, size_t n) \
	{ \
		uint##W##_t *out = to; \
		const uint##W##_t *x = from; \
		for (size_t i = 0; i < n; i += 16) \
			for (size_t a = 0; a < across; a++) \
				for (size_t k = i; k < n && k < i + 16; k++) \
					out[a * line + k] = x[(int64_t)k * step + (int64_t)a]; \
	}
MOVE_ELEMENTS(8)
MOVE_ELEMENTS(16)
MOVE_ELEMENTS(32)
MOVE_ELEMENTS(64)

static const struct width {
	size_t bytes;
	void (*strided)(void *to, int64_t to_step, const void *from, int64_t step, size_t n);
	void (*fill)(void *to, int64_t to_step, uint64_t value, size_t n);
	void (*gather)(void *to, int64_t to_step, const void *from, const int64_t *at, uint64_t outside, bool skip,
	               size_t n);
	void (*place)(void *to, const void *from, const int32_t *place, size_t n);
	void (*twice)(void *to, const void *from, size_t n);
	void (*transpose)(void *to, size_t line, const void *from, int64_t step, size_t across, size_t n);
} widths[] = {
	{1, strided_8, fill_8, gather_8, place_8, twice_8, transpose_8},
	{2, strided_16, fill_16, gather_16, place_16, twice_16, transpose_16},
	{4, strided_32, fill_32, gather_32, place_32, twice_32, transpose_32},
	{8, strided_64, fill_64, gather_64, place_64, twice_64, transpose_64},
};

static const struct width *width_of(uint8_t dtype)
{
	size_t bytes = gs_dtype_bytes((enum gs_dtype)dtype), i = 0;
	while (widths[i].bytes != bytes)
		i++;
	return &widths[i];
}

void gs_move_canonical(uint8_t dtype, void *data, size_t n)
{
	uint32_t *wide = data;
	uint16_t *narrow = data;
	switch ((enum gs_dtype)dtype) {
	case GS_F32:
		for (size_t i = 0; i < n; i++)
			wide[i] = (wide[i] & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : wide[i];
		return;
	case GS_F16:
		for (size_t i = 0; i < n; i++)
			narrow[i] = (narrow[i] & 0x7fff) > 0x7c00 ? 0x7e00 : narrow[i];
		return;
	case GS_BF16:
		for (size_t i = 0; i < n; i++)
			narrow[i] = (narrow[i] & 0x7fff) > 0x7f80 ? 0x7fc0 : narrow[i];
		return;
	case GS_I8:
	case GS_I16:
	case GS_I32:
	case GS_I64:
	case GS_U8:
	case GS_U16:
	case GS_U32:
	case GS_U64:
	case GS_BOOL: return;
	}
}

/* ---- one line ---- */

struct job {
	const struct gs_move *m;
	const struct gs_kernels *kernels;
	const struct width *width;
	const uint8_t *base[3], *index[3];
	uint8_t *out;
	uint64_t bands; /* of ACROSS lines, an axis */
};

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* Narrows [*low, *high) to the positions with 0 <= start + step*i < extent. */
static void narrow(int64_t start, int64_t step, int64_t extent, int64_t *low, int64_t *high)
{
	int64_t first = *low, end = *high;
	if (step == 0) {
		end = start >= 0 && start < extent ? end : first;
	} else if (step == 1) {
		first = -start;
		end = extent - start;
	} else if (step > 0) {
		first = -floor_div(start, step);
		end = floor_div(extent - 1 - start, step) + 1;
	} else {
		first = -floor_div(extent - 1 - start, -step);
		end = floor_div(start, -step) + 1;
	}
	first = first > *low ? first : *low;
	end = end < *high ? end : *high;
	*high = first < end ? end : *low; /* an empty interval stays within the line */
	*low = first < end ? first : *low;
}

static int64_t index_at(const struct job *job, unsigned k, int64_t at)
{
	if (job->m->operand[k].index_dtype == GS_I32)
		return ((const int32_t *)(const void *)job->index[k])[at];
	return ((const int64_t *)(const void *)job->index[k])[at];
}

static int64_t walk(const int64_t *step, const uint64_t *point, unsigned axes)
{
	int64_t at = 0;
	for (unsigned a = 0; a < axes; a++)
		at += step[a] * (int64_t)point[a];
	return at;
}

/* Where an operand is on a line, as its step along it and what moves from line to line say. */
struct cursor {
	int64_t flat, index, start[GS_MOVE_ROWS_MAX];
};

static void find_point(const struct gs_move *m, unsigned axes, uint64_t index, uint64_t *point)
{
	for (unsigned a = axes; a-- > 0; index /= m->extent[a])
		point[a] = index % m->extent[a];
}

static void find_cursor(const struct gs_move *m, const struct gs_move_operand *op, const uint64_t *point,
                        struct cursor *c)
{
	unsigned inner = m->axes - 1;
	c->flat = op->at + walk(op->step, point, inner);
	c->index = op->indirect ? op->index_at + walk(op->index_step, point, inner) : 0;
	for (unsigned r = 0; r < op->rows; r++)
		c->start[r] = op->row[r].offset + walk(op->row[r].coef, point, inner);
}

static void step_cursor(const struct gs_move_operand *op, unsigned axis, int64_t by, struct cursor *c)
{
	c->flat += by * op->step[axis];
	if (op->indirect)
		c->index += by * op->index_step[axis];
	for (unsigned r = 0; r < op->rows; r++)
		c->start[r] += by * op->row[r].coef[axis];
}

/* To the next line; where it lies, too. */
static void next_line(const struct gs_move *m, uint64_t *point, struct cursor *c, int64_t *out)
{
	for (unsigned a = m->axes - 1; a-- > 0;) {
		bool wraps = ++point[a] == m->extent[a];
		int64_t by = wraps ? 1 - (int64_t)m->extent[a] : 1;
		*out += by * m->out_step[a];
		for (unsigned k = 0; k < m->operands; k++)
			step_cursor(&m->operand[k], a, by, &c[k]);
		if (!wraps)
			return;
		point[a] = 0;
	}
}

/* An index that moves along the line: place by place. [low, high): where the other coordinates are in range. */
static void gather_line(const struct job *job, unsigned k, int64_t index, int64_t start, int64_t flat, int64_t low,
                        int64_t high, uint8_t *out)
{
	const struct gs_move *m = job->m;
	const struct gs_move_operand *op = &m->operand[k];
	const struct gs_move_row *row = &op->row[0];
	unsigned inner = m->axes - 1;
	int64_t n = (int64_t)m->extent[inner], at[INDEX_BLOCK];
	int64_t step = op->step[inner], to_step = m->out_step[inner];
	for (unsigned r = 1; r < op->rows; r++)
		step += op->row[r].stride * op->row[r].coef[inner];
	if (job->width->bytes == 4 && to_step == 1 && low == 0 && high == n && step == 0 && row->coef[inner] == 0 &&
	    op->index_step[inner] == 1 && !op->skip) {
		struct gs_gather plain = {.table = (const uint32_t *)(const void *)job->base[k] + flat,
		                          .wide = op->index_dtype == GS_I64,
		                          .offset = start,
		                          .extent = (uint64_t)row->extent,
		                          .stride = (uint64_t)row->stride,
		                          .outside = (uint32_t)op->value};
		plain.index = job->index[k] + index * (plain.wide ? 8 : 4);
		gs_gather(&plain, (uint32_t *)(void *)out, (size_t)n);
		return;
	}
	for (int64_t i = 0; i < n; i += INDEX_BLOCK) {
		int64_t some = n - i < INDEX_BLOCK ? n - i : INDEX_BLOCK;
		for (int64_t j = 0; j < some; j++) {
			int64_t value = index_at(job, k, index + op->index_step[inner] * (i + j));
			/* the index may be any number: compared before it is added to */
			int64_t own = start + row->coef[inner] * (i + j);
			bool inside = i + j >= low && i + j < high && value >= -own && value < row->extent - own;
			at[j] = inside ? flat + step * (i + j) + row->stride * (own + value) : -1;
		}
		job->width->gather(out + i * to_step * (int64_t)job->width->bytes, to_step, job->base[k], at, op->value,
		                   op->skip, (size_t)some);
	}
}

/* What operand k gives a line, the positions left out where it is skipped. True when it was none. */
static bool put_line(const struct job *job, unsigned k, const struct cursor *c, uint8_t *out, bool only_if_whole)
{
	const struct gs_move *m = job->m;
	const struct gs_move_operand *op = &m->operand[k];
	const struct width *w = job->width;
	unsigned inner = m->axes - 1;
	int64_t n = (int64_t)m->extent[inner], low = 0, high = n, to_step = m->out_step[inner];
	if (op->constant) {
		w->fill(out, to_step, op->value, (size_t)n);
		return true;
	}
	int64_t flat = c->flat, step = op->step[inner];
	bool gathers = op->indirect && op->index_step[inner] != 0;
	for (unsigned r = 0; r < op->rows; r++) {
		const struct gs_move_row *row = &op->row[r];
		int64_t start = c->start[r];
		if (r == 0 && gathers)
			continue;
		if (r == 0 && op->indirect) {
			int64_t value = index_at(job, k, c->index);
			if (value > SAFE || value < -SAFE)
				high = low;
			else
				start += value;
		}
		if (high > low)
			narrow(start, row->coef[inner], row->extent, &low, &high);
		flat += row->stride * (high > low ? start : 0);
		step += row->stride * row->coef[inner];
	}
	bool whole = !op->skip || (low == 0 && high == n && !gathers);
	if (only_if_whole && !whole)
		return false;
	if (gathers) {
		gather_line(job, k, c->index, c->start[0], flat, low, high, out);
		return whole;
	}
	const uint8_t *from = job->base[k];
	int64_t apart = to_step * (int64_t)w->bytes;
	if (high > low) {
		from += (flat + step * low) * (int64_t)w->bytes;
		if (step == 1 && to_step == 1)
			memcpy(out + low * apart, from, (size_t)(high - low) * w->bytes);
		else
			w->strided(out + low * apart, to_step, from, step, (size_t)(high - low));
	}
	if (!op->skip && (low > 0 || high < n)) {
		w->fill(out, to_step, op->value, (size_t)low);
		w->fill(out + high * apart, to_step, op->value, (size_t)(n - high));
	}
	return whole;
}

static void move_line(const struct job *job, const struct cursor *c, uint8_t *out)
{
	const struct gs_move *m = job->m;
	unsigned k = 0, inner = m->axes - 1;
	while (k < m->operands && !put_line(job, k, &c[k], out, true))
		k++; /* the first that leaves nothing to those behind it */
	if (k == m->operands)
		job->width->fill(out, m->out_step[inner], 0, (size_t)m->extent[inner]);
	while (k-- > 0)
		(void)put_line(job, k, &c[k], out, false);
}

/* One operand whose index moves along the lines, the same for all of them. */
static bool looks_up(const struct gs_move *m)
{
	const struct gs_move_operand *op = &m->operand[0];
	unsigned inner = m->axes - 1;
	if (m->operands != 1 || op->constant || !op->indirect || op->rows != 1 || op->index_step[inner] == 0 ||
	    m->out_step[inner] != 1 || m->extent[inner] > PLACES_MAX || m->lines < 2)
		return false;
	for (unsigned a = 0; a < inner; a++)
		if (op->index_step[a] != 0 || op->row[0].coef[a] != 0)
			return false;
	return true;
}

/* The places of such a line; false when not all are in range. */
static bool find_places(const struct job *job, const struct cursor *c, int32_t *place)
{
	const struct gs_move *m = job->m;
	const struct gs_move_operand *op = &m->operand[0];
	const struct gs_move_row *row = &op->row[0];
	unsigned inner = m->axes - 1;
	for (int64_t i = 0; i < (int64_t)m->extent[inner]; i++) {
		int64_t value = index_at(job, 0, c->index + op->index_step[inner] * i);
		int64_t own = c->start[0] + row->coef[inner] * i;
		if (value < -own || value >= row->extent - own)
			return false;
		int64_t at = op->step[inner] * i + row->stride * (own + value);
		place[i] = (int32_t)at;
		if (at != place[i])
			return false;
	}
	return true;
}

static bool are_twice(const int32_t *place, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (place[i] != place[0] + (int32_t)(i / 2))
			return false;
	return true;
}

/* Looks the places up once for all lines; false, with nothing done, when it cannot. */
static bool move_by_places(const struct job *job, uint64_t *point, struct cursor *cursor, int64_t at, uint64_t lines)
{
	const struct gs_move *m = job->m;
	size_t n = (size_t)m->extent[m->axes - 1];
	int64_t bytes = (int64_t)job->width->bytes;
	int32_t place[PLACES_MAX] = {0};
	if (!find_places(job, cursor, place))
		return false;
	bool twice = are_twice(place, n);
	for (; lines > 0; lines--, next_line(m, point, cursor, &at)) {
		const uint8_t *from = job->base[0] + cursor->flat * bytes;
		if (twice)
			job->width->twice(job->out + at * bytes, from + place[0] * bytes, n);
		else
			job->width->place(job->out + at * bytes, from, place, n);
		if (m->canonical)
			gs_move_canonical(m->dtype, job->out + at * bytes, n);
	}
	return true;
}

static void move_lines(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_move *m = job->m;
	unsigned inner = m->axes - 1;
	uint64_t point[GS_OUT_AXES_MAX];
	struct cursor cursor[3] = {{.flat = 0}};
	(void)thread;
	find_point(m, inner, first, point);
	for (unsigned k = 0; k < m->operands; k++)
		find_cursor(m, &m->operand[k], point, &cursor[k]);
	int64_t at = walk(m->out_step, point, inner);
	if (looks_up(m) && move_by_places(job, point, cursor, at, last - first))
		return;
	for (uint64_t i = first; i < last; i++, next_line(m, point, cursor, &at)) {
		uint8_t *out = job->out + at * (int64_t)job->width->bytes;
		move_line(job, cursor, out);
		if (m->canonical)
			gs_move_canonical(m->dtype, out, (size_t)m->extent[inner]);
	}
}

/* ---- bands of lines whose elements lie side by side across them ---- */

static void move_bands(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_move *m = job->m;
	const struct gs_move_operand *op = &m->operand[0];
	unsigned inner = m->axes - 1, outer = inner - 1;
	size_t n = (size_t)m->extent[inner], line = n * job->width->bytes;
	(void)thread;
	for (uint64_t i = first; i < last; i++) {
		uint64_t point[GS_OUT_AXES_MAX], from = i % job->bands * ACROSS;
		size_t across = (size_t)(m->extent[outer] - from < ACROSS ? m->extent[outer] - from : ACROSS);
		find_point(m, outer, i / job->bands, point);
		point[outer] = from;
		uint8_t *to = job->out + (i / job->bands * m->extent[outer] + from) * line;
		const uint8_t *x = job->base[0] + (op->at + walk(op->step, point, inner)) * (int64_t)job->width->bytes;
		if (job->width->bytes == 4)
			job->kernels->transpose((float *)(void *)to, n, (const float *)(const void *)x,
			                        (ptrdiff_t)op->step[inner], n, across);
		else
			job->width->transpose(to, n, x, op->step[inner], across, n);
		if (m->canonical)
			gs_move_canonical(m->dtype, to, n * across);
	}
}

void gs_move_run(const struct gs_move *m, const struct gs_memory *mem, const struct gs_kernels *kernels,
                 struct gs_pool *pool)
{
	struct job job = {.m = m,
	                  .kernels = kernels,
	                  .width = width_of(m->dtype),
	                  .out = mem->trace + (size_t)m->first_chunk * GS_CHUNK_BYTES};
	unsigned inner = m->axes - 1;
	for (unsigned k = 0; k < m->operands; k++) {
		const struct gs_move_operand *op = &m->operand[k];
		job.base[k] = job.index[k] = NULL;
		if (!op->constant)
			job.base[k] = gs_memory_array(mem, (enum gs_space)op->space) +
			              (size_t)op->chunk * GS_CHUNK_BYTES;
		if (op->indirect)
			job.index[k] = gs_memory_array(mem, (enum gs_space)op->index_space) +
			               (size_t)op->index_chunk * GS_CHUNK_BYTES;
	}
	uint64_t n = m->extent[inner];
	if (m->out_step[inner] == 1 && transposes(m)) {
		job.bands = (m->extent[inner - 1] + ACROSS - 1) / ACROSS;
		gs_pool_run(pool, m->lines / m->extent[inner - 1] * job.bands, WORK_GRAIN / (ACROSS * n) + 1,
		            move_bands, &job);
		return;
	}
	gs_pool_run(pool, m->lines, WORK_GRAIN / n + 1, move_lines, &job);
}
