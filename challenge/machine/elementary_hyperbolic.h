/* challenge/machine/elementary_hyperbolic.h: sinh, cosh and their inverses, in the manner of elementary_core.h.
 *
 * Internal, for elementary.c. Everything said at the head of elementary_core.h holds here, and the proof covers these
 * sequences as it covers those. They have no coefficients of their own: sinh and cosh use those of exp, the inverses
 * those of log. Square root and division are IEEE 754 operations like the others, rounded once. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_HYPERBOLIC_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_HYPERBOLIC_H

#include "challenge/machine/elementary_core.h"

/* even * cosh(r + r_low) + odd * sinh(r + r_low), to odd. The terms up to r^2 are added with their errors; of the rest,
 * which is below 2^-5 of the whole, a double is enough. The powers of r alternate in exp's polynomial, whose even and
 * odd halves are those of cosh and sinh. */
static inline double gs_hyperbolic_sum(struct gs_sum even, struct gs_sum odd, struct gs_exp_pair e)
{
	double half = e.r * gs_exp_q[0]; /* q0 = 1/2 */
	double square = e.r * half;      /* r^2/2 */
	double square_low = fma(e.r, half, -square);
	double z = square + square;
	double s = gs_exp_q[GS_EXP_TERMS - 2], c = gs_exp_q[GS_EXP_TERMS - 1];
#pragma GCC unroll 16
	for (int i = GS_EXP_TERMS - 4; i >= 1; i -= 2)
		s = fma(s, z, gs_exp_q[i]);
#pragma GCC unroll 16
	for (int i = GS_EXP_TERMS - 3; i >= 2; i -= 2)
		c = fma(c, z, gs_exp_q[i]);
	double first = odd.high * e.r;
	double first_low = fma(odd.high, e.r, -first);
	double second = even.high * square;
	double second_low = fma(even.high, square, -second);
	struct gs_sum one = gs_two_sum(even.high, first);
	struct gs_sum two = gs_two_sum(one.high, second);
	/* the slope, for r_low: within r^3/6 of odd cosh r + even sinh r */
	double slope = fma(odd.high, square, fma(even.high, e.r, odd.high));
	double tiny = fma(slope, e.r_low, fma(odd.low, e.r, even.low)) + (first_low + second_low);
	double rest = fma(odd.high * (e.r * z), s, even.high * fma(z * z, c, square_low));
	return gs_add_to_odd(two.high, rest + (two.low + one.low + tiny));
}

/* sinh(|x|) where odd, else cosh(x), for any x but NaN: (2^k exp(r) -+ 2^-k exp(-r)) / 2 */
static inline double gs_hyperbolic_core(double x, bool sine)
{
	struct gs_exp_pair e = gs_exp_reduce_pair(gs_magnitude(x, 110)); /* beyond, the result overflows */
	double up = e.scale * 0.5;
	double down = gs_f64_of_bits(((uint64_t)2045 << 52) - gs_f64_bits(e.scale));
	struct gs_sum sum = gs_two_sum(up, down), difference = gs_two_sum(up, -down);
	return sine ? gs_hyperbolic_sum(difference, sum, e) : gs_hyperbolic_sum(sum, difference, e);
}

/* The square root of t, twice a double's precision. t.high normal and positive, t.low at most a last place of it. */
static inline struct gs_sum gs_sqrt_of_sum(struct gs_sum t)
{
	double high = sqrt(t.high);
	return (struct gs_sum){.high = high, .low = (fma(-high, high, t.high) + t.low) / (high + high)};
}

/* asinh(x) for finite x: log(|x| + sqrt(x^2 + 1)) */
static inline double gs_asinh_core(double x)
{
	double a = gs_magnitude(x, 0x1p128);
	struct gs_sum root = gs_sqrt_of_sum(gs_two_sum(1, a * a)); /* the square is exact: x was a float */
	struct gs_sum u = gs_two_sum(root.high, a);
	u.low += root.low;
	return copysign(gs_log_of_sum(u), x);
}

/* acosh(x) for 1 < x < infinity: log(x + sqrt(x^2 - 1)) */
static inline double gs_acosh_core(double x)
{
	int64_t bits = (int64_t)gs_f64_bits(x); /* those of x < 0, read as signed, lie below every positive x */
	const int64_t least = 0x3ff0000020000000, most = (int64_t)0x47f << 52; /* the float after 1, and 2^128 */
	bits = bits > least ? bits : least;
	bits = bits < most ? bits : most;
	double a = gs_f64_of_bits((uint64_t)bits);
	struct gs_sum root = gs_sqrt_of_sum(gs_two_sum(a * a, -GS_ACOSH_ONE)); /* the square is exact */
	struct gs_sum u = gs_two_sum(a, root.high);
	u.low += root.low;
	return gs_log_of_sum(u);
}

/* atanh(x) for |x| < 1: log((1 + |x|) / (1 - |x|)) / 2 */
static inline double gs_atanh_core(double x)
{
	double a = gs_magnitude(x, 0x1.fffffep-1); /* the float before 1 */
	struct gs_sum n = gs_two_sum(1, a), d = gs_two_sum(1, -a);
	struct gs_sum u = {.high = n.high / d.high};
	u.low = fma(-u.high, d.low, fma(-u.high, d.high, n.high) + n.low) / d.high; /* the inner fma is exact */
	return copysign(0.5 * gs_log_of_sum(u), x);
}

static inline float gs_sinh_f32(float x)
{
	return gs_unless_nan(x, (float)copysign(gs_hyperbolic_core(x, true), x));
}

static inline float gs_cosh_f32(float x)
{
	return gs_unless_nan(x, (float)gs_hyperbolic_core(x, false));
}

static inline float gs_asinh_f32(float x)
{
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)gs_asinh_core(x));
	return gs_unless_nan(x, gs_f32_of_bits(gs_choose((in & INT32_MAX) == 0x7f800000, in, out)));
}

static inline float gs_acosh_f32(float x)
{
	uint32_t in = gs_f32_bits(x), out = gs_f32_bits((float)gs_acosh_core(x));
	out = gs_choose(in == 0x7f800000, in, out);
	out = gs_choose(in == 0x3f800000, 0, out);                            /* 1 */
	out = gs_choose(in < 0x3f800000 || in > 0x7f800000, 0x7fc00000, out); /* below 1 and NaN */
	return gs_f32_of_bits(out);
}

static inline float gs_atanh_f32(float x)
{
	uint32_t in = gs_f32_bits(x), size = in & INT32_MAX, out = gs_f32_bits((float)gs_atanh_core(x));
	out = gs_choose(size == 0x3f800000, in + 0x40000000, out); /* 1 to infinity */
	return gs_f32_of_bits(gs_choose(size > 0x3f800000, 0x7fc00000, out));
}

#endif
