/* What is offered for gas: against sums made by hand, and against what EIP-1559's own rule makes of full blocks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/fees.h"

static struct gs_wei wei(uint64_t v)
{
	return gs_wei_from_u64(v);
}

static struct gs_fee_market market(uint64_t base)
{
	return (struct gs_fee_market){.base_fee = wei(base), .tip = {wei(1), wei(5), wei(50)}};
}

static uint64_t small(struct gs_wei v)
{
	assert_true(gs_u256_fits_u64(&v.v));
	return v.v.limb[0];
}

/* EIP-1559: a full block raises the base fee by parent / 8, and by 1 at least. */
static uint64_t after_full_blocks(uint64_t base, unsigned blocks)
{
	for (; blocks > 0; blocks--)
		base += base / 8 > 0 ? base / 8 : 1;
	return base;
}

static void covers_full_blocks(void **state)
{
	static const unsigned blocks[] = {6, 6, 10};
	const uint64_t bases[] = {1, 7, 8, 1000, 123456789, 5000000000};
	const struct gs_fee_bounds none = {{{{0}}}, {{{0}}}, {{{0}}}};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(bases); i++)
		for (size_t u = 0; u < GS_URGENCIES; u++) {
			const struct gs_fee_market m = market(bases[i]);
			struct gs_fees fees;
			assert_int_equal(gs_fees_choose(&m, (enum gs_urgency)u, &none, &fees), GS_OK);
			assert_int_equal(small(fees.tip), small(m.tip[u]));
			assert_false(fees.capped);
			assert_true(small(fees.max_fee) >= after_full_blocks(bases[i], blocks[u]) + small(fees.tip));
			if (bases[i] >= 1000) /* and not many more; below, roundings are what counts */
				assert_true(small(fees.max_fee) <= after_full_blocks(bases[i], blocks[u] + 1));
		}
}

static void respects_the_cap(void **state)
{
	const struct gs_fee_market m = market(1000);
	struct gs_fee_bounds b = {.cap = wei(1500)};
	struct gs_fees fees;

	(void)state;
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_CLOSE, &b, &fees), GS_OK);
	assert_int_equal(small(fees.max_fee), 1500);
	assert_int_equal(small(fees.tip), 50);
	assert_true(fees.capped);
	b.cap = wei(1001);
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_CLOSE, &b, &fees), GS_OK);
	assert_int_equal(small(fees.max_fee), 1001);
	b.cap = wei(1000); /* nothing would be left for who makes the block */
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_CLOSE, &b, &fees), GS_ELIMIT);
	b = (struct gs_fee_bounds){.cap = wei(5000), .least_max = wei(5001)};
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_NONE, &b, &fees), GS_ELIMIT);
	b = (struct gs_fee_bounds){.cap = wei(5000), .least_max = wei(5000), .least_tip = wei(5001)};
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_NONE, &b, &fees), GS_ELIMIT);
}

/* However often it is replaced, each offers an eighth more than the last in both figures, which every node takes. */
static void replacements_rise(void **state)
{
	const struct gs_fee_market m = market(1000);
	struct gs_fee_bounds b = {{{{0}}}, {{{0}}}, {{{0}}}};
	struct gs_fees last, next;

	(void)state;
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_NONE, &b, &last), GS_OK);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(gs_fees_raise(last.max_fee, &b.least_max), GS_OK);
		assert_int_equal(gs_fees_raise(last.tip, &b.least_tip), GS_OK);
		assert_int_equal(gs_fees_choose(&m, GS_URGENCY_NONE, &b, &next), GS_OK);
		assert_true(8 * small(next.max_fee) >= 9 * small(last.max_fee));
		assert_true(8 * small(next.tip) >= 9 * small(last.tip) && small(next.tip) > small(last.tip));
		assert_true(gs_wei_cmp(next.tip, next.max_fee) <= 0);
		last = next;
	}
	assert_int_equal(gs_fees_raise(wei(0), &b.least_max), GS_OK);
	assert_int_equal(small(b.least_max), 1);
	const struct gs_wei most = {{{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}}};
	assert_int_equal(gs_fees_raise(most, &b.least_max), GS_ELIMIT);
}

static void enough_is_enough(void **state)
{
	const struct gs_fee_market m = market(1000), dear = market(4000);
	struct gs_fee_bounds b = {{{{0}}}, {{{0}}}, {{{0}}}};
	struct gs_fees fees;

	(void)state;
	assert_int_equal(gs_fees_choose(&m, GS_URGENCY_DUE, &b, &fees), GS_OK);
	assert_int_equal(gs_fees_raise(fees.max_fee, &b.least_max), GS_OK);
	assert_int_equal(gs_fees_raise(fees.tip, &b.least_tip), GS_OK);
	assert_true(gs_fees_suffice(&m, GS_URGENCY_DUE, &b, NULL));
	assert_false(gs_fees_suffice(&m, GS_URGENCY_CLOSE, &b, NULL));
	assert_false(gs_fees_suffice(&dear, GS_URGENCY_DUE, &b, NULL));
	b.cap = wei(900); /* nothing could be chosen at all */
	assert_false(gs_fees_suffice(&m, GS_URGENCY_DUE, &b, NULL));
}

static void the_middle_one(void **state)
{
	struct gs_wei odd[] = {wei(5), wei(1), wei(9)}, even[] = {wei(4), wei(3), wei(2), wei(1)};

	(void)state;
	assert_int_equal(small(gs_fees_median(odd, 3)), 5);
	assert_int_equal(small(gs_fees_median(even, 4)), 3);
	assert_int_equal(small(gs_fees_median(odd, 0)), 0);
}

static void cost_is_all_of_it(void **state)
{
	struct gs_wei cost;

	(void)state;
	assert_int_equal(gs_fees_cost(21000, wei(7), wei(11), &cost), GS_OK);
	assert_int_equal(small(cost), 147011);
	const struct gs_wei most = {{{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}}};
	assert_int_equal(gs_fees_cost(2, most, wei(0), &cost), GS_ELIMIT);
	assert_int_equal(gs_fees_cost(1, most, wei(1), &cost), GS_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covers_full_blocks), cmocka_unit_test(respects_the_cap),
		cmocka_unit_test(replacements_rise),  cmocka_unit_test(enough_is_enough),
		cmocka_unit_test(the_middle_one),     cmocka_unit_test(cost_is_all_of_it),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
