/* validator/node/audit.h: what this node saw, decided and did, entry after entry, each bound to all before it.
 *
 *     hash(i) = keccak256("gainsay audit 1" ‖ i ‖ hash(i - 1) ‖ hash(i & (i - 1)) ‖ keccak256(entry i))        hash(0) = 0
 *
 * i counts from 1 and is written in 8 bytes, big-endian. Through the second link (i without its lowest set bit) a way leads from any entry to any
 * later one in a number of steps that grows with the square of the numbers' digits, so that a few entries can be shown to others with the head alone.
 *
 * Table AUDIT holds the entries ('e' and i: hash(i), then the entry), the head ('H': how many, and the hash of the last), and where old entries were
 * pruned the anchor ('A': the first entry that is kept, and the hashes of those before it that later ones lead to). A pruning is an entry itself, with the
 * anchor's hash. Entries are the node's own records: a reorganisation takes none back. Source: docs/evidence.md. */
#ifndef GS_VALIDATOR_NODE_AUDIT_H
#define GS_VALIDATOR_NODE_AUDIT_H

#include "validator/node/journal.h"

enum gs_audit_kind {
	GS_AUDIT_STARTED = 1, /* digest: the hash of the sampling policy */
	GS_AUDIT_SAW =
		2, /* an event about a game or a claim; digest: of the log, as receipts hold it (gs_log_encode) */
	GS_AUDIT_TOOK_BACK = 3,   /* blocks that a reorganisation took away; no digest */
	GS_AUDIT_SAMPLED = 4,     /* digest: of the stored decision */
	GS_AUDIT_VERDICT = 5,     /* digest: of the stored verdict */
	GS_AUDIT_PLANNED = 6,     /* an intent; digest: of its calldata */
	GS_AUDIT_SIGNED = 7,      /* digest: the transaction's hash */
	GS_AUDIT_REFUSED = 8,     /* it was not signed; digest: the intent's id */
	GS_AUDIT_MINED = 9,       /* digest: the transaction's hash */
	GS_AUDIT_FAILED = 10,     /* reverted, replaced or lost; digest: the transaction's hash */
	GS_AUDIT_ANSWERED = 11,   /* a state of a game, off chain; digest: of the answer's calldata */
	GS_AUDIT_DISTRUSTED = 12, /* a worker; digest: its address */
	GS_AUDIT_PRUNED = 13,     /* digest: of the anchor */
};
enum { GS_AUDIT_KINDS = GS_AUDIT_PRUNED + 1 };

enum {
	GS_AUDIT_WHAT_MAX = 96,   /* bytes of words, with the end */
	GS_AUDIT_ENTRY_MAX = 512, /* bytes of an entry as it is stored */
	GS_AUDIT_PEAKS_MAX = 64,  /* hashes of an anchor */
	GS_AUDIT_PRUNED_AT_ONCE = 1024,
	GS_AUDIT_KEY = 9,
};

struct gs_audit_entry {
	uint64_t index;
	struct gs_time time;  /* the node's clock */
	uint64_t block;       /* at which the node stood */
	uint8_t kind;         /* enum gs_audit_kind */
	struct gs_hash about; /* the claim, game or batch; of an epoch its number; zero: the node itself */
	struct gs_hash digest;
	char what[GS_AUDIT_WHAT_MAX]; /* in words: "execute by draw" */
};

const char *gs_audit_kind_name(uint8_t kind); /* "?" for one that this version does not know */

/* Appends an entry; index, time and block are set here. The hash of a log, record or calldata as digest lets others compare them with the entry. */
GS_MUST enum gs_err gs_audit_append(struct gs_journal *j, enum gs_audit_kind kind, const struct gs_hash *about,
                                    const struct gs_hash *digest, const char *what);
/* The same with keccak256 of these bytes as digest. */
GS_MUST enum gs_err gs_audit_append_bytes(struct gs_journal *j, enum gs_audit_kind kind, const struct gs_hash *about,
                                          struct gs_bytes bytes, const char *what);
/* Stores where the log has grown to; gs_journal_commit does it, once for all that was appended. */
GS_MUST enum gs_err gs_audit_store_head(struct gs_journal *j);

/* Forgets the oldest GS_AUDIT_PRUNED_AT_ONCE entries if all of them are older than `before`; else nothing. */
GS_MUST enum gs_err gs_audit_prune(struct gs_journal *j, struct gs_time before);

/* --- reading --- */

void gs_audit_encode(const struct gs_audit_entry *entry, struct gs_buf *out);
GS_MUST enum gs_err gs_audit_decode(uint64_t index, struct gs_bytes bytes, struct gs_audit_entry *out);
/* The link's hash. entry_digest: keccak256 of the encoded entry. */
void gs_audit_link(uint64_t index, const struct gs_hash *before, const struct gs_hash *skipped,
                   const struct gs_hash *entry_digest, struct gs_hash *out);
/* The number that the second link leads to. */
static inline uint64_t gs_audit_skip(uint64_t index)
{
	return index & (index - 1);
}
/* The entry after which comes the way from `from` down to `to` (to < from): the lower of the two links that is not below `to`. */
static inline uint64_t gs_audit_step(uint64_t from, uint64_t to)
{
	return gs_audit_skip(from) >= to ? gs_audit_skip(from) : from - 1;
}

struct gs_audit_head {
	uint64_t count;      /* entries ever written: the number of the last one */
	uint64_t first;      /* the oldest that is kept; count + 1: none is */
	struct gs_hash hash; /* of the last one; zero: there is none */
};
/* Of an empty log: zeros, and first 1. */
GS_MUST enum gs_err gs_audit_head(const struct gs_store *store, struct gs_store_txn *txn, struct gs_audit_head *out,
                                  struct gs_error *error);
/* Entry `index`: its bytes (borrowed from the store) and its hash. GS_ENOTFOUND: pruned, or never written. */
GS_MUST enum gs_err gs_audit_at(const struct gs_store *store, struct gs_store_txn *txn, uint64_t index,
                                struct gs_bytes *bytes, struct gs_hash *hash, struct gs_error *error);
/* The hash of an entry, kept or in the anchor; zero for number 0. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_audit_hash_at(const struct gs_store *store, struct gs_store_txn *txn, uint64_t index,
                                     struct gs_hash *out, struct gs_error *error);

/* What is left of pruned entries. */
struct gs_audit_anchor {
	uint64_t first; /* that is kept; 1: nothing was pruned */
	unsigned peaks;
	struct gs_hash peak[GS_AUDIT_PEAKS_MAX]; /* of first - 1, of that without its lowest bit, and so on down to 0 */
};
GS_MUST enum gs_err gs_audit_anchor_decode(struct gs_bytes bytes, struct gs_audit_anchor *out);

struct gs_audit_checked {
	struct gs_audit_head head;
	bool holds;
	uint64_t
		wrong; /* the first entry that does not hold; 0: it is the head, the anchor, or a record that is no entry */
	char why[128];
};
/* Looks at every record of the table. GS_OK also when the log does not hold. */
GS_MUST enum gs_err gs_audit_check(const struct gs_store *store, struct gs_store_txn *txn, struct gs_audit_checked *out,
                                   struct gs_error *error);

#endif
