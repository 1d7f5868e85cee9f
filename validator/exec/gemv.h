/* validator/exec/gemv.h: products of one vector with a constant matrix, packed beforehand: the steps of recurrent layers, and
 * dense layers of one sample. What contract.h finds out anew in each run takes longer than such a product, so it is found
 * out once: tiles of one row run straight from the packed panels to the output. */
#ifndef GS_VALIDATOR_EXEC_GEMV_H
#define GS_VALIDATOR_EXEC_GEMV_H

#include "validator/exec/contract.h"

struct gs_gemv {
	const float *packed; /* borrowed: the contraction's packed_x */
	uint64_t lanes, terms;
	unsigned width;             /* of a full panel: 1 << width vectors */
	uint8_t space, start_space; /* of the vector; of the accumulators' start, unless that is a constant */
	uint32_t chunk, start_chunk, first_chunk;
	int64_t at, start_at; /* elements */
	bool start_constant, start_moves;
	float start, low, high;
};

/* True, with *out filled, when the contraction, its packed_x set, is such a product of binary32. */
bool gs_gemv_prepare(const struct gs_contract *c, struct gs_gemv *out);

/* Writes the instruction's tensor, not the padding behind it. */
void gs_gemv_run(const struct gs_gemv *g, const struct gs_memory *mem, const struct gs_kernels *kernels,
                 struct gs_pool *pool);

#endif
