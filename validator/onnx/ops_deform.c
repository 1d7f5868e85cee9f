/* DeformConv: the input is sampled at every tap's own position, then one product with the weights. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_sample.h"

#include <string.h>

struct deform {
	struct gs_window win;
	struct gs_sampler sampler;
	uint32_t batch, channels, groups, shifts; /* shifts: groups of channels that share their offsets */
	uint32_t taps, places;                    /* elements of the kernel; of an output channel */
};

static enum gs_err count_elements(struct gs_lower *lo, const uint32_t *dim, unsigned n, uint32_t *out)
{
	uint64_t p = 1;
	for (unsigned d = 0; d < n; d++) {
		p *= dim[d];
		if (p > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "2^31 elements or more");
	}
	*out = (uint32_t)p;
	return GS_OK;
}

static enum gs_err read_form(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct deform *f)
{
	const struct gs_val *x = &in[0], *w = &in[1], *offset = &in[2];
	int64_t group = gs_lower_attr_int(node, "group", 1), shifts = gs_lower_attr_int(node, "offset_group", 1);
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[i]));
		GS_TRY(gs_ops_same_types(lo, &in[0], &in[i]));
	}
	if (x->rank < 3 || x->rank > 5 || w->rank != x->rank || offset->rank != x->rank)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an input of rank %u; 1 to 3 spatial dimensions are supported",
		                       x->rank);
	if (group < 1 || group > x->dim[1] || shifts < 1 || shifts > x->dim[1] || x->dim[1] % shifts != 0 ||
	    x->dim[1] != w->dim[1] * (uint64_t)group || w->dim[0] % group != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u channels, weights for %u, %lld and %lld groups",
		                       x->dim[1], w->dim[1], (long long)group, (long long)shifts);
	GS_TRY(gs_window_read(lo, node, x, w->dim + 2, &f->win));
	unsigned n = f->win.spatial;
	f->batch = x->dim[0];
	f->channels = x->dim[1];
	f->groups = (uint32_t)group;
	f->shifts = (uint32_t)shifts;
	GS_TRY(count_elements(lo, f->win.kernel, n, &f->taps));
	GS_TRY(count_elements(lo, f->win.out, n, &f->places));
	bool fits = offset->dim[0] == f->batch && offset->dim[1] == (uint64_t)f->shifts * f->taps * n;
	for (unsigned d = 0; d < n; d++)
		fits &= offset->dim[2 + d] == f->win.out[d];
	if (in[4].kind != GS_VAL_NONE) {
		GS_TRY(gs_ops_same_types(lo, x, &in[4]));
		fits &= in[4].rank == x->rank && in[4].dim[0] == f->batch &&
		        in[4].dim[1] == (uint64_t)f->shifts * f->taps;
		for (unsigned d = 0; fits && d < n; d++)
			fits = in[4].dim[2 + d] == f->win.out[d];
	}
	if (in[3].kind != GS_VAL_NONE) {
		GS_TRY(gs_ops_same_types(lo, x, &in[3]));
		fits &= in[3].rank == 1 && in[3].dim[0] == w->dim[0];
	}
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "offsets, a mask or a bias that do not fit");
	f->sampler = (struct gs_sampler){.dims = n, .kernel = GS_SAMPLE_LINEAR, .outside = GS_SAMPLE_ZERO};
	memcpy(f->sampler.extent, x->dim + 2, n * sizeof(*x->dim));
	return GS_OK;
}

/* Where the taps are without offsets, as f32 [taps, places, dims]. */
static enum gs_err regular(struct gs_lower *lo, const struct deform *f, struct gs_val *out)
{
	const struct gs_window *w = &f->win;
	uint64_t count = (uint64_t)f->taps * f->places * w->spatial;
	uint8_t *data = gs_lower_spend(lo, count) ? gs_arena_alloc(&lo->arena, count, 4) : NULL;
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %llu positions", (unsigned long long)count);
	uint8_t *to = data;
	for (uint32_t i = 0; i < f->taps; i++)
		for (uint32_t j = 0; j < f->places; j++, to += 4 * (size_t)w->spatial) {
			uint32_t k = i, o = j;
			for (unsigned d = w->spatial; d-- > 0; k /= w->kernel[d], o /= w->out[d]) {
				int64_t at = (int64_t)(o % w->out[d]) * w->stride[d] - w->before[d] +
				             (int64_t)(k % w->kernel[d]) * w->dilation[d];
				gs_le32_write(to + 4 * (size_t)d, (uint32_t)gs_reg_of_int(GS_CLASS_F32, at));
			}
		}
	return gs_lower_constant(lo, GS_F32, 3, (uint32_t[]){f->taps, f->places, w->spatial}, data, out);
}

/* columns[batch, shift, channel of the shift, tap, place] in f32 */
static enum gs_err sample(struct gs_lower *lo, const struct deform *f, const struct gs_val *in, struct gs_val *out)
{
	unsigned n = f->win.spatial;
	uint32_t each = f->channels / f->shifts, inside = 1;
	struct gs_val base, at, x, mask;
	struct gs_taps taps;
	for (unsigned d = 0; d < n; d++)
		inside *= f->sampler.extent[d]; /* gs_sample_taps refuses what does not fit */
	GS_TRY(regular(lo, f, &base));
	GS_TRY(gs_lower_reshape(lo, &in[2], 5, (uint32_t[]){f->batch, f->shifts, f->taps, n, f->places}, &at));
	gs_val_transpose(&at, (unsigned[]){0, 1, 2, 4, 3}, &at);
	GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&base), GS_V(&at), &at));
	GS_TRY(gs_sample_taps(lo, &f->sampler, &at, &taps));
	if (in[4].kind != GS_VAL_NONE) {
		uint32_t dim[GS_RANK_MAX] = {f->batch, f->shifts, f->taps, f->places, 1, 1, 1};
		GS_TRY(gs_lower_reshape(lo, &in[4], 4 + n, dim, &mask));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&taps.weight), GS_V(&mask), &taps.weight));
	}
	GS_TRY(gs_lower_reshape(lo, &in[0], 4, (uint32_t[]){f->batch, f->shifts, each, inside}, &x));
	if (x.stride[3] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_F32_FMA,
	                        .store_dtype = GS_F32,
	                        .acc_dtype = GS_F32,
	                        .out_axes = 5,
	                        .red_axes = (uint8_t)n,
	                        .extent = {f->batch, f->shifts, each, f->taps, f->places}};
	unsigned axis_of[GS_RANK_MAX] = {0, 1, 3, 4, 5, 6, 7, 0};
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &x);
	for (unsigned d = 0; d < 3; d++)
		gs_operand_axis(&fold.operand[1], d, x.stride[d]);
	gs_ops_indirect_row(&fold.operand[1], &x, 3);
	gs_ops_indirect_view(lo, &fold.operand[1], &taps.index, axis_of);
	fold.operand[2] = gs_lower_view(lo, &taps.weight);
	for (unsigned d = 0; d < taps.weight.rank; d++)
		gs_operand_axis(&fold.operand[2], axis_of[d], taps.weight.stride[d]);
	for (unsigned d = 0; d < n; d++)
		fold.extent[5 + d] = 2;
	return gs_lower_emit(lo, &fold, 5, fold.extent, out);
}

/* x, weights, offset, bias, mask */
static enum gs_err op_deform_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	struct deform f = {.groups = 1, .shifts = 1};
	struct gs_val columns, w, bias;
	uint32_t dim[GS_RANK_MAX] = {0};
	GS_TRY(read_form(lo, node, in, &f));
	GS_TRY(sample(lo, &f, in, &columns));
	uint32_t each = f.channels / f.groups, per_group = in[1].dim[0] / f.groups;
	GS_TRY(gs_lower_reshape(lo, &columns, 5, (uint32_t[]){f.batch, f.groups, each, f.taps, f.places}, &columns));
	GS_TRY(gs_lower_reshape(lo, &in[1], 4, (uint32_t[]){f.groups, per_group, each, f.taps}, &w));
	/* axes: batch, group, channel of the group, place; channel of the group's inputs, tap */
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_F32_FMA,
	                        .store_dtype = in[0].dtype,
	                        .acc_dtype = GS_F32,
	                        .out_axes = 4,
	                        .red_axes = 2,
	                        .extent = {f.batch, f.groups, per_group, f.places, each, f.taps}};
	static const unsigned column_axis[] = {0, 1, 4, 5, 3}, weight_axis[] = {1, 2, 4, 5};
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &columns);
	fold.operand[2] = gs_lower_view(lo, &w);
	for (unsigned d = 0; d < 5; d++)
		gs_operand_axis(&fold.operand[1], column_axis[d], columns.stride[d]);
	for (unsigned d = 0; d < 4; d++)
		gs_operand_axis(&fold.operand[2], weight_axis[d], w.stride[d]);
	if (in[3].kind != GS_VAL_NONE) {
		GS_TRY(gs_lower_reshape(lo, &in[3], 4, (uint32_t[]){1, f.groups, per_group, 1}, &bias));
		fold.operand[0] = gs_lower_elementwise(lo, &bias, 4);
	}
	GS_TRY(gs_lower_emit(lo, &fold, 4, fold.extent, out));
	dim[0] = f.batch;
	dim[1] = in[1].dim[0];
	memcpy(dim + 2, f.win.out, f.win.spatial * sizeof(*dim));
	return gs_lower_reshape(lo, out, in[0].rank, dim, out);
}

const struct gs_lower_op gs_ops_deform[] = {
	{"DeformConv", op_deform_conv},
	{NULL, NULL},
};
