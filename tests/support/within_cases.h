/* tests/support/within_cases.h: operands for `within`, most of them at or next to the edge of the tolerance. */
#ifndef GS_TESTS_SUPPORT_WITHIN_CASES_H
#define GS_TESTS_SUPPORT_WITHIN_CASES_H

#include <stdint.h>

struct within_case {
	uint32_t a, b, absolute, relative; /* binary32 bits; the function's c is absolute << 32 | relative */
};

/* Drawn in turn by `i`: a = b ± (A + R|b|), exactly where that is a float, and up to two floats beside it; subnormals and the
 * largest numbers; A or R 0; any bits; and numbers of special values. *state goes on. */
struct within_case within_draw(uint64_t i, uint64_t *state);

/* All quadruples of a list of special values: zeros, ends of the ranges, infinities, NaNs, numbers below zero. */
uint64_t within_specials(void); /* how many */
struct within_case within_special(uint64_t i);

/* The right answer, by MPFR: 0 or 1. */
uint64_t within_by_mpfr(struct within_case k);

#endif
