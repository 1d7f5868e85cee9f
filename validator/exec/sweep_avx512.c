/* validator/exec/sweep_avx512.c: the kernels of sweep_kernels.h for AVX-512. */
#if defined(__x86_64__)
#include "validator/exec/sweep_body.h"

const struct gs_sweep_kernels gs_sweep_avx512 = SWEEP_TABLE;
#else
typedef int gs_no_sweep_avx512_here; /* ISO C wants a declaration in every file */
#endif
