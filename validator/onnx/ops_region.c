/* Pooling over regions of an image: RoiAlign, and MaxRoiPool over known regions. Formulas: docs/operators.md. */
#include "validator/onnx/ops_sample.h"

#include <math.h>
#include <string.h>

struct region {                 /* of RoiAlign */
	uint32_t rois, bins[2]; /* height, width */
	uint32_t grid[2];       /* samples a bin: the most of any region */
	gs_reg scale;
	bool half_pixel, adaptive, max;
	uint32_t *samples[2]; /* of each region, when adaptive */
};

/* ---- where regions lie: d is 0 for height and 1 for width ---- */

/* Column c of rois[R, n] as [R, 1, 1]. */
static struct gs_val column(const struct gs_val *rois, unsigned c)
{
	struct gs_val r = *rois;
	r.offset += (int64_t)c * rois->stride[1];
	r.rank = 3;
	r.dim[1] = r.dim[2] = 1;
	r.stride[1] = r.stride[2] = 0;
	return r;
}

static enum gs_err read_span(struct gs_lower *lo, const struct region *g, const struct gs_val *rois, unsigned d,
                             struct gs_val *start, struct gs_val *length)
{
	struct gs_val corner[2] = {column(rois, 1 - d), column(rois, 3 - d)};
	gs_reg shift = g->half_pixel ? UINT32_C(0xbf000000) : 0;
	for (unsigned i = 0; i < 2; i++)
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_R(shift), GS_V(&corner[i]), GS_R(g->scale), &corner[i]));
	struct gs_step span = {.fn = GS_FN_F32_SUB, .dtype = GS_F32};
	if (!g->half_pixel) {
		span.epilogue = GS_FN_F32_MAX;
		span.epilogue_const[0] = GS_ONE;
	}
	*start = corner[0];
	return gs_lower_map(lo, span, 2, (struct gs_arg[]){GS_V(&corner[1]), GS_V(&corner[0])}, length);
}

/* sampling_ratio 0: ceil(length / bins) samples, so the regions must be known. */
static enum gs_err count_samples(struct gs_lower *lo, struct region *g, const struct gs_val *rois, unsigned d)
{
	struct gs_val start, length;
	if (rois->kind != GS_VAL_CONST)
		return gs_lower_not_static(lo, rois, "the number of samples (sampling_ratio is 0)");
	GS_TRY(read_span(lo, g, rois, d, &start, &length));
	g->samples[d] = gs_arena_alloc(&lo->arena, g->rois, sizeof(uint32_t));
	if (g->samples[d] == NULL || length.kind != GS_VAL_CONST)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u regions", g->rois);
	g->grid[d] = 1;
	for (uint32_t r = 0; r < g->rois; r++) {
		gs_reg v = gs_lower_const_bits(lo, &length, r);
		v = gs_fn_apply(GS_FN_F32_DIV, v, gs_reg_of_int(GS_CLASS_F32, g->bins[d]), 0);
		int32_t n = (int32_t)(uint32_t)gs_fn_apply(GS_FN_F32_TO_I32, gs_fn_apply(GS_FN_F32_CEIL, v, 0, 0), 0,
		                                           0);
		if (n > GS_FOLD_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%d samples a bin", n);
		g->samples[d][r] = n < 0 ? 0 : (uint32_t)n;
		g->grid[d] = g->samples[d][r] > g->grid[d] ? g->samples[d][r] : g->grid[d];
	}
	return GS_OK;
}

/* place[R or 1, bins, grid]: p + (i + 0.5) / samples of bin p's sample i. live: whether the region has that sample. The
 * greatest of samples may be taken over one twice. */
static enum gs_err sample_places(struct gs_lower *lo, const struct region *g, unsigned d, struct gs_val *place,
                                 struct gs_val *live)
{
	uint32_t rois = g->adaptive ? g->rois : 1, dim[3] = {rois, g->bins[d], g->grid[d]};
	uint64_t count = (uint64_t)rois * g->bins[d] * g->grid[d];
	uint8_t *at = gs_lower_spend(lo, count) ? gs_arena_alloc(&lo->arena, count, 4) : NULL;
	uint8_t *on = at != NULL ? gs_arena_alloc(&lo->arena, count, 1) : NULL;
	if (on == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu samples", (unsigned long long)count);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t n = g->adaptive ? g->samples[d][i / g->grid[d] / g->bins[d]] : g->grid[d];
		uint64_t k = i % g->grid[d], p = i / g->grid[d] % g->bins[d];
		on[i] = g->max ? n > 0 : k < n;
		k = k < n ? k : n == 0 ? 0 : n - 1;
		gs_le32_write(at + 4 * i,
		              gs_f32_to_bits((float)((double)p + ((double)k + 0.5) / (n == 0 ? 1.0 : (double)n))));
	}
	GS_TRY(gs_lower_constant(lo, GS_F32, 3, dim, at, place));
	return gs_lower_constant(lo, GS_BOOL, 3, dim, on, live);
}

/* Index shares (i32) and weights of the two taps along dimension d, as [R, bins, grid, 2]. */
static enum gs_err taps_along(struct gs_lower *lo, const struct region *g, const struct gs_val *rois, unsigned d,
                              uint32_t extent, uint32_t behind, struct gs_val *index, struct gs_val *weight)
{
	struct gs_val start, length, place, live, y, low, inside, k;
	const gs_reg top = gs_reg_of_int(GS_CLASS_F32, extent);
	GS_TRY(read_span(lo, g, rois, d, &start, &length));
	GS_TRY(gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&length), GS_R(gs_reg_of_int(GS_CLASS_F32, g->bins[d])),
	              &length));
	GS_TRY(sample_places(lo, g, d, &place, &live));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&start), GS_V(&length), GS_V(&place), &y));
	GS_TRY(gs_op3(lo, GS_FN_F32_CLIP, GS_F32, GS_V(&y), GS_R(UINT32_C(0xbf800000)), GS_R(top), &inside));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&inside), GS_V(&y), &inside));
	if (g->adaptive)
		GS_TRY(gs_op2(lo, GS_FN_I32_AND, GS_BOOL, GS_V(&inside), GS_V(&live), &inside));
	GS_TRY(gs_op3(lo, GS_FN_F32_CLIP, GS_F32, GS_V(&y), GS_R(0),
	              GS_R(gs_reg_of_int(GS_CLASS_F32, (int64_t)extent - 1)), &y));
	GS_TRY(gs_op1(lo, GS_FN_F32_FLOOR, GS_F32, GS_V(&y), &low));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&y), GS_V(&low), &y));
	struct gs_val *behind_all[] = {&y, &inside, &low};
	for (unsigned i = 0; i < 3; i++) { /* a dimension for the two taps */
		behind_all[i]->dim[3] = 1;
		behind_all[i]->stride[3] = 0;
		behind_all[i]->rank = 4;
	}
	struct gs_step distance = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_ABS};
	GS_TRY(gs_sample_numbers(lo, (const double[]){1.0, 0.0}, 2, &k));
	GS_TRY(gs_lower_map(lo, distance, 2, (struct gs_arg[]){GS_V(&k), GS_V(&y)}, &y));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&inside), GS_V(&y), GS_R(0), weight));
	GS_TRY(gs_op1(lo, GS_FN_F32_TO_I32, GS_I32, GS_V(&low), &low));
	uint32_t dim[4] = {low.dim[0], low.dim[1], low.dim[2], 2};
	struct gs_instr next = {.form = GS_MAP,
	                        .fn = GS_FN_I32_ADD,
	                        .store_dtype = GS_I32,
	                        .epilogue = GS_FN_I32_MIN,
	                        .epilogue_const = {extent - 1},
	                        .out_axes = 4};
	memcpy(next.extent, dim, sizeof(dim));
	next.operand[0] = gs_lower_elementwise(lo, &low, 4);
	next.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[3] = 1};
	GS_TRY(gs_lower_emit(lo, &next, 4, dim, &low));
	if (behind != 1)
		GS_TRY(gs_op2(lo, GS_FN_I32_MUL, GS_I32, GS_V(&low), GS_R(behind), &low));
	return gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&inside), GS_V(&low), GS_R((uint32_t)GS_SAMPLE_NOWHERE),
	              index);
}

/* What the region's image adds to the index, as i32 [R, 1, ...] of rank 7. */
static enum gs_err image_share(struct gs_lower *lo, const struct gs_val *batch, uint32_t images, uint32_t each,
                               struct gs_val *out)
{
	struct gs_val b = *batch, c, t;
	GS_TRY(gs_lower_reshape(lo, batch, 7, (uint32_t[]){batch->dim[0], 1, 1, 1, 1, 1, 1}, &b));
	if (b.dtype == GS_I32)
		GS_TRY(gs_op1(lo, GS_FN_I32_TO_I64, GS_I64, GS_V(&b), &b));
	GS_TRY(gs_op3(lo, GS_FN_I64_CLIP, GS_I64, GS_V(&b), GS_R(0), GS_R(images - 1), &c));
	GS_TRY(gs_op2(lo, GS_FN_I64_EQ, GS_BOOL, GS_V(&c), GS_V(&b), &t));
	struct gs_step share = {.fn = GS_FN_I64_MUL, .dtype = GS_I32, .epilogue = GS_FN_I64_TO_I32};
	GS_TRY(gs_lower_map(lo, share, 2, (struct gs_arg[]){GS_V(&c), GS_R(each)}, &c));
	return gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&t), GS_V(&c), GS_R((uint32_t)GS_SAMPLE_NOWHERE), out);
}

/* v[R, bins, grid, 2] among [R, bins, bins, grid, grid, 2, 2]. */
static struct gs_val among(const struct gs_val *v, unsigned d)
{
	struct gs_val r = *v;
	r.rank = 7;
	memset(r.dim, 0, sizeof(r.dim));
	memset(r.stride, 0, sizeof(r.stride));
	r.dim[0] = v->dim[0];
	r.stride[0] = v->stride[0];
	for (unsigned k = 1; k < 7; k++)
		r.dim[k] = 1;
	for (unsigned k = 0; k < 3; k++) {
		r.dim[1 + 2 * k + d] = v->dim[1 + k];
		r.stride[1 + 2 * k + d] = v->stride[1 + k];
	}
	return r;
}

/* f32 [R, 1, 1, 1]: how many samples each region's bins have, at least 1. */
static enum gs_err sample_counts(struct gs_lower *lo, const struct region *g, struct gs_val *out)
{
	uint8_t *data = gs_arena_alloc(&lo->arena, g->rois, 4);
	GS_ASSERT(g->samples[0] != NULL && g->samples[1] != NULL);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u regions", g->rois);
	for (uint32_t r = 0; r < g->rois; r++) {
		int64_t n = (int64_t)g->samples[0][r] * g->samples[1][r];
		gs_le32_write(data + 4 * (size_t)r, (uint32_t)gs_reg_of_int(GS_CLASS_F32, n < 1 ? 1 : n));
	}
	return gs_lower_constant(lo, GS_F32, 4, (uint32_t[]){g->rois, 1, 1, 1}, data, out);
}

/* ---- RoiAlign ---- */

static enum gs_err read_region(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct region *g)
{
	int64_t bins[2] = {gs_lower_attr_int(node, "output_height", 1), gs_lower_attr_int(node, "output_width", 1)};
	int64_t ratio = gs_lower_attr_int(node, "sampling_ratio", 0);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(gs_ops_present(lo, &in[2]));
	bool fits = in[0].rank == 4 && in[1].rank == 2 && in[1].dim[1] == 4 && in[2].rank == 1 &&
	            in[2].dim[0] == in[1].dim[0] && (in[2].dtype == GS_I64 || in[2].dtype == GS_I32);
	if (!fits || gs_val_count(&in[0]) == 0 || bins[0] < 1 || bins[1] < 1 || bins[0] > GS_FOLD_MAX ||
	    bins[1] > GS_FOLD_MAX || ratio < 0 || ratio > 512)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "inputs that do not fit, bins of %lld by %lld, %lld samples", (long long)bins[0],
		                       (long long)bins[1], (long long)ratio);
	if (gs_val_count(&in[0]) > GS_SAMPLE_PLACES_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an input of more than %d elements", GS_SAMPLE_PLACES_MAX);
	*g = (struct region){.rois = in[1].dim[0],
	                     .bins = {(uint32_t)bins[0], (uint32_t)bins[1]},
	                     .grid = {(uint32_t)ratio, (uint32_t)ratio},
	                     .scale = gs_lower_attr_float(node, "spatial_scale", GS_ONE),
	                     .adaptive = ratio == 0,
	                     .max = gs_lower_attr_is(node, "mode", "max")};
	g->half_pixel = lo->model.opset >= 16 &&
	                !gs_lower_attr_is(node, "coordinate_transformation_mode", "output_half_pixel");
	if (!g->max && gs_onnx_attr_find(node, "mode") != NULL && !gs_lower_attr_is(node, "mode", "avg"))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a mode other than avg and max");
	for (unsigned d = 0; d < 2 && g->adaptive; d++)
		GS_TRY(count_samples(lo, g, &in[1], d));
	return GS_OK;
}

/* x, rois, batch_indices */
static enum gs_err op_roi_align(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct region g = {0};
	struct gs_val x, index[2], weight[2], base, t;
	GS_TRY(read_region(lo, node, in, &g));
	GS_TRY(gs_lower_contiguous(lo, &in[0], &x));
	uint32_t plane = x.dim[2] * x.dim[3];
	for (unsigned d = 0; d < 2; d++) {
		GS_TRY(taps_along(lo, &g, &in[1], d, x.dim[2 + d], d == 0 ? x.dim[3] : 1, &index[d], &weight[d]));
		index[d] = among(&index[d], d);
		weight[d] = among(&weight[d], d);
	}
	GS_TRY(image_share(lo, &in[2], x.dim[0], x.dim[1] * plane, &base));
	GS_TRY(gs_op2(lo, GS_FN_I32_ADD, GS_I32, GS_V(&base), GS_V(&index[0]), &index[0]));
	GS_TRY(gs_op2(lo, GS_FN_I32_ADD, GS_I32, GS_V(&index[0]), GS_V(&index[1]), &base));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&weight[0]), GS_V(&weight[1]), &t));
	/* axes: region, channel, bin; sample, tap */
	uint32_t dim[8] = {g.rois, x.dim[1], g.bins[0], g.bins[1], g.grid[0], g.grid[1], 2, 2};
	static const unsigned axis_of[] = {0, 2, 3, 4, 5, 6, 7};
	struct gs_operand read = gs_lower_view(lo, &x), factor = gs_lower_view(lo, &t);
	gs_operand_axis(&read, 1, plane);
	unsigned row = gs_operand_row(&read, gs_val_count(&x), 1, 0);
	read.indirect_row = (uint8_t)(row + 1);
	gs_ops_indirect_view(lo, &read, &base, axis_of);
	for (unsigned d = 0; d < t.rank; d++)
		if (t.dim[d] != 1)
			gs_operand_axis(&factor, axis_of[d], t.stride[d]);
	struct gs_instr in1 = {.store_dtype = GS_F32};
	memcpy(in1.extent, dim, sizeof(dim));
	if (g.max) {
		in1.form = GS_MAP;
		in1.fn = GS_FN_F32_MUL;
		in1.out_axes = 8;
		in1.operand[0] = read;
		in1.operand[1] = factor;
		GS_TRY(gs_lower_emit(lo, &in1, 8, dim, &t));
		struct gs_step max = {.fn = GS_FN_F32_MAX, .dtype = in[0].dtype};
		GS_TRY(gs_lower_fold(lo, max, GS_NEG_INF, &t, 0xf0, out));
		return gs_lower_reshape(lo, out, 4, dim, out);
	}
	in1.form = GS_FOLD;
	in1.fn = GS_FN_F32_FMA;
	in1.acc_dtype = GS_F32;
	in1.out_axes = in1.red_axes = 4;
	in1.operand[0] = gs_operand_const(0);
	in1.operand[1] = read;
	in1.operand[2] = factor;
	if (!g.adaptive) {
		in1.store_dtype = in[0].dtype;
		in1.epilogue = GS_FN_F32_DIV;
		in1.epilogue_const[0] = gs_reg_of_int(GS_CLASS_F32, (int64_t)g.grid[0] * g.grid[1]);
		return gs_lower_emit(lo, &in1, 4, dim, out);
	}
	GS_TRY(gs_lower_emit(lo, &in1, 4, dim, &t));
	GS_TRY(sample_counts(lo, &g, &base));
	return gs_op2(lo, GS_FN_F32_DIV, in[0].dtype, GS_V(&t), GS_V(&base), out);
}

/* ---- MaxRoiPool: the elements of every bin are known ---- */

struct bins {
	uint32_t start[2], count[2]; /* rows, columns */
};

static int64_t round_away(gs_reg r)
{
	double v = (double)gs_f32_from_bits((uint32_t)r);
	return (int64_t)(v < 0.0 ? ceil(v - 0.5) : floor(v + 0.5));
}

/* Bin p of n over the region from first to last, cut to the image. */
static void cut_bin(int64_t first, int64_t last, int64_t p, int64_t n, int64_t extent, uint32_t *start, uint32_t *count)
{
	int64_t length = last - first + 1 < 1 ? 1 : last - first + 1;
	int64_t from = first + p * length / n, to = first + ((p + 1) * length + n - 1) / n;
	from = from < 0 ? 0 : from > extent ? extent : from;
	to = to < 0 ? 0 : to > extent ? extent : to;
	*start = (uint32_t)from;
	*count = to > from ? (uint32_t)(to - from) : 0;
}

/* x, rois[R, 5]: image, left, top, right, bottom */
static enum gs_err op_max_roi_pool(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out)
{
	int64_t shape[2] = {0};
	unsigned count = 0;
	uint32_t most[2] = {1, 1};
	struct gs_val x, table, empty;
	gs_reg scale = gs_lower_attr_float(node, "spatial_scale", GS_ONE);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(gs_lower_attr_ints(lo, node, "pooled_shape", shape, 2, &count));
	if (in[0].rank != 4 || gs_val_count(&in[0]) == 0 || in[1].rank != 2 || in[1].dim[1] != 5 || count != 2 ||
	    shape[0] < 1 || shape[1] < 1 || shape[0] > GS_FOLD_MAX || shape[1] > GS_FOLD_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs that do not fit, or a pooled_shape of %u numbers",
		                       count);
	if (in[1].kind != GS_VAL_CONST)
		return gs_lower_not_static(lo, &in[1], "the extent of a region");
	GS_TRY(gs_lower_contiguous(lo, &in[0], &x));
	uint64_t rois = in[1].dim[0], bins = rois * (uint64_t)shape[0] * (uint64_t)shape[1];
	struct bins *b = gs_lower_spend(lo, bins) ? gs_arena_alloc(&lo->arena, bins, sizeof(*b)) : NULL;
	uint8_t *none = b != NULL ? gs_arena_alloc(&lo->arena, bins, 1) : NULL;
	if (none == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%llu bins", (unsigned long long)bins);
	bool any = false;
	for (uint64_t i = 0; i < bins; i++) {
		uint64_t r = i / (uint64_t)(shape[0] * shape[1]);
		for (unsigned d = 0; d < 2; d++) {
			int64_t p = d == 0 ? (int64_t)(i / (uint64_t)shape[1]) % shape[0]
			                   : (int64_t)(i % (uint64_t)shape[1]);
			int64_t edge[2];
			for (unsigned k = 0; k < 2; k++) {
				gs_reg v = gs_load((enum gs_dtype)in[1].dtype,
				                   gs_lower_const_bits(lo, &in[1], 5 * r + 2 * k + 2 - d));
				v = gs_fn_apply(GS_FN_F32_MUL, v, scale, 0);
				if (!(fabsf(gs_f32_from_bits((uint32_t)v)) < 1e6F))
					return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a region beyond 10^6");
				edge[k] = round_away(v);
			}
			cut_bin(edge[0], edge[1], p, shape[d], x.dim[2 + d], &b[i].start[d], &b[i].count[d]);
			most[d] = b[i].count[d] > most[d] ? b[i].count[d] : most[d];
		}
		none[i] = b[i].count[0] == 0 || b[i].count[1] == 0;
		any |= none[i] != 0;
	}
	uint64_t entries = bins * most[0] * most[1], at = 0;
	uint8_t *data = gs_lower_spend(lo, entries) ? gs_arena_alloc(&lo->arena, entries, 4) : NULL;
	if (data == NULL || gs_val_count(&x) > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %llu elements", (unsigned long long)entries);
	for (uint64_t i = 0; i < bins; i++) {
		gs_reg v = gs_load((enum gs_dtype)in[1].dtype,
		                   gs_lower_const_bits(lo, &in[1], 5 * (i / (uint64_t)(shape[0] * shape[1]))));
		int64_t image = round_away(v);
		if (image < 0 || image >= x.dim[0])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a region of image %lld", (long long)image);
		for (uint32_t h = 0; h < most[0]; h++)
			for (uint32_t w = 0; w < most[1]; w++, at++) {
				bool in_bin = h < b[i].count[0] && w < b[i].count[1];
				uint64_t place = (uint64_t)image * (uint64_t)x.stride[0] +
				                 (uint64_t)(b[i].start[0] + h) * x.dim[3] + b[i].start[1] + w;
				gs_le32_write(data + 4 * at, in_bin ? (uint32_t)place : UINT32_MAX);
			}
	}
	uint32_t dim[6] = {(uint32_t)rois, x.dim[1], (uint32_t)shape[0], (uint32_t)shape[1], most[0], most[1]};
	uint32_t table_dim[5] = {dim[0], dim[2], dim[3], dim[4], dim[5]};
	GS_TRY(gs_lower_constant(lo, GS_I32, 5, table_dim, data, &table));
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_F32_MAX,
	                        .store_dtype = x.dtype,
	                        .acc_dtype = GS_F32,
	                        .out_axes = 4,
	                        .red_axes = 2};
	memcpy(fold.extent, dim, sizeof(dim));
	fold.operand[0] = gs_operand_const(GS_NEG_INF);
	fold.operand[1] = gs_lower_view(lo, &x);
	fold.operand[1].view.pad = GS_PAD_SKIP;
	gs_operand_axis(&fold.operand[1], 1, x.stride[1]);
	unsigned row = gs_operand_row(&fold.operand[1], gs_val_count(&x), 1, 0);
	fold.operand[1].indirect_row = (uint8_t)(row + 1);
	gs_ops_indirect_view(lo, &fold.operand[1], &table, (const unsigned[]){0, 2, 3, 4, 5});
	GS_TRY(gs_lower_emit(lo, &fold, 4, dim, out));
	if (!any)
		return GS_OK;
	GS_TRY(gs_lower_constant(lo, GS_BOOL, 4, (uint32_t[]){dim[0], 1, dim[2], dim[3]}, none, &empty));
	return gs_op3(lo, GS_FN_F32_SELECT, x.dtype, GS_V(&empty), GS_R(0), GS_V(out), out);
}

const struct gs_lower_op gs_ops_region[] = {
	{"MaxRoiPool", op_max_roi_pool},
	{"RoiAlign", op_roi_align},
	{NULL, NULL},
};
