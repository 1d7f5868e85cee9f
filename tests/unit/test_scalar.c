/* The scalar table: binary32 against MPFR, integers against wider arithmetic, special values against the page. */
#include "challenge/machine/scalar.h"

#include "chain/core/rng.h"
#include "tests/support/mpfr_f32.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const uint32_t special[] = {
	0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
	0x80800000, 0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001, 0x7f7fffff, 0xff7fffff,
	0x7f800000, 0xff800000, 0x7fc00000, 0x40490fdb, 0x4b000000, 0x34000000,
};

static uint32_t operand(struct gs_rng *rng)
{
	uint64_t r = gs_rng_u64(rng);
	if (r % 8 == 0)
		return special[r / 8 % GS_ARRAY_LEN(special)];
	if (r % 8 < 4) /* near one another, so that cancellation and ties happen */
		return (uint32_t)(r >> 32 & 0x80ffffff) | 0x3f000000u;
	return (uint32_t)gs_load(GS_F32, r >> 32);
}

static void binary32_agrees_with_mpfr(void **state)
{
	(void)state;
	static const unsigned codes[] = {
		GS_FN_F32_ADD,   GS_FN_F32_SUB,   GS_FN_F32_MUL,   GS_FN_F32_DIV,   GS_FN_F32_FMA,   GS_FN_F32_SQRT,
		GS_FN_F32_EXP,   GS_FN_F32_LOG,   GS_FN_F32_TANH,  GS_FN_F32_ERF,   GS_FN_F32_FLOOR, GS_FN_F32_CEIL,
		GS_FN_F32_TRUNC, GS_FN_F32_ROUND, GS_FN_F32_SIN,   GS_FN_F32_COS,   GS_FN_F32_EXPM1, GS_FN_F32_LOG1P,
		GS_FN_F32_MOD,   GS_FN_F32_ATAN,  GS_FN_F32_TAN,   GS_FN_F32_ASIN,  GS_FN_F32_ACOS,  GS_FN_F32_SINH,
		GS_FN_F32_COSH,  GS_FN_F32_ASINH, GS_FN_F32_ACOSH, GS_FN_F32_ATANH, GS_FN_F32_POW};
	struct gs_rng rng;
	gs_rng_seed(&rng, 2);
	for (unsigned n = 0; n < 200000; n++) {
		unsigned code = codes[n % GS_ARRAY_LEN(codes)];
		uint32_t a = operand(&rng), b = operand(&rng), c = operand(&rng), expected = 0;
		assert_true(mpfr_f32_apply(code, a, b, c, &expected));
		gs_reg got = gs_fn_apply(code, a, b, c);
		if (got != expected)
			fail_msg("%s(%08x, %08x, %08x) = %08x, MPFR says %08x", gs_fn_info(code)->name, a, b, c,
			         (unsigned)got, expected);
	}
}

static void integers_become_binary32_rounded_once(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 3);
	for (unsigned n = 0; n < 100000; n++) {
		uint64_t v = gs_rng_u64(&rng) >> gs_rng_below(&rng, 64);
		v = n % 2 ? UINT64_C(0) - v : v;
		uint32_t expected = 0;
		assert_true(mpfr_f32_apply(GS_FN_I64_TO_F32, v, 0, 0, &expected));
		assert_int_equal(gs_fn_apply(GS_FN_I64_TO_F32, v, 0, 0), expected);
		assert_true(mpfr_f32_apply(GS_FN_U64_TO_F32, v, 0, 0, &expected));
		assert_int_equal(gs_fn_apply(GS_FN_U64_TO_F32, v, 0, 0), expected);
		assert_true(mpfr_f32_apply(GS_FN_I32_TO_F32, (uint32_t)v, 0, 0, &expected));
		assert_int_equal(gs_fn_apply(GS_FN_I32_TO_F32, (uint32_t)v, 0, 0), expected);
	}
}

static void order_and_comparison(void **state)
{
	(void)state;
	const uint32_t nan = GS_F32_NAN, inf = 0x7f800000, zero = 0, minus_zero = 0x80000000, one = 0x3f800000;
	assert_int_equal(gs_fn_apply(GS_FN_F32_MIN, zero, minus_zero, 0), minus_zero);
	assert_int_equal(gs_fn_apply(GS_FN_F32_MAX, minus_zero, zero, 0), zero);
	assert_int_equal(gs_fn_apply(GS_FN_F32_MAX, nan, inf, 0), nan);
	assert_int_equal(gs_fn_apply(GS_FN_F32_MIN, inf, nan, 0), nan);
	assert_int_equal(gs_fn_apply(GS_FN_F32_NEG, nan, 0, 0), nan);
	assert_int_equal(gs_fn_apply(GS_FN_F32_ABS, minus_zero, 0, 0), zero);
	assert_int_equal(gs_fn_apply(GS_FN_F32_EQ, zero, minus_zero, 0), 1);
	assert_int_equal(gs_fn_apply(GS_FN_F32_LT, minus_zero, zero, 0), 0);
	assert_int_equal(gs_fn_apply(GS_FN_F32_LE, nan, nan, 0), 0);
	assert_int_equal(gs_fn_apply(GS_FN_F32_CLIP, 0x40000000, zero, one), one);
	assert_int_equal(gs_fn_apply(GS_FN_F32_CLIP, nan, zero, one), nan);
	assert_int_equal(gs_fn_apply(GS_FN_F32_SELECT, 2, one, zero), one);
	for (unsigned n = 0; n < GS_ARRAY_LEN(special); n++)
		for (unsigned m = 0; m < GS_ARRAY_LEN(special); m++) {
			float x = gs_f32_from_bits(special[n]), y = gs_f32_from_bits(special[m]);
			assert_int_equal(gs_fn_apply(GS_FN_F32_LT, special[n], special[m], 0), x < y);
			assert_int_equal(gs_fn_apply(GS_FN_F32_LE, special[n], special[m], 0), x <= y);
			assert_int_equal(gs_fn_apply(GS_FN_F32_EQ, special[n], special[m], 0), x == y);
			if (x < y) {
				assert_int_equal(gs_fn_apply(GS_FN_F32_MIN, special[m], special[n], 0), special[n]);
				assert_int_equal(gs_fn_apply(GS_FN_F32_MAX, special[n], special[m], 0), special[m]);
			}
		}
}

static void roundings_to_integers(void **state)
{
	(void)state;
	static const struct {
		uint32_t from, floor, ceil, trunc, round;
	} row[] = {
		{0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000},
		{0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000},
		{0x00000001, 0x00000000, 0x3f800000, 0x00000000, 0x00000000},
		{0x80000001, 0xbf800000, 0x80000000, 0x80000000, 0x80000000},
		{0x3f000000, 0x00000000, 0x3f800000, 0x00000000, 0x00000000}, /* 0.5 */
		{0xbf000000, 0xbf800000, 0x80000000, 0x80000000, 0x80000000},
		{0x3f000001, 0x00000000, 0x3f800000, 0x00000000, 0x3f800000},
		{0x3fc00000, 0x3f800000, 0x40000000, 0x3f800000, 0x40000000}, /* 1.5 */
		{0xc0200000, 0xc0400000, 0xc0000000, 0xc0000000, 0xc0000000}, /* -2.5 */
		{0x4affffff, 0x4afffffe, 0x4b000000, 0x4afffffe, 0x4b000000}, /* 2^23 - 0.5 */
		{0x4b000001, 0x4b000001, 0x4b000001, 0x4b000001, 0x4b000001},
		{0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000},
		{0xff800000, 0xff800000, 0xff800000, 0xff800000, 0xff800000},
		{0xffc00001, GS_F32_NAN, GS_F32_NAN, GS_F32_NAN, GS_F32_NAN},
	};
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++) {
		assert_int_equal(gs_fn_apply(GS_FN_F32_FLOOR, row[n].from, 0, 0), row[n].floor);
		assert_int_equal(gs_fn_apply(GS_FN_F32_CEIL, row[n].from, 0, 0), row[n].ceil);
		assert_int_equal(gs_fn_apply(GS_FN_F32_TRUNC, row[n].from, 0, 0), row[n].trunc);
		assert_int_equal(gs_fn_apply(GS_FN_F32_ROUND, row[n].from, 0, 0), row[n].round);
	}
}

static void special_values_of_the_page(void **state)
{
	(void)state;
	enum { INF = 0x7f800000, ONE = 0x3f800000, NAN_ = GS_F32_NAN };
	static const struct { /* of +0, -0, +inf, -inf, 1, -1, 2, -2 */
		unsigned code;
		uint32_t of[8];
	} row[] = {
		{GS_FN_F32_ATAN,
	         {0, 0x80000000, 0x3fc90fdb, 0xbfc90fdb, 0x3f490fdb, 0xbf490fdb, 0x3f8db70d, 0xbf8db70d}},
		{GS_FN_F32_TAN, {0, 0x80000000, NAN_, NAN_, 0x3fc75923, 0xbfc75923, 0xc00bd7b1, 0x400bd7b1}},
		{GS_FN_F32_ASIN, {0, 0x80000000, NAN_, NAN_, 0x3fc90fdb, 0xbfc90fdb, NAN_, NAN_}},
		{GS_FN_F32_ACOS, {0x3fc90fdb, 0x3fc90fdb, NAN_, NAN_, 0, 0x40490fdb, NAN_, NAN_}},
		{GS_FN_F32_SINH, {0, 0x80000000, INF, 0xff800000, 0x3f966cfe, 0xbf966cfe, 0x40681e7b, 0xc0681e7b}},
		{GS_FN_F32_COSH, {ONE, ONE, INF, INF, 0x3fc583ab, 0x3fc583ab, 0x4070c7d0, 0x4070c7d0}},
		{GS_FN_F32_ASINH, {0, 0x80000000, INF, 0xff800000, 0x3f61a1b3, 0xbf61a1b3, 0x3fb8c90c, 0xbfb8c90c}},
		{GS_FN_F32_ACOSH, {NAN_, NAN_, INF, NAN_, 0, NAN_, 0x3fa89214, NAN_}},
		{GS_FN_F32_ATANH, {0, 0x80000000, NAN_, NAN_, INF, 0xff800000, NAN_, NAN_}},
	};
	static const uint32_t at[] = {0, 0x80000000, INF, 0xff800000, ONE, 0xbf800000, 0x40000000, 0xc0000000};
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++)
		for (unsigned i = 0; i < GS_ARRAY_LEN(at); i++) {
			gs_reg got = gs_fn_apply(row[n].code, at[i], 0, 0);
			if (got != row[n].of[i])
				fail_msg("%s(%08x) = %08x, not %08x", gs_fn_info(row[n].code)->name, at[i],
				         (unsigned)got, row[n].of[i]);
			assert_int_equal(gs_fn_apply(row[n].code, GS_F32_NAN, 0, 0), GS_F32_NAN);
		}
}

static void casts_saturate(void **state)
{
	(void)state;
	static const struct {
		uint32_t from;
		uint32_t i32;
		uint64_t i64;
	} row[] = {
		{0x7fc00000, 0, 0},
		{0x7f800000, 0x7fffffff, INT64_MAX},
		{0xff800000, 0x80000000, UINT64_C(1) << 63},
		{0x4f000000, 0x7fffffff, UINT64_C(0x80000000)}, /* 2^31 */
		{0xcf000000, 0x80000000, UINT64_C(0) - 0x80000000},
		{0x5f000000, 0x7fffffff, INT64_MAX}, /* 2^63 */
		{0xdf000000, 0x80000000, UINT64_C(1) << 63},
		{0x3f7fffff, 0, 0},
		{0xbf7fffff, 0, 0},
		{0xbfc00000, 0xffffffff, UINT64_MAX}, /* -1.5 */
		{0x4effffff, 0x7fffff80, 0x7fffff80},
		{0x00000001, 0, 0},
	};
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++) {
		assert_int_equal(gs_fn_apply(GS_FN_F32_TO_I32, row[n].from, 0, 0), row[n].i32);
		assert_true(gs_fn_apply(GS_FN_F32_TO_I64, row[n].from, 0, 0) == row[n].i64);
	}
	struct gs_rng rng;
	gs_rng_seed(&rng, 4);
	for (unsigned n = 0; n < 100000; n++) { /* where C defines the conversion, it is the oracle */
		uint32_t bits = (uint32_t)gs_rng_u64(&rng);
		float x = gs_f32_from_bits(bits);
		if (x > -9e18f && x < 9e18f)
			assert_true(gs_fn_apply(GS_FN_F32_TO_I64, gs_load(GS_F32, bits), 0, 0) == (uint64_t)(int64_t)x);
		if (x > -2e9f && x < 2e9f)
			assert_int_equal(gs_fn_apply(GS_FN_F32_TO_I32, gs_load(GS_F32, bits), 0, 0),
			                 (uint32_t)(int32_t)x);
	}
	assert_true(gs_fn_apply(GS_FN_I32_TO_I64, 0x80000000, 0, 0) == UINT64_C(0xffffffff80000000));
	assert_int_equal(gs_fn_apply(GS_FN_I64_TO_I32, UINT64_C(0x1234567890), 0, 0), 0x34567890);
}

/* 128-bit arithmetic, reduced at the end, says what wrapping means. */
static gs_reg expected_integer(unsigned k, __int128 a, __int128 b, __int128 c, unsigned width)
{
	unsigned __int128 mask = ((unsigned __int128)1 << width) - 1;
	__int128 r = 0;
	__int128 count = (__int128)((unsigned __int128)b & mask);
	switch (k) {
	case 0x01: r = a; break;
	case 0x02: r = a + b; break;
	case 0x03: r = a - b; break;
	case 0x04: r = a * b; break;
	case 0x05: r = b ? a / b : 0; break;
	case 0x06: r = b ? a % b : 0; break;
	case 0x07: r = a < b ? a : b; break;
	case 0x08: r = a > b ? a : b; break;
	case 0x09: r = -a; break;
	case 0x0a: r = a < 0 ? -a : a; break;
	case 0x0b: r = a & b; break;
	case 0x0c: r = a | b; break;
	case 0x0d: r = a ^ b; break;
	case 0x0e: r = ~a; break;
	case 0x0f: r = count >= width ? 0 : (__int128)((unsigned __int128)a << (int)count); break;
	case 0x10: r = count >= width ? (a < 0 ? -1 : 0) : a >> (int)count; break;
	case 0x11: r = a == b; break;
	case 0x12: r = a < b; break;
	case 0x13: r = a <= b; break;
	case 0x15: r = (a > b ? a : b) < c ? (a > b ? a : b) : c; break;
	case 0x16: r = (__int128)((unsigned __int128)a + (unsigned __int128)b * (unsigned __int128)c); break;
	default: fail_msg("no expectation for %#x", k);
	}
	return (gs_reg)((unsigned __int128)r & mask);
}

static void integers_wrap_and_define_everything(void **state)
{
	(void)state;
	static const uint64_t edge[] = {0,
	                                1,
	                                2,
	                                3,
	                                31,
	                                32,
	                                33,
	                                63,
	                                64,
	                                65,
	                                0x7fffffff,
	                                0x80000000,
	                                0xffffffff,
	                                INT64_MAX,
	                                UINT64_C(1) << 63,
	                                UINT64_MAX,
	                                UINT64_MAX - 1,
	                                UINT64_C(0xffffffff80000000)};
	struct gs_rng rng;
	gs_rng_seed(&rng, 5);
	for (unsigned base = 0x40; base <= 0x80; base += 0x40)
		for (unsigned k = 1; k <= 0x16; k++) {
			unsigned width = base == 0x40 ? 32 : 64;
			if (k == 0x14)
				continue;
			for (unsigned n = 0; n < 3000; n++) {
				uint64_t v[3];
				__int128 s[3];
				for (unsigned i = 0; i < 3; i++) {
					v[i] = gs_rng_below(&rng, 3) ? edge[gs_rng_below(&rng, GS_ARRAY_LEN(edge))]
					                             : gs_rng_u64(&rng);
					v[i] &= width == 32 ? UINT32_MAX : UINT64_MAX;
					s[i] = width == 32 ? (__int128)(int32_t)(uint32_t)v[i]
					                   : (__int128)(int64_t)v[i];
				}
				gs_reg got = gs_fn_apply(base + k, v[0], v[1], v[2]);
				if (got != expected_integer(k, s[0], s[1], s[2], width))
					fail_msg("%s(%llx, %llx, %llx) = %llx", gs_fn_info(base + k)->name,
					         (unsigned long long)v[0], (unsigned long long)v[1],
					         (unsigned long long)v[2], (unsigned long long)got);
			}
		}
	assert_true(gs_fn_apply(GS_FN_I64_SELECT, 0, UINT64_MAX, 7) == 7);
	assert_true(gs_fn_apply(GS_FN_I64_SELECT, 0x80000000, UINT64_MAX, 7) == UINT64_MAX);
}

static void remainders(void **state)
{
	(void)state;
	static const struct {
		uint32_t a, b, r;
	} row[] = {
		{0x40b00000, 0x40000000, 0x3fc00000}, /* 5.5 mod 2 = 1.5 */
		{0xc0b00000, 0x40000000, 0xbfc00000}, /* the sign is a's */
		{0xc0b00000, 0xc0000000, 0xbfc00000},
		{0x40b00000, 0xc0000000, 0x3fc00000},
		{0xc0800000, 0x40000000, 0x80000000}, /* -4 mod 2 = -0 */
		{0x40800000, 0xc0000000, 0x00000000},
		{0x80000000, 0x3f800000, 0x80000000},
		{0x00000000, 0xbf800000, 0x00000000},
		{0x7f7fffff, 0x00000001, 0x00000000}, /* every unit is a multiple of the least */
		{0x7f7fffff, 0x00000003, 0x00000000},
		{0x7f7fffff, 0x007fffff, 0x00000001},
		{0x3f800000, 0x7f800000, 0x3f800000}, /* b infinite: a */
		{0x80000001, 0xff800000, 0x80000001},
		{0x7f800000, 0x3f800000, GS_F32_NAN},
		{0xff800000, 0x7f800000, GS_F32_NAN},
		{0x3f800000, 0x80000000, GS_F32_NAN},
		{0x00000000, 0x00000000, GS_F32_NAN},
		{GS_F32_NAN, 0x3f800000, GS_F32_NAN},
		{0x3f800000, GS_F32_NAN, GS_F32_NAN},
		{0x7f800000, GS_F32_NAN, GS_F32_NAN},
		{0xffc00001, 0x00000000, GS_F32_NAN},
	};
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++) {
		gs_reg got = gs_fn_apply(GS_FN_F32_MOD, row[n].a, row[n].b, 0);
		if (got != row[n].r)
			fail_msg("f32.mod(%08x, %08x) = %08x, not %08x", row[n].a, row[n].b, (unsigned)got, row[n].r);
	}
	struct gs_rng rng;
	gs_rng_seed(&rng, 6);
	for (unsigned n = 0; n < 200000; n++) { /* the C library's fmodf is exact, too */
		uint32_t a = (uint32_t)gs_load(GS_F32, gs_rng_u64(&rng) & UINT32_MAX);
		uint32_t b = n % 2 ? operand(&rng) : (uint32_t)gs_load(GS_F32, gs_rng_u64(&rng) & UINT32_MAX);
		uint32_t expected = gs_f32_to_bits(fmodf(gs_f32_from_bits(a), gs_f32_from_bits(b)));
		if (gs_fn_apply(GS_FN_F32_MOD, a, b, 0) != expected)
			fail_msg("f32.mod(%08x, %08x) is not %08x", a, b, expected);
	}
}

static void unsigned_integers_and_bits(void **state)
{
	(void)state;
	static const uint64_t edge[] = {
		0, 1, 2, 3, 7, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1, UINT64_C(0xffffff7fffffffff)};
	struct gs_rng rng;
	gs_rng_seed(&rng, 7);
	for (unsigned n = 0; n < 50000; n++) {
		uint64_t a = n % 3 ? edge[gs_rng_below(&rng, GS_ARRAY_LEN(edge))]
		                   : gs_rng_u64(&rng) >> gs_rng_below(&rng, 64);
		uint64_t b = n % 5 ? edge[gs_rng_below(&rng, GS_ARRAY_LEN(edge))]
		                   : gs_rng_u64(&rng) >> gs_rng_below(&rng, 64);
		unsigned __int128 x = a, y = b;
		assert_true(gs_fn_apply(GS_FN_I64_ULT, a, b, 0) == (x < y));
		assert_true(gs_fn_apply(GS_FN_I64_ULE, a, b, 0) == (x <= y));
		assert_true(gs_fn_apply(GS_FN_I64_UDIV, a, b, 0) == (b == 0 ? 0 : (uint64_t)(x / y)));
		assert_true(gs_fn_apply(GS_FN_I64_UMOD, a, b, 0) == (b == 0 ? 0 : (uint64_t)(x % y)));
		assert_true(gs_fn_apply(GS_FN_I64_UMIN, a, b, 0) == (uint64_t)(x < y ? x : y));
		assert_true(gs_fn_apply(GS_FN_I64_UMAX, a, b, 0) == (uint64_t)(x < y ? y : x));
	}
	static const struct {
		uint32_t from;
		uint64_t u64;
	} row[] = {
		{GS_F32_NAN, 0},
		{0x7f800000, UINT64_MAX},
		{0xff800000, 0},
		{0xbf800000, 0}, /* -1 */
		{0x80000001, 0},
		{0x80000000, 0},
		{0x3f7fffff, 0},
		{0x3fffffff, 1},
		{0x5f7fffff, UINT64_C(0xffffff0000000000)}, /* the largest below 2^64 */
		{0x5f800000, UINT64_MAX},
		{0x5f000000, UINT64_C(1) << 63},
		{0x7f7fffff, UINT64_MAX},
	};
	for (unsigned n = 0; n < GS_ARRAY_LEN(row); n++)
		assert_true(gs_fn_apply(GS_FN_F32_TO_U64, row[n].from, 0, 0) == row[n].u64);
	for (unsigned n = 0; n < 100000; n++) { /* where C defines the conversion, it is the oracle */
		uint32_t bits = (uint32_t)gs_rng_u64(&rng) & 0x7fffffffu;
		float f = gs_f32_from_bits(bits);
		if (f < 18446744073709551616.0f)
			assert_true(gs_fn_apply(GS_FN_F32_TO_U64, bits, 0, 0) == (uint64_t)f);
		assert_int_equal(gs_fn_apply(GS_FN_F32_TO_BITS, bits, 0, 0), gs_load(GS_F32, bits));
		assert_int_equal(gs_fn_apply(GS_FN_F32_FROM_BITS, bits, 0, 0), gs_load(GS_F32, bits));
	}
	assert_int_equal(gs_fn_apply(GS_FN_U64_TO_F32, UINT64_MAX, 0, 0), 0x5f800000);
	assert_int_equal(gs_fn_apply(GS_FN_F32_FROM_BITS, 0xff800001, 0, 0), GS_F32_NAN);
	assert_int_equal(gs_fn_apply(GS_FN_F32_FROM_BITS, 0x80000000, 0, 0), 0x80000000);
}

static void the_table_is_whole(void **state)
{
	(void)state;
	unsigned code, n = 0;
	for (; gs_fn_nth(n, &code); n++) {
		const struct gs_fn_info *fn = gs_fn_info(code);
		assert_true(fn && fn->arity >= 1 && fn->arity <= 3);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(fn->operand[i] != 0, i < fn->arity);
	}
	assert_int_equal(n, 40 + 23 + 29 + 10 + 1);
	assert_null(gs_fn_info(0));
	assert_null(gs_fn_info(GS_FN_WITHIN + 1));
	assert_null(gs_fn_info(256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary32_agrees_with_mpfr),
		cmocka_unit_test(integers_become_binary32_rounded_once),
		cmocka_unit_test(order_and_comparison),
		cmocka_unit_test(roundings_to_integers),
		cmocka_unit_test(special_values_of_the_page),
		cmocka_unit_test(casts_saturate),
		cmocka_unit_test(integers_wrap_and_define_everything),
		cmocka_unit_test(remainders),
		cmocka_unit_test(unsigned_integers_and_bits),
		cmocka_unit_test(the_table_is_whole),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
