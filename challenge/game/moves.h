/* challenge/game/moves.h: moves as calldata of the Disputes contract, and its events as data. */
#ifndef GS_CHALLENGE_GAME_MOVES_H
#define GS_CHALLENGE_GAME_MOVES_H

#include "chain/eth/receipt.h"
#include "challenge/game/game.h"

enum { GS_MOVE_CALLDATA_MAX = 16 * 1024 };

/* Appends the call that makes the move in answer to the state. Errors stick to out. */
void gs_move_calldata(const struct gs_game_state *state, const struct gs_move *move, struct gs_buf *out);
/* Disputes.challenge(claimId) */
void gs_challenge_calldata(const struct gs_hash *claim, struct gs_buf *out);
/* Disputes.close(claimId, challenger) */
void gs_close_calldata(const struct gs_hash *claim, const struct gs_address *challenger, struct gs_buf *out);

/* keccak(abi.encode(GAME_DOMAIN, chainid, disputes, claimId, challenger)) */
void gs_game_id(uint64_t chain_id, const struct gs_address *disputes, const struct gs_hash *claim,
                const struct gs_address *challenger, struct gs_hash *out);

enum gs_game_event_kind {
	GS_GAME_EVENT_OPENED,
	GS_GAME_EVENT_STATE,
	GS_GAME_EVENT_REVEALED,
	GS_GAME_EVENT_JUDGED,
	GS_GAME_EVENT_OVER,
	GS_GAME_EVENT_SETTLED,
};
struct gs_game_event { /* fields of other kinds are zero */
	enum gs_game_event_kind kind;
	struct gs_hash game;          /* all but Settled */
	struct gs_hash claim;         /* all but Revealed and Judged */
	struct gs_address challenger; /* Opened */
	uint32_t index;               /* Opened: among the claim's games */
	struct gs_hash state_hash;    /* GameState */
	struct gs_game_state state;   /* GameState */
	struct gs_bytes revealed;     /* Revealed: a view into the log's data */
	struct gs_address prover;     /* Judged */
	uint64_t computed;            /* Judged */
	uint8_t outcome;              /* GameOver: enum gs_game_outcome */
	uint8_t reason;               /* GameOver: enum gs_game_reason */
	struct gs_address winner;     /* Settled */
	struct gs_wei amount;         /* Settled */
};
/* GS_ENOTFOUND: not an event of the Disputes contract. GS_EPARSE: one that does not have its form. */
GS_MUST enum gs_err gs_game_event_decode(const struct gs_log_entry *log, struct gs_game_event *out);

#endif
