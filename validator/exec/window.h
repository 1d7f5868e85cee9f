/* validator/exec/window.h: FOLDs over windows that slide along the innermost axis, prepared once: pooling.
 *
 *     out[b, y, l] = e(g over (i, j) of x[b, y*sy + i*dy, l*sx + j*dx])
 *
 * with g max, of binary32, 16-bit floats, and integers of 8 and 32 bits, or add of binary32 and 16-bit floats; what leaves the
 * tensor is skipped or a value. The work is cut into bands of lines, which window_kernels.h does. Folds that are none of
 * these are left to reduce.h. */
#ifndef GS_VALIDATOR_EXEC_WINDOW_H
#define GS_VALIDATOR_EXEC_WINDOW_H

#include "validator/exec/reduce.h"

struct gs_window;

/* *out, the caller's to free, is NULL when the instruction is no such FOLD. GS_ENOMEM. */
GS_MUST enum gs_err gs_window_prepare(const struct gs_instr *in, struct gs_window **out);

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_window_run(const struct gs_window *w, const struct gs_memory *mem,
                                  const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);

#endif
