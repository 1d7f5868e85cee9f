/* challenge/machine/elementary_trig.h: tan, asin, acos and atan of a binary32, as elementary_core.h does the others.
 *
 * The same rules: one sequence of binary64 operations each (the square root is one, too), defined for every bit
 * pattern, proved on all 2^32 inputs. docs/numerics.md has the argument. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_H

#include "challenge/machine/elementary_core.h"
#include "challenge/machine/elementary_trig_tables.h"

/* a + b = high + low exactly, for |a| >= |b| or a = 0. */
static inline struct gs_sum gs_fast_two_sum(gs_vd a, gs_vd b)
{
	gs_vd high = a + b;
	return (struct gs_sum){.high = high, .low = (a - high) + b};
}

/* atan(a) for 0 <= a <= 2^64, where it is pi/2 long before */
static inline gs_vd gs_atan_core(gs_vd a)
{
	const uint64_t first = 2038; /* exponent and first bit of 3/32, less one: what is below is the first piece */
	gs_vd least = gs_of_bits(gs_all_u(first << 51)),
	      most = gs_of_bits(gs_all_u((first + GS_ATAN_PIECES - 1) << 51));
	gs_vu piece = (gs_bits(gs_min(gs_max(a, least), most)) >> 51) - first;
	gs_vd cos = gs_lookup16(gs_atan_cos, piece), sin = gs_lookup16(gs_atan_sin, piece);
	gs_vd numerator = gs_fma(a, cos, -sin), denominator = gs_fma(a, sin, cos); /* both exact */
	gs_vd inverse = 1 / denominator;
	gs_vd t = numerator * inverse;
	gs_vd t_low = gs_fma(-t, denominator, numerator) * inverse;
	gs_vd z = t * t;
	gs_vd p = gs_polynomial(gs_atan_p, 0, GS_ATAN_TERMS - 1, z);
	struct gs_sum sum = gs_fast_two_sum(gs_lookup16(gs_atan_high, piece), t); /* 0 or at least t */
	gs_vd low = gs_fma(t * z, p, gs_fma(-z, t_low, t_low) + (gs_lookup16(gs_atan_low, piece) + sum.low));
	return gs_add_to_odd(sum.high, low);
}

/* asin(a) for 0 <= a <= 1/2, and for a beyond that asin(sqrt((1 - a)/2)), which is acos(a)/2: high + low. */
struct gs_asin_parts {
	gs_vd high, low;
	gs_vm half; /* the latter */
};

static inline struct gs_asin_parts gs_asin_reduce(gs_vd a)
{
	gs_vm half = gs_above(a, gs_all(0.5));
	gs_vd w = gs_pick(half, gs_fma(a, gs_all(-0.5), gs_all(0.5)), a * a); /* exact, and the square of s + s_low */
	gs_vd s = gs_pick(half, gs_sqrt(w), a);
	gs_vd s_low = gs_fma(-s, s, w) / (s + s + 0x1p-1000); /* 0 / 0 for a = 1 otherwise */
	gs_vd p = gs_polynomial(gs_asin_p, 0, GS_ASIN_TERMS - 1, w);
	gs_vd grown = w * p;
	return (struct gs_asin_parts){.high = s, .low = gs_fma(s, grown, gs_fma(s_low, grown, s_low)), .half = half};
}

/* quarters * pi/2 + factor * (high + low) to odd; quarters 0, 1 or 2, factor +-1 or +-2, and the sum is not below 0 */
static inline gs_vd gs_from_quarters(gs_vd quarters, gs_vd factor, struct gs_asin_parts y)
{
	struct gs_sum sum = gs_fast_two_sum(quarters * GS_HALF_PI_HIGH, factor * y.high);
	return gs_add_to_odd(sum.high, gs_fma(factor, y.low, gs_fma(quarters, gs_all(GS_HALF_PI_LOW), sum.low)));
}

/* asin(a) for 0 <= a <= 1 */
static inline gs_vd gs_asin_core(gs_vd a)
{
	struct gs_asin_parts y = gs_asin_reduce(a);
	return gs_from_quarters(gs_pick(y.half, gs_all(1), gs_all(0)), gs_pick(y.half, gs_all(-2), gs_all(1)), y);
}

/* acos(x) for |x| <= 1 */
static inline gs_vd gs_acos_core(gs_vd x)
{
	struct gs_asin_parts y = gs_asin_reduce(gs_magnitude(x));
	gs_vd sign = gs_with_sign(gs_all(1), x);
	return gs_from_quarters(gs_pick(y.half, 1 - sign, gs_all(1)), gs_pick(y.half, sign + sign, -sign), y);
}

/* tan(quadrant * pi/2 + r) to odd. As in gs_sin_quadrant, but sin and cos are pairs, good to 2^-56 of themselves. */
static inline gs_vd gs_tan_quadrant(struct gs_angle a)
{
	gs_vd z = a.r * a.r;
	gs_vd z_low = gs_fma(a.r, a.r, -z);
	gs_vd s = gs_polynomial(gs_sin_s, 1, GS_SIN_TERMS - 1, z);
	gs_vd c = gs_polynomial(gs_cos_c, 0, GS_COS_TERMS - 1, z);
	gs_vd cos_start = gs_fma(z, gs_all(-0.5), gs_all(1));
	gs_vd cos_rest = gs_fma(z, gs_all(-0.5), 1 - cos_start); /* exact */
	/* sin r = r + s0 r^3 + (r^5 S + cos(r) r_low), with s0 r^3 as a pair */
	gs_vd square = z * gs_sin_s[0];
	gs_vd square_low = gs_fma(z_low, gs_all(gs_sin_s[0]), gs_fma(z, gs_all(gs_sin_s[0]), -square));
	gs_vd cube = a.r * square;
	gs_vd cube_low = gs_fma(a.r, square, -cube);
	struct gs_sum sin = gs_fast_two_sum(a.r, cube);
	sin.low += gs_fma(a.r, gs_fma(z * z, s, square_low), gs_fma(cos_start, a.r_low, cube_low));
	sin = gs_fast_two_sum(sin.high, sin.low);
	/* cos r = 1 - r^2/2 + (r^4 C - sin(r) r_low) */
	gs_vd cos_low = gs_fma(z * z, c, cos_rest - gs_fma(sin.high, a.r_low, 0.5 * z_low));
	struct gs_sum cos = gs_fast_two_sum(cos_start, cos_low);
	gs_vm odd = gs_bit(a.quadrant, 1);
	gs_vd n = gs_pick(odd, cos.high, sin.high), n_low = gs_pick(odd, cos.low, sin.low);
	gs_vd d = gs_pick(odd, sin.high, cos.high), d_low = gs_pick(odd, sin.low, cos.low);
	gs_vd quotient = n / d;
	gs_vd low = gs_fma(-quotient, d_low, gs_fma(-quotient, d, n) + n_low) / d;
	gs_vd value = gs_add_to_odd(quotient, low);
	return gs_of_bits(gs_bits(value) ^ a.quadrant << 63);
}

/* y where |x| <= limit, a bound in bits, else NaN. */
static inline gs_vf gs_within(gs_vf x, uint32_t limit, gs_vw y)
{
	gs_wm beyond = gs_above_w(gs_bits_w(x) & ~GS_SIGN_F32, limit);
	return gs_of_bits_w(gs_pick_w(beyond, gs_all_w(0x7fc00000), y));
}

static inline gs_vf gs_tan_f32(gs_vf x)
{
	gs_vf size = gs_of_bits_w(gs_bits_w(x) & ~GS_SIGN_F32);
	struct gs_angle a = gs_angle_near(gs_widen(size));
	if (GS_UNLIKELY(gs_any_w(gs_above_w(gs_bits_w(size), GS_FAR - 1)))) {
		struct gs_angle any = gs_angle_reduce(size);
		gs_vm far = gs_above(gs_widen(size), gs_all(0x1.fffffep11));
		a.quadrant = gs_bits(gs_pick(far, gs_of_bits(any.quadrant), gs_of_bits(a.quadrant)));
		a.r = gs_pick(far, any.r, a.r);
		a.r_low = gs_pick(far, any.r_low, a.r_low);
	}
	gs_vd y = gs_tan_quadrant(a);
	return gs_within(x, 0x7f7fffff, gs_bits_w(gs_narrow(y)) ^ (gs_bits_w(x) & GS_SIGN_F32));
}

static inline gs_vf gs_asin_f32(gs_vf x)
{
	gs_vf y = gs_narrow(gs_asin_core(gs_widen(gs_magnitude_to(x, 1))));
	return gs_within(x, 0x3f800000, gs_bits_w(gs_signed(y, x)));
}

static inline gs_vf gs_acos_f32(gs_vf x)
{
	gs_vf inside = gs_max_f(gs_min_f(x, gs_all_f(1)), gs_all_f(-1));
	return gs_within(x, 0x3f800000, gs_bits_w(gs_narrow(gs_acos_core(gs_widen(inside)))));
}

static inline gs_vf gs_atan_f32(gs_vf x)
{
	gs_vf y = gs_narrow(gs_atan_core(gs_widen(gs_magnitude_to(x, 0x1p64f))));
	return gs_unless_nan(x, gs_signed(y, x));
}

#endif
