/* challenge/machine/merkle.h: the one Merkle rule.
 *
 * Binary, keccak-256. A leaf of an array is keccak(0x00 || 128-byte chunk), a leaf of the program is
 * keccak(0x02 || descriptor), a node is keccak(0x01 || left || right). An array of n leaves has depth
 * ceil(log2(max(n, 1))); a missing right subtree of height h is the constant Z_h, the root of 2^h all-zero chunks.
 * Level 0 is the leaves. Source: docs/machine.md, "Commitments". */
#ifndef GS_CHALLENGE_MACHINE_MERKLE_H
#define GS_CHALLENGE_MACHINE_MERKLE_H

#include "chain/core/keccak_lanes.h"
#include "challenge/machine/program.h"

enum { GS_MERKLE_DEPTH_MAX = GS_TRACE_DEPTH_MAX };

unsigned gs_merkle_depth(uint64_t leaves);
void gs_merkle_leaf(const uint8_t chunk[GS_CHUNK_BYTES], struct gs_hash *out);
void gs_merkle_descriptor(struct gs_bytes descriptor, struct gs_hash *out);
void gs_merkle_node(const struct gs_hash *left, const struct gs_hash *right, struct gs_hash *out);
const struct gs_hash *gs_merkle_zero(unsigned height); /* Z_height, 0 <= height <= 26; static constants */

/* The same for many at once, by the given lanes: the leaves of `chunks` chunks; the nodes over `pairs` pairs of
 * neighbours in below, where out may be below. */
void gs_merkle_leaves(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks, struct gs_hash *out);
void gs_merkle_nodes(const struct gs_keccak_lanes *lanes, const struct gs_hash *below, uint64_t pairs,
                     struct gs_hash *out);
/* The root of 2^height nodes, or chunks, that lie side by side. */
enum { GS_MERKLE_SUBTREE_MAX = 5 };
void gs_merkle_subtree(const uint8_t *bytes, bool chunks, unsigned height, struct gs_hash *out);
/* Folds a path: the node `height` levels above. The low bits of index say left or right. */
void gs_merkle_climb(struct gs_hash node, uint64_t index, const struct gs_hash *path, unsigned height,
                     struct gs_hash *out);

/* A tree: the hashes that are present from level `base` up (missing right parts are implied). All of them take half of
 * the data's room; those from level 10 up, a two-thousandth. A node below `base` is computed again from its chunks when
 * it is asked for: at most 2^(base + 1) hashes. */
struct gs_merkle {
	unsigned depth;
	unsigned base;
	uint64_t leaves;                                /* present leaves */
	struct gs_hash *level[GS_MERKLE_DEPTH_MAX + 1]; /* level[h][i], h >= base; owned, one allocation */
	struct gs_hash *memory;
	const uint8_t *data;                 /* base > 0: the chunks; borrowed */
	const struct gs_keccak_lanes *lanes; /* what hashes them */
};

/* Builds over `chunks` chunks (borrowed during the call), base 0. depth >= gs_merkle_depth(chunks). */
GS_MUST enum gs_err gs_merkle_build(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_merkle *out);
/* The same with a base of at most depth; where it is not 0 data must outlive the tree, unchanged. lanes: NULL for the
 * best of this processor. */
GS_MUST enum gs_err gs_merkle_build_from(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks,
                                         unsigned depth, unsigned base, struct gs_merkle *out);
/* A base that keeps little for much data and all for little: 0 up to GS_MERKLE_WHOLE_MAX chunks, else
 * GS_MERKLE_BLOCK_HEIGHT. */
enum { GS_MERKLE_BLOCK_HEIGHT = 10, GS_MERKLE_WHOLE_MAX = 1 << 13 };
unsigned gs_merkle_base_for(uint64_t chunks);
/* Builds over ready leaf hashes. */
GS_MUST enum gs_err gs_merkle_build_hashes(const struct gs_hash *leaf, uint64_t count, unsigned depth,
                                           struct gs_merkle *out);
void gs_merkle_free(struct gs_merkle *t);
/* Node at a level; index < 2^(depth - level). */
void gs_merkle_get(const struct gs_merkle *t, unsigned level, uint64_t index, struct gs_hash *out);
void gs_merkle_root(const struct gs_merkle *t, struct gs_hash *out);
/* The siblings from `level` up to (not including) level `top`: top - level hashes. */
void gs_merkle_path(const struct gs_merkle *t, unsigned level, uint64_t index, unsigned top, struct gs_hash *out);

/* Root of an array without keeping the tree; on a stack of 32 KiB. lanes: NULL for the best. */
void gs_merkle_array_root(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_hash *out);
void gs_merkle_array_root_by(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks, unsigned depth,
                             struct gs_hash *out);

/* ---- a tree that grows while its chunks are produced ----
 *
 * An executor appends each instruction's output when it is finished, at increasing positions; what it leaves out is
 * zero. The chunks are hashed at once, while they are still in the processor's caches, and never kept: memory holds the
 * levels from `base` up and the leaf hashes of one block of 2^base chunks. */

/* A port: calls work(what, first, last) for disjoint ranges that cover [0, count), on several threads if it likes, and
 * returns when all are done. */
struct gs_merkle_spread {
	void *self;
	void (*run)(void *self, uint64_t count, void (*work)(void *what, uint64_t first, uint64_t last), void *what);
};

struct gs_merkle_stream {
	struct gs_merkle_spread spread; /* without a function: one thread. May be set after init */
	struct gs_merkle *tree;         /* borrowed; level[base] is written as blocks are completed */
	uint64_t next;                  /* where the next chunk may lie */
	struct gs_hash *pending;        /* base > 0: hashes of the block that next lies in, up to next; owned */
};

/* Begins to write `tree`, which must stay where it is until the stream is finished or freed: room for chunks [0, leaves),
 * leaves <= 2^depth; base <= depth. tree: all zero, or an earlier one, whose room serves again where it is as large; that
 * and two copies are what a model of a microsecond would notice. lanes: NULL for the best. GS_ENOMEM: tree is empty. */
GS_MUST enum gs_err gs_merkle_stream_init(struct gs_merkle_stream *s, const struct gs_keccak_lanes *lanes,
                                          uint64_t leaves, unsigned depth, unsigned base, struct gs_merkle *tree);
/* Chunks [position, position + chunks); position is not below the end of what was appended before. */
void gs_merkle_stream_append(struct gs_merkle_stream *s, uint64_t position, const uint8_t *data, uint64_t chunks);
/* The tree is complete, to be freed with gs_merkle_free; the stream is empty then. Where base is not 0 data is all `leaves`
 * chunks, outlives the tree and equals what was appended; NULL is allowed when nothing below base will be asked for. */
void gs_merkle_stream_finish(struct gs_merkle_stream *s, const uint8_t *data);
void gs_merkle_stream_free(struct gs_merkle_stream *s); /* one that is not finished, and its tree; twice is fine */

#endif
