#include "tests/prove/reference_trig.h"

#include <math.h>

static void tan_coefficients(mpfr_t *a, int terms, mpfr_t t)
{
	for (int k = 0; k + 1 < terms; k++) { /* y' = 1 + y^2 */
		mpfr_set_ui(a[k + 1], k == 0, MPFR_RNDN);
		for (int i = 0; i <= k; i++) {
			mpfr_mul(t, a[i], a[k - i], MPFR_RNDN);
			mpfr_add(a[k + 1], a[k + 1], t, MPFR_RNDN);
		}
		mpfr_div_ui(a[k + 1], a[k + 1], (unsigned long)k + 1, MPFR_RNDN);
	}
}

/* The others by g = y'. asin, and less its sign acos: (1 - x^2) g' = x g, g(c) = (1 - c^2)^-1/2. atan: (1 + x^2) g = 1.
 * Either gives g's coefficient k + 1 from k and k - 1: g1 from g0 and g_1 here. */
static void inverse_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms, mpfr_t t)
{
	mpfr_t g_1, g0, g1, factor;
	mpfr_init2(g_1, mpfr_get_prec(t));
	mpfr_init2(g0, mpfr_get_prec(t));
	mpfr_init2(g1, mpfr_get_prec(t));
	mpfr_init2(factor, mpfr_get_prec(t));
	mpfr_sqr(factor, c, MPFR_RNDN);
	if (f == ORACLE_ATAN) {
		mpfr_add_ui(factor, factor, 1, MPFR_RNDN);
		mpfr_ui_div(g0, 1, factor, MPFR_RNDN);
	} else {
		mpfr_ui_sub(factor, 1, factor, MPFR_RNDN);
		mpfr_rec_sqrt(g0, factor, MPFR_RNDN);
	}
	mpfr_set_ui(g_1, 0, MPFR_RNDN);
	for (int k = 0; k + 1 < terms; k++) {
		mpfr_div_si(a[k + 1], g0, f == ORACLE_ACOS ? -k - 1 : k + 1, MPFR_RNDN);
		mpfr_mul(g1, g0, c, MPFR_RNDN);
		if (f == ORACLE_ATAN) { /* (1 + c^2) g1 = -2 c g0 - g_1 */
			mpfr_mul_si(g1, g1, -2, MPFR_RNDN);
			mpfr_sub(g1, g1, g_1, MPFR_RNDN);
		} else { /* (k + 1) (1 - c^2) g1 = (2 k + 1) c g0 + k g_1 */
			mpfr_mul_si(g1, g1, 2 * k + 1, MPFR_RNDN);
			mpfr_mul_si(t, g_1, k, MPFR_RNDN);
			mpfr_add(g1, g1, t, MPFR_RNDN);
			mpfr_div_si(g1, g1, k + 1, MPFR_RNDN);
		}
		mpfr_div(g1, g1, factor, MPFR_RNDN);
		mpfr_swap(g_1, g0);
		mpfr_swap(g0, g1);
	}
	mpfr_clear(g_1);
	mpfr_clear(g0);
	mpfr_clear(g1);
	mpfr_clear(factor);
}

void trig_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms)
{
	mpfr_t t;
	mpfr_init2(t, mpfr_get_prec(a[0]));
	if (f == ORACLE_TAN)
		tan_coefficients(a, terms, t);
	else
		inverse_coefficients(f, c, a, terms, t);
	mpfr_clear(t);
}

static double power(double x, int n)
{
	double y = 1;
	for (int i = 0; i < n; i++)
		y *= x;
	return y;
}

double trig_remainder(enum oracle_function f, double centre, double h)
{
	if (f ==
	    ORACLE_TAN) { /* Cauchy on |t| = 1/2: no coefficient about |c| is negative, so |tan| <= tan(3/2) < 14.2 */
		double ratio = 2 * h;
		return fabs(centre) <= 1 ? 14.2 * power(ratio, 8) / (1 - ratio) : INFINITY;
	}
	if (f ==
	    ORACLE_ATAN) { /* the series' tail: y' is the imaginary part of 1/(x - i), whose coefficients are powers */
		double ratio = h / hypot(1, centre);
		return power(ratio, 8) / (8 * (1 - ratio));
	}
	/* Cauchy for y' on |t| = d/2, where |1 - x| >= d/2 and |1 + x| >= 1/2, so |y'| <= 2/sqrt(d) */
	double d = trig_distance(f, centre), ratio = 2 * h / d;
	return 2 * h / sqrt(d) * power(ratio, 7) / (8 * (1 - ratio));
}

double trig_distance(enum oracle_function f, double centre)
{
	return f == ORACLE_ASIN || f == ORACLE_ACOS ? 1 - fabs(centre) : INFINITY;
}

bool trig_outside(enum oracle_function f, uint32_t first)
{
	return (f == ORACLE_ASIN || f == ORACLE_ACOS) && (first & 0x7fffffff) > 0x3f800000;
}
