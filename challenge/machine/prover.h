/* challenge/machine/prover.h: what a player must be able to say about its own execution.
 *
 * A strategy never touches tensors: it asks a prover. The one over a kept trace is in validator/exec; tests have liars.
 * Node and chunk speak of the player's own trace. What is read through `read` and `path` may lie in the weights, the
 * inputs or a tolerant claim's outputs too, which both players hold alike. All return GS_OK, or why the answer could not be had (GS_ENOMEM, GS_EIO,
 * GS_ELIMIT): a player who cannot answer must try again, and never guess. */
#ifndef GS_CHALLENGE_MACHINE_PROVER_H
#define GS_CHALLENGE_MACHINE_PROVER_H

#include "challenge/machine/judge.h"

struct gs_prover {
	void *self;
	const struct gs_program *program;
	/* The node of the trace's tree; level 0 is the leaves. */
	GS_MUST enum gs_err (*node)(void *self, unsigned level, uint64_t index, struct gs_hash *out);
	/* Chunk `chunk` of an array, whichever it is; chunk is below 2^26. What no chunk is stored for is zero. */
	GS_MUST enum gs_err (*read)(void *self, enum gs_space space, uint32_t chunk, uint8_t out[GS_CHUNK_BYTES]);
	/* Siblings of the chunk's leaf up to the array's root: depth-of-the-array hashes. */
	GS_MUST enum gs_err (*path)(void *self, enum gs_space space, uint32_t chunk, struct gs_hash *out);
	/* Siblings of a descriptor's leaf up to the program's root. */
	GS_MUST enum gs_err (*descriptor_path)(void *self, uint32_t instruction, struct gs_hash *out);
	/* FOLD: s_(first + i * stride) of the element for i < count, all at most K. */
	GS_MUST enum gs_err (*accumulators)(void *self, uint32_t instruction, uint64_t element, uint32_t first,
	                                    uint32_t stride, uint32_t count, gs_reg *out);
};

#endif
