/* validator/exec/plane.h: convolutions of each channel by itself (depthwise), prepared once.
 *
 * They are contractions of one row a batch, a batch being a channel. There a stage of the whole tensor, and panels of it, cost
 * more than the products. Here a thread stages some channels at a time, or some lines of one, padded, into memory that stays
 * in its first cache, and tiles of several lines (planes.h) read it where it lies. Any windows of one or two dimensions,
 * padded or not, of any type of the class of binary32. */
#ifndef GS_VALIDATOR_EXEC_PLANE_H
#define GS_VALIDATOR_EXEC_PLANE_H

#include "validator/exec/contract.h"
#include "validator/exec/reduce.h"

struct gs_plane;

/* products: what gs_pattern_contraction makes of the instruction. *out is NULL when it is no such convolution. GS_ENOMEM. */
GS_MUST enum gs_err gs_plane_prepare(const struct gs_instr *in, const struct gs_contraction *products,
                                     struct gs_plane **out);
void gs_plane_free(struct gs_plane *p); /* NULL is fine */

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_plane_run(const struct gs_plane *p, const struct gs_memory *mem,
                                 const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);
/* Whether lines of its output follow each other there: then room->after is run on what a group of channels has written. */
bool gs_plane_tells(const struct gs_plane *p);

#endif
