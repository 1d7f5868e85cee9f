/* Products of quantized integers: MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv. Sums are of i32; then one
 * multiplier in f32. Formulas: docs/operators.md. */
#include "validator/onnx/ops_quantize.h"

#include <string.h>

/* i32.sub(x, zero point); zero (may be GS_VAL_NONE) broadcasts over x. */
static enum gs_err centred(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *zero, struct gs_val *out)
{
	struct gs_arg from = GS_R(0);
	GS_TRY(gs_quantized_want(lo, x));
	if (zero->kind != GS_VAL_NONE) {
		GS_TRY(gs_quantized_want(lo, zero));
		if (zero->dtype != x->dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a zero point of another type");
		from = GS_V(zero);
	}
	return gs_op2(lo, GS_FN_I32_SUB, GS_I32, GS_V(x), from, out);
}

/* A parameter of a matrix: one; one a row ([M], or as it broadcasts); one a column ([N], or as it broadcasts). */
static enum gs_err of_matrix(struct gs_lower *lo, const struct gs_val *v, const struct gs_val *matrix, bool by_row,
                             struct gs_val *out)
{
	*out = *v;
	if (v->kind == GS_VAL_NONE)
		return GS_OK;
	if (gs_val_count(v) == 1)
		return gs_lower_reshape(lo, v, 0, NULL, out);
	unsigned last = matrix->rank - 1U;
	bool vector = v->rank == 1 && matrix->rank >= 2;
	bool fits = v->rank <= matrix->rank && matrix->rank >= 1;
	for (unsigned d = 0; fits && d < v->rank && !vector; d++) {
		uint32_t have = v->dim[v->rank - 1 - d], of = matrix->dim[last - d];
		fits = have == 1 || (have == of && d != (by_row ? 0 : 1));
	}
	if (vector)
		fits = v->dim[0] == matrix->dim[by_row ? last - 1 : last];
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scale or zero point that is not one %s",
		                       by_row ? "a row" : "a column");
	if (vector && by_row)
		return gs_lower_reshape(lo, v, 2, (uint32_t[]){v->dim[0], 1}, out);
	return GS_OK;
}

static enum gs_err op_matmul_integer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val v[2], zero;
	(void)node;
	for (unsigned i = 0; i < 2; i++) {
		GS_TRY(gs_quantized_want(lo, &in[i]));
		GS_TRY(of_matrix(lo, &in[2 + i], &in[i], i == 0, &zero));
		GS_TRY(centred(lo, &in[i], &zero, &v[i]));
	}
	return gs_ops_matmul(lo, &v[0], &v[1], NULL, GS_I32, out);
}

/* round(mul(sum, div(mul(a, b), y))), then to the type of the zero point. */
static enum gs_err requantize(struct gs_lower *lo, const struct gs_val *sum, const struct gs_val *a,
                              const struct gs_val *b, const struct gs_val *y, const struct gs_val *zero,
                              struct gs_val *out)
{
	struct gs_val m, q;
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(a), GS_V(b), &m));
	GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&m), GS_V(y), &m));
	struct gs_step round = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_ROUND};
	GS_TRY(gs_lower_map(lo, round, 2, (struct gs_arg[]){GS_V(sum), GS_V(&m)}, &q));
	return gs_quantized_store(lo, &q, zero, zero->dtype, out);
}

static const struct gs_step sum_as_float = {.dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};

/* a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point */
static enum gs_err op_qlinear_matmul(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val v[2], scale[3], zero[3], sum;
	(void)node;
	for (unsigned i = 0; i < 2; i++) {
		const struct gs_val *x = &in[3 * i];
		GS_TRY(gs_quantized_want(lo, x));
		GS_TRY(gs_ops_want_float(lo, &x[1]));
		GS_TRY(gs_ops_present(lo, &x[2]));
		if (x->rank == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scalar input");
		GS_TRY(of_matrix(lo, &x[1], x, i == 0, &scale[i]));
		GS_TRY(of_matrix(lo, &x[2], x, i == 0, &zero[i]));
		GS_TRY(centred(lo, x, &zero[i], &v[i]));
	}
	GS_TRY(gs_ops_want_float(lo, &in[6]));
	GS_TRY(gs_quantized_want(lo, &in[7]));
	if (in[0].rank == 1 || in[3].rank == 1) /* the result has no row, or no column */
		for (unsigned i = 0; i < 2; i++)
			if (gs_val_count(&scale[i]) != 1 && in[3 * i].rank == 1)
				return gs_lower_refuse(lo, GS_ONNX_FORM, "several scales for a vector");
	GS_TRY(gs_ops_matmul_then(lo, &v[0], &v[1], NULL, sum_as_float, &sum));
	if (in[3].rank == 1 && gs_val_count(&scale[0]) != 1) /* one a row, and the column is gone */
		GS_TRY(gs_lower_reshape(lo, &scale[0], scale[0].rank - 1U, scale[0].dim, &scale[0]));
	GS_TRY(of_matrix(lo, &in[6], &sum, true, &scale[2]));
	GS_TRY(of_matrix(lo, &in[7], &sum, true, &zero[2]));
	GS_TRY(requantize(lo, &sum, &scale[0], &scale[1], &scale[2], &zero[2], out));
	return gs_lower_reshape(lo, out, sum.rank, sum.dim, out); /* a scale may have had a dimension of 1 more */
}

/* One a layer, or one an output channel: v[C] as [C, 1, ...] in front of `rank` - 1 others. */
static enum gs_err of_channels(struct gs_lower *lo, const struct gs_val *v, unsigned rank, uint32_t channels,
                               struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX] = {channels, 1, 1, 1, 1, 1, 1, 1};
	*out = *v;
	if (v->kind == GS_VAL_NONE)
		return GS_OK;
	if (gs_val_count(v) == 1)
		return gs_lower_reshape(lo, v, 0, NULL, out);
	if (v->rank != 1 || v->dim[0] != channels)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "a scale or zero point that is neither one nor one a channel");
	return gs_lower_reshape(lo, v, rank, dim, out);
}

static enum gs_err want_one(struct gs_lower *lo, const struct gs_val *v)
{
	if (v->kind != GS_VAL_NONE && gs_val_count(v) != 1)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a scale or zero point of %llu elements for the whole tensor",
		                       (unsigned long long)gs_val_count(v));
	return GS_OK;
}

static enum gs_err scalar(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out)
{
	GS_TRY(want_one(lo, v));
	*out = *v;
	return v->kind == GS_VAL_NONE ? GS_OK : gs_lower_reshape(lo, v, 0, NULL, out);
}

/* in[] of gs_ops_conv from x and w with their zero points, and an i32 bias (may be GS_VAL_NONE). */
static enum gs_err centred_pair(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *x_zero,
                                const struct gs_val *w, const struct gs_val *w_zero, const struct gs_val *bias,
                                struct gs_val *pair)
{
	struct gs_val zero;
	GS_TRY(gs_quantized_want(lo, x));
	GS_TRY(gs_quantized_want(lo, w));
	if (w->rank < 3)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "weights of rank %u", w->rank);
	GS_TRY(scalar(lo, x_zero, &zero));
	GS_TRY(centred(lo, x, &zero, &pair[0]));
	GS_TRY(of_channels(lo, w_zero, w->rank, w->dim[0], &zero));
	GS_TRY(centred(lo, w, &zero, &pair[1]));
	pair[2] = *bias;
	return GS_OK;
}

static enum gs_err op_conv_integer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	static const struct gs_val none = {0};
	struct gs_val pair[3];
	GS_TRY(centred_pair(lo, &in[0], &in[2], &in[1], &in[3], &none, pair));
	return gs_ops_conv(lo, node, pair, (struct gs_step){.dtype = GS_I32}, out);
}

/* x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias */
static enum gs_err op_qlinear_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	struct gs_val pair[3], sum, x_scale, w_scale, y_scale, zero;
	for (unsigned i = 1; i <= 6; i += i == 1 ? 3 : 2)
		GS_TRY(gs_ops_want_float(lo, &in[i]));
	GS_TRY(gs_quantized_want(lo, &in[7]));
	GS_TRY(centred_pair(lo, &in[0], &in[2], &in[3], &in[5], &in[8], pair));
	GS_TRY(gs_ops_conv(lo, node, pair, sum_as_float, &sum));
	GS_TRY(scalar(lo, &in[1], &x_scale));
	GS_TRY(of_channels(lo, &in[4], sum.rank - 1U, in[3].dim[0], &w_scale));
	GS_TRY(scalar(lo, &in[6], &y_scale));
	GS_TRY(scalar(lo, &in[7], &zero));
	return requantize(lo, &sum, &x_scale, &w_scale, &y_scale, &zero, out);
}

const struct gs_lower_op gs_ops_qlinear[] = {
	{"ConvInteger", op_conv_integer},
	{"MatMulInteger", op_matmul_integer},
	{"QLinearConv", op_qlinear_conv},
	{"QLinearMatMul", op_qlinear_matmul},
	{NULL, NULL},
};
