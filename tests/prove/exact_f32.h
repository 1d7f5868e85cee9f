/* tests/prove/exact_f32.h: division and fused multiply-add of binary32 in integers: an independent oracle, itself
 * compared with MPFR by prove_two. Bits in and out; every NaN result is 0x7fc00000. */
#ifndef GS_TESTS_PROVE_EXACT_F32_H
#define GS_TESTS_PROVE_EXACT_F32_H

#include <stdint.h>

uint32_t exact_div(uint32_t a, uint32_t b);
/* a + b c, rounded once. */
uint32_t exact_fma(uint32_t a, uint32_t b, uint32_t c);

#endif
