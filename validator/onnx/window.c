/* The sliding windows of convolution and pooling. Source: ONNX operator Conv-22, MaxPool-22, AveragePool-22. */
#include "validator/onnx/lower.h"

enum { WINDOW_VALUE_MAX = 1 << 30 };

static enum gs_err bounded(struct gs_lower *lo, const int64_t *v, unsigned n, int64_t least, const char *what)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] < least || v[i] > WINDOW_VALUE_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s of %lld", what, (long long)v[i]);
	return GS_OK;
}

enum gs_err gs_window_read(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                           const uint32_t *kernel, struct gs_window *w)
{
	unsigned n = x->rank - 2U, count;
	int64_t pads[6] = {0};
	enum gs_err err;

	*w = (struct gs_window){.spatial = n};
	for (unsigned d = 0; d < n; d++) {
		w->in[d] = x->dim[2 + d];
		w->kernel[d] = kernel[d];
		w->stride[d] = w->dilation[d] = 1;
		if (kernel[d] == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a kernel of extent 0");
	}
	count = n;
	if ((err = gs_lower_attr_ints(lo, node, "strides", w->stride, 3, &count)) != GS_OK)
		return err;
	if (count == n)
		err = gs_lower_attr_ints(lo, node, "dilations", w->dilation, 3, &count);
	if (err != GS_OK || count != n)
		return err != GS_OK ? err
		                    : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "strides or dilations for %u dimensions",
		                                      count);
	count = 2 * n;
	if ((err = gs_lower_attr_ints(lo, node, "pads", pads, 6, &count)) != GS_OK)
		return err;
	if (count != 2 * n)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u pads for %u dimensions", count, n);
	if ((err = bounded(lo, w->stride, n, 1, "a stride")) != GS_OK ||
	    (err = bounded(lo, w->dilation, n, 1, "a dilation")) != GS_OK ||
	    (err = bounded(lo, pads, 2 * n, -WINDOW_VALUE_MAX, "a pad")) != GS_OK)
		return err;
	bool upper = gs_lower_attr_is(node, "auto_pad", "SAME_UPPER"),
	     lower = gs_lower_attr_is(node, "auto_pad", "SAME_LOWER");
	bool valid = gs_lower_attr_is(node, "auto_pad", "VALID");
	bool ceil_mode = gs_lower_attr_int(node, "ceil_mode", 0) != 0;
	for (unsigned d = 0; d < n; d++) {
		int64_t reach = w->dilation[d] * ((int64_t)kernel[d] - 1) + 1;
		int64_t extent = w->in[d], result;
		if (upper || lower) {
			result = (extent + w->stride[d] - 1) / w->stride[d];
			int64_t total = (result - 1) * w->stride[d] + reach - extent;
			total = total < 0 ? 0 : total;
			w->before[d] = upper ? total / 2 : total - total / 2;
			w->after[d] = total - w->before[d];
		} else {
			w->before[d] = valid ? 0 : pads[d];
			w->after[d] = valid ? 0 : pads[n + d];
			int64_t room = extent + w->before[d] + w->after[d] - reach;
			if (room < 0)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a window of %lld over an extent of %lld",
				                       (long long)reach, (long long)(room + reach));
			result = room / w->stride[d] + 1;
			if (ceil_mode && room % w->stride[d] != 0 && result * w->stride[d] < extent + w->before[d])
				result++; /* a last window that starts inside the input or the padding before it */
		}
		if (result < 0 || result > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an output extent of %lld", (long long)result);
		w->out[d] = (uint32_t)result;
	}
	return GS_OK;
}

bool gs_window_guarded(const struct gs_window *w, unsigned d)
{
	int64_t last = ((int64_t)w->out[d] - 1) * w->stride[d] - w->before[d] +
	               ((int64_t)w->kernel[d] - 1) * w->dilation[d];
	return w->before[d] > 0 || last >= (int64_t)w->in[d];
}

void gs_window_axis(const struct gs_window *w, unsigned d, const struct gs_val *x, struct gs_operand *op,
                    unsigned out_axis, unsigned kernel_axis)
{
	int64_t step = x->stride[2 + d];
	if (op->kind != GS_OPERAND_TENSOR)
		return;
	if (!gs_window_guarded(w, d)) {
		op->view.row[0].at.offset -= w->before[d] * step; /* before <= 0: cropping */
		gs_operand_axis(op, out_axis, step * w->stride[d]);
		gs_operand_axis(op, kernel_axis, step * w->dilation[d]);
		return;
	}
	unsigned row = gs_operand_row(op, w->in[d], (uint64_t)step, -w->before[d]);
	op->view.row[row].at.coef[out_axis] = w->stride[d];
	op->view.row[row].at.coef[kernel_axis] = w->dilation[d];
}
