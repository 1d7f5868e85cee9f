/* validator/onnx/lower_tolerance.h: which models may have a tolerance (docs/operators.md, "Tolerant models"). */
#ifndef GS_VALIDATOR_ONNX_LOWER_TOLERANCE_H
#define GS_VALIDATOR_ONNX_LOWER_TOLERANCE_H

#include "validator/onnx/lower.h"

/* Refuses options whose tolerances no header may have. */
enum gs_err gs_lower_tolerance_options(struct gs_lower *lo);
/* Refuses a model in which a number that a runtime may round otherwise decides something discrete on its way to the outputs,
 * which the instructions output[] write. Naming the node. */
enum gs_err gs_lower_tolerable(struct gs_lower *lo, const uint32_t *output, uint32_t outputs);

#endif
