/* tests/support/mpfr_f32.h: the scalar table's binary32 functions computed by MPFR: an independent oracle. */
#ifndef GS_TESTS_SUPPORT_MPFR_F32_H
#define GS_TESTS_SUPPORT_MPFR_F32_H

#include <stdbool.h>
#include <stdint.h>

/* Computes add, sub, mul, div, fma (a + b*c), sqrt, every function of one binary32 from exp to atanh, mod, to_f32 of
 * integers, rounded
 * once to binary32 with subnormals, NaN canonical. Returns false for a code it does not know. */
bool mpfr_f32_apply(unsigned code, uint64_t a, uint64_t b, uint64_t c, uint32_t *out);

#endif
