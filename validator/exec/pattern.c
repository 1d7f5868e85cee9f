#include "validator/exec/pattern.h"

#include <math.h>
#include <string.h>

/* Coordinates of sane programs are far below this; beyond it 64-bit sums might overflow. */
#define SAFE (INT64_C(1) << 56)

/* How a factor is to be read. */
struct reading {
	enum gs_class cls;
	const struct gs_axis_list *lanes;
	unsigned axes;     /* that the operand sees */
	uint8_t word_axis; /* GS_AXES_MAX: none */
	unsigned words;    /* terms a word; 0: binary32 */
};

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

static int64_t distance(const struct gs_stage_dim *dim)
{
	return dim->stride < 0 ? -dim->stride : dim->stride;
}

/* Dimensions in the order in which the tensor has them: reading it is then most of what there is to do. */
static void sort_dims(struct gs_factor *f, unsigned *row_of_dim, unsigned *axis_of_dim)
{
	for (unsigned i = 1; i < f->stage_dims; i++)
		for (unsigned d = i; d > 0 && distance(&f->stage[d - 1]) < distance(&f->stage[d]); d--) {
			struct gs_stage_dim dim = f->stage[d];
			unsigned row = row_of_dim[d], axis = axis_of_dim[d];
			f->stage[d] = f->stage[d - 1];
			row_of_dim[d] = row_of_dim[d - 1];
			axis_of_dim[d] = axis_of_dim[d - 1];
			f->stage[d - 1] = dim;
			row_of_dim[d - 1] = row;
			axis_of_dim[d - 1] = axis;
			if (f->word_dim == d || f->word_dim + 1U == d)
				f->word_dim = (uint8_t)(f->word_dim == d ? d - 1 : d);
		}
}

/* A dense box over the axes of the free rows and the coordinates of the guarded ones; at and step become its own. */
static bool stage_box(const struct gs_instr *in, const struct gs_view *view, const bool *guarded,
                      const struct reach *reach, const struct reading *how, struct gs_factor *f)
{
	unsigned row_of_dim[GS_AXES_MAX + GS_ROWS_MAX] = {0}, axis_of_dim[GS_AXES_MAX + GS_ROWS_MAX] = {0}, seen = 0;
	unsigned axes = how->axes;
	int64_t dense = 1, at = 0, step[GS_AXES_MAX] = {0};
	f->stage_from = f->at;
	f->word_dim = UINT8_MAX;
	for (unsigned a = 0; a < axes; a++) {
		if (f->step[a] == 0 || in->extent[a] == 1)
			continue;
		seen |= 1U << a;
		row_of_dim[f->stage_dims] = GS_ROWS_MAX;
		axis_of_dim[f->stage_dims] = a;
		uint32_t words = a == how->word_axis ? how->words : 1, size = (in->extent[a] - 1) / words + 1;
		if (words > 1) {
			f->word_dim = (uint8_t)f->stage_dims;
			f->term_step = f->step[a];
		}
		if (!add_dim(f, size, 0, size, f->step[a] * words, 1))
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
		             (int64_t)row->stride, row_phases(in, row, how->lanes, axes)))
			return false;
	}
	if (how->words != 0 && f->stage_dims == 0 && !add_dim(f, 1, 0, 1, 1, 1)) /* one number */
		return false;
	if (how->words != 0)
		sort_dims(f, row_of_dim, axis_of_dim);
	for (unsigned d = f->stage_dims; d-- > 0; dense *= (int64_t)f->stage[d].length)
		f->stage[d].dense = dense;
	for (unsigned d = f->stage_dims; d-- > 0; dense *= f->stage[d].phases)
		f->stage[d].phase_dense = dense;
	for (unsigned d = 0; d < f->stage_dims && seen != 0; d++)
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

/* Several axes that move one coordinate, and meet in it: the windows of a convolution. Their coordinates are staged, not
 * their axes. */
static bool overlaps(const struct gs_instr *in, const struct gs_view *view, unsigned r, const struct reach *reach,
                     unsigned axes)
{
	uint64_t points = 1;
	unsigned moved = 0;
	for (unsigned a = 0; a < axes; a++) {
		if (view->row[r].at.coef[a] == 0 || in->extent[a] == 1)
			continue;
		moved++;
		points = points > GS_STAGE_ELEMENTS_MAX ? points : points * in->extent[a];
		for (unsigned other = 0; other < view->rows; other++)
			if (other != r && view->row[other].at.coef[a] != 0)
				return false;
	}
	return moved > 1 && (uint64_t)(reach->high - reach->low) + 1 < points;
}

/* All but the stage, nearly two KiB of which most factors have nothing. */
static void clear_factor(struct gs_factor *f)
{
	memset(f, 0, offsetof(struct gs_factor, stage));
}

static bool read_factor(const struct gs_instr *in, const struct gs_operand *op, const struct reading *how,
                        struct gs_factor *f)
{
	unsigned axes = how->axes;
	const struct gs_view *view = &op->view;
	bool guarded[GS_ROWS_MAX] = {false}, guards = false;
	struct reach reach[GS_ROWS_MAX];
	__int128 most = 0; /* the greatest flat index inside all rows */
	if (op->kind != GS_OPERAND_TENSOR || op->indirect_row != 0 || gs_dtype_class(view->dtype) != how->cls)
		return false;
	clear_factor(f);
	f->space = view->space;
	f->dtype = view->dtype;
	f->chunk = view->chunk;
	f->count = view->count;
	f->stage_elements = 1;
	f->pad = view->pad == GS_PAD_VALUE ? gs_f32_from_bits((uint32_t)view->pad_value) : 0;
	f->pad_integer = view->pad == GS_PAD_VALUE ? (int32_t)(uint32_t)view->pad_value : 0;
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
	f->padded = guards;
	for (unsigned r = 0; how->words != 0 && r < view->rows; r++)
		guarded[r] |= overlaps(in, view, r, &reach[r], axes);
	if (!free_rows(view, guarded, axes, f))
		return false;
	if (guards || how->words != 0)
		return stage_box(in, view, guarded, reach, how, f);
	return view->dtype == GS_F32 || stage_flat(view, f);
}

bool gs_pattern_factor(const struct gs_instr *in, unsigned i, const struct gs_axis_list *lanes, struct gs_factor *out)
{
	const struct reading how = {.cls = GS_CLASS_F32,
	                            .lanes = lanes,
	                            .axes = (unsigned)in->out_axes + in->red_axes,
	                            .word_axis = GS_AXES_MAX};
	return read_factor(in, &in->operand[i], &how, out);
}

static bool read_start(const struct gs_instr *in, enum gs_class cls, struct gs_contraction *c)
{
	const struct gs_operand *op = &in->operand[0];
	c->start_constant = op->kind == GS_OPERAND_CONST;
	if (c->start_constant) {
		c->start_value = gs_f32_from_bits((uint32_t)op->constant);
		return true;
	}
	const struct gs_axis_list none = {.points = 1};
	const struct reading how = {.cls = cls, .lanes = &none, .axes = in->out_axes, .word_axis = GS_AXES_MAX};
	if (!read_factor(in, op, &how, &c->start) || c->start.padded)
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

/* Whether lanes and rows had better change places although outputs are then stored across their order: few points, a small
 * image's, that would fill vectors badly, beside a constant, which stands packed as lanes just as well. */
static bool better_turned(const struct gs_axis_list *lanes, const struct gs_axis_list *rows,
                          const struct gs_operand *of_rows, uint64_t terms, size_t vector_lanes)
{
	uint64_t now = round_up(lanes->points, vector_lanes) * rows->points;
	uint64_t turned = round_up(rows->points, vector_lanes) * lanes->points;
	return lanes->count == 1 && rows->count == 1 && terms >= 32 && lanes->points >= 8 &&
	       of_rows->view.space == GS_SPACE_WEIGHTS && now > turned + turned / 7;
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

/* The reduction axis along which terms share words: the one that leaves the fewest words, among those whose coordinates
 * nothing else moves. */
static uint8_t choose_word_axis(const struct gs_instr *in, unsigned words)
{
	uint8_t best = GS_AXES_MAX;
	uint64_t best_left = 1, best_terms = 1; /* words left of so many terms */
	for (unsigned a = in->out_axes; words > 1 && a < (unsigned)in->out_axes + in->red_axes; a++) {
		bool fits = in->extent[a] > 1;
		for (unsigned k = 1; k < 3 && fits; k++) {
			const struct gs_view *view = &in->operand[k].view;
			fits = moves(&in->operand[k], a);
			for (unsigned r = 0; r < view->rows; r++) {
				struct reach reach;
				unsigned axes = (unsigned)in->out_axes + in->red_axes;
				if (view->row[r].at.coef[a] == 0)
					continue;
				fits = fits && row_reach(in, &view->row[r], axes, &reach) && reach.low >= 0 &&
				       reach.high < (int64_t)view->row[r].extent &&
				       !overlaps(in, view, r, &reach, axes);
			}
		}
		uint64_t terms = in->extent[a], left = terms / words + (terms % words != 0);
		if (fits && left * best_terms < best_left * terms) {
			best_left = left;
			best_terms = terms;
			best = (uint8_t)a;
		}
	}
	return best;
}

static bool read_contraction(const struct gs_instr *in, enum gs_class cls, size_t vector_lanes, unsigned words,
                             struct gs_contraction *c)
{
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
	memset(c, 0, offsetof(struct gs_contraction, x));
	clear_factor(&c->start);
	c->out_axes = in->out_axes;
	c->red_axes = in->red_axes;
	memcpy(c->extent, in->extent, sizeof(c->extent));
	c->terms = c->products = terms;
	bool first = first_is_x(side[1].points, side[2].points, first_is_inner, vector_lanes);
	if (words == 0 &&
	    better_turned(&side[first ? 1 : 2], &side[first ? 2 : 1], &in->operand[first ? 2 : 1], terms, vector_lanes))
		first = !first;
	c->batch = side[0];
	c->lanes = side[first ? 1 : 2];
	c->rows = side[first ? 2 : 1];
	int64_t stride = 1;
	for (unsigned a = in->out_axes; a-- > 0; stride *= in->extent[a])
		c->out_step[a] = stride;
	c->first_chunk = in->first_chunk;
	c->store_dtype = in->store_dtype;
	read_epilogue(in, c);
	const struct gs_axis_list none = {.points = 1};
	struct reading how = {.cls = cls,
	                      .lanes = &c->lanes,
	                      .axes = (unsigned)in->out_axes + in->red_axes,
	                      .word_axis = choose_word_axis(in, words),
	                      .words = words};
	if (words != 0) {
		c->words = how.word_axis == GS_AXES_MAX ? 1 : words;
		c->word_extent = how.word_axis == GS_AXES_MAX ? 1 : in->extent[how.word_axis];
	}
	if (!read_factor(in, &in->operand[first ? 1 : 2], &how, &c->x))
		return false;
	how.lanes = &none;
	if (!read_factor(in, &in->operand[first ? 2 : 1], &how, &c->w) || !read_start(in, cls, c))
		return false;
	if (c->words > 1 && (c->x.word_dim == UINT8_MAX || c->w.word_dim == UINT8_MAX))
		return false; /* an axis that moves coordinates, but no element */
	if (c->words > 1) {
		c->extent[how.word_axis] = (c->word_extent - 1) / c->words + 1;
		c->terms = terms / c->word_extent * c->extent[how.word_axis];
	}
	for (unsigned i = 0; i < c->lanes.count && !c->start_constant; i++)
		c->start_moves_on_lanes |= c->start.step[c->lanes.axis[i]] != 0;
	lay_out_lanes(c);
	return true;
}

bool gs_pattern_contraction(const struct gs_instr *in, size_t vector_lanes, struct gs_contraction *c)
{
	return in->form == GS_FOLD && in->fn == GS_FN_F32_FMA && gs_dtype_class(in->store_dtype) == GS_CLASS_F32 &&
	       read_contraction(in, GS_CLASS_F32, vector_lanes, 0, c);
}

/* ---- one row of several coordinates ---- */

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? (uint64_t)-n : (uint64_t)n;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* The axes that move a row, those of small coefficients first; their number. */
static unsigned moving_axes(const struct gs_instr *in, const struct gs_row *row, unsigned axes, uint8_t *out)
{
	unsigned n = 0;
	for (unsigned a = 0; a < axes; a++) {
		if (row->at.coef[a] == 0 || in->extent[a] == 1)
			continue;
		unsigned i = n++;
		for (; i > 0 && magnitude(row->at.coef[out[i - 1]]) > magnitude(row->at.coef[a]); i--)
			out[i] = out[i - 1];
		out[i] = (uint8_t)a;
	}
	return n;
}

/* Moves axes that meet in one coordinate into a row of their own, which begins at 0. */
static void move_out(const struct gs_instr *in, struct gs_view *view, unsigned r, const uint8_t *axis, unsigned n)
{
	struct gs_row *from = &view->row[r], *to = &view->row[view->rows++];
	uint64_t unit = 0;
	*to = (struct gs_row){.extent = 1};
	for (unsigned i = 0; i < n; i++)
		unit = common_divisor(unit, magnitude(from->at.coef[axis[i]]));
	GS_ASSERT(unit != 0); /* all of them move the row */
	to->stride = from->stride * unit;
	for (unsigned i = 0; i < n; i++) {
		int64_t coef = from->at.coef[axis[i]] / (int64_t)unit, far = coef * (in->extent[axis[i]] - 1);
		to->at.coef[axis[i]] = coef;
		to->at.offset -= far < 0 ? far : 0;
		to->extent += magnitude(far);
		from->at.coef[axis[i]] = 0;
	}
	from->at.offset -= (int64_t)unit * to->at.offset;
}

/* A convolution without padding reads its image at one flat index. Axes whose steps are greater than all that smaller ones reach
 * together are digits of a number of their own: they get rows of their own where several meet. Reads nothing else. */
static void split_rows(const struct gs_instr *in, struct gs_view *view, unsigned axes)
{
	for (unsigned r = 0, rows = view->rows; r < rows; r++) {
		const struct gs_row whole = view->row[r];
		uint8_t axis[GS_AXES_MAX];
		struct reach reach;
		if (!row_reach(in, &whole, axes, &reach) || reach.low < 0 || reach.high >= (int64_t)whole.extent ||
		    !overlaps(in, view, r, &reach, axes))
			continue;
		unsigned n = moving_axes(in, &whole, axes, axis), first = 0;
		uint64_t span = 0;
		for (unsigned i = 0; i < n; i++) {
			span += magnitude(whole.at.coef[axis[i]]) * (in->extent[axis[i]] - 1);
			bool ends = i + 1 == n || magnitude(whole.at.coef[axis[i + 1]]) > span;
			bool all = first == 0 && i + 1 == n; /* one number, which the row holds already */
			if (ends && i > first && !all && view->rows < GS_ROWS_MAX)
				move_out(in, view, r, axis + first, i + 1 - first);
			first = ends ? i + 1 : first;
		}
	}
}

bool gs_pattern_integers(const struct gs_instr *in, size_t vector_lanes, unsigned words, struct gs_contraction *c)
{
	if (in->form != GS_FOLD || in->fn != GS_FN_I32_MULADD)
		return false;
	struct gs_instr split = *in;
	for (unsigned k = 1; k < 3; k++)
		if (in->operand[k].kind == GS_OPERAND_TENSOR && in->operand[k].indirect_row == 0)
			split_rows(in, &split.operand[k].view, (unsigned)in->out_axes + in->red_axes);
	return read_contraction(&split, GS_CLASS_I32, vector_lanes, words, c);
}

bool gs_pattern_reach(const struct gs_instr *in, const struct gs_row *row, unsigned axes, int64_t *low, int64_t *high)
{
	struct reach reach;
	if (!row_reach(in, row, axes, &reach))
		return false;
	*low = reach.low;
	*high = reach.high;
	return true;
}
