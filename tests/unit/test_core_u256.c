/* 256-bit arithmetic against GMP, and the checked arithmetic of money at its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "chain/core/rng.h"
#include "chain/core/u256.h"

enum { ROUNDS = 20000 };

static const struct gs_u256 U256_MAX = {.limb = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

/* Random limbs, with zeros and ones far more often than chance would have them: carries live there. */
static uint64_t draw_limb(struct gs_rng *rng)
{
	switch (gs_rng_below(rng, 5)) {
	case 0: return 0;
	case 1: return UINT64_MAX;
	case 2: return gs_rng_below(rng, 4);
	default: return gs_rng_u64(rng);
	}
}

static struct gs_u256 draw(struct gs_rng *rng)
{
	struct gs_u256 v;
	for (size_t i = 0; i < 4; i++)
		v.limb[i] = draw_limb(rng);
	return v;
}

static void to_gmp(mpz_t out, const struct gs_u256 *v)
{
	uint8_t be[32];
	gs_u256_to_be(v, be);
	mpz_import(out, sizeof(be), 1, 1, 1, 0, be);
}

static void assert_equals_gmp(const struct gs_u256 *got, const mpz_t want_whole)
{
	mpz_t got_z;
	mpz_t want;
	mpz_inits(got_z, want, NULL);
	mpz_fdiv_r_2exp(want, want_whole, 256);
	to_gmp(got_z, got);
	assert_int_equal(mpz_cmp(got_z, want), 0);
	mpz_clears(got_z, want, NULL);
}

static void test_bytes(void **state)
{
	uint8_t be[32] = {0};
	(void)state;
	be[31] = 0x01;
	be[0] = 0x80;
	struct gs_u256 v = gs_u256_from_be(be);
	assert_true(v.limb[0] == 1 && v.limb[3] == UINT64_C(1) << 63 && v.limb[1] == 0 && v.limb[2] == 0);
	uint8_t back[32];
	gs_u256_to_be(&v, back);
	assert_memory_equal(be, back, sizeof(be));
}

static void test_arithmetic_against_gmp(void **state)
{
	struct gs_rng rng;
	mpz_t a;
	mpz_t b;
	mpz_t r;
	(void)state;
	mpz_inits(a, b, r, NULL);
	gs_rng_seed(&rng, 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct gs_u256 x = draw(&rng);
		struct gs_u256 y = draw(&rng);
		struct gs_u256 out;
		uint64_t small = draw_limb(&rng);
		to_gmp(a, &x);
		to_gmp(b, &y);
		int sign = mpz_cmp(a, b);
		assert_int_equal(gs_u256_cmp(&x, &y), (sign > 0) - (sign < 0));
		assert_int_equal(gs_u256_is_zero(&x), mpz_sgn(a) == 0);
		assert_int_equal(gs_u256_fits_u64(&x), mpz_sizeinbase(a, 2) <= 64);

		mpz_add(r, a, b);
		assert_int_equal(gs_u256_add_overflow(&x, &y, &out), mpz_sizeinbase(r, 2) > 256);
		assert_equals_gmp(&out, r);
		mpz_sub(r, a, b);
		assert_int_equal(gs_u256_sub_overflow(&x, &y, &out), mpz_sgn(r) < 0);
		assert_equals_gmp(&out, r);
		mpz_mul_ui(r, a, small);
		assert_int_equal(gs_u256_mul_u64_overflow(&x, small, &out), mpz_sizeinbase(r, 2) > 256);
		assert_equals_gmp(&out, r);
		if (small != 0) {
			unsigned long rest = mpz_fdiv_q_ui(r, a, small);
			assert_true(gs_u256_div_u64(&x, small, &out) == rest);
			assert_equals_gmp(&out, r);
		}
	}
	mpz_clears(a, b, r, NULL);
}

static void test_arguments_may_overlap(void **state)
{
	struct gs_u256 v = U256_MAX;
	(void)state;
	assert_true(gs_u256_add_overflow(&v, &v, &v));
	assert_true(v.limb[0] == UINT64_MAX - 1 && v.limb[3] == UINT64_MAX);
	assert_false(gs_u256_sub_overflow(&v, &v, &v));
	assert_true(gs_u256_is_zero(&v));
}

static void test_text_against_gmp(void **state)
{
	struct gs_rng rng;
	mpz_t a;
	(void)state;
	mpz_init(a);
	gs_rng_seed(&rng, 2);
	for (int round = 0; round < ROUNDS / 10; round++) {
		struct gs_u256 x = draw(&rng);
		struct gs_u256 back;
		char text[GS_U256_DECIMAL_MAX];
		char want[GS_U256_DECIMAL_MAX + 2];
		to_gmp(a, &x);
		gs_u256_to_decimal(&x, text);
		gmp_snprintf(want, sizeof(want), "%Zd", a);
		assert_string_equal(text, want);
		assert_int_equal(gs_u256_parse(text, strlen(text), &back), GS_OK);
		assert_memory_equal(&back, &x, sizeof(x));
		gmp_snprintf(want, sizeof(want), round % 2 ? "0x%Zx" : "0X%ZX", a);
		assert_int_equal(gs_u256_parse(want, strlen(want), &back), GS_OK);
		assert_memory_equal(&back, &x, sizeof(x));
	}
	mpz_clear(a);
}

static enum gs_err parse(const char *text)
{
	struct gs_u256 v;
	return gs_u256_parse(text, strlen(text), &v);
}

static void test_text_refused(void **state)
{
	static const char *const bad[] = {"", "0x", "-1", "+1", " 1", "1 ", "1.0", "1e3", "12a", "0xg", "0x1.0", "x1"};
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i]), GS_EPARSE);
	/* 2^256 - 1 and 2^256 */
	assert_int_equal(parse("115792089237316195423570985008687907853269984665640564039457584007913129639935"),
	                 GS_OK);
	assert_int_equal(parse("115792089237316195423570985008687907853269984665640564039457584007913129639936"),
	                 GS_ELIMIT);
	assert_int_equal(parse("0x10000000000000000000000000000000000000000000000000000000000000000"), GS_ELIMIT);
	assert_int_equal(parse("9999999999999999999999999999999999999999999999999999999999999999999999999999999z"),
	                 GS_EPARSE);
	/* Only len characters are read. */
	struct gs_u256 v;
	assert_int_equal(gs_u256_parse("12x", 2, &v), GS_OK);
	assert_true(v.limb[0] == 12);
}

static void test_money_never_wraps(void **state)
{
	struct gs_wei most = {.v = U256_MAX};
	struct gs_wei one = gs_wei_from_u64(1);
	struct gs_wei two = gs_wei_from_u64(2);
	struct gs_wei out = gs_wei_from_u64(77);
	(void)state;
	assert_int_equal(gs_wei_add(most, one, &out), GS_ELIMIT);
	assert_int_equal(gs_wei_sub(one, two, &out), GS_ELIMIT);
	assert_int_equal(gs_wei_mul_u64(most, 2, &out), GS_ELIMIT);
	assert_true(out.v.limb[0] == 77); /* untouched by failures */
	assert_int_equal(gs_wei_sub(most, one, &out), GS_OK);
	assert_int_equal(gs_wei_add(out, one, &out), GS_OK);
	assert_int_equal(gs_wei_cmp(out, most), 0);
	assert_int_equal(gs_wei_mul_u64(two, 21, &out), GS_OK);
	assert_true(out.v.limb[0] == 42);
}

static void test_ether_text(void **state)
{
	static const struct {
		const char *in;
		const char *wei;
		const char *out;
	} good[] = {
		{"0", "0", "0"},
		{"1", "1000000000000000000", "1"},
		{"1.5", "1500000000000000000", "1.5"},
		{"001.50", "1500000000000000000", "1.5"},
		{"0.000000000000000001", "1", "0.000000000000000001"},
		{"0.1", "100000000000000000", "0.1"},
		{"1000000.000000000000000000", "1000000000000000000000000", "1000000"},
		{"115792089237316195423570985008687907853269984665640564039457.584007913129639935",
	         "115792089237316195423570985008687907853269984665640564039457584007913129639935",
	         "115792089237316195423570985008687907853269984665640564039457.584007913129639935"},
	};
	static const char *const bad[] = {"",   ".",   ".5",   "1.",  "1..5", "1.5.",
	                                  "-1", "0x1", "1e18", "1,5", " 1",   "0.0000000000000000001"};
	struct gs_wei v;
	char text[GS_U256_DECIMAL_MAX];
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(good); i++) {
		assert_int_equal(gs_wei_parse_ether(good[i].in, &v), GS_OK);
		gs_u256_to_decimal(&v.v, text);
		assert_string_equal(text, good[i].wei);
		gs_wei_format_ether(v, text);
		assert_string_equal(text, good[i].out);
	}
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		assert_int_equal(gs_wei_parse_ether(bad[i], &v), GS_EPARSE);
	assert_int_equal(gs_wei_parse_ether(
				 "115792089237316195423570985008687907853269984665640564039457.584007913129639936", &v),
	                 GS_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_arithmetic_against_gmp),
		cmocka_unit_test(test_arguments_may_overlap),
		cmocka_unit_test(test_text_against_gmp),
		cmocka_unit_test(test_text_refused),
		cmocka_unit_test(test_money_never_wraps),
		cmocka_unit_test(test_ether_text),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
