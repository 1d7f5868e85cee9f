/* validator/exec/planes_avx512.c: the loops of planes.h for AVX-512, also with vectors of half its length; compiled with
 * -mavx512f, bw, dq, vl. */
#if defined(__x86_64__)
#include "validator/exec/planes.h"

#include <immintrin.h>

#define ROWS_SQUARE3 8
#define ROWS_SQUARE5 4
#define ROWS_ANY 4
#define WIDE 16
#define HALF 8

#define NAME(x) wide_##x
#define V __m512
#define V_LANES 16
#define V_LOAD(p) _mm512_loadu_ps(p)
#define V_STORE(p, v) _mm512_storeu_ps(p, v)
#define V_STORE_SOME(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1U << (n)) - 1), v)
#define V_KEEP(v) __asm__("" : "+v"(v))
#define V_SPLAT(x) _mm512_set1_ps(x)
#define V_FMA(w, x, acc) _mm512_fmadd_ps(w, x, acc)
#define V_CLAMP(v, low, high) _mm512_min_ps(_mm512_max_ps(v, low), high)
#define V_CANONICAL(v, otherwise) \
	_mm512_mask_mov_ps(otherwise, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), \
	                   _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)))
#define V_NANS __mmask16
#define V_NO_NANS 0
#define V_FIND_NANS(found, a, b) (__mmask16)(found | _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q))
#define V_ANY_NANS(found) (found != 0)
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
#undef V_FIND_NANS
#define NAME(x) half_##x
#define V __m256
#define V_LANES 8
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_STORE_SOME(p, v, n) _mm256_mask_storeu_ps(p, (__mmask8)((1U << (n)) - 1), v)
#define V_SPLAT(x) _mm256_set1_ps(x)
#define V_FMA(w, x, acc) _mm256_fmadd_ps(w, x, acc)
#define V_CLAMP(v, low, high) _mm256_min_ps(_mm256_max_ps(v, low), high)
#define V_CANONICAL(v, otherwise) \
	_mm256_mask_mov_ps(otherwise, _mm256_cmp_ps_mask(v, v, _CMP_UNORD_Q), \
	                   _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)))
#define V_NANS __mmask8
#define V_FIND_NANS(found, a, b) (__mmask8)(found | _mm256_cmp_ps_mask(a, b, _CMP_UNORD_Q))
#include "validator/exec/planes_body.h"

static inline void split_vectors(float *even, float *odd, const float *from)
{
	const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	const __m512i odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
	__m512 a = _mm512_loadu_ps(from), b = _mm512_loadu_ps(from + 16);
	_mm512_storeu_ps(even, _mm512_permutex2var_ps(a, evens, b));
	_mm512_storeu_ps(odd, _mm512_permutex2var_ps(a, odds, b));
}
#define V_SPLIT(even, odd, from) split_vectors(even, odd, from)

#include "validator/exec/planes_run.h"

static void copy(float *to, size_t to_line, const float *from, ptrdiff_t from_line, size_t n, size_t lines)
{
	const __mmask16 rest = (__mmask16)((1U << n % 16) - 1);
	const size_t whole = n / 16 * 16;
	for (size_t y = 0; y < lines; y++, to += to_line, from += from_line) {
		for (size_t i = 0; i < whole; i += 16)
			_mm512_storeu_ps(to + i, _mm512_loadu_ps(from + i));
		if (rest)
			_mm512_mask_storeu_ps(to + whole, rest, _mm512_maskz_loadu_ps(rest, from + whole));
	}
}

const struct gs_plane_kernels gs_planes_avx512 = {.run = run, .copy = copy, .split = split};
#else
typedef int gs_no_avx512_here; /* ISO C wants a declaration in every file */
#endif
