/* validator/exec/ints_portable.c: the loops of ints.h in plain C. It has every kind, and so says what the others must give. */
#include <stdint.h>
#include <string.h>

enum { W_LANES = 4 };
struct words {
	uint32_t lane[W_LANES];
};
#define W struct words
#define W_LOAD(p) words_load(p)
#define W_STORE(p, v) words_store(p, v)
#define W_SPLAT(x) words_splat(x)
#define W_ADD(a, b) words_add(a, b)
#define DOT_8(acc, x, w) dot_8(acc, x, w)
#define DOT_16(acc, x, w) dot_16(acc, x, w)
#define DOT_32(acc, x, w) dot_32(acc, x, w)

static inline struct words words_load(const void *p)
{
	struct words v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void words_store(uint32_t *p, struct words v)
{
	for (unsigned i = 0; i < W_LANES; i++)
		p[i] = v.lane[i];
}

static inline struct words words_splat(uint32_t x)
{
	struct words v;
	for (unsigned i = 0; i < W_LANES; i++)
		v.lane[i] = x;
	return v;
}

static inline struct words words_add(struct words a, struct words b)
{
	for (unsigned i = 0; i < W_LANES; i++)
		a.lane[i] += b.lane[i];
	return a;
}

static inline struct words dot_8(struct words acc, struct words x, struct words w)
{
	for (unsigned i = 0; i < W_LANES; i++)
		for (unsigned j = 0; j < 32; j += 8)
			acc.lane[i] += (uint32_t)((int32_t)(x.lane[i] >> j & 0xff) * (int8_t)(w.lane[i] >> j & 0xff));
	return acc;
}

static inline struct words dot_16(struct words acc, struct words x, struct words w)
{
	for (unsigned i = 0; i < W_LANES; i++)
		for (unsigned j = 0; j < 32; j += 16)
			acc.lane[i] += (uint32_t)((int16_t)(x.lane[i] >> j & 0xffff) *
			                          (int16_t)(w.lane[i] >> j & 0xffff));
	return acc;
}

static inline struct words dot_32(struct words acc, struct words x, struct words w)
{
	for (unsigned i = 0; i < W_LANES; i++)
		acc.lane[i] += x.lane[i] * w.lane[i];
	return acc;
}

#include "validator/exec/ints_tile.h"

INTS_TO_4(8, 1)
INTS_TO_4(8, 2)
INTS_TO_2(8, 4)
INTS(8, 8, 1)
INTS_TO_4(16, 1)
INTS_TO_4(16, 2)
INTS_TO_2(16, 4)
INTS(16, 8, 1)
INTS_TO_4(32, 1)
INTS_TO_4(32, 2)
INTS_TO_2(32, 4)
INTS(32, 8, 1)

INT_ROWS_OF(8, 4)
INT_ROWS_OF(16, 4)

const struct gs_ints gs_ints_portable = {
	.tile = {[GS_WORDS_8] = {{INT_NAMES_4(8, 1)}, {INT_NAMES_4(8, 2)}, {INT_NAMES_2(8, 4)}, {INT_NAMES_1(8, 8)}},
                 [GS_WORDS_16] =
                         {{INT_NAMES_4(16, 1)}, {INT_NAMES_4(16, 2)}, {INT_NAMES_2(16, 4)}, {INT_NAMES_1(16, 8)}},
                 [GS_WORDS_32] =
                         {{INT_NAMES_4(32, 1)}, {INT_NAMES_4(32, 2)}, {INT_NAMES_2(32, 4)}, {INT_NAMES_1(32, 8)}}},
	.rows = {[GS_WORDS_8] = INT_ROWS_NAMES(8), [GS_WORDS_16] = INT_ROWS_NAMES(16)},
	INT_WORDS,
};
