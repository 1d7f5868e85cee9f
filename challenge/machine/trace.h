/* challenge/machine/trace.h: a kept trace: what a whole execution wrote, and the Merkle tree over it.
 *
 * A party keeps one from the moment it has to commit to an execution until the last game about it is over. Chunks lie
 * flat, up to the last one that was written; the rest of the 2^depth chunks is zero and implied. Of a long trace's tree
 * only the levels from GS_MERKLE_BLOCK_HEIGHT up are kept, a two-thousandth of the data; what lies below is computed again
 * from the chunks when it is asked for. */
#ifndef GS_CHALLENGE_MACHINE_TRACE_H
#define GS_CHALLENGE_MACHINE_TRACE_H

#include "challenge/machine/interpreter.h"
#include "challenge/machine/merkle.h"

/* A port: where chunks lie that are too many for the heap (storage/spill.h maps a file). All functions or none. */
struct gs_trace_home {
	void *self;
	/* `bytes` of zeroes, aligned as malloc aligns, to be given back. GS_ENOMEM, GS_ELIMIT, GS_EIO; error may be NULL. */
	GS_MUST enum gs_err (*take)(void *self, uint64_t bytes, uint8_t **out, struct gs_error *error);
	void (*give_back)(void *self, uint8_t *memory);
	/* Hints about a part of what was taken: it will not be touched for a while; it is about to be read. */
	void (*rest)(void *self, const uint8_t *part, uint64_t bytes);
	void (*want)(void *self, const uint8_t *part, uint64_t bytes);
};

struct gs_trace {
	unsigned depth;
	uint64_t present;               /* chunks in memory */
	uint8_t *chunks;                /* owned; gs_memory's trace points here */
	bool committed;                 /* tree is built over chunks as they are */
	bool whole;                     /* set before a commit: all levels are kept, half the data's room */
	struct gs_merkle tree;          /* owned */
	struct gs_merkle_stream stream; /* owned: a commit under way */
	uint64_t pending, final;        /* of that: chunks [pending, final) are to be hashed yet */
	struct gs_trace_home home;      /* without functions: the heap */
};

/* All zero, `present` chunks in memory (at least 1, at most 2^depth). GS_ENOMEM. */
GS_MUST enum gs_err gs_trace_init(struct gs_trace *t, unsigned depth, uint64_t present);
/* The same where home says; its self must outlive the trace. NULL: the heap. */
GS_MUST enum gs_err gs_trace_init_at(struct gs_trace *t, unsigned depth, uint64_t present,
                                     const struct gs_trace_home *home, struct gs_error *error);
/* Room for a run of the program, as gs_interpret or an executor writes it. */
GS_MUST enum gs_err gs_trace_init_for(struct gs_trace *t, const struct gs_program *p);
/* Makes chunk `index` (below 2^depth) writable; pointers into chunks move. Undoes a commit. What home says. */
GS_MUST enum gs_err gs_trace_reach(struct gs_trace *t, uint64_t index);
/* Builds the tree over the chunks. GS_ENOMEM. */
GS_MUST enum gs_err gs_trace_commit(struct gs_trace *t);
/* The same while the chunks are being written: begin, then each stretch of chunks when it is final, at increasing
 * positions (what lies between is zero), then end. Chunks are hashed when enough of them are there to hash several at
 * once, so they stay as they are until end. spread: NULL, or what shares hashing among threads until end. A commit that is
 * not ended is undone by the next begin, commit or free. */
GS_MUST enum gs_err gs_trace_commit_begin(struct gs_trace *t, const struct gs_merkle_spread *spread);
void gs_trace_commit_chunks(struct gs_trace *t, uint64_t first, uint64_t chunks);
void gs_trace_commit_end(struct gs_trace *t);
void gs_trace_free(struct gs_trace *t); /* twice is fine */

void gs_trace_chunk(const struct gs_trace *t, uint64_t index, uint8_t out[GS_CHUNK_BYTES]);
/* The siblings of a chunk's leaf up to the root: depth hashes. Needs a commit, as do all that follow. */
void gs_trace_path(const struct gs_trace *t, uint64_t index, struct gs_hash *out);
void gs_trace_node(const struct gs_trace *t, unsigned level, uint64_t index, struct gs_hash *out);
void gs_trace_root(const struct gs_trace *t, struct gs_hash *out);
/* The output block's root: the claim's outputRoot. */
void gs_trace_output_root(const struct gs_trace *t, const struct gs_header *header, struct gs_hash *out);

#endif
