/* validator/exec/gather.h: elements of 32 bits read through an index: embeddings, walks down tree ensembles.
 *
 * Plain loops: on the processors at hand a vector gather is taken apart into as many loads, and takes no less time. */
#ifndef GS_VALIDATOR_EXEC_GATHER_H
#define GS_VALIDATOR_EXEC_GATHER_H

#include "chain/core/core.h"

/* out[i] = table[c*stride] where c = index[i] + offset is in [0, extent), and outside elsewhere; the sum is exact, whatever the
 * index. |offset| at most 2^62, extent and stride at most 2^31. */
struct gs_gather {
	const uint32_t *table;
	const void *index; /* of int64_t if wide, else of int32_t */
	bool wide;
	int64_t offset;
	uint64_t extent, stride;
	uint32_t outside;
};
void gs_gather(const struct gs_gather *g, uint32_t *out, size_t n);

#endif
