/* Element-wise operators. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

static enum gs_err binary(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out, unsigned f32_fn)
{
	struct gs_val b = in[1];
	GS_TRY(gs_ops_same_types(lo, &in[0], &b));
	GS_TRY(gs_ops_legacy_broadcast(lo, node, &in[0], &b));
	return gs_lower_map(lo, gs_step_of(f32_fn, &b), 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&b)}, out);
}

#define BINARY(name, fn) \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, \
	                        struct gs_val *out) \
	{ \
		return binary(lo, node, in, out, fn); \
	}
BINARY(op_add, GS_FN_F32_ADD)
BINARY(op_sub, GS_FN_F32_SUB)
BINARY(op_mul, GS_FN_F32_MUL)
BINARY(op_div, GS_FN_F32_DIV)

static enum gs_err unary_float(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out, unsigned fn)
{
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return gs_lower_map(lo, (struct gs_step){.fn = (uint8_t)fn, .dtype = in[0].dtype}, 1,
	                    &(struct gs_arg){.v = &in[0]}, out);
}

#define UNARY(name, fn) \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, \
	                        struct gs_val *out) \
	{ \
		(void)node; \
		return unary_float(lo, in, out, fn); \
	}
UNARY(op_tanh, GS_FN_F32_TANH)
UNARY(op_erf, GS_FN_F32_ERF)
UNARY(op_exp, GS_FN_F32_EXP)
UNARY(op_log, GS_FN_F32_LOG)
UNARY(op_sqrt, GS_FN_F32_SQRT)
UNARY(op_floor, GS_FN_F32_FLOOR)
UNARY(op_ceil, GS_FN_F32_CEIL)
UNARY(op_round, GS_FN_F32_ROUND)
UNARY(op_sin, GS_FN_F32_SIN)
UNARY(op_cos, GS_FN_F32_COS)
UNARY(op_acos, GS_FN_F32_ACOS)
UNARY(op_acosh, GS_FN_F32_ACOSH)
UNARY(op_asin, GS_FN_F32_ASIN)
UNARY(op_asinh, GS_FN_F32_ASINH)
UNARY(op_atan, GS_FN_F32_ATAN)
UNARY(op_atanh, GS_FN_F32_ATANH)
UNARY(op_cosh, GS_FN_F32_COSH)
UNARY(op_sinh, GS_FN_F32_SINH)
UNARY(op_tan, GS_FN_F32_TAN)

static enum gs_err op_neg(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_NEG, &in[0]), 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_abs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	if (in[0].dtype == GS_U64)
		return (void)(*out = in[0]), GS_OK;
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_ABS, &in[0]), 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_reciprocal(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_DIV, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_reg(GS_ONE), gs_arg_of(&in[0])}, out);
}

/* A function of one value and constants, done by the instruction that made the value when it alone made it, nobody
 * else reads it, and it has no epilogue yet. */
static bool fuse(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *v, unsigned fn, gs_reg c0,
                 gs_reg c1, struct gs_val *out)
{
	if (v->kind != GS_VAL_INSTR || !gs_val_contiguous(v) || gs_val_count(v) != gs_lower_base_count(lo, v))
		return false;
	struct gs_instr in = gs_listing_get(&lo->listing, v->source);
	if (in.epilogue != 0 || !gs_lower_sole_reader(lo, node, v))
		return false;
	in.epilogue = (uint8_t)fn;
	in.epilogue_pos = 0;
	in.epilogue_const[0] = c0;
	in.epilogue_const[1] = c1;
	/* no memory for it: an instruction of its own will say so */
	if (gs_listing_replace(&lo->listing, v->source, &in) != GS_OK)
		return false;
	lo->instr_maker[v->source].epilogue = lo->node;
	lo->instr_def[v->source] = (struct gs_lower_def){0}; /* the driver names it after this node's output */
	*out = *v;
	return true;
}

static enum gs_err op_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	struct gs_step s = gs_step_of(GS_FN_F32_MAX, &in[0]);
	if (fuse(lo, node, &in[0], s.fn, 0, 0, out))
		return GS_OK;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_reg(0)}, out);
}

static enum gs_err select_by_sign(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *below,
                                  struct gs_val *out)
{
	struct gs_val negative;
	struct gs_step less = {.fn = (uint8_t)gs_fn_for_type(GS_FN_F32_LT, x->dtype), .dtype = GS_BOOL};
	GS_TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){gs_arg_of(x), gs_arg_reg(0)}, &negative));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_SELECT, x), 3,
	                    (struct gs_arg[]){gs_arg_of(&negative), gs_arg_of(below), gs_arg_of(x)}, out);
}

static enum gs_err op_leaky_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_val scaled;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", UINT32_C(0x3c23d70a)); /* 0.01 */
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_MUL, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_reg(alpha)}, &scaled));
	if (alpha > 0 && alpha <= GS_ONE) /* as bits: a positive value up to 1 */
		return gs_lower_map(lo, gs_step_of(GS_FN_F32_MAX, &in[0]), 2,
		                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&scaled)}, out);
	return select_by_sign(lo, &in[0], &scaled, out);
}

/* x < 0 ? mul(alpha, expm1(x)) : x, where below is x or what expm1 is to have of it. */
static enum gs_err exponential_below(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *below,
                                     uint32_t alpha, struct gs_val *out)
{
	struct gs_val scaled;
	struct gs_step s = {
		.fn = GS_FN_F32_EXPM1, .dtype = GS_F32, .epilogue = GS_FN_F32_MUL, .epilogue_const = {alpha}};
	GS_TRY(gs_lower_map(lo, s, 1, &(struct gs_arg){.v = below}, &scaled));
	return select_by_sign(lo, x, &scaled, out);
}

static enum gs_err op_elu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return exponential_below(lo, &in[0], &in[0], gs_lower_attr_float(node, "alpha", GS_ONE), out);
}

static enum gs_err op_celu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val ratio;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", GS_ONE);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_DIV, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_reg(alpha)}, &ratio));
	return exponential_below(lo, &in[0], &ratio, alpha, out);
}

static enum gs_err op_selu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val y, wide;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", UINT32_C(0x3fd62d7d)); /* 1.67326319... */
	uint32_t gamma = gs_lower_attr_float(node, "gamma", UINT32_C(0x3f867d5f)); /* 1.05070102... */
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	wide = in[0];
	if (in[0].dtype != GS_F32)
		GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_COPY, &in[0]), 1, &(struct gs_arg){.v = &in[0]},
		                    &wide));
	GS_TRY(exponential_below(lo, &wide, &in[0], alpha, &y));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_MUL, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&y), gs_arg_reg(gamma)}, out);
}

/* add(max(x, 0), log1p(exp(neg(abs(x))))), all of it in f32 before the store. */
static enum gs_err softplus(struct gs_lower *lo, const struct gs_val *x, uint8_t dtype, struct gs_val *out)
{
	struct gs_val above, magnitude, rest;
	GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_MAX, x), 2, (struct gs_arg[]){gs_arg_of(x), gs_arg_reg(0)},
	                    &above));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_NEG}, 1,
	                    &(struct gs_arg){.v = x}, &magnitude));
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_EXP, .dtype = GS_F32, .epilogue = GS_FN_F32_LOG1P}, 1,
	                    &(struct gs_arg){.v = &magnitude}, &rest));
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = dtype}, 2,
	                    (struct gs_arg[]){gs_arg_of(&above), gs_arg_of(&rest)}, out);
}

static enum gs_err op_softplus(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return softplus(lo, &in[0], in[0].dtype, out);
}

static enum gs_err op_mish(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val plus, t;
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(softplus(lo, &in[0], GS_F32, &plus));
	GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_TANH, &in[0]), 1, &(struct gs_arg){.v = &plus}, &t));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_MUL, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&t)}, out);
}

static enum gs_err op_prelu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	struct gs_val scaled, slope = in[1];
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[1]));
	if (lo->model.opset < 7 && slope.rank == 1 && slope.dim[0] != 1 && in[0].rank > 2) /* one slope a channel */
		GS_TRY(gs_lower_reshape(lo, &in[1], in[0].rank - 1U,
		                        (uint32_t[GS_RANK_MAX]){in[1].dim[0], 1, 1, 1, 1, 1, 1, 1}, &slope));
	GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_MUL, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&slope)}, &scaled));
	return select_by_sign(lo, &in[0], &scaled, out);
}

static enum gs_err op_clip(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	struct gs_step s = gs_step_of(GS_FN_F32_CLIP, &in[0]);
	gs_reg low = 0, high = 0;
	bool has_low, has_high, fixed = true;
	if (lo->model.opset != 0 && lo->model.opset < 11) {
		const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "min"), *b = gs_onnx_attr_find(node, "max");
		has_low = a != NULL;
		has_high = b != NULL;
		low = gs_lower_attr_float(node, "min", 0);
		high = gs_lower_attr_float(node, "max", 0);
		if (gs_val_class(&in[0]) != GS_CLASS_F32)
			return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "integers before opset 11");
	} else {
		has_low = in[1].kind != GS_VAL_NONE;
		has_high = in[2].kind != GS_VAL_NONE;
		fixed = (!has_low || gs_lower_uniform(lo, &in[1], &low)) &&
		        (!has_high || gs_lower_uniform(lo, &in[2], &high));
		if ((has_low && in[1].dtype != in[0].dtype) || (has_high && in[2].dtype != in[0].dtype))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "limits of another type");
	}
	if (!has_low && !has_high)
		return (void)(*out = in[0]), GS_OK;
	if (!has_low || !has_high) { /* one side: max or min */
		s.fn = (uint8_t)gs_fn_for_type(has_low ? GS_FN_F32_MAX : GS_FN_F32_MIN, in[0].dtype);
		if (fixed && fuse(lo, node, &in[0], s.fn, has_low ? low : high, 0, out))
			return GS_OK;
		struct gs_arg limit = fixed ? gs_arg_reg(has_low ? low : high) : gs_arg_of(has_low ? &in[1] : &in[2]);
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&in[0]), limit}, out);
	}
	if (in[0].dtype == GS_U64) { /* the table has no clip of it: umax, then umin */
		struct gs_val above;
		GS_TRY(gs_op2(lo, GS_FN_I64_UMAX, GS_U64, GS_V(&in[0]), fixed ? GS_R(low) : GS_V(&in[1]), &above));
		return gs_op2(lo, GS_FN_I64_UMIN, GS_U64, GS_V(&above), fixed ? GS_R(high) : GS_V(&in[2]), out);
	}
	if (fixed && fuse(lo, node, &in[0], s.fn, low, high, out))
		return GS_OK;
	return gs_lower_map(lo, s, 3,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), fixed ? gs_arg_reg(low) : gs_arg_of(&in[1]),
	                                      fixed ? gs_arg_reg(high) : gs_arg_of(&in[2])},
	                    out);
}

/* y = 1 / (1 + exp(-x)): t = exp(neg(x)); y = div(1, add(t, 1)). t is kept in f32. */
enum gs_err gs_ops_sigmoid(struct gs_lower *lo, const struct gs_val *x, unsigned dtype, struct gs_val *out)
{
	struct gs_val t;
	GS_TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_NEG, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP}, 1,
	                    &(struct gs_arg){.v = x}, &t));
	return gs_lower_map(lo,
	                    (struct gs_step){.fn = GS_FN_F32_ADD,
	                                     .dtype = (uint8_t)dtype,
	                                     .epilogue = GS_FN_F32_DIV,
	                                     .epilogue_pos = 1,
	                                     .epilogue_const = {GS_ONE}},
	                    2, (struct gs_arg[]){gs_arg_of(&t), gs_arg_reg(GS_ONE)}, out);
}

static enum gs_err op_sigmoid(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return gs_ops_sigmoid(lo, &in[0], in[0].dtype, out);
}

/* max(0, min(1, alpha*x + beta)) with one rounding in alpha*x + beta. */
static enum gs_err hard_sigmoid(struct gs_lower *lo, const struct gs_val *x, uint32_t alpha, uint32_t beta,
                                uint8_t dtype, struct gs_val *out)
{
	struct gs_step s = {
		.fn = GS_FN_F32_FMA, .dtype = dtype, .epilogue = GS_FN_F32_CLIP, .epilogue_const = {0, GS_ONE}};
	return gs_lower_map(lo, s, 3, (struct gs_arg[]){gs_arg_reg(beta), gs_arg_of(x), gs_arg_reg(alpha)}, out);
}

static enum gs_err op_hard_sigmoid(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	return hard_sigmoid(lo, &in[0], gs_lower_attr_float(node, "alpha", UINT32_C(0x3e4ccccd)), /* 0.2 */
	                    gs_lower_attr_float(node, "beta", UINT32_C(0x3f000000)), in[0].dtype, out);
}

static enum gs_err op_hard_swish(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_val h;
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(hard_sigmoid(lo, &in[0], UINT32_C(0x3e2aaaab), UINT32_C(0x3f000000), GS_F32, &h)); /* 1/6, 0.5 */
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_MUL, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&h)}, out);
}

static enum gs_err op_softsign(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	struct gs_val d;
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_map(
		lo,
		(struct gs_step){
			.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_ADD, .epilogue_const = {GS_ONE}},
		1, &(struct gs_arg){.v = &in[0]}, &d));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_DIV, &in[0]), 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&d)}, out);
}

static enum gs_err op_thresholded_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	struct gs_val above;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_lower_map(
		lo, (struct gs_step){.fn = GS_FN_F32_LT, .dtype = GS_BOOL}, 2,
		(struct gs_arg[]){gs_arg_reg(gs_lower_attr_float(node, "alpha", GS_ONE)), gs_arg_of(&in[0])}, &above));
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_SELECT, &in[0]), 3,
	                    (struct gs_arg[]){gs_arg_of(&above), gs_arg_of(&in[0]), gs_arg_reg(0)}, out);
}

/* The sign of x as -1, 0, 1: to float from (0 < x) - (x < 0); zero for NaN. */
static enum gs_err op_sign(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val above, below;
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	struct gs_step less = {.fn = (uint8_t)gs_fn_for_type(GS_FN_F32_LT, in[0].dtype), .dtype = GS_BOOL};
	GS_TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){gs_arg_reg(0), gs_arg_of(&in[0])}, &above));
	GS_TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_reg(0)}, &below));
	struct gs_step s = {.fn = GS_FN_I32_SUB, .dtype = in[0].dtype};
	if (gs_val_class(&in[0]) == GS_CLASS_F32)
		s.epilogue = GS_FN_I32_TO_F32;
	else if (gs_val_class(&in[0]) == GS_CLASS_I64)
		s.epilogue = GS_FN_I32_TO_I64;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&above), gs_arg_of(&below)}, out);
}

/* ---- any number of inputs, from the left; last is the type of the result ---- */

static enum gs_err chain(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                         struct gs_val *out, unsigned f32_fn, uint8_t last)
{
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	*out = in[0];
	for (uint32_t i = 1; i < node->inputs; i++) {
		GS_TRY(gs_ops_same_types(lo, &in[0], &in[i]));
		struct gs_val left = *out;
		struct gs_step s = gs_step_inner(f32_fn, &in[0]);
		if (i + 1 == node->inputs)
			s.dtype = last;
		GS_TRY(gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&left), gs_arg_of(&in[i])}, out));
	}
	return GS_OK;
}

static enum gs_err op_min(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	return chain(lo, node, in, out, GS_FN_F32_MIN, in[0].dtype);
}

static enum gs_err op_max(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	return chain(lo, node, in, out, GS_FN_F32_MAX, in[0].dtype);
}

static enum gs_err op_sum(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	return chain(lo, node, in, out, GS_FN_F32_ADD, in[0].dtype);
}

static enum gs_err op_mean(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val sum;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(chain(lo, node, in, &sum, GS_FN_F32_ADD, GS_F32));
	gs_reg n = gs_reg_of_int(GS_CLASS_F32, node->inputs);
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_DIV, &in[0]), 2, (struct gs_arg[]){gs_arg_of(&sum), gs_arg_reg(n)},
	                    out);
}

const struct gs_lower_op gs_ops_math[] = {
	{"Abs", op_abs},
	{"Acos", op_acos},
	{"Acosh", op_acosh},
	{"Add", op_add},
	{"Asin", op_asin},
	{"Asinh", op_asinh},
	{"Atan", op_atan},
	{"Atanh", op_atanh},
	{"Ceil", op_ceil},
	{"Celu", op_celu},
	{"Clip", op_clip},
	{"Cos", op_cos},
	{"Cosh", op_cosh},
	{"Div", op_div},
	{"Elu", op_elu},
	{"Erf", op_erf},
	{"Exp", op_exp},
	{"Floor", op_floor},
	{"HardSigmoid", op_hard_sigmoid},
	{"HardSwish", op_hard_swish},
	{"LeakyRelu", op_leaky_relu},
	{"Log", op_log},
	{"Max", op_max},
	{"Mean", op_mean},
	{"Min", op_min},
	{"Mish", op_mish},
	{"Mul", op_mul},
	{"Neg", op_neg},
	{"PRelu", op_prelu},
	{"Reciprocal", op_reciprocal},
	{"Relu", op_relu},
	{"Round", op_round},
	{"Selu", op_selu},
	{"Sigmoid", op_sigmoid},
	{"Sign", op_sign},
	{"Sin", op_sin},
	{"Sinh", op_sinh},
	{"Softplus", op_softplus},
	{"Softsign", op_softsign},
	{"Sqrt", op_sqrt},
	{"Sub", op_sub},
	{"Sum", op_sum},
	{"Tan", op_tan},
	{"Tanh", op_tanh},
	{"ThresholdedRelu", op_thresholded_relu},
	{NULL, NULL},
};
