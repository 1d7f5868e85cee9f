/* validator/cli/compare.h: two tensors, equal within the tolerance that conformance uses. */
#ifndef GS_VALIDATOR_CLI_COMPARE_H
#define GS_VALIDATOR_CLI_COMPARE_H

#include "validator/onnx/tensor.h"

enum gs_tolerance {
	GS_TOLERANCE,      /* |a - b| <= 1e-5 + 1e-3 |b| */
	GS_TOLERANCE_HALF, /* f16 and bf16 models: |a - b| <= 1e-5 + 2e-2 |b| */
};
enum gs_difference { GS_SAME, GS_DIFFERENT_TYPE, GS_DIFFERENT_SHAPE, GS_DIFFERENT_VALUE };

/* Integers, booleans, infinities and NaNs must agree exactly (any NaN equals any NaN). detail (may be NULL) says
 * where the first difference is. */
enum gs_difference gs_compare(const struct gs_tensor *have, const struct gs_tensor *want, enum gs_tolerance tolerance,
                              struct gs_error *detail);
const char *gs_difference_name(enum gs_difference d);      /* "value", ... */
double gs_float_value(enum gs_dtype dtype, uint64_t bits); /* of an f32, f16 or bf16 element */

#endif
