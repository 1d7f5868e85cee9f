/* Pooling with positions and norms, ranges, and operators on known values, against plain loops. */
#include "tests/support/onnx_model.h"

#include <math.h>

enum { N = 2, C = 3, DIMS = 3, MOST = 2000 };

struct windows {
	unsigned dims, in[DIMS], out[DIMS];
	int64_t kernel[DIMS], stride[DIMS], dilation[DIMS], pads[2 * DIMS];
	unsigned plane, places, taps;
};

static void draw_windows(struct gs_rng *rng, unsigned dims, bool dilated, struct windows *w)
{
	*w = (struct windows){.dims = dims, .plane = 1, .places = 1, .taps = 1};
	for (unsigned d = 0; d < dims; d++) {
		w->in[d] = 3 + (unsigned)gs_rng_below(rng, 3);
		w->kernel[d] = 1 + (int64_t)gs_rng_below(rng, 2);
		w->stride[d] = 1 + (int64_t)gs_rng_below(rng, 2);
		w->dilation[d] = dilated ? 1 + (int64_t)gs_rng_below(rng, 2) : 1;
		w->pads[d] = (int64_t)gs_rng_below(rng, (uint64_t)w->kernel[d]);
		w->pads[dims + d] = (int64_t)gs_rng_below(rng, (uint64_t)w->kernel[d]);
		int64_t room = w->in[d] + w->pads[d] + w->pads[dims + d] - w->dilation[d] * (w->kernel[d] - 1) - 1;
		w->out[d] = (unsigned)(room / w->stride[d]) + 1;
		w->plane *= w->in[d];
		w->places *= w->out[d];
		w->taps *= (unsigned)w->kernel[d];
	}
}

/* The position in the plane of tap t of place o, row-major and column-major; false outside. */
static bool tap(const struct windows *w, unsigned o, unsigned t, unsigned *row_major, unsigned *column_major)
{
	unsigned at[DIMS];
	for (unsigned d = w->dims; d-- > 0; o /= w->out[d], t /= (unsigned)w->kernel[d]) {
		int64_t v = (o % w->out[d]) * w->stride[d] - w->pads[d] + (t % (unsigned)w->kernel[d]) * w->dilation[d];
		if (v < 0 || v >= w->in[d])
			return false;
		at[d] = (unsigned)v;
	}
	*row_major = *column_major = 0;
	for (unsigned d = 0; d < w->dims; d++) {
		*row_major = *row_major * w->in[d] + at[d];
		*column_major = *column_major * w->in[w->dims - 1 - d] + at[w->dims - 1 - d];
	}
	return true;
}

static void window_attributes(struct ob *o, const struct windows *w, bool dilated)
{
	ob_attr_ints(o, "kernel_shape", w->dims, w->kernel);
	ob_attr_ints(o, "strides", w->dims, w->stride);
	ob_attr_ints(o, "pads", 2 * w->dims, w->pads);
	if (dilated)
		ob_attr_ints(o, "dilations", w->dims, w->dilation);
}

/* The first of equal elements, counted over the whole tensor. */
static void positions_of_the_greatest(void **state)
{
	(void)state;
	static float x[N * C * MOST];
	static int8_t small[N * C * MOST];
	struct gs_rng rng;
	gs_rng_seed(&rng, 51);
	for (unsigned round = 0; round < 72; round++) {
		struct windows w;
		bool bytes = round / 3 % 2 == 0, by_column = round / 6 % 2 == 0;
		draw_windows(&rng, 1 + round % 3, true, &w);
		for (unsigned i = 0; i < N * C * w.plane; i++) {
			small[i] = (int8_t)(gs_rng_below(&rng, 4) - 4);
			x[i] = (float)small[i] / 3.0F;
		}
		int64_t shape[5] = {N, C};
		for (unsigned d = 0; d < w.dims; d++)
			shape[2 + d] = w.in[d];
		for (uint32_t output = 0; output < 2; output++) {
			struct ob o;
			struct gs_tensor_type type;
			ob_init(&o, 12);
			ob_input(&o, "x", bytes ? GS_I8 : GS_F32, 2 + w.dims, shape);
			ob_node(&o, "MaxPool", "x", "y,i");
			window_attributes(&o, &w, true);
			ob_attr_int(&o, "storage_order", by_column);
			ob_end(&o);
			ob_output(&o, "y", bytes ? GS_I8 : GS_F32);
			ob_output(&o, "i", GS_I64);
			void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){bytes ? (const void *)small : x},
			                      output, &type);
			assert_int_equal(gs_tensor_type_count(&type), N * C * w.places);
			for (unsigned i = 0; i < N * C * w.places; i++) {
				int8_t best = -100;
				unsigned row, column;
				int64_t at = -1;
				for (unsigned t = 0; t < w.taps; t++)
					if (tap(&w, i % w.places, t, &row, &column) &&
					    small[i / w.places * w.plane + row] > best) {
						best = small[i / w.places * w.plane + row];
						at = i / w.places * w.plane + (by_column ? column : row);
					}
				if (at < 0) /* no element at all: nothing to compare */
					continue;
				if (output == 1 && by_column) { /* the least position, not the first tap */
					for (unsigned t = 0; t < w.taps; t++)
						if (tap(&w, i % w.places, t, &row, &column) &&
						    small[i / w.places * w.plane + row] == best &&
						    i / w.places * w.plane + column < at)
							at = i / w.places * w.plane + column;
				}
				if (output == 1)
					assert_int_equal(((int64_t *)have)[i], at);
				else if (bytes)
					assert_int_equal(((int8_t *)have)[i], best);
				else
					assert_true(((float *)have)[i] == (float)best / 3.0F);
			}
			free(have);
		}
	}
}

static void back_to_their_places(void **state)
{
	(void)state;
	enum { H = 3, W = 2, OH = 6, OW = 4 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 52);
	for (unsigned round = 0; round < 30; round++) {
		bool larger = round % 2 == 0;
		float x[N * C * H * W], want[N * C * 8 * 5] = {0};
		int64_t index[N * C * H * W], shape[4] = {N, C, 8, 5};
		unsigned h = larger ? 8 : OH, w = larger ? 5 : OW;
		onnx_fill(&rng, x, GS_ARRAY_LEN(x));
		for (unsigned i = 0; i < GS_ARRAY_LEN(x); i++) { /* the last of several at one place stays */
			unsigned plane = i / (H * W), at = (unsigned)gs_rng_below(&rng, OH * OW);
			index[i] = plane * OH * OW + at;
			want[(plane * h + at / OW) * w + at % OW] = x[i];
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 11);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){N, C, H, W});
		ob_input(&o, "i", GS_I64, 4, (int64_t[]){N, C, H, W});
		ob_initializer(&o, "s", GS_I64, 1, (uint32_t[]){4}, shape);
		ob_node(&o, "MaxUnpool", larger ? "x,i,s" : "x,i", "y");
		ob_attr_ints(&o, "kernel_shape", 2, (int64_t[]){2, 2});
		ob_attr_ints(&o, "strides", 2, (int64_t[]){2, 2});
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x, index}, 0, &type);
		onnx_shape(&type, 4, (uint32_t[]){N, C, h, w});
		assert_memory_equal(have, want, (size_t)4 * N * C * h * w);
		free(have);
	}
}

static void norms(void **state)
{
	(void)state;
	static float x[N * C * MOST];
	static double want[N * C * MOST];
	struct gs_rng rng;
	gs_rng_seed(&rng, 53);
	for (unsigned round = 0; round < 60; round++) {
		struct windows w;
		bool global = round / 3 % 2 == 0;
		int64_t p = 1 + round / 6 % 5;
		draw_windows(&rng, 1 + round % 3, true, &w);
		onnx_fill(&rng, x, (size_t)N * C * w.plane);
		int64_t shape[5] = {N, C};
		for (unsigned d = 0; d < w.dims; d++)
			shape[2 + d] = w.in[d];
		unsigned places = global ? 1 : w.places;
		for (unsigned i = 0; i < N * C * places; i++) {
			double sum = 0.0;
			unsigned row, column;
			for (unsigned t = 0; t < (global ? w.plane : w.taps); t++)
				if (global || tap(&w, i % places, t, &row, &column))
					sum += pow(fabs((double)x[i / places * w.plane + (global ? t : row)]),
					           (double)p);
			want[i] = pow(sum, 1.0 / (double)p);
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_F32, 2 + w.dims, shape);
		ob_node(&o, global ? "GlobalLpPool" : "LpPool", "x", "y");
		if (!global)
			window_attributes(&o, &w, true);
		ob_attr_int(&o, "p", p);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		assert_int_equal(gs_tensor_type_count(&type), N * C * places);
		onnx_near(have, want, (size_t)N * C * places, 2e-6, "LpPool");
		free(have);
	}
}

static void log_sum_exp(void **state)
{
	(void)state;
	enum { ROWS = 6, COLUMNS = 90 };
	struct gs_rng rng;
	struct gs_tensor_type type;
	struct ob o;
	const int64_t axis = 1;
	float x[ROWS * COLUMNS];
	double want[ROWS] = {0};
	gs_rng_seed(&rng, 54);
	onnx_fill(&rng, x, GS_ARRAY_LEN(x));
	for (unsigned i = 0; i < ROWS * COLUMNS; i++) {
		x[i] += i / COLUMNS == 1 ? 1000.0F : i / COLUMNS == 2 ? -1000.0F : 0.0F;
		if (i / COLUMNS == 3)
			x[i] = -INFINITY;
	}
	x[4 * COLUMNS] = INFINITY;
	x[5 * COLUMNS + 7] = -INFINITY;
	for (unsigned r = 0; r < ROWS; r++) {
		double m = -INFINITY;
		for (unsigned i = 0; i < COLUMNS; i++)
			m = fmax(m, (double)x[r * COLUMNS + i]);
		for (unsigned i = 0; i < COLUMNS && isfinite(m); i++)
			want[r] += exp((double)x[r * COLUMNS + i] - m);
		want[r] = isfinite(m) ? m + log(want[r]) : m;
	}
	ob_init(&o, 18);
	ob_input(&o, "x", GS_F32, 2, (int64_t[]){ROWS, COLUMNS});
	ob_initializer(&o, "a", GS_I64, 1, (uint32_t[]){1}, &axis);
	ob_node(&o, "ReduceLogSumExp", "x,a", "y");
	ob_attr_int(&o, "keepdims", 0);
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
	onnx_shape(&type, 1, (uint32_t[]){ROWS});
	onnx_near(have, want, 3, 1e-6, "ReduceLogSumExp");
	assert_true(have[3] == -INFINITY && have[4] == INFINITY);
	onnx_near(have + 5, want + 5, 1, 1e-6, "ReduceLogSumExp");
	free(have);
}

/* ---- ranges ---- */

static void float_ranges(void **state)
{
	(void)state;
	static const struct {
		float start, limit, step;
		uint32_t count;
	} known[] = {{0, 1, 0.1F, 10}, /* 0.1F is above a tenth */
	             {0, 1, 0.2F, 5},
	             {1, 5, 2, 2},
	             {1, 5.5F, 2, 3},
	             {10, 4, -2, 3},
	             {10, 4, -2.5F, 3},
	             {0, 0.3F, 0.1F, 4}, /* 0.3F lies above three times 0.1F */
	             {0, 0.7F, 0.1F, 7}, /* 0.7F lies below seven times 0.1F */
	             {16777216, 16777220, 1, 4},
	             {1e-40F, 3e-40F, 1e-40F, 3},
	             {-3, 3, 1e30F, 1},
	             {1e30F, -1e30F, -1e30F, 2}};
	for (unsigned i = 0; i < GS_ARRAY_LEN(known); i++) {
		struct ob o;
		struct gs_tensor_type type;
		const float x = 0;
		ob_init(&o, 11);
		ob_input(&o, "x", GS_F32, 0, NULL);
		ob_initializer(&o, "s", GS_F32, 0, NULL, &known[i].start);
		ob_initializer(&o, "l", GS_F32, 0, NULL, &known[i].limit);
		ob_initializer(&o, "d", GS_F32, 0, NULL, &known[i].step);
		ob_node(&o, "Range", "s,l,d", "r");
		ob_end(&o);
		ob_node(&o, "Add", "r,x", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){&x}, 0, &type);
		/* sums of so few bits are exact in binary64 */
		uint32_t n = 0;
		while (n < 100 &&
		       (known[i].step > 0
		                ? (double)known[i].start + n * (double)known[i].step < (double)known[i].limit
		                : (double)known[i].start + n * (double)known[i].step > (double)known[i].limit))
			n++;
		assert_int_equal(n, known[i].count);
		onnx_shape(&type, 1, &n);
		for (uint32_t k = 0; k < n; k++)
			assert_true(have[k] == fmaf((float)k, known[i].step, known[i].start));
		free(have);
	}
}

static void integer_ranges(void **state)
{
	(void)state;
	static const enum gs_dtype dtype[] = {GS_I8, GS_U8, GS_I16, GS_I32, GS_I64, GS_U32};
	struct gs_rng rng;
	gs_rng_seed(&rng, 55);
	for (unsigned round = 0; round < 60; round++) {
		enum gs_dtype t = dtype[round % 6];
		bool is_unsigned = t == GS_U8 || t == GS_U32;
		int64_t v[3] = {(int64_t)gs_rng_below(&rng, 100) - (is_unsigned ? 0 : 50),
		                (int64_t)gs_rng_below(&rng, 100) - (is_unsigned ? 0 : 50),
		                is_unsigned ? 1 + (int64_t)gs_rng_below(&rng, 7) : (int64_t)gs_rng_below(&rng, 13) - 6};
		if (v[2] == 0)
			v[2] = -7;
		if (v[2] > 0 ? v[0] >= v[1] : v[0] <= v[1])
			v[1] = v[0] + v[2];              /* one element at least: the output cannot be empty */
		if (t == GS_I64 && round / 6 % 2 == 0) { /* beyond what an iota may start at */
			v[0] += INT64_C(1) << 45;
			v[1] += INT64_C(1) << 45;
		}
		struct ob o;
		struct gs_tensor_type type;
		uint8_t data[3][8], host[3][8] = {0};
		for (unsigned i = 0; i < 3; i++) {
			gs_element_write(data[i], t, 0, (uint64_t)v[i]);
			ob_unpack(t, data[i], 1, host[i]);
		}
		uint8_t zero[8] = {0};
		ob_init(&o, 14);
		ob_input(&o, "x", (int)t, 0, NULL);
		ob_initializer(&o, "s", t, 0, NULL, host[0]);
		ob_initializer(&o, "l", t, 0, NULL, host[1]);
		ob_initializer(&o, "d", t, 0, NULL, host[2]);
		ob_node(&o, "Range", "s,l,d", "r");
		ob_end(&o);
		ob_node(&o, "Add", "r,x", "y");
		ob_end(&o);
		ob_output(&o, "y", (int)t);
		void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){zero}, 0, &type);
		uint32_t n = 0;
		for (int64_t k = v[0]; v[2] > 0 ? k < v[1] : k > v[1]; k += v[2], n++) {
			uint8_t want[8] = {0}, bytes[8] = {0};
			gs_element_write(bytes, t, 0, (uint64_t)k);
			ob_unpack(t, bytes, 1, want);
			size_t size = gs_dtype_bytes(t);
			assert_memory_equal((uint8_t *)have + n * size, want, size);
		}
		onnx_shape(&type, 1, &n);
		free(have);
	}
}

/* ---- Gelu and the old experimental operators ---- */

static void curves(void **state)
{
	(void)state;
	enum { COUNT = 64 };
	static const char *const op[] = {"Gelu", "Gelu", "Affine", "Scale", "ScaledTanh", "ParametricSoftplus"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 56);
	for (unsigned kind = 0; kind < GS_ARRAY_LEN(op); kind++) {
		float x[COUNT], alpha = 0.7F, beta = 1.3F;
		double want[COUNT];
		onnx_fill(&rng, x, COUNT);
		for (unsigned i = 0; i < COUNT; i++) {
			double v = (double)x[i], a = (double)alpha, b = (double)beta;
			want[i] = kind == 0   ? 0.5 * v * (1 + erf(v / sqrt(2)))
			          : kind == 1 ? 0.5 * v * (1 + tanh(sqrt(2 / acos(-1.0)) * (v + 0.044715 * v * v * v)))
			          : kind == 2 ? a * v + b
			          : kind == 3 ? a * v
			          : kind == 4 ? a * tanh(b * v)
			                      : a * log1p(exp(b * v));
		}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, kind < 2 ? 20 : 7);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){COUNT});
		ob_node(&o, op[kind], "x", "y");
		if (kind == 1)
			ob_attr_text(&o, "approximate", "tanh");
		if (kind == 3)
			ob_attr_float(&o, "scale", alpha);
		if (kind == 2 || kind > 3) {
			ob_attr_float(&o, "alpha", alpha);
			ob_attr_float(&o, "beta", beta);
		}
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_near(have, want, COUNT, 5e-7, op[kind]);
		free(have);
	}
}

static void cropped(void **state)
{
	(void)state;
	enum { H = 6, W = 7 };
	for (unsigned round = 0; round < 2; round++) {
		float x[2 * H * W];
		for (unsigned i = 0; i < GS_ARRAY_LEN(x); i++)
			x[i] = (float)i;
		struct ob o;
		struct gs_tensor_type type;
		uint32_t h = round == 0 ? H - 2 - 1 : 2, w = round == 0 ? W - 1 - 3 : 4;
		ob_init(&o, 7);
		ob_input(&o, "x", GS_F32, 4, (int64_t[]){1, 2, H, W});
		ob_node(&o, "Crop", "x", "y");
		ob_attr_ints(&o, "border", 4, (int64_t[]){1, 2, 3, 1}); /* left, top, right, bottom */
		if (round == 1)
			ob_attr_ints(&o, "scale", 2, (int64_t[]){2, 4});
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 4, (uint32_t[]){1, 2, h, w});
		for (uint32_t i = 0; i < 2 * h * w; i++)
			assert_true(have[i] == x[(i / w / h * H + i / w % h + 2) * W + i % w + 1]);
		free(have);
	}
}

/* ---- n-grams ---- */

static void n_grams(void **state)
{
	(void)state;
	enum { TEXTS = 2, LENGTH = 17, ONES = 3, TWOS = 4, THREES = 2, ALL = ONES + TWOS + THREES };
	static const char *const mode[] = {"TF", "IDF", "TFIDF"};
	struct gs_rng rng;
	gs_rng_seed(&rng, 57);
	for (unsigned round = 0; round < 72; round++) {
		int64_t least = 1 + round % 3, most = least + (int64_t)gs_rng_below(&rng, (uint64_t)(4 - least));
		int64_t skips = (int64_t)gs_rng_below(&rng, 4), pool[ONES + 2 * TWOS + 3 * THREES], place[ALL];
		int32_t text[TEXTS * LENGTH];
		float weight[ALL], want[TEXTS][ALL + 2] = {{0}};
		for (unsigned i = 0; i < GS_ARRAY_LEN(pool); i++)
			pool[i] = (int64_t)gs_rng_below(&rng, 3);
		for (unsigned i = 0; i < TEXTS * LENGTH; i++)
			text[i] = (int32_t)gs_rng_below(&rng, 3);
		for (unsigned i = 0; i < ALL; i++) {
			weight[i] = onnx_random(&rng);
			place[i] = (i * 4 + round) % (ALL + 2); /* 4 and 11 have no common divisor: all different */
		}
		for (unsigned g = 0; g < ALL; g++) {
			unsigned n = g < ONES ? 1 : g < ONES + TWOS ? 2 : 3;
			const int64_t *gram = pool + (n == 1   ? g
			                              : n == 2 ? ONES + 2 * (g - ONES)
			                                       : ONES + 2 * TWOS + 3 * (g - ONES - TWOS));
			for (unsigned t = 0; t < TEXTS && n >= least && n <= most; t++) {
				float count = 0;
				for (int64_t s = 0; s <= (n == 1 ? 0 : skips); s++)
					for (int64_t i = 0; i + (n - 1) * (s + 1) < LENGTH; i++) {
						bool same = true;
						for (unsigned j = 0; j < n; j++)
							same &= text[t * LENGTH + i + j * (s + 1)] == gram[j];
						count += same;
					}
				want[t][place[g]] = round % 3 == 0   ? count
				                    : round % 3 == 1 ? (count > 0 ? weight[g] : 0.0F)
				                                     : count * weight[g];
			}
		}
		uint32_t width = 0;
		for (unsigned i = 0; i < ALL; i++)
			width = place[i] >= width ? (uint32_t)place[i] + 1 : width;
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 9);
		ob_input(&o, "x", GS_I32, 2, (int64_t[]){TEXTS, LENGTH});
		ob_node(&o, "TfIdfVectorizer", "x", "y");
		ob_attr_text(&o, "mode", mode[round % 3]);
		ob_attr_int(&o, "min_gram_length", least);
		ob_attr_int(&o, "max_gram_length", most);
		ob_attr_int(&o, "max_skip_count", skips);
		ob_attr_ints(&o, "pool_int64s", GS_ARRAY_LEN(pool), pool);
		ob_attr_ints(&o, "ngram_counts", 3, (int64_t[]){0, ONES, ONES + 2 * TWOS});
		ob_attr_ints(&o, "ngram_indexes", ALL, place);
		ob_attr_floats(&o, "weights", ALL, weight);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){text}, 0, &type);
		onnx_shape(&type, 2, (uint32_t[]){TEXTS, width});
		for (unsigned i = 0; i < TEXTS * width; i++)
			assert_true(have[i] == want[i / width][i % width]);
		free(have);
	}
}

/* ---- values that are known ---- */

static void different_values(void **state)
{
	(void)state;
	enum { ROWS = 5, COLUMNS = 2 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 58);
	for (unsigned round = 0; round < 40; round++) {
		bool sorted = round % 2 == 0;
		int32_t x[ROWS * COLUMNS], zero[ROWS * COLUMNS] = {0};
		unsigned order[ROWS], kinds = 0, first[ROWS], often[ROWS], which[ROWS];
		for (unsigned i = 0; i < ROWS * COLUMNS; i++)
			x[i] = (int32_t)gs_rng_below(&rng, 2) - 1;
		for (unsigned i = 0; i < ROWS; i++) {
			unsigned k = 0;
			while (k < kinds && memcmp(x + first[k] * COLUMNS, x + i * COLUMNS, sizeof(*x) * COLUMNS) != 0)
				k++;
			if (k == kinds) {
				first[kinds] = i;
				often[kinds++] = 0;
			}
			often[k]++;
			which[i] = k;
		}
		for (unsigned k = 0; k < kinds; k++) { /* the place of kind k in the output */
			order[k] = sorted ? 0 : k;
			for (unsigned j = 0; sorted && j < kinds; j++) {
				const int32_t *a = x + first[j] * COLUMNS, *b = x + first[k] * COLUMNS;
				order[k] += a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]);
			}
		}
		for (uint32_t output = 0; output < 4; output++) {
			struct ob o;
			struct gs_tensor_type type;
			static const char *const name[] = {"y", "i", "w", "c"};
			ob_init(&o, 11);
			ob_input(&o, "x", GS_I32, 0, NULL);
			ob_initializer(&o, "v", GS_I32, 2, (uint32_t[]){ROWS, COLUMNS}, x);
			ob_node(&o, "Unique", "v", "y,i,w,c");
			ob_attr_int(&o, "axis", 0);
			ob_attr_int(&o, "sorted", sorted);
			ob_end(&o);
			ob_output(&o, name[output], output == 0 ? GS_I32 : GS_I64);
			void *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){zero}, 0, &type);
			assert_int_equal(type.dim[0], output == 2 ? ROWS : kinds);
			for (unsigned k = 0; k < kinds; k++) {
				if (output == 0)
					assert_memory_equal((int32_t *)have + order[k] * COLUMNS,
					                    x + first[k] * COLUMNS, sizeof(*x) * COLUMNS);
				if (output == 1)
					assert_int_equal(((int64_t *)have)[order[k]], first[k]);
				if (output == 3)
					assert_int_equal(((int64_t *)have)[order[k]], often[k]);
			}
			for (unsigned i = 0; output == 2 && i < ROWS; i++)
				assert_int_equal(((int64_t *)have)[i], order[which[i]]);
			free(have);
		}
	}
}

static void unknown_values(void **state)
{
	(void)state;
	static const char *const op[] = {"NonZero", "Unique", "Compress"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(op); i++) {
		struct ob o;
		ob_init(&o, 13);
		ob_input(&o, "x", GS_F32, 1, (int64_t[]){4});
		ob_input(&o, "c", GS_BOOL, 1, (int64_t[]){4});
		ob_node(&o, op[i], i == 2 ? "x,c" : "x", "y");
		ob_end(&o);
		ob_output(&o, "y", i == 0 ? GS_I64 : GS_F32);
		onnx_refused(&o, i == 2 ? GS_ONNX_NOT_STATIC : GS_ONNX_DATA_SHAPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_of_the_greatest),
		cmocka_unit_test(back_to_their_places),
		cmocka_unit_test(norms),
		cmocka_unit_test(log_sum_exp),
		cmocka_unit_test(float_ranges),
		cmocka_unit_test(integer_ranges),
		cmocka_unit_test(curves),
		cmocka_unit_test(cropped),
		cmocka_unit_test(n_grams),
		cmocka_unit_test(different_values),
		cmocka_unit_test(unknown_values),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
