/* validator/exec/vmath_portable.c: the functions of vmath.h in plain C, for any processor. */
#include "validator/exec/vmath.h"

#include "challenge/machine/elementary.h"
#include "challenge/machine/scalar.h"

#include <math.h>

static void sqrt_array(const float *in, float *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gs_f32_from_bits(gs_f32_to_bits(sqrtf(in[i]))); /* a NaN becomes the canonical one */
}

const struct gs_vmath gs_vmath_portable = {
	.map =
		{
			[GS_FN_F32_EXP] = gs_expf_array,     [GS_FN_F32_LOG] = gs_logf_array,
			[GS_FN_F32_TANH] = gs_tanhf_array,   [GS_FN_F32_ERF] = gs_erff_array,
			[GS_FN_F32_FLOOR] = gs_floorf_array, [GS_FN_F32_CEIL] = gs_ceilf_array,
			[GS_FN_F32_TRUNC] = gs_truncf_array, [GS_FN_F32_ROUND] = gs_roundf_array,
			[GS_FN_F32_SIN] = gs_sinf_array,     [GS_FN_F32_COS] = gs_cosf_array,
			[GS_FN_F32_EXPM1] = gs_expm1f_array, [GS_FN_F32_LOG1P] = gs_log1pf_array,
			[GS_FN_F32_SQRT] = sqrt_array,       [GS_FN_F32_SINH] = gs_sinhf_array,
			[GS_FN_F32_COSH] = gs_coshf_array,   [GS_FN_F32_ASINH] = gs_asinhf_array,
			[GS_FN_F32_ACOSH] = gs_acoshf_array, [GS_FN_F32_ATANH] = gs_atanhf_array,
			[GS_FN_F32_TAN] = gs_tanf_array,     [GS_FN_F32_ASIN] = gs_asinf_array,
			[GS_FN_F32_ACOS] = gs_acosf_array,   [GS_FN_F32_ATAN] = gs_atanf_array,
		},
};
