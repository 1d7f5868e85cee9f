/* validator/node/intent.h: what the node means to do on chain, and the transactions that do it, stored before they are sent.
 *
 *     PLANNED --prepared--> SIGNED --receipt: success--> DONE
 *        ^                    | ^
 *        |                    | +--replaced: same nonce, higher price (validator/node/tx_record.h)
 *        |                    +--receipt: reverted, or nonce lost, or taken back--> FAILED --still wanted, later--> PLANNED
 *        +---------------- would revert (FAILED, later again)
 *
 * An intent's id is the hash of what it answers (kind, subject, state), so that planning the same step twice, before and
 * after a crash, is one intent. PLANNED -> SIGNED stores the raw bytes in the same transaction; only then may anybody send them, and
 * sending them again is harmless. DONE is written as chain-derived: a reorg makes it SIGNED again. */
#ifndef GS_VALIDATOR_NODE_INTENT_H
#define GS_VALIDATOR_NODE_INTENT_H

#include "chain/core/u256.h"
#include "chain/eth/fees.h"
#include "validator/node/journal.h"
#include "validator/node/tx_record.h"

enum gs_intent_kind {
	GS_INTENT_CHALLENGE = 1,
	GS_INTENT_MOVE = 2,
	GS_INTENT_TIMEOUT = 3,
	GS_INTENT_FINALISE = 4,
	GS_INTENT_COLLECT = 5, /* closes a game that nobody can win any more */
	GS_INTENT_RELEASE = 6,
	GS_INTENT_ANSWER = 7,       /* a demand */
	GS_INTENT_PUBLISH = 8,      /* the trace root, when drawn */
	GS_INTENT_UNANSWERED = 9,   /* a claim is lost by a demand of ours that was not answered */
	GS_INTENT_RECORD = 10,      /* an epoch's randomness */
	GS_INTENT_DRAW = 11,        /* a claim's lot */
	GS_INTENT_UNPUBLISHED = 12, /* a claim is lost by a root that was not published */
	GS_INTENT_ATTEST = 13,      /* that a claim's trace is here */
	GS_INTENT_REPORT = 14,      /* that it is the published one */
	GS_INTENT_REWARD = 15,      /* an attestation's stake, and what it earned */
	GS_INTENT_OPEN_LEAF = 16,   /* of a batch, to challenge it */
	GS_INTENT_AGREE = 17,       /* puts a state that both sides have signed on chain */
	GS_INTENT_COMMAND = 18,     /* a call that the operator hands over (command.c) */
};
enum gs_intent_status { GS_INTENT_PLANNED = 1, GS_INTENT_SIGNED = 2, GS_INTENT_DONE = 3, GS_INTENT_FAILED = 4 };

enum {
	GS_INTENT_DATA_MAX = 128 * 1024,
	GS_INTENT_BACKOFF_S_MAX = 32,
	GS_INTENT_ATTEMPTS_MAX = 64, /* of what is not an obligation; due moves are tried until the game is over */
	GS_INTENT_COMMAND_ATTEMPTS_MAX = 1, /* whoever ordered it is told */
};

struct gs_intent {
	struct gs_hash id;      /* gs_intent_id */
	uint8_t kind;           /* enum gs_intent_kind */
	uint8_t status;         /* enum gs_intent_status */
	struct gs_hash subject; /* the claim or game */
	struct gs_hash state;   /* of the game that a move answers; else zero */
	struct gs_address to;
	struct gs_bytes data; /* calldata; borrowed */
	uint32_t attempts;    /* that failed */
	struct gs_time not_before;
	struct gs_hash tx;    /* SIGNED and DONE: the newest, or the mined one */
	struct gs_time since; /* when it was first wanted */
	struct gs_time due;   /* by when it must be mined; 0: at any time */
};

/* Whether more than its gas is lost when it is late: a move, an answer, a root that is due. */
bool gs_intent_is_obligation(uint8_t kind);
/* Whether others may want the same at the same time, and only the first has anything of it. */
bool gs_intent_is_race(uint8_t kind);
/* close_s: a deadline is close when so many seconds are left, and half the time is over. */
enum gs_urgency gs_intent_urgency(const struct gs_intent *intent, struct gs_time now, uint64_t close_s);

const char *gs_intent_kind_name(enum gs_intent_kind kind);
void gs_intent_id(enum gs_intent_kind kind, const struct gs_hash *subject, const struct gs_hash *state,
                  struct gs_hash *out);

/* Plans the intent (its id, status and counters are set here) unless it is there already and is on its way, done, or not to be
 * retried yet. A MOVE is also entered in the table of signed moves: GS_ECONFLICT when another answer to the same state of the same
 * game was entered before; that one must stand. */
GS_MUST enum gs_err gs_intent_want(struct gs_journal *j, const struct gs_intent *intent, struct gs_time now);
/* One answer to one state of one game, for ever: GS_ECONFLICT when another was entered before. What is signed off chain is entered, too. */
GS_MUST enum gs_err gs_intent_enter(struct gs_journal *j, const struct gs_hash *game, const struct gs_hash *state,
                                    struct gs_bytes answer);
/* Whether the intent exists and is PLANNED, SIGNED or DONE, so that its calldata need not be made again. *later: it failed, and is not under
 * way any more from then on; 0: no such time. later may be NULL. */
GS_MUST enum gs_err gs_intent_under_way(struct gs_journal *j, const struct gs_hash *id, struct gs_time now, bool *out,
                                        struct gs_time *later);
/* The planned intent that should be signed next: obligations first. Its data lands in *data. GS_ENOTFOUND: nothing to do now. */
GS_MUST enum gs_err gs_intent_next(struct gs_journal *j, struct gs_time now, struct gs_intent *out,
                                   struct gs_buf *data);
GS_MUST enum gs_err gs_intent_load(struct gs_journal *j, const struct gs_hash *id, struct gs_intent *out,
                                   struct gs_buf *data);

/* Puts it among those to be signed and those that lock stake, or takes it from there: each write of an intent does it. */
GS_MUST enum gs_err gs_intent_enter_agenda(struct gs_journal *j, const struct gs_intent *intent);
/* Every intent that is PLANNED or SIGNED and will lock stake (a challenge, an opened leaf, an attestation). */
GS_MUST enum gs_err gs_intent_each_reserving(struct gs_journal *j,
                                             enum gs_err (*visit)(void *context, const struct gs_intent *intent),
                                             void *context);

/* Reads a stored record, for scans; out->data points into value. */
GS_MUST enum gs_err gs_intent_decode(struct gs_bytes key, struct gs_bytes value, struct gs_intent *out);

/* Stores the signed transaction and marks its intent (tx->intent). */
GS_MUST enum gs_err gs_intent_signed(struct gs_journal *j, const struct gs_tx_record *tx);
/* Stores one that has the nonce of another that waits: the intent, if it has one, goes on with it. */
GS_MUST enum gs_err gs_intent_replaced(struct gs_journal *j, const struct gs_tx_record *tx);
/* Stores one on L1 (forced.c): the intent goes on with its line on the chain, too. */
GS_MUST enum gs_err gs_intent_forced(struct gs_journal *j, const struct gs_tx_record *tx);
/* It was not signed: later again, if still wanted. Only what would revert counts as an attempt. */
GS_MUST enum gs_err gs_intent_refused(struct gs_journal *j, const struct gs_hash *id, bool reverts, struct gs_time now);
/* A receipt from a block that the node has seen, of a transaction that is not settled. All with its nonce are settled. */
GS_MUST enum gs_err gs_intent_mined(struct gs_journal *j, const struct gs_tx_record *tx, bool success,
                                    struct gs_time now);
/* What it means to do was done by this transaction, which has no record (a deposit, forced.c). */
GS_MUST enum gs_err gs_intent_done(struct gs_journal *j, const struct gs_intent *intent, const struct gs_hash *tx);
/* Another transaction took the nonce: this one, and all with its nonce, can never be mined. */
GS_MUST enum gs_err gs_intent_lost(struct gs_journal *j, const struct gs_tx_record *tx, struct gs_time now);

#endif
