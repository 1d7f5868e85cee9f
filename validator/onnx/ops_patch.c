/* Col2Im, CenterCropPad. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

/* ---- Col2Im: overlapping patches added up, one spatial dimension after the other ---- */

enum { PATCH_DIMS_MAX = 3 };

struct patches {
	unsigned dims;
	int64_t image[PATCH_DIMS_MAX], block[PATCH_DIMS_MAX], stride[PATCH_DIMS_MAX], dilation[PATCH_DIMS_MAX],
		pads[2 * PATCH_DIMS_MAX];
	uint32_t steps[PATCH_DIMS_MAX]; /* patches along the dimension */
};

static enum gs_err read_patches(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct patches *p)
{
	unsigned n, m, count[3];
	*p = (struct patches){0};
	for (unsigned i = 0; i < 3; i++)
		GS_TRY(gs_ops_present(lo, &in[i]));
	GS_TRY(gs_lower_ints(lo, &in[1], "the image's shape", p->image, PATCH_DIMS_MAX, &n));
	GS_TRY(gs_lower_ints(lo, &in[2], "the block's shape", p->block, PATCH_DIMS_MAX, &m));
	p->dims = n;
	count[0] = count[1] = n;
	count[2] = 2 * n;
	for (unsigned d = 0; d < PATCH_DIMS_MAX; d++)
		p->stride[d] = p->dilation[d] = 1;
	GS_TRY(gs_lower_attr_ints(lo, node, "strides", p->stride, PATCH_DIMS_MAX, &count[0]));
	GS_TRY(gs_lower_attr_ints(lo, node, "dilations", p->dilation, PATCH_DIMS_MAX, &count[1]));
	GS_TRY(gs_lower_attr_ints(lo, node, "pads", p->pads, 2 * PATCH_DIMS_MAX, &count[2]));
	bool fits = n >= 1 && m == n && count[0] == n && count[1] == n && count[2] == 2 * n && in[0].rank == 3;
	uint64_t block = 1, steps = 1;
	for (unsigned d = 0; fits && d < n; d++) {
		const int64_t v[6] = {p->image[d],    p->block[d], p->stride[d],
		                      p->dilation[d], p->pads[d],  p->pads[n + d]};
		for (unsigned i = 0; i < 6; i++)
			fits &= v[i] >= (i < 4 ? 1 : 0) && v[i] <= 1 << 24;
		int64_t room = p->image[d] + p->pads[d] + p->pads[n + d] - p->dilation[d] * (p->block[d] - 1) - 1;
		fits &= room >= 0;
		if (!fits)
			break;
		p->steps[d] = (uint32_t)(room / p->stride[d] + 1);
		block *= (uint64_t)p->block[d];
		steps *= p->steps[d];
		fits = block <= INT32_MAX && steps <= INT32_MAX;
	}
	if (!fits || in[0].dim[1] % block != 0 || in[0].dim[2] != steps)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "an image, blocks, strides or pads that do not fit the input");
	return GS_OK;
}

/* table[i][k]: the patch whose element k lies at i, or -1. */
static enum gs_err patch_table(struct gs_lower *lo, const struct patches *p, unsigned d, struct gs_val *out)
{
	uint64_t count = (uint64_t)p->image[d] * (uint64_t)p->block[d];
	uint8_t *data = gs_lower_spend(lo, count) ? gs_arena_alloc(&lo->arena, count, 4) : NULL;
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %llu indices", (unsigned long long)count);
	for (int64_t i = 0; i < p->image[d]; i++)
		for (int64_t k = 0; k < p->block[d]; k++) {
			int64_t at = i + p->pads[d] - k * p->dilation[d];
			bool hit = at >= 0 && at % p->stride[d] == 0 && at / p->stride[d] < p->steps[d];
			gs_le32_write(data + 4 * (i * p->block[d] + k),
			              hit ? (uint32_t)(at / p->stride[d]) : UINT32_MAX);
		}
	return gs_lower_constant(lo, GS_I32, 2, (uint32_t[]){(uint32_t)p->image[d], (uint32_t)p->block[d]}, data, out);
}

/* v[N, C, images so far, blocks from d on, steps from d on] loses block d; step d becomes image d. */
static enum gs_err add_up(struct gs_lower *lo, const struct patches *p, unsigned d, unsigned dtype, struct gs_val *v)
{
	unsigned n = p->dims, rank = v->rank - 1U, at = 2 + d, step = 2 + n; /* blocks at 2 + d, steps at 2 + n */
	struct gs_val table = {0}, x = *v;
	uint32_t dim[GS_RANK_MAX] = {0};
	GS_TRY(patch_table(lo, p, d, &table));
	if (x.stride[step] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr fold = {
		.form = GS_FOLD, .store_dtype = (uint8_t)dtype, .out_axes = (uint8_t)rank, .red_axes = 1};
	fold.fn = (uint8_t)gs_fn_for(GS_FN_F32_ADD, gs_val_class(&x));
	fold.acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(&x));
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &x);
	fold.operand[1].view.pad = GS_PAD_SKIP;
	for (unsigned o = 0; o < rank; o++) { /* the output: images at 2 ... 2 + d, then blocks, then steps */
		unsigned from = o < step ? o : o + 1;
		if (o == at) {
			fold.extent[o] = dim[o] = (uint32_t)p->image[d];
			continue;
		}
		fold.extent[o] = dim[o] = x.dim[from];
		gs_operand_axis(&fold.operand[1], o, x.stride[from]);
	}
	fold.extent[rank] = x.dim[at];
	gs_operand_axis(&fold.operand[1], rank, x.stride[at]);
	gs_ops_indirect_row(&fold.operand[1], &x, step);
	gs_ops_indirect_view(lo, &fold.operand[1], &table, (unsigned[]){at, rank});
	return gs_lower_emit(lo, &fold, rank, dim, v);
}

static enum gs_err op_col2im(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	struct patches p;
	uint32_t dim[2 + 2 * PATCH_DIMS_MAX] = {0};
	uint64_t block = 1;
	GS_TRY(read_patches(lo, node, in, &p));
	if (in[0].dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type bool");
	for (unsigned d = 0; d < p.dims; d++) {
		block *= (uint64_t)p.block[d];
		dim[2 + d] = (uint32_t)p.block[d];
		dim[2 + p.dims + d] = p.steps[d];
	}
	dim[0] = in[0].dim[0];
	dim[1] = (uint32_t)(in[0].dim[1] / block);
	GS_TRY(gs_lower_reshape(lo, &in[0], 2 + 2 * p.dims, dim, out));
	for (unsigned d = 0; d < p.dims; d++)
		GS_TRY(add_up(lo, &p, d, d + 1 == p.dims ? in[0].dtype : gs_class_dtype(gs_val_class(&in[0])), out));
	return GS_OK;
}

/* ---- CenterCropPad ---- */

static enum gs_err op_center_crop_pad(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                      struct gs_val *out)
{
	int64_t want[GS_RANK_MAX], axes[GS_RANK_MAX], before[GS_RANK_MAX] = {0};
	unsigned n = in[0].rank, count, axis;
	uint32_t dim[GS_RANK_MAX];
	bool pads = false;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(gs_lower_ints(lo, &in[1], "the shape", want, GS_RANK_MAX, &count));
	for (unsigned d = 0; d < n; d++)
		axes[d] = d;
	GS_TRY(gs_lower_attr_ints(lo, node, "axes", axes, GS_RANK_MAX, &n));
	if (n != count)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u extents for %u axes", count, n);
	*out = in[0];
	memcpy(dim, in[0].dim, sizeof(dim));
	for (unsigned i = 0; i < n; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], in[0].rank, &axis));
		int64_t have = in[0].dim[axis];
		if (want[i] < 0 || want[i] > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an extent of %lld", (long long)want[i]);
		dim[axis] = (uint32_t)want[i];
		if (want[i] < have) {
			*out = gs_ops_part(out, axis, (uint32_t)((have - want[i]) / 2), dim[axis]);
		} else {
			before[axis] = (want[i] - have) / 2;
			pads |= want[i] != have;
		}
	}
	return pads ? gs_ops_pad_value(lo, out, before, dim, 0, out) : GS_OK;
}

const struct gs_lower_op gs_ops_patch[] = {
	{"CenterCropPad", op_center_crop_pad},
	{"Col2Im", op_col2im},
	{NULL, NULL},
};
