/* Numbers of OpenGradient's chain beside GMP's rationals: 10^5 drawn cases each way, and those that are known to be hard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/decimal_cases.h"
#include "tests/support/share.h"

static uint32_t read_as(int64_t value, int64_t decimals)
{
	const struct gs_decimal d = {value, decimals};

	return gs_decimal_to_binary32(&d);
}

static void knows_landmarks(void **state)
{
	(void)state;
	assert_int_equal(read_as(0, 0), 0);
	assert_int_equal(read_as(0, -1000), 0);
	assert_int_equal(read_as(1, 0), 0x3f800000);
	assert_int_equal(read_as(-15, 1), 0xbfc00000);
	assert_int_equal(read_as(1, 1), 0x3dcccccd);        /* 0.1 */
	assert_int_equal(read_as(16777217, 0), 0x4b800000); /* halfway, to even: 16777216 */
	assert_int_equal(read_as(16777219, 0), 0x4b800002); /* halfway, to even: 16777220 */
	assert_int_equal(read_as(167772170000001, 7), 0x4b800001);
	assert_int_equal(read_as(34028234663852886, -22), 0x7f7fffff); /* the greatest */
	assert_int_equal(read_as(340282356779733661, -21), 0x7f7fffff);
	assert_int_equal(read_as(340282356779733662, -21),
	                 0x7f800000); /* 2^128 - 2^103 is 3.40282356779733661637..e38 */
	assert_int_equal(read_as(1, -39), 0x7f800000);
	assert_int_equal(read_as(-1, INT64_MIN), 0xff800000);
	assert_int_equal(read_as(14012984643248171, 61), 1); /* the least */
	assert_int_equal(read_as(7006492321624085, 61), 0);  /* 2^-150 is 7.00649232162408535..e-46 */
	assert_int_equal(read_as(7006492321624086, 61), 1);
	assert_int_equal(read_as(-7006492321624085, 61), 0x80000000);
	assert_int_equal(read_as(-1, INT64_MAX), 0x80000000);
	assert_int_equal(read_as(11754943508222875, 54), 0x00800000); /* the least normal */
}

static void reads_as_gmp(void **state)
{
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 1);
	const unsigned cases = gs_share(100000);
	for (unsigned i = 0; i < cases; i++) {
		const struct gs_decimal d = decimal_case(&rng);
		const uint32_t bits = gs_decimal_to_binary32(&d);
		if (!decimal_is_nearest(&d, bits))
			fail_msg("case %u: %08x is not the nearest", i, bits);
	}
}

/* The oracle itself must be able to say no. */
static void oracle_refuses(void **state)
{
	const struct gs_decimal tenth = {1, 1}, even = {16777217, 0};

	(void)state;
	assert_true(decimal_is_nearest(&tenth, 0x3dcccccd));
	assert_false(decimal_is_nearest(&tenth, 0x3dcccccc));
	assert_false(decimal_is_nearest(&tenth, 0x3dccccce));
	assert_false(decimal_is_nearest(&tenth, 0xbdcccccd));
	assert_false(decimal_is_nearest(&even, 0x4b800001));
	assert_true(decimal_is_shortest(&tenth, 0x3dcccccd));
	assert_false(decimal_is_shortest(&(struct gs_decimal){100000001, 9}, 0x3dcccccd));
	assert_false(decimal_is_shortest(&tenth, 0x3dccccce));
}

static void writes_the_shortest(void **state)
{
	struct gs_rng rng;
	struct gs_decimal d;

	(void)state;
	gs_rng_seed(&rng, 2);
	const unsigned cases = gs_share(100000);
	for (unsigned i = 0; i < cases; i++) {
		const uint32_t bits = binary32_case(&rng);
		assert_int_equal(gs_decimal_of_binary32(bits, &d), GS_OK);
		if (!decimal_is_shortest(&d, bits))
			fail_msg("case %u: %08x is not written as its shortest decimal", i, bits);
		assert_int_equal(gs_decimal_to_binary32(&d), d.value == 0 ? 0 : bits);
	}
	assert_int_equal(gs_decimal_of_binary32(0x7f800000, &d), GS_EINVAL);
	assert_int_equal(gs_decimal_of_binary32(0xffc00000, &d), GS_EINVAL);
	assert_int_equal(gs_decimal_of_binary32(0x42c80000, &d), GS_OK); /* 100 */
	assert_true(d.value == 100 && d.decimals == 0);
	assert_int_equal(gs_decimal_of_binary32(0x7f7fffff, &d), GS_OK); /* 3.4028235e38 */
	assert_true(d.value == 34028235 && d.decimals == -31);
	assert_int_equal(gs_decimal_of_binary32(0x80000000, &d), GS_OK);
	assert_true(d.value == 0 && d.decimals == 0);
}

static void reads_words(void **state)
{
	uint8_t word[32];
	gs_int128 v;

	(void)state;
	memset(word, 0xff, sizeof(word));
	assert_int_equal(gs_int128_from_word(word, &v), GS_OK);
	assert_true(v == -1);
	word[0] = 0;
	assert_int_equal(gs_int128_from_word(word, &v), GS_EPARSE);
	memset(word, 0, sizeof(word));
	word[31] = 7;
	assert_int_equal(gs_int128_from_word(word, &v), GS_OK);
	assert_true(v == 7);
	word[16] = 0x80; /* 2^127 */
	assert_int_equal(gs_int128_from_word(word, &v), GS_EPARSE);
	memset(word, 0xff, 16);
	assert_int_equal(gs_int128_from_word(word, &v), GS_OK);
	assert_true(v == -(((gs_int128)1 << 126) - 1) * 2 - 2 + 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_landmarks),     cmocka_unit_test(oracle_refuses), cmocka_unit_test(reads_as_gmp),
		cmocka_unit_test(writes_the_shortest), cmocka_unit_test(reads_words),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
