/* RNN, GRU and LSTM with every activation, layout, type and direction, against loops over time. */
#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "tests/support/onnx_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { STEPS = 4, BATCH = 2, INPUT = 3, HIDDEN = 2, GATES_MAX = 4, ROWS = GATES_MAX * HIDDEN };

static float fn1(unsigned fn, float x)
{
	return gs_f32_from_bits((uint32_t)gs_fn_apply(fn, gs_f32_to_bits(x), 0, 0));
}

static const char *const act_name[] = {"Tanh",       "Sigmoid",     "Relu", "Affine",   "LeakyRelu", "ThresholdedRelu",
                                       "ScaledTanh", "HardSigmoid", "Elu",  "Softsign", "Softplus"};
enum { ACTS = sizeof(act_name) / sizeof(*act_name) };

static float act(unsigned kind, float a, float b, float x)
{
	switch (kind) {
	case 0: return fn1(GS_FN_F32_TANH, x);
	case 1: return 1.0F / (fn1(GS_FN_F32_EXP, -x) + 1.0F);
	case 2: return x > 0 ? x : 0;
	case 3: return fmaf(a, x, b);
	case 4: return x < 0 ? x * a : x;
	case 5: return x > a ? x : 0;
	case 6: return fn1(GS_FN_F32_TANH, x * b) * a;
	case 7: return fminf(fmaxf(fmaf(a, x, b), 0), 1);
	case 8: return x < 0 ? fn1(GS_FN_F32_EXPM1, x) * a : x;
	case 9: return x / (fabsf(x) + 1.0F);
	default: return fmaxf(x, 0) + fn1(GS_FN_F32_LOG1P, fn1(GS_FN_F32_EXP, -fabsf(x)));
	}
}

struct layer { /* one direction */
	float w[ROWS * INPUT], r[ROWS * HIDDEN], b[2 * ROWS], h[BATCH * HIDDEN], c[BATCH * HIDDEN];
	unsigned kind[3];
	float alpha[3], beta[3];
};
struct task {
	unsigned cell, gates, directions; /* cell: 0 RNN, 1 GRU, 2 LSTM */
	bool reverse, lengths, layout, before_reset, clipped;
	enum gs_dtype dtype;
	float x[STEPS * BATCH * INPUT];
	int32_t length[BATCH];
	struct layer layer[2];
};

static float rounded(enum gs_dtype dtype, float v)
{
	return gs_f32_from_bits((uint32_t)gs_load(dtype, gs_store(dtype, gs_f32_to_bits(v))));
}

static void fill(struct gs_rng *rng, enum gs_dtype dtype, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = rounded(dtype, ((float)gs_rng_below(rng, 2001) - 1000.0F) / 771.0F);
}

static float gate_in(const struct task *t, float g)
{
	return t->clipped ? fminf(fmaxf(g, -0.75F), 0.75F) : g;
}

/* One step of one row: h and c in place. */
static void step(const struct task *t, const struct layer *l, const float *x, float *h, float *c)
{
	unsigned all = t->gates * HIDDEN;
	float g[ROWS] = {0}, share[ROWS] = {0}, next[HIDDEN];
	for (unsigned k = 0; k < all; k++) {
		bool apart = t->cell == 1 && t->before_reset && k >= 2 * HIDDEN;
		share[k] = apart ? l->b[k] : l->b[k] + l->b[all + k];
		for (unsigned i = 0; i < INPUT; i++)
			share[k] = fmaf(x[i], l->w[k * INPUT + i], share[k]);
		g[k] = share[k];
		for (unsigned i = 0; i < HIDDEN; i++)
			g[k] = fmaf(h[i], l->r[k * HIDDEN + i], g[k]);
	}
#define ACT(i, v) act(l->kind[i], l->alpha[i], l->beta[i], gate_in(t, v))
	for (unsigned k = 0; k < HIDDEN; k++) {
		if (t->cell == 0) {
			next[k] = ACT(0, g[k]);
		} else if (t->cell == 2) { /* i o f c */
			float i = ACT(0, g[k]), o = ACT(0, g[HIDDEN + k]), f = ACT(0, g[2 * HIDDEN + k]);
			c[k] = fmaf(f, c[k], i * ACT(1, g[3 * HIDDEN + k]));
			next[k] = o * act(l->kind[2], l->alpha[2], l->beta[2], c[k]);
		} else { /* z r h */
			unsigned row = 2 * HIDDEN + k;
			float n = t->before_reset ? l->b[all + row] : share[row], z = ACT(0, g[k]);
			for (unsigned i = 0; i < HIDDEN; i++) {
				float v = t->before_reset ? h[i] : ACT(0, g[HIDDEN + i]) * h[i];
				n = fmaf(v, l->r[row * HIDDEN + i], n);
			}
			if (t->before_reset)
				n = fmaf(ACT(0, g[HIDDEN + k]), n, share[row]);
			n = ACT(1, n);
			next[k] = fmaf(z, h[k] - n, n);
		}
	}
	memcpy(h, next, sizeof(next));
}

/* y[step][direction][row][hidden] */
static void expected(const struct task *t, float *y, float *last_h, float *last_c)
{
	for (unsigned d = 0; d < t->directions; d++)
		for (unsigned b = 0; b < BATCH; b++) {
			const struct layer *l = &t->layer[d];
			float h[HIDDEN], c[HIDDEN];
			bool backwards = t->reverse || d == 1;
			memcpy(h, &l->h[b * HIDDEN], sizeof(h));
			memcpy(c, &l->c[b * HIDDEN], sizeof(c));
			for (unsigned k = 0; k < STEPS; k++) {
				unsigned at = backwards ? STEPS - 1 - k : k;
				float *to = &y[((at * t->directions + d) * BATCH + b) * HIDDEN];
				bool inside = !t->lengths || (int32_t)at < t->length[b];
				if (inside)
					step(t, l, &t->x[(at * BATCH + b) * INPUT], h, c);
				for (unsigned i = 0; i < HIDDEN; i++)
					to[i] = inside ? h[i] : 0;
			}
			memcpy(&last_h[(d * BATCH + b) * HIDDEN], h, sizeof(h));
			memcpy(&last_c[(d * BATCH + b) * HIDDEN], c, sizeof(c));
		}
}

static void constant(struct ob *o, const struct task *t, const char *name, unsigned rank, const uint32_t *dim,
                     const float *v)
{
	uint64_t n = 1;
	for (unsigned d = 0; d < rank; d++)
		n *= dim[d];
	uint32_t *bits = malloc(n * 4 + 4);
	uint16_t *half = malloc(n * 2 + 2);
	for (uint64_t i = 0; i < n; i++) {
		bits[i] = gs_f32_to_bits(v[i]);
		half[i] = (uint16_t)gs_store(t->dtype, bits[i]);
	}
	ob_initializer(o, name, t->dtype, rank, dim, t->dtype == GS_F32 ? (const void *)bits : (const void *)half);
	free(bits);
	free(half);
}

/* Of every direction's lists side by side. */
static void constants(struct ob *o, const struct task *t)
{
	static const char *const cell[] = {"RNN", "GRU", "LSTM"};
	uint32_t d = t->directions, all = t->gates * HIDDEN;
	float w[2 * ROWS * INPUT], r[2 * ROWS * HIDDEN], b[4 * ROWS], h[2 * BATCH * HIDDEN], c[2 * BATCH * HIDDEN];
	for (unsigned i = 0; i < d; i++) {
		const struct layer *l = &t->layer[i];
		memcpy(&w[i * all * INPUT], l->w, all * INPUT * 4);
		memcpy(&r[i * all * HIDDEN], l->r, all * HIDDEN * 4);
		memcpy(&b[i * 2 * all], l->b, (size_t)2 * all * 4);
		for (unsigned k = 0; k < BATCH; k++) {
			unsigned to = t->layout ? (k * d + i) * HIDDEN : (i * BATCH + k) * HIDDEN;
			memcpy(&h[to], &l->h[k * HIDDEN], HIDDEN * 4);
			memcpy(&c[to], &l->c[k * HIDDEN], HIDDEN * 4);
		}
	}
	uint32_t state[3] = {t->layout ? BATCH : d, t->layout ? d : BATCH, HIDDEN};
	constant(o, t, "w", 3, (uint32_t[]){d, all, INPUT}, w);
	constant(o, t, "r", 3, (uint32_t[]){d, all, HIDDEN}, r);
	constant(o, t, "b", 2, (uint32_t[]){d, 2 * all}, b);
	constant(o, t, "h", 3, state, h);
	if (t->cell == 2)
		constant(o, t, "c", 3, state, c);
	if (t->lengths)
		ob_initializer(o, "n", GS_I32, 1, (uint32_t[]){BATCH}, t->length);
	ob_node(o, cell[t->cell],
	        t->cell == 2 ? (t->lengths ? "x,w,r,b,n,h,c" : "x,w,r,b,,h,c")
	                     : (t->lengths ? "x,w,r,b,n,h" : "x,w,r,b,,h"),
	        t->cell == 2 ? "y,yh,yc" : "y,yh");
}

static struct onnx_run lowered(const struct task *t)
{
	static const unsigned each[] = {1, 2, 3};
	static const bool takes_alpha[ACTS] = {[3] = true, [4] = true, [5] = true, [6] = true, [7] = true, [8] = true};
	static const bool takes_beta[ACTS] = {[3] = true, [6] = true, [7] = true};
	const char *name[6];
	float alpha[6], beta[6], x[STEPS * BATCH * INPUT];
	uint16_t half[STEPS * BATCH * INPUT];
	unsigned names = 0, alphas = 0, betas = 0;
	struct ob o;
	ob_init(&o, 14);
	ob_input(&o, "x", (int)t->dtype, 3,
	         t->layout ? (int64_t[]){BATCH, STEPS, INPUT} : (int64_t[]){STEPS, BATCH, INPUT});
	constants(&o, t);
	for (unsigned d = 0; d < t->directions; d++)
		for (unsigned i = 0; i < each[t->cell]; i++) {
			const struct layer *l = &t->layer[d];
			name[names++] = act_name[l->kind[i]];
			if (takes_alpha[l->kind[i]])
				alpha[alphas++] = l->alpha[i];
			if (takes_beta[l->kind[i]])
				beta[betas++] = l->beta[i];
		}
	ob_attr_texts(&o, "activations", names, name);
	ob_attr_floats(&o, "activation_alpha", alphas, alpha);
	ob_attr_floats(&o, "activation_beta", betas, beta);
	ob_attr_int(&o, "hidden_size", HIDDEN);
	ob_attr_text(&o, "direction", t->directions == 2 ? "bidirectional" : t->reverse ? "reverse" : "forward");
	ob_attr_int(&o, "layout", t->layout);
	if (t->clipped)
		ob_attr_float(&o, "clip", 0.75F);
	if (t->cell == 1)
		ob_attr_int(&o, "linear_before_reset", t->before_reset);
	ob_end(&o);
	ob_output(&o, "y", (int)t->dtype);
	ob_output(&o, "yh", (int)t->dtype);
	if (t->cell == 2)
		ob_output(&o, "yc", (int)t->dtype);
	for (unsigned s = 0; s < STEPS; s++)
		for (unsigned b = 0; b < BATCH; b++)
			for (unsigned i = 0; i < INPUT; i++)
				x[((t->layout ? b * STEPS + s : s * BATCH + b)) * INPUT + i] =
					t->x[(s * BATCH + b) * INPUT + i];
	for (unsigned i = 0; i < STEPS * BATCH * INPUT; i++)
		half[i] = (uint16_t)gs_store(t->dtype, gs_f32_to_bits(x[i]));
	return onnx_run(&o, (const void *[]){t->dtype == GS_F32 ? (const void *)x : (const void *)half});
}

static void same(const struct task *t, const struct onnx_run *r, unsigned output, uint64_t at, float want,
                 unsigned round)
{
	float have = t->dtype == GS_F32
	                     ? ((const float *)r->output[output])[at]
	                     : gs_f32_from_bits((uint32_t)gs_load(t->dtype, ((const uint16_t *)r->output[output])[at]));
	if (have != rounded(t->dtype, want))
		fail_msg("round %u, cell %u, output %u, element %u: %a, not %a", round, t->cell, output, (unsigned)at,
		         (double)have, (double)rounded(t->dtype, want));
}

static void every_form(void **state)
{
	(void)state;
	static const enum gs_dtype dtype[] = {GS_F32, GS_F16, GS_BF16};
	static const unsigned gates[] = {1, 3, 4};
	struct gs_rng rng;
	gs_rng_seed(&rng, 41);
	for (unsigned round = 0; round < 150; round++) {
		struct task t = {.cell = round % 3, .gates = gates[round % 3], .dtype = dtype[round / 3 % 3]};
		t.directions = 1 + (unsigned)gs_rng_below(&rng, 2);
		t.reverse = t.directions == 1 && gs_rng_below(&rng, 2) == 0;
		t.lengths = gs_rng_below(&rng, 2) == 0;
		t.layout = gs_rng_below(&rng, 2) == 0;
		t.before_reset = gs_rng_below(&rng, 2) == 0;
		t.clipped = gs_rng_below(&rng, 3) == 0;
		fill(&rng, t.dtype, t.x, STEPS * BATCH * INPUT);
		for (unsigned b = 0; b < BATCH; b++)
			t.length[b] = (int32_t)gs_rng_below(&rng, STEPS + 1);
		for (unsigned d = 0; d < 2; d++) {
			struct layer *l = &t.layer[d];
			fill(&rng, t.dtype, l->w, ROWS * INPUT);
			fill(&rng, t.dtype, l->r, ROWS * HIDDEN);
			fill(&rng, t.dtype, l->b, 2 * ROWS);
			fill(&rng, t.dtype, l->h, BATCH * HIDDEN);
			fill(&rng, t.dtype, l->c, BATCH * HIDDEN);
			for (unsigned i = 0; i < 3; i++) {
				l->kind[i] = (unsigned)gs_rng_below(&rng, ACTS);
				l->alpha[i] = ((float)gs_rng_below(&rng, 200) - 60.0F) / 64.0F;
				l->beta[i] = ((float)gs_rng_below(&rng, 200) - 60.0F) / 64.0F;
			}
		}
		float y[STEPS * 2 * BATCH * HIDDEN], h[2 * BATCH * HIDDEN], c[2 * BATCH * HIDDEN];
		expected(&t, y, h, c);
		struct onnx_run r = lowered(&t);
		for (unsigned d = 0; d < t.directions; d++)
			for (unsigned b = 0; b < BATCH; b++)
				for (unsigned i = 0; i < HIDDEN; i++) {
					unsigned last = (t.layout ? b * t.directions + d : d * BATCH + b) * HIDDEN + i;
					same(&t, &r, 1, last, h[(d * BATCH + b) * HIDDEN + i], round);
					if (t.cell == 2)
						same(&t, &r, 2, last, c[(d * BATCH + b) * HIDDEN + i], round);
					for (unsigned s = 0; s < STEPS; s++) {
						unsigned at = t.layout ? (b * STEPS + s) * t.directions + d
						                       : (s * t.directions + d) * BATCH + b;
						same(&t, &r, 0, at * HIDDEN + i,
						     y[((s * t.directions + d) * BATCH + b) * HIDDEN + i], round);
					}
				}
		onnx_run_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_form)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
