/* validator/exec/window_avx512.c: the kernels of window_kernels.h for AVX-512. */
#if defined(__x86_64__)
#include "validator/exec/window_body.h"

const struct gs_window_kernels gs_window_avx512 = WINDOW_TABLE;
#else
typedef int gs_no_window_avx512_here; /* ISO C wants a declaration in every file */
#endif
