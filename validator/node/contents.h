/* validator/node/contents.h: bytes that several records may hold, kept once, by their keccak256.
 *
 *     CONTENTS  hash, 0  ->  how many records name it
 *     CONTENTS  hash, 1  ->  the bytes
 *
 * What is at least GS_CONTENT_LEAST bytes long of what claims and batches bring (arrays as they were posted, completed by answers, or
 * handed over; leaves in calldata) is put here, and the records of tables ARRAYS and BLOBS name it by its hash. Shorter ones lie in
 * their records, where a second copy costs less than finding the first. A record that names a content counts as one reference for each
 * time it does, and so does the older value of a record that an undo record holds, since a reorganisation may put it back. Whoever writes,
 * replaces or removes such a record says so (gs_contents_change); the content goes with its last reference, in the same transaction. */
#ifndef GS_VALIDATOR_NODE_CONTENTS_H
#define GS_VALIDATOR_NODE_CONTENTS_H

#include "chain/core/buf.h"
#include "chain/core/store_port.h"

struct gs_journal;

enum {
	GS_CONTENT_LEAST = 512,   /* bytes; shorter ones lie in their records */
	GS_CONTENT_NAMED_MAX = 2, /* contents that one record names */
};

/* Puts the bytes, unless they are there. Until a record that names *hash is written, in the same transaction, nobody refers to them. */
GS_MUST enum gs_err gs_contents_keep(struct gs_journal *j, struct gs_bytes bytes, struct gs_hash *hash);
/* *out: borrowed from the store until the next call that writes, or the end. GS_ECORRUPT: there are none, though a record names them. */
GS_MUST enum gs_err gs_contents_view(struct gs_journal *j, const struct gs_hash *hash, struct gs_bytes *out);

/* --- references --- */

struct gs_contents_named {
	struct gs_hash hash[GS_CONTENT_NAMED_MAX];
	unsigned count;
};
/* Whether records of the table may name contents. */
bool gs_contents_has(enum gs_table table);
/* Which ones a record names; an empty value, or one of an earlier version: none. GS_ECORRUPT, GS_EUNSUPPORTED: it does not have its form. */
GS_MUST enum gs_err gs_contents_named(enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                                      struct gs_contents_named *out);
/* What `after` names is referred to once more, then what `before` names once less; what nobody refers to any more goes. NULL: nothing. */
GS_MUST enum gs_err gs_contents_change(struct gs_journal *j, const struct gs_contents_named *before,
                                       const struct gs_contents_named *after);

/* --- looking at all of it --- */

struct gs_contents_checked {
	uint64_t contents, bytes;   /* that are kept... */
	uint64_t references, named; /* ...how often they are named, and the bytes that these would take without it */
};
/* Hashes every content and counts all references: GS_ECORRUPT when bytes are not those of their hash, a record names what is not there, or
 * counts and references differ. out may be NULL. */
GS_MUST enum gs_err gs_contents_check(struct gs_journal *j, struct gs_contents_checked *out);
/* The same but for the hashes: what a node's steps can get wrong, at a cost that simulated nodes can bear at each of them. */
GS_MUST enum gs_err gs_contents_check_references(struct gs_journal *j);

#endif
