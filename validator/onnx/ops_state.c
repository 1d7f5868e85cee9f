/* Operators that carry a state from call to call: linear attention, causal convolution, caches; SwiGLU. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum { LINEAR_STEPS_MAX = 4096 };

/* ---- LinearAttention ---- */

struct linear {
	uint32_t batch, steps, heads, group, size, value_size; /* heads: of keys and values */
	bool gated, delta;
	struct gs_val q, k, v;     /* [batch, steps, heads, group or 1, size] */
	struct gs_val decay, beta; /* [batch, steps, heads, size or 1, 1]; exp(decay) */
};

/* [batch, steps, heads * inner] as [batch, steps, heads, a, b]. */
static enum gs_err unpack(struct gs_lower *lo, const struct linear *l, const struct gs_val *in, uint32_t heads,
                          uint32_t a, uint32_t b, struct gs_val *out)
{
	GS_TRY(gs_ops_want_float(lo, in));
	if (in->rank != 3 || in->dim[0] != l->batch || in->dim[1] != l->steps || in->dim[2] != (uint64_t)heads * a * b)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input whose shape does not fit %u heads", heads);
	GS_TRY(gs_lower_reshape(lo, in, 5, (uint32_t[]){l->batch, l->steps, heads, a, b}, out));
	return out->dtype == GS_F32 ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(out), out);
}

static enum gs_err read_rule(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct linear *l)
{
	const struct gs_onnx_attr *rule = gs_onnx_attr_find(node, "update_rule");
	bool gated_delta = rule == NULL || gs_lower_attr_is(node, "update_rule", "gated_delta");
	l->gated = gated_delta || gs_lower_attr_is(node, "update_rule", "gated");
	l->delta = gated_delta || gs_lower_attr_is(node, "update_rule", "delta");
	if (!l->gated && !l->delta && !gs_lower_attr_is(node, "update_rule", "linear"))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "update_rule is none of linear, gated, delta, gated_delta");
	if ((in[4].kind != GS_VAL_NONE) != l->gated || (in[5].kind != GS_VAL_NONE) != l->delta)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "decay or beta that its update_rule does not go with");
	if (l->gated) {
		bool by_head = in[4].rank == 3 && in[4].dim[2] == l->heads;
		GS_TRY(unpack(lo, l, &in[4], l->heads, by_head ? 1 : l->size, 1, &l->decay));
		GS_TRY(gs_op1(lo, GS_FN_F32_EXP, GS_F32, GS_V(&l->decay), &l->decay));
	}
	if (!l->delta)
		return GS_OK;
	return unpack(lo, l, &in[5], in[5].rank == 3 && in[5].dim[2] == 1 ? 1 : l->heads, 1, 1, &l->beta);
}

static enum gs_err read_linear(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                               struct linear *l)
{
	int64_t all = gs_lower_attr_int(node, "q_num_heads", 0), heads = gs_lower_attr_int(node, "kv_num_heads", 0);
	for (unsigned i = 0; i < 3; i++) {
		GS_TRY(gs_ops_want_float(lo, &in[i]));
		if (in[i].rank != 3 || gs_val_count(&in[i]) == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u, or without elements",
			                       in[i].rank);
	}
	if (heads < 1 || all < 1 || all % heads != 0 || all > INT32_MAX || in[0].dim[2] % all != 0 ||
	    in[2].dim[2] % heads != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%lld heads over %lld of keys for %u columns",
		                       (long long)all, (long long)heads, in[0].dim[2]);
	*l = (struct linear){.batch = in[0].dim[0],
	                     .steps = in[0].dim[1],
	                     .heads = (uint32_t)heads,
	                     .group = (uint32_t)(all / heads),
	                     .size = in[0].dim[2] / (uint32_t)all,
	                     .value_size = in[2].dim[2] / (uint32_t)heads};
	if (l->steps > LINEAR_STEPS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u steps; the limit is %d", l->steps, LINEAR_STEPS_MAX);
	GS_TRY(unpack(lo, l, &in[0], l->heads, l->group, l->size, &l->q));
	GS_TRY(unpack(lo, l, &in[1], l->heads, 1, l->size, &l->k));
	GS_TRY(unpack(lo, l, &in[2], l->heads, 1, l->value_size, &l->v));
	return read_rule(lo, node, in, l);
}

/* Step t of a value of rank 5, without that dimension. */
static struct gs_val at_step(const struct gs_val *v, uint32_t t)
{
	struct gs_val r = gs_ops_part(v, 1, t, 1);
	r.rank--;
	memmove(r.dim + 1, r.dim + 2, (r.rank - 1U) * sizeof(*r.dim));
	memmove(r.stride + 1, r.stride + 2, (r.rank - 1U) * sizeof(*r.stride));
	return r;
}

/* state: [batch, heads, size, value_size]. */
static enum gs_err linear_step(struct gs_lower *lo, const struct linear *l, uint32_t t, struct gs_val *state,
                               struct gs_val *out)
{
	struct gs_val q = at_step(&l->q, t), k = at_step(&l->k, t), u = at_step(&l->v, t), gate, kept, column;
	if (l->gated) {
		gate = at_step(&l->decay, t);
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(state), GS_V(&gate), state));
	}
	if (l->delta) {
		gate = at_step(&l->beta, t);
		GS_TRY(gs_ops_matmul(lo, &k, state, NULL, GS_F32, &kept));
		GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(&u), GS_V(&kept), &u));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&gate), GS_V(&u), &u));
	}
	gs_val_transpose(&k, (unsigned[]){0, 1, 3, 2}, &column);
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(state), GS_V(&column), GS_V(&u), state));
	return gs_ops_matmul(lo, &q, state, NULL, GS_F32, out);
}

static enum gs_err op_linear_attention(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                       struct gs_val *out)
{
	static const uint8_t zero[4] = {0};
	struct linear l = {0};
	struct gs_val state = in[3];
	GS_TRY(read_linear(lo, node, in, &l));
	uint32_t dim[4] = {l.batch, l.heads, l.size, l.value_size};
	uint8_t state_dtype = state.kind != GS_VAL_NONE ? state.dtype : in[0].dtype;
	if (state.kind == GS_VAL_NONE) {
		GS_TRY(gs_lower_constant(lo, GS_F32, 0, NULL, zero, &state));
		GS_TRY(gs_lower_expand(lo, &state, 4, dim, &state));
	}
	GS_TRY(gs_ops_want_float(lo, &state));
	if (state.rank != 4 || memcmp(state.dim, dim, sizeof(dim)) != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a past_state of another shape than the rest demands");
	gs_reg scale = gs_lower_attr_float(node, "scale", 0);
	if ((scale & UINT32_C(0x7fffffff)) == 0)
		scale = gs_fn_apply(GS_FN_F32_DIV, GS_ONE,
		                    gs_fn_apply(GS_FN_F32_SQRT, gs_reg_of_int(GS_CLASS_F32, l.size), 0, 0), 0);
	struct gs_val *part = gs_arena_alloc(&lo->arena, l.steps, sizeof(*part));
	if (part == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u steps", l.steps);
	uint32_t row[3] = {l.batch, 1, l.heads * l.group * l.value_size};
	for (uint32_t t = 0; t < l.steps; t++) {
		GS_TRY(linear_step(lo, &l, t, &state, &part[t]));
		GS_TRY(gs_lower_reshape(lo, &part[t], 3, row, &part[t]));
	}
	GS_TRY(gs_ops_concat(lo, part, l.steps, 1, &out[0]));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&out[0]), GS_R(scale), &out[0]));
	out[1] = state;
	return state_dtype == GS_F32 ? GS_OK : gs_op1(lo, GS_FN_F32_COPY, state_dtype, GS_V(&state), &out[1]);
}

/* ---- CausalConvWithState ---- */

/* What lies `before` columns to the left of x[batch, channels, length]: zeros there. */
static struct gs_operand shifted(const struct gs_lower *lo, const struct gs_val *x, int64_t before, unsigned axis,
                                 unsigned tap)
{
	struct gs_operand op = gs_lower_view(lo, x);
	for (unsigned d = 0; d < 2; d++)
		gs_operand_axis(&op, d, x->stride[d]);
	unsigned row = gs_operand_row(&op, x->dim[2], (uint64_t)x->stride[2], -before);
	op.view.row[row].at.coef[axis] += 1;
	if (tap != axis)
		op.view.row[row].at.coef[tap] += 1;
	return op;
}

static enum gs_err op_causal_conv(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                  struct gs_val *out)
{
	struct gs_val x = in[0], y, s;
	const struct gs_val *w = &in[1], *bias = &in[2], *past = &in[3];
	bool silu = gs_lower_attr_is(node, "activation", "silu") || gs_lower_attr_is(node, "activation", "swish");
	for (unsigned i = 0; i < 4; i++)
		if (i < 2 || in[i].kind != GS_VAL_NONE)
			GS_TRY(gs_ops_want_float(lo, &in[i]));
	if (!silu && gs_onnx_attr_find(node, "activation") != NULL && !gs_lower_attr_is(node, "activation", "none"))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "activation is none of none, silu, swish");
	if (x.rank != 3 || w->rank != 3 || w->dim[0] != x.dim[1] || w->dim[1] != 1 || w->dim[2] == 0 ||
	    gs_val_count(&x) == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input and a kernel of different channels");
	uint32_t channels = x.dim[1], taps = w->dim[2], dim[3] = {x.dim[0], channels, x.dim[2]};
	if (past->kind != GS_VAL_NONE &&
	    (past->rank != 3 || past->dim[0] != dim[0] || past->dim[1] != channels || past->dim[2] != taps - 1))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a past_state of another shape than the rest demands");
	if (bias->kind != GS_VAL_NONE && (bias->rank != 1 || bias->dim[0] != channels))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a bias that is not one number a channel");
	bool joined = past->kind != GS_VAL_NONE && taps > 1;
	if (joined)
		GS_TRY(gs_ops_concat(lo, (struct gs_val[]){*past, x}, 2, 2, &x));
	else if (x.stride[2] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	int64_t before = joined ? 0 : (int64_t)taps - 1;
	struct gs_instr f = {.form = GS_FOLD,
	                     .fn = GS_FN_F32_FMA,
	                     .store_dtype = silu ? GS_F32 : in[0].dtype,
	                     .acc_dtype = GS_F32,
	                     .out_axes = 3,
	                     .red_axes = 1,
	                     .extent = {dim[0], dim[1], dim[2], taps}};
	f.operand[0] = gs_operand_const(0);
	if (bias->kind != GS_VAL_NONE) {
		f.operand[0] = gs_lower_view(lo, bias);
		gs_operand_axis(&f.operand[0], 1, bias->stride[0]);
	}
	f.operand[1] = shifted(lo, &x, before, 2, 3);
	f.operand[2] = gs_lower_view(lo, w);
	gs_operand_axis(&f.operand[2], 1, w->stride[0]);
	gs_operand_axis(&f.operand[2], 3, w->stride[2]);
	GS_TRY(gs_lower_emit(lo, &f, 3, dim, &y));
	out[0] = y;
	if (silu) {
		GS_TRY(gs_ops_sigmoid(lo, &y, GS_F32, &s));
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&y), GS_V(&s), &out[0]));
	}
	struct gs_instr copy = {.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = in[0].dtype, .out_axes = 3};
	dim[2] = taps - 1;
	memcpy(copy.extent, dim, sizeof(dim));
	copy.operand[0] = shifted(lo, &x, before - (int64_t)in[0].dim[2], 2, 2);
	return gs_lower_emit(lo, &copy, 3, dim, &out[1]);
}

/* ---- TensorScatter ---- */

/* Where in the update position p of the cache's axis comes from: [batch, extent], outside the update for none. */
static enum gs_err sources(struct gs_lower *lo, const struct gs_val *start, bool circular, uint32_t batch,
                           uint32_t extent, struct gs_val *out)
{
	struct gs_val from = *start;
	uint32_t dim[2] = {batch, extent};
	gs_reg n = extent;
	struct gs_instr in = {
		.form = GS_MAP, .fn = GS_FN_I64_SUB, .store_dtype = GS_I64, .out_axes = 2, .extent = {batch, extent}};
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_IOTA, .iota.coef = {0, 1}};
	in.operand[1] = gs_operand_const(0);
	if (from.kind != GS_VAL_NONE) {
		GS_TRY(gs_lower_reshape(lo, &from, 2, (uint32_t[]){batch, 1}, &from));
		in.operand[1] = gs_lower_elementwise(lo, &from, 2);
	}
	GS_TRY(gs_lower_emit(lo, &in, 2, dim, out));
	if (!circular)
		return GS_OK;
	GS_TRY(gs_op2(lo, GS_FN_I64_MOD, GS_I64, GS_V(out), GS_R(n), out));
	GS_TRY(gs_op2(lo, GS_FN_I64_ADD, GS_I64, GS_V(out), GS_R(n), out));
	return gs_op2(lo, GS_FN_I64_MOD, GS_I64, GS_V(out), GS_R(n), out);
}

static enum gs_err op_tensor_scatter(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                     struct gs_val *out)
{
	struct gs_val cache = in[0], update = in[1], index;
	unsigned axis;
	bool circular = gs_lower_attr_is(node, "mode", "circular");
	GS_TRY(gs_ops_same_types(lo, &cache, &update));
	GS_TRY(gs_lower_axis(lo, gs_lower_attr_int(node, "axis", -2), cache.rank, &axis));
	if (!circular && gs_onnx_attr_find(node, "mode") != NULL && !gs_lower_attr_is(node, "mode", "linear"))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "mode is neither linear nor circular");
	if (axis == 0 || update.rank != cache.rank || update.dim[axis] > cache.dim[axis] || gs_val_count(&update) == 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an update that does not fit its cache");
	for (unsigned d = 0; d < cache.rank; d++)
		if (d != axis && update.dim[d] != cache.dim[d])
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an update that does not fit its cache");
	if (in[2].kind != GS_VAL_NONE && (in[2].dtype != GS_I64 || in[2].rank != 1 || in[2].dim[0] != cache.dim[0]))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "write_indices is not one i64 a sequence");
	GS_TRY(sources(lo, &in[2], circular, cache.dim[0], cache.dim[axis], &index));
	if (update.stride[axis] < 0)
		GS_TRY(gs_lower_copy(lo, &update, &update));
	struct gs_instr first = {.form = GS_MAP, .store_dtype = cache.dtype, .out_axes = cache.rank};
	first.fn = (uint8_t)gs_fn_for(GS_FN_F32_FIRST, gs_val_class(&cache));
	memcpy(first.extent, cache.dim, cache.rank * sizeof(*cache.dim));
	first.operand[0] = gs_lower_view(lo, &update);
	first.operand[0].view.pad = GS_PAD_SKIP;
	for (unsigned d = 0; d < cache.rank; d++)
		if (d != axis)
			gs_operand_axis(&first.operand[0], d, update.stride[d]);
	gs_ops_indirect_row(&first.operand[0], &update, axis);
	gs_ops_indirect_view(lo, &first.operand[0], &index, (unsigned[]){0, axis});
	first.operand[1] = gs_lower_elementwise(lo, &cache, cache.rank);
	first.operand[2] = gs_operand_const(0);
	return gs_lower_emit(lo, &first, cache.rank, cache.dim, out);
}

/* ---- SwiGLU ---- */

static enum gs_err op_swiglu(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             struct gs_val *out)
{
	struct gs_val t = in[0], s;
	uint32_t alpha = gs_lower_attr_float(node, "alpha", (uint32_t)GS_ONE);
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_same_types(lo, &in[0], &in[1]));
	if (in[0].rank != in[1].rank || memcmp(in[0].dim, in[1].dim, in[0].rank * sizeof(*in[0].dim)) != 0)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of different shapes");
	if (alpha != GS_ONE)
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_R(alpha), &t));
	GS_TRY(gs_ops_sigmoid(lo, &t, GS_F32, &s));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&in[0]), GS_V(&s), &s));
	return gs_op2(lo, GS_FN_F32_MUL, in[0].dtype, GS_V(&s), GS_V(&in[1]), out);
}

const struct gs_lower_op gs_ops_state[] = {
	{"CausalConvWithState", op_causal_conv},
	{"LinearAttention", op_linear_attention},
	{"SwiGLU", op_swiglu},
	{"TensorScatter", op_tensor_scatter},
	{NULL, NULL},
};
