#include "challenge/machine/scalar.h"

#include "challenge/machine/elementary.h"
#include "challenge/machine/pow.h"
#include "challenge/machine/within.h"

#include <math.h>

#define F GS_CLASS_F32
#define I GS_CLASS_I32
#define L GS_CLASS_I64

/* clang-format off */
#define INTEGER_ROWS(base, prefix, C) \
	[(base) + 0x01] = {prefix ".copy", 1, C, {C}}, \
	[(base) + 0x02] = {prefix ".add", 2, C, {C, C}}, \
	[(base) + 0x03] = {prefix ".sub", 2, C, {C, C}}, \
	[(base) + 0x04] = {prefix ".mul", 2, C, {C, C}}, \
	[(base) + 0x05] = {prefix ".div", 2, C, {C, C}}, \
	[(base) + 0x06] = {prefix ".mod", 2, C, {C, C}}, \
	[(base) + 0x07] = {prefix ".min", 2, C, {C, C}}, \
	[(base) + 0x08] = {prefix ".max", 2, C, {C, C}}, \
	[(base) + 0x09] = {prefix ".neg", 1, C, {C}}, \
	[(base) + 0x0a] = {prefix ".abs", 1, C, {C}}, \
	[(base) + 0x0b] = {prefix ".and", 2, C, {C, C}}, \
	[(base) + 0x0c] = {prefix ".or", 2, C, {C, C}}, \
	[(base) + 0x0d] = {prefix ".xor", 2, C, {C, C}}, \
	[(base) + 0x0e] = {prefix ".not", 1, C, {C}}, \
	[(base) + 0x0f] = {prefix ".shl", 2, C, {C, C}}, \
	[(base) + 0x10] = {prefix ".shr", 2, C, {C, C}}, \
	[(base) + 0x11] = {prefix ".eq", 2, I, {C, C}}, \
	[(base) + 0x12] = {prefix ".lt", 2, I, {C, C}}, \
	[(base) + 0x13] = {prefix ".le", 2, I, {C, C}}, \
	[(base) + 0x14] = {prefix ".select", 3, C, {I, C, C}}, \
	[(base) + 0x15] = {prefix ".clip", 3, C, {C, C, C}}, \
	[(base) + 0x16] = {prefix ".muladd", 3, C, {C, C, C}}, \
	[(base) + 0x1f] = {prefix ".first", 3, C, {C, C, C}}
/* clang-format on */

static const struct gs_fn_info table[256] = {
	[GS_FN_F32_COPY] = {"f32.copy", 1, F, {F}},
	[GS_FN_F32_ADD] = {"f32.add", 2, F, {F, F}},
	[GS_FN_F32_SUB] = {"f32.sub", 2, F, {F, F}},
	[GS_FN_F32_MUL] = {"f32.mul", 2, F, {F, F}},
	[GS_FN_F32_DIV] = {"f32.div", 2, F, {F, F}},
	[GS_FN_F32_FMA] = {"f32.fma", 3, F, {F, F, F}},
	[GS_FN_F32_MIN] = {"f32.min", 2, F, {F, F}},
	[GS_FN_F32_MAX] = {"f32.max", 2, F, {F, F}},
	[GS_FN_F32_NEG] = {"f32.neg", 1, F, {F}},
	[GS_FN_F32_ABS] = {"f32.abs", 1, F, {F}},
	[GS_FN_F32_SQRT] = {"f32.sqrt", 1, F, {F}},
	[GS_FN_F32_EQ] = {"f32.eq", 2, I, {F, F}},
	[GS_FN_F32_LT] = {"f32.lt", 2, I, {F, F}},
	[GS_FN_F32_LE] = {"f32.le", 2, I, {F, F}},
	[GS_FN_F32_SELECT] = {"f32.select", 3, F, {I, F, F}},
	[GS_FN_F32_CLIP] = {"f32.clip", 3, F, {F, F, F}},
	[GS_FN_F32_EXP] = {"f32.exp", 1, F, {F}},
	[GS_FN_F32_LOG] = {"f32.log", 1, F, {F}},
	[GS_FN_F32_TANH] = {"f32.tanh", 1, F, {F}},
	[GS_FN_F32_ERF] = {"f32.erf", 1, F, {F}},
	[GS_FN_F32_FLOOR] = {"f32.floor", 1, F, {F}},
	[GS_FN_F32_CEIL] = {"f32.ceil", 1, F, {F}},
	[GS_FN_F32_TRUNC] = {"f32.trunc", 1, F, {F}},
	[GS_FN_F32_ROUND] = {"f32.round", 1, F, {F}},
	[GS_FN_F32_SIN] = {"f32.sin", 1, F, {F}},
	[GS_FN_F32_COS] = {"f32.cos", 1, F, {F}},
	[GS_FN_F32_EXPM1] = {"f32.expm1", 1, F, {F}},
	[GS_FN_F32_LOG1P] = {"f32.log1p", 1, F, {F}},
	[GS_FN_F32_ATAN] = {"f32.atan", 1, F, {F}},
	[GS_FN_F32_MOD] = {"f32.mod", 2, F, {F, F}},
	[GS_FN_F32_FIRST] = {"f32.first", 3, F, {F, F, F}},
	[GS_FN_F32_TAN] = {"f32.tan", 1, F, {F}},
	[GS_FN_F32_ASIN] = {"f32.asin", 1, F, {F}},
	[GS_FN_F32_ACOS] = {"f32.acos", 1, F, {F}},
	[GS_FN_F32_SINH] = {"f32.sinh", 1, F, {F}},
	[GS_FN_F32_COSH] = {"f32.cosh", 1, F, {F}},
	[GS_FN_F32_ASINH] = {"f32.asinh", 1, F, {F}},
	[GS_FN_F32_ACOSH] = {"f32.acosh", 1, F, {F}},
	[GS_FN_F32_ATANH] = {"f32.atanh", 1, F, {F}},
	[GS_FN_F32_POW] = {"f32.pow", 2, F, {F, F}},
	INTEGER_ROWS(0x40, "i32", I),
	INTEGER_ROWS(0x80, "i64", L),
	[GS_FN_I64_ULT] = {"i64.ult", 2, I, {L, L}},
	[GS_FN_I64_ULE] = {"i64.ule", 2, I, {L, L}},
	[GS_FN_I64_UDIV] = {"i64.udiv", 2, L, {L, L}},
	[GS_FN_I64_UMOD] = {"i64.umod", 2, L, {L, L}},
	[GS_FN_I64_UMIN] = {"i64.umin", 2, L, {L, L}},
	[GS_FN_I64_UMAX] = {"i64.umax", 2, L, {L, L}},
	[GS_FN_F32_TO_I32] = {"f32.to_i32", 1, I, {F}},
	[GS_FN_F32_TO_I64] = {"f32.to_i64", 1, L, {F}},
	[GS_FN_I32_TO_F32] = {"i32.to_f32", 1, F, {I}},
	[GS_FN_I64_TO_F32] = {"i64.to_f32", 1, F, {L}},
	[GS_FN_I32_TO_I64] = {"i32.to_i64", 1, L, {I}},
	[GS_FN_I64_TO_I32] = {"i64.to_i32", 1, I, {L}},
	[GS_FN_F32_TO_U64] = {"f32.to_u64", 1, L, {F}},
	[GS_FN_U64_TO_F32] = {"u64.to_f32", 1, F, {L}},
	[GS_FN_F32_TO_BITS] = {"f32.to_bits", 1, I, {F}},
	[GS_FN_F32_FROM_BITS] = {"f32.from_bits", 1, F, {I}},
	[GS_FN_WITHIN] = {"within", 3, I, {F, F, L}},
};

#undef F
#undef I
#undef L

const struct gs_fn_info *gs_fn_info(unsigned code)
{
	return code < GS_ARRAY_LEN(table) && table[code].name ? &table[code] : NULL;
}

bool gs_fn_is_first(unsigned code)
{
	return code == GS_FN_F32_FIRST || code == GS_FN_I32_FIRST || code == GS_FN_I64_FIRST;
}

bool gs_fn_nth(unsigned n, unsigned *code)
{
	for (unsigned c = 0; c < GS_ARRAY_LEN(table); c++)
		if (table[c].name && n-- == 0) {
			*code = c;
			return true;
		}
	return false;
}

/* ---- integers: W is the width, U and S its unsigned and signed types; all arithmetic is on U, which wraps ---- */

#define INTEGER_FUNCTIONS(W, U, S) \
	static S to_signed_##W(U v) \
	{ \
		return v >> (W - 1) ? -(S)(~v) - 1 : (S)v; \
	} \
	static U divide_##W(U a, U b, bool remainder) \
	{ \
		U minimum = (U)1 << (W - 1); \
		if (b == 0) \
			return 0; \
		if (a == minimum && b == (U)-1) \
			return remainder ? 0 : minimum; \
		S x = to_signed_##W(a), y = to_signed_##W(b); \
		return (U)(remainder ? x % y : x / y); \
	} \
	static U shift_right_##W(U a, U count) \
	{ \
		U fill = a >> (W - 1) ? (U)-1 : 0; \
		if (count >= W) \
			return fill; \
		return count == 0 ? a : (U)(a >> count) | (U)(fill << (W - count)); \
	} \
	static U integer_apply_##W(unsigned k, U a, U b, U c) \
	{ \
		S x = to_signed_##W(a), y = to_signed_##W(b), z = to_signed_##W(c); \
		switch (k) { \
		case 0x01: return a; \
		case 0x02: return a + b; \
		case 0x03: return a - b; \
		case 0x04: return a * b; \
		case 0x05: return divide_##W(a, b, false); \
		case 0x06: return divide_##W(a, b, true); \
		case 0x07: return x < y ? a : b; \
		case 0x08: return x > y ? a : b; \
		case 0x09: return (U)0 - a; \
		case 0x0a: return x < 0 ? (U)0 - a : a; \
		case 0x0b: return a & b; \
		case 0x0c: return a | b; \
		case 0x0d: return a ^ b; \
		case 0x0e: return ~a; \
		case 0x0f: return b >= W ? 0 : (U)(a << b); \
		case 0x10: return shift_right_##W(a, b); \
		case 0x15: { \
			S low = x > y ? x : y; \
			return (U)(low < z ? low : z); \
		} \
		case 0x16: return a + b * c; \
		default: GS_ASSERT(!"an integer function of the table"); return 0; \
		} \
	}

INTEGER_FUNCTIONS(32, uint32_t, int32_t)
INTEGER_FUNCTIONS(64, uint64_t, int64_t)

static gs_reg unsigned_apply_64(unsigned code, uint64_t a, uint64_t b)
{
	switch (code) {
	case GS_FN_I64_ULT: return a < b;
	case GS_FN_I64_ULE: return a <= b;
	case GS_FN_I64_UDIV: return b == 0 ? 0 : a / b;
	case GS_FN_I64_UMOD: return b == 0 ? 0 : a % b;
	case GS_FN_I64_UMIN: return a < b ? a : b;
	case GS_FN_I64_UMAX: return a > b ? a : b;
	default: GS_ASSERT(!"an unsigned function of the table"); return 0;
	}
}

/* ---- binary32 ---- */

static bool is_nan(uint32_t bits)
{
	return (bits & 0x7fffffffu) > 0x7f800000u;
}

/* A key that orders -0 below +0 and everything else as numbers do; NaN is excluded before. */
static int64_t order_key(uint32_t bits)
{
	return bits & 0x80000000u ? -(int64_t)(bits & 0x7fffffffu) - 1 : (int64_t)bits;
}

static uint32_t f32_min(uint32_t a, uint32_t b)
{
	if (is_nan(a) || is_nan(b))
		return GS_F32_NAN;
	return order_key(a) < order_key(b) ? a : b;
}

static uint32_t f32_max(uint32_t a, uint32_t b)
{
	if (is_nan(a) || is_nan(b))
		return GS_F32_NAN;
	return order_key(a) > order_key(b) ? a : b;
}

static uint32_t f32_canonical(uint32_t bits)
{
	return is_nan(bits) ? GS_F32_NAN : bits;
}

static uint64_t f32_to_integer(uint32_t bits, unsigned width)
{
	bool negative = bits >> 31;
	uint32_t exponent = (bits >> 23) & 0xffu;
	uint64_t limit = UINT64_C(1) << (width - 1); /* |MIN| */
	if (is_nan(bits) || exponent < 127)
		return 0;
	if (exponent - 127 >= width - 1) /* |x| >= 2^(width-1): saturate; MIN itself is exact */
		return negative ? (UINT64_C(0) - limit) & (limit | (limit - 1)) : limit - 1;
	uint64_t significand = (bits & 0x7fffffu) | 0x800000u;
	unsigned e = exponent - 127;
	uint64_t magnitude = e >= 23 ? significand << (e - 23) : significand >> (23 - e);
	return (negative ? UINT64_C(0) - magnitude : magnitude) & (limit | (limit - 1));
}

static uint64_t f32_to_unsigned(uint32_t bits)
{
	uint32_t exponent = (bits >> 23) & 0xffu;
	if (is_nan(bits) || bits >> 31 || exponent < 127)
		return 0;
	if (exponent - 127 >= 64)
		return UINT64_MAX;
	uint64_t significand = (bits & 0x7fffffu) | 0x800000u;
	unsigned e = exponent - 127;
	return e >= 23 ? significand << (e - 23) : significand >> (23 - e);
}

static uint32_t integer_to_f32(uint64_t magnitude, bool negative)
{
	if (magnitude == 0)
		return 0;
	unsigned top = 63u - (unsigned)__builtin_clzll(magnitude);
	uint64_t significand;
	if (top <= 23) {
		significand = magnitude << (23 - top);
	} else {
		unsigned shift = top - 23;
		uint64_t rest = magnitude & ((UINT64_C(1) << shift) - 1), half = UINT64_C(1) << (shift - 1);
		significand = magnitude >> shift;
		significand += rest > half || (rest == half && (significand & 1)); /* a carry runs into the exponent */
	}
	return (uint32_t)(((uint64_t)(top + 126) << 23) + significand) | (negative ? 0x80000000u : 0u);
}

/* |x| = significand * 2^exponent, significand below 2^24, exponent from -149 to 104. */
static uint32_t f32_parts(uint32_t bits, int *exponent)
{
	uint32_t biased = bits >> 23 & 0xffu;
	*exponent = (biased ? (int)biased : 1) - 150;
	return (bits & 0x7fffffu) | (biased ? 0x800000u : 0);
}

/* The bits of significand * 2^exponent, which must be a binary32. */
static uint32_t f32_exact(uint64_t significand, int exponent)
{
	for (; significand < 0x800000u && exponent > -149; exponent--)
		significand <<= 1;
	/* The hidden bit, where there is one, makes the exponent field's 1. */
	return (uint32_t)significand + ((uint32_t)(exponent + 149) << 23);
}

/* The remainder is a multiple of the smaller unit and below |b|, so it is a binary32: integers are enough. */
static uint32_t f32_mod(uint32_t a, uint32_t b)
{
	uint32_t sign = a & 0x80000000u;
	int ea, eb;
	if (is_nan(a) || is_nan(b) || (a & 0x7fffffffu) == 0x7f800000u || (b & 0x7fffffffu) == 0)
		return GS_F32_NAN;
	if ((a & 0x7fffffffu) < (b & 0x7fffffffu)) /* b infinite, too */
		return a;
	uint64_t rest = f32_parts(a, &ea), divisor = f32_parts(b, &eb); /* |a| >= |b|, so ea >= eb */
	rest %= divisor;
	for (int left = ea - eb; left > 0 && rest != 0; left -= 40)
		rest = (rest << (left < 40 ? left : 40)) % divisor; /* rest < 2^24 before, so below 2^64 */
	return rest == 0 ? sign : sign | f32_exact(rest, eb);
}

static gs_reg f32_apply(unsigned code, uint32_t a, uint32_t b, uint32_t c)
{
	float x = gs_f32_from_bits(a), y = gs_f32_from_bits(b), z = gs_f32_from_bits(c);
	switch (code) {
	case GS_FN_F32_COPY: return f32_canonical(a);
	case GS_FN_F32_ADD: return gs_f32_to_bits(x + y);
	case GS_FN_F32_SUB: return gs_f32_to_bits(x - y);
	case GS_FN_F32_MUL: return gs_f32_to_bits(x * y);
	case GS_FN_F32_DIV: return gs_f32_to_bits(x / y);
	case GS_FN_F32_FMA: return gs_f32_to_bits(fmaf(y, z, x));
	case GS_FN_F32_MIN: return f32_min(a, b);
	case GS_FN_F32_MAX: return f32_max(a, b);
	case GS_FN_F32_NEG: return f32_canonical(a ^ 0x80000000u);
	case GS_FN_F32_ABS: return f32_canonical(a & 0x7fffffffu);
	case GS_FN_F32_SQRT: return gs_f32_to_bits(sqrtf(x));
	case GS_FN_F32_EQ: return x == y;
	case GS_FN_F32_LT: return x < y;
	case GS_FN_F32_LE: return x <= y;
	case GS_FN_F32_SELECT: return f32_canonical(a != 0 ? b : c);
	case GS_FN_F32_CLIP: return f32_min(f32_max(a, b), c);
	case GS_FN_F32_EXP: return gs_f32_to_bits(gs_expf(x));
	case GS_FN_F32_LOG: return gs_f32_to_bits(gs_logf(x));
	case GS_FN_F32_TANH: return gs_f32_to_bits(gs_tanhf(x));
	case GS_FN_F32_ERF: return gs_f32_to_bits(gs_erff(x));
	case GS_FN_F32_FLOOR: return gs_f32_to_bits(gs_floorf(x));
	case GS_FN_F32_CEIL: return gs_f32_to_bits(gs_ceilf(x));
	case GS_FN_F32_TRUNC: return gs_f32_to_bits(gs_truncf(x));
	case GS_FN_F32_ROUND: return gs_f32_to_bits(gs_roundf(x));
	case GS_FN_F32_SIN: return gs_f32_to_bits(gs_sinf(x));
	case GS_FN_F32_COS: return gs_f32_to_bits(gs_cosf(x));
	case GS_FN_F32_EXPM1: return gs_f32_to_bits(gs_expm1f(x));
	case GS_FN_F32_LOG1P: return gs_f32_to_bits(gs_log1pf(x));
	case GS_FN_F32_ATAN: return gs_f32_to_bits(gs_atanf(x));
	case GS_FN_F32_MOD: return f32_mod(a, b);
	case GS_FN_F32_TAN: return gs_f32_to_bits(gs_tanf(x));
	case GS_FN_F32_ASIN: return gs_f32_to_bits(gs_asinf(x));
	case GS_FN_F32_ACOS: return gs_f32_to_bits(gs_acosf(x));
	case GS_FN_F32_SINH: return gs_f32_to_bits(gs_sinhf(x));
	case GS_FN_F32_COSH: return gs_f32_to_bits(gs_coshf(x));
	case GS_FN_F32_ASINH: return gs_f32_to_bits(gs_asinhf(x));
	case GS_FN_F32_ACOSH: return gs_f32_to_bits(gs_acoshf(x));
	case GS_FN_F32_ATANH: return gs_f32_to_bits(gs_atanhf(x));
	case GS_FN_F32_POW: return gs_pow_f32_bits(a, b);
	default: GS_ASSERT(!"a binary32 function of the table"); return 0;
	}
}

static gs_reg cast_apply(unsigned code, gs_reg a)
{
	uint32_t low = (uint32_t)a;
	switch (code) {
	case GS_FN_F32_TO_I32: return f32_to_integer(low, 32);
	case GS_FN_F32_TO_I64: return f32_to_integer(low, 64);
	case GS_FN_I32_TO_F32: return integer_to_f32(low >> 31 ? (uint32_t)(0u - low) : low, low >> 31);
	case GS_FN_I64_TO_F32: return integer_to_f32(a >> 63 ? UINT64_C(0) - a : a, a >> 63);
	case GS_FN_I32_TO_I64: return low >> 31 ? a | UINT64_C(0xffffffff00000000) : low;
	case GS_FN_I64_TO_I32: return low;
	case GS_FN_F32_TO_U64: return f32_to_unsigned(low);
	case GS_FN_U64_TO_F32: return integer_to_f32(a, false);
	case GS_FN_F32_TO_BITS:
	case GS_FN_F32_FROM_BITS: return f32_canonical(low);
	default: GS_ASSERT(!"a cast of the table"); return 0;
	}
}

static gs_reg compare(unsigned k, int64_t x, int64_t y)
{
	return k == 0x11 ? x == y : k == 0x12 ? x < y : x <= y;
}

gs_reg gs_fn_apply(unsigned code, gs_reg a, gs_reg b, gs_reg c)
{
	unsigned k = code & 0x3fu;
	if (code < 0x40)
		return f32_apply(code, (uint32_t)a, (uint32_t)b, (uint32_t)c);
	if (code == GS_FN_WITHIN)
		return gs_within((uint32_t)a, (uint32_t)b, c);
	if (code >= 0xc0)
		return cast_apply(code, a);
	if (k == 0x14) /* select: a is I32 in either width */
		return (uint32_t)a != 0 ? b : c;
	if (code < 0x80) {
		if (k >= 0x11 && k <= 0x13)
			return compare(k, to_signed_32((uint32_t)a), to_signed_32((uint32_t)b));
		return integer_apply_32(k, (uint32_t)a, (uint32_t)b, (uint32_t)c);
	}
	if (k >= 0x11 && k <= 0x13)
		return compare(k, to_signed_64(a), to_signed_64(b));
	if (code >= GS_FN_I64_ULT && code <= GS_FN_I64_UMAX)
		return unsigned_apply_64(code, a, b);
	return integer_apply_64(k, a, b, c);
}
