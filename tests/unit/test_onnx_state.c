/* Linear attention, causal convolution, caches, SwiGLU and FlexAttention against plain loops. */
#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "tests/support/onnx_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static float fn1(unsigned fn, float x)
{
	return gs_f32_from_bits((uint32_t)gs_fn_apply(fn, gs_f32_to_bits(x), 0, 0));
}

static float sigmoid(float x)
{
	return 1.0F / (fn1(GS_FN_F32_EXP, -x) + 1.0F);
}

static void fill(struct gs_rng *rng, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = ((float)gs_rng_below(rng, 2001) - 1000.0F) / 771.0F;
}

static void same(const struct onnx_run *r, unsigned output, const float *want, uint64_t n, const char *what,
                 unsigned round)
{
	assert_int_equal(r->count[output], n);
	for (uint64_t i = 0; i < n; i++)
		if (gs_f32_to_bits(((const float *)r->output[output])[i]) != gs_f32_to_bits(want[i]))
			fail_msg("%s, round %u, element %u: %a, not %a", what, round, (unsigned)i,
			         (double)((const float *)r->output[output])[i], (double)want[i]);
}

/* ---- LinearAttention ---- */

enum { B = 2, T = 3, HEADS = 2, DK = 3, DV = 2, GROUP_MAX = 2 };

struct linear {
	unsigned rule, group; /* linear, gated, delta, gated_delta */
	bool by_head, one_beta, past;
	float scale;
	float q[B * T * HEADS * GROUP_MAX * DK], k[B * T * HEADS * DK], v[B * T * HEADS * DV], s[B * HEADS * DK * DV];
	float decay[B * T * HEADS * DK], beta[B * T * HEADS];
};

static void linear_expected(const struct linear *l, float *y, float *state)
{
	bool gated = l->rule & 1, delta = l->rule >= 2;
	for (unsigned b = 0; b < B; b++)
		for (unsigned h = 0; h < HEADS; h++) {
			float *s = &state[(b * HEADS + h) * DK * DV];
			for (unsigned i = 0; i < DK * DV; i++)
				s[i] = l->past ? l->s[(b * HEADS + h) * DK * DV + i] : 0;
			for (unsigned t = 0; t < T; t++) {
				unsigned at = (b * T + t) * HEADS + h;
				float u[DV];
				for (unsigned d = 0; gated && d < DK; d++)
					for (unsigned m = 0; m < DV; m++)
						s[d * DV + m] *= fn1(GS_FN_F32_EXP,
						                     l->decay[l->by_head ? at : at * DK + d]);
				for (unsigned m = 0; m < DV; m++) {
					float kept = 0;
					u[m] = l->v[at * DV + m];
					for (unsigned d = 0; d < DK; d++)
						kept = fmaf(l->k[at * DK + d], s[d * DV + m], kept);
					if (delta)
						u[m] = l->beta[l->one_beta ? b * T + t : at] * (u[m] - kept);
				}
				for (unsigned d = 0; d < DK; d++)
					for (unsigned m = 0; m < DV; m++)
						s[d * DV + m] = fmaf(l->k[at * DK + d], u[m], s[d * DV + m]);
				for (unsigned g = 0; g < l->group; g++)
					for (unsigned m = 0; m < DV; m++) {
						unsigned head = h * l->group + g, all = HEADS * l->group;
						float acc = 0;
						for (unsigned d = 0; d < DK; d++)
							acc = fmaf(l->q[((b * T + t) * all + head) * DK + d],
							           s[d * DV + m], acc);
						y[((b * T + t) * all + head) * DV + m] = acc * l->scale;
					}
			}
		}
}

static void linear_attention(void **state)
{
	(void)state;
	static const char *const rule[] = {"linear", "gated", "delta", "gated_delta"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 51);
	for (unsigned round = 0; round < 32; round++) {
		struct linear l = {.rule = round % 4, .group = 1 + round / 4 % 2};
		l.by_head = round / 8 % 2;
		l.one_beta = round / 16 % 2;
		l.past = round % 3 != 0;
		l.scale = round % 5 == 0 ? 0.375F : 1.0F / sqrtf(DK);
		bool gated = l.rule & 1, delta = l.rule >= 2;
		unsigned all = HEADS * l.group;
		char inputs[64] = "q,k,v,";
		float y[B * T * HEADS * GROUP_MAX * DV], s[B * HEADS * DK * DV];
		fill(&rng, l.q, sizeof(l.q) / 4);
		fill(&rng, l.k, sizeof(l.k) / 4);
		fill(&rng, l.v, sizeof(l.v) / 4);
		fill(&rng, l.s, sizeof(l.s) / 4);
		fill(&rng, l.decay, sizeof(l.decay) / 4);
		fill(&rng, l.beta, sizeof(l.beta) / 4);
		linear_expected(&l, y, s);
		struct ob o;
		ob_init(&o, 27);
		ob_input(&o, "q", GS_F32, 3, (int64_t[]){B, T, all * DK});
		ob_input(&o, "k", GS_F32, 3, (int64_t[]){B, T, HEADS * DK});
		ob_initializer(&o, "v", GS_F32, 3, (uint32_t[]){B, T, HEADS * DV}, l.v);
		ob_initializer(&o, "s", GS_F32, 4, (uint32_t[]){B, HEADS, DK, DV}, l.s);
		ob_initializer(&o, "d", GS_F32, 3, (uint32_t[]){B, T, l.by_head ? HEADS : HEADS * DK}, l.decay);
		ob_initializer(&o, "b", GS_F32, 3, (uint32_t[]){B, T, l.one_beta ? 1 : HEADS}, l.beta);
		strcat(inputs, l.past ? "s," : ",");
		strcat(inputs, gated ? "d," : ",");
		strcat(inputs, delta ? "b" : "");
		ob_node(&o, "LinearAttention", inputs, "y,z");
		if (round % 4 != 3 || round > 16)
			ob_attr_text(&o, "update_rule", rule[l.rule]);
		ob_attr_int(&o, "q_num_heads", all);
		ob_attr_int(&o, "kv_num_heads", HEADS);
		if (round % 5 == 0)
			ob_attr_float(&o, "scale", l.scale);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		ob_output(&o, "z", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){l.q, l.k});
		same(&r, 0, y, B * T * all * DV, "output", round);
		same(&r, 1, s, B * HEADS * DK * DV, "state", round);
		onnx_run_free(&r);
	}
}

/* ---- CausalConvWithState ---- */

static void causal_convolution(void **state)
{
	(void)state;
	enum { N = 2, C = 3, L = 4 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 52);
	for (unsigned round = 0; round < 36; round++) {
		unsigned taps = 2 + round % 6, length = round % 2 ? L : 1;
		bool bias = round / 2 % 2, past = round / 4 % 2, silu = round / 8 % 2;
		float x[N * C * L], w[C * 8], b[C], s[N * C * 8], y[N * C * L], z[N * C * 8];
		fill(&rng, x, N * C * L);
		fill(&rng, w, C * 8);
		fill(&rng, b, C);
		fill(&rng, s, N * C * 8);
		for (unsigned at = 0; at < N * C; at++) {
			float all[16];
			for (unsigned i = 0; i < taps - 1; i++)
				all[i] = past ? s[at * (taps - 1) + i] : 0;
			memcpy(&all[taps - 1], &x[at * length], length * 4);
			for (unsigned i = 0; i < length; i++) {
				float acc = bias ? b[at % C] : 0;
				for (unsigned k = 0; k < taps; k++)
					acc = fmaf(all[i + k], w[at % C * taps + k], acc);
				y[at * length + i] = silu ? acc * sigmoid(acc) : acc;
			}
			memcpy(&z[at * (taps - 1)], &all[length], (taps - 1) * 4);
		}
		struct ob o;
		ob_init(&o, 27);
		ob_input(&o, "x", GS_F32, 3, (int64_t[]){N, C, length});
		ob_initializer(&o, "w", GS_F32, 3, (uint32_t[]){C, 1, taps}, w);
		ob_initializer(&o, "b", GS_F32, 1, (uint32_t[]){C}, b);
		ob_input(&o, "s", GS_F32, 3, (int64_t[]){N, C, taps - 1});
		ob_node(&o, "CausalConvWithState", bias ? (past ? "x,w,b,s" : "x,w,b") : (past ? "x,w,,s" : "x,w"),
		        "y,z");
		if (silu)
			ob_attr_text(&o, "activation", round % 3 ? "silu" : "swish");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		ob_output(&o, "z", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){x, s});
		same(&r, 0, y, N * C * length, "output", round);
		same(&r, 1, z, N * C * (taps - 1), "state", round);
		onnx_run_free(&r);
	}
}

/* ---- TensorScatter ---- */

static void tensor_scatter(void **state)
{
	(void)state;
	enum { N = 2, D = 2, MAX = 5, W = 2 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 53);
	for (unsigned round = 0; round < 40; round++) {
		unsigned length = 1 + (unsigned)gs_rng_below(&rng, MAX);
		bool circular = round % 2, given = round % 5 != 0;
		float cache[N * D * MAX * W], update[N * D * MAX * W], want[N * D * MAX * W];
		int64_t start[N];
		fill(&rng, cache, N * D * MAX * W);
		fill(&rng, update, N * D * MAX * W);
		for (unsigned n = 0; n < N; n++)
			start[n] = circular ? (int64_t)gs_rng_below(&rng, 30) - 10
			                    : (int64_t)gs_rng_below(&rng, MAX - length + 1);
		memcpy(want, cache, sizeof(want));
		for (unsigned p = 0; p < N * D; p++)
			for (unsigned i = 0; i < length; i++) {
				int64_t to = (given ? start[p / D] : 0) + i;
				to = circular ? (to % MAX + MAX) % MAX : to;
				memcpy(&want[(p * MAX + (unsigned)to) * W], &update[(p * length + i) * W], W * 4);
			}
		struct ob o;
		ob_init(&o, 24);
		ob_input(&o, "c", GS_F32, 4, (int64_t[]){N, D, MAX, W});
		ob_input(&o, "u", GS_F32, 4, (int64_t[]){N, D, length, W});
		ob_input(&o, "i", GS_I64, 1, (int64_t[]){N});
		ob_node(&o, "TensorScatter", given ? "c,u,i" : "c,u", "y");
		if (circular)
			ob_attr_text(&o, "mode", "circular");
		if (round % 3 == 0)
			ob_attr_int(&o, "axis", 2);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){cache, update, start});
		same(&r, 0, want, N * D * MAX * W, "cache", round);
		onnx_run_free(&r);
	}
}

/* ---- SwiGLU ---- */

static void swiglu(void **state)
{
	(void)state;
	const float a[4] = {-2, -0.5F, 0.75F, 3}, b[4] = {0.25F, -1, 2, 0.125F};
	for (unsigned scaled = 0; scaled < 2; scaled++) {
		float want[4], alpha = scaled ? 1.5F : 1;
		for (unsigned i = 0; i < 4; i++)
			want[i] = a[i] * sigmoid(a[i] * alpha) * b[i];
		struct ob o;
		ob_init(&o, 28);
		ob_input(&o, "a", GS_F32, 1, (int64_t[]){4});
		ob_input(&o, "b", GS_F32, 1, (int64_t[]){4});
		ob_node(&o, "SwiGLU", "a,b", "y");
		if (scaled)
			ob_attr_float(&o, "alpha", alpha);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){a, b});
		same(&r, 0, want, 4, "output", scaled);
		onnx_run_free(&r);
	}
}

/* ---- FlexAttention ---- */

/* A graph that adds or multiplies its input by a constant, as an attribute of the node that is open. */
static void mod_graph(struct ob *o, const char *name, const char *op, float by)
{
	struct ob inner;
	ob_init(&inner, 26);
	ob_input(&inner, "in", GS_F32, 4, (int64_t[]){-1, -1, -1, -1});
	ob_initializer(&inner, "by", GS_F32, 0, NULL, &by);
	ob_node(&inner, op, "in,by", "out");
	ob_end(&inner);
	ob_output(&inner, "out", GS_F32);
	struct gs_buf attr;
	gs_buf_init(&attr, 1 << 16);
	ob_text(&attr, 1, name);
	ob_int(&attr, 20, 5);
	ob_bytes(&attr, 6, inner.graph.ptr, inner.graph.len);
	ob_bytes(&o->node, 5, attr.ptr, attr.len);
	gs_buf_free(&attr);
	gs_buf_free(&inner.graph);
	gs_buf_free(&inner.node);
}

static void flex_attention(void **state)
{
	(void)state;
	enum { N = 2, KV = 2, L = 2, S = 3, E = 4, W = 3, H_MAX = 4 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 54);
	for (unsigned round = 0; round < 16; round++) {
		unsigned group = 1 + round % 2, heads = KV * group;
		bool score = round / 2 % 2, prob = round / 4 % 2, scaled = round / 8 % 2;
		float q[N * H_MAX * L * E], k[N * KV * S * E], v[N * KV * S * W], y[N * H_MAX * L * W];
		fill(&rng, q, N * H_MAX * L * E);
		fill(&rng, k, N * KV * S * E);
		fill(&rng, v, N * KV * S * W);
		for (unsigned at = 0; at < N * heads * L; at++) {
			unsigned h = at / L % heads, kv = at / L / heads * KV + h / group;
			float s[S], m = -INFINITY, sum = 0;
			for (unsigned j = 0; j < S; j++) {
				s[j] = 0;
				for (unsigned e = 0; e < E; e++)
					s[j] = fmaf(q[at * E + e], k[(kv * S + j) * E + e], s[j]);
				s[j] = s[j] * (scaled ? 0.75F : 0.5F) + (score ? 0.25F : 0);
				m = fmaxf(m, s[j]);
			}
			for (unsigned j = 0; j < S; j++)
				sum += s[j] = fn1(GS_FN_F32_EXP, s[j] - m);
			for (unsigned w = 0; w < W; w++) {
				float acc = 0;
				for (unsigned j = 0; j < S; j++)
					acc = fmaf(s[j] / sum * (prob ? 3.0F : 1), v[(kv * S + j) * W + w], acc);
				y[at * W + w] = acc;
			}
		}
		struct ob o;
		ob_init(&o, 26);
		ob_input(&o, "q", GS_F32, 4, (int64_t[]){N, heads, L, E});
		ob_input(&o, "k", GS_F32, 4, (int64_t[]){N, KV, S, E});
		ob_input(&o, "v", GS_F32, 4, (int64_t[]){N, KV, S, W});
		ob_node(&o, "FlexAttention", "q,k,v", "y");
		ob_domain(&o, "ai.onnx.preview");
		if (scaled)
			ob_attr_float(&o, "scale", 0.75F);
		if (score)
			mod_graph(&o, "score_mod", "Add", 0.25F);
		if (prob)
			mod_graph(&o, "prob_mod", "Mul", 3);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){q, k, v});
		same(&r, 0, y, (uint64_t)N * heads * L * W, "output", round);
		onnx_run_free(&r);
	}
}

/* ---- optionals ---- */

static void optionals(void **state)
{
	(void)state;
	for (unsigned given = 0; given < 2; given++) {
		const float x = 0.5F;
		struct ob o;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_F32, 0, NULL);
		ob_node(&o, "Optional", "x", "t");
		ob_end(&o);
		ob_node(&o, "OptionalHasElement", given ? "t" : "", "h");
		ob_end(&o);
		ob_node(&o, "OptionalGetElement", "t", "y");
		ob_end(&o);
		ob_output(&o, "h", GS_BOOL);
		ob_output(&o, "y", GS_F32);
		struct onnx_run r = onnx_run(&o, (const void *[]){&x});
		assert_int_equal(*(uint8_t *)r.output[0], given);
		same(&r, 1, &x, 1, "value", given);
		onnx_run_free(&r);
	}
	struct ob o;
	ob_init(&o, 18);
	ob_node(&o, "OptionalGetElement", "", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	assert_int_equal(onnx_refusal(&o, NULL), GS_ONNX_SEQUENCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_attention), cmocka_unit_test(causal_convolution),
		cmocka_unit_test(tensor_scatter),   cmocka_unit_test(swiglu),
		cmocka_unit_test(flex_attention),   cmocka_unit_test(optionals),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
