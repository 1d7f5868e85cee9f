/* challenge/machine/trace.h: a kept trace: what a whole execution wrote, and every node of its Merkle tree.
 *
 * A party keeps one from the moment it has to commit to an execution until the last game about it is over. Memory
 * holds the chunks up to the last one that was written; the rest of the 2^depth chunks is zero and implied. */
#ifndef GS_CHALLENGE_MACHINE_TRACE_H
#define GS_CHALLENGE_MACHINE_TRACE_H

#include "challenge/machine/interpreter.h"
#include "challenge/machine/merkle.h"

struct gs_trace {
	unsigned depth;
	uint64_t present;      /* chunks in memory */
	uint8_t *chunks;       /* owned; gs_memory's trace points here */
	bool committed;        /* tree is built over chunks as they are */
	struct gs_merkle tree; /* owned */
};

/* All zero, `present` chunks in memory (at least 1, at most 2^depth). GS_ENOMEM. */
GS_MUST enum gs_err gs_trace_init(struct gs_trace *t, unsigned depth, uint64_t present);
/* Room for a run of the program, as gs_interpret or an executor writes it. */
GS_MUST enum gs_err gs_trace_init_for(struct gs_trace *t, const struct gs_program *p);
/* Makes chunk `index` (below 2^depth) writable; pointers into chunks move. Undoes a commit. GS_ENOMEM. */
GS_MUST enum gs_err gs_trace_reach(struct gs_trace *t, uint64_t index);
/* Builds the tree over the chunks. GS_ENOMEM. */
GS_MUST enum gs_err gs_trace_commit(struct gs_trace *t);
void gs_trace_free(struct gs_trace *t); /* twice is fine */

void gs_trace_chunk(const struct gs_trace *t, uint64_t index, uint8_t out[GS_CHUNK_BYTES]);
/* Need a commit. */
void gs_trace_node(const struct gs_trace *t, unsigned level, uint64_t index, struct gs_hash *out);
void gs_trace_root(const struct gs_trace *t, struct gs_hash *out);
/* The output block's root: the claim's outputRoot. */
void gs_trace_output_root(const struct gs_trace *t, const struct gs_header *header, struct gs_hash *out);

#endif
