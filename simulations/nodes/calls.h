/* simulations/nodes/calls.h: calldata read as the contracts read it: the other direction of challenge/game/moves.h. */
#ifndef GS_SIMULATIONS_NODES_CALLS_H
#define GS_SIMULATIONS_NODES_CALLS_H

#include "challenge/game/game.h"
#include "validator/node/event.h"

enum gs_sim_call_kind {
	GS_SIM_CALL_POST,
	GS_SIM_CALL_FINALIZE,
	GS_SIM_CALL_RELEASE,
	GS_SIM_CALL_CHALLENGE,
	GS_SIM_CALL_MOVE,
};

struct gs_sim_call {
	enum gs_sim_call_kind kind;
	struct gs_claim_body body;     /* but for MOVE; of POST without a claimant */
	struct gs_bytes input, output; /* POST: views of the calldata */
	/* MOVE: */
	bool by_claim; /* it names the claim by its id, else by its terms: the body, without a claimant */
	struct gs_hash claim;
	uint8_t word[GS_GAME_STATE_WORDS][32]; /* of the state, those that `given` says (bit i: word i) */
	unsigned given;
	struct gs_move move;
};

/* GS_EPARSE: no call that the simulated contracts know, or not in its form. */
GS_MUST enum gs_err gs_sim_call_decode(const struct gs_contracts *contracts, const struct gs_address *to,
                                       struct gs_bytes data, struct gs_sim_call *out);
/* Appends the call Claims.post. */
void gs_sim_call_post(const struct gs_claim_body *body, struct gs_bytes input, struct gs_bytes output,
                      struct gs_buf *out);

#endif
