#include "tests/support/peak.h"

#include <math.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CHAINS = 12, ROUNDS = 200000, ROUNDS_PORTABLE = ROUNDS / 16, LANES_PORTABLE = 8 };

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float chains_avx2(void)
{
	__m256 acc[CHAINS], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(1e-3f);
	for (unsigned c = 0; c < CHAINS; c++)
		acc[c] = _mm256_set1_ps((float)c);
	for (unsigned r = 0; r < ROUNDS; r++) {
#pragma GCC unroll 12
		for (unsigned c = 0; c < CHAINS; c++)
			acc[c] = _mm256_fmadd_ps(acc[c], x, y);
	}
	for (unsigned c = 1; c < CHAINS; c++)
		acc[0] = _mm256_add_ps(acc[0], acc[c]);
	return _mm256_cvtss_f32(acc[0]);
}

__attribute__((target("avx512f"))) static float chains_avx512(void)
{
	__m512 acc[CHAINS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(1e-3f);
	for (unsigned c = 0; c < CHAINS; c++)
		acc[c] = _mm512_set1_ps((float)c);
	for (unsigned r = 0; r < ROUNDS; r++) {
#pragma GCC unroll 12
		for (unsigned c = 0; c < CHAINS; c++)
			acc[c] = _mm512_fmadd_ps(acc[c], x, y);
	}
	for (unsigned c = 1; c < CHAINS; c++)
		acc[0] = _mm512_add_ps(acc[0], acc[c]);
	return _mm512_cvtss_f32(acc[0]);
}
#endif

static float chains_portable(void)
{
	float acc[CHAINS * LANES_PORTABLE];
	for (unsigned c = 0; c < CHAINS * LANES_PORTABLE; c++)
		acc[c] = (float)c;
	for (unsigned r = 0; r < ROUNDS_PORTABLE; r++)
		for (unsigned c = 0; c < CHAINS * LANES_PORTABLE; c++)
			acc[c] = fmaf(acc[c], 0.999f, 1e-3f);
	float sum = 0;
	for (unsigned c = 0; c < CHAINS * LANES_PORTABLE; c++)
		sum += acc[c];
	return sum;
}

double gs_peak_run(const char *isa)
{
	volatile float sink;
#if defined(__x86_64__)
	if (strcmp(isa, "avx512") == 0) {
		sink = chains_avx512();
		return 2.0 * 16 * CHAINS * ROUNDS;
	}
	if (strcmp(isa, "avx2") == 0) {
		sink = chains_avx2();
		return 2.0 * 8 * CHAINS * ROUNDS;
	}
#endif
	(void)isa;
	sink = chains_portable();
	(void)sink;
	return 2.0 * LANES_PORTABLE * CHAINS * ROUNDS_PORTABLE;
}

double gs_peak_flops(const char *isa)
{
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	double flops = gs_peak_run(isa);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return flops / ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9);
}
