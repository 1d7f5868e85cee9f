/* validator/exec/kernels_select.c: which tables of kernels.h this processor can run. */
#include "validator/exec/kernels.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Compilers do not all know it by name; that the system keeps the registers follows from AVX2. */
static bool has_f16c(void)
{
	unsigned a, b, c, d;
	return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c >> 29 & 1);
}
#endif

#if defined(__aarch64__)
#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (UINT64_C(1) << 20) /* of Linux's asm/hwcap.h */
#endif
#endif

const struct gs_kernels *gs_kernels_nth(unsigned n)
{
	const struct gs_kernels *able[5];
	unsigned count = 0;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()) {
		if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
			bool vnni = __builtin_cpu_supports("avx512vnni");
			able[count++] = vnni ? &gs_kernels_avx512vnni : &gs_kernels_avx512;
			if (vnni)
				able[count++] = &gs_kernels_avx512bw;
		}
		able[count++] = &gs_kernels_avx2;
	}
#endif
#if defined(__aarch64__)
	bool dot = getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
	able[count++] = dot ? &gs_kernels_neon_dot : &gs_kernels_neon;
	if (dot)
		able[count++] = &gs_kernels_neon_base;
#endif
	able[count++] = &gs_kernels_portable;
	return n < count ? able[n] : NULL;
}

const struct gs_kernels *gs_kernels_select(void)
{
	return gs_kernels_nth(0);
}

const struct gs_kernels *gs_kernels_named(const char *isa)
{
	const struct gs_kernels *k = gs_kernels_nth(0);
	for (unsigned n = 0; isa != NULL && k != NULL && strcmp(k->isa, isa) != 0; n++)
		k = gs_kernels_nth(n + 1);
	return k;
}
