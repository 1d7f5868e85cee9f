/* validator/exec/window_body.h: the kernels of window_kernels.h; each window_<isa>.c includes it once. */
#ifndef GS_VALIDATOR_EXEC_WINDOW_BODY_H
#define GS_VALIDATOR_EXEC_WINDOW_BODY_H

#include "validator/exec/vectors.h"
#include "validator/exec/window_kernels.h"

/* Of a line whose first term is in row `row`: the terms first ... end - 1 are in the tensor. */
struct window_span {
	int64_t first, end;
};

static struct window_span rows_inside(const struct gs_window_band *w, int64_t row)
{
	if (row >= 0 && row + ((int64_t)w->terms - 1) * w->term_step < w->rows)
		return (struct window_span){0, (int64_t)w->terms}; /* mostly so, and divisions take long */
	int64_t first = row < 0 ? (-row + w->term_step - 1) / w->term_step : 0;
	int64_t end = row < w->rows ? (w->rows - 1 - row) / w->term_step + 1 : 0;
	end = end < (int64_t)w->terms ? end : (int64_t)w->terms;
	return (struct window_span){first, end > first ? end : first};
}

static size_t window_place(const struct gs_window_band *w, size_t i)
{
	return i % w->phases * w->pitch + i / w->phases;
}

/* The order of elements as that of signed integers. A float whose NaNs are canonical: all bits but the sign turned where it is
 * negative; an unsigned integer: its sign bit turned. Both ways the same. */
#define FLOAT_KEY(BITS, INFINITE, NAN_BITS) \
	static inline vec##BITS signed_order_##INFINITE(vec##BITS v) \
	{ \
		return v ^ ((v >> (BITS - 1)) & (vec##BITS)splat_##BITS(INT##BITS##_MAX)); \
	} \
	static inline vec##BITS canonical_##INFINITE(vec##BITS v) \
	{ \
		vec##BITS nan = (vec##BITS)((v & splat_##BITS(INT##BITS##_MAX)) > splat_##BITS(INFINITE)); \
		return (nan & splat_##BITS(NAN_BITS)) | (~nan & v); \
	}
FLOAT_KEY(32, 0x7f800000, 0x7fc00000)
FLOAT_KEY(16, 0x7c00, 0x7e00)
FLOAT_KEY(16, 0x7f80, 0x7fc0)
#define SAME(v) (v)

/* from: position 0 of the first of `terms` rows, `step` elements apart; `clean` and `phases` are constants. */
#define MAX_COLUMN(NAME, T, V, BITS, KEY, CANONICAL) \
	static inline __attribute__((always_inline)) \
	V NAME##_column_at(const T *from, ptrdiff_t step, size_t terms, V start, const bool clean) \
	{ \
		for (size_t t = 0; t < terms; t++) { \
			V v = load_##BITS(from + (ptrdiff_t)t * step); \
			v = clean ? v : CANONICAL(v); \
			start = max_##BITS(start, KEY(v)); \
		} \
		return start; \
	} \
	static inline __attribute__((always_inline)) void NAME##_column(const struct gs_window_band *w, const T *from, \
	                                                                ptrdiff_t step, const size_t terms, V start, \
	                                                                T *to, const bool clean) \
	{ \
		const size_t lanes = VECTOR_BYTES / sizeof(T); \
		if (w->phases == 2) { \
			for (size_t i = 0; i < w->need; i += 2 * lanes) { \
				V even, odd; \
				deal_##BITS(NAME##_column_at(from + i, step, terms, start, clean), \
				            NAME##_column_at(from + i + lanes, step, terms, start, clean), &even, \
				            &odd); \
				store_##BITS(to + i / 2, even); \
				store_##BITS(to + w->pitch + i / 2, odd); \
			} \
			return; \
		} \
		T *line = w->phases == 1 ? to : (T *)w->edge + w->terms * w->phases * w->pitch; \
		for (size_t i = 0; i < w->need; i += lanes) \
			store_##BITS(line + i, NAME##_column_at(from + i, step, terms, start, clean)); \
		for (size_t p = 0; w->phases != 1 && p < w->phases; p++) { \
			T *phase = to + p * w->pitch; \
			for (size_t i = p; i < w->need; i += w->phases) \
				*phase++ = line[i]; \
		} \
	} \
	static void NAME##_columns(const struct gs_window_band *w, const T *from, ptrdiff_t step, size_t terms, \
	                           V start, T *to) \
	{ \
		if (!w->clean) \
			NAME##_column(w, from, step, terms, start, to, false); \
		else if (terms == 3) \
			NAME##_column(w, from, step, 3, start, to, true); \
		else if (terms == 2) \
			NAME##_column(w, from, step, 2, start, to, true); \
		else \
			NAME##_column(w, from, step, terms, start, to, true); \
	}

/* One line of the room: the greatest of each column. */
#define MAX_LINE(NAME, T, V, BITS) \
	static void NAME##_line(const struct gs_window_band *w, int64_t row, T least, T pad, T *to) \
	{ \
		struct window_span in = rows_inside(w, row); \
		size_t width = w->phases * w->pitch, terms = (size_t)(in.end - in.first); \
		int64_t first = w->at + (row + in.first * w->term_step) * w->row_stride; \
		int64_t step = w->term_step * w->row_stride, last = first + ((int64_t)terms - 1) * step; \
		V start = splat_##BITS(terms < w->terms ? pad : least); \
		const T *from = w->edge; \
		if (first >= 0 && last + (int64_t)width <= (int64_t)w->count) { \
			from = (const T *)w->x + first; \
		} else { \
			for (size_t t = 0; t < terms && w->high > w->low; t++) \
				memcpy((T *)w->edge + t * width + w->low, \
				       (const T *)w->x + (first + (int64_t)t * step + (int64_t)w->low), \
				       (w->high - w->low) * sizeof(T)); \
			step = (int64_t)width; \
		} \
		NAME##_columns(w, from, (ptrdiff_t)step, terms, start, to); \
		for (size_t i = 0; i < w->low; i++) \
			to[window_place(w, i)] = pad; \
		for (size_t i = w->high; i < w->need; i++) \
			to[window_place(w, i)] = pad; \
	}

/* Outputs: the greatest of the taps. What a vector writes behind its line is written again by the next one. */
#define MAX_ACROSS(NAME, T, V, BITS, KEY) \
	static inline __attribute__((always_inline)) void NAME##_across(const struct gs_window_band *w, T init, \
	                                                                const unsigned taps) \
	{ \
		const size_t lanes = VECTOR_BYTES / sizeof(T); \
		size_t left = w->lines * w->lanes; \
		T *out = w->out; \
		for (size_t y = 0; y < w->lines; y++, out += w->lanes, left -= w->lanes) { \
			const T *from = (const T *)w->room + y * w->phases * w->pitch; \
			for (size_t l = 0; l < w->lanes; l += lanes) { \
				V v = splat_##BITS(init); \
				for (unsigned t = 0; t < taps; t++) \
					v = max_##BITS(v, load_##BITS(from + w->tap[t] + l)); \
				v = KEY(v); \
				if (l + lanes <= left) \
					store_##BITS(out + l, v); \
				else \
					memcpy(out + l, &v, (w->lanes - l) * sizeof(T)); \
			} \
		} \
	}

#define MAX(NAME, T, V, BITS, KEY, CANONICAL) \
	MAX_COLUMN(NAME, T, V, BITS, KEY, CANONICAL) \
	MAX_LINE(NAME, T, V, BITS) \
	MAX_ACROSS(NAME, T, V, BITS, KEY) \
	static void NAME##_max(const struct gs_window_band *w) \
	{ \
		const T least = INT##BITS##_MIN; \
		T pad = w->skip ? least : KEY(splat_##BITS((T)w->pad))[0], init = KEY(splat_##BITS((T)w->init))[0]; \
		for (size_t y = 0; y < w->lines; y++) \
			NAME##_line(w, w->row + (int64_t)y * w->line_step, least, pad, \
			            (T *)w->room + y * w->phases * w->pitch); \
		if (w->taps == 3) \
			NAME##_across(w, init, 3); \
		else if (w->taps == 2) \
			NAME##_across(w, init, 2); \
		else \
			NAME##_across(w, init, w->taps); \
	}

#define UNSIGNED_KEY(v) ((v) ^ splat_8(INT8_MIN))
MAX(f32, int32_t, vec32, 32, signed_order_0x7f800000, canonical_0x7f800000)
MAX(f16, int16_t, vec16, 16, signed_order_0x7c00, canonical_0x7c00)
MAX(bf16, int16_t, vec16, 16, signed_order_0x7f80, canonical_0x7f80)
MAX(i32, int32_t, vec32, 32, SAME, SAME)
MAX(i8, int8_t, vec8, 8, SAME, SAME)
MAX(u8, int8_t, vec8, 8, UNSIGNED_KEY, SAME)

/* ---- sums ---- */

enum { SUM_LANES = VECTOR_BYTES / 4 };

/* One row of the room. */
static void sum_row(const struct gs_window_band *w, int64_t row, int32_t *to)
{
	size_t width = w->phases * w->pitch;
	int64_t first = w->at + row * w->row_stride;
	const int32_t *from = w->edge;
	int32_t pad = (int32_t)w->pad;
	bool inside = row >= 0 && row < w->rows && w->high > w->low;
	if (inside && w->widen)
		w->widen((float *)w->edge + w->low, (const uint16_t *)w->x + first + (int64_t)w->low, w->high - w->low);
	else if (inside && first >= 0 && first + (int64_t)width <= (int64_t)w->count)
		from = (const int32_t *)w->x + first;
	else if (inside)
		memcpy((int32_t *)w->edge + w->low, (const int32_t *)w->x + first + (int64_t)w->low,
		       (w->high - w->low) * sizeof(*to));
	for (size_t i = 0; w->phases == 1 && i < w->need; i += SUM_LANES)
		store_32(to + i, load_32(from + i));
	for (size_t i = 0; w->phases == 2 && i < w->need; i += 2L * SUM_LANES) {
		vec32 even, odd;
		deal_32(load_32(from + i), load_32(from + i + SUM_LANES), &even, &odd);
		store_32(to + i / 2, even);
		store_32(to + w->pitch + i / 2, odd);
	}
	for (size_t p = 0; w->phases > 2 && p < w->phases; p++) {
		int32_t *phase = to + p * w->pitch;
		for (size_t i = p; i < w->need; i += w->phases)
			*phase++ = from[i];
	}
	for (size_t i = 0; i < (inside ? w->low : w->need); i++)
		to[window_place(w, i)] = pad;
	for (size_t i = w->high; inside && i < w->need; i++)
		to[window_place(w, i)] = pad;
}

static inline __attribute__((always_inline)) void sum_across(const struct gs_window_band *w, size_t y,
                                                             struct window_span in, const unsigned taps)
{
	size_t width = w->phases * w->pitch, left = (w->lines - y) * w->lanes;
	const int32_t *row = (const int32_t *)w->room + y * (size_t)w->line_step * width;
	int32_t *out = (int32_t *)w->out + y * w->lanes;
	for (size_t l = 0; l < w->lanes; l += SUM_LANES) {
		vec_float v = (vec_float)splat_32((int32_t)w->init);
		for (int64_t t = in.first; t < in.end; t++) {
			const int32_t *from = row + (size_t)(t * w->term_step) * width + l;
			for (unsigned k = 0; k < taps; k++)
				v = v + (vec_float)load_32(from + w->tap[k]);
		}
		if (l + SUM_LANES <= left)
			store_32(out + l, (vec32)v);
		else
			memcpy(out + l, &v, (w->lanes - l) * sizeof(*out));
	}
}

static void f32_sum(const struct gs_window_band *w)
{
	int64_t reach = (int64_t)(w->lines - 1) * w->line_step + (int64_t)(w->terms - 1) * w->term_step;
	for (int64_t r = 0; r <= reach; r++)
		if (!w->skip || (w->row + r >= 0 && w->row + r < w->rows))
			sum_row(w, w->row + r, (int32_t *)w->room + (size_t)r * w->phases * w->pitch);
	for (size_t y = 0; y < w->lines; y++) {
		struct window_span in = {0, (int64_t)w->terms};
		if (w->skip)
			in = rows_inside(w, w->row + (int64_t)y * w->line_step);
		if (w->taps == 3)
			sum_across(w, y, in, 3);
		else if (w->taps == 2)
			sum_across(w, y, in, 2);
		else
			sum_across(w, y, in, w->taps);
	}
}

#define WINDOW_TABLE \
	{ \
		.max = \
			{ \
				[GS_WINDOW_F32] = f32_max, [GS_WINDOW_F16] = f16_max, [GS_WINDOW_BF16] = bf16_max, \
				[GS_WINDOW_I32] = i32_max, [GS_WINDOW_I8] = i8_max,   [GS_WINDOW_U8] = u8_max, \
			}, \
		.sum = f32_sum, \
	}

#endif
