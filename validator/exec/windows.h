/* validator/exec/windows.h: recognises the image that a convolution's windows slide over, padded or not.
 *
 * Output axes that move the view are the outer and the inner one of the image's lines ("y" and "x"; there may be the inner one
 * alone), each with at most one reduction axis, the taps of the window. Coordinate along a dimension of output o at tap t is
 * low + o*stride + t*dilation, and coordinates outside 0 ... extent - 1 read the pad value. All other axes move the whole
 * image. */
#ifndef GS_VALIDATOR_EXEC_WINDOWS_H
#define GS_VALIDATOR_EXEC_WINDOWS_H

#include "validator/exec/pattern.h"

struct gs_window_dim {
	uint32_t outputs, taps;   /* at least 1 */
	int64_t stride, dilation; /* at least 1 */
	int64_t low, extent;
	int64_t apart;    /* tensor elements from a coordinate to the next */
	uint8_t tap_axis; /* GS_AXES_MAX: none, taps is 1 */
};

struct gs_windows {
	uint8_t space; /* enum gs_space */
	uint8_t dtype; /* of class F32 */
	uint32_t chunk;
	struct gs_window_dim y, x;
	int64_t at;                /* tensor element of coordinates 0, 0 where all other axes are 0 */
	int64_t step[GS_AXES_MAX]; /* tensor elements a step along each other axis */
	float pad;
};

/* The view of operand i of a FOLD, lanes being the one or two output axes of the image, all of extents above 1. False when it
 * is no such image; skipping is not known here. */
bool gs_windows_read(const struct gs_instr *in, unsigned i, const struct gs_axis_list *lanes, struct gs_windows *out);

/* Coordinates that all windows of `outputs` outputs reach together. */
static inline uint64_t gs_window_span(const struct gs_window_dim *dim, uint64_t outputs)
{
	return (outputs - 1) * (uint64_t)dim->stride + (dim->taps - 1U) * (uint64_t)dim->dilation + 1;
}

#endif
