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
/* One function of the type of v (given by its f32 code), stored as that; u64 has an order of its own. */
struct gs_step gs_step_of(unsigned f32_fn, const struct gs_val *v);
/* The same, kept in the class's wide type: a value inside an operator. */
struct gs_step gs_step_inner(unsigned f32_fn, const struct gs_val *v);

enum gs_err gs_ops_present(struct gs_lower *lo, const struct gs_val *v);
enum gs_err gs_ops_same_types(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b);
enum gs_err gs_ops_want_float(struct gs_lower *lo, const struct gs_val *v);
/* Before opset 7 a broadcast had to be announced, and could start at an axis: gives b the trailing ones it needs. */
enum gs_err gs_ops_legacy_broadcast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *a,
                                    struct gs_val *b);

/* One instruction: fn of the arguments, broadcast, stored as dtype. */
#define GS_V(value) ((struct gs_arg){.v = (value)})
#define GS_R(register_) ((struct gs_arg){.reg = (register_)})
enum gs_err gs_op1(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_val *out);
enum gs_err gs_op2(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_arg b,
                   struct gs_val *out);
enum gs_err gs_op3(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_arg b, struct gs_arg c,
                   struct gs_val *out);

/* The value of an iota over a box, compared by fn (an i64 comparison) with a register: bool, folded when it may be. */
enum gs_err gs_ops_iota_mask(struct gs_lower *lo, unsigned fn, gs_reg right, int64_t offset, const int64_t *coef,
                             unsigned rank, const uint32_t *dim, struct gs_val *out);

/* ---- reads through an index (ops_index.c) ---- */

/* A constant from a serialized TensorProto. */
enum gs_err gs_ops_tensor_constant(struct gs_lower *lo, struct gs_bytes bytes, struct gs_val *out);
/* Negative indices count from the end: index < 0 ? index + extent : index. */
enum gs_err gs_ops_from_the_end(struct gs_lower *lo, const struct gs_val *index, uint32_t extent, struct gs_val *out);
/* Indices that are known must be in range; at run time one out of range reads zero. */
enum gs_err gs_ops_check_indices(struct gs_lower *lo, const struct gs_val *index, uint32_t extent);
/* Gives the operand a row for dimension `axis` of x whose coordinate is the index value. */
void gs_ops_indirect_row(struct gs_operand *op, const struct gs_val *x, unsigned axis);
/* The index that such a row reads: dimension d of index along axis axis_of[d] of the box. */
void gs_ops_indirect_view(const struct gs_lower *lo, struct gs_operand *op, const struct gs_val *index,
                          const unsigned *axis_of);
/* `from` with the elements index[0 ... count) (borrowed i32 data in the arena) along one dimension; -1 reads fill. */
enum gs_err gs_ops_take(struct gs_lower *lo, const struct gs_val *from, unsigned axis, const uint8_t *index,
                        uint32_t count, gs_reg fill, struct gs_val *out);

/* data[R, P] with updates[R, U] at index[R, U] (i64) of their own rows; the last of several at one place stays, an index
 * outside of 0 to P - 1 is left out. */
enum gs_err gs_ops_scatter_rows(struct gs_lower *lo, const struct gs_val *data, const struct gs_val *index,
                                const struct gs_val *updates, struct gs_val *out);

/* ---- elements moved (ops_shape.c, ops_pad.c) ---- */

/* Joins n >= 1 parts, none of them empty, in groups of three; overwrites part[]. */
enum gs_err gs_ops_concat(struct gs_lower *lo, struct gs_val *part, unsigned n, unsigned axis, struct gs_val *out);
/* A view of count elements of dimension d from start. */
struct gs_val gs_ops_part(const struct gs_val *v, unsigned d, uint32_t start, uint32_t count);
/* x with before[d] elements of the value before it (negative: cropped) and as many behind as bring it to the extents
 * dim; every dim[d] is at least 0 and below 2^31. */
enum gs_err gs_ops_pad_value(struct gs_lower *lo, const struct gs_val *from, const int64_t *before, const uint32_t *dim,
                             gs_reg value, struct gs_val *out);
/* Padding from the input itself (modes reflect, edge, wrap) to the extents dim. */
enum gs_err gs_ops_pad_within(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                              const int64_t *before, const uint32_t *dim, struct gs_val *out);

/* ---- compositions that several operators need ---- */

enum gs_err gs_ops_sigmoid(struct gs_lower *lo, const struct gs_val *x, unsigned dtype, struct gs_val *out);
/* Softmax over the dimensions in mask; logarithm: LogSoftmax. */
enum gs_err gs_ops_softmax(struct gs_lower *lo, const struct gs_val *x, unsigned mask, bool logarithm, unsigned dtype,
                           struct gs_val *out);
/* mean, d = x - mean, v = mean of d*d, r = sqrt(v + epsilon), n = d / r over the dimensions in mask, all in f32.
 * moment (may be NULL) gets mean and r. */
enum gs_err gs_ops_normalise(struct gs_lower *lo, const struct gs_val *x, unsigned mask, gs_reg epsilon,
                             struct gs_val *moment, struct gs_val *n);
/* v[C] as [C, 1, 1, ...], so that it broadcasts along dimension 1 of a tensor of that rank. */
enum gs_err gs_ops_per_channel(struct gs_lower *lo, const struct gs_val *v, unsigned rank, uint32_t channels,
                               struct gs_val *out);
/* i64 index of the first (last) greatest (least) element along axis, the axis kept as 1. */
enum gs_err gs_ops_arg_extreme(struct gs_lower *lo, const struct gs_val *x, unsigned axis, bool least, bool last,
                               struct gs_val *out);
/* The matrix product of ONNX's MatMul, with an optional start (a value of the result's shape) for the sums. */
enum gs_err gs_ops_matmul(struct gs_lower *lo, const struct gs_val *left, const struct gs_val *right,
                          const struct gs_val *start, unsigned dtype, struct gs_val *out);
/* The same, stored as then.dtype after then.epilogue (a function of one operand; then.fn is not looked at). */
enum gs_err gs_ops_matmul_then(struct gs_lower *lo, const struct gs_val *left, const struct gs_val *right,
                               const struct gs_val *start, struct gs_step then, struct gs_val *out);
/* The convolution of ONNX's Conv: in[] is x, w and the bias or GS_VAL_NONE; all floats or all i32. */
enum gs_err gs_ops_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                        struct gs_step then, struct gs_val *out);

#endif
