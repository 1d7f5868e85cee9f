/* validator/exec/window_avx2.c: the kernels of window_kernels.h for AVX2. */
#if defined(__x86_64__)
#include "validator/exec/window_body.h"

const struct gs_window_kernels gs_window_avx2 = WINDOW_TABLE;
#else
typedef int gs_no_window_avx2_here; /* ISO C wants a declaration in every file */
#endif
