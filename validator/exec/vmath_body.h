/* validator/exec/vmath_body.h: the kernels of vmath.h. Each vmath_<isa>.c defines its lanes, as
 * challenge/machine/elementary_lane.h says, with gs_load_lanes and gs_store_lanes besides, and includes this once. */
#ifndef GS_VALIDATOR_EXEC_VMATH_BODY_H
#define GS_VALIDATOR_EXEC_VMATH_BODY_H

#include "validator/exec/vmath.h"

#ifdef GS_ELEMENTARY_LANES

#include "challenge/machine/elementary_core.h"
#include "challenge/machine/elementary_hyperbolic.h"
#include "challenge/machine/elementary_trig.h"
#include "challenge/machine/scalar.h"

#define KERNEL(name) \
	static void name##_lanes(const float *in, float *out, size_t n) \
	{ \
		size_t i = 0; \
		_Pragma("GCC unroll 2") for (; i + GS_ELEMENTARY_LANES <= n; i += GS_ELEMENTARY_LANES) \
			gs_store_lanes(out + i, gs_##name##_f32(gs_load_lanes(in + i))); \
		if (i < n) { \
			float rest[GS_ELEMENTARY_LANES] = {0}; \
			memcpy(rest, in + i, (n - i) * sizeof(*rest)); \
			gs_store_lanes(rest, gs_##name##_f32(gs_load_lanes(rest))); \
			memcpy(out + i, rest, (n - i) * sizeof(*rest)); \
		} \
	}

KERNEL(exp)
KERNEL(log)
KERNEL(tanh)
KERNEL(erf)
KERNEL(floor)
KERNEL(ceil)
KERNEL(trunc)
KERNEL(round)
KERNEL(sin)
KERNEL(cos)
KERNEL(expm1)
KERNEL(log1p)
KERNEL(sqrt)
KERNEL(sinh)
KERNEL(cosh)
KERNEL(asinh)
KERNEL(acosh)
KERNEL(atanh)
KERNEL(tan)
KERNEL(asin)
KERNEL(acos)
KERNEL(atan)

#define GS_VMATH_TABLE(NAME) \
	const struct gs_vmath gs_vmath_##NAME = { \
		.map = {[GS_FN_F32_EXP] = exp_lanes,     [GS_FN_F32_LOG] = log_lanes, \
	                [GS_FN_F32_TANH] = tanh_lanes,   [GS_FN_F32_ERF] = erf_lanes, \
	                [GS_FN_F32_FLOOR] = floor_lanes, [GS_FN_F32_CEIL] = ceil_lanes, \
	                [GS_FN_F32_TRUNC] = trunc_lanes, [GS_FN_F32_ROUND] = round_lanes, \
	                [GS_FN_F32_SIN] = sin_lanes,     [GS_FN_F32_COS] = cos_lanes, \
	                [GS_FN_F32_EXPM1] = expm1_lanes, [GS_FN_F32_LOG1P] = log1p_lanes, \
	                [GS_FN_F32_SQRT] = sqrt_lanes,   [GS_FN_F32_SINH] = sinh_lanes, \
	                [GS_FN_F32_COSH] = cosh_lanes,   [GS_FN_F32_ASINH] = asinh_lanes, \
	                [GS_FN_F32_ACOSH] = acosh_lanes, [GS_FN_F32_ATANH] = atanh_lanes, \
	                [GS_FN_F32_TAN] = tan_lanes,     [GS_FN_F32_ASIN] = asin_lanes, \
	                [GS_FN_F32_ACOS] = acos_lanes,   [GS_FN_F32_ATAN] = atan_lanes}, \
	}

#endif
#endif
