/* Linear models, support vector machines and the preparation of features (ai.onnx.ml), against plain loops. */
#include "chain/core/rng.h"
#include "challenge/machine/scalar.h"
#include "tests/support/onnx_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static float random_float(struct gs_rng *rng)
{
	return ((float)gs_rng_below(rng, 2001) - 1000.0F) / 357.0F;
}

static void fill(struct gs_rng *rng, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = random_float(rng);
}

static float fn1(unsigned fn, float x)
{
	return gs_f32_from_bits((uint32_t)gs_fn_apply(fn, gs_f32_to_bits(x), 0, 0));
}

static float sigmoid(float x)
{
	return 1.0F / (fn1(GS_FN_F32_EXP, -x) + 1.0F);
}

static void begin(struct ob *o, const char *op, int dtype, unsigned rank, const int64_t *dim, const char *outputs)
{
	ob_init(o, 13);
	ob_input(o, "x", dtype, rank, dim);
	ob_node(o, op, "x", outputs);
	ob_domain(o, "ai.onnx.ml");
}

static struct onnx_run finish(struct ob *o, int dtype, const void *x)
{
	ob_end(o);
	ob_output(o, "y", dtype);
	return onnx_run(o, (const void *[]){x});
}

static void same(struct onnx_run *r, unsigned output, const void *want, size_t bytes)
{
	assert_int_equal(r->count[output] * gs_dtype_bytes((enum gs_dtype)r->program.io.output[output].dtype), bytes);
	assert_memory_equal(r->output[output], want, bytes);
}

/* ---- linear models ---- */

static void linear_regressor(void **state)
{
	(void)state;
	enum { N = 3, F = 4, T = 2 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 31);
	for (unsigned start = 0; start < 2; start++) {
		float x[N * F], w[T * F], b[T], want[N * T];
		fill(&rng, x, N * F);
		fill(&rng, w, T * F);
		fill(&rng, b, T);
		for (unsigned n = 0; n < N; n++)
			for (unsigned t = 0; t < T; t++) {
				float acc = start ? b[t] : 0;
				for (unsigned f = 0; f < F; f++)
					acc = fmaf(x[n * F + f], w[t * F + f], acc);
				want[n * T + t] = acc;
			}
		struct ob o;
		begin(&o, "LinearRegressor", GS_F32, 2, (int64_t[]){N, F}, "y");
		ob_attr_floats(&o, "coefficients", T * F, w);
		if (start)
			ob_attr_floats(&o, "intercepts", T, b);
		ob_attr_int(&o, "targets", T);
		struct onnx_run r = finish(&o, GS_F32, x);
		same(&r, 0, want, sizeof(want));
		onnx_run_free(&r);
	}
}

static void linear_classifier(void **state)
{
	(void)state;
	enum { N = 4, F = 3 };
	static const int64_t name[] = {3, 8, -2};
	struct gs_rng rng;
	gs_rng_seed(&rng, 32);
	for (unsigned round = 0; round < 12; round++) {
		unsigned rows = 1 + round % 3, labels = rows == 1 ? 1 + (round / 3) % 2 : rows;
		unsigned k = rows == 1 && labels == 2 ? 2 : rows;
		bool logistic = round % 2 == 1;
		float x[N * F], w[3 * F], b[3], s[3];
		fill(&rng, x, N * F);
		fill(&rng, w, 3 * F);
		fill(&rng, b, 3);
		struct ob o;
		begin(&o, "LinearClassifier", GS_F32, 2, (int64_t[]){N, F}, "label,y");
		ob_attr_floats(&o, "coefficients", rows * F, w);
		ob_attr_floats(&o, "intercepts", rows, b);
		ob_attr_ints(&o, "classlabels_ints", labels, name);
		if (logistic)
			ob_attr_text(&o, "post_transform", "LOGISTIC");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		ob_output(&o, "label", GS_I64);
		struct onnx_run r = onnx_run(&o, (const void *[]){x});
		assert_int_equal(r.count[0], N * k);
		for (unsigned n = 0; n < N; n++) {
			unsigned best = 0;
			for (unsigned t = 0; t < rows; t++) {
				s[t] = b[t];
				for (unsigned f = 0; f < F; f++)
					s[t] = fmaf(x[n * F + f], w[t * F + f], s[t]);
			}
			if (k > rows) {
				s[1] = s[0];
				s[0] = -s[0];
			}
			for (unsigned t = 0; t < k; t++) {
				best = s[t] > s[best] ? t : best;
				assert_true(((float *)r.output[0])[n * k + t] == (logistic ? sigmoid(s[t]) : s[t]));
			}
			int64_t want = labels > 1 ? name[best] : s[0] >= 0 ? name[0] : 0;
			assert_int_equal(((int64_t *)r.output[1])[n], want);
		}
		onnx_run_free(&r);
	}
}

/* The other transforms, by their formulas. */
static void transforms(void **state)
{
	(void)state;
	enum { N = 2, K = 3 };
	const float x[N * K] = {0.25F, 0.0F, 0.75F, 0.5F, 0.125F, 5e-8F};
	const float one[K * K] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
	static const char *const name[] = {"SOFTMAX", "SOFTMAX_ZERO", "PROBIT"};
	for (unsigned kind = 0; kind < 3; kind++) {
		struct ob o;
		begin(&o, "LinearRegressor", GS_F32, 2, (int64_t[]){N, K}, "y");
		ob_attr_floats(&o, "coefficients", K * K, one);
		ob_attr_int(&o, "targets", K);
		ob_attr_text(&o, "post_transform", name[kind]);
		struct onnx_run r = finish(&o, GS_F32, x);
		for (unsigned n = 0; n < N; n++) {
			const float *v = &x[n * K], *have = (float *)r.output[0] + n * K;
			float m = fmaxf(v[0], fmaxf(v[1], v[2])), e[K], sum = 0;
			for (unsigned k = 0; k < K; k++) {
				e[k] = fn1(GS_FN_F32_EXP, v[k] - m);
				if (kind == 1 && !(fabsf(v[k]) > 1e-7F))
					e[k] = v[k] * fn1(GS_FN_F32_EXP, -m);
				sum += e[k];
			}
			for (unsigned k = 0; k < K; k++) {
				if (kind < 2) {
					assert_true(have[k] == e[k] / sum);
					continue;
				}
				/* the inverse of the normal distribution function, to the two digits of the formula */
				double p = 0.5 * erfc(-(double)have[k] / sqrt(2.0));
				assert_true(v[k] == 0 ? have[k] == 0 : fabs(p - (double)v[k]) < 2.5e-3);
			}
		}
		onnx_run_free(&r);
	}
}

/* ---- support vector machines ---- */

enum { SVM_N = 3, SVM_F = 3, SVM_V = 5 };

static float kernel_of(unsigned kind, const float *param, const float *x, const float *v)
{
	float acc = 0;
	for (unsigned f = 0; f < SVM_F; f++)
		acc = kind == 2 ? acc + (x[f] - v[f]) * (x[f] - v[f]) : fmaf(x[f], v[f], acc);
	if (kind == 0)
		return acc;
	if (kind == 2)
		return fn1(GS_FN_F32_EXP, acc * -param[0]);
	float t = fmaf(param[0], acc, param[1]);
	return kind == 1 ? t * t * t : fn1(GS_FN_F32_TANH, t);
}

static const char *const kernel_name[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
static const float kernel_param[3] = {0.25F, 0.5F, 3};

static void svm_regressor(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 33);
	for (unsigned round = 0; round < 12; round++) {
		float x[SVM_N * SVM_F], v[SVM_V * SVM_F], w[SVM_V], rho, want[SVM_N];
		unsigned kind = round % 4;
		bool one_class = round % 3 == 2, supports = round != 4;
		fill(&rng, x, SVM_N * SVM_F);
		fill(&rng, v, SVM_V * SVM_F);
		fill(&rng, w, SVM_V);
		fill(&rng, &rho, 1);
		for (unsigned n = 0; n < SVM_N; n++) {
			want[n] = rho;
			for (unsigned j = 0; j < (supports ? (unsigned)SVM_V : (unsigned)SVM_F); j++) {
				float k = supports ? kernel_of(kind, kernel_param, &x[n * SVM_F], &v[j * SVM_F])
				                   : x[n * SVM_F + j];
				want[n] = fmaf(k, w[j], want[n]);
			}
			if (one_class)
				want[n] = want[n] > 0 ? 1 : -1;
		}
		struct ob o;
		begin(&o, "SVMRegressor", GS_F32, 2, (int64_t[]){SVM_N, SVM_F}, "y");
		ob_attr_floats(&o, "coefficients", supports ? SVM_V : SVM_F, w);
		ob_attr_floats(&o, "support_vectors", supports ? SVM_V * SVM_F : 0, v);
		ob_attr_floats(&o, "rho", 1, &rho);
		ob_attr_floats(&o, "kernel_params", 3, kernel_param);
		ob_attr_text(&o, "kernel_type", kernel_name[kind]);
		ob_attr_int(&o, "n_supports", supports ? SVM_V : 0);
		ob_attr_int(&o, "one_class", one_class);
		struct onnx_run r = finish(&o, GS_F32, x);
		same(&r, 0, want, sizeof(want));
		onnx_run_free(&r);
	}
}

/* Wu, Lin and Weng's iteration, in floats, with the products in docs/operators.md. */
static void coupled(unsigned k, float r[3][3], float *p)
{
	float q[3][3], qp[3], pqp, eps = 0.005F / (float)k;
	for (unsigned t = 0; t < k; t++) {
		p[t] = 1.0F / (float)k;
		q[t][t] = 0;
		for (unsigned j = 0; j < k; j++) {
			if (j != t) {
				q[t][t] = fmaf(r[j][t], r[j][t], q[t][t]);
				q[t][j] = -(r[j][t] * r[t][j]);
			}
		}
	}
	for (unsigned round = 0; round < 100; round++) {
		float worst = 0;
		pqp = 0;
		for (unsigned t = 0; t < k; t++) {
			qp[t] = 0;
			for (unsigned j = 0; j < k; j++)
				qp[t] = fmaf(q[t][j], p[j], qp[t]);
		}
		for (unsigned t = 0; t < k; t++)
			pqp = fmaf(qp[t], p[t], pqp);
		for (unsigned t = 0; t < k; t++)
			worst = fmaxf(worst, fabsf(qp[t] - pqp));
		if (worst < eps)
			return;
		for (unsigned t = 0; t < k; t++) {
			float diff = (pqp - qp[t]) / q[t][t], one = 1 + diff;
			pqp = fmaf(diff, fmaf(diff, q[t][t], qp[t] + qp[t]), pqp) / (one * one);
			p[t] += diff;
			for (unsigned j = 0; j < k; j++) {
				p[j] /= one;
				qp[j] = fmaf(diff, q[t][j], qp[j]) / one;
			}
		}
	}
}

static void svm_classifier(void **state)
{
	(void)state;
	static const int64_t name[] = {7, 5, 6};
	struct gs_rng rng;
	gs_rng_seed(&rng, 34);
	for (unsigned round = 0; round < 24; round++) {
		unsigned classes = 2 + round % 2, pairs = classes * (classes - 1) / 2, kind = round / 2 % 4;
		bool proba = round % 3 == 0;
		const int64_t size[3] = {2, classes == 2 ? 3 : 1, 2};
		float x[SVM_N * SVM_F], v[SVM_V * SVM_F], w[2 * SVM_V], rho[3], a[3], b[3];
		fill(&rng, x, SVM_N * SVM_F);
		fill(&rng, v, SVM_V * SVM_F);
		fill(&rng, w, 2 * SVM_V);
		fill(&rng, rho, 3);
		fill(&rng, a, 3);
		fill(&rng, b, 3);
		struct ob o;
		begin(&o, "SVMClassifier", GS_F32, 2, (int64_t[]){SVM_N, SVM_F}, "label,y");
		ob_attr_floats(&o, "coefficients", (classes - 1) * SVM_V, w);
		ob_attr_floats(&o, "support_vectors", SVM_V * SVM_F, v);
		ob_attr_floats(&o, "rho", pairs, rho);
		ob_attr_floats(&o, "kernel_params", 3, kernel_param);
		ob_attr_text(&o, "kernel_type", kernel_name[kind]);
		ob_attr_ints(&o, "vectors_per_class", classes, size);
		ob_attr_ints(&o, "classlabels_ints", classes, name);
		if (proba) {
			ob_attr_floats(&o, "prob_a", pairs, a);
			ob_attr_floats(&o, "prob_b", pairs, b);
		}
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		ob_output(&o, "label", GS_I64);
		struct onnx_run r = onnx_run(&o, (const void *[]){x});
		unsigned columns = proba ? classes : pairs == 1 ? 2 : pairs;
		assert_int_equal(r.count[0], SVM_N * columns);
		for (unsigned n = 0; n < SVM_N; n++) {
			float d[3], share[3][3] = {{0}}, want[3] = {0};
			unsigned votes[3] = {0}, at = 0, begin_[4] = {0}, best = 0;
			for (unsigned c = 0; c < classes; c++)
				begin_[c + 1] = begin_[c] + (unsigned)size[c];
			for (unsigned i = 0; i < classes; i++)
				for (unsigned j = i + 1; j < classes; j++, at++) {
					d[at] = rho[at];
					for (unsigned side = 0; side < 2; side++)
						for (unsigned s = begin_[side ? j : i]; s < begin_[(side ? j : i) + 1];
						     s++)
							d[at] = fmaf(kernel_of(kind, kernel_param, &x[n * SVM_F],
							                       &v[s * SVM_F]),
							             w[(side ? i : j - 1) * SVM_V + s], d[at]);
					votes[d[at] > 0 ? i : j]++;
					float p = 1 - sigmoid(fmaf(d[at], a[at], b[at]));
					p = fminf(fmaxf(p, 1e-7F), 1 - 1e-7F);
					share[i][j] = p;
					share[j][i] = 1 - p;
				}
			for (unsigned c = 1; c < classes; c++)
				best = votes[c] > votes[best] ? c : best;
			memcpy(want, d, sizeof(d));
			if (proba) {
				coupled(classes, share, want);
			} else if (pairs == 1) {
				want[1] = d[0];
				want[0] = -d[0];
			}
			for (unsigned c = 0; c < columns; c++)
				if (((float *)r.output[0])[n * columns + c] != want[c])
					fail_msg("round %u row %u column %u: %a, not %a", round, n, c,
					         (double)((float *)r.output[0])[n * columns + c], (double)want[c]);
			assert_int_equal(((int64_t *)r.output[1])[n], name[best]);
		}
		onnx_run_free(&r);
	}
}

/* ---- preparation ---- */

static void scaler_and_normalizer(void **state)
{
	(void)state;
	const float x[6] = {1, -2, 4, 0, 0, 0}, offset[3] = {0.5F, 1, 2}, scale[3] = {2, 3, 0.1F};
	float want[6];
	struct ob o;
	begin(&o, "Scaler", GS_F32, 2, (int64_t[]){2, 3}, "y");
	ob_attr_floats(&o, "offset", 3, offset);
	ob_attr_floats(&o, "scale", 3, scale);
	struct onnx_run r = finish(&o, GS_F32, x);
	for (unsigned i = 0; i < 6; i++)
		want[i] = (x[i] - offset[i % 3]) * scale[i % 3];
	same(&r, 0, want, sizeof(want));
	onnx_run_free(&r);
	static const char *const norm[] = {"MAX", "L1", "L2"};
	for (unsigned k = 0; k < 3; k++) { /* the second row's divisor is zero: unchanged */
		const float by[] = {4, 7, sqrtf(21)};
		begin(&o, "Normalizer", GS_F32, 2, (int64_t[]){2, 3}, "y");
		ob_attr_text(&o, "norm", norm[k]);
		r = finish(&o, GS_F32, x);
		for (unsigned i = 0; i < 6; i++)
			want[i] = i < 3 ? x[i] / by[k] : 0;
		same(&r, 0, want, sizeof(want));
		onnx_run_free(&r);
	}
}

static void binarizer_and_imputer(void **state)
{
	(void)state;
	const float x[4] = {0.5F, NAN, -1, 0.25F};
	const int32_t n[4] = {1, -1, 7, -1};
	struct ob o;
	begin(&o, "Binarizer", GS_F32, 1, (int64_t[]){4}, "y");
	ob_attr_float(&o, "threshold", 0.25F);
	struct onnx_run r = finish(&o, GS_F32, x);
	same(&r, 0, (float[4]){1, 0, 0, 0}, 16);
	onnx_run_free(&r);
	begin(&o, "Binarizer", GS_I32, 1, (int64_t[]){4}, "y");
	ob_attr_float(&o, "threshold", 0.5F);
	r = finish(&o, GS_I32, n);
	same(&r, 0, (int32_t[4]){1, 0, 1, 0}, 16);
	onnx_run_free(&r);
	begin(&o, "Imputer", GS_F32, 2, (int64_t[]){2, 2}, "y");
	ob_attr_floats(&o, "imputed_value_floats", 2, (float[]){8, 9});
	ob_attr_float(&o, "replaced_value_float", NAN);
	r = finish(&o, GS_F32, x);
	same(&r, 0, (float[4]){0.5F, 9, -1, 0.25F}, 16);
	onnx_run_free(&r);
	begin(&o, "Imputer", GS_I32, 2, (int64_t[]){2, 2}, "y");
	ob_attr_ints(&o, "imputed_value_int64s", 1, (int64_t[]){40});
	ob_attr_int(&o, "replaced_value_int64", -1);
	r = finish(&o, GS_I32, n);
	same(&r, 0, (int32_t[4]){1, 40, 7, 40}, 16);
	onnx_run_free(&r);
}

static void one_hot_and_vectorizer(void **state)
{
	(void)state;
	const int64_t x[3] = {4, 9, 5};
	struct ob o;
	begin(&o, "OneHotEncoder", GS_I64, 1, (int64_t[]){3}, "y");
	ob_attr_ints(&o, "cats_int64s", 2, (int64_t[]){5, 4});
	struct onnx_run r = finish(&o, GS_F32, x);
	same(&r, 0, (float[6]){0, 1, 0, 0, 1, 0}, 24);
	onnx_run_free(&r);
	begin(&o, "OneHotEncoder", GS_I64, 1, (int64_t[]){3}, "y");
	ob_attr_texts(&o, "cats_strings", 1, (const char *[]){"a"});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	assert_int_equal(onnx_refusal(&o, NULL), GS_ONNX_STRING);
	ob_init(&o, 13);
	ob_input(&o, "x", GS_I64, 2, (int64_t[]){1, 3});
	ob_input(&o, "z", GS_F32, 2, (int64_t[]){1, 2});
	ob_node(&o, "FeatureVectorizer", "x,z", "y");
	ob_domain(&o, "ai.onnx.ml");
	ob_attr_ints(&o, "inputdimensions", 2, (int64_t[]){2, 3});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	r = onnx_run(&o, (const void *[]){x, (float[]){0.5F, -0.25F}});
	same(&r, 0, (float[5]){4, 9, 0.5F, -0.25F, 0}, 20);
	onnx_run_free(&r);
}

static void label_encoder(void **state)
{
	(void)state;
	const float x[5] = {1.5F, NAN, 2, -0.0F, 7};
	struct ob o;
	begin(&o, "LabelEncoder", GS_F32, 1, (int64_t[]){5}, "y"); /* the last of equal keys; NaN is a key */
	ob_attr_floats(&o, "keys_floats", 4, (float[]){1.5F, NAN, 0, 1.5F});
	ob_attr_ints(&o, "values_int64s", 4, (int64_t[]){10, 20, 30, 40});
	struct onnx_run r = finish(&o, GS_I64, x);
	same(&r, 0, (int64_t[5]){40, 20, -1, 30, -1}, 40);
	onnx_run_free(&r);
	const int64_t n[3] = {INT64_C(5000000000), -3, 5};
	begin(&o, "LabelEncoder", GS_I64, 1, (int64_t[]){3}, "y");
	ob_attr_ints(&o, "keys_int64s", 2, (int64_t[]){-3, INT64_C(5000000000)});
	ob_attr_floats(&o, "values_floats", 2, (float[]){0.5F, 0.75F});
	r = finish(&o, GS_F32, n);
	same(&r, 0, (float[3]){0.75F, 0.5F, -0.0F}, 12);
	onnx_run_free(&r);
	const int16_t h[2] = {7, 8};
	begin(&o, "LabelEncoder", GS_I16, 1, (int64_t[]){2}, "y");
	ob_attr_tensor(&o, "keys_tensor", GS_I16, 1, (int16_t[]){8});
	ob_attr_tensor(&o, "values_tensor", GS_I32, 1, (int32_t[]){-100});
	ob_attr_tensor(&o, "default_tensor", GS_I32, 1, (int32_t[]){77});
	r = finish(&o, GS_I32, h);
	same(&r, 0, (int32_t[2]){77, -100}, 8);
	onnx_run_free(&r);
	begin(&o, "LabelEncoder", GS_I64, 1, (int64_t[]){3}, "y");
	ob_attr_ints(&o, "keys_int64s", 1, n);
	ob_attr_texts(&o, "values_strings", 1, (const char *[]){"a"});
	ob_end(&o);
	ob_output(&o, "y", GS_I64);
	assert_int_equal(onnx_refusal(&o, NULL), GS_ONNX_STRING);
}

static void extractor_and_zip_map(void **state)
{
	(void)state;
	const float x[6] = {0, 1, 2, 3, 4, 5};
	struct ob o;
	ob_init(&o, 13);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){2, 3});
	ob_input(&o, "i", GS_I64, 2, (int64_t[]){1, 2});
	ob_node(&o, "ArrayFeatureExtractor", "x,i", "y");
	ob_domain(&o, "ai.onnx.ml");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct onnx_run r = onnx_run(&o, (const void *[]){x, (int64_t[]){2, 0}});
	same(&r, 0, (float[4]){2, 0, 5, 3}, 16);
	onnx_run_free(&r);
	begin(&o, "ZipMap", GS_F32, 2, (int64_t[]){2, 3}, "y");
	ob_attr_texts(&o, "classlabels_strings", 3, (const char *[]){"a", "b", "c"});
	r = finish(&o, GS_F32, x);
	same(&r, 0, x, sizeof(x));
	onnx_run_free(&r);
	begin(&o, "ZipMap", GS_F32, 2, (int64_t[]){2, 3}, "y");
	ob_attr_ints(&o, "classlabels_int64s", 2, (int64_t[]){1, 2});
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	assert_int_equal(onnx_refusal(&o, NULL), GS_ONNX_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_regressor),
		cmocka_unit_test(linear_classifier),
		cmocka_unit_test(transforms),
		cmocka_unit_test(svm_regressor),
		cmocka_unit_test(svm_classifier),
		cmocka_unit_test(scaler_and_normalizer),
		cmocka_unit_test(binarizer_and_imputer),
		cmocka_unit_test(one_hot_and_vectorizer),
		cmocka_unit_test(label_encoder),
		cmocka_unit_test(extractor_and_zip_map),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
