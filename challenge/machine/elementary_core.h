/* challenge/machine/elementary_core.h: the elementary functions of a binary32, each as one sequence of binary64 operations.
 *
 * Internal: for elementary.c and for the vector code of the executor, which may inline these very sequences over
 * arrays. Every operation is an IEEE 754 one (add, subtract, multiply, divide, fma, comparison, choice) or works on
 * bits, so every machine and every vector width computes the same double, and its conversion to float is the correctly
 * rounded result: proved by running all 2^32 inputs (tests/prove, docs/numerics.md). Any edit here needs that run again.
 *
 * Each function takes a float that was widened to double and is defined for every bit pattern (no trap, no undefined
 * behaviour, every table index in range); the result is meaningful only for the operands named. NaN, and what else is
 * named, is settled by the wrappers at the end, which take and return floats.
 *
 * Must be compiled with -ffp-contract=off, under round to nearest and without flush to zero. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_CORE_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_CORE_H

#include "challenge/machine/elementary_tables.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The loops over coefficients have constant length; unrolled, the loop over an array around them can use vectors. */

static inline uint64_t gs_f64_bits(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline double gs_f64_of_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline uint32_t gs_f32_bits(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline float gs_f32_of_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* |x|, at most limit; NaN gives limit. On bits, which compilers put into vectors without leave to ignore traps. */
static inline double gs_magnitude(double x, double limit)
{
	uint64_t bits = gs_f64_bits(x) & INT64_MAX, most = gs_f64_bits(limit);
	return gs_f64_of_bits(bits < most ? bits : most);
}

/* a + b rounded to odd, for |a| >= |b| or a = 0: where the sum is not a binary64, the neighbour whose last bit is 1. Its
 * later rounding to binary32 is then that of the exact sum, never a tie made by the first rounding. */
static inline double gs_add_to_odd(double a, double b)
{
	double sum = a + b;
	double error = (a - sum) + b; /* exact */
	uint64_t bits = gs_f64_bits(sum);
	uint64_t step = (uint64_t)(gs_f64_bits(error) << 1 != 0) & ~bits;
	uint64_t inward = (gs_f64_bits(error) ^ bits) >> 63;
	return gs_f64_of_bits(bits + step - 2 * (step & inward));
}

/* a + b = high + low exactly, whichever is larger. */
struct gs_sum {
	double high, low;
};

static inline struct gs_sum gs_two_sum(double a, double b)
{
	double high = a + b;
	double b_there = high - a;
	return (struct gs_sum){.high = high, .low = (a - (high - b_there)) + (b - b_there)};
}

/* exp(x) = scale * (1 + grown), scale a power of two: what exp and tanh share. |x| at most 128. */
struct gs_exp_parts {
	double scale;
	double grown; /* exp(r) - 1 */
};

static inline struct gs_exp_parts gs_exp_reduce(double x)
{
	const double shift = 0x1.8p52; /* adding it rounds to an integer, which then stands in the low bits */
	double shifted = fma(x, GS_LOG2_INVERSE, shift);
	double k = shifted - shift;
	double r = fma(k, -GS_LOG2_LOW, fma(k, -GS_LOG2_HIGH, x)); /* the inner one is exact */
	double q = gs_exp_q[GS_EXP_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_EXP_TERMS - 2; i >= 0; i--)
		q = fma(q, r, gs_exp_q[i]);
	return (struct gs_exp_parts){
		.scale = gs_f64_of_bits((gs_f64_bits(shifted) + 1023) << 52),
		.grown = fma(r * r, q, r),
	};
}

/* exp(x) for any x but NaN */
static inline double gs_exp_core(double x)
{
	/* exp(110) is beyond the largest binary32, exp(-110) below half of the least */
	struct gs_exp_parts e = gs_exp_reduce(copysign(gs_magnitude(x, 110), x));
	return fma(e.scale, e.grown, e.scale);
}

/* log(x) for 0 < x < infinity */
static inline double gs_log_core(double x)
{
	const uint64_t start = 0x3fe6550000000000; /* x = 2^k z with z from here up to twice that */
	const uint64_t bias = (uint64_t)1024 << 52;
	uint64_t bits = gs_f64_bits(x);
	uint64_t place = bits - start + bias; /* k + 1024 above, the position of z in sixteen pieces below */
	uint64_t piece = place >> 48 & (GS_LOG_PIECES - 1);
	double k = gs_f64_of_bits(place >> 52 | (uint64_t)0x433 << 52) - (0x1p52 + 1024);
	double z = gs_f64_of_bits(bits - (place & (uint64_t)0xfff << 52) + bias);
	double r = fma(z, gs_log_inverse[piece], -1); /* exact */
	double p = gs_log_p[GS_LOG_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_LOG_TERMS - 2; i >= 0; i--)
		p = fma(p, r, gs_log_p[i]);
	double high = fma(k, GS_LOG2_HIGH, gs_log_high[piece]); /* exact */
	double low = fma(k, GS_LOG2_LOW, gs_log_low[piece]);
	double sum = high + r;
	double rest = (high - sum) + r; /* exact: high is 0 or at least r */
	return gs_add_to_odd(sum, fma(r * r, p, low + rest));
}

/* tanh(x) for any x but NaN */
static inline double gs_tanh_core(double x)
{
	double a = gs_magnitude(x, 10); /* 1 from there on */
	struct gs_exp_parts e = gs_exp_reduce(a + a);
	/* (exp(2a) - 1) / (exp(2a) + 1) */
	return copysign(fma(e.scale, e.grown, e.scale - 1) / fma(e.scale, e.grown, e.scale + 1), x);
}

/* erf(x) for any x but NaN */
static inline double gs_erf_core(double x)
{
	const double shift = 0x1.8p50;        /* in its binade a last place is 1/4: adding it rounds to quarters */
	double a = gs_magnitude(x, 3.984375); /* 1 from there on */
	uint64_t piece = gs_f64_bits((a - 0.125) + shift) & (GS_ERF_PIECES - 1);
	double t = a - gs_erf_c[piece];
	double p = gs_erf_t[GS_ERF_TERMS - 1][piece];
#pragma GCC unroll 16
	for (int k = GS_ERF_TERMS - 2; k >= 0; k--)
		p = fma(p, t, gs_erf_t[k][piece]);
	return copysign(a * p, x);
}

/* x = k log(2) + r + r_low, scale = 2^k: what expm1, sinh and cosh share. |x| at most 128. */
struct gs_exp_pair {
	double scale, r, r_low;
};

static inline struct gs_exp_pair gs_exp_reduce_pair(double x)
{
	const double shift = 0x1.8p52;
	double shifted = fma(x, GS_LOG2_INVERSE, shift);
	double k = shifted - shift;
	double t = fma(k, -GS_LOG2_HIGH, x); /* exact */
	double r = fma(k, -GS_LOG2_LOW, t);
	return (struct gs_exp_pair){
		.scale = gs_f64_of_bits((gs_f64_bits(shifted) + 1023) << 52),
		.r = r,
		.r_low = fma(k, -GS_LOG2_LOW, t - r),
	};
}

/* exp(x) - 1 for any x but NaN */
static inline double gs_expm1_core(double x)
{
	/* beyond 110 the result overflows or rounds to -1 */
	struct gs_exp_pair e = gs_exp_reduce_pair(copysign(gs_magnitude(x, 110), x));
	/* exp(r) - 1 = r + q0 r^2 + rest, q0 = 1/2 */
	double q = gs_exp_q[GS_EXP_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_EXP_TERMS - 2; i >= 1; i--)
		q = fma(q, e.r, gs_exp_q[i]);
	double half = e.r * gs_exp_q[0];
	double square = e.r * half;
	double square_low = fma(e.r, half, -square);
	struct gs_sum one = gs_two_sum(e.scale, -1);
	struct gs_sum two = gs_two_sum(one.high, e.scale * e.r);
	struct gs_sum three = gs_two_sum(two.high, e.scale * square);
	double rest = fma(e.r * (e.r * e.r), q, square_low) + fma(e.r, e.r_low, e.r_low);
	double low = fma(e.scale, rest, three.low) + (two.low + one.low);
	return copysign(gs_add_to_odd(three.high, low), x);
}

/* log(u.high + u.low), to odd, where u.low is at most a last place or two of u.high: what log1p shares with the inverse
 * hyperbolic functions. u.high positive, from 2^-24 to 2^130. */
static inline double gs_log_of_sum(struct gs_sum u)
{
	const uint64_t start = 0x3fe6550000000000, bias = (uint64_t)1024 << 52;
	uint64_t bits = gs_f64_bits(u.high);
	uint64_t place = bits - start + bias; /* as in log */
	uint64_t piece = place >> 48 & (GS_LOG_PIECES - 1);
	double k = gs_f64_of_bits(place >> 52 | (uint64_t)0x433 << 52) - (0x1p52 + 1024);
	double z = gs_f64_of_bits(bits - (place & (uint64_t)0xfff << 52) + bias);
	double z_low = u.low * gs_f64_of_bits(((uint64_t)2047 << 52) - (place & (uint64_t)0xfff << 52)); /* exact */
	double inverse = gs_log_inverse[piece];
	double product = z * inverse;
	/* z/c - 1 = r + r_low: the product's head less 1 is exact */
	double head = product - 1;
	double tail = fma(z_low, inverse, fma(z, inverse, -product));
	double r = head + tail;
	double r_low = (head - r) + tail;
	double p = gs_log_p[GS_LOG_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_LOG_TERMS - 2; i >= 0; i--)
		p = fma(p, r, gs_log_p[i]);
	double high = fma(k, GS_LOG2_HIGH, gs_log_high[piece]); /* exact */
	double low = fma(k, GS_LOG2_LOW, gs_log_low[piece]);
	double sum = high + r;
	double rest = (high - sum) + r; /* exact: high is 0 or at least r */
	return gs_add_to_odd(sum, fma(r * r, p, low + (rest + r_low)));
}

/* log(1 + x) for -1 < x < infinity */
static inline double gs_log1p_core(double x)
{
	return copysign(gs_log_of_sum(gs_two_sum(1, x)), x);
}

/* An angle |x| as quadrant * pi/2 + r + r_low, |r| <= pi/4. */
struct gs_angle {
	uint64_t quadrant; /* modulo 4 */
	double r, r_low;
};

/* The product of x's significand and 128 bits of 2/pi, those that are worth from 2 quadrants down: what lies above them
 * is whole turns, what lies below is less than 2^-102 quadrants. No binary32 comes nearer than 2^-33 to a multiple. */
static inline struct gs_angle gs_angle_reduce(float x)
{
	uint32_t bits = gs_f32_bits(x) & INT32_MAX;
	uint32_t exponent = bits >> 23 > 126 ? bits >> 23 : 126;
	uint64_t significand = (bits & 0x7fffff) | 0x800000;
	uint32_t from = exponent - 120, word = from >> 5, shift = from & 31;
	uint64_t w[4];
#pragma GCC unroll 4
	for (uint32_t i = 0; i < 4; i++)
		w[i] = ((uint64_t)gs_two_over_pi[word + i] << 32 | gs_two_over_pi[word + i + 1]) << shift >> 32;
	uint64_t p3 = significand * w[3];
	uint64_t p2 = significand * w[2] + (p3 >> 32);
	uint64_t p1 = significand * w[1] + (p2 >> 32);
	uint64_t p0 = significand * w[0] + (p1 >> 32);
	uint64_t high = p0 << 32 | (p1 & UINT32_MAX), low = p2 << 32 | (p3 & UINT32_MAX);
	uint64_t fraction = high << 2 | low >> 62; /* of a quadrant, read as signed: from -1/2 to 1/2 */
	double upper = (double)(fraction >> 32) - (double)(fraction >> 63) * 0x1p32;
	double middle = (double)(fraction & UINT32_MAX) * 0x1p-32;
	double lower = (double)(low << 2 >> 32) * 0x1p-64;
	double sum = upper + middle; /* in units of 2^-32 quadrants */
	double rest = (upper - sum) + middle + lower;
	double f = (sum + rest) * 0x1p-32;
	double f_low = ((sum - (sum + rest)) + rest) * 0x1p-32;
	double r = f * GS_HALF_PI_HIGH;
	double r_low = fma(f, GS_HALF_PI_HIGH, -r) + fma(f, GS_HALF_PI_LOW, f_low * GS_HALF_PI_HIGH);
	bool small = bits < 0x3f490fdb; /* |x| < pi/4 */
	double magnitude = (double)gs_f32_of_bits(bits);
	return (struct gs_angle){
		.quadrant = small ? 0 : (high >> 62) + (fraction >> 63),
		.r = small ? magnitude : r,
		.r_low = small ? 0 : r_low,
	};
}

/* sin(quadrant * pi/2 + r) to odd: sin is asked with the quadrant, cos with one more. */
static inline double gs_sin_quadrant(struct gs_angle a)
{
	double z = a.r * a.r;
	double z_low = fma(a.r, a.r, -z);
	double s = gs_sin_s[GS_SIN_TERMS - 1], c = gs_cos_c[GS_COS_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_SIN_TERMS - 2; i >= 0; i--)
		s = fma(s, z, gs_sin_s[i]);
#pragma GCC unroll 16
	for (int i = GS_COS_TERMS - 2; i >= 0; i--)
		c = fma(c, z, gs_cos_c[i]);
	/* sin r = r + (r^3 S + cos(r) r_low), cos r = 1 - r^2/2 + (r^4 C - r r_low) */
	double sin_low = fma(z * a.r, s, fma(z * -0.5, a.r_low, a.r_low));
	double cos_high = fma(z, -0.5, 1);
	double cos_rest = fma(z, -0.5, 1 - cos_high); /* exact */
	double cos_low = fma(z * z, c, cos_rest - fma(a.r, a.r_low, 0.5 * z_low));
	bool odd = a.quadrant & 1;
	double value = gs_add_to_odd(odd ? cos_high : a.r, odd ? cos_low : sin_low);
	return a.quadrant & 2 ? -value : value;
}

/* condition ? a : b by masks: a compiler must not turn it into a branch around the work, which bars vectors. */
static inline uint32_t gs_choose(bool condition, uint32_t a, uint32_t b)
{
	uint32_t mask = -(uint32_t)condition;
	return (a & mask) | (b & ~mask);
}

/* The binary32 functions. The one NaN they return is 0x7fc00000. */
static inline float gs_unless_nan(float x, float y)
{
	return gs_f32_of_bits(gs_choose((gs_f32_bits(x) & INT32_MAX) > 0x7f800000, 0x7fc00000, gs_f32_bits(y)));
}

static inline float gs_exp_f32(float x)
{
	return gs_unless_nan(x, (float)gs_exp_core(x));
}

static inline float gs_log_f32(float x)
{
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)gs_log_core(x));
	out = gs_choose(in == 0x7f800000, in, out);
	out = gs_choose(in > 0x7f800000, 0x7fc00000, out); /* NaN and below zero */
	out = gs_choose(in << 1 == 0, 0xff800000, out);    /* zeros */
	return gs_f32_of_bits(out);
}

static inline float gs_tanh_f32(float x)
{
	return gs_unless_nan(x, (float)gs_tanh_core(x));
}

static inline float gs_erf_f32(float x)
{
	return gs_unless_nan(x, (float)gs_erf_core(x));
}

static inline float gs_sin_f32(float x)
{
	double y = gs_sin_quadrant(gs_angle_reduce(x));
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)y) ^ (in & 0x80000000);
	return gs_f32_of_bits(gs_choose((in & INT32_MAX) >= 0x7f800000, 0x7fc00000, out));
}

static inline float gs_cos_f32(float x)
{
	struct gs_angle a = gs_angle_reduce(x);
	a.quadrant++;
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)gs_sin_quadrant(a));
	return gs_f32_of_bits(gs_choose((in & INT32_MAX) >= 0x7f800000, 0x7fc00000, out));
}

static inline float gs_expm1_f32(float x)
{
	return gs_unless_nan(x, (float)gs_expm1_core(x));
}

static inline float gs_log1p_f32(float x)
{
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)gs_log1p_core(x));
	out = gs_choose(in == 0x7f800000, in, out);
	out = gs_choose(in == 0xbf800000, 0xff800000, out); /* -1 */
	out = gs_choose(in > 0xbf800000 || (in > 0x7f800000 && in < 0x80000000), 0x7fc00000,
	                out); /* NaN and below -1 */
	return gs_f32_of_bits(out);
}

/* To integers: exact, so the C library's are right; -0 and infinities stay. rint is half to even in this mode. */
static inline float gs_floor_f32(float x)
{
	return gs_unless_nan(x, floorf(x));
}

static inline float gs_ceil_f32(float x)
{
	return gs_unless_nan(x, ceilf(x));
}

static inline float gs_trunc_f32(float x)
{
	return gs_unless_nan(x, truncf(x));
}

static inline float gs_round_f32(float x)
{
	return gs_unless_nan(x, rintf(x));
}

#endif
