/* simulations/nodes/calls.h: calldata read as the contracts read it: the other direction of challenge/game/moves.h. */
#ifndef GS_SIMULATIONS_NODES_CALLS_H
#define GS_SIMULATIONS_NODES_CALLS_H

#include "challenge/game/agreed.h"
#include "challenge/game/game.h"
#include "simulations/chain/batches.h"
#include "validator/node/event.h"

enum gs_sim_call_kind {
	GS_SIM_CALL_POST,
	GS_SIM_CALL_FINALIZE,
	GS_SIM_CALL_RELEASE,
	GS_SIM_CALL_CHALLENGE,
	GS_SIM_CALL_MOVE,
	GS_SIM_CALL_REQUEST_WITHDRAW,
	GS_SIM_CALL_WITHDRAW,
	GS_SIM_CALL_DEMAND,
	GS_SIM_CALL_ANSWER,
	GS_SIM_CALL_UNANSWERED,
	GS_SIM_CALL_DROP_DEMAND,
	GS_SIM_CALL_RECORD,
	GS_SIM_CALL_DRAW,
	GS_SIM_CALL_PUBLISH,
	GS_SIM_CALL_UNPUBLISHED,
	GS_SIM_CALL_ATTEST,
	GS_SIM_CALL_REPORT,
	GS_SIM_CALL_COLLECT,
	GS_SIM_CALL_POST_ROOT,
	GS_SIM_CALL_POST_LEAVES,
	GS_SIM_CALL_OPEN_LEAF, /* of a batch in calldata */
	GS_SIM_CALL_POST_LEAF, /* the same of a batch that gave only its root */
	GS_SIM_CALL_FINALIZE_BATCH,
	GS_SIM_CALL_RELEASE_BATCH,
	GS_SIM_CALL_AGREE, /* on a state that both sides have signed */
};
enum { GS_SIM_CALL_KINDS = GS_SIM_CALL_AGREE + 1 };
/* The contract function's name; of a move "move". */
const char *gs_sim_call_name(enum gs_sim_call_kind kind);

struct gs_sim_call {
	enum gs_sim_call_kind kind;
	struct gs_claim_body body;      /* of a claim, where the call brings it; of POST without a claimant */
	struct gs_bytes input, output;  /* POST, POST_LEAF: views of the calldata */
	struct gs_wei amount;           /* REQUEST_WITHDRAW; ATTEST: the stake */
	uint64_t epoch;                 /* FINALIZE, DRAW */
	uint8_t demand_kind;            /* DEMAND */
	struct gs_bytes chunks;         /* ANSWER: a view */
	struct gs_hash root;            /* PUBLISH, REPORT: of the trace */
	struct gs_trace_tag commitment; /* ATTEST */
	struct gs_address validator;    /* COLLECT */
	struct gs_batch_name batch;     /* salt and count, or all */
	struct gs_bytes leaves;         /* POST_LEAVES: a view */
	struct gs_hash path[GS_SIM_PATH_MAX];
	size_t levels; /* of path */
	/* MOVE: */
	bool by_claim;        /* it names the claim by its id, else by its terms: the body, without a claimant */
	struct gs_hash claim; /* ATTEST, too */
	uint8_t word[GS_GAME_STATE_WORDS][32]; /* of the state, those that `given` says (bit i: word i) */
	unsigned given;
	struct gs_move move;
	struct gs_agreed agreed; /* AGREE: in the place of the state that the words say */
};

/* GS_EPARSE: no call that the simulated contracts know, or not in its form. */
GS_MUST enum gs_err gs_sim_call_decode(const struct gs_contracts *contracts, const struct gs_address *to,
                                       struct gs_bytes data, struct gs_sim_call *out);
/* Appends the calldata of what is no move, and says which contract it is for: the other direction. */
void gs_sim_call_encode(const struct gs_contracts *contracts, const struct gs_sim_call *call, struct gs_buf *out,
                        struct gs_address *to);
/* Appends the call Claims.post. */
void gs_sim_call_post(const struct gs_claim_body *body, struct gs_bytes input, struct gs_bytes output,
                      struct gs_buf *out);

#endif
