#include "validator/exec/gather.h"

/* Modulo 2^64 no sum from outside comes into the range: it is too far away. */
#define GATHER(TYPE) \
	do { \
		const TYPE *index = g->index; \
		for (size_t i = 0; i < n; i++) { \
			uint64_t c = (uint64_t)(int64_t)index[i] + offset; \
			out[i] = c < extent ? table[c * stride] : outside; \
		} \
	} while (0)

void gs_gather(const struct gs_gather *g, uint32_t *out, size_t n)
{
	const uint32_t *table = g->table;
	const uint64_t offset = (uint64_t)g->offset, extent = g->extent, stride = g->stride;
	const uint32_t outside = g->outside;
	if (g->wide)
		GATHER(int64_t);
	else
		GATHER(int32_t);
}
