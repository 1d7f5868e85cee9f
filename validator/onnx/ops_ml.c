/* Lists, labels and score transforms of the operators of ai.onnx.ml. Formulas: docs/operators.md. */
#include "validator/onnx/ops_ml.h"

#define GS_NEG_ONE UINT32_C(0xbf800000)

/* ---- attributes ---- */

static enum gs_err floats_of_tensor(struct gs_lower *lo, const char *name, struct gs_bytes bytes,
                                    struct gs_ml_floats *out)
{
	struct gs_val v;
	GS_TRY(gs_ops_tensor_constant(lo, bytes, &v));
	uint64_t n = gs_val_count(&v);
	uint32_t *bits = n > GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, n, sizeof(*bits));
	if (gs_val_class(&v) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s is not a tensor of floats", name);
	if (bits == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "attribute %s has too many elements", name);
	for (uint64_t i = 0; i < n; i++)
		bits[i] = (uint32_t)gs_load((enum gs_dtype)v.dtype, gs_lower_const_bits(lo, &v, i));
	*out = (struct gs_ml_floats){.v = bits, .count = (uint32_t)n, .given = true};
	return GS_OK;
}

enum gs_err gs_ml_floats(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name,
                         struct gs_ml_floats *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	*out = (struct gs_ml_floats){0};
	if (a == NULL)
		return GS_OK;
	if (a->type == GS_ONNX_ATTR_TENSOR)
		return floats_of_tensor(lo, name, a->s, out);
	if (a->type != GS_ONNX_ATTR_FLOATS)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s is not a list of floats", name);
	if (a->count > GS_ML_LIST_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "attribute %s has %u elements; the limit is %d", name,
		                       a->count, GS_ML_LIST_MAX);
	*out = (struct gs_ml_floats){.v = a->floats, .count = a->count, .given = true};
	return GS_OK;
}

enum gs_err gs_ml_ints(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, struct gs_ml_ints *out)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	*out = (struct gs_ml_ints){0};
	if (a == NULL)
		return GS_OK;
	if (a->type != GS_ONNX_ATTR_INTS)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s is not a list of integers", name);
	if (a->count > GS_ML_LIST_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "attribute %s has %u elements; the limit is %d", name,
		                       a->count, GS_ML_LIST_MAX);
	*out = (struct gs_ml_ints){.v = a->ints, .count = a->count, .given = true};
	return GS_OK;
}

enum gs_err gs_ml_length(struct gs_lower *lo, const char *name, uint32_t have, uint64_t n)
{
	return have == n ? GS_OK
	                 : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s has %u elements where %llu are needed",
	                                   name, have, (unsigned long long)n);
}

static enum gs_err words(struct gs_lower *lo, enum gs_dtype dtype, const void *v, unsigned rank, const uint32_t *dim,
                         struct gs_val *out)
{
	uint64_t n = 1;
	for (unsigned d = 0; d < rank; d++)
		n *= dim[d];
	uint8_t *data = n > 4 * (uint64_t)GS_ML_LIST_MAX ? NULL : gs_arena_alloc(&lo->arena, n, 4);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %llu elements", (unsigned long long)n);
	for (uint64_t i = 0; i < n; i++)
		gs_le32_write(data + 4 * i, ((const uint32_t *)v)[i]);
	return gs_lower_constant(lo, dtype, rank, dim, data, out);
}

enum gs_err gs_ml_constant(struct gs_lower *lo, const uint32_t *bits, unsigned rank, const uint32_t *dim,
                           struct gs_val *out)
{
	return words(lo, GS_F32, bits, rank, dim, out);
}

enum gs_err gs_ml_indices(struct gs_lower *lo, const int32_t *v, unsigned rank, const uint32_t *dim, struct gs_val *out)
{
	return words(lo, GS_I32, v, rank, dim, out);
}

/* ---- inputs ---- */

enum gs_err gs_ml_numbers(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out)
{
	GS_TRY(gs_ops_present(lo, in));
	*out = *in;
	switch (gs_val_class(in)) {
	case GS_CLASS_F32: return in->dtype == GS_F32 ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(in), out);
	case GS_CLASS_I32: return gs_op1(lo, GS_FN_I32_TO_F32, GS_F32, GS_V(in), out);
	case GS_CLASS_I64:
		if (in->dtype == GS_U64)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of type u64");
		return gs_op1(lo, GS_FN_I64_TO_F32, GS_F32, GS_V(in), out);
	}
	return GS_OK;
}

enum gs_err gs_ml_rows(struct gs_lower *lo, const struct gs_val *in, struct gs_val *out)
{
	GS_TRY(gs_ml_numbers(lo, in, out));
	if (out->rank == 1)
		GS_TRY(gs_lower_reshape(lo, out, 2, (uint32_t[]){1, out->dim[0]}, out));
	if (out->rank != 2 || gs_val_count(out) == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u, or without elements", in->rank);
	return out->stride[1] < 0 || out->stride[0] < 0 ? gs_lower_copy(lo, out, out) : GS_OK;
}

struct gs_operand gs_ml_through(const struct gs_lower *lo, const struct gs_val *table, const struct gs_val *index)
{
	struct gs_operand op = gs_lower_view(lo, table);
	gs_ops_indirect_row(&op, table, 0);
	gs_ops_indirect_view(lo, &op, index, (unsigned[]){0, 1});
	return op;
}

/* ---- transforms ---- */

enum gs_err gs_ml_post(struct gs_lower *lo, const struct gs_onnx_node *node, enum gs_ml_post *out)
{
	static const char *const name[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "post_transform");
	*out = GS_ML_POST_NONE;
	if (a == NULL)
		return GS_OK;
	for (unsigned i = 0; i < GS_ARRAY_LEN(name); i++)
		if (a->type == GS_ONNX_ATTR_INT ? a->i == (int64_t)i
		                                : a->type == GS_ONNX_ATTR_STRING && gs_onnx_text_is(a->s, name[i])) {
			*out = (enum gs_ml_post)i;
			return GS_OK;
		}
	return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
	                       "attribute post_transform is none of NONE, SOFTMAX, LOGISTIC, "
	                       "SOFTMAX_ZERO, PROBIT");
}

/* exp(x - m), but what is within 1e-7 of zero stays so, scaled by exp(-m); then divided by the sum. */
static enum gs_err softmax_zero(struct gs_lower *lo, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val m, far, e, small, z, s, none;
	struct gs_step minus = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP},
		       neg = {.fn = GS_FN_F32_NEG, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP};
	GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_F32_MAX, .dtype = GS_F32}, GS_NEG_INF, x, 2, &m));
	GS_TRY(gs_lower_map(lo, minus, 2, (struct gs_arg[]){GS_V(x), GS_V(&m)}, &e));
	GS_TRY(gs_lower_map(lo, neg, 1, (struct gs_arg[]){GS_V(&m)}, &small));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(x), GS_V(&small), &z));
	GS_TRY(gs_op1(lo, GS_FN_F32_ABS, GS_F32, GS_V(x), &far));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_R(UINT32_C(0x33d6bf95)), GS_V(&far), &far));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&far), GS_V(&e), GS_V(&z), &e));
	GS_TRY(gs_lower_sum(lo, (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = GS_F32}, &e, 2, &s));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&s), GS_R(0), &none));
	GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&e), GS_V(&s), &e));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&none), GS_R(UINT32_C(0x3f000000)), GS_V(&e), out);
}

/* sqrt(2) times Winitzki's approximation of the inverse of erf at 2x - 1, as ONNX's reference evaluator has it. */
static enum gs_err probit(struct gs_lower *lo, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val t, a, b, u, l, v, w, r, is;
	struct gs_step root = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_SQRT};
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_R(GS_NEG_ONE), GS_V(x), GS_R(UINT32_C(0x40000000)), &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_R(GS_ONE), GS_V(&t), &a));
	GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_R(GS_ONE), GS_V(&t), &b));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&a), GS_V(&b), &u));
	GS_TRY(gs_op1(lo, GS_FN_F32_LOG, GS_F32, GS_V(&u), &l));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_R(UINT32_C(0x408a957a)), GS_V(&l), GS_R(UINT32_C(0x3f000000)), &v));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&l), GS_R(UINT32_C(0x40d9afe4)), &w));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&v), GS_V(&v), &a));
	GS_TRY(gs_lower_map(lo, root, 2, (struct gs_arg[]){GS_V(&a), GS_V(&w)}, &r));
	GS_TRY(gs_lower_map(lo, root, 2, (struct gs_arg[]){GS_V(&r), GS_V(&v)}, &r));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&u), GS_R(0), &is));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&is), GS_R(0), GS_V(&r), &r));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&r), GS_R(UINT32_C(0x3fb504f3)), &r));
	GS_TRY(gs_op1(lo, GS_FN_F32_NEG, GS_F32, GS_V(&r), &a));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_V(&t), GS_R(0), &is));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&is), GS_V(&a), GS_V(&r), out);
}

enum gs_err gs_ml_transform(struct gs_lower *lo, enum gs_ml_post post, const struct gs_val *scores, struct gs_val *out)
{
	struct gs_val x = *scores;
	switch (post) {
	case GS_ML_POST_NONE: *out = x; return GS_OK;
	case GS_ML_POST_SOFTMAX: return gs_ops_softmax(lo, &x, 2, false, GS_F32, out);
	case GS_ML_POST_LOGISTIC: return gs_ops_sigmoid(lo, &x, GS_F32, out);
	case GS_ML_POST_SOFTMAX_ZERO: return softmax_zero(lo, &x, out);
	case GS_ML_POST_PROBIT: return probit(lo, &x, out);
	}
	return GS_OK;
}

/* ---- labels ---- */

enum gs_err gs_ml_labels(struct gs_lower *lo, const struct gs_onnx_node *node, const char *ints, const char *strings,
                         struct gs_ml_labels *out)
{
	const struct gs_onnx_attr *s = gs_onnx_attr_find(node, strings);
	struct gs_ml_ints list;
	GS_TRY(gs_ml_ints(lo, node, ints, &list));
	bool words_given = s != NULL && s->type == GS_ONNX_ATTR_STRINGS && s->count > 0;
	if (words_given == (list.count > 0))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "one of %s and %s must be given", ints, strings);
	*out = (struct gs_ml_labels){.count = words_given ? s->count : list.count, .ints = words_given ? NULL : list.v};
	return GS_OK;
}

enum gs_err gs_ml_label(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_ml_labels *labels,
                        const struct gs_val *index, struct gs_val *out)
{
	struct gs_val table, at = *index;
	uint32_t n = (uint32_t)gs_val_count(index);
	uint32_t name = node->outputs > 0 && node->output[0].len != 0 ? gs_lower_name(lo->scope, node->output[0])
	                                                              : UINT32_MAX;
	bool used = name != UINT32_MAX && lo->scope->of->uses[name] > 0;
	if (!used)
		return GS_OK;
	if (labels->ints == NULL)
		return gs_lower_refuse(lo, GS_ONNX_STRING,
		                       "its labels are strings, which no tensor here can hold; leave that output out "
		                       "of the model and read the scores");
	if (labels->count > GS_ML_LIST_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u labels", labels->count);
	GS_TRY(gs_lower_constant_ints(lo, labels->ints, labels->count, &table));
	GS_TRY(gs_lower_reshape(lo, &at, 2, (uint32_t[]){n, 1}, &at));
	struct gs_instr copy = {
		.form = GS_MAP, .fn = GS_FN_I64_COPY, .store_dtype = GS_I64, .out_axes = 1, .extent = {n}};
	copy.operand[0] = gs_ml_through(lo, &table, &at);
	return gs_lower_emit(lo, &copy, 1, &n, out);
}

enum gs_err gs_ml_two_columns(struct gs_lower *lo, const struct gs_val *s, bool from_one, struct gs_val *out)
{
	struct gs_val part[2] = {*s, *s};
	if (from_one)
		GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_R(GS_ONE), GS_V(s), &part[0]));
	else
		GS_TRY(gs_op1(lo, GS_FN_F32_NEG, GS_F32, GS_V(s), &part[0]));
	return gs_ops_concat(lo, part, 2, 1, out);
}
