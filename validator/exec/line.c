#include "validator/exec/line.h"

#include <string.h>

/* Everything an address needs stays within this; beyond it 64-bit sums might overflow. */
#define SAFE (INT64_C(1) << 60)

static bool prepare_view(const struct gs_view *view, const struct gs_instr *in, unsigned axes, bool indirect,
                         const struct gs_memory *mem, struct gs_line_view *out)
{
	const uint8_t *array = gs_memory_array(mem, (enum gs_space)view->space);
	memset(out, 0, sizeof(*out));
	out->base = array + (size_t)view->chunk * GS_CHUNK_BYTES;
	out->dtype = view->dtype;
	out->skip = view->pad == GS_PAD_SKIP;
	out->pad = view->pad_value;
	out->rows = view->rows;
	out->count = view->count;
	out->never_outside = !indirect;
	__int128 flat_high = 0;
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		__int128 low = row->at.offset, high = row->at.offset;
		out->row[r].extent = (int64_t)row->extent;
		out->row[r].stride = (int64_t)row->stride;
		out->row[r].offset = row->at.offset;
		for (unsigned a = 0; a < axes; a++) {
			__int128 reach = (__int128)row->at.coef[a] * (in->extent[a] ? in->extent[a] - 1 : 0);
			low += reach < 0 ? reach : 0;
			high += reach > 0 ? reach : 0;
			out->row[r].coef[a] = row->at.coef[a];
			__int128 flat_coef = out->flat_coef[a] + (__int128)row->stride * row->at.coef[a];
			if (flat_coef > SAFE || flat_coef < -SAFE)
				return false;
			out->flat_coef[a] = (int64_t)flat_coef;
		}
		__int128 flat_offset = out->flat_offset + (__int128)row->stride * row->at.offset;
		__int128 spread = (__int128)row->stride * (high > -low ? high : -low);
		if (low < -SAFE || high > SAFE || spread > SAFE || flat_offset > SAFE || flat_offset < -SAFE)
			return false;
		out->flat_offset = (int64_t)flat_offset;
		out->never_outside &= low >= 0 && high < (__int128)row->extent;
		flat_high += (__int128)row->stride * high;
	}
	out->never_outside &= flat_high < (__int128)view->count;
	return flat_high < SAFE;
}

bool gs_line_prepare(const struct gs_instr *in, unsigned i, const struct gs_memory *mem, struct gs_line_operand *out)
{
	const struct gs_operand *op = &in->operand[i];
	memset(out, 0, sizeof(*out));
	out->kind = op->kind;
	out->cls = gs_instr_operand_class(in, i);
	out->constant = op->constant;
	out->iota = op->iota;
	out->axes = in->form == GS_FOLD && i > 0 ? in->out_axes + in->red_axes : in->out_axes;
	out->indirect_row = op->indirect_row;
	if (op->kind != GS_OPERAND_TENSOR)
		return true;
	if (!prepare_view(&op->view, in, out->axes, op->indirect_row != 0, mem, &out->view))
		return false;
	return op->indirect_row == 0 || prepare_view(&op->indirect, in, out->axes, false, mem, &out->indirect);
}

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* Narrows [*low, *high) to the positions with 0 <= start + step*i < extent. */
static void narrow(int64_t start, int64_t step, int64_t extent, int64_t *low, int64_t *high)
{
	if (step == 0) {
		if (start < 0 || start >= extent)
			*high = *low;
		return;
	}
	int64_t first, end; /* first position inside, first position beyond */
	if (step > 0) {
		first = -floor_div(start, step); /* ceil(-start / step) */
		end = floor_div(extent - 1 - start, step) + 1;
	} else {
		first = -floor_div(extent - 1 - start, -step); /* ceil((start - extent + 1) / -step) */
		end = floor_div(start, -step) + 1;
	}
	first = first > *low ? first : *low;
	end = end < *high ? end : *high;
	*high = first < end ? end : *low; /* an empty interval stays within the line */
	*low = first < end ? first : *low;
}

struct gs_line_span gs_line_span_at(const struct gs_line_view *view, unsigned axes, const uint64_t *point,
                                    unsigned line_axis, int64_t n)
{
	struct gs_line_span span = {0, n, view->flat_offset, line_axis < axes ? view->flat_coef[line_axis] : 0};
	for (unsigned a = 0; a < axes; a++)
		span.flat += view->flat_coef[a] * (int64_t)point[a];
	if (view->never_outside)
		return span;
	for (unsigned r = 0; r < view->rows; r++) {
		int64_t start = view->row[r].offset;
		for (unsigned a = 0; a < axes; a++)
			start += view->row[r].coef[a] * (int64_t)point[a];
		narrow(start, line_axis < axes ? view->row[r].coef[line_axis] : 0, view->row[r].extent, &span.low,
		       &span.high);
	}
	narrow(span.flat, span.flat_step, (int64_t)view->count, &span.low, &span.high);
	return span;
}

/* The commonest dtype, without two calls an element: gs_load(GS_F32, ...) is the bits, or the one NaN. */
static void load_f32(const struct gs_line_view *view, struct gs_line_span span, gs_reg *out)
{
	for (int64_t i = span.low; i < span.high; i++) {
		const uint8_t *p = view->base + 4 * (span.flat + span.flat_step * i);
		uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		out[i] = (bits & 0x7fffffffu) > 0x7f800000u ? GS_F32_NAN : bits;
	}
}

static void load_direct(const struct gs_line_view *view, unsigned axes, const uint64_t *point, unsigned line_axis,
                        size_t n, gs_reg *out, uint8_t *absent)
{
	struct gs_line_span span = gs_line_span_at(view, axes, point, line_axis, (int64_t)n);
	for (int64_t i = 0; i < span.low; i++)
		out[i] = view->pad;
	if (view->dtype == GS_F32)
		load_f32(view, span, out);
	for (int64_t i = span.low; i < span.high && view->dtype != GS_F32; i++) {
		uint64_t at = (uint64_t)(span.flat + span.flat_step * i);
		out[i] = gs_load(view->dtype, gs_element_bits(view->base, view->dtype, at));
	}
	for (int64_t i = span.high; i < (int64_t)n; i++)
		out[i] = view->pad;
	if (absent && view->skip) {
		memset(absent, 1, (size_t)span.low);
		memset(absent + span.high, 1, n - (size_t)span.high);
	}
}

static void load_indirect(const struct gs_line_operand *op, const uint64_t *point, unsigned line_axis, size_t n,
                          gs_reg *out, uint8_t *absent, gs_reg *index)
{
	const struct gs_line_view *view = &op->view;
	bool narrow_class = gs_dtype_class(op->indirect.dtype) == GS_CLASS_I32;
	load_direct(&op->indirect, op->axes, point, line_axis, n, index, NULL);
	for (size_t i = 0; i < n; i++) {
		int64_t added = narrow_class ? (int64_t)(int32_t)(uint32_t)index[i] : (int64_t)index[i];
		bool inside = true;
		uint64_t flat = 0;
		for (unsigned r = 0; r < view->rows && inside; r++) {
			__int128 c = view->row[r].offset;
			for (unsigned a = 0; a < op->axes; a++) {
				uint64_t at = point[a] + (a == line_axis ? i : 0);
				c += (__int128)view->row[r].coef[a] * (__int128)at;
			}
			c += r + 1 == op->indirect_row ? added : 0;
			inside = c >= 0 && c < view->row[r].extent;
			if (inside) { /* extents and strides are at most 2^31: eight products stay below 2^65, clamp each */
				unsigned __int128 next = flat +
				                         (unsigned __int128)c * (unsigned __int128)view->row[r].stride;
				inside = next < view->count;
				flat = (uint64_t)next;
			}
		}
		out[i] = inside ? gs_load(view->dtype, gs_element_bits(view->base, view->dtype, flat)) : view->pad;
		if (absent && view->skip && !inside)
			absent[i] = 1;
	}
}

void gs_line_load(const struct gs_line_operand *op, const uint64_t *point, unsigned line_axis, size_t n, gs_reg *out,
                  uint8_t *absent, gs_reg *index_scratch)
{
	switch (op->kind) {
	case GS_OPERAND_CONST:
		for (size_t i = 0; i < n; i++)
			out[i] = op->constant;
		return;
	case GS_OPERAND_IOTA: {
		uint64_t value = (uint64_t)gs_affine_at(&op->iota, op->axes, point);
		uint64_t step = line_axis < op->axes ? (uint64_t)op->iota.coef[line_axis] : 0;
		uint64_t mask = op->cls == GS_CLASS_I64 ? UINT64_MAX : UINT32_MAX;
		for (size_t i = 0; i < n; i++, value += step)
			out[i] = value & mask;
		return;
	}
	case GS_OPERAND_TENSOR:
		if (op->indirect_row)
			load_indirect(op, point, line_axis, n, out, absent, index_scratch);
		else
			load_direct(&op->view, op->axes, point, line_axis, n, out, absent);
		return;
	}
}
