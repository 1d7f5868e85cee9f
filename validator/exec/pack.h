/* validator/exec/pack.h: brings the factors of a contraction into the order in which tiles read them. */
#ifndef GS_VALIDATOR_EXEC_PACK_H
#define GS_VALIDATOR_EXEC_PACK_H

#include "validator/exec/contract.h"

/* out[i] = sum of step[a] * coordinate a, for the points first ... first + n - 1 of the box over the listed axes,
 * row-major. */
void gs_walk(const struct gs_axis_list *list, const uint32_t *extent, uint64_t first, size_t n, const int64_t *step,
             int64_t *out);

/* Where a factor's elements lie: element index of lane (or row) i at term t is at[i] + term[t], in array. */
struct gs_packing {
	const float *array;
	const int64_t *term;
	bool unit_terms; /* term[t + 1] = term[t] + 1 everywhere */
};

/* out[t*step + i] for i < n and the terms first ... first + terms - 1. */
void gs_pack(const struct gs_packing *p, const struct gs_kernels *kernels, const int64_t *at, size_t n, uint64_t first,
             size_t terms, float *out, size_t step);

/* Lines of a stage lie in this order: phases of all dimensions, then places of all but the innermost, the last fastest.
 * place[d] and phase[d]: where a line is. */
struct gs_stage_line {
	uint64_t place[GS_AXES_MAX + GS_ROWS_MAX];
	uint32_t phase[GS_AXES_MAX + GS_ROWS_MAX];
};
void gs_stage_line_at(const struct gs_factor *f, uint64_t index, struct gs_stage_line *at);
void gs_stage_line_next(const struct gs_factor *f, struct gs_stage_line *at);

/* Positions low ... high - 1 of a line are elements from, from + step, ... of the tensor, the others padding;
 * low <= high <= the innermost length. */
struct gs_stage_span {
	size_t low, high;
	int64_t from, step;
};
struct gs_stage_span gs_stage_span_of(const struct gs_factor *f, const struct gs_stage_line *at);

/* Fills a factor's stage from the tensor at base (docs: pattern.h). stage holds f->stage_elements floats.
 * Without a pool (NULL) the calling thread does it alone. */
void gs_stage_fill(const struct gs_factor *f, const uint8_t *base, const struct gs_kernels *kernels,
                   struct gs_pool *pool, float *stage);

#endif
