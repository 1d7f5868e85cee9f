#include "validator/exec/gather.h"

#include <string.h>

enum { TOGETHER = 4 }; /* elements that are compared at once, and read before any is written */

/* Modulo 2^64 no sum from outside comes into the range: it is too far away. */
#define PLACE(I) ((uint64_t)(int64_t)index[I] + offset)
#define GATHER(TYPE) \
	do { \
		const TYPE *index = g->index; \
		size_t i = 0; \
		for (; n - i >= TOGETHER; i += TOGETHER) { \
			const uint64_t c[TOGETHER] = {PLACE(i), PLACE(i + 1), PLACE(i + 2), PLACE(i + 3)}; \
			uint32_t x[TOGETHER]; \
			if ((c[0] < extent) & (c[1] < extent) & (c[2] < extent) & (c[3] < extent)) \
				for (unsigned k = 0; k < TOGETHER; k++) \
					x[k] = table[c[k] * stride]; \
			else \
				for (unsigned k = 0; k < TOGETHER; k++) \
					x[k] = c[k] < extent ? table[c[k] * stride] : outside; \
			memcpy(out + i, x, sizeof(x)); \
		} \
		for (; i < n; i++) { \
			uint64_t c = PLACE(i); \
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
