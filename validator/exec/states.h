/* validator/exec/states.h: the accumulator states of one fold, as a dispute asks for them.
 *
 * A state is the result of all terms before it, so the fold is run from its first term whatever is asked; with 2^18 terms
 * what counts is how fast operands are fetched. They are loaded by lines along the innermost reduction axis
 * (validator/exec/line.h), the terms applied one after the other as docs/machine.md says. */
#ifndef GS_VALIDATOR_EXEC_STATES_H
#define GS_VALIDATOR_EXEC_STATES_H

#include "challenge/machine/trace.h"

/* As gs_interpret_accumulators, to the bit: out[i] = s_(first + i * stride) of the element for i < count. Where the trace lies
 * in a file, home (may be NULL) is told what of mem->trace will be read, some thousand terms ahead. */
void gs_exec_states(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_trace_home *home,
                    uint64_t element, uint32_t first, uint32_t stride, uint32_t count, gs_reg *out);

#endif
