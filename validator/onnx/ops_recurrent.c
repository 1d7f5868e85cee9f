/* LSTM, GRU and RNN, unrolled over time. Formulas: docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum { RECURRENT_STEPS_MAX = 4096 };

enum cell { CELL_LSTM, CELL_GRU, CELL_RNN };

enum kind {
	TANH,
	SIGMOID,
	RELU,
	AFFINE,
	LEAKY_RELU,
	THRESHOLDED_RELU,
	SCALED_TANH,
	HARD_SIGMOID,
	ELU,
	SOFTSIGN,
	SOFTPLUS
};

struct activation {
	enum kind kind;
	gs_reg alpha, beta;
};

struct recurrent {
	enum cell cell;
	unsigned gates;
	uint32_t steps, batch, hidden, directions;
	bool clipped;
	gs_reg clip;
	bool linear_before_reset, input_forget;
	struct activation act[6]; /* per direction, by the cell's own order */
	uint8_t dtype;            /* of the results; everything between is f32 */
	struct gs_val length;     /* [batch, 1] i32, or none */
};

/* ---- activations ---- */

static enum gs_err leaky(struct gs_lower *lo, gs_reg alpha, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val t, below;
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(x), GS_R(alpha), &t));
	if (alpha > 0 && alpha <= GS_ONE)
		return gs_op2(lo, GS_FN_F32_MAX, GS_F32, GS_V(x), GS_V(&t), out);
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_V(x), GS_R(0), &below));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&below), GS_V(&t), GS_V(x), out);
}

static enum gs_err elu(struct gs_lower *lo, gs_reg alpha, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val t, below;
	struct gs_step scaled = {.fn = GS_FN_F32_EXPM1, .dtype = GS_F32, .epilogue = GS_FN_F32_MUL};
	scaled.epilogue_const[0] = alpha;
	GS_TRY(gs_lower_map(lo, scaled, 1, (struct gs_arg[]){GS_V(x)}, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_V(x), GS_R(0), &below));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&below), GS_V(&t), GS_V(x), out);
}

static enum gs_err thresholded(struct gs_lower *lo, gs_reg alpha, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val above;
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_R(alpha), GS_V(x), &above));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&above), GS_V(x), GS_R(0), out);
}

static enum gs_err scaled_tanh(struct gs_lower *lo, const struct activation *a, const struct gs_val *x,
                               struct gs_val *out)
{
	struct gs_val t;
	struct gs_step mul = {.fn = GS_FN_F32_MUL, .dtype = GS_F32, .epilogue = GS_FN_F32_TANH};
	GS_TRY(gs_lower_map(lo, mul, 2, (struct gs_arg[]){GS_V(x), GS_R(a->beta)}, &t));
	return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&t), GS_R(a->alpha), out);
}

static enum gs_err hard_sigmoid(struct gs_lower *lo, const struct activation *a, const struct gs_val *x,
                                struct gs_val *out)
{
	struct gs_step s = {.fn = GS_FN_F32_FMA, .dtype = GS_F32, .epilogue = GS_FN_F32_CLIP};
	s.epilogue_const[1] = GS_ONE;
	return gs_lower_map(lo, s, 3, (struct gs_arg[]){GS_R(a->beta), GS_V(x), GS_R(a->alpha)}, out);
}

static enum gs_err softsign(struct gs_lower *lo, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val t;
	struct gs_step s = {.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_ADD};
	s.epilogue_const[0] = GS_ONE;
	GS_TRY(gs_lower_map(lo, s, 1, (struct gs_arg[]){GS_V(x)}, &t));
	return gs_op2(lo, GS_FN_F32_DIV, GS_F32, GS_V(x), GS_V(&t), out);
}

static enum gs_err softplus(struct gs_lower *lo, const struct gs_val *x, struct gs_val *out)
{
	struct gs_val t, positive;
	struct gs_step abs = {.fn = GS_FN_F32_ABS, .dtype = GS_F32, .epilogue = GS_FN_F32_NEG};
	struct gs_step exp = {.fn = GS_FN_F32_EXP, .dtype = GS_F32, .epilogue = GS_FN_F32_LOG1P};
	GS_TRY(gs_lower_map(lo, abs, 1, (struct gs_arg[]){GS_V(x)}, &t));
	GS_TRY(gs_lower_map(lo, exp, 1, (struct gs_arg[]){GS_V(&t)}, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_MAX, GS_F32, GS_V(x), GS_R(0), &positive));
	return gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&positive), GS_V(&t), out);
}

static const struct {
	const char *name;
	bool takes_alpha, takes_beta;
	uint32_t alpha, beta; /* the defaults: those of the operator of that name */
} activation_kind[] = {
	[TANH] = {"Tanh", false, false, 0, 0},
	[SIGMOID] = {"Sigmoid", false, false, 0, 0},
	[RELU] = {"Relu", false, false, 0, 0},
	[AFFINE] = {"Affine", true, true, UINT32_C(0x3f800000), 0},
	[LEAKY_RELU] = {"LeakyRelu", true, false, UINT32_C(0x3c23d70a), 0},
	[THRESHOLDED_RELU] = {"ThresholdedRelu", true, false, UINT32_C(0x3f800000), 0},
	[SCALED_TANH] = {"ScaledTanh", true, true, UINT32_C(0x3f800000), UINT32_C(0x3f800000)},
	[HARD_SIGMOID] = {"HardSigmoid", true, true, UINT32_C(0x3e4ccccd), UINT32_C(0x3f000000)},
	[ELU] = {"Elu", true, false, UINT32_C(0x3f800000), 0},
	[SOFTSIGN] = {"Softsign", false, false, 0, 0},
	[SOFTPLUS] = {"Softplus", false, false, 0, 0},
};

static enum gs_err activate(struct gs_lower *lo, const struct activation *a, const struct gs_val *x, struct gs_val *out)
{
	switch (a->kind) {
	case TANH: return gs_op1(lo, GS_FN_F32_TANH, GS_F32, GS_V(x), out);
	case SIGMOID: return gs_ops_sigmoid(lo, x, GS_F32, out);
	case RELU: return gs_op2(lo, GS_FN_F32_MAX, GS_F32, GS_V(x), GS_R(0), out);
	case AFFINE: return gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_R(a->beta), GS_V(x), GS_R(a->alpha), out);
	case LEAKY_RELU: return leaky(lo, a->alpha, x, out);
	case THRESHOLDED_RELU: return thresholded(lo, a->alpha, x, out);
	case SCALED_TANH: return scaled_tanh(lo, a, x, out);
	case HARD_SIGMOID: return hard_sigmoid(lo, a, x, out);
	case ELU: return elu(lo, a->alpha, x, out);
	case SOFTSIGN: return softsign(lo, x, out);
	case SOFTPLUS: return softplus(lo, x, out);
	}
	return GS_OK;
}

/* The next value of activation_alpha or activation_beta for a function that takes one, else the default. */
static gs_reg next_value(const struct gs_onnx_attr *list, uint32_t *at, bool takes, uint32_t otherwise)
{
	if (!takes || list == NULL || list->type != GS_ONNX_ATTR_FLOATS || *at >= list->count)
		return otherwise;
	return gs_load(GS_F32, list->floats[(*at)++]);
}

static enum gs_err read_activations(struct gs_lower *lo, const struct gs_onnx_node *node, struct activation *act,
                                    unsigned each, unsigned directions, const enum kind *usual)
{
	const struct gs_onnx_attr *names = gs_onnx_attr_find(node, "activations"),
				  *alpha = gs_onnx_attr_find(node, "activation_alpha"),
				  *beta = gs_onnx_attr_find(node, "activation_beta");
	uint32_t alphas = 0, betas = 0;
	if (names != NULL &&
	    (names->type != GS_ONNX_ATTR_STRINGS || names->count != each * directions || names->strings == NULL))
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "activations: %u for %u directions", names->count,
		                       directions);
	for (unsigned i = 0; i < each * directions; i++) {
		unsigned k = usual[i % each];
		if (names != NULL) {
			struct gs_bytes name = names->strings[i];
			for (k = 0; k < GS_ARRAY_LEN(activation_kind); k++)
				if (gs_onnx_text_is(name, activation_kind[k].name))
					break;
			if (k == GS_ARRAY_LEN(activation_kind))
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
				                       "'%.*s' is no activation function of ONNX",
				                       (int)(name.len > 64 ? 64 : name.len),
				                       name.len == 0 ? "" : (const char *)name.ptr);
		}
		act[3 * (i / each) + i % each] = (struct activation){
			.kind = (enum kind)k,
			.alpha = next_value(alpha, &alphas, activation_kind[k].takes_alpha, activation_kind[k].alpha),
			.beta = next_value(beta, &betas, activation_kind[k].takes_beta, activation_kind[k].beta)};
	}
	return GS_OK;
}

static enum gs_err clip(struct gs_lower *lo, const struct recurrent *r, struct gs_val *x)
{
	if (!r->clipped)
		return GS_OK;
	return gs_op3(lo, GS_FN_F32_CLIP, GS_F32, GS_V(x), GS_R(gs_fn_apply(GS_FN_F32_NEG, r->clip, 0, 0)),
	              GS_R(r->clip), x);
}

static enum gs_err gate(struct gs_lower *lo, const struct recurrent *r, const struct activation *act,
                        const struct gs_val *g, unsigned which, unsigned count, struct gs_val *out)
{
	struct gs_val v = gs_ops_part(g, 1, which * r->hidden, count * r->hidden);
	GS_TRY(clip(lo, r, &v));
	return activate(lo, act, &v, out);
}

struct weights {                   /* of one direction */
	struct gs_val w, r;        /* transposed: [input, gates * hidden], [hidden, gates * hidden] */
	struct gs_val bias, rbias; /* [1, gates * hidden]; NONE without bias */
	struct gs_val peephole[3]; /* [1, hidden] for i, o, f; NONE without */
};

/* x_gates: [batch, gates * hidden], the input's share with its bias. */
static enum gs_err lstm_step(struct gs_lower *lo, const struct recurrent *r, const struct activation *act,
                             const struct weights *w, const struct gs_val *x_gates, struct gs_val *h, struct gs_val *c)
{
	struct gs_val g, i, o, f, t;
	GS_TRY(gs_ops_matmul(lo, h, &w->r, x_gates, GS_F32, &g));
	i = gs_ops_part(&g, 1, 0, r->hidden);
	o = gs_ops_part(&g, 1, r->hidden, r->hidden);
	f = gs_ops_part(&g, 1, 2 * r->hidden, r->hidden);
	bool peeks = w->peephole[0].kind != GS_VAL_NONE;
	if (!peeks) { /* the three gates with one function at once */
		GS_TRY(gate(lo, r, &act[0], &g, 0, 3, &t));
		i = gs_ops_part(&t, 1, 0, r->hidden);
		o = gs_ops_part(&t, 1, r->hidden, r->hidden);
		f = gs_ops_part(&t, 1, 2 * r->hidden, r->hidden);
	} else {
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&i), GS_V(c), GS_V(&w->peephole[0]), &i));
		GS_TRY(gate(lo, r, &act[0], &i, 0, 1, &i));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&f), GS_V(c), GS_V(&w->peephole[2]), &f));
		GS_TRY(gate(lo, r, &act[0], &f, 0, 1, &f));
	}
	if (r->input_forget)
		GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_R(GS_ONE), GS_V(&i), &f));
	GS_TRY(gate(lo, r, &act[1], &g, 3, 1, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&i), GS_V(&t), &t));
	GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&t), GS_V(&f), GS_V(c), c));
	if (peeks) {
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&o), GS_V(c), GS_V(&w->peephole[1]), &o));
		GS_TRY(gate(lo, r, &act[0], &o, 0, 1, &o));
	}
	GS_TRY(activate(lo, &act[2], c, &t));
	return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&o), GS_V(&t), h);
}

/* h' = n + z * (h - n), rounded: fma(n, z, sub(h, n)) */
static enum gs_err gru_step(struct gs_lower *lo, const struct recurrent *r, const struct activation *act,
                            const struct weights *w, const struct gs_val *x_gates, struct gs_val *h)
{
	uint32_t n = r->hidden;
	struct gs_val g, zr, z, reset, t, rest, hidden;
	struct gs_val first = gs_ops_part(x_gates, 1, 0, 2 * n), last = gs_ops_part(x_gates, 1, 2 * n, n);
	struct gs_val r_first = gs_ops_part(&w->r, 1, 0, 2 * n), r_last = gs_ops_part(&w->r, 1, 2 * n, n);
	GS_TRY(gs_ops_matmul(lo, h, &r_first, &first, GS_F32, &g));
	GS_TRY(gate(lo, r, &act[0], &g, 0, 2, &zr));
	z = gs_ops_part(&zr, 1, 0, n);
	reset = gs_ops_part(&zr, 1, n, n);
	if (r->linear_before_reset) {
		struct gs_val start = {0};
		if (w->rbias.kind != GS_VAL_NONE) {
			start = gs_ops_part(&w->rbias, 1, 2 * n, n);
			GS_TRY(gs_lower_expand(lo, &start, 2, h->dim, &start));
		}
		GS_TRY(gs_ops_matmul(lo, h, &r_last, start.kind != GS_VAL_NONE ? &start : NULL, GS_F32, &hidden));
		GS_TRY(gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&last), GS_V(&reset), GS_V(&hidden), &t));
	} else {
		GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&reset), GS_V(h), &hidden));
		GS_TRY(gs_ops_matmul(lo, &hidden, &r_last, &last, GS_F32, &t));
	}
	GS_TRY(clip(lo, r, &t));
	GS_TRY(activate(lo, &act[1], &t, &t));
	GS_TRY(gs_op2(lo, GS_FN_F32_SUB, GS_F32, GS_V(h), GS_V(&t), &rest));
	return gs_op3(lo, GS_FN_F32_FMA, GS_F32, GS_V(&t), GS_V(&z), GS_V(&rest), h);
}

static enum gs_err rnn_step(struct gs_lower *lo, const struct recurrent *r, const struct activation *act,
                            const struct weights *w, const struct gs_val *x_gates, struct gs_val *h)
{
	struct gs_val g;
	GS_TRY(gs_ops_matmul(lo, h, &w->r, x_gates, GS_F32, &g));
	return gate(lo, r, &act[0], &g, 0, 1, h);
}

/* Past a sequence's end the state stays, and the output is zero. */
static enum gs_err hold(struct gs_lower *lo, const struct recurrent *r, uint32_t t, const struct gs_val *before,
                        struct gs_val *state, struct gs_val *y)
{
	struct gs_val inside, fresh = *state;
	if (r->length.kind == GS_VAL_NONE) {
		if (y != NULL)
			*y = *state;
		return GS_OK;
	}
	GS_TRY(gs_op2(lo, GS_FN_I32_LT, GS_BOOL, GS_R(t), GS_V(&r->length), &inside));
	GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&inside), GS_V(&fresh), GS_V(before), state));
	if (y != NULL)
		GS_TRY(gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&inside), GS_V(&fresh), GS_R(0), y));
	return GS_OK;
}

/* One direction of v[directions, ...] without that dimension, or NONE. */
static struct gs_val direction_of(const struct gs_val *v, unsigned d)
{
	struct gs_val r = gs_ops_part(v, 0, d, 1);
	if (v->kind == GS_VAL_NONE)
		return *v;
	r.rank--;
	memmove(r.dim, r.dim + 1, r.rank * sizeof(*r.dim));
	memmove(r.stride, r.stride + 1, r.rank * sizeof(*r.stride));
	return r;
}

static enum gs_err read_weights(struct gs_lower *lo, const struct recurrent *r, const struct gs_val *in, unsigned d,
                                struct weights *w)
{
	struct gs_val b = direction_of(&in[3], d), p = direction_of(&in[7], d);
	uint32_t all = r->gates * r->hidden, row[2] = {1, all};
	unsigned perm[2] = {1, 0};
	*w = (struct weights){.w = direction_of(&in[1], d), .r = direction_of(&in[2], d)};
	gs_val_transpose(&w->w, perm, &w->w);
	gs_val_transpose(&w->r, perm, &w->r);
	if (b.kind != GS_VAL_NONE) {
		struct gs_val wb = gs_ops_part(&b, 0, 0, all), rb = gs_ops_part(&b, 0, all, all);
		GS_TRY(gs_lower_reshape(lo, &rb, 2, row, &w->rbias));
		GS_TRY(gs_lower_reshape(lo, &wb, 2, row, &w->bias));
		if (r->cell == CELL_GRU && r->linear_before_reset) { /* the last gate's own bias stays with h */
			struct gs_val x = gs_ops_part(&wb, 0, 0, 2 * r->hidden),
				      y = gs_ops_part(&rb, 0, 0, 2 * r->hidden);
			struct gs_val part[2];
			GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&x), GS_V(&y), &part[0]));
			part[1] = gs_ops_part(&wb, 0, 2 * r->hidden, r->hidden);
			GS_TRY(gs_ops_concat(lo, part, 2, 0, &wb));
		} else {
			GS_TRY(gs_op2(lo, GS_FN_F32_ADD, GS_F32, GS_V(&wb), GS_V(&rb), &wb));
		}
		GS_TRY(gs_lower_reshape(lo, &wb, 2, row, &w->bias));
	}
	for (unsigned i = 0; p.kind != GS_VAL_NONE && r->cell == CELL_LSTM && i < 3; i++) {
		struct gs_val part = gs_ops_part(&p, 0, i * r->hidden, r->hidden);
		GS_TRY(gs_lower_reshape(lo, &part, 2, (uint32_t[]){1, r->hidden}, &w->peephole[i]));
	}
	return GS_OK;
}

/* x: [steps, batch, input]. y: [steps, batch, hidden]; h and c: [batch, hidden], the first and then the last state. */
static enum gs_err run_direction(struct gs_lower *lo, const struct recurrent *r, const struct activation *act,
                                 const struct weights *w, const struct gs_val *x, bool backwards, struct gs_val *h,
                                 struct gs_val *c, struct gs_val *y)
{
	uint32_t all = r->gates * r->hidden, dim[3] = {r->steps, r->batch, all};
	struct gs_val shares, start = {0};
	struct gs_val *part = gs_arena_alloc(&lo->arena, r->steps, sizeof(*part));
	if (part == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "too many steps");
	if (w->bias.kind != GS_VAL_NONE)
		GS_TRY(gs_lower_expand(lo, &w->bias, 3, dim, &start));
	GS_TRY(gs_ops_matmul(lo, x, &w->w, start.kind != GS_VAL_NONE ? &start : NULL, GS_F32, &shares));
	for (uint32_t k = 0; k < r->steps; k++) {
		uint32_t t = backwards ? r->steps - 1 - k : k;
		struct gs_val one = gs_ops_part(&shares, 0, t, 1), before = *h, cell = *c;
		GS_TRY(gs_lower_reshape(lo, &one, 2, (uint32_t[]){r->batch, all}, &one));
		switch (r->cell) {
		case CELL_LSTM: GS_TRY(lstm_step(lo, r, act, w, &one, h, c)); break;
		case CELL_GRU: GS_TRY(gru_step(lo, r, act, w, &one, h)); break;
		case CELL_RNN: GS_TRY(rnn_step(lo, r, act, w, &one, h)); break;
		}
		GS_TRY(hold(lo, r, t, &before, h, &part[t]));
		if (r->cell == CELL_LSTM)
			GS_TRY(hold(lo, r, t, &cell, c, NULL));
		GS_TRY(gs_lower_reshape(lo, &part[t], 3, (uint32_t[]){1, r->batch, r->hidden}, &part[t]));
	}
	return gs_ops_concat(lo, part, r->steps, 0, y);
}

static enum gs_err check_shapes(struct gs_lower *lo, const struct gs_val *in, const struct recurrent *r)
{
	const struct {
		unsigned input;
		uint32_t dim[3];
		unsigned rank;
	} want[] = {
		{1, {r->directions, r->gates * r->hidden, in[0].dim[2]}, 3},
		{2, {r->directions, r->gates * r->hidden, r->hidden}, 3},
		{3, {r->directions, 2 * r->gates * r->hidden}, 2},
		{5, {r->directions, r->batch, r->hidden}, 3},
		{6, {r->directions, r->batch, r->hidden}, 3},
		{7, {r->directions, 3 * r->hidden}, 2},
	};
	for (unsigned i = 0; i < GS_ARRAY_LEN(want); i++) {
		const struct gs_val *v = &in[want[i].input];
		if (v->kind == GS_VAL_NONE && i >= 2)
			continue;
		GS_TRY(gs_ops_want_float(lo, v));
		if (v->rank != want[i].rank || memcmp(v->dim, want[i].dim, v->rank * sizeof(*v->dim)) != 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
			                       "input %u has another shape than the rest demands", want[i].input);
	}
	return GS_OK;
}

static enum gs_err zero_state(struct gs_lower *lo, const struct recurrent *r, struct gs_val *out)
{
	static const uint8_t zero[4] = {0};
	GS_TRY(gs_lower_constant(lo, GS_F32, 0, NULL, zero, out));
	return gs_lower_expand(lo, out, 2, (uint32_t[]){r->batch, r->hidden}, out);
}

/* Joins the directions, and brings the result into the type and layout that the node wants. */
static enum gs_err finish(struct gs_lower *lo, const struct recurrent *r, struct gs_val *part, bool batch_first,
                          bool state, struct gs_val *out)
{
	for (unsigned d = 0; d < r->directions; d++) {
		uint32_t whole[4] = {r->steps, 1, r->batch, r->hidden}, last[3] = {1, r->batch, r->hidden};
		GS_TRY(gs_lower_reshape(lo, &part[d], state ? 3 : 4, state ? last : whole, &part[d]));
	}
	GS_TRY(gs_ops_concat(lo, part, r->directions, state ? 0 : 1, out));
	if (batch_first)
		gs_val_transpose(out, state ? (unsigned[]){1, 0, 2} : (unsigned[]){2, 0, 1, 3}, out);
	if (r->dtype != GS_F32)
		GS_TRY(gs_op1(lo, GS_FN_F32_COPY, r->dtype, GS_V(out), out));
	return GS_OK;
}

static enum gs_err recurrent(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                             enum cell cell, struct gs_val *out)
{
	struct gs_val input[8], y[2], h[2], c[2];
	struct recurrent r = {.cell = cell, .gates = cell == CELL_LSTM ? 4 : cell == CELL_GRU ? 3 : 1};
	bool reverse = gs_lower_attr_is(node, "direction", "reverse"),
	     layout = gs_lower_attr_int(node, "layout", 0) != 0;
	memcpy(input, in, sizeof(input));
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	GS_TRY(gs_ops_want_float(lo, &in[2]));
	if (in[0].rank != 3 || in[2].rank != 3)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "inputs of rank %u and %u", in[0].rank, in[2].rank);
	if (layout) {
		gs_val_transpose(&input[0], (unsigned[]){1, 0, 2}, &input[0]);
		for (unsigned i = 5; i < 7; i++)
			if (input[i].kind != GS_VAL_NONE && input[i].rank == 3)
				gs_val_transpose(&input[i], (unsigned[]){1, 0, 2}, &input[i]);
	}
	r.steps = input[0].dim[0];
	r.batch = input[0].dim[1];
	r.hidden = in[2].dim[2];
	r.directions = gs_lower_attr_is(node, "direction", "bidirectional") ? 2 : 1;
	r.dtype = in[0].dtype;
	r.linear_before_reset = gs_lower_attr_int(node, "linear_before_reset", 0) != 0;
	r.input_forget = gs_lower_attr_int(node, "input_forget", 0) != 0;
	r.clipped = gs_onnx_attr_find(node, "clip") != NULL;
	r.clip = gs_lower_attr_float(node, "clip", 0);
	if (r.steps == 0 || r.batch == 0 || r.hidden == 0 || r.hidden > INT32_MAX / 8)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "no steps, no batch or no state");
	if (r.steps > RECURRENT_STEPS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u steps; the limit is %d", r.steps, RECURRENT_STEPS_MAX);
	if (cell != CELL_LSTM)
		input[6] = input[7] = (struct gs_val){0};
	GS_TRY(check_shapes(lo, input, &r));
	for (unsigned i = 0; i < 8; i++) /* f16 and bf16 are widened once; the results are rounded once */
		if (i != 4 && input[i].kind != GS_VAL_NONE && input[i].dtype != GS_F32)
			GS_TRY(gs_op1(lo, GS_FN_F32_COPY, GS_F32, GS_V(&input[i]), &input[i]));
	static const enum kind usual[3][3] = {{SIGMOID, TANH, TANH}, {SIGMOID, TANH, TANH}, {TANH, TANH, TANH}};
	GS_TRY(read_activations(lo, node, r.act,
	                        cell == CELL_LSTM  ? 3
	                        : cell == CELL_GRU ? 2
	                                           : 1,
	                        r.directions, usual[cell]));
	if (in[4].kind != GS_VAL_NONE) {
		if (in[4].dtype != GS_I32 || in[4].rank != 1 || in[4].dim[0] != r.batch)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "sequence_lens is not one i32 a sequence");
		GS_TRY(gs_lower_reshape(lo, &in[4], 2, (uint32_t[]){r.batch, 1}, &r.length));
	}
	for (unsigned d = 0; d < r.directions; d++) {
		struct weights w;
		GS_TRY(read_weights(lo, &r, input, d, &w));
		h[d] = direction_of(&input[5], d);
		c[d] = direction_of(&input[6], d);
		if (h[d].kind == GS_VAL_NONE)
			GS_TRY(zero_state(lo, &r, &h[d]));
		if (c[d].kind == GS_VAL_NONE)
			GS_TRY(zero_state(lo, &r, &c[d]));
		GS_TRY(run_direction(lo, &r, &r.act[3 * d], &w, &input[0], reverse || d == 1, &h[d], &c[d], &y[d]));
	}
	GS_TRY(finish(lo, &r, y, layout, false, &out[0]));
	GS_TRY(finish(lo, &r, h, layout, true, &out[1]));
	return cell == CELL_LSTM ? finish(lo, &r, c, layout, true, &out[2]) : GS_OK;
}

static enum gs_err op_lstm(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	return recurrent(lo, node, in, CELL_LSTM, out);
}

static enum gs_err op_gru(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	return recurrent(lo, node, in, CELL_GRU, out);
}

static enum gs_err op_rnn(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	return recurrent(lo, node, in, CELL_RNN, out);
}

const struct gs_lower_op gs_ops_recurrent[] = {
	{"GRU", op_gru},
	{"LSTM", op_lstm},
	{"RNN", op_rnn},
	{NULL, NULL},
};
