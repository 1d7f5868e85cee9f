/* tests/prove/reference_hyperbolic.h: what reference.c must know of sinh, cosh, asinh, acosh and atanh. */
#ifndef GS_TESTS_PROVE_REFERENCE_HYPERBOLIC_H
#define GS_TESTS_PROVE_REFERENCE_HYPERBOLIC_H

#include "tests/prove/oracle.h"

#include <stdbool.h>

/* a[1] .. a[terms-1], the Taylor coefficients of f at c; a[0] = f(c) is there. f is one of the five. */
void hyperbolic_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms);

/* An upper bound on |f(c + t) - the first eight terms| for |t| <= h, up to the rounding of a few operations in binary64;
 * h at most 2^-10 of hyperbolic_distance. */
double hyperbolic_remainder(enum oracle_function f, double centre, double h);

/* The distance of f's nearest singularity from the centre, or less; infinity for every other function. */
double hyperbolic_distance(enum oracle_function f, double centre);

/* True when f is one of the five and all of first .. last, of one sign bit, lie outside its domain: the result is NaN. */
bool hyperbolic_outside(enum oracle_function f, uint32_t first, uint32_t last);

#endif
