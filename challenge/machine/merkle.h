/* challenge/machine/merkle.h: the one Merkle rule.
 *
 * Binary, keccak-256. A leaf of an array is keccak(0x00 || 128-byte chunk), a leaf of the program is
 * keccak(0x02 || descriptor), a node is keccak(0x01 || left || right). An array of n leaves has depth
 * ceil(log2(max(n, 1))); a missing right subtree of height h is the constant Z_h, the root of 2^h all-zero chunks.
 * Level 0 is the leaves. Source: docs/machine.md, "Commitments". */
#ifndef GS_CHALLENGE_MACHINE_MERKLE_H
#define GS_CHALLENGE_MACHINE_MERKLE_H

#include "challenge/machine/program.h"

enum { GS_MERKLE_DEPTH_MAX = GS_TRACE_DEPTH_MAX };

unsigned gs_merkle_depth(uint64_t leaves);
void gs_merkle_leaf(const uint8_t chunk[GS_CHUNK_BYTES], struct gs_hash *out);
void gs_merkle_descriptor(struct gs_bytes descriptor, struct gs_hash *out);
void gs_merkle_node(const struct gs_hash *left, const struct gs_hash *right, struct gs_hash *out);
const struct gs_hash *gs_merkle_zero(unsigned height); /* Z_height, 0 <= height <= 26; static constants */

/* A tree kept whole: all levels of the hashes that are present (missing right parts are implied). */
struct gs_merkle {
	unsigned depth;
	uint64_t leaves;                                /* present leaves */
	struct gs_hash *level[GS_MERKLE_DEPTH_MAX + 1]; /* level[h][i]; owned, one allocation */
	struct gs_hash *memory;
};

/* Builds over `chunks` chunks (borrowed during the call). depth >= gs_merkle_depth(chunks). */
GS_MUST enum gs_err gs_merkle_build(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_merkle *out);
/* Builds over ready leaf hashes. */
GS_MUST enum gs_err gs_merkle_build_hashes(const struct gs_hash *leaf, uint64_t count, unsigned depth,
                                           struct gs_merkle *out);
void gs_merkle_free(struct gs_merkle *t);
/* Node at a level; index < 2^(depth - level). */
void gs_merkle_get(const struct gs_merkle *t, unsigned level, uint64_t index, struct gs_hash *out);
void gs_merkle_root(const struct gs_merkle *t, struct gs_hash *out);
/* The siblings from `level` up to (not including) level `top`: top - level hashes. */
void gs_merkle_path(const struct gs_merkle *t, unsigned level, uint64_t index, unsigned top, struct gs_hash *out);
/* Folds a path: the node `height` levels above. The low bits of index say left or right. */
void gs_merkle_climb(struct gs_hash node, uint64_t index, const struct gs_hash *path, unsigned height,
                     struct gs_hash *out);
/* Root of an array without keeping the tree. */
void gs_merkle_array_root(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_hash *out);

#endif
