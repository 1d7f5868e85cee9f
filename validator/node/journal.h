/* validator/node/journal.h: the node's tables inside one transaction, with an exact way back.
 *
 * What the chain told us can be taken back by a reorg. So each write of a chain-derived record also stores what was there
 * before, under the block that the node stood at. Rewinding a block puts all of that back, newest first. Records about
 * ourselves (what we computed, signed, sent) are written plainly: they stay true whatever the chain forgets.
 *
 * Table HEADS holds both the blocks ('h', number) and these undo records ('u', number, sequence). */
#ifndef GS_VALIDATOR_NODE_JOURNAL_H
#define GS_VALIDATOR_NODE_JOURNAL_H

#include "chain/core/buf.h"
#include "chain/core/store_port.h"
#include "chain/eth/head.h"
#include "validator/node/counts.h"

enum {
	GS_JOURNAL_DEPTH = GS_HEAD_KEPT_MAX, /* blocks that can be taken back at least, and all above the final one */
	GS_JOURNAL_FORGET_MAX = 64,          /* blocks whose undo records one advance forgets at most */
	GS_JOURNAL_WATCHED_KEY = 52,         /* the longest key of a watched table */
	GS_JOURNAL_WATCHED_MAX = 1 << 24,    /* writes of one step that are watched */
	GS_JOURNAL_SAVED_KEY = 40, /* the longest key of which is remembered that its undo record is written... */
	GS_JOURNAL_SAVED = 64,     /* ...and of how many at most */
};

/* After `case`: the tables whose writes nobody watches. Blocks, transactions and what is large are of no interest; nor is the agenda, which is what
 * the watch is for. */
#define GS_JOURNAL_UNWATCHED \
	GS_TABLE_HEADS: \
	case GS_TABLE_SLASHES: \
	case GS_TABLE_TXS: \
	case GS_TABLE_SAMPLES: \
	case GS_TABLE_SIGNED_MOVES: \
	case GS_TABLE_AUDIT: \
	case GS_TABLE_BLOBS: \
	case GS_TABLE_LEAVES: \
	case GS_TABLE_TALKS: \
	case GS_TABLE_CLAIM_IDS: \
	case GS_TABLE_ARRAYS: \
	case GS_TABLE_AGENDA: \
	case GS_TABLE_REGISTRY: \
	case GS_TABLE_TEES: \
	case GS_TABLE_SETTLEMENTS: \
	case GS_TABLE_SETTLED_LEAVES: \
	case GS_TABLE_SETTLED_HASHES: \
	case GS_TABLE_CONTENTS

/* A record that was written or taken back, by its key alone; of tables with short keys. */
struct gs_journal_write {
	uint8_t table; /* enum gs_table */
	bool undone;   /* by a reorganisation */
	uint8_t key_len;
	uint8_t key[GS_JOURNAL_WATCHED_KEY];
};
struct gs_journal_watch {
	struct gs_journal_write *write; /* owned */
	size_t count;
	size_t cap;
};
void gs_journal_watch_free(struct gs_journal_watch *watch);

/* A record whose first value in the journal's block is kept: what it becomes later in the same block needs no undo record. */
struct gs_journal_saved {
	bool known;
	uint8_t table; /* enum gs_table */
	uint8_t key_len;
	uint8_t key[GS_JOURNAL_SAVED_KEY];
};

struct gs_journal {
	const struct gs_store *store;
	struct gs_store_txn *txn;
	uint64_t block; /* the newest block: chain-derived writes belong to it */
	uint32_t sequence;
	uint64_t final;     /* no block up to this one is ever taken back; 0: not known */
	bool stays;         /* what is derived now will never be taken back: no undo records */
	struct gs_time now; /* the step's clock, for the audit log; zero outside of steps */
	struct {
		bool known;
		bool grew; /* the head is to be stored, which the commit does */
		uint64_t
			count; /* the newest entry of the audit log, once it was looked up in this transaction (audit.h)... */
		struct gs_hash hash; /* ...and its hash */
	} audit;
	struct gs_time time;    /* of the newest block, once gs_journal_advance was called in this transaction */
	uint64_t newest_claim;  /* its number, once it was looked up in this transaction (facts_claims.c)... */
	bool claims_known;      /* ...and nothing was taken back since */
	struct gs_buf scratch;  /* where records are written before they are put; freed by commit and abort */
	struct gs_error *error; /* may be NULL */
	struct gs_journal_watch *watch; /* what changes is added, in order; NULL: nobody looks */
	uint64_t puts;                  /* and deletions so far, but for the agenda's... */
	uint64_t watched;               /* ...of records that are noted, since everything was checked... */
	uint64_t of_counted;            /* ...of those that are counted... */
	uint64_t of_contents;           /* ...and of contents (contents.h) */
	bool undoing;
	struct gs_journal_saved
		saved[GS_JOURNAL_SAVED]; /* of this block and this transaction, each at a place that its key gives it */
	bool counts;              /* what is written is counted, and the counts are stored when it is committed... */
	struct gs_counts counted; /* ...by so much */
};

/* Opens a write transaction. block: the node's newest. */
GS_MUST enum gs_err gs_journal_begin(const struct gs_store *store, uint64_t block, struct gs_journal *out,
                                     struct gs_error *error);
GS_MUST enum gs_err gs_journal_commit(struct gs_journal *j);
void gs_journal_abort(struct gs_journal *j); /* nothing after a commit */

/* *out: the value, borrowed from the store until the next call that writes, or the end. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_journal_view(struct gs_journal *j, enum gs_table table, struct gs_bytes key,
                                    struct gs_bytes *out);
/* Appends the value to out. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_journal_get(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_buf *out);
/* Adds a key to the watch, as a write of it does. */
GS_MUST enum gs_err gs_journal_note(struct gs_journal *j, enum gs_table table, struct gs_bytes key);
/* Plain writes. */
GS_MUST enum gs_err gs_journal_put(struct gs_journal *j, enum gs_table table, struct gs_bytes key,
                                   struct gs_bytes value);
GS_MUST enum gs_err gs_journal_del(struct gs_journal *j, enum gs_table table, struct gs_bytes key);
/* A chain-derived write: can be rewound. _new: of a key that has no record, which nobody looks up then. */
GS_MUST enum gs_err gs_journal_derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key,
                                      struct gs_bytes value);
GS_MUST enum gs_err gs_journal_derive_new(struct gs_journal *j, enum gs_table table, struct gs_bytes key,
                                          struct gs_bytes value);

/* Stores a block and makes it the newest; forgets undo records that are GS_JOURNAL_DEPTH blocks old, and below the final block
 * if that is known. */
GS_MUST enum gs_err gs_journal_advance(struct gs_journal *j, const struct gs_head *head);
/* The same after blocks that are final, this one too, and were written without undo records: what is older can go. */
GS_MUST enum gs_err gs_journal_jump(struct gs_journal *j, const struct gs_head *head);
/* The stored block with this number. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_journal_head(struct gs_journal *j, uint64_t number, struct gs_head *out);
/* Takes back the newest block, whose number must be j->block; its parent becomes the newest. */
GS_MUST enum gs_err gs_journal_rewind(struct gs_journal *j);
/* An undo record, for scans of table HEADS ('u'). Views point into value. GS_ECORRUPT, GS_EUNSUPPORTED. */
struct gs_journal_undo {
	enum gs_table table;
	struct gs_bytes key;
	bool existed;           /* else there was nothing... */
	struct gs_bytes before; /* ...and this is empty */
};
GS_MUST enum gs_err gs_journal_undo_decode(struct gs_bytes value, struct gs_journal_undo *out);

/* Fills *tracker from the newest stored blocks; left without an anchor when there are none. */
GS_MUST enum gs_err gs_journal_load_heads(struct gs_journal *j, struct gs_head_tracker *tracker);

#endif
