/* challenge/machine/elementary_core.h: exp, log, tanh and erf of a binary32, each as one sequence of binary64 operations.
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

#endif
