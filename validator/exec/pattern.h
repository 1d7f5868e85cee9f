/* validator/exec/pattern.h: recognises instructions that are sums of products.
 *
 * A FOLD of f32.fma is a *contraction* when every output axis moves x alone (a lane axis), w alone (a row axis), or both
 * or neither (a batch axis), x and w being its two factors:
 *
 *     out[b, r, l] = e(init + sum over k, ascending, of w[b, r, k] * x[b, l, k])
 *
 * Matrix products in all their forms, batched ones, and convolutions of every kind are such: for a convolution, rows are
 * output channels, lanes are places and k runs over input channel and kernel; groups, and a depthwise convolution's
 * channels, are batches. Which factor is called x is a choice: lanes become vector lanes.
 *
 * Both factors are read at `at + sum step[a]*axis[a]`. Where a view can leave its range (padding), or is not binary32, a
 * copy is read instead, the *stage*: a dense box that holds every coordinate the instruction can name, with the pad value
 * where the tensor has none. Recognition never guesses: whatever does not fit exactly is not a contraction.
 *
 * A FOLD of i32.muladd is one likewise. Its factors are always staged, as words of several terms (ints.h): those that are
 * neighbours along one reduction axis, the *word axis*, whose extent here is that of words. */
#ifndef GS_VALIDATOR_EXEC_PATTERN_H
#define GS_VALIDATOR_EXEC_PATTERN_H

#include "challenge/machine/interpreter.h"

#define GS_STAGE_ELEMENTS_MAX (UINT64_C(1) << 26) /* of one copy: 256 MiB */

struct gs_stage_dim {
	uint64_t size; /* coordinates low ... low + size - 1 */
	int64_t low;
	int64_t extent; /* coordinates 0 ... extent - 1 are in the tensor */
	int64_t stride; /* tensor elements a coordinate */
	/* A convolution's stride s: coordinates are stored by their remainder modulo s, so that neighbouring outputs read
	 * neighbours. Coordinate low + i lies at (i mod s)*phase_dense + (i/s)*dense of the stage. Else s = 1. */
	uint32_t phases;
	uint64_t length; /* size/phases, rounded up */
	int64_t dense, phase_dense;
	int64_t first; /* phased: i where all axes are 0... */
	uint8_t axis;  /* ...and the reduction axis that moves it, or GS_AXES_MAX, with its coefficient */
	int64_t axis_coef;
};

struct gs_factor {
	uint8_t space; /* enum gs_space */
	uint8_t dtype; /* enum gs_dtype */
	uint32_t chunk;
	uint64_t count; /* the tensor's elements */
	int64_t at;     /* element read where all axes are 0: of the stage if there is one, else of the tensor */
	int64_t step
		[GS_AXES_MAX]; /* elements a step along each axis; 0 for a reduction axis that moves a phased dimension */
	unsigned stage_dims;   /* 0: no stage */
	int64_t stage_from;    /* tensor element where all stage coordinates are 0 */
	uint64_t stage_elements; /* product of the sizes */
	float pad;
	/* of integers: */
	bool padded; /* some words are pad_integer */
	int32_t pad_integer;
	uint8_t word_dim;  /* the stage's dimension of words, or UINT8_MAX */
	int64_t term_step; /* tensor elements between the terms of a word */
	struct gs_stage_dim
		stage[GS_AXES_MAX + GS_ROWS_MAX]; /* the first stage_dims of them; what is behind says nothing */
};

struct gs_axis_list {
	unsigned count;
	uint8_t axis[GS_OUT_AXES_MAX]; /* ascending */
	uint64_t points;               /* product of the extents */
};

struct gs_contraction {
	unsigned out_axes, red_axes;
	uint32_t extent[GS_AXES_MAX];
	int64_t out_step[GS_OUT_AXES_MAX]; /* output elements a step along each output axis */
	struct gs_axis_list batch, rows, lanes;
	/* With a pitch, the lanes are those of two axes (o, i) laid out as x lies: lane o*pitch + i, for the i below `across`;
	 * lanes in between are computed and dropped. So lanes are neighbours in x, too, and x needs no packing. Else 0. */
	uint64_t pitch, across;
	uint64_t terms; /* at least 1 */
	bool start_constant;
	float start_value;
	bool start_moves_on_lanes; /* else one value a row */
	uint32_t first_chunk;
	uint8_t store_dtype;
	bool clamps; /* the epilogue, if any, is min(max(value, low), high) */
	float low, high;
	/* of integers: */
	unsigned words;       /* terms a word; 0: the factors are binary32 */
	uint32_t word_extent; /* of the word axis, in terms; the last word may have fewer. 1 without one */
	uint64_t products;    /* in terms */
	struct gs_factor x, w;
	struct gs_factor start; /* unless it is constant; output axes only, never staged */
};

/* The stage elements before coordinate low + i of a dimension. */
int64_t gs_stage_place(const struct gs_stage_dim *dim, int64_t i);

/* A factor of binary32 alone: the view of operand i of a FOLD, lanes being its innermost output axes (or none). False when it
 * is none; skipping is not known here. */
bool gs_pattern_factor(const struct gs_instr *in, unsigned i, const struct gs_axis_list *lanes, struct gs_factor *out);

/* True, with *out filled, when the instruction is a contraction. vector_lanes: of the kernels that will run it. */
bool gs_pattern_contraction(const struct gs_instr *in, size_t vector_lanes, struct gs_contraction *out);
/* The same for folds of i32.muladd, with at most `words` terms a word: 1, 2 or 4. */
bool gs_pattern_integers(const struct gs_instr *in, size_t vector_lanes, unsigned words, struct gs_contraction *out);

/* The coordinates that a row can have; false when they are too far apart to be computed with. */
bool gs_pattern_reach(const struct gs_instr *in, const struct gs_row *row, unsigned axes, int64_t *low, int64_t *high);

#endif
