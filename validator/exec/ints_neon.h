/* validator/exec/ints_neon.h: the vector of words of ints_neon.c and ints_dot_neon.c. */
#ifndef GS_VALIDATOR_EXEC_INTS_NEON_H
#define GS_VALIDATOR_EXEC_INTS_NEON_H

#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdint.h>

#define W uint32x4_t
#define W_LANES 4
#define W_LOAD(p) vld1q_u32(p)
#define W_STORE(p, v) vst1q_u32(p, v)
#define W_SPLAT(x) vdupq_n_u32(x)
#define W_ADD(a, b) vaddq_u32(a, b)
#define DOT_16(acc, x, w) dot_16(acc, x, w)
#define DOT_32(acc, x, w) vmlaq_u32(acc, x, w)

/* Four products of the low halves' pairs, four of the high ones', added in pairs; sums of two wrap, as they should. */
static inline uint32x4_t dot_16(uint32x4_t acc, uint32x4_t x, uint32x4_t w)
{
	int16x8_t a = vreinterpretq_s16_u32(x), b = vreinterpretq_s16_u32(w);
	int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b)), high = vmull_high_s16(a, b);
	return vaddq_u32(acc, vreinterpretq_u32_s32(vpaddq_s32(low, high)));
}

#endif
#endif
