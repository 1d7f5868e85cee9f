/* validator/exec/concat.h: `first`s whose operands share out one axis among them, prepared once: concatenations, stacks, and pads
 * along one axis.
 *
 * Each operand is in range on an interval of that axis and everywhere else, so what it gives the output is a box, copied as
 * such, its axes merged for itself: a stack of vectors along the innermost axis is a few long lines, not many short ones. */
#ifndef GS_VALIDATOR_EXEC_CONCAT_H
#define GS_VALIDATOR_EXEC_CONCAT_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/threads.h"

struct gs_concat;

/* *out, the caller's to free, is NULL when the instruction is no such MAP. GS_ENOMEM. */
GS_MUST enum gs_err gs_concat_prepare(const struct gs_instr *in, struct gs_concat **out);

/* Writes the instruction's tensor, not the padding behind it. */
void gs_concat_run(const struct gs_concat *c, const struct gs_memory *mem, struct gs_pool *pool);

#endif
