/* Operators about order: where the greatest is, ranks, running sums. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum { ORDER_AXIS_MAX = 1 << 18 }; /* elements along the axis; a rank and a running sum take n steps for each */

static enum gs_err iota_along(struct gs_lower *lo, unsigned rank, unsigned axis, uint32_t n, struct gs_val *out)
{
	struct gs_instr in = {.form = GS_MAP, .fn = GS_FN_I32_COPY, .store_dtype = GS_I32, .out_axes = 1};
	uint32_t dim[GS_RANK_MAX];
	in.extent[0] = n;
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[0] = 1};
	GS_TRY(gs_lower_emit(lo, &in, 1, &n, out));
	for (unsigned d = 0; d < rank; d++)
		dim[d] = d == axis ? n : 1;
	return gs_lower_reshape(lo, out, rank, dim, out);
}

enum gs_err gs_ops_arg_extreme(struct gs_lower *lo, const struct gs_val *x, unsigned axis, bool least, bool last,
                               struct gs_val *out)
{
	enum gs_class cls = gs_val_class(x);
	struct gs_val m, is, place, at;
	uint32_t n = x->dim[axis];
	static const gs_reg low[] = {
		[GS_CLASS_F32] = GS_NEG_INF, [GS_CLASS_I32] = UINT32_C(0x80000000), [GS_CLASS_I64] = UINT64_C(1) << 63};
	static const gs_reg high[] = {[GS_CLASS_F32] = UINT32_C(0x7f800000),
	                              [GS_CLASS_I32] = UINT32_C(0x7fffffff),
	                              [GS_CLASS_I64] = (gs_reg)INT64_MAX};
	gs_reg start = least ? high[cls] : low[cls];
	if (x->dtype == GS_U64)
		start = least ? UINT64_MAX : 0;
	if (n == 0 || n > ORDER_AXIS_MAX)
		return gs_lower_refuse(lo, n == 0 ? GS_ONNX_MALFORMED : GS_ONNX_TOO_BIG, "an axis of extent %u", n);
	struct gs_step extreme = gs_step_inner(least ? GS_FN_F32_MIN : GS_FN_F32_MAX, x);
	GS_TRY(gs_lower_fold(lo, extreme, start, x, 1U << axis, &m));
	GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_EQ, cls), GS_BOOL, GS_V(x), GS_V(&m), &is));
	GS_TRY(iota_along(lo, x->rank, axis, n, &at));
	GS_TRY(gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&is), GS_V(&at), GS_R(last ? 0 : n - 1), &place));
	return gs_lower_fold(lo,
	                     (struct gs_step){.fn = last ? GS_FN_I32_MAX : GS_FN_I32_MIN,
	                                      .dtype = GS_I64,
	                                      .epilogue = GS_FN_I32_TO_I64},
	                     last ? 0 : n - 1, &place, 1U << axis, out);
}

static enum gs_err arg_extreme(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out, bool least)
{
	unsigned axis, rank = 0;
	uint32_t dim[GS_RANK_MAX];
	struct gs_val kept = {0};
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), in[0].rank, &axis));
	GS_TRY(gs_ops_arg_extreme(lo, &in[0], axis, least, gs_lower_attr_int(node, "select_last_index", 0) != 0,
	                          &kept));
	bool keep = gs_lower_attr_int(node, "keepdims", 1) != 0;
	for (unsigned d = 0; d < kept.rank; d++)
		if (keep || d != axis)
			dim[rank++] = kept.dim[d];
	return gs_lower_reshape(lo, &kept, rank, dim, out);
}

static enum gs_err op_arg_max(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	return arg_extreme(lo, node, in, out, false);
}

static enum gs_err op_arg_min(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	return arg_extreme(lo, node, in, out, true);
}

/* 1 where the first greatest element is. Before opset 13 over all dimensions from axis on, as one. */
static enum gs_err op_hardmax(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	struct gs_val x = in[0], index, at;
	unsigned axis;
	bool flat = lo->model.opset != 0 && lo->model.opset < 13;
	GS_TRY(gs_ops_want_float(lo, &x));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", flat ? 1 : -1), x.rank, &axis));
	if (flat) {
		uint64_t outer = 1, inner = 1;
		for (unsigned d = 0; d < x.rank; d++)
			*(d < axis ? &outer : &inner) *= x.dim[d];
		GS_TRY(gs_lower_reshape(lo, &in[0], 2, (uint32_t[]){(uint32_t)outer, (uint32_t)inner}, &x));
		axis = 1;
	}
	GS_TRY(gs_ops_arg_extreme(lo, &x, axis, false, false, &index));
	GS_TRY(gs_op1(lo, GS_FN_I64_TO_I32, GS_I32, GS_V(&index), &index));
	GS_TRY(iota_along(lo, x.rank, axis, x.dim[axis], &at));
	struct gs_step s = {.fn = GS_FN_I32_EQ, .dtype = x.dtype, .epilogue = GS_FN_I32_TO_F32};
	GS_TRY(gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&at), GS_V(&index)}, out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

/* ---- running sums and products: a fold over the axis whose later terms are skipped ---- */

static enum gs_err running(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out, unsigned f32_fn, int64_t from)
{
	struct gs_val x = in[0];
	int64_t where;
	unsigned axis, n;
	GS_TRY(gs_ops_present(lo, &x));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(gs_lower_ints(lo, &in[1], "the axis", &where, 1, &n));
	if (n != 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an axis that is not one number");
	GS_TRY(gs_lower_axis(lo, where, x.rank, &axis));
	int64_t extent = x.dim[axis], exclusive = gs_lower_attr_int(node, "exclusive", 0) != 0;
	bool reverse = gs_lower_attr_int(node, "reverse", 0) != 0;
	if (x.rank == GS_RANK_MAX && extent > 1 && gs_val_count(&x) != 0) /* axes: rank and the one summed over */
		GS_ASSERT(GS_RANK_MAX + 1 <= GS_AXES_MAX);
	struct gs_step s = gs_step_of(f32_fn, &x);
	struct gs_instr in_ = {.form = GS_FOLD, .fn = s.fn, .store_dtype = x.dtype, .out_axes = x.rank, .red_axes = 1};
	in_.acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(&x));
	in_.operand[0] = gs_operand_const(gs_reg_of_int(gs_val_class(&x), from));
	in_.operand[1] = gs_lower_view(lo, &x);
	memcpy(in_.extent, x.dim, x.rank * sizeof(*x.dim));
	in_.extent[x.rank] = (uint32_t)extent;
	for (unsigned d = 0; d < x.rank; d++)
		if (d != axis)
			gs_operand_axis(&in_.operand[1], d, x.stride[d]);
	if (reverse)
		in_.operand[1].view.row[0].at.offset += (extent - 1) * x.stride[axis];
	gs_operand_axis(&in_.operand[1], x.rank, reverse ? -x.stride[axis] : x.stride[axis]);
	unsigned row = gs_operand_row(&in_.operand[1], extent > 0 ? (uint64_t)extent : 1, 0,
	                              (reverse ? extent - 1 : 0) - exclusive);
	in_.operand[1].view.row[row].at.coef[axis] = reverse ? -1 : 1;
	in_.operand[1].view.row[row].at.coef[x.rank] = -1;
	in_.operand[1].view.pad = GS_PAD_SKIP;
	return gs_lower_emit(lo, &in_, x.rank, x.dim, out);
}

static enum gs_err op_cum_sum(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	return running(lo, node, in, out, GS_FN_F32_ADD, 0);
}

static enum gs_err op_cum_prod(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	return running(lo, node, in, out, GS_FN_F32_MUL, 1);
}

/* ---- TopK ---- */

/* rank[p, i] = how many elements go before element i: the better ones, and equal ones of a lower index. x is [p, n]. */
static enum gs_err ranks(struct gs_lower *lo, const struct gs_val *x, bool largest, struct gs_val *out)
{
	enum gs_class cls = gs_val_class(x);
	uint32_t p = x->dim[0], n = x->dim[1];
	struct gs_val one, other, better, equal, count;
	GS_TRY(gs_lower_reshape(lo, x, 3, (uint32_t[]){p, n, 1}, &one));
	GS_TRY(gs_lower_reshape(lo, x, 3, (uint32_t[]){p, 1, n}, &other));
	GS_TRY(gs_op2(lo, gs_fn_for_type(GS_FN_F32_LT, x->dtype), GS_BOOL, GS_V(largest ? &one : &other),
	              GS_V(largest ? &other : &one), &better));
	GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_EQ, cls), GS_BOOL, GS_V(&one), GS_V(&other), &equal));
	GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_I32_ADD, .dtype = GS_I32}, 0, &better, 4, &count));
	struct gs_instr tie = {.form = GS_FOLD,
	                       .fn = GS_FN_I32_ADD,
	                       .store_dtype = GS_I32,
	                       .acc_dtype = GS_I32,
	                       .out_axes = 2,
	                       .red_axes = 1,
	                       .extent = {p, n, n}};
	tie.operand[0] = gs_lower_elementwise(lo, &count, 3);
	tie.operand[1] = gs_lower_view(lo, &equal);
	for (unsigned d = 0; d < 3; d++)
		gs_operand_axis(&tie.operand[1], d, equal.stride[d]);
	unsigned row = gs_operand_row(&tie.operand[1], n, 0, -1); /* only those before: 0 <= i - 1 - j */
	tie.operand[1].view.row[row].at.coef[1] = 1;
	tie.operand[1].view.row[row].at.coef[2] = -1;
	tie.operand[1].view.pad = GS_PAD_SKIP;
	return gs_lower_emit(lo, &tie, 2, (uint32_t[]){p, n}, out);
}

static enum gs_err op_top_k(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	enum { TOP_K_AXIS_MAX = 1 << 14 }; /* n squared comparisons a row */
	struct gs_val x = in[0], rank, is, index;
	int64_t k = gs_lower_attr_int(node, "k", -1);
	unsigned axis, n, perm[GS_RANK_MAX], back[GS_RANK_MAX], dims = 0;
	uint32_t dim[GS_RANK_MAX];
	GS_TRY(gs_ops_present(lo, &x));
	if (lo->model.opset >= 10) {
		GS_TRY(gs_ops_present(lo, &in[1]));
		GS_TRY(gs_lower_ints(lo, &in[1], "k", &k, 1, &n));
	}
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", -1), x.rank, &axis));
	uint32_t extent = x.dim[axis];
	if (k < 0 || k > (int64_t)extent)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "k is %lld for an extent of %u", (long long)k, extent);
	if (extent > TOP_K_AXIS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an axis of %u elements; the limit is %d", extent,
		                       TOP_K_AXIS_MAX);
	for (unsigned d = 0; d < x.rank; d++)
		if (d != axis)
			perm[dims++] = d;
	perm[dims] = axis;
	gs_val_transpose(&x, perm, &x);
	memcpy(dim, x.dim, sizeof(dim));
	uint64_t rows = 1;
	for (unsigned d = 0; d < dims; d++)
		rows *= dim[d];
	if (rows * extent >= GS_EXTENT_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an input of 2^31 elements or more");
	GS_TRY(gs_lower_reshape(lo, &x, 2, (uint32_t[]){(uint32_t)rows, extent}, &x));
	if (x.stride[1] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	GS_TRY(ranks(lo, &x, gs_lower_attr_int(node, "largest", 1) != 0, &rank));
	/* index[p, k] = the sum of i over those i (one) whose rank is k */
	struct gs_instr pick = {.form = GS_MAP,
	                        .fn = GS_FN_I32_EQ,
	                        .store_dtype = GS_BOOL,
	                        .out_axes = 3,
	                        .extent = {(uint32_t)rows, (uint32_t)k, extent}};
	pick.operand[0] = gs_lower_view(lo, &rank);
	if (rank.kind == GS_VAL_NONE || gs_val_count(&rank) == 0)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an input without elements");
	gs_operand_axis(&pick.operand[0], 0, rank.stride[0]);
	gs_operand_axis(&pick.operand[0], 2, rank.stride[1]);
	pick.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[1] = 1};
	GS_TRY(gs_lower_emit(lo, &pick, 3, pick.extent, &is));
	struct gs_instr sum = {.form = GS_FOLD,
	                       .fn = GS_FN_I32_MULADD,
	                       .store_dtype = GS_I64,
	                       .acc_dtype = GS_I32,
	                       .epilogue = GS_FN_I32_TO_I64,
	                       .out_axes = 2,
	                       .red_axes = 1,
	                       .extent = {(uint32_t)rows, (uint32_t)k, extent}};
	sum.operand[0] = gs_operand_const(0);
	sum.operand[1] = gs_lower_view(lo, &is);
	for (unsigned d = 0; d < 3; d++)
		gs_operand_axis(&sum.operand[1], d, is.stride[d]);
	sum.operand[2] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[2] = 1};
	GS_TRY(gs_lower_emit(lo, &sum, 2, sum.extent, &index));
	struct gs_instr copy = {
		.form = GS_MAP, .store_dtype = x.dtype, .out_axes = 2, .extent = {(uint32_t)rows, (uint32_t)k}};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	gs_operand_axis(&copy.operand[0], 0, x.stride[0]);
	gs_ops_indirect_row(&copy.operand[0], &x, 1);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, (unsigned[]){0, 1});
	GS_TRY(gs_lower_emit(lo, &copy, 2, copy.extent, &out[0]));
	out[1] = index;
	dim[dims] = (uint32_t)k;
	for (unsigned d = 0; d <= dims; d++)
		back[perm[d]] = d;
	for (unsigned i = 0; i < 2; i++) {
		GS_TRY(gs_lower_reshape(lo, &out[i], dims + 1, dim, &out[i]));
		gs_val_transpose(&out[i], back, &out[i]);
	}
	return GS_OK;
}

const struct gs_lower_op gs_ops_order[] = {
	{"ArgMax", op_arg_max}, {"ArgMin", op_arg_min},  {"CumProd", op_cum_prod},
	{"CumSum", op_cum_sum}, {"Hardmax", op_hardmax}, {"TopK", op_top_k},
	{NULL, NULL},
};
