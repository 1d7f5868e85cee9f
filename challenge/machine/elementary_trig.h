/* challenge/machine/elementary_trig.h: tan, asin, acos and atan of a binary32, as elementary_core.h does the others.
 *
 * The same rules: one sequence of binary64 operations each (the square root is one, too), defined for every bit
 * pattern, proved on all 2^32 inputs. docs/numerics.md has the argument. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_H

#include "challenge/machine/elementary_core.h"
#include "challenge/machine/elementary_trig_tables.h"

/* a + b = high + low exactly, for |a| >= |b| or a = 0. */
static inline struct gs_sum gs_fast_two_sum(double a, double b)
{
	double high = a + b;
	return (struct gs_sum){.high = high, .low = (a - high) + b};
}

/* atan(x) for any x but NaN */
static inline double gs_atan_core(double x)
{
	const uint64_t first = 2038; /* exponent and first bit of 3/32, less one: what is below is the first piece */
	double a = gs_magnitude(x, 0x1p64); /* pi/2 long before */
	uint64_t place = gs_f64_bits(a) >> 51;
	place = place > first ? place - first : 0;
	uint64_t piece = place < GS_ATAN_PIECES ? place : GS_ATAN_PIECES - 1;
	double cos = gs_atan_cos[piece], sin = gs_atan_sin[piece];
	double numerator = fma(a, cos, -sin), denominator = fma(a, sin, cos); /* both exact */
	double inverse = 1 / denominator;
	double t = numerator * inverse;
	double t_low = fma(-t, denominator, numerator) * inverse;
	double z = t * t;
	double p = gs_atan_p[GS_ATAN_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_ATAN_TERMS - 2; i >= 0; i--)
		p = fma(p, z, gs_atan_p[i]);
	struct gs_sum sum = gs_fast_two_sum(gs_atan_high[piece], t); /* 0 or at least t */
	double low = fma(t * z, p, fma(-z, t_low, t_low) + (gs_atan_low[piece] + sum.low));
	return copysign(gs_add_to_odd(sum.high, low), x);
}

/* asin(a) for 0 <= a <= 1/2, and for a beyond that asin(sqrt((1 - a)/2)), which is acos(a)/2: high + low. */
struct gs_asin_parts {
	double high, low;
	bool half; /* the latter */
};

static inline struct gs_asin_parts gs_asin_reduce(double a)
{
	bool half = a > 0.5;
	double w = half ? fma(a, -0.5, 0.5) : a * a; /* exact, and the square of s + s_low */
	double root = sqrt(w);
	double s = half ? root : a;
	double s_low = fma(-s, s, w) / (s + s + 0x1p-1000); /* 0 / 0 for a = 1 otherwise */
	double p = gs_asin_p[GS_ASIN_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_ASIN_TERMS - 2; i >= 0; i--)
		p = fma(p, w, gs_asin_p[i]);
	double grown = w * p;
	return (struct gs_asin_parts){.high = s, .low = fma(s, grown, fma(s_low, grown, s_low)), .half = half};
}

/* quarters * pi/2 + factor * (high + low) to odd; quarters 0, 1 or 2, factor +-1 or +-2, and the sum is not below 0 */
static inline double gs_from_quarters(double quarters, double factor, struct gs_asin_parts y)
{
	struct gs_sum sum = gs_fast_two_sum(quarters * GS_HALF_PI_HIGH, factor * y.high);
	return gs_add_to_odd(sum.high, fma(factor, y.low, fma(quarters, GS_HALF_PI_LOW, sum.low)));
}

/* asin(x) for |x| <= 1 */
static inline double gs_asin_core(double x)
{
	struct gs_asin_parts y = gs_asin_reduce(gs_magnitude(x, 1));
	return copysign(gs_from_quarters(y.half ? 1 : 0, y.half ? -2 : 1, y), x);
}

/* acos(x) for |x| <= 1 */
static inline double gs_acos_core(double x)
{
	struct gs_asin_parts y = gs_asin_reduce(gs_magnitude(x, 1));
	double sign = copysign(1, x);
	return gs_from_quarters(y.half ? 1 - sign : 1, y.half ? sign + sign : -sign, y);
}

/* tan(quadrant * pi/2 + r) to odd. As in gs_sin_quadrant, but sin and cos are pairs, good to 2^-56 of themselves. */
static inline double gs_tan_quadrant(struct gs_angle a)
{
	double z = a.r * a.r;
	double z_low = fma(a.r, a.r, -z);
	double s = gs_sin_s[GS_SIN_TERMS - 1], c = gs_cos_c[GS_COS_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_SIN_TERMS - 2; i >= 1; i--)
		s = fma(s, z, gs_sin_s[i]);
#pragma GCC unroll 16
	for (int i = GS_COS_TERMS - 2; i >= 0; i--)
		c = fma(c, z, gs_cos_c[i]);
	double cos_start = fma(z, -0.5, 1);
	double cos_rest = fma(z, -0.5, 1 - cos_start); /* exact */
	/* sin r = r + s0 r^3 + (r^5 S + cos(r) r_low), with s0 r^3 as a pair */
	double square = z * gs_sin_s[0];
	double square_low = fma(z_low, gs_sin_s[0], fma(z, gs_sin_s[0], -square));
	double cube = a.r * square;
	double cube_low = fma(a.r, square, -cube);
	struct gs_sum sin = gs_fast_two_sum(a.r, cube);
	sin.low += fma(a.r, fma(z * z, s, square_low), fma(cos_start, a.r_low, cube_low));
	sin = gs_fast_two_sum(sin.high, sin.low);
	/* cos r = 1 - r^2/2 + (r^4 C - sin(r) r_low) */
	double cos_low = fma(z * z, c, cos_rest - fma(sin.high, a.r_low, 0.5 * z_low));
	struct gs_sum cos = gs_fast_two_sum(cos_start, cos_low);
	bool odd = a.quadrant & 1;
	double n = odd ? cos.high : sin.high, n_low = odd ? cos.low : sin.low;
	double d = odd ? sin.high : cos.high, d_low = odd ? sin.low : cos.low;
	double quotient = n / d;
	double low = fma(-quotient, d_low, fma(-quotient, d, n) + n_low) / d;
	double value = gs_add_to_odd(quotient, low);
	return odd ? -value : value;
}

static inline float gs_tan_f32(float x)
{
	double y = gs_tan_quadrant(gs_angle_reduce(x));
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)y) ^ (in & 0x80000000);
	return gs_f32_of_bits(gs_choose((in & INT32_MAX) >= 0x7f800000, 0x7fc00000, out));
}

static inline float gs_asin_f32(float x)
{
	uint32_t out = gs_f32_bits((float)gs_asin_core(x));
	return gs_f32_of_bits(gs_choose((gs_f32_bits(x) & INT32_MAX) > 0x3f800000, 0x7fc00000, out));
}

static inline float gs_acos_f32(float x)
{
	uint32_t out = gs_f32_bits((float)gs_acos_core(x));
	return gs_f32_of_bits(gs_choose((gs_f32_bits(x) & INT32_MAX) > 0x3f800000, 0x7fc00000, out));
}

static inline float gs_atan_f32(float x)
{
	return gs_unless_nan(x, (float)gs_atan_core(x));
}

#endif
