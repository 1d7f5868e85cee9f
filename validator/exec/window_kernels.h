/* validator/exec/window_kernels.h: windows that slide over a plane, a table an instruction set.
 *
 * A band is some lines of a plane's outputs. What a line's windows touch, `need` positions of each of `terms` rows, is brought
 * into a room first, dealt out by its remainder modulo the windows' distance (`phases`), so that neighbouring outputs read
 * neighbours; then each tap is one load for a vector of outputs.
 *
 * A maximum does not depend on the order of its terms: with every NaN the canonical one, the law's max is that of a total order,
 * -inf ... -0 < +0 ... +inf < NaN, and stays what it is when equal elements, which are equal bits, change places. So the rows of a
 * window become one first, and elements are compared as integers of their own width that are ordered alike. A sum has the
 * law's order: rows outside, taps inside. */
#ifndef GS_VALIDATOR_EXEC_WINDOW_KERNELS_H
#define GS_VALIDATOR_EXEC_WINDOW_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GS_WINDOW_VECTOR = 64 }; /* bytes of the widest table's vectors: what rooms are rounded up to */

struct gs_window_band {
	const void *x;      /* the tensor */
	uint64_t count;     /* its elements: none behind them is read */
	int64_t at;         /* the element of row 0, position 0; may lie before the tensor's first, as position 0 may */
	int64_t row_stride; /* elements between rows, above 0 */
	int64_t row;        /* of the first line's first term */
	int64_t line_step;  /* rows between lines, at least 0 */
	int64_t term_step;  /* rows between terms, above 0 */
	int64_t rows;       /* rows 0 to rows - 1 are in the tensor... */
	size_t low, high;   /* ...and positions low to high - 1, 0 <= low <= high <= need */
	size_t need;        /* positions */
	size_t terms, lines; /* rows a window, lines of outputs */
	size_t lanes;        /* outputs a line */
	unsigned phases;
	size_t pitch;  /* room for one phase of a row: need, rounded up to vectors of all phases, over phases */
	unsigned taps; /* positions a window; output l reads tap[k] + l of a row's room */
	const uint32_t *tap;
	uint32_t init, pad; /* elements, or of sums binary32 */
	bool skip;          /* what is outside is no term; else it is pad */
	bool clean;         /* every NaN of the tensor is the canonical one */
	/* NULL for elements that are binary32 already. Of sums alone. */
	void (*widen)(float *out, const uint16_t *in, size_t n);
	void *room; /* of maxima lines, of sums (lines - 1)*line_step + (terms - 1)*term_step + 1 rows of phases*pitch, a vector */
	void *edge; /* terms + 1 rows of phases*pitch */
	void *out;  /* lines*lanes elements, or of sums binary32, whose NaNs may have any payload */
};
typedef void gs_window_kernel(const struct gs_window_band *band);

enum gs_window_kind {
	GS_WINDOW_F32,
	GS_WINDOW_F16,
	GS_WINDOW_BF16,
	GS_WINDOW_I32,
	GS_WINDOW_I8,
	GS_WINDOW_U8,
	GS_WINDOW_KINDS,
};

struct gs_window_kernels {
	gs_window_kernel *max[GS_WINDOW_KINDS]; /* stores elements of the tensor's type */
	gs_window_kernel *sum;                  /* of binary32 */
};

extern const struct gs_window_kernels gs_window_portable;
#if defined(__x86_64__)
extern const struct gs_window_kernels gs_window_avx2, gs_window_avx512;
#endif

#endif
