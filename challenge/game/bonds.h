/* challenge/game/bonds.h: who pays what when a game ends, as the contracts compute it. Exact integers, rounded down.
 * Source: docs/protocol.md, sections 2, 4 and 5.4. */
#ifndef GS_CHALLENGE_GAME_BONDS_H
#define GS_CHALLENGE_GAME_BONDS_H

#include "chain/core/u256.h"
#include "challenge/game/game.h"

enum { GS_BPS = 10000 };

struct gs_bond_rules {
	struct gs_wei minimum_bond;    /* of a claim */
	uint16_t bond_bps;             /* and this share of the claim's value */
	struct gs_wei challenger_bond; /* of a game */
	uint16_t concede_bps;          /* what a concession costs, of a bond */
	uint16_t burn_bps;             /* of what is slashed */
};

/* floor(amount * bps / 10000); bps <= 10000. GS_ELIMIT when amount * 10000 does not fit 256 bits. */
GS_MUST enum gs_err gs_bond_share(struct gs_wei amount, uint16_t bps, struct gs_wei *out);
/* minimumBond + floor(value * bondBps / 10000). GS_ELIMIT on overflow. */
GS_MUST enum gs_err gs_bond_of_claim(const struct gs_bond_rules *rules, struct gs_wei value, struct gs_wei *out);

struct gs_payout { /* of one game */
	enum gs_side loser;
	struct gs_wei slashed; /* the loser's loss */
	struct gs_wei burned;  /* of it */
	struct gs_wei paid;    /* the rest: the winner's (the earliest winner's) gain */
};
/* What an ended game costs and brings; claim_bond is the claimant's. All zero for a game that was closed. GS_ELIMIT as above. */
GS_MUST enum gs_err gs_bond_payout(const struct gs_bond_rules *rules, struct gs_wei claim_bond,
                                   enum gs_game_outcome outcome, enum gs_game_reason reason, struct gs_payout *out);

#endif
