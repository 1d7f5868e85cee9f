/* validator/exec/exec.h: runs a whole program into trace memory, once.
 *
 * It shares no addressing code with the reference interpreter. Sums of products (pattern.h) run on packed panels with
 * tiles of accumulators in registers (contract.h), everything else line by line (lines.h); inner loops exist for several
 * instruction sets (kernels.h), and vectorise *across outputs*, never along a sum. Bits cannot depend on threads, tiles or
 * vector width: every output element is computed by the same sequence of scalar operations as in docs/machine.md. */
#ifndef GS_VALIDATOR_EXEC_EXEC_H
#define GS_VALIDATOR_EXEC_EXEC_H

#include "challenge/machine/interpreter.h"

enum { GS_EXEC_THREADS_MAX = 64 };

/* Writes every instruction's tensor (padding zeroed) into mem->trace, which holds gs_program_trace_bytes(p) bytes.
 * mem->inputs holds header.inputs_chunks chunks; all arrays are aligned to 8 bytes. threads: 1 to GS_EXEC_THREADS_MAX. GS_ENOMEM is the only failure. */
GS_MUST enum gs_err gs_exec_run(const struct gs_program *p, const struct gs_memory *mem, unsigned threads,
                                struct gs_error *error);

/* "avx512", "avx2", "neon" or "portable": which inner loops this processor runs when nobody asks for others. */
const char *gs_exec_isa(void);

/* GS_EINVAL, with a line that lists what there is, when isa is not the name of inner loops that this processor can run. */
GS_MUST enum gs_err gs_exec_isa_check(const char *isa, struct gs_error *error);

#endif
