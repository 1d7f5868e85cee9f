/* challenge/machine/scalar.h: the table of scalar functions, each one correctly rounded.
 *
 * A function takes one to three registers a, b, c of fixed classes and returns one. In a FOLD the accumulator is
 * operand a. Floating-point functions return the value of a real function of their operands rounded once to binary32
 * (nearest even); integers wrap modulo 2^n; nothing is undefined. Source: docs/machine.md, "Scalar functions". */
#ifndef GS_CHALLENGE_MACHINE_SCALAR_H
#define GS_CHALLENGE_MACHINE_SCALAR_H

#include "challenge/machine/number.h"

/* Codes are frozen; new functions are appended. Integer functions: 0x40 + k on I32, 0x80 + k on I64
 * (the unsigned ones are on I64 only: the narrower unsigned types are ordered as they lie in their registers). */
enum gs_fn {
	GS_FN_F32_COPY = 0x01,
	GS_FN_F32_ADD = 0x02,
	GS_FN_F32_SUB = 0x03,
	GS_FN_F32_MUL = 0x04,
	GS_FN_F32_DIV = 0x05,
	GS_FN_F32_FMA = 0x06, /* a + b*c, rounded once */
	GS_FN_F32_MIN = 0x07,
	GS_FN_F32_MAX = 0x08,
	GS_FN_F32_NEG = 0x09,
	GS_FN_F32_ABS = 0x0a,
	GS_FN_F32_SQRT = 0x0b,
	GS_FN_F32_EQ = 0x0c,     /* -> I32, 0 or 1 */
	GS_FN_F32_LT = 0x0d,     /* -> I32 */
	GS_FN_F32_LE = 0x0e,     /* -> I32 */
	GS_FN_F32_SELECT = 0x0f, /* a (I32) != 0 ? b : c */
	GS_FN_F32_CLIP = 0x10,   /* min(max(a, b), c) */
	GS_FN_F32_EXP = 0x11,
	GS_FN_F32_LOG = 0x12,
	GS_FN_F32_TANH = 0x13,
	GS_FN_F32_ERF = 0x14,
	GS_FN_F32_FLOOR = 0x15,
	GS_FN_F32_CEIL = 0x16,
	GS_FN_F32_TRUNC = 0x17,
	GS_FN_F32_ROUND = 0x18, /* half to even */
	GS_FN_F32_SIN = 0x19,
	GS_FN_F32_COS = 0x1a,
	GS_FN_F32_EXPM1 = 0x1b,
	GS_FN_F32_LOG1P = 0x1c,
	GS_FN_F32_ATAN = 0x1d,
	GS_FN_F32_MOD = 0x1e,   /* a - b*trunc(a/b), exact; the sign is a's; b infinite: a; a infinite or b zero: NaN */
	GS_FN_F32_FIRST = 0x1f, /* MAP only: the first operand that is not skipped, else zero */
	GS_FN_F32_TAN = 0x20,
	GS_FN_F32_ASIN = 0x21,
	GS_FN_F32_ACOS = 0x22,
	GS_FN_F32_SINH = 0x23,
	GS_FN_F32_COSH = 0x24,
	GS_FN_F32_ASINH = 0x25,
	GS_FN_F32_ACOSH = 0x26,
	GS_FN_F32_ATANH = 0x27,

	GS_FN_F32_POW = 0x28, /* a to the power b */

	GS_FN_I32_COPY = 0x41,
	GS_FN_I32_ADD = 0x42,
	GS_FN_I32_SUB = 0x43,
	GS_FN_I32_MUL = 0x44,
	GS_FN_I32_DIV = 0x45, /* toward zero; x/0 = 0; MIN/-1 = MIN */
	GS_FN_I32_MOD = 0x46, /* sign of the dividend; x mod 0 = 0; MIN mod -1 = 0 */
	GS_FN_I32_MIN = 0x47,
	GS_FN_I32_MAX = 0x48,
	GS_FN_I32_NEG = 0x49,
	GS_FN_I32_ABS = 0x4a, /* |MIN| = MIN */
	GS_FN_I32_AND = 0x4b,
	GS_FN_I32_OR = 0x4c,
	GS_FN_I32_XOR = 0x4d,
	GS_FN_I32_NOT = 0x4e,
	GS_FN_I32_SHL = 0x4f, /* count read as unsigned; >= width gives 0 */
	GS_FN_I32_SHR = 0x50, /* arithmetic; count >= width gives 0 or -1 */
	GS_FN_I32_EQ = 0x51,
	GS_FN_I32_LT = 0x52,
	GS_FN_I32_LE = 0x53,
	GS_FN_I32_SELECT = 0x54, /* a (I32) != 0 ? b : c */
	GS_FN_I32_CLIP = 0x55,
	GS_FN_I32_MULADD = 0x56, /* a + b*c */
	GS_FN_I32_FIRST = 0x5f,

	GS_FN_I64_COPY = 0x81,
	GS_FN_I64_ADD = 0x82,
	GS_FN_I64_SUB = 0x83,
	GS_FN_I64_MUL = 0x84,
	GS_FN_I64_DIV = 0x85,
	GS_FN_I64_MOD = 0x86,
	GS_FN_I64_MIN = 0x87,
	GS_FN_I64_MAX = 0x88,
	GS_FN_I64_NEG = 0x89,
	GS_FN_I64_ABS = 0x8a,
	GS_FN_I64_AND = 0x8b,
	GS_FN_I64_OR = 0x8c,
	GS_FN_I64_XOR = 0x8d,
	GS_FN_I64_NOT = 0x8e,
	GS_FN_I64_SHL = 0x8f,
	GS_FN_I64_SHR = 0x90,
	GS_FN_I64_EQ = 0x91,     /* -> I32 */
	GS_FN_I64_LT = 0x92,     /* -> I32 */
	GS_FN_I64_LE = 0x93,     /* -> I32 */
	GS_FN_I64_SELECT = 0x94, /* a is I32 */
	GS_FN_I64_CLIP = 0x95,
	GS_FN_I64_MULADD = 0x96,
	GS_FN_I64_ULT = 0x97,  /* -> I32; these read their operands as unsigned */
	GS_FN_I64_ULE = 0x98,  /* -> I32 */
	GS_FN_I64_UDIV = 0x99, /* x/0 = 0 */
	GS_FN_I64_UMOD = 0x9a, /* x mod 0 = 0 */
	GS_FN_I64_UMIN = 0x9b,
	GS_FN_I64_UMAX = 0x9c,
	GS_FN_I64_FIRST = 0x9f,

	GS_FN_F32_TO_I32 = 0xc1, /* toward zero, saturating, NaN -> 0 */
	GS_FN_F32_TO_I64 = 0xc2,
	GS_FN_I32_TO_F32 = 0xc3, /* nearest even */
	GS_FN_I64_TO_F32 = 0xc4,
	GS_FN_I32_TO_I64 = 0xc5,    /* sign extends */
	GS_FN_I64_TO_I32 = 0xc6,    /* wraps */
	GS_FN_F32_TO_U64 = 0xc7,    /* toward zero, saturating, NaN and below zero -> 0; the u64's bits in I64 */
	GS_FN_U64_TO_F32 = 0xc8,    /* nearest even */
	GS_FN_F32_TO_BITS = 0xc9,   /* -> I32 */
	GS_FN_F32_FROM_BITS = 0xca, /* I32 -> F32, NaN canonical */

	GS_FN_WITHIN = 0xf1, /* F32 a, F32 b, I64 c -> I32: |a - b| <= absolute + relative*|b|, exactly (within.h) */
};

struct gs_fn_info {
	const char *name; /* "f32.fma" */
	uint8_t arity;    /* 1 to 3 */
	uint8_t result;   /* enum gs_class */
	uint8_t operand[3];
};

/* NULL for a code that is not in the table. */
const struct gs_fn_info *gs_fn_info(unsigned code);
bool gs_fn_is_first(unsigned code);
/* Codes in ascending order; returns false past the end. For generators and documentation. */
bool gs_fn_nth(unsigned n, unsigned *code);

/* code must be in the table and not a `first`; operands beyond the arity are ignored. */
gs_reg gs_fn_apply(unsigned code, gs_reg a, gs_reg b, gs_reg c);

#endif
