/* ConvTranspose: zeros between the inputs, then the convolution with the kernel turned round. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum { TRANSPOSED_VALUE_MAX = 1 << 24 };

struct transposed {
	struct gs_window window; /* over the input with zeros between; stride 1 */
	uint32_t stride[3];
};

static enum gs_err read_window(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                               const struct gs_val *w, struct transposed *t)
{
	unsigned n = x->rank - 2U, count[5] = {n, n, 2 * n, n, 0};
	int64_t stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1}, pads[6] = {0}, extra[3] = {0}, want[3] = {0};
	const struct {
		const char *name;
		int64_t *to;
		unsigned max;
		int64_t least;
	} list[] = {
		{"strides", stride, 3, 1},
		{"dilations", dilation, 3, 1},
		{"pads", pads, 6, -TRANSPOSED_VALUE_MAX},
		{"output_padding", extra, 3, 0},
		{"output_shape", want, 3, 1},
	};
	for (unsigned i = 0; i < GS_ARRAY_LEN(list); i++) {
		GS_TRY(gs_lower_attr_ints(lo, node, list[i].name, list[i].to, list[i].max, &count[i]));
		bool right = count[i] == (i == 2 ? 2 * n : n) || (i == 4 && count[i] == 0);
		for (unsigned k = 0; right && k < count[i]; k++)
			right = list[i].to[k] >= list[i].least && list[i].to[k] <= TRANSPOSED_VALUE_MAX;
		if (!right)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s for %u dimensions", list[i].name, n);
	}
	bool upper = gs_lower_attr_is(node, "auto_pad", "SAME_UPPER"),
	     lower = gs_lower_attr_is(node, "auto_pad", "SAME_LOWER");
	t->window = (struct gs_window){.spatial = n};
	for (unsigned d = 0; d < n; d++) {
		struct gs_window *v = &t->window;
		int64_t reach = dilation[d] * ((int64_t)w->dim[2 + d] - 1);
		int64_t stuffed = stride[d] * ((int64_t)x->dim[2 + d] - 1) + 1, full = stuffed + reach + extra[d];
		int64_t before = gs_lower_attr_is(node, "auto_pad", "VALID") ? 0 : pads[d];
		int64_t after = gs_lower_attr_is(node, "auto_pad", "VALID") ? 0 : pads[n + d];
		if (count[4] != 0 || upper || lower) {
			int64_t total = full - (count[4] != 0 ? want[d] : (int64_t)x->dim[2 + d] * stride[d]);
			before = total < 0 ? 0 : upper ? total / 2 : total - total / 2;
			after = total - before;
		}
		int64_t out = full - before - after;
		if (x->dim[2 + d] == 0 || w->dim[2 + d] == 0 || out < 1 || out > INT32_MAX || stuffed > INT32_MAX ||
		    reach > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an output extent of %lld", (long long)out);
		t->stride[d] = (uint32_t)stride[d];
		v->in[d] = (uint32_t)stuffed;
		v->kernel[d] = w->dim[2 + d];
		v->out[d] = (uint32_t)out;
		v->stride[d] = 1;
		v->dilation[d] = dilation[d];
		v->before[d] = reach - before;
		v->after[d] = reach - after + extra[d];
	}
	return GS_OK;
}

/* x with stride - 1 zeros between neighbours. */
static enum gs_err stuff(struct gs_lower *lo, unsigned d, uint32_t stride, uint32_t extent, struct gs_val *x)
{
	if (stride == 1)
		return GS_OK;
	uint8_t *index = gs_lower_spend(lo, extent) ? gs_arena_alloc(&lo->arena, extent, 4) : NULL;
	if (index == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u indices", extent);
	for (uint32_t i = 0; i < extent; i++)
		gs_le32_write(index + 4 * (size_t)i, i % stride == 0 ? i / stride : UINT32_MAX);
	return gs_ops_take(lo, x, d, index, extent, 0, x);
}

static enum gs_err op_conv_transpose(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val x = in[0], w = in[1];
	struct transposed t = {0};
	int64_t group = gs_lower_attr_int(node, "group", 1);
	uint32_t dim[GS_RANK_MAX] = {0};
	GS_TRY(gs_ops_same_types(lo, &x, &w));
	GS_TRY(gs_ops_want_float(lo, &x));
	if (x.rank < 3 || x.rank > 5 || w.rank != x.rank)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an input of rank %u; 1 to 3 spatial dimensions are supported",
		                       x.rank);
	if (group < 1 || group > x.dim[1] || w.dim[0] != x.dim[1] || x.dim[1] % group != 0 ||
	    w.dim[1] > INT32_MAX / group)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u channels, weights for %u and %lld groups", x.dim[1],
		                       w.dim[0], (long long)group);
	GS_TRY(read_window(lo, node, &x, &w, &t));
	unsigned spatial = t.window.spatial;
	for (unsigned d = 0; d < spatial; d++)
		GS_TRY(stuff(lo, 2 + d, t.stride[d], t.window.in[d], &x));
	for (unsigned d = 0; d < spatial; d++)
		if (x.stride[2 + d] < 0) {
			GS_TRY(gs_lower_copy(lo, &x, &x));
			break;
		}
	/* axes: batch, group, channel of the group, space; input channel of the group, kernel */
	uint32_t groups = (uint32_t)group, per_group = x.dim[1] / groups;
	struct gs_instr fold = {.form = GS_FOLD, .fn = GS_FN_F32_FMA, .store_dtype = x.dtype, .acc_dtype = GS_F32};
	fold.out_axes = (uint8_t)(3 + spatial);
	fold.red_axes = (uint8_t)(1 + spatial);
	unsigned red = fold.out_axes;
	fold.extent[0] = dim[0] = x.dim[0];
	fold.extent[1] = groups;
	fold.extent[2] = w.dim[1];
	dim[1] = groups * w.dim[1];
	fold.extent[red] = per_group;
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &x);
	fold.operand[2] = gs_lower_view(lo, &w);
	gs_operand_axis(&fold.operand[1], 0, x.stride[0]);
	gs_operand_axis(&fold.operand[1], 1, x.stride[1] * (int64_t)per_group);
	gs_operand_axis(&fold.operand[1], red, x.stride[1]);
	gs_operand_axis(&fold.operand[2], 1, w.stride[0] * (int64_t)per_group);
	gs_operand_axis(&fold.operand[2], red, w.stride[0]);
	gs_operand_axis(&fold.operand[2], 2, w.stride[1]);
	for (unsigned d = 0; d < spatial; d++) {
		fold.extent[3 + d] = dim[2 + d] = t.window.out[d];
		fold.extent[red + 1 + d] = w.dim[2 + d];
		gs_window_axis(&t.window, d, &x, &fold.operand[1], 3 + d, red + 1 + d);
		fold.operand[2].view.row[0].at.offset += ((int64_t)w.dim[2 + d] - 1) * w.stride[2 + d];
		gs_operand_axis(&fold.operand[2], red + 1 + d, -w.stride[2 + d]);
	}
	if (in[2].kind != GS_VAL_NONE) {
		gs_reg reg;
		if (in[2].rank != 1 || in[2].dim[0] != dim[1] || in[2].dtype != x.dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "not one bias an output channel");
		fold.operand[0] = gs_lower_uniform(lo, &in[2], &reg) ? gs_operand_const(reg)
		                                                     : gs_lower_view(lo, &in[2]);
		gs_operand_axis(&fold.operand[0], 1, in[2].stride[0] * (int64_t)w.dim[1]);
		gs_operand_axis(&fold.operand[0], 2, in[2].stride[0]);
	}
	return gs_lower_emit(lo, &fold, x.rank, dim, out);
}

const struct gs_lower_op gs_ops_transposed[] = {
	{"ConvTranspose", op_conv_transpose},
	{NULL, NULL},
};
