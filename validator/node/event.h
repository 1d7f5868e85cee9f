/* validator/node/event.h: what the contracts say, one log at a time, as plain data (docs/protocol.md). */
#ifndef GS_VALIDATOR_NODE_EVENT_H
#define GS_VALIDATOR_NODE_EVENT_H

#include "chain/core/u256.h"
#include "chain/eth/receipt.h"
#include "challenge/game/batch.h"
#include "challenge/game/moves.h"

enum {
	GS_EVENT_HEADER_BYTES = 17 * 32,
	GS_EVENT_URI_MAX = 1024,
};

struct gs_contracts { /* one deployment */
	uint64_t chain_id;
	struct gs_address token;
	struct gs_address stakes;
	struct gs_address models;
	struct gs_address claims;
	struct gs_address batches;
	struct gs_address disputes;
	struct gs_address duties;
};

enum gs_event_kind {
	GS_EVENT_OTHER, /* not one of these; ignore it */
	GS_EVENT_DEPOSITED,
	GS_EVENT_WITHDRAW_REQUESTED,
	GS_EVENT_WITHDRAWN,
	GS_EVENT_LOCKED,
	GS_EVENT_UNLOCKED,
	GS_EVENT_PAID,
	GS_EVENT_SLASHED,
	GS_EVENT_REGISTERED,
	GS_EVENT_ATTESTED,
	GS_EVENT_RETRACTED,
	GS_EVENT_VOIDED,
	GS_EVENT_RETIRED,
	GS_EVENT_POSTED,
	GS_EVENT_FINALIZED,
	GS_EVENT_INVALIDATED,
	GS_EVENT_RELEASED,
	GS_EVENT_EXTENDED, /* the claim's window */
	GS_EVENT_DEPLOYMENT_RETIRED,
	GS_EVENT_BATCH_POSTED,
	GS_EVENT_BATCH_FINALIZED,
	GS_EVENT_BATCH_LOST,
	GS_EVENT_BATCH_RELEASED,
	GS_EVENT_DEMANDED,
	GS_EVENT_ANSWERED,
	GS_EVENT_UNANSWERED,
	GS_EVENT_DRAWN,
	GS_EVENT_PUBLISHED,
	GS_EVENT_RECORDED,
	GS_EVENT_ATTESTED_CLAIM,
	GS_EVENT_REPORTED,
	GS_EVENT_COLLECTED,
	GS_EVENT_GAME, /* of Disputes; see dispute */
};

enum gs_demand_kind { GS_DEMAND_INPUT = 0, GS_DEMAND_OUTPUT = 1 };

/* Fields that the kind does not have are zero. Views point into the log's data. */
struct gs_event {
	enum gs_event_kind kind;
	struct gs_hash claim;
	struct gs_hash model;
	struct gs_address account; /* staker, registrant, attester, validator, loser */
	struct gs_address other;   /* SLASHED: the winner; PAID: who got it */
	struct gs_wei
		amount; /* SLASHED: the loss; ATTESTED and RETRACTED: the total after it; of a claim's validator: its stake */
	struct gs_wei burned;
	struct gs_wei gain;
	struct gs_wei released;
	struct gs_claim_body body; /* POSTED */
	struct gs_u256 terms_word; /* POSTED */
	struct gs_time
		window_end;   /* POSTED, EXTENDED, BATCH_POSTED; DEPLOYMENT_RETIRED: from then on all can be released */
	struct gs_hash batch; /* BATCH_... */
	struct gs_hash batch_root; /* BATCH_POSTED, as are the next three */
	uint32_t leaves;
	uint64_t salt;
	struct gs_bytes leaf_bytes;     /* BATCH_POSTED in calldata: GS_BATCH_LEAF_BYTES each */
	uint8_t batch_kind;             /* enum gs_batch_kind */
	uint8_t demand_kind;            /* DEMANDED, ANSWERED: enum gs_demand_kind */
	uint32_t demand_block;          /* DEMANDED, ANSWERED */
	struct gs_time deadline;        /* DEMANDED, DRAWN */
	struct gs_bytes chunks;         /* ANSWERED */
	uint64_t epoch;                 /* RECORDED */
	uint64_t previous_epoch;        /* RECORDED: that was recorded */
	struct gs_hash beacon;          /* RECORDED */
	struct gs_hash trace_root;      /* PUBLISHED */
	struct gs_trace_tag commitment; /* ATTESTED_CLAIM: of the validator, to its trace root */
	struct gs_bytes input;
	struct gs_bytes output;
	struct gs_bytes header; /* REGISTERED: GS_EVENT_HEADER_BYTES */
	struct gs_bytes uri;
	struct gs_game_event dispute; /* GAME */
};

/* A log of another contract, or with another topic, is GS_EVENT_OTHER. GS_EPARSE: one of ours that has not its form.
 * GS_ECORRUPT: a claim or a batch whose id is not the hash of what was posted: the endpoint does not tell what the chain says. */
GS_MUST enum gs_err gs_event_decode(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                                    struct gs_event *out, struct gs_error *error);
/* The same of a log that gs_event_decode has taken before: ids are not compared again. */
GS_MUST enum gs_err gs_event_decode_again(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                                          struct gs_event *out, struct gs_error *error);
/* Whether gs_event_decode takes each of these logs; ids of claims are hashed several at a time. What is wrong gs_event_decode tells. */
bool gs_events_right(const struct gs_contracts *contracts, const struct gs_log_entry *logs, size_t count);
const char *gs_event_name(enum gs_event_kind kind);

#endif
