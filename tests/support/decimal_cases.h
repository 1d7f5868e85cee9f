/* tests/support/decimal_cases.h: decimals as they stand on OpenGradient's chain, drawn where rounding is hard, and what GMP's rationals say of them. */
#ifndef GS_TESTS_SUPPORT_DECIMAL_CASES_H
#define GS_TESTS_SUPPORT_DECIMAL_CASES_H

#include "chain/core/rng.h"
#include "validator/opengradient/decimal.h"

/* Plain values; near halfway points between two neighbours, also of subnormal numbers; near overflow and underflow; huge values and exponents. */
struct gs_decimal decimal_case(struct gs_rng *rng);
/* A finite binary32: any bits, or near a power of two, or subnormal. */
uint32_t binary32_case(struct gs_rng *rng);
/* The midpoint between the finite binary32 of these bits, without sign, and the next one, cut to that many digits behind its first; zero if an int128 cannot hold them. */
struct gs_decimal decimal_above(uint32_t bits, int digits);

/* Whether these are the bits of the nearest binary32: the number lies between the midpoints to its neighbours, and on one only if the bits are even. */
bool decimal_is_nearest(const struct gs_decimal *d, uint32_t bits);
/* Whether the decimal is read as these bits by GMP, no shorter one is, and none of its length that is nearer, or as near with an even last digit. */
bool decimal_is_shortest(const struct gs_decimal *d, uint32_t bits);

#endif
