/* validator/exec/places.h: where tensors lie in a run that is made for its outputs alone.
 *
 * In the flat trace every tensor has chunks of its own. Who needs the outputs alone can give a tensor's chunks to another one
 * when nothing will read it any more (live.h): a network then works in a small part of the trace, which stays in the caches.
 * Tensors other than the outputs are packed into an arena at the trace's beginning: best fit, in the order of the
 * instructions. Element-wise instructions write over an operand that they are the last to read. Outputs stay where the
 * program has them, behind the arena: it is never larger than what lies before them.
 *
 * A kernel sees none of this, since the instructions that it is prepared from name other chunks. What it must keep to: it
 * writes its own tensor and the rest of that tensor's last chunk, nothing else; a tensor's neighbours are alive. */
#ifndef GS_VALIDATOR_EXEC_PLACES_H
#define GS_VALIDATOR_EXEC_PLACES_H

#include "validator/exec/live.h"

#define GS_PLACES_HOLES_MAX \
	1024 /* free stretches that are remembered at a time: programs of any size take linear time */

struct gs_places {
	uint32_t *chunk;             /* owned; by instruction: its tensor's first */
	uint32_t chunks;             /* of the arena */
	uint32_t over;               /* instructions that write over an operand */
	struct gs_live_reads *reads; /* owned; by instruction */
	uint32_t *last;              /* owned; by instruction: the last that reads it, or GS_LIVE_ALWAYS */
};

/* Whether the instruction has copied all of the tensor at *chunk before it writes anything. */
typedef bool (*gs_places_copies)(void *self, const struct gs_instr *in, uint32_t *chunk);

/* live: of gs_live_init, and empty afterwards. together: of gs_blocks_find; what dies in a group of instructions that are run block by block makes room behind the group.
 * copies: asked where it would spare much memory. GS_ENOMEM. */
GS_MUST enum gs_err gs_places_init(struct gs_places *out, const struct gs_program *p, struct gs_live *live,
                                   const uint32_t *together, gs_places_copies copies, void *self);
void gs_places_free(struct gs_places *places);
/* Instruction i of the program, as gs_program_decode gives it, with the chunks that it reads and writes in such a run. */
void gs_places_instr(const struct gs_places *places, const struct gs_program *p, uint32_t i, struct gs_instr *out);
/* Where the tensor lies that the program has at this chunk. */
uint32_t gs_places_of(const struct gs_places *places, const struct gs_program *p, uint32_t chunk);

#endif
