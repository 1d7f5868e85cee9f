#include "tests/prove/reference_hyperbolic.h"

#include <math.h>

/* w = y' of asinh and acosh satisfies (1 + x^2) w' + x w = 0, and (x^2 - 1) w' + x w = 0. With x = c + t, compared power
 * by power: (c^2 +- 1) (k + 1) w[k+1] = -(c (2k + 1) w[k] + k w[k-1]). */
static void inverse_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms)
{
	mpfr_t d, t, w, before;
	mpfr_inits2(mpfr_get_prec(a[0]), d, t, w, before, (mpfr_ptr)0);
	mpfr_sqr(d, c, MPFR_RNDN);
	if (f == ORACLE_ASINH)
		mpfr_add_ui(d, d, 1, MPFR_RNDN);
	else
		mpfr_sub_ui(d, d, 1, MPFR_RNDN);
	mpfr_rec_sqrt(w, d, MPFR_RNDN);
	mpfr_set_ui(before, 0, MPFR_RNDN);
	mpfr_set(a[1], w, MPFR_RNDN);
	for (int k = 0; k + 2 < terms; k++) {
		mpfr_mul(t, c, w, MPFR_RNDN);
		mpfr_mul_ui(t, t, (unsigned long)(2 * k + 1), MPFR_RNDN);
		mpfr_mul_ui(before, before, (unsigned long)k, MPFR_RNDN);
		mpfr_add(t, t, before, MPFR_RNDN);
		mpfr_div(t, t, d, MPFR_RNDN);
		mpfr_div_si(t, t, -(k + 1), MPFR_RNDN);
		mpfr_set(before, w, MPFR_RNDN);
		mpfr_set(w, t, MPFR_RNDN);
		mpfr_div_ui(a[k + 2], w, (unsigned long)k + 2, MPFR_RNDN);
	}
	mpfr_clears(d, t, w, before, (mpfr_ptr)0);
}

/* w = y' satisfies (1 - x^2) w = 1: (1 - c^2) w[k] = 2 c w[k-1] + w[k-2], and 1 for k = 0. */
static void atanh_coefficients(mpfr_t c, mpfr_t *a, int terms)
{
	mpfr_t d, t, w, before;
	mpfr_inits2(mpfr_get_prec(a[0]), d, t, w, before, (mpfr_ptr)0);
	mpfr_sqr(d, c, MPFR_RNDN);
	mpfr_ui_sub(d, 1, d, MPFR_RNDN);
	mpfr_ui_div(w, 1, d, MPFR_RNDN);
	mpfr_set_ui(before, 0, MPFR_RNDN);
	mpfr_set(a[1], w, MPFR_RNDN);
	for (int k = 1; k + 1 < terms; k++) {
		mpfr_mul(t, c, w, MPFR_RNDN);
		mpfr_mul_ui(t, t, 2, MPFR_RNDN);
		mpfr_add(t, t, before, MPFR_RNDN);
		mpfr_div(t, t, d, MPFR_RNDN);
		mpfr_set(before, w, MPFR_RNDN);
		mpfr_set(w, t, MPFR_RNDN);
		mpfr_div_ui(a[k + 1], w, (unsigned long)k + 1, MPFR_RNDN);
	}
	mpfr_clears(d, t, w, before, (mpfr_ptr)0);
}

void hyperbolic_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms)
{
	if (f == ORACLE_ATANH) {
		atanh_coefficients(c, a, terms);
	} else if (f == ORACLE_ASINH || f == ORACLE_ACOSH) {
		inverse_coefficients(f, c, a, terms);
	} else { /* y'' = y */
		oracle_call(f == ORACLE_SINH ? ORACLE_COSH : ORACLE_SINH, a[1], c, MPFR_RNDN);
		for (int k = 2; k < terms; k++)
			mpfr_div_ui(a[k], a[k - 2], (unsigned long)(k * (k - 1)), MPFR_RNDN);
	}
}

double hyperbolic_distance(enum oracle_function f, double centre)
{
	if (f == ORACLE_ASINH) /* +-i */
		return sqrt(1 + centre * centre);
	if (f == ORACLE_ACOSH) /* 1, with -1 and the cut behind it */
		return centre - 1;
	if (f == ORACLE_ATANH) /* +-1 */
		return 1 - fabs(centre);
	return INFINITY;
}

/* sinh and cosh: Lagrange, h^8/8! times a derivative, each at most exp(|c| + h). The others: let d be the distance of the
 * nearest singularity. On the circle of radius d/2 about c, y' is at most m = 2/d for asinh and acosh (both factors of
 * x^2 +- 1 = (x - p)(x - q) are at least d/2 there) and at most 4/d for atanh (one factor is at least d/2, the other, of
 * real part 1 + |c| - d/2 or more, at least 1/2). By Cauchy y's coefficients are at most m (2/d)^(k-1) / k; with ratio =
 * 2h/d the tail from k = 8 on is at most m d/2 ratio^8 / (8 (1 - ratio)). */
double hyperbolic_remainder(enum oracle_function f, double centre, double h)
{
	if (f == ORACLE_SINH || f == ORACLE_COSH)
		return exp(fabs(centre) + h) * h * h * h * h * h * h * h * h / 40320;
	double ratio = 2 * h / hyperbolic_distance(f, centre);
	double square = ratio * ratio, power = square * square * square * square;
	return (f == ORACLE_ATANH ? 2 : 1) * power / (8 * (1 - ratio));
}

bool hyperbolic_outside(enum oracle_function f, uint32_t first, uint32_t last)
{
	if (f == ORACLE_ACOSH) /* below 1 */
		return first >> 31 || last < 0x3f800000;
	return f == ORACLE_ATANH && (first & 0x7fffffff) > 0x3f800000;
}
