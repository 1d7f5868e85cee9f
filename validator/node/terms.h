/* validator/node/terms.h: the packed words of the claims contract: the terms that a claim was posted under, and its lot.
 *
 * A claim's lot is `index 128 | value 128`: index is a salt for a claim posted alone, the leaf's number in a batch; value is what is
 * at stake. Bond and fee follow from the value and the terms, exactly as the contract computes them.
 * Source: docs/protocol.md, 4.1 and 4.3. */
#ifndef GS_VALIDATOR_NODE_TERMS_H
#define GS_VALIDATOR_NODE_TERMS_H

#include "challenge/game/game.h"
#include "chain/core/u256.h"

struct gs_terms {
	struct gs_wei minimum_bond; /* 96 bits */
	struct gs_wei minimum_fee;  /* 72 bits */
	uint16_t bond_bps;          /* of the value */
	uint16_t fee_bps;
	uint32_t window_s;
	uint8_t version;
	bool retired; /* the deployment takes no more claims */
};

void gs_terms_decode(const struct gs_u256 *word, struct gs_terms *out);
void gs_terms_encode(const struct gs_terms *terms, struct gs_u256 *out);
/* minimum + floor(value * bps / 10000). GS_ELIMIT when it does not fit 256 bits. */
GS_MUST enum gs_err gs_terms_bond(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out);
GS_MUST enum gs_err gs_terms_fee(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out);

/* index 128 | value 128. GS_ELIMIT when the value does not fit its half. */
GS_MUST enum gs_err gs_claim_lot(uint64_t index, struct gs_wei value, struct gs_u256 *out);
struct gs_wei gs_claim_value(const struct gs_claim_body *body);

#endif
