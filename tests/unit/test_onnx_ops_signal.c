/* Einsum, Fourier transforms, windows and the mel filter bank, against sums written from their definitions. */
#include "tests/support/onnx_model.h"

#include <math.h>

/* ---- Einsum ---- */

enum { LETTERS = 26, OPERANDS = 4, RANK = 6, MOST = 4096 };

struct equation { /* lower-case letters only; dots written as the letters that they stand for */
	const char *text;
	const char *in[OPERANDS], *out;
};

static const struct equation equations[] = {
	{"ij,jk->ik", {"ij", "jk"}, "ik"},
	{"ij , jk", {"ij", "jk"}, "ik"},
	{"ba", {"ba"}, "ab"},
	{"ii", {"ii"}, ""},
	{"ii->i", {"ii"}, "i"},
	{"iji->j", {"iji"}, "j"},
	{"ij->", {"ij"}, ""},
	{"ijk->kji", {"ijk"}, "kji"},
	{"i,i", {"i", "i"}, ""},
	{"i,j->ij", {"i", "j"}, "ij"},
	{"i,j->ji", {"i", "j"}, "ji"},
	{"ij,ij->ij", {"ij", "ij"}, "ij"},
	{"ij,kl->il", {"ij", "kl"}, "il"},
	{"bij,bjk->bik", {"bij", "bjk"}, "bik"},
	{"bijd,bkjd->bikd", {"bijd", "bkjd"}, "bikd"},
	{"...ij,...jk->...ik", {"abij", "abjk"}, "abik"},
	{"...ij,jk->...ik", {"abij", "jk"}, "abik"},
	{"i...->...", {"iab"}, "ab"},
	{"...", {"ab"}, "ab"},
	{"i...i->i...", {"iabi"}, "iab"},
	{"...i,...j", {"ai", "aj"}, "aij"},
	{"ij,jk,kl->il", {"ij", "jk", "kl"}, "il"},
	{"i,j,k,l->", {"i", "j", "k", "l"}, ""},
	{"ij,i,j->", {"ij", "i", "j"}, ""},
	{"abc,cd,bd,a->db", {"abc", "cd", "bd", "a"}, "db"},
	{"iij,jk->ik", {"iij", "jk"}, "ik"},
	{",ij->ij", {"", "ij"}, "ij"},
};

static size_t place(const char *letters, const unsigned *at, const unsigned *extent)
{
	size_t i = 0;
	for (; *letters != 0; letters++)
		i = i * extent[*letters - 'a'] + at[*letters - 'a'];
	return i;
}

static size_t whole(const char *letters, const unsigned *extent)
{
	size_t n = 1;
	for (; *letters != 0; letters++)
		n *= extent[*letters - 'a'];
	return n;
}

static void sums_over_letters(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 31);
	for (unsigned round = 0; round < 4 * GS_ARRAY_LEN(equations); round++) {
		const struct equation *e = &equations[round / 4];
		bool integer = round % 2 == 1;
		unsigned extent[LETTERS], at[LETTERS] = {0}, operands = 0, used[LETTERS], letters = 0;
		static float f[OPERANDS][MOST];
		static int32_t k[OPERANDS][MOST];
		static double want[MOST];
		for (unsigned l = 0; l < LETTERS; l++)
			extent[l] = 1 + (unsigned)gs_rng_below(&rng, 4);
		struct ob o;
		struct gs_tensor_type type;
		char names[16] = "";
		const void *data[ONNX_INPUTS_MAX] = {NULL};
		ob_init(&o, 12);
		for (; operands < OPERANDS && e->in[operands] != NULL; operands++) {
			const char *in = e->in[operands];
			int64_t dim[RANK];
			for (unsigned d = 0; in[d] != 0; d++) {
				dim[d] = extent[in[d] - 'a'];
				bool seen = false;
				for (unsigned l = 0; l < letters; l++)
					seen |= used[l] == (unsigned)(in[d] - 'a');
				if (!seen)
					used[letters++] = (unsigned)(in[d] - 'a');
			}
			for (size_t i = 0; i < whole(in, extent); i++) {
				f[operands][i] = onnx_random(&rng);
				k[operands][i] = (int32_t)gs_rng_below(&rng, 19) - 9;
			}
			char name[2] = {(char)('p' + operands), 0};
			ob_input(&o, name, integer ? GS_I32 : GS_F32, (unsigned)strlen(in), dim);
			strcat(names, operands == 0 ? "" : ",");
			strcat(names, name);
			data[operands] = integer ? (const void *)k[operands] : f[operands];
		}
		ob_node(&o, "Einsum", names, "y");
		ob_attr_text(&o, "equation", e->text);
		ob_end(&o);
		ob_output(&o, "y", integer ? GS_I32 : GS_F32);
		void *have = onnx_run(&o, data, 0, &type);
		size_t n = whole(e->out, extent);
		uint32_t dim[RANK];
		for (unsigned d = 0; e->out[d] != 0; d++)
			dim[d] = extent[e->out[d] - 'a'];
		onnx_shape(&type, (unsigned)strlen(e->out), dim);
		memset(want, 0, sizeof(want));
		for (;;) { /* every assignment of the letters */
			double product = 1.0;
			for (unsigned i = 0; i < operands; i++) {
				size_t p = place(e->in[i], at, extent);
				product *= integer ? k[i][p] : (double)f[i][p];
			}
			want[place(e->out, at, extent)] += product;
			unsigned l = 0;
			for (; l < letters && ++at[used[l]] == extent[used[l]]; l++)
				at[used[l]] = 0;
			if (l == letters)
				break;
		}
		for (size_t i = 0; integer && i < n; i++)
			assert_int_equal(((int32_t *)have)[i], (int64_t)want[i]);
		if (!integer)
			onnx_near(have, want, n, 3e-5, e->text);
		free(have);
	}
}

/* The order is the law's: fma over the summed letters, those of the left operand first. */
static void sums_have_one_order(void **state)
{
	(void)state;
	enum { I = 3, J = 5, K = 4, N = 200 };
	struct gs_rng rng;
	struct gs_tensor_type type;
	struct ob o;
	float a[I * J * K], b[K * J], want[I] = {0};
	gs_rng_seed(&rng, 32);
	onnx_fill(&rng, a, I * J * K);
	onnx_fill(&rng, b, K * J);
	ob_init(&o, 12);
	ob_input(&o, "a", GS_F32, 3, (int64_t[]){I, J, K});
	ob_input(&o, "b", GS_F32, 2, (int64_t[]){K, J});
	ob_node(&o, "Einsum", "a,b", "y");
	ob_attr_text(&o, "equation", "ijk,kj->i");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){a, b}, 0, &type);
	for (unsigned i = 0; i < I; i++)
		for (unsigned j = 0; j < J; j++)
			for (unsigned k = 0; k < K; k++)
				want[i] = fmaf(a[(i * J + j) * K + k], b[k * J + j], want[i]);
	assert_memory_equal(have, want, sizeof(want));
	free(have);
}

static void wrong_equations(void **state)
{
	(void)state;
	static const char *const wrong[] = {"ij,jk->iz", "ij->ij",    "ij,jk,kl->il", "i.j,jk->ik",
	                                    "ij,jk->ii", "i1,jk->ik", "ijk,jk",       "ij,jk->ik->",
	                                    "....,ij",   "...,...->", "...ij.,ij->",  "iii,jk->j"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(wrong); i++) {
		struct ob o;
		ob_init(&o, 12);
		ob_input(&o, "a", GS_F32, 2, (int64_t[]){3, 4});
		ob_input(&o, "b", GS_F32, 2, (int64_t[]){4, 5});
		ob_node(&o, "Einsum", "a,b", "y");
		ob_attr_text(&o, "equation", wrong[i]);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		onnx_refused(&o, GS_ONNX_MALFORMED);
	}
}

/* ---- Fourier transforms ---- */

static const double turn = 6.28318530717958647692;

/* x[rows, n, from] of which the first `terms` count, to y[rows, out, to], of length `length`. */
static void naive_dft(const float *x, unsigned rows, unsigned n, unsigned from, unsigned length, bool inverse,
                      bool onesided, unsigned out, unsigned to, double *y)
{
	for (unsigned r = 0; r < rows; r++)
		for (unsigned k = 0; k < out; k++) {
			double re = 0.0, im = 0.0;
			for (unsigned i = 0; i < length; i++) {
				unsigned at = i;
				double sign = 1.0;
				if (inverse && onesided && 2 * i > length) { /* the other half is the conjugate */
					at = length - i;
					sign = -1.0;
				}
				if (at >= n)
					continue;
				const float *v = x + (r * n + at) * from;
				double angle = (inverse ? turn : -turn) * (double)(k * i % length) / length;
				double a = (double)v[0], b = from == 2 ? sign * (double)v[1] : 0.0;
				if (inverse && onesided && (i == 0 || 2 * i == length))
					b = 0.0; /* of a real signal */
				re += a * cos(angle) - b * sin(angle);
				im += a * sin(angle) + b * cos(angle);
			}
			y[(r * out + k) * to] = re / (inverse ? length : 1);
			if (to == 2)
				y[(r * out + k) * 2 + 1] = im / (inverse ? length : 1);
		}
}

static void transforms(void **state)
{
	(void)state;
	enum { ROWS = 2, N_MAX = 40 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 33);
	for (unsigned round = 0; round < 120; round++) {
		unsigned n = 2 + (unsigned)gs_rng_below(&rng, N_MAX - 2), form = round % 6;
		bool inverse = form == 1 || form == 3 || form == 5, onesided = form >= 4, given = round % 4 == 3;
		unsigned from = form == 4 ? 1 : form == 5 ? 2 : 1 + form / 2, to = form == 5 ? 1 : 2;
		int64_t length = given ? 1 + (int64_t)gs_rng_below(&rng, N_MAX) : form == 5 ? 2 * (int64_t)(n - 1) : n;
		int64_t axis = -2, length_in = length;
		unsigned out = onesided && !inverse ? (unsigned)length / 2 + 1 : (unsigned)length;
		float x[ROWS * N_MAX * 2];
		double want[ROWS * N_MAX * 4];
		onnx_fill(&rng, x, ROWS * n * from);
		naive_dft(x, ROWS, n, from, (unsigned)length, inverse, onesided, out, to, want);
		struct ob o;
		struct gs_tensor_type type;
		bool old = round % 5 == 0;
		ob_init(&o, old ? 17 : 20);
		ob_input(&o, "x", GS_F32, 3, (int64_t[]){ROWS, n, from});
		ob_initializer(&o, "n", GS_I64, 0, NULL, &length_in);
		ob_initializer(&o, "axis", GS_I64, 0, NULL, &axis);
		ob_node(&o, "DFT", old ? (given ? "x,n" : "x") : given ? "x,n,axis" : "x,,axis", "y");
		ob_attr_int(&o, "inverse", inverse);
		ob_attr_int(&o, "onesided", onesided);
		if (old)
			ob_attr_int(&o, "axis", 1);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 3, (uint32_t[]){ROWS, out, to});
		onnx_near(have, want, (size_t)ROWS * out * to, 3e-5, "DFT");
		free(have);
	}
}

static void frames(void **state)
{
	(void)state;
	enum { ROWS = 2, N = 37, L = 8, STEP = 3, FRAMES = (N - L) / STEP + 1 };
	struct gs_rng rng;
	gs_rng_seed(&rng, 34);
	for (unsigned round = 0; round < 8; round++) {
		bool windowed = round % 2 == 0, complex_in = round / 2 % 2 == 0,
		     onesided = !complex_in && round / 4 == 0;
		unsigned from = complex_in ? 2 : 1, bins = onesided ? L / 2 + 1 : L;
		float x[ROWS * N * 2], window[L], part[L * 2];
		double want[ROWS * FRAMES * L * 2];
		int64_t step = STEP, length = L;
		onnx_fill(&rng, x, ROWS * N * from);
		onnx_fill(&rng, window, L);
		for (unsigned r = 0; r < ROWS; r++)
			for (unsigned f = 0; f < FRAMES; f++) {
				for (unsigned i = 0; i < L * from; i++)
					part[i] = x[(r * N + f * STEP) * from + i] *
					          (windowed ? window[i / from] : 1.0F);
				naive_dft(part, 1, L, from, L, false, onesided, bins, 2,
				          want + (size_t)(r * FRAMES + f) * bins * 2);
			}
		struct ob o;
		struct gs_tensor_type type;
		ob_init(&o, 17);
		ob_input(&o, "x", GS_F32, 3, (int64_t[]){ROWS, N, from});
		ob_initializer(&o, "s", GS_I64, 0, NULL, &step);
		ob_initializer(&o, "w", GS_F32, 1, (uint32_t[]){L}, window);
		ob_initializer(&o, "n", GS_I64, 0, NULL, &length);
		ob_node(&o, "STFT", windowed ? "x,s,w" : "x,s,,n", "y");
		ob_attr_int(&o, "onesided", onesided);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){x}, 0, &type);
		onnx_shape(&type, 4, (uint32_t[]){ROWS, FRAMES, bins, 2});
		onnx_near(have, want, (size_t)ROWS * FRAMES * bins * 2, 3e-5, "STFT");
		free(have);
	}
}

static void windows(void **state)
{
	(void)state;
	static const struct {
		const char *op;
		double a[3];
	} kind[] = {{"HannWindow", {0.5, -0.5, 0.0}},
	            {"HammingWindow", {25.0 / 46.0, -21.0 / 46.0, 0.0}},
	            {"BlackmanWindow", {0.42, -0.5, 0.08}}};
	for (unsigned round = 0; round < 60; round++) {
		int64_t size = 2 + round, periodic = round % 2;
		double want[64];
		for (int64_t i = 0; i < size; i++) {
			double t = turn * (double)i / (double)(periodic ? size : size - 1);
			want[i] = kind[round % 3].a[0] + kind[round % 3].a[1] * cos(t) +
			          kind[round % 3].a[2] * cos(2 * t);
		}
		struct ob o;
		struct gs_tensor_type type;
		float x = 0;
		ob_init(&o, 17);
		ob_input(&o, "x", GS_F32, 0, NULL);
		ob_initializer(&o, "n", GS_I64, 0, NULL, &size);
		ob_node(&o, kind[round % 3].op, "n", "w");
		ob_attr_int(&o, "periodic", periodic);
		ob_end(&o);
		ob_node(&o, "Add", "w,x", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){&x}, 0, &type);
		onnx_shape(&type, 1, (uint32_t[]){(uint32_t)size});
		onnx_near(have, want, (size_t)size, 2e-7, kind[round % 3].op);
		free(have);
	}
}

static void mel_filters(void **state)
{
	(void)state;
	enum { FILTERS = 8, LENGTH = 64, RATE = 8000, BINS = LENGTH / 2 + 1 };
	const int64_t filters = FILTERS, length = LENGTH, rate = RATE;
	const float low = 100.0F, high = 3900.0F, x = 0;
	double want[BINS * FILTERS] = {0}, from = 2595 * log10(1 + 100.0 / 700), to = 2595 * log10(1 + 3900.0 / 700);
	int bin[FILTERS + 2];
	for (int i = 0; i < FILTERS + 2; i++) {
		double mel = from + i * (to - from) / (FILTERS + 2);
		bin[i] = (int)floor((LENGTH + 1) * 700 * (pow(10, mel / 2595) - 1) / RATE);
	}
	for (int f = 0; f < FILTERS; f++) {
		if (bin[f + 1] == bin[f])
			want[bin[f + 1] * FILTERS + f] = 1;
		for (int j = bin[f]; bin[f + 1] != bin[f] && j <= bin[f + 1]; j++)
			want[j * FILTERS + f] = (double)(j - bin[f]) / (bin[f + 1] - bin[f]);
		for (int j = bin[f + 1]; j < bin[f + 2]; j++)
			want[j * FILTERS + f] = (double)(bin[f + 2] - j) / (bin[f + 2] - bin[f + 1]);
	}
	struct ob o;
	struct gs_tensor_type type;
	ob_init(&o, 17);
	ob_input(&o, "x", GS_F32, 0, NULL);
	ob_initializer(&o, "f", GS_I64, 0, NULL, &filters);
	ob_initializer(&o, "n", GS_I64, 0, NULL, &length);
	ob_initializer(&o, "r", GS_I64, 0, NULL, &rate);
	ob_initializer(&o, "l", GS_F32, 0, NULL, &low);
	ob_initializer(&o, "h", GS_F32, 0, NULL, &high);
	ob_node(&o, "MelWeightMatrix", "f,n,r,l,h", "w");
	ob_end(&o);
	ob_node(&o, "Add", "w,x", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	float *have = onnx_run(&o, (const void *[ONNX_INPUTS_MAX]){&x}, 0, &type);
	onnx_shape(&type, 2, (uint32_t[]){BINS, FILTERS});
	onnx_near(have, want, BINS * FILTERS, 1e-7, "MelWeightMatrix");
	free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_over_letters),
		cmocka_unit_test(sums_have_one_order),
		cmocka_unit_test(wrong_equations),
		cmocka_unit_test(transforms),
		cmocka_unit_test(frames),
		cmocka_unit_test(windows),
		cmocka_unit_test(mel_filters),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
