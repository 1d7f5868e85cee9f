/* validator/exec/planes_avx2.c: the loops of planes.h for AVX2 with FMA; compiled with -mavx2 -mfma. */
#if defined(__x86_64__)
#include "validator/exec/planes.h"

#include <immintrin.h>
#include <string.h>

#define ROWS_SQUARE3 4
#define ROWS_SQUARE5 4
#define ROWS_ANY 4
#define WIDE 8
#define HALF 4

#define NAME(x) wide_##x
#define V __m256
#define V_LANES 8
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_STORE_SOME(p, v, n) \
	do { \
		float lanes_[8]; \
		_mm256_storeu_ps(lanes_, v); \
		memcpy(p, lanes_, (n) * sizeof(float)); \
	} while (0)
#define V_KEEP(v) __asm__("" : "+x"(v))
#define V_SPLAT(x) _mm256_set1_ps(x)
#define V_FMA(w, x, acc) _mm256_fmadd_ps(w, x, acc)
#define V_CLAMP(v, low, high) _mm256_min_ps(_mm256_max_ps(v, low), high)
#define V_CANONICAL(v, otherwise) \
	_mm256_blendv_ps(otherwise, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), \
	                 _mm256_cmp_ps(v, v, _CMP_UNORD_Q))
#define V_NANS __m256
#define V_NO_NANS _mm256_setzero_ps()
#define V_FIND_NANS(found, a, b) _mm256_or_ps(found, _mm256_cmp_ps(a, b, _CMP_UNORD_Q))
#define V_ANY_NANS(found) (_mm256_movemask_ps(found) != 0)
#include "validator/exec/planes_body.h"

#undef NAME
#undef V
#undef V_LANES
#undef V_LOAD
#undef V_STORE
#undef V_STORE_SOME
#undef V_SPLAT
#undef V_FMA
#undef V_CLAMP
#undef V_CANONICAL
#undef V_NANS
#undef V_NO_NANS
#undef V_FIND_NANS
#undef V_ANY_NANS
#define NAME(x) half_##x
#define V __m128
#define V_LANES 4
#define V_LOAD(p) _mm_loadu_ps(p)
#define V_STORE(p, v) _mm_storeu_ps(p, v)
#define V_STORE_SOME(p, v, n) \
	do { \
		float lanes_[4]; \
		_mm_storeu_ps(lanes_, v); \
		memcpy(p, lanes_, (n) * sizeof(float)); \
	} while (0)
#define V_SPLAT(x) _mm_set1_ps(x)
#define V_FMA(w, x, acc) _mm_fmadd_ps(w, x, acc)
#define V_CLAMP(v, low, high) _mm_min_ps(_mm_max_ps(v, low), high)
#define V_CANONICAL(v, otherwise) \
	_mm_blendv_ps(otherwise, _mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)), _mm_cmpunord_ps(v, v))
#define V_NANS __m128
#define V_NO_NANS _mm_setzero_ps()
#define V_FIND_NANS(found, a, b) _mm_or_ps(found, _mm_cmpunord_ps(a, b))
#define V_ANY_NANS(found) (_mm_movemask_ps(found) != 0)
#include "validator/exec/planes_body.h"

static inline __m256 in_order(__m256 v) /* what a shuffle within halves leaves of two vectors */
{
	return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0xd8));
}

static inline void split_vectors(float *even, float *odd, const float *from)
{
	__m256 a = _mm256_loadu_ps(from), b = _mm256_loadu_ps(from + 8);
	_mm256_storeu_ps(even, in_order(_mm256_shuffle_ps(a, b, 0x88)));
	_mm256_storeu_ps(odd, in_order(_mm256_shuffle_ps(a, b, 0xdd)));
}
#define V_SPLIT(even, odd, from) split_vectors(even, odd, from)

#include "validator/exec/planes_run.h"

static void copy(float *to, size_t to_line, const float *from, ptrdiff_t from_line, size_t n, size_t lines)
{
	for (size_t y = 0; y < lines; y++, to += to_line, from += from_line) {
		size_t i = 0;
		for (; i + 8 <= n; i += 8)
			_mm256_storeu_ps(to + i, _mm256_loadu_ps(from + i));
		if (n >= 8 && i < n) /* the last eight, some of them once more */
			_mm256_storeu_ps(to + n - 8, _mm256_loadu_ps(from + n - 8));
		else
			for (; i < n; i++)
				to[i] = from[i];
	}
}

const struct gs_plane_kernels gs_planes_avx2 = {.run = run, .copy = copy, .split = split};
#else
typedef int gs_no_avx2_here; /* ISO C wants a declaration in every file */
#endif
