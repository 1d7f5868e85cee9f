/* validator/exec/sweep_kernels.h: one scalar function over arrays of binary32, a table an instruction set. */
#ifndef GS_VALIDATOR_EXEC_SWEEP_KERNELS_H
#define GS_VALIDATOR_EXEC_SWEEP_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* out[i] = f(a[i], b[i], c[i]), i < n. Bit k of `moves` says whether operand k is an array; else it is the one value that its
 * pointer leads to. out may be one of the arrays, and overlaps none otherwise. A NaN in out is the canonical one. */
typedef void gs_sweep_kernel(float *out, size_t n, const float *a, const float *b, const float *c, unsigned moves);

enum { GS_SWEEP_CODES = 0x40 }; /* functions of binary32 have codes below it */

struct gs_sweep_kernels {
	gs_sweep_kernel *fn[GS_SWEEP_CODES]; /* by enum gs_fn; NULL: there is none */
};

extern const struct gs_sweep_kernels gs_sweep_portable;
#if defined(__x86_64__)
extern const struct gs_sweep_kernels gs_sweep_avx2, gs_sweep_avx512;
#endif

#endif
