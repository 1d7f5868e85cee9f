/* validator/onnx/ops_sample.h: reads between the elements of an image, at positions that are data. Formulas:
 * docs/operators.md. */
#ifndef GS_VALIDATOR_ONNX_OPS_SAMPLE_H
#define GS_VALIDATOR_ONNX_OPS_SAMPLE_H

#include "validator/onnx/ops_common.h"

enum {
	GS_SAMPLE_NOWHERE = -(1 << 29), /* added for every dimension that a tap misses: the sum stays negative */
	GS_SAMPLE_PLACES_MAX = 1 << 29, /* elements that a flat index can reach */
	GS_SAMPLE_DIMS_MAX = 3,
};

enum gs_sample_kernel { GS_SAMPLE_NEAREST, GS_SAMPLE_LINEAR, GS_SAMPLE_CUBIC };
enum gs_sample_outside { GS_SAMPLE_ZERO, GS_SAMPLE_BORDER, GS_SAMPLE_REFLECT };

struct gs_sampler {
	unsigned dims; /* spatial: 1 to 3 */
	uint32_t extent[GS_SAMPLE_DIMS_MAX];
	enum gs_sample_kernel kernel;
	enum gs_sample_outside outside;
	bool corners; /* reflection is about the outer elements' centres, not about the image's edges */
};

/* Taps of every position: index (i32) and weight (f32) of the shape of positions' leading dimensions, then one
 * dimension of taps for every spatial one (1, 2 or 4 of them). */
struct gs_taps {
	struct gs_val index, weight; /* no weight with GS_SAMPLE_NEAREST */
	unsigned lead;               /* leading dimensions */
};

/* at[..., dims], f32: coordinates in elements, the first spatial dimension first. At most 8 - dims dimensions. */
enum gs_err gs_sample_taps(struct gs_lower *lo, const struct gs_sampler *s, const struct gs_val *at,
                           struct gs_taps *out);
/* f32 constant of n numbers, as the last dimension. */
enum gs_err gs_sample_numbers(struct gs_lower *lo, const double *v, unsigned n, struct gs_val *out);

#endif
