/* tests/unit/test_elementary.c: the elementary functions against MPFR. The proof over all inputs is `make prove-math`. */
#include "challenge/machine/elementary.h"
#include "challenge/machine/elementary_erf.h"
#include "tests/prove/oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { RANDOM = 20000 };

static uint32_t (*const bits_form[ORACLE_COUNT])(uint32_t) = {
	gs_exp_f32_bits,   gs_log_f32_bits,   gs_tanh_f32_bits,  gs_erf_f32_bits,  gs_floor_f32_bits,
	gs_ceil_f32_bits,  gs_trunc_f32_bits, gs_round_f32_bits, gs_sin_f32_bits,  gs_cos_f32_bits,
	gs_expm1_f32_bits, gs_log1p_f32_bits, gs_sinh_f32_bits,  gs_cosh_f32_bits, gs_asinh_f32_bits,
	gs_acosh_f32_bits, gs_atanh_f32_bits, gs_tan_f32_bits,   gs_asin_f32_bits, gs_acos_f32_bits,
	gs_atan_f32_bits};
static float (*const float_form[ORACLE_COUNT])(float) = {
	gs_expf,   gs_logf,   gs_tanhf,  gs_erff,   gs_floorf, gs_ceilf, gs_truncf,
	gs_roundf, gs_sinf,   gs_cosf,   gs_expm1f, gs_log1pf, gs_sinhf, gs_coshf,
	gs_asinhf, gs_acoshf, gs_atanhf, gs_tanf,   gs_asinf,  gs_acosf, gs_atanf};
static void (*const array_form[ORACLE_COUNT])(const float *, float *, size_t) = {
	gs_expf_array,   gs_logf_array,   gs_tanhf_array,  gs_erff_array,   gs_floorf_array, gs_ceilf_array,
	gs_truncf_array, gs_roundf_array, gs_sinf_array,   gs_cosf_array,   gs_expm1f_array, gs_log1pf_array,
	gs_sinhf_array,  gs_coshf_array,  gs_asinhf_array, gs_acoshf_array, gs_atanhf_array, gs_tanf_array,
	gs_asinf_array,  gs_acosf_array,  gs_atanf_array};

static void expect(enum oracle_function f, uint32_t input, uint32_t right)
{
	uint32_t got = bits_form[f](input);
	if (got != right)
		fail_msg("%s(%08x) gave %08x, right is %08x", oracle_names[f], input, got, right);
	got = oracle_bits(float_form[f](oracle_float(input)));
	if (got != right)
		fail_msg("float form: %s(%08x) gave %08x, right is %08x", oracle_names[f], input, got, right);
}

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* Written out by hand: what the law fixes, whatever an oracle says. */
static void special_values(void **state)
{
	static const struct {
		enum oracle_function f;
		uint32_t in, out;
	} table[] = {
		{ORACLE_EXP, 0x00000000, 0x3f800000},
		{ORACLE_EXP, 0x80000000, 0x3f800000},
		{ORACLE_EXP, 0x7f800000, 0x7f800000},
		{ORACLE_EXP, 0xff800000, 0x00000000},
		{ORACLE_EXP, 0x42b17217, 0x7f7fff84},
		{ORACLE_EXP, 0x42b17218, 0x7f800000}, /* the largest; overflow */
		{ORACLE_EXP, 0xc2cff1b4, 0x00000001},
		{ORACLE_EXP, 0xc2cff1b5, 0x00000000}, /* the least; underflow */
		{ORACLE_EXP, 0x7f7fffff, 0x7f800000},
		{ORACLE_EXP, 0xff7fffff, 0x00000000},
		{ORACLE_EXP, 0x00000001, 0x3f800000},
		{ORACLE_EXP, 0x80000001, 0x3f800000},
		{ORACLE_LOG, 0x00000000, 0xff800000},
		{ORACLE_LOG, 0x80000000, 0xff800000},
		{ORACLE_LOG, 0x3f800000, 0x00000000},
		{ORACLE_LOG, 0x7f800000, 0x7f800000},
		{ORACLE_LOG, 0xff800000, 0x7fc00000},
		{ORACLE_LOG, 0x80000001, 0x7fc00000},
		{ORACLE_LOG, 0xbf800000, 0x7fc00000},
		{ORACLE_LOG, 0x00000001, 0xc2ce8ed0},
		{ORACLE_TANH, 0x00000000, 0x00000000},
		{ORACLE_TANH, 0x80000000, 0x80000000},
		{ORACLE_TANH, 0x7f800000, 0x3f800000},
		{ORACLE_TANH, 0xff800000, 0xbf800000},
		{ORACLE_TANH, 0x00000001, 0x00000001},
		{ORACLE_TANH, 0x807fffff, 0x807fffff},
		{ORACLE_ERF, 0x00000000, 0x00000000},
		{ORACLE_ERF, 0x80000000, 0x80000000},
		{ORACLE_ERF, 0x7f800000, 0x3f800000},
		{ORACLE_ERF, 0xff800000, 0xbf800000},
		{ORACLE_SIN, 0x00000000, 0x00000000},
		{ORACLE_SIN, 0x80000000, 0x80000000},
		{ORACLE_SIN, 0x7f800000, 0x7fc00000},
		{ORACLE_SIN, 0xff800000, 0x7fc00000},
		{ORACLE_SIN, 0x00000001, 0x00000001},
		{ORACLE_COS, 0x00000000, 0x3f800000},
		{ORACLE_COS, 0x80000000, 0x3f800000},
		{ORACLE_COS, 0x7f800000, 0x7fc00000},
		{ORACLE_COS, 0xff800000, 0x7fc00000},
		{ORACLE_COS, 0x80000001, 0x3f800000},
		{ORACLE_EXPM1, 0x00000000, 0x00000000},
		{ORACLE_EXPM1, 0x80000000, 0x80000000},
		{ORACLE_EXPM1, 0x7f800000, 0x7f800000},
		{ORACLE_EXPM1, 0xff800000, 0xbf800000},
		{ORACLE_EXPM1, 0x42b17218, 0x7f800000},
		{ORACLE_EXPM1, 0xff7fffff, 0xbf800000},
		{ORACLE_EXPM1, 0x80000001, 0x80000001},
		{ORACLE_LOG1P, 0x00000000, 0x00000000},
		{ORACLE_LOG1P, 0x80000000, 0x80000000},
		{ORACLE_LOG1P, 0x7f800000, 0x7f800000},
		{ORACLE_LOG1P, 0xff800000, 0x7fc00000},
		{ORACLE_LOG1P, 0xbf800000, 0xff800000},
		{ORACLE_LOG1P, 0xbf800001, 0x7fc00000},
		{ORACLE_LOG1P, 0x80000001, 0x80000001},
		{ORACLE_SINH, 0x00000000, 0x00000000},
		{ORACLE_SINH, 0x80000000, 0x80000000},
		{ORACLE_SINH, 0x00000001, 0x00000001},
		{ORACLE_SINH, 0x80000001, 0x80000001},
		{ORACLE_ASINH, 0x00000000, 0x00000000},
		{ORACLE_ASINH, 0x80000000, 0x80000000},
		{ORACLE_ASINH, 0x00000001, 0x00000001},
		{ORACLE_ASINH, 0x80000001, 0x80000001},
		{ORACLE_ATANH, 0x00000000, 0x00000000},
		{ORACLE_ATANH, 0x80000000, 0x80000000},
		{ORACLE_ATANH, 0x00000001, 0x00000001},
		{ORACLE_ATANH, 0x80000001, 0x80000001},
		{ORACLE_SINH, 0x7f800000, 0x7f800000},
		{ORACLE_SINH, 0xff800000, 0xff800000},
		{ORACLE_ASINH, 0x7f800000, 0x7f800000},
		{ORACLE_ASINH, 0xff800000, 0xff800000},
		{ORACLE_SINH, 0x42b2d4fc, 0x7f7fffec}, /* the last finite one */
		{ORACLE_SINH, 0x42b2d4fd, 0x7f800000},
		{ORACLE_SINH, 0xc2b2d4fd, 0xff800000},
		{ORACLE_COSH, 0x00000000, 0x3f800000},
		{ORACLE_COSH, 0x80000000, 0x3f800000},
		{ORACLE_COSH, 0x80000001, 0x3f800000},
		{ORACLE_COSH, 0x7f800000, 0x7f800000},
		{ORACLE_COSH, 0xff800000, 0x7f800000},
		{ORACLE_COSH, 0xc2b2d4fd, 0x7f800000},
		{ORACLE_ASINH, 0x7f7fffff, 0x42b2d4fc},
		{ORACLE_ACOSH, 0x3f800000, 0x00000000},
		{ORACLE_ACOSH, 0x3f800001, 0x3a000000}, /* the root of 2^-22 */
		{ORACLE_ACOSH, 0x3f7fffff, 0x7fc00000},
		{ORACLE_ACOSH, 0x00000000, 0x7fc00000},
		{ORACLE_ACOSH, 0x80000000, 0x7fc00000},
		{ORACLE_ACOSH, 0xbf800000, 0x7fc00000},
		{ORACLE_ACOSH, 0xff800000, 0x7fc00000},
		{ORACLE_ACOSH, 0x7f800000, 0x7f800000},
		{ORACLE_ACOSH, 0x7f7fffff, 0x42b2d4fc},
		{ORACLE_ATANH, 0x3f800000, 0x7f800000},
		{ORACLE_ATANH, 0xbf800000, 0xff800000},
		{ORACLE_ATANH, 0x3f800001, 0x7fc00000},
		{ORACLE_ATANH, 0xbf800001, 0x7fc00000},
		{ORACLE_ATANH, 0x7f800000, 0x7fc00000},
		{ORACLE_ATANH, 0xff800000, 0x7fc00000},
		{ORACLE_TAN, 0x00000000, 0x00000000},
		{ORACLE_TAN, 0x80000000, 0x80000000},
		{ORACLE_TAN, 0x7f800000, 0x7fc00000},
		{ORACLE_TAN, 0xff800000, 0x7fc00000},
		{ORACLE_TAN, 0x80000001, 0x80000001},
		{ORACLE_TAN, 0x3fc90fdb, 0xcbae8a4a}, /* on either side of the first pole */
		{ORACLE_TAN, 0x3fc90fda, 0x4b4a1bda},
		{ORACLE_ASIN, 0x00000000, 0x00000000},
		{ORACLE_ASIN, 0x80000000, 0x80000000},
		{ORACLE_ASIN, 0x3f800000, 0x3fc90fdb},
		{ORACLE_ASIN, 0xbf800000, 0xbfc90fdb},
		{ORACLE_ASIN, 0x3f800001, 0x7fc00000},
		{ORACLE_ASIN, 0xbf800001, 0x7fc00000},
		{ORACLE_ASIN, 0xff800000, 0x7fc00000},
		{ORACLE_ASIN, 0x00000001, 0x00000001},
		{ORACLE_ACOS, 0x00000000, 0x3fc90fdb},
		{ORACLE_ACOS, 0x80000000, 0x3fc90fdb},
		{ORACLE_ACOS, 0x3f800000, 0x00000000},
		{ORACLE_ACOS, 0xbf800000, 0x40490fdb},
		{ORACLE_ACOS, 0x3f800001, 0x7fc00000},
		{ORACLE_ACOS, 0xbf800001, 0x7fc00000},
		{ORACLE_ACOS, 0x7f800000, 0x7fc00000},
		{ORACLE_ATAN, 0x00000000, 0x00000000},
		{ORACLE_ATAN, 0x80000000, 0x80000000},
		{ORACLE_ATAN, 0x7f800000, 0x3fc90fdb},
		{ORACLE_ATAN, 0xff800000, 0xbfc90fdb},
		{ORACLE_ATAN, 0x7f7fffff, 0x3fc90fdb},
		{ORACLE_ATAN, 0x3f800000, 0x3f490fdb},
		{ORACLE_ATAN, 0x807fffff, 0x807fffff},
		{ORACLE_CEIL, 0x80000001, 0x80000000},
		{ORACLE_ROUND, 0xbf000000, 0x80000000},
		{ORACLE_ERF, 0x00000001, 0x00000001},
		{ORACLE_ERF, 0x807fffff, 0x80906eb9},
	};
	static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect(table[i].f, table[i].in, table[i].out);
	for (int f = 0; f < ORACLE_COUNT; f++)
		for (size_t i = 0; i < sizeof(nans) / sizeof(nans[0]); i++)
			expect((enum oracle_function)f, nans[i], 0x7fc00000);
}

/* Every line of the vectors, which hold the inputs nearest to a rounding boundary. */
static void vectors(void **state)
{
	(void)state;
	for (int f = 0; f < ORACLE_COUNT; f++) {
		char path[128], line[64];
		snprintf(path, sizeof(path), "tests/vectors/elementary/%s.txt", oracle_names[f]);
		FILE *file = fopen(path, "r");
		if (!file)
			fail_msg("cannot open %s (run from the root of the tree)", path);
		int lines = 0;
		while (fgets(line, sizeof(line), file)) {
			char *end;
			uint32_t in = (uint32_t)strtoul(line, &end, 16);
			expect((enum oracle_function)f, in, (uint32_t)strtoul(end, NULL, 16));
			lines++;
		}
		fclose(file);
		assert_true(lines >= 2000);
	}
}

/* Half of the inputs are any bits, half lie between 2^-30 and 2^7. */
static void random_inputs(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	(void)state;
	for (int f = 0; f < ORACLE_COUNT; f++)
		for (int i = 0; i < RANDOM; i++) {
			uint32_t in = (uint32_t)(draw(&seed) >> 20);
			if (i & 1)
				in = (in & 0x807fffff) | (uint32_t)(97 + draw(&seed) % 37) << 23;
			expect((enum oracle_function)f, in, oracle_f32((enum oracle_function)f, in));
		}
}

/* An array of any length and alignment, in place or not, gives the bits of the single form and touches nothing else. */
static void array_forms(void **state)
{
	enum { LENGTH = 1027 };
	float in[LENGTH + 8], out[LENGTH + 8];
	uint64_t seed = 7;
	(void)state;
	for (int f = 0; f < ORACLE_COUNT; f++)
		for (size_t n = 0; n <= LENGTH; n = n < 40 ? n + 1 : n * 2 + 3) {
			size_t offset = n % 5;
			for (size_t i = 0; i < LENGTH + 8; i++) {
				uint32_t bits = (uint32_t)(draw(&seed) >> 20);
				in[i] = oracle_float(i & 1 ? bits : (bits & 0x807fffff) | 0x3f800000);
				out[i] = 42;
			}
			array_form[f](in + offset, out + 1, n);
			assert_true(out[0] == 42 && out[n + 1] == 42);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(oracle_bits(out[i + 1]), bits_form[f](oracle_bits(in[offset + i])));
			array_form[f](in + offset, in + offset, n);
			assert_memory_equal(in + offset, out + 1, n * sizeof(*in));
		}
}

static void erf_by_piece(void **unused)
{
	(void)unused;
	for (int piece = 0; piece < GS_ERF_PIECES; piece++) {
		const double *row = gs_erf_by_piece[piece];
		for (int k = 0; k < GS_ERF_TERMS; k++)
			assert_memory_equal(&row[k], &gs_erf_t[k][piece], sizeof(*row));
		assert_memory_equal(&row[GS_ERF_TERMS], &gs_erf_c[piece], sizeof(*row));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_values), cmocka_unit_test(vectors),      cmocka_unit_test(random_inputs),
		cmocka_unit_test(array_forms),    cmocka_unit_test(erf_by_piece),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mpfr_free_cache();
	return !!failed;
}
