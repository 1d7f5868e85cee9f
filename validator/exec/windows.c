#include "validator/exec/windows.h"

#define FAR (INT64_C(1) << 40) /* coordinates, strides and steps of sane programs are below */

/* Who moves a row. */
struct movers {
	unsigned lanes, reductions, others;
	uint8_t lane, reduction; /* one of them */
};

static bool is_lane(const struct gs_axis_list *lanes, unsigned axis)
{
	for (unsigned i = 0; i < lanes->count; i++)
		if (lanes->axis[i] == axis)
			return true;
	return false;
}

static struct movers movers_of(const struct gs_instr *in, const struct gs_row *row, const struct gs_axis_list *lanes)
{
	struct movers m = {.lane = GS_AXES_MAX, .reduction = GS_AXES_MAX};
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++) {
		if (row->at.coef[a] == 0 || in->extent[a] == 1)
			continue;
		if (is_lane(lanes, a)) {
			m.lanes++;
			m.lane = (uint8_t)a;
		} else if (a >= in->out_axes) {
			m.reductions++;
			m.reduction = (uint8_t)a;
		} else {
			m.others++;
		}
	}
	return m;
}

/* A row that nothing else moves. */
static bool read_dim(const struct gs_instr *in, const struct gs_row *row, const struct movers *m,
                     struct gs_window_dim *dim)
{
	*dim = (struct gs_window_dim){.outputs = 1,
	                              .taps = 1,
	                              .stride = 1,
	                              .dilation = 1,
	                              .low = row->at.offset,
	                              .extent = (int64_t)row->extent,
	                              .apart = (int64_t)row->stride,
	                              .tap_axis = m->reduction};
	if (m->lane != GS_AXES_MAX) {
		dim->outputs = in->extent[m->lane];
		dim->stride = row->at.coef[m->lane];
	}
	if (m->reduction != GS_AXES_MAX) {
		dim->taps = in->extent[m->reduction];
		dim->dilation = row->at.coef[m->reduction];
	}
	return dim->stride > 0 && dim->stride < FAR && dim->dilation > 0 && dim->dilation < FAR && dim->low > -FAR &&
	       dim->low < FAR && dim->extent < FAR && dim->apart < FAR;
}

struct reading {
	const struct gs_instr *in;
	const struct gs_axis_list *lanes;
	const struct gs_view *view;
	bool guarded[GS_ROWS_MAX], taken[GS_ROWS_MAX]; /* a dimension of its own */
	bool apart[GS_AXES_MAX];                       /* axes that are a dimension, or its taps */
};

/* Rows against their ranges; all that is read lies inside the tensor or is padding. */
static bool read_ranges(struct reading *r, unsigned axes)
{
	__int128 most = 0; /* the greatest flat index inside all rows */
	for (unsigned i = 0; i < r->view->rows; i++) {
		const struct gs_row *row = &r->view->row[i];
		int64_t low, high;
		if (!gs_pattern_reach(r->in, row, axes, &low, &high))
			return false;
		r->guarded[i] = low < 0 || high >= (int64_t)row->extent;
		if (r->guarded[i] && r->view->pad == GS_PAD_SKIP)
			return false;
		most += (__int128)row->stride * (r->guarded[i] ? (int64_t)row->extent - 1 : high);
	}
	return most < (__int128)r->view->count;
}

/* The reduction axis that is the window of a lane axis in a row that they share with others: of the axes that move the row, the next
 * slower one, or else the next faster one, if the windows of neighbours then overlap. GS_AXES_MAX: none. Any choice reads what
 * the row reads; a wrong one would stage more than is used. */
static unsigned tap_of(const struct reading *r, const struct gs_row *row, unsigned lane)
{
	const struct gs_instr *in = r->in;
	unsigned below = GS_AXES_MAX, above = GS_AXES_MAX;
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++) {
		int64_t coef = row->at.coef[a];
		if (a == lane || in->extent[a] == 1 || coef <= 0)
			continue;
		if (coef <= row->at.coef[lane] && (below == GS_AXES_MAX || coef >= row->at.coef[below]))
			below = a;
		else if (coef > row->at.coef[lane] && (above == GS_AXES_MAX || coef < row->at.coef[above]))
			above = a;
	}
	if (below != GS_AXES_MAX && below >= in->out_axes && !r->apart[below])
		return below;
	if (above != GS_AXES_MAX && above >= in->out_axes && !r->apart[above] &&
	    row->at.coef[above] <= (int64_t)(in->extent[lane] - 1) * row->at.coef[lane])
		return above;
	return GS_AXES_MAX;
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

/* A lane axis, or GS_AXES_MAX, and the taps of its window, or GS_AXES_MAX, in a row that stays inside and that others move, too. */
static bool shared_dim(struct reading *r, const struct gs_row *row, unsigned lane, unsigned tap,
                       struct gs_window_dim *dim)
{
	const struct gs_instr *in = r->in;
	*dim = (struct gs_window_dim){.outputs = 1,
	                              .taps = 1,
	                              .stride = 1,
	                              .dilation = 1,
	                              .apart = (int64_t)row->stride,
	                              .tap_axis = (uint8_t)tap};
	if (lane != GS_AXES_MAX) {
		dim->outputs = in->extent[lane];
		dim->stride = row->at.coef[lane];
	}
	if (tap != GS_AXES_MAX) {
		dim->taps = in->extent[tap];
		dim->dilation = row->at.coef[tap];
		r->apart[tap] = true;
	}
	if (dim->stride <= 0 || dim->stride > FAR || dim->dilation <= 0 || dim->dilation > FAR ||
	    row->stride > (uint64_t)FAR)
		return false;
	int64_t unit = lane == GS_AXES_MAX  ? dim->dilation
	               : tap == GS_AXES_MAX ? dim->stride
	                                    : common_divisor(dim->stride, dim->dilation);
	__int128 apart = (__int128)row->stride * unit;
	if (apart > FAR)
		return false;
	dim->apart = (int64_t)apart;
	dim->stride = lane == GS_AXES_MAX ? 1 : dim->stride / unit;
	dim->dilation = tap == GS_AXES_MAX ? 1 : dim->dilation / unit;
	dim->extent = (int64_t)gs_window_span(dim, dim->outputs);
	return true;
}

/* The dimension that a lane axis moves. */
static bool read_lane(struct reading *r, unsigned axis, struct gs_window_dim *dim)
{
	unsigned rows = 0, row = 0;
	for (unsigned i = 0; i < r->view->rows; i++)
		if (r->view->row[i].at.coef[axis] != 0) {
			row = i;
			rows++;
		}
	if (rows != 1)
		return false;
	r->apart[axis] = true;
	struct movers m = movers_of(r->in, &r->view->row[row], r->lanes);
	if (m.lanes == 1 && m.reductions <= 1 && m.others == 0) {
		r->taken[row] = true;
		if (m.reduction != GS_AXES_MAX)
			r->apart[m.reduction] = true;
		return read_dim(r->in, &r->view->row[row], &m, dim);
	}
	return !r->guarded[row] && r->view->row[row].at.coef[axis] > 0 &&
	       shared_dim(r, &r->view->row[row], axis, tap_of(r, &r->view->row[row], axis), dim);
}

/* One line of outputs: the rows that its windows reach over. */
static bool read_single(struct reading *r, unsigned axes, struct gs_window_dim *dim)
{
	*dim = (struct gs_window_dim){
		.outputs = 1, .taps = 1, .stride = 1, .dilation = 1, .extent = 1, .tap_axis = GS_AXES_MAX};
	for (unsigned i = 0; i < r->view->rows; i++) {
		struct movers m = movers_of(r->in, &r->view->row[i], r->lanes);
		if (r->taken[i] || !r->guarded[i])
			continue;
		r->taken[i] = true;
		if (m.reduction != GS_AXES_MAX)
			r->apart[m.reduction] = true;
		return m.lanes == 0 && m.reductions <= 1 && m.others == 0 && read_dim(r->in, &r->view->row[i], &m, dim);
	}
	for (unsigned a = axes; a-- > r->in->out_axes;) /* the innermost reduction axis that is left */
		for (unsigned i = 0; i < r->view->rows; i++)
			if (!r->taken[i] && !r->apart[a] && r->in->extent[a] > 1 && r->view->row[i].at.coef[a] != 0) {
				return shared_dim(r, &r->view->row[i], GS_AXES_MAX, a, dim);
			}
	return true;
}

/* All other axes, in rows that stay inside. */
static bool read_rest(const struct reading *r, unsigned axes, struct gs_windows *w)
{
	for (unsigned i = 0; i < r->view->rows; i++) {
		const struct gs_row *row = &r->view->row[i];
		if (r->taken[i])
			continue;
		if (r->guarded[i])
			return false;
		__int128 at = w->at + (__int128)row->stride * row->at.offset;
		if (at > FAR || at < -FAR)
			return false;
		w->at = (int64_t)at;
		for (unsigned a = 0; a < axes; a++) {
			if (r->apart[a] || r->in->extent[a] == 1 || row->at.coef[a] == 0)
				continue;
			__int128 step = w->step[a] + (__int128)row->stride * row->at.coef[a];
			if (step > FAR || step < -FAR)
				return false;
			w->step[a] = (int64_t)step;
		}
	}
	for (unsigned a = 0; a < axes; a++) { /* an axis that moves a dimension moves nothing else */
		unsigned moved = 0;
		for (unsigned i = 0; r->apart[a] && i < r->view->rows; i++)
			moved += r->view->row[i].at.coef[a] != 0;
		if (moved > 1)
			return false;
	}
	return true;
}

bool gs_windows_read(const struct gs_instr *in, unsigned k, const struct gs_axis_list *lanes, struct gs_windows *out)
{
	const struct gs_operand *op = &in->operand[k];
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	struct reading r = {.in = in, .lanes = lanes, .view = &op->view};
	if (op->kind != GS_OPERAND_TENSOR || op->indirect_row != 0 || gs_dtype_class(op->view.dtype) != GS_CLASS_F32 ||
	    lanes->count < 1 || lanes->count > 2)
		return false;
	*out = (struct gs_windows){.space = op->view.space, .dtype = op->view.dtype, .chunk = op->view.chunk};
	out->pad = op->view.pad == GS_PAD_VALUE ? gs_f32_from_bits((uint32_t)op->view.pad_value) : 0;
	if (!read_ranges(&r, axes) || !read_lane(&r, lanes->axis[lanes->count - 1], &out->x))
		return false;
	if (!(lanes->count == 2 ? read_lane(&r, lanes->axis[0], &out->y) : read_single(&r, axes, &out->y)))
		return false;
	return read_rest(&r, axes, out);
}
