/* validator/exec/planes.h: the inner loops of plane.c, one pair of them an instruction set.
 *
 * A plane is what one channel of a depthwise convolution reads: lines of binary32 with their padding, a *stage*. A tile is
 * some output lines times one or two vectors of lanes, all of whose accumulators are in registers; for windows of 3x3 and
 * 5x5 a vector of an input line is loaded once for all output lines that want it. A lane is one output element and takes
 * its terms in ascending order, whatever the tile. */
#ifndef GS_VALIDATOR_EXEC_PLANES_H
#define GS_VALIDATOR_EXEC_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GS_PLANES_BEYOND =
		32, /* floats behind a stage that may be read: numbers or not, nothing stored depends on them */
};

/* Some channels' lines: out[c][y*out_line + l] = start[c], then for every term t in ascending order
 * fma(w[c*terms + t], x[c*x_next + y*step + term[t] + l], ...), for y < lines and l < lanes. */
struct gs_planes {
	size_t channels, lines, lanes;
	const float *x;
	size_t x_next, step;
	const float *w;
	const int64_t *term;
	size_t terms;
	/* 3 or 5: term t reads line t/square of its window at column[t%square] = term[t%square], lines are `pitch` apart,
	 * and step is `stride` of them, 1 or 2. 0: terms lie anywhere. */
	unsigned square, stride;
	size_t pitch;
	const float *start; /* of each channel */
	float *const *out;
	size_t out_line;
	bool clamp; /* to [low, high], as struct gs_tile has it */
	float low, high;
};

struct gs_plane_kernels {
	void (*run)(const struct gs_planes *p);
	/* Copies lines of n floats. */
	void (*copy)(float *to, size_t to_line, const float *from, ptrdiff_t from_line, size_t n, size_t lines);
	/* Copies lines of n floats by their places: those at even ones to `even`, the others to `odd`. */
	void (*split)(float *even, float *odd, size_t to_line, const float *from, ptrdiff_t from_line, size_t n,
	              size_t lines);
};

extern const struct gs_plane_kernels gs_planes_portable;
#if defined(__x86_64__)
extern const struct gs_plane_kernels gs_planes_avx2, gs_planes_avx512;
#endif
#if defined(__aarch64__)
extern const struct gs_plane_kernels gs_planes_neon;
#endif

#endif
