/* f32.pow: special values as IEEE 754-2019 has them, MPFR everywhere else, and its three paths against each other. */
#include "challenge/machine/pow.h"
#include "chain/core/core.h"
#include "challenge/machine/number.h"
#include "tests/support/mpfr_f32.h"
#include "tests/support/pow_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

enum { POW = 0x28 };

static void check(uint32_t a, uint32_t b)
{
	uint32_t want, got = gs_pow_f32_bits(a, b);
	assert_true(mpfr_f32_apply(POW, a, b, 0, &want));
	if (got != want)
		fail_msg("pow(%08x, %08x) = %08x, MPFR has %08x", a, b, got, want);
}

#define NANB 0x7fc00000u
#define INFB 0x7f800000u
#define NEG 0x80000000u
#define ONE 0x3f800000u

/* From the text of the standard, not from an implementation. */
static void special_values(void **state)
{
	(void)state;
	static const struct {
		uint32_t a, b, r;
	} row[] = {
		{NANB, 0, ONE},
		{INFB, NEG, ONE},
		{0, 0, ONE},
		{0x7f800001, 0, ONE}, /* pow(x, +-0) = 1, NaN too */
		{ONE, NANB, ONE},
		{ONE, INFB, ONE},
		{ONE, NEG | INFB, ONE},
		{ONE, 0xff800001, ONE}, /* pow(+1, y) = 1 */
		{NEG | ONE, INFB, ONE},
		{NEG | ONE, NEG | INFB, ONE},
		{NEG | ONE, NANB, NANB},
		{0, 0xc0400000, INFB},
		{NEG, 0xc0400000, NEG | INFB}, /* to the power -3 */
		{NEG, NEG | INFB, INFB},
		{0, NEG | INFB, INFB},
		{NEG, 0xc0000000, INFB},
		{NEG, 0xbf000000, INFB},
		{NEG, 0x40400000, NEG},
		{0, 0x40400000, 0},
		{NEG, 0x40000000, 0},
		{NEG, 0x3f000000, 0},
		{NEG, INFB, 0},
		{0x3f7fffff, INFB, 0},
		{0x3f7fffff, NEG | INFB, INFB},
		{0x3f800001, INFB, INFB},
		{0x3f800001, NEG | INFB, 0},
		{0xbf7fffff, INFB, 0},
		{0xc0000000, NEG | INFB, 0},
		{INFB, INFB, INFB},
		{INFB, NEG | INFB, 0},
		{INFB, 0x00000001, INFB},
		{INFB, 0x80000001, 0},
		{NEG | INFB, 0xc0400000, NEG},
		{NEG | INFB, 0xc0000000, 0},
		{NEG | INFB, 0xbf000000, 0},
		{NEG | INFB, 0x40400000, NEG | INFB},
		{NEG | INFB, 0x40000000, INFB},
		{NEG | INFB, 0x3f000000, INFB},
		{0xc0000000, 0x3f000000, NANB},
		{0x80000001, 0x4affffff, NANB},
		{0xc0000000, 0x40400000, 0xc1000000},
		{0xbf800000, 0x4b7fffff, NEG | ONE},
		{0xbf800000, 0x4b800000, ONE},
		{0xbf800000, 0x4b800001, ONE},
		{0xbf800000, 0x4b000001, NEG | ONE},
		{NEG | ONE, 0x4affffff, NANB},
		{NANB, ONE, NANB},
		{0x40000000, NANB, NANB},
		{0, NANB, NANB},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(row); i++) {
		uint32_t got = gs_pow_f32_bits(row[i].a, row[i].b);
		if (got != row[i].r)
			fail_msg("pow(%08x, %08x) = %08x, not %08x", row[i].a, row[i].b, got, row[i].r);
	}
	for (size_t i = 0; i < pow_specials(); i++)
		for (size_t j = 0; j < pow_specials(); j++)
			check(pow_special(i), pow_special(j));
}

/* Ties that only exactness decides, with their neighbours. */
static void ties(void **state)
{
	(void)state;
	static const struct {
		uint32_t a, b, r;
	} row[] = {
		{0x45800800, 0x40000000, 0x4b801000}, /* 4097^2 = 2^24 + 2^13 + 1: down to even */
		{0x43818000, 0x40400000, 0x4b848d8e}, /* 259^3 = 2 mod 4 and 1: up to even */
		{0x40000000, 0xc3160000, 0x00000000}, /* 2^-150: half of the least number */
		{0x40000000, 0xc3150000, 0x00000001}, {0x3f800000 + 0x800000, 0x42fe0000, 0x7f000000}, /* 2^127 */
		{0x41100000, 0x3f000000, 0x40400000},                                                  /* 9^0.5 */
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(row); i++) {
		assert_int_equal(gs_pow_f32_bits(row[i].a, row[i].b), row[i].r);
		for (int step = -1; step <= 1; step++) {
			check(row[i].a + (uint32_t)step, row[i].b);
			check(row[i].a, row[i].b + (uint32_t)step);
		}
	}
}

/* Every way that applies to a pair must give what MPFR gives; all three must be reached. */
static void paths_agree(void **state)
{
	(void)state;
	uint64_t seed = 7;
	unsigned exact = 0, wide = 0, undecided = 0;
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t a, b, want, out;
		pow_case(&seed, i % POW_CASE_KINDS, &a, &b);
		check(a, b);
		a &= 0x7fffffff;
		if (a == 0 || a == ONE || a >= INFB || (b & 0x7fffffff) == 0 || (b & 0x7fffffff) >= INFB)
			continue;
		assert_true(mpfr_f32_apply(POW, a, b, 0, &want));
		if (!gs_pow_quick(a, b, &out))
			undecided++;
		else if (out != want)
			fail_msg("quick: pow(%08x, %08x) = %08x, MPFR has %08x", a, b, out, want);
		if (gs_pow_exact(a, b, &out)) {
			exact++;
			if (out != want)
				fail_msg("exact: pow(%08x, %08x) = %08x, MPFR has %08x", a, b, out, want);
		} else if (i % 8 == 0 && ++wide && gs_pow_wide(a, b) != want) {
			fail_msg("wide: pow(%08x, %08x) is not %08x", a, b, want);
		}
	}
	assert_true(exact > 5000 && wide > 5000 && undecided > 500);
}

/* The nearest that a search found: the quick path must pass all of them on. */
static void nearest_to_a_tie(void **state)
{
	(void)state;
	FILE *file = fopen("tests/prove/hard/pow.txt", "r");
	char line[80];
	uint32_t a, b, out;
	unsigned pairs = 0;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		assert_int_equal(sscanf(line, "%8x %8x", &a, &b), 2);
		check(a, b);
		assert_false(gs_pow_quick(a, b, &out));
		assert_false(gs_pow_exact(a, b, &out));
		pairs++;
	}
	fclose(file);
	assert_int_equal(pairs, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_values),
		cmocka_unit_test(ties),
		cmocka_unit_test(paths_agree),
		cmocka_unit_test(nearest_to_a_tie),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
