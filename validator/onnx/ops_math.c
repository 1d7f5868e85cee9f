/* Element-wise operators. Formulas: docs/operators.md. */
#include "validator/onnx/lower.h"

#include <string.h>

#define TRY(expr)                                                                                                              \
	do {                                                                                                                   \
		enum gs_err try_err = (expr);                                                                                  \
		if (try_err != GS_OK)                                                                                          \
			return try_err;                                                                                        \
	} while (0)

static struct gs_arg arg(const struct gs_val *v)
{
	return (struct gs_arg){.v = v};
}

static struct gs_arg reg(gs_reg r)
{
	return (struct gs_arg){.reg = r};
}

/* One function of the class of v (given by its f32 code), stored as dtype. */
static struct gs_step step(unsigned f32_fn, const struct gs_val *v)
{
	return (struct gs_step){.fn = (uint8_t)gs_fn_for(f32_fn, gs_val_class(v)), .dtype = v->dtype};
}

static enum gs_err same_types(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b)
{
	if (a->kind == GS_VAL_NONE || b->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	if (a->dtype != b->dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of types %s and %s", gs_dtype_name((enum gs_dtype)a->dtype),
		                       gs_dtype_name((enum gs_dtype)b->dtype));
	return GS_OK;
}

static enum gs_err want_float(struct gs_lower *lo, const struct gs_val *v)
{
	if (v->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	if (gs_val_class(v) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s where a float is needed", gs_dtype_name((enum gs_dtype)v->dtype));
	return GS_OK;
}

/* u64 order is not the order of the I64 register that holds it. */
static enum gs_err ordered(struct gs_lower *lo, const struct gs_val *v)
{
	if (v->dtype == GS_U64)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "u64 is not supported by this operator");
	return GS_OK;
}

/* Before opset 7 a broadcast had to be announced, and could start at an axis. */
static enum gs_err legacy_broadcast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *a, struct gs_val *b)
{
	int64_t axis = gs_lower_attr_int(node, "axis", -1);
	if (lo->model.opset >= 7 || gs_lower_attr_int(node, "broadcast", 0) == 0 || axis < 0)
		return GS_OK;
	if (axis + b->rank > a->rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "axis %lld is outside the first input", (long long)axis);
	for (unsigned d = b->rank; d < (unsigned)(a->rank - axis); d++) {
		b->dim[d] = 1;
		b->stride[d] = 0;
	}
	b->rank = (uint8_t)(a->rank - axis);
	return GS_OK;
}

static enum gs_err binary(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out,
                          unsigned f32_fn)
{
	struct gs_val b = in[1];
	TRY(same_types(lo, &in[0], &b));
	TRY(legacy_broadcast(lo, node, &in[0], &b));
	if (f32_fn == GS_FN_F32_DIV)
		TRY(ordered(lo, &b));
	return gs_lower_map(lo, step(f32_fn, &b), 2, (struct gs_arg[]){arg(&in[0]), arg(&b)}, out);
}

#define BINARY(name, fn)                                                                                                       \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,                 \
	                        struct gs_val *out)                                                                            \
	{                                                                                                                      \
		return binary(lo, node, in, out, fn);                                                                          \
	}
BINARY(op_add, GS_FN_F32_ADD)
BINARY(op_sub, GS_FN_F32_SUB)
BINARY(op_mul, GS_FN_F32_MUL)
BINARY(op_div, GS_FN_F32_DIV)

static enum gs_err unary_float(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out, unsigned fn)
{
	TRY(want_float(lo, &in[0]));
	return gs_lower_map(lo, (struct gs_step){.fn = (uint8_t)fn, .dtype = in[0].dtype}, 1, &(struct gs_arg){.v = &in[0]}, out);
}

#define UNARY(name, fn)                                                                                                        \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,                 \
	                        struct gs_val *out)                                                                            \
	{                                                                                                                      \
		(void)node;                                                                                                    \
		return unary_float(lo, in, out, fn);                                                                           \
	}
UNARY(op_tanh, GS_FN_F32_TANH)
UNARY(op_erf, GS_FN_F32_ERF)
UNARY(op_exp, GS_FN_F32_EXP)
UNARY(op_log, GS_FN_F32_LOG)
UNARY(op_sqrt, GS_FN_F32_SQRT)

static enum gs_err op_neg(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	TRY(same_types(lo, &in[0], &in[0]));
	return gs_lower_map(lo, step(GS_FN_F32_NEG, &in[0]), 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_abs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	TRY(same_types(lo, &in[0], &in[0]));
	if (in[0].dtype == GS_U64)
		return (void)(*out = in[0]), GS_OK;
	return gs_lower_map(lo, step(GS_FN_F32_ABS, &in[0]), 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_reciprocal(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	TRY(want_float(lo, &in[0]));
	return gs_lower_map(lo, step(GS_FN_F32_DIV, &in[0]), 2, (struct gs_arg[]){reg(GS_ONE), arg(&in[0])}, out);
}

/* A function of one value and constants, done by the instruction that made the value when it alone made it, nobody
 * else reads it, and it has no epilogue yet. */
static bool fuse(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *v, unsigned fn, gs_reg c0, gs_reg c1,
                 struct gs_val *out)
{
	if (v->kind != GS_VAL_INSTR || lo->instr_name[v->source] == UINT32_MAX || !gs_val_contiguous(v)
	    || gs_val_count(v) != gs_lower_base_count(lo, v))
		return false;
	uint32_t name = lo->instr_name[v->source];
	struct gs_instr *in = &lo->instr[v->source];
	if (in->epilogue != 0 || lo->uses[name] != 1 || !gs_bytes_equal(lo->name[name], node->input[0]))
		return false;
	in->epilogue = (uint8_t)fn;
	in->epilogue_pos = 0;
	in->epilogue_const[0] = c0;
	in->epilogue_const[1] = c1;
	lo->instr_name[v->source] = UINT32_MAX; /* the driver names it after this node's output */
	*out = *v;
	return true;
}

static enum gs_err op_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	TRY(same_types(lo, &in[0], &in[0]));
	TRY(ordered(lo, &in[0]));
	struct gs_step s = step(GS_FN_F32_MAX, &in[0]);
	if (fuse(lo, node, &in[0], s.fn, 0, 0, out))
		return GS_OK;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&in[0]), reg(0)}, out);
}

static enum gs_err select_by_sign(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *below, struct gs_val *out)
{
	struct gs_val negative;
	struct gs_step less = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_LT, gs_val_class(x)), .dtype = GS_BOOL};
	TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){arg(x), reg(0)}, &negative));
	return gs_lower_map(lo, step(GS_FN_F32_SELECT, x), 3, (struct gs_arg[]){arg(&negative), arg(below), arg(x)}, out);
}

static enum gs_err op_leaky_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val scaled;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", UINT32_C(0x3c23d70a)); /* 0.01 */
	TRY(want_float(lo, &in[0]));
	TRY(gs_lower_map(lo, step(GS_FN_F32_MUL, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), reg(alpha)}, &scaled));
	if (alpha > 0 && alpha <= GS_ONE) /* as bits: a positive value up to 1 */
		return gs_lower_map(lo, step(GS_FN_F32_MAX, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), arg(&scaled)}, out);
	return select_by_sign(lo, &in[0], &scaled, out);
}

static enum gs_err op_prelu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val scaled, slope = in[1];
	(void)node;
	TRY(same_types(lo, &in[0], &in[1]));
	TRY(ordered(lo, &in[0]));
	if (lo->model.opset < 7 && slope.rank == 1 && slope.dim[0] != 1 && in[0].rank > 2) /* one slope a channel */
		TRY(gs_lower_reshape(lo, &in[1], in[0].rank - 1U, (uint32_t[GS_RANK_MAX]){in[1].dim[0], 1, 1, 1, 1, 1, 1, 1}, &slope));
	TRY(gs_lower_map(lo, step(GS_FN_F32_MUL, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), arg(&slope)}, &scaled));
	return select_by_sign(lo, &in[0], &scaled, out);
}

static enum gs_err op_clip(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	TRY(same_types(lo, &in[0], &in[0]));
	TRY(ordered(lo, &in[0]));
	struct gs_step s = step(GS_FN_F32_CLIP, &in[0]);
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
		fixed = (!has_low || gs_lower_uniform(lo, &in[1], &low)) && (!has_high || gs_lower_uniform(lo, &in[2], &high));
		if ((has_low && in[1].dtype != in[0].dtype) || (has_high && in[2].dtype != in[0].dtype))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "limits of another type");
	}
	if (!has_low && !has_high)
		return (void)(*out = in[0]), GS_OK;
	if (!has_low || !has_high) { /* one side: max or min */
		s.fn = (uint8_t)gs_fn_for(has_low ? GS_FN_F32_MAX : GS_FN_F32_MIN, gs_val_class(&in[0]));
		if (fixed && fuse(lo, node, &in[0], s.fn, has_low ? low : high, 0, out))
			return GS_OK;
		struct gs_arg limit = fixed ? reg(has_low ? low : high) : arg(has_low ? &in[1] : &in[2]);
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&in[0]), limit}, out);
	}
	if (fixed && fuse(lo, node, &in[0], s.fn, low, high, out))
		return GS_OK;
	return gs_lower_map(lo, s, 3, (struct gs_arg[]){arg(&in[0]), fixed ? reg(low) : arg(&in[1]), fixed ? reg(high) : arg(&in[2])}, out);
}

/* y = 1 / (1 + exp(-x)): t = exp(neg(x)); y = div(1, add(t, 1)). t is kept in f32. */
static enum gs_err op_sigmoid(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val t;
	(void)node;
	TRY(want_float(lo, &in[0]));
	TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_NEG, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP}, 1,
	                 &(struct gs_arg){.v = &in[0]}, &t));
	return gs_lower_map(lo,
	                    (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = in[0].dtype, .epilogue = GS_FN_F32_DIV, .epilogue_pos = 1,
	                                     .epilogue_const = {GS_ONE}},
	                    2, (struct gs_arg[]){arg(&t), reg(GS_ONE)}, out);
}

/* max(0, min(1, alpha*x + beta)) with one rounding in alpha*x + beta. */
static enum gs_err hard_sigmoid(struct gs_lower *lo, const struct gs_val *x, uint32_t alpha, uint32_t beta, uint8_t dtype, struct gs_val *out)
{
	struct gs_step s = {.fn = GS_FN_F32_FMA, .dtype = dtype, .epilogue = GS_FN_F32_CLIP, .epilogue_const = {0, GS_ONE}};
	return gs_lower_map(lo, s, 3, (struct gs_arg[]){reg(beta), arg(x), reg(alpha)}, out);
}

static enum gs_err op_hard_sigmoid(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	TRY(want_float(lo, &in[0]));
	return hard_sigmoid(lo, &in[0], gs_lower_attr_float(node, "alpha", UINT32_C(0x3e4ccccd)), /* 0.2 */
	                    gs_lower_attr_float(node, "beta", UINT32_C(0x3f000000)), in[0].dtype, out);
}

static enum gs_err op_hard_swish(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val h;
	(void)node;
	TRY(want_float(lo, &in[0]));
	TRY(hard_sigmoid(lo, &in[0], UINT32_C(0x3e2aaaab), UINT32_C(0x3f000000), GS_F32, &h)); /* 1/6, 0.5 */
	return gs_lower_map(lo, step(GS_FN_F32_MUL, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), arg(&h)}, out);
}

static enum gs_err op_softsign(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val d;
	(void)node;
	TRY(want_float(lo, &in[0]));
	TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_ADD, .epilogue_const = {GS_ONE}},
	                 1, &(struct gs_arg){.v = &in[0]}, &d));
	return gs_lower_map(lo, step(GS_FN_F32_DIV, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), arg(&d)}, out);
}

static enum gs_err op_thresholded_relu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val above;
	TRY(want_float(lo, &in[0]));
	TRY(gs_lower_map(lo, (struct gs_step){.fn = GS_FN_F32_LT, .dtype = GS_BOOL}, 2,
	                 (struct gs_arg[]){reg(gs_lower_attr_float(node, "alpha", GS_ONE)), arg(&in[0])}, &above));
	return gs_lower_map(lo, step(GS_FN_F32_SELECT, &in[0]), 3, (struct gs_arg[]){arg(&above), arg(&in[0]), reg(0)}, out);
}

/* The sign of x as -1, 0, 1: to float from (0 < x) - (x < 0); zero for NaN. */
static enum gs_err op_sign(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val above, below;
	(void)node;
	TRY(same_types(lo, &in[0], &in[0]));
	TRY(ordered(lo, &in[0]));
	struct gs_step less = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_LT, gs_val_class(&in[0])), .dtype = GS_BOOL};
	TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){reg(0), arg(&in[0])}, &above));
	TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){arg(&in[0]), reg(0)}, &below));
	struct gs_step s = {.fn = GS_FN_I32_SUB, .dtype = in[0].dtype};
	if (gs_val_class(&in[0]) == GS_CLASS_F32)
		s.epilogue = GS_FN_I32_TO_F32;
	else if (gs_val_class(&in[0]) == GS_CLASS_I64)
		s.epilogue = GS_FN_I32_TO_I64;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&above), arg(&below)}, out);
}

static enum gs_err op_pow(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	gs_reg e;
	struct gs_val square;
	(void)node;
	TRY(same_types(lo, &in[0], &in[0]));
	if (!gs_lower_uniform(lo, &in[1], &e))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an exponent that is not one constant; 2, 3, 1, 0.5 and -1 are supported");
	if (in[1].rank > in[0].rank)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an exponent of higher rank than the base");
	if (gs_val_class(&in[1]) != GS_CLASS_F32)
		e = gs_fn_apply(gs_val_class(&in[1]) == GS_CLASS_I32 ? GS_FN_I32_TO_F32 : GS_FN_I64_TO_F32, e, 0, 0);
	bool is_float = gs_val_class(&in[0]) == GS_CLASS_F32;
	switch (e) {
	case UINT32_C(0x3f800000):
		return (void)(*out = in[0]), GS_OK;
	case UINT32_C(0x40000000):
		return gs_lower_map(lo, step(GS_FN_F32_MUL, &in[0]), 2, (struct gs_arg[]){arg(&in[0]), arg(&in[0])}, out);
	case UINT32_C(0x40400000): {
		struct gs_step s = step(GS_FN_F32_MUL, &in[0]);
		s.dtype = (uint8_t)gs_class_dtype(gs_val_class(&in[0]));
		TRY(gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&in[0]), arg(&in[0])}, &square));
		return gs_lower_map(lo, step(GS_FN_F32_MUL, &in[0]), 2, (struct gs_arg[]){arg(&square), arg(&in[0])}, out);
	}
	case UINT32_C(0x3f000000):
		if (is_float)
			return gs_lower_map(lo, step(GS_FN_F32_SQRT, &in[0]), 1, &(struct gs_arg){.v = &in[0]}, out);
		break;
	case UINT32_C(0xbf800000):
		if (is_float)
			return gs_lower_map(lo, step(GS_FN_F32_DIV, &in[0]), 2, (struct gs_arg[]){reg(GS_ONE), arg(&in[0])}, out);
		break;
	}
	return gs_lower_refuse(lo, GS_ONNX_FORM, "an exponent other than 2, 3, 1, 0.5 and -1");
}

/* ---- any number of inputs, from the left ---- */

static enum gs_err chain(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out,
                         unsigned f32_fn)
{
	TRY(same_types(lo, &in[0], &in[0]));
	*out = in[0];
	for (uint32_t i = 1; i < node->inputs; i++) {
		TRY(same_types(lo, &in[0], &in[i]));
		struct gs_val left = *out;
		TRY(gs_lower_map(lo, step(f32_fn, &in[0]), 2, (struct gs_arg[]){arg(&left), arg(&in[i])}, out));
	}
	return GS_OK;
}

static enum gs_err op_min(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	TRY(ordered(lo, &in[0]));
	return chain(lo, node, in, out, GS_FN_F32_MIN);
}

static enum gs_err op_max(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	TRY(ordered(lo, &in[0]));
	return chain(lo, node, in, out, GS_FN_F32_MAX);
}

static enum gs_err op_sum(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	return chain(lo, node, in, out, GS_FN_F32_ADD);
}

static enum gs_err op_mean(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val sum;
	TRY(want_float(lo, &in[0]));
	TRY(chain(lo, node, in, &sum, GS_FN_F32_ADD));
	gs_reg n = gs_reg_of_int(GS_CLASS_F32, node->inputs);
	return gs_lower_map(lo, step(GS_FN_F32_DIV, &in[0]), 2, (struct gs_arg[]){arg(&sum), reg(n)}, out);
}

/* ---- comparisons, logic, selection ---- */

static enum gs_err compare(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out,
                           unsigned f32_fn, bool swap)
{
	struct gs_val b = in[1];
	TRY(same_types(lo, &in[0], &b));
	TRY(legacy_broadcast(lo, node, &in[0], &b));
	if (f32_fn != GS_FN_F32_EQ)
		TRY(ordered(lo, &b));
	struct gs_step s = {.fn = (uint8_t)gs_fn_for(f32_fn, gs_val_class(&b)), .dtype = GS_BOOL};
	const struct gs_val *left = swap ? &b : &in[0], *right = swap ? &in[0] : &b;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(left), arg(right)}, out);
}

#define COMPARE(name, fn, swap)                                                                                                \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,                 \
	                        struct gs_val *out)                                                                            \
	{                                                                                                                      \
		return compare(lo, node, in, out, fn, swap);                                                                   \
	}
COMPARE(op_equal, GS_FN_F32_EQ, false)
COMPARE(op_less, GS_FN_F32_LT, false)
COMPARE(op_greater, GS_FN_F32_LT, true)
COMPARE(op_less_equal, GS_FN_F32_LE, false)
COMPARE(op_greater_equal, GS_FN_F32_LE, true)

static enum gs_err bits(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out,
                        unsigned i32_fn, bool logical)
{
	struct gs_val b = in[1];
	TRY(same_types(lo, &in[0], &b));
	TRY(legacy_broadcast(lo, node, &in[0], &b));
	if (gs_val_class(&b) == GS_CLASS_F32 || (logical && b.dtype != GS_BOOL))
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s", gs_dtype_name((enum gs_dtype)b.dtype));
	struct gs_step s = {.fn = (uint8_t)(gs_val_class(&b) == GS_CLASS_I32 ? i32_fn : i32_fn + 0x40), .dtype = b.dtype};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&in[0]), arg(&b)}, out);
}

#define BITS(name, fn, logical)                                                                                                \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,                 \
	                        struct gs_val *out)                                                                            \
	{                                                                                                                      \
		return bits(lo, node, in, out, fn, logical);                                                                   \
	}
BITS(op_and, GS_FN_I32_AND, true)
BITS(op_or, GS_FN_I32_OR, true)
BITS(op_xor, GS_FN_I32_XOR, true)
BITS(op_bitwise_and, GS_FN_I32_AND, false)
BITS(op_bitwise_or, GS_FN_I32_OR, false)
BITS(op_bitwise_xor, GS_FN_I32_XOR, false)

static enum gs_err op_not(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	if (in[0].dtype != GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input that is not bool");
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_I32_EQ, .dtype = GS_BOOL}, 2, (struct gs_arg[]){arg(&in[0]), reg(0)}, out);
}

static enum gs_err op_bitwise_not(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	TRY(same_types(lo, &in[0], &in[0]));
	if (gs_val_class(&in[0]) == GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is not an integer");
	struct gs_step s = {.fn = gs_val_class(&in[0]) == GS_CLASS_I32 ? GS_FN_I32_NOT : GS_FN_I64_NOT, .dtype = in[0].dtype};
	return gs_lower_map(lo, s, 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_where(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	TRY(same_types(lo, &in[1], &in[2]));
	if (in[0].dtype != GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a condition that is not bool");
	return gs_lower_map(lo, step(GS_FN_F32_SELECT, &in[1]), 3, (struct gs_arg[]){arg(&in[0]), arg(&in[1]), arg(&in[2])}, out);
}

/* Integers: the sign of the divisor (fmod = 0), as mod(mod(a, b) + b, b); the sign of the dividend with fmod = 1. */
static enum gs_err op_mod(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	struct gs_val t;
	TRY(same_types(lo, &in[0], &in[1]));
	TRY(ordered(lo, &in[0]));
	if (gs_val_class(&in[0]) == GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "floating-point remainders are not supported");
	unsigned wide = gs_val_class(&in[0]) == GS_CLASS_I64 ? 0x40 : 0;
	struct gs_step s = {.fn = (uint8_t)(GS_FN_I32_MOD + wide), .dtype = in[0].dtype}, add = s;
	if (gs_lower_attr_int(node, "fmod", 0) != 0)
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&in[0]), arg(&in[1])}, out);
	struct gs_step first = s;
	first.dtype = (uint8_t)gs_class_dtype(gs_val_class(&in[0]));
	add.fn = (uint8_t)(GS_FN_I32_ADD + wide);
	add.dtype = first.dtype;
	TRY(gs_lower_map(lo, first, 2, (struct gs_arg[]){arg(&in[0]), arg(&in[1])}, &t));
	TRY(gs_lower_map(lo, add, 2, (struct gs_arg[]){arg(&t), arg(&in[1])}, &t));
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(&t), arg(&in[1])}, out);
}

/* ---- casts ---- */

static enum gs_err cast(struct gs_lower *lo, const struct gs_val *v, uint64_t to, struct gs_val *out)
{
	if (v->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	if (to > 255 || !gs_dtype_known((unsigned)to))
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a cast to %s is not supported", gs_onnx_type_name(to));
	enum gs_class from = gs_val_class(v), want = gs_dtype_class((enum gs_dtype)to);
	struct gs_step s = {.dtype = (uint8_t)to};
	if (v->dtype == to)
		return (void)(*out = *v), GS_OK;
	if (to == GS_BOOL && from != GS_CLASS_I32) { /* x != 0 */
		s.fn = (uint8_t)gs_fn_for(GS_FN_F32_EQ, from);
		s.epilogue = GS_FN_I32_EQ;
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){arg(v), reg(0)}, out);
	}
	if (v->dtype == GS_U64 && want == GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a cast from u64 to a float is not supported");
	static const uint8_t table[4][4] = {
	    [GS_CLASS_F32] = {0, GS_FN_F32_COPY, GS_FN_F32_TO_I32, GS_FN_F32_TO_I64},
	    [GS_CLASS_I32] = {0, GS_FN_I32_TO_F32, GS_FN_I32_COPY, GS_FN_I32_TO_I64},
	    [GS_CLASS_I64] = {0, GS_FN_I64_TO_F32, GS_FN_I64_TO_I32, GS_FN_I64_COPY},
	};
	s.fn = table[from][want];
	return gs_lower_map(lo, s, 1, &(struct gs_arg){.v = v}, out);
}

static enum gs_err op_cast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	return cast(lo, &in[0], (uint64_t)gs_lower_attr_int(node, "to", 0), out);
}

static enum gs_err op_cast_like(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, struct gs_val *out)
{
	(void)node;
	return cast(lo, &in[0], in[1].dtype, out);
}

const struct gs_lower_op gs_ops_math[] = {
    {"Abs", op_abs},
    {"Add", op_add},
    {"And", op_and},
    {"BitwiseAnd", op_bitwise_and},
    {"BitwiseNot", op_bitwise_not},
    {"BitwiseOr", op_bitwise_or},
    {"BitwiseXor", op_bitwise_xor},
    {"Cast", op_cast},
    {"CastLike", op_cast_like},
    {"Clip", op_clip},
    {"Div", op_div},
    {"Equal", op_equal},
    {"Erf", op_erf},
    {"Exp", op_exp},
    {"Greater", op_greater},
    {"GreaterOrEqual", op_greater_equal},
    {"HardSigmoid", op_hard_sigmoid},
    {"HardSwish", op_hard_swish},
    {"LeakyRelu", op_leaky_relu},
    {"Less", op_less},
    {"LessOrEqual", op_less_equal},
    {"Log", op_log},
    {"Max", op_max},
    {"Mean", op_mean},
    {"Min", op_min},
    {"Mod", op_mod},
    {"Mul", op_mul},
    {"Neg", op_neg},
    {"Not", op_not},
    {"Or", op_or},
    {"PRelu", op_prelu},
    {"Pow", op_pow},
    {"Reciprocal", op_reciprocal},
    {"Relu", op_relu},
    {"Sigmoid", op_sigmoid},
    {"Sign", op_sign},
    {"Softsign", op_softsign},
    {"Sqrt", op_sqrt},
    {"Sub", op_sub},
    {"Sum", op_sum},
    {"Tanh", op_tanh},
    {"ThresholdedRelu", op_thresholded_relu},
    {"Where", op_where},
    {"Xor", op_xor},
    {NULL, NULL},
};
