/* validator/exec/ints_tile.h: the loops of ints.h. Each ints_<isa>.c names its vector of 32-bit words (W, W_LANES, W_LOAD,
 * W_STORE, W_SPLAT, W_ADD) and its sums of products of words (DOT_8, DOT_16, DOT_32: of a vector of accumulators, one of x and one of w),
 * includes this, and makes the instances that its registers hold. */
#ifndef GS_VALIDATOR_EXEC_INTS_TILE_H
#define GS_VALIDATOR_EXEC_INTS_TILE_H

#include "validator/exec/elements_body.h"
#include "validator/exec/ints.h"

#include <string.h>

#ifdef W

#define INT_TERM(X, DOT) \
	do { \
		const uint32_t *from_ = (X); \
		W x_[8]; \
		_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) x_[v] = W_LOAD(from_ + v * W_LANES); \
		_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
		{ \
			W w_ = W_SPLAT(w[r]); \
			_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) \
				acc[r][v] = DOT(acc[r][v], x_[v], w_); \
		} \
	} while (0)

/* A hundred unrolled instances, each access and sum of which were checked, would take the compiler minutes a file; the same
 * addresses are checked in the tiles of binary32. */
#define INT_UNCHECKED __attribute__((no_sanitize("address"), no_sanitize("undefined")))

/* One function a kind: vectors and rows are constants in every instance, so the loops over them unroll completely. */
#define INT_TILE_RUN(NAME, DOT) \
	static inline INT_UNCHECKED __attribute__((always_inline)) void NAME( \
		const struct gs_int_tile *t, const unsigned vectors, const unsigned rows) \
	{ \
		W acc[GS_TILE_ROWS_MAX][8]; \
		const uint32_t *x = t->x, *w = t->w; \
		const size_t x_step = t->x_step, w_step = t->w_step, terms = t->terms; \
		_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
			_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) \
				acc[r][v] = t->start_row == 0 ? W_SPLAT(t->start[r]) \
		                                              : W_LOAD(t->start + r * t->start_row + v * W_LANES); \
		if (t->lane_add) { \
			_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) \
			{ \
				W add_ = W_LOAD(t->lane_add + v * W_LANES); \
				_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
					acc[r][v] = W_ADD(acc[r][v], add_); \
			} \
		} \
		if (t->x_at == NULL) { \
			for (size_t k = 0; k < terms; k++, x += x_step, w += w_step) \
				INT_TERM(x, DOT); \
		} else { \
			const int64_t *x_at = t->x_at; \
			for (size_t k = 0; k < terms; k++, w += w_step) \
				INT_TERM(x + x_at[k], DOT); \
		} \
		_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
			_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) \
				W_STORE(t->out + r * t->out_row + v * W_LANES, acc[r][v]); \
	}

#ifdef DOT_8
INT_TILE_RUN(int_tile_8, DOT_8)
#endif
INT_TILE_RUN(int_tile_16, DOT_16)
INT_TILE_RUN(int_tile_32, DOT_32)

/* Rows that were narrowed as they lie (narrow.h). Three of them share an address, as a processor adds it up. */
#define INT_ROWS_RUN(NAME, BITS, DOT) \
	static inline INT_UNCHECKED __attribute__((always_inline)) void NAME( \
		const struct gs_int_rows *t, const unsigned vectors, const unsigned rows) \
	{ \
		const size_t x_step = t->x_step, w_row = t->w_row, terms = t->terms, out_row = t->out_row; \
		const uint8_t *w = t->w, *ahead = t->ahead ? t->ahead : w; \
		const uint32_t *start = t->start; \
		uint32_t *out = t->out; \
		for (size_t i = 0; i < t->tiles; i++, w += rows * w_row, start += rows, out += rows * out_row) { \
			W acc[GS_TILE_ROWS_MAX][2]; \
			const uint8_t *three_[(GS_TILE_ROWS_MAX + 2) / 3] = {w}; \
			const uint32_t *x = t->x; \
			_Pragma("GCC unroll 8") for (unsigned j = 1; j < (rows + 2) / 3; j++) \
				three_[j] = three_[j - 1] + 3 * w_row; \
			_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) \
			{ \
				W add_ = W_LOAD(t->lane_add + v * W_LANES); \
				_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
					acc[r][v] = W_ADD(W_SPLAT(start[r]), add_); \
			} \
			for (size_t k = 0; k < terms; k++, x += x_step, ahead += t->ahead_step) { \
				_Pragma("GCC unroll 4") for (unsigned l = 0; l < rows * (128 / BITS); l += 64) \
					__builtin_prefetch(ahead + l); \
				W x_[2]; \
				_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) \
					x_[v] = W_LOAD(x + v * W_LANES); \
				_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
				{ \
					uint32_t word_; \
					memcpy(&word_, three_[r / 3] + r % 3 * w_row, sizeof(word_)); \
					W w_ = W_SPLAT(word_); \
					_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) \
						acc[r][v] = DOT(acc[r][v], x_[v], w_); \
				} \
				_Pragma("GCC unroll 8") for (unsigned j = 0; j < (rows + 2) / 3; j++) \
				{ \
					three_[j] += sizeof(uint32_t); \
					__asm__("" : "+r"(three_[j])); \
				} \
			} \
			_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
				_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) \
					W_STORE(out + r * out_row + v * W_LANES, acc[r][v]); \
		} \
	}
#ifdef DOT_8
INT_ROWS_RUN(int_rows_8, 8, DOT_8)
#endif
INT_ROWS_RUN(int_rows_16, 16, DOT_16)

#ifdef DOT_8
#ifndef W_SUMS
/* The sums of each vector's lanes. */
static inline W words_sums(const W *v)
{
	uint32_t part[W_LANES], sums[W_LANES] = {0};
	for (unsigned i = 0; i < W_LANES; i++) {
		W_STORE(part, v[i]);
		for (unsigned l = 0; l < W_LANES; l++)
			sums[i] += part[l];
	}
	return W_LOAD(sums);
}
#define W_SUMS(v) words_sums(v)
#endif

/* A vector of a row at a time, of the last one those bytes that are its own. */
static INT_UNCHECKED void rows_sums(uint32_t *sums, const uint8_t *w, size_t w_row, size_t rows, size_t terms)
{
	enum { BYTES = 4 * W_LANES };
	uint8_t ones[2 * BYTES] = {0};
	uint32_t out[W_LANES];
	memset(ones, 1, BYTES);
	for (size_t r = 0; r < rows; r += W_LANES) {
		const size_t n = rows - r < W_LANES ? rows - r : W_LANES;
		W sum[W_LANES];
		for (unsigned i = 0; i < W_LANES; i++)
			sum[i] = W_SPLAT(0);
		for (size_t at = 0; at < terms; at += BYTES) {
			const uint8_t *first = ones + (terms - at < BYTES ? BYTES - (terms - at) : 0);
			const W one = W_LOAD((const uint32_t *)(const void *)first);
			_Pragma("GCC unroll 16") for (unsigned i = 0; i < W_LANES; i++)
			{
				const uint8_t *from = w + (r + (i < n ? i : 0)) * w_row + at;
				sum[i] = DOT_8(sum[i], one, W_LOAD((const uint32_t *)(const void *)from));
			}
		}
		W_STORE(out, W_SUMS(sum));
		memcpy(sums + r, out, n * sizeof(*out));
	}
}
#define INT_ROWS_SUMS rows_sums
#else
#define INT_ROWS_SUMS NULL
#endif

/* Rows are lanes here. A vector that begins in one term's rows ends in those of the next; the last terms, behind which nothing may be
 * read, come through a copy. */
#define INT_ROW_SUMS(BITS, DOT, ONE) \
	static void row_sums_##BITS(uint32_t *restrict sums, const uint32_t *restrict w, size_t rows, size_t terms) \
	{ \
		for (size_t r = 0; r < rows; r += W_LANES) { \
			const size_t n = rows - r < W_LANES ? rows - r : W_LANES; \
			uint32_t part[W_LANES] = {0}; \
			W acc = W_LOAD(part); \
			for (size_t t = 0; t < terms; t++) { \
				const uint32_t *from = w + t * rows + r; \
				if (t * rows + r + W_LANES > terms * rows) \
					from = memcpy(part, from, n * sizeof(*part)); \
				acc = DOT(acc, W_SPLAT(ONE), W_LOAD(from)); \
			} \
			W_STORE(part, acc); \
			memcpy(sums + r, part, n * sizeof(*part)); \
		} \
	}
#ifdef DOT_8
INT_ROW_SUMS(8, DOT_8, 0x01010101)
#define INT_ROW_SUMS_8 row_sums_8
#else
#define INT_ROW_SUMS_8 NULL
#endif
INT_ROW_SUMS(16, DOT_16, 0x00010001)
INT_ROW_SUMS(32, DOT_32, 1)

/* The instances: INTS_TO_n makes one function a number of rows, INT_NAMES_n names them in the table. K: the kind's bits. */
#define INTS(K, N, ROWS) \
	static INT_UNCHECKED void int_tile_##K##_##N##_##ROWS(const struct gs_int_tile *t) \
	{ \
		int_tile_##K(t, N, ROWS); \
	}
#define INTS_TO_2(K, N) INTS(K, N, 1) INTS(K, N, 2)
#define INTS_TO_4(K, N) INTS_TO_2(K, N) INTS(K, N, 3) INTS(K, N, 4)
#define INTS_TO_6(K, N) INTS_TO_4(K, N) INTS(K, N, 5) INTS(K, N, 6)
#define INTS_TO_8(K, N) INTS_TO_6(K, N) INTS(K, N, 7) INTS(K, N, 8)
#define INTS_TO_14(K, N) \
	INTS_TO_8(K, N) \
	INTS(K, N, 9) INTS(K, N, 10) INTS(K, N, 11) INTS(K, N, 12) INTS(K, N, 13) INTS(K, N, 14)
#define INT_ROWS(K, N, ROWS) \
	static INT_UNCHECKED void int_rows_##K##_##N(const struct gs_int_rows *t) \
	{ \
		int_rows_##K(t, N, ROWS); \
	}
/* The two instances of a kind, and their names in the table. */
#define INT_ROWS_OF(K, ROWS) INT_ROWS(K, 1, ROWS) INT_ROWS(K, 2, ROWS)
#define INT_ROWS_NAMES(K) \
	{ \
		int_rows_##K##_1, int_rows_##K##_2 \
	}
#define INT_NAMES_1(K, N) int_tile_##K##_##N##_1
#define INT_NAMES_2(K, N) INT_NAMES_1(K, N), int_tile_##K##_##N##_2
#define INT_NAMES_4(K, N) INT_NAMES_2(K, N), int_tile_##K##_##N##_3, int_tile_##K##_##N##_4
#define INT_NAMES_6(K, N) INT_NAMES_4(K, N), int_tile_##K##_##N##_5, int_tile_##K##_##N##_6
#define INT_NAMES_8(K, N) INT_NAMES_6(K, N), int_tile_##K##_##N##_7, int_tile_##K##_##N##_8
#define INT_NAMES_14(K, N) \
	INT_NAMES_8(K, N), int_tile_##K##_##N##_9, int_tile_##K##_##N##_10, int_tile_##K##_##N##_11, \
		int_tile_##K##_##N##_12, int_tile_##K##_##N##_13, int_tile_##K##_##N##_14

/* ---- numbers into words: plain loops, which compilers turn into vectors ---- */

static void int_range(const int32_t *in, size_t n, int32_t *low, int32_t *high)
{
	int32_t least = in[0], greatest = in[0];
	for (size_t i = 1; i < n; i++) {
		least = in[i] < least ? in[i] : least;
		greatest = in[i] > greatest ? in[i] : greatest;
	}
	*low = least;
	*high = greatest;
}

static void narrow_8(uint8_t *restrict out, const int32_t *restrict in, size_t n, int32_t from)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((uint32_t)in[i] - (uint32_t)from);
}

static void narrow_16(uint16_t *restrict out, const int32_t *restrict in, size_t n, int32_t from)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint16_t)((uint32_t)in[i] - (uint32_t)from);
}

static bool halves(uint16_t *restrict out, const int32_t *restrict in, size_t n)
{
	uint32_t over = 0;
	for (size_t i = 0; i < n; i++) {
		out[i] = (uint16_t)(uint32_t)in[i];
		over |= (uint32_t)in[i] + 0x8000;
	}
	return over >> 16 == 0;
}

/* Sixteen numbers at a time, the last sixteen of a line once more if need be: loops of a constant length are a few vectors. */
#define LINES(BITS) \
	static void lines_##BITS(uint32_t *restrict out, const int32_t *restrict in, ptrdiff_t in_line, size_t terms, \
	                         size_t lines, int32_t from) \
	{ \
		enum { STEP = 16, PLACES = 32 / BITS }; \
		const size_t words = (terms + PLACES - 1) / PLACES; \
		for (size_t y = 0; y < lines; y++, out += words, in += in_line) { \
			uint##BITS##_t *to = (uint##BITS##_t *)(void *)out; \
			out[words - 1] = 0; \
			if (terms < STEP) { \
				narrow_##BITS(to, in, terms, from); \
				continue; \
			} \
			for (size_t i = 0; i + STEP <= terms; i += STEP) \
				for (size_t j = 0; j < STEP; j++) \
					to[i + j] = (uint##BITS##_t)((uint32_t)in[i + j] - (uint32_t)from); \
			for (size_t j = terms - STEP; terms % STEP != 0 && j < terms; j++) \
				to[j] = (uint##BITS##_t)((uint32_t)in[j] - (uint32_t)from); \
		} \
	}
LINES(8)
LINES(16)

static void across_8(uint32_t *restrict out, const int32_t *const in[4], unsigned count, size_t n, int32_t from)
{
	const uint32_t f = (uint32_t)from;
	if (count == 4) {
		const int32_t *restrict a = in[0], *restrict b = in[1], *restrict c = in[2], *restrict d = in[3];
		for (size_t i = 0; i < n; i++)
			out[i] = (((uint32_t)a[i] - f) & 0xff) | (((uint32_t)b[i] - f) & 0xff) << 8 |
			         (((uint32_t)c[i] - f) & 0xff) << 16 | ((uint32_t)d[i] - f) << 24;
		return;
	}
	memset(out, 0, n * sizeof(*out));
	for (unsigned j = 0; j < count; j++)
		for (size_t i = 0; i < n; i++)
			out[i] |= (((uint32_t)in[j][i] - f) & 0xff) << 8 * j;
}

static void across_16(uint32_t *restrict out, const int32_t *const in[4], unsigned count, size_t n, int32_t from)
{
	const uint32_t f = (uint32_t)from;
	for (size_t i = 0; i < n; i++)
		out[i] = ((uint32_t)in[0][i] - f) & 0xffff;
	for (size_t i = 0; count == 2 && i < n; i++)
		out[i] |= ((uint32_t)in[1][i] - f) << 16;
}

static void to_f32(uint32_t *out, const uint32_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float value = (float)(int32_t)in[i];
		memcpy(&out[i], &value, sizeof(value));
	}
}

#define INT_WORDS \
	.range = int_range, .narrow_8 = narrow_8, .narrow_16 = narrow_16, .halves = halves, .lines_8 = lines_8, \
	.lines_16 = lines_16, .across_8 = across_8, .across_16 = across_16, .to_f32 = to_f32, \
	.rows_sums = INT_ROWS_SUMS, .elements = &element_loops, \
	.row_sums = {[GS_WORDS_8] = INT_ROW_SUMS_8, [GS_WORDS_16] = row_sums_16, [GS_WORDS_32] = row_sums_32}

#endif
#endif
