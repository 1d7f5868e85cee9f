#include "validator/opengradient/decimal.h"

#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* Whole numbers below 2^384: the largest here is 10^85 * 2^27 or as much, 310 bits (binary32 of v * 10^-85, v < 2^127, is zero). */
enum { LIMBS = 6, LIMB_BITS = 64, BITS = LIMBS * LIMB_BITS };
struct wide {
	uint64_t limb[LIMBS]; /* least significant first */
};

enum { FRACTION_BITS = 23, EXPONENT_MASK = 0xff, EXPONENT_BIAS = 127, DIGITS_MAX = 9 };
static const uint32_t infinity_bits = UINT32_C(0x7f800000), hidden_bit = UINT32_C(1) << FRACTION_BITS;
static const int least_exponent = -149; /* of the last bit of subnormal numbers */

static struct wide wide_of(u128 v)
{
	return (struct wide){{(uint64_t)v, (uint64_t)(v >> LIMB_BITS)}};
}

static unsigned width(const struct wide *w)
{
	for (int i = LIMBS; i-- > 0;)
		if (w->limb[i])
			return (unsigned)(i * LIMB_BITS + LIMB_BITS - __builtin_clzll(w->limb[i]));
	return 0;
}

static bool is_zero(const struct wide *w)
{
	return width(w) == 0;
}

static void multiply(struct wide *w, uint64_t by)
{
	u128 carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry += (u128)w->limb[i] * by;
		w->limb[i] = (uint64_t)carry;
		carry >>= LIMB_BITS;
	}
	GS_ASSERT(carry == 0);
}

static void multiply_pow10(struct wide *w, unsigned power)
{
	enum { AT_ONCE = 19 }; /* 10^19 < 2^64 */
	static const uint64_t most = UINT64_C(10000000000000000000);

	for (; power >= AT_ONCE; power -= AT_ONCE)
		multiply(w, most);
	for (; power > 0; power--)
		multiply(w, 10);
}

static void shift_left(struct wide *w, unsigned by)
{
	const unsigned limbs = by / LIMB_BITS, bits = by % LIMB_BITS;

	GS_ASSERT(width(w) + by <= BITS);
	for (int i = LIMBS; i-- > 0;) {
		const int from = i - (int)limbs;
		uint64_t v = from >= 0 ? w->limb[from] << bits : 0;
		if (bits && from >= 1)
			v |= w->limb[from - 1] >> (LIMB_BITS - bits);
		w->limb[i] = v;
	}
}

static void halve(struct wide *w)
{
	for (int i = 0; i < LIMBS; i++)
		w->limb[i] = w->limb[i] >> 1 | (i + 1 < LIMBS ? w->limb[i + 1] << (LIMB_BITS - 1) : 0);
}

static int compare(const struct wide *a, const struct wide *b)
{
	for (int i = LIMBS; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

static void subtract(struct wide *a, const struct wide *b)
{
	uint64_t borrow = 0;

	for (int i = 0; i < LIMBS; i++) {
		const u128 d = (u128)a->limb[i] - b->limb[i] - borrow;
		a->limb[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> LIMB_BITS) & 1;
	}
	GS_ASSERT(borrow == 0);
}

/* Long division, bit by bit: returns n / d, which must be below 2^bits; n keeps the remainder. */
static uint64_t divide(struct wide *n, struct wide d, unsigned bits)
{
	uint64_t q = 0;

	shift_left(&d, bits);
	GS_ASSERT(compare(n, &d) < 0);
	for (unsigned i = 0; i < bits; i++) {
		halve(&d);
		q <<= 1;
		if (compare(n, &d) >= 0) {
			subtract(n, &d);
			q |= 1;
		}
	}
	return q;
}

/* The nearest binary32 to (q + r) * 2^exponent, without sign; 0 < r < 1 when rest, else r = 0. q has 26 or 27 bits. */
static uint32_t round_to_binary32(uint64_t q, int exponent, bool rest)
{
	const int bits = LIMB_BITS - __builtin_clzll(q);
	int drop = bits - (FRACTION_BITS + 1);
	uint64_t kept, half, below;

	if (exponent + drop < least_exponent)
		drop = least_exponent - exponent;
	if (drop > bits + 1)
		return 0;
	kept = q >> drop;
	half = UINT64_C(1) << (drop - 1);
	below = q & ((UINT64_C(1) << drop) - 1);
	if (below > half || (below == half && (rest || kept & 1)))
		kept++;
	exponent += drop;
	if (kept == (uint64_t)hidden_bit << 1) {
		kept >>= 1;
		exponent++;
	}
	if (kept < hidden_bit)
		return (uint32_t)kept;
	exponent += EXPONENT_BIAS + FRACTION_BITS;
	if (exponent >= EXPONENT_MASK)
		return infinity_bits;
	return (uint32_t)exponent << FRACTION_BITS | ((uint32_t)kept & (hidden_bit - 1));
}

/* The nearest binary32 to v * 10^power, v > 0. */
static uint32_t magnitude(u128 v, int power)
{
	enum { QUOTIENT_BITS = 27 };
	struct wide n = wide_of(v), d = wide_of(1);
	int shift;
	uint64_t q;

	if (power >= 0)
		multiply_pow10(&n, (unsigned)power);
	else
		multiply_pow10(&d, (unsigned)-power);
	/* n * 2^shift / d is in (2^25, 2^27). */
	shift = (int)width(&d) - (int)width(&n) + QUOTIENT_BITS - 1;
	if (shift >= 0)
		shift_left(&n, (unsigned)shift);
	else
		shift_left(&d, (unsigned)-shift);
	q = divide(&n, d, QUOTIENT_BITS);
	return round_to_binary32(q, -shift, !is_zero(&n));
}

uint32_t gs_decimal_to_binary32(const struct gs_decimal *d)
{
	/* 10^39 > 2^128 is infinite; 2^127 * 10^-85 < 2^-150 rounds to zero. */
	enum { POWER_MAX = 38, DECIMALS_MAX = 84 };
	const uint32_t sign = d->value < 0 ? UINT32_C(1) << 31 : 0;
	const u128 v = d->value < 0 ? -(u128)d->value : (u128)d->value;

	if (v == 0)
		return 0;
	if (d->decimals < -POWER_MAX)
		return sign | infinity_bits;
	if (d->decimals > DECIMALS_MAX)
		return sign;
	return sign | magnitude(v, (int)-d->decimals);
}

/* --- the shortest decimal --- */

struct binary { /* mantissa * 2^exponent */
	uint32_t mantissa;
	int exponent;
};

static struct binary unpack(uint32_t bits)
{
	const uint32_t fraction = bits & (hidden_bit - 1);
	const int exponent = (int)(bits >> FRACTION_BITS & EXPONENT_MASK);

	if (exponent == 0)
		return (struct binary){fraction, least_exponent};
	return (struct binary){fraction | hidden_bit, exponent - EXPONENT_BIAS - FRACTION_BITS};
}

/* floor(b / 10^power), where that is below 2^34; *tail: the rest against a half, as compare() says it, and *exact: there is none. */
static uint64_t scaled(struct binary b, int power, int *tail, bool *exact)
{
	enum { QUOTIENT_BITS = 34 };
	struct wide n = wide_of(b.mantissa), d = wide_of(1), rest;
	uint64_t q;

	if (b.exponent >= 0)
		shift_left(&n, (unsigned)b.exponent);
	else
		shift_left(&d, (unsigned)-b.exponent);
	if (power >= 0)
		multiply_pow10(&d, (unsigned)power);
	else
		multiply_pow10(&n, (unsigned)-power);
	q = divide(&n, d, QUOTIENT_BITS);
	*exact = is_zero(&n);
	rest = n;
	shift_left(&rest, 1);
	*tail = compare(&rest, &d);
	return q;
}

/* Whether digits * 10^power is read as these bits, which have no sign. */
static bool reads_as(uint64_t digits, int power, uint32_t bits)
{
	const struct gs_decimal d = {.value = (gs_int128)digits, .decimals = -power};

	return digits > 0 && gs_decimal_to_binary32(&d) == bits;
}

/* The nearest decimal of `count` digits, or fewer, that is read as these bits. */
static bool with_digits(uint32_t bits, int leading, int count, uint64_t *digits, int *power)
{
	int tail;
	bool exact, low, high;
	uint64_t below;

	*power = leading - count + 1;
	below = scaled(unpack(bits), *power, &tail, &exact);
	low = reads_as(below, *power, bits);
	high = !exact && reads_as(below + 1, *power, bits);
	if (low && high)
		low = tail < 0 || (tail == 0 && below % 2 == 0);
	*digits = low ? below : below + 1;
	return low || high;
}

/* The power of ten of the leading digit. */
static int leading_power(struct binary b)
{
	const int top = b.exponent + 31 - __builtin_clz(b.mantissa); /* 2^top <= b < 2^(top + 1) */
	int guess = (int)((top * INT64_C(1233)) >> 12) - 1; /* log10(2) = 1233 / 4096 - 0.000003; one less, for that */
	bool exact;
	int tail;

	while (scaled(b, guess + 1, &tail, &exact) > 0)
		guess++;
	return guess;
}

enum gs_err gs_decimal_of_binary32(uint32_t bits, struct gs_decimal *out)
{
	static const gs_int128 most = (gs_int128)(((u128)1 << 127) - 1);
	const uint32_t unsigned_bits = bits & ~(UINT32_C(1) << 31);
	uint64_t digits = 0;
	int power = 0, leading;

	memset(out, 0, sizeof(*out));
	if (unsigned_bits >= infinity_bits)
		return GS_EINVAL;
	if (unsigned_bits == 0)
		return GS_OK;
	leading = leading_power(unpack(unsigned_bits));
	for (int count = 1; !with_digits(unsigned_bits, leading, count, &digits, &power); count++)
		GS_ASSERT(count < DIGITS_MAX); /* nine are enough for binary32 */
	for (; digits % 10 == 0; digits /= 10)
		power++;
	out->value = (gs_int128)digits;
	for (; power > 0 && out->value <= most / 10; power--)
		out->value *= 10;
	if (power > 0) { /* does not fit as a whole number: its digits */
		for (; out->value % 10 == 0; out->value /= 10)
			power++;
	}
	out->decimals = -power;
	if (bits != unsigned_bits)
		out->value = -out->value;
	return GS_OK;
}

enum gs_err gs_int128_from_word(const uint8_t word[32], gs_int128 *out)
{
	const uint8_t fill = word[16] & 0x80 ? 0xff : 0;
	u128 v = 0;

	*out = 0;
	for (int i = 0; i < 16; i++)
		if (word[i] != fill)
			return GS_EPARSE;
	for (int i = 16; i < 32; i++)
		v = v << 8 | word[i];
	*out = (gs_int128)v; /* two's complement, as gcc and clang define it */
	return GS_OK;
}
