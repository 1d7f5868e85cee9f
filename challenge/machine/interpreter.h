/* challenge/machine/interpreter.h: docs/machine.md turned into plain C, one scalar at a time, no tricks.
 *
 * This is the reference: the executors are compared with it to the bit, and a dispute asks it for single elements and
 * for the accumulators of a single fold. It reads flat arrays and never allocates. */
#ifndef GS_CHALLENGE_MACHINE_INTERPRETER_H
#define GS_CHALLENGE_MACHINE_INTERPRETER_H

#include "challenge/machine/program.h"

/* The arrays a program reads and writes, whole chunks each, padding zero. */
struct gs_memory {
	uint8_t *trace; /* 2^trace_depth chunks may be virtual: only [0, end of the last tensor) is touched */
	const uint8_t *weights;
	const uint8_t *inputs;
	const uint8_t *claimed; /* tolerant programs: header.claimed_chunks of claimed outputs; else NULL */
};

/* The array that a view is of. */
static inline const uint8_t *gs_memory_array(const struct gs_memory *mem, enum gs_space space)
{
	switch (space) {
	case GS_SPACE_TRACE: return mem->trace;
	case GS_SPACE_WEIGHTS: return mem->weights;
	case GS_SPACE_INPUTS: return mem->inputs;
	case GS_SPACE_CLAIMED: return mem->claimed;
	}
	return NULL;
}

/* Where one read of an operand lands. */
struct gs_read {
	bool in_range;
	uint64_t index; /* flat element index in the tensor, when in range */
};

/* The coordinates of element `index` of a box with `axes` row-major extents. */
void gs_box_point(const uint32_t *extent, unsigned axes, uint64_t index, uint64_t *point);
/* Evaluates a view at a point (out axes then reduction axes); indirect is added to row indirect_row - 1's coordinate. */
struct gs_read gs_view_read(const struct gs_view *view, unsigned axes, const uint64_t *point, unsigned indirect_row,
                            int64_t indirect);
/* The low 64 bits of the exact sum. */
int64_t gs_affine_at(const struct gs_affine *a, unsigned axes, const uint64_t *point);

/* One operand at one point. Returns false when its rule is skip and the read is out of range. */
bool gs_operand_value(const struct gs_instr *in, unsigned i, const struct gs_memory *mem, const uint64_t *point,
                      gs_reg *out);

/* One output element, as stored bits. */
uint64_t gs_interpret_element(const struct gs_instr *in, const struct gs_memory *mem, uint64_t element);
/* FOLD: s_0 = init, s_j = the accumulator after j terms; out[i] = s_(first + i*stride) for i < count, all <= terms. */
void gs_interpret_accumulators(const struct gs_instr *in, const struct gs_memory *mem, uint64_t element, uint32_t first,
                               uint32_t stride, uint32_t count, gs_reg *out);
/* A whole instruction into mem->trace, padding zeroed up to its last chunk. */
void gs_interpret_instr(const struct gs_instr *in, const struct gs_memory *mem);
/* The epilogue (if any) and the store rule, applied to the function's result. */
uint64_t gs_finish(const struct gs_instr *in, gs_reg value);

/* The whole program. */
void gs_interpret(const struct gs_program *p, const struct gs_memory *mem);

/* Bytes of trace memory that a run touches: up to the end of the last output tensor's chunks. */
uint64_t gs_program_trace_bytes(const struct gs_program *p);

#endif
