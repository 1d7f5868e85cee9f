/* validator/opengradient/standard_tree.h: the Merkle tree of a batch: OpenZeppelin's StandardMerkleTree, format "standard-v1".
 *
 * A leaf is the Keccak-256 of the Keccak-256 of its values' ABI encoding; an inner node the Keccak-256 of its two children, the lesser first. Nodes lie
 * in one array of 2n-1: the root is node 0, the children of node i are 2i+1 and 2i+2, and the leaves, in rising order, fill the array from its end.
 * So n leaves have one tree, whoever makes it. Rule: github.com/OpenZeppelin/merkle-tree, README, "Standard Merkle Trees". */
#ifndef GS_VALIDATOR_OPENGRADIENT_STANDARD_TREE_H
#define GS_VALIDATOR_OPENGRADIENT_STANDARD_TREE_H

#include "chain/core/core.h"

enum {
	GS_STANDARD_LEAVES_MAX = 65536,
	GS_STANDARD_PROOF_MAX =
		17, /* siblings from a leaf to the root: the depth of GS_STANDARD_LEAVES_MAX leaves, and one */
};

struct gs_standard_tree {
	struct gs_hash *node; /* owned; nodes of them, the root first */
	size_t nodes;
	uint32_t *place; /* owned; of leaf i, as given: its index in node */
	size_t leaves;
};

/* The leaf of an ABI encoding. */
void gs_standard_leaf(struct gs_bytes encoding, struct gs_hash *out);
void gs_standard_node(const struct gs_hash *a, const struct gs_hash *b, struct gs_hash *out);

/* The tree of these leaves, in any order; equal leaves keep theirs. GS_EINVAL: none. GS_ELIMIT: more than GS_STANDARD_LEAVES_MAX. GS_ENOMEM.
 * *out is the caller's (gs_standard_tree_free). */
GS_MUST enum gs_err gs_standard_tree_build(const struct gs_hash *leaf, size_t leaves, struct gs_standard_tree *out);
/* Whether every leaf has a place of its own among the leaves'. GS_EINVAL: not so, or none. GS_ELIMIT, GS_ENOMEM. */
GS_MUST enum gs_err gs_standard_places_check(const uint32_t *place, size_t leaves);
/* The same tree with leaf i at place[i], which OpenZeppelin's option `sortLeaves: false` makes. GS_EINVAL as well: gs_standard_places_check. */
GS_MUST enum gs_err gs_standard_tree_at(const struct gs_hash *leaf, const uint32_t *place, size_t leaves,
                                        struct gs_standard_tree *out);
void gs_standard_tree_free(struct gs_standard_tree *tree); /* twice is fine */

/* The siblings from leaf i up; returns how many. */
size_t gs_standard_proof(const struct gs_standard_tree *tree, size_t i, struct gs_hash out[GS_STANDARD_PROOF_MAX]);
/* The root that a leaf and its siblings lead to. */
void gs_standard_proof_root(const struct gs_hash *leaf, const struct gs_hash *proof, size_t count, struct gs_hash *out);

#endif
