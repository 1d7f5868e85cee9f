/* validator/exec/turned.h: convolutions with constant weights, prepared once: a lane is an output channel.
 *
 * Places of an image of 14x14 or 7x7 fill vectors badly, line by line as well as in the order in which a padded image lies,
 * and those of a larger one leave some lanes empty at the ends of lines; channels mostly come in whole vectors. So weights are
 * packed with the channels side by side, once for all runs where memory allows it; a tile's rows are places of one output line,
 * whose numbers lie side by side in a stage of the padded image (image.h), or of a band of its lines where the caches do not
 * hold all of it, and are read there; and what it leaves is turned on its way to the output. Each output element takes its
 * terms in ascending order. */
#ifndef GS_VALIDATOR_EXEC_TURNED_H
#define GS_VALIDATOR_EXEC_TURNED_H

#include "validator/exec/contract.h"
#include "validator/exec/reduce.h"

struct gs_turned;

/* products: what gs_pattern_contraction makes of the instruction. *out is NULL when it is no such convolution, or better run
 * another way. GS_ENOMEM. */
GS_MUST enum gs_err gs_turned_prepare(const struct gs_instr *in, const struct gs_kernels *kernels,
                                      const struct gs_contraction *products, struct gs_turned **out);
/* Whether it is the faster one of the two where direct.h fits as well. */
bool gs_turned_before_direct(const struct gs_kernels *kernels, const struct gs_contraction *products);
void gs_turned_free(struct gs_turned *t); /* NULL is fine */

/* Packs the weights for all later runs, weights being the program's array, if that takes at most *budget bytes, and takes
 * them from it. GS_ENOMEM. */
GS_MUST enum gs_err gs_turned_prepack(struct gs_turned *t, const uint8_t *weights, const struct gs_kernels *kernels,
                                      uint64_t *budget);
/* The same by another's, of the same instruction, which lives longer. */
void gs_turned_borrow(struct gs_turned *t, const struct gs_turned *of);
bool gs_turned_packed(const struct gs_turned *t); /* something of its own */

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_turned_run(const struct gs_turned *t, const struct gs_memory *mem,
                                  const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);

#endif
