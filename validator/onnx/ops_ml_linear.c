/* Linear models of ai.onnx.ml. Formulas: docs/operators.md. */
#include "validator/onnx/ops_ml.h"

/* x[n, f] times weight[k, f], from the starts (one, k, or none): FOLD fma, features ascending. */
static enum gs_err linear(struct gs_lower *lo, const struct gs_val *x, const struct gs_ml_floats *weight, uint64_t k,
                          const struct gs_ml_floats *start, struct gs_val *out)
{
	struct gs_val w, b = {0};
	uint32_t f = x->dim[1];
	if (k == 0 || k > GS_ML_LIST_MAX || weight->count != k * f)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u coefficients for %llu scores of %u features",
		                       weight->count, (unsigned long long)k, f);
	if (start->count > 1 && start->count != k)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u intercepts for %llu scores", start->count,
		                       (unsigned long long)k);
	GS_TRY(gs_ml_constant(lo, weight->v, 2, (uint32_t[]){(uint32_t)k, f}, &w));
	gs_val_transpose(&w, (unsigned[]){1, 0}, &w);
	if (start->count > 0) {
		GS_TRY(gs_ml_constant(lo, start->v, 2, (uint32_t[]){1, start->count}, &b));
		GS_TRY(gs_lower_expand(lo, &b, 2, (uint32_t[]){x->dim[0], (uint32_t)k}, &b));
	}
	return gs_ops_matmul(lo, x, &w, start->count > 0 ? &b : NULL, GS_F32, out);
}

static enum gs_err op_regressor(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct gs_ml_floats weight, start;
	enum gs_ml_post post;
	struct gs_val x, y;
	int64_t targets = gs_lower_attr_int(node, "targets", 1);
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(gs_ml_floats(lo, node, "coefficients", &weight));
	GS_TRY(gs_ml_floats(lo, node, "intercepts", &start));
	GS_TRY(gs_ml_rows(lo, &in[0], &x));
	GS_TRY(linear(lo, &x, &weight, targets < 1 ? 0 : (uint64_t)targets, &start, &y));
	return gs_ml_transform(lo, post, &y, out);
}

/* One score and two labels: [-s, s]. One score and one label: that label from 0 (with a transform: 0.5) on, or 0. */
static enum gs_err op_classifier(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_ml_floats weight, start;
	struct gs_ml_labels labels;
	enum gs_ml_post post;
	struct gs_val x, y, best;
	GS_TRY(gs_ml_post(lo, node, &post));
	GS_TRY(gs_ml_labels(lo, node, "classlabels_ints", "classlabels_strings", &labels));
	GS_TRY(gs_ml_floats(lo, node, "coefficients", &weight));
	GS_TRY(gs_ml_floats(lo, node, "intercepts", &start));
	GS_TRY(gs_ml_rows(lo, &in[0], &x));
	uint64_t k = weight.count / x.dim[1];
	if (k != labels.count && !(k == 1 && labels.count == 2))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%llu scores for %u labels", (unsigned long long)k,
		                       labels.count);
	GS_TRY(linear(lo, &x, &weight, k, &start, &y));
	if (k == 1 && labels.count == 2)
		GS_TRY(gs_ml_two_columns(lo, &y, false, &y));
	GS_TRY(gs_ml_transform(lo, post, &y, &out[1]));
	if (labels.count > 1) {
		GS_TRY(gs_ops_arg_extreme(lo, &y, 1, false, false, &best));
		return gs_ml_label(lo, node, &labels, &best, &out[0]);
	}
	int64_t two[2] = {0, labels.ints != NULL ? labels.ints[0] : 0};
	struct gs_ml_labels with_zero = {.count = 2, .ints = labels.ints != NULL ? two : NULL};
	gs_reg limit = post == GS_ML_POST_NONE ? 0 : UINT32_C(0x3f000000);
	GS_TRY(gs_op2(lo, GS_FN_F32_LE, GS_I32, GS_R(limit), GS_V(&out[1]), &best));
	return gs_ml_label(lo, node, &with_zero, &best, &out[0]);
}

const struct gs_lower_op gs_ops_ml_linear[] = {
	{"LinearClassifier", op_classifier},
	{"LinearRegressor", op_regressor},
	{NULL, NULL},
};
