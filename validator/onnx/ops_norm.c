/* Softmax and normalisations. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

/* m = max x; d = x - m; e = exp(d); s = sum e. Softmax: e / s. LogSoftmax: d - log(s). All but the last in f32. */
enum gs_err gs_ops_softmax(struct gs_lower *lo, const struct gs_val *x, unsigned mask, bool logarithm, unsigned dtype,
                           struct gs_val *out)
{
	struct gs_val m, d, e, s;
	GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_F32_MAX, .dtype = GS_F32}, GS_NEG_INF, x, mask, &m));
	struct gs_step sub = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = logarithm ? 0 : GS_FN_F32_EXP};
	GS_TRY(gs_lower_map(lo, sub, 2, (struct gs_arg[]){{.v = x}, {.v = &m}}, &d));
	e = d;
	if (logarithm)
		GS_TRY(gs_op1(lo, GS_FN_F32_EXP, GS_F32, GS_V(&d), &e));
	struct gs_step add = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = logarithm ? GS_FN_F32_LOG : 0};
	GS_TRY(gs_lower_sum(lo, add, &e, mask, &s));
	return gs_op2(lo, logarithm ? GS_FN_F32_SUB : GS_FN_F32_DIV, dtype, GS_V(logarithm ? &d : &e), GS_V(&s), out);
}

static enum gs_err softmax(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x, bool logarithm,
                           struct gs_val *out)
{
	unsigned axis, mask;
	bool flat = lo->model.opset != 0 && lo->model.opset < 13; /* all dimensions from axis on */

	GS_TRY(gs_ops_want_float(lo, x));
	int64_t where = gs_lower_attr_int(node, "axis", flat ? 1 : -1);
	if (x->rank == 0 || (flat && where == x->rank)) {
		mask = 0;
	} else {
		GS_TRY(gs_lower_axis(lo, where, x->rank, &axis));
		mask = flat ? ((1U << x->rank) - 1) & ~((1U << axis) - 1) : 1U << axis;
	}
	return gs_ops_softmax(lo, x, mask, logarithm, x->dtype, out);
}

static enum gs_err op_softmax(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	return softmax(lo, node, &in[0], false, out);
}

static enum gs_err op_log_softmax(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	return softmax(lo, node, &in[0], true, out);
}

/* v[C] as [C, 1, 1, ...] so that it broadcasts along dimension 1 of a tensor of that rank. */
enum gs_err gs_ops_per_channel(struct gs_lower *lo, const struct gs_val *v, unsigned rank, uint32_t channels,
                               struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX] = {channels, 1, 1, 1, 1, 1, 1, 1};
	if (v->rank != 1 || v->dim[0] != channels)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "a parameter that does not have one element a channel (%u)", channels);
	return gs_lower_reshape(lo, v, rank < 2 ? 1 : rank - 1, dim, out);
}

/* a = scale / sqrt(var + eps); b = B + (-mean)*a, one rounding; folded when constant, kept in f32. y = b + x*a. */
static enum gs_err affine_of_moments(struct gs_lower *lo, const struct gs_val *scale, const struct gs_val *bias,
                                     const struct gs_val *mean, const struct gs_val *var, gs_reg epsilon,
                                     struct gs_val *a, struct gs_val *b)
{
	struct gs_val root, negative;
	struct gs_step add = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_SQRT};
	GS_TRY(gs_lower_map(lo, add, 2, (struct gs_arg[]){{.v = var}, {.reg = epsilon}}, &root));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_DIV, .dtype = GS_F32}, 2,
	                    (struct gs_arg[]){{.v = scale}, {.v = &root}}, a));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_NEG, .dtype = GS_F32}, 1, &(struct gs_arg){.v = mean},
	                    &negative));
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_FMA, .dtype = GS_F32}, 3,
	                    (struct gs_arg[]){{.v = bias}, {.v = &negative}, {.v = a}}, b);
}

static enum gs_err op_batch_normalization(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                          struct gs_val *out)
{
	struct gs_val p[4], a, b;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scalar input");
	if (gs_lower_attr_int(node, "training_mode", 0) != 0)
		return gs_lower_refuse(lo, GS_ONNX_TRAINING, "training_mode is set; export the model for inference");
	if (gs_lower_attr_int(node, "spatial", 1) == 0)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "spatial=0 is not supported; export for inference");
	for (uint32_t i = 1; i < node->outputs; i++)
		if (node->output[i].len != 0)
			return gs_lower_refuse(
				lo, GS_ONNX_TRAINING,
				"the running-statistics outputs are not supported; export for inference");
	uint32_t channels = in[0].rank < 2 ? 1 : in[0].dim[1];
	for (unsigned i = 0; i < 4; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[1 + i]));
		GS_TRY(gs_ops_per_channel(lo, &in[1 + i], in[0].rank, channels, &p[i]));
	}
	uint32_t epsilon = gs_lower_attr_float(node, "epsilon", UINT32_C(0x3727c5ac)); /* 1e-5 */
	GS_TRY(affine_of_moments(lo, &p[0], &p[1], &p[2], &p[3], epsilon, &a, &b));
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_FMA, .dtype = in[0].dtype}, 3,
	                    (struct gs_arg[]){{.v = &b}, {.v = &in[0]}, {.v = &a}}, out);
}

/* mean and d = x - mean, var = mean of d*d, r = sqrt(var + eps), n = d / r, all in f32. */
enum gs_err gs_ops_normalise(struct gs_lower *lo, const struct gs_val *x, unsigned mask, gs_reg epsilon,
                             struct gs_val *moment, struct gs_val *n)
{
	struct gs_val mean, d, square, var, root;
	uint64_t terms = 1;
	for (unsigned i = 0; i < x->rank; i++)
		terms *= mask >> i & 1 ? x->dim[i] : 1;
	struct gs_step average = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_DIV};
	average.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, (int64_t)terms);
	GS_TRY(gs_lower_sum(lo, average, x, mask, &mean));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_SUB, .dtype = GS_F32}, 2,
	                    (struct gs_arg[]){{.v = x}, {.v = &mean}}, &d));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_MUL, .dtype = GS_F32}, 2,
	                    (struct gs_arg[]){{.v = &d}, {.v = &d}}, &square));
	GS_TRY(gs_lower_sum(lo, average, &square, mask, &var));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_SQRT}, 2,
	                    (struct gs_arg[]){{.v = &var}, {.reg = epsilon}}, &root));
	if (moment != NULL) {
		moment[0] = mean;
		moment[1] = root;
	}
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_DIV, .dtype = GS_F32}, 2,
	                    (struct gs_arg[]){{.v = &d}, {.v = &root}}, n);
}

static enum gs_err op_instance_normalization(struct gs_lower *lo, const struct gs_onnx_node *node,
                                             const struct gs_val *in, struct gs_val *out)
{
	struct gs_val n, scale, bias;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(gs_ops_want_float(lo, &in[2]));
	if (in[0].rank < 3)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	GS_TRY(gs_ops_per_channel(lo, &in[1], in[0].rank, in[0].dim[1], &scale));
	GS_TRY(gs_ops_per_channel(lo, &in[2], in[0].rank, in[0].dim[1], &bias));
	GS_TRY(gs_ops_normalise(lo, &in[0], ((1U << in[0].rank) - 1) & ~3U,
	                        gs_lower_attr_float(node, "epsilon", UINT32_C(0x3727c5ac)), NULL, &n));
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_FMA, .dtype = in[0].dtype}, 3,
	                    (struct gs_arg[]){{.v = &bias}, {.v = &n}, {.v = &scale}}, out);
}

static enum gs_err op_layer_normalization(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                          struct gs_val *out)
{
	struct gs_val n;
	unsigned axis;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", -1), in[0].rank, &axis));
	unsigned mask = ((1U << in[0].rank) - 1) & ~((1U << axis) - 1);
	struct gs_val moment[2];
	GS_TRY(gs_ops_normalise(lo, &in[0], mask, gs_lower_attr_float(node, "epsilon", UINT32_C(0x3727c5ac)), moment,
	                        &n));
	out[1] = moment[0];
	if (node->outputs > 2 && node->output[2].len != 0)
		GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_R(GS_ONE), GS_V(&moment[1]), &out[2]));
	if (in[2].kind == GS_VAL_NONE)
		return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_MUL, .dtype = in[0].dtype}, 2,
		                    (struct gs_arg[]){{.v = &n}, {.v = &in[1]}}, out);
	GS_TRY(gs_ops_want_float(lo, &in[2]));
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_FMA, .dtype = in[0].dtype}, 3,
	                    (struct gs_arg[]){{.v = &in[2]}, {.v = &n}, {.v = &in[1]}}, out);
}

const struct gs_lower_op gs_ops_norm[] = {
	{"BatchNormalization", op_batch_normalization},
	{"InstanceNormalization", op_instance_normalization},
	{"LayerNormalization", op_layer_normalization},
	{"LogSoftmax", op_log_softmax},
	{"Softmax", op_softmax},
	{NULL, NULL},
};
