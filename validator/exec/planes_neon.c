/* validator/exec/planes_neon.c: the loops of planes.h for aarch64, whose every processor has NEON. */
#if defined(__aarch64__)
#include "validator/exec/planes.h"

#include <arm_neon.h>
#include <string.h>

#define ROWS_SQUARE3 8
#define ROWS_SQUARE5 4
#define ROWS_ANY 4
#define WIDE 4

#define NAME(x) wide_##x
#define V float32x4_t
#define V_LANES 4
#define V_LOAD(p) vld1q_f32(p)
#define V_STORE(p, v) vst1q_f32(p, v)
#define V_STORE_SOME(p, v, n) \
	do { \
		float lanes_[4]; \
		vst1q_f32(lanes_, v); \
		memcpy(p, lanes_, (n) * sizeof(float)); \
	} while (0)
#define V_KEEP(v) __asm__("" : "+w"(v))
#define V_SPLAT(x) vdupq_n_f32(x)
#define V_FMA(w, x, acc) vfmaq_f32(acc, w, x)
#define V_CLAMP(v, low, high) vminq_f32(vmaxq_f32(v, low), high)
#define V_CANONICAL(v, otherwise) vbslq_f32(vceqq_f32(v, v), otherwise, vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000)))
#define V_NANS uint32x4_t
#define V_NO_NANS vdupq_n_u32(UINT32_MAX) /* all are numbers */
#define V_FIND_NANS(found, a, b) vandq_u32(found, vandq_u32(vceqq_f32(a, a), vceqq_f32(b, b)))
#define V_ANY_NANS(found) (vminvq_u32(found) == 0)
#include "validator/exec/planes_body.h"

static inline void split_vectors(float *even, float *odd, const float *from)
{
	float32x4x2_t v = vld2q_f32(from);
	vst1q_f32(even, v.val[0]);
	vst1q_f32(odd, v.val[1]);
}
#define V_SPLIT(even, odd, from) split_vectors(even, odd, from)

#include "validator/exec/planes_run.h"

static void copy(float *to, size_t to_line, const float *from, ptrdiff_t from_line, size_t n, size_t lines)
{
	for (size_t y = 0; y < lines; y++, to += to_line, from += from_line)
		memcpy(to, from, n * sizeof(float));
}

const struct gs_plane_kernels gs_planes_neon = {.run = run, .copy = copy, .split = split};
#else
typedef int gs_no_neon_here; /* ISO C wants a declaration in every file */
#endif
