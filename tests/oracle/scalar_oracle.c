/* tests/oracle/scalar_oracle.c: real functions by MPFR, integers by GMP. */
#include "tests/oracle/scalar_oracle.h"

#include <gmp.h>
#include <mpfr.h>

/* ---- binary floating-point formats: significand bits, and the exponent range in MPFR's sense (0.1xxx * 2^e) ---- */

struct format {
	int precision;
	int emin; /* of the smallest subnormal */
	int emax;
	int exponent_bits;
};
static const struct format binary32 = {24, -148, 128, 8};
static const struct format binary16 = {11, -23, 16, 5};
static const struct format bfloat16 = {8, -132, 128, 8};

static int width(const struct format *f)
{
	return f->precision + f->exponent_bits;
}

static void from_bits(mpfr_t out, const struct format *f, uint64_t bits)
{
	int fraction_bits = f->precision - 1;
	uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
	uint64_t exponent = bits >> fraction_bits & ((UINT64_C(1) << f->exponent_bits) - 1);
	bool negative = bits >> (width(f) - 1) & 1;
	uint64_t all_ones = (UINT64_C(1) << f->exponent_bits) - 1;
	if (exponent == all_ones) {
		if (fraction != 0)
			mpfr_set_nan(out);
		else
			mpfr_set_inf(out, negative ? -1 : 1);
		return;
	}
	if (exponent != 0)
		fraction |= UINT64_C(1) << fraction_bits;
	else
		exponent = 1;
	int bias = (int)(all_ones >> 1);
	mpfr_set_ui_2exp(out, (unsigned long)fraction, (mpfr_exp_t)exponent - bias - fraction_bits, MPFR_RNDN);
	mpfr_setsign(out, out, negative, MPFR_RNDN);
}

/* Encodes a value that is already rounded to the format. */
static uint64_t to_bits(mpfr_srcptr v, const struct format *f)
{
	int fraction_bits = f->precision - 1;
	uint64_t all_ones = (UINT64_C(1) << f->exponent_bits) - 1;
	uint64_t sign = (uint64_t)(mpfr_signbit(v) != 0) << (width(f) - 1);
	if (mpfr_nan_p(v))
		return all_ones << fraction_bits | UINT64_C(1) << (fraction_bits - 1);
	if (mpfr_inf_p(v))
		return sign | all_ones << fraction_bits;
	if (mpfr_zero_p(v))
		return sign;
	mpz_t m;
	mpz_init(m);
	mpfr_exp_t e = mpfr_get_z_2exp(m, v); /* v = m * 2^e exactly */
	mpz_abs(m, m);
	int bias = (int)(all_ones >> 1);
	mpfr_exp_t lowest = 1 - bias - fraction_bits; /* weight of the last bit of subnormals */
	if (e < lowest)
		mpz_tdiv_q_2exp(m, m, (mp_bitcnt_t)(lowest - e));
	while (e > lowest && mpz_sizeinbase(m, 2) < (size_t)f->precision) {
		mpz_mul_2exp(m, m, 1);
		e--;
	}
	if (e < lowest)
		e = lowest;
	uint64_t bits = mpz_get_ui(m); /* the implied bit adds one to the exponent field */
	mpz_clear(m);
	return sign | (bits + ((uint64_t)(e - lowest) << fraction_bits));
}

/* Rounds a result of `precision` bits with its ternary value into the range of the format, subnormals included. */
static uint64_t round_to_bits(mpfr_t v, int ternary, const struct format *f)
{
	mpfr_exp_t emin = mpfr_get_emin(), emax = mpfr_get_emax();
	mpfr_set_emin(f->emin);
	mpfr_set_emax(f->emax);
	ternary = mpfr_check_range(v, ternary, MPFR_RNDN);
	mpfr_subnormalize(v, ternary, MPFR_RNDN);
	uint64_t bits = to_bits(v, f);
	mpfr_set_emin(emin);
	mpfr_set_emax(emax);
	return bits;
}

static bool is_nan32(uint64_t bits)
{
	return (bits & 0x7fffffff) > 0x7f800000;
}

enum { NAN32 = 0x7fc00000 };

/* A total order in which -0 is below +0. */
static bool below32(mpfr_srcptr x, mpfr_srcptr y)
{
	if (mpfr_zero_p(x) && mpfr_zero_p(y))
		return mpfr_signbit(x) && !mpfr_signbit(y);
	return mpfr_less_p(x, y);
}

static uint64_t min_max32(uint64_t a, uint64_t b, bool max)
{
	mpfr_t x, y;
	if (is_nan32(a) || is_nan32(b))
		return NAN32;
	mpfr_inits2(24, x, y, (mpfr_ptr)0);
	from_bits(x, &binary32, a);
	from_bits(y, &binary32, b);
	uint64_t out = below32(x, y) == max ? b : a;
	mpfr_clears(x, y, (mpfr_ptr)0);
	return out;
}

static bool apply_f32(unsigned code, uint64_t a, uint64_t b, uint64_t c, uint64_t *out)
{
	mpfr_t x, y, z, r;
	int ternary = 0;
	bool known = true, rounded = true;
	if (code == 0x0f) {
		*out = a != 0 ? b : c;
		*out = is_nan32(*out) ? NAN32 : *out;
		return true;
	}
	mpfr_inits2(24, x, y, z, r, (mpfr_ptr)0);
	from_bits(x, &binary32, a & UINT32_MAX);
	from_bits(y, &binary32, b & UINT32_MAX);
	from_bits(z, &binary32, c & UINT32_MAX);
	switch (code) {
	case 0x01:
	case 0x1f: mpfr_set(r, x, MPFR_RNDN); break;
	case 0x02: ternary = mpfr_add(r, x, y, MPFR_RNDN); break;
	case 0x03: ternary = mpfr_sub(r, x, y, MPFR_RNDN); break;
	case 0x04: ternary = mpfr_mul(r, x, y, MPFR_RNDN); break;
	case 0x05: ternary = mpfr_div(r, x, y, MPFR_RNDN); break;
	case 0x06: ternary = mpfr_fma(r, y, z, x, MPFR_RNDN); break;
	case 0x09: mpfr_neg(r, x, MPFR_RNDN); break;
	case 0x0a: mpfr_abs(r, x, MPFR_RNDN); break;
	case 0x0b: ternary = mpfr_sqrt(r, x, MPFR_RNDN); break;
	case 0x11: ternary = mpfr_exp(r, x, MPFR_RNDN); break;
	case 0x12: ternary = mpfr_log(r, x, MPFR_RNDN); break;
	case 0x13: ternary = mpfr_tanh(r, x, MPFR_RNDN); break;
	case 0x14: ternary = mpfr_erf(r, x, MPFR_RNDN); break;
	case 0x15: ternary = mpfr_rint_floor(r, x, MPFR_RNDN); break;
	case 0x16: ternary = mpfr_rint_ceil(r, x, MPFR_RNDN); break;
	case 0x17: ternary = mpfr_rint_trunc(r, x, MPFR_RNDN); break;
	case 0x18: ternary = mpfr_rint_roundeven(r, x, MPFR_RNDN); break;
	case 0x19: ternary = mpfr_sin(r, x, MPFR_RNDN); break;
	case 0x1a: ternary = mpfr_cos(r, x, MPFR_RNDN); break;
	case 0x1b: ternary = mpfr_expm1(r, x, MPFR_RNDN); break;
	case 0x1c: ternary = mpfr_log1p(r, x, MPFR_RNDN); break;
	case 0x1d: ternary = mpfr_atan(r, x, MPFR_RNDN); break;
	case 0x20: ternary = mpfr_tan(r, x, MPFR_RNDN); break;
	case 0x21: ternary = mpfr_asin(r, x, MPFR_RNDN); break;
	case 0x22: ternary = mpfr_acos(r, x, MPFR_RNDN); break;
	case 0x23: ternary = mpfr_sinh(r, x, MPFR_RNDN); break;
	case 0x24: ternary = mpfr_cosh(r, x, MPFR_RNDN); break;
	case 0x25: ternary = mpfr_asinh(r, x, MPFR_RNDN); break;
	case 0x26: ternary = mpfr_acosh(r, x, MPFR_RNDN); break;
	case 0x27: ternary = mpfr_atanh(r, x, MPFR_RNDN); break;
	case 0x28: ternary = mpfr_pow(r, x, y, MPFR_RNDN); break;
	case 0x1e: ternary = mpfr_fmod(r, x, y, MPFR_RNDN); break;
	default:
		rounded = false;
		switch (code) {
		case 0x07: *out = min_max32(a, b, false); break;
		case 0x08: *out = min_max32(a, b, true); break;
		case 0x0c: *out = mpfr_equal_p(x, y) != 0; break;
		case 0x0d: *out = mpfr_less_p(x, y) != 0; break;
		case 0x0e: *out = mpfr_lessequal_p(x, y) != 0; break;
		case 0x10: *out = min_max32(min_max32(a, b, true), c, false); break;
		default: known = false;
		}
	}
	if (rounded)
		*out = round_to_bits(r, ternary, &binary32);
	mpfr_clears(x, y, z, r, (mpfr_ptr)0);
	return known;
}

/* ---- integers of n bits, two's complement ---- */

static void set_signed(mpz_t out, uint64_t bits, unsigned n)
{
	mpz_set_ui(out, (unsigned long)(n == 32 ? bits & UINT32_MAX : bits));
	if (bits >> (n - 1) & 1) {
		mpz_t modulus;
		mpz_init(modulus);
		mpz_ui_pow_ui(modulus, 2, n);
		mpz_sub(out, out, modulus);
		mpz_clear(modulus);
	}
}

static uint64_t wrapped(const mpz_t v, unsigned n)
{
	mpz_t low;
	mpz_init(low);
	mpz_fdiv_r_2exp(low, v, n);
	uint64_t bits = mpz_get_ui(low);
	mpz_clear(low);
	return bits;
}

static bool apply_int(unsigned op, unsigned n, uint64_t a, uint64_t b, uint64_t c, uint64_t *out)
{
	mpz_t x, y, z, r;
	bool known = true;
	uint64_t count = n == 32 ? b & UINT32_MAX : b;
	mpz_inits(x, y, z, r, NULL);
	set_signed(x, a, n);
	set_signed(y, b, n);
	set_signed(z, c, n);
	switch (op) {
	case 0x01:
	case 0x1f: mpz_set(r, x); break;
	case 0x02: mpz_add(r, x, y); break;
	case 0x03: mpz_sub(r, x, y); break;
	case 0x04: mpz_mul(r, x, y); break;
	case 0x05:
		if (mpz_sgn(y) != 0)
			mpz_tdiv_q(r, x, y);
		break;
	case 0x06:
		if (mpz_sgn(y) != 0)
			mpz_tdiv_r(r, x, y);
		break;
	case 0x07: mpz_set(r, mpz_cmp(x, y) < 0 ? x : y); break;
	case 0x08: mpz_set(r, mpz_cmp(x, y) < 0 ? y : x); break;
	case 0x09: mpz_neg(r, x); break;
	case 0x0a: mpz_abs(r, x); break;
	case 0x0b: mpz_and(r, x, y); break;
	case 0x0c: mpz_ior(r, x, y); break;
	case 0x0d: mpz_xor(r, x, y); break;
	case 0x0e: mpz_com(r, x); break;
	case 0x0f:
		if (count < n)
			mpz_mul_2exp(r, x, (mp_bitcnt_t)count);
		break;
	case 0x10: mpz_fdiv_q_2exp(r, x, (mp_bitcnt_t)(count < n ? count : n)); break;
	case 0x11: mpz_set_ui(r, mpz_cmp(x, y) == 0); break;
	case 0x12: mpz_set_ui(r, mpz_cmp(x, y) < 0); break;
	case 0x13: mpz_set_ui(r, mpz_cmp(x, y) <= 0); break;
	case 0x14: mpz_set(r, a != 0 ? y : z); break;
	case 0x15:
		mpz_set(r, mpz_cmp(x, y) < 0 ? y : x);
		if (mpz_cmp(z, r) < 0)
			mpz_set(r, z);
		break;
	case 0x16:
		mpz_mul(r, y, z);
		mpz_add(r, r, x);
		break;
	default: known = false;
	}
	/* Comparisons give I32, which a small number is in either width. */
	*out = wrapped(r, n);
	mpz_clears(x, y, z, r, NULL);
	return known;
}

/* The functions that read 64 bits as a number without a sign. */
static uint64_t apply_unsigned(unsigned code, uint64_t a, uint64_t b)
{
	mpz_t x, y, r;
	mpz_inits(x, y, r, NULL);
	mpz_set_ui(x, a);
	mpz_set_ui(y, b);
	switch (code) {
	case 0x97: mpz_set_ui(r, mpz_cmp(x, y) < 0); break;
	case 0x98: mpz_set_ui(r, mpz_cmp(x, y) <= 0); break;
	case 0x99:
		if (b != 0)
			mpz_fdiv_q(r, x, y);
		break;
	case 0x9a:
		if (b != 0)
			mpz_fdiv_r(r, x, y);
		break;
	case 0x9b: mpz_set(r, mpz_cmp(x, y) < 0 ? x : y); break;
	case 0x9c: mpz_set(r, mpz_cmp(x, y) < 0 ? y : x); break;
	}
	uint64_t bits = mpz_get_ui(r);
	mpz_clears(x, y, r, NULL);
	return bits;
}

static uint64_t float_to_unsigned(uint64_t a)
{
	mpfr_t x;
	mpz_t v;
	mpfr_init2(x, 24);
	mpz_init(v);
	from_bits(x, &binary32, a);
	uint64_t bits = mpfr_inf_p(x) && !mpfr_signbit(x) ? UINT64_MAX : 0;
	if (mpfr_number_p(x) && !mpfr_signbit(x)) {
		mpfr_get_z(v, x, MPFR_RNDZ);
		bits = mpz_sizeinbase(v, 2) > 64 ? UINT64_MAX : mpz_get_ui(v);
	}
	mpz_clear(v);
	mpfr_clear(x);
	return bits;
}

static uint64_t unsigned_to_float(uint64_t a)
{
	mpfr_t r;
	mpfr_init2(r, 24);
	int ternary = mpfr_set_ui(r, a, MPFR_RNDN);
	uint64_t bits = round_to_bits(r, ternary, &binary32);
	mpfr_clear(r);
	return bits;
}

static uint64_t float_to_int(uint64_t a, unsigned n)
{
	mpfr_t x;
	mpz_t v, limit;
	mpfr_init2(x, 24);
	mpz_inits(v, limit, NULL);
	from_bits(x, &binary32, a);
	mpz_ui_pow_ui(limit, 2, n - 1);
	if (mpfr_nan_p(x)) {
		mpz_set_ui(v, 0);
	} else if (mpfr_inf_p(x)) {
		mpz_set(v, limit);
		if (mpfr_signbit(x))
			mpz_neg(v, v);
	} else {
		mpfr_get_z(v, x, MPFR_RNDZ);
	}
	if (mpz_cmp(v, limit) >= 0)
		mpz_sub_ui(v, limit, 1);
	mpz_neg(limit, limit);
	if (mpz_cmp(v, limit) < 0)
		mpz_set(v, limit);
	uint64_t bits = wrapped(v, n);
	mpz_clears(v, limit, NULL);
	mpfr_clear(x);
	return bits;
}

static uint64_t int_to_float(uint64_t a, unsigned n)
{
	mpfr_t r;
	mpz_t v;
	mpfr_init2(r, 24);
	mpz_init(v);
	set_signed(v, a, n);
	int ternary = mpfr_set_z(r, v, MPFR_RNDN);
	uint64_t bits = round_to_bits(r, ternary, &binary32);
	mpz_clear(v);
	mpfr_clear(r);
	return bits;
}

/* Every term is a multiple of 2^-298 below 2^257: nothing is rounded at this precision. */
enum { EXACT_BITS = 576 };

static uint64_t within(uint64_t a, uint64_t b, uint64_t c)
{
	mpfr_t x, y, absolute, relative;
	mpfr_inits2(EXACT_BITS, x, y, absolute, relative, (mpfr_ptr)0);
	from_bits(x, &binary32, a & UINT32_MAX);
	from_bits(y, &binary32, b & UINT32_MAX);
	from_bits(absolute, &binary32, c >> 32);
	from_bits(relative, &binary32, c & UINT32_MAX);
	bool numbers = mpfr_number_p(x) && mpfr_number_p(y);
	bool tolerances = mpfr_number_p(absolute) && mpfr_number_p(relative) && mpfr_cmp_ui(absolute, 0) >= 0 &&
	                  mpfr_cmp_ui(relative, 0) >= 0;
	uint64_t result;
	if (numbers && tolerances) {
		int rounded = mpfr_sub(x, x, y, MPFR_RNDN);
		mpfr_abs(x, x, MPFR_RNDN);
		mpfr_abs(y, y, MPFR_RNDN);
		rounded |= mpfr_mul(y, y, relative, MPFR_RNDN) | mpfr_add(y, y, absolute, MPFR_RNDN);
		result = rounded == 0 ? mpfr_lessequal_p(x, y) != 0 : UINT64_MAX;
	} else {
		result = (is_nan32(a) ? NAN32 : a) == (is_nan32(b) ? NAN32 : b);
	}
	mpfr_clears(x, y, absolute, relative, (mpfr_ptr)0);
	return result;
}

bool oracle_apply(unsigned code, uint64_t a, uint64_t b, uint64_t c, uint64_t *out)
{
	*out = 0;
	switch (code) {
	case 0xc1: *out = float_to_int(a, 32); return true;
	case 0xc2: *out = float_to_int(a, 64); return true;
	case 0xc3: *out = int_to_float(a, 32); return true;
	case 0xc4: *out = int_to_float(a, 64); return true;
	case 0xc5: *out = (a & UINT32_MAX) | (a >> 31 & 1 ? UINT64_C(0xffffffff00000000) : 0); return true;
	case 0xc6: *out = a & UINT32_MAX; return true;
	case 0xc7: *out = float_to_unsigned(a); return true;
	case 0xc8: *out = unsigned_to_float(a); return true;
	case 0xc9:
	case 0xca: *out = is_nan32(a) ? NAN32 : a & UINT32_MAX; return true;
	case 0xf1: *out = within(a, b, c); return true;
	default: break;
	}
	if (code < 0x40)
		return apply_f32(code, a, b, c, out);
	if (code < 0x80)
		return apply_int(code - 0x40, 32, a, b, c, out);
	if (code >= 0x97 && code <= 0x9c) {
		*out = apply_unsigned(code, a, b);
		return true;
	}
	if (code < 0xc0)
		return apply_int(code - 0x80, 64, a, b, c, out);
	return false;
}

static uint64_t narrow_float(uint64_t value, const struct format *f)
{
	mpfr_t x, r;
	mpfr_init2(x, 24);
	mpfr_init2(r, f->precision);
	from_bits(x, &binary32, value & UINT32_MAX);
	int ternary = mpfr_set(r, x, MPFR_RNDN);
	uint64_t bits = round_to_bits(r, ternary, f);
	mpfr_clears(x, r, (mpfr_ptr)0);
	return bits;
}

bool oracle_store(unsigned dtype, uint64_t value, uint64_t *out)
{
	switch (dtype) {
	case 1: *out = is_nan32(value) ? NAN32 : value & UINT32_MAX; return true;
	case 10: *out = narrow_float(value, &binary16); return true;
	case 16: *out = narrow_float(value, &bfloat16); return true;
	case 2:
	case 3: *out = value & UINT8_MAX; return true;
	case 4:
	case 5: *out = value & UINT16_MAX; return true;
	case 6:
	case 12: *out = value & UINT32_MAX; return true;
	case 7:
	case 13: *out = value; return true;
	case 9: *out = (value & UINT32_MAX) != 0; return true;
	default: return false;
	}
}

void oracle_finish(void)
{
	mpfr_free_cache();
}
