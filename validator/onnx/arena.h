/* validator/onnx/arena.h: memory of one lowering. Everything is freed together, and there is a limit on all of it. */
#ifndef GS_VALIDATOR_ONNX_ARENA_H
#define GS_VALIDATOR_ONNX_ARENA_H

#include "chain/core/core.h"

struct gs_arena {
	struct gs_arena_block *head;
	uint64_t used;
	uint64_t max; /* bytes; the limit on the sum of all allocations */
};

void gs_arena_init(struct gs_arena *a, uint64_t max);
void gs_arena_free(struct gs_arena *a); /* leaves an empty arena */
/* count * size zeroed bytes (never NULL for 0), or NULL when the limit or the allocator says no. */
void *gs_arena_alloc(struct gs_arena *a, uint64_t count, size_t size);

#endif
