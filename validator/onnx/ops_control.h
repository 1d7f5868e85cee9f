/* validator/onnx/ops_control.h: what loops and scans share. */
#ifndef GS_VALIDATOR_ONNX_OPS_CONTROL_H
#define GS_VALIDATOR_ONNX_OPS_CONTROL_H

#include "validator/onnx/ops_common.h"

/* The graph in an attribute, or NULL. */
const struct gs_onnx_graph *gs_control_graph(const struct gs_onnx_node *node, const char *name);
/* v, which must be one element of dtype, as a scalar. */
enum gs_err gs_control_element(struct gs_lower *lo, const struct gs_val *v, enum gs_dtype dtype, const char *what,
                               struct gs_val *out);
/* Joins n >= 1 values of one type and shape along a new dimension; overwrites part[]. */
enum gs_err gs_control_stack(struct gs_lower *lo, struct gs_val *part, uint64_t n, int64_t axis, bool backwards,
                             struct gs_val *out);
/* What a scan output is after no trip: the declared shape of the body's output, with a dimension 0. */
enum gs_err gs_control_stack_none(struct gs_lower *lo, const struct gs_onnx_value *declared, int64_t axis,
                                  struct gs_val *out);

#endif
