#include "validator/onnx/ops_common.h"

#include <string.h>

struct gs_arg gs_arg_of(const struct gs_val *v)
{
	return (struct gs_arg){.v = v};
}

struct gs_arg gs_arg_reg(gs_reg r)
{
	return (struct gs_arg){.reg = r};
}

/* One function of the type of v (given by its f32 code), stored as that. */
struct gs_step gs_step_of(unsigned f32_fn, const struct gs_val *v)
{
	return (struct gs_step){.fn = (uint8_t)gs_fn_for_type(f32_fn, v->dtype), .dtype = v->dtype};
}

/* The same, kept in the class's wide type: a value inside an operator. */
struct gs_step gs_step_inner(unsigned f32_fn, const struct gs_val *v)
{
	struct gs_step s = gs_step_of(f32_fn, v);
	s.dtype = (uint8_t)gs_class_dtype(gs_val_class(v));
	return s;
}

enum gs_err gs_ops_same_types(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b)
{
	if (a->kind == GS_VAL_NONE || b->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	if (a->dtype != b->dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of types %s and %s",
		                       gs_dtype_name((enum gs_dtype)a->dtype), gs_dtype_name((enum gs_dtype)b->dtype));
	return GS_OK;
}

enum gs_err gs_ops_want_float(struct gs_lower *lo, const struct gs_val *v)
{
	if (v->kind == GS_VAL_NONE)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
	if (gs_val_class(v) != GS_CLASS_F32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s where a float is needed",
		                       gs_dtype_name((enum gs_dtype)v->dtype));
	return GS_OK;
}

/* Before opset 7 a broadcast had to be announced, and could start at an axis. */
enum gs_err gs_ops_legacy_broadcast(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *a,
                                    struct gs_val *b)
{
	int64_t axis = gs_lower_attr_int(node, "axis", -1);
	if (lo->model.opset >= 7 || gs_lower_attr_int(node, "broadcast", 0) == 0 || axis < 0)
		return GS_OK;
	if (axis + b->rank > a->rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "axis %lld is outside the first input", (long long)axis);
	for (unsigned d = b->rank; d < (unsigned)(a->rank - axis); d++) {
		b->dim[d] = 1;
		b->stride[d] = 0;
	}
	b->rank = (uint8_t)(a->rank - axis);
	return GS_OK;
}

enum gs_err gs_ops_present(struct gs_lower *lo, const struct gs_val *v)
{
	return v->kind != GS_VAL_NONE ? GS_OK : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input is missing");
}

enum gs_err gs_op1(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_val *out)
{
	return gs_lower_map(lo, (struct gs_step){.fn = (uint8_t)fn, .dtype = (uint8_t)dtype}, 1, &a, out);
}

enum gs_err gs_op2(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_arg b,
                   struct gs_val *out)
{
	return gs_lower_map(lo, (struct gs_step){.fn = (uint8_t)fn, .dtype = (uint8_t)dtype}, 2,
	                    (struct gs_arg[]){a, b}, out);
}

enum gs_err gs_op3(struct gs_lower *lo, unsigned fn, unsigned dtype, struct gs_arg a, struct gs_arg b, struct gs_arg c,
                   struct gs_val *out)
{
	return gs_lower_map(lo, (struct gs_step){.fn = (uint8_t)fn, .dtype = (uint8_t)dtype}, 3,
	                    (struct gs_arg[]){a, b, c}, out);
}

enum gs_err gs_ops_iota_mask(struct gs_lower *lo, unsigned fn, gs_reg right, int64_t offset, const int64_t *coef,
                             unsigned rank, const uint32_t *dim, struct gs_val *out)
{
	struct gs_instr in = {.form = GS_MAP, .fn = (uint8_t)fn, .store_dtype = GS_BOOL, .out_axes = (uint8_t)rank};
	memcpy(in.extent, dim, rank * sizeof(*dim));
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.offset = offset};
	memcpy(in.operand[0].iota.coef, coef, rank * sizeof(*coef));
	in.operand[1] = gs_operand_const(right);
	return gs_lower_emit(lo, &in, rank, dim, out);
}

struct gs_val gs_ops_part(const struct gs_val *v, unsigned d, uint32_t start, uint32_t count)
{
	struct gs_val r = *v;
	r.offset += (int64_t)start * r.stride[d];
	r.dim[d] = count;
	return r;
}
