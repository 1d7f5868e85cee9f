/* Writes and reads at many places: ScatterND, ScatterElements, GatherND. An update belongs to the elements whose
 * position equals its index: a row of extent 1 whose coordinate is index minus position. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum reduction { SCATTER_REPLACE, SCATTER_ADD, SCATTER_MUL, SCATTER_MAX, SCATTER_MIN };

static enum gs_err read_reduction(struct gs_lower *lo, const struct gs_onnx_node *node, enum reduction *out)
{
	static const char *const name[] = {"none", "add", "mul", "max", "min"};
	*out = SCATTER_REPLACE;
	if (gs_onnx_attr_find(node, "reduction") == NULL)
		return GS_OK;
	for (unsigned i = 0; i < GS_ARRAY_LEN(name); i++)
		if (gs_lower_attr_is(node, "reduction", name[i])) {
			*out = (enum reduction)i;
			return GS_OK;
		}
	return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an unknown reduction");
}

/* The guard on an operand: in range exactly where index[...] equals axis `at` of the box. */
static void guard(const struct gs_lower *lo, struct gs_operand *op, const struct gs_val *index, const unsigned *axis_of,
                  unsigned at)
{
	unsigned row = gs_operand_row(op, 1, 0, 0);
	op->view.row[row].at.coef[at] = -1;
	op->view.pad = GS_PAD_SKIP;
	op->indirect_row = (uint8_t)(row + 1);
	gs_ops_indirect_view(lo, op, index, axis_of);
}

struct scatter { /* a box of output axes and one reduction axis over the updates */
	struct gs_val data, index, updates;
	enum reduction how;
	unsigned rank; /* of data: the output axes */
	unsigned at;   /* the output axis that the index is about */
	unsigned index_axis[GS_RANK_MAX],
		update_axis[GS_RANK_MAX]; /* box axis of every dimension of index, of updates */
	uint32_t turns;                   /* extent of the reduction axis: updates that can meet at one element */
};

/* x0 of the fold: an element of v for every update; rows check the dimensions in which updates are smaller. */
static struct gs_operand update_operand(const struct gs_lower *lo, const struct scatter *s, const struct gs_val *v)
{
	struct gs_operand op = gs_lower_view(lo, v);
	for (unsigned d = 0; d < v->rank; d++) {
		unsigned axis = s->update_axis[d];
		if (axis < s->rank && v->dim[d] < s->data.dim[axis]) {
			unsigned row = gs_operand_row(&op, v->dim[d], (uint64_t)v->stride[d], 0);
			op.view.row[row].at.coef[axis] = 1;
		} else {
			gs_operand_axis(&op, axis, v->stride[d]);
		}
	}
	guard(lo, &op, &s->index, s->index_axis, s->at);
	return op;
}

/* The number of the last update that hits each element, -1 for none; then that update or the old element. */
static enum gs_err replace(struct gs_lower *lo, const struct scatter *s, struct gs_val *out)
{
	struct gs_val order, last;
	struct gs_instr turn = {.form = GS_MAP, .fn = GS_FN_I32_COPY, .store_dtype = GS_I32, .out_axes = 1};
	turn.extent[0] = s->turns;
	turn.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef[0] = 1};
	GS_TRY(gs_lower_emit(lo, &turn, 1, &s->turns, &order));
	struct gs_instr fold = {.form = GS_FOLD,
	                        .fn = GS_FN_I32_MAX,
	                        .store_dtype = GS_I32,
	                        .acc_dtype = GS_I32,
	                        .out_axes = (uint8_t)s->rank,
	                        .red_axes = 1};
	memcpy(fold.extent, s->data.dim, s->rank * sizeof(*s->data.dim));
	fold.extent[s->rank] = s->turns;
	fold.operand[0] = gs_operand_const(UINT32_MAX);
	fold.operand[1] = gs_lower_view(lo, &order);
	gs_operand_axis(&fold.operand[1], s->rank, 1);
	for (unsigned d = 0; d < s->updates.rank; d++) { /* nothing hits where updates are smaller */
		unsigned axis = s->update_axis[d];
		if (axis < s->rank && s->updates.dim[d] < s->data.dim[axis]) {
			unsigned row = gs_operand_row(&fold.operand[1], s->updates.dim[d], 0, 0);
			fold.operand[1].view.row[row].at.coef[axis] = 1;
		}
	}
	guard(lo, &fold.operand[1], &s->index, s->index_axis, s->at);
	GS_TRY(gs_lower_emit(lo, &fold, s->rank, s->data.dim, &last));
	struct gs_instr first = {.form = GS_MAP, .store_dtype = s->data.dtype, .out_axes = (uint8_t)s->rank};
	first.fn = (uint8_t)gs_fn_for(GS_FN_F32_FIRST, gs_val_class(&s->data));
	memcpy(first.extent, s->data.dim, s->rank * sizeof(*s->data.dim));
	unsigned turn_dim = 0, own[GS_RANK_MAX];
	for (unsigned d = 0; d < s->rank; d++)
		own[d] = d;
	first.operand[0] = gs_lower_view(lo, &s->updates);
	first.operand[0].view.pad = GS_PAD_SKIP;
	for (unsigned d = 0; d < s->updates.rank; d++) {
		if (s->update_axis[d] == s->rank)
			turn_dim = d;
		else
			gs_operand_axis(&first.operand[0], s->update_axis[d], s->updates.stride[d]);
	}
	gs_ops_indirect_row(&first.operand[0], &s->updates, turn_dim);
	gs_ops_indirect_view(lo, &first.operand[0], &last, own);
	first.operand[1] = gs_lower_view(lo, &s->data);
	for (unsigned d = 0; d < s->rank; d++)
		gs_operand_axis(&first.operand[1], d, s->data.stride[d]);
	first.operand[2] = gs_operand_const(0);
	return gs_lower_emit(lo, &first, s->rank, s->data.dim, out);
}

static enum gs_err scatter(struct gs_lower *lo, struct scatter *s, struct gs_val *out)
{
	static const uint8_t fn[] = {[SCATTER_ADD] = GS_FN_F32_ADD,
	                             [SCATTER_MUL] = GS_FN_F32_MUL,
	                             [SCATTER_MAX] = GS_FN_F32_MAX,
	                             [SCATTER_MIN] = GS_FN_F32_MIN};
	if (s->updates.dtype != s->data.dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "updates of another type");
	if (gs_val_count(&s->updates) == 0 || gs_val_count(&s->data) == 0)
		return (void)(*out = s->data), GS_OK;
	for (unsigned d = 0; d < s->updates.rank; d++)
		if (s->updates.stride[d] < 0) {
			GS_TRY(gs_lower_copy(lo, &s->updates, &s->updates));
			break;
		}
	if (s->how == SCATTER_REPLACE)
		return replace(lo, s, out);
	struct gs_instr fold = {
		.form = GS_FOLD, .store_dtype = s->data.dtype, .out_axes = (uint8_t)s->rank, .red_axes = 1};
	fold.fn = (uint8_t)gs_fn_for_type(fn[s->how], s->data.dtype);
	fold.acc_dtype = (uint8_t)gs_class_dtype(gs_val_class(&s->data));
	memcpy(fold.extent, s->data.dim, s->rank * sizeof(*s->data.dim));
	fold.extent[s->rank] = s->turns;
	fold.operand[0] = gs_lower_elementwise(lo, &s->data, s->rank);
	fold.operand[1] = update_operand(lo, s, &s->updates);
	return gs_lower_emit(lo, &fold, s->rank, s->data.dim, out);
}

enum gs_err gs_ops_scatter_rows(struct gs_lower *lo, const struct gs_val *data, const struct gs_val *index,
                                const struct gs_val *updates, struct gs_val *out)
{
	struct scatter s = {.data = *data, .index = *index, .updates = *updates, .rank = 2, .at = 1};
	s.index_axis[1] = s.update_axis[1] = 2;
	s.turns = updates->dim[1];
	return scatter(lo, &s, out);
}

static enum gs_err index_type(struct gs_lower *lo, const struct gs_val *index)
{
	GS_TRY(gs_ops_present(lo, index));
	if (index->dtype != GS_I32 && index->dtype != GS_I64)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices that are neither i32 nor i64");
	return GS_OK;
}

static enum gs_err op_scatter_elements(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	struct scatter s = {.data = in[0], .updates = in[2], .rank = in[0].rank};
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[2]));
	GS_TRY(index_type(lo, &in[1]));
	GS_TRY(read_reduction(lo, node, &s.how));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", 0), s.rank, &s.at));
	bool fits = in[1].rank == s.rank && in[2].rank == s.rank && s.rank < GS_ROWS_MAX - 1;
	for (unsigned d = 0; fits && d < s.rank; d++)
		fits = in[1].dim[d] == in[2].dim[d] && (d == s.at || in[1].dim[d] <= s.data.dim[d]);
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices or updates that do not fit");
	GS_TRY(gs_ops_from_the_end(lo, &in[1], s.data.dim[s.at], &s.index));
	GS_TRY(gs_ops_check_indices(lo, &s.index, s.data.dim[s.at]));
	for (unsigned d = 0; d < s.rank; d++)
		s.index_axis[d] = s.update_axis[d] = d == s.at ? s.rank : d;
	s.turns = in[1].dim[s.at];
	return scatter(lo, &s, out);
}

/* One number for the k-tuples in the last dimension of index: sum of index_c * (product of the extents behind c). */
static enum gs_err flatten_index(struct gs_lower *lo, const struct gs_val *index, const uint32_t *extent,
                                 struct gs_val *out)
{
	unsigned last = index->rank - 1U;
	uint32_t k = index->dim[last];
	for (uint32_t c = 0; c < k; c++) {
		struct gs_val part = gs_ops_part(index, last, c, 1);
		part.rank--;
		if (part.dtype == GS_I32)
			GS_TRY(gs_op1(lo, GS_FN_I32_TO_I64, GS_I64, GS_V(&part), &part));
		GS_TRY(gs_ops_from_the_end(lo, &part, extent[c], &part));
		GS_TRY(gs_ops_check_indices(lo, &part, extent[c]));
		if (c == 0)
			*out = part;
		else
			GS_TRY(gs_op3(lo, GS_FN_I64_MULADD, GS_I64, GS_V(&part), GS_V(out), GS_R(extent[c]), out));
	}
	return GS_OK;
}

/* The product of n extents, refused past 2^31 - 1. */
static enum gs_err product(struct gs_lower *lo, const uint32_t *dim, unsigned n, uint32_t *out)
{
	uint64_t p = 1;
	for (unsigned d = 0; d < n; d++) {
		p *= dim[d];
		if (p > INT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a tensor of 2^31 elements or more");
	}
	*out = (uint32_t)p;
	return GS_OK;
}

static enum gs_err op_scatter_nd(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                 struct gs_val *out)
{
	struct scatter s = {.rank = 2, .index_axis = {2}, .update_axis = {2, 1}};
	uint32_t places = 0, rest = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(gs_ops_present(lo, &in[2]));
	GS_TRY(index_type(lo, &in[1]));
	GS_TRY(read_reduction(lo, node, &s.how));
	unsigned lead = in[1].rank == 0 ? 0 : in[1].rank - 1U;
	uint32_t k = in[1].rank == 0 ? 0 : in[1].dim[lead];
	bool fits = k >= 1 && k <= in[0].rank && in[2].rank == lead + in[0].rank - k;
	for (unsigned d = 0; fits && d < in[2].rank; d++)
		fits = in[2].dim[d] == (d < lead ? in[1].dim[d] : in[0].dim[d - lead + k]);
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices or updates that do not fit");
	GS_TRY(product(lo, in[0].dim, k, &places));
	GS_TRY(product(lo, in[0].dim + k, in[0].rank - k, &rest));
	GS_TRY(product(lo, in[1].dim, lead, &s.turns));
	if (places == 0 || rest == 0 || s.turns == 0)
		return (void)(*out = in[0]), GS_OK;
	GS_TRY(flatten_index(lo, &in[1], in[0].dim, &s.index));
	GS_TRY(gs_lower_reshape(lo, &s.index, 1, &s.turns, &s.index));
	GS_TRY(gs_lower_reshape(lo, &in[0], 2, (uint32_t[]){places, rest}, &s.data));
	GS_TRY(gs_lower_reshape(lo, &in[2], 2, (uint32_t[]){s.turns, rest}, &s.updates));
	GS_TRY(scatter(lo, &s, out));
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

static enum gs_err op_gather_nd(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct gs_val x, index;
	int64_t shared = gs_lower_attr_int(node, "batch_dims", 0);
	uint32_t batch = 0, places = 0, rest = 0, each = 0, dim[2 * GS_RANK_MAX];
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(index_type(lo, &in[1]));
	if (in[1].rank == 0 || shared < 0 || shared >= in[1].rank || shared >= in[0].rank)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "batch_dims is %lld", (long long)shared);
	unsigned b = (unsigned)shared, lead = in[1].rank - 1U, rank = lead;
	uint32_t k = in[1].dim[lead];
	bool fits = k >= 1 && k <= in[0].rank - b && lead + in[0].rank - b - k <= GS_RANK_MAX;
	for (unsigned d = 0; fits && d < b; d++)
		fits = in[0].dim[d] == in[1].dim[d];
	if (!fits)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "indices that do not fit");
	GS_TRY(product(lo, in[0].dim, b, &batch));
	GS_TRY(product(lo, in[0].dim + b, k, &places));
	GS_TRY(product(lo, in[0].dim + b + k, in[0].rank - b - k, &rest));
	GS_TRY(product(lo, in[1].dim + b, lead - b, &each));
	memcpy(dim, in[1].dim, lead * sizeof(*dim));
	for (unsigned d = b + k; d < in[0].rank; d++)
		dim[rank++] = in[0].dim[d];
	GS_TRY(flatten_index(lo, &in[1], in[0].dim + b, &index));
	GS_TRY(gs_lower_reshape(lo, &index, 2, (uint32_t[]){batch, each}, &index));
	GS_TRY(gs_lower_reshape(lo, &in[0], 3, (uint32_t[]){batch, places, rest}, &x));
	if (x.stride[1] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	struct gs_instr copy = {.form = GS_MAP, .store_dtype = x.dtype, .out_axes = 3, .extent = {batch, each, rest}};
	copy.fn = (uint8_t)gs_fn_for(GS_FN_F32_COPY, gs_val_class(&x));
	copy.operand[0] = gs_lower_view(lo, &x);
	gs_operand_axis(&copy.operand[0], 0, x.stride[0]);
	gs_operand_axis(&copy.operand[0], 2, x.stride[2]);
	gs_ops_indirect_row(&copy.operand[0], &x, 1);
	gs_ops_indirect_view(lo, &copy.operand[0], &index, (unsigned[]){0, 1});
	GS_TRY(gs_lower_emit(lo, &copy, 3, copy.extent, out));
	return gs_lower_reshape(lo, out, rank, dim, out);
}

const struct gs_lower_op gs_ops_scatter[] = {
	{"GatherND", op_gather_nd},
	{"Scatter", op_scatter_elements},
	{"ScatterElements", op_scatter_elements},
	{"ScatterND", op_scatter_nd},
	{NULL, NULL},
};
