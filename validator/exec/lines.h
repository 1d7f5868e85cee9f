/* validator/exec/lines.h: runs any instruction, line by line (line.h): what no faster form has been recognised for. */
#ifndef GS_VALIDATOR_EXEC_LINES_H
#define GS_VALIDATOR_EXEC_LINES_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/threads.h"

struct gs_lines; /* registers of one tile, for every thread */

struct gs_lines *gs_lines_new(unsigned threads); /* NULL: no memory */
void gs_lines_free(struct gs_lines *lines);

/* Writes the instruction's tensor, not the padding behind it. lines must have been made for the pool's threads. */
void gs_lines_run(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_lines *lines, struct gs_pool *pool);

#endif
