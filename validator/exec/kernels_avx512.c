/* validator/exec/kernels_avx512.c: the loops of kernels.h for AVX-512; compiled with -mavx512f, bw, dq, vl. */
#if defined(__x86_64__)
#include "validator/exec/ints.h"
#include "validator/exec/kernels_body.h"
#include "validator/exec/planes.h"
#include "validator/exec/sweep_kernels.h"
#include "validator/exec/window_kernels.h"

#include <immintrin.h>

#define V __m512
#define V_LANES 16
#define V_LOAD(p) _mm512_loadu_ps(p)
#define V_STORE(p, v) _mm512_storeu_ps(p, v)
#define V_SPLAT(x) _mm512_set1_ps(x)
#define V_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)

static inline __m512 clamp(__m512 v, __m512 low, __m512 high)
{
	return _mm512_min_ps(_mm512_max_ps(v, low), high);
}

static inline __m512 finish(__m512 v, __m512 low, __m512 high)
{
	const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000));
	return _mm512_mask_mov_ps(clamp(v, low, high), _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), nan);
}
#define V_CLAMP(v, low, high) clamp(v, low, high)
#define V_FINISH(v, low, high) finish(v, low, high)
#define V_NANS __mmask16
#define V_NO_NANS 0xffff /* all are numbers */
#define V_FIND_NANS(found, a, b) _mm512_mask_cmp_ps_mask(found, a, b, _CMP_ORD_Q)
#define V_ANY_NANS(found) (found != 0xffff)

#include "validator/exec/kernels_tile.h"
#include "validator/exec/kernels_avx.h"

/* Thirty-two registers: up to 28 accumulators, the lanes of one term; a row's factor comes from memory. */
TILE_TO_14(1)
TILE_TO_14(2)
TILE_TO_6(4)
TILE_TO_2(8)
APART_TO_14(1)
APART_TO_14(2)

#define TABLE(NAME, INTS) \
	{ \
		.isa = (NAME), .sweep = &gs_sweep_avx512, .window = &gs_window_avx512, .plane = &gs_planes_avx512, \
		.fma = fma_line, .add = add_line, .max = max_line, .lanes = V_LANES, .tile_rows = {14, 14, 6, 2}, \
		.tile = {{TILES_TO_14(1)}, {TILES_TO_14(2)}, {TILES_TO_6(4)}, {TILES_TO_2(8)}}, \
		.apart = {{APARTS_TO_14(1)}, {APARTS_TO_14(2)}}, .transpose = transpose, .widen_f16 = widen_f16, \
		.widen_bf16 = widen_bf16_line, .narrow_f16 = narrow_f16, .narrow_bf16 = narrow_bf16_line, \
		.ints = (INTS), .math = &gs_vmath_avx512, \
	}

const struct gs_kernels gs_kernels_avx512vnni = TABLE("avx512", &gs_ints_avx512vnni);
const struct gs_kernels gs_kernels_avx512 = TABLE("avx512", &gs_ints_avx512);
const struct gs_kernels gs_kernels_avx512bw = TABLE("avx512bw", &gs_ints_avx512);
#else
typedef int gs_no_avx512_here; /* ISO C wants a declaration in every file */
#endif
