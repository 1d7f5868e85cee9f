/* Pow. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

static bool is_float(const struct gs_val *v)
{
	return gs_val_class(v) == GS_CLASS_F32;
}

/* The function that makes an integer a binary32. */
static unsigned to_f32_of(const struct gs_val *v)
{
	if (v->dtype == GS_U64)
		return GS_FN_U64_TO_F32;
	return gs_val_class(v) == GS_CLASS_I32 ? GS_FN_I32_TO_F32 : GS_FN_I64_TO_F32;
}

static enum gs_err to_f32(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out)
{
	if (is_float(v))
		return (void)(*out = *v), GS_OK;
	return gs_op1(lo, to_f32_of(v), GS_F32, GS_V(v), out);
}

/* Exponents that have exact formulas of their own; *done when e, the bits of a binary32, is one for a. */
static enum gs_err by_constant(struct gs_lower *lo, const struct gs_val *a, uint32_t e, struct gs_val *out, bool *done)
{
	struct gs_val square;
	struct gs_step mul = gs_step_of(GS_FN_F32_MUL, a);
	struct gs_arg x = GS_V(a);
	*done = true;
	switch (e) {
	case UINT32_C(0x3f800000): return (void)(*out = *a), GS_OK;
	case UINT32_C(0x40000000): return gs_lower_map(lo, mul, 2, (struct gs_arg[]){x, x}, out);
	case UINT32_C(0x40400000):
		GS_TRY(gs_lower_map(lo, gs_step_inner(GS_FN_F32_MUL, a), 2, (struct gs_arg[]){x, x}, &square));
		return gs_lower_map(lo, mul, 2, (struct gs_arg[]){GS_V(&square), x}, out);
	case UINT32_C(0x3f000000):
		if (is_float(a))
			return gs_op1(lo, GS_FN_F32_SQRT, a->dtype, x, out);
		break;
	case UINT32_C(0xbf800000):
		if (is_float(a))
			return gs_op2(lo, GS_FN_F32_DIV, a->dtype, GS_R(GS_ONE), x, out);
		break;
	}
	*done = false;
	return GS_OK;
}

/* How many of an integer exponent's bits can be set, and whether it can be below 0. */
static unsigned exponent_bits(const struct gs_lower *lo, const struct gs_val *b, bool *negative)
{
	unsigned width = 8 * (unsigned)gs_dtype_bytes((enum gs_dtype)b->dtype);
	bool has_sign = b->dtype == GS_I8 || b->dtype == GS_I16 || b->dtype == GS_I32 || b->dtype == GS_I64;
	*negative = has_sign;
	if (b->kind != GS_VAL_CONST)
		return width - has_sign;
	uint64_t any = 1;
	*negative = false;
	for (uint64_t i = 0; i < gs_val_count(b); i++) {
		uint64_t bits = gs_lower_const_bits(lo, b, i);
		bool below = has_sign && bits >> (width - 1) & 1;
		*negative |= below;
		any |= below ? 0 : bits;
	}
	return 64 - (unsigned)__builtin_clzll(any);
}

/* t = bit i of b is set ? p : 1. */
static enum gs_err factor(struct gs_lower *lo, const struct gs_val *b, unsigned i, const struct gs_val *p,
                          struct gs_val *t)
{
	struct gs_val clear;
	bool narrow = gs_val_class(b) == GS_CLASS_I32;
	gs_reg mask = gs_load(narrow ? GS_I32 : GS_I64, UINT64_C(1) << i);
	struct gs_step s = {.fn = narrow ? GS_FN_I32_AND : GS_FN_I64_AND,
	                    .dtype = GS_BOOL,
	                    .epilogue = narrow ? GS_FN_I32_EQ : GS_FN_I64_EQ};
	GS_TRY(gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(b), GS_R(mask)}, &clear));
	gs_reg one = gs_reg_of_int(gs_val_class(p), 1);
	return gs_op3(lo, gs_fn_for(GS_FN_F32_SELECT, gs_val_class(p)), p->dtype, GS_V(&clear), GS_R(one), GS_V(p), t);
}

/* Modulo 2^n by squaring, the exponent's bits from the lowest; below 0 the real value toward zero, and 0 for base 0. */
static enum gs_err integers(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b, struct gs_val *out)
{
	if (a->dtype != GS_I32 && a->dtype != GS_I64)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "a base of type %s",
		                       gs_dtype_name((enum gs_dtype)a->dtype));
	bool negative;
	unsigned bits = exponent_bits(lo, b, &negative);
	enum gs_class cls = gs_val_class(a);
	unsigned mul = gs_fn_for(GS_FN_F32_MUL, cls), select = gs_fn_for(GS_FN_F32_SELECT, cls);
	struct gs_val p = *a, first, t;
	GS_TRY(factor(lo, b, 0, &p, &first));
	*out = first; /* a or 1 */
	for (unsigned i = 1; i < bits; i++) {
		struct gs_val r = *out, root = p;
		GS_TRY(gs_op2(lo, mul, a->dtype, GS_V(&root), GS_V(&root), &p));
		GS_TRY(factor(lo, b, i, &p, &t));
		GS_TRY(gs_op2(lo, mul, a->dtype, GS_V(&r), GS_V(&t), out));
	}
	if (!negative)
		return GS_OK;
	struct gs_val below, unit, inverse, r = *out;
	struct gs_step is_unit = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_ABS, cls),
	                          .dtype = GS_BOOL,
	                          .epilogue = (uint8_t)gs_fn_for(GS_FN_F32_EQ, cls),
	                          .epilogue_const = {1}};
	GS_TRY(gs_lower_map(lo, is_unit, 1, &(struct gs_arg){.v = a}, &unit));
	GS_TRY(gs_op3(lo, select, a->dtype, GS_V(&unit), GS_V(&first), GS_R(0), &inverse));
	GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_LT, gs_val_class(b)), GS_BOOL, GS_V(b), GS_R(0), &below));
	return gs_op3(lo, select, a->dtype, GS_V(&below), GS_V(&inverse), GS_V(&r), out);
}

/* Whether the result has a's shape: then a constant exponent is a formula over a alone. */
static enum gs_err keeps_shape(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b, bool *keeps)
{
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
	GS_TRY(gs_lower_broadcast(lo, (struct gs_val[]){*a, *b}, 2, &rank, dim));
	*keeps = rank == a->rank;
	for (unsigned d = 0; *keeps && d < rank; d++)
		*keeps = dim[d] == a->dim[d];
	return GS_OK;
}

static enum gs_err op_pow(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	gs_reg e;
	struct gs_val a = in[0], b = in[1], x, y;
	bool keeps, done = false;
	GS_TRY(gs_ops_present(lo, &a));
	GS_TRY(gs_ops_present(lo, &b));
	GS_TRY(gs_ops_legacy_broadcast(lo, node, &a, &b));
	GS_TRY(keeps_shape(lo, &a, &b, &keeps));
	if (keeps && gs_lower_uniform(lo, &b, &e)) {
		if (!is_float(&b))
			e = gs_fn_apply(to_f32_of(&b), e, 0, 0);
		GS_TRY(by_constant(lo, &a, (uint32_t)e, out, &done));
	}
	if (done)
		return GS_OK;
	if (!is_float(&a) && !is_float(&b))
		return integers(lo, &a, &b, out);
	GS_TRY(to_f32(lo, &a, &x));
	GS_TRY(to_f32(lo, &b, &y));
	struct gs_step s = {.fn = GS_FN_F32_POW, .dtype = a.dtype};
	if (!is_float(&a))
		s.epilogue = a.dtype == GS_U64                  ? GS_FN_F32_TO_U64
		             : gs_val_class(&a) == GS_CLASS_I32 ? GS_FN_F32_TO_I32
		                                                : GS_FN_F32_TO_I64;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&x), GS_V(&y)}, out);
}

const struct gs_lower_op gs_ops_power[] = {
	{"Pow", op_pow},
	{NULL, NULL},
};
