/* validator/onnx/ops_pool.h: what the pooling operators share. Formulas: docs/operators.md. */
#ifndef GS_VALIDATOR_ONNX_OPS_POOL_H
#define GS_VALIDATOR_ONNX_OPS_POOL_H

#include "validator/onnx/ops_common.h"

/* The window of a pooling node over x[N, C, 1 to 3 spatial dimensions]; reads kernel_shape too. */
enum gs_err gs_pool_window(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                           struct gs_window *win);
/* Folds over the window of every output; taps outside the input are skipped. The caller sets fn, dtypes, epilogue and
 * the start (operand 0) of fold. */
enum gs_err gs_pool_fold(struct gs_lower *lo, const struct gs_val *from, const struct gs_window *win,
                         struct gs_instr *fold, struct gs_val *out);
/* MaxPool's Indices: for y, the greatest of each window over x (no negative strides), the i64 position in x, counted
 * over the whole tensor, of the first element that equals it. by_column: the spatial part is counted column-major. */
enum gs_err gs_pool_indices(struct gs_lower *lo, const struct gs_val *x, const struct gs_window *win, bool by_column,
                            const struct gs_val *y, struct gs_val *out);

#endif
