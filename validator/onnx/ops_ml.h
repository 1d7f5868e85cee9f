/* validator/onnx/ops_ml.h: what the operators of the domain ai.onnx.ml share. Formulas: docs/operators.md. */
#ifndef GS_VALIDATOR_ONNX_OPS_ML_H
#define GS_VALIDATOR_ONNX_OPS_ML_H

#include "validator/onnx/ops_common.h"

enum { GS_ML_LIST_MAX = 1 << 24 }; /* elements of a list attribute, or of a table made of one */

struct gs_ml_floats { /* binary32 bits; borrowed from the model or the arena */
	const uint32_t *v;
	uint32_t count;
	bool given;
};
struct gs_ml_ints {
	const int64_t *v;
	uint32_t count;
	bool given;
};

/* A list of floats: FLOATS, or a TENSOR of f32, f16 or bf16 (f64 is refused). */
enum gs_err gs_ml_floats(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name,
                         struct gs_ml_floats *out);
enum gs_err gs_ml_ints(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, struct gs_ml_ints *out);
/* Fails unless the list has n elements. */
enum gs_err gs_ml_length(struct gs_lower *lo, const char *name, uint32_t have, uint64_t n);
/* A constant of f32 with these bits (copied). */
enum gs_err gs_ml_constant(struct gs_lower *lo, const uint32_t *bits, unsigned rank, const uint32_t *dim,
                           struct gs_val *out);
/* A constant of i32 (copied). */
enum gs_err gs_ml_indices(struct gs_lower *lo, const int32_t *v, unsigned rank, const uint32_t *dim,
                          struct gs_val *out);

/* A numeric input as f32 [n, features]; [features] is one row. */
enum gs_err gs_ml_rows(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out);
/* The same for any rank, without reshaping. */
enum gs_err gs_ml_numbers(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out);

/* The number of the attribute post_transform: a name, or (TreeEnsemble) a number. */
enum gs_ml_post {
	GS_ML_POST_NONE = 0,
	GS_ML_POST_SOFTMAX,
	GS_ML_POST_LOGISTIC,
	GS_ML_POST_SOFTMAX_ZERO,
	GS_ML_POST_PROBIT
};
enum gs_err gs_ml_post(struct gs_lower *lo, const struct gs_onnx_node *node, enum gs_ml_post *out);
/* scores: [n, k] of f32. */
enum gs_err gs_ml_transform(struct gs_lower *lo, enum gs_ml_post post, const struct gs_val *scores, struct gs_val *out);

struct gs_ml_labels {
	uint32_t count;
	const int64_t *ints; /* NULL when the labels are strings, which no output can hold */
};
enum gs_err gs_ml_labels(struct gs_lower *lo, const struct gs_onnx_node *node, const char *ints, const char *strings,
                         struct gs_ml_labels *out);
/* out[n] = label[index[n]], index being i32 or i64 of any rank with n elements. With string labels: nothing, and a
 * refusal when the model reads the output. */
enum gs_err gs_ml_label(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_ml_labels *labels,
                        const struct gs_val *index, struct gs_val *out);
/* [-s, s] or (from_one) [1 - s, s] of the one column s[n, 1]. */
enum gs_err gs_ml_two_columns(struct gs_lower *lo, const struct gs_val *s, bool from_one, struct gs_val *out);
/* f32 table[v[...]] as an operand's row: the read of a one-dimensional constant through an index of rank 2. */
struct gs_operand gs_ml_through(const struct gs_lower *lo, const struct gs_val *table, const struct gs_val *index);

#endif
