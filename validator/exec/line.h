/* validator/exec/line.h: operands prepared for execution by lines.
 *
 * A line is a run of positions i along one output axis, everything else fixed. A direct view's coordinate in row r is
 * start_r + step_r*i, so the positions where it is in range form one interval [low, high), and within it the flat index
 * is flat + flat_step*i. */
#ifndef GS_VALIDATOR_EXEC_LINE_H
#define GS_VALIDATOR_EXEC_LINE_H

#include "challenge/machine/interpreter.h"

struct gs_line_view {
	const uint8_t *base;
	enum gs_dtype dtype;
	bool skip;
	bool never_outside; /* in range for every point of the instruction's box */
	gs_reg pad;
	unsigned rows;
	uint64_t count;
	struct {
		int64_t extent;
		int64_t stride;
		int64_t offset;
		int64_t coef[GS_AXES_MAX];
	} row[GS_ROWS_MAX];
	int64_t flat_offset; /* sum of stride*offset */
	int64_t flat_coef[GS_AXES_MAX];
};

struct gs_line_operand {
	enum gs_operand_kind kind;
	enum gs_class cls;
	gs_reg constant;
	struct gs_affine iota;
	unsigned axes; /* how many axes it sees */
	unsigned indirect_row;
	struct gs_line_view view;
	struct gs_line_view indirect;
};

/* The in-range interval of a direct view on a line, and the affine flat index inside it. */
struct gs_line_span {
	int64_t low, high; /* 0 <= low <= high <= n */
	int64_t flat, flat_step;
};

/* False when some coordinate of the instruction could leave the range of 64-bit arithmetic (hostile programs only):
 * such an instruction is left to the reference interpreter. */
bool gs_line_prepare(const struct gs_instr *in, unsigned i, const struct gs_memory *mem, struct gs_line_operand *out);

/* point: all axes' coordinates, the line's axis at the line's first position. */
struct gs_line_span gs_line_span_at(const struct gs_line_view *view, unsigned axes, const uint64_t *point,
                                    unsigned line_axis, int64_t n);

/* Loads n registers; absent[i] is set where the operand is skipped (absent may be NULL when skip is not allowed).
 * index_scratch holds n registers. */
void gs_line_load(const struct gs_line_operand *op, const uint64_t *point, unsigned line_axis, size_t n, gs_reg *out,
                  uint8_t *absent, gs_reg *index_scratch);

#endif
