/* Normalisations by norms, groups and neighbouring channels. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

static const uint32_t epsilon_default = UINT32_C(0x3727c5ac); /* 1e-5 */

static gs_reg terms_of(const struct gs_val *x, unsigned mask)
{
	int64_t n = 1;
	for (unsigned d = 0; d < x->rank; d++)
		n *= mask >> d & 1 ? x->dim[d] : 1;
	return gs_reg_of_int(GS_CLASS_F32, n);
}

static enum gs_err op_rms_normalization(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                        struct gs_val *out)
{
	struct gs_val q, r;
	unsigned axis;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", -1), in[0].rank, &axis));
	unsigned mask = ((1U << in[0].rank) - 1) & ~((1U << axis) - 1);
	struct gs_step mean = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_DIV};
	mean.epilogue_const[0] = terms_of(&in[0], mask);
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_V(&in[0]), &q));
	GS_TRY(gs_lower_sum(lo, mean, &q, mask, &r));
	struct gs_step root = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_SQRT};
	GS_TRY(gs_lower_map(lo, root, 2,
	                    (struct gs_arg[]){GS_V(&r), GS_R(gs_lower_attr_float(node, "epsilon", epsilon_default))},
	                    &r));
	GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&in[0]), GS_V(&r), &q));
	return gs_op2(lo, GS_FN_F32_MUL, in[1].dtype, GS_V(&q), GS_V(&in[1]), out); /* Y has the type of the scale */
}

/* Before opset 21 scale and bias have one element a group, then one a channel. */
static enum gs_err op_group_normalization(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                          struct gs_val *out)
{
	struct gs_val x, n, p[2];
	int64_t groups = gs_lower_attr_int(node, "num_groups", 0);
	uint32_t dim[GS_RANK_MAX];
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 2 || groups < 1 || groups > in[0].dim[1] || in[0].dim[1] % groups != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%lld groups", (long long)groups);
	uint64_t inner = in[0].dim[1] / (uint64_t)groups;
	for (unsigned d = 2; d < in[0].rank; d++)
		inner *= in[0].dim[d];
	if (inner > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a group of %llu elements", (unsigned long long)inner);
	GS_TRY(gs_lower_reshape(lo, &in[0], 3, (uint32_t[]){in[0].dim[0], (uint32_t)groups, (uint32_t)inner}, &x));
	GS_TRY(gs_ops_normalise(lo, &x, 4, gs_lower_attr_float(node, "epsilon", epsilon_default), NULL, &n));
	memcpy(dim, in[0].dim, sizeof(dim));
	bool by_group = lo->model.opset < 21;
	if (!by_group)
		GS_TRY(gs_lower_reshape(lo, &n, in[0].rank, dim, &n));
	for (unsigned i = 0; i < 2; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[1 + i]));
		GS_TRY(gs_ops_per_channel(lo, &in[1 + i], n.rank, by_group ? (uint32_t)groups : in[0].dim[1], &p[i]));
	}
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, in[0].dtype, GS_V(&p[1]), GS_V(&n), GS_V(&p[0]), out));
	return gs_lower_reshape(lo, out, in[0].rank, dim, out);
}

static enum gs_err op_mean_variance(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                    struct gs_val *out)
{
	int64_t axes[GS_RANK_MAX] = {0, 2, 3};
	unsigned count = 3, mask = 0, axis;
	struct gs_val mean, d, v;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_attr_ints(lo, node, "axes", axes, GS_RANK_MAX, &count));
	for (unsigned i = 0; i < count; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], in[0].rank, &axis));
		mask |= 1U << axis;
	}
	struct gs_step average = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_DIV};
	average.epilogue_const[0] = terms_of(&in[0], mask);
	GS_TRY(gs_lower_sum(lo, average, &in[0], mask, &mean));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&in[0]), GS_V(&mean), &d));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&d), GS_V(&d), &v));
	GS_TRY(gs_lower_sum(lo, average, &v, mask, &v));
	struct gs_step root = {.fn = GS_FN_F32_SQRT, .dtype = GS_F32, .epilogue = GS_FN_F32_ADD};
	root.epilogue_const[0] = UINT32_C(0x3089705f); /* 1e-9 */
	GS_TRY(gs_lower_map(lo, root, 1, &GS_V(&v), &v));
	return gs_op2(lo, GS_FN_F32_DIV, in[0].dtype, GS_V(&d), GS_V(&v), out);
}

static enum gs_err op_lp_normalization(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	int64_t p = gs_lower_attr_int(node, "p", 2);
	struct gs_val t, zero;
	unsigned axis;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", -1), in[0].rank, &axis));
	if (p != 1 && p != 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a norm of order %lld", (long long)p);
	if (p == 1)
		GS_TRY(gs_op1(lo, GS_FN_F32_ABS, GS_F32, GS_V(&in[0]), &t));
	else
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_V(&in[0]), &t));
	struct gs_step add = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = p == 2 ? GS_FN_F32_SQRT : 0};
	GS_TRY(gs_lower_sum(lo, add, &t, 1U << axis, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&t), GS_R(0), &zero));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&zero), GS_R(GS_ONE), GS_V(&t), &t));
	return gs_op2(lo, GS_FN_F32_DIV, in[0].dtype, GS_V(&in[0]), GS_V(&t), out);
}

/* t to the power beta: exact roots for 1, 0.5 and 0.75, exp(beta * log t) for others. */
static enum gs_err root_power(struct gs_lower *lo, struct gs_val *t, uint32_t beta)
{
	struct gs_val r, q;
	if (beta == GS_ONE)
		return GS_OK;
	if (beta == UINT32_C(0x3f000000))
		return gs_op1(lo, GS_FN_F32_SQRT, GS_F32, GS_V(t), t);
	if (beta == UINT32_C(0x3f400000)) {
		GS_TRY(gs_op1(lo, GS_FN_F32_SQRT, GS_F32, GS_V(t), &r));
		GS_TRY(gs_op1(lo, GS_FN_F32_SQRT, GS_F32, GS_V(&r), &q));
		return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&r), GS_V(&q), t);
	}
	GS_TRY(gs_op1(lo, GS_FN_F32_LOG, GS_F32, GS_V(t), &r));
	struct gs_step s = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&r), GS_R(beta)}, t);
}

static enum gs_err op_lrn(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	int64_t size = gs_lower_attr_int(node, "size", 0);
	struct gs_val q, s;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 2 || in[0].rank >= GS_RANK_MAX || size < 1 || size > GS_FOLD_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a window of %lld channels, a rank of %u",
		                       (long long)size, in[0].rank);
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_V(&in[0]), &q));
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_F32_ADD,
	                        .store_dtype = GS_F32,
	                        .acc_dtype = GS_F32,
	                        .out_axes = q.rank,
	                        .red_axes = 1};
	memcpy(fold.extent, q.dim, q.rank * sizeof(*q.dim));
	fold.extent[q.rank] = (uint32_t)size;
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &q);
	for (unsigned d = 0; d < q.rank; d++)
		if (d != 1)
			gs_operand_axis(&fold.operand[1], d, q.stride[d]);
	unsigned row = gs_operand_row(&fold.operand[1], q.dim[1], (uint64_t)q.stride[1], -((size - 1) / 2));
	fold.operand[1].view.row[row].at.coef[1] = 1;
	fold.operand[1].view.row[row].at.coef[q.rank] = 1;
	fold.operand[1].view.pad = GS_PAD_SKIP;
	GS_TRY(gs_lower_emit(lo, &fold, q.rank, q.dim, &s));
	gs_reg alpha = gs_lower_attr_float(node, "alpha", UINT32_C(0x38d1b717)); /* 1e-4 */
	gs_reg share = gs_fn_apply(GS_FN_F32_DIV, alpha, gs_reg_of_int(GS_CLASS_F32, size), 0);
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_R(gs_lower_attr_float(node, "bias", GS_ONE)), GS_V(&s), GS_R(share),
	              &s));
	GS_TRY(root_power(lo, &s, gs_lower_attr_float(node, "beta", UINT32_C(0x3f400000))));
	return gs_op2(lo, GS_FN_F32_DIV, in[0].dtype, GS_V(&in[0]), GS_V(&s), out);
}

const struct gs_lower_op gs_ops_moments[] = {
	{"GroupNormalization", op_group_normalization}, {"LRN", op_lrn},
	{"LpNormalization", op_lp_normalization},       {"MeanVarianceNormalization", op_mean_variance},
	{"RMSNormalization", op_rms_normalization},     {NULL, NULL},
};
