/* validator/exec/ints.h: products of small integers, one table of inner loops an instruction set.
 *
 * A fold of i32.muladd wraps modulo 2^32, so its terms may be taken in any order and any grouping. Factors are brought
 * into 32-bit *words* that hold the numbers of one, two or four terms, by their greatest magnitude:
 *
 *     GS_WORDS_8    up to four terms, bytes: x as unsigned, w as signed numbers; where a table says so, x as signed ones too
 *     GS_WORDS_16   up to two terms, signed halves
 *     GS_WORDS_32   one term
 *
 * A word of x and a word of w give the sum of the products of their numbers. For every kind that sum is exact modulo 2^32,
 * whatever the numbers are. Numbers that do not fill a word's last places are zero in both factors. */
#ifndef GS_VALIDATOR_EXEC_INTS_H
#define GS_VALIDATOR_EXEC_INTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "validator/exec/kernels.h"

enum gs_words_kind { GS_WORDS_8, GS_WORDS_16, GS_WORDS_32, GS_WORDS_KINDS };

/* out[r][l] = start[r][l] + lane_add[l] + the sum over terms t of the words w[t][r] and x[t][l]; laid out as in struct gs_tile. */
struct gs_int_tile {
	size_t terms; /* words */
	const uint32_t *x;
	const int64_t *x_at;
	size_t x_step;
	const uint32_t *w;
	size_t w_step;
	const uint32_t *start;
	size_t start_row;
	const uint32_t *lane_add; /* NULL: nothing */
	uint32_t *out;
	size_t out_row;
};
typedef void gs_kernel_int_tile(const struct gs_int_tile *tile);

/* Tiles of as many rows as a tile of two vectors may have (kernels.h), one below another: out[r][l] = start[r] + lane_add[l] + the sum
 * over terms t of the words at w + r*w_row + 4*t, in bytes, and x[t][l]. Words begin anywhere. */
struct gs_int_rows {
	size_t terms, tiles;
	const uint32_t *x;
	size_t x_step;
	const uint8_t *w;
	size_t w_row;
	const uint32_t *start, *lane_add;
	uint32_t *out;
	size_t out_row;
	const uint8_t *ahead; /* what to fetch while this is computed, so many bytes more a term; NULL: nothing */
	size_t ahead_step;
};
typedef void gs_kernel_int_rows(const struct gs_int_rows *tiles);

struct gs_ints {
	/* by kind, width and rows - 1, the shapes of struct gs_kernels' tiles; NULL for a kind that gains nothing here */
	gs_kernel_int_tile *tile[GS_WORDS_KINDS][GS_TILE_WIDTHS][GS_TILE_ROWS_MAX];
	/* sums[r] = the sum of what stands in the words w[t*rows + r] of all terms t, as w has it; NULL with the kind's tiles */
	void (*row_sums[GS_WORDS_KINDS])(uint32_t *sums, const uint32_t *w, size_t rows, size_t terms);
	/* by kind, of one and two vectors; NULL where there are no tiles */
	gs_kernel_int_rows *rows[GS_WORDS_KINDS][GS_APART_WIDTHS];
	/* sums[r] = the sum of the bytes, as w has them, at w + r*w_row and after, `terms` of them. Reads up to 64 bytes more of the last
	 * row. NULL with the tiles of bytes. */
	void (*rows_sums)(uint32_t *sums, const uint8_t *w, size_t w_row, size_t rows, size_t terms);
	bool signed_bytes; /* GS_WORDS_8: x's bytes are signed, as w's are */
	/* the least and the greatest of n numbers, n at least 1 */
	void (*range)(const int32_t *in, size_t n, int32_t *low, int32_t *high);
	/* out[i] = in[i] - from, modulo 2^8 or 2^16 */
	void (*narrow_8)(uint8_t *out, const int32_t *in, size_t n, int32_t from);
	void (*narrow_16)(uint16_t *out, const int32_t *in, size_t n, int32_t from);
	/* out[i] = in[i] modulo 2^16; false when some in[i] is no signed half. In one pass, where range and narrow_16 take two. */
	bool (*halves)(uint16_t *out, const int32_t *in, size_t n);
	/* The same of `lines` lines of `terms` numbers, in_line apart, each into words of its own, whose last places are zero. */
	void (*lines_8)(uint32_t *out, const int32_t *in, ptrdiff_t in_line, size_t terms, size_t lines, int32_t from);
	void (*lines_16)(uint32_t *out, const int32_t *in, ptrdiff_t in_line, size_t terms, size_t lines, int32_t from);
	/* out[i] = the word of in[0][i] - from, in[1][i] - from... for the `count` terms of a word */
	void (*across_8)(uint32_t *out, const int32_t *const in[4], unsigned count, size_t n, int32_t from);
	void (*across_16)(uint32_t *out, const int32_t *const in[4], unsigned count, size_t n, int32_t from);
	/* out[i] = in[i] as binary32, to nearest even; in place is fine */
	void (*to_f32)(uint32_t *out, const uint32_t *in, size_t n);
	const struct gs_element_loops *elements; /* elements.h */
};

extern const struct gs_ints gs_ints_portable;
#if defined(__x86_64__)
extern const struct gs_ints gs_ints_avx2;
extern const struct gs_ints gs_ints_avx512;
extern const struct gs_ints gs_ints_avx512vnni; /* needs AVX-512 VNNI besides */
#endif
#if defined(__aarch64__)
extern const struct gs_ints gs_ints_neon;
extern const struct gs_ints gs_ints_neon_dot; /* needs the dot products of bytes besides */
#endif

#endif
