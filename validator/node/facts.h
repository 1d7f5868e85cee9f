/* validator/node/facts.h: what the chain has told the node: claims, games, models, stakes and slashes, as stored records.
 *
 * gs_facts_apply turns one event into writes through the undo journal, so that a reorg takes it back exactly. */
#ifndef GS_VALIDATOR_NODE_FACTS_H
#define GS_VALIDATOR_NODE_FACTS_H

#include "chain/core/log.h"
#include "validator/node/event.h"
#include "validator/node/journal.h"

enum gs_claim_status { GS_CLAIM_OPEN = 1, GS_CLAIM_INVALID = 2, GS_CLAIM_FINAL = 3, GS_CLAIM_VOID = 4 };

struct gs_claim {
	struct gs_hash id;
	uint64_t number; /* in the order of posting, from 1; 0: stored under its id, as earlier versions did */
	struct gs_claim_body body; /* every call about the claim brings it */
	struct gs_u256 terms_word; /* as it was posted under */
	struct gs_wei bond; /* by these terms; what stands for a leaf of a batch in calldata is the batch's bond */
	struct gs_wei fee;
	struct gs_time window_end;
	uint64_t block;     /* that it was posted in */
	uint32_t log_index; /* in it */
	struct gs_hash tx;
	uint8_t status;      /* enum gs_claim_status */
	uint32_t games;      /* ever opened: the next one's ordinal */
	uint32_t open_games; /* a challenge now costs one bond more than so many */
	struct {
		struct gs_time deadline; /* zero: nothing is demanded */
		struct gs_address by;
		uint8_t kind;   /* enum gs_demand_kind */
		uint32_t block; /* of 2^h chunks */
	} demand;
	struct gs_time audit_deadline;   /* zero: it was not drawn, or has answered */
	bool audited;                    /* its trace root is published */
	struct gs_time first_window_end; /* its epoch follows from it, however often the window was extended */
	struct gs_trace_tag tag;         /* of the trace root that binds its games; zero while none does */
	struct gs_hash published;        /* the trace root that answered an audit; zero before */
	struct gs_time settled;          /* when it was no longer open; zero before */
};

/* A validator's stake on having a claim's trace. */
struct gs_attestation {
	struct gs_hash claim;
	struct gs_address validator;
	struct gs_trace_tag commitment; /* gs_attest_commitment of its trace root */
	struct gs_wei stake;            /* locked; zero: collected */
	bool reported;                  /* that the published root is the one it committed to */
	struct gs_wei reward;           /* collected with the stake */
};

/* Randomness of an epoch, as Duties has recorded it. */
struct gs_beacon {
	uint64_t epoch;
	uint64_t previous; /* the recorded one before */
	struct gs_hash value;
};

enum gs_batch_status { GS_BATCH_OPEN = 1, GS_BATCH_LOST = 2, GS_BATCH_FINAL = 3, GS_BATCH_VOID = 4 };

/* Many claims under one root. Those of its leaves that were opened are claims of their own. */
struct gs_batch {
	struct gs_hash id;
	struct gs_address claimant;
	uint64_t salt;
	struct gs_hash root;
	uint32_t count;            /* leaves */
	uint8_t kind;              /* enum gs_batch_kind */
	struct gs_hash model;      /* of all its leaves; a hint when only the root is on chain */
	struct gs_u256 terms_word; /* that it was posted under; zero when only the root is on chain */
	struct gs_time window_end;
	uint64_t block;
	uint8_t status; /* enum gs_batch_status */
};

/* A leaf that this node executes, though nobody may have opened it: number `index` of its batch; as a claim it would be `claim`. */
struct gs_leaf_record {
	struct gs_hash batch;
	uint32_t index;
	struct gs_hash claim;
};

/* The arrays of a claim whose data are not on chain, as its claimant keeps them or hands them to others; zeros at the ends may
 * be missing. */
struct gs_leaf_data {
	struct gs_hash claim;
	struct gs_bytes input;
	struct gs_bytes output;
};

struct gs_game_record {
	struct gs_hash id;   /* gs_game_id */
	struct gs_game game; /* rebuilt from the contract's events; play it as it is */
	struct gs_hash claim;
	struct gs_address challenger;
	uint32_t ordinal;  /* among the claim's games */
	uint64_t computed; /* by the judge, where it ended by a step */
	uint64_t block;    /* of the last event */
};

struct gs_model_record {
	struct gs_hash id;
	struct gs_address registrant;
	uint8_t header[GS_EVENT_HEADER_BYTES];
	struct gs_wei attested;
	bool voided;  /* a descriptor of it was proven malformed: its claims are worth nothing */
	bool retired; /* takes no more claims */
	uint64_t block;
};

struct gs_account {
	struct gs_wei free;
	struct gs_wei locked;
	struct gs_wei unbonding;
};

struct gs_slash {
	uint64_t block;
	uint32_t log_index;
	struct gs_address account;
	struct gs_address winner;
	struct gs_wei amount; /* that the account lost */
	struct gs_wei burned;
	struct gs_wei gain;     /* that the winner got of it; the rest waits in a pot */
	struct gs_wei released; /* the winner's own, unlocked */
	struct gs_hash tx;
};

/* Applies one event of the newest block. GS_ECORRUPT when it contradicts what is stored (a game of an unknown claim): the node
 * must then stop rather than guess. log may be NULL. */
GS_MUST enum gs_err gs_facts_apply(struct gs_journal *j, const struct gs_log_entry *entry, const struct gs_event *event,
                                   const struct gs_log *log);

/* GS_ENOTFOUND. */
GS_MUST enum gs_err gs_facts_claim(struct gs_journal *j, const struct gs_hash *id, struct gs_claim *out);
GS_MUST enum gs_err gs_facts_game(struct gs_journal *j, const struct gs_hash *id, struct gs_game_record *out);
GS_MUST enum gs_err gs_facts_model(struct gs_journal *j, const struct gs_hash *id, struct gs_model_record *out);
GS_MUST enum gs_err gs_facts_batch(struct gs_journal *j, const struct gs_hash *id, struct gs_batch *out);
GS_MUST enum gs_err gs_facts_attestation(struct gs_journal *j, const struct gs_hash *claim,
                                         const struct gs_address *validator, struct gs_attestation *out);
/* Stakes of all that have attested a claim and not collected. */
GS_MUST enum gs_err gs_facts_attested(struct gs_journal *j, const struct gs_hash *claim, struct gs_wei *out);
/* When everything unfinal of a retired deployment can be released; GS_ENOTFOUND while it is not retired. */
GS_MUST enum gs_err gs_facts_grace_end(struct gs_journal *j, struct gs_time *out);
/* Whether it is the key under which that is kept, in table META. */
bool gs_facts_is_grace(struct gs_bytes key);
/* The first epoch that was recorded after `epoch`. GS_ENOTFOUND: none was, yet. */
GS_MUST enum gs_err gs_facts_beacon_after(struct gs_journal *j, uint64_t epoch, struct gs_beacon *out);
/* Zero for an unknown account. */
GS_MUST enum gs_err gs_facts_account(struct gs_journal *j, const struct gs_address *account, struct gs_account *out);
/* Appends the leaves of a batch in calldata, GS_BATCH_LEAF_BYTES each. */
GS_MUST enum gs_err gs_facts_leaves(struct gs_journal *j, const struct gs_hash *batch, struct gs_buf *out);
/* Keeps a claim's arrays as a party has them; those that are there already stay. Nothing is checked: whoever uses them compares
 * with the claim's roots. */
GS_MUST enum gs_err gs_facts_give(struct gs_journal *j, const struct gs_leaf_data *leaf);
GS_MUST enum gs_err gs_facts_is_given(struct gs_journal *j, const struct gs_hash *claim, bool *out);
GS_MUST enum gs_err gs_facts_put_leaf(struct gs_journal *j, const struct gs_leaf_record *leaf);
/* Appends the bytes that the claim's poster gave, without completing zeros; those that were handed over before those on chain. */
GS_MUST enum gs_err gs_facts_input(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out);
GS_MUST enum gs_err gs_facts_output(struct gs_journal *j, const struct gs_hash *claim, struct gs_buf *out);

/* Readers of stored records, for scans. Views point into value. */
GS_MUST enum gs_err gs_claim_decode(struct gs_bytes key, struct gs_bytes value, struct gs_claim *out);
/* Whether there may be something to do about a stored claim: it is open, or a demand's price is locked. For scans over all of them:
 * what stands behind is looked at by whoever decodes it. */
GS_MUST enum gs_err gs_claim_peek(struct gs_bytes key, struct gs_bytes value, struct gs_hash *id, bool *needs);
/* What is counted of it. */
GS_MUST enum gs_err gs_claim_peek_status(struct gs_bytes key, struct gs_bytes value, enum gs_claim_status *status,
                                         uint32_t *open_games);
GS_MUST enum gs_err gs_game_peek(struct gs_bytes value, bool *open);
GS_MUST enum gs_err gs_game_decode(struct gs_bytes key, struct gs_bytes value, struct gs_game_record *out);
GS_MUST enum gs_err gs_model_decode(struct gs_bytes key, struct gs_bytes value, struct gs_model_record *out);
GS_MUST enum gs_err gs_batch_decode(struct gs_bytes key, struct gs_bytes value, struct gs_batch *out);
GS_MUST enum gs_err gs_leaf_decode(struct gs_bytes key, struct gs_bytes value, struct gs_leaf_record *out);
GS_MUST enum gs_err gs_beacon_decode(struct gs_bytes key, struct gs_bytes value, struct gs_beacon *out);
GS_MUST enum gs_err gs_attestation_decode(struct gs_bytes key, struct gs_bytes value, struct gs_attestation *out);
GS_MUST enum gs_err gs_account_decode(struct gs_bytes value, struct gs_account *out);
GS_MUST enum gs_err gs_slash_decode(struct gs_bytes key, struct gs_bytes value, struct gs_slash *out);

#endif
