/* Comparisons, logic, selection, remainders and casts. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

/* ---- comparisons, logic, selection ---- */

static enum gs_err compare(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out, unsigned f32_fn, bool swap)
{
	struct gs_val b = in[1];
	GS_TRY(gs_ops_same_types(lo, &in[0], &b));
	GS_TRY(gs_ops_legacy_broadcast(lo, node, &in[0], &b));
	struct gs_step s = {.fn = (uint8_t)gs_fn_for_type(f32_fn, b.dtype), .dtype = GS_BOOL};
	const struct gs_val *left = swap ? &b : &in[0], *right = swap ? &in[0] : &b;
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(left), gs_arg_of(right)}, out);
}

#define COMPARE(name, fn, swap) \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, \
	                        struct gs_val *out) \
	{ \
		return compare(lo, node, in, out, fn, swap); \
	}
COMPARE(op_equal, GS_FN_F32_EQ, false)
COMPARE(op_less, GS_FN_F32_LT, false)
COMPARE(op_greater, GS_FN_F32_LT, true)
COMPARE(op_less_equal, GS_FN_F32_LE, false)
COMPARE(op_greater_equal, GS_FN_F32_LE, true)

static enum gs_err bits(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                        struct gs_val *out, unsigned i32_fn, bool logical)
{
	struct gs_val b = in[1];
	GS_TRY(gs_ops_same_types(lo, &in[0], &b));
	GS_TRY(gs_ops_legacy_broadcast(lo, node, &in[0], &b));
	if (gs_val_class(&b) == GS_CLASS_F32 || (logical && b.dtype != GS_BOOL))
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s",
		                       gs_dtype_name((enum gs_dtype)b.dtype));
	struct gs_step s = {.fn = (uint8_t)(gs_val_class(&b) == GS_CLASS_I32 ? i32_fn : i32_fn + 0x40),
	                    .dtype = b.dtype};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&b)}, out);
}

#define BITS(name, fn, logical) \
	static enum gs_err name(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in, \
	                        struct gs_val *out) \
	{ \
		return bits(lo, node, in, out, fn, logical); \
	}
BITS(op_and, GS_FN_I32_AND, true)
BITS(op_or, GS_FN_I32_OR, true)
BITS(op_xor, GS_FN_I32_XOR, true)
BITS(op_bitwise_and, GS_FN_I32_AND, false)
BITS(op_bitwise_or, GS_FN_I32_OR, false)
BITS(op_bitwise_xor, GS_FN_I32_XOR, false)

static enum gs_err op_not(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	(void)node;
	if (in[0].dtype != GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input that is not bool");
	return gs_lower_map(lo, (struct gs_step){.fn = GS_FN_I32_EQ, .dtype = GS_BOOL}, 2,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_reg(0)}, out);
}

static enum gs_err op_bitwise_not(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[0]));
	if (gs_val_class(&in[0]) == GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is not an integer");
	struct gs_step s = {.fn = gs_val_class(&in[0]) == GS_CLASS_I32 ? GS_FN_I32_NOT : GS_FN_I64_NOT,
	                    .dtype = in[0].dtype};
	return gs_lower_map(lo, s, 1, &(struct gs_arg){.v = &in[0]}, out);
}

static enum gs_err op_where(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_same_types(lo, &in[1], &in[2]));
	if (in[0].dtype != GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a condition that is not bool");
	return gs_lower_map(lo, gs_step_of(GS_FN_F32_SELECT, &in[1]), 3,
	                    (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&in[1]), gs_arg_of(&in[2])}, out);
}

/* Integers: the sign of the divisor (fmod = 0), as mod(mod(a, b) + b, b); the sign of the dividend with fmod = 1, which
 * floats must say. u64 has no signs. */
static enum gs_err op_mod(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	struct gs_val t;
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[1]));
	bool by_dividend = gs_lower_attr_int(node, "fmod", 0) != 0;
	if (gs_val_class(&in[0]) == GS_CLASS_F32) {
		if (!by_dividend)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "floating-point remainders need fmod = 1");
		return gs_op2(lo, GS_FN_F32_MOD, in[0].dtype, GS_V(&in[0]), GS_V(&in[1]), out);
	}
	if (in[0].dtype == GS_U64)
		return gs_op2(lo, GS_FN_I64_UMOD, GS_U64, GS_V(&in[0]), GS_V(&in[1]), out);
	unsigned wide = gs_val_class(&in[0]) == GS_CLASS_I64 ? 0x40 : 0;
	struct gs_step s = {.fn = (uint8_t)(GS_FN_I32_MOD + wide), .dtype = in[0].dtype}, add = s;
	if (by_dividend)
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&in[1])}, out);
	struct gs_step first = s;
	first.dtype = (uint8_t)gs_class_dtype(gs_val_class(&in[0]));
	add.fn = (uint8_t)(GS_FN_I32_ADD + wide);
	add.dtype = first.dtype;
	GS_TRY(gs_lower_map(lo, first, 2, (struct gs_arg[]){gs_arg_of(&in[0]), gs_arg_of(&in[1])}, &t));
	GS_TRY(gs_lower_map(lo, add, 2, (struct gs_arg[]){gs_arg_of(&t), gs_arg_of(&in[1])}, &t));
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(&t), gs_arg_of(&in[1])}, out);
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
		return gs_lower_map(lo, s, 2, (struct gs_arg[]){gs_arg_of(v), gs_arg_reg(0)}, out);
	}
	static const uint8_t table[4][4] = {
		[GS_CLASS_F32] = {0, GS_FN_F32_COPY, GS_FN_F32_TO_I32, GS_FN_F32_TO_I64},
		[GS_CLASS_I32] = {0, GS_FN_I32_TO_F32, GS_FN_I32_COPY, GS_FN_I32_TO_I64},
		[GS_CLASS_I64] = {0, GS_FN_I64_TO_F32, GS_FN_I64_TO_I32, GS_FN_I64_COPY},
	};
	s.fn = v->dtype == GS_U64 && want == GS_CLASS_F32 ? GS_FN_U64_TO_F32
	       : to == GS_U64 && from == GS_CLASS_F32     ? GS_FN_F32_TO_U64
	                                                  : table[from][want];
	return gs_lower_map(lo, s, 1, &(struct gs_arg){.v = v}, out);
}

static enum gs_err op_cast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	return cast(lo, &in[0], (uint64_t)gs_lower_attr_int(node, "to", 0), out);
}

static enum gs_err op_cast_like(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	(void)node;
	return cast(lo, &in[0], in[1].dtype, out);
}

/* The same bytes under another type: registers of one class copy, f32 goes by its bits. */
static enum gs_err op_bit_cast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	uint64_t to = (uint64_t)gs_lower_attr_int(node, "to", 0);
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (to > 255 || !gs_dtype_known((unsigned)to))
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "to %s is not supported", gs_onnx_type_name(to));
	enum gs_dtype from = (enum gs_dtype)in[0].dtype, want = (enum gs_dtype)to;
	enum gs_class have = gs_dtype_class(from), need = gs_dtype_class(want);
	struct gs_step s = {.dtype = (uint8_t)want};
	if (gs_dtype_bytes(from) != gs_dtype_bytes(want))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "from %s to %s, which has another width",
		                       gs_dtype_name(from), gs_dtype_name(want));
	if (from == want)
		return (void)(*out = in[0]), GS_OK;
	if ((have == GS_CLASS_F32 || need == GS_CLASS_F32) && gs_dtype_bytes(from) == 2)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "from %s to %s is not supported", gs_dtype_name(from),
		                       gs_dtype_name(want));
	static const uint8_t table[4][4] = {
		[GS_CLASS_F32] = {0, GS_FN_F32_COPY, GS_FN_F32_TO_BITS, GS_FN_F32_TO_BITS},
		[GS_CLASS_I32] = {0, GS_FN_F32_FROM_BITS, GS_FN_I32_COPY, GS_FN_I32_TO_I64},
		[GS_CLASS_I64] = {0, GS_FN_I64_TO_I32, GS_FN_I64_TO_I32, GS_FN_I64_COPY},
	};
	s.fn = table[have][need];
	if (have == GS_CLASS_F32 && need == GS_CLASS_I64) /* u32 */
		s.epilogue = GS_FN_I32_TO_I64;
	if (have == GS_CLASS_I64 && need == GS_CLASS_F32)
		s.epilogue = GS_FN_F32_FROM_BITS;
	return gs_lower_map(lo, s, 1, &(struct gs_arg){.v = &in[0]}, out);
}

const struct gs_lower_op gs_ops_logic[] = {
	{"And", op_and},
	{"BitCast", op_bit_cast},
	{"BitwiseAnd", op_bitwise_and},
	{"BitwiseNot", op_bitwise_not},
	{"BitwiseOr", op_bitwise_or},
	{"BitwiseXor", op_bitwise_xor},
	{"Cast", op_cast},
	{"CastLike", op_cast_like},
	{"Equal", op_equal},
	{"Greater", op_greater},
	{"GreaterOrEqual", op_greater_equal},
	{"Less", op_less},
	{"LessOrEqual", op_less_equal},
	{"Mod", op_mod},
	{"Not", op_not},
	{"Or", op_or},
	{"Where", op_where},
	{"Xor", op_xor},
	{NULL, NULL},
};
