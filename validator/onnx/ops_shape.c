/* Operators that only say where elements are: most become views and cost no instruction. */
#include "validator/onnx/ops_common.h"

#include <string.h>

static enum gs_err op_identity(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_present(lo, &in[0]));
	*out = in[0];
	return GS_OK;
}

static enum gs_err op_dropout(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	gs_reg training = 0, ratio = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	bool may_drop = in[2].kind != GS_VAL_NONE && (!gs_lower_uniform(lo, &in[2], &training) || training != 0);
	/* A ratio of 0 drops nothing in either mode; one that is not given is 0.5. */
	if (may_drop && (in[1].kind == GS_VAL_NONE || !gs_lower_uniform(lo, &in[1], &ratio) || ratio != 0))
		return gs_lower_refuse(lo, GS_ONNX_TRAINING, "training_mode is set; export the model for inference");
	out[0] = in[0];
	if (node->outputs < 2 || node->output[1].len == 0)
		return GS_OK;
	struct gs_val one;
	static const uint8_t yes = 1;
	GS_TRY(gs_lower_constant(lo, GS_BOOL, 0, NULL, &yes, &one));
	return gs_lower_expand(lo, &one, in[0].rank, in[0].dim, &out[1]);
}

static enum gs_err op_flatten(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	int64_t axis = gs_lower_attr_int(node, "axis", 1);
	uint64_t dim[2] = {1, 1};
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (axis < -(int64_t)in[0].rank || axis > in[0].rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "axis %lld is outside a tensor of rank %u",
		                       (long long)axis, in[0].rank);
	if (axis < 0)
		axis += in[0].rank;
	for (unsigned d = 0; d < in[0].rank; d++)
		dim[d >= axis] *= in[0].dim[d];
	return gs_lower_reshape(lo, &in[0], 2, (uint32_t[]){(uint32_t)dim[0], (uint32_t)dim[1]}, out);
}

static enum gs_err op_reshape(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	int64_t want[GS_RANK_MAX];
	uint32_t dim[GS_RANK_MAX];
	unsigned rank;
	int unknown = -1;
	uint64_t known = 1;
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (lo->model.opset < 5) { /* an attribute then */
		bool given;
		GS_TRY(gs_lower_ints_either(lo, node, "shape", &in[1], want, GS_RANK_MAX, &rank, &given));
	} else {
		GS_TRY(gs_ops_present(lo, &in[1]));
		GS_TRY(gs_lower_ints(lo, &in[1], "the new shape", want, GS_RANK_MAX, &rank));
	}
	bool zero = gs_lower_attr_int(node, "allowzero", 0) != 0;
	for (unsigned d = 0; d < rank; d++) {
		if (want[d] == 0 && !zero && d < in[0].rank)
			want[d] = in[0].dim[d];
		if (want[d] == -1 && unknown < 0)
			unknown = (int)d;
		else if (want[d] < 0 || want[d] > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a new dimension of %lld", (long long)want[d]);
		else if (__builtin_mul_overflow(known, (uint64_t)want[d], &known))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a new shape that overflows");
		dim[d] = (uint32_t)want[d];
	}
	uint64_t count = gs_val_count(&in[0]);
	if (unknown >= 0) {
		if (known == 0 || count % known != 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%llu elements do not fill the new shape",
			                       (unsigned long long)count);
		dim[unknown] = (uint32_t)(count / known);
	}
	return gs_lower_reshape(lo, &in[0], rank, dim, out);
}

static enum gs_err op_squeeze(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                              struct gs_val *out)
{
	int64_t axes[GS_RANK_MAX];
	unsigned count, mask = 0, axis, rank = 0;
	uint32_t dim[GS_RANK_MAX];
	bool given;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints_either(lo, node, "axes", &in[1], axes, GS_RANK_MAX, &count, &given));
	for (unsigned i = 0; i < count; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], in[0].rank, &axis));
		mask |= 1U << axis;
	}
	for (unsigned d = 0; d < in[0].rank; d++) {
		if (mask >> d & 1 && in[0].dim[d] != 1)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "dimension %u has extent %u, not 1", d,
			                       in[0].dim[d]);
		if (given ? !(mask >> d & 1) : in[0].dim[d] != 1)
			dim[rank++] = in[0].dim[d];
	}
	return gs_lower_reshape(lo, &in[0], rank, dim, out);
}

static enum gs_err op_unsqueeze(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	int64_t axes[GS_RANK_MAX];
	unsigned count, mask = 0, axis;
	uint32_t dim[GS_RANK_MAX];
	bool given;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints_either(lo, node, "axes", &in[1], axes, GS_RANK_MAX, &count, &given));
	if (in[0].rank + count > GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a result of rank %u", in[0].rank + count);
	for (unsigned i = 0; i < count; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], in[0].rank + count, &axis));
		if (mask >> axis & 1)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "axis %u twice", axis);
		mask |= 1U << axis;
	}
	for (unsigned d = 0, from = 0; d < in[0].rank + count; d++)
		dim[d] = mask >> d & 1 ? 1 : in[0].dim[from++];
	return gs_lower_reshape(lo, &in[0], in[0].rank + count, dim, out);
}

static enum gs_err op_transpose(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	int64_t want[GS_RANK_MAX];
	unsigned perm[GS_RANK_MAX], count = 0, seen = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_attr_ints(lo, node, "perm", want, GS_RANK_MAX, &count));
	if (gs_onnx_attr_find(node, "perm") != NULL && count != in[0].rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "perm has %u entries for rank %u", count, in[0].rank);
	for (unsigned d = 0; d < in[0].rank; d++) {
		perm[d] = in[0].rank - 1U - d;
		if (count != 0)
			GS_TRY(gs_lower_axis(lo, want[d], in[0].rank, &perm[d]));
		seen |= 1U << perm[d];
	}
	if (seen != (1U << in[0].rank) - 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "perm is not a permutation");
	gs_val_transpose(&in[0], perm, out);
	return GS_OK;
}

static enum gs_err op_expand(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	int64_t want[GS_RANK_MAX];
	struct gs_val shape = {.kind = GS_VAL_CONST};
	uint8_t rank;
	unsigned count;
	uint32_t dim[GS_RANK_MAX];
	(void)node;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints(lo, &in[1], "the new shape", want, GS_RANK_MAX, &count));
	shape.rank = (uint8_t)count;
	for (unsigned d = 0; d < count; d++) {
		if (want[d] < 0 || want[d] > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a new dimension of %lld", (long long)want[d]);
		shape.dim[d] = (uint32_t)want[d];
	}
	GS_TRY(gs_lower_broadcast(lo, (struct gs_val[]){in[0], shape}, 2, &rank, dim));
	return gs_lower_expand(lo, &in[0], rank, dim, out);
}

/* Every tile is a repeat axis of stride 0 before the dimension it repeats. */
static enum gs_err op_tile(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	int64_t repeat[GS_RANK_MAX];
	unsigned count;
	uint32_t dim[GS_RANK_MAX];
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = in[0].dtype};
	(void)node;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints(lo, &in[1], "repeats", repeat, GS_RANK_MAX, &count));
	if (count != in[0].rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u repeats for rank %u", count, in[0].rank);
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&in[0]));
	copy.operand[0] = gs_lower_view(lo, &in[0]);
	for (unsigned d = 0; d < count; d++) {
		uint64_t extent = (uint64_t)repeat[d] * in[0].dim[d];
		if (repeat[d] < 0 || repeat[d] > INT32_MAX || extent > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a repeat of %lld", (long long)repeat[d]);
		if (copy.out_axes + 2 > GS_AXES_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "too many tiled dimensions");
		if (repeat[d] != 1)
			copy.extent[copy.out_axes++] = (uint32_t)repeat[d];
		gs_operand_axis(&copy.operand[0], copy.out_axes, in[0].stride[d]);
		copy.extent[copy.out_axes++] = in[0].dim[d];
		dim[d] = (uint32_t)extent;
	}
	return gs_lower_emit(lo, &copy, count, dim, out);
}

/* Cuts dimension d to count elements from start, a step apart (negative: backwards). */
static void cut(struct gs_val *v, unsigned d, int64_t start, int64_t step, uint32_t count)
{
	v->offset += start * v->stride[d];
	v->stride[d] *= step;
	v->dim[d] = count;
	if (count == 0)
		v->offset = 0;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static enum gs_err op_slice(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	int64_t start[GS_RANK_MAX], end[GS_RANK_MAX], axes[GS_RANK_MAX], step[GS_RANK_MAX];
	unsigned n, m, axis;
	bool given;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_ints_either(lo, node, "starts", &in[1], start, GS_RANK_MAX, &n, &given));
	GS_TRY(gs_lower_ints_either(lo, node, "ends", &in[2], end, GS_RANK_MAX, &m, &given));
	if (n != m)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u starts and %u ends", n, m);
	GS_TRY(gs_lower_ints_either(lo, node, "axes", &in[3], axes, GS_RANK_MAX, &m, &given));
	for (unsigned i = 0; !given && i < n; i++)
		axes[i] = i;
	if (given && m != n)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u starts and %u axes", n, m);
	GS_TRY(gs_lower_ints_either(lo, node, "steps", &in[4], step, GS_RANK_MAX, &m, &given));
	for (unsigned i = 0; !given && i < n; i++)
		step[i] = 1;
	if (given && m != n)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u starts and %u steps", n, m);
	*out = in[0];
	for (unsigned i = 0; i < n; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], in[0].rank, &axis));
		int64_t extent = out->dim[axis], s = clamp(step[i], -INT32_MAX, INT32_MAX), from, to;
		if (s == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a step of 0");
		from = start[i] < 0 ? clamp(start[i], -extent - 1, -1) + extent : clamp(start[i], 0, extent);
		to = end[i] < 0 ? clamp(end[i], -extent - 1, -1) + extent : clamp(end[i], 0, extent);
		from = s > 0 ? clamp(from, 0, extent) : clamp(from, 0, extent - 1);
		to = s > 0 ? clamp(to, 0, extent) : clamp(to, -1, extent - 1);
		int64_t count = s > 0 ? (to - from + s - 1) / s : (from - to - s - 1) / -s;
		bool empty = extent == 0 || (s > 0 ? to <= from : from <= to);
		cut(out, axis, empty ? 0 : from, empty || count == 1 ? 1 : s, empty ? 0 : (uint32_t)count);
	}
	return GS_OK;
}

static enum gs_err op_split(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	int64_t size[GS_IO_MAX];
	unsigned n, axis;
	bool given;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), in[0].rank, &axis));
	if (node->outputs > GS_IO_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "more than %d outputs", GS_IO_MAX);
	GS_TRY(gs_lower_ints_either(lo, node, "split", &in[1], size, GS_IO_MAX, &n, &given));
	uint64_t extent = in[0].dim[axis], part = (extent + node->outputs - 1) / (node->outputs ? node->outputs : 1),
		 at = 0;
	if (given && n != node->outputs)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u parts and %u outputs", n, node->outputs);
	for (uint32_t i = 0; i < node->outputs; i++) {
		uint64_t want = given ? (uint64_t)size[i] : part;
		if (!given && want > extent - at)
			want = extent - at;
		if (want > extent - at)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "the parts are longer than the dimension (%llu)",
			                       (unsigned long long)extent);
		out[i] = in[0];
		cut(&out[i], axis, (int64_t)at, 1, (uint32_t)want);
		at += want;
	}
	return GS_OK;
}

/* ---- concatenation: the first operand in range ---- */

static enum gs_err concat_group(struct gs_lower *lo, const struct gs_val *part, unsigned n, unsigned axis,
                                struct gs_val *out)
{
	struct gs_instr first = {.form = GS_MAP, .store_dtype = part[0].dtype, .out_axes = part[0].rank};
	uint32_t dim[GS_RANK_MAX];
	uint64_t total = 0;
	first.fn = (uint8_t)gs_fn_for(GS_FN_F32_FIRST, gs_val_class(&part[0]));
	for (unsigned d = 0; d < part[0].rank; d++)
		first.extent[d] = dim[d] = part[0].dim[d];
	for (unsigned i = 0; i < 3; i++) {
		if (i >= n) {
			first.operand[i] = gs_operand_const(0);
			continue;
		}
		struct gs_val v = part[i];
		if (v.stride[axis] < 0)
			GS_TRY(gs_lower_copy(lo, &v, &v));
		first.operand[i] = gs_lower_view(lo, &v);
		first.operand[i].view.pad = GS_PAD_SKIP;
		for (unsigned d = 0; d < v.rank; d++)
			if (d != axis)
				gs_operand_axis(&first.operand[i], d, v.stride[d]);
		unsigned row = gs_operand_row(&first.operand[i], v.dim[axis], (uint64_t)v.stride[axis],
		                              -(int64_t)total);
		first.operand[i].view.row[row].at.coef[axis] = 1;
		total += v.dim[axis];
	}
	if (total > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a dimension of %llu", (unsigned long long)total);
	first.extent[axis] = dim[axis] = (uint32_t)total;
	return gs_lower_emit(lo, &first, part[0].rank, dim, out);
}

enum gs_err gs_ops_concat(struct gs_lower *lo, struct gs_val *part, unsigned n, unsigned axis, struct gs_val *out)
{
	while (n > 1) { /* groups of three, until one is left */
		unsigned groups = 0;
		for (unsigned i = 0; i < n; i += 3) {
			unsigned take = n - i < 3 ? n - i : 3;
			struct gs_val joined = part[i];
			if (take > 1)
				GS_TRY(concat_group(lo, &part[i], take, axis, &joined));
			part[groups++] = joined;
		}
		n = groups;
	}
	*out = part[0];
	return GS_OK;
}

static enum gs_err op_concat(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	unsigned axis, n = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", lo->model.opset < 4 ? 1 : 0), in[0].rank, &axis));
	struct gs_val *part = gs_arena_alloc(&lo->arena, node->inputs + 1U, sizeof(*part));
	if (part == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "too many inputs");
	for (uint32_t i = 0; i < node->inputs; i++) {
		GS_TRY(gs_ops_present(lo, &in[i]));
		for (unsigned d = 0; d < in[0].rank; d++)
			if (in[i].rank != in[0].rank || in[i].dtype != in[0].dtype ||
			    (d != axis && in[i].dim[d] != in[0].dim[d]))
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "input %u does not fit the first", i);
		if (gs_val_count(&in[i]) != 0)
			part[n++] = in[i];
	}
	if (n == 0) {
		*out = in[0];
		return GS_OK;
	}
	return gs_ops_concat(lo, part, n, axis, out);
}

/* A copy whose reads outside the input give the padding value. */
enum gs_err gs_ops_pad_value(struct gs_lower *lo, const struct gs_val *from, const int64_t *before, const uint32_t *dim,
                             gs_reg value, struct gs_val *out)
{
	struct gs_val x = *from;
	if (gs_val_count(&x) == 0) { /* nothing but padding */
		uint8_t *data = gs_arena_alloc(&lo->arena, 1, 8);
		if (data == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "no memory");
		gs_element_write(data, (enum gs_dtype)x.dtype, 0, gs_store((enum gs_dtype)x.dtype, value));
		GS_TRY(gs_lower_constant(lo, (enum gs_dtype)x.dtype, 0, NULL, data, &x));
		return gs_lower_expand(lo, &x, from->rank, dim, out);
	}
	if (x.rank == GS_RANK_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "padding a tensor of rank %u", x.rank);
	for (unsigned d = 0; d < x.rank; d++)
		if (x.stride[d] < 0) {
			GS_TRY(gs_lower_copy(lo, &x, &x));
			break;
		}
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = x.rank};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	copy.operand[0].view.pad = value != 0 ? GS_PAD_VALUE : GS_PAD_ZERO;
	copy.operand[0].view.pad_value = value;
	for (unsigned d = 0; d < x.rank; d++) {
		copy.extent[d] = dim[d];
		if (before[d] <= 0 && dim[d] <= x.dim[d] + before[d]) {
			copy.operand[0].view.row[0].at.offset -= before[d] * x.stride[d];
			gs_operand_axis(&copy.operand[0], d, x.stride[d]);
			continue;
		}
		unsigned row = gs_operand_row(&copy.operand[0], x.dim[d], (uint64_t)x.stride[d], -before[d]);
		copy.operand[0].view.row[row].at.coef[d] = 1;
	}
	return gs_lower_emit(lo, &copy, x.rank, dim, out);
}

static enum gs_err op_pad(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	int64_t pads[2 * GS_RANK_MAX] = {0}, axes[GS_RANK_MAX] = {0};
	int64_t before[GS_RANK_MAX] = {0}, after[GS_RANK_MAX] = {0};
	unsigned n, m = 0, axis;
	bool given, has_axes = in[3].kind != GS_VAL_NONE;
	struct gs_val x = in[0];
	gs_reg value = 0;
	uint32_t dim[GS_RANK_MAX] = {0};
	GS_TRY(gs_ops_present(lo, &x));
	GS_TRY(gs_lower_ints_either(lo, node, "pads", &in[1], pads, 2 * GS_RANK_MAX, &n, &given));
	if (has_axes)
		GS_TRY(gs_lower_ints(lo, &in[3], "axes", axes, GS_RANK_MAX, &m));
	else
		for (; m < x.rank; m++)
			axes[m] = m;
	if (n != 2 * m)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u pads for %u dimensions", n, m);
	if (in[2].kind != GS_VAL_NONE) {
		if (!gs_lower_uniform(lo, &in[2], &value))
			return gs_lower_not_static(lo, &in[2], "the padding value");
		if (in[2].dtype != x.dtype)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a padding value of another type");
	} else if (gs_val_class(&x) == GS_CLASS_F32) {
		value = gs_lower_attr_float(node, "value", 0);
	}
	for (unsigned i = 0; i < m; i++) {
		GS_TRY(gs_lower_axis(lo, axes[i], x.rank, &axis));
		before[axis] = pads[i];
		after[axis] = pads[m + i];
	}
	bool any = false;
	for (unsigned d = 0; d < x.rank; d++) {
		int64_t extent = x.dim[d];
		if (before[d] < -INT32_MAX || before[d] > INT32_MAX || after[d] < -INT32_MAX || after[d] > INT32_MAX ||
		    extent + before[d] + after[d] < 0 || extent + before[d] + after[d] > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "pads of %lld and %lld", (long long)before[d],
			                       (long long)after[d]);
		dim[d] = (uint32_t)(extent + before[d] + after[d]);
		any |= before[d] != 0 || after[d] != 0;
	}
	if (!any)
		return (void)(*out = x), GS_OK;
	if (gs_onnx_attr_find(node, "mode") != NULL && !gs_lower_attr_is(node, "mode", "constant"))
		return gs_ops_pad_within(lo, node, &x, before, dim, out);
	return gs_ops_pad_value(lo, &x, before, dim, value, out);
}

/* Blocks into channels and back: a reshape, a transpose, a reshape. */
static enum gs_err blocks(struct gs_lower *lo, const struct gs_val *x, unsigned split_rank, const uint32_t *split,
                          const unsigned *perm, const uint32_t *dim, struct gs_val *out)
{
	struct gs_val t;
	GS_TRY(gs_lower_reshape(lo, x, split_rank, split, &t));
	gs_val_transpose(&t, perm, &t);
	return gs_lower_reshape(lo, &t, 4, dim, out);
}

static enum gs_err op_depth_to_space(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	int64_t b = gs_lower_attr_int(node, "blocksize", 0);
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (in[0].rank != 4 || b < 1 || b > 1024 || in[0].dim[1] % (b * b) != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a block size of %lld", (long long)b);
	uint32_t k = (uint32_t)b, n = in[0].dim[0], c = in[0].dim[1] / (k * k), h = in[0].dim[2], w = in[0].dim[3];
	uint32_t dim[4] = {n, c, h * k, w * k};
	if (gs_lower_attr_is(node, "mode", "CRD"))
		return blocks(lo, &in[0], 6, (uint32_t[]){n, c, k, k, h, w}, (unsigned[]){0, 1, 4, 2, 5, 3}, dim, out);
	return blocks(lo, &in[0], 6, (uint32_t[]){n, k, k, c, h, w}, (unsigned[]){0, 3, 4, 1, 5, 2}, dim, out);
}

static enum gs_err op_space_to_depth(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	int64_t b = gs_lower_attr_int(node, "blocksize", 0);
	GS_TRY(gs_ops_present(lo, &in[0]));
	if (in[0].rank != 4 || b < 1 || b > 1024 || in[0].dim[2] % b != 0 || in[0].dim[3] % b != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a block size of %lld", (long long)b);
	uint32_t k = (uint32_t)b, n = in[0].dim[0], c = in[0].dim[1], h = in[0].dim[2] / k, w = in[0].dim[3] / k;
	if ((uint64_t)c * k * k > INT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a dimension is too big");
	return blocks(lo, &in[0], 6, (uint32_t[]){n, c, h, k, w, k}, (unsigned[]){0, 3, 5, 1, 2, 4},
	              (uint32_t[]){n, c * k * k, h, w}, out);
}

const struct gs_lower_op gs_ops_shape[] = {
	{"Concat", op_concat},
	{"DepthToSpace", op_depth_to_space},
	{"Dropout", op_dropout},
	{"Expand", op_expand},
	{"Flatten", op_flatten},
	{"Identity", op_identity},
	{"Pad", op_pad},
	{"Reshape", op_reshape},
	{"Slice", op_slice},
	{"SpaceToDepth", op_space_to_depth},
	{"Split", op_split},
	{"Squeeze", op_squeeze},
	{"Tile", op_tile},
	{"Transpose", op_transpose},
	{"Unsqueeze", op_unsqueeze},
	{NULL, NULL},
};
