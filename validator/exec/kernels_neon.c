/* validator/exec/kernels_neon.c: the loops of kernels.h for aarch64, whose every processor has NEON. */
#if defined(__aarch64__)
#include "validator/exec/ints.h"
#include "validator/exec/kernels_body.h"
#include "validator/exec/planes.h"
#include "validator/exec/sweep_kernels.h"
#include "validator/exec/window_kernels.h"

#include <arm_neon.h>

#define V float32x4_t
#define V_LANES 4
#define V_LOAD(p) vld1q_f32(p)
#define V_STORE(p, v) vst1q_f32(p, v)
#define V_SPLAT(x) vdupq_n_f32(x)
#define V_FMA(a, b, c) vfmaq_f32(c, a, b)

static inline float32x4_t clamp(float32x4_t v, float32x4_t low, float32x4_t high)
{
	return vminq_f32(vmaxq_f32(v, low), high);
}

static inline float32x4_t finish(float32x4_t v, float32x4_t low, float32x4_t high)
{
	const float32x4_t nan = vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000));
	return vbslq_f32(vceqq_f32(v, v), clamp(v, low, high), nan);
}
#define V_CLAMP(v, low, high) clamp(v, low, high)
#define V_FINISH(v, low, high) finish(v, low, high)
#define V_NANS uint32x4_t
#define V_NO_NANS vdupq_n_u32(UINT32_MAX) /* all are numbers */
#define V_FIND_NANS(found, a, b) vandq_u32(found, vandq_u32(vceqq_f32(a, a), vceqq_f32(b, b)))
#define V_ANY_NANS(found) (vminvq_u32(found) == 0)

#include "validator/exec/kernels_tile.h"

/* Thirty-two registers: 8 rows of 8 lanes are 16 accumulators. */
TILE_TO_8(1)
TILE_TO_8(2)
TILE_TO_6(4)
TILE_TO_2(8)
APART_TO_8(1)
APART_TO_8(2)

static void widen_f16(float *out, const uint16_t *in, size_t n)
{
	size_t i = 0;
	for (; i + 4 <= n; i += 4)
		vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(in + i))));
	for (; i < n; i++)
		out[i] = vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(in[i]))), 0);
}

static void narrow_f16(uint16_t *out, const float *in, size_t n)
{
	size_t i = 0;
	for (; i + 4 <= n; i += 4)
		vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(in + i))));
	for (; i < n; i++)
		out[i] = vget_lane_u16(vreinterpret_u16_f16(vcvt_f16_f32(vdupq_n_f32(in[i]))), 0);
}

static void transpose(float *dst, size_t step, const float *src, ptrdiff_t row_step, size_t rows, size_t terms)
{
	transpose_rest(dst, step, src, row_step, rows, 0, terms);
}

#define TABLE(NAME, INTS) \
	{ \
		.isa = (NAME), .sweep = &gs_sweep_portable, .window = &gs_window_portable, .plane = &gs_planes_neon, \
		.fma = fma_line, .add = add_line, .max = max_line, .lanes = V_LANES, .tile_rows = {8, 8, 6, 2}, \
		.tile = {{TILES_TO_8(1)}, {TILES_TO_8(2)}, {TILES_TO_6(4)}, {TILES_TO_2(8)}}, \
		.apart = {{APARTS_TO_8(1)}, {APARTS_TO_8(2)}}, .transpose = transpose, .widen_f16 = widen_f16, \
		.widen_bf16 = widen_bf16_line, .narrow_f16 = narrow_f16, .narrow_bf16 = narrow_bf16_line, \
		.math = &gs_vmath_neon, .ints = (INTS), \
	}

const struct gs_kernels gs_kernels_neon_dot = TABLE("neon", &gs_ints_neon_dot);
const struct gs_kernels gs_kernels_neon = TABLE("neon", &gs_ints_neon);
const struct gs_kernels gs_kernels_neon_base = TABLE("neonbase", &gs_ints_neon);
#else
typedef int gs_no_neon_here; /* ISO C wants a declaration in every file */
#endif
