/* Sampling at positions known at lowering: Resize, Upsample, and padding from the input itself. One dimension after the
 * other; each output position reads a table of indices, and weights in f32. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <math.h>
#include <string.h>

enum { RESIZE_TAPS_MAX = 1 << 12 };

enum gs_err gs_ops_take(struct gs_lower *lo, const struct gs_val *from, unsigned axis, const uint8_t *index,
                        uint32_t count, gs_reg fill, struct gs_val *out)
{
	struct gs_val x = *from, table;
	uint32_t dim[GS_RANK_MAX];
	if (x.stride[axis] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	GS_TRY(gs_lower_constant(lo, GS_I32, 1, &count, index, &table));
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = x.rank};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	memcpy(dim, x.dim, sizeof(dim));
	dim[axis] = count;
	memcpy(copy.extent, dim, x.rank * sizeof(*dim));
	copy.operand[0] = gs_lower_view(lo, &x);
	copy.operand[0].view.pad = fill != 0 ? GS_PAD_VALUE : GS_PAD_ZERO;
	copy.operand[0].view.pad_value = fill;
	for (unsigned d = 0; d < x.rank; d++)
		if (d != axis)
			gs_operand_axis(&copy.operand[0], d, x.stride[d]);
	gs_ops_indirect_row(&copy.operand[0], &x, axis);
	gs_ops_indirect_view(lo, &copy.operand[0], &table, &axis);
	return gs_lower_emit(lo, &copy, x.rank, dim, out);
}

static uint8_t *table_of(struct gs_lower *lo, uint64_t entries)
{
	return gs_lower_spend(lo, entries) ? gs_arena_alloc(&lo->arena, entries, 4) : NULL;
}

static int64_t within(int64_t v, int64_t extent) /* to the nearest edge */
{
	return v < 0 ? 0 : v >= extent ? extent - 1 : v;
}

/* ---- padding from the input itself ---- */

enum gs_err gs_ops_pad_within(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                              const int64_t *before, const uint32_t *dim, struct gs_val *out)
{
	bool edge = gs_lower_attr_is(node, "mode", "edge"), wrap = gs_lower_attr_is(node, "mode", "wrap");
	if (!edge && !wrap && !gs_lower_attr_is(node, "mode", "reflect"))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a mode other than constant, reflect, edge and wrap");
	*out = *x;
	for (unsigned d = 0; d < x->rank; d++) {
		int64_t extent = x->dim[d];
		if (before[d] == 0 && dim[d] == extent)
			continue;
		if (extent == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "padding of an empty dimension");
		uint8_t *index = table_of(lo, dim[d]);
		if (index == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u indices", dim[d]);
		for (uint32_t o = 0; o < dim[d]; o++) {
			int64_t at = (int64_t)o - before[d], period = wrap ? extent : 2 * (extent - 1);
			if (edge)
				at = within(at, extent);
			else if (period > 0)
				at = (at % period + period) % period;
			else
				at = 0;
			gs_le32_write(index + 4 * (size_t)o, (uint32_t)(at < extent ? at : period - at));
		}
		GS_TRY(gs_ops_take(lo, out, d, index, dim[d], 0, out));
	}
	return GS_OK;
}

/* ---- Resize ---- */

/* Read once: a table may ask millions of times. */
enum place { HALF_PIXEL, ASYMMETRIC, ALIGN_CORNERS, PYTORCH_HALF_PIXEL, TF_HALF_PIXEL, HALF_PIXEL_SYMMETRIC, TF_CROP };
enum nearest { PREFER_FLOOR, FLOOR, CEIL, PREFER_CEIL };

struct resize {
	enum place place;
	enum nearest nearest;
	bool cubic, linear, antialias, exclude_outside, old;
	double a;       /* the cubic coefficient */
	gs_reg outside; /* extrapolation value */
};

struct sampled { /* one dimension */
	uint32_t in, out;
	double scale;
	double roi[2];
};

static enum place place_of(const struct gs_onnx_node *node)
{
	static const char *const name[] = {[ASYMMETRIC] = "asymmetric",
	                                   [ALIGN_CORNERS] = "align_corners",
	                                   [PYTORCH_HALF_PIXEL] = "pytorch_half_pixel",
	                                   [TF_HALF_PIXEL] = "tf_half_pixel_for_nn",
	                                   [HALF_PIXEL_SYMMETRIC] = "half_pixel_symmetric",
	                                   [TF_CROP] = "tf_crop_and_resize"};
	for (unsigned i = ASYMMETRIC; i < GS_ARRAY_LEN(name); i++)
		if (gs_lower_attr_is(node, "coordinate_transformation_mode", name[i]))
			return (enum place)i;
	return HALF_PIXEL;
}

static enum nearest nearest_of(const struct gs_onnx_node *node)
{
	static const char *const name[] = {[FLOOR] = "floor", [CEIL] = "ceil", [PREFER_CEIL] = "round_prefer_ceil"};
	for (unsigned i = FLOOR; i < GS_ARRAY_LEN(name); i++)
		if (gs_lower_attr_is(node, "nearest_mode", name[i]))
			return (enum nearest)i;
	return PREFER_FLOOR;
}

/* The position in the input of output o; NAN when it is outside of a crop. ONNX's length_resized is s->out, a whole number;
 * but ONNX's reference data for align_corners have the fraction that a scale makes of it. */
static double position(const struct resize *r, const struct sampled *s, uint32_t o)
{
	double width = s->scale * s->in, at = o;
	if (r->old || r->place == ASYMMETRIC)
		return at / s->scale;
	if (r->place == ALIGN_CORNERS)
		return width == 1.0 ? 0.0 : at * (s->in - 1.0) / (width - 1.0);
	if (r->place == PYTORCH_HALF_PIXEL)
		return s->out > 1 ? (at + 0.5) / s->scale - 0.5 : 0.0;
	if (r->place == TF_HALF_PIXEL)
		return (at + 0.5) / s->scale;
	if (r->place == HALF_PIXEL_SYMMETRIC)
		return s->in / 2.0 * (1.0 - s->out / width) + (at + 0.5) / s->scale - 0.5;
	if (r->place == TF_CROP) {
		double x = s->out == 1 ? (s->roi[1] - s->roi[0]) * (s->in - 1.0) / 2.0
		                       : at * (s->roi[1] - s->roi[0]) * (s->in - 1.0) / (s->out - 1.0);
		x += s->roi[0] * (s->in - 1.0);
		return x < 0.0 || x > s->in - 1.0 ? NAN : x;
	}
	return (at + 0.5) / s->scale - 0.5;
}

static double cubic_kernel(double x, double a)
{
	x = x < 0 ? -x : x;
	if (x <= 1.0)
		return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
	return x < 2.0 ? ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a : 0.0;
}

static double linear_kernel(double x)
{
	x = x < 0 ? -x : x;
	return x < 1.0 ? 1.0 - x : 0.0;
}

static int64_t nearest_index(const struct resize *r, double x)
{
	if (r->old || r->nearest == FLOOR)
		return (int64_t)floor(x);
	if (r->nearest == CEIL)
		return (int64_t)ceil(x);
	if (r->nearest == PREFER_CEIL)
		return (int64_t)floor(x + 0.5);
	return (int64_t)ceil(x - 0.5);
}

static enum gs_err nearest(struct gs_lower *lo, const struct resize *r, const struct sampled *s, unsigned d,
                           struct gs_val *x)
{
	uint8_t *index = table_of(lo, s->out);
	if (index == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u indices", s->out);
	for (uint32_t o = 0; o < s->out; o++) {
		double at = position(r, s, o);
		gs_le32_write(index + 4 * (size_t)o,
		              isnan(at) ? UINT32_MAX : (uint32_t)within(nearest_index(r, at), s->in));
	}
	return gs_ops_take(lo, x, d, index, s->out, r->outside, x);
}

/* Indices and weights of the taps of every output position; the tap before x is the last one left of it. */
static void fill_taps(const struct resize *r, const struct sampled *s, int64_t first, uint32_t taps, uint8_t *index,
                      uint8_t *weight)
{
	double shrink = r->antialias && s->scale < 1.0 ? s->scale : 1.0;
	for (uint32_t o = 0; o < s->out; o++) {
		double x = position(r, s, o), base = ceil(x) - 1.0, ratio = x - base, sum = 0.0;
		for (uint32_t t = 0; t < taps; t++) {
			size_t at = 4 * ((size_t)o * taps + t);
			if (isnan(x)) {
				gs_le32_write(index + at, UINT32_MAX);
				gs_le32_write(weight + at, t == 0 ? GS_ONE : 0);
				continue;
			}
			double distance = ((double)(first + (int64_t)t) - ratio) * shrink;
			double w = r->cubic ? cubic_kernel(distance, r->a) : linear_kernel(distance);
			int64_t tap = (int64_t)base + first + (int64_t)t;
			if (r->exclude_outside && (tap < 0 || tap >= (int64_t)s->in))
				w = 0.0;
			sum += w;
		}
		for (uint32_t t = 0; t < taps && !isnan(x); t++) {
			size_t at = 4 * ((size_t)o * taps + t);
			double distance = ((double)(first + (int64_t)t) - ratio) * shrink;
			double w = r->cubic ? cubic_kernel(distance, r->a) : linear_kernel(distance);
			int64_t tap = (int64_t)base + first + (int64_t)t;
			if (r->exclude_outside && (tap < 0 || tap >= (int64_t)s->in))
				w = 0.0;
			if (r->antialias || r->exclude_outside)
				w = w / sum;
			gs_le32_write(index + at, (uint32_t)within(tap, s->in));
			gs_le32_write(weight + at, (uint32_t)gs_load(GS_F32, gs_f32_to_bits((float)w)));
		}
	}
}

static enum gs_err weighted(struct gs_lower *lo, const struct resize *r, const struct sampled *s, unsigned d,
                            unsigned dtype, struct gs_val *v)
{
	double reach = (r->cubic ? 2.0 : 1.0) / (r->antialias && s->scale < 1.0 ? s->scale : 1.0);
	struct gs_val x = *v, table, factor;
	uint32_t dim[GS_RANK_MAX];
	if (reach > RESIZE_TAPS_MAX / 2.0)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a scale that reads more than %d elements",
		                       RESIZE_TAPS_MAX);
	int64_t first = (int64_t)floor(-reach) + 1;
	uint32_t taps = (uint32_t)(2 - 2 * first);
	uint8_t *index = table_of(lo, (uint64_t)s->out * taps), *weight = table_of(lo, (uint64_t)s->out * taps);
	if (index == NULL || weight == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u positions", s->out);
	fill_taps(r, s, first, taps, index, weight);
	GS_TRY(gs_lower_constant(lo, GS_I32, 2, (uint32_t[]){s->out, taps}, index, &table));
	GS_TRY(gs_lower_constant(lo, GS_F32, 2, (uint32_t[]){s->out, taps}, weight, &factor));
	if (x.stride[d] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_F32_FMA,
	                        .store_dtype = (uint8_t)dtype,
	                        .acc_dtype = GS_F32,
	                        .out_axes = x.rank,
	                        .red_axes = 1};
	memcpy(dim, x.dim, sizeof(dim));
	dim[d] = s->out;
	memcpy(fold.extent, dim, x.rank * sizeof(*dim));
	fold.extent[x.rank] = taps;
	fold.operand[0] = gs_operand_const(0);
	fold.operand[1] = gs_lower_view(lo, &x);
	fold.operand[1].view.pad = r->outside != 0 ? GS_PAD_VALUE : GS_PAD_ZERO;
	fold.operand[1].view.pad_value = r->outside;
	for (unsigned k = 0; k < x.rank; k++)
		if (k != d)
			gs_operand_axis(&fold.operand[1], k, x.stride[k]);
	gs_ops_indirect_row(&fold.operand[1], &x, d);
	gs_ops_indirect_view(lo, &fold.operand[1], &table, (unsigned[]){d, x.rank});
	fold.operand[2] = gs_lower_view(lo, &factor);
	gs_operand_axis(&fold.operand[2], d, factor.stride[0]);
	gs_operand_axis(&fold.operand[2], x.rank, factor.stride[1]);
	return gs_lower_emit(lo, &fold, x.rank, dim, v);
}

static enum gs_err floats(struct gs_lower *lo, const struct gs_val *v, const char *what, double *out, unsigned max,
                          unsigned *count)
{
	if (v->kind != GS_VAL_CONST)
		return gs_lower_not_static(lo, v, what);
	uint64_t n = gs_val_count(v);
	GS_TRY(gs_ops_want_float(lo, v));
	if (n > max)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s has %llu elements", what, (unsigned long long)n);
	for (uint64_t i = 0; i < n; i++)
		out[i] = (double)gs_f32_from_bits(
			(uint32_t)gs_load((enum gs_dtype)v->dtype, gs_lower_const_bits(lo, v, i)));
	*count = (unsigned)n;
	return GS_OK;
}

/* Sizes to scales, with the aspect kept when asked for. */
static void scales_of_sizes(const struct gs_onnx_node *node, const struct gs_val *x, const unsigned *axis,
                            const int64_t *size, unsigned n, struct sampled *s)
{
	bool larger = gs_lower_attr_is(node, "keep_aspect_ratio_policy", "not_larger");
	bool smaller = gs_lower_attr_is(node, "keep_aspect_ratio_policy", "not_smaller");
	double common = 0.0;
	for (unsigned i = 0; i < n; i++) {
		struct sampled *d = &s[axis[i]];
		d->out = (uint32_t)size[i];
		d->scale = (double)size[i] / x->dim[axis[i]];
		if (i == 0 || (larger ? d->scale < common : d->scale > common))
			common = d->scale;
	}
	for (unsigned i = 0; (larger || smaller) && i < n; i++) {
		struct sampled *d = &s[axis[i]];
		d->scale = common;
		d->out = (uint32_t)floor(common * d->in + 0.5);
	}
}

static enum gs_err resize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          const struct gs_val *scales, const struct gs_val *sizes, const struct gs_val *roi,
                          struct resize *r, struct gs_val *out)
{
	struct sampled s[GS_RANK_MAX];
	int64_t axes[GS_RANK_MAX], size[GS_RANK_MAX] = {0};
	double scale[GS_RANK_MAX] = {0}, crop[2 * GS_RANK_MAX] = {0};
	unsigned axis[GS_RANK_MAX], n = in->rank, given = in->rank, last = 0;
	bool crops = r->place == TF_CROP && !r->old;

	for (unsigned d = 0; d < n; d++) {
		s[d] = (struct sampled){.in = in->dim[d], .out = in->dim[d], .scale = 1.0, .roi = {0.0, 1.0}};
		axes[d] = d;
	}
	GS_TRY(gs_lower_attr_ints(lo, node, "axes", axes, GS_RANK_MAX, &n));
	for (unsigned i = 0; i < n; i++)
		GS_TRY(gs_lower_axis(lo, axes[i], in->rank, &axis[i]));
	if (sizes->kind != GS_VAL_NONE && gs_val_count(sizes) != 0)
		GS_TRY(gs_lower_ints(lo, sizes, "the sizes", size, GS_RANK_MAX, &given));
	else
		GS_TRY(floats(lo, scales, "the scales", scale, GS_RANK_MAX, &given));
	if (given != n)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u scales or sizes for %u dimensions", given, n);
	bool by_size = sizes->kind != GS_VAL_NONE && gs_val_count(sizes) != 0;
	for (unsigned i = 0; i < n; i++) {
		double extent = by_size ? (double)size[i] : floor(in->dim[axis[i]] * scale[i]);
		if (!(extent >= 1.0 && extent <= INT32_MAX) || in->dim[axis[i]] == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "dimension %u would become %g", axis[i], extent);
		s[axis[i]].out = (uint32_t)extent;
		s[axis[i]].scale = by_size ? extent / in->dim[axis[i]] : scale[i];
	}
	if (by_size)
		scales_of_sizes(node, in, axis, size, n, s);
	if (crops) {
		GS_TRY(gs_ops_present(lo, roi));
		GS_TRY(floats(lo, roi, "the region", crop, 2 * GS_RANK_MAX, &given));
		if (given != 2 * n)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a region of %u numbers", given);
		for (unsigned i = 0; i < n; i++) {
			s[axis[i]].roi[0] = crop[i];
			s[axis[i]].roi[1] = crop[n + i];
			if (!(fabs(crop[i]) < 1e6 && fabs(crop[n + i]) < 1e6))
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a region outside 10^6");
		}
	}
	*out = *in;
	for (unsigned d = 0; d < in->rank; d++)
		if (s[d].scale != 1.0 || s[d].out != s[d].in || (crops && (s[d].roi[0] != 0.0 || s[d].roi[1] != 1.0)))
			last = d + 1;
	for (unsigned d = 0; d < last; d++) {
		if (s[d].scale == 1.0 && s[d].out == s[d].in && !(crops && (s[d].roi[0] != 0.0 || s[d].roi[1] != 1.0)))
			continue;
		GS_TRY(r->linear || r->cubic ? weighted(lo, r, &s[d], d, d + 1 == last ? in->dtype : GS_F32, out)
		                             : nearest(lo, r, &s[d], d, out));
	}
	return GS_OK;
}

static enum gs_err read_mode(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                             struct resize *r)
{
	*r = (struct resize){.place = place_of(node), .nearest = nearest_of(node)};
	GS_TRY(gs_ops_present(lo, x));
	r->old = lo->model.opset < 11;
	r->linear = gs_lower_attr_is(node, "mode", "linear") || gs_lower_attr_is(node, "mode", "bilinear");
	r->cubic = gs_lower_attr_is(node, "mode", "cubic");
	r->antialias = gs_lower_attr_int(node, "antialias", 0) != 0;
	r->exclude_outside = gs_lower_attr_int(node, "exclude_outside", 0) != 0;
	r->a = (double)gs_f32_from_bits(gs_lower_attr_float(node, "cubic_coeff_a", UINT32_C(0xbf400000)));
	r->outside = gs_lower_attr_float(node, "extrapolation_value", 0);
	if (gs_val_class(x) != GS_CLASS_F32)
		r->outside = 0;
	if (r->linear || r->cubic)
		GS_TRY(gs_ops_want_float(lo, x));
	else if (gs_onnx_attr_find(node, "mode") != NULL && !gs_lower_attr_is(node, "mode", "nearest"))
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a mode other than nearest, linear and cubic");
	return GS_OK;
}

static enum gs_err op_resize(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	static const struct gs_val none = {0};
	struct resize r;
	GS_TRY(read_mode(lo, node, &in[0], &r));
	if (r.old)
		return resize(lo, node, &in[0], &in[1], &none, &none, &r, out);
	return resize(lo, node, &in[0], &in[2], &in[3], &in[1], &r, out);
}

/* Before opset 9 the scales are an attribute. */
static enum gs_err op_upsample(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	static const struct gs_val none = {0};
	struct resize r;
	struct gs_val scales = in[1];
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, "scales");
	GS_TRY(read_mode(lo, node, &in[0], &r));
	r.old = true;
	if (a != NULL && a->type == GS_ONNX_ATTR_FLOATS && a->count <= GS_RANK_MAX) {
		uint8_t *data = gs_arena_alloc(&lo->arena, a->count, 4);
		if (data == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "constants do not fit the memory limit");
		for (uint32_t i = 0; i < a->count; i++)
			gs_le32_write(data + 4 * i, a->floats[i]);
		GS_TRY(gs_lower_constant(lo, GS_F32, 1, &a->count, data, &scales));
	}
	return resize(lo, node, &in[0], &scales, &none, &none, &r, out);
}

const struct gs_lower_op gs_ops_resize[] = {
	{"Resize", op_resize},
	{"Upsample", op_upsample},
	{NULL, NULL},
};
