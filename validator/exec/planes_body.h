/* validator/exec/planes_body.h: tiles of planes.h for vectors of one width. A planes_<isa>.c includes this for its vectors, and
 * once more for vectors of half the width if it has them, having named the type and the operations each time: V, V_LANES,
 * V_LOAD, V_STORE, V_STORE_SOME, V_SPLAT, V_FMA(w, x, acc), V_KEEP (which makes a value stay in a register), V_CLAMP, V_CANONICAL, V_NANS for the presence of NaNs in pairs
 * of vectors, NAME(x) for names of this width, and ROWS_SQUARE3, ROWS_SQUARE5 and ROWS_ANY, at most 8, 4 and 4. */

#ifndef GS_VALIDATOR_EXEC_PLANES_BODY_H
#define GS_VALIDATOR_EXEC_PLANES_BODY_H
#include "validator/exec/planes.h"
#endif /* all else is made anew for other vectors */

#ifdef V
typedef void NAME(tile)(const struct gs_planes *p, const float *x, const float *w, float start, float *out,
                        size_t some);

#define FOR_ROWS _Pragma("GCC unroll 8") for (unsigned r = 0; r < rows; r++)
#define FOR_VECTORS _Pragma("GCC unroll 2") for (unsigned v = 0; v < vectors; v++)

/* What was accumulated, finished and stored: whole vectors, but `some` lanes of the last. */
#define FINISH_AND_STORE() \
	do { \
		V_NANS nans_ = V_NO_NANS; \
		FOR_ROWS nans_ = V_FIND_NANS(nans_, acc[r][0], acc[r][vectors - 1]); \
		if (p->clamp) { \
			V low_ = V_SPLAT(p->low), high_ = V_SPLAT(p->high); \
			if (V_ANY_NANS(nans_)) \
				FOR_ROWS FOR_VECTORS acc[r][v] = V_CANONICAL(acc[r][v], \
				                                             V_CLAMP(acc[r][v], low_, high_)); \
			else \
				FOR_ROWS FOR_VECTORS acc[r][v] = V_CLAMP(acc[r][v], low_, high_); \
		} else if (V_ANY_NANS(nans_)) { \
			FOR_ROWS FOR_VECTORS acc[r][v] = V_CANONICAL(acc[r][v], acc[r][v]); \
		} \
		FOR_ROWS \
		{ \
			float *to_ = out + r * p->out_line; \
			if (vectors == 2) \
				V_STORE(to_, acc[r][0]); \
			to_ += (vectors - 1) * V_LANES; \
			if (some == V_LANES) \
				V_STORE(to_, acc[r][vectors - 1]); \
			else \
				V_STORE_SOME(to_, acc[r][vectors - 1], some); \
		} \
	} while (0)

/* Windows of taps times taps: input line i is line i - stride*r of output line r's window. */
static inline __attribute__((always_inline)) void NAME(square)(const struct gs_planes *p, const float *x,
                                                               const float *weights, float start, float *out,
                                                               size_t some, const unsigned rows, const unsigned vectors,
                                                               const unsigned taps, const unsigned stride)
{
	V acc[8][2], w[25];
	const int64_t *column = p->term;
	FOR_ROWS FOR_VECTORS acc[r][v] = V_SPLAT(start);
#pragma GCC unroll 25
	for (unsigned t = 0; t < taps * taps; t++)
		w[t] = V_SPLAT(weights[t]);
#pragma GCC unroll 24
	for (unsigned i = 0; i < stride * (rows - 1) + taps; i++) {
		const float *line = x + i * p->pitch;
#pragma GCC unroll 5
		for (unsigned k = 0; k < taps; k++) {
			V lanes[2];
			FOR_VECTORS
			{
				lanes[v] = V_LOAD(line + column[k] + v * V_LANES);
				V_KEEP(lanes[v]); /* one load, however many lines want it */
			}
			FOR_ROWS if (i >= stride * r && i < stride * r + taps)
				FOR_VECTORS acc[r][v] = V_FMA(w[(i - stride * r) * taps + k], lanes[v], acc[r][v]);
		}
	}
	FINISH_AND_STORE();
}

/* Any windows. */
static inline __attribute__((always_inline)) void NAME(any)(const struct gs_planes *p, const float *x, const float *w,
                                                            float start, float *out, size_t some, const unsigned rows,
                                                            const unsigned vectors)
{
	V acc[4][2];
	const int64_t *term = p->term;
	const size_t terms = p->terms, step = p->step;
	FOR_ROWS FOR_VECTORS acc[r][v] = V_SPLAT(start);
	for (size_t t = 0; t < terms; t++) {
		const float *from = x + term[t];
		V weight = V_SPLAT(w[t]);
		FOR_ROWS FOR_VECTORS acc[r][v] = V_FMA(weight, V_LOAD(from + r * step + v * V_LANES), acc[r][v]);
	}
	FINISH_AND_STORE();
}

#define SQUARE(ROWS, VECTORS, TAPS, STRIDE) \
	static void NAME(square_##ROWS##_##VECTORS##_##TAPS##_##STRIDE)( \
		const struct gs_planes *p, const float *x, const float *w, float start, float *out, size_t some) \
	{ \
		NAME(square)(p, x, w, start, out, some, ROWS, VECTORS, TAPS, STRIDE); \
	}
#define SQUARES(ROWS, TAPS) \
	SQUARE(ROWS, 1, TAPS, 1) SQUARE(ROWS, 2, TAPS, 1) SQUARE(ROWS, 1, TAPS, 2) SQUARE(ROWS, 2, TAPS, 2)
#define ANY(ROWS) \
	static void NAME(any_##ROWS##_1)(const struct gs_planes *p, const float *x, const float *w, float start, \
	                                 float *out, size_t some) \
	{ \
		NAME(any)(p, x, w, start, out, some, ROWS, 1); \
	} \
	static void NAME(any_##ROWS##_2)(const struct gs_planes *p, const float *x, const float *w, float start, \
	                                 float *out, size_t some) \
	{ \
		NAME(any)(p, x, w, start, out, some, ROWS, 2); \
	}
SQUARES(1, 3)
SQUARES(2, 3)
SQUARES(3, 3)
SQUARES(4, 3)
#if ROWS_SQUARE3 > 4
SQUARES(5, 3)
SQUARES(6, 3)
SQUARES(7, 3)
SQUARES(8, 3)
#endif
SQUARES(1, 5)
SQUARES(2, 5)
#if ROWS_SQUARE5 > 2
SQUARES(3, 5)
SQUARES(4, 5)
#endif
ANY(1)
ANY(2)
ANY(3)
ANY(4)

#define LIST4(VECTORS, TAPS, STRIDE) \
	NAME(square_1_##VECTORS##_##TAPS##_##STRIDE), NAME(square_2_##VECTORS##_##TAPS##_##STRIDE), \
		NAME(square_3_##VECTORS##_##TAPS##_##STRIDE), NAME(square_4_##VECTORS##_##TAPS##_##STRIDE)
#if ROWS_SQUARE3 > 4
#define LIST3(VECTORS, STRIDE) \
	LIST4(VECTORS, 3, STRIDE), NAME(square_5_##VECTORS##_3_##STRIDE), NAME(square_6_##VECTORS##_3_##STRIDE), \
		NAME(square_7_##VECTORS##_3_##STRIDE), NAME(square_8_##VECTORS##_3_##STRIDE)
#else
#define LIST3(VECTORS, STRIDE) LIST4(VECTORS, 3, STRIDE)
#endif
#if ROWS_SQUARE5 > 2
#define LIST5(VECTORS, STRIDE) LIST4(VECTORS, 5, STRIDE)
#else
#define LIST5(VECTORS, STRIDE) NAME(square_1_##VECTORS##_5_##STRIDE), NAME(square_2_##VECTORS##_5_##STRIDE)
#endif

/* By stride, vectors, rows. */
static NAME(tile) *const NAME(square3)[2][2][8] = {{{LIST3(1, 1)}, {LIST3(2, 1)}}, {{LIST3(1, 2)}, {LIST3(2, 2)}}};
static NAME(tile) *const NAME(square5)[2][2][8] = {{{LIST5(1, 1)}, {LIST5(2, 1)}}, {{LIST5(1, 2)}, {LIST5(2, 2)}}};
static NAME(tile) *const NAME(anys)[2][8] = {
	{NAME(any_1_1), NAME(any_2_1), NAME(any_3_1), NAME(any_4_1)},
	{NAME(any_1_2), NAME(any_2_2), NAME(any_3_2), NAME(any_4_2)},
};

static NAME(tile) *const *NAME(tiles)(const struct gs_planes *p, unsigned vectors)
{
	if (p->square == 3)
		return NAME(square3)[p->stride - 1][vectors - 1];
	if (p->square == 5)
		return NAME(square5)[p->stride - 1][vectors - 1];
	return NAME(anys)[vectors - 1];
}

#undef FOR_ROWS
#undef FOR_VECTORS
#undef FINISH_AND_STORE
#undef SQUARE
#undef SQUARES
#undef ANY
#undef LIST3
#undef LIST4
#undef LIST5
#endif
