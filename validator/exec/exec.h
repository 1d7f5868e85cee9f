/* validator/exec/exec.h: runs a whole program into trace memory: the portable back end.
 *
 * It shares no addressing code with the reference interpreter. Every instruction is cut into *lines* along one output
 * axis; for each operand of a line the in-range positions are one interval, because a coordinate is affine in the
 * position, so range checks cost a few comparisons a line instead of some an element, and the inner loops are plain
 * arrays that a compiler vectorises *across outputs*, never along a sum. Bits cannot depend on threads, tiles or
 * vector width: every output element is computed by the same sequence of scalar operations as in docs/machine.md. */
#ifndef GS_VALIDATOR_EXEC_EXEC_H
#define GS_VALIDATOR_EXEC_EXEC_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/live.h"

enum { GS_EXEC_THREADS_MAX = 64 };

/* Writes every instruction's tensor (padding zeroed) into mem->trace, which holds gs_program_trace_bytes(p) bytes.
 * mem->inputs holds header.inputs_chunks chunks; all arrays are aligned to 8 bytes. threads: 1 to GS_EXEC_THREADS_MAX. GS_ENOMEM is the only failure. */
GS_MUST enum gs_err gs_exec_run(const struct gs_program *p, const struct gs_memory *mem, unsigned threads,
                                struct gs_error *error);

/* The same for who needs the outputs alone: releases every other tensor once nothing will read it (live.h). What is released
 * may become anything. */
GS_MUST enum gs_err gs_exec_run_releasing(const struct gs_program *p, const struct gs_memory *mem, unsigned threads,
                                          gs_live_release release, void *self, struct gs_error *error);

/* "avx2" or "portable": which inner loops this processor runs. */
const char *gs_exec_isa(void);

#endif
