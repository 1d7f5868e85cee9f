/* validator/exec/kernels_tile.h: tiles of accumulators in registers. Included by each kernels_<isa>.c, which first names
 * its vector type and operations (V, V_LANES, V_LOAD, V_STORE, V_SPLAT, V_FMA, V_FINISH, V_CLAMP for what V_FINISH does to
 * numbers, and V_NANS for the presence of NaNs in pairs of vectors), and then makes the instances that its registers hold.
 *
 * A lane is one output element and its accumulator stays in that lane: acc = fma(w, x, acc), term after term, which is
 * the law's order. Rows and vectors are constants in every instance, so the loops over them unroll completely. */
#ifndef GS_VALIDATOR_EXEC_KERNELS_TILE_H
#define GS_VALIDATOR_EXEC_KERNELS_TILE_H

#include "validator/exec/kernels.h"

#ifdef V

enum {
	TILE_LINE = 16,   /* floats of a line of the caches, at least of most */
	TILE_AHEAD = 512, /* so far ahead factors that come from memory are fetched */
};

#define TILE_TERM(X) \
	do { \
		__builtin_prefetch(w + TILE_AHEAD); \
		const float *from_ = (X); \
		V x_[8]; \
		_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) x_[v] = V_LOAD(from_ + v * V_LANES); \
		_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
		{ \
			V w_ = V_SPLAT(w[r]); \
			_Pragma("GCC unroll 8") for (unsigned v = 0; v < vectors; v++) \
				acc[r][v] = V_FMA(w_, x_[v], acc[r][v]); \
		} \
	} while (0)

/* What the last terms leave, as it is stored. NaNs are rare: look for any first. */
static inline __attribute__((always_inline)) void tile_finish(const struct gs_tile *t, V (*acc)[8],
                                                              const unsigned vectors, const unsigned rows)
{
	V_NANS nans = V_NO_NANS;
#pragma GCC unroll 16
	for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
		for (unsigned v = 0; v < vectors; v += 2)
			nans = V_FIND_NANS(nans, acc[r][v], acc[r][v + 1 < vectors ? v + 1 : v]);
	if (!t->clamp && !V_ANY_NANS(nans))
		return;
	V low = V_SPLAT(t->low), high = V_SPLAT(t->high);
	if (V_ANY_NANS(nans)) {
#pragma GCC unroll 16
		for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
			for (unsigned v = 0; v < vectors; v++)
				acc[r][v] = V_FINISH(acc[r][v], low, high);
		return;
	}
#pragma GCC unroll 16
	for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
		for (unsigned v = 0; v < vectors; v++)
			acc[r][v] = V_CLAMP(acc[r][v], low, high);
}

static inline __attribute__((always_inline)) void tile_start(const struct gs_tile *t, const float *start, V (*acc)[8],
                                                             const unsigned vectors, const unsigned rows)
{
	const size_t start_row = t->start_row;
	if (start_row == 0 && !t->start_lanes) {
#pragma GCC unroll 16
		for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
			for (unsigned v = 0; v < vectors; v++)
				acc[r][v] = V_SPLAT(start[r]);
		return;
	}
#pragma GCC unroll 16
	for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
		for (unsigned v = 0; v < vectors; v++)
			acc[r][v] = V_LOAD(start + r * start_row + v * V_LANES);
}

/* One panel after another: what surrounds the terms of one overlaps with the terms of the next. */
static inline __attribute__((always_inline)) void tile_run(const struct gs_tile *t, const unsigned vectors,
                                                           const unsigned rows)
{
	const size_t x_step = t->x_step, w_step = t->w_step, terms = t->terms, out_row = t->out_row;
	const size_t ahead_step = t->ahead_step;
	const int64_t *x_at = t->x_at;
	for (size_t p = 0; p < t->panels; p++) {
		V acc[GS_TILE_ROWS_MAX][8];
		const float *x = t->x + (ptrdiff_t)p * t->x_next, *w = t->w;
		float *out = t->out + p * (vectors * V_LANES);
		if (t->last) { /* the output's lines are fetched while the terms run */
#pragma GCC unroll 16
			for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
				for (unsigned l = 0; l < vectors * V_LANES; l += TILE_LINE)
					__builtin_prefetch(out + r * out_row + l, 1);
		}
		tile_start(t, t->start + p * t->start_next, acc, vectors, rows);
		if (x_at == NULL) {
			const float *ahead = t->ahead ? t->ahead + (ptrdiff_t)p * t->x_next : x;
			for (size_t k = 0; k < terms; k++, x += x_step, w += w_step, ahead += ahead_step) {
				__builtin_prefetch(ahead);
				TILE_TERM(x);
			}
		} else {
			for (size_t k = 0; k < terms; k++, w += w_step) {
				const float *here = x + x_at[k]; /* where x lies: fetch the next tile's, too */
#pragma GCC unroll 8
				for (unsigned l = 0; l < vectors * V_LANES; l += TILE_LINE)
					__builtin_prefetch(here + vectors * V_LANES + l);
				TILE_TERM(here);
			}
		}
		if (t->last)
			tile_finish(t, acc, vectors, rows);
#pragma GCC unroll 16
		for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
			for (unsigned v = 0; v < vectors; v++)
				V_STORE(out + r * out_row + v * V_LANES, acc[r][v]);
	}
}

/* Rows that are not packed: ROW(r) is the number of row r. */
#define APART_TERM(X, ROW) \
	do { \
		const float *from_ = (X); \
		V x_[2]; \
		_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) x_[v] = V_LOAD(from_ + v * V_LANES); \
		_Pragma("GCC unroll 16") for (unsigned r = 0; r < rows; r++) \
		{ \
			V row_ = V_SPLAT(ROW(r)); \
			_Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++) \
				acc[r][v] = V_FMA(row_, x_[v], acc[r][v]); \
		} \
	} while (0)
#define APART_NEXT(R) (w[R])
/* Three rows share an address, as a processor adds it up; compilers, left alone, add up each row's. */
#define APART_OF_THREE(R) (three_[(R) / 3][(R) % 3 * w_row])

static inline __attribute__((always_inline)) void tile_apart(const struct gs_tile *t, const unsigned vectors,
                                                             const unsigned rows)
{
	const size_t x_step = t->x_step, terms = t->terms, out_row = t->out_row, w_row = t->w_row, three = 3 * w_row;
	for (size_t p = 0; p < t->panels; p++) {
		V acc[GS_TILE_ROWS_MAX][8];
		const float *x = t->x + (ptrdiff_t)p * t->x_next;
		float *out = t->out + p * (vectors * V_LANES);
		tile_start(t, t->start + p * t->start_next, acc, vectors, rows);
		if (t->x_at != NULL) {
			for (size_t k = 0; k < terms; k++) {
				const float *w = t->w + t->w_at[k];
				APART_TERM(x + t->x_at[k], APART_NEXT);
			}
		} else if (w_row == 1) {
			for (size_t k = 0; k < terms; k++, x += x_step) {
				const float *w = t->w + t->w_at[k];
				APART_TERM(x, APART_NEXT);
			}
		} else {
			for (size_t k = 0; k < terms; k++, x += x_step) {
				const float *three_[(GS_TILE_ROWS_MAX + 2) / 3] = {t->w + t->w_at[k]};
#pragma GCC unroll 8
				for (unsigned i = 1; i < (rows + 2) / 3; i++) {
					three_[i] = three_[i - 1] + three;
					__asm__("" : "+r"(three_[i]));
				}
				APART_TERM(x, APART_OF_THREE);
			}
		}
		if (t->last)
			tile_finish(t, acc, vectors, rows);
#pragma GCC unroll 16
		for (unsigned r = 0; r < rows; r++)
#pragma GCC unroll 8
			for (unsigned v = 0; v < vectors; v++)
				V_STORE(out + r * out_row + v * V_LANES, acc[r][v]);
	}
}

/* The instances: TILE_n makes one function a number of rows, TILES_n names them in the table. */
#define TILE(VECTORS, ROWS) \
	static void tile_##VECTORS##_##ROWS(const struct gs_tile *t) \
	{ \
		tile_run(t, VECTORS, ROWS); \
	}
#define APART(VECTORS, ROWS) \
	static void apart_##VECTORS##_##ROWS(const struct gs_tile *t) \
	{ \
		tile_apart(t, VECTORS, ROWS); \
	}
#define TILE_TO_2(N) TILE(N, 1) TILE(N, 2)
#define TILE_TO_4(N) TILE_TO_2(N) TILE(N, 3) TILE(N, 4)
#define TILE_TO_6(N) TILE_TO_4(N) TILE(N, 5) TILE(N, 6)
#define TILE_TO_8(N) TILE_TO_6(N) TILE(N, 7) TILE(N, 8)
#define TILE_TO_14(N) TILE_TO_8(N) TILE(N, 9) TILE(N, 10) TILE(N, 11) TILE(N, 12) TILE(N, 13) TILE(N, 14)
#define TILES_TO_1(N) tile_##N##_1
#define TILES_TO_2(N) TILES_TO_1(N), tile_##N##_2
#define TILES_TO_4(N) TILES_TO_2(N), tile_##N##_3, tile_##N##_4
#define TILES_TO_6(N) TILES_TO_4(N), tile_##N##_5, tile_##N##_6
#define TILES_TO_8(N) TILES_TO_6(N), tile_##N##_7, tile_##N##_8
#define TILES_TO_14(N) \
	TILES_TO_8(N), tile_##N##_9, tile_##N##_10, tile_##N##_11, tile_##N##_12, tile_##N##_13, tile_##N##_14

#define APART_TO_2(N) APART(N, 1) APART(N, 2)
#define APART_TO_4(N) APART_TO_2(N) APART(N, 3) APART(N, 4)
#define APART_TO_6(N) APART_TO_4(N) APART(N, 5) APART(N, 6)
#define APART_TO_8(N) APART_TO_6(N) APART(N, 7) APART(N, 8)
#define APART_TO_14(N) APART_TO_8(N) APART(N, 9) APART(N, 10) APART(N, 11) APART(N, 12) APART(N, 13) APART(N, 14)
#define APARTS_TO_1(N) apart_##N##_1
#define APARTS_TO_2(N) APARTS_TO_1(N), apart_##N##_2
#define APARTS_TO_4(N) APARTS_TO_2(N), apart_##N##_3, apart_##N##_4
#define APARTS_TO_6(N) APARTS_TO_4(N), apart_##N##_5, apart_##N##_6
#define APARTS_TO_8(N) APARTS_TO_6(N), apart_##N##_7, apart_##N##_8
#define APARTS_TO_14(N) \
	APARTS_TO_8(N), apart_##N##_9, apart_##N##_10, apart_##N##_11, apart_##N##_12, apart_##N##_13, apart_##N##_14

/* Any rows, one element after another: what a vector transposition leaves over. */
static inline void transpose_rest(float *dst, size_t step, const float *src, ptrdiff_t row_step, size_t rows,
                                  size_t first, size_t terms)
{
	for (size_t t = first; t < terms; t++)
		for (size_t r = 0; r < rows; r++)
			dst[t * step + r] = src[(ptrdiff_t)r * row_step + (ptrdiff_t)t];
}

#endif
#endif
