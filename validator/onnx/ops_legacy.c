/* Gelu, and the experimental operators of the first opsets that old exporters still write. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

static const uint32_t half = UINT32_C(0x3f000000);

/* mul(x, mul(add(t, 1), 0.5)) for t in -1 to 1 */
static enum gs_err gate(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *t, struct gs_val *out)
{
	struct gs_val u;
	struct gs_step open = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = GS_FN_F32_MUL};
	open.epilogue_const[0] = half;
	GS_TRY(gs_lower_map(lo, open, 2, (struct gs_arg[]){GS_V(t), GS_R(GS_ONE)}, &u));
	return gs_op2(lo, GS_FN_F32_MUL, x->dtype, GS_V(x), GS_V(&u), out);
}

static enum gs_err op_gelu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val t;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (gs_lower_attr_is(node, "approximate", "tanh")) {
		struct gs_step cube = {.fn = GS_FN_F32_FMA, .dtype = GS_F32, .epilogue = GS_FN_F32_MUL};
		cube.epilogue_const[0] = UINT32_C(0x3f4c422a); /* sqrt(2 / pi) */
		struct gs_step bend = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_TANH};
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_V(&in[0]), &t));
		GS_TRY(gs_lower_map(
			lo, cube, 3,
			(struct gs_arg[]){GS_R(GS_ONE), GS_V(&t), GS_R(UINT32_C(0x3d372713))}, /* 0.044715 */
			&t));
		GS_TRY(gs_lower_map(lo, bend, 2, (struct gs_arg[]){GS_V(&in[0]), GS_V(&t)}, &t));
		return gate(lo, &in[0], &t, out);
	}
	if (gs_onnx_attr_find(node, "approximate") != NULL && !gs_lower_attr_is(node, "approximate", "none"))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an approximation other than none and tanh");
	struct gs_step erf = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_ERF};
	GS_TRY(gs_lower_map(lo, erf, 2, (struct gs_arg[]){GS_V(&in[0]), GS_R(UINT32_C(0x3f3504f3))},
	                    &t)); /* 1/sqrt 2 */
	return gate(lo, &in[0], &t, out);
}

/* A window on x[N, C, H, W]: `border` leaves out left, top, right and bottom; `scale` then gives height and width. */
static enum gs_err op_crop(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	int64_t border[4] = {0}, extent[2];
	unsigned count = 0, sized = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_attr_ints(lo, node, "border", border, 4, &count));
	GS_TRY(gs_lower_attr_ints(lo, node, "scale", extent, 2, &sized));
	if (in[0].rank != 4 || count != 4 || (sized != 0 && sized != 2))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a rank of %u, %u borders", in[0].rank, count);
	*out = in[0];
	for (unsigned d = 0; d < 2; d++) { /* height, width */
		int64_t start = border[1 - d], whole = in[0].dim[2 + d];
		int64_t want = sized != 0 ? extent[d] : whole - start - border[3 - d];
		if (start < 0 || start > whole || want < 1 || want > whole - start || (sized == 0 && border[3 - d] < 0))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%lld elements from %lld on of %lld",
			                       (long long)want, (long long)start, (long long)whole);
		*out = gs_ops_part(out, 2 + d, (uint32_t)start, (uint32_t)want);
	}
	return GS_OK;
}

/* fma(beta, x, alpha) */
static enum gs_err op_affine(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return gs_op3(lo, GS_FN_F32_FMA, in[0].dtype, GS_R(gs_lower_attr_float(node, "beta", 0)), GS_V(&in[0]),
	              GS_R(gs_lower_attr_float(node, "alpha", GS_ONE)), out);
}

static enum gs_err op_scale(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&in[0]), GS_R(gs_lower_attr_float(node, "scale", GS_ONE)),
	              out);
}

/* mul(tanh(mul(x, beta)), alpha) */
static enum gs_err op_scaled_tanh(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	struct gs_val t;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	struct gs_step bend = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_TANH};
	GS_TRY(gs_lower_map(lo, bend, 2,
	                    (struct gs_arg[]){GS_V(&in[0]), GS_R(gs_lower_attr_float(node, "beta", GS_ONE))}, &t));
	return gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&t), GS_R(gs_lower_attr_float(node, "alpha", GS_ONE)), out);
}

/* mul(Softplus(mul(x, beta)), alpha) */
static enum gs_err op_parametric_softplus(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                          struct gs_val *out)
{
	struct gs_val t, e, m;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_R(gs_lower_attr_float(node, "beta", GS_ONE)), &t));
	struct gs_step below = {.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_NEG};
	struct gs_step tail = {.fn = GS_FN_F32_EXP, .dtype = GS_F32, .epilogue = GS_FN_F32_LOG1P};
	struct gs_step whole = {.fn = GS_FN_F32_ADD, .dtype = in[0].dtype, .epilogue = GS_FN_F32_MUL};
	whole.epilogue_const[0] = gs_lower_attr_float(node, "alpha", GS_ONE);
	GS_TRY(gs_lower_map(lo, below, 1, &GS_V(&t), &e));
	GS_TRY(gs_lower_map(lo, tail, 1, &GS_V(&e), &e));
	GS_TRY(gs_op2(lo, GS_FN_F32_MAX, GS_F32, GS_V(&t), GS_R(0), &m));
	return gs_lower_map(lo, whole, 2, (struct gs_arg[]){GS_V(&m), GS_V(&e)}, out);
}

const struct gs_lower_op gs_ops_legacy[] = {
	{"Affine", op_affine}, {"Crop", op_crop},
	{"Gelu", op_gelu},     {"ParametricSoftplus", op_parametric_softplus},
	{"Scale", op_scale},   {"ScaledTanh", op_scaled_tanh},
	{NULL, NULL},
};
