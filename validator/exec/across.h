/* validator/exec/across.h: FOLDs of binary32 of few terms over long lines of outputs that an index leads to, prepared once: a linear
 * Resize, whose every output is the sum of two elements times their weights, one dimension after the other.
 *
 *     out[p] = e(g(... g(g(init[p], x[p, 0]), x[p, 1]) ..., x[p, K - 1]))        g: f32.add, max, min or fma (then w, too)
 *
 * A line of outputs takes one term after the other, each output its own in their order. What does not change from line to line, the
 * places that the index leads to and the weights, is brought once. Folds of many terms over short lines are chains (chain.h). */
#ifndef GS_VALIDATOR_EXEC_ACROSS_H
#define GS_VALIDATOR_EXEC_ACROSS_H

#include "validator/exec/elements.h"

struct gs_across;

/* *out is NULL when the instruction is no such FOLD. GS_ENOMEM. */
GS_MUST enum gs_err gs_across_prepare(const struct gs_instr *in, struct gs_across **out);
void gs_across_free(struct gs_across *a); /* NULL is fine */

/* Writes the instruction's tensor, not the padding behind it. */
void gs_across_run(const struct gs_across *a, const struct gs_memory *mem, const struct gs_kernels *kernels,
                   struct gs_pool *pool);

#endif
