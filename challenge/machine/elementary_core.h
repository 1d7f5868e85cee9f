/* challenge/machine/elementary_core.h: the elementary functions of a binary32, each as one sequence of binary64 operations.
 *
 * Internal: for elementary.c, where a lane is all there is, and for the vector kernels of the executor, which define lanes
 * of their own and include these very sequences (elementary_lane.h says how). Every operation is an IEEE 754 one (add,
 * subtract, multiply, divide, square root, fma, comparison, choice) or works on bits, so every machine and every vector
 * width computes the same double, and its conversion to float is the correctly rounded result: proved by running all 2^32
 * inputs (tests/prove, docs/numerics.md). Any edit here needs that run again.
 *
 * The sequences (gs_*_core) take floats that were widened to doubles and are defined for every bit pattern (no trap, no
 * undefined behaviour, every table index in range); the result is meaningful only for the operands named. NaN, and what
 * else is named, is settled by the functions at the end, which take and return floats.
 *
 * Must be compiled with -ffp-contract=off, under round to nearest and without flush to zero. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_CORE_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_CORE_H

#ifndef GS_ELEMENTARY_LANES
#include "challenge/machine/elementary_lane.h"
#endif
#include "challenge/machine/elementary_tables.h"

#define GS_SIGN_F64 ((uint64_t)1 << 63)
#define GS_SIGN_F32 0x80000000u
#define GS_UNLIKELY(condition) __builtin_expect(condition, 0)

static inline gs_vd gs_magnitude(gs_vd x)
{
	return gs_of_bits(gs_bits(x) & ~GS_SIGN_F64);
}

/* The magnitude of y with the sign of x. */
static inline gs_vd gs_with_sign(gs_vd y, gs_vd x)
{
	return gs_of_bits((gs_bits(y) & ~GS_SIGN_F64) | (gs_bits(x) & GS_SIGN_F64));
}

/* |x|, at most limit; NaN gives limit. */
static inline gs_vf gs_magnitude_to(gs_vf x, float limit)
{
	return gs_min_f(gs_of_bits_w(gs_bits_w(x) & ~GS_SIGN_F32), gs_all_f(limit));
}

/* y with the sign of x; y has none of its own, but for NaN. */
static inline gs_vf gs_signed(gs_vf y, gs_vf x)
{
	return gs_of_bits_w(gs_bits_w(y) | (gs_bits_w(x) & GS_SIGN_F32));
}

/* c[first] + x (c[first + 1] + x (... c[last])), by Horner's rule. The loop is unrolled: first and last are constants. */
static inline gs_vd gs_polynomial(const double *c, int first, int last, gs_vd x)
{
	gs_vd p = gs_all(c[last]);
#pragma GCC unroll 16
	for (int i = last - 1; i >= first; i--)
		p = gs_fma(p, x, gs_all(c[i]));
	return p;
}

/* Every second coefficient only, for even and odd powers. */
static inline gs_vd gs_polynomial_by_two(const double *c, int first, int last, gs_vd x)
{
	gs_vd p = gs_all(c[last]);
#pragma GCC unroll 16
	for (int i = last - 2; i >= first; i -= 2)
		p = gs_fma(p, x, gs_all(c[i]));
	return p;
}

/* An integer below 2^32 as a double, exactly: it is written into the significand of 2^52. */
static inline gs_vd gs_from_word(gs_vu word)
{
	return gs_of_bits(word | (uint64_t)0x433 << 52) - 0x1p52;
}

/* a + b rounded to odd, for |a| >= |b| or a = 0: where the sum is not a binary64, the neighbour whose last bit is 1. Its
 * later rounding to binary32 is then that of the exact sum, never a tie made by the first rounding. */
static inline gs_vd gs_add_to_odd(gs_vd a, gs_vd b)
{
	gs_vd sum = a + b;
	gs_vd error = (a - sum) + b; /* exact */
	gs_vu bits = gs_bits(sum), error_bits = gs_bits(error);
	gs_vu twice = error_bits << 1;
	gs_vu inexact = (twice | (gs_all_u(0) - twice)) >> 63;
	gs_vu inward = (error_bits ^ bits) >> 63;
	return gs_of_bits((bits - (inward & inexact)) | inexact);
}

/* a + b = high + low exactly, whichever is larger. */
struct gs_sum {
	gs_vd high, low;
};

static inline struct gs_sum gs_two_sum(gs_vd a, gs_vd b)
{
	gs_vd high = a + b;
	gs_vd b_there = high - a;
	return (struct gs_sum){.high = high, .low = (a - (high - b_there)) + (b - b_there)};
}

/* 2^k from k as it stands in the low bits of a sum with 2^52. */
static inline gs_vd gs_power_of_two(gs_vd shifted)
{
	return gs_of_bits((gs_bits(shifted) + 1023) << 52);
}

/* exp(x) for |x| <= 110, beyond which it overflows or rounds to 0. x = n log(2)/8 + r, exp(x) = 2^(n/8) (1 + (exp(r) - 1)). */
static inline gs_vd gs_exp_core(gs_vd x)
{
	gs_vd shift = gs_all(0x1.8p52); /* adding it rounds to an integer, which then stands in the low bits */
	gs_vd shifted = gs_fma(x, gs_all(8 * GS_LOG2_INVERSE), shift);
	gs_vd n = shifted - shift;
	gs_vd r = gs_fma(n, gs_all(-GS_LOG2_LOW / 8),
	                 gs_fma(n, gs_all(-GS_LOG2_HIGH / 8), x)); /* the inner one is exact */
	gs_vd grown = gs_fma(r * r, gs_polynomial(gs_exp_eighth_q, 0, GS_EXP_EIGHTH_TERMS - 1, r), r);
	/* the table has taken n modulo 8 back */
	gs_vd scale = gs_of_bits(gs_lookup8(gs_exp_eighth, gs_bits(shifted)) + (gs_bits(shifted) << 49));
	return gs_fma(scale, grown, scale);
}

/* tanh(a) for 0 <= a <= 10, from where it is 1: (exp(2a) - 1) / (exp(2a) + 1). */
static inline gs_vd gs_tanh_core(gs_vd a)
{
	gs_vd x = a + a, shift = gs_all(0x1.8p52);
	gs_vd shifted = gs_fma(x, gs_all(GS_LOG2_INVERSE), shift);
	gs_vd k = shifted - shift;
	gs_vd r = gs_fma(k, gs_all(-GS_LOG2_LOW), gs_fma(k, gs_all(-GS_LOG2_HIGH), x)); /* the inner one is exact */
	gs_vd grown = gs_fma(r * r, gs_polynomial(gs_exp_q, 0, GS_EXP_TERMS - 1, r), r);
	gs_vd scale = gs_power_of_two(shifted);
	return gs_fma(scale, grown, scale - 1) / gs_fma(scale, grown, scale + 1);
}

/* x = 2^k z, z in one of sixteen pieces of an interval about 1, for 0 < x < infinity: what the logarithms share. */
struct gs_log_parts {
	gs_vu place; /* k + 1024 above, the position of z below */
	gs_vu piece;
	gs_vd k, z;
};

static inline struct gs_log_parts gs_log_reduce(gs_vd x)
{
	const uint64_t start = 0x3fe6550000000000; /* z from here up to twice that */
	const uint64_t bias = (uint64_t)1024 << 52;
	gs_vu bits = gs_bits(x);
	gs_vu place = bits - (start - bias);
	return (struct gs_log_parts){
		.place = place,
		.piece = place >> 48 & (GS_LOG_PIECES - 1),
		.k = gs_of_bits(place >> 52 | (uint64_t)0x433 << 52) - (0x1p52 + 1024),
		.z = gs_of_bits(bits - (place & (uint64_t)0xfff << 52) + bias),
	};
}

/* log(x) for 0 < x < infinity as the last sum before rounding, high + low */
static inline struct gs_sum gs_log_sum(gs_vd x)
{
	struct gs_log_parts parts = gs_log_reduce(x);
	gs_vd r = gs_fma(parts.z, gs_lookup16(gs_log_inverse, parts.piece), gs_all(-1)); /* exact */
	gs_vd p = gs_polynomial(gs_log_p, 0, GS_LOG_TERMS - 1, r);
	gs_vd high = gs_fma(parts.k, gs_all(GS_LOG2_HIGH), gs_lookup16(gs_log_high, parts.piece)); /* exact */
	gs_vd low = gs_fma(parts.k, gs_all(GS_LOG2_LOW), gs_lookup16(gs_log_low, parts.piece));
	gs_vd sum = high + r;
	gs_vd rest = (high - sum) + r; /* exact: high is 0 or at least r */
	return (struct gs_sum){.high = sum, .low = gs_fma(r * r, p, low + rest)};
}

#ifndef GS_ELEMENTARY_ERF_BY_PIECE
/* The terms of each lane's piece, and its centre behind them. Lanes that look them up otherwise say so by that name. */
static inline void gs_lookup_erf(gs_vu piece, gs_vd columns[GS_ERF_COLUMNS])
{
#pragma GCC unroll 16
	for (int k = 0; k < GS_ERF_TERMS; k++)
		columns[k] = gs_lookup16(gs_erf_t[k], piece);
	columns[GS_ERF_TERMS] = gs_lookup16(gs_erf_c, piece);
}
#endif

/* erf(a) for 0 <= a <= 3.984375, from where it is 1 */
static inline gs_vd gs_erf_core(gs_vd a)
{
	const double shift = 0x1.8p50; /* in its binade a last place is 1/4: adding it rounds to quarters */
	gs_vu piece = gs_bits((a - 0.125) + shift) & (GS_ERF_PIECES - 1);
	gs_vd c[GS_ERF_COLUMNS];
	gs_lookup_erf(piece, c);
	gs_vd t = a - c[GS_ERF_TERMS], p = c[GS_ERF_TERMS - 1];
#pragma GCC unroll 16
	for (int k = GS_ERF_TERMS - 2; k >= 0; k--)
		p = gs_fma(p, t, c[k]);
	return a * p;
}

/* x = k log(2) + r + r_low, scale = 2^k: what expm1, sinh and cosh share. |x| at most 128. */
struct gs_exp_pair {
	gs_vd scale, r, r_low;
};

static inline struct gs_exp_pair gs_exp_reduce_pair(gs_vd x)
{
	gs_vd shift = gs_all(0x1.8p52);
	gs_vd shifted = gs_fma(x, gs_all(GS_LOG2_INVERSE), shift);
	gs_vd k = shifted - shift;
	gs_vd t = gs_fma(k, gs_all(-GS_LOG2_HIGH), x); /* exact */
	gs_vd r = gs_fma(k, gs_all(-GS_LOG2_LOW), t);
	return (struct gs_exp_pair){
		.scale = gs_power_of_two(shifted),
		.r = r,
		.r_low = gs_fma(k, gs_all(-GS_LOG2_LOW), t - r),
	};
}

/* exp(x) - 1 for |x| <= 110, beyond which it overflows or rounds to -1, but for its sign, which is x's */
static inline gs_vd gs_expm1_core(gs_vd x)
{
	struct gs_exp_pair e = gs_exp_reduce_pair(x);
	/* exp(r) - 1 = r + q0 r^2 + rest, q0 = 1/2 */
	gs_vd q = gs_polynomial(gs_exp_q, 1, GS_EXP_TERMS - 1, e.r);
	gs_vd half = e.r * gs_exp_q[0];
	gs_vd square = e.r * half;
	gs_vd square_low = gs_fma(e.r, half, -square);
	struct gs_sum one = gs_two_sum(e.scale, gs_all(-1));
	struct gs_sum two = gs_two_sum(one.high, e.scale * e.r);
	struct gs_sum three = gs_two_sum(two.high, e.scale * square);
	gs_vd rest = gs_fma(e.r * (e.r * e.r), q, square_low) + gs_fma(e.r, e.r_low, e.r_low);
	gs_vd low = gs_fma(e.scale, rest, three.low) + (two.low + one.low);
	return gs_add_to_odd(three.high, low);
}

/* log(u.high + u.low), to odd, where u.low is at most a last place or two of u.high: what log1p shares with the inverse
 * hyperbolic functions. u.high positive, from 2^-24 to 2^130. */
static inline gs_vd gs_log_of_sum(struct gs_sum u)
{
	struct gs_log_parts parts = gs_log_reduce(u.high); /* as in log */
	gs_vd down = gs_of_bits(gs_all_u((uint64_t)2047 << 52) - (parts.place & (uint64_t)0xfff << 52));
	gs_vd z_low = u.low * down; /* exact */
	gs_vd inverse = gs_lookup16(gs_log_inverse, parts.piece);
	gs_vd product = parts.z * inverse;
	/* z/c - 1 = r + r_low: the product's head less 1 is exact */
	gs_vd head = product - 1;
	gs_vd tail = gs_fma(z_low, inverse, gs_fma(parts.z, inverse, -product));
	gs_vd r = head + tail;
	gs_vd r_low = (head - r) + tail;
	gs_vd p = gs_polynomial(gs_log_p, 0, GS_LOG_TERMS - 1, r);
	gs_vd high = gs_fma(parts.k, gs_all(GS_LOG2_HIGH), gs_lookup16(gs_log_high, parts.piece)); /* exact */
	gs_vd low = gs_fma(parts.k, gs_all(GS_LOG2_LOW), gs_lookup16(gs_log_low, parts.piece));
	gs_vd sum = high + r;
	gs_vd rest = (high - sum) + r; /* exact: high is 0 or at least r */
	return gs_add_to_odd(sum, gs_fma(r * r, p, low + (rest + r_low)));
}

/* log(1 + x) for -1 < x < infinity, but for its sign, which is x's */
static inline gs_vd gs_log1p_core(gs_vd x)
{
	return gs_log_of_sum(gs_two_sum(gs_all(1), x));
}

/* An angle |x| as quadrant * pi/2 + r + r_low, |r| <= pi/4. */
struct gs_angle {
	gs_vu quadrant; /* modulo 4, in its low bits */
	gs_vd r, r_low;
};

/* The product of x's significand and 128 bits of 2/pi, those that are worth from 2 quadrants down: what lies above them
 * is whole turns, what lies below is less than 2^-102 quadrants. No binary32 comes nearer than 2^-33 to a multiple. */
static inline struct gs_angle gs_angle_reduce(gs_vf x)
{
	gs_vw bits = gs_bits_w(x) & ~GS_SIGN_F32;
	gs_vw exponent = gs_pick_w(gs_above_w(bits, 0x3f7fffff), bits >> 23, gs_all_w(126));
	gs_vu significand = gs_extend((bits & 0x7fffff) | 0x800000);
	gs_vu from = gs_extend(exponent) - 120, word = from >> 5, shift = from & 31;
	gs_vu w[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		w[i] = gs_lookup8(gs_two_over_pi, word + i) << shift >> 32;
	gs_vu p3 = gs_mul_low(significand, w[3]);
	gs_vu p2 = gs_mul_low(significand, w[2]) + (p3 >> 32);
	gs_vu p1 = gs_mul_low(significand, w[1]) + (p2 >> 32);
	gs_vu p0 = gs_mul_low(significand, w[0]) + (p1 >> 32);
	gs_vu high = p0 << 32 | (p1 & UINT32_MAX), low = p2 << 32 | (p3 & UINT32_MAX);
	gs_vu fraction = high << 2 | low >> 62; /* of a quadrant, read as signed: from -1/2 to 1/2 */
	gs_vd upper = gs_from_word(fraction >> 32 ^ 0x80000000u) - 0x1p31;
	gs_vd middle = gs_from_word(fraction & UINT32_MAX) * 0x1p-32;
	gs_vd lower = gs_from_word(low << 2 >> 32) * 0x1p-64;
	gs_vd sum = upper + middle; /* in units of 2^-32 quadrants */
	gs_vd rest = (upper - sum) + middle + lower;
	gs_vd f = (sum + rest) * 0x1p-32;
	gs_vd f_low = ((sum - (sum + rest)) + rest) * 0x1p-32;
	gs_vd r = f * GS_HALF_PI_HIGH;
	gs_vd r_low = gs_fma(f, gs_all(GS_HALF_PI_HIGH), -r) +
	              gs_fma(f, gs_all(GS_HALF_PI_LOW), f_low * GS_HALF_PI_HIGH);
	gs_vd magnitude = gs_widen(gs_of_bits_w(bits));
	gs_vm small = gs_above(gs_all(0x1.921fb6p-1), magnitude); /* |x| < pi/4 */
	gs_vu quadrant = (high >> 62) + (fraction >> 63);
	return (struct gs_angle){
		.quadrant = gs_bits(gs_pick(small, gs_all(0), gs_of_bits(quadrant))),
		.r = gs_pick(small, magnitude, r),
		.r_low = gs_pick(small, gs_all(0), r_low),
	};
}

/* sin(quadrant * pi/2 + r) to odd: sin is asked with the quadrant, cos with one more. */
static inline gs_vd gs_sin_quadrant(struct gs_angle a)
{
	gs_vd z = a.r * a.r;
	gs_vd z_low = gs_fma(a.r, a.r, -z);
	gs_vd s = gs_polynomial(gs_sin_s, 0, GS_SIN_TERMS - 1, z);
	gs_vd c = gs_polynomial(gs_cos_c, 0, GS_COS_TERMS - 1, z);
	/* sin r = r + (r^3 S + cos(r) r_low), cos r = 1 - r^2/2 + (r^4 C - r r_low) */
	gs_vd sin_low = gs_fma(z * a.r, s, gs_fma(z * -0.5, a.r_low, a.r_low));
	gs_vd cos_high = gs_fma(z, gs_all(-0.5), gs_all(1));
	gs_vd cos_rest = gs_fma(z, gs_all(-0.5), 1 - cos_high); /* exact */
	gs_vd cos_low = gs_fma(z * z, c, cos_rest - gs_fma(a.r, a.r_low, 0.5 * z_low));
	gs_vm odd = gs_bit(a.quadrant, 1);
	gs_vd value = gs_add_to_odd(gs_pick(odd, cos_high, a.r), gs_pick(odd, cos_low, sin_low));
	return gs_of_bits(gs_bits(value) ^ (a.quadrant & 2) << 62);
}

/* |x| as above for 0 <= x < 2^12, in fewer steps: the multiple of pi/2 is subtracted in two parts, the first without error.
 * The second is good to 2^-83, while r is 2^-30 at the least. r_low is what r lacks of it. */
static inline struct gs_angle gs_angle_near(gs_vd x)
{
	gs_vd shift = gs_all(0x1.8p52);
	gs_vd shifted = gs_fma(x, gs_all(GS_TWO_OVER_PI), shift);
	gs_vd k = shifted - shift;
	gs_vd t = gs_fma(k, gs_all(-GS_HALF_PI_START), x); /* exact */
	gs_vd r = gs_fma(k, gs_all(-GS_HALF_PI_REST), t);
	return (struct gs_angle){
		.quadrant = gs_bits(shifted),
		.r = r,
		.r_low = gs_fma(k, gs_all(-GS_HALF_PI_REST), t - r),
	};
}

/* sin(quadrant * pi/2 + r), in fewer steps and to nearest: enough without r_low for all of |x| < 2^12. sin and cos are one
 * polynomial each, of which every lane takes its coefficients. */
static inline gs_vd gs_sin_near(struct gs_angle a)
{
	gs_vd z = a.r * a.r;
	gs_vm odd = gs_bit(a.quadrant, 1);
	gs_vd p = gs_pick(odd, gs_all(gs_cos_whole[GS_SIN_TERMS - 1]), gs_all(gs_sin_s[GS_SIN_TERMS - 1]));
#pragma GCC unroll 16
	for (int i = GS_SIN_TERMS - 2; i >= 0; i--)
		p = gs_fma(p, z, gs_pick(odd, gs_all(gs_cos_whole[i]), gs_all(gs_sin_s[i])));
	/* sin r = r + r z S, cos r = 1 + z C */
	gs_vd value = gs_fma(gs_pick(odd, z, z * a.r), p, gs_pick(odd, gs_all(1), a.r));
	return gs_of_bits(gs_bits(value) ^ (a.quadrant & 2) << 62);
}

/* The binary32 functions. The one NaN they return is 0x7fc00000. */
static inline gs_vf gs_unless_nan(gs_vf x, gs_vf y)
{
	return gs_of_bits_w(
		gs_pick_w(gs_above_w(gs_bits_w(x) & ~GS_SIGN_F32, 0x7f800000), gs_all_w(0x7fc00000), gs_bits_w(y)));
}

static inline gs_wm gs_is_among(gs_vw x, const uint32_t *list, int n)
{
	gs_wm found = gs_equal_w(x, list[0]);
#pragma GCC unroll 8
	for (int i = 1; i < n; i++)
		found = gs_either_w(found, gs_equal_w(x, list[i]));
	return found;
}

static inline gs_vf gs_exp_f32(gs_vf x)
{
	gs_vf cut = gs_max_f(gs_min_f(x, gs_all_f(110)), gs_all_f(-110));
	return gs_unless_nan(x, gs_narrow(gs_exp_core(gs_widen(cut))));
}

/* log of any float, to odd and with the values of what is not above 0 and finite. */
static inline gs_vw gs_log_rare(gs_vf x)
{
	struct gs_sum sum = gs_log_sum(gs_widen(x));
	gs_vw in = gs_bits_w(x), out = gs_bits_w(gs_narrow(gs_add_to_odd(sum.high, sum.low)));
	out = gs_pick_w(gs_equal_w(in, 0x7f800000), in, out);
	out = gs_pick_w(gs_above_w(in, 0x7f800000), gs_all_w(0x7fc00000), out);        /* NaN and below zero */
	return gs_pick_w(gs_equal_w(in & ~GS_SIGN_F32, 0), gs_all_w(0xff800000), out); /* zeros */
}

static inline gs_vf gs_log_f32(gs_vf x)
{
	struct gs_sum sum = gs_log_sum(gs_widen(x));
	gs_vw in = gs_bits_w(x), out = gs_bits_w(gs_narrow(sum.high + sum.low));
	gs_wm rare = gs_either_w(gs_above_w(in - 1, 0x7f7ffffe), gs_is_among(in, gs_log_hard, GS_LOG_HARD));
	if (GS_UNLIKELY(gs_any_w(rare)))
		out = gs_pick_w(rare, gs_log_rare(x), out);
	return gs_of_bits_w(out);
}

static inline gs_vf gs_tanh_f32(gs_vf x)
{
	gs_vf y = gs_narrow(gs_tanh_core(gs_widen(gs_magnitude_to(x, 10))));
	return gs_unless_nan(x, gs_signed(y, x));
}

static inline gs_vf gs_erf_f32(gs_vf x)
{
	gs_vf y = gs_narrow(gs_erf_core(gs_widen(gs_magnitude_to(x, 3.984375f))));
	return gs_unless_nan(x, gs_signed(y, x));
}

/* From here on |x| is beyond gs_angle_near, in bits. */
#define GS_FAR 0x45800000

/* sin(|x| + turn pi/2) for any float, to odd, NaN where x is not finite. */
static inline gs_vw gs_sin_far(gs_vf x, uint64_t turn)
{
	struct gs_angle a = gs_angle_reduce(x);
	a.quadrant += turn;
	gs_vw out = gs_bits_w(gs_narrow(gs_sin_quadrant(a)));
	return gs_pick_w(gs_above_w(gs_bits_w(x) & ~GS_SIGN_F32, 0x7f7fffff), gs_all_w(0x7fc00000), out);
}

static inline gs_vw gs_sin_turned(gs_vw size, uint64_t turn)
{
	struct gs_angle a = gs_angle_near(gs_widen(gs_of_bits_w(size)));
	a.quadrant += turn;
	gs_vw out = gs_bits_w(gs_narrow(gs_sin_near(a)));
	gs_wm far = gs_above_w(size, GS_FAR - 1);
	if (GS_UNLIKELY(gs_any_w(far)))
		out = gs_pick_w(far, gs_sin_far(gs_of_bits_w(size), turn), out);
	return out;
}

static inline gs_vf gs_sin_f32(gs_vf x)
{
	gs_vw size = gs_bits_w(x) & ~GS_SIGN_F32, sign = gs_bits_w(x) & GS_SIGN_F32;
	gs_vw out = gs_sin_turned(size, 0);
	return gs_of_bits_w(gs_pick_w(gs_equal_w(out, 0x7fc00000), out, out ^ sign)); /* NaN has no sign to change */
}

static inline gs_vf gs_cos_f32(gs_vf x)
{
	return gs_of_bits_w(gs_sin_turned(gs_bits_w(x) & ~GS_SIGN_F32, 1));
}

static inline gs_vf gs_expm1_f32(gs_vf x)
{
	gs_vd cut = gs_widen(gs_max_f(gs_min_f(x, gs_all_f(110)), gs_all_f(-110)));
	return gs_unless_nan(x, gs_narrow(gs_with_sign(gs_expm1_core(cut), cut)));
}

static inline gs_vf gs_log1p_f32(gs_vf x)
{
	gs_vd wide = gs_widen(x);
	gs_vw in = gs_bits_w(x), out = gs_bits_w(gs_narrow(gs_with_sign(gs_log1p_core(wide), wide)));
	out = gs_bits_w(gs_unless_nan(x, gs_of_bits_w(out)));
	out = gs_pick_w(gs_above_w(in, 0xbf800000), gs_all_w(0x7fc00000), out);
	out = gs_pick_w(gs_equal_w(in, 0xbf800000), gs_all_w(0xff800000), out); /* -1 */
	return gs_of_bits_w(gs_pick_w(gs_equal_w(in, 0x7f800000), in, out));
}

static inline gs_vf gs_sqrt_f32(gs_vf x)
{
	gs_vf y = gs_sqrt_f(x);
	return gs_unless_nan(y, y);
}

/* To integers: exact, so the C library's are right; -0 and infinities stay. */
static inline gs_vf gs_floor_f32(gs_vf x)
{
	return gs_unless_nan(x, gs_floor_lanes(x));
}

static inline gs_vf gs_ceil_f32(gs_vf x)
{
	return gs_unless_nan(x, gs_ceil_lanes(x));
}

static inline gs_vf gs_trunc_f32(gs_vf x)
{
	return gs_unless_nan(x, gs_trunc_lanes(x));
}

static inline gs_vf gs_round_f32(gs_vf x)
{
	return gs_unless_nan(x, gs_round_lanes(x));
}

#endif
