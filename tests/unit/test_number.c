/* Storage conversions: exhaustive over the 16-bit types, and binary32 -> 16 bits against a search over all of them. */
#include "challenge/machine/number.h"

#include "chain/core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* The value of a small binary float from first principles: sign, exponent, fraction. */
static double small_value(unsigned bits, unsigned exponent_bits, unsigned fraction_bits)
{
	unsigned exponent = bits >> fraction_bits & ((1u << exponent_bits) - 1);
	unsigned fraction = bits & ((1u << fraction_bits) - 1);
	int bias = (1 << (exponent_bits - 1)) - 1;
	double v = exponent ? ldexp(1.0 + ldexp(fraction, -(int)fraction_bits), (int)exponent - bias)
	                    : ldexp(fraction, 1 - bias - (int)fraction_bits);
	return bits >> (exponent_bits + fraction_bits) ? -v : v;
}

static void widening_is_exact(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 65536; bits++) {
		uint32_t half = gs_f16_to_f32((uint16_t)bits), brain = gs_bf16_to_f32((uint16_t)bits);
		if ((bits & 0x7c00) != 0x7c00) {
			assert_true((double)gs_f32_from_bits(half) == small_value(bits, 5, 10));
			assert_int_equal(half >> 31, bits >> 15);
			assert_int_equal(gs_f32_to_f16(half), bits);
		} else {
			assert_int_equal(half, bits & 0x3ff ? GS_F32_NAN : (bits & 0x8000) << 16 | 0x7f800000u);
		}
		if ((bits & 0x7f80) != 0x7f80) {
			assert_true((double)gs_f32_from_bits(brain) == small_value(bits, 8, 7));
			assert_int_equal(gs_f32_to_bf16(brain), bits);
		} else {
			assert_int_equal(brain, bits & 0x7f ? GS_F32_NAN : bits << 16);
		}
	}
}

/* Round to nearest even by looking at the two neighbours, in exact binary64 arithmetic. */
static unsigned nearest(double magnitude, unsigned exponent_bits, unsigned fraction_bits)
{
	unsigned infinity = ((1u << exponent_bits) - 1) << fraction_bits;
	unsigned low = 0, high = infinity;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;
		if (small_value(middle, exponent_bits, fraction_bits) <= magnitude)
			low = middle;
		else
			high = middle;
	}
	double below = small_value(low, exponent_bits, fraction_bits);
	/* The value that infinity's place would have: one more step of the top binade. */
	double above = high == infinity ? 2 * below - small_value(low - 1, exponent_bits, fraction_bits)
	                                : small_value(high, exponent_bits, fraction_bits);
	if (magnitude - below == above - magnitude)
		return low & 1 ? high : low;
	return magnitude - below < above - magnitude ? low : high;
}

static void narrowing_rounds_to_nearest_even(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 1);
	for (unsigned n = 0; n < 400000; n++) {
		uint32_t bits = (uint32_t)gs_rng_u64(&rng);
		if (n % 3 == 0) /* halfway cases and their neighbours */
			bits = (gs_f16_to_f32((uint16_t)bits) + (n % 2 ? 0x1000 : 0x8000)) +
			       (uint32_t)gs_rng_below(&rng, 3) - 1;
		if (n % 3 == 1) /* where binary16 is subnormal or overflows */
			bits = (bits & 0x807fffff) | (uint32_t)(100 + gs_rng_below(&rng, 46)) << 23;
		uint32_t magnitude = bits & 0x7fffffff;
		if (magnitude > 0x7f800000) {
			assert_int_equal(gs_f32_to_f16(bits), GS_F16_NAN);
			assert_int_equal(gs_f32_to_bf16(bits), GS_BF16_NAN);
			continue;
		}
		unsigned sign = bits >> 31 << 15;
		double v = magnitude == 0x7f800000 ? 1e300 : (double)gs_f32_from_bits(magnitude);
		assert_int_equal(gs_f32_to_f16(bits), sign | nearest(v, 5, 10));
		assert_int_equal(gs_f32_to_bf16(bits), sign | nearest(v, 8, 7));
	}
}

static void loads_and_stores(void **state)
{
	(void)state;
	assert_int_equal(gs_load(GS_F32, 0xffc00001), GS_F32_NAN);
	assert_int_equal(gs_store(GS_F32, 0x7f800001), GS_F32_NAN);
	assert_int_equal(gs_load(GS_F32, 0x80000000), 0x80000000);
	assert_int_equal(gs_load(GS_I8, 0x80), 0xffffff80);
	assert_int_equal(gs_load(GS_I16, 0x8001), 0xffff8001);
	assert_int_equal(gs_load(GS_I16, 0x7fff), 0x7fff);
	assert_int_equal(gs_load(GS_U8, 0xff), 0xff);
	assert_int_equal(gs_load(GS_BOOL, 0x80), 1);
	assert_int_equal(gs_store(GS_BOOL, 0xffffff00), 1);
	assert_int_equal(gs_store(GS_I8, 0xffffff7f), 0x7f);
	assert_true(gs_load(GS_U32, 0xffffffff) == UINT64_C(0xffffffff));
	assert_true(gs_load(GS_U64, UINT64_MAX) == UINT64_MAX);
}

static void elements_are_packed_little_endian(void **state)
{
	(void)state;
	uint8_t chunk[GS_CHUNK_BYTES] = {0};
	gs_element_write(chunk, GS_F32, 1, 0x3f800000);
	assert_int_equal(chunk[7], 0x3f);
	gs_element_write(chunk, GS_I64, 1, UINT64_C(0x0102030405060708));
	assert_int_equal(chunk[8], 0x08);
	assert_int_equal(chunk[15], 0x01);
	assert_true(gs_element_bits(chunk, GS_U16, 4) == 0x0708);
	assert_int_equal(gs_dtype_chunks(GS_F32, 0), 0);
	assert_int_equal(gs_dtype_chunks(GS_F32, 32), 1);
	assert_int_equal(gs_dtype_chunks(GS_F32, 33), 2);
	assert_int_equal(gs_dtype_per_chunk(GS_I64), 16);
	assert_int_equal(gs_dtype_per_chunk(GS_BOOL), 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widening_is_exact),
		cmocka_unit_test(narrowing_rounds_to_nearest_even),
		cmocka_unit_test(loads_and_stores),
		cmocka_unit_test(elements_are_packed_little_endian),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
