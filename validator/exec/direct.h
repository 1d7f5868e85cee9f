/* validator/exec/direct.h: convolutions of few terms, prepared once: a network's first layers.
 *
 * They are contractions whose products are so few that the stage of the whole image, its panels and a detour of the results cost
 * as much again. Here a thread stages some lines of all channels, padded, in memory that stays in its caches; tiles of all
 * rows read lanes of one line where they lie, and store them straight into the output's line. */
#ifndef GS_VALIDATOR_EXEC_DIRECT_H
#define GS_VALIDATOR_EXEC_DIRECT_H

#include "validator/exec/contract.h"
#include "validator/exec/reduce.h"

struct gs_direct;

/* products: what gs_pattern_contraction makes of the instruction. *out is NULL when it is no such convolution. GS_ENOMEM. */
GS_MUST enum gs_err gs_direct_prepare(const struct gs_instr *in, const struct gs_kernels *kernels,
                                      const struct gs_contraction *products, struct gs_direct **out);
void gs_direct_free(struct gs_direct *d); /* NULL is fine */

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_direct_run(const struct gs_direct *d, const struct gs_memory *mem,
                                  const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);
/* Whether lines of its output follow each other there: then room->after is run on what an item has written. */
bool gs_direct_tells(const struct gs_direct *d);

#endif
