/* validator/exec/move.h: MAP instructions that only move elements: copies and `first`s, prepared once.
 *
 * Slices, transposes, concatenations, pads and gathers are such: every operand has the dtype that is stored, of any class,
 * and an element becomes what some operand's view reads. A line is a run of outputs along the innermost axis (or, where that has
 * few, the longest one, which then is the last of `extent`); on it each
 * operand is in range on one interval, and read at evenly spaced places, so that most lines are copied as a whole. */
#ifndef GS_VALIDATOR_EXEC_MOVE_H
#define GS_VALIDATOR_EXEC_MOVE_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/threads.h"

enum { GS_MOVE_ROWS_MAX = 4 };

struct gs_move_row { /* a coordinate that may leave its range */
	int64_t extent, stride, offset, coef[GS_OUT_AXES_MAX];
};

struct gs_move_operand {
	bool constant, skip;
	uint64_t value; /* as it is stored: the constant, or what a read out of range gives */
	uint8_t space;
	uint32_t chunk;
	int64_t at, step[GS_OUT_AXES_MAX]; /* elements, by the coordinates that stay in range */
	unsigned rows;
	struct gs_move_row row[GS_MOVE_ROWS_MAX];
	bool indirect; /* row[0] adds an element of the index tensor, read at index_at + sum index_step[a]*axis[a] */
	uint8_t index_space, index_dtype;
	uint32_t index_chunk;
	int64_t index_at, index_step[GS_OUT_AXES_MAX];
};

struct gs_move {
	uint8_t dtype;
	bool canonical; /* NaNs may have to be made so: not all that is read was written by an instruction */
	uint32_t first_chunk;
	unsigned operands, axes;
	uint64_t extent[GS_OUT_AXES_MAX], lines;
	int64_t out_step[GS_OUT_AXES_MAX]; /* output elements a step along each axis */
	struct gs_move_operand operand[];  /* `operands` of them */
};

/* *out, the caller's to free, is NULL when the instruction is no such MAP. GS_ENOMEM. */
GS_MUST enum gs_err gs_move_prepare(const struct gs_instr *in, struct gs_move **out);

/* Writes the instruction's tensor, not the padding behind it. */
void gs_move_run(const struct gs_move *m, const struct gs_memory *mem, const struct gs_kernels *kernels,
                 struct gs_pool *pool);

/* Makes the NaNs among n stored elements canonical; nothing for an integer dtype. */
void gs_move_canonical(uint8_t dtype, void *data, size_t n);

#endif
