/* tests/mirror/mirror.c: Elementary.sol over two limbs. Names and order follow the contract; see there why it is right.
 *
 * Where the contract shifts a word up only to divide or round it, the shift is left out and the exponent says so: the
 * integers are the same but for their trailing zeros. */
#include "tests/mirror/mirror.h"

#include "tests/mirror/constants.h"

#include <string.h>

typedef wide_half u128;
typedef wide_signed i128;

#define INLINE static inline __attribute__((always_inline))
#define HORNER(name, v) horner(MIRROR_##name, MIRROR_##name##_COUNT, wide_factor_of(v))

static const uint32_t SIGN = 0x80000000, MAGNITUDE = 0x7fffffff, INF = 0x7f800000, NOT_A_NUMBER = 0x7fc00000;
static const i128 ONE = (i128)1 << 112;

const char *const mirror_names[MIRROR_F_COUNT] = {"exp",   "log",   "tanh",  "erf",   "sin",  "cos",
                                                  "expm1", "log1p", "atan",  "tan",   "asin", "acos",
                                                  "sinh",  "cosh",  "asinh", "acosh", "atanh"};

enum mirror_function mirror_find(const char *name)
{
	int f = 0;
	while (f < MIRROR_F_COUNT && strcmp(name, mirror_names[f]) != 0)
		f++;
	return (enum mirror_function)f;
}

INLINE struct mirror_value answer(uint32_t bits)
{
	return (struct mirror_value){.final = true, .bits = bits};
}

INLINE struct mirror_value value(uint32_t sign, u128 magnitude, int exponent)
{
	return (struct mirror_value){.bits = sign, .magnitude = wide_of(magnitude), .exponent = exponent};
}

INLINE struct mirror_value value_signed(i128 r, int exponent)
{
	return r < 0 ? value(SIGN, (u128)-r, exponent) : value(0, (u128)r, exponent);
}

/* magnitude below 2^127 */
INLINE uint32_t round_half(uint32_t sign, u128 magnitude, int e)
{
	if (magnitude == 0)
		return sign;
	int q = e + wide_half_bits(magnitude) - 24;
	q = q < -149 ? -149 : q;
	int cut = q - e;
	u128 bits;
	if (cut <= 0)
		bits = magnitude << -cut; /* 24 bits at most */
	else if (cut < 128)
		bits = (magnitude + (((u128)1 << (cut - 1)) - 1) + (magnitude >> cut & 1)) >> cut;
	else
		bits = 0; /* below half */
	bits += (u128)(q + 149) << 23;
	return sign | (bits > 0x7f7fffff ? INF : (uint32_t)bits);
}

INLINE uint32_t round_value(struct mirror_value v)
{
	if (v.final)
		return v.bits;
	int excess = wide_bits(v.magnitude) - 126;
	if (excess <= 0)
		return round_half(v.bits, v.magnitude.low, v.exponent);
	/* What is cut off shows as the lowest bit, a hundred below the one that decides. */
	struct wide kept = wide_shr(v.magnitude, excess), back = wide_shl(kept, excess);
	u128 rest = back.low != v.magnitude.low || back.high != v.magnitude.high;
	return round_half(v.bits, kept.low | rest, v.exponent + excess);
}

INLINE uint32_t parts(uint32_t x, int *e)
{
	uint32_t biased = x >> 23 & 0xff;
	*e = (int)(biased + !biased) - 150;
	return (x & 0x7fffff) | (uint32_t) !!biased << 23;
}

/* |x| < 128 */
INLINE i128 fixed(uint32_t x)
{
	int e;
	uint32_t m = parts(x, &e);
	e += 112;
	return e >= 0 ? (i128)m << e : e > -32 ? m >> -e : 0;
}

INLINE i128 horner(const i128 *c, int count, struct wide_factor v)
{
	i128 p = c[0];
#pragma GCC unroll 32
	for (int i = 1; i < count; i++)
		p = wide_scaled(p, v) + c[i];
#ifdef GS_PROVE_PLANT
	p += (i128)1 << 72; /* wrong by 2^-40: make prove-math-selftest must notice it */
#endif
	return p;
}

INLINE i128 exp2k(i128 t, int *k)
{
	struct wide_factor x = wide_factor_of(t);
	const int64_t inverse = (int64_t)MIRROR_INVERSE_LOG2; /* of 61 bits */
	i128 low = (i128)x.low * inverse >> 57;
	*k = (int)(((i128)x.high * inverse + low + ((i128)1 << 114)) >> 115);
	i128 r = t - *k * MIRROR_LOG2;
	return wide_scaled(r, wide_factor_of(HORNER(EXP, r))) + ONE;
}

INLINE struct mirror_value f_exp(uint32_t x)
{
	if ((x & MAGNITUDE) >= 0x43000000)
		return answer(x & SIGN ? 0 : INF);
	int k;
	i128 t = fixed(x), p = exp2k(x & SIGN ? -t : t, &k);
	return value(0, (u128)p, k - 112);
}

/* (|a - b| 2^112)/(a + b) with the sign of a - b; a and b below 2^114, their sum at least 2^64 */
INLINE i128 ratio(i128 a, i128 b)
{
	i128 n = a - b;
	u128 q = wide_quotient(wide_shl(wide_of((u128)(n < 0 ? -n : n)), 112), (u128)(a + b));
	return n < 0 ? -(i128)q : (i128)q;
}

/* The rest of _logRatio, from s. */
INLINE i128 log_of_s(i128 s, int k)
{
	i128 z = wide_scaled(s, wide_factor_of(s)), p = HORNER(LOG, z);
	return k * MIRROR_LOG2 + wide_scaled(s, wide_factor_of(p));
}

INLINE struct mirror_value log_of(i128 m, int k)
{
	bool turned = m > MIRROR_ROOT2;
	return value_signed(log_of_s(ratio(m, ONE << turned), k + turned), -112);
}

/* (high 2^128 + middle 2^64)/d, high < d */
INLINE i128 power_quotient(uint64_t high, uint64_t middle, uint64_t d)
{
	uint64_t rest, q = wide_divide_limb(high, middle, d, &rest);
	return (i128)((u128)q << 64 | wide_divide_limb(rest, 0, d, &rest));
}

INLINE struct mirror_value f_log(uint32_t x)
{
	if ((x & MAGNITUDE) == 0)
		return answer(SIGN | INF);
	if (x & SIGN)
		return answer(NOT_A_NUMBER);
	if (x == INF)
		return answer(x);
	int e;
	uint32_t m = parts(x, &e), d = 0x800000;
	int shift = __builtin_clz(m) - 8, k = e - shift + 23;
	m <<= shift;
	if (m > 0xb504f3) {
		d <<= 1;
		k++;
	}
	int32_t n = (int32_t)m - (int32_t)d;
	uint32_t size = (uint32_t)(n < 0 ? -n : n); /* below 2^23 */
	i128 s = power_quotient(size >> 16, (uint64_t)size << 48, m + d);
	return value_signed(log_of_s(n < 0 ? -s : s, k), -112);
}

INLINE struct mirror_value f_log1p(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x33000000 || x == INF)
		return answer(x);
	if (x >= 0xbf800000)
		return answer(x == 0xbf800000 ? SIGN | INF : NOT_A_NUMBER);
	int e;
	u128 m = parts(magnitude, &e);
	int shift = e + 112, k;
	if (shift <= 100) { /* 1 + x below 2^125 */
		m <<= shift;
		m = x & SIGN ? (u128)ONE - m : (u128)ONE + m;
		k = wide_half_bits(m) - 113;
		m = k < 0 ? m << -k : m >> k;
	} else {
		struct wide sum = wide_add(wide_shl(wide_of(m), shift), wide_of((u128)ONE));
		k = wide_bits(sum) - 113;
		m = wide_shr(sum, k).low;
	}
	return log_of((i128)m, k);
}

INLINE struct mirror_value f_expm1(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x33000000)
		return answer(x);
	if (magnitude >= 0x42b20000)
		return answer(x & SIGN ? 0xbf800000 : INF);
	int k;
	i128 t = fixed(x), p = exp2k(x & SIGN ? -t : t, &k);
	if (k <= 12) {
		p = k >= 0 ? p << k : k > -128 ? p >> -k : 0;
		return x & SIGN ? value(SIGN, (u128)(ONE - p), -112) : value(0, (u128)(p - ONE), -112);
	}
	struct mirror_value v = value(0, 0, -112);
	v.magnitude = wide_sub(wide_shl(wide_of((u128)p), k), wide_of((u128)ONE));
	return v;
}

/* |r| <= pi/4, and the quadrant modulo 4 */
INLINE i128 turns(uint32_t x, uint32_t *k)
{
	int e;
	uint64_t m = parts(x, &e);
	struct wide c = {(u128)MIRROR_TWO_OVER_PI_HIGH, (u128)MIRROR_TWO_OVER_PI_LOW};
	c = e < 0 ? wide_shr(c, -e) : wide_shl(c, e);
	u128 low = (u128)(uint64_t)c.low * m, second = (u128)(uint64_t)(c.low >> 64) * m + (low >> 64);
	u128 high = c.high * m + (second >> 64); /* the upper half of c m; no carry comes from below it later */
	*k = (uint32_t)((high + ((u128)1 << 125)) >> 126);
	high -= (u128)*k << 126;
	return wide_scaled((i128)high >> 14, wide_factor_of(MIRROR_HALF_PI));
}

INLINE struct mirror_value circle(uint32_t x, uint32_t sign, uint32_t quadrants)
{
	uint32_t k;
	i128 r = turns(x, &k);
	k += quadrants;
	i128 z = wide_scaled(r, wide_factor_of(r));
	i128 y = k & 1 ? HORNER(COS, z) : wide_scaled(r, wide_factor_of(HORNER(SIN, z)));
	if (y < 0) {
		y = -y;
		sign ^= SIGN;
	}
	return value(sign ^ (k & 2) << 30, (u128)y, -112);
}

INLINE struct mirror_value f_sin(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	return magnitude < 0x39800000 ? answer(x) : circle(magnitude, x & SIGN, 0);
}

INLINE struct mirror_value f_cos(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	return magnitude < 0x39000000 ? answer(0x3f800000) : circle(magnitude, 0, 1);
}

INLINE struct mirror_value f_tan(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, sign = x & SIGN, k;
	if (magnitude == INF)
		return answer(NOT_A_NUMBER);
	if (magnitude < 0x39800000)
		return answer(x);
	i128 r = turns(magnitude, &k), z = wide_scaled(r, wide_factor_of(r));
	i128 n = wide_scaled(r, wide_factor_of(HORNER(SIN, z))), d = HORNER(COS, z);
	if (n < 0) {
		n = -n;
		sign ^= SIGN;
	}
	if (k & 1) {
		i128 swap = n;
		n = d;
		d = swap;
		sign ^= SIGN;
	}
	struct mirror_value v = value(sign, 0, -112);
	v.magnitude = wide_divide(wide_shl(wide_of((u128)n), 112), (u128)d);
	return v;
}

/* atan(t) or pi/2 - atan(t), 0 <= t <= 1 */
INLINE i128 angle_of(i128 t, bool swapped)
{
	i128 a = 0;
	if (t > MIRROR_TAN_SIXTEENTH) {
		bool beyond = t > MIRROR_TAN_THREE_SIXTEENTHS;
		i128 c = beyond ? ONE : MIRROR_TAN_EIGHTH, n = t - c;
		i128 d = ONE + (beyond ? t : wide_scaled(t, wide_factor_of(c)));
		u128 q = wide_quotient(wide_shl(wide_of((u128)(n < 0 ? -n : n)), 112), (u128)d);
		t = n < 0 ? -(i128)q : (i128)q;
		a = beyond ? MIRROR_QUARTER_PI : MIRROR_EIGHTH_PI;
	}
	i128 z = wide_scaled(t, wide_factor_of(t));
	a += wide_scaled(t, wide_factor_of(HORNER(ATAN, z)));
	return swapped ? MIRROR_HALF_PI - a : a;
}

/* n and d at most 2^112, the greater at least 2^111 */
INLINE i128 angle(i128 n, i128 d)
{
	bool swapped = n > d;
	i128 small = swapped ? d : n, great = swapped ? n : d;
	return angle_of((i128)wide_quotient(wide_shl(wide_of((u128)small), 112), (u128)great), swapped);
}

INLINE struct mirror_value f_atan(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude >= 0x4c800000)
		return answer((x & SIGN) | 0x3fc90fdb);
	i128 t;
	bool swapped = magnitude > 0x3f800000;
	if (!swapped) {
		t = fixed(magnitude); /* divided by 1 */
	} else {
		int e; /* 2^224/(m 2^(e + 112)), e from -23 to 2: 2^(112 - e)/m */
		uint32_t m = parts(magnitude, &e);
		struct wide n = wide_shl(wide_of(1), 112 - e);
		t = power_quotient((uint64_t)n.high, (uint64_t)(n.low >> 64), m);
	}
	return value(x & SIGN, (u128)angle_of(t, swapped), -112);
}

/* Five steps; n below 2^255, the guess near the root */
INLINE u128 newton(struct wide n, u128 r)
{
	for (int i = 0; i < 5; i++) {
		u128 q = wide_quotient(n, r);
		r = (r >> 1) + (q >> 1) + (r & q & 1);
	}
	return r;
}

/* n is 0 or at least 2^200 */
INLINE i128 root(struct wide n)
{
	int bits = wide_bits(n);
	return bits ? (i128)newton(n, (u128)1 << (bits >> 1)) : 0;
}

INLINE i128 leg(i128 t)
{
	return root(wide_sub((struct wide){(u128)1 << 96, 0}, wide_mul((u128)t, (u128)t)));
}

INLINE struct mirror_value f_asin(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude > 0x3f800000)
		return answer(NOT_A_NUMBER);
	i128 t = fixed(magnitude);
	return value(x & SIGN, (u128)angle(t, leg(t)), -112);
}

INLINE struct mirror_value f_acos(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude > 0x3f800000)
		return answer(NOT_A_NUMBER);
	i128 t = fixed(magnitude), a = angle(leg(t), t);
	return value(0, (u128)(x & SIGN ? MIRROR_PI - a : a), -112);
}

INLINE struct mirror_value hyperbolic(uint32_t x, bool even)
{
	uint32_t magnitude = x & MAGNITUDE, sign = even ? 0 : x & SIGN;
	if (magnitude < 0x39800000)
		return answer(even ? 0x3f800000 : x);
	if (magnitude >= 0x42b40000)
		return answer(sign | INF);
	int k;
	u128 p = (u128)exp2k(fixed(magnitude), &k);
	u128 inverse = wide_quotient((struct wide){(u128)1 << 96, 0}, p);
	struct wide great = wide_shl(wide_of(p), k), small = wide_shr(wide_of(inverse), k);
	struct mirror_value v = value(sign, 0, -113);
	v.magnitude = even ? wide_add(great, small) : wide_sub(great, small);
	return v;
}

INLINE struct mirror_value log_of_sum(uint32_t x, bool plus)
{
	int e;
	u128 m = parts(x, &e);
	int f = e < -9 ? 112 : 103 - e, k = x < 0x3f800000 ? 0 : e + 24;
	m <<= e + f;
	u128 one = f < 0 ? 0 : (u128)1 << f;
	struct wide square = wide_mul(m, m), unit = wide_mul(one, one);
	u128 r = newton(plus ? wide_add(square, unit) : wide_sub(square, unit), m > one ? m : one);
	return log_of((i128)((m + r) >> (k + f - 112)), k);
}

INLINE struct mirror_value f_asinh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000 || magnitude == INF)
		return answer(x);
	struct mirror_value v = log_of_sum(magnitude, true);
	v.bits |= x & SIGN;
	return v;
}

INLINE struct mirror_value f_acosh(uint32_t x)
{
	if (x < 0x3f800000 || x & SIGN)
		return answer(NOT_A_NUMBER);
	if (x == INF)
		return answer(x);
	if (x >= 0x40000000)
		return log_of_sum(x, false);
	i128 t = (i128)((x & 0x7fffff) | 0x800000) << 89;
	t += root(wide_sub(wide_mul((u128)t, (u128)t), (struct wide){(u128)1 << 96, 0}));
	int k = (int)(t >> 113);
	return log_of(t >> k, k);
}

INLINE struct mirror_value f_atanh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE;
	if (magnitude < 0x39800000)
		return answer(x);
	if (magnitude >= 0x3f800000)
		return answer(magnitude == 0x3f800000 ? x ^ 0x40000000 : NOT_A_NUMBER);
	i128 n = fixed(magnitude), d = ONE - n;
	n += ONE;
	int k = 113 - wide_half_bits((u128)d);
	d <<= k;
	struct wide nn = wide_mul((u128)n, (u128)n), dd = wide_mul((u128)d, (u128)d);
	if (wide_less(wide_shl(dd, 1), nn)) {
		d <<= 1;
		k++;
	} else if (wide_less(wide_shl(nn, 1), dd)) {
		n <<= 1;
		k--;
	}
	struct mirror_value v = value_signed(log_of_s(ratio(n, d), k), -113);
	v.bits ^= x & SIGN;
	return v;
}

INLINE struct mirror_value f_tanh(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, sign = x & SIGN;
	if (magnitude < 0x39000000)
		return answer(x);
	if (magnitude >= 0x41200000)
		return answer(sign | 0x3f800000);
	int k; /* 0 to 29: numerator and denominator without their common 2^k */
	i128 p = exp2k(fixed(magnitude) << 1, &k), unit = ONE >> k;
	return value(sign, wide_quotient(wide_shl(wide_of((u128)(p - unit)), 100), (u128)(p + unit)), -100);
}

INLINE struct mirror_value f_erf(uint32_t x)
{
	uint32_t magnitude = x & MAGNITUDE, sign = x & SIGN;
	if (magnitude >= 0x40800000)
		return answer(sign | 0x3f800000);
	i128 t = fixed(magnitude);
	if (t < ONE) {
		int e;
		u128 m = parts(magnitude, &e);
		struct mirror_value v = value(sign, 0, e - 112);
		v.magnitude = wide_mul(m, (u128)HORNER(ERF, wide_scaled(t, wide_factor_of(t))));
		return v;
	}
	i128 half = ONE >> 1, r;
	if (t < 2 * ONE)
		r = HORNER(ERF15, t - 3 * half);
	else if (t < 3 * ONE)
		r = HORNER(ERF25, t - 5 * half);
	else
		r = HORNER(ERF35, t - 7 * half);
	return value(sign, (u128)r, -112);
}

INLINE struct mirror_value evaluate(enum mirror_function f, uint32_t x)
{
	if ((x & MAGNITUDE) > INF)
		return answer(NOT_A_NUMBER);
	switch (f) {
	case MIRROR_F_EXP: return f_exp(x);
	case MIRROR_F_LOG: return f_log(x);
	case MIRROR_F_TANH: return f_tanh(x);
	case MIRROR_F_ERF: return f_erf(x);
	case MIRROR_F_SIN: return f_sin(x);
	case MIRROR_F_COS: return f_cos(x);
	case MIRROR_F_EXPM1: return f_expm1(x);
	case MIRROR_F_LOG1P: return f_log1p(x);
	case MIRROR_F_ATAN: return f_atan(x);
	case MIRROR_F_TAN: return f_tan(x);
	case MIRROR_F_ASIN: return f_asin(x);
	case MIRROR_F_ACOS: return f_acos(x);
	case MIRROR_F_SINH: return hyperbolic(x, false);
	case MIRROR_F_COSH: return hyperbolic(x, true);
	case MIRROR_F_ASINH: return f_asinh(x);
	case MIRROR_F_ACOSH: return f_acosh(x);
	case MIRROR_F_ATANH: return f_atanh(x);
	case MIRROR_F_COUNT: break;
	}
	__builtin_unreachable();
}

struct mirror_value mirror_value(enum mirror_function f, uint32_t x)
{
	return evaluate(f, x);
}

uint32_t mirror_round(struct mirror_value v)
{
	return round_value(v);
}

#define RUN(name, F) \
	static void name(uint32_t first, uint32_t count, uint32_t *got) \
	{ \
		for (uint32_t i = 0; i < count; i++) \
			got[i] = round_value(evaluate(F, first + i)); \
	}
RUN(run_exp, MIRROR_F_EXP)
RUN(run_log, MIRROR_F_LOG)
RUN(run_tanh, MIRROR_F_TANH)
RUN(run_erf, MIRROR_F_ERF)
RUN(run_sin, MIRROR_F_SIN)
RUN(run_cos, MIRROR_F_COS)
RUN(run_expm1, MIRROR_F_EXPM1)
RUN(run_log1p, MIRROR_F_LOG1P)
RUN(run_atan, MIRROR_F_ATAN)
RUN(run_tan, MIRROR_F_TAN)
RUN(run_asin, MIRROR_F_ASIN)
RUN(run_acos, MIRROR_F_ACOS)
RUN(run_sinh, MIRROR_F_SINH)
RUN(run_cosh, MIRROR_F_COSH)
RUN(run_asinh, MIRROR_F_ASINH)
RUN(run_acosh, MIRROR_F_ACOSH)
RUN(run_atanh, MIRROR_F_ATANH)

void mirror_run(enum mirror_function f, uint32_t first, uint32_t count, uint32_t *got)
{
	static void (*const runs[MIRROR_F_COUNT])(uint32_t, uint32_t, uint32_t *) = {
		run_exp, run_log,  run_tanh, run_erf,  run_sin,  run_cos,   run_expm1, run_log1p, run_atan,
		run_tan, run_asin, run_acos, run_sinh, run_cosh, run_asinh, run_acosh, run_atanh};
	runs[f](first, count, got);
}
