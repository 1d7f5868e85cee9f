/* validator/exec/kernels.h: inner loops over one line of binary32 accumulators.
 *
 * The same source (kernels_body.h) is compiled for several instruction sets; each lane does the same IEEE operations. */
#ifndef GS_VALIDATOR_EXEC_KERNELS_H
#define GS_VALIDATOR_EXEC_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* x0 and x1 advance by their strides (in elements; 0 repeats one value) from position to position. */
typedef void gs_kernel_fold2(float *acc, size_t n, const float *x0, ptrdiff_t s0, const float *x1, ptrdiff_t s1);
typedef void gs_kernel_fold1(float *acc, size_t n, const float *x0, ptrdiff_t s0);

struct gs_kernels {
	const char *isa;
	gs_kernel_fold2 *fma; /* acc = acc + x0*x1, rounded once */
	gs_kernel_fold1 *add;
	gs_kernel_fold1 *max; /* the law's max: NaN propagates, -0 < +0 */
};

extern const struct gs_kernels gs_kernels_portable;
#if defined(__x86_64__)
extern const struct gs_kernels gs_kernels_avx2; /* needs AVX2 and FMA */
#endif
/* The best table for this processor. */
const struct gs_kernels *gs_kernels_select(void);

#endif
