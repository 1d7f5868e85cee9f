/* tests/generator/operand.c: random constants, iotas and views. */
#include "tests/generator/internal.h"

static unsigned axes_of(const struct gs_instr *in, unsigned i)
{
	return in->form == GS_FOLD && i > 0 ? (unsigned)in->out_axes + in->red_axes : in->out_axes;
}

/* A random tensor whose dtype has one of the classes in the mask (bit per class); false when there is none. */
static bool pick_source(struct generator *g, unsigned class_mask, struct source *out)
{
	struct source found[GENERATOR_TENSORS_MAX + 64];
	unsigned count = 0;
	for (unsigned k = 0; k < g->fixed_count; k++)
		if (class_mask >> gs_dtype_class((enum gs_dtype)g->fixed[k].dtype) & 1)
			found[count++] = g->fixed[k];
	for (uint32_t i = 0; i < g->at && i < 64; i++) {
		const struct gs_instr *producer = &g->instr[i];
		if (!(class_mask >> gs_dtype_class((enum gs_dtype)producer->store_dtype) & 1))
			continue;
		struct source s = {GS_SPACE_TRACE, producer->store_dtype, i, gs_instr_count(producer)};
		found[count++] = s;
	}
	if (count == 0)
		return false;
	/* What was computed last is read most: faults then travel. */
	unsigned k = (unsigned)below(g, count);
	unsigned again = (unsigned)below(g, count);
	*out = found[again > k ? again : k];
	return true;
}

static int64_t random_offset(struct generator *g, uint64_t extent)
{
	switch (below(g, 8)) {
	case 0: return -(int64_t)below(g, 4);
	case 1: return (int64_t)below(g, extent);
	case 2: return GS_OFFSET_MAX - (int64_t)below(g, 3);
	case 3: return -GS_OFFSET_MAX + (int64_t)below(g, 3);
	default: return 0;
	}
}

/* One row whose coordinate runs over the axes row-major, as in a view of the box itself. */
static void row_flat(struct generator *g, const struct gs_instr *in, unsigned axes, struct gs_view *view)
{
	uint64_t stride = 1;
	view->rows = 1;
	view->row[0].extent = view->count;
	view->row[0].stride = 1;
	for (unsigned a = axes; a-- > 0;) {
		if (!one_in(g, 5) && stride < view->count)
			view->row[0].at.coef[a] = (int64_t)stride;
		stride *= in->extent[a] ? in->extent[a] : 1;
	}
	if (one_in(g, 4))
		view->row[0].at.offset = random_offset(g, view->count);
}

/* Rows that cut the tensor into a box of its own, each following an axis or two: transposes, windows, flips, guards. */
static void rows_factored(struct generator *g, const struct gs_instr *in, unsigned axes, struct gs_view *view)
{
	uint64_t left = view->count, stride = 1;
	view->rows = (uint8_t)(1 + below(g, one_in(g, 12) ? GS_ROWS_MAX : 3));
	for (unsigned r = view->rows; r-- > 0;) {
		struct gs_row *row = &view->row[r];
		bool guard = view->rows > 1 && one_in(g, 6);
		row->extent = r == 0 || left < 2 ? left : 1 + below(g, left);
		row->stride = guard ? 0 : stride;
		if (!guard) {
			stride *= row->extent;
			left = left / row->extent > 0 ? left / row->extent : 1;
		}
		for (unsigned a = 0; a < axes; a++) {
			if (!one_in(g, view->rows))
				continue;
			bool flip = one_in(g, 6);
			row->at.coef[a] = flip ? -1 : (int64_t)(1 + (one_in(g, 4) ? below(g, 3) : 0));
			if (flip)
				row->at.offset += in->extent[a] > 0 ? in->extent[a] - 1 : 0;
		}
		if (one_in(g, 6))
			row->at.offset += random_offset(g, row->extent) % (int64_t)(UINT64_C(1) << 20);
	}
}

/* Anything the limits allow. */
static void rows_wild(struct generator *g, unsigned axes, struct gs_view *view)
{
	view->rows = (uint8_t)(1 + below(g, 3));
	for (unsigned r = 0; r < view->rows; r++) {
		struct gs_row *row = &view->row[r];
		row->extent = one_in(g, 3) ? GS_EXTENT_MAX : 1 + below(g, 300);
		row->stride = one_in(g, 5) ? GS_EXTENT_MAX : below(g, 20);
		row->at.offset = random_offset(g, row->extent);
		for (unsigned a = 0; a < axes; a++) {
			if (!one_in(g, 2))
				continue;
			int64_t coef = one_in(g, 6) ? GS_COEF_MAX : 1 + (int64_t)below(g, 5);
			row->at.coef[a] = one_in(g, 3) ? -coef : coef;
		}
	}
}

static void random_view(struct generator *g, const struct gs_instr *in, unsigned axes, const struct source *source,
                        struct gs_view *view)
{
	view->space = source->space;
	view->dtype = source->dtype;
	view->chunk = source->chunk;
	view->count = source->count;
	switch (below(g, 10)) {
	case 0: view->rows = 0; break;
	case 1: rows_wild(g, axes, view); break;
	case 2:
	case 3:
	case 4: rows_factored(g, in, axes, view); break;
	default: row_flat(g, in, axes, view);
	}
}

static void random_pad(struct generator *g, bool skip_allowed, struct gs_view *view)
{
	view->pad = GS_PAD_ZERO;
	view->pad_value = 0;
	if (skip_allowed && one_in(g, 2)) {
		view->pad = GS_PAD_SKIP;
	} else if (one_in(g, 2)) {
		view->pad_value = gs_random_register(&g->rng, gs_dtype_class((enum gs_dtype)view->dtype),
		                                     GS_FLAVOUR_MIXED);
		view->pad = view->pad_value != 0 ? GS_PAD_VALUE : GS_PAD_ZERO;
	}
}

void generator_operand(struct generator *g, struct gs_instr *in, unsigned i, unsigned *budget)
{
	struct gs_operand *op = &in->operand[i];
	enum gs_class cls = gs_instr_operand_class(in, i);
	bool skip_allowed = in->form == GS_FOLD ? i > 0 : gs_fn_is_first(in->fn);
	unsigned axes = axes_of(in, i);
	struct source source;
	if (*budget == 0 || one_in(g, 8) || !pick_source(g, 1u << cls, &source)) {
		bool iota = cls != GS_CLASS_F32 && one_in(g, 2);
		op->kind = iota ? GS_OPERAND_IOTA : GS_OPERAND_CONST;
		if (!iota) {
			op->constant = gs_random_register(&g->rng, cls, GS_FLAVOUR_MIXED);
			return;
		}
		op->iota.offset = random_offset(g, 100);
		for (unsigned a = 0; a < axes; a++)
			op->iota.coef[a] = one_in(g, 5) ? GS_COEF_MAX - (int64_t)below(g, 2) : (int64_t)below(g, 7) - 3;
		return;
	}
	op->kind = GS_OPERAND_TENSOR;
	--*budget;
	random_view(g, in, axes, &source, &op->view);
	random_pad(g, skip_allowed, &op->view);
	struct source index;
	unsigned integers = 1u << GS_CLASS_I32 | 1u << GS_CLASS_I64;
	if (*budget > 0 && op->view.rows > 0 && one_in(g, 3) && pick_source(g, integers, &index)) {
		--*budget;
		op->indirect_row = (uint8_t)(1 + below(g, op->view.rows));
		random_view(g, in, axes, &index, &op->indirect);
		random_pad(g, false, &op->indirect);
	}
}
