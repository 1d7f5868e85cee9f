/* validator/onnx/ops_common.h: short hands and checks that the operators share. */
#ifndef GS_VALIDATOR_ONNX_OPS_COMMON_H
#define GS_VALIDATOR_ONNX_OPS_COMMON_H

#include "validator/onnx/lower.h"

#define GS_TRY(expr) \
	do { \
		enum gs_err try_err = (expr); \
		if (try_err != GS_OK) \
			return try_err; \
	} while (0)

struct gs_arg gs_arg_of(const struct gs_val *v);
struct gs_arg gs_arg_reg(gs_reg r);
/* One function of the class of v (given by its f32 code), stored as v's dtype. */
struct gs_step gs_step_of(unsigned f32_fn, const struct gs_val *v);
/* The same, kept in the class's wide type: a value inside an operator. */
struct gs_step gs_step_inner(unsigned f32_fn, const struct gs_val *v);

enum gs_err gs_ops_present(struct gs_lower *lo, const struct gs_val *v);
enum gs_err gs_ops_same_types(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b);
enum gs_err gs_ops_want_float(struct gs_lower *lo, const struct gs_val *v);
/* u64 order is not the order of the I64 register that holds it: refuses u64. */
enum gs_err gs_ops_ordered(struct gs_lower *lo, const struct gs_val *v);
/* Before opset 7 a broadcast had to be announced, and could start at an axis: gives b the trailing ones it needs. */
enum gs_err gs_ops_legacy_broadcast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *a,
                                    struct gs_val *b);

#endif
