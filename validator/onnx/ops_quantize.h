/* validator/onnx/ops_quantize.h: what the operators on quantized integers share. Formulas: docs/operators.md. */
#ifndef GS_VALIDATOR_ONNX_OPS_QUANTIZE_H
#define GS_VALIDATOR_ONNX_OPS_QUANTIZE_H

#include "validator/onnx/ops_common.h"

/* i8, u8, i16, u16 or i32. */
enum gs_err gs_quantized_want(struct gs_lower *lo, const struct gs_val *v);
/* The least and the greatest value of a type that values are quantized to; refuses all but the 8- and 16-bit ones. */
enum gs_err gs_quantized_range(struct gs_lower *lo, unsigned dtype, int32_t *low, int32_t *high);
/* Whole f32 numbers q plus the zero point (may be NULL; broadcasts over q), saturated to the type. NaN counts as 0. */
enum gs_err gs_quantized_store(struct gs_lower *lo, const struct gs_val *q, const struct gs_val *zero, unsigned dtype,
                               struct gs_val *out);

#endif
