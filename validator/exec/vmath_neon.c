/* validator/exec/vmath_neon.c: the functions of vmath.h two lanes at a time for aarch64, whose every processor has NEON. */
#include "validator/exec/vmath.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#define GS_ELEMENTARY_LANES 2

typedef float64x2_t gs_vd;
typedef uint64x2_t gs_vu;
typedef float32x2_t gs_vf;
typedef uint32x2_t gs_vw;
typedef uint64x2_t gs_vm; /* all ones where true */
typedef uint32x2_t gs_wm;

static inline gs_vd gs_all(double x)
{
	return vdupq_n_f64(x);
}

static inline gs_vu gs_all_u(uint64_t x)
{
	return vdupq_n_u64(x);
}

static inline gs_vw gs_all_w(uint32_t x)
{
	return vdup_n_u32(x);
}

static inline gs_vf gs_all_f(float x)
{
	return vdup_n_f32(x);
}

static inline gs_vu gs_bits(gs_vd x)
{
	return vreinterpretq_u64_f64(x);
}

static inline gs_vd gs_of_bits(gs_vu bits)
{
	return vreinterpretq_f64_u64(bits);
}

static inline gs_vw gs_bits_w(gs_vf x)
{
	return vreinterpret_u32_f32(x);
}

static inline gs_vf gs_of_bits_w(gs_vw bits)
{
	return vreinterpret_f32_u32(bits);
}

static inline gs_vd gs_widen(gs_vf x)
{
	return vcvt_f64_f32(x);
}

static inline gs_vf gs_narrow(gs_vd x)
{
	return vcvt_f32_f64(x);
}

static inline gs_vu gs_extend(gs_vw x)
{
	return vmovl_u32(x);
}

static inline gs_vd gs_fma(gs_vd a, gs_vd b, gs_vd c)
{
	return vfmaq_f64(c, a, b);
}

static inline gs_vd gs_sqrt(gs_vd a)
{
	return vsqrtq_f64(a);
}

static inline gs_vf gs_sqrt_f(gs_vf a)
{
	return vsqrt_f32(a);
}

/* Not the instructions for minimum and maximum, which pass a NaN on. */
static inline gs_vd gs_min(gs_vd a, gs_vd b)
{
	return vbslq_f64(vcltq_f64(a, b), a, b);
}

static inline gs_vd gs_max(gs_vd a, gs_vd b)
{
	return vbslq_f64(vcgtq_f64(a, b), a, b);
}

static inline gs_vf gs_min_f(gs_vf a, gs_vf b)
{
	return vbsl_f32(vclt_f32(a, b), a, b);
}

static inline gs_vf gs_max_f(gs_vf a, gs_vf b)
{
	return vbsl_f32(vcgt_f32(a, b), a, b);
}

static inline gs_vf gs_floor_lanes(gs_vf x)
{
	return vrndm_f32(x);
}

static inline gs_vf gs_ceil_lanes(gs_vf x)
{
	return vrndp_f32(x);
}

static inline gs_vf gs_trunc_lanes(gs_vf x)
{
	return vrnd_f32(x);
}

static inline gs_vf gs_round_lanes(gs_vf x)
{
	return vrndn_f32(x);
}

static inline gs_vu gs_mul_low(gs_vu a, gs_vu b)
{
	return vmull_u32(vmovn_u64(a), vmovn_u64(b));
}

static inline gs_vm gs_above(gs_vd a, gs_vd b)
{
	return vcgtq_f64(a, b);
}

static inline gs_vm gs_bit(gs_vu a, uint64_t bit)
{
	return vtstq_u64(a, vdupq_n_u64(bit));
}

static inline gs_vd gs_pick(gs_vm m, gs_vd a, gs_vd b)
{
	return vbslq_f64(m, a, b);
}

static inline gs_wm gs_equal_w(gs_vw a, uint32_t b)
{
	return vceq_u32(a, vdup_n_u32(b));
}

static inline gs_wm gs_above_w(gs_vw a, uint32_t b)
{
	return vcgt_u32(a, vdup_n_u32(b));
}

static inline gs_wm gs_either_w(gs_wm a, gs_wm b)
{
	return vorr_u32(a, b);
}

static inline bool gs_any_w(gs_wm m)
{
	return vmaxv_u32(m) != 0;
}

static inline gs_vw gs_pick_w(gs_wm m, gs_vw a, gs_vw b)
{
	return vbsl_u32(m, a, b);
}

static inline gs_vd gs_lookup16(const double table[16], gs_vu index)
{
	return (gs_vd){table[index[0]], table[index[1]]};
}

static inline gs_vu gs_lookup8(const uint64_t table[8], gs_vu index)
{
	return (gs_vu){table[index[0] & 7], table[index[1] & 7]};
}

static inline gs_vf gs_load_lanes(const float *p)
{
	return vld1_f32(p);
}

static inline void gs_store_lanes(float *p, gs_vf x)
{
	vst1_f32(p, x);
}

#include "validator/exec/vmath_body.h"

GS_VMATH_TABLE(neon);

#endif
