/* The same loops, compiled with AVX2 and FMA (the Makefile's flags for *_avx2.c). */
#if defined(__x86_64__)
#include "validator/exec/kernels_body.h"

const struct gs_kernels gs_kernels_avx2 = {"avx2", fma_line, add_line, max_line};
#else
typedef int gs_kernels_avx2_unused;
#endif
