/* Preparation of features and labels (ai.onnx.ml). Formulas: docs/operators.md. */
#include "validator/onnx/ops_ml.h"

#include <stdlib.h>
#include <string.h>

/* A list of one value, or of one a column, as a constant that broadcasts over the last dimension. */
static enum gs_err by_column(struct gs_lower *lo, const char *name, const struct gs_ml_floats *list,
                             const struct gs_val *x, struct gs_val *out)
{
	if (list->count != 1 && (x->rank == 0 || list->count != x->dim[x->rank - 1U]))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s has %u elements for %u columns", name,
		                       list->count, x->rank == 0 ? 1 : x->dim[x->rank - 1U]);
	return gs_ml_constant(lo, list->v, 1, &list->count, out);
}

static enum gs_err op_scaler(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	struct gs_ml_floats offset, scale;
	struct gs_val x, v;
	GS_TRY(gs_ml_floats(lo, node, "offset", &offset));
	GS_TRY(gs_ml_floats(lo, node, "scale", &scale));
	GS_TRY(gs_ml_numbers(lo, &in[0], &x));
	GS_TRY(by_column(lo, "offset", &offset, &x, &v));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&x), GS_V(&v), &x));
	GS_TRY(by_column(lo, "scale", &scale, &x, &v));
	return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&x), GS_V(&v), out);
}

static enum gs_err op_normalizer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_val x, t, d, zero;
	bool l1 = gs_lower_attr_is(node, "norm", "L1"), l2 = gs_lower_attr_is(node, "norm", "L2");
	bool max = gs_onnx_attr_find(node, "norm") == NULL || gs_lower_attr_is(node, "norm", "MAX");
	if (!l1 && !l2 && !max)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute norm is none of MAX, L1, L2");
	GS_TRY(gs_ml_rows(lo, &in[0], &x));
	if (max) {
		GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_F32_MAX, .dtype = GS_F32}, GS_NEG_INF, &x, 2,
		                     &d));
	} else {
		struct gs_step sum = {.fn = GS_FN_F32_ADD, .dtype = GS_F32, .epilogue = l2 ? GS_FN_F32_SQRT : 0};
		if (l1)
			GS_TRY(gs_op1(lo, GS_FN_F32_ABS, GS_F32, GS_V(&x), &t));
		else
			GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&x), GS_V(&x), &t));
		GS_TRY(gs_lower_sum(lo, sum, &t, 2, &d));
	}
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&d), GS_R(0), &zero));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&zero), GS_R(GS_ONE), GS_V(&d), &d));
	GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&x), GS_V(&d), out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

static enum gs_err op_binarizer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	static const uint8_t back[] = {
		[GS_CLASS_F32] = GS_FN_I32_TO_F32, [GS_CLASS_I32] = 0, [GS_CLASS_I64] = GS_FN_I32_TO_I64};
	struct gs_val x;
	GS_TRY(gs_ml_numbers(lo, &in[0], &x));
	struct gs_step s = {.fn = GS_FN_F32_LT, .dtype = in[0].dtype, .epilogue = back[gs_val_class(&in[0])]};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_R(gs_lower_attr_float(node, "threshold", 0)), GS_V(&x)},
	                    out);
}

/* ---- Imputer ---- */

static enum gs_err imputed_ints(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                                struct gs_val *v, gs_reg *what)
{
	struct gs_ml_ints list;
	int64_t replaced = gs_lower_attr_int(node, "replaced_value_int64", 0);
	bool narrow = gs_val_class(x) == GS_CLASS_I32;
	GS_TRY(gs_ml_ints(lo, node, "imputed_value_int64s", &list));
	if (list.count == 0 || (list.count != 1 && (x->rank == 0 || list.count != x->dim[x->rank - 1U])))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "imputed_value_int64s has %u elements", list.count);
	for (uint32_t i = 0; i < list.count; i++)
		if (narrow && (list.v[i] > INT32_MAX || list.v[i] < INT32_MIN))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an imputed value of %lld", (long long)list.v[i]);
	GS_TRY(gs_lower_constant_ints(lo, list.v, list.count, v));
	if (narrow)
		GS_TRY(gs_op1(lo, GS_FN_I64_TO_I32, GS_I32, GS_V(v), v));
	*what = narrow ? (gs_reg)(uint32_t)replaced : (gs_reg)replaced;
	return GS_OK;
}

static enum gs_err op_imputer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	struct gs_val v, is;
	enum gs_class cls = gs_val_class(&in[0]);
	gs_reg what = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (cls == GS_CLASS_F32) {
		struct gs_ml_floats list;
		GS_TRY(gs_ml_floats(lo, node, "imputed_value_floats", &list));
		GS_TRY(by_column(lo, "imputed_value_floats", &list, &in[0], &v));
		what = gs_lower_attr_float(node, "replaced_value_float", 0);
	} else {
		GS_TRY(imputed_ints(lo, node, &in[0], &v, &what));
	}
	struct gs_step select = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_SELECT, cls), .dtype = in[0].dtype};
	if (cls == GS_CLASS_F32 && what == UINT32_C(0x7fc00000)) { /* NaN equals nothing: what equals itself stays */
		GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&in[0]), GS_V(&in[0]), &is));
		return gs_lower_map(lo, select, 3, (struct gs_arg[]){GS_V(&is), GS_V(&in[0]), GS_V(&v)}, out);
	}
	GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_EQ, cls), GS_BOOL, GS_V(&in[0]), GS_R(what), &is));
	return gs_lower_map(lo, select, 3, (struct gs_arg[]){GS_V(&is), GS_V(&v), GS_V(&in[0])}, out);
}

/* ---- OneHotEncoder ---- */

static int compare_ints(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static enum gs_err distinct(struct gs_lower *lo, const struct gs_ml_ints *list)
{
	int64_t *sorted = gs_arena_alloc(&lo->arena, list->count, sizeof(*sorted));
	if (sorted == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u categories", list->count);
	memcpy(sorted, list->v, list->count * sizeof(*sorted));
	qsort(sorted, list->count, sizeof(*sorted), compare_ints);
	for (uint32_t i = 1; i < list->count; i++)
		if (sorted[i] == sorted[i - 1])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "category %lld comes twice",
			                       (long long)sorted[i]);
	return GS_OK;
}

static enum gs_err op_one_hot_encoder(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                      struct gs_val *out)
{
	struct gs_ml_ints list;
	struct gs_val x = in[0], v;
	uint32_t dim[GS_RANK_MAX + 1];
	GS_TRY(gs_ops_present(lo, &x));
	GS_TRY(gs_ml_ints(lo, node, "cats_int64s", &list));
	if (list.count == 0)
		return gs_lower_refuse(lo, gs_onnx_attr_find(node, "cats_strings") ? GS_ONNX_STRING : GS_ONNX_MALFORMED,
		                       "categories that are strings, or none; encode with cats_int64s");
	GS_TRY(distinct(lo, &list));
	if (gs_val_class(&x) == GS_CLASS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_TO_I64, GS_I64, GS_V(&x), &x));
	else if (gs_val_class(&x) == GS_CLASS_I32)
		GS_TRY(gs_op1(lo, GS_FN_I32_TO_I64, GS_I64, GS_V(&x), &x));
	memcpy(dim, x.dim, x.rank * sizeof(*dim));
	dim[x.rank] = 1;
	GS_TRY(gs_lower_reshape(lo, &x, x.rank + 1U, dim, &x));
	GS_TRY(gs_lower_constant_ints(lo, list.v, list.count, &v));
	struct gs_step s = {.fn = GS_FN_I64_EQ, .dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};
	return gs_lower_map(lo, s, 2, (struct gs_arg[]){GS_V(&x), GS_V(&v)}, out);
}

/* ---- FeatureVectorizer ---- */

/* The first `want` columns of x, with zeros behind those that it has. */
static enum gs_err cut(struct gs_lower *lo, const struct gs_val *x, uint32_t want, struct gs_val *out)
{
	uint32_t dim[2] = {x->dim[0], want};
	if (want <= x->dim[1]) {
		*out = gs_ops_part(x, 1, 0, want);
		return GS_OK;
	}
	struct gs_instr copy = {.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = 2};
	memcpy(copy.extent, dim, sizeof(dim));
	copy.operand[0] = gs_lower_view(lo, x);
	gs_operand_axis(&copy.operand[0], 0, x->stride[0]);
	unsigned row = gs_operand_row(&copy.operand[0], x->dim[1], (uint64_t)x->stride[1], 0);
	copy.operand[0].view.row[row].at.coef[1] = 1;
	return gs_lower_emit(lo, &copy, 2, dim, out);
}

static enum gs_err op_feature_vectorizer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                         struct gs_val *out)
{
	struct gs_ml_ints want;
	unsigned parts = 0;
	struct gs_val *part = gs_arena_alloc(&lo->arena, node->inputs, sizeof(*part));
	GS_TRY(gs_ml_ints(lo, node, "inputdimensions", &want));
	if (want.given)
		GS_TRY(gs_ml_length(lo, "inputdimensions", want.count, node->inputs));
	if (part == NULL || node->inputs == 0)
		return gs_lower_refuse(lo, part == NULL ? GS_ONNX_TOO_BIG : GS_ONNX_MALFORMED, "%u inputs",
		                       node->inputs);
	for (uint32_t i = 0; i < node->inputs; i++) {
		struct gs_val x;
		GS_TRY(gs_ml_rows(lo, &in[i], &x));
		int64_t columns = want.given ? want.v[i] : (int64_t)x.dim[1];
		if (columns < 0 || columns > GS_ML_LIST_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputdimensions has %lld", (long long)columns);
		if (parts > 0 && part[0].dim[0] != x.dim[0])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of %u and %u rows", part[0].dim[0],
			                       x.dim[0]);
		if (columns > 0)
			GS_TRY(cut(lo, &x, (uint32_t)columns, &part[parts++]));
	}
	if (parts == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a result without columns");
	return gs_ops_concat(lo, part, parts, 1, out);
}

/* ---- LabelEncoder ---- */

/* The attribute of that ending as a constant list: name_floats, name_int64s, name_tensor. */
static enum gs_err list_of(struct gs_lower *lo, const struct gs_onnx_node *node, const char *floats, const char *ints,
                           const char *tensor, const char *strings, struct gs_val *out)
{
	struct gs_ml_floats f;
	struct gs_ml_ints n;
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, tensor);
	GS_TRY(gs_ml_floats(lo, node, floats, &f));
	GS_TRY(gs_ml_ints(lo, node, ints, &n));
	if (f.count > 0)
		return gs_ml_constant(lo, f.v, 1, &f.count, out);
	if (n.count > 0)
		return gs_lower_constant_ints(lo, n.v, n.count, out);
	if (a != NULL && a->type == GS_ONNX_ATTR_TENSOR) {
		GS_TRY(gs_ops_tensor_constant(lo, a->s, out));
		return gs_lower_reshape(lo, out, 1, (uint32_t[]){(uint32_t)gs_val_count(out)}, out);
	}
	bool text = gs_onnx_attr_find(node, strings) != NULL || gs_onnx_attr_find(node, "classes_strings") != NULL;
	return gs_lower_refuse(lo, text ? GS_ONNX_STRING : GS_ONNX_MALFORMED,
	                       text ? "labels that are strings; map them outside the model" : "no keys, or no values");
}

/* default_float, default_int64 or default_tensor, of the values' type. */
static enum gs_err default_of(struct gs_lower *lo, const struct gs_onnx_node *node, enum gs_dtype dtype, uint64_t *bits)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "default_tensor");
	struct gs_val v;
	if (a == NULL || a->type != GS_ONNX_ATTR_TENSOR) {
		gs_reg r = gs_dtype_class(dtype) == GS_CLASS_F32
		                   ? gs_lower_attr_float(node, "default_float", UINT32_C(0x80000000))
		                   : (gs_reg)gs_lower_attr_int(node, "default_int64", -1);
		*bits = gs_store(dtype, gs_dtype_class(dtype) == GS_CLASS_I32 ? (uint32_t)r : r);
		return GS_OK;
	}
	GS_TRY(gs_ops_tensor_constant(lo, a->s, &v));
	if (gs_val_count(&v) != 1 || v.dtype != dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "default_tensor is not one value of the values' type");
	*bits = gs_lower_const_bits(lo, &v, 0);
	return GS_OK;
}

/* place[element] = the last key that it equals, or -1. */
static enum gs_err find_keys(struct gs_lower *lo, const struct gs_val *x, const struct gs_val *key, struct gs_val *out)
{
	enum gs_class cls = gs_val_class(x);
	uint32_t keys = key->dim[0], n = x->dim[0];
	int32_t at_nan = -1, *number = gs_arena_alloc(&lo->arena, keys, sizeof(*number));
	struct gs_val wide, is, at, place, self;
	if (number == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u keys", keys);
	for (uint32_t k = 0; k < keys; k++) {
		number[k] = (int32_t)k;
		if (cls == GS_CLASS_F32 &&
		    gs_load((enum gs_dtype)key->dtype, gs_lower_const_bits(lo, key, k)) == UINT32_C(0x7fc00000))
			at_nan = (int32_t)k;
	}
	GS_TRY(gs_lower_reshape(lo, x, 2, (uint32_t[]){n, 1}, &wide));
	GS_TRY(gs_ml_indices(lo, number, 1, &keys, &at));
	GS_TRY(gs_op2(lo, gs_fn_for(GS_FN_F32_EQ, cls), GS_BOOL, GS_V(&wide), GS_V(key), &is));
	GS_TRY(gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&is), GS_V(&at), GS_R(UINT32_MAX), &place));
	GS_TRY(gs_lower_fold(lo, (struct gs_step){.fn = GS_FN_I32_MAX, .dtype = GS_I32}, UINT32_MAX, &place, 2, out));
	GS_TRY(gs_lower_reshape(lo, out, 1, &n, out));
	if (at_nan < 0)
		return GS_OK;
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(x), GS_V(x), &self));
	return gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&self), GS_V(out), GS_R((uint32_t)at_nan), out);
}

static enum gs_err op_label_encoder(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                    struct gs_val *out)
{
	struct gs_val key = {0}, value = {0}, x, place, table;
	uint64_t otherwise = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(list_of(lo, node, "keys_floats", "keys_int64s", "keys_tensor", "keys_strings", &key));
	GS_TRY(list_of(lo, node, "values_floats", "values_int64s", "values_tensor", "values_strings", &value));
	uint32_t keys = key.dim[0], all = keys + 1, n = (uint32_t)gs_val_count(&in[0]);
	enum gs_dtype dtype = (enum gs_dtype)value.dtype;
	if (keys == 0 || value.dim[0] != keys || keys > GS_ML_LIST_MAX || gs_val_class(&key) != gs_val_class(&in[0]))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "%u keys and %u values, or keys of another type than the input", keys,
		                       value.dim[0]);
	if (keys > GS_FOLD_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u keys; the limit is %d", keys, GS_FOLD_MAX);
	GS_TRY(default_of(lo, node, dtype, &otherwise));
	uint8_t *data = gs_arena_alloc(&lo->arena, all, gs_dtype_bytes(dtype));
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u values", keys);
	gs_element_write(data, dtype, 0, otherwise);
	for (uint32_t k = 0; k < keys; k++)
		gs_element_write(data, dtype, k + 1U, gs_lower_const_bits(lo, &value, k));
	GS_TRY(gs_lower_reshape(lo, &in[0], 1, &n, &x));
	GS_TRY(find_keys(lo, &x, &key, &place));
	GS_TRY(gs_lower_constant(lo, dtype, 1, &all, data, &table));
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = table.dtype, .out_axes = 1, .extent = {n}};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&table));
	copy.operand[0] = gs_lower_view(lo, &table);
	unsigned row = gs_operand_row(&copy.operand[0], all, 1, 1); /* the default lies before the first value */
	copy.operand[0].indirect_row = (uint8_t)(row + 1);
	gs_ops_indirect_view(lo, &copy.operand[0], &place, (unsigned[]){0});
	GS_TRY(gs_lower_emit(lo, &copy, 1, &n, out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

/* ---- ArrayFeatureExtractor, ZipMap ---- */

static enum gs_err op_array_feature_extractor(struct gs_lower *lo, const struct gs_onnx_node *node,
                                              const struct gs_val *in, struct gs_val *out)
{
	struct gs_val x = in[0], index;
	uint32_t dim[GS_RANK_MAX], n = (uint32_t)gs_val_count(&in[1]);
	(void)node;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	if (in[1].dtype != GS_I64 || n == 0 || x.rank == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices that are not i64, or nothing to take from");
	if (x.rank == 1)
		GS_TRY(gs_lower_reshape(lo, &x, 2, (uint32_t[]){1, x.dim[0]}, &x));
	unsigned axis = x.rank - 1U;
	GS_TRY(gs_lower_reshape(lo, &in[1], 1, &n, &index));
	GS_TRY(gs_ops_check_indices(lo, &index, x.dim[axis]));
	if (x.stride[axis] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = x.rank};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	memcpy(dim, x.dim, sizeof(dim));
	dim[axis] = n;
	memcpy(copy.extent, dim, x.rank * sizeof(*dim));
	copy.operand[0] = gs_lower_view(lo, &x);
	for (unsigned d = 0; d < axis; d++)
		gs_operand_axis(&copy.operand[0], d, x.stride[d]);
	gs_ops_indirect_row(&copy.operand[0], &x, axis);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, &axis);
	return gs_lower_emit(lo, &copy, x.rank, dim, out);
}

/* The map's keys are attributes and never change, so the tensor of its values says all: the result is that tensor. */
static enum gs_err op_zip_map(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	struct gs_ml_labels labels;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ml_labels(lo, node, "classlabels_int64s", "classlabels_strings", &labels));
	if (in[0].rank == 0 || in[0].dim[in[0].rank - 1U] != labels.count)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u keys for %u columns", labels.count,
		                       in[0].rank == 0 ? 1 : in[0].dim[in[0].rank - 1U]);
	*out = in[0];
	return GS_OK;
}

const struct gs_lower_op gs_ops_ml_prepare[] = {
	{"ArrayFeatureExtractor", op_array_feature_extractor},
	{"Binarizer", op_binarizer},
	{"FeatureVectorizer", op_feature_vectorizer},
	{"Imputer", op_imputer},
	{"LabelEncoder", op_label_encoder},
	{"Normalizer", op_normalizer},
	{"OneHotEncoder", op_one_hot_encoder},
	{"Scaler", op_scaler},
	{"ZipMap", op_zip_map},
	{NULL, NULL},
};
