/* validator/exec/kernels.h: the inner loops, one table of them an instruction set.
 *
 * The same sources (kernels_body.h, kernels_tile.h) are compiled for several instruction sets; each lane does the same
 * IEEE operations, so all tables give the same bits (but for the sign and payload of a NaN, which nothing stored keeps). */
#ifndef GS_VALIDATOR_EXEC_KERNELS_H
#define GS_VALIDATOR_EXEC_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "validator/exec/vmath.h"

/* ---- over one line of binary32 accumulators ---- */

/* x0 and x1 advance by their strides (in elements; 0 repeats one value) from position to position. */
typedef void gs_kernel_fold2(float *acc, size_t n, const float *x0, ptrdiff_t s0, const float *x1, ptrdiff_t s1);
typedef void gs_kernel_fold1(float *acc, size_t n, const float *x0, ptrdiff_t s0);

/* ---- over a tile of rows times lanes of accumulators, kept in registers for all terms ---- */

enum {
	GS_TILE_ROWS_MAX = 14,
	GS_TILE_WIDTHS = 4,      /* 1, 2, 4 or 8 vectors of lanes */
	GS_APART_WIDTHS = 2,     /* those of rows that are apart */
	GS_TILE_LANES_MAX = 128, /* 8 vectors of 16 lanes */
};

/* A tile, or several side by side. out[r][l] = start[r][l], then for every term t in ascending order fma(w[t][r], x[t][l], out[r][l]). */
struct gs_tile {
	size_t terms;
	const float *x; /* term t's lanes lie side by side at x + x_at[t], or at x + t*x_step when x_at is NULL */
	const int64_t *x_at;
	size_t x_step;
	const float *w; /* term t's rows lie side by side at w + t*w_step */
	size_t w_step;
	/* ...or, where a tile's rows are apart, w_row apart at w + w_at[t]; x_at is NULL then, or w_row 1 */
	const int64_t *w_at;
	size_t w_row;
	const float
		*start; /* row r's lanes at start + r*start_row; with start_row 0 one value a row, for all its lanes */
	size_t start_row;
	bool start_lanes; /* with start_row 0: one value a lane, for all rows, side by side */
	float *out;       /* row r's lanes at out + r*out_row */
	size_t out_row;
	/* So many tiles of the same rows side by side: x and start lie so far on for each (x back, where a view goes backwards), out as
	 * many as the tile has lanes. */
	size_t panels, start_next;
	ptrdiff_t x_next;
	/* What to fetch while this is computed: so many elements more a term, for each panel x_next further. NULL: nothing. */
	const float *ahead;
	size_t ahead_step;
	bool last; /* these are the last terms: make NaNs canonical and, if clamp, clamp to [low, high] */
	bool clamp;
	float low,
		high; /* low is not -0 and high is not +0, so equal zeros leave no choice; infinite when clamp is false */
};
typedef void gs_kernel_tile(const struct gs_tile *tile);

/* dst[t*step + r] = row r's element t, for rows [0, rows) and terms [0, terms): rows lie row_step apart, elements side by
 * side. What lies between a term's last row and the next term is undefined; step >= rows, dst has terms*step elements. */
typedef void gs_kernel_transpose(float *dst, size_t step, const float *src, ptrdiff_t row_step, size_t rows,
                                 size_t terms);

/* ---- the 16-bit types: exact to binary32, correctly rounded back ---- */

typedef void gs_kernel_widen(float *out, const uint16_t *in, size_t n);  /* a NaN stays one, with any payload */
typedef void gs_kernel_narrow(uint16_t *out, const float *in, size_t n); /* NaNs must be 7fc00000 */

struct gs_sweep_kernels;  /* sweep_kernels.h: scalar functions over arrays */
struct gs_window_kernels; /* window_kernels.h: pooling */
struct gs_ints;           /* ints.h: products of integers */
struct gs_plane_kernels;  /* planes.h: depthwise convolutions */

struct gs_kernels {
	const char *isa;
	const struct gs_sweep_kernels *sweep;
	const struct gs_plane_kernels *plane;
	const struct gs_window_kernels *window;
	gs_kernel_fold2 *fma; /* acc = acc + x0*x1, rounded once */
	gs_kernel_fold1 *add;
	gs_kernel_fold1 *max;               /* the law's max: NaN propagates, -0 < +0 */
	size_t lanes;                       /* of a vector */
	unsigned tile_rows[GS_TILE_WIDTHS]; /* the most rows that a tile of 1, 2, 4, 8 vectors may have; descending */
	gs_kernel_tile *tile[GS_TILE_WIDTHS][GS_TILE_ROWS_MAX];   /* by width and rows - 1 */
	gs_kernel_tile *apart[GS_APART_WIDTHS][GS_TILE_ROWS_MAX]; /* rows that are apart, as many as above */
	gs_kernel_transpose *transpose;
	gs_kernel_widen *widen_f16, *widen_bf16;
	gs_kernel_narrow *narrow_f16, *narrow_bf16;
	const struct gs_vmath *math; /* scalar functions over arrays */
	const struct gs_ints *ints;
};

extern const struct gs_kernels gs_kernels_portable;
#if defined(__x86_64__)
extern const struct gs_kernels gs_kernels_avx2; /* needs AVX2, FMA and F16C */
/* Need AVX-512 F, BW, DQ and VL besides; the first, named "avx512" like the second where there is no VNNI, needs that, too.
 * With it, the second is "avx512bw". */
extern const struct gs_kernels gs_kernels_avx512vnni;
extern const struct gs_kernels gs_kernels_avx512, gs_kernels_avx512bw;
#endif
#if defined(__aarch64__)
/* The first, named "neon" like the second where there are no dot products of bytes, needs those. With them, the second is
 * "neonbase". */
extern const struct gs_kernels gs_kernels_neon_dot;
extern const struct gs_kernels gs_kernels_neon, gs_kernels_neon_base;
#endif

/* The best table for this processor. */
const struct gs_kernels *gs_kernels_select(void);
/* The nth table that this processor can run, best first; NULL behind the last (which is "portable"). */
const struct gs_kernels *gs_kernels_nth(unsigned n);
/* The table of that name, or NULL when this processor cannot run it or there is none. NULL names the best. */
const struct gs_kernels *gs_kernels_named(const char *isa);

#endif
