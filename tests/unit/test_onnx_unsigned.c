/* u64 through every operator that orders, divides or converts, and BitCast and Mod of floats, against plain C. */
#include "challenge/machine/trace.h"
#include "chain/core/rng.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 24 };

/* Lowers the builder's model, runs it on the inputs of one type, n elements each, and copies the first output out. */
static void run(struct ob *o, enum gs_dtype dtype, unsigned inputs, const void *const *input, void *out, size_t bytes)
{
	struct gs_buf b = ob_finish(o);
	struct gs_error error = {0};
	struct gs_program p;
	if (gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	uint8_t *in = calloc(p.header.inputs_chunks + 1U, GS_CHUNK_BYTES), *at = in;
	uint8_t *trace = calloc(1, gs_program_trace_bytes(&p));
	for (unsigned i = 0; i < inputs; i++) {
		uint64_t count = gs_tensor_type_count(&p.io.input[i]);
		ob_pack(dtype, input[i], count, at);
		at += gs_dtype_chunks(dtype, count) * GS_CHUNK_BYTES;
	}
	gs_interpret(&p, &(struct gs_memory){.trace = trace, .weights = p.weights, .inputs = in});
	enum gs_dtype to = (enum gs_dtype)p.io.output[0].dtype;
	assert_int_equal(gs_tensor_type_count(&p.io.output[0]) * gs_dtype_bytes(to), bytes);
	ob_unpack(to, trace + (size_t)p.header.output_chunk * GS_CHUNK_BYTES, bytes / gs_dtype_bytes(to), out);
	free(in);
	free(trace);
	gs_program_free(&p);
	gs_buf_free(&b);
}

static uint64_t draw(struct gs_rng *rng)
{
	static const uint64_t edge[] = {0, 1, 2, 7, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1};
	return gs_rng_below(rng, 2) ? edge[gs_rng_below(rng, GS_ARRAY_LEN(edge))]
	                            : gs_rng_u64(rng) >> gs_rng_below(rng, 64);
}

static void fill(struct gs_rng *rng, uint64_t *x)
{
	for (unsigned i = 0; i < N; i++)
		x[i] = draw(rng);
}

/* One node of two u64 inputs. */
static void two(const char *op, const char *attribute, int64_t value, const uint64_t *a, const uint64_t *b, int to,
                void *out, size_t bytes)
{
	struct ob o;
	ob_init(&o, 18);
	ob_input(&o, "a", GS_U64, 1, (int64_t[]){N});
	ob_input(&o, "b", GS_U64, 1, (int64_t[]){N});
	ob_node(&o, op, "a,b", "y");
	if (attribute)
		ob_attr_int(&o, attribute, value);
	ob_end(&o);
	ob_output(&o, "y", to);
	run(&o, GS_U64, 2, (const void *[]){a, b}, out, bytes);
}

static void order_and_division(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 21);
	for (unsigned round = 0; round < 50; round++) {
		uint64_t a[N], b[N], y[N];
		uint8_t flag[N];
		fill(&rng, a);
		fill(&rng, b);
		for (unsigned i = 0; i < N; i += 5)
			b[i] = a[i];
#define COMPARE(name, operator) \
	two(name, NULL, 0, a, b, GS_BOOL, flag, sizeof(flag)); \
	for (unsigned i = 0; i < N; i++) \
		assert_int_equal(flag[i], a[i] operator b[i]);
		COMPARE("Less", <)
		COMPARE("LessOrEqual", <=)
		COMPARE("Greater", >)
		COMPARE("GreaterOrEqual", >=)
		COMPARE("Equal", ==)
#undef COMPARE
		two("Min", NULL, 0, a, b, GS_U64, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_true(y[i] == (a[i] < b[i] ? a[i] : b[i]));
		two("Max", NULL, 0, a, b, GS_U64, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_true(y[i] == (a[i] > b[i] ? a[i] : b[i]));
		two("Div", NULL, 0, a, b, GS_U64, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_true(y[i] == (b[i] ? a[i] / b[i] : 0));
		two("Mod", "fmod", round % 2, a, b, GS_U64, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_true(y[i] == (b[i] ? a[i] % b[i] : 0));
		two("PRelu", NULL, 0, a, b, GS_U64, y, sizeof(y));
		assert_memory_equal(y, a, sizeof(a));
	}
}

/* One node over a [2, N/2] u64 input, reducing dimension 1. */
static void reduced(const char *op, const uint64_t *a, int to, void *out, size_t bytes, const char *outputs)
{
	struct ob o;
	bool by_input = strcmp(op, "ReduceMax") == 0 || strcmp(op, "ReduceMin") == 0 || strcmp(op, "ReduceL1") == 0 ||
	                strcmp(op, "ReduceMean") == 0;
	ob_init(&o, 18);
	ob_input(&o, "a", GS_U64, 2, (int64_t[]){2, N / 2});
	if (by_input || strcmp(op, "TopK") == 0)
		ob_initializer(&o, "one", GS_I64, 1, (uint32_t[]){1}, (int64_t[]){by_input ? 1 : N / 2});
	ob_node(&o, op, by_input || strcmp(op, "TopK") == 0 ? "a,one" : "a", outputs);
	if (strncmp(op, "Arg", 3) == 0)
		ob_attr_int(&o, "axis", 1);
	ob_end(&o);
	ob_output(&o, "y", to);
	run(&o, GS_U64, 1, (const void *[]){a}, out, bytes);
}

static void reductions_and_ranks(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 22);
	for (unsigned round = 0; round < 50; round++) {
		uint64_t a[N], y[2], sorted[N], mean[2], total[2];
		int64_t at[2], least_at[2];
		fill(&rng, a);
		reduced("ArgMax", a, GS_I64, at, sizeof(at), "y");
		reduced("ArgMin", a, GS_I64, least_at, sizeof(least_at), "y");
		reduced("ReduceMean", a, GS_U64, mean, sizeof(mean), "y");
		reduced("ReduceL1", a, GS_U64, total, sizeof(total), "y");
		reduced("TopK", a, GS_U64, sorted, sizeof(sorted), "y,i");
		for (unsigned r = 0; r < 2; r++) {
			const uint64_t *row = a + r * (N / 2);
			int64_t best = 0, worst = 0;
			uint64_t sum = row[0];
			for (int64_t i = 1; i < N / 2; i++) {
				best = row[i] > row[best] ? i : best;
				worst = row[i] < row[worst] ? i : worst;
				sum += row[i];
			}
			assert_int_equal(at[r], best);
			assert_int_equal(least_at[r], worst);
			assert_true(mean[r] == sum / (N / 2));
			assert_true(total[r] == sum);
			assert_true(sorted[r * (N / 2)] == row[best]);
			for (unsigned i = 1; i < N / 2; i++)
				assert_true(sorted[r * (N / 2) + i] <= sorted[r * (N / 2) + i - 1]);
			assert_true(sorted[r * (N / 2) + N / 2 - 1] == row[worst]);
		}
		reduced("ReduceMax", a, GS_U64, y, sizeof(y), "y");
		assert_true(y[0] == a[at[0]] && y[1] == a[N / 2 + at[1]]);
		reduced("ReduceMin", a, GS_U64, y, sizeof(y), "y");
		assert_true(y[0] == a[least_at[0]] && y[1] == a[N / 2 + least_at[1]]);
	}
}

static void clip_and_sign(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 23);
	for (unsigned round = 0; round < 60; round++) {
		uint64_t a[N], y[N], low = draw(&rng), high = draw(&rng);
		bool has_low = round % 4 != 1, has_high = round % 4 != 2, fixed = round % 8 < 4;
		struct ob o;
		fill(&rng, a);
		ob_init(&o, 18);
		ob_input(&o, "a", GS_U64, 1, (int64_t[]){N});
		if (!fixed) {
			ob_input(&o, "l", GS_U64, 0, NULL);
			ob_input(&o, "h", GS_U64, 0, NULL);
		} else {
			ob_initializer(&o, "l", GS_U64, 0, NULL, &low);
			ob_initializer(&o, "h", GS_U64, 0, NULL, &high);
		}
		ob_node(&o, "Clip", has_low && has_high ? "a,l,h" : has_low ? "a,l" : "a,,h", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_U64);
		run(&o, GS_U64, fixed ? 1 : 3, (const void *[]){a, &low, &high}, y, sizeof(y));
		for (unsigned i = 0; i < N; i++) {
			uint64_t want = has_low && a[i] < low ? low : a[i];
			assert_true(y[i] == (has_high && want > high ? high : want));
		}
		ob_init(&o, 18);
		ob_input(&o, "a", GS_U64, 1, (int64_t[]){N});
		ob_node(&o, "Sign", "a", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_U64);
		run(&o, GS_U64, 1, (const void *[]){a}, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_true(y[i] == (a[i] != 0));
	}
}

/* Later updates of the same place: the greater one stays. */
static void scatter_by_order(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 24);
	for (unsigned round = 0; round < 40; round++) {
		uint64_t data[N], update[N], y[N];
		int64_t index[N];
		bool max = round % 2;
		fill(&rng, data);
		fill(&rng, update);
		for (unsigned i = 0; i < N; i++)
			index[i] = (int64_t)gs_rng_below(&rng, N);
		struct ob o;
		ob_init(&o, 18);
		ob_input(&o, "x", GS_U64, 1, (int64_t[]){N});
		ob_input(&o, "u", GS_U64, 1, (int64_t[]){N});
		ob_initializer(&o, "i", GS_I64, 1, (uint32_t[]){N}, index);
		ob_node(&o, "ScatterElements", "x,i,u", "y");
		ob_attr_text(&o, "reduction", max ? "max" : "min");
		ob_end(&o);
		ob_output(&o, "y", GS_U64);
		run(&o, GS_U64, 2, (const void *[]){data, update}, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			if (max ? update[i] > data[index[i]] : update[i] < data[index[i]])
				data[index[i]] = update[i];
		assert_memory_equal(y, data, sizeof(data));
	}
}

static void convert(const char *op, enum gs_dtype from, enum gs_dtype to, const void *in, void *out, size_t bytes)
{
	struct ob o;
	ob_init(&o, 26);
	ob_input(&o, "a", (int)from, 1, (int64_t[]){N});
	ob_node(&o, op, "a", "y");
	ob_attr_int(&o, "to", (int64_t)to);
	ob_end(&o);
	ob_output(&o, "y", (int)to);
	run(&o, from, 1, (const void *[]){in}, out, bytes);
}

static void casts(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 25);
	for (unsigned round = 0; round < 60; round++) {
		uint64_t a[N], y[N];
		float f[N], g[N];
		fill(&rng, a);
		convert("Cast", GS_U64, GS_F32, a, g, sizeof(g));
		for (unsigned i = 0; i < N; i++) {
			assert_true(g[i] == (float)a[i]); /* the processor's conversion: nearest even */
			f[i] = ldexpf((float)gs_rng_below(&rng, 1U << 24), (int)gs_rng_below(&rng, 50) - 8);
		}
		f[0] = -1.0F;
		f[1] = 3e38F;
		convert("Cast", GS_F32, GS_U64, f, y, sizeof(y));
		for (unsigned i = 2; i < N; i++)
			assert_true(y[i] == (f[i] < 18446744073709551616.0F ? (uint64_t)f[i] : UINT64_MAX));
		assert_true(y[0] == 0 && y[1] == UINT64_MAX);
	}
}

static void bit_casts(void **state)
{
	(void)state;
	static const struct {
		enum gs_dtype from, to;
	} pair[] = {{GS_F32, GS_I32}, {GS_F32, GS_U32}, {GS_I32, GS_F32}, {GS_U32, GS_F32}, {GS_I32, GS_U32},
	            {GS_U32, GS_I32}, {GS_I8, GS_U8},   {GS_U8, GS_I8},   {GS_I16, GS_U16}, {GS_U16, GS_I16},
	            {GS_I64, GS_U64}, {GS_U64, GS_I64}, {GS_BOOL, GS_U8}, {GS_BOOL, GS_I8}};
	struct gs_rng rng;
	gs_rng_seed(&rng, 26);
	for (unsigned round = 0; round < 140; round++) {
		enum gs_dtype from = pair[round % GS_ARRAY_LEN(pair)].from, to = pair[round % GS_ARRAY_LEN(pair)].to;
		uint64_t a[N], y[N];
		for (unsigned i = 0; i < N; i++)
			a[i] = gs_rng_u64(&rng);
		if (from == GS_BOOL)
			for (unsigned i = 0; i < N * 8; i++)
				((uint8_t *)a)[i] &= 1;
		for (unsigned i = 0; i < 2 * N; i++) /* a NaN keeps no payload */
			if (isnan(gs_f32_from_bits(((uint32_t *)a)[i])) && (from == GS_F32 || to == GS_F32))
				((uint32_t *)a)[i] = GS_F32_NAN;
		convert("BitCast", from, to, a, y, (size_t)N * gs_dtype_bytes(from));
		assert_memory_equal(a, y, (size_t)N * gs_dtype_bytes(from));
	}
}

static void float_remainders(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 27);
	for (unsigned round = 0; round < 60; round++) {
		float a[N], b[N], y[N];
		for (unsigned i = 0; i < N; i++) {
			a[i] = ldexpf((float)gs_rng_below(&rng, 1U << 24) - 8388608.0F,
			              (int)gs_rng_below(&rng, 60) - 40);
			b[i] = ldexpf((float)gs_rng_below(&rng, 1U << 12) - 2048.5F, (int)gs_rng_below(&rng, 30) - 20);
		}
		struct ob o;
		ob_init(&o, 18);
		ob_input(&o, "a", GS_F32, 1, (int64_t[]){N});
		ob_input(&o, "b", GS_F32, 1, (int64_t[]){N});
		ob_node(&o, "Mod", "a,b", "y");
		ob_attr_int(&o, "fmod", 1);
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		run(&o, GS_F32, 2, (const void *[]){a, b}, y, sizeof(y));
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(gs_f32_to_bits(y[i]), gs_f32_to_bits(fmodf(a[i], b[i])));
	}
}

/* What has no form here is refused by name. */
static void refusals(void **state)
{
	(void)state;
	static const struct {
		const char *op;
		int from, to;
		const char *says;
	} row[] = {
		{"BitCast", GS_F16, GS_I16, "from f16 to i16"},
		{"BitCast", GS_U16, GS_BF16, "from u16 to bf16"},
		{"BitCast", GS_F16, GS_BF16, "from f16 to bf16"},
		{"BitCast", GS_F32, GS_I64, "another width"},
		{"BitCast", GS_F32, 11, "DOUBLE"},
		{"Mod", GS_F32, GS_F32, "fmod = 1"},
	};
	for (unsigned i = 0; i < GS_ARRAY_LEN(row); i++) {
		struct ob o;
		struct gs_error error = {0};
		struct gs_program p;
		ob_init(&o, 26);
		ob_input(&o, "a", row[i].from, 1, (int64_t[]){N});
		ob_node(&o, row[i].op, row[i].op[0] == 'M' ? "a,a" : "a", "y");
		if (row[i].op[0] == 'B')
			ob_attr_int(&o, "to", row[i].to);
		ob_end(&o);
		ob_output(&o, "y", row[i].to);
		struct gs_buf b = ob_finish(&o);
		assert_int_not_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error), GS_OK);
		if (strstr(error.text, row[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", error.text, row[i].says);
		gs_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_division),
		cmocka_unit_test(reductions_and_ranks),
		cmocka_unit_test(clip_and_sign),
		cmocka_unit_test(scatter_by_order),
		cmocka_unit_test(casts),
		cmocka_unit_test(bit_casts),
		cmocka_unit_test(float_remainders),
		cmocka_unit_test(refusals),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
