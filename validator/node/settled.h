/* validator/node/settled.h: what OpenGradient's registry and relay said, and what came of each settlement, in the store.
 *
 * Everything here follows from the chain and is written through the journal, so that a block that is taken back takes all of it along: events of the registry,
 * settlements that wait, verdicts. Keys begin with the place in the chain, so tables lie in its order:
 *
 *     registry         block, log            -> an event
 *     tees             TEE                   -> its key and image, as the registry gave them
 *     settlements      block, log            -> a settlement, and what came of it
 *     settled_leaves   block, log, index     -> a leaf, and what came of it
 *     settled_hashes   leaf hash             -> the leaf that it was first seen in */
#ifndef GS_VALIDATOR_NODE_SETTLED_H
#define GS_VALIDATOR_NODE_SETTLED_H

#include "validator/node/journal.h"
#include "validator/opengradient/audit.h"
#include "validator/opengradient/registry_history.h"

enum {
	GS_SETTLED_BLOB_ID_MAX = 64, /* bytes of a blob's id that are kept; one of Walrus has 43 */
	GS_SETTLED_PLACE_KEY = 12,
	GS_SETTLED_LEAF_KEY = 16,
	GS_SETTLED_SIGNATURE_MAX = GS_TEE_SIGNATURE +
	                           1, /* bytes of one that are kept: a longer one is as wrong as its beginning */
};

/* --- the registry --- */

GS_MUST enum gs_err gs_settled_put_event(struct gs_journal *j, struct gs_registry_place at, struct gs_time time,
                                         const struct gs_hash *tx, const struct gs_registry_event *event);
/* Adds all stored events to an empty history. */
GS_MUST enum gs_err gs_settled_load_registry(struct gs_journal *j, struct gs_registry_history *h);
/* The transaction of an event. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_settled_event_tx(struct gs_journal *j, struct gs_registry_place at, struct gs_hash *out);

struct gs_settled_tee {
	struct gs_bytes key; /* SubjectPublicKeyInfo; borrowed from the store when it was read there */
	bool has_image;
	struct gs_hash image; /* pcrHash */
};
GS_MUST enum gs_err gs_settled_put_tee(struct gs_journal *j, const struct gs_hash *tee,
                                       const struct gs_settled_tee *record);
GS_MUST enum gs_err gs_settled_tee(struct gs_journal *j, const struct gs_hash *tee, struct gs_settled_tee *out);

/* --- settlements --- */

enum gs_settled_kind { GS_SETTLED_BATCH, GS_SETTLED_INDIVIDUAL };

struct gs_settled {
	struct gs_registry_place at;
	enum gs_settled_kind kind;
	struct gs_hash block_hash, tx;
	struct gs_time time; /* of the block */
	struct gs_hash root; /* of a batch; of an individual settlement its leaf */
	struct gs_u256 size; /* leaves, as the chain says */
	uint8_t blob[GS_SETTLED_BLOB_ID_MAX];
	size_t blob_len; /* of the id as it stands on chain; longer ones are cut, and are no ids */
	uint8_t signature[GS_SETTLED_SIGNATURE_MAX]; /* of an individual settlement, whose leaf is stored with it */
	size_t signature_len;
	bool looked; /* what follows was found out */
	enum gs_finding finding;
	struct gs_hash sha256; /* of the blob's bytes; zero: none came */
	uint64_t bytes;
	uint64_t leaves;             /* in the blob */
	uint32_t count[GS_FINDINGS]; /* of leaves, by finding */
};
GS_MUST enum gs_err gs_settled_put(struct gs_journal *j, const struct gs_settled *s);
GS_MUST enum gs_err gs_settled_get(struct gs_journal *j, struct gs_registry_place at, struct gs_settled *out);
/* Whether another look may bring more: a blob or the registry could not be had. */
bool gs_settled_is_open(const struct gs_settled *s);
/* All from block `from` on, in the order of the chain. An error of visit ends it; GS_ENOTFOUND ends it well. It may not write. */
typedef enum gs_err (*gs_settled_visit)(void *context, const struct gs_settled *s);
GS_MUST enum gs_err gs_settled_each(struct gs_journal *j, uint64_t from, gs_settled_visit visit, void *context);

/* --- leaves --- */

struct gs_settled_leaf {
	uint32_t index; /* in the blob */
	enum gs_finding finding;
	struct gs_hash hash, tee, input, output;
	struct gs_u256 timestamp_s;
};
GS_MUST enum gs_err gs_settled_put_leaf(struct gs_journal *j, struct gs_registry_place at,
                                        const struct gs_settled_leaf *leaf);
GS_MUST enum gs_err gs_settled_leaf(struct gs_journal *j, struct gs_registry_place at, uint32_t index,
                                    struct gs_settled_leaf *out);
typedef enum gs_err (*gs_settled_leaf_visit)(void *context, const struct gs_settled_leaf *leaf);
GS_MUST enum gs_err gs_settled_each_leaf(struct gs_journal *j, struct gs_registry_place at, gs_settled_leaf_visit visit,
                                         void *context);
/* Whether a leaf whose signature holds was settled before this place, so that it stands here a second time: *again. Settlements may be looked at in any order: where a later place has it,
 * that one becomes the duplicate, with its settlement's counts. */
GS_MUST enum gs_err gs_settled_claim_hash(struct gs_journal *j, const struct gs_hash *hash, struct gs_registry_place at,
                                          uint32_t index, bool *again);

#endif
