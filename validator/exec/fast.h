/* validator/exec/fast.h: the forms of instructions that have a way of their own to be run, prepared once; it goes before that
 * of contractions. What has none is left to lines.h. */
#ifndef GS_VALIDATOR_EXEC_FAST_H
#define GS_VALIDATOR_EXEC_FAST_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/pattern.h"
#include "validator/exec/reduce.h"
#include "validator/exec/threads.h"

struct gs_fast;

/* *out is NULL when the instruction has no such form. GS_ENOMEM. */
GS_MUST enum gs_err gs_fast_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_fast **out);
/* The same, with what gs_pattern_contraction makes of it, or NULL where it is none: to match it once is enough. */
GS_MUST enum gs_err gs_fast_prepare_matched(const struct gs_instr *in, const struct gs_kernels *kernels,
                                            const struct gs_contraction *products, struct gs_fast **out);
void gs_fast_free(struct gs_fast *fast); /* NULL is fine */

/* Whether gs_fast_run runs room->after (blocks.h) on every part of the tensor once it is written; who does not leaves it. */
bool gs_fast_tells(const struct gs_fast *fast);
/* Packs constants for all later runs, if it has any and they take at most *budget bytes, which are taken from it. GS_ENOMEM. */
GS_MUST enum gs_err gs_fast_prepack(struct gs_fast *fast, const uint8_t *weights, const struct gs_kernels *kernels,
                                    uint64_t *budget);
/* What another one, of the same instruction, has packed: that lives longer. */
void gs_fast_borrow(struct gs_fast *fast, const struct gs_fast *of);
bool gs_fast_packed(const struct gs_fast *fast); /* something of its own */

/* Writes the instruction's tensor, not the padding behind it. GS_ENOMEM. */
GS_MUST enum gs_err gs_fast_run(const struct gs_fast *fast, const struct gs_memory *mem,
                                const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_room *room);

struct gs_sweep;
const struct gs_sweep *gs_fast_sweep(const struct gs_fast *fast); /* borrowed; NULL: of another form */

const char *gs_fast_name(const struct gs_fast *fast); /* "sweep", ... */

#endif
