#include "challenge/machine/pow.h"

#include "challenge/machine/number.h"
#include "challenge/machine/pow_tables.h"

__extension__ typedef unsigned __int128 wide;

#define MAGNITUDE UINT32_C(0x7fffffff)
#define SIGN UINT32_C(0x80000000)
#define INFINITE UINT32_C(0x7f800000)
#define ONE UINT32_C(0x3f800000)

uint32_t gs_pow_parts(uint32_t x, int *e)
{
	uint32_t m = x & 0x7fffff, biased = x >> 23 & 0xff;
	if (biased != 0) {
		*e = (int)biased - 150;
		return m | 0x800000;
	}
	int shift = __builtin_clz(m) - 8; /* a subnormal: 1 to 23 */
	*e = -149 - shift;
	return m << shift;
}

uint32_t gs_pow_round(uint64_t w, int64_t k, bool sticky)
{
	if (k >= 128)
		return INFINITE;
	if (k < -151)
		return 0;
	unsigned cut = k >= -126 ? 40 : (unsigned)(-86 - k); /* bits below the last one kept: 40 to 65 */
	wide half = (wide)1 << (cut - 1), rest = w & (2 * half - 1);
	uint32_t bits = cut > 63 ? 0 : (uint32_t)(w >> cut);
	bits += rest > half || (rest == half && (sticky || (bits & 1)));
	/* The hidden bit adds one to the exponent field, and so does a carry. */
	if (k >= -126)
		bits += (uint32_t)(k + 126) << 23;
	return bits < INFINITE ? bits : INFINITE;
}

/* ---- what can be told exactly ---- */

/* floor(sqrt(n)) for n < 2^24. */
static uint32_t root(uint32_t n)
{
	uint32_t r = 0;
	for (uint32_t bit = 1u << 11; bit != 0; bit >>= 1)
		if ((r | bit) * (r | bit) <= n)
			r |= bit;
	return r;
}

static uint32_t odd_part(uint32_t x, int *e)
{
	uint32_t m = gs_pow_parts(x, e);
	int zeros = __builtin_ctz(m);
	*e += zeros;
	return m >> zeros;
}

bool gs_pow_exact(uint32_t a, uint32_t b, uint32_t *out)
{
	int e, f;
	uint32_t m = odd_part(a, &e), n = odd_part(b & MAGNITUDE, &f);
	bool negative = b >> 31;
	if (negative && m != 1)
		return false;        /* 1/m^... has no end */
	for (; f < 0; f++, e /= 2) { /* b = n/2^-f: m 2^e must be a square -f times */
		uint32_t r = root(m);
		if (r * r != m || e % 2 != 0)
			return false;
		m = r;
	}
	if (m == 1) {
		int64_t exponent = f > 9 ? 1024
		                         : (int64_t)n << f; /* e is not 0: from 2^10 on out of range either way */
		exponent = (negative ? -exponent : exponent) * e;
		*out = gs_pow_round(UINT64_C(1) << 63, exponent, false);
		return true;
	}
	uint32_t times = f > 3 ? 16 : n << f;
	uint64_t s = 1;
	if (n > 15 || times > 15)
		return false; /* 3^16 > 2^25 */
	for (uint32_t i = 0; i < times; i++)
		if ((s *= m) >> 25)
			return false;
	int zeros = __builtin_clzll(s);
	*out = gs_pow_round((uint64_t)s << zeros, 63 - zeros + e * (int)times, false);
	return true;
}

/* ---- quick ---- */

static inline uint64_t high(uint64_t a, uint64_t b)
{
	return (uint64_t)((wide)a * b >> 64);
}

/* |log2 a| in units of 2^-118, off by less than 2^-68 of itself; its sign. */
static wide quick_log2(uint32_t a, bool *below)
{
	int k;
	uint64_t m = gs_pow_parts(a, &k);
	k += 23;
	if (m > 0xb504f3)
		k++;
	else
		m <<= 1;
	/* a = 2^k z with z = m/2^24 in (sqrt(1/2), sqrt(2)); r = z/c - 1 in units of 2^-35, |r| <= 1/64 */
	unsigned piece = (unsigned)(m >> 18) - GS_POW_PIECE_FIRST;
	uint64_t product = m * gs_pow_piece[piece].inverse, unit = UINT64_C(1) << 35;
	bool minus = product < unit;
	uint64_t r = minus ? unit - product : product - unit;
	uint64_t t = r << 34; /* 32 r in units of 2^-64 */
	/* log2(1 + r) = r (1/log 2 - r p(r)) */
	uint64_t p = gs_pow_log_term[10];
	for (int j = 9; j >= 0; j--) {
		uint64_t step = high(t, p) >> 5;
		p = minus ? gs_pow_log_term[j] + step : gs_pow_log_term[j] - step;
	}
	wide g = (wide)gs_pow_inverse_log2[0] << 64 | gs_pow_inverse_log2[1];
	wide bent = (wide)high(t, p) << 27;
	g = minus ? g + bent : g - bent;
	wide part = r * g >> 13; /* below 2^29 2^97 */
	wide sum = (wide)gs_pow_piece[piece].log_high << 64 | gs_pow_piece[piece].log_low;
	sum += (wide)(uint64_t)(int64_t)k << 118; /* modulo 2^128: |log2 a| < 2^8 */
	sum = minus ? sum - part : sum + part;
	*below = sum >> 127;
	return *below ? -sum : sum;
}

/* 2^x in units of 2^-63, x a fraction of one in units of 2^-64: at least 1, below 2, off by less than 4 units. */
static uint64_t quick_exp2(uint64_t x)
{
	uint64_t t = x << 5; /* 32 times what is left */
	uint64_t p = gs_pow_exp_term[8];
	for (int j = 7; j >= 0; j--)
		p = gs_pow_exp_term[j] + (high(t, p) >> 5);
	uint64_t whole = gs_pow_exp2[x >> 59];
	return whole + high(whole, high(t, p) >> 5);
}

enum { QUICK_ERROR = 32 }; /* units of 2^-63: three times what docs/pow.md counts */

bool gs_pow_quick(uint32_t a, uint32_t b, uint32_t *out)
{
	bool below;
	int f;
	wide log = quick_log2(a, &below);
	uint64_t n = gs_pow_parts(b & MAGNITUDE, &f);
	bool negative = below != (b >> 31 != 0);
	if (f > 8) { /* |b| >= 2^32, |log2 a| > 2^-23.5 */
		*out = negative ? 0 : INFINITE;
		return true;
	}
	/* |b log2 a| in units of 2^-64 */
	wide low = (log & UINT64_MAX) * n, top = (log >> 64) * n + (low >> 64);
	unsigned shift = (unsigned)(54 - f); /* 46 to 226 */
	wide power = shift < 64 ? top << (64 - shift) | (uint64_t)low >> shift : shift < 192 ? top >> (shift - 64) : 0;
	if (power >> 72) {
		*out = negative ? 0 : INFINITE;
		return true;
	}
	power = negative ? -power : power;
	int64_t k = (int64_t)(uint64_t)(power >> 64);
	uint64_t w = quick_exp2((uint64_t)power);
	if (k < -151 || k > 127) {
		*out = negative ? 0 : INFINITE;
		return true;
	}
	unsigned cut = k >= -126 ? 40 : (unsigned)(-86 - k);
	wide half = (wide)1 << (cut - 1), rest = w & (2 * half - 1);
	wide distance = rest > half ? rest - half : half - rest;
	if (distance <= QUICK_ERROR)
		return false;
	*out = gs_pow_round(w, k, false);
	return true;
}

/* ---- special values ---- */

static bool is_nan(uint32_t x)
{
	return (x & MAGNITUDE) > INFINITE;
}

/* 0: no integer; 1: odd; 2: even. b is not a NaN; infinities are even, as in C. */
static int parity(uint32_t b)
{
	uint32_t magnitude = b & MAGNITUDE;
	if (magnitude < ONE)
		return magnitude == 0 ? 2 : 0;
	if (magnitude >= UINT32_C(0x4b800000)) /* 2^24 */
		return 2;
	unsigned below = 150 - (magnitude >> 23); /* bits below the point: 0 to 23 */
	uint32_t m = (magnitude & 0x7fffff) | 0x800000;
	if (m & ((1u << below) - 1))
		return 0;
	return m >> below & 1 ? 1 : 2;
}

uint32_t gs_pow_f32_bits(uint32_t a, uint32_t b)
{
	uint32_t x = a & MAGNITUDE, out;
	if ((b & MAGNITUDE) == 0 || a == ONE)
		return ONE;
	if (is_nan(a) || is_nan(b))
		return GS_F32_NAN;
	bool down = b >> 31;
	if ((b & MAGNITUDE) == INFINITE)
		return x == ONE ? ONE : (x > ONE) != down ? INFINITE : 0;
	int kind = parity(b);
	uint32_t sign = kind == 1 ? a & SIGN : 0;
	if (x == 0 || x == INFINITE)
		return sign | ((x == 0) == down ? INFINITE : 0);
	if ((a & SIGN) && kind == 0)
		return GS_F32_NAN;
	if (x == ONE)
		return sign | ONE;
	if (!gs_pow_quick(x, b, &out) && !gs_pow_exact(x, b, &out))
		out = gs_pow_wide(x, b);
	return sign | out;
}

float gs_powf(float a, float b)
{
	return gs_f32_from_bits(gs_pow_f32_bits(gs_f32_to_bits(a), gs_f32_to_bits(b)));
}
