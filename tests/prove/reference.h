/* tests/prove/reference.h: a fast reference for proofs, with an error bound that holds by construction.
 *
 * A run of neighbouring inputs is enclosed by one Taylor polynomial whose coefficients MPFR computes; a bound on its
 * remainder and on all rounding comes with it. It shares nothing with challenge/machine: other range reduction (none),
 * other polynomials, no table. Where an enclosure does not decide the rounding, MPFR does, input by input. */
#ifndef GS_TESTS_PROVE_REFERENCE_H
#define GS_TESTS_PROVE_REFERENCE_H

#include "tests/prove/oracle.h"

#include <stdbool.h>

enum { REFERENCE_RUN = 4096 }; /* most inputs of one run; runs are aligned to their power-of-two length */

/* For the inputs first .. first+count-1: below[i] and above[i] are binary32 bits such that, where they are equal, they
 * are the correctly rounded value; where they differ MPFR must be asked (NaN and infinite inputs, the neighbourhood of
 * 0, and values within 2^-44 of a rounding boundary). count is a power of two up to REFERENCE_RUN that divides first. */
void reference_run(enum oracle_function f, uint32_t first, uint32_t count, uint32_t *below, uint32_t *above);

/* True when f rounds to one and the same *value on all of first .. last: decided by MPFR at both ends, as the
 * functions are monotone (sin and cos are asked up to 1 only), or by all of them lying outside the domain. The inputs have one sign bit. */
bool reference_constant(enum oracle_function f, uint32_t first, uint32_t last, uint32_t *value);

/* log2 of the relative distance of f(input) from the nearest point where the rounding changes; 0 where there is none. */
double reference_distance(enum oracle_function f, uint32_t input);

#endif
