/* validator/exec/sweep_kernels.h: one scalar function over arrays of binary32, a table an instruction set. */
#ifndef GS_VALIDATOR_EXEC_SWEEP_KERNELS_H
#define GS_VALIDATOR_EXEC_SWEEP_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* out[i] = f(a[i], b[i], c[i]), i < n. Bit k of `moves` says whether operand k is an array; else it is the one value that its
 * pointer leads to. out may be one of the arrays, and overlaps none otherwise. A NaN in out is the canonical one. */
typedef void gs_sweep_kernel(float *out, size_t n, const float *a, const float *b, const float *c, unsigned moves);

/* acc[l] = f(acc[l], x[at(t) + l]) for t = 0, 1, ... terms - 1, each l < n; at(t) is at[t], or t*step when at is NULL. With
 * `beyond`, what lies in acc and x up to the next multiple of GS_SWEEP_BEYOND lanes may be read, and in acc written. A NaN
 * may have any payload. */
typedef void gs_fold_kernel(float *acc, size_t n, const float *x, const int64_t *at, int64_t step, size_t terms,
                            int beyond);
enum { GS_SWEEP_BEYOND = 16 };

enum { GS_SWEEP_CODES = 0x40 }; /* functions of binary32 have codes below it */

struct gs_sweep_kernels {
	gs_sweep_kernel *fn[GS_SWEEP_CODES];  /* by enum gs_fn; NULL: there is none */
	gs_fold_kernel *fold[GS_SWEEP_CODES]; /* f32.add, max and min */
};

extern const struct gs_sweep_kernels gs_sweep_portable;
#if defined(__x86_64__)
extern const struct gs_sweep_kernels gs_sweep_avx2, gs_sweep_avx512;
#endif

#endif
