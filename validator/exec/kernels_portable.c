/* validator/exec/kernels_portable.c: the loops of kernels.h in plain C, for any processor. */
#include "challenge/machine/number.h"
#include "validator/exec/ints.h"
#include "validator/exec/kernels_body.h"
#include "validator/exec/planes.h"
#include "validator/exec/sweep_kernels.h"
#include "validator/exec/window_kernels.h"

enum { V_LANES = 4 };
struct vector {
	float lane[V_LANES];
};
#define V struct vector

static inline struct vector load(const float *p)
{
	struct vector v;
	for (unsigned i = 0; i < V_LANES; i++)
		v.lane[i] = p[i];
	return v;
}

static inline void store(float *p, struct vector v)
{
	for (unsigned i = 0; i < V_LANES; i++)
		p[i] = v.lane[i];
}

static inline struct vector splat(float x)
{
	struct vector v;
	for (unsigned i = 0; i < V_LANES; i++)
		v.lane[i] = x;
	return v;
}

static inline struct vector fma_lanes(struct vector a, struct vector b, struct vector c)
{
	for (unsigned i = 0; i < V_LANES; i++)
		c.lane[i] = fmaf(a.lane[i], b.lane[i], c.lane[i]);
	return c;
}

static inline struct vector finish(struct vector v, struct vector low, struct vector high)
{
	const union {
		uint32_t u;
		float f;
	} nan = {0x7fc00000};
	for (unsigned i = 0; i < V_LANES; i++) {
		float x = v.lane[i];
		float clamped = x > low.lane[i] ? x : low.lane[i];
		clamped = clamped < high.lane[i] ? clamped : high.lane[i];
		v.lane[i] = x != x ? nan.f : clamped;
	}
	return v;
}
#define V_LOAD(p) load(p)
#define V_STORE(p, v) store(p, v)
#define V_SPLAT(x) splat(x)
#define V_FMA(a, b, c) fma_lanes(a, b, c)
#define V_FINISH(v, low, high) finish(v, low, high)
#define V_CLAMP(v, low, high) finish(v, low, high)

static inline bool has_nans(struct vector a, struct vector b)
{
	bool found = false;
	for (unsigned i = 0; i < V_LANES; i++)
		found |= a.lane[i] != a.lane[i] || b.lane[i] != b.lane[i];
	return found;
}
#define V_NANS bool
#define V_NO_NANS false
#define V_FIND_NANS(found, a, b) (found | has_nans(a, b))
#define V_ANY_NANS(found) (found)

#include "validator/exec/kernels_tile.h"

TILE_TO_4(1)
TILE_TO_4(2)
TILE_TO_2(4)
TILE(8, 1)
APART_TO_4(1)
APART_TO_4(2)

static void widen_f16(float *out, const uint16_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gs_f32_from_bits(gs_f16_to_f32(in[i]));
}

static void narrow_f16(uint16_t *out, const float *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gs_f32_to_f16(gs_f32_to_bits(in[i]));
}

static void transpose(float *dst, size_t step, const float *src, ptrdiff_t row_step, size_t rows, size_t terms)
{
	transpose_rest(dst, step, src, row_step, rows, 0, terms);
}

const struct gs_kernels gs_kernels_portable = {
	.isa = "portable",
	.sweep = &gs_sweep_portable,
	.plane = &gs_planes_portable,
	.window = &gs_window_portable,
	.fma = fma_line,
	.add = add_line,
	.max = max_line,
	.lanes = V_LANES,
	.tile_rows = {4, 4, 2, 1},
	.tile = {{TILES_TO_4(1)}, {TILES_TO_4(2)}, {TILES_TO_2(4)}, {TILES_TO_1(8)}},
	.apart = {{APARTS_TO_4(1)}, {APARTS_TO_4(2)}},
	.transpose = transpose,
	.widen_f16 = widen_f16,
	.widen_bf16 = widen_bf16_line,
	.narrow_f16 = narrow_f16,
	.narrow_bf16 = narrow_bf16_line,
	.math = &gs_vmath_portable,
	.ints = &gs_ints_portable,
};
