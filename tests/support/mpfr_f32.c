#include "tests/support/mpfr_f32.h"

#include "challenge/machine/scalar.h"

#include <mpfr.h>

static uint32_t to_bits(mpfr_t v, int ternary)
{
	mpfr_exp_t emin = mpfr_get_emin(), emax = mpfr_get_emax();
	mpfr_set_emin(-148); /* binary32: 0.5 * 2^-148 is the least subnormal in MPFR's scale */
	mpfr_set_emax(128);
	ternary = mpfr_check_range(v, ternary, MPFR_RNDN);
	mpfr_subnormalize(v, ternary, MPFR_RNDN);
	uint32_t bits = gs_f32_to_bits(mpfr_get_flt(v, MPFR_RNDN));
	mpfr_set_emin(emin);
	mpfr_set_emax(emax);
	return bits;
}

bool mpfr_f32_apply(unsigned code, uint64_t a, uint64_t b, uint64_t c, uint32_t *out)
{
	mpfr_t x, y, z, r;
	int t = 0;
	bool known = true;
	mpfr_inits2(64, x, y, z, (mpfr_ptr)0);
	mpfr_init2(r, 24);
	mpfr_set_flt(x, gs_f32_from_bits((uint32_t)a), MPFR_RNDN);
	mpfr_set_flt(y, gs_f32_from_bits((uint32_t)b), MPFR_RNDN);
	mpfr_set_flt(z, gs_f32_from_bits((uint32_t)c), MPFR_RNDN);
	switch (code) {
	case GS_FN_F32_ADD: t = mpfr_add(r, x, y, MPFR_RNDN); break;
	case GS_FN_F32_SUB: t = mpfr_sub(r, x, y, MPFR_RNDN); break;
	case GS_FN_F32_MUL: t = mpfr_mul(r, x, y, MPFR_RNDN); break;
	case GS_FN_F32_DIV: t = mpfr_div(r, x, y, MPFR_RNDN); break;
	case GS_FN_F32_FMA: t = mpfr_fma(r, y, z, x, MPFR_RNDN); break;
	case GS_FN_F32_SQRT: t = mpfr_sqrt(r, x, MPFR_RNDN); break;
	case GS_FN_F32_EXP: t = mpfr_exp(r, x, MPFR_RNDN); break;
	case GS_FN_F32_LOG: t = mpfr_log(r, x, MPFR_RNDN); break;
	case GS_FN_F32_TANH: t = mpfr_tanh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ERF: t = mpfr_erf(r, x, MPFR_RNDN); break;
	case GS_FN_F32_FLOOR: t = mpfr_rint_floor(r, x, MPFR_RNDN); break;
	case GS_FN_F32_CEIL: t = mpfr_rint_ceil(r, x, MPFR_RNDN); break;
	case GS_FN_F32_TRUNC: t = mpfr_rint_trunc(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ROUND: t = mpfr_rint_roundeven(r, x, MPFR_RNDN); break;
	case GS_FN_F32_SIN: t = mpfr_sin(r, x, MPFR_RNDN); break;
	case GS_FN_F32_COS: t = mpfr_cos(r, x, MPFR_RNDN); break;
	case GS_FN_F32_EXPM1: t = mpfr_expm1(r, x, MPFR_RNDN); break;
	case GS_FN_F32_LOG1P: t = mpfr_log1p(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ATAN: t = mpfr_atan(r, x, MPFR_RNDN); break;
	case GS_FN_F32_TAN: t = mpfr_tan(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ASIN: t = mpfr_asin(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ACOS: t = mpfr_acos(r, x, MPFR_RNDN); break;
	case GS_FN_F32_SINH: t = mpfr_sinh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_COSH: t = mpfr_cosh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ASINH: t = mpfr_asinh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ACOSH: t = mpfr_acosh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_ATANH: t = mpfr_atanh(r, x, MPFR_RNDN); break;
	case GS_FN_F32_MOD: t = mpfr_fmod(r, x, y, MPFR_RNDN); break;
	case GS_FN_F32_POW: t = mpfr_pow(r, x, y, MPFR_RNDN); break;
	case GS_FN_I32_TO_F32: t = mpfr_set_sj(r, (int32_t)(uint32_t)a, MPFR_RNDN); break;
	case GS_FN_I64_TO_F32: t = mpfr_set_sj(r, (int64_t)a, MPFR_RNDN); break;
	case GS_FN_U64_TO_F32: t = mpfr_set_uj(r, a, MPFR_RNDN); break;
	default: known = false;
	}
	if (known)
		*out = to_bits(r, t);
	mpfr_clears(x, y, z, r, (mpfr_ptr)0);
	return known;
}
