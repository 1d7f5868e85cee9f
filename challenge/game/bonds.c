/* challenge/game/bonds.c: terms, bonds, payouts. */
#include "challenge/game/bonds.h"

#include <string.h>

/* ---- the packed word of the terms: 0 8 | 96 | 72 | 16 | 16 | 32 | 8 | 8 ---- */

enum { MINIMUM_BOND_AT = 1, MINIMUM_FEE_AT = 13, BOND_BPS_AT = 22, FEE_BPS_AT = 24, WINDOW_AT = 26, VERSION_AT = 30 };
enum { RETIRED_AT = 31, BOND_BYTES = 12, FEE_BYTES = 9 };
#define WINDOW_MAX (UINT32_C(1) << 31)

static struct gs_wei amount_at(const uint8_t *word, unsigned at, unsigned bytes)
{
	uint8_t alone[32] = {0};
	memcpy(alone + 32 - bytes, word + at, bytes);
	return (struct gs_wei){gs_u256_from_be(alone)};
}

static void put_amount(uint8_t *word, unsigned at, unsigned bytes, struct gs_wei amount)
{
	uint8_t alone[32];
	gs_u256_to_be(&amount.v, alone);
	for (unsigned i = 0; i < 32 - bytes; i++)
		GS_ASSERT(alone[i] == 0);
	memcpy(word + at, alone + 32 - bytes, bytes);
}

enum gs_err gs_terms_decode(const struct gs_u256 *packed, struct gs_terms *out)
{
	uint8_t word[32];
	gs_u256_to_be(packed, word);
	*out = (struct gs_terms){
		.minimum_bond = amount_at(word, MINIMUM_BOND_AT, BOND_BYTES),
		.minimum_fee = amount_at(word, MINIMUM_FEE_AT, FEE_BYTES),
		.bond_bps = (uint16_t)(word[BOND_BPS_AT] << 8 | word[BOND_BPS_AT + 1]),
		.fee_bps = (uint16_t)(word[FEE_BPS_AT] << 8 | word[FEE_BPS_AT + 1]),
		.window_s = gs_be32_read(word + WINDOW_AT),
		.version = word[VERSION_AT],
		.retired = word[RETIRED_AT] != 0,
	};
	bool good = word[0] == 0 && word[RETIRED_AT] <= 1 && out->bond_bps <= GS_BPS && out->fee_bps <= GS_BPS &&
	            out->window_s > 0 && out->window_s <= WINDOW_MAX;
	return good ? GS_OK : GS_EPARSE;
}

void gs_terms_encode(const struct gs_terms *terms, struct gs_u256 *out)
{
	uint8_t word[32] = {0};
	put_amount(word, MINIMUM_BOND_AT, BOND_BYTES, terms->minimum_bond);
	put_amount(word, MINIMUM_FEE_AT, FEE_BYTES, terms->minimum_fee);
	word[BOND_BPS_AT] = (uint8_t)(terms->bond_bps >> 8);
	word[BOND_BPS_AT + 1] = (uint8_t)terms->bond_bps;
	word[FEE_BPS_AT] = (uint8_t)(terms->fee_bps >> 8);
	word[FEE_BPS_AT + 1] = (uint8_t)terms->fee_bps;
	gs_be32_write(word + WINDOW_AT, terms->window_s);
	word[VERSION_AT] = terms->version;
	word[RETIRED_AT] = terms->retired;
	*out = gs_u256_from_be(word);
}

/* ---- shares ---- */

enum gs_err gs_bond_share(struct gs_wei amount, uint16_t bps, struct gs_wei *out)
{
	GS_ASSERT(bps <= GS_BPS);
	struct gs_wei product;
	enum gs_err err = gs_wei_mul_u64(amount, bps, &product);
	if (err == GS_OK)
		(void)gs_u256_div_u64(&product.v, GS_BPS, &out->v);
	return err;
}

static enum gs_err at_least(struct gs_wei minimum, struct gs_wei value, uint16_t bps, struct gs_wei *out)
{
	struct gs_wei share;
	enum gs_err err = gs_bond_share(value, bps, &share);
	return err == GS_OK ? gs_wei_add(minimum, share, out) : err;
}

enum gs_err gs_bond_of_claim(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out)
{
	return at_least(terms->minimum_bond, value, terms->bond_bps, out);
}

enum gs_err gs_fee_of_claim(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out)
{
	return at_least(terms->minimum_fee, value, terms->fee_bps, out);
}

enum gs_err gs_bond_of_game(const struct gs_bond_rules *rules, uint16_t units, struct gs_wei *out)
{
	return gs_wei_mul_u64(rules->challenger_bond, units, out);
}

/* ---- the end of a game ---- */

enum gs_err gs_bond_payout(const struct gs_bond_rules *rules, struct gs_wei bond, bool only_game,
                           enum gs_game_outcome outcome, enum gs_game_reason reason, struct gs_payout *out)
{
	memset(out, 0, sizeof(*out));
	out->loser = outcome == GS_GAME_CHALLENGER_WON ? GS_SIDE_CLAIMANT : GS_SIDE_CHALLENGER;
	if (outcome == GS_GAME_CLOSED || outcome == GS_GAME_OPEN)
		return GS_OK;
	/* "only floor(bond * concedeBps / 10000) of its bond (the claimant only in the claim's first and only game)" */
	bool cheap = reason == GS_REASON_CONCESSION && (only_game || out->loser == GS_SIDE_CHALLENGER);
	enum gs_err err = gs_bond_share(bond, cheap ? rules->concede_bps : GS_BPS, &out->slashed);
	if (err == GS_OK)
		err = gs_wei_sub(bond, out->slashed, &out->kept);
	if (err == GS_OK)
		err = gs_bond_share(out->slashed, rules->burn_bps, &out->burned);
	if (err == GS_OK)
		err = gs_wei_sub(out->slashed, out->burned, &out->rest);
	return err;
}

unsigned gs_bond_refunded_moves(const struct gs_game_state *state)
{
	return state->move < GS_GAME_AGREED_MOVE ? 1 + state->move / 2u : 0;
}

enum gs_err gs_bond_refund(const struct gs_bond_rules *rules, const struct gs_game_state *state, struct gs_wei pot_left,
                           struct gs_wei *out)
{
	enum gs_err err = gs_wei_mul_u64(rules->refund_per_move, gs_bond_refunded_moves(state), out);
	if (err == GS_OK && gs_wei_cmp(*out, pot_left) > 0)
		*out = pot_left;
	return err;
}
