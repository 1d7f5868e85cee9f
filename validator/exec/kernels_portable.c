#include "validator/exec/kernels_body.h"

const struct gs_kernels gs_kernels_portable = {"portable", fma_line, add_line, max_line};

const struct gs_kernels *gs_kernels_select(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return &gs_kernels_avx2;
#endif
	return &gs_kernels_portable;
}
