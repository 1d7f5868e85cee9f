/* Integers that stand for reals: DequantizeLinear, MatMulInteger. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

static enum gs_err want_small(struct gs_lower *lo, const struct gs_val *v)
{
	GS_TRY(gs_ops_present(lo, v));
	if (gs_val_class(v) != GS_CLASS_I32 || v->dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input of type %s",
		                       gs_dtype_name((enum gs_dtype)v->dtype));
	return GS_OK;
}

/* A parameter with one element, one an element of `axis`, or one a block, so that it broadcasts over x. */
static enum gs_err spread(struct gs_lower *lo, const struct gs_val *v, unsigned rank, unsigned axis, bool blocked,
                          struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX + 1];
	unsigned n = 0;
	if (!blocked && gs_val_count(v) == 1)
		return gs_lower_reshape(lo, v, 0, dim, out);
	if (!blocked && v->rank != 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scale or zero point of rank %u", v->rank);
	for (unsigned d = 0; d < rank; d++) {
		dim[n++] = blocked ? v->dim[d] : d == axis ? v->dim[0] : 1;
		if (blocked && d == axis)
			dim[n++] = 1;
	}
	return gs_lower_reshape(lo, v, n, dim, out);
}

/* mul(to_f32(sub(x, zero_point)), scale) */
static enum gs_err op_dequantize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct gs_val x = in[0], scale, zero, t;
	int64_t block = gs_lower_attr_int(node, "block_size", 0), to = gs_lower_attr_int(node, "output_dtype", 0);
	unsigned axis = 0;
	GS_TRY(want_small(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	if (to != 0 && to != in[1].dtype)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "an output_dtype other than the scale's type");
	if (gs_val_count(&in[1]) != 1 || block != 0)
		GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 1), x.rank, &axis));
	if (block != 0) {
		uint32_t dim[GS_RANK_MAX + 1];
		if (block < 1 || x.rank >= GS_RANK_MAX || in[1].rank != x.rank || x.dim[axis] % block != 0 ||
		    in[1].dim[axis] != x.dim[axis] / block)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "blocks of %lld", (long long)block);
		memcpy(dim, x.dim, (axis + 1) * sizeof(*dim));
		dim[axis] = in[1].dim[axis];
		dim[axis + 1] = (uint32_t)block;
		memcpy(dim + axis + 2, x.dim + axis + 1, (x.rank - axis - 1U) * sizeof(*dim));
		GS_TRY(gs_lower_reshape(lo, &in[0], x.rank + 1U, dim, &x));
	}
	GS_TRY(spread(lo, &in[1], in[0].rank, axis, block != 0, &scale));
	struct gs_step sub = {.fn = GS_FN_I32_SUB, .dtype = GS_F32, .epilogue = GS_FN_I32_TO_F32};
	struct gs_arg from = GS_R(0);
	if (in[2].kind != GS_VAL_NONE) {
		GS_TRY(want_small(lo, &in[2]));
		GS_TRY(spread(lo, &in[2], in[0].rank, axis, block != 0, &zero));
		from = GS_V(&zero);
	}
	GS_TRY(gs_lower_map(lo, sub, 2, (struct gs_arg[]){GS_V(&x), from}, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, in[1].dtype, GS_V(&t), GS_V(&scale), out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

static enum gs_err op_matmul_integer(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val v[2], zero;
	(void)node;
	for (unsigned i = 0; i < 2; i++) {
		struct gs_arg from = GS_R(0);
		GS_TRY(want_small(lo, &in[i]));
		if (in[2 + i].kind != GS_VAL_NONE) {
			zero = in[2 + i];
			GS_TRY(want_small(lo, &zero));
			if (i == 0 && zero.rank == 1 && zero.dim[0] != 1) /* one a row */
				GS_TRY(gs_lower_reshape(lo, &in[2], 2, (uint32_t[]){zero.dim[0], 1}, &zero));
			from = GS_V(&zero);
		}
		GS_TRY(gs_op2(lo, GS_FN_I32_SUB, GS_I32, GS_V(&in[i]), from, &v[i]));
	}
	return gs_ops_matmul(lo, &v[0], &v[1], NULL, GS_I32, out);
}

const struct gs_lower_op gs_ops_quantize[] = {
	{"DequantizeLinear", op_dequantize},
	{"MatMulInteger", op_matmul_integer},
	{NULL, NULL},
};
