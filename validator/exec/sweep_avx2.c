/* validator/exec/sweep_avx2.c: the kernels of sweep_kernels.h for AVX2. */
#if defined(__x86_64__)
#include "validator/exec/sweep_body.h"

const struct gs_sweep_kernels gs_sweep_avx2 = SWEEP_TABLE;
#else
typedef int gs_no_sweep_avx2_here; /* ISO C wants a declaration in every file */
#endif
