/* validator/exec/planes_run.h: the entries of planes.h over the tiles of planes_body.h, made for vectors of WIDE lanes, named
 * wide_..., and, where HALF is defined, of HALF lanes, named half_.... */
#ifndef GS_VALIDATOR_EXEC_PLANES_RUN_H
#define GS_VALIDATOR_EXEC_PLANES_RUN_H

#include "validator/exec/planes.h"

#ifdef WIDE

/* The columns of a line from lane `at` on: so many vectors, of the last of which `some` lanes are stored. Where the lanes that
 * are left fill no vector, it begins earlier and computes some lanes a second time. */
struct columns {
	size_t at, next, some;
	unsigned vectors;
	bool half;
};

static struct columns next_columns(size_t at, size_t lanes)
{
	size_t left = lanes - at, wide = WIDE;
	struct columns c = {.at = at, .vectors = 1};
#ifdef HALF
	c.half = left <= HALF;
	wide = c.half ? HALF : WIDE;
	c.vectors = left > WIDE + HALF ? 2 : 1;
#else
	c.vectors = left > WIDE ? 2 : 1;
#endif
	size_t most = wide * c.vectors;
	if (left >= most) {
		c.next = at + most;
		c.some = wide;
	} else if (lanes >= most) {
		c.at = lanes - most;
		c.next = lanes;
		c.some = wide;
	} else {
		c.next = lanes;
		c.some = left - wide * (c.vectors - 1);
	}
	return c;
}

static void run(const struct gs_planes *p)
{
	size_t most = p->square == 3 ? ROWS_SQUARE3 : p->square == 5 ? ROWS_SQUARE5 : ROWS_ANY;
	size_t tiles = (p->lines + most - 1) / most, rows = (p->lines + tiles - 1) / tiles;
	for (size_t c = 0; c < p->channels; c++) {
		const float *plane = p->x + c * p->x_next, *w = p->w + c * p->terms;
		float start = p->start[c];
		for (size_t y = 0; y < p->lines; y += rows) {
			size_t some = p->lines - y < rows ? p->lines - y : rows;
			const float *x = plane + y * p->step;
			float *out = p->out[c] + y * p->out_line;
			for (size_t at = 0; at < p->lanes;) {
				struct columns k = next_columns(at, p->lanes);
#ifdef HALF
				if (k.half)
					half_tiles(p, k.vectors)[some - 1](p, x + k.at, w, start, out + k.at, k.some);
				else
#endif
					wide_tiles(p, k.vectors)[some - 1](p, x + k.at, w, start, out + k.at, k.some);
				at = k.next;
			}
		}
	}
}

/* Two vectors' even and odd places; what is left of a line, and lines of a set without V_SPLIT, go one by one. */
static void split(float *restrict even, float *restrict odd, size_t to_line, const float *restrict from,
                  ptrdiff_t from_line, size_t n, size_t lines)
{
	for (size_t y = 0; y < lines; y++, even += to_line, odd += to_line, from += from_line) {
		size_t i = 0;
#ifdef V_SPLIT
		for (; i + WIDE <= n / 2; i += WIDE)
			V_SPLIT(even + i, odd + i, from + 2 * i);
#endif
		for (; i < n / 2; i++) {
			even[i] = from[2 * i];
			odd[i] = from[2 * i + 1];
		}
		if (n % 2)
			even[n / 2] = from[n - 1];
	}
}

#endif
#endif
