#include "validator/exec/window.h"

#include "validator/exec/sweep.h"
#include "validator/exec/window_kernels.h"

#include <stdlib.h>
#include <string.h>

enum {
	TAPS_MAX = 64,
	PHASES_MAX = 16,
	NEED_MAX = 1 << 13,   /* positions of a row */
	BAND_BYTES = 1 << 13, /* of a room: it stays in the first-level cache beside what is read */
	ROOM_BYTES_MAX = 1 << 19,
	CHECKS_MAX = 1 << 16,
	WORK_GRAIN = 1 << 15, /* terms worth handing to another thread */
};
#define SAFE (INT64_C(1) << 56) /* coordinates of sane programs are far below */

struct gs_window {
	bool sum;
	enum gs_window_kind kind;
	uint8_t fn, dtype, store_dtype, epilogue, epilogue_pos;
	float epilogue_value[2];
	uint8_t space;
	uint32_t chunk, first_chunk;
	unsigned axes; /* that move from plane to plane */
	uint64_t extent[GS_OUT_AXES_MAX], planes, lines, band, bands;
	int64_t step[GS_OUT_AXES_MAX];
	size_t room, edge, out;   /* bytes a thread needs */
	struct gs_window_band is; /* of the first plane; lines is that of a whole band */
	uint32_t tap[TAPS_MAX];
};

/* ---- preparation ---- */

/* One dimension of a window: coordinate offset + out_step*o + term_step*t, in range from 0 to extent - 1. */
struct dimension {
	bool guarded;
	unsigned out, term; /* axes, or GS_AXES_MAX */
	int64_t offset, extent, out_step, term_step, stride;
};

struct reading {
	const struct gs_instr *in;
	unsigned axes;
	int64_t at, step[GS_AXES_MAX]; /* of the rows that stay in range */
	unsigned x_axis, y_axis;       /* of the lanes and of the lines, or GS_AXES_MAX */
	struct dimension x, y;
};

static bool moves(const struct gs_instr *in, unsigned axis)
{
	return in->extent[axis] != 1;
}

static bool add_to(int64_t *sum, __int128 what)
{
	what += *sum;
	*sum = (int64_t)what;
	return what <= SAFE && what >= -SAFE;
}

/* A row that may leave its range: a dimension of the windows, of one output axis and one reduction axis. */
static bool read_guarded(struct reading *r, const struct gs_row *row)
{
	unsigned out = GS_AXES_MAX, term = GS_AXES_MAX;
	for (unsigned a = 0; a < r->axes; a++) {
		if (row->at.coef[a] == 0 || !moves(r->in, a))
			continue;
		unsigned *axis = a < r->in->out_axes ? &out : &term;
		if (*axis != GS_AXES_MAX || row->at.coef[a] < 0)
			return false;
		*axis = a;
	}
	bool across = out != GS_AXES_MAX && out == r->x_axis;
	struct dimension *d = across ? &r->x : &r->y;
	if (d->guarded || (!across && out != GS_AXES_MAX && out != r->y_axis))
		return false;
	*d = (struct dimension){.guarded = true,
	                        .out = out,
	                        .term = term,
	                        .offset = row->at.offset,
	                        .extent = (int64_t)row->extent,
	                        .out_step = out == GS_AXES_MAX ? 0 : row->at.coef[out],
	                        .term_step = term == GS_AXES_MAX ? 1 : row->at.coef[term],
	                        .stride = (int64_t)row->stride};
	return true;
}

static bool read_rows(struct reading *r, const struct gs_view *view)
{
	__int128 most = 0;
	for (unsigned k = 0; k < view->rows; k++) {
		const struct gs_row *row = &view->row[k];
		__int128 low = row->at.offset, high = low;
		for (unsigned a = 0; a < r->axes; a++) {
			__int128 far = (__int128)row->at.coef[a] * (r->in->extent[a] - 1);
			low += far < 0 ? far : 0;
			high += far > 0 ? far : 0;
		}
		if (low < -SAFE || high > SAFE || (high + 1) * (__int128)row->stride > SAFE)
			return false;
		bool guarded = low < 0 || high >= (__int128)row->extent;
		most += (__int128)row->stride * (guarded ? row->extent - 1 : high);
		if (guarded && !read_guarded(r, row))
			return false;
		if (guarded)
			continue;
		if (!add_to(&r->at, (__int128)row->stride * row->at.offset))
			return false;
		for (unsigned a = 0; a < r->axes; a++)
			if (moves(r->in, a) && !add_to(&r->step[a], (__int128)row->stride * row->at.coef[a]))
				return false;
	}
	for (unsigned a = 0; a < r->axes; a++) /* an axis moves one coordinate */
		if (r->step[a] != 0 && ((r->x.guarded && (a == r->x.out || a == r->x.term)) ||
		                        (r->y.guarded && (a == r->y.out || a == r->y.term))))
			return false;
	return most < (__int128)view->count;
}

/* The reduction axes that no dimension has yet: of two the inner one goes along the lanes, of one what steps less. */
static bool place_terms(struct reading *r)
{
	unsigned left[GS_AXES_MAX], n = 0;
	for (unsigned a = r->in->out_axes; a < r->axes; a++)
		if (moves(r->in, a) && a != r->x.term && a != r->y.term)
			left[n++] = a;
	bool x_free = !r->x.guarded, y_free = !r->y.guarded;
	for (unsigned i = n; i-- > 0;) {
		bool along = x_free && (!y_free || n - i == 1) && (n == 2 || !y_free || r->step[left[i]] <= TAPS_MAX);
		if (!along && !y_free)
			return false;
		struct dimension *d = along ? &r->x : &r->y;
		d->term = left[i];
		d->term_step = r->step[left[i]];
		x_free &= !along;
		y_free &= along;
	}
	return true;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Dimensions that stay in range have elements as coordinates; rows are then as far apart as they all are. */
static bool complete(struct reading *r)
{
	struct dimension *x = &r->x, *y = &r->y;
	if (!x->guarded) {
		x->extent = INT64_MAX;
		x->stride = 1;
		x->out_step = r->step[r->x_axis];
	}
	if (!y->guarded) {
		int64_t line = r->y_axis == GS_AXES_MAX ? 0 : r->step[r->y_axis];
		int64_t term = y->term == GS_AXES_MAX ? 0 : y->term_step;
		if (line < 0 || term < 0)
			return false;
		y->stride = line || term ? common_divisor(line, term) : 1;
		y->extent = INT64_MAX;
		y->out_step = line / y->stride;
		y->term_step = term ? term / y->stride : 1;
	} else if (r->y_axis != GS_AXES_MAX && y->out != r->y_axis) {
		return false;
	}
	return x->stride == 1 && x->out_step > 0 && x->out_step <= PHASES_MAX && x->term_step > 0 && y->term_step > 0 &&
	       y->stride > 0;
}

static uint64_t extent_of(const struct gs_instr *in, unsigned axis)
{
	return axis == GS_AXES_MAX ? 1 : in->extent[axis];
}

/* Every window of the dimension has a term in range. */
static bool always_some(const struct dimension *d, uint64_t outs, uint64_t terms)
{
	if (!d->guarded)
		return true;
	if (outs > CHECKS_MAX)
		return false;
	for (uint64_t o = 0; o < outs; o++) {
		int64_t first = d->offset + (int64_t)o * d->out_step;
		int64_t t = first < 0 ? (-first + d->term_step - 1) / d->term_step : 0;
		if (t >= (int64_t)terms || first + t * d->term_step >= d->extent)
			return false;
	}
	return true;
}

static enum gs_window_kind kind_of(enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_F32: return GS_WINDOW_F32;
	case GS_F16: return GS_WINDOW_F16;
	case GS_BF16: return GS_WINDOW_BF16;
	case GS_I32: return GS_WINDOW_I32;
	case GS_I8: return GS_WINDOW_I8;
	case GS_U8: return GS_WINDOW_U8;
	case GS_I16:
	case GS_U16:
	case GS_I64:
	case GS_U32:
	case GS_U64:
	case GS_BOOL: return GS_WINDOW_KINDS;
	}
	return GS_WINDOW_KINDS;
}

static bool holds(enum gs_dtype dtype, gs_reg value)
{
	return gs_load(dtype, gs_store(dtype, value)) == value;
}

/* What maxima start from, as an element; false when it is none and cannot be left out. */
static bool read_start(const struct reading *r, enum gs_dtype dtype, struct gs_window *w)
{
	gs_reg init = r->in->operand[0].constant;
	if (gs_dtype_class(dtype) == GS_CLASS_I32 && (int32_t)(uint32_t)init < 0 && !holds(dtype, init)) {
		uint64_t columns = extent_of(r->in, r->x_axis), rows = extent_of(r->in, r->y_axis);
		if (w->is.skip && !(always_some(&r->x, columns, extent_of(r->in, r->x.term)) &&
		                    always_some(&r->y, rows, extent_of(r->in, r->y.term))))
			return false;
		init = dtype == GS_I8 ? (uint32_t)INT8_MIN : 0; /* below every number of this type: any term hides it */
	}
	if (r->in->epilogue == GS_FN_F32_MAX) { /* one term more */
		init = gs_fn_apply(GS_FN_F32_MAX, init, r->in->epilogue_const[0], 0);
		w->epilogue = 0;
	}
	w->is.init = (uint32_t)gs_store(dtype, init);
	return holds(dtype, init);
}

static bool read_numbers(const struct reading *r, struct gs_window *w)
{
	const struct gs_instr *in = r->in;
	const struct gs_view *view = &in->operand[1].view;
	enum gs_dtype dtype = (enum gs_dtype)view->dtype;
	gs_reg pad = view->pad == GS_PAD_VALUE ? view->pad_value : 0;
	w->is.skip = view->pad == GS_PAD_SKIP;
	if (w->sum) {
		w->is.init = (uint32_t)in->operand[0].constant;
		w->is.pad = w->is.skip ? 0x80000000 : (uint32_t)pad;
		return true;
	}
	w->kind = kind_of(dtype);
	w->is.clean = gs_dtype_class(dtype) != GS_CLASS_F32 || view->space == GS_SPACE_TRACE;
	w->is.pad = (uint32_t)gs_store(dtype, pad);
	return w->kind != GS_WINDOW_KINDS && view->dtype == in->store_dtype && (w->is.skip || holds(dtype, pad)) &&
	       read_start(r, dtype, w) && (w->epilogue == 0 || dtype == GS_F32);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* How a plane is cut into bands, and what memory one takes. */
static bool lay_out(const struct reading *r, struct gs_window *w)
{
	const struct dimension *x = &r->x, *y = &r->y;
	uint64_t taps = extent_of(r->in, x->term), terms = extent_of(r->in, y->term), lanes = r->in->extent[r->x_axis];
	size_t element = w->sum ? sizeof(float) : gs_dtype_bytes(w->dtype);
	if (taps > TAPS_MAX || lanes > NEED_MAX || terms > NEED_MAX || x->term_step > NEED_MAX ||
	    (lanes - 1) * (uint64_t)x->out_step + (taps - 1) * (uint64_t)x->term_step >= NEED_MAX)
		return false;
	struct gs_window_band *is = &w->is;
	is->need = (size_t)((lanes - 1) * (uint64_t)x->out_step + (taps - 1) * (uint64_t)x->term_step + 1);
	int64_t low = x->guarded && x->offset < 0 ? -x->offset : 0;
	int64_t high = x->guarded && x->extent - x->offset < (int64_t)is->need ? x->extent - x->offset
	                                                                       : (int64_t)is->need;
	is->high = high < 0 ? 0 : (size_t)high;
	is->low = low < (int64_t)is->high ? (size_t)low : is->high;
	is->at = r->at + (x->guarded ? x->offset : 0);
	is->row = y->guarded ? y->offset : 0;
	is->rows = y->extent;
	is->row_stride = y->stride;
	is->line_step = y->out_step;
	is->term_step = y->term_step;
	is->terms = (size_t)terms;
	is->lanes = (size_t)lanes;
	is->phases = (unsigned)x->out_step;
	is->pitch = round_up(is->need, is->phases * GS_WINDOW_VECTOR / element) / is->phases;
	is->taps = (unsigned)taps;
	for (unsigned t = 0; t < taps; t++) {
		size_t i = t * (size_t)x->term_step;
		w->tap[t] = (uint32_t)(i % is->phases * is->pitch + i / is->phases);
	}
	w->lines = extent_of(r->in, r->y_axis);
	size_t row = is->phases * is->pitch * element;
	__int128 first = w->sum ? row * ((__int128)(terms - 1) * y->term_step + 1) : row;
	__int128 more = w->sum ? (__int128)row * y->out_step : row;
	if (first > ROOM_BYTES_MAX || row * (terms + 1) > ROOM_BYTES_MAX)
		return false;
	more = more < 64 ? 64 : more;
	w->band = first >= BAND_BYTES ? 1 : 1 + (uint64_t)((BAND_BYTES - first) / more);
	w->band = w->band < w->lines ? w->band : w->lines;
	GS_ASSERT(w->band > 0);
	w->bands = (w->lines + w->band - 1) / w->band;
	w->room = round_up((size_t)(first + more * (w->band - 1)) + 2 * GS_WINDOW_VECTOR, GS_WINDOW_VECTOR);
	w->edge = round_up(row * (terms + 1), GS_WINDOW_VECTOR);
	w->out = w->sum ? round_up(w->band * lanes * sizeof(float), GS_WINDOW_VECTOR) : 0;
	return true;
}

/* The planes: all output axes but those of lines and lanes, whose elements lie side by side. */
static bool read_planes(const struct reading *r, struct gs_window *w)
{
	const struct gs_instr *in = r->in;
	w->planes = 1;
	for (unsigned a = 0; a < in->out_axes; a++) {
		if (a == r->x_axis || a == r->y_axis || !moves(in, a))
			continue;
		w->extent[w->axes] = in->extent[a];
		w->step[w->axes++] = r->step[a];
		w->planes *= in->extent[a];
	}
	return true;
}

static bool read_window(const struct gs_instr *in, struct gs_window *w)
{
	struct reading r = {
		.in = in, .axes = (unsigned)in->out_axes + in->red_axes, .x_axis = GS_AXES_MAX, .y_axis = GS_AXES_MAX};
	unsigned reductions = 0;
	r.x.term = r.y.term = r.x.out = r.y.out = GS_AXES_MAX;
	r.x.term_step = r.y.term_step = 1;
	for (unsigned a = in->out_axes; a-- > 0;) {
		if (!moves(in, a))
			continue;
		if (r.x_axis == GS_AXES_MAX)
			r.x_axis = a;
		else if (r.y_axis == GS_AXES_MAX)
			r.y_axis = a;
	}
	for (unsigned a = in->out_axes; a < r.axes; a++)
		reductions += moves(in, a);
	if (r.x_axis == GS_AXES_MAX || reductions == 0 || reductions > 2 || !read_rows(&r, &in->operand[1].view) ||
	    !place_terms(&r) || !complete(&r) || !read_planes(&r, w))
		return false;
	if (w->sum && r.x.term == GS_AXES_MAX && !r.x.guarded && r.x.out_step == 1 && !r.y.guarded &&
	    w->dtype == GS_F32)
		return false; /* neighbours that can be summed where they lie */
	if (r.x.out_step > 2 && !r.x.guarded && (r.y.term == GS_AXES_MAX || r.x.term == GS_AXES_MAX))
		return false; /* the terms are neighbours, not the outputs */
	bool ordered = r.y.term == GS_AXES_MAX || r.x.term == GS_AXES_MAX || r.y.term < r.x.term;
	return (ordered || !w->sum) && read_numbers(&r, w) && lay_out(&r, w);
}

enum gs_err gs_window_prepare(const struct gs_instr *instr, struct gs_window **out)
{
	bool sum = instr->fn == GS_FN_F32_ADD;
	*out = NULL;
	if (instr->form != GS_FOLD || (!sum && instr->fn != GS_FN_F32_MAX && instr->fn != GS_FN_I32_MAX) ||
	    instr->operand[0].kind != GS_OPERAND_CONST || instr->operand[1].kind != GS_OPERAND_TENSOR ||
	    instr->operand[1].indirect_row != 0 ||
	    gs_dtype_class((enum gs_dtype)instr->store_dtype) != gs_fn_info(instr->fn)->result ||
	    (instr->epilogue && !gs_sweep_knows(instr->epilogue)) || gs_instr_terms(instr) < 2)
		return GS_OK;
	struct gs_instr in = *instr;
	gs_fold_merge_axes(&in);
	struct gs_window *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return GS_ENOMEM;
	w->sum = sum;
	w->fn = in.fn;
	w->dtype = in.operand[1].view.dtype;
	w->store_dtype = in.store_dtype;
	w->epilogue = in.epilogue;
	w->epilogue_pos = in.epilogue_pos;
	w->space = in.operand[1].view.space;
	w->chunk = in.operand[1].view.chunk;
	w->is.count = in.operand[1].view.count;
	w->first_chunk = in.first_chunk;
	for (unsigned k = 0; k < 2; k++)
		w->epilogue_value[k] = gs_f32_from_bits((uint32_t)in.epilogue_const[k]);
	if (read_window(&in, w))
		*out = w;
	else
		free(w);
	return GS_OK;
}

/* ---- running ---- */

struct job {
	const struct gs_window *w;
	const struct gs_kernels *kernels;
	const void *x;
	uint8_t *out, *rooms;
	size_t room; /* bytes a thread */
};

/* Of n outputs that are binary32 by now: the canonical NaN, the epilogue, the type that is stored. */
static void finish(const struct job *job, float *value, size_t n, uint64_t at)
{
	const struct gs_window *w = job->w;
	const float *x[3] = {value, value, value};
	gs_sweep_apply(job->kernels, GS_FN_F32_COPY, value, n, x, 1);
	gs_sweep_finish(job->kernels, w->epilogue, w->epilogue_pos, w->epilogue_value, value, n);
	if (w->store_dtype != GS_F32)
		(w->store_dtype == GS_F16 ? job->kernels->narrow_f16
		                          : job->kernels->narrow_bf16)((uint16_t *)(void *)job->out + at, value, n);
}

/* Items: bands of all planes. */
static void run_bands(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct job *job = self;
	const struct gs_window *w = job->w;
	const struct gs_window_kernels *kernels = job->kernels->window;
	struct gs_window_band band = w->is;
	size_t bytes = gs_dtype_bytes(w->store_dtype);
	band.x = job->x;
	band.tap = w->tap;
	band.room = job->rooms + thread * job->room;
	band.edge = (uint8_t *)band.room + w->room;
	if (w->sum && w->dtype != GS_F32)
		band.widen = w->dtype == GS_F16 ? job->kernels->widen_f16 : job->kernels->widen_bf16;
	for (uint64_t i = first; i < last; i++) {
		uint64_t plane = i / w->bands, line = i % w->bands * w->band, rest = plane;
		uint64_t at = (plane * w->lines + line) * w->is.lanes;
		band.at = w->is.at;
		for (unsigned a = w->axes; a-- > 0; rest /= w->extent[a])
			band.at += w->step[a] * (int64_t)(rest % w->extent[a]);
		band.row = w->is.row + (int64_t)line * w->is.line_step;
		band.lines = (size_t)(w->lines - line < w->band ? w->lines - line : w->band);
		bool aside = w->sum && w->store_dtype != GS_F32;
		band.out = aside ? (uint8_t *)band.edge + w->edge : job->out + at * bytes;
		(w->sum ? kernels->sum : kernels->max[w->kind])(&band);
		if (w->sum || w->epilogue)
			finish(job, band.out, band.lines * w->is.lanes, at);
	}
}

enum gs_err gs_window_run(const struct gs_window *w, const struct gs_memory *mem, const struct gs_kernels *kernels,
                          struct gs_pool *pool, struct gs_room *room)
{
	struct job job = {.w = w,
	                  .kernels = kernels,
	                  .x = gs_memory_array(mem, (enum gs_space)w->space) + (size_t)w->chunk * GS_CHUNK_BYTES,
	                  .out = mem->trace + (size_t)w->first_chunk * GS_CHUNK_BYTES,
	                  .room = w->room + w->edge + w->out};
	if (gs_room_need(room, job.room / sizeof(float) * gs_pool_threads(pool)) == NULL)
		return GS_ENOMEM;
	job.rooms = (uint8_t *)room->stage;
	uint64_t terms = w->band * w->is.lanes * w->is.terms * w->is.taps;
	gs_pool_run(pool, w->planes * w->bands, WORK_GRAIN / terms + 1, run_bands, &job);
	return GS_OK;
}
