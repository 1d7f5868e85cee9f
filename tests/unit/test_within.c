/* The comparison of tolerant claims against exact arithmetic: MPFR at a precision at which nothing is rounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "challenge/machine/scalar.h"
#include "challenge/machine/within.h"
#include "tests/oracle/scalar_oracle.h"
#include "tests/support/within_cases.h"

enum { DRAWN = 1200000 };

static uint64_t check(const struct within_case *c)
{
	gs_reg tolerance = gs_within_tolerance(c->absolute, c->relative);
	uint64_t want = 0, got = gs_fn_apply(GS_FN_WITHIN, c->a, c->b, tolerance);
	assert_true(oracle_apply(GS_FN_WITHIN, c->a, c->b, tolerance, &want));
	if (got != want)
		fail_msg("within(%08x, %08x, %08x, %08x) = %llu, MPFR says %llu", c->a, c->b, c->absolute, c->relative,
		         (unsigned long long)got, (unsigned long long)want);
	return want;
}

static void specials_agree(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < within_specials(); i++) {
		struct within_case c = within_special(i);
		check(&c);
	}
}

/* Whether the next float away from b is outside while a is inside: the edge is met to the last bit. */
static void drawn_agree(void **state)
{
	(void)state;
	uint64_t seed = 1, inside = 0, edges = 0;
	for (uint64_t i = 0; i < DRAWN; i++) {
		struct within_case c = within_draw(i, &seed);
		if (check(&c) == 0)
			continue;
		inside++;
		bool away = (c.a & 0x7fffffffu) >= (c.b & 0x7fffffffu) || ((c.a ^ c.b) >> 31) != 0;
		c.a = away ? c.a + 1 : (c.a & 0x7fffffffu) != 0 ? c.a - 1 : c.a;
		edges += check(&c) == 0;
	}
	assert_true(inside > DRAWN / 4 && inside < DRAWN - DRAWN / 4);
	assert_true(edges > DRAWN / 16);
	oracle_finish();
}

/* Values by hand. */
static void known_values(void **state)
{
	(void)state;
	static const struct {
		uint32_t a, b, absolute, relative, want;
	} row[] = {
		{0x3f800000, 0x3f800000, 0x00000001, 0, 1},
		{0x00000001, 0x80000001, 0x00000002, 0, 1}, /* the distance is two units of the last place */
		{0x00000001, 0x80000001, 0x00000001, 0, 0},
		{0x80000000, 0x00000000, 0x00000001, 0, 1}, /* -0 and +0 differ by 0 */
		{0x80000000, 0x00000000, 0, 0, 1},
		{0x80000000, 0x00000000, 0x7f800000, 0, 0}, /* no tolerance: the registers must be equal */
		{0x00000000, 0x00000000, 0x7f800000, 0, 1},
		{0x3fc00000, 0x3f800000, 0, 0x3f000000, 1}, /* |1.5 - 1| <= 0.5 * 1 */
		{0x3fc00001, 0x3f800000, 0, 0x3f000000, 0},
		{0x3fc00001, 0x3f800000, 0x34000000, 0x3f000000, 1}, /* 2^-23 more, and no more */
		{0x3fc00002, 0x3f800000, 0x34000000, 0x3f000000, 0},
		{0x3fc00001, 0x3f800000, 0x33ffffff, 0x3f000000, 0},
		{0x3f800000, 0x3fc00000, 0, 0x3f000000, 1}, /* relative to b, the canonical one */
		{0x7f800000, 0x7f800000, 0, 0, 1},
		{0x7f800000, 0x7f7fffff, 0x7f7fffff, 0x7f7fffff, 0}, /* infinity is at no distance */
		{0xff800000, 0x7f800000, 0x7f7fffff, 0, 0},
		{0x7fc00000, 0xffffffff, 0, 0, 1}, /* NaN is NaN */
		{0x7fc00000, 0x3f800000, 0x49800000, 0x3f800000, 0},
		{0xff7fffff, 0x7f7fffff, 0x7f7fffff, 0x3f800000, 1}, /* 2M <= M + M */
		{0xff7fffff, 0x7f7fffff, 0x7f7ffffe, 0x3f800000, 0},
		{0x3f800000, 0x3f800000, 0xbf800000, 0, 1}, /* below zero: no tolerance */
		{0x3f800001, 0x3f800000, 0xbf800000, 0x3f800000, 0},
		{0x3f800001, 0x3f800000, 0x80000000, 0x3f800000, 1}, /* -0 is 0 */
	};
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(gs_within(row[i].a, row[i].b, gs_within_tolerance(row[i].absolute, row[i].relative)),
		                 row[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(specials_agree),
		cmocka_unit_test(drawn_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
