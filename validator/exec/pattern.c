#include "validator/exec/pattern.h"

#include <math.h>
#include <string.h>

/* Coordinates of sane programs are far below this; beyond it 64-bit sums might overflow. */
#define SAFE (INT64_C(1) << 56)

/* ---- one factor ---- */

struct reach { /* the coordinates that a row can have */
	int64_t low, high;
};

static bool row_reach(const struct gs_instr *in, const struct gs_row *row, unsigned axes, struct reach *out)
{
	__int128 low = row->at.offset, high = row->at.offset;
	for (unsigned a = 0; a < axes; a++) {
		__int128 far = (__int128)row->at.coef[a] * (in->extent[a] - 1);
		low += far < 0 ? far : 0;
		high += far > 0 ? far : 0;
	}
	if (low < -SAFE || high > SAFE || (high + 1) * (__int128)row->stride > SAFE)
		return false;
	*out = (struct reach){(int64_t)low, (int64_t)high};
	return true;
}

static bool add_step(int64_t *step, int64_t stride, int64_t coef)
{
	__int128 sum = *step + (__int128)stride * coef;
	if (sum > SAFE || sum < -SAFE)
		return false;
	*step = (int64_t)sum;
	return true;
}

/* Rows that stay inside, as one flat index. */
static bool free_rows(const struct gs_view *view, const bool *guarded, unsigned axes, struct gs_factor *f)
{
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		if (guarded[r])
			continue;
		if (!add_step(&f->at, (int64_t)row->stride, row->at.offset))
			return false;
		for (unsigned a = 0; a < axes; a++)
			if (!add_step(&f->step[a], (int64_t)row->stride, row->at.coef[a]))
				return false;
	}
	return true;
}

static bool add_dim(struct gs_factor *f, uint64_t size, int64_t low, int64_t extent, int64_t stride, uint32_t phases)
{
	if (f->stage_dims == GS_ARRAY_LEN(f->stage) || size > GS_STAGE_ELEMENTS_MAX)
		return false;
	uint64_t length = (size + phases - 1) / phases;
	if (length * phases > GS_STAGE_ELEMENTS_MAX / f->stage_elements)
		return false;
	f->stage[f->stage_dims++] = (struct gs_stage_dim){.size = size,
	                                                  .low = low,
	                                                  .extent = extent,
	                                                  .stride = stride,
	                                                  .phases = phases,
	                                                  .length = length,
	                                                  .axis = GS_AXES_MAX};
	f->stage_elements *= length * phases;
	return true;
}

/* The stride of a convolution along a row: one lane axis with it as coefficient, and nothing else that moves the row but
 * at most one reduction axis, forwards. */
static uint32_t row_phases(const struct gs_instr *in, const struct gs_row *row, const struct gs_axis_list *lanes,
                           unsigned axes)
{
	int64_t stride = 0;
	unsigned reductions = 0;
	for (unsigned a = 0; a < axes; a++) {
		int64_t coef = in->extent[a] == 1 ? 0 : row->at.coef[a];
		bool lane = false;
		for (unsigned i = 0; i < lanes->count; i++)
			lane |= lanes->axis[i] == a;
		if (coef == 0)
			continue;
		if (coef < 0 || (lane ? stride != 0 : a < in->out_axes || reductions++ != 0))
			return 1;
		stride = lane ? coef : stride;
	}
	return stride > 1 && stride <= 16 ? (uint32_t)stride : 1;
}

/* Where a dimension's axes are, once its place in the box is known. */
static void place_row(const struct gs_instr *in, const struct gs_row *row, unsigned axes, struct gs_stage_dim *dim,
                      int64_t *at, int64_t *step)
{
	dim->first = row->at.offset - dim->low;
	for (unsigned a = 0; a < axes; a++) {
		int64_t coef = in->extent[a] == 1 ? 0 : row->at.coef[a];
		if (coef == 0)
			continue;
		if (dim->phases == 1) {
			step[a] = coef * dim->dense;
		} else if (a < in->out_axes) {
			step[a] = dim->dense;
		} else {
			dim->axis = (uint8_t)a;
			dim->axis_coef = coef;
		}
	}
	if (dim->phases == 1)
		*at += dim->first * dim->dense;
	else if (dim->axis == GS_AXES_MAX)
		*at += gs_stage_place(dim, dim->first);
}

int64_t gs_stage_place(const struct gs_stage_dim *dim, int64_t i)
{
	return i % dim->phases * dim->phase_dense + i / dim->phases * dim->dense;
}

/* A dense box over the axes of the free rows and the coordinates of the guarded ones; at and step become its own. */
static bool stage_box(const struct gs_instr *in, const struct gs_view *view, const bool *guarded,
                      const struct reach *reach, const struct gs_axis_list *lanes, unsigned axes, struct gs_factor *f)
{
	unsigned row_of_dim[GS_AXES_MAX + GS_ROWS_MAX] = {0}, axis_of_dim[GS_AXES_MAX + GS_ROWS_MAX] = {0}, seen = 0;
	int64_t dense = 1, at = 0, step[GS_AXES_MAX] = {0};
	f->stage_from = f->at;
	for (unsigned a = 0; a < axes; a++) {
		if (f->step[a] == 0 || in->extent[a] == 1)
			continue;
		seen |= 1U << a;
		row_of_dim[f->stage_dims] = GS_ROWS_MAX;
		axis_of_dim[f->stage_dims] = a;
		if (!add_dim(f, in->extent[a], 0, in->extent[a], f->step[a], 1))
			return false;
	}
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		if (!guarded[r])
			continue;
		for (unsigned a = 0; a < axes; a++) {
			if (row->at.coef[a] == 0 || in->extent[a] == 1)
				continue;
			if (seen >> a & 1)
				return false; /* an axis that moves two coordinates */
			seen |= 1U << a;
		}
		row_of_dim[f->stage_dims] = r;
		if (!add_dim(f, (uint64_t)(reach[r].high - reach[r].low) + 1, reach[r].low, (int64_t)row->extent,
		             (int64_t)row->stride, row_phases(in, row, lanes, axes)))
			return false;
	}
	for (unsigned d = f->stage_dims; d-- > 0; dense *= (int64_t)f->stage[d].length)
		f->stage[d].dense = dense;
	for (unsigned d = f->stage_dims; d-- > 0; dense *= f->stage[d].phases)
		f->stage[d].phase_dense = dense;
	for (unsigned d = 0; d < f->stage_dims; d++)
		if (row_of_dim[d] == GS_ROWS_MAX)
			step[axis_of_dim[d]] = f->stage[d].dense;
		else
			place_row(in, &view->row[row_of_dim[d]], axes, &f->stage[d], &at, step);
	f->at = at;
	memcpy(f->step, step, sizeof(step));
	return f->stage_elements <= 16 * view->count + (1 << 16); /* not a copy that dwarfs the tensor */
}

/* The tensor as it lies, widened to binary32. */
static bool stage_flat(const struct gs_view *view, struct gs_factor *f)
{
	f->stage_from = 0;
	return add_dim(f, view->count, 0, (int64_t)view->count, 1, 1);
}

static bool read_factor(const struct gs_instr *in, const struct gs_operand *op, const struct gs_axis_list *lanes,
                        unsigned axes, struct gs_factor *f)
{
	const struct gs_view *view = &op->view;
	bool guarded[GS_ROWS_MAX] = {false}, guards = false;
	struct reach reach[GS_ROWS_MAX];
	__int128 most = 0; /* the greatest flat index inside all rows */
	if (op->kind != GS_OPERAND_TENSOR || op->indirect_row != 0 || gs_dtype_class(view->dtype) != GS_CLASS_F32)
		return false;
	*f = (struct gs_factor){.space = view->space,
	                        .dtype = view->dtype,
	                        .chunk = view->chunk,
	                        .count = view->count,
	                        .stage_elements = 1};
	f->pad = view->pad == GS_PAD_VALUE ? gs_f32_from_bits((uint32_t)view->pad_value) : 0;
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		if (!row_reach(in, row, axes, &reach[r]))
			return false;
		guarded[r] = reach[r].low < 0 || reach[r].high >= (int64_t)row->extent;
		guards |= guarded[r];
		most += (__int128)row->stride * (guarded[r] ? (int64_t)row->extent - 1 : reach[r].high);
	}
	if (most >= (__int128)view->count || (guards && view->pad == GS_PAD_SKIP))
		return false;
	if (!free_rows(view, guarded, axes, f))
		return false;
	if (guards)
		return stage_box(in, view, guarded, reach, lanes, axes, f);
	return view->dtype == GS_F32 || stage_flat(view, f);
}

static bool read_start(const struct gs_instr *in, struct gs_contraction *c)
{
	const struct gs_operand *op = &in->operand[0];
	c->start_constant = op->kind == GS_OPERAND_CONST;
	if (c->start_constant) {
		c->start_value = gs_f32_from_bits((uint32_t)op->constant);
		return true;
	}
	const struct gs_axis_list none = {.points = 1};
	if (!read_factor(in, op, &none, in->out_axes, &c->start))
		return false;
	if (c->start.stage_dims == 1 && c->start.dtype != GS_F32)
		c->start.stage_dims = 0; /* read element by element: no copy to widen it */
	return c->start.stage_dims == 0;
}

/* ---- the epilogue ---- */

static bool is_nan(gs_reg bits)
{
	return (bits & 0x7fffffff) > 0x7f800000;
}

/* As two clamps whose result with equal zeros leaves no choice: never max with -0, never min with +0. */
static void read_epilogue(const struct gs_instr *in, struct gs_contraction *c)
{
	gs_reg low = 0xff800000, high = 0x7f800000;
	bool known = true;
	if (in->epilogue == GS_FN_F32_MAX) {
		low = in->epilogue_const[0];
	} else if (in->epilogue == GS_FN_F32_MIN) {
		high = in->epilogue_const[0];
	} else if (in->epilogue == GS_FN_F32_CLIP && in->epilogue_pos == 0) {
		low = in->epilogue_const[0];
		high = in->epilogue_const[1];
	} else {
		known = in->epilogue == 0;
	}
	c->clamps = known && !is_nan(low) && !is_nan(high) && low != 0x80000000 && high != 0;
	c->low = c->clamps ? gs_f32_from_bits((uint32_t)low) : -INFINITY;
	c->high = c->clamps ? gs_f32_from_bits((uint32_t)high) : INFINITY;
}

/* ---- which axis is what ---- */

static bool moves(const struct gs_operand *op, unsigned axis)
{
	for (unsigned r = 0; r < op->view.rows; r++)
		if (op->view.row[r].at.coef[axis] != 0)
			return true;
	return false;
}

static void list_axis(struct gs_axis_list *list, unsigned axis, uint32_t extent)
{
	list->axis[list->count++] = (uint8_t)axis;
	list->points *= extent;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Whether operand 1 should be x. Lanes that are neighbours in the output are stored as vectors; but a side with only a
 * few points would leave most of its lanes empty. */
static bool first_is_x(uint64_t first, uint64_t second, bool first_is_inner, size_t vector_lanes)
{
	uint64_t as_lanes[2] = {round_up(first, vector_lanes) * second, round_up(second, vector_lanes) * first};
	if (first_is_inner)
		return as_lanes[0] <= as_lanes[1] + as_lanes[1] / 2;
	return as_lanes[1] > as_lanes[0] + as_lanes[0] / 2;
}

/* Lanes as x lies, where the lanes computed in vain cost less than packing: a packed element costs about what a vector of
 * twenty rows' products does. */
static void lay_out_lanes(struct gs_contraction *c)
{
	if (c->lanes.count != 2 || c->start_moves_on_lanes)
		return;
	unsigned outer = c->lanes.axis[0], inner = c->lanes.axis[1];
	uint64_t across = c->extent[inner], pitch = (uint64_t)c->x.step[outer];
	if (c->x.step[inner] != 1 || c->x.step[outer] <= (int64_t)across || pitch > 2 * across + 32)
		return;
	if (c->rows.points * (pitch - across) > 20 * across)
		return;
	c->pitch = pitch;
	c->across = across;
	c->lanes.points = (c->extent[outer] - 1) * pitch + across;
}

bool gs_pattern_contraction(const struct gs_instr *in, size_t vector_lanes, struct gs_contraction *c)
{
	if (in->form != GS_FOLD || in->fn != GS_FN_F32_FMA || gs_dtype_class(in->store_dtype) != GS_CLASS_F32)
		return false;
	struct gs_axis_list side[3] = {{.points = 1}, {.points = 1}, {.points = 1}}; /* both or neither; one alone */
	bool first_is_inner = true, inner_is_batch = false;
	for (unsigned a = 0; a < in->out_axes; a++) {
		bool with_first = moves(&in->operand[1], a), with_second = moves(&in->operand[2], a);
		if (in->extent[a] == 1)
			continue;
		unsigned which = with_first == with_second ? 0 : with_first ? 1 : 2;
		list_axis(&side[which], a, in->extent[a]);
		first_is_inner = which == 0 ? first_is_inner : which == 1;
		inner_is_batch = which == 0;
	}
	uint64_t terms = gs_instr_terms(in);
	if (terms == 0 || inner_is_batch)
		return false;
	memset(c, 0, sizeof(*c));
	c->out_axes = in->out_axes;
	c->red_axes = in->red_axes;
	memcpy(c->extent, in->extent, sizeof(c->extent));
	c->terms = terms;
	bool first = first_is_x(side[1].points, side[2].points, first_is_inner, vector_lanes);
	c->batch = side[0];
	c->lanes = side[first ? 1 : 2];
	c->rows = side[first ? 2 : 1];
	int64_t stride = 1;
	for (unsigned a = in->out_axes; a-- > 0; stride *= in->extent[a])
		c->out_step[a] = stride;
	c->first_chunk = in->first_chunk;
	c->store_dtype = in->store_dtype;
	read_epilogue(in, c);
	unsigned axes = (unsigned)in->out_axes + in->red_axes;
	const struct gs_axis_list none = {.points = 1};
	if (!read_factor(in, &in->operand[first ? 1 : 2], &c->lanes, axes, &c->x) ||
	    !read_factor(in, &in->operand[first ? 2 : 1], &none, axes, &c->w) || !read_start(in, c))
		return false;
	for (unsigned i = 0; i < c->lanes.count && !c->start_constant; i++)
		c->start_moves_on_lanes |= c->start.step[c->lanes.axis[i]] != 0;
	lay_out_lanes(c);
	return true;
}
