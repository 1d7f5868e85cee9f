/* challenge/game/moves.h: moves as calldata of the Disputes contract, and its events as data (docs/protocol.md, 5.3). */
#ifndef GS_CHALLENGE_GAME_MOVES_H
#define GS_CHALLENGE_GAME_MOVES_H

#include "chain/core/buf.h"
#include "chain/eth/receipt.h"
#include "challenge/game/game.h"

enum { GS_MOVE_CALLDATA_MAX = 16 * 1024 };

/* Appends the call that makes the move in answer to the state of a game about the claim `body`; the mover's address is
 * left zero where the contract puts the sender there. Errors stick to out. */
void gs_move_calldata(const struct gs_claim_body *body, const struct gs_game_state *state, const struct gs_move *move,
                      struct gs_buf *out);
/* Disputes.challenge(body) */
void gs_challenge_calldata(const struct gs_claim_body *body, struct gs_buf *out);
/* Disputes.close(...) of a game in the given state */
void gs_close_calldata(const struct gs_claim_body *body, const struct gs_game_state *state, struct gs_buf *out);

enum gs_game_event_kind {
	GS_GAME_EVENT_OPENED,          /* state */
	GS_GAME_EVENT_REVEALED,        /* state, shown: commitTrace, reveal */
	GS_GAME_EVENT_SELECTED,        /* state */
	GS_GAME_EVENT_NARROWED,        /* state */
	GS_GAME_EVENT_STATES_REVEALED, /* state, shown */
	GS_GAME_EVENT_AGREED,          /* state, trace_root */
	GS_GAME_EVENT_OVER,
	GS_GAME_EVENT_SETTLED,
};
struct gs_game_event { /* fields of other kinds are zero */
	enum gs_game_event_kind kind;
	struct gs_hash claim;         /* all */
	uint32_t ordinal;             /* all but Settled: with the claim, the game's name */
	struct gs_address challenger; /* all but Settled */
	struct gs_game_state state;   /* after the move; for gs_game_observe, with `shown` */
	struct gs_bytes shown;        /* a view into the log's data */
	struct gs_hash trace_root;    /* Agreed */
	uint8_t outcome;              /* GameOver: enum gs_game_outcome */
	uint8_t reason;               /* GameOver: enum gs_game_reason */
	uint64_t computed;            /* GameOver by step: what the judge computed */
	struct gs_address winner;     /* Settled */
	struct gs_wei amount;         /* Settled */
};
const char *gs_game_event_name(enum gs_game_event_kind kind); /* the event's in the contract */
/* Whether an event of this kind carries a state. */
bool gs_game_event_has_state(enum gs_game_event_kind kind);
/* GS_ENOTFOUND: not an event of the Disputes contract about games. GS_EPARSE: one that does not have its form. */
GS_MUST enum gs_err gs_game_event_decode(const struct gs_log_entry *log, struct gs_game_event *out);

#endif
