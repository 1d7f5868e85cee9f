/* challenge/game/calldata.h: calls of Disputes that move a game, read back: the other direction of moves.h and agreed.h. */
#ifndef GS_CHALLENGE_GAME_CALLDATA_H
#define GS_CHALLENGE_GAME_CALLDATA_H

#include "chain/eth/abi.h"
#include "challenge/game/agreed.h"

struct gs_move_call {
	bool by_claim;             /* it names the claim by its id, else by its terms: the body, without a claimant */
	struct gs_hash claim;      /* by_claim */
	struct gs_claim_body body; /* else */
	uint8_t word[GS_GAME_STATE_WORDS][32]; /* of the state, those that `given` says (bit i: word i) */
	unsigned given;
	bool agrees; /* `agree`: there is no move, but a state that both have signed, in the place of the one that the words say */
	struct gs_move move;
	struct gs_agreed agreed;
};

/* Behind the selector. False: no move has this selector. That the calldata has not its form sticks to the reader. */
bool gs_move_call_read(uint32_t selector, struct gs_abi_reader *r, struct gs_move_call *out);
/* GS_ENOTFOUND: another call. GS_EPARSE, GS_ELIMIT: a move that has not its form. */
GS_MUST enum gs_err gs_move_call_decode(struct gs_bytes calldata, struct gs_move_call *out);

#endif
