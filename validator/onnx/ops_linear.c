/* MatMul, Gemm and Conv: one chain of fused multiply-adds an output element, never split. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

static enum gs_err check_pair(struct gs_lower *lo, const struct gs_val *a, const struct gs_val *b)
{
	if (a->kind == GS_VAL_NONE || b->kind == GS_VAL_NONE || a->dtype != b->dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs that are missing or of different types");
	if (a->dtype == GS_BOOL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "inputs of type bool");
	return GS_OK;
}

/* With +0 as its start. */
static void start_fold(struct gs_instr *in, const struct gs_val *x)
{
	gs_instr_clear(in);
	in->form = GS_FOLD;
	in->store_dtype = x->dtype;
	in->fn = (uint8_t)gs_fn_for(GS_FN_F32_FMA, gs_val_class(x));
	in->acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(x));
}

enum gs_err gs_ops_matmul(struct gs_lower *lo, const struct gs_val *left, const struct gs_val *right,
                          const struct gs_val *start, unsigned dtype, struct gs_val *out)
{
	return gs_ops_matmul_then(lo, left, right, start, (struct gs_step){.dtype = (uint8_t)dtype}, out);
}

enum gs_err gs_ops_matmul_then(struct gs_lower *lo, const struct gs_val *left, const struct gs_val *right,
                               const struct gs_val *start, struct gs_step then, struct gs_val *out)
{
	struct gs_val a = *left, b = *right, lead[2];
	struct gs_instr fold;
	uint32_t dim[GS_RANK_MAX];
	uint8_t batch;

	enum gs_err err = check_pair(lo, &a, &b);
	if (err != GS_OK)
		return err;
	if (a.rank == 0 || b.rank == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a scalar input");
	bool row = a.rank == 1, column = b.rank == 1; /* promoted, and the extra dimension dropped at the end */
	if (row) {
		a.rank = 2;
		a.dim[1] = a.dim[0];
		a.stride[1] = a.stride[0];
		a.dim[0] = 1;
		a.stride[0] = 0;
	}
	if (column) {
		b.rank = 2;
		b.dim[1] = 1;
		b.stride[1] = 0;
	}
	if (a.dim[a.rank - 1] != b.dim[b.rank - 2])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inner dimensions %u and %u differ", a.dim[a.rank - 1],
		                       b.dim[b.rank - 2]);
	lead[0] = a;
	lead[1] = b;
	lead[0].rank -= 2;
	lead[1].rank -= 2;
	if ((err = gs_lower_broadcast(lo, lead, 2, &batch, dim)) != GS_OK)
		return err;
	start_fold(&fold, &a);
	fold.store_dtype = then.dtype;
	fold.epilogue = then.epilogue;
	fold.out_axes = (uint8_t)(batch + 2);
	fold.red_axes = 1;
	dim[batch] = a.dim[a.rank - 2];
	dim[batch + 1] = b.dim[b.rank - 1];
	memcpy(fold.extent, dim, (batch + 2U) * sizeof(*dim));
	fold.extent[batch + 2] = a.dim[a.rank - 1];
	gs_lower_view_to(lo, &a, &fold.operand[1]);
	gs_lower_view_to(lo, &b, &fold.operand[2]);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned d = 0; d < lead[i].rank; d++)
			if (lead[i].dim[d] != 1)
				gs_operand_axis(&fold.operand[1 + i], batch - lead[i].rank + d, lead[i].stride[d]);
	gs_operand_axis(&fold.operand[1], batch, a.stride[a.rank - 2]);
	gs_operand_axis(&fold.operand[1], batch + 2U, a.stride[a.rank - 1]);
	gs_operand_axis(&fold.operand[2], batch + 1U, b.stride[b.rank - 1]);
	gs_operand_axis(&fold.operand[2], batch + 2U, b.stride[b.rank - 2]);
	if (start != NULL)
		fold.operand[0] = gs_lower_elementwise(lo, start, batch + 2U);
	unsigned rank = batch;
	if (!row)
		dim[rank++] = a.dim[a.rank - 2];
	if (!column)
		dim[rank++] = b.dim[b.rank - 1];
	return gs_lower_emit(lo, &fold, rank, dim, out);
}

static enum gs_err op_matmul(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	(void)node;
	return gs_ops_matmul(lo, &in[0], &in[1], NULL, in[0].dtype, out);
}

static void swap_last_two(struct gs_val *v)
{
	unsigned perm[2] = {1, 0};
	gs_val_transpose(v, perm, v);
}

static enum gs_err op_gemm(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	struct gs_val a = in[0], b = in[1], c = in[2], t;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", GS_ONE), beta = gs_lower_attr_float(node, "beta", GS_ONE);
	struct gs_instr fold;

	enum gs_err err = check_pair(lo, &a, &b);
	if (err != GS_OK)
		return err;
	if (a.rank != 2 || b.rank != 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of rank %u and %u", a.rank, b.rank);
	if (gs_lower_attr_int(node, "transA", 0) != 0)
		swap_last_two(&a);
	if (gs_lower_attr_int(node, "transB", 0) != 0)
		swap_last_two(&b);
	if (a.dim[1] != b.dim[0])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inner dimensions %u and %u differ", a.dim[1], b.dim[0]);
	if (gs_val_class(&a) != GS_CLASS_F32 && (alpha != GS_ONE || beta != GS_ONE))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "alpha or beta with integers");
	uint32_t dim[2] = {a.dim[0], b.dim[1]};
	bool has_c = c.kind != GS_VAL_NONE && (beta & UINT32_C(0x7fffffff)) != 0;
	if (has_c) {
		if (c.dtype != a.dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "C has another type");
		struct gs_step scale = {.fn = GS_FN_F32_MUL, .dtype = GS_F32};
		if (beta != GS_ONE &&
		    (err = gs_lower_map(lo, scale, 2, (struct gs_arg[]){{.v = &c}, {.reg = beta}}, &t)) != GS_OK)
			return err;
		if (beta != GS_ONE)
			c = t;
		if ((err = gs_lower_expand(lo, &c, 2, dim, &c)) != GS_OK)
			return err;
	}
	start_fold(&fold, &a);
	fold.out_axes = 2;
	fold.red_axes = 1;
	fold.extent[0] = dim[0];
	fold.extent[1] = dim[1];
	fold.extent[2] = a.dim[1];
	gs_lower_view_to(lo, &a, &fold.operand[1]);
	gs_lower_view_to(lo, &b, &fold.operand[2]);
	gs_operand_axis(&fold.operand[1], 0, a.stride[0]);
	gs_operand_axis(&fold.operand[1], 2, a.stride[1]);
	gs_operand_axis(&fold.operand[2], 1, b.stride[1]);
	gs_operand_axis(&fold.operand[2], 2, b.stride[0]);
	if (alpha == GS_ONE) {
		if (has_c)
			fold.operand[0] = gs_lower_elementwise(lo, &c, 2);
		return gs_lower_emit(lo, &fold, 2, dim, out);
	}
	if (!has_c) {
		fold.epilogue = GS_FN_F32_MUL;
		fold.epilogue_const[0] = alpha;
		return gs_lower_emit(lo, &fold, 2, dim, out);
	}
	fold.store_dtype = GS_F32;
	if ((err = gs_lower_emit(lo, &fold, 2, dim, &t)) != GS_OK)
		return err;
	struct gs_step fma = {.fn = GS_FN_F32_FMA, .dtype = a.dtype};
	return gs_lower_map(lo, fma, 3, (struct gs_arg[]){{.v = &c}, {.v = &t}, {.reg = alpha}}, out);
}

static enum gs_err op_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	return gs_ops_conv(lo, node, in, (struct gs_step){.dtype = in[0].dtype}, out);
}

enum gs_err gs_ops_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                        struct gs_step then, struct gs_val *out)
{
	struct gs_val x = in[0], w = in[1];
	const struct gs_val *bias = &in[2];
	struct gs_window win;
	struct gs_instr fold;
	uint32_t dim[GS_RANK_MAX];
	int64_t group = gs_lower_attr_int(node, "group", 1);

	enum gs_err err = check_pair(lo, &x, &w);
	if (err != GS_OK)
		return err;
	if (x.rank < 3 || x.rank > 5 || w.rank != x.rank)
		return gs_lower_refuse(
			lo, GS_ONNX_FORM,
			"input of rank %u with weights of rank %u; 1 to 3 spatial dimensions are supported", x.rank,
			w.rank);
	if (group < 1 || group > x.dim[1] || x.dim[1] != w.dim[1] * (uint64_t)group || w.dim[0] % group != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u channels, weights for %u and %lld groups", x.dim[1],
		                       w.dim[1], (long long)group);
	unsigned spatial = x.rank - 2U;
	if ((err = gs_window_read(lo, node, &x, w.dim + 2, &win)) != GS_OK)
		return err;
	for (unsigned d = 0; d < spatial; d++)
		if (gs_window_guarded(&win, d) && x.stride[2 + d] < 0) {
			if ((err = gs_lower_copy(lo, &x, &x)) != GS_OK)
				return err;
			break;
		}
	start_fold(&fold, &x);
	fold.store_dtype = then.dtype;
	fold.epilogue = then.epilogue;
	uint32_t groups = (uint32_t)group, per_group = w.dim[0] / groups;
	/* axes: batch, group, channel of the group, space; channel of the group's inputs, kernel */
	fold.out_axes = (uint8_t)(3 + spatial);
	fold.red_axes = (uint8_t)(1 + spatial);
	fold.extent[0] = dim[0] = x.dim[0];
	fold.extent[1] = groups;
	fold.extent[2] = per_group;
	dim[1] = w.dim[0];
	unsigned red = fold.out_axes;
	fold.extent[red] = w.dim[1];
	gs_lower_view_to(lo, &x, &fold.operand[1]);
	gs_lower_view_to(lo, &w, &fold.operand[2]);
	gs_operand_axis(&fold.operand[1], 0, x.stride[0]);
	gs_operand_axis(&fold.operand[1], 1, x.stride[1] * (int64_t)w.dim[1]);
	gs_operand_axis(&fold.operand[1], red, x.stride[1]);
	gs_operand_axis(&fold.operand[2], 1, w.stride[0] * (int64_t)per_group);
	gs_operand_axis(&fold.operand[2], 2, w.stride[0]);
	gs_operand_axis(&fold.operand[2], red, w.stride[1]);
	for (unsigned d = 0; d < spatial; d++) {
		fold.extent[3 + d] = dim[2 + d] = win.out[d];
		fold.extent[red + 1 + d] = w.dim[2 + d];
		gs_window_axis(&win, d, &x, &fold.operand[1], 3 + d, red + 1 + d);
		gs_operand_axis(&fold.operand[2], red + 1 + d, w.stride[2 + d]);
	}
	if (bias->kind != GS_VAL_NONE) {
		gs_reg reg;
		if (bias->rank != 1 || bias->dim[0] != w.dim[0] || bias->dtype != x.dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
			                       "the bias does not have one element an output channel");
		fold.operand[0] = gs_lower_uniform(lo, bias, &reg) ? gs_operand_const(reg) : gs_lower_view(lo, bias);
		gs_operand_axis(&fold.operand[0], 1, bias->stride[0] * (int64_t)per_group);
		gs_operand_axis(&fold.operand[0], 2, bias->stride[0]);
	}
	return gs_lower_emit(lo, &fold, x.rank, dim, out);
}

const struct gs_lower_op gs_ops_linear[] = {
	{"Conv", op_conv},
	{"Gemm", op_gemm},
	{"MatMul", op_matmul},
	{NULL, NULL},
};
