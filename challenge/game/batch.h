/* challenge/game/batch.h: many claims under one root: leaves, their tree, the batch's id, and a leaf as a claim.
 *
 *     leaf    = keccak(0x03 || value 16 || modelId 32 || inputRoot 32 || outputRoot 32)     node = keccak(0x01 || left || right)
 *     batchId = keccak(abi.encode(keccak("gainsay.batch"), chainid, batches, claimant, salt, root, count, kind, modelId))
 *
 * The tree has ceil(log2(count)) levels; a missing leaf is the hash 0, a missing subtree two missing ones joined. In calldata a
 * leaf is 80 bytes: value 16, inputRoot 32, outputRoot 32. Source: docs/protocol.md, 4.5. */
#ifndef GS_CHALLENGE_GAME_BATCH_H
#define GS_CHALLENGE_GAME_BATCH_H

#include "challenge/game/claim.h"

enum gs_batch_kind { GS_BATCH_ROOT_ONLY = 1, GS_BATCH_CALLDATA = 2 };

enum {
	GS_BATCH_LEAF_BYTES = 80,
	GS_BATCH_LEAVES_MAX = 4096, /* in calldata */
	GS_BATCH_LEVELS_MAX = 12,   /* of their tree */
};

struct gs_batch_leaf {
	struct gs_wei value; /* below 2^128 */
	struct gs_hash input_root;
	struct gs_hash output_root;
};
struct gs_batch_leaf gs_batch_leaf_read(const uint8_t bytes[GS_BATCH_LEAF_BYTES]);
void gs_batch_leaf_write(const struct gs_batch_leaf *leaf, uint8_t out[GS_BATCH_LEAF_BYTES]);

/* What names a batch. */
struct gs_batch_name {
	struct gs_address claimant;
	uint64_t salt;
	struct gs_hash root;
	uint32_t count;
	uint8_t kind;         /* enum gs_batch_kind */
	struct gs_hash model; /* zero when only the root is on chain */
};
void gs_batch_id(uint64_t chain_id, const struct gs_address *batches, const struct gs_batch_name *name,
                 struct gs_hash *out);

/* Root of leaves that are all about one model, as they lie in calldata; with siblings not NULL also those of leaf `index`, lowest
 * first, *levels of them. GS_EINVAL: no leaf, too many, not whole ones, no such index. GS_ENOMEM. */
GS_MUST enum gs_err gs_batch_tree(const struct gs_hash *model, struct gs_bytes leaves, uint32_t index,
                                  struct gs_hash *root, struct gs_hash *siblings, unsigned *levels);

/* The leaf as a claim. model: the leaf's, which the name of a batch of which only the root is on chain does not have. */
void gs_batch_body(const struct gs_hash *batch, const struct gs_address *claimant, const struct gs_hash *model,
                   uint32_t index, const struct gs_batch_leaf *leaf, struct gs_claim_body *out);

#endif
