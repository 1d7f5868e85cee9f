/* validator/exec/vmath_avx512.c: the functions of vmath.h eight lanes at a time; compiled with -mavx512f, bw, dq, vl. */
#include "validator/exec/vmath.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GS_ELEMENTARY_LANES 8

typedef __m512d gs_vd;
typedef uint64_t gs_vu __attribute__((vector_size(64)));
typedef __m256 gs_vf;
typedef uint32_t gs_vw __attribute__((vector_size(32)));
typedef __mmask8 gs_vm;
typedef __mmask8 gs_wm;

static inline gs_vd gs_all(double x)
{
	return _mm512_set1_pd(x);
}

static inline gs_vu gs_all_u(uint64_t x)
{
	return (gs_vu)_mm512_set1_epi64((long long)x);
}

static inline gs_vw gs_all_w(uint32_t x)
{
	return (gs_vw)_mm256_set1_epi32((int)x);
}

static inline gs_vf gs_all_f(float x)
{
	return _mm256_set1_ps(x);
}

static inline gs_vu gs_bits(gs_vd x)
{
	return (gs_vu)x;
}

static inline gs_vd gs_of_bits(gs_vu bits)
{
	return (gs_vd)bits;
}

static inline gs_vw gs_bits_w(gs_vf x)
{
	return (gs_vw)x;
}

static inline gs_vf gs_of_bits_w(gs_vw bits)
{
	return (gs_vf)bits;
}

static inline gs_vd gs_widen(gs_vf x)
{
	return _mm512_cvtps_pd(x);
}

static inline gs_vf gs_narrow(gs_vd x)
{
	return _mm512_cvtpd_ps(x);
}

static inline gs_vu gs_extend(gs_vw x)
{
	return (gs_vu)_mm512_cvtepu32_epi64((__m256i)x);
}

static inline gs_vd gs_fma(gs_vd a, gs_vd b, gs_vd c)
{
	return _mm512_fmadd_pd(a, b, c);
}

static inline gs_vd gs_sqrt(gs_vd a)
{
	return _mm512_sqrt_pd(a);
}

static inline gs_vf gs_sqrt_f(gs_vf a)
{
	return _mm256_sqrt_ps(a);
}

static inline gs_vd gs_min(gs_vd a, gs_vd b)
{
	return _mm512_min_pd(a, b);
}

static inline gs_vd gs_max(gs_vd a, gs_vd b)
{
	return _mm512_max_pd(a, b);
}

static inline gs_vf gs_min_f(gs_vf a, gs_vf b)
{
	return _mm256_min_ps(a, b);
}

static inline gs_vf gs_max_f(gs_vf a, gs_vf b)
{
	return _mm256_max_ps(a, b);
}

static inline gs_vf gs_floor_lanes(gs_vf x)
{
	return _mm256_floor_ps(x);
}

static inline gs_vf gs_ceil_lanes(gs_vf x)
{
	return _mm256_ceil_ps(x);
}

static inline gs_vf gs_trunc_lanes(gs_vf x)
{
	return _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

static inline gs_vf gs_round_lanes(gs_vf x)
{
	return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline gs_vu gs_mul_low(gs_vu a, gs_vu b)
{
	return (gs_vu)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

static inline gs_vm gs_above(gs_vd a, gs_vd b)
{
	return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ);
}

static inline gs_vm gs_bit(gs_vu a, uint64_t bit)
{
	return _mm512_test_epi64_mask((__m512i)a, _mm512_set1_epi64((long long)bit));
}

static inline gs_vd gs_pick(gs_vm m, gs_vd a, gs_vd b)
{
	return _mm512_mask_mov_pd(b, m, a);
}

static inline gs_wm gs_equal_w(gs_vw a, uint32_t b)
{
	return _mm256_cmpeq_epi32_mask((__m256i)a, _mm256_set1_epi32((int)b));
}

static inline gs_wm gs_above_w(gs_vw a, uint32_t b)
{
	return _mm256_cmpgt_epu32_mask((__m256i)a, _mm256_set1_epi32((int)b));
}

static inline gs_wm gs_either_w(gs_wm a, gs_wm b)
{
	return a | b;
}

static inline bool gs_any_w(gs_wm m)
{
	return m != 0;
}

static inline gs_vw gs_pick_w(gs_wm m, gs_vw a, gs_vw b)
{
	return (gs_vw)_mm256_mask_mov_epi32((__m256i)b, m, (__m256i)a);
}

/* A permutation of two registers reads only the low four bits of an index, one of a register only three. */
static inline gs_vd gs_lookup16(const double table[16], gs_vu index)
{
	return _mm512_permutex2var_pd(_mm512_loadu_pd(table), (__m512i)index, _mm512_loadu_pd(table + 8));
}

static inline gs_vu gs_lookup8(const uint64_t table[8], gs_vu index)
{
	return (gs_vu)_mm512_permutexvar_epi64((__m512i)index, _mm512_loadu_si512(table));
}

static inline gs_vf gs_load_lanes(const float *p)
{
	return _mm256_loadu_ps(p);
}

static inline void gs_store_lanes(float *p, gs_vf x)
{
	_mm256_storeu_ps(p, x);
}

#include "validator/exec/vmath_body.h"

GS_VMATH_TABLE(avx512);

#endif
