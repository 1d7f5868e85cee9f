/* tests/prove/reference_trig.h: what reference.c must know of tan, asin, acos and atan. */
#ifndef GS_TESTS_PROVE_REFERENCE_TRIG_H
#define GS_TESTS_PROVE_REFERENCE_TRIG_H

#include "tests/prove/oracle.h"

#include <stdbool.h>

/* a[1] .. a[terms-1], the Taylor coefficients of f at c; a[0] = f(c) is there. f is one of the four. */
void trig_coefficients(enum oracle_function f, mpfr_t c, mpfr_t *a, int terms);

/* An upper bound on |f(c + t) - the first eight terms| for |t| <= h, up to the rounding of a few operations in binary64;
 * h at most 2^-10 of trig_distance. f is one of the four, tan about |c| <= 1 only. */
double trig_remainder(enum oracle_function f, double centre, double h);

/* The distance of the nearest singularity of asin and acos from the centre; infinity for every other function. */
double trig_distance(enum oracle_function f, double centre);

/* True when f is asin or acos and the inputs from first on, away from zero, are outside the domain: the result is NaN. */
bool trig_outside(enum oracle_function f, uint32_t first);

#endif
