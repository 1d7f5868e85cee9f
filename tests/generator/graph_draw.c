/* How the operands and attributes of each operator are drawn. */
#include "tests/generator/graph_parts.h"

#include "challenge/machine/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t gs_graph_below(struct gs_graph *g, uint32_t n)
{
	return (uint32_t)gs_rng_below(&g->rng, n);
}

/* ---- how the operands of an operator are drawn; false: not with what there is ---- */

static bool draw_unary(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return is_float(x);
}

static bool draw_alpha(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	if (one_in(g, 2))
		attr_float(n, "alpha", draw_float(g));
	return draw_unary(g, n, out);
}

static bool draw_any_unary(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return true;
}

/* The second operand: the same value, another of its type, or a constant that broadcasts. */
static bool draw_binary(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g), *y = any(g);
	*out = *x;
	add_input(n, x->name);
	if (y->dtype == x->dtype && one_in(g, 2)) {
		add_input(n, y->name);
		return true;
	}
	uint32_t dim[GS_RANK_MAX];
	unsigned rank = x->rank == 0 ? 0 : gs_graph_below(g, x->rank + 1U);
	for (unsigned d = 0; d < rank; d++)
		dim[d] = one_in(g, 3) ? 1 : x->dim[x->rank - rank + d];
	return x->dtype == GS_F32 && float_operand(g, n, rank, dim);
}

static bool draw_compare(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	bool ok = draw_binary(g, n, out);
	out->dtype = GS_BOOL;
	return ok;
}

static bool draw_where(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *c = any(g), *x = any(g), *y = any(g);
	add_input(n, c->name);
	add_input(n, x->name);
	add_input(n, one_in(g, 2) ? x->name : y->name);
	*out = *x;
	return c->dtype == GS_BOOL;
}

static bool draw_clip(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return x->dtype == GS_F32 && float_operand(g, n, 0, NULL) && (one_in(g, 2) || float_operand(g, n, 0, NULL));
}

static bool draw_cast(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const uint8_t to[] = {GS_F32, GS_F16, GS_BF16, GS_I8,  GS_U8,  GS_I16,
	                             GS_U16, GS_I32, GS_U32,  GS_I64, GS_U64, GS_BOOL};
	const struct gs_graph_value *x = any(g);
	*out = *x;
	out->dtype = to[gs_graph_below(g, GS_ARRAY_LEN(to))];
	add_input(n, x->name);
	attr_int(n, "to", out->dtype);
	return true;
}

static bool draw_axis(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	attr_int(n, "axis", axis_of(g, x));
	*out = *x;
	add_input(n, x->name);
	return x->rank > 0;
}

static bool draw_arg(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	bool ok = draw_axis(g, n, out);
	attr_int(n, "keepdims", gs_graph_below(g, 2));
	attr_int(n, "select_last_index", gs_graph_below(g, 2));
	out->dtype = GS_I64;
	return ok;
}

static bool draw_reduce(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	attr_int(n, "keepdims", gs_graph_below(g, 2));
	if (x->rank > 0 && !one_in(g, 4)) {
		unsigned count = x->rank > 1 && one_in(g, 2) ? 2 : 1;
		struct gs_graph_constant *axes = list_operand(g, n, count);
		if (axes != NULL)
			axes->data.i64[0] = axis_of(g, x);
		if (axes != NULL && count == 2) /* the one after the first, round the end */
			axes->data.i64[1] = (axes->data.i64[0] + x->rank + 1) % x->rank;
	} else if (one_in(g, 3)) {
		attr_int(n, "noop_with_empty_axes", 1);
	}
	return true;
}

static bool draw_matmul(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return x->dtype == GS_F32 && x->rank > 0 &&
	       float_operand(g, n, 2, (uint32_t[]){x->dim[x->rank - 1], 1 + gs_graph_below(g, 6)});
}

static bool draw_gemm(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->dtype != GS_F32 || x->rank != 2)
		return false;
	bool ta = one_in(g, 2), tb = one_in(g, 2);
	uint32_t k = x->dim[ta ? 0 : 1], m = 1 + gs_graph_below(g, 6);
	add_input(n, x->name);
	attr_int(n, "transA", ta);
	attr_int(n, "transB", tb);
	if (one_in(g, 2))
		attr_float(n, "alpha", draw_float(g));
	if (one_in(g, 2))
		attr_float(n, "beta", draw_float(g));
	return float_operand(g, n, 2, tb ? (uint32_t[]){m, k} : (uint32_t[]){k, m}) &&
	       (one_in(g, 2) || vector_operand(g, n, m));
}

static void window(struct gs_graph *g, struct gs_graph_node *n, unsigned spatial, const uint32_t kernel[3])
{
	GS_ASSERT(spatial <= 3);
	struct gs_graph_attribute *a = attr_ints(n, "kernel_shape");
	for (unsigned d = 0; d < spatial; d++)
		push(a, kernel[d]);
	if (one_in(g, 2)) {
		a = attr_ints(n, "strides");
		for (unsigned d = 0; d < spatial; d++)
			push(a, 1 + gs_graph_below(g, 3));
	}
	if (one_in(g, 3)) {
		a = attr_ints(n, "dilations");
		for (unsigned d = 0; d < spatial; d++)
			push(a, 1 + gs_graph_below(g, 2));
	}
	if (one_in(g, 2)) {
		a = attr_ints(n, "pads");
		for (unsigned d = 0; d < 2 * spatial; d++)
			push(a, gs_graph_below(g, kernel[d % spatial]));
	} else if (one_in(g, 3)) {
		attr_text(n, "auto_pad", one_in(g, 2) ? "SAME_UPPER" : "SAME_LOWER");
	}
}

static bool draw_conv(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->dtype != GS_F32 || x->rank < 3 || x->rank > 5)
		return false;
	bool transposed = strcmp(n->op, "ConvTranspose") == 0;
	uint32_t groups = one_in(g, 3) ? x->dim[1] : 1, per = 1 + gs_graph_below(g, 3), kernel[3] = {1, 1, 1};
	unsigned spatial = x->rank - 2U;
	for (unsigned d = 0; d < 3; d++)
		kernel[d] = 1 + gs_graph_below(g, 3);
	GS_ASSERT(spatial <= 3);
	uint32_t dim[5] = {transposed ? x->dim[1] : groups * per, transposed ? per : x->dim[1] / groups, kernel[0],
	                   kernel[1], kernel[2]};
	add_input(n, x->name);
	window(g, n, spatial, kernel);
	attr_int(n, "group", groups);
	return float_operand(g, n, x->rank, dim) && (one_in(g, 2) || vector_operand(g, n, groups * per));
}

static bool draw_pool(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->rank < 3 || x->rank > 5)
		return false;
	uint32_t kernel[3] = {1 + gs_graph_below(g, 3), 1 + gs_graph_below(g, 3), 1 + gs_graph_below(g, 3)};
	add_input(n, x->name);
	window(g, n, x->rank - 2U, kernel);
	if (one_in(g, 3))
		attr_int(n, "ceil_mode", 1);
	if (strcmp(n->op, "AveragePool") == 0)
		attr_int(n, "count_include_pad", gs_graph_below(g, 2));
	if (strcmp(n->op, "MaxPool") == 0 && one_in(g, 3)) {
		attr_int(n, "storage_order", gs_graph_below(g, 2));
		n->results = 2;
		n->result = 1;
		out->dtype = GS_I64;
	}
	return true;
}

static bool draw_batch_norm(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return x->rank >= 2 && x->dtype == GS_F32 && vector_operand(g, n, x->dim[1]) &&
	       vector_operand(g, n, x->dim[1]) && vector_operand(g, n, x->dim[1]) && vector_operand(g, n, x->dim[1]);
}

static bool draw_instance_norm(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return x->rank >= 3 && x->dtype == GS_F32 && vector_operand(g, n, x->dim[1]) && vector_operand(g, n, x->dim[1]);
}

static bool draw_layer_norm(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	if (x->rank == 0 || x->dtype != GS_F32)
		return false;
	unsigned axis = gs_graph_below(g, x->rank);
	attr_int(n, "axis", axis);
	return float_operand(g, n, x->rank - axis, x->dim + axis) &&
	       (one_in(g, 2) || strcmp(n->op, "RMSNormalization") == 0 ||
	        float_operand(g, n, x->rank - axis, x->dim + axis));
}

static bool draw_lrn(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const float beta[] = {0.75F, 0.5F, 1.0F, 0.3F};
	attr_int(n, "size", 1 + gs_graph_below(g, 4));
	attr_float(n, "beta", beta[gs_graph_below(g, 4)]);
	return draw_unary(g, n, out);
}

static bool draw_transpose(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	struct gs_graph_attribute *perm = attr_ints(n, "perm");
	*out = *x;
	add_input(n, x->name);
	for (unsigned d = 0; d < x->rank; d++)
		push(perm, d);
	for (unsigned d = x->rank; d > 1; d--) {
		unsigned other = gs_graph_below(g, d);
		int64_t t = perm->integer[d - 1];
		perm->integer[d - 1] = perm->integer[other];
		perm->integer[other] = t;
	}
	return x->rank > 0;
}

static bool draw_reshape(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	unsigned rank = 1 + gs_graph_below(g, 4);
	*out = *x;
	add_input(n, x->name);
	struct gs_graph_constant *shape = list_operand(g, n, rank);
	if (shape == NULL)
		return false;
	unsigned open = gs_graph_below(g, rank);
	for (unsigned d = 0; d < rank; d++)
		shape->data.i64[d] = d == open                     ? -1
		                     : d < x->rank && one_in(g, 2) ? 0
		                                                   : 1 + (int64_t)gs_graph_below(g, 3);
	return true;
}

static bool draw_slice(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	if (x->rank == 0)
		return false;
	int64_t axis = axis_of(g, x), extent = x->dim[axis < 0 ? axis + x->rank : axis];
	int64_t step = (int64_t)gs_graph_below(g, 5) - 2;
	int64_t bound[4] = {(int64_t)gs_graph_below(g, (uint32_t)extent + 2) - 1,
	                    (int64_t)gs_graph_below(g, (uint32_t)extent + 3) - 2, axis, step == 0 ? 1 : step};
	for (unsigned i = 0; i < 4; i++) {
		struct gs_graph_constant *c = list_operand(g, n, 1);
		if (c == NULL)
			return false;
		c->data.i64[0] = bound[i];
	}
	return true;
}

static bool draw_concat(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	unsigned parts = 1 + gs_graph_below(g, 5);
	*out = *x;
	for (unsigned i = 0; i < parts; i++)
		add_input(n, one_in(g, 3) ? any(g)->name : x->name);
	attr_int(n, "axis", axis_of(g, x));
	return x->rank > 0;
}

static bool draw_pad(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const mode[] = {"constant", "reflect", "edge", "wrap"};
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	bool some = one_in(g, 3); /* the pads of one axis alone */
	unsigned count = some ? 1 : x->rank;
	struct gs_graph_constant *pads = list_operand(g, n, 2U * count);
	if (pads == NULL || x->rank == 0)
		return false;
	for (unsigned d = 0; d < 2U * count; d++)
		pads->data.i64[d] = (int64_t)gs_graph_below(g, 4) - 1;
	attr_text(n, "mode", mode[gs_graph_below(g, 4)]);
	if (!some && x->dtype == GS_F32 && one_in(g, 2))
		return float_operand(g, n, 0, NULL);
	if (!some)
		return true;
	add_input(n, "");
	struct gs_graph_constant *axes = list_operand(g, n, 1);
	if (axes != NULL)
		axes->data.i64[0] = axis_of(g, x);
	return axes != NULL;
}

static bool draw_tile(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	struct gs_graph_constant *times = list_operand(g, n, x->rank);
	for (unsigned d = 0; times != NULL && d < x->rank; d++)
		times->data.i64[d] = 1 + (int64_t)gs_graph_below(g, 2);
	return times != NULL;
}

static bool draw_gather(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->rank == 0)
		return false;
	int64_t axis = axis_of(g, x), extent = x->dim[axis < 0 ? axis + x->rank : axis];
	unsigned count = 1 + gs_graph_below(g, 5);
	add_input(n, x->name);
	attr_int(n, "axis", axis);
	struct gs_graph_constant *index = list_operand(g, n, count);
	for (unsigned i = 0; index != NULL && i < count; i++)
		index->data.i64[i] = (int64_t)gs_graph_below(g, 2 * (uint32_t)extent) - extent;
	return index != NULL;
}

static bool draw_unsqueeze(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	struct gs_graph_constant *axes = list_operand(g, n, 1);
	if (axes != NULL)
		axes->data.i64[0] = gs_graph_below(g, x->rank + 1U);
	return axes != NULL && x->rank < 6;
}

static bool draw_topk(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->rank == 0)
		return false;
	int64_t axis = axis_of(g, x);
	add_input(n, x->name);
	attr_int(n, "axis", axis);
	attr_int(n, "largest", gs_graph_below(g, 2));
	struct gs_graph_constant *k = list_operand(g, n, 1);
	if (k != NULL)
		k->data.i64[0] = 1 + (int64_t)gs_graph_below(g, x->dim[axis < 0 ? axis + x->rank : axis]);
	n->results = 2;
	n->result = gs_graph_below(g, 2);
	if (n->result == 1)
		out->dtype = GS_I64;
	return k != NULL;
}

static bool draw_cumulative(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	attr_int(n, "exclusive", gs_graph_below(g, 2));
	attr_int(n, "reverse", gs_graph_below(g, 2));
	struct gs_graph_constant *axis = constant(g, GS_I64, 0, NULL);
	if (axis == NULL || x->rank == 0)
		return false;
	axis->data.i64[0] = axis_of(g, x);
	add_input(n, axis->name);
	return true;
}

static bool draw_block(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	attr_int(n, "blocksize", 1 + gs_graph_below(g, 2));
	return x->rank == 4;
}

static bool resize_attributes(struct gs_graph *g, struct gs_graph_node *n, const struct gs_graph_value *x)
{
	static const char *const mode[] = {"nearest", "linear", "cubic"};
	static const char *const how[] = {"half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"};
	static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
	unsigned which = gs_graph_below(g, 3);
	attr_text(n, "mode", mode[which]);
	attr_text(n, "coordinate_transformation_mode", how[gs_graph_below(g, 4)]);
	if (which == 0)
		attr_text(n, "nearest_mode", nearest[gs_graph_below(g, 4)]);
	if (which == 2 && one_in(g, 2))
		attr_float(n, "cubic_coeff_a", -0.5F);
	if (which == 2 && one_in(g, 2))
		attr_int(n, "exclude_outside", 1);
	if (one_in(g, 4))
		attr_int(n, "antialias", 1);
	return is_float(x);
}

static bool draw_resize(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	add_input(n, "");
	add_input(n, "");
	if (x->rank < 2)
		return false;
	if (one_in(g, 2)) { /* by scales: those of the last two dimensions */
		struct gs_graph_constant *scales = constant(g, GS_F32, 1, &(uint32_t){x->rank});
		if (scales == NULL)
			return false;
		for (unsigned d = 0; d < x->rank; d++)
			scales->data.f32[d] = d + 2U < x->rank || x->rank < 3
			                              ? 1.0F
			                              : (float)(2 + gs_graph_below(g, 9)) / 4.0F;
		n->inputs[strlen(n->inputs) - 1] = '\0';
		add_input(n, scales->name);
		return resize_attributes(g, n, x);
	}
	struct gs_graph_constant *sizes = list_operand(g, n, x->rank);
	if (sizes == NULL)
		return false;
	for (unsigned d = 0; d < x->rank; d++)
		sizes->data.i64[d] = d < 2 ? x->dim[d] : 1 + (int64_t)gs_graph_below(g, 9);
	return resize_attributes(g, n, x);
}

static bool draw_recurrent(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const direction[] = {"forward", "reverse", "bidirectional"};
	const struct gs_graph_value *x = any(g);
	*out = *x;
	if (x->rank != 3 || x->dtype != GS_F32 || x->dim[0] > 6)
		return false;
	uint32_t gates = n->op[0] == 'L'   ? 4
	                 : n->op[0] == 'G' ? 3
	                                   : 1,
		 hidden = 1 + gs_graph_below(g, 4), way = gs_graph_below(g, 3);
	uint32_t directions = way == 2 ? 2 : 1;
	add_input(n, x->name);
	attr_int(n, "hidden_size", hidden);
	attr_text(n, "direction", direction[way]);
	if (n->op[0] == 'G')
		attr_int(n, "linear_before_reset", gs_graph_below(g, 2));
	n->results = n->op[0] == 'L' ? 3 : 2;
	n->result = gs_graph_below(g, n->results);
	if (one_in(g, 3))
		attr_float(n, "clip", 0.5F);
	return float_operand(g, n, 3, (uint32_t[]){directions, gates * hidden, x->dim[2]}) &&
	       float_operand(g, n, 3, (uint32_t[]){directions, gates * hidden, hidden}) &&
	       (one_in(g, 2) || float_operand(g, n, 2, (uint32_t[]){directions, 2 * gates * hidden}));
}

static bool draw_quantize(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	unsigned axis = x->rank > 0 ? gs_graph_below(g, x->rank) : 0, rank = x->rank > 0 ? gs_graph_below(g, 2) : 0;
	struct gs_graph_constant *scale = constant(g, GS_F32, rank, &x->dim[axis]);
	struct gs_graph_constant *zero = constant(g, GS_U8, rank, &x->dim[axis]);
	if (scale == NULL || zero == NULL)
		return false;
	for (uint32_t i = 0; i < (rank == 0 ? 1 : x->dim[axis]); i++) {
		scale->data.f32[i] = (float)(1 + gs_graph_below(g, 1 << 16)) / (float)(1 << 20);
		zero->data.u8[i] = (uint8_t)gs_graph_below(g, 256);
	}
	add_input(n, scale->name);
	add_input(n, zero->name);
	attr_int(n, "axis", rank == 0 ? 1 : axis);
	if (n->op[0] == 'Q')
		out->dtype = GS_U8;
	else
		out->dtype = GS_F32;
	return n->op[0] == 'Q' ? x->dtype == GS_F32 : x->dtype == GS_U8;
}

/* Operators by how they are drawn, each list separated by spaces. */
static const struct gs_graph_family family[] = {
	{draw_any_unary, "Abs Identity Neg Sign Not BitwiseNot Squeeze Trilu"},
	{draw_unary,
         "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor Gelu HardSwish Log Mish Reciprocal Relu Round Shrink Sigmoid Sin Sinh Softplus Softsign Sqrt Tan Tanh GlobalAveragePool GlobalMaxPool GlobalLpPool MeanVarianceNormalization"},
	{draw_alpha, "Celu Elu HardSigmoid LeakyRelu Selu ThresholdedRelu"},
	{draw_binary, "Add Sub Mul Div Mod Pow PRelu Min Max Mean Sum And Or Xor BitwiseAnd BitwiseXor"},
	{draw_compare, "Equal Less LessOrEqual Greater GreaterOrEqual"},
	{draw_where, "Where"},
	{draw_clip, "Clip"},
	{draw_cast, "Cast"},
	{draw_axis, "Softmax LogSoftmax Hardmax LpNormalization Flatten"},
	{draw_arg, "ArgMax ArgMin"},
	{draw_reduce,
         "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"},
	{draw_matmul, "MatMul"},
	{draw_gemm, "Gemm"},
	{draw_conv, "Conv ConvTranspose"},
	{draw_pool, "MaxPool AveragePool LpPool"},
	{draw_batch_norm, "BatchNormalization"},
	{draw_instance_norm, "InstanceNormalization"},
	{draw_layer_norm, "LayerNormalization RMSNormalization"},
	{draw_lrn, "LRN"},
	{draw_transpose, "Transpose"},
	{draw_reshape, "Reshape"},
	{draw_slice, "Slice"},
	{draw_concat, "Concat"},
	{draw_pad, "Pad"},
	{draw_tile, "Tile"},
	{draw_gather, "Gather"},
	{draw_unsqueeze, "Unsqueeze"},
	{draw_topk, "TopK"},
	{draw_cumulative, "CumSum"},
	{draw_block, "DepthToSpace SpaceToDepth"},
	{draw_resize, "Resize"},
	{draw_recurrent, "LSTM GRU RNN"},
	{draw_quantize, "QuantizeLinear DequantizeLinear"},
};

static const struct gs_graph_family *family_at(unsigned f)
{
	return f < GS_ARRAY_LEN(family) ? &family[f] : gs_graph_family_more(f - (unsigned)GS_ARRAY_LEN(family));
}

/* The family of operator n, and its name; NULL past the end. */
static const struct gs_graph_family *find(unsigned n, const char **name, size_t *len)
{
	const struct gs_graph_family *f;
	for (unsigned i = 0; (f = family_at(i)) != NULL; i++)
		for (const char *p = f->operators; *p != '\0'; p += *len + (p[*len] == ' ')) {
			*len = strcspn(p, " ");
			*name = p;
			if (n-- == 0)
				return f;
		}
	return NULL;
}

bool gs_graph_operator(unsigned n, char out[static 32])
{
	const char *name;
	size_t len;
	if (find(n, &name, &len) == NULL)
		return false;
	GS_ASSERT(len < 32 && n < GS_GRAPH_OPERATORS_MAX);
	memcpy(out, name, len);
	out[len] = '\0';
	return true;
}

bool gs_graph_draw(struct gs_graph *g, unsigned which, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const char *name;
	size_t len;
	const struct gs_graph_family *f = find(which, &name, &len);
	*n = (struct gs_graph_node){.results = 1};
	return gs_graph_operator(which, n->op) && f->draw(g, n, out);
}
