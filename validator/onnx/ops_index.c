/* Constants, shapes as data, and reads through an index. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum gs_err gs_ops_tensor_constant(struct gs_lower *lo, struct gs_bytes bytes, struct gs_val *out)
{
	struct gs_tensor t;
	enum gs_err err = gs_tensor_from_model(bytes, lo->options->external, &lo->arena, &t, lo->error);
	if (err != GS_OK) {
		bool text = err == GS_EUNSUPPORTED && gs_tensor_proto_type(bytes) == GS_ONNX_TYPE_STRING;
		lo->report.reason = text                     ? GS_ONNX_STRING
		                    : err == GS_EUNSUPPORTED ? GS_ONNX_DATA_TYPE
		                    : err == GS_ELIMIT       ? GS_ONNX_TOO_BIG
		                                             : GS_ONNX_MALFORMED;
		return err;
	}
	return gs_lower_constant(lo, t.dtype, t.rank, t.dim, t.data, out);
}

/* One f32 or i64 element, or a list of them. */
static enum gs_err list_constant(struct gs_lower *lo, bool is_float, unsigned rank, uint32_t count, const int64_t *ints,
                                 const uint32_t *floats, struct gs_val *out)
{
	unsigned size = is_float ? 4 : 8;
	uint8_t *data = gs_arena_alloc(&lo->arena, count, size);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a constant does not fit the memory limit");
	for (uint32_t i = 0; i < count; i++)
		if (is_float)
			gs_le32_write(data + 4 * i, floats[i]);
		else
			gs_le64_write(data + 8 * i, (uint64_t)ints[i]);
	return gs_lower_constant(lo, is_float ? GS_F32 : GS_I64, rank, &count, data, out);
}

static enum gs_err op_constant(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	const struct gs_onnx_attr *a;
	(void)in;
	if ((a = gs_onnx_attr_find(node, "value")) != NULL && a->type == GS_ONNX_ATTR_TENSOR)
		return gs_ops_tensor_constant(lo, a->s, out);
	if ((a = gs_onnx_attr_find(node, "value_float")) != NULL && a->type == GS_ONNX_ATTR_FLOAT)
		return list_constant(lo, true, 0, 1, NULL, &a->f, out);
	if ((a = gs_onnx_attr_find(node, "value_int")) != NULL && a->type == GS_ONNX_ATTR_INT)
		return list_constant(lo, false, 0, 1, &a->i, NULL, out);
	if ((a = gs_onnx_attr_find(node, "value_floats")) != NULL && a->type == GS_ONNX_ATTR_FLOATS)
		return list_constant(lo, true, 1, a->count, NULL, a->floats, out);
	if ((a = gs_onnx_attr_find(node, "value_ints")) != NULL && a->type == GS_ONNX_ATTR_INTS)
		return list_constant(lo, false, 1, a->count, a->ints, NULL, out);
	return gs_lower_refuse(lo, GS_ONNX_FORM, "only dense tensors, floats and integers are supported as constants");
}

static enum gs_err op_constant_of_shape(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                        struct gs_val *out)
{
	int64_t want[GS_RANK_MAX];
	uint32_t dim[GS_RANK_MAX];
	unsigned rank;
	struct gs_val v;
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "value");
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints(lo, &in[0], "the shape", want, GS_RANK_MAX, &rank));
	for (unsigned d = 0; d < rank; d++) {
		if (want[d] < 0 || want[d] > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a dimension of %lld", (long long)want[d]);
		dim[d] = (uint32_t)want[d];
	}
	if (a == NULL)
		GS_TRY(list_constant(lo, true, 0, 1, NULL, &(uint32_t){0}, &v));
	else
		GS_TRY(gs_ops_tensor_constant(lo, a->s, &v));
	if (gs_val_count(&v) != 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "the value does not have one element");
	v.rank = 0;
	return gs_lower_expand(lo, &v, rank, dim, out);
}

static enum gs_err op_shape(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	int64_t dim[GS_RANK_MAX];
	unsigned n = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	int64_t rank = in[0].rank, start = gs_lower_attr_int(node, "start", 0),
		end = gs_lower_attr_int(node, "end", rank);
	start = start < 0 ? start + rank : start;
	end = end < 0 ? end + rank : end;
	for (int64_t d = start < 0 ? 0 : start; d < end && d < rank; d++)
		dim[n++] = in[0].dim[d];
	return gs_lower_constant_ints(lo, dim, n, out);
}

static enum gs_err op_size(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_constant_ints(lo, &(int64_t){(int64_t)gs_val_count(&in[0])}, 1, out));
	out->rank = 0;
	return GS_OK;
}

/* Negative indices count from the end: index < 0 ? index + extent : index. */
enum gs_err gs_ops_from_the_end(struct gs_lower *lo, const struct gs_val *index, uint32_t extent, struct gs_val *out)
{
	enum gs_class cls = gs_val_class(index);
	struct gs_val below, moved;
	gs_reg n = gs_reg_of_int(cls, extent);
	struct gs_step less = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_LT, cls), .dtype = GS_BOOL};
	struct gs_step add = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_ADD, cls), .dtype = index->dtype};
	struct gs_step select = {.fn = (uint8_t)gs_fn_for(GS_FN_F32_SELECT, cls), .dtype = index->dtype};
	GS_TRY(gs_lower_map(lo, less, 2, (struct gs_arg[]){{.v = index}, {.reg = 0}}, &below));
	GS_TRY(gs_lower_map(lo, add, 2, (struct gs_arg[]){{.v = index}, {.reg = n}}, &moved));
	return gs_lower_map(lo, select, 3, (struct gs_arg[]){{.v = &below}, {.v = &moved}, {.v = index}}, out);
}

enum gs_err gs_ops_check_indices(struct gs_lower *lo, const struct gs_val *index, uint32_t extent)
{
	if (index->kind != GS_VAL_CONST)
		return GS_OK; /* at run time an index out of range reads zero */
	for (uint64_t i = 0, n = gs_val_count(index); i < n; i++) {
		gs_reg r = gs_load((enum gs_dtype)index->dtype, gs_lower_const_bits(lo, index, i));
		int64_t v = gs_val_class(index) == GS_CLASS_I32 ? (int32_t)(uint32_t)r : (int64_t)r;
		if (v < 0 || v >= (int64_t)extent)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an index outside a dimension of %u", extent);
	}
	return GS_OK;
}

/* The operand's dimension `axis` of x, of coordinate zero plus the index value. */
void gs_ops_indirect_row(struct gs_operand *op, const struct gs_val *x, unsigned axis)
{
	unsigned row = gs_operand_row(op, x->dim[axis], (uint64_t)x->stride[axis], 0);
	op->indirect_row = (uint8_t)(row + 1);
}

void gs_ops_indirect_view(const struct gs_lower *lo, struct gs_operand *op, const struct gs_val *index,
                          const unsigned *axis_of)
{
	struct gs_operand read = gs_lower_view(lo, index);
	for (unsigned d = 0; d < index->rank; d++)
		if (index->dim[d] != 1)
			gs_operand_axis(&read, axis_of[d], index->stride[d]);
	op->indirect = read.view;
}

static enum gs_err gather_inputs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *x, struct gs_val *index, unsigned *axis)
{
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	*x = in[0];
	if (in[1].dtype != GS_I32 && in[1].dtype != GS_I64)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices that are neither i32 nor i64");
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), x->rank, axis));
	GS_TRY(gs_ops_from_the_end(lo, &in[1], x->dim[*axis], index));
	GS_TRY(gs_ops_check_indices(lo, index, x->dim[*axis]));
	if (x->stride[*axis] < 0)
		GS_TRY(gs_lower_copy(lo, x, x));
	return GS_OK;
}

static enum gs_err op_gather(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	struct gs_val x = {0}, index = {0};
	unsigned axis = 0, axis_of[GS_RANK_MAX] = {0}, rank = 0;
	uint32_t dim[2 * GS_RANK_MAX];
	gs_reg one;
	GS_TRY(gather_inputs(lo, node, in, &x, &index, &axis));
	if (x.rank + index.rank - 1U > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a result of rank %u", x.rank + index.rank - 1U);
	if (index.rank == 0 && gs_lower_uniform(lo, &index, &one)) { /* one known index: a view */
		int64_t at = gs_val_class(&index) == GS_CLASS_I32 ? (int32_t)(uint32_t)one : (int64_t)one;
		for (unsigned d = 0; d < x.rank; d++)
			if (d != axis)
				dim[rank++] = x.dim[d];
		x.offset += at * x.stride[axis];
		x.dim[axis] = 1;
		x.stride[axis] = 0;
		return gs_lower_reshape(lo, &x, rank, dim, out);
	}
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	for (unsigned d = 0; d < x.rank; d++) {
		if (d == axis) {
			for (unsigned i = 0; i < index.rank; i++) {
				axis_of[i] = rank;
				dim[rank++] = index.dim[i];
			}
			continue;
		}
		gs_operand_axis(&copy.operand[0], rank, x.stride[d]);
		dim[rank++] = x.dim[d];
	}
	gs_ops_indirect_row(&copy.operand[0], &x, axis);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, axis_of);
	copy.out_axes = (uint8_t)rank;
	memcpy(copy.extent, dim, rank * sizeof(*dim));
	return gs_lower_emit(lo, &copy, rank, dim, out);
}

static enum gs_err op_gather_elements(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                      struct gs_val *out)
{
	struct gs_val x = {0}, index = {0};
	unsigned axis = 0, axis_of[GS_RANK_MAX] = {0};
	GS_TRY(gather_inputs(lo, node, in, &x, &index, &axis));
	if (index.rank != x.rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices of another rank");
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = x.rank};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	for (unsigned d = 0; d < x.rank; d++) {
		if (d != axis && index.dim[d] > x.dim[d])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices of a larger shape");
		axis_of[d] = d;
		copy.extent[d] = index.dim[d];
		if (d != axis)
			gs_operand_axis(&copy.operand[0], d, x.stride[d]);
	}
	gs_ops_indirect_row(&copy.operand[0], &x, axis);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, axis_of);
	return gs_lower_emit(lo, &copy, x.rank, index.dim, out);
}

const struct gs_lower_op gs_ops_index[] = {
	{"Constant", op_constant},
	{"ConstantOfShape", op_constant_of_shape},
	{"Gather", op_gather},
	{"GatherElements", op_gather_elements},
	{"Shape", op_shape},
	{"Size", op_size},
	{NULL, NULL},
};
