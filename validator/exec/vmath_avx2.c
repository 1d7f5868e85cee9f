/* validator/exec/vmath_avx2.c: the functions of vmath.h four lanes at a time; compiled with -mavx2 -mfma. */
#include "validator/exec/vmath.h"

#include "challenge/machine/elementary_erf.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GS_ELEMENTARY_LANES 4
#define GS_ELEMENTARY_ERF_BY_PIECE

typedef __m256d gs_vd;
typedef uint64_t gs_vu __attribute__((vector_size(32)));
typedef __m128 gs_vf;
typedef uint32_t gs_vw __attribute__((vector_size(16)));
typedef __m256i gs_vm; /* all ones where true */
typedef __m128i gs_wm;

static inline gs_vd gs_all(double x)
{
	return _mm256_set1_pd(x);
}

static inline gs_vu gs_all_u(uint64_t x)
{
	return (gs_vu)_mm256_set1_epi64x((long long)x);
}

static inline gs_vw gs_all_w(uint32_t x)
{
	return (gs_vw)_mm_set1_epi32((int)x);
}

static inline gs_vf gs_all_f(float x)
{
	return _mm_set1_ps(x);
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
	return _mm256_cvtps_pd(x);
}

static inline gs_vf gs_narrow(gs_vd x)
{
	return _mm256_cvtpd_ps(x);
}

static inline gs_vu gs_extend(gs_vw x)
{
	return (gs_vu)_mm256_cvtepu32_epi64((__m128i)x);
}

static inline gs_vd gs_fma(gs_vd a, gs_vd b, gs_vd c)
{
	return _mm256_fmadd_pd(a, b, c);
}

static inline gs_vd gs_sqrt(gs_vd a)
{
	return _mm256_sqrt_pd(a);
}

static inline gs_vf gs_sqrt_f(gs_vf a)
{
	return _mm_sqrt_ps(a);
}

static inline gs_vd gs_min(gs_vd a, gs_vd b)
{
	return _mm256_min_pd(a, b);
}

static inline gs_vd gs_max(gs_vd a, gs_vd b)
{
	return _mm256_max_pd(a, b);
}

static inline gs_vf gs_min_f(gs_vf a, gs_vf b)
{
	return _mm_min_ps(a, b);
}

static inline gs_vf gs_max_f(gs_vf a, gs_vf b)
{
	return _mm_max_ps(a, b);
}

static inline gs_vf gs_floor_lanes(gs_vf x)
{
	return _mm_floor_ps(x);
}

static inline gs_vf gs_ceil_lanes(gs_vf x)
{
	return _mm_ceil_ps(x);
}

static inline gs_vf gs_trunc_lanes(gs_vf x)
{
	return _mm_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

static inline gs_vf gs_round_lanes(gs_vf x)
{
	return _mm_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline gs_vu gs_mul_low(gs_vu a, gs_vu b)
{
	return (gs_vu)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

static inline gs_vm gs_above(gs_vd a, gs_vd b)
{
	return (__m256i)_mm256_cmp_pd(a, b, _CMP_GT_OQ);
}

static inline gs_vm gs_bit(gs_vu a, uint64_t bit)
{
	__m256i bits = _mm256_set1_epi64x((long long)bit);
	return _mm256_cmpeq_epi64(_mm256_and_si256((__m256i)a, bits), bits); /* one bit only */
}

static inline gs_vd gs_pick(gs_vm m, gs_vd a, gs_vd b)
{
	return _mm256_blendv_pd(b, a, (__m256d)m);
}

static inline gs_wm gs_equal_w(gs_vw a, uint32_t b)
{
	return _mm_cmpeq_epi32((__m128i)a, _mm_set1_epi32((int)b));
}

/* The instruction compares signed numbers; flipped signs make it unsigned. */
static inline gs_wm gs_above_w(gs_vw a, uint32_t b)
{
	return _mm_cmpgt_epi32((__m128i)(a ^ 0x80000000u), _mm_set1_epi32((int)(b ^ 0x80000000u)));
}

static inline gs_wm gs_either_w(gs_wm a, gs_wm b)
{
	return _mm_or_si128(a, b);
}

static inline bool gs_any_w(gs_wm m)
{
	return _mm_movemask_epi8(m) != 0;
}

static inline gs_vw gs_pick_w(gs_wm m, gs_vw a, gs_vw b)
{
	return (gs_vw)_mm_blendv_epi8((__m128i)b, (__m128i)a, m);
}

/* Four loads: faster than a gather on most processors. */
static inline gs_vd gs_lookup16(const double table[16], gs_vu index)
{
	return _mm256_set_pd(table[index[3]], table[index[2]], table[index[1]], table[index[0]]);
}

static inline gs_vu gs_lookup8(const uint64_t table[8], gs_vu index)
{
	return (gs_vu){table[index[0] & 7], table[index[1] & 7], table[index[2] & 7], table[index[3] & 7]};
}

static inline __m256d gs_halves(const double *low, const double *high)
{
	return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_load_pd(low)), _mm_load_pd(high), 1);
}

/* A row of four columns a lane, and the block of four by four turned: a third of the loads of looking each column up. */
static inline void gs_lookup_erf(gs_vu piece, gs_vd columns[GS_ERF_COLUMNS])
{
	const double *row[] = {gs_erf_by_piece[piece[0]], gs_erf_by_piece[piece[1]], gs_erf_by_piece[piece[2]],
	                       gs_erf_by_piece[piece[3]]};
#pragma GCC unroll 4
	for (int k = 0; k < GS_ERF_COLUMNS; k += 4) {
		__m256d a = gs_halves(row[0] + k, row[2] + k), b = gs_halves(row[1] + k, row[3] + k);
		columns[k] = _mm256_unpacklo_pd(a, b);
		columns[k + 1] = _mm256_unpackhi_pd(a, b);
		a = gs_halves(row[0] + k + 2, row[2] + k + 2), b = gs_halves(row[1] + k + 2, row[3] + k + 2);
		columns[k + 2] = _mm256_unpacklo_pd(a, b);
		columns[k + 3] = _mm256_unpackhi_pd(a, b);
	}
}

static inline gs_vf gs_load_lanes(const float *p)
{
	return _mm_loadu_ps(p);
}

static inline void gs_store_lanes(float *p, gs_vf x)
{
	_mm_storeu_ps(p, x);
}

#include "validator/exec/vmath_body.h"

GS_VMATH_TABLE(avx2);

#endif
