#include "validator/exec/image.h"

#include "validator/exec/pack.h"
#include "validator/exec/planes.h"

#include <string.h>

enum {
	LINE_MAX = 1 << 18, /* floats of a staged line */
	PHASES_MAX = 64,
};

/* ---- what an image is ---- */

unsigned gs_image_operand(const struct gs_instr *in, const struct gs_contraction *c)
{
	unsigned lane = c->lanes.axis[c->lanes.count - 1];
	const struct gs_view *view = &in->operand[1].view;
	for (unsigned r = 0; r < view->rows; r++)
		if (view->row[r].at.coef[lane] != 0)
			return 1;
	return 2;
}

void gs_image_lanes_to_batch(struct gs_contraction *c)
{
	while (c->lanes.count > 2) {
		uint8_t axis = c->lanes.axis[0];
		unsigned i = c->batch.count++;
		for (; i > 0 && c->batch.axis[i - 1] > axis; i--)
			c->batch.axis[i] = c->batch.axis[i - 1];
		c->batch.axis[i] = axis;
		c->batch.points *= c->extent[axis];
		c->lanes.count--;
		memmove(c->lanes.axis, c->lanes.axis + 1, c->lanes.count);
	}
}

static bool slides(const struct gs_window_dim *dim)
{
	return dim->outputs > 1 && dim->taps > 1 && dim->dilation <= (int64_t)(dim->outputs - 1) * dim->stride;
}

bool gs_image_slides(const struct gs_image *image)
{
	return slides(&image->is.y) || slides(&image->is.x);
}

bool gs_image_read(const struct gs_instr *in, unsigned i, const struct gs_axis_list *lanes, struct gs_image *out)
{
	const struct gs_window_dim *x = &out->is.x;
	if (!gs_windows_read(in, i, lanes, &out->is) || x->stride > PHASES_MAX)
		return false;
	uint64_t span = gs_window_span(x, x->outputs);
	if (span > LINE_MAX)
		return false;
	out->phases = (size_t)x->stride;
	out->segment = (size_t)((span + out->phases - 1) / out->phases);
	out->pitch = out->phases * out->segment;
	out->used = 0;
	for (uint32_t t = 0; t < x->taps; t++)
		out->used |= UINT64_C(1) << t * (uint64_t)x->dilation % out->phases;
	return true;
}

void gs_image_terms(const struct gs_image *image, const struct gs_contraction *c, const int64_t *step, int64_t *term)
{
	const struct gs_window_dim *y = &image->is.y, *x = &image->is.x;
	struct gs_axis_list reduced = {.points = c->terms};
	int64_t steps[GS_AXES_MAX] = {0};
	uint64_t inner = 1;
	for (unsigned a = c->out_axes; a < c->out_axes + c->red_axes; a++) {
		reduced.axis[reduced.count++] = (uint8_t)a;
		steps[a] = a == y->tap_axis ? y->dilation * (int64_t)image->pitch : a == x->tap_axis ? 0 : step[a];
	}
	gs_walk(&reduced, c->extent, 0, (size_t)c->terms, steps, term);
	if (x->tap_axis == GS_AXES_MAX)
		return;
	for (unsigned a = x->tap_axis + 1U; a < c->out_axes + c->red_axes; a++)
		inner *= c->extent[a];
	for (uint64_t t = 0; t < c->terms; t++) {
		size_t i = (size_t)(t / inner % x->taps) * (size_t)x->dilation;
		term[t] += (int64_t)(i % image->phases * image->segment + i / image->phases);
	}
}

/* ---- staging ---- */

void gs_image_fill(float *out, size_t n, float value)
{
	if (gs_f32_to_bits(value) == 0) {
		memset(out, 0, n * sizeof(*out));
		return;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

float gs_image_element(const uint8_t *tensor, uint8_t dtype, int64_t at)
{
	if (dtype == GS_F32)
		return ((const float *)(const void *)tensor)[at];
	return gs_f32_from_bits((uint32_t)gs_load((enum gs_dtype)dtype, gs_element_bits(tensor, dtype, (uint64_t)at)));
}

struct source {
	const struct gs_image *image;
	const struct gs_kernels *kernels;
	const uint8_t *tensor;
};

/* n elements as binary32, `apart` from one to the next. */
static void widen(const struct source *s, int64_t from, int64_t apart, size_t n, float *out)
{
	enum gs_dtype dtype = (enum gs_dtype)s->image->is.dtype;
	if (dtype == GS_F32) {
		const float *array = (const float *)(const void *)s->tensor + from;
		for (size_t i = 0; i < n; i++)
			out[i] = array[(int64_t)i * apart];
	} else if (apart == 1) {
		const uint16_t *array = (const uint16_t *)(const void *)s->tensor + from;
		(dtype == GS_F16 ? s->kernels->widen_f16 : s->kernels->widen_bf16)(out, array, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			uint64_t bits = gs_element_bits(s->tensor, dtype, (uint64_t)(from + (int64_t)i * apart));
			out[i] = gs_f32_from_bits((uint32_t)gs_load(dtype, bits));
		}
	}
}

/* n coordinates from the ith on of `lines` lines, into their segments. from_line: of the floats at from. */
static void place(const struct source *s, float *to, size_t i, const float *from, int64_t from_line, size_t n,
                  size_t lines)
{
	const struct gs_image *p = s->image;
	const struct gs_plane_kernels *k = s->kernels->plane;
	if (p->phases == 1) {
		k->copy(to + i, p->pitch, from, (ptrdiff_t)from_line, n, lines);
		return;
	}
	if (p->phases == 2 && p->used == 3) {
		float *even = to + i % 2 * p->segment + i / 2, *odd = to + (i + 1) % 2 * p->segment + (i + 1) / 2;
		k->split(even, odd, p->pitch, from, (ptrdiff_t)from_line, n, lines);
		return;
	}
	for (size_t y = 0; y < lines; y++, to += p->pitch, from += from_line)
		for (size_t j = 0; j < n && j < p->phases; j++) {
			if (!(p->used >> (i + j) % p->phases & 1))
				continue;
			float *out = to + (i + j) % p->phases * p->segment + (i + j) / p->phases;
			for (size_t at = j; at < n; at += p->phases)
				*out++ = from[at];
		}
}

void gs_image_stage(const struct gs_image *image, const struct gs_kernels *kernels, const uint8_t *tensor, int64_t at,
                    size_t first, size_t lines, float *line, float *stage, bool above)
{
	const struct source source = {image, kernels, tensor}, *s = &source;
	const struct gs_window_dim *dy = &image->is.y, *dx = &image->is.x;
	int64_t low = dy->low + (int64_t)first * dy->stride, high = low + (int64_t)gs_window_span(dy, lines);
	int64_t left = dx->low > 0 ? dx->low : 0, right = dx->low + (int64_t)gs_window_span(dx, dx->outputs);
	int64_t top = low > 0 ? low : 0, bottom = high < dy->extent ? high : dy->extent;
	right = right < dx->extent ? right : dx->extent;
	bottom = bottom > top ? bottom : top;
	if (above) {
		int64_t begin = top < high ? top : high;
		gs_image_fill(stage, (size_t)(begin - low) * image->pitch, image->is.pad);
		if (bottom < high && begin == top)
			gs_image_fill(stage + (size_t)(bottom - low) * image->pitch,
			              (size_t)(high - bottom) * image->pitch, image->is.pad);
	}
	if (right <= left || bottom <= top || top >= high)
		return;
	size_t n = (size_t)(right - left), i = (size_t)(left - dx->low);
	int64_t from = at + top * dy->apart + left * dx->apart;
	float *to = stage + (size_t)(top - low) * image->pitch;
	if (image->is.dtype == GS_F32 && dx->apart == 1) {
		place(s, to, i, (const float *)(const void *)s->tensor + from, dy->apart, n, (size_t)(bottom - top));
		return;
	}
	for (int64_t y = top; y < bottom; y++, from += dy->apart, to += image->pitch) {
		widen(s, from, dx->apart, n, line);
		place(s, to, i, line, 0, n, 1);
	}
}
