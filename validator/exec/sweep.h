/* validator/exec/sweep.h: MAP instructions of binary32, prepared once and run as a nest of loops over vectors.
 *
 *     out[p] = e(f(x0[p], x1[p], x2[p]))
 *
 * whose operands are constants, or views of f32, f16 or bf16 that never leave their range: each is read at
 * at + sum step[a]*axis[a]. Axes that all operands walk alike are one, so that the innermost loop is long; it runs in
 * blocks that stay in the first-level cache, with one kernel for f and one for e (sweep_kernels.h). Every element is computed
 * by the same scalar operations as in docs/machine.md: a lane is an element. */
#ifndef GS_VALIDATOR_EXEC_SWEEP_H
#define GS_VALIDATOR_EXEC_SWEEP_H

#include "challenge/machine/interpreter.h"
#include "validator/exec/kernels.h"
#include "validator/exec/threads.h"

struct gs_sweep_view { /* as one flat index */
	uint8_t space, dtype;
	uint32_t chunk;
	int64_t at, step[GS_OUT_AXES_MAX]; /* elements */
};

struct gs_sweep_operand {
	bool constant;
	uint8_t space, dtype;
	uint32_t chunk;
	float value; /* of a constant */
	int64_t at;  /* elements */
};

/* A recurrent layer has thousands: what of `walk` is not used comes last and is not kept. */
struct gs_sweep {
	uint8_t fn, epilogue, epilogue_pos, store_dtype;
	uint8_t operands, axes; /* axes: merged ones; the output is dense over them */
	uint32_t first_chunk;
	float epilogue_value[2];
	uint64_t lines; /* product of all extents but the last */
	struct gs_sweep_operand operand[3];
	int64_t walk[4 * GS_OUT_AXES_MAX]; /* the axes' extents, then each operand's steps along them, in elements */
};

static inline const int64_t *gs_sweep_steps(const struct gs_sweep *s, unsigned operand)
{
	return s->walk + (1 + operand) * s->axes;
}

/* True, with *out filled, when the instruction is such a MAP. */
bool gs_sweep_prepare(const struct gs_instr *in, struct gs_sweep *out);

/* What of it is used, from its start on. */
static inline size_t gs_sweep_bytes(const struct gs_sweep *s)
{
	return offsetof(struct gs_sweep, walk) + (1U + s->operands) * s->axes * sizeof(s->walk[0]);
}

/* Writes the instruction's tensor, not the padding behind it. */
void gs_sweep_run(const struct gs_sweep *s, const struct gs_memory *mem, const struct gs_kernels *kernels,
                  struct gs_pool *pool);

/* The same for a part of it: elements first ... last - 1 of the output, by the calling thread. */
struct gs_sweep_bound { /* to the memory of a run */
	const struct gs_sweep *s;
	const struct gs_kernels *kernels;
	const uint8_t *base[3]; /* of the operands' tensors */
	uint8_t *out;
};
struct gs_sweep_bound gs_sweep_bind(const struct gs_sweep *s, const struct gs_memory *mem,
                                    const struct gs_kernels *kernels);
void gs_sweep_range(const struct gs_sweep_bound *job, uint64_t first, uint64_t last);
uint64_t gs_sweep_elements(const struct gs_sweep *s); /* of the output */

/* out[i] = fn(x[0][i], ...), as gs_sweep_kernel says, any function of binary32 alone. */
void gs_sweep_apply(const struct gs_kernels *kernels, unsigned fn, float *out, size_t n, const float *const x[3],
                    unsigned moves);
/* The epilogue of an instruction, in place; none when epilogue is 0. */
void gs_sweep_finish(const struct gs_kernels *kernels, unsigned epilogue, unsigned pos, const float other[2],
                     float *value, size_t n);
bool gs_sweep_knows(unsigned fn); /* a function of binary32 alone */
/* A view, of any dtype, that never leaves its range, as one flat index; false when it may. */
bool gs_sweep_view(const struct gs_instr *in, const struct gs_view *view, struct gs_sweep_view *out);

/* Merges neighbouring axes that every one of the `walks` lists of steps (lists[k][axis]) walks as one, and drops those of
 * extent 1; the number of axes that are left, at least 1. */
unsigned gs_merge_axes(unsigned axes, uint64_t *extent, int64_t *const *lists, unsigned walks);

#endif
