#include "validator/node/terms.h"

#include <string.h>

enum { BPS = 10000 };

/* Where the fields of the word begin, in bits from the lowest. */
enum { RETIRED_AT = 0, VERSION_AT = 8, WINDOW_AT = 16, FEE_BPS_AT = 48, BOND_BPS_AT = 64, FEE_AT = 80, BOND_AT = 152 };

static struct gs_u256 field(const struct gs_u256 *word, unsigned at, unsigned width)
{
	struct gs_u256 out = {{0}};

	for (unsigned i = 0; i < width; i++) {
		const uint64_t bit = word->limb[(at + i) / 64] >> (at + i) % 64 & 1;
		out.limb[i / 64] |= bit << i % 64;
	}
	return out;
}

static void put_field(struct gs_u256 *word, unsigned at, unsigned width, const struct gs_u256 *value)
{
	for (unsigned i = 0; i < width; i++) {
		const uint64_t bit = value->limb[i / 64] >> i % 64 & 1;
		word->limb[(at + i) / 64] |= bit << (at + i) % 64;
	}
}

static void put_number(struct gs_u256 *word, unsigned at, unsigned width, uint64_t value)
{
	const struct gs_u256 wide = gs_u256_from_u64(value);

	put_field(word, at, width, &wide);
}

void gs_terms_decode(const struct gs_u256 *word, struct gs_terms *out)
{
	*out = (struct gs_terms){
		.minimum_bond = {field(word, BOND_AT, 96)},
		.minimum_fee = {field(word, FEE_AT, 72)},
		.bond_bps = (uint16_t)field(word, BOND_BPS_AT, 16).limb[0],
		.fee_bps = (uint16_t)field(word, FEE_BPS_AT, 16).limb[0],
		.window_s = (uint32_t)field(word, WINDOW_AT, 32).limb[0],
		.version = (uint8_t)field(word, VERSION_AT, 8).limb[0],
		.retired = field(word, RETIRED_AT, 8).limb[0] != 0,
	};
}

void gs_terms_encode(const struct gs_terms *terms, struct gs_u256 *out)
{
	memset(out, 0, sizeof(*out));
	put_field(out, BOND_AT, 96, &terms->minimum_bond.v);
	put_field(out, FEE_AT, 72, &terms->minimum_fee.v);
	put_number(out, BOND_BPS_AT, 16, terms->bond_bps);
	put_number(out, FEE_BPS_AT, 16, terms->fee_bps);
	put_number(out, WINDOW_AT, 32, terms->window_s);
	put_number(out, VERSION_AT, 8, terms->version);
	put_number(out, RETIRED_AT, 8, terms->retired);
}

static enum gs_err of_value(struct gs_wei minimum, uint16_t bps, struct gs_wei value, struct gs_wei *out)
{
	struct gs_wei share;
	enum gs_err err = gs_wei_mul_u64(value, bps, &share);

	if (err)
		return err;
	(void)gs_u256_div_u64(&share.v, BPS, &share.v);
	return gs_wei_add(minimum, share, out);
}

enum gs_err gs_terms_bond(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out)
{
	return of_value(terms->minimum_bond, terms->bond_bps, value, out);
}

enum gs_err gs_terms_fee(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out)
{
	return of_value(terms->minimum_fee, terms->fee_bps, value, out);
}

enum gs_err gs_claim_lot(uint64_t index, struct gs_wei value, struct gs_u256 *out)
{
	if (value.v.limb[2] || value.v.limb[3])
		return GS_ELIMIT;
	*out = (struct gs_u256){{value.v.limb[0], value.v.limb[1], index, 0}};
	return GS_OK;
}

struct gs_wei gs_claim_value(const struct gs_claim_body *body)
{
	return (struct gs_wei){{{body->lot.limb[0], body->lot.limb[1], 0, 0}}};
}
