#include "validator/onnx/arena.h"

#include <stdlib.h>
#include <string.h>

enum { GS_ARENA_BLOCK_BYTES = 1 << 16 };

struct gs_arena_block {
	struct gs_arena_block *next;
	size_t used;
	size_t cap;
	_Alignas(max_align_t) uint8_t bytes[];
};

void gs_arena_init(struct gs_arena *a, uint64_t max)
{
	*a = (struct gs_arena){.max = max};
}

void gs_arena_free(struct gs_arena *a)
{
	while (a->head != NULL) {
		struct gs_arena_block *next = a->head->next;
		free(a->head);
		a->head = next;
	}
	a->used = 0;
}

static struct gs_arena_block *block_new(size_t cap)
{
	struct gs_arena_block *b = calloc(1, sizeof(*b) + cap);
	if (b != NULL)
		b->cap = cap;
	return b;
}

void *gs_arena_alloc(struct gs_arena *a, uint64_t count, size_t size)
{
	uint64_t bytes;
	if (__builtin_mul_overflow(count, (uint64_t)size, &bytes) || bytes > a->max || a->used > a->max - bytes)
		return NULL;
	bytes = (bytes + 15) & ~UINT64_C(15);
	if (bytes == 0)
		bytes = 16;
	if (a->head == NULL || a->head->cap - a->head->used < bytes) {
		bool big = bytes > GS_ARENA_BLOCK_BYTES / 4;
		struct gs_arena_block *b = block_new(big ? (size_t)bytes : GS_ARENA_BLOCK_BYTES);
		if (b == NULL)
			return NULL;
		if (big && a->head != NULL) { /* keep filling the current block */
			b->next = a->head->next;
			a->head->next = b;
			b->used = (size_t)bytes;
			a->used += bytes;
			return b->bytes;
		}
		b->next = a->head;
		a->head = b;
	}
	void *p = a->head->bytes + a->head->used;
	a->head->used += (size_t)bytes;
	a->used += bytes;
	return p;
}
