/* Attention. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

struct attention {
	uint32_t batch, heads, kv_heads, group, queries, past, keys, size, value_size;
	bool flat; /* inputs are [batch, sequence, heads * size] */
};

/* [batch, sequence, heads * size] to [batch, heads, sequence, size]. */
static enum gs_err split_heads(struct gs_lower *lo, const struct gs_val *v, uint32_t heads, struct gs_val *out)
{
	if (heads == 0 || v->dim[2] % heads != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%u columns for %u heads", v->dim[2], heads);
	GS_TRY(gs_lower_reshape(lo, v, 4, (uint32_t[]){v->dim[0], v->dim[1], heads, v->dim[2] / heads}, out));
	gs_val_transpose(out, (unsigned[]){0, 2, 1, 3}, out);
	return GS_OK;
}

static enum gs_err append_past(struct gs_lower *lo, const struct gs_val *past, struct gs_val *v)
{
	if (past->kind == GS_VAL_NONE || gs_val_count(past) == 0)
		return GS_OK;
	if (past->rank != 4 || past->dim[0] != v->dim[0] || past->dim[1] != v->dim[1] || past->dim[3] != v->dim[3] ||
	    past->dtype != v->dtype)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "past keys or values that do not fit");
	return gs_ops_concat(lo, (struct gs_val[]){*past, *v}, 2, 2, v);
}

static enum gs_err read_inputs(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct gs_val *v, struct attention *a)
{
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[i]));
		v[i] = in[i];
		if (in[i].rank != in[0].rank || (in[i].rank != 3 && in[i].rank != 4))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[i].rank);
		a->flat = in[i].rank == 3;
		int64_t heads = gs_lower_attr_int(node, i == 0 ? "q_num_heads" : "kv_num_heads", 0);
		if (a->flat && (heads < 1 || heads > INT32_MAX))
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%lld heads", (long long)heads);
		if (a->flat)
			GS_TRY(split_heads(lo, &in[i], (uint32_t)heads, &v[i]));
	}
	GS_TRY(append_past(lo, &in[4], &v[1]));
	GS_TRY(append_past(lo, &in[5], &v[2]));
	a->batch = v[0].dim[0];
	a->heads = v[0].dim[1];
	a->kv_heads = v[1].dim[1];
	a->queries = v[0].dim[2];
	a->keys = v[1].dim[2];
	a->past = in[4].kind == GS_VAL_NONE ? 0 : in[4].dim[2];
	a->size = v[0].dim[3];
	a->value_size = v[2].dim[3];
	if (a->kv_heads == 0 || a->heads % a->kv_heads != 0 || v[2].dim[1] != a->kv_heads || v[2].dim[2] != a->keys ||
	    v[1].dim[3] != a->size || v[1].dim[0] != a->batch || v[2].dim[0] != a->batch || gs_val_count(&v[0]) == 0 ||
	    a->keys == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "queries, keys and values of different shapes");
	a->group = a->heads / a->kv_heads;
	return GS_OK;
}

/* Scores that do not satisfy left <= (or <) right become -inf. One side is an iota over query (axis 3) and key (axis 4), the
 * other a number or (by_batch) one i64 a sequence. */
static enum gs_err keep_where(struct gs_lower *lo, const struct attention *a, unsigned fn, struct gs_operand left,
                              struct gs_operand right, bool by_batch, struct gs_val *scores)
{
	struct gs_val keep, masked;
	uint32_t dim[5] = {by_batch ? a->batch : 1, 1, 1, a->queries, a->keys};
	struct gs_instr in = {.form = GS_MAP, .fn = (uint8_t)fn, .store_dtype = GS_BOOL, .out_axes = 5};
	memcpy(in.extent, dim, sizeof(dim));
	in.operand[0] = left;
	in.operand[1] = right;
	GS_TRY(gs_lower_emit(lo, &in, 5, dim, &keep));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&keep), GS_V(scores), GS_R(GS_NEG_INF), &masked));
	*scores = masked;
	return GS_OK;
}

static enum gs_err mask_scores(struct gs_lower *lo, const struct attention *a, const struct gs_val *given,
                               struct gs_val *scores)
{
	struct gs_val m = *given;
	uint32_t dim[5] = {1, 1, 1, 1, 1};
	if (m.rank == 1)
		GS_TRY(gs_lower_reshape(lo, &m, 2, (uint32_t[]){1, m.dim[0]}, &m));
	if (m.rank < 2 || m.rank > 4 || m.dim[m.rank - 1] > a->keys)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a mask that does not fit");
	if (m.dim[m.rank - 1] < a->keys && m.dim[m.rank - 1] != 1) { /* what it does not reach is masked */
		uint8_t *index = gs_lower_spend(lo, a->keys) ? gs_arena_alloc(&lo->arena, a->keys, 4) : NULL;
		if (index == NULL)
			return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a table of %u indices", a->keys);
		for (uint32_t k = 0; k < a->keys; k++)
			gs_le32_write(index + 4 * (size_t)k, k < m.dim[m.rank - 1] ? k : UINT32_MAX);
		GS_TRY(gs_ops_take(lo, &m, m.rank - 1U, index, a->keys, m.dtype == GS_BOOL ? 0 : GS_NEG_INF, &m));
	}
	dim[3] = m.dim[m.rank - 2];
	dim[4] = m.dim[m.rank - 1];
	if (m.rank == 4)
		dim[0] = m.dim[0];
	if (m.rank >= 3 && m.dim[m.rank - 3] != 1) {
		if (m.dim[m.rank - 3] != a->heads)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a mask for %u heads of %u", m.dim[m.rank - 3],
			                       a->heads);
		dim[1] = a->kv_heads;
		dim[2] = a->group;
	}
	GS_TRY(gs_lower_reshape(lo, &m, 5, dim, &m));
	if (m.dtype == GS_BOOL)
		return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&m), GS_V(scores), GS_R(GS_NEG_INF), scores);
	GS_TRY(gs_ops_want_float(lo, &m));
	return gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(scores), GS_V(&m), scores);
}

static struct gs_operand key_iota(int64_t offset, int64_t query, int64_t key)
{
	return (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota = {.offset = offset, .coef = {0, 0, 0, query, key}}};
}

/* A query at position p = query + offset reaches the keys from p - left to p + right; -1 is without a limit. */
static enum gs_err keep_window(struct gs_lower *lo, const struct attention *a, int64_t left, int64_t right,
                               const struct gs_operand *length, struct gs_val *scores)
{
	int64_t past = a->past, queries = a->queries;
	if (left < -1 || right < -1 || left > UINT32_MAX || right > UINT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a window of %lld and %lld keys", (long long)left,
		                       (long long)right);
	if (length == NULL) { /* offset = past */
		if (right >= 0)
			GS_TRY(keep_where(lo, a, GS_FN_I64_LE, key_iota(0, -1, 1),
			                  gs_operand_const((gs_reg)(right + past)), false, scores));
		if (left >= 0)
			GS_TRY(keep_where(lo, a, GS_FN_I64_LE, key_iota(0, 1, -1),
			                  gs_operand_const((gs_reg)(left - past)), false, scores));
		return GS_OK;
	}
	if (right >= 0) /* offset = length - queries */
		GS_TRY(keep_where(lo, a, GS_FN_I64_LE, key_iota(queries - right, -1, 1), *length, true, scores));
	if (left >= 0)
		GS_TRY(keep_where(lo, a, GS_FN_I64_LE, *length, key_iota(queries + left, -1, 1), true, scores));
	return GS_OK;
}

static enum gs_err restrict_keys(struct gs_lower *lo, const struct gs_onnx_node *node, const struct attention *a,
                                 const struct gs_val *lengths, bool appended, struct gs_val *scores)
{
	int64_t left = gs_lower_attr_int(node, "left_window_size", -1);
	int64_t right = gs_lower_attr_int(node, "right_window_size", -1);
	struct gs_operand length = {0};
	struct gs_val shaped;
	if (gs_lower_attr_int(node, "is_causal", 0) != 0)
		right = 0;
	if (lengths->kind == GS_VAL_NONE)
		return keep_window(lo, a, left, right, NULL, scores);
	if (lengths->dtype != GS_I64 || lengths->rank != 1 || lengths->dim[0] != a->batch)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "nonpad_kv_seqlen is not one i64 a sequence");
	GS_TRY(gs_lower_reshape(lo, lengths, 5, (uint32_t[]){a->batch, 1, 1, 1, 1}, &shaped));
	length = gs_lower_elementwise(lo, &shaped, 5);
	GS_TRY(keep_where(lo, a, GS_FN_I64_LT, key_iota(0, 0, 1), length, true, scores));
	return keep_window(lo, a, left, right, appended ? NULL : &length, scores);
}

/* Softmax in which a row of nothing but -inf becomes zeros. */
static enum gs_err probabilities(struct gs_lower *lo, const struct gs_val *scores, struct gs_val *out)
{
	struct gs_val m, e, s, zero;
	struct gs_step top = {.fn = GS_FN_F32_MAX, .dtype = GS_F32};
	GS_TRY(gs_lower_fold(lo, top, UINT32_C(0xff7fffff), scores, 1U << 4, &m));
	struct gs_step sub = {.fn = GS_FN_F32_SUB, .dtype = GS_F32, .epilogue = GS_FN_F32_EXP};
	GS_TRY(gs_lower_map(lo, sub, 2, (struct gs_arg[]){GS_V(scores), GS_V(&m)}, &e));
	GS_TRY(gs_lower_sum(lo, (struct gs_step){.fn = GS_FN_F32_ADD, .dtype = GS_F32}, &e, 1U << 4, &s));
	GS_TRY(gs_op2(lo, GS_FN_F32_EQ, GS_BOOL, GS_V(&s), GS_R(0), &zero));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&zero), GS_R(GS_ONE), GS_V(&s), &s));
	return gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(&e), GS_V(&s), out);
}

static enum gs_err op_attention(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                struct gs_val *out)
{
	struct attention a = {0};
	struct gs_val v[3], q, k, w, stage[4];
	int64_t mode = gs_lower_attr_int(node, "qk_matmul_output_mode", 0);
	uint32_t cap = gs_lower_attr_float(node, "softcap", 0);
	GS_TRY(read_inputs(lo, node, in, v, &a));
	if (mode < 0 || mode > 3)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "qk_matmul_output_mode is %lld", (long long)mode);
	gs_reg scale = gs_fn_apply(GS_FN_F32_DIV, GS_ONE,
	                           gs_fn_apply(GS_FN_F32_SQRT, gs_reg_of_int(GS_CLASS_F32, a.size), 0, 0), 0);
	scale = gs_lower_attr_float(node, "scale", (uint32_t)scale);
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&v[0]), GS_R(scale), &q));
	GS_TRY(gs_lower_reshape(lo, &q, 5, (uint32_t[]){a.batch, a.kv_heads, a.group, a.queries, a.size}, &q));
	k = v[1];
	if (k.dtype != GS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(&k), &k));
	GS_TRY(gs_lower_reshape(lo, &k, 5, (uint32_t[]){a.batch, a.kv_heads, 1, a.keys, a.size}, &k));
	gs_val_transpose(&k, (unsigned[]){0, 1, 2, 4, 3}, &k);
	GS_TRY(gs_ops_matmul(lo, &q, &k, NULL, GS_F32, &stage[0]));
	stage[1] = stage[0];
	if (cap != 0) {
		struct gs_step div = {.fn = GS_FN_F32_DIV, .dtype = GS_F32, .epilogue = GS_FN_F32_TANH};
		GS_TRY(gs_lower_map(lo, div, 2, (struct gs_arg[]){GS_V(&stage[0]), GS_R(cap)}, &stage[1]));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&stage[1]), GS_R(cap), &stage[1]));
	}
	stage[2] = stage[1];
	if (in[3].kind != GS_VAL_NONE)
		GS_TRY(mask_scores(lo, &a, &in[3], &stage[2]));
	GS_TRY(restrict_keys(lo, node, &a, &in[6], in[4].kind != GS_VAL_NONE, &stage[2]));
	GS_TRY(probabilities(lo, &stage[2], &stage[3]));
	w = v[2];
	if (w.dtype != GS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(&w), &w));
	GS_TRY(gs_lower_reshape(lo, &w, 5, (uint32_t[]){a.batch, a.kv_heads, 1, a.keys, a.value_size}, &w));
	GS_TRY(gs_ops_matmul(lo, &stage[3], &w, NULL, in[0].dtype, &out[0]));
	GS_TRY(gs_lower_reshape(lo, &out[0], 4, (uint32_t[]){a.batch, a.heads, a.queries, a.value_size}, &out[0]));
	if (a.flat) {
		gs_val_transpose(&out[0], (unsigned[]){0, 2, 1, 3}, &out[0]);
		GS_TRY(gs_lower_reshape(lo, &out[0], 3, (uint32_t[]){a.batch, a.queries, a.heads * a.value_size},
		                        &out[0]));
	}
	out[1] = v[1];
	out[2] = v[2];
	if (node->outputs < 4 || node->output[3].len == 0)
		return GS_OK;
	GS_TRY(gs_lower_reshape(lo, &stage[mode], 4, (uint32_t[]){a.batch, a.heads, a.queries, a.keys}, &out[3]));
	return in[0].dtype == GS_F32 ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, in[0].dtype, GS_V(&out[3]), &out[3]);
}

/* The first `turned` elements of every head by the angle whose cosine and sine are given, pairwise. */
static enum gs_err op_rotary_embedding(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	struct gs_val x = in[0], angle[2], half[2], t, part[3];
	int64_t heads = gs_lower_attr_int(node, "num_heads", 0);
	bool flat = in[0].rank == 3, pairs = gs_lower_attr_int(node, "interleaved", 0) != 0;
	for (unsigned i = 0; i < 3; i++)
		GS_TRY(gs_ops_want_float(lo, &in[i]));
	if (!flat && in[0].rank != 4)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	if (flat && (heads < 1 || heads > INT32_MAX))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%lld heads", (long long)heads);
	if (flat)
		GS_TRY(split_heads(lo, &in[0], (uint32_t)heads, &x));
	int64_t turned = gs_lower_attr_int(node, "rotary_embedding_dim", 0);
	turned = turned == 0 ? x.dim[3] : turned;
	if (turned < 2 || turned > (int64_t)x.dim[3] || turned % 2 != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "rotary_embedding_dim is %lld", (long long)turned);
	uint32_t n = (uint32_t)turned / 2, dim[4] = {x.dim[0], 1, x.dim[2], n};
	for (unsigned i = 0; i < 2; i++) {
		angle[i] = in[1 + i];
		if (angle[i].rank == 0 || angle[i].dim[angle[i].rank - 1U] != n)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "angles for another rotary_embedding_dim");
		if (in[3].kind != GS_VAL_NONE) {
			if (angle[i].rank != 2 || in[3].rank != 2 || in[3].dim[0] != dim[0] || in[3].dim[1] != dim[2] ||
			    gs_val_class(&in[3]) == GS_CLASS_F32)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "positions that do not fit");
			struct gs_instr copy = {.form = GS_MAP,
			                        .fn = GS_FN_F32_COPY,
			                        .store_dtype = GS_F32,
			                        .out_axes = 3,
			                        .extent = {dim[0], dim[2], n}};
			if (angle[i].stride[0] < 0)
				GS_TRY(gs_lower_copy(lo, &angle[i], &angle[i]));
			copy.operand[0] = gs_lower_view(lo, &angle[i]);
			gs_operand_axis(&copy.operand[0], 2, angle[i].stride[1]);
			gs_ops_indirect_row(&copy.operand[0], &angle[i], 0);
			gs_ops_indirect_view(lo, &copy.operand[0], &in[3], (unsigned[]){0, 1});
			GS_TRY(gs_lower_emit(lo, &copy, 3, copy.extent, &angle[i]));
		}
		GS_TRY(gs_lower_reshape(lo, &angle[i], 4, dim, &angle[i]));
	}
	struct gs_val head = gs_ops_part(&x, 3, 0, 2 * n);
	for (unsigned i = 0; i < 2; i++) {
		half[i] = gs_ops_part(&head, 3, pairs ? i : i * n, n);
		if (pairs)
			half[i].stride[3] *= 2;
	}
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&half[1]), GS_V(&angle[1]), &t));
	GS_TRY(gs_op1(lo, GS_FN_F32_NEG, GS_F32, GS_V(&t), &t));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, x.dtype, GS_V(&t), GS_V(&half[0]), GS_V(&angle[0]), &part[0]));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&half[1]), GS_V(&angle[0]), &t));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, x.dtype, GS_V(&t), GS_V(&half[0]), GS_V(&angle[1]), &part[1]));
	if (pairs) {
		uint32_t five[5] = {x.dim[0], x.dim[1], x.dim[2], n, 1},
			 whole[4] = {x.dim[0], x.dim[1], x.dim[2], 2 * n};
		for (unsigned i = 0; i < 2; i++)
			GS_TRY(gs_lower_reshape(lo, &part[i], 5, five, &part[i]));
		GS_TRY(gs_ops_concat(lo, part, 2, 4, &part[0]));
		GS_TRY(gs_lower_reshape(lo, &part[0], 4, whole, &part[0]));
	}
	unsigned parts = pairs ? 1 : 2;
	if (2 * n < x.dim[3])
		part[parts++] = gs_ops_part(&x, 3, 2 * n, x.dim[3] - 2 * n);
	GS_TRY(gs_ops_concat(lo, part, parts, 3, out));
	if (flat)
		gs_val_transpose(out, (unsigned[]){0, 2, 1, 3}, out);
	return gs_lower_reshape(lo, out, in[0].rank, in[0].dim, out);
}

/* ---- FlexAttention (ai.onnx.preview) ---- */

/* The attribute's graph applied to v, which keeps its shape and type. */
static enum gs_err modified(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, struct gs_val *v)
{
	const struct gs_onnx_attr *a = gs_onnx_attr_find(node, name);
	struct gs_val *result;
	if (a == NULL)
		return GS_OK;
	if (a->graph == NULL || a->graph->outputs != 1)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "attribute %s is not a graph of one output", name);
	result = gs_arena_alloc(&lo->arena, 1, sizeof(*result));
	if (result == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "no memory for the output of %s", name);
	GS_TRY(gs_lower_inner(lo, a->graph, name, v, 1, result));
	if (result->kind == GS_VAL_NONE || result->dtype != v->dtype || result->rank != v->rank ||
	    memcmp(result->dim, v->dim, v->rank * sizeof(*v->dim)) != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s changes the shape or the type of its input", name);
	*v = *result;
	return GS_OK;
}

static enum gs_err widened(struct gs_lower *lo, const struct gs_val *v, unsigned rank, const uint32_t *dim,
                           struct gs_val *out)
{
	*out = *v;
	if (v->dtype != GS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(v), out));
	return gs_lower_reshape(lo, out, rank, dim, out);
}

static enum gs_err op_flex_attention(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val q, k, v, s;
	int64_t precision = gs_lower_attr_int(node, "softmax_precision", GS_F32);
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[i]));
		if (in[i].rank != 4 || in[i].dim[0] != in[0].dim[0] || gs_val_count(&in[i]) == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u, or of another batch",
			                       in[i].rank);
	}
	if (precision != GS_F32 && precision != GS_F16 && precision != GS_BF16)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE,
		                       "softmax_precision is %s; f32, f16 and bf16 are supported",
		                       gs_onnx_type_name((uint64_t)precision));
	uint32_t b = in[0].dim[0], heads = in[0].dim[1], kv = in[1].dim[1], l = in[0].dim[2], n = in[1].dim[2],
		 e = in[0].dim[3], w = in[2].dim[3], scores[4] = {b, heads, l, n};
	if (kv == 0 || heads % kv != 0 || in[2].dim[1] != kv || in[2].dim[2] != n || in[1].dim[3] != e)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "queries, keys and values of different shapes");
	gs_reg scale = gs_fn_apply(GS_FN_F32_DIV, GS_ONE,
	                           gs_fn_apply(GS_FN_F32_SQRT, gs_reg_of_int(GS_CLASS_F32, e), 0, 0), 0);
	scale = gs_lower_attr_float(node, "scale", (uint32_t)scale);
	GS_TRY(widened(lo, &in[0], 5, (uint32_t[]){b, kv, heads / kv, l, e}, &q));
	GS_TRY(widened(lo, &in[1], 5, (uint32_t[]){b, kv, 1, n, e}, &k));
	GS_TRY(widened(lo, &in[2], 5, (uint32_t[]){b, kv, 1, n, w}, &v));
	gs_val_transpose(&k, (unsigned[]){0, 1, 2, 4, 3}, &k);
	GS_TRY(gs_ops_matmul(lo, &q, &k, NULL, GS_F32, &s));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, (unsigned)precision, GS_V(&s), GS_R(scale), &s));
	GS_TRY(gs_lower_reshape(lo, &s, 4, scores, &s));
	GS_TRY(modified(lo, node, "score_mod", &s));
	GS_TRY(gs_ops_softmax(lo, &s, 1U << 3, false, (unsigned)precision, &s));
	GS_TRY(modified(lo, node, "prob_mod", &s));
	GS_TRY(widened(lo, &s, 5, (uint32_t[]){b, kv, heads / kv, l, n}, &s));
	GS_TRY(gs_ops_matmul(lo, &s, &v, NULL, in[0].dtype, out));
	return gs_lower_reshape(lo, out, 4, (uint32_t[]){b, heads, l, w}, out);
}

const struct gs_lower_op gs_ops_preview[] = {
	{"FlexAttention", op_flex_attention},
	{NULL, NULL},
};

const struct gs_lower_op gs_ops_attention[] = {
	{"Attention", op_attention},
	{"RotaryEmbedding", op_rotary_embedding},
	{NULL, NULL},
};
