/* Losses over class scores. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

/* The score of the target class, negated: x[n, target[n, d...], d...]; a target out of range reads +0. */
static enum gs_err picked(struct gs_lower *lo, const struct gs_val *scores, const struct gs_val *target,
                          struct gs_val *out)
{
	struct gs_val x = *scores;
	unsigned axis_of[GS_RANK_MAX];
	struct gs_instr in = {.form = GS_MAP, .fn = GS_FN_F32_NEG, .store_dtype = GS_F32, .out_axes = target->rank};
	if (x.stride[1] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	in.operand[0] = gs_lower_view(lo, &x);
	for (unsigned d = 0; d < target->rank; d++) {
		axis_of[d] = d;
		in.extent[d] = target->dim[d];
		gs_operand_axis(&in.operand[0], d, x.stride[d == 0 ? 0 : d + 1]);
	}
	gs_ops_indirect_row(&in.operand[0], &x, 1);
	gs_ops_indirect_view(lo, &in.operand[0], target, axis_of);
	return gs_lower_emit(lo, &in, target->rank, target->dim, out);
}

static enum gs_err weight_of(struct gs_lower *lo, const struct gs_val *weight, const struct gs_val *target,
                             struct gs_val *out)
{
	struct gs_val w = *weight;
	unsigned axis_of[GS_RANK_MAX];
	struct gs_instr in = {.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = target->rank};
	if (w.stride[0] < 0)
		GS_TRY(gs_lower_copy(lo, &w, &w));
	in.operand[0] = gs_lower_view(lo, &w);
	for (unsigned d = 0; d < target->rank; d++) {
		axis_of[d] = d;
		in.extent[d] = target->dim[d];
	}
	gs_ops_indirect_row(&in.operand[0], &w, 0);
	gs_ops_indirect_view(lo, &in.operand[0], target, axis_of);
	return gs_lower_emit(lo, &in, target->rank, target->dim, out);
}

static enum gs_err loss(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *scores,
                        const struct gs_val *target, const struct gs_val *weight, unsigned dtype, struct gs_val *out)
{
	const struct gs_onnx_attr *ignore = gs_onnx_attr_find(node, "ignore_index");
	bool none = gs_lower_attr_is(node, "reduction", "none"), sum = gs_lower_attr_is(node, "reduction", "sum");
	bool weighted = weight->kind != GS_VAL_NONE;
	struct gs_val l, w, ignored, total;

	GS_TRY(gs_ops_want_float(lo, scores));
	GS_TRY(gs_ops_present(lo, target));
	if (target->dtype != GS_I32 && target->dtype != GS_I64)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "targets that are neither i32 nor i64");
	if (scores->rank < 2 || target->rank + 1 != scores->rank || target->dim[0] != scores->dim[0])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "scores of rank %u and targets of rank %u", scores->rank,
		                       target->rank);
	for (unsigned d = 1; d < target->rank; d++)
		if (target->dim[d] != scores->dim[d + 1])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "scores and targets of different shapes");
	GS_TRY(picked(lo, scores, target, &l));
	if (weighted) {
		GS_TRY(gs_ops_want_float(lo, weight));
		if (weight->rank != 1 || weight->dim[0] != scores->dim[1])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "not one weight a class");
		GS_TRY(weight_of(lo, weight, target, &w));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&l), GS_V(&w), &l));
	}
	if (ignore != NULL) {
		enum gs_class cls = gs_val_class(target);
		GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_EQ, cls), GS_BOOL, GS_V(target),
		              GS_R(gs_reg_of_int(cls, ignore->i)), &ignored));
		GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&ignored), GS_R(0), GS_V(&l), &l));
		GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&ignored), GS_R(0), weighted ? GS_V(&w) : GS_R(GS_ONE),
		              &w));
	}
	if (none)
		return gs_op1(lo, GS_FN_F32_COPY, dtype, GS_V(&l), out);
	unsigned all = (1U << target->rank) - 1;
	struct gs_step add = {.fn = GS_FN_F32_ADD, .dtype = (uint8_t)dtype},
		       inner = {.fn = GS_FN_F32_ADD, .dtype = GS_F32};
	if (!sum && !weighted && ignore == NULL) {
		add.epilogue = GS_FN_F32_DIV;
		add.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, (int64_t)gs_val_count(target));
	}
	bool divided = !sum && (weighted || ignore != NULL);
	GS_TRY(gs_lower_sum(lo, divided ? inner : add, &l, all, out));
	if (divided) {
		GS_TRY(gs_lower_sum(lo, inner, &w, all, &total));
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, dtype, GS_V(out), GS_V(&total), out));
	}
	return gs_lower_reshape(lo, out, 0, out->dim, out);
}

static enum gs_err op_negative_log_likelihood(struct gs_lower *lo, const struct gs_onnx_node *node,
                                              const struct gs_val *in, struct gs_val *out)
{
	return loss(lo, node, &in[0], &in[1], &in[2], in[0].dtype, out);
}

static enum gs_err op_softmax_cross_entropy(struct gs_lower *lo, const struct gs_onnx_node *node,
                                            const struct gs_val *in, struct gs_val *out)
{
	struct gs_val p;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "scores of rank %u", in[0].rank);
	bool wanted = node->outputs > 1 && node->output[1].len != 0;
	GS_TRY(gs_ops_softmax(lo, &in[0], 2, true, wanted ? in[0].dtype : GS_F32, &p));
	out[1] = p;
	return loss(lo, node, &p, &in[1], &in[2], in[0].dtype, out);
}

const struct gs_lower_op gs_ops_loss[] = {
	{"NegativeLogLikelihoodLoss", op_negative_log_likelihood},
	{"SoftmaxCrossEntropyLoss", op_softmax_cross_entropy},
	{NULL, NULL},
};
