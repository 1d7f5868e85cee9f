/* The positions that MaxPool picks, MaxUnpool, and pooling by a norm. Formulas: docs/operators.md. */
#include "validator/onnx/ops_pool.h"

#include <string.h>

/* ---- MaxPool's Indices ---- */

/* The box of every tap: batch, channel, output position, kernel position. */
static void tap_box(const struct gs_val *x, const struct gs_window *win, struct gs_instr *in, uint32_t *dim)
{
	unsigned n = win->spatial;
	in->out_axes = (uint8_t)(2 + 2 * n);
	for (unsigned d = 0; d < 2; d++)
		in->extent[d] = dim[d] = x->dim[d];
	for (unsigned d = 0; d < n; d++) {
		in->extent[2 + d] = dim[2 + d] = win->out[d];
		in->extent[2 + n + d] = dim[2 + n + d] = win->kernel[d];
	}
}

/* The position of the tap as an affine function of the box. */
static struct gs_affine tap_position(const struct gs_val *x, const struct gs_window *win, bool by_column)
{
	struct gs_affine at = {0};
	unsigned n = win->spatial;
	int64_t plane = 1;
	for (unsigned i = 0; i < n; i++) { /* from the dimension that moves fastest */
		unsigned d = by_column ? i : n - 1 - i;
		at.coef[2 + d] = plane * win->stride[d];
		at.coef[2 + n + d] = plane * win->dilation[d];
		at.offset -= plane * win->before[d];
		plane *= win->in[d];
	}
	at.coef[1] = plane;
	at.coef[0] = plane * x->dim[1];
	return at;
}

enum gs_err gs_pool_indices(struct gs_lower *lo, const struct gs_val *x, const struct gs_window *win, bool by_column,
                            const struct gs_val *y, struct gs_val *out)
{
	unsigned n = win->spatial, box = 2 + 2 * n;
	uint32_t dim[GS_RANK_MAX] = {0};
	struct gs_val hit, at, nowhere;
	struct gs_instr same = {.form = GS_MAP, .store_dtype = GS_BOOL},
			pick = {.form = GS_MAP, .fn = GS_FN_I64_SELECT, .store_dtype = GS_I64};
	/* whether the tap equals the result; taps outside are skipped below */
	tap_box(x, win, &same, dim);
	same.fn = (uint8_t)gs_fn_for(GS_FN_F32_EQ, gs_val_class(x));
	same.operand[0] = gs_lower_view(lo, x);
	same.operand[1] = gs_lower_view(lo, y);
	for (unsigned d = 0; d < 2 + n; d++) {
		if (d < 2)
			gs_operand_axis(&same.operand[0], d, x->stride[d]);
		else
			gs_window_axis(win, d - 2, x, &same.operand[0], d, d + n);
		gs_operand_axis(&same.operand[1], d, y->stride[d]);
	}
	GS_TRY(gs_lower_emit(lo, &same, box, dim, &hit));
	tap_box(x, win, &pick, dim);
	pick.operand[0] = gs_lower_elementwise(lo, &hit, box);
	pick.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota = tap_position(x, win, by_column)};
	pick.operand[2] = gs_operand_const((gs_reg)INT64_MAX);
	GS_TRY(gs_lower_emit(lo, &pick, box, dim, &at));
	struct gs_instr least = {.form = GS_FOLD,
	                         .fn = GS_FN_I64_MIN,
	                         .store_dtype = GS_I64,
	                         .acc_dtype = GS_I64,
	                         .out_axes = (uint8_t)(2 + n),
	                         .red_axes = (uint8_t)n,
	                         .operand[0] = gs_operand_const((gs_reg)INT64_MAX)};
	memcpy(least.extent, dim, box * sizeof(*dim));
	least.operand[1] = gs_lower_view(lo, &at);
	least.operand[1].view.pad = GS_PAD_SKIP;
	for (unsigned d = 0; d < box; d++)
		gs_operand_axis(&least.operand[1], d, at.stride[d]);
	nowhere = *x; /* rows of stride 0: they only check that the tap lies in the input */
	memset(nowhere.stride, 0, sizeof(nowhere.stride));
	for (unsigned d = 0; d < n; d++)
		if (gs_window_guarded(win, d))
			gs_window_axis(win, d, &nowhere, &least.operand[1], 2 + d, 2 + n + d);
	if (least.operand[1].view.rows == 1)
		least.operand[1].view.pad = GS_PAD_ZERO;
	return gs_lower_emit(lo, &least, 2 + n, dim, out);
}

/* ---- MaxUnpool ---- */

/* x, indices (over the whole result), output_shape */
static enum gs_err op_max_unpool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	int64_t kernel[3], stride[3] = {1, 1, 1}, pads[6] = {0}, want[GS_RANK_MAX];
	unsigned n = 0, count, given = 0;
	uint32_t dim[GS_RANK_MAX] = {0}, to[GS_RANK_MAX] = {0};
	struct gs_val x, index, zero, relative;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(gs_lower_attr_ints(lo, node, "kernel_shape", kernel, 3, &n));
	count = n;
	GS_TRY(gs_lower_attr_ints(lo, node, "strides", stride, 3, &count));
	given = 2 * n;
	GS_TRY(gs_lower_attr_ints(lo, node, "pads", pads, 6, &given));
	bool fits = n >= 1 && in[0].rank == n + 2 && count == n && given == 2 * n && in[1].dtype == GS_I64 &&
	            in[1].rank == in[0].rank;
	for (unsigned d = 0; fits && d < in[0].rank; d++)
		fits = in[0].dim[d] == in[1].dim[d] && in[0].dim[d] != 0;
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "%u kernel extents for rank %u, or indices that do not fit", n, in[0].rank);
	uint64_t plane = 1, inner = 1, rows = (uint64_t)in[0].dim[0] * in[0].dim[1];
	for (unsigned d = 0; d < n; d++) {
		int64_t extent = ((int64_t)in[0].dim[2 + d] - 1) * stride[d] + kernel[d] - pads[d] - pads[n + d];
		if (stride[d] < 1 || stride[d] > INT16_MAX || kernel[d] < 1 || kernel[d] > INT16_MAX || extent < 1 ||
		    extent > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an output extent of %lld", (long long)extent);
		dim[2 + d] = (uint32_t)extent;
		plane *= (uint64_t)extent;
		inner *= in[0].dim[2 + d];
		if (plane > INT32_MAX || rows > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a tensor of 2^31 elements or more");
	}
	dim[0] = in[0].dim[0];
	dim[1] = in[0].dim[1];
	uint32_t flat[2] = {(uint32_t)rows, (uint32_t)inner}, whole[2] = {(uint32_t)rows, (uint32_t)plane};
	GS_TRY(gs_lower_reshape(lo, &in[0], 2, flat, &x));
	GS_TRY(gs_lower_reshape(lo, &in[1], 2, flat, &index));
	struct gs_instr part = {.form = GS_MAP,
	                        .fn = GS_FN_I64_ADD,
	                        .store_dtype = GS_I64,
	                        .out_axes = 2,
	                        .extent = {flat[0], flat[1]}};
	part.operand[0] = gs_lower_elementwise(lo, &index, 2);
	part.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[0] = -(int64_t)plane};
	GS_TRY(gs_lower_emit(lo, &part, 2, flat, &relative));
	static const uint8_t nothing[8] = {0};
	GS_TRY(gs_lower_constant(lo, (enum gs_dtype)x.dtype, 0, NULL, nothing, &zero));
	GS_TRY(gs_lower_expand(lo, &zero, 2, whole, &zero));
	GS_TRY(gs_ops_scatter_rows(lo, &zero, &relative, &x, out));
	GS_TRY(gs_lower_reshape(lo, out, in[0].rank, dim, out));
	if (in[2].kind == GS_VAL_NONE)
		return GS_OK;
	GS_TRY(gs_lower_ints(lo, &in[2], "the output's shape", want, GS_RANK_MAX, &given));
	fits = given == in[0].rank;
	int64_t before[GS_RANK_MAX] = {0};
	for (unsigned d = 0; fits && d < given; d++) {
		fits = want[d] >= dim[d] && want[d] <= INT32_MAX && (d >= 2 || want[d] == dim[d]);
		to[d] = (uint32_t)want[d];
	}
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an output_shape below what the window gives");
	return gs_ops_pad_value(lo, out, before, to, 0, out);
}

/* ---- pooling by a norm ---- */

/* |x|^p by multiplication from the left, in f32. */
static enum gs_err power(struct gs_lower *lo, const struct gs_val *x, int64_t p, struct gs_val *out)
{
	struct gs_val a, t;
	if (p == 2)
		return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(x), GS_V(x), out);
	GS_TRY(gs_op1(lo, GS_FN_F32_ABS, GS_F32, GS_V(x), &a));
	t = a;
	for (int64_t i = 1; i < p; i++)
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&t), GS_V(&a), &t));
	*out = t;
	return GS_OK;
}

/* The p-th root of a sum in f32: for p above 2, exp(div(log(s), p)). */
static enum gs_err root(struct gs_lower *lo, const struct gs_val *s, int64_t p, unsigned dtype, struct gs_val *out)
{
	struct gs_val t;
	struct gs_step log = {.fn = GS_FN_F32_LOG, .dtype = GS_F32, .epilogue = GS_FN_F32_DIV};
	log.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, p);
	GS_TRY(gs_lower_map(lo, log, 1, &GS_V(s), &t));
	return gs_op1(lo, GS_FN_F32_EXP, dtype, GS_V(&t), out);
}

enum { LP_MAX = 16 };

static enum gs_err read_order(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x, int64_t *p)
{
	GS_TRY(gs_ops_want_float(lo, x));
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "p");
	*p = gs_lower_attr_int(node, "p", 2);
	if (a != NULL && a->type == GS_ONNX_ATTR_FLOAT) { /* opset 1; NaN is no order either */
		float order = gs_f32_from_bits(a->f);
		*p = order >= 1.0F && order <= (float)LP_MAX && order == (float)(int64_t)order ? (int64_t)order : 0;
	}
	if (*p < 1 || *p > LP_MAX)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a norm of order %lld; 1 to %d are supported", (long long)*p,
		                       LP_MAX);
	return GS_OK;
}

static enum gs_err op_lp_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	struct gs_window win = {0};
	struct gs_val t, s;
	int64_t p;
	GS_TRY(read_order(lo, node, &in[0], &p));
	GS_TRY(gs_pool_window(lo, node, &in[0], &win));
	GS_TRY(power(lo, &in[0], p, &t));
	struct gs_instr fold = {.fn = GS_FN_F32_ADD,
	                        .store_dtype = p > 2 ? GS_F32 : in[0].dtype,
	                        .acc_dtype = GS_F32,
	                        .epilogue = p == 2 ? GS_FN_F32_SQRT : 0,
	                        .operand[0] = gs_operand_const(0)};
	if (p <= 2)
		return gs_pool_fold(lo, &t, &win, &fold, out);
	GS_TRY(gs_pool_fold(lo, &t, &win, &fold, &s));
	return root(lo, &s, p, in[0].dtype, out);
}

static enum gs_err op_global_lp_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val t, s;
	int64_t p;
	GS_TRY(read_order(lo, node, &in[0], &p));
	if (in[0].rank < 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	unsigned mask = ((1U << in[0].rank) - 1) & ~3U;
	GS_TRY(power(lo, &in[0], p, &t));
	struct gs_step add = {
		.fn = GS_FN_F32_ADD, .dtype = p > 2 ? GS_F32 : in[0].dtype, .epilogue = p == 2 ? GS_FN_F32_SQRT : 0};
	if (p <= 2)
		return gs_lower_sum(lo, add, &t, mask, out);
	GS_TRY(gs_lower_sum(lo, add, &t, mask, &s));
	return root(lo, &s, p, in[0].dtype, out);
}

const struct gs_lower_op gs_ops_unpool[] = {
	{"GlobalLpPool", op_global_lp_pool},
	{"LpPool", op_lp_pool},
	{"MaxUnpool", op_max_unpool},
	{NULL, NULL},
};
