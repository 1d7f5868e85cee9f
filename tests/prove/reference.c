#include "tests/prove/reference.h"
#include "tests/prove/reference_hyperbolic.h"
#include "tests/prove/reference_trig.h"

#include <float.h>
#include <math.h>

/* Taylor terms 0 .. 7, MPFR's precision for them, and the distance from a boundary below which MPFR is asked: far
 * more than the enclosure's error (near 2^-48), so that the hardest inputs are found on the way. */
enum { TERMS = 8, PRECISION = 200 };
static const double MARGIN = 0x1p-44;

struct taylor {
	double centre;   /* exact */
	double c[TERMS]; /* each within one part in 2^53 */
	double error;    /* relative bound on everything */
	bool valid;
};

/* a[k] = k-th Taylor coefficient of f at c */
static void coefficients(enum oracle_function f, double centre, mpfr_t *a)
{
	mpfr_t c, t, g[TERMS];
	mpfr_init2(c, PRECISION);
	mpfr_init2(t, PRECISION);
	for (int k = 0; k < TERMS; k++)
		mpfr_init2(g[k], PRECISION);
	mpfr_set_d(c, centre, MPFR_RNDN);
	oracle_call(f, a[0], c, MPFR_RNDN);
	switch (f) {
	case ORACLE_EXP: /* exp(c) / k! */
		for (int k = 1; k < TERMS; k++)
			mpfr_div_ui(a[k], a[k - 1], (unsigned long)k, MPFR_RNDN);
		break;
	case ORACLE_LOG: /* -(-1/c)^k / k */
		mpfr_set_si(t, -1, MPFR_RNDN);
		for (int k = 1; k < TERMS; k++) {
			mpfr_div(t, t, c, MPFR_RNDN);
			mpfr_neg(t, t, MPFR_RNDN);
			mpfr_div_ui(a[k], t, (unsigned long)k, MPFR_RNDN);
		}
		break;
	case ORACLE_TANH: /* y' = 1 - y^2 */
		for (int k = 0; k + 1 < TERMS; k++) {
			mpfr_set_ui(a[k + 1], k == 0, MPFR_RNDN);
			for (int i = 0; i <= k; i++) {
				mpfr_mul(t, a[i], a[k - i], MPFR_RNDN);
				mpfr_sub(a[k + 1], a[k + 1], t, MPFR_RNDN);
			}
			mpfr_div_ui(a[k + 1], a[k + 1], (unsigned long)k + 1, MPFR_RNDN);
		}
		break;
	case ORACLE_ERF: /* g = y' = 2/sqrt(pi) exp(-x^2), g' = -2 x g */
		mpfr_const_pi(t, MPFR_RNDN);
		mpfr_rec_sqrt(t, t, MPFR_RNDN);
		mpfr_sqr(g[0], c, MPFR_RNDN);
		mpfr_neg(g[0], g[0], MPFR_RNDN);
		mpfr_exp(g[0], g[0], MPFR_RNDN);
		mpfr_mul(g[0], g[0], t, MPFR_RNDN);
		mpfr_mul_ui(g[0], g[0], 2, MPFR_RNDN);
		for (int k = 0; k + 1 < TERMS; k++) {
			mpfr_div_ui(a[k + 1], g[k], (unsigned long)k + 1, MPFR_RNDN);
			mpfr_mul(g[k + 1], g[k], c, MPFR_RNDN);
			if (k > 0)
				mpfr_add(g[k + 1], g[k + 1], g[k - 1], MPFR_RNDN);
			mpfr_mul_si(g[k + 1], g[k + 1], -2, MPFR_RNDN);
			mpfr_div_ui(g[k + 1], g[k + 1], (unsigned long)k + 1, MPFR_RNDN);
		}
		break;
	case ORACLE_EXPM1: /* exp(c) / k! from k = 1 on */
		mpfr_add_ui(t, a[0], 1, MPFR_RNDN);
		for (int k = 1; k < TERMS; k++) {
			mpfr_div_ui(t, t, (unsigned long)k, MPFR_RNDN);
			mpfr_set(a[k], t, MPFR_RNDN);
		}
		break;
	case ORACLE_LOG1P: /* -(-1/(1 + c))^k / k */
		mpfr_add_ui(c, c, 1, MPFR_RNDN);
		mpfr_set_si(t, -1, MPFR_RNDN);
		for (int k = 1; k < TERMS; k++) {
			mpfr_div(t, t, c, MPFR_RNDN);
			mpfr_neg(t, t, MPFR_RNDN);
			mpfr_div_ui(a[k], t, (unsigned long)k, MPFR_RNDN);
		}
		break;
	case ORACLE_SIN: /* y'' = -y */
	case ORACLE_COS:
		oracle_call(f == ORACLE_SIN ? ORACLE_COS : ORACLE_SIN, a[1], c, MPFR_RNDN);
		if (f == ORACLE_COS)
			mpfr_neg(a[1], a[1], MPFR_RNDN);
		for (int k = 2; k < TERMS; k++) {
			mpfr_div_ui(a[k], a[k - 2], (unsigned long)(k * (k - 1)), MPFR_RNDN);
			mpfr_neg(a[k], a[k], MPFR_RNDN);
		}
		break;
	case ORACLE_SINH:
	case ORACLE_COSH:
	case ORACLE_ASINH:
	case ORACLE_ACOSH:
	case ORACLE_ATANH: hyperbolic_coefficients(f, c, a, TERMS); break;
	case ORACLE_TAN:
	case ORACLE_ASIN:
	case ORACLE_ACOS:
	case ORACLE_ATAN: trig_coefficients(f, c, a, TERMS); break;
	case ORACLE_FLOOR: /* not by series: see integer_run */
	case ORACLE_CEIL:
	case ORACLE_TRUNC:
	case ORACLE_ROUND:
	case ORACLE_COUNT: break;
	}
	for (int k = 0; k < TERMS; k++)
		mpfr_clear(g[k]);
	mpfr_clear(t);
	mpfr_clear(c);
}

/* An upper bound on |f(c + t) - polynomial| for |t| <= h, relative to `least`, the least |f| there. Few operations in
 * binary64; the caller leaves a factor of two for their rounding. */
static double remainder_bound(enum oracle_function f, double centre, double h, double least)
{
	double power = h * h * h * h * h * h * h * h;
	switch (f) {
	case ORACLE_EXP: /* Lagrange: exp(c + h) h^8 / 8!, against exp(c - h) */ return exp(2 * h) * power / 40320;
	case ORACLE_LOG: { /* the series' tail: (h/c)^8 / 8 (1 + h/c + ...) */
		double ratio = h / centre;
		double power_ratio = ratio * ratio * ratio * ratio * ratio * ratio * ratio * ratio;
		return power_ratio / (8 * (1 - ratio)) / least;
	}
	case ORACLE_EXPM1: return exp(centre + h) * power / 40320 / least;
	case ORACLE_LOG1P: { /* as for log, about 1 + c */
		double ratio = h / (1 + centre);
		double power_ratio = ratio * ratio * ratio * ratio * ratio * ratio * ratio * ratio;
		return power_ratio / (8 * (1 - ratio)) / least;
	}
	case ORACLE_SIN: /* Lagrange, derivatives at most 1 */
	case ORACLE_COS: return power / 40320 / least;
	case ORACLE_TAN:
	case ORACLE_ASIN:
	case ORACLE_ACOS:
	case ORACLE_ATAN: return trig_remainder(f, centre, h) / least;
	case ORACLE_FLOOR:
	case ORACLE_CEIL:
	case ORACLE_TRUNC:
	case ORACLE_ROUND: break;
	case ORACLE_SINH:
	case ORACLE_COSH:
	case ORACLE_ASINH:
	case ORACLE_ACOSH:
	case ORACLE_ATANH: return hyperbolic_remainder(f, centre, h) / least;
	case ORACLE_TANH: /* Cauchy on the unit circle about c, where |tanh| <= tan(1) < 1.56 */
		return 1.56 * power / (1 - h) / least;
	case ORACLE_ERF: /* Cauchy on the unit circle about c, where |erf| <= 1 + 2/sqrt(pi) e < 4.1 */
		return 4.1 * power / (1 - h) / least;
	case ORACLE_COUNT: break;
	}
	return INFINITY;
}

static struct taylor expand(enum oracle_function f, double first, double last)
{
	struct taylor s = {.centre = (first + last) / 2}; /* exact: one more bit than a float has */
	double h = fabs(last - first) / 2;
	if (f == ORACLE_LOG && fabs(first - 1) <= 0x1p-11 && fabs(last - 1) <= 0x1p-11) {
		s.centre = 1; /* so that the zero of log is the polynomial's */
		h = fmax(fabs(first - 1), fabs(last - 1));
	}
	if (f == ORACLE_LOG1P && h > (1 + s.centre) * 0x1p-10)
		return s;
	double distance = fmin(hyperbolic_distance(f, s.centre), trig_distance(f, s.centre)); /* of a singularity */
	if (!(distance > 0) || h > distance * 0x1p-10)
		return s;
	/* large operands, moderate values */
	bool wide = f == ORACLE_LOG1P || f == ORACLE_ASINH || f == ORACLE_ACOSH || f == ORACLE_ATAN;
	if (s.centre == 0 || h > fabs(s.centre) * 0x1p-10 || (fabs(s.centre) > 128 && !wide))
		if (f != ORACLE_LOG || !(s.centre > 0) || h > s.centre * 0x1p-10)
			return s;
	mpfr_t a[TERMS];
	for (int k = 0; k < TERMS; k++)
		mpfr_init2(a[k], PRECISION);
	coefficients(f, s.centre, a);
	for (int k = 0; k < TERMS; k++) {
		s.c[k] = mpfr_get_d(a[k], MPFR_RNDN);
		mpfr_clear(a[k]);
	}
	/* Horner with fma and coefficients rounded once: each term is off by at most 2 TERMS + 1 roundings of 2^-53. With
	 * centre 1 of log every term has the factor t, which cancels from the relative error. */
	int lead = f == ORACLE_LOG && s.centre == 1 ? 1 : 0;
	double terms = fabs(s.c[lead]), rest = 0, power = 1;
	for (int k = lead + 1; k < TERMS; k++) {
		power *= h;
		rest += fabs(s.c[k]) * power;
	}
	terms += rest;
	double least = fabs(s.c[lead]) - 2 * rest;
	if (!(least > 0))
		return s;
	double tail = lead == 0 ? remainder_bound(f, s.centre, h, least)
	                        : h * h * h * h * h * h * h / (8 * (1 - h)) / least;
	s.error = 2 * (tail + (2 * TERMS + 1) * 0x1p-53 * terms / least + 0x1p-52);
	s.valid = s.error < MARGIN;
	return s;
}

/* Roundings to integers, by the conversions between binary64 and integers, which are exact here. */
static void integer_run(enum oracle_function f, uint32_t first, uint32_t count, uint32_t *value)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t bits = first + i, sign = bits & 0x80000000;
		if ((bits & 0x7fffffff) >= 0x4b000000) { /* integers, infinities, NaN */
			value[i] = (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
			continue;
		}
		double x = (double)oracle_float(bits);
		int64_t whole = (int64_t)x, away = sign ? whole - 1 : whole + 1;
		double rest = fabs(x - (double)whole);
		bool up = false;
		if (f == ORACLE_FLOOR)
			up = sign && rest > 0;
		else if (f == ORACLE_CEIL)
			up = !sign && rest > 0;
		else if (f == ORACLE_ROUND)
			up = rest > 0.5 || (rest == 0.5 && whole % 2 != 0);
		value[i] = (oracle_bits((float)(up ? away : whole)) & 0x7fffffff) | sign;
	}
}

/* cos r and sin(r)/r for |r| <= pi/4, z = r^2: a plain series, of which the first left out is below 2^-77. */
static inline double circle_series(double z, int most)
{
	double y = 1;
#pragma GCC unroll 16
	for (int n = most; n > 1; n -= 2)
		y = fma(-y * z, 1.0 / (double)(n * (n - 1)), 1);
	return y;
}

/* sin, cos and tan from 1 on. All inputs of a run have one exponent: x = m 2^e, and turn = 2^e / (2 pi) modulo 1 to 128
 * bits, by MPFR. m turn modulo 1, an integer product that wraps, is x in turns, off by less than 2^-104; no binary32 comes
 * nearer than 2^-36 turns to a multiple of a quarter. From there the series: in all below 16 roundings. */
static void circle_run(enum oracle_function f, uint32_t first, uint32_t count, uint32_t *below, uint32_t *above)
{
	double r[REFERENCE_RUN];
	uint64_t quarter[REFERENCE_RUN];
	mpfr_t t, pi;
	mpfr_init2(t, 512);
	mpfr_init2(pi, 512);
	mpfr_const_pi(pi, MPFR_RNDN);
	mpfr_set_ui_2exp(t, 1, (mpfr_exp_t)(first >> 23 & 0xff) - 151, MPFR_RNDN);
	mpfr_div(t, t, pi, MPFR_RNDN);
	mpfr_frac(t, t, MPFR_RNDN);
	mpfr_mul_2ui(t, t, 64, MPFR_RNDN);
	uint64_t upper = mpfr_get_ui(t, MPFR_RNDD);
	mpfr_frac(t, t, MPFR_RNDN);
	mpfr_mul_2ui(t, t, 64, MPFR_RNDN);
	unsigned __int128 turn = (unsigned __int128)upper << 64 | mpfr_get_ui(t, MPFR_RNDD);
	mpfr_clear(t);
	mpfr_clear(pi);
	for (uint32_t i = 0; i < count; i++) {
		unsigned __int128 at = turn * (((first + i) & 0x7fffff) | 0x800000); /* in turns */
		quarter[i] = (uint64_t)((at + ((unsigned __int128)1 << 125)) >> 126);
		at -= (unsigned __int128)quarter[i] << 126;
		r[i] = (double)(__int128)at * 0x1p-128 * 0x1.921fb54442d18p2; /* 2 pi */
	}
	bool mirrored = first >> 31 && f != ORACLE_COS;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t q = quarter[i] + (f == ORACLE_COS);
		double z = r[i] * r[i], s = r[i] * circle_series(z, 21), c = circle_series(z, 20);
		double y = q & 1 ? c : s;
		bool negative = q >> 1 & 1;
		if (f == ORACLE_TAN) {
			y = (q & 1 ? c : s) / (q & 1 ? s : c);
			negative = q & 1;
		}
		y = negative != mirrored ? -y : y;
		double e = fabs(y) * MARGIN;
		below[i] = oracle_bits((float)(y - e));
		above[i] = oracle_bits((float)(y + e));
	}
	uint32_t right = oracle_f32(f, first); /* the enclosure is held against MPFR once a run */
	if (right != below[0] && right != above[0])
		for (uint32_t i = 0; i < count; i++)
			below[i] = above[i] ^ 1;
}

/* Inputs first .. last, of one sign, all outside the domain of the function: NaN. */
static bool outside(enum oracle_function f, uint32_t first, uint32_t last)
{
	return (first & 0x7fffffff) > 0x7f800000 || (f == ORACLE_LOG && first > 0x80000000) ||
	       (f == ORACLE_LOG1P && first > 0xbf800000) || hyperbolic_outside(f, first, last) ||
	       trig_outside(f, first);
}

static bool circular(enum oracle_function f)
{
	return f == ORACLE_SIN || f == ORACLE_COS || f == ORACLE_TAN;
}

void reference_run(enum oracle_function f, uint32_t first, uint32_t count, uint32_t *below, uint32_t *above)
{
	uint32_t last = first + count - 1;
	if (f == ORACLE_FLOOR || f == ORACLE_CEIL || f == ORACLE_TRUNC || f == ORACLE_ROUND) {
		integer_run(f, first, count, below);
		integer_run(f, first, count, above);
		return;
	}
	if (outside(f, first, last)) {
		for (uint32_t i = 0; i < count; i++)
			below[i] = above[i] = 0x7fc00000;
		return;
	}
	bool finite = (last & 0x7fffffff) < 0x7f800000 && (first & 0x7fffffff) != 0;
	if (finite && circular(f) && (first & 0x7fffffff) >= 0x3f800000) {
		circle_run(f, first, count, below, above);
		return;
	}
	struct taylor s = {.valid = false};
	if (finite)
		s = expand(f, oracle_float(first), oracle_float(last));
	if (!s.valid && count > 1) { /* too wide for its place, as near 0 and infinity */
		reference_run(f, first, count / 2, below, above);
		reference_run(f, first + count / 2, count / 2, below + count / 2, above + count / 2);
		return;
	}
	if (!s.valid) {
		for (uint32_t i = 0; i < count; i++) {
			below[i] = 0;
			above[i] = 1;
		}
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		double t = (double)oracle_float(first + i) - s.centre; /* exact */
		double y = s.c[TERMS - 1];
		for (int k = TERMS - 2; k >= 0; k--)
			y = fma(y, t, s.c[k]);
		double e = fabs(y) * MARGIN;
		below[i] = oracle_bits((float)(y - e));
		above[i] = oracle_bits((float)(y + e));
	}
}

bool reference_constant(enum oracle_function f, uint32_t first, uint32_t last, uint32_t *value)
{
	uint32_t high = last & 0x7fffffff;
	*value = 0x7fc00000;
	if (outside(f, first, last))
		return true;
	if (outside(f, first, first) || outside(f, last, last)) /* on both sides of its edge */
		return false;
	if (circular(f) && high > 0x3f800000) /* monotone up to 1 on either side of 0 */
		return false;
	*value = oracle_f32(f, first);
	return high <= 0x7f800000 && *value == oracle_f32(f, last);
}

double reference_distance(enum oracle_function f, uint32_t input)
{
	double result = 0;
	mpfr_t x, y, m;
	mpfr_init2(x, 24);
	mpfr_init2(y, PRECISION);
	mpfr_init2(m, PRECISION);
	mpfr_set_flt(x, oracle_float(input), MPFR_RNDN);
	oracle_call(f, y, x, MPFR_RNDN);
	float r = oracle_float(oracle_f32(f, input));
	if (mpfr_number_p(y) && !mpfr_zero_p(y) && isfinite(r) && mpfr_cmp_d(y, (double)r) != 0) {
		float other = nextafterf(r, mpfr_cmp_d(y, (double)r) > 0 ? INFINITY : -INFINITY);
		if (isfinite(other)) {
			mpfr_set_d(m, ((double)r + (double)other) / 2, MPFR_RNDN);
			mpfr_sub(m, m, y, MPFR_RNDN);
			mpfr_div(m, m, y, MPFR_RNDN);
			mpfr_abs(m, m, MPFR_RNDN);
			mpfr_log2(m, m, MPFR_RNDN);
			result = mpfr_get_d(m, MPFR_RNDN);
		}
	}
	mpfr_clear(x);
	mpfr_clear(y);
	mpfr_clear(m);
	return result;
}
