/* validator/exec/elements.h: MAPs that work on numbers of at most 32 bits, by long lines.
 *
 * What the lowering writes around quantized products (zero points, clipping, the way between bytes and binary32) and
 * comparisons are such; those of binary32 alone are sweeps (sweep.h). Neighbouring axes that every operand crosses evenly become one, so that lines are long;
 * a line's registers are arrays of 32 bits, on which the loops of elements_body.h work, a table of them an instruction set.
 * Reads through an index, of which the walk down a tree ensemble consists, are gathered first.
 * Left to others: directly read what can leave its range, 64-bit integers, and functions that have no loop. */
#ifndef GS_VALIDATOR_EXEC_ELEMENTS_H
#define GS_VALIDATOR_EXEC_ELEMENTS_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/sweep.h"

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

/* The coordinate of an indirect row: offset + sum step[a]*axis[a] + an element of the index, in range below extent. */
struct gs_elements_row {
	int64_t extent, stride, offset, step[GS_OUT_AXES_MAX];
	struct gs_sweep_view index;
	uint32_t outside; /* the register out of range */
};

struct gs_element_operand {
	bool constant, iota, indirect;
	uint32_t value;             /* of a constant */
	struct gs_sweep_view place; /* an iota's element is its value; of an indirect view, all rows but one */
	struct gs_elements_row row;
};

/* Whether a FOLD reads a term through an index. */
bool gs_fold_indexed(const struct gs_instr *in);

/* True, with *out filled, when operand k, of at most 32 bits, never leaves its range but by an index. It may use the axes of
 * the output; a caller who wants those of the reduction counts them among these. */
bool gs_element_operand_read(const struct gs_instr *in, unsigned k, struct gs_element_operand *out);

/* An operand whose tensor is at hand. */
struct gs_element_source {
	const struct gs_element_operand *is;
	const uint8_t *base, *index; /* of its tensor, and of the indices */
};
struct gs_element_source gs_element_open(const struct gs_element_operand *op, const struct gs_memory *mem);

/* Where an operand's first register of a run lies; row and index: of an indirect one. */
struct gs_element_place {
	int64_t at, row, index;
};
struct gs_element_place gs_element_first(const struct gs_element_operand *op); /* where all axes are 0 */
void gs_element_advance(const struct gs_element_operand *op, struct gs_element_place *at, unsigned axis, int64_t n);

/* n registers from there on along an axis: where they are stored, or in scratch, which has room for them. */
const uint32_t *gs_element_registers(const struct gs_element_source *from, const struct gs_element_loops *loops,
                                     struct gs_element_place first, unsigned axis, size_t n, uint32_t *scratch);

struct gs_elements {
	uint8_t fn, epilogue, epilogue_pos, store_dtype;
	uint32_t epilogue_value[2];
	uint32_t first_chunk;
	unsigned operands, axes;
	uint64_t extent[GS_OUT_AXES_MAX]; /* of the merged axes; the output is dense over them */
	uint64_t lines;                   /* product of all extents but the last */
	struct gs_element_operand operand[3];
};

/* True, with *out filled, when the instruction is such a MAP. */
bool gs_elements_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_elements *out);

/* Writes the instruction's tensor, not the padding behind it. */
void gs_elements_run(const struct gs_elements *e, const struct gs_memory *mem, const struct gs_kernels *kernels,
                     struct gs_pool *pool);

#endif
