#include "validator/node/attest.h"

#include <string.h>

#include "chain/core/hash.h"

enum { BPS = 10000, PPM = 1000 * 1000 };

const char *gs_attest_reason_name(enum gs_attest_reason reason)
{
	switch (reason) {
	case GS_ATTEST_YES: return "yes";
	case GS_ATTEST_OFF: return "off";
	case GS_ATTEST_WORTHLESS: return "worthless";
	case GS_ATTEST_LOCKED: return "locked_share";
	case GS_ATTEST_UNAFFORDABLE: return "unaffordable";
	}
	return "?";
}

/* floor(amount * by / over); over is not 0. */
static enum gs_err scale(struct gs_wei amount, uint64_t by, uint64_t over, struct gs_wei *out)
{
	struct gs_u256 rest;

	if (gs_wei_mul_u64(amount, by, out) != GS_OK)
		return GS_ELIMIT;
	gs_u256_div_u64(&out->v, over, &rest);
	out->v = rest;
	return GS_OK;
}

/* Our part of what all who attested get together, by stake. The stakes lose low bits until they fit a word: this is an estimate. */
static enum gs_err part_of(struct gs_wei together, struct gs_wei ours, struct gs_wei others, struct gs_wei *out)
{
	struct gs_wei all;

	if (gs_wei_add(ours, others, &all) != GS_OK)
		return GS_ELIMIT;
	while (!gs_u256_fits_u64(&all.v)) {
		(void)gs_u256_div_u64(&all.v, 1 << 16, &all.v);
		(void)gs_u256_div_u64(&ours.v, 1 << 16, &ours.v);
	}
	return scale(together, ours.v.limb[0], all.v.limb[0], out);
}

/* audit_bps is not 0. */
static enum gs_err average_income(const struct gs_attest_policy *policy, const struct gs_attest_case *c,
                                  struct gs_wei stake, struct gs_wei *out)
{
	struct gs_wei together, pool;

	if (scale(c->fee, BPS, policy->audit_bps, &together) != GS_OK || gs_wei_add(c->pool, c->fee, &pool) != GS_OK)
		return GS_ELIMIT;
	if (gs_wei_cmp(together, pool) > 0)
		together = pool;
	if (part_of(together, stake, c->others, out) != GS_OK)
		return GS_ELIMIT;
	return scale(*out, policy->audit_bps, BPS, out);
}

static enum gs_err cost_of_gas(const struct gs_attest_policy *policy, struct gs_wei *out)
{
	const uint64_t gas = GS_ATTEST_GAS + GS_ATTEST_COLLECT_GAS +
	                     (uint64_t)GS_ATTEST_REPORT_GAS * policy->audit_bps / BPS;

	return scale(policy->million_gas, gas, PPM, out);
}

static bool too_much_locked(const struct gs_attest_policy *policy, const struct gs_attest_case *c, struct gs_wei stake)
{
	struct gs_wei most, then;

	return scale(c->all, policy->locked_ppm, PPM, &most) != GS_OK ||
	       gs_wei_add(c->attested, stake, &then) != GS_OK || gs_wei_cmp(then, most) > 0;
}

void gs_attest_weigh(const struct gs_attest_policy *policy, const struct gs_attest_case *c,
                     struct gs_attest_decision *out)
{
	struct gs_wei needed;

	memset(out, 0, sizeof(*out));
	out->reason = GS_ATTEST_OFF;
	if (!policy->on)
		return;
	out->stake = gs_wei_cmp(policy->stake, policy->least) < 0 ? policy->least : policy->stake;
	out->reason = GS_ATTEST_WORTHLESS;
	if (policy->audit_bps == 0 || average_income(policy, c, out->stake, &out->income) != GS_OK ||
	    cost_of_gas(policy, &out->cost) != GS_OK || gs_wei_cmp(out->income, out->cost) <= 0)
		return;
	out->reason = GS_ATTEST_LOCKED;
	if (too_much_locked(policy, c, out->stake))
		return;
	out->reason = GS_ATTEST_UNAFFORDABLE;
	if (gs_wei_add(out->stake, c->keep, &needed) == GS_OK && gs_wei_cmp(c->free, needed) >= 0)
		out->reason = GS_ATTEST_YES;
}

struct gs_trace_tag gs_attest_commitment(const struct gs_hash *claim, const struct gs_address *validator,
                                         const struct gs_hash *trace_root)
{
	uint8_t words[96] = {0};
	struct gs_hash hash;

	memcpy(words, claim->b, 32);
	memcpy(words + 32 + 12, validator->b, sizeof(validator->b));
	memcpy(words + 64, trace_root->b, 32);
	gs_keccak256(words, sizeof(words), &hash);
	return gs_trace_tag_of(&hash);
}
