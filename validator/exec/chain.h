/* validator/exec/chain.h: FOLDs of binary32 along one sum after the other, prepared once: those of a single output (the last
 * product of a network), and sums of what an index leads to (the leaves of a tree ensemble).
 *
 *     out[p] = e(g(... g(g(init[p], x[p, 0]), x[p, 1]) ..., x[p, K - 1]))        g: f32.add, max, min or fma (then w, too)
 *
 * A sum is a chain of K operations that wait for each other, so all there is to gain is what surrounds them: operands come
 * as arrays, a few hundred terms at a time. Of many outputs, read directly, other forms run many chains side by side. */
#ifndef GS_VALIDATOR_EXEC_CHAIN_H
#define GS_VALIDATOR_EXEC_CHAIN_H

#include "validator/exec/elements.h"

struct gs_chain;

/* *out is NULL when the instruction is no such FOLD. GS_ENOMEM. */
GS_MUST enum gs_err gs_chain_prepare(const struct gs_instr *in, struct gs_chain **out);
void gs_chain_free(struct gs_chain *c); /* NULL is fine */

/* Writes the instruction's tensor, not the padding behind it. */
void gs_chain_run(const struct gs_chain *c, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_pool *pool);

#endif
