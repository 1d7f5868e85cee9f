/* validator/exec/vmath.h: the scalar functions of one binary32 over arrays, one table of them an instruction set.
 *
 * Every table gives the bits of gs_fn_apply for every input: the vector kernels run the very sequences of
 * challenge/machine/elementary_core.h in lanes, which the proofs over all 2^32 inputs cover (docs/numerics.md). */
#ifndef GS_VALIDATOR_EXEC_VMATH_H
#define GS_VALIDATOR_EXEC_VMATH_H

#include <stddef.h>

/* out[i] = f(in[i]) for i < n; out may be in, but may not overlap it otherwise. */
typedef void gs_kernel_map(const float *in, float *out, size_t n);

enum { GS_VMATH_CODES = 0x40 }; /* every function of binary32 has a code below it (enum gs_fn) */

struct gs_vmath {
	gs_kernel_map *map[GS_VMATH_CODES]; /* by code; NULL where there is no kernel */
};

extern const struct gs_vmath gs_vmath_portable;
#if defined(__x86_64__)
extern const struct gs_vmath gs_vmath_avx2;   /* needs AVX2 and FMA */
extern const struct gs_vmath gs_vmath_avx512; /* needs AVX-512 F, BW, DQ and VL besides */
#endif
#if defined(__aarch64__)
extern const struct gs_vmath gs_vmath_neon;
#endif

#endif
