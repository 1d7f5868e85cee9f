/* Payouts: nothing is made or lost, and the numbers are those of docs/protocol.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "challenge/game/bonds.h"

static struct gs_bond_rules rules(void)
{
	return (struct gs_bond_rules){.minimum_bond = gs_wei_from_u64(1000),
	                              .bond_bps = 2500,
	                              .challenger_bond = gs_wei_from_u64(333),
	                              .concede_bps = 1001,
	                              .burn_bps = 5000};
}

static void expect(enum gs_game_outcome outcome, enum gs_game_reason reason, uint64_t slashed, uint64_t burned,
                   uint64_t paid)
{
	struct gs_bond_rules r = rules();
	struct gs_payout p;
	assert_int_equal(gs_bond_payout(&r, gs_wei_from_u64(4999), outcome, reason, &p), GS_OK);
	assert_int_equal(p.slashed.v.limb[0], slashed);
	assert_int_equal(p.burned.v.limb[0], burned);
	assert_int_equal(p.paid.v.limb[0], paid);
}

static void test_payouts(void **state)
{
	(void)state;
	expect(GS_GAME_CHALLENGER_WON, GS_REASON_STEP, 4999, 2499, 2500);
	expect(GS_GAME_CHALLENGER_WON, GS_REASON_TIMEOUT, 4999, 2499, 2500);
	expect(GS_GAME_CHALLENGER_WON, GS_REASON_CONCESSION, 500, 250, 250); /* floor(4999 * 1001 / 10000) */
	expect(GS_GAME_CLAIMANT_WON, GS_REASON_STEP, 333, 166, 167);
	expect(GS_GAME_CLAIMANT_WON, GS_REASON_CONCESSION, 33, 16, 17);
	expect(GS_GAME_CLOSED, GS_REASON_SETTLED, 0, 0, 0);
}

static void test_claim_bond(void **state)
{
	(void)state;
	struct gs_bond_rules r = rules();
	struct gs_wei bond, huge = {{{0, 0, 0, UINT64_MAX}}};
	assert_int_equal(gs_bond_of_claim(&r, gs_wei_from_u64(7), &bond), GS_OK);
	assert_int_equal(bond.v.limb[0], 1001); /* 1000 + floor(1.75) */
	assert_int_equal(gs_bond_of_claim(&r, huge, &bond), GS_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_payouts), cmocka_unit_test(test_claim_bond)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
