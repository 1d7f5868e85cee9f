/* challenge/machine/pow.h: a to the power b in binary32, rounded once (f32.pow, docs/machine.md section 2.1).
 *
 * Operands and results are the bits of a binary32; every NaN result is 0x7fc00000. Special values are those of pow in
 * IEEE 754-2019. Everything is done in integers, so the result is the same on every machine. */
#ifndef GS_CHALLENGE_MACHINE_POW_H
#define GS_CHALLENGE_MACHINE_POW_H

#include <stdbool.h>
#include <stdint.h>

uint32_t gs_pow_f32_bits(uint32_t a, uint32_t b);
float gs_powf(float a, float b);

/* The parts of it, for tests. In all of them a is positive, finite, not 0 and not 1; b is finite and not 0.
 *
 * _quick: from 64-bit fractions, off by less than 2^-59 of the value; false where that does not settle the rounding.
 * _exact: true where a^b has at most 25 significant bits (a tie, then, or no rounding at all).
 * _wide: the law's algorithm W, off by less than 2^-191 of the value; meant for what is not exact. */
bool gs_pow_quick(uint32_t a, uint32_t b, uint32_t *out);
bool gs_pow_exact(uint32_t a, uint32_t b, uint32_t *out);
uint32_t gs_pow_wide(uint32_t a, uint32_t b);

/* value = (w + sticky) 2^(k - 63) to the nearest binary32, ties to even; w has its top bit set, sticky is below one.
 * For pow.c and pow_wide.c. */
uint32_t gs_pow_round(uint64_t w, int64_t k, bool sticky);
/* |x| = m 2^e with 2^23 <= m < 2^24, for x finite and not 0. */
uint32_t gs_pow_parts(uint32_t x, int *e);

#endif
