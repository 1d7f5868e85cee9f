/* challenge/machine/elementary_hyperbolic.h: sinh, cosh and their inverses, in the manner of elementary_core.h.
 *
 * Internal, for elementary.c. Everything said at the head of elementary_core.h holds here, and the proof covers these
 * sequences as it covers those. They have no coefficients of their own: sinh and cosh use those of exp, the inverses
 * those of log. Square root and division are IEEE 754 operations like the others, rounded once. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_HYPERBOLIC_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_HYPERBOLIC_H

#include "challenge/machine/elementary_core.h"

#include <float.h>

/* even * cosh(r + r_low) + odd * sinh(r + r_low), to odd. The terms up to r^2 are added with their errors; of the rest,
 * which is below 2^-5 of the whole, a double is enough. The powers of r alternate in exp's polynomial, whose even and
 * odd halves are those of cosh and sinh. */
static inline gs_vd gs_hyperbolic_sum(struct gs_sum even, struct gs_sum odd, struct gs_exp_pair e)
{
	gs_vd half = e.r * gs_exp_q[0]; /* q0 = 1/2 */
	gs_vd square = e.r * half;      /* r^2/2 */
	gs_vd square_low = gs_fma(e.r, half, -square);
	gs_vd z = square + square;
	gs_vd s = gs_polynomial_by_two(gs_exp_q, 1, GS_EXP_TERMS - 2, z);
	gs_vd c = gs_polynomial_by_two(gs_exp_q, 2, GS_EXP_TERMS - 1, z);
	gs_vd first = odd.high * e.r;
	gs_vd first_low = gs_fma(odd.high, e.r, -first);
	gs_vd second = even.high * square;
	gs_vd second_low = gs_fma(even.high, square, -second);
	struct gs_sum one = gs_two_sum(even.high, first);
	struct gs_sum two = gs_two_sum(one.high, second);
	/* the slope, for r_low: within r^3/6 of odd cosh r + even sinh r */
	gs_vd slope = gs_fma(odd.high, square, gs_fma(even.high, e.r, odd.high));
	gs_vd tiny = gs_fma(slope, e.r_low, gs_fma(odd.low, e.r, even.low)) + (first_low + second_low);
	gs_vd rest = gs_fma(odd.high * (e.r * z), s, even.high * gs_fma(z * z, c, square_low));
	return gs_add_to_odd(two.high, rest + (two.low + one.low + tiny));
}

/* sinh(a) where `sine`, else cosh(a), for 0 <= a <= 110, beyond which they overflow: (2^k exp(r) -+ 2^-k exp(-r)) / 2 */
static inline gs_vd gs_hyperbolic_core(gs_vd a, bool sine)
{
	struct gs_exp_pair e = gs_exp_reduce_pair(a);
	gs_vd up = e.scale * 0.5;
	gs_vd down = gs_of_bits(gs_all_u((uint64_t)2045 << 52) - gs_bits(e.scale));
	struct gs_sum sum = gs_two_sum(up, down), difference = gs_two_sum(up, -down);
	return sine ? gs_hyperbolic_sum(difference, sum, e) : gs_hyperbolic_sum(sum, difference, e);
}

/* The square root of t, twice a gs_vd's precision. t.high normal and positive, t.low at most a last place of it. */
static inline struct gs_sum gs_sqrt_of_sum(struct gs_sum t)
{
	gs_vd high = gs_sqrt(t.high);
	return (struct gs_sum){.high = high, .low = (gs_fma(-high, high, t.high) + t.low) / (high + high)};
}

/* asinh(a) for finite a >= 0: log(a + sqrt(a^2 + 1)) */
static inline gs_vd gs_asinh_core(gs_vd a)
{
	struct gs_sum root = gs_sqrt_of_sum(gs_two_sum(gs_all(1), a * a)); /* the square is exact: a was a float */
	struct gs_sum u = gs_two_sum(root.high, a);
	u.low += root.low;
	return gs_log_of_sum(u);
}

/* acosh(a) for 1 < a < infinity: log(a + sqrt(a^2 - 1)) */
static inline gs_vd gs_acosh_core(gs_vd a)
{
	struct gs_sum root = gs_sqrt_of_sum(gs_two_sum(a * a, gs_all(-GS_ACOSH_ONE))); /* the square is exact */
	struct gs_sum u = gs_two_sum(a, root.high);
	u.low += root.low;
	return gs_log_of_sum(u);
}

/* atanh(a) for 0 <= a < 1: log((1 + a) / (1 - a)) / 2 */
static inline gs_vd gs_atanh_core(gs_vd a)
{
	struct gs_sum n = gs_two_sum(gs_all(1), a), d = gs_two_sum(gs_all(1), -a);
	struct gs_sum u = {.high = n.high / d.high};
	u.low = gs_fma(-u.high, d.low, gs_fma(-u.high, d.high, n.high) + n.low) / d.high; /* the inner fma is exact */
	return 0.5 * gs_log_of_sum(u);
}

/* The magnitude of x's result with the sign of x. */
static inline gs_vw gs_narrow_signed(gs_vd y, gs_vf x)
{
	return (gs_bits_w(gs_narrow(y)) & ~GS_SIGN_F32) | (gs_bits_w(x) & GS_SIGN_F32);
}

static inline gs_vf gs_sinh_f32(gs_vf x)
{
	gs_vd y = gs_hyperbolic_core(gs_widen(gs_magnitude_to(x, 110)), true);
	return gs_unless_nan(x, gs_of_bits_w(gs_narrow_signed(y, x)));
}

static inline gs_vf gs_cosh_f32(gs_vf x)
{
	return gs_unless_nan(x, gs_narrow(gs_hyperbolic_core(gs_widen(gs_magnitude_to(x, 110)), false)));
}

static inline gs_vf gs_asinh_f32(gs_vf x)
{
	gs_vw in = gs_bits_w(x);
	gs_vw out = gs_narrow_signed(gs_asinh_core(gs_widen(gs_magnitude_to(x, FLT_MAX))), x);
	return gs_unless_nan(x, gs_of_bits_w(gs_pick_w(gs_equal_w(in & ~GS_SIGN_F32, 0x7f800000), in, out)));
}

static inline gs_vf gs_acosh_f32(gs_vf x)
{
	gs_vf inside = gs_max_f(gs_min_f(x, gs_all_f(FLT_MAX)),
	                        gs_all_f(0x1.000002p0f)); /* from the float after 1 on */
	gs_vw in = gs_bits_w(x), out = gs_bits_w(gs_narrow(gs_acosh_core(gs_widen(inside))));
	out = gs_pick_w(gs_above_w(in - 0x3f800000, 0x40000000), gs_all_w(0x7fc00000), out); /* below 1 and NaN */
	out = gs_pick_w(gs_equal_w(in, 0x7f800000), in, out);
	return gs_of_bits_w(gs_pick_w(gs_equal_w(in, 0x3f800000), gs_all_w(0), out)); /* 1 */
}

static inline gs_vf gs_atanh_f32(gs_vf x)
{
	gs_vw in = gs_bits_w(x), size = in & ~GS_SIGN_F32;
	gs_vd a = gs_widen(gs_magnitude_to(x, 0x1.fffffep-1f)); /* the float before 1 */
	gs_vw out = gs_narrow_signed(gs_atanh_core(a), x);
	out = gs_pick_w(gs_equal_w(size, 0x3f800000), in + 0x40000000, out); /* 1 to infinity */
	return gs_of_bits_w(gs_pick_w(gs_above_w(size, 0x3f800000), gs_all_w(0x7fc00000), out));
}

#endif
