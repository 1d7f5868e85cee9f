/* validator/exec/reduce.h: FOLDs of one tensor by add, max or min of binary32, prepared once: sums, maxima, pooling.
 *
 *     out[p] = e(g(... g(g(init, x[p, 0]), x[p, 1]) ..., x[p, K - 1]))
 *
 * Lanes are neighbouring outputs along the innermost axis, each with its accumulator, which takes its terms in order. Where
 * their reads are not neighbours they are brought side by side first: by a stage (pattern.h) for windows that leave the
 * tensor or step over it, by transposing blocks where it is the terms that are neighbours, else term by term. A skipped
 * term is one that changes nothing: -0 of a sum, -inf of a maximum, +inf of a minimum. */
#ifndef GS_VALIDATOR_EXEC_REDUCE_H
#define GS_VALIDATOR_EXEC_REDUCE_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/threads.h"

struct gs_reduce;

/* Axes that all rows of operand 1, a tensor, walk as one become one: output axes with each other, and reduction axes. */
void gs_fold_merge_axes(struct gs_instr *in);

/* *out is NULL when the instruction is no such FOLD. GS_ENOMEM. */
GS_MUST enum gs_err gs_reduce_prepare(const struct gs_instr *in, struct gs_reduce **out);
void gs_reduce_free(struct gs_reduce *r); /* NULL is fine */

/* Memory that runs share: grows to the greatest need and is kept. All zero at first; the memory is the caller's to free. */
struct gs_blocks_bound;
struct gs_room {
	float *stage;
	uint64_t floats;
	const struct gs_blocks_bound *after; /* NULL, or to be run on what is written (fast.h) */
};
float *gs_room_need(struct gs_room *room, uint64_t floats); /* all numbers; NULL: no memory */

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_reduce_run(const struct gs_reduce *r, const struct gs_memory *mem,
                                  const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);

#endif
