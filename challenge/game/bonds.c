#include "challenge/game/bonds.h"

#include <string.h>

enum gs_err gs_bond_share(struct gs_wei amount, uint16_t bps, struct gs_wei *out)
{
	GS_ASSERT(bps <= GS_BPS);
	struct gs_wei product;
	enum gs_err err = gs_wei_mul_u64(amount, bps, &product);
	if (err == GS_OK)
		(void)gs_u256_div_u64(&product.v, GS_BPS, &out->v);
	return err;
}

enum gs_err gs_bond_of_claim(const struct gs_bond_rules *rules, struct gs_wei value, struct gs_wei *out)
{
	struct gs_wei share;
	enum gs_err err = gs_bond_share(value, rules->bond_bps, &share);
	return err == GS_OK ? gs_wei_add(rules->minimum_bond, share, out) : err;
}

enum gs_err gs_bond_payout(const struct gs_bond_rules *rules, struct gs_wei claim_bond, enum gs_game_outcome outcome,
                           enum gs_game_reason reason, struct gs_payout *out)
{
	memset(out, 0, sizeof(*out));
	out->loser = outcome == GS_GAME_CHALLENGER_WON ? GS_SIDE_CLAIMANT : GS_SIDE_CHALLENGER;
	if (outcome == GS_GAME_CLOSED || outcome == GS_GAME_OPEN)
		return GS_OK;
	struct gs_wei bond = out->loser == GS_SIDE_CLAIMANT ? claim_bond : rules->challenger_bond;
	/* "the sender loses, but only floor(bond * concedeBps / 10000) of its bond" */
	enum gs_err err = gs_bond_share(bond, reason == GS_REASON_CONCESSION ? rules->concede_bps : GS_BPS,
	                                &out->slashed);
	if (err == GS_OK)
		err = gs_bond_share(out->slashed, rules->burn_bps, &out->burned);
	if (err == GS_OK)
		err = gs_wei_sub(out->slashed, out->burned, &out->paid);
	return err;
}
