/* Reads between elements: for every position the flat indices and the weights of its taps, as whole tensors; then one
 * fold over the taps. Formulas: docs/operators.md. */
#include "validator/onnx/ops_sample.h"

#include <string.h>

/* ---- small constants along the last dimension ---- */

enum gs_err gs_sample_numbers(struct gs_lower *lo, const double *v, unsigned n, struct gs_val *out)
{
	uint8_t *data = gs_arena_alloc(&lo->arena, n, 4);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "constants do not fit the memory limit");
	for (unsigned i = 0; i < n; i++)
		gs_le32_write(data + 4 * (size_t)i, gs_f32_to_bits((float)v[i]));
	return gs_lower_constant(lo, GS_F32, 1, &n, data, out);
}

/* One i32 a spatial dimension, as [dims, 1]: it broadcasts over taps[..., dims, taps]. */
static enum gs_err per_dimension(struct gs_lower *lo, const struct gs_sampler *s, const int64_t *v, struct gs_val *out)
{
	uint8_t *data = gs_arena_alloc(&lo->arena, s->dims, 4);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "constants do not fit the memory limit");
	for (unsigned d = 0; d < s->dims; d++)
		gs_le32_write(data + 4 * (size_t)d, (uint32_t)v[d]);
	return gs_lower_constant(lo, GS_I32, 2, (uint32_t[]){s->dims, 1}, data, out);
}

static struct gs_val with_last(const struct gs_val *v) /* another dimension of extent 1 behind */
{
	struct gs_val r = *v;
	r.dim[r.rank] = 1;
	r.stride[r.rank] = 0;
	r.rank++;
	return r;
}

/* ---- weights ---- */

/* Linear: abs(sub(k, f)), k = 1, 0. Cubic, a = -0.75: t = abs(sub(k, f)), k = -1, 0, 1, 2; then Horner with fma. */
static enum gs_err weights(struct gs_lower *lo, const struct gs_sampler *s, const struct gs_val *fraction,
                           struct gs_val *out)
{
	static const double linear[2] = {1.0, 0.0}, cubic[4] = {-1.0, 0.0, 1.0, 2.0};
	static const double power[4][4] = {/* of t to the 0 to 3; the outer taps and the inner ones */
	                                   {3.0, 1.0, 1.0, 3.0},
	                                   {-6.0, 0.0, 0.0, -6.0},
	                                   {3.75, -2.25, -2.25, 3.75},
	                                   {-0.75, 1.25, 1.25, -0.75}};
	struct gs_val f = with_last(fraction), k, t, c[4];
	struct gs_step distance = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_ABS};
	bool is_cubic = s->kernel == GS_SAMPLE_CUBIC;
	GS_TRY(gs_sample_numbers(lo, is_cubic ? cubic : linear, is_cubic ? 4 : 2, &k));
	GS_TRY(gs_lower_map(lo, distance, 2, (struct gs_arg[]){GS_V(&k), GS_V(&f)}, &t));
	*out = t;
	if (!is_cubic)
		return GS_OK;
	for (unsigned i = 0; i < 4; i++)
		GS_TRY(gs_sample_numbers(lo, power[i], 4, &c[i]));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&c[2]), GS_V(&t), GS_V(&c[3]), out));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&c[1]), GS_V(out), GS_V(&t), out));
	return gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&c[0]), GS_V(out), GS_V(&t), out);
}

/* ---- indices ---- */

/* Cubic taps reach past the border's own position: one that is outside goes to the edge first. */
static enum gs_err to_the_edge(struct gs_lower *lo, const struct gs_sampler *s, const struct gs_val *at,
                               struct gs_val *out)
{
	double centre[GS_SAMPLE_DIMS_MAX], reach[GS_SAMPLE_DIMS_MAX], last[GS_SAMPLE_DIMS_MAX];
	struct gs_val c, r, l, t, edge;
	for (unsigned d = 0; d < s->dims; d++) {
		last[d] = s->extent[d] - 1.0;
		centre[d] = last[d] / 2.0;
		reach[d] = s->corners ? centre[d] : s->extent[d] / 2.0;
	}
	GS_TRY(gs_sample_numbers(lo, centre, s->dims, &c));
	GS_TRY(gs_sample_numbers(lo, reach, s->dims, &r));
	GS_TRY(gs_sample_numbers(lo, last, s->dims, &l));
	struct gs_step distance = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_ABS};
	GS_TRY(gs_lower_map(lo, distance, 2, (struct gs_arg[]){GS_V(at), GS_V(&c)}, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_V(&r), GS_V(&t), &t));
	GS_TRY(gs_op3(lo, GS_FN_F32_CLIP, GS_F32, GS_V(at), GS_R(0), GS_V(&l), &edge));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&t), GS_V(&edge), GS_V(at), out);
}

/* u = s + 2i; m = abs(mod(u, p)); min(m, p - m) >> 1: the mirrored image goes on for ever. */
static enum gs_err reflect(struct gs_lower *lo, const struct gs_sampler *s, struct gs_val *i)
{
	int64_t period[GS_SAMPLE_DIMS_MAX];
	struct gs_val p, m, t;
	for (unsigned d = 0; d < s->dims; d++) /* i mod 0 is 0: an image of one element, its corners aligned */
		period[d] = 4 * ((int64_t)s->extent[d] - (s->corners ? 1 : 0));
	GS_TRY(per_dimension(lo, s, period, &p));
	GS_TRY(gs_op3(lo, GS_FN_I32_MULADD, GS_I32, GS_R(s->corners ? 0 : 1), GS_V(i), GS_R(2), &m));
	struct gs_step mod = {.fn = GS_FN_I32_MOD, .dtype = GS_I32, .epilogue = GS_FN_I32_ABS};
	GS_TRY(gs_lower_map(lo, mod, 2, (struct gs_arg[]){GS_V(&m), GS_V(&p)}, &m));
	GS_TRY(gs_op2(lo, GS_FN_I32_SUB, GS_I32, GS_V(&p), GS_V(&m), &t));
	struct gs_step min = {.fn = GS_FN_I32_MIN, .dtype = GS_I32, .epilogue = GS_FN_I32_SHR};
	min.epilogue_const[0] = 1;
	return gs_lower_map(lo, min, 2, (struct gs_arg[]){GS_V(&m), GS_V(&t)}, i);
}

/* What tap i of each dimension adds to the flat index: i times the elements behind, or GS_SAMPLE_NOWHERE. */
static enum gs_err shares(struct gs_lower *lo, const struct gs_sampler *s, struct gs_val *i)
{
	int64_t last[GS_SAMPLE_DIMS_MAX], behind[GS_SAMPLE_DIMS_MAX], n = 1;
	struct gs_val l, b, c, t;
	for (unsigned d = s->dims; d-- > 0; n *= s->extent[d]) {
		last[d] = s->extent[d] - 1;
		behind[d] = n;
	}
	GS_TRY(per_dimension(lo, s, last, &l));
	GS_TRY(per_dimension(lo, s, behind, &b));
	if (s->outside == GS_SAMPLE_REFLECT) {
		GS_TRY(reflect(lo, s, i));
		return gs_op2(lo, GS_FN_I32_MUL, GS_I32, GS_V(i), GS_V(&b), i);
	}
	GS_TRY(gs_op3(lo, GS_FN_I32_CLIP, GS_I32, GS_V(i), GS_R(0), GS_V(&l), &c));
	GS_TRY(gs_op2(lo, GS_FN_I32_MUL, GS_I32, GS_V(&c), GS_V(&b), &t));
	if (s->outside == GS_SAMPLE_BORDER)
		return (void)(*i = t), GS_OK;
	GS_TRY(gs_op2(lo, GS_FN_I32_EQ, GS_BOOL, GS_V(&c), GS_V(i), &c));
	return gs_op3(lo, GS_FN_I32_SELECT, GS_I32, GS_V(&c), GS_V(&t), GS_R((uint32_t)GS_SAMPLE_NOWHERE), i);
}

/* v[..., dims, taps] for dimension d alone, its taps where those of dimension d belong among [..., taps...]. */
static struct gs_val of_dimension(const struct gs_sampler *s, const struct gs_val *v, unsigned d)
{
	struct gs_val r = *v;
	unsigned lead = v->rank - 2U;
	r.offset += (int64_t)d * v->stride[lead];
	r.rank = (uint8_t)(lead + s->dims);
	for (unsigned k = 0; k < s->dims; k++) {
		r.dim[lead + k] = k == d ? v->dim[lead + 1] : 1;
		r.stride[lead + k] = k == d ? v->stride[lead + 1] : 0;
	}
	return r;
}

/* The dimensions' shares put together by fn: their sum, or their product. */
static enum gs_err together(struct gs_lower *lo, const struct gs_sampler *s, unsigned fn, unsigned dtype,
                            const struct gs_val *v, struct gs_val *out)
{
	struct gs_val r = of_dimension(s, v, 0), part;
	for (unsigned d = 1; d < s->dims; d++) {
		part = of_dimension(s, v, d);
		GS_TRY(gs_op2(lo, fn, dtype, GS_V(&r), GS_V(&part), &r));
	}
	*out = r;
	return GS_OK;
}

enum gs_err gs_sample_taps(struct gs_lower *lo, const struct gs_sampler *s, const struct gs_val *at,
                           struct gs_taps *out)
{
	struct gs_val p = *at, low, first, i, w;
	uint64_t places = 1;
	*out = (struct gs_taps){.lead = at->rank - 1U};
	for (unsigned d = 0; d < s->dims; d++) {
		places *= s->extent[d];
		if (places == 0 || places > GS_SAMPLE_PLACES_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an image of %llu elements; 1 to %d are supported",
			                       (unsigned long long)places, GS_SAMPLE_PLACES_MAX);
	}
	if (at->rank - 1U + s->dims > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "positions of rank %u", at->rank);
	if (s->kernel == GS_SAMPLE_NEAREST) {
		struct gs_step round = {.fn = GS_FN_F32_ROUND, .dtype = GS_I32, .epilogue = GS_FN_F32_TO_I32};
		GS_TRY(gs_lower_map(lo, round, 1, &GS_V(&p), &first));
		i = with_last(&first);
		GS_TRY(shares(lo, s, &i));
		return together(lo, s, GS_FN_I32_ADD, GS_I32, &i, &out->index);
	}
	if (s->kernel == GS_SAMPLE_CUBIC && s->outside == GS_SAMPLE_BORDER)
		GS_TRY(to_the_edge(lo, s, at, &p));
	GS_TRY(gs_op1(lo, GS_FN_F32_FLOOR, GS_F32, GS_V(&p), &low));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&p), GS_V(&low), &w));
	GS_TRY(weights(lo, s, &w, &w));
	GS_TRY(together(lo, s, GS_FN_F32_MUL, GS_F32, &w, &out->weight));
	/* the taps of each position: its floor and those around it */
	uint32_t dim[GS_RANK_MAX + 1];
	struct gs_instr step = {.form = GS_MAP, .fn = GS_FN_I32_ADD, .store_dtype = GS_I32};
	GS_TRY(gs_op1(lo, GS_FN_F32_TO_I32, GS_I32, GS_V(&low), &first));
	first = with_last(&first);
	memcpy(dim, first.dim, first.rank * sizeof(*dim));
	dim[first.rank - 1] = s->kernel == GS_SAMPLE_CUBIC ? 4 : 2;
	step.out_axes = first.rank;
	memcpy(step.extent, dim, first.rank * sizeof(*dim));
	step.operand[0] = gs_lower_elementwise(lo, &first, first.rank);
	step.operand[1] = (struct gs_operand){.kind = GS_OPERAND_IOTA,
	                                      .iota.offset = s->kernel == GS_SAMPLE_CUBIC ? -1 : 0};
	step.operand[1].iota.coef[first.rank - 1] = 1;
	GS_TRY(gs_lower_emit(lo, &step, first.rank, dim, &i));
	GS_TRY(shares(lo, s, &i));
	return together(lo, s, GS_FN_I32_ADD, GS_I32, &i, &out->index);
}

/* ---- GridSample ---- */

/* Grid coordinates to elements: -1 and 1 are the centres of the outer elements (corners), or the image's edges. The
 * last dimension is turned round, so that the first spatial dimension comes first. */
static enum gs_err to_elements(struct gs_lower *lo, const struct gs_sampler *s, const struct gs_val *grid,
                               struct gs_val *out)
{
	double scale[GS_SAMPLE_DIMS_MAX];
	struct gs_val g = *grid, t, k;
	unsigned last = g.rank - 1U;
	g.offset += ((int64_t)s->dims - 1) * g.stride[last];
	g.stride[last] = -g.stride[last];
	for (unsigned d = 0; d < s->dims; d++)
		scale[d] = s->corners ? (s->extent[d] - 1.0) / 2.0 : s->extent[d];
	GS_TRY(gs_sample_numbers(lo, scale, s->dims, &k));
	GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&g), GS_R(GS_ONE), &t));
	if (s->corners)
		return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&t), GS_V(&k), out);
	struct gs_step half = {.fn = GS_FN_F32_FMA, .dtype = GS_F32, .epilogue = GS_FN_F32_MUL};
	half.epilogue_const[0] = UINT32_C(0x3f000000);
	return gs_lower_map(lo, half, 3, (struct gs_arg[]){GS_R(UINT32_C(0xbf800000)), GS_V(&t), GS_V(&k)}, out);
}

static enum gs_err read_modes(struct gs_lower *lo, const struct gs_onnx_node *node, struct gs_sampler *s)
{
	const bool has_mode = gs_onnx_attr_find(node, "mode") != NULL;
	if (!has_mode || gs_lower_attr_is(node, "mode", "linear") || gs_lower_attr_is(node, "mode", "bilinear"))
		s->kernel = GS_SAMPLE_LINEAR;
	else if (gs_lower_attr_is(node, "mode", "cubic") || gs_lower_attr_is(node, "mode", "bicubic"))
		s->kernel = GS_SAMPLE_CUBIC;
	else if (gs_lower_attr_is(node, "mode", "nearest"))
		s->kernel = GS_SAMPLE_NEAREST;
	else
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a mode other than linear, cubic and nearest");
	if (gs_onnx_attr_find(node, "padding_mode") == NULL || gs_lower_attr_is(node, "padding_mode", "zeros"))
		s->outside = GS_SAMPLE_ZERO;
	else if (gs_lower_attr_is(node, "padding_mode", "border"))
		s->outside = GS_SAMPLE_BORDER;
	else if (gs_lower_attr_is(node, "padding_mode", "reflection"))
		s->outside = GS_SAMPLE_REFLECT;
	else
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a padding_mode other than zeros, border and reflection");
	s->corners = gs_lower_attr_int(node, "align_corners", 0) != 0;
	return GS_OK;
}

static enum gs_err op_grid_sample(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	struct gs_sampler s = {0};
	struct gs_taps taps;
	struct gs_val x, at;
	uint32_t dim[GS_RANK_MAX] = {0};
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[1]));
	GS_TRY(read_modes(lo, node, &s));
	unsigned n = s.dims = in[0].rank - 2U;
	bool fits = in[0].rank >= 3 && in[0].rank <= 5 && in[1].rank == in[0].rank && in[1].dim[n + 1] == n &&
	            in[1].dim[0] == in[0].dim[0];
	if (!fits)
		return gs_lower_refuse(
			lo, GS_ONNX_FORM,
			"an input of rank %u with a grid of rank %u; 1 to 3 spatial dimensions are supported",
			in[0].rank, in[1].rank);
	if (s.kernel != GS_SAMPLE_NEAREST)
		GS_TRY(gs_ops_want_float(lo, &in[0]));
	uint64_t places = 1;
	for (unsigned d = 0; d < n; d++) {
		s.extent[d] = in[0].dim[2 + d];
		places *= s.extent[d];
	}
	GS_TRY(to_elements(lo, &s, &in[1], &at));
	GS_TRY(gs_sample_taps(lo, &s, &at, &taps));
	GS_TRY(gs_lower_reshape(lo, &in[0], 3, (uint32_t[]){in[0].dim[0], in[0].dim[1], (uint32_t)places}, &x));
	if (x.stride[2] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	/* axes: batch, channel, position; taps */
	bool folds = s.kernel != GS_SAMPLE_NEAREST;
	struct gs_instr read = {.form = folds ? GS_FOLD : GS_MAP, .store_dtype = x.dtype, .out_axes = in[0].rank};
	unsigned axis_of[GS_RANK_MAX] = {0}, box = in[0].rank;
	for (unsigned d = 0; d < box; d++)
		read.extent[d] = dim[d] = d < 2 ? x.dim[d] : in[1].dim[d - 1];
	for (unsigned d = 0; d < taps.index.rank; d++)
		axis_of[d] = d == 0 ? 0 : d + 1;
	struct gs_operand *from = &read.operand[folds ? 1 : 0];
	*from = gs_lower_view(lo, &x);
	gs_operand_axis(from, 0, x.stride[0]);
	gs_operand_axis(from, 1, x.stride[1]);
	gs_ops_indirect_row(from, &x, 2);
	gs_ops_indirect_view(lo, from, &taps.index, axis_of);
	if (!folds) {
		read.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
		return gs_lower_emit(lo, &read, box, dim, out);
	}
	read.fn = GS_FN_F32_FMA;
	read.acc_dtype = GS_F32;
	read.red_axes = (uint8_t)n;
	read.operand[0] = gs_operand_const(0);
	read.operand[2] = gs_lower_view(lo, &taps.weight);
	for (unsigned d = 0; d < taps.weight.rank; d++)
		gs_operand_axis(&read.operand[2], axis_of[d], taps.weight.stride[d]);
	for (unsigned d = 0; d < n; d++)
		read.extent[box + d] = taps.weight.dim[taps.lead + d];
	return gs_lower_emit(lo, &read, box, dim, out);
}

/* ---- AffineGrid ---- */

/* theta[N, n, n + 1] times the positions of an image's elements between -1 and 1, the last dimension first. */
static enum gs_err op_affine_grid(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	int64_t size[5];
	unsigned count, n;
	bool corners = gs_lower_attr_int(node, "align_corners", 0) != 0;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[1]));
	GS_TRY(gs_lower_ints(lo, &in[1], "the size", size, 5, &count));
	n = count - 2;
	bool fits = (count == 4 || count == 5) && in[0].rank == 3 && in[0].dim[0] == size[0] && in[0].dim[1] == n &&
	            in[0].dim[2] == n + 1;
	for (unsigned d = 0; fits && d < n; d++)
		fits = size[2 + d] >= 1 && size[2 + d] <= INT32_MAX;
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a size of %u numbers that does not fit theta", count);
	/* sum: dimensions N, space..., n; starts as the last column */
	struct gs_val sum = in[0], column = in[0], place;
	sum.rank = (uint8_t)(n + 2);
	for (unsigned d = 0; d <= n; d++) {
		sum.dim[1 + d] = d == n ? n : 1;
		sum.stride[1 + d] = d == n ? in[0].stride[1] : 0;
	}
	sum.offset += (int64_t)n * in[0].stride[2];
	column = sum;
	for (unsigned i = 0; i < n; i++) { /* x, the last dimension, first */
		uint32_t extent = (uint32_t)size[1 + n - i], dim[GS_RANK_MAX];
		double *at = gs_lower_spend(lo, extent) ? gs_arena_alloc(&lo->arena, extent, sizeof(*at)) : NULL;
		if (at == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an image of %u elements in a row", extent);
		for (uint32_t k = 0; k < extent; k++)
			at[k] = !corners      ? (2.0 * k + 1.0) / extent - 1.0
			        : extent == 1 ? 0.0
			                      : 2.0 * k / (extent - 1.0) - 1.0;
		GS_TRY(gs_sample_numbers(lo, at, extent, &place));
		for (unsigned d = 0; d <= n; d++)
			dim[d] = d == n - 1 - i ? extent : 1;
		GS_TRY(gs_lower_reshape(lo, &place, n + 1, dim, &place));
		column.offset = in[0].offset + (int64_t)i * in[0].stride[2];
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, i + 1 == n ? in[0].dtype : GS_F32, GS_V(&sum), GS_V(&place),
		              GS_V(&column), &sum));
	}
	*out = sum;
	return GS_OK;
}

const struct gs_lower_op gs_ops_sample[] = {
	{"AffineGrid", op_affine_grid},
	{"GridSample", op_grid_sample},
	{NULL, NULL},
};
