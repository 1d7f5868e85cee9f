/* tests/prove/oracle.h: the correctly rounded binary32 values of the elementary functions, by GNU MPFR.
 *
 * The independent oracle of everything under tests/ that concerns elementary functions; it shares nothing with
 * challenge/machine. Inputs and outputs are the bits of a binary32. Rounding is to nearest, ties to even, once, with
 * subnormals kept; every NaN result is 0x7fc00000. MPFR's exponent range is changed inside a call and put back. */
#ifndef GS_TESTS_PROVE_ORACLE_H
#define GS_TESTS_PROVE_ORACLE_H

#include <mpfr.h>
#include <stdint.h>
#include <string.h>

enum oracle_function {
	ORACLE_EXP,
	ORACLE_LOG,
	ORACLE_TANH,
	ORACLE_ERF,
	ORACLE_FLOOR,
	ORACLE_CEIL,
	ORACLE_TRUNC,
	ORACLE_ROUND,
	ORACLE_SIN,
	ORACLE_COS,
	ORACLE_EXPM1,
	ORACLE_LOG1P,
	ORACLE_SINH,
	ORACLE_COSH,
	ORACLE_ASINH,
	ORACLE_ACOSH,
	ORACLE_ATANH,
	ORACLE_TAN,
	ORACLE_ASIN,
	ORACLE_ACOS,
	ORACLE_ATAN,
	ORACLE_COUNT
};
static const char *const oracle_names[ORACLE_COUNT] = {"exp",   "log",   "tanh",  "erf",   "floor", "ceil", "trunc",
                                                       "round", "sin",   "cos",   "expm1", "log1p", "sinh", "cosh",
                                                       "asinh", "acosh", "atanh", "tan",   "asin",  "acos", "atan"};

static inline float oracle_float(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline uint32_t oracle_bits(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* The index of a name in oracle_names, or ORACLE_COUNT. */
static inline enum oracle_function oracle_find(const char *name)
{
	int f = 0;
	while (f < ORACLE_COUNT && strcmp(name, oracle_names[f]) != 0)
		f++;
	return (enum oracle_function)f;
}

/* y = f(x) rounded to y's precision; MPFR's ternary value. */
static inline int oracle_call(enum oracle_function f, mpfr_t y, mpfr_t x, mpfr_rnd_t rounding)
{
	switch (f) {
	case ORACLE_EXP: return mpfr_exp(y, x, rounding);
	case ORACLE_LOG: return mpfr_log(y, x, rounding);
	case ORACLE_TANH: return mpfr_tanh(y, x, rounding);
	case ORACLE_ERF: return mpfr_erf(y, x, rounding);
	case ORACLE_SIN: return mpfr_sin(y, x, rounding);
	case ORACLE_COS: return mpfr_cos(y, x, rounding);
	case ORACLE_EXPM1: return mpfr_expm1(y, x, rounding);
	case ORACLE_LOG1P: return mpfr_log1p(y, x, rounding);
	case ORACLE_SINH: return mpfr_sinh(y, x, rounding);
	case ORACLE_COSH: return mpfr_cosh(y, x, rounding);
	case ORACLE_ASINH: return mpfr_asinh(y, x, rounding);
	case ORACLE_ACOSH: return mpfr_acosh(y, x, rounding);
	case ORACLE_ATANH: return mpfr_atanh(y, x, rounding);
	case ORACLE_TAN: return mpfr_tan(y, x, rounding);
	case ORACLE_ASIN: return mpfr_asin(y, x, rounding);
	case ORACLE_ACOS: return mpfr_acos(y, x, rounding);
	case ORACLE_ATAN: return mpfr_atan(y, x, rounding);
	case ORACLE_FLOOR: return mpfr_rint_floor(y, x, rounding);
	case ORACLE_CEIL: return mpfr_rint_ceil(y, x, rounding);
	case ORACLE_TRUNC: return mpfr_rint_trunc(y, x, rounding);
	case ORACLE_ROUND: return mpfr_rint_roundeven(y, x, rounding);
	case ORACLE_COUNT: break;
	}
	mpfr_set_nan(y);
	return 0;
}

static inline uint32_t oracle_f32(enum oracle_function f, uint32_t input)
{
	mpfr_t x, y;
	mpfr_exp_t emin = mpfr_get_emin(), emax = mpfr_get_emax();
	mpfr_init2(x, 24);
	mpfr_init2(y, 24);
	mpfr_set_flt(x, oracle_float(input), MPFR_RNDN);
	mpfr_set_emin(-148); /* 2^-149, the least binary32 subnormal, is 0.5 * 2^-148 in MPFR's form */
	mpfr_set_emax(128);
	int ternary = oracle_call(f, y, x, MPFR_RNDN);
	mpfr_subnormalize(y, ternary, MPFR_RNDN);
	uint32_t bits = mpfr_nan_p(y) ? 0x7fc00000u : oracle_bits(mpfr_get_flt(y, MPFR_RNDN));
	mpfr_set_emin(emin);
	mpfr_set_emax(emax);
	mpfr_clear(x);
	mpfr_clear(y);
	return bits;
}

#endif
