/* Operators that index, sample, quantize, attend and score: how their operands and attributes are drawn. */
#include "tests/generator/graph_parts.h"

/* ---- operands of these operators ---- */

/* Indices into an axis of `extent`, of the shape. */
static bool index_operand(struct gs_graph *g, struct gs_graph_node *n, unsigned rank, const uint32_t *dim,
                          uint32_t extent)
{
	struct gs_graph_constant *c = constant(g, GS_I64, rank, dim);
	uint64_t count = 1;
	for (unsigned d = 0; d < rank; d++)
		count *= dim[d];
	if (c == NULL)
		return false;
	for (uint64_t i = 0; i < count; i++)
		c->data.i64[i] = (int64_t)gs_graph_below(g, 2 * extent) - extent;
	add_input(n, c->name);
	return true;
}

static bool byte_operand(struct gs_graph *g, struct gs_graph_node *n, unsigned rank, const uint32_t *dim,
                         uint32_t below)
{
	struct gs_graph_constant *c = constant(g, GS_U8, rank, dim);
	for (unsigned i = 0; c != NULL && i < GS_GRAPH_CONSTANT_ELEMENTS_MAX; i++)
		c->data.u8[i] = (uint8_t)gs_graph_below(g, below);
	if (c != NULL)
		add_input(n, c->name);
	return c != NULL;
}

/* A scale and a zero point for bytes: of the tensor (rank 0) or one a channel. */
static bool scale_operands(struct gs_graph *g, struct gs_graph_node *n)
{
	struct gs_graph_constant *scale = constant(g, GS_F32, 0, NULL);
	if (scale == NULL)
		return false;
	scale->data.f32[0] = (float)(1 + gs_graph_below(g, 1000)) / 512.0F;
	add_input(n, scale->name);
	return byte_operand(g, n, 0, NULL, 256);
}

static bool list_of(struct gs_graph *g, struct gs_graph_node *n, unsigned count, const int64_t *v)
{
	struct gs_graph_constant *c = list_operand(g, n, count);
	for (unsigned i = 0; c != NULL && i < count; i++)
		c->data.i64[i] = v[i];
	return c != NULL;
}

static const struct gs_graph_value *operand(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g);
	*out = *x;
	add_input(n, x->name);
	return x;
}

/* ---- indices ---- */

static bool draw_elements(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const reduction[] = {"none", "add", "mul", "max", "min"};
	const struct gs_graph_value *x = operand(g, n, out);
	bool scatter = n->op[0] == 'S';
	if (x->rank == 0 || (scatter && x->dtype != GS_F32))
		return false;
	int64_t axis = axis_of(g, x);
	unsigned a = (unsigned)(axis < 0 ? axis + x->rank : axis), how = scatter ? gs_graph_below(g, 5) : 0;
	uint32_t dim[GS_RANK_MAX];
	for (unsigned d = 0; d < x->rank; d++)
		dim[d] = 1 + gs_graph_below(g, x->dim[d]);
	if (scatter && how == 0)
		dim[a] = 1; /* which of two updates of one element wins is not defined */
	attr_int(n, "axis", axis);
	if (scatter)
		attr_text(n, "reduction", reduction[how]);
	return index_operand(g, n, x->rank, dim, x->dim[a]) && (!scatter || float_operand(g, n, x->rank, dim));
}

static bool draw_nd(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const reduction[] = {"none", "add", "mul", "max", "min"};
	const struct gs_graph_value *x = operand(g, n, out);
	bool scatter = n->op[0] == 'S';
	if (x->rank == 0 || (scatter && x->dtype != GS_F32))
		return false;
	unsigned batch = scatter ? 0 : gs_graph_below(g, x->rank), depth = 1 + gs_graph_below(g, x->rank - batch),
		 how = gs_graph_below(g, 5);
	uint32_t dim[GS_RANK_MAX + 1], least = UINT32_MAX, updates[GS_RANK_MAX + 1];
	for (unsigned d = 0; d < batch; d++)
		dim[d] = x->dim[d];
	dim[batch] = scatter && how == 0 ? 1 : 1 + gs_graph_below(g, 4);
	dim[batch + 1] = depth;
	for (unsigned d = batch; d < batch + depth; d++)
		least = x->dim[d] < least ? x->dim[d] : least;
	updates[0] = dim[batch];
	for (unsigned d = depth; d < x->rank; d++)
		updates[1 + d - depth] = x->dim[d];
	if (scatter)
		attr_text(n, "reduction", reduction[how]);
	else
		attr_int(n, "batch_dims", batch);
	return index_operand(g, n, batch + 2, dim, least) &&
	       (!scatter || float_operand(g, n, 1 + x->rank - depth, updates));
}

static bool draw_one_hot(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	out->dtype = GS_F32;
	if (one_in(g, 2))
		attr_int(n, "axis", (int64_t)gs_graph_below(g, x->rank + 1U) - (one_in(g, 2) ? x->rank + 1 : 0));
	return (x->dtype == GS_I64 || x->dtype == GS_I32 || x->dtype == GS_U8) &&
	       list_of(g, n, 1, &(int64_t){1 + (int64_t)gs_graph_below(g, 9)}) && vector_operand(g, n, 2);
}

static bool draw_expand(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	int64_t dim[GS_RANK_MAX] = {0};
	unsigned more = gs_graph_below(g, 2), skip = one_in(g, 4) && x->rank > 0 ? 1 : 0, rank = x->rank + more - skip;
	if (x->rank > 5 || rank == 0)
		return false;
	for (unsigned d = 0; d < rank; d++) {
		uint32_t extent = d + skip < more ? 1 : x->dim[d + skip - more];
		dim[d] = extent != 1 && one_in(g, 2) ? extent : extent == 1 ? 1 + (int64_t)gs_graph_below(g, 4) : 1;
	}
	return list_of(g, n, rank, dim);
}

static bool draw_compress(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->rank == 0)
		return false;
	int64_t axis = axis_of(g, x);
	uint32_t count = 1 + gs_graph_below(g, x->dim[axis < 0 ? axis + x->rank : axis]);
	if (!one_in(g, 3))
		attr_int(n, "axis", axis);
	struct gs_graph_constant *c = constant(g, GS_BOOL, 1, &count);
	for (unsigned i = 0; c != NULL && i < count; i++)
		c->data.u8[i] = gs_graph_below(g, 3) > 0;
	if (c != NULL)
		add_input(n, c->name);
	return c != NULL;
}

static bool draw_reverse(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	int64_t time = gs_graph_below(g, 2), length[16] = {0};
	if (x->rank < 2 || x->dim[1 - time] > GS_ARRAY_LEN(length))
		return false;
	attr_int(n, "time_axis", time);
	attr_int(n, "batch_axis", 1 - time);
	for (unsigned i = 0; i < x->dim[1 - time]; i++)
		length[i] = 1 + (int64_t)gs_graph_below(g, x->dim[time]);
	return list_of(g, n, x->dim[1 - time], length);
}

static bool draw_center(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	int64_t size = 1 + (int64_t)gs_graph_below(g, 9);
	if (x->rank == 0)
		return false;
	push(attr_ints(n, "axes"), axis_of(g, x));
	return list_of(g, n, 1, &size);
}

static bool draw_shape(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	out->dtype = GS_I64;
	if (strcmp(n->op, "Size") == 0)
		return true;
	attr_int(n, "start", (int64_t)gs_graph_below(g, 8) - 4);
	if (one_in(g, 2))
		attr_int(n, "end", (int64_t)gs_graph_below(g, 8) - 4);
	return x->rank > 0;
}

/* ---- more than one result: which of them is wanted ---- */

static bool draw_several(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	n->results = 3;
	n->result = gs_graph_below(g, 3);
	if (n->result != 1)
		out->dtype = GS_U8;
	return x->dtype == GS_F32;
}

static bool draw_is(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	out->dtype = GS_BOOL;
	if (strcmp(n->op, "IsInf") == 0)
		attr_int(n, one_in(g, 2) ? "detect_negative" : "detect_positive", gs_graph_below(g, 2));
	return x->dtype == GS_F32;
}

/* ---- bytes ---- */

static bool draw_bytes_matmul(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	bool scales = n->op[0] == 'Q';
	if (x->dtype != GS_U8 || x->rank < 2)
		return false;
	uint32_t dim[2] = {x->dim[x->rank - 1], 1 + gs_graph_below(g, 6)};
	if (!scales) {
		out->dtype = GS_I32;
		return byte_operand(g, n, 2, dim, 256) && byte_operand(g, n, 0, NULL, 256) &&
		       byte_operand(g, n, 0, NULL, 256);
	}
	return scale_operands(g, n) && byte_operand(g, n, 2, dim, 256) && scale_operands(g, n) && scale_operands(g, n);
}

static bool draw_bytes_conv(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	bool scales = n->op[0] == 'Q';
	if (x->dtype != GS_U8 || x->rank < 3 || x->rank > 4)
		return false;
	uint32_t dim[4] = {1 + gs_graph_below(g, 3), x->dim[1], 1 + gs_graph_below(g, 3), 1 + gs_graph_below(g, 3)};
	struct gs_graph_attribute *pads = attr_ints(n, "pads");
	for (unsigned d = 0; d < 2U * (x->rank - 2U); d++)
		push(pads, gs_graph_below(g, dim[2 + d % (x->rank - 2U)]));
	if (!scales) {
		out->dtype = GS_I32;
		return byte_operand(g, n, x->rank, dim, 256) && byte_operand(g, n, 0, NULL, 256) &&
		       byte_operand(g, n, 0, NULL, 256);
	}
	return scale_operands(g, n) && byte_operand(g, n, x->rank, dim, 256) && scale_operands(g, n) &&
	       scale_operands(g, n);
}

static bool draw_shift(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	attr_text(n, "direction", one_in(g, 2) ? "LEFT" : "RIGHT");
	return x->dtype == GS_U8 && x->rank > 0 && byte_operand(g, n, 1, &x->dim[x->rank - 1], 8);
}

static bool draw_like(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = any(g), *like = any(g);
	*out = *x;
	out->dtype = like->dtype;
	add_input(n, x->name);
	add_input(n, like->name);
	return true;
}

/* ---- floats ---- */

static bool draw_einsum(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const struct {
		uint8_t rank, terms;
		const char *equation;
	} one[] = {
		{1, 1, "i->"},          {1, 2, "i,j->ij"},      {2, 1, "ij->ji"},          {2, 1, "ij->j"},
		{2, 2, "ij,jk->ik"},    {2, 2, "ij,jk"},        {2, 2, "ij,jk->ki"},       {2, 1, "...j->..."},
		{3, 1, "bij->bji"},     {3, 1, "bij->i"},       {3, 2, "bij,jk->kbi"},     {3, 2, "bij,jk->bk"},
		{3, 1, "...ij->...ji"}, {4, 2, "abij,jk->abk"}, {4, 2, "...ij,jk->...ki"}, {4, 1, "abij->ja"},
	};
	const struct gs_graph_value *x = operand(g, n, out);
	unsigned which = gs_graph_below(g, GS_ARRAY_LEN(one));
	if (x->dtype != GS_F32 || x->rank != one[which].rank)
		return false;
	attr_text(n, "equation", one[which].equation);
	uint32_t more = 1 + gs_graph_below(g, 5);
	return one[which].terms == 1 ||
	       (x->rank == 1 ? vector_operand(g, n, more)
	                     : float_operand(g, n, 2, (uint32_t[]){x->dim[x->rank - 1], more}));
}

static bool draw_grid(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const mode[2][3] = {{"bilinear", "nearest", "bicubic"}, {"linear", "nearest", "cubic"}};
	static const char *const padding[] = {"zeros", "border", "reflection"};
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->dtype != GS_F32 || (x->rank != 4 && (x->rank != 5 || g->opset < 20)))
		return false;
	attr_text(n, "mode", mode[g->opset >= 20][gs_graph_below(g, x->rank == 4 ? 3 : 2)]);
	attr_text(n, "padding_mode", padding[gs_graph_below(g, 3)]);
	attr_int(n, "align_corners", gs_graph_below(g, 2));
	uint32_t dim[5] = {x->dim[0], 1 + gs_graph_below(g, 4), 1 + gs_graph_below(g, 4), 1 + gs_graph_below(g, 4), 3};
	dim[x->rank - 1] = x->rank - 2U;
	return float_operand(g, n, x->rank, dim);
}

static bool draw_groups(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->dtype != GS_F32 || x->rank < 3)
		return false;
	uint32_t groups = 1 + gs_graph_below(g, x->dim[1]), length = g->opset >= 21 ? x->dim[1] : groups;
	attr_int(n, "num_groups", groups);
	return x->dim[1] % groups == 0 && vector_operand(g, n, length) && vector_operand(g, n, length);
}

static bool draw_attention(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->dtype != GS_F32 || x->rank != 4 || g->opset < 23)
		return false;
	uint32_t heads = one_in(g, 3) ? 1 : x->dim[1], total = 1 + gs_graph_below(g, 6),
		 wide = 1 + gs_graph_below(g, 5);
	attr_int(n, "is_causal", gs_graph_below(g, 2));
	if (one_in(g, 2))
		attr_float(n, "scale", 0.25F);
	if (one_in(g, 3))
		attr_float(n, "softcap", 2.0F);
	return float_operand(g, n, 4, (uint32_t[]){x->dim[0], heads, total, x->dim[3]}) &&
	       float_operand(g, n, 4, (uint32_t[]){x->dim[0], heads, total, wide}) &&
	       (one_in(g, 2) || float_operand(g, n, 2, (uint32_t[]){x->dim[2], total}));
}

static bool draw_rotary(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->dtype != GS_F32 || x->rank != 4 || x->dim[3] % 2 != 0 || g->opset < 23)
		return false;
	uint32_t half = x->dim[3] / 2, cache[3] = {x->dim[0], x->dim[2], half}, table[2] = {7, half};
	attr_int(n, "interleaved", gs_graph_below(g, 2));
	if (one_in(g, 2) && half > 1) {
		attr_int(n, "rotary_embedding_dim", 2);
		cache[2] = table[1] = 1;
	}
	if (one_in(g, 2))
		return float_operand(g, n, 3, cache) && float_operand(g, n, 3, cache);
	struct gs_graph_constant *position = constant(g, GS_I64, 2, cache);
	for (unsigned i = 0; position != NULL && i < cache[0] * cache[1]; i++)
		position->data.i64[i] = gs_graph_below(g, 7);
	if (position == NULL || !float_operand(g, n, 2, table) || !float_operand(g, n, 2, table))
		return false;
	add_input(n, position->name);
	return true;
}

static bool draw_loss(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	static const char *const reduction[] = {"none", "mean", "sum"};
	const struct gs_graph_value *x = operand(g, n, out);
	uint32_t dim[GS_RANK_MAX], classes, count = 1;
	if (x->dtype != GS_F32 || x->rank < 2)
		return false;
	classes = x->dim[1];
	for (unsigned d = 0, k = 0; d < x->rank; d++)
		if (d != 1) {
			dim[k++] = x->dim[d];
			count *= x->dim[d];
		}
	struct gs_graph_constant *target = constant(g, GS_I64, x->rank - 1U, dim);
	if (target == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		target->data.i64[i] = gs_graph_below(g, classes);
	add_input(n, target->name);
	attr_text(n, "reduction", reduction[gs_graph_below(g, 3)]);
	if (one_in(g, 2))
		attr_int(n, "ignore_index", gs_graph_below(g, classes));
	return one_in(g, 2) || vector_operand(g, n, classes);
}

static bool draw_roi(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	uint32_t count = 1 + gs_graph_below(g, 3);
	if (x->dtype != GS_F32 || x->rank != 4)
		return false;
	struct gs_graph_constant *rois = constant(g, GS_F32, 2, (uint32_t[]){count, 4});
	struct gs_graph_constant *batch = constant(g, GS_I64, 1, &count);
	if (rois == NULL || batch == NULL)
		return false;
	for (unsigned i = 0; i < 4 * count; i++) /* x1, y1, x2, y2 */
		rois->data.f32[i] = (float)gs_graph_below(g, 64) / 16.0F + (i % 4 >= 2 ? 1.0F : 0.0F);
	for (unsigned i = 0; i < count; i++)
		batch->data.i64[i] = gs_graph_below(g, x->dim[0]);
	add_input(n, rois->name);
	add_input(n, batch->name);
	attr_text(n, "mode", one_in(g, 2) ? "max" : "avg");
	attr_text(n, "coordinate_transformation_mode", one_in(g, 2) ? "half_pixel" : "output_half_pixel");
	attr_int(n, "output_height", 1 + gs_graph_below(g, 3));
	attr_int(n, "output_width", 1 + gs_graph_below(g, 3));
	attr_int(n, "sampling_ratio", gs_graph_below(g, 3));
	attr_float(n, "spatial_scale", one_in(g, 2) ? 1.0F : 0.5F);
	return true;
}

static bool draw_fourier(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	if (x->dtype != GS_F32 || x->rank < 2 || x->dim[x->rank - 1] > 2)
		return false;
	int64_t axis = gs_graph_below(g, x->rank - 1U);
	bool inverse = one_in(g, 2), half = !inverse && x->dim[x->rank - 1] == 1 && one_in(g, 2);
	attr_int(n, "inverse", inverse);
	attr_int(n, "onesided", half);
	struct gs_graph_constant *length = one_in(g, 2) ? constant(g, GS_I64, 0, NULL) : NULL;
	if (length != NULL)
		length->data.i64[0] = 1 + (int64_t)gs_graph_below(g, 9);
	if (length != NULL || g->opset >= 20)
		add_input(n, length != NULL ? length->name : "");
	if (g->opset < 20) {
		attr_int(n, "axis", axis);
		return true;
	}
	struct gs_graph_constant *c = constant(g, GS_I64, 0, NULL);
	if (c == NULL)
		return false;
	c->data.i64[0] = axis;
	add_input(n, c->name);
	return true;
}

static bool draw_deform(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	uint32_t k[2] = {1 + gs_graph_below(g, 2), 1 + gs_graph_below(g, 2)}, filters = 1 + gs_graph_below(g, 3);
	if (x->dtype != GS_F32 || x->rank != 4 || x->dim[2] < k[0] || x->dim[3] < k[1] || g->opset < 19)
		return false;
	uint32_t steps[2] = {x->dim[2] - k[0] + 1, x->dim[3] - k[1] + 1};
	struct gs_graph_attribute *shape = attr_ints(n, "kernel_shape");
	push(shape, k[0]);
	push(shape, k[1]);
	return float_operand(g, n, 4, (uint32_t[]){filters, x->dim[1], k[0], k[1]}) &&
	       float_operand(g, n, 4, (uint32_t[]){x->dim[0], 2 * k[0] * k[1], steps[0], steps[1]}) &&
	       (one_in(g, 2) || (vector_operand(g, n, filters) &&
	                         float_operand(g, n, 4, (uint32_t[]){x->dim[0], k[0] * k[1], steps[0], steps[1]})));
}

static bool draw_square(struct gs_graph *g, struct gs_graph_node *n, struct gs_graph_value *out)
{
	const struct gs_graph_value *x = operand(g, n, out);
	return x->dtype == GS_F32 && x->rank >= 2 && x->dim[x->rank - 1] == x->dim[x->rank - 2];
}

const struct gs_graph_family *gs_graph_family_more(unsigned n)
{
	static const struct gs_graph_family family[] = {
		{draw_elements, "GatherElements ScatterElements"},
		{draw_nd, "GatherND ScatterND"},
		{draw_one_hot, "OneHot"},
		{draw_expand, "Expand"},
		{draw_compress, "Compress"},
		{draw_reverse, "ReverseSequence"},
		{draw_center, "CenterCropPad"},
		{draw_shape, "Shape Size"},
		{draw_several, "DynamicQuantizeLinear"},
		{draw_is, "IsNaN IsInf"},
		{draw_bytes_matmul, "QLinearMatMul MatMulInteger"},
		{draw_bytes_conv, "QLinearConv ConvInteger"},
		{draw_shift, "BitShift"},
		{draw_like, "CastLike"},
		{draw_einsum, "Einsum"},
		{draw_grid, "GridSample"},
		{draw_groups, "GroupNormalization"},
		{draw_attention, "Attention"},
		{draw_rotary, "RotaryEmbedding"},
		{draw_loss, "SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss"},
		{draw_roi, "RoiAlign"},
		{draw_fourier, "DFT"},
		{draw_deform, "DeformConv"},
		{draw_square, "Det"},
	};
	return n < GS_ARRAY_LEN(family) ? &family[n] : NULL;
}
