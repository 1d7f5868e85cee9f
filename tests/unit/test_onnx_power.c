/* Pow as it is lowered: f32.pow with broadcasting, integers exactly, the two mixed; constants keep their formulas. */
#include "challenge/machine/trace.h"
#include "chain/core/rng.h"
#include "tests/support/mpfr_f32.h"
#include "tests/support/onnx_builder.h"
#include "validator/onnx/onnx.h"

#include <gmp.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ROWS = 3, COLUMNS = 4, COUNT = ROWS * COLUMNS };

/* y = Pow(a[ROWS, COLUMNS], b); b of rank 1 (COLUMNS) an input or, when constant, an initializer. Result owned by the
 * caller; *fn collects the codes of the program's instructions as a set of 256 bits. */
static void *power(enum gs_dtype ta, const void *a, enum gs_dtype tb, const void *b, bool constant, uint64_t fn[4])
{
	struct ob o;
	struct gs_error error = {0};
	struct gs_program p;
	ob_init(&o, 15);
	ob_input(&o, "a", (int)ta, 2, (int64_t[]){ROWS, COLUMNS});
	if (constant)
		ob_initializer(&o, "b", tb, 1, (uint32_t[]){COLUMNS}, b);
	else
		ob_input(&o, "b", (int)tb, 1, (int64_t[]){COLUMNS});
	ob_node(&o, "Pow", "a,b", "y");
	ob_end(&o);
	ob_output(&o, "y", (int)ta);
	struct gs_buf model = ob_finish(&o);
	if (gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error) != GS_OK)
		fail_msg("%s", error.text);
	uint8_t *in = calloc(p.header.inputs_chunks + 1U, GS_CHUNK_BYTES);
	uint8_t *trace = calloc(1, gs_program_trace_bytes(&p));
	ob_pack(ta, a, COUNT, in);
	if (!constant)
		ob_pack(tb, b, COLUMNS, in + (size_t)p.io.input[1].chunk * GS_CHUNK_BYTES);
	gs_interpret(&p, &(struct gs_memory){.trace = trace, .weights = p.weights, .inputs = in});
	memset(fn, 0, 4 * sizeof(*fn));
	for (uint32_t i = 0; i < p.header.instructions; i++)
		fn[gs_program_instr(&p, i).fn / 64] |= UINT64_C(1) << gs_program_instr(&p, i).fn % 64;
	size_t bytes = (size_t)COUNT * gs_dtype_bytes(ta);
	void *out = malloc(bytes);
	ob_unpack(ta, trace + (size_t)p.header.output_chunk * GS_CHUNK_BYTES, bytes / gs_dtype_bytes(ta), out);
	free(in);
	free(trace);
	gs_program_free(&p);
	gs_buf_free(&model);
	return out;
}

static bool has(const uint64_t fn[4], unsigned code)
{
	return fn[code / 64] >> code % 64 & 1;
}

static uint32_t mpfr_pow_bits(float a, float b)
{
	uint32_t r;
	assert_true(mpfr_f32_apply(0x28, gs_f32_to_bits(a), gs_f32_to_bits(b), 0, &r));
	return r;
}

static void floats(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 21);
	for (unsigned round = 0; round < 50; round++) {
		float a[COUNT], b[COLUMNS];
		uint64_t fn[4];
		for (unsigned i = 0; i < COUNT; i++)
			a[i] = (float)gs_rng_below(&rng, 2000) / 100.0F - (round % 2 ? 10.0F : 0.0F);
		for (unsigned i = 0; i < COLUMNS; i++)
			b[i] = round % 2 ? (float)gs_rng_below(&rng, 20) - 10.0F
			                 : (float)gs_rng_below(&rng, 999) / 77.0F - 6.0F;
		float *have = power(GS_F32, a, GS_F32, b, round % 3 == 0, fn);
		assert_true(has(fn, GS_FN_F32_POW));
		for (unsigned i = 0; i < COUNT; i++)
			assert_int_equal(gs_f32_to_bits(have[i]), mpfr_pow_bits(a[i], b[i % COLUMNS]));
		free(have);
	}
}

/* A constant exponent that has a formula keeps it; any other is f32.pow. */
static void constants(void **state)
{
	(void)state;
	static const struct {
		float b;
		unsigned fn;
	} row[] = {{2, GS_FN_F32_MUL}, {3, GS_FN_F32_MUL},     {0.5F, GS_FN_F32_SQRT}, {-1, GS_FN_F32_DIV},
	           {4, GS_FN_F32_POW}, {0.25F, GS_FN_F32_POW}, {0, GS_FN_F32_POW},     {-2, GS_FN_F32_POW}};
	float a[COUNT];
	for (unsigned i = 0; i < COUNT; i++)
		a[i] = (float)i * 0.37F + 0.1F;
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++) {
		float b[COLUMNS] = {row[n].b, row[n].b, row[n].b, row[n].b};
		/* Four elements, even of the same value, are not one constant. */
		uint64_t fn[4];
		free(power(GS_F32, a, GS_F32, b, true, fn));
		assert_true(has(fn, GS_FN_F32_POW));
		struct ob o;
		struct gs_error error = {0};
		struct gs_program p;
		ob_init(&o, 15);
		ob_input(&o, "a", GS_F32, 2, (int64_t[]){ROWS, COLUMNS});
		ob_initializer(&o, "b", GS_F32, 0, NULL, b);
		ob_node(&o, "Pow", "a,b", "y");
		ob_end(&o);
		ob_output(&o, "y", GS_F32);
		struct gs_buf model = ob_finish(&o);
		if (gs_onnx_lower(gs_buf_view(&model), NULL, &p, NULL, &error) != GS_OK)
			fail_msg("%s", error.text);
		assert_int_equal(gs_program_instr(&p, p.header.instructions - 1).fn, row[n].fn);
		gs_program_free(&p);
		gs_buf_free(&model);
	}
}

/* a^b modulo 2^bits by GMP for b >= 0; below 0 the real value, toward zero, and 0 for a = 0. */
static uint64_t whole_power(int64_t a, uint64_t b, bool negative, unsigned bits)
{
	if (negative) {
		if (a == 1)
			return 1;
		return a == -1 ? (b & 1 ? UINT64_MAX : 1) : 0;
	}
	mpz_t x, y, m;
	mpz_inits(x, y, m, NULL);
	mpz_set_si(x, (long)a);
	mpz_set_ui(y, b);
	mpz_ui_pow_ui(m, 2, bits);
	mpz_powm(x, x, y, m);
	uint64_t r = mpz_get_ui(x);
	mpz_clears(x, y, m, NULL);
	return r;
}

static int64_t draw(struct gs_rng *rng)
{
	static const int64_t edge[] = {0, 1, -1, 2, -2, 3, 7, 10, INT32_MAX, INT32_MIN};
	if (gs_rng_below(rng, 2))
		return edge[gs_rng_below(rng, GS_ARRAY_LEN(edge))];
	return (int64_t)gs_rng_u64(rng) >> gs_rng_below(rng, 64);
}

static void integers(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 22);
	for (unsigned round = 0; round < 120; round++) {
		int64_t a64[COUNT], b64[COLUMNS];
		int32_t a32[COUNT], b32[COLUMNS];
		uint8_t b8[COLUMNS];
		uint64_t fn[4];
		bool constant = round / 3 % 2;
		for (unsigned i = 0; i < COUNT; i++)
			a32[i] = (int32_t)(uint32_t)(uint64_t)(a64[i] = draw(&rng));
		for (unsigned i = 0; i < COLUMNS; i++) {
			b64[i] = draw(&rng);
			b32[i] = (int32_t)gs_rng_below(&rng, 70) - (round & 1 ? 3 : 0);
			b8[i] = (uint8_t)gs_rng_below(&rng, 256);
		}
		if (round % 3 == 0) { /* i64 to i64 (or, the same bits read unsigned, u64) */
			bool u64 = round % 2;
			int64_t *have = power(GS_I64, a64, u64 ? GS_U64 : GS_I64, b64, constant, fn);
			for (unsigned i = 0; i < COUNT; i++) {
				int64_t b = b64[i % COLUMNS];
				assert_true((uint64_t)have[i] == whole_power(a64[i], (uint64_t)b, !u64 && b < 0, 64));
			}
			free(have);
		} else if (round % 3 == 1) {
			int32_t *have = power(GS_I32, a32, GS_I32, b32, constant, fn);
			for (unsigned i = 0; i < COUNT; i++) {
				int32_t b = b32[i % COLUMNS];
				assert_int_equal((uint32_t)have[i],
				                 (uint32_t)whole_power(a32[i], (uint64_t)(int64_t)b, b < 0, 32));
			}
			free(have);
		} else {
			int64_t *have = power(GS_I64, a64, GS_U8, b8, constant, fn);
			for (unsigned i = 0; i < COUNT; i++)
				assert_true((uint64_t)have[i] == whole_power(a64[i], b8[i % COLUMNS], false, 64));
			free(have);
		}
		assert_false(has(fn, GS_FN_F32_POW));
	}
}

/* The result has the base's type; what is an integer becomes a binary32 first. */
static void mixed(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 23);
	for (unsigned round = 0; round < 60; round++) {
		float a[COUNT], b[COLUMNS];
		int32_t ai[COUNT];
		uint64_t bi[COLUMNS], fn[4];
		for (unsigned i = 0; i < COUNT; i++) {
			a[i] = (float)gs_rng_below(&rng, 300) / 100.0F;
			ai[i] = (int32_t)gs_rng_below(&rng, 200) - 100;
		}
		for (unsigned i = 0; i < COLUMNS; i++) {
			b[i] = (float)gs_rng_below(&rng, 40) / 8.0F;
			bi[i] = i == 0 ? UINT64_MAX - gs_rng_below(&rng, 9) : gs_rng_below(&rng, 30);
		}
		float *y = power(GS_F32, a, GS_U64, bi, round % 2, fn);
		for (unsigned i = 0; i < COUNT; i++)
			assert_int_equal(gs_f32_to_bits(y[i]), mpfr_pow_bits(a[i], (float)bi[i % COLUMNS]));
		free(y);
		int32_t *z = power(GS_I32, ai, GS_F32, b, round % 2, fn);
		for (unsigned i = 0; i < COUNT; i++) {
			float r = gs_f32_from_bits(mpfr_pow_bits((float)ai[i], b[i % COLUMNS]));
			int32_t want = isnan(r) ? 0 : r >= 0x1p31F ? INT32_MAX : r < -0x1p31F ? INT32_MIN : (int32_t)r;
			assert_int_equal(z[i], want);
		}
		free(z);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floats),
		cmocka_unit_test(constants),
		cmocka_unit_test(integers),
		cmocka_unit_test(mixed),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
