/* validator/exec/kernels_avx2.c: the loops of kernels.h for AVX2 with FMA; compiled with -mavx2 -mfma. */
#if defined(__x86_64__)
#include "validator/exec/ints.h"
#include "validator/exec/kernels_body.h"
#include "validator/exec/planes.h"
#include "validator/exec/sweep_kernels.h"
#include "validator/exec/window_kernels.h"

#include <immintrin.h>

#define V __m256
#define V_LANES 8
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_SPLAT(x) _mm256_set1_ps(x)
#define V_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)

static inline __m256 clamp(__m256 v, __m256 low, __m256 high)
{
	return _mm256_min_ps(_mm256_max_ps(v, low), high);
}

static inline __m256 finish(__m256 v, __m256 low, __m256 high)
{
	const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
	return _mm256_blendv_ps(clamp(v, low, high), nan, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
}
#define V_CLAMP(v, low, high) clamp(v, low, high)
#define V_FINISH(v, low, high) finish(v, low, high)
#define V_NANS __m256
#define V_NO_NANS _mm256_setzero_ps()
#define V_FIND_NANS(found, a, b) _mm256_or_ps(found, _mm256_cmp_ps(a, b, _CMP_UNORD_Q))
#define V_ANY_NANS(found) (_mm256_movemask_ps(found) != 0)

#include "validator/exec/kernels_tile.h"
#include "validator/exec/kernels_avx.h"

/* Sixteen registers: 12 accumulators, the lanes of one term, a row's factor. */
TILE_TO_6(1)
TILE_TO_6(2)
TILE_TO_2(4)
TILE(8, 1)
APART_TO_6(1)
APART_TO_6(2)

const struct gs_kernels gs_kernels_avx2 = {
	.isa = "avx2",
	.sweep = &gs_sweep_avx2,
	.plane = &gs_planes_avx2,
	.window = &gs_window_avx2,
	.fma = fma_line,
	.add = add_line,
	.max = max_line,
	.lanes = V_LANES,
	.tile_rows = {6, 6, 2, 1},
	.tile = {{TILES_TO_6(1)}, {TILES_TO_6(2)}, {TILES_TO_2(4)}, {TILES_TO_1(8)}},
	.apart = {{APARTS_TO_6(1)}, {APARTS_TO_6(2)}},
	.transpose = transpose,
	.widen_f16 = widen_f16,
	.widen_bf16 = widen_bf16_line,
	.narrow_f16 = narrow_f16,
	.narrow_bf16 = narrow_bf16_line,
	.math = &gs_vmath_avx2,
	.ints = &gs_ints_avx2,
};
#else
typedef int gs_no_avx2_here; /* ISO C wants a declaration in every file */
#endif
