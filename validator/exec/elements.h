/* validator/exec/elements.h: MAPs that work on numbers of at most 32 bits, by long lines.
 *
 * What the lowering writes around quantized products (zero points, rounding, clipping, the way between bytes and binary32)
 * and copies that change the order are such. Neighbouring axes that every operand crosses evenly become one, so that lines are long;
 * a line's registers are arrays of 32 bits, on which the loops of elements_body.h work, a table of them an instruction set.
 * Left to lines.h: what can leave its range, indirect reads, 64-bit integers, and functions that have no loop. */
#ifndef GS_VALIDATOR_EXEC_ELEMENTS_H
#define GS_VALIDATOR_EXEC_ELEMENTS_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/threads.h"

/* Registers of class F32 and I32, in arrays. No two arrays overlap. */
struct gs_element_loops {
	/* out[i] = fn(x[0][i], ...), as far as the arity goes; false, with nothing written, where there is no loop for fn.
	 * A NaN in x may have any payload; one in out is 7fc00000. */
	bool (*apply)(unsigned fn, const uint32_t *const x[3], uint32_t *out, size_t n);
	/* out[i] = the register of element from + i*step. F32, I32, and narrower integers. */
	void (*load)(uint8_t dtype, const uint8_t *base, int64_t from, int64_t step, size_t n, uint32_t *out);
	/* Elements from `first` on. F32 (which must be canonical), I32, and narrower integers. */
	void (*store)(uint8_t dtype, uint8_t *base, uint64_t first, const uint32_t *in, size_t n);
};

/* Runs the instruction, but for the padding behind its tensor; false, with nothing written, when it is left to others. */
bool gs_elements_run(const struct gs_instr *in, const struct gs_memory *mem, const struct gs_kernels *kernels,
                     struct gs_pool *pool);

#endif
