/* Vectors for the scalar table, from an oracle that shares no code with any implementation of it: MPFR at the format's
 * own precision and exponent range for everything that rounds, 128-bit integers for the integer classes.
 *
 *     gen_softfloat DIRECTORY COUNT [SEED]
 *
 * writes one file a function, scalar-XX.bin (XX: function code), and load-XX.bin and store-XX.bin (XX: dtype code). A
 * record is 32 bytes: operands a, b, c and the result, each a big-endian 64-bit word whose unused upper bits are zero.
 * Every file begins with a grid of special values (all pairs, triples or quadruples of them), then holds COUNT random records drawn
 * so that cancellation, ties, subnormal results and the ends of the integer ranges are frequent. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MPFR_USE_INTMAX_T
#include <mpfr.h>

#include "tests/support/within_cases.h"

#define F32_NAN 0x7fc00000u
#define WITHIN 0xf1u

struct gen {
	uint64_t state;
	FILE *file;
	mpfr_t x[3], out;
};

static uint64_t next(struct gen *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static float as_float(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static uint32_t as_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	return bits;
}

static bool is_nan(uint32_t bits)
{
	return (bits & 0x7fffffffu) > 0x7f800000u;
}

static uint32_t canonical(uint32_t bits)
{
	return is_nan(bits) ? F32_NAN : bits;
}

static void put(struct gen *g, uint64_t a, uint64_t b, uint64_t c, uint64_t result)
{
	uint64_t word[4] = {a, b, c, result};
	unsigned char record[32];

	for (int i = 0; i < 32; i++)
		record[i] = (unsigned char)(word[i / 8] >> (56 - i % 8 * 8));
	if (fwrite(record, sizeof record, 1, g->file) != 1) {
		perror("write");
		exit(1);
	}
}

/* ---------------------------------------------------------------------------------------------- binary32 oracle */

/* Rounds as binary32 does: 24 bits, least subnormal 2^-149 (MPFR counts mantissas in [1/2, 1)). */
static void range_f32(void)
{
	mpfr_set_emin(-148);
	mpfr_set_emax(128);
}

static void range_wide(void)
{
	mpfr_set_emin(mpfr_get_emin_min());
	mpfr_set_emax(mpfr_get_emax_max());
}

/* max and min of the table: NaN wins, and -0 is below +0. */
static uint32_t pick(uint32_t a, uint32_t b, bool greater)
{
	float x = as_float(a), y = as_float(b);

	if (is_nan(a) || is_nan(b))
		return F32_NAN;
	if (x == y)
		return (a >> 31) == (uint32_t)greater ? b : a;
	return (x > y) == greater ? a : b;
}

static uint32_t oracle_f32(struct gen *g, unsigned fn, uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t in[3] = {a, b, c};
	int t = 0;
	uint32_t r;

	range_f32();
	for (int i = 0; i < 3; i++)
		mpfr_set_flt(g->x[i], as_float(in[i]), MPFR_RNDN);
	switch (fn) {
	case 0x01:
	case 0x1f: return canonical(a);
	case 0x02: t = mpfr_add(g->out, g->x[0], g->x[1], MPFR_RNDN); break;
	case 0x03: t = mpfr_sub(g->out, g->x[0], g->x[1], MPFR_RNDN); break;
	case 0x04: t = mpfr_mul(g->out, g->x[0], g->x[1], MPFR_RNDN); break;
	case 0x05: t = mpfr_div(g->out, g->x[0], g->x[1], MPFR_RNDN); break;
	case 0x06: t = mpfr_fma(g->out, g->x[1], g->x[2], g->x[0], MPFR_RNDN); break;
	case 0x07: return pick(a, b, false);
	case 0x08: return pick(a, b, true);
	case 0x09: return is_nan(a) ? F32_NAN : a ^ 0x80000000u;
	case 0x0a: return is_nan(a) ? F32_NAN : a & 0x7fffffffu;
	case 0x0b: t = mpfr_sqrt(g->out, g->x[0], MPFR_RNDN); break;
	case 0x0c: return mpfr_equal_p(g->x[0], g->x[1]) != 0;
	case 0x0d: return mpfr_less_p(g->x[0], g->x[1]) != 0;
	case 0x0e: return mpfr_lessequal_p(g->x[0], g->x[1]) != 0;
	case 0x0f: return canonical(a != 0 ? b : c);
	case 0x10: return pick(pick(a, b, true), c, false);
	case 0x11: t = mpfr_exp(g->out, g->x[0], MPFR_RNDN); break;
	case 0x12: t = mpfr_log(g->out, g->x[0], MPFR_RNDN); break;
	case 0x13: t = mpfr_tanh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x14: t = mpfr_erf(g->out, g->x[0], MPFR_RNDN); break;
	case 0x15: t = mpfr_rint_floor(g->out, g->x[0], MPFR_RNDN); break;
	case 0x16: t = mpfr_rint_ceil(g->out, g->x[0], MPFR_RNDN); break;
	case 0x17: t = mpfr_rint_trunc(g->out, g->x[0], MPFR_RNDN); break;
	case 0x18: t = mpfr_rint_roundeven(g->out, g->x[0], MPFR_RNDN); break;
	case 0x19: t = mpfr_sin(g->out, g->x[0], MPFR_RNDN); break;
	case 0x1a: t = mpfr_cos(g->out, g->x[0], MPFR_RNDN); break;
	case 0x1b: t = mpfr_expm1(g->out, g->x[0], MPFR_RNDN); break;
	case 0x1c: t = mpfr_log1p(g->out, g->x[0], MPFR_RNDN); break;
	case 0x1d: t = mpfr_atan(g->out, g->x[0], MPFR_RNDN); break;
	case 0x20: t = mpfr_tan(g->out, g->x[0], MPFR_RNDN); break;
	case 0x21: t = mpfr_asin(g->out, g->x[0], MPFR_RNDN); break;
	case 0x22: t = mpfr_acos(g->out, g->x[0], MPFR_RNDN); break;
	case 0x23: t = mpfr_sinh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x24: t = mpfr_cosh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x25: t = mpfr_asinh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x26: t = mpfr_acosh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x27: t = mpfr_atanh(g->out, g->x[0], MPFR_RNDN); break;
	case 0x1e: t = mpfr_fmod(g->out, g->x[0], g->x[1], MPFR_RNDN); break;
	default: abort();
	}
	mpfr_subnormalize(g->out, t, MPFR_RNDN);
	r = canonical(as_bits(mpfr_get_flt(g->out, MPFR_RNDN)));
	/* A second opinion where C has one: the machine's own arithmetic. */
	float hard = fn == 0x02   ? as_float(a) + as_float(b)
	             : fn == 0x03 ? as_float(a) - as_float(b)
	             : fn == 0x04 ? as_float(a) * as_float(b)
	             : fn == 0x05 ? as_float(a) / as_float(b)
	             : fn == 0x06 ? fmaf(as_float(b), as_float(c), as_float(a))
	             : fn == 0x0b ? sqrtf(as_float(a))
	             : fn == 0x1e ? fmodf(as_float(a), as_float(b))
	                          : as_float(r);
	if (canonical(as_bits(hard)) != r) {
		fprintf(stderr, "oracles differ: fn %02x of %08x %08x %08x: mpfr %08x, C %08x\n", fn, a, b, c, r,
		        as_bits(hard));
		exit(1);
	}
	return r;
}

static const uint32_t specials[] = {
	0x00000000, 0x00000001, 0x00000002, 0x007fffff, 0x00800000, 0x00800001, 0x33800000, 0x3f000000, 0x3f7fffff,
	0x3f800000, 0x3f800001, 0x40000000, 0x4b800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fffffff,
};
#define SPECIALS (2 * sizeof specials / sizeof specials[0])

static uint32_t special(size_t i)
{
	return specials[i / 2] | (uint32_t)(i & 1) << 31;
}

/* A float with a chosen biased exponent (wrapped into 0..254) and one of three kinds of mantissa. */
static uint32_t shaped(struct gen *g, int biased)
{
	uint64_t r = next(g);
	uint32_t fraction = (uint32_t)r & 0x7fffffu;

	switch (r >> 60 & 3) {
	case 0: fraction &= 0x7fffffu << (r >> 32) % 23; break;                     /* few high bits: ties */
	case 1: fraction = (fraction & 7) | ((r >> 40 & 1) ? 0x7ffff8u : 0); break; /* next to a power of two */
	default: break;
	}
	if (biased < 0)
		biased = 0;
	if (biased > 254)
		biased = 254;
	return (uint32_t)(r >> 63) << 31 | (uint32_t)biased << 23 | fraction;
}

static void draw_f32(struct gen *g, unsigned fn, uint32_t v[3])
{
	int e0 = (int)(next(g) % 255), e1 = (int)(next(g) % 255), spread = (int)(next(g) % 61) - 30;
	uint64_t kind = next(g) % 8;

	v[0] = (uint32_t)next(g);
	v[1] = (uint32_t)next(g);
	v[2] = (uint32_t)next(g);
	if (kind == 0)
		return;
	v[0] = shaped(g, e0);
	v[1] = shaped(g, e0 + spread);
	v[2] = shaped(g, e1);
	switch (fn) {
	case 0x04: /* results about the subnormal range and the overflow threshold */
		if (kind < 5)
			v[1] = shaped(g, (kind < 3 ? 127 - 149 : 254) + 127 - e0 + spread);
		break;
	case 0x05:
		if (kind < 5)
			v[1] = shaped(g, e0 - 127 + (kind < 3 ? 149 : -127) + 127 + spread);
		break;
	case 0x06: /* the addend near the product, or its negative after rounding */
		v[1] = shaped(g, e0);
		v[2] = shaped(g, e1);
		if (kind < 4)
			v[0] = shaped(g, e0 + e1 - 127 + spread);
		else if (kind < 6)
			v[0] = canonical(as_bits(-(as_float(v[1]) * as_float(v[2])))) ^ (uint32_t)(next(g) & 3);
		else if (kind == 6)
			v[2] = shaped(g, 127 - e0 - 22 + 127 + spread);
		if (next(g) % 8 == 0) {
			/* A product of 25 bits, the last one set: a tie, which the addend, however small, decides. */
			uint32_t sign = (uint32_t)(next(g) & 1) << 31, low = 1u << 11 | 1u << (12 + next(g) % 8);

			v[0] = shaped(g, (int)(next(g) % (uint64_t)(e1 + 1)));
			v[1] = (v[1] & 0x7f800000u) | sign | low;
			v[2] = (v[2] & 0x7f800000u) | (uint32_t)(next(g) & 1) << 31 | low;
		}
		break;
	case 0x07:
	case 0x08:
	case 0x0c:
	case 0x0d:
	case 0x0e:
	case 0x10:
		if (kind < 4)
			v[1] = v[0] ^ (uint32_t)(next(g) & 0x80000001u);
		break;
	case 0x11:
	case 0x13:
	case 0x14: v[0] = shaped(g, 127 - 30 + (int)(next(g) % 38)); break;
	case 0x15:
	case 0x16:
	case 0x17:
	case 0x18: v[0] = shaped(g, 127 - 3 + (int)(next(g) % 29)); break;
	case 0x19:
	case 0x1a:
		if (kind < 5)
			v[0] = shaped(g, 127 - 15 + (int)(next(g) % 45));
		break;
	case 0x1b:
	case 0x1c: v[0] = shaped(g, 127 - 28 + (int)(next(g) % 36)); break;
	case 0x12:
		if (kind < 4)
			v[0] = (127u << 23) - 0x400000u + (uint32_t)(next(g) & 0x7fffff); /* about 1 */
		v[0] &= ~(uint32_t)(kind > 1 ? 0x80000000u : 0);
		break;
	case 0x1d: v[0] = shaped(g, 127 - 14 + (int)(next(g) % 42)); break;
	case 0x20:
		if (kind < 5)
			v[0] = shaped(g, 127 - 15 + (int)(next(g) % 45));
		break;
	case 0x21: /* up to 1, and next to it */
	case 0x22:
	case 0x27:
		v[0] = shaped(g, 127 - 14 + (int)(next(g) % 14));
		if (kind < 3)
			v[0] = (v[0] & 0x80000000u) | (0x3f800000u - (uint32_t)(next(g) >> next(g) % 24 & 0x7fffff));
		break;
	case 0x23:
	case 0x24: v[0] = shaped(g, 127 - 14 + (int)(next(g) % 21)); break;
	case 0x25: v[0] = shaped(g, kind < 4 ? 127 - 14 + (int)(next(g) % 34) : e0); break;
	case 0x26:
		v[0] = kind < 3 ? 0x3f800000u + (uint32_t)(next(g) & 0x7fffff)
		                : shaped(g, kind < 6 ? 127 + (int)(next(g) % 30) : e0);
		v[0] &= ~(uint32_t)(kind > 1 ? 0x80000000u : 0);
		break;
	case 0x1e: /* quotients of every size, and next to whole ones */
		if (kind < 4)
			v[1] = shaped(g, e0 - (int)(next(g) % 30));
		else if (kind < 6)
			v[0] = as_bits(as_float(v[1]) * (float)(next(g) % 4096)) + (uint32_t)(next(g) % 3) - 1;
		else
			v[1] = shaped(g, e1);
		break;
	case 0x0f: v[0] = (uint32_t)(next(g) & 1) * (uint32_t)next(g); break;
	default: break;
	}
}

static unsigned arity(unsigned fn)
{
	switch (fn & 0x3f) {
	case 0x01:
	case 0x1f: return 1;
	default: break;
	}
	if (fn < 0x40) {
		if (fn == 0x06 || fn == 0x0f || fn == 0x10)
			return 3;
		return (fn >= 0x09 && fn <= 0x0b) || (fn > 0x10 && fn != 0x1e) ? 1 : 2;
	}
	switch (fn & 0x3f) {
	case 0x09:
	case 0x0a:
	case 0x0e: return 1;
	case 0x14:
	case 0x15:
	case 0x16: return 3;
	default: return 2;
	}
}

static void record_f32(struct gen *g, unsigned fn, uint32_t a, uint32_t b, uint32_t c)
{
	put(g, a, b, c, oracle_f32(g, fn, a, b, c));
}

static void file_f32(struct gen *g, unsigned fn, unsigned long count)
{
	unsigned n = arity(fn);

	for (size_t i = 0; i < SPECIALS; i++)
		for (size_t j = 0; j < (n > 1 ? SPECIALS : 1); j++)
			for (size_t k = 0; k < (n > 2 ? SPECIALS : 1); k++)
				record_f32(g, fn, special(i), special(j), special(k));
	for (unsigned long i = 0; i < count; i++) {
		uint32_t v[3];

		draw_f32(g, fn, v);
		record_f32(g, fn, v[0], v[1], v[2]);
	}
}

/* ---------------------------------------------------------------------------------------------- integer oracle */

static uint64_t oracle_integer(unsigned op, unsigned bits, uint64_t ua, uint64_t ub, uint64_t uc)
{
	const uint64_t mask = bits == 64 ? UINT64_MAX : 0xffffffffu;
	const __int128 a = bits == 64 ? (int64_t)ua : (int32_t)ua, b = bits == 64 ? (int64_t)ub : (int32_t)ub,
		       c = bits == 64 ? (int64_t)uc : (int32_t)uc;
	const __int128 low = a < b ? a : b, high = a < b ? b : a;
	__int128 r = 0;

	switch (op) {
	case 0x01:
	case 0x1f: r = a; break;
	case 0x02: r = a + b; break;
	case 0x03: r = a - b; break;
	case 0x04: r = a * b; break;
	case 0x05: r = b == 0 ? 0 : a / b; break; /* MIN / -1 leaves the range and wraps to MIN */
	case 0x06: r = b == 0 ? 0 : a % b; break;
	case 0x07: r = low; break;
	case 0x08: r = high; break;
	case 0x09: r = -a; break;
	case 0x0a: r = a < 0 ? -a : a; break;
	case 0x0b: r = a & b; break;
	case 0x0c: r = a | b; break;
	case 0x0d: r = a ^ b; break;
	case 0x0e: r = -a - 1; break;
	case 0x0f: r = (ub & mask) >= bits ? 0 : (__int128)((unsigned __int128)a << (ub & mask)); break;
	case 0x10: r = (ub & mask) >= bits ? (a < 0 ? -1 : 0) : a >> (ub & mask); break;
	case 0x11: r = a == b; break;
	case 0x12: r = a < b; break;
	case 0x13: r = a <= b; break;
	case 0x14: r = (uint32_t)ua != 0 ? b : c; break;
	case 0x15: r = high < c ? high : c; break;
	case 0x16: r = (__int128)((unsigned __int128)a + (unsigned __int128)b * (unsigned __int128)c); break;
	default: abort();
	}
	return (uint64_t)r & mask;
}

static uint64_t oracle_unsigned(unsigned fn, uint64_t ua, uint64_t ub)
{
	const unsigned __int128 a = ua, b = ub;

	switch (fn) {
	case 0x97: return a < b;
	case 0x98: return a <= b;
	case 0x99: return b == 0 ? 0 : (uint64_t)(a / b);
	case 0x9a: return b == 0 ? 0 : (uint64_t)(a % b);
	case 0x9b: return (uint64_t)(a < b ? a : b);
	case 0x9c: return (uint64_t)(a < b ? b : a);
	default: abort();
	}
}

static uint64_t edge(size_t i, unsigned bits)
{
	static const int64_t small[] = {0, 1, -1, 2, -2, 3, -7, 31, 32, 33, 63, 64, 65, 255, 256, 0x7fff};
	const uint64_t mask = bits == 64 ? UINT64_MAX : 0xffffffffu, sign = (uint64_t)1 << (bits - 1);
	const size_t n = sizeof small / sizeof small[0];

	if (i < n)
		return (uint64_t)small[i] & mask;
	return i == n ? sign : i == n + 1 ? sign + 1 : i == n + 2 ? sign - 1 : sign - 2;
}
#define EDGES 20

static void file_integer(struct gen *g, unsigned fn, unsigned long count)
{
	const unsigned bits = fn < 0x80 ? 32 : 64, n = arity(fn), op = fn & 0x3f;
	const uint64_t mask = bits == 64 ? UINT64_MAX : 0xffffffffu;
	const uint64_t first_mask = op == 0x14 ? 0xffffffffu : mask; /* select's condition is an I32 */

	for (size_t i = 0; i < EDGES; i++)
		for (size_t j = 0; j < (n > 1 ? EDGES : 1); j++)
			for (size_t k = 0; k < (n > 2 ? EDGES : 1); k++) {
				uint64_t a = edge(i, bits) & first_mask, b = edge(j, bits), c = edge(k, bits);

				put(g, a, b, c,
				    fn >= 0x97 && fn <= 0x9c ? oracle_unsigned(fn, a, b)
				                             : oracle_integer(op, bits, a, b, c));
			}
	for (unsigned long i = 0; i < count; i++) {
		uint64_t v[3];

		for (int k = 0; k < 3; k++)
			v[k] = (next(g) >> next(g) % 64 ^ (next(g) & 1 ? UINT64_MAX : 0)) & (k ? mask : first_mask);
		if (op == 0x0f || op == 0x10 ? next(g) & 1 : 0)
			v[1] = next(g) % (bits + 4);
		put(g, v[0], v[1], v[2],
		    fn >= 0x97 && fn <= 0x9c ? oracle_unsigned(fn, v[0], v[1])
		                             : oracle_integer(op, bits, v[0], v[1], v[2]));
	}
}

/* ---------------------------------------------------------------------------------------------- casts and storage */

/* x rounded to a smaller format, as its bits: `precision` bits, bias as in IEEE, least exponent by MPFR's count. */
static uint32_t narrow(struct gen *g, uint32_t bits, int precision, int emin, int emax)
{
	mpfr_t small;
	int t, e;
	uint32_t out = bits >> 31 << 15;
	double d;

	if (is_nan(bits))
		return precision == 11 ? 0x7e00 : 0x7fc0;
	range_wide();
	mpfr_init2(small, precision);
	mpfr_set_flt(g->x[0], as_float(bits), MPFR_RNDN);
	t = mpfr_set(small, g->x[0], MPFR_RNDN);
	mpfr_set_emin(emin);
	mpfr_set_emax(emax);
	t = mpfr_check_range(small, t, MPFR_RNDN);
	mpfr_subnormalize(small, t, MPFR_RNDN);
	range_wide();
	d = fabs(mpfr_get_d(small, MPFR_RNDN));
	mpfr_clear(small);
	if (isinf(d))
		return out | (precision == 11 ? 0x7c00 : 0x7f80);
	if (d == 0)
		return out;
	frexp(d, &e); /* d in [2^(e-1), 2^e) */
	if (e < emin + precision - 1)
		return out | (uint32_t)ldexp(d, precision - emin - (precision - 1)); /* in units of 2^(emin-1) */
	return out | (((uint32_t)(e - (emin + precision - 1)) << (precision - 1)) + (uint32_t)ldexp(d, precision - e));
}

static uint32_t widen_f16(uint32_t h)
{
	int e = (int)(h >> 10 & 0x1f), f = (int)(h & 0x3ff);
	float v = e == 31 ? (f ? NAN : INFINITY) : e ? ldexpf((float)(f + 1024), e - 25) : ldexpf((float)f, -24);

	return canonical(as_bits(v) | (is_nan(as_bits(v)) ? 0 : h >> 15 << 31));
}

static uint64_t oracle_cast(struct gen *g, unsigned fn, uint64_t a)
{
	range_wide();
	switch (fn) {
	case 0xc1:
	case 0xc2: {
		intmax_t v;
		const intmax_t most = fn == 0xc1 ? INT32_MAX : INT64_MAX, least = fn == 0xc1 ? INT32_MIN : INT64_MIN;

		mpfr_set_flt(g->x[0], as_float((uint32_t)a), MPFR_RNDN);
		v = mpfr_get_sj(g->x[0], MPFR_RNDZ); /* saturates, and gives 0 for NaN */
		v = v > most ? most : v < least ? least : v;
		return fn == 0xc1 ? (uint32_t)v : (uint64_t)v;
	}
	case 0xc3:
	case 0xc4:
		mpfr_set_sj(g->out, fn == 0xc3 ? (int32_t)a : (int64_t)a, MPFR_RNDN);
		return as_bits(mpfr_get_flt(g->out, MPFR_RNDN));
	case 0xc5: return (uint64_t)(int64_t)(int32_t)a;
	case 0xc6: return (uint32_t)a;
	case 0xc7:
		mpfr_set_flt(g->x[0], as_float((uint32_t)a), MPFR_RNDN);
		return mpfr_nan_p(g->x[0]) ? 0 : mpfr_get_uj(g->x[0], MPFR_RNDZ); /* saturates at both ends */
	case 0xc8: mpfr_set_uj(g->out, a, MPFR_RNDN); return as_bits(mpfr_get_flt(g->out, MPFR_RNDN));
	case 0xc9:
	case 0xca: return canonical((uint32_t)a);
	default: abort();
	}
}

static void file_cast(struct gen *g, unsigned fn, unsigned long count)
{
	const bool of_float = fn == 0xc1 || fn == 0xc2 || fn == 0xc7 || fn == 0xc9 || fn == 0xca;
	const unsigned from = of_float ? 0 : fn == 0xc3 || fn == 0xc5 ? 32 : 64;

	for (size_t i = 0; i < (from ? EDGES : SPECIALS); i++) {
		uint64_t a = from ? edge(i, from) : special(i);

		put(g, a, 0, 0, oracle_cast(g, fn, a));
	}
	for (unsigned long i = 0; i < count; i++) {
		uint64_t a = next(g) >> next(g) % 64 ^ (next(g) & 1 ? UINT64_MAX : 0);

		if (from == 0)
			a = i % 8 ? shaped(g, 127 - 2 + (int)(next(g) % 68)) : (uint32_t)next(g);
		else if (from == 32)
			a &= 0xffffffffu;
		put(g, a, 0, 0, oracle_cast(g, fn, a));
	}
}

static uint64_t oracle_load(unsigned dtype, uint64_t v)
{
	switch (dtype) {
	case 1: return canonical((uint32_t)v);
	case 2: return (uint8_t)v;
	case 3: return (uint32_t)(int32_t)(int8_t)v;
	case 4: return (uint16_t)v;
	case 5: return (uint32_t)(int32_t)(int16_t)v;
	case 6:
	case 12: return (uint32_t)v;
	case 7:
	case 13: return v;
	case 9: return (uint8_t)v != 0;
	case 10: return widen_f16((uint16_t)v);
	case 16: return canonical((uint32_t)(uint16_t)v << 16);
	default: abort();
	}
}

static uint64_t oracle_store(struct gen *g, unsigned dtype, uint64_t v)
{
	switch (dtype) {
	case 1: return canonical((uint32_t)v);
	case 2:
	case 3: return (uint8_t)v;
	case 4:
	case 5: return (uint16_t)v;
	case 6:
	case 12: return (uint32_t)v;
	case 7:
	case 13: return v;
	case 9: return (uint32_t)v != 0;
	case 10: return narrow(g, (uint32_t)v, 11, -23, 16);
	case 16: return narrow(g, (uint32_t)v, 8, -132, 128);
	default: abort();
	}
}

/* Every value of the narrow types; random words of the others. */
static void file_load(struct gen *g, unsigned dtype, unsigned long count)
{
	const unsigned long all = dtype == 2 || dtype == 3 || dtype == 9 ? 256 : 65536;
	const bool wide = dtype == 1 || dtype == 6 || dtype == 7 || dtype == 12 || dtype == 13;

	for (size_t i = 0; i < SPECIALS; i++)
		put(g, special(i) & (wide ? 0xffffffffu : all - 1), 0, 0, oracle_load(dtype, special(i)));
	for (unsigned long i = 0; i < (wide ? count : all); i++) {
		uint64_t v = wide ? next(g) & (dtype == 7 || dtype == 13 ? UINT64_MAX : 0xffffffffu) : i;

		put(g, v, 0, 0, oracle_load(dtype, v));
	}
}

static void file_store(struct gen *g, unsigned dtype, unsigned long count)
{
	const bool is_float = dtype == 1 || dtype == 10 || dtype == 16,
		   is_long = dtype == 7 || dtype == 12 || dtype == 13;

	for (size_t i = 0; i < SPECIALS; i++)
		put(g, special(i), 0, 0, oracle_store(g, dtype, special(i)));
	for (unsigned long i = 0; i < count; i++) {
		uint64_t v = next(g) >> next(g) % 64 ^ (next(g) & 1 ? UINT64_MAX : 0);

		if (!is_long)
			v &= 0xffffffffu;
		if (is_float && i % 8) {
			/* Ties of the narrow format: the bits below its last one are 10...0, or one off. */
			const uint32_t cut = dtype == 10 ? 13 : 16;

			v = shaped(g, dtype == 10 ? 127 - 30 + (int)(next(g) % 50) : (int)(next(g) % 255));
			if (i & 1)
				v = ((v >> cut << cut) | 1u << (cut - 1)) + next(g) % 3 - 1;
		}
		put(g, v, 0, 0, oracle_store(g, dtype, v));
	}
}

static void put_within(struct gen *g, struct within_case k)
{
	put(g, k.a, k.b, (uint64_t)k.absolute << 32 | k.relative, within_by_mpfr(k));
}

static void file_within(struct gen *g, unsigned long count)
{
	for (uint64_t i = 0; i < within_specials(); i++)
		put_within(g, within_special(i));
	for (unsigned long i = 0; i < count; i++)
		put_within(g, within_draw(i, &g->state));
}

/* ---------------------------------------------------------------------------------------------- files */

enum kind { SCALAR, LOAD, STORE };

static void write_file(struct gen *g, const char *dir, enum kind kind, unsigned code, unsigned long count,
                       uint64_t seed)
{
	static const char *const name[] = {"scalar", "load", "store"};
	char path[4096];

	snprintf(path, sizeof path, "%s/%s-%02x.bin", dir, name[kind], code);
	g->state = seed + (uint64_t)kind * 1000003u + code * 7919u;
	g->file = fopen(path, "wb");
	if (!g->file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	switch (kind) {
	case LOAD: file_load(g, code, count); break;
	case STORE: file_store(g, code, count); break;
	case SCALAR:
		if (code == WITHIN)
			file_within(g, count);
		else if (code < 0x40)
			file_f32(g, code, count);
		else if (code < 0xc0)
			file_integer(g, code, count);
		else
			file_cast(g, code, count);
		break;
	}
	if (fclose(g->file) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static const unsigned dtypes[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 16};
	struct gen g = {0};
	unsigned long count;
	uint64_t seed;

	if (argc < 3) {
		fprintf(stderr, "usage: gen_softfloat DIRECTORY COUNT [SEED]\n");
		return 2;
	}
	count = strtoul(argv[2], NULL, 0);
	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	for (int i = 0; i < 3; i++)
		mpfr_init2(g.x[i], 24);
	mpfr_init2(g.out, 24);
	for (unsigned fn = 0x01; fn <= 0x27; fn++)
		write_file(&g, argv[1], SCALAR, fn, count, seed);
	for (unsigned base = 0x40; base <= 0x80; base += 0x40)
		for (unsigned op = 0x01; op <= 0x1f; op++)
			if (op <= (base == 0x40 ? 0x16u : 0x1cu) || op == 0x1f)
				write_file(&g, argv[1], SCALAR, base | op, count, seed);
	for (unsigned fn = 0xc1; fn <= 0xca; fn++)
		write_file(&g, argv[1], SCALAR, fn, count, seed);
	write_file(&g, argv[1], SCALAR, WITHIN, count, seed);
	for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
		write_file(&g, argv[1], LOAD, dtypes[i], count, seed);
		write_file(&g, argv[1], STORE, dtypes[i], count, seed);
	}
	for (int i = 0; i < 3; i++)
		mpfr_clear(g.x[i]);
	mpfr_clear(g.out);
	mpfr_free_cache();
	return 0;
}
