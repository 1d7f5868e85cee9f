#include "tests/support/decimal_cases.h"

#include <gmp.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 u128;

enum { FRACTION = 23, INFINITY_BITS = 0x7f800000, LEAST = -149, DIGITS = 9 };
static const gs_int128 most = (gs_int128)(((u128)1 << 127) - 1);

/* --- rationals --- */

static void set_int128(mpz_t out, gs_int128 v)
{
	const u128 m = v < 0 ? -(u128)v : (u128)v;

	mpz_set_ui(out, (unsigned long)(m >> 64));
	mpz_mul_2exp(out, out, 64);
	mpz_add_ui(out, out, (unsigned long)m);
	if (v < 0)
		mpz_neg(out, out);
}

static void scale10(mpq_t q, long power)
{
	mpz_t ten;

	mpz_init(ten);
	mpz_ui_pow_ui(ten, 10, (unsigned long)labs(power));
	if (power >= 0)
		mpz_mul(mpq_numref(q), mpq_numref(q), ten);
	else
		mpz_mul(mpq_denref(q), mpq_denref(q), ten);
	mpq_canonicalize(q);
	mpz_clear(ten);
}

/* twice: half units of the last place, so that midpoints can be said. bits: finite, or infinity's, which then means 2^128. */
static void set_binary32(mpq_t out, uint32_t bits, int half)
{
	const int biased = (int)(bits >> FRACTION);
	const uint32_t fraction = bits & ((1u << FRACTION) - 1);
	const uint32_t mantissa = biased ? fraction | 1u << FRACTION : fraction;
	const int exponent = (biased ? biased - 1 : 0) + LEAST - 1;

	mpq_set_si(out, 2 * (long)mantissa + half, 1);
	if (exponent >= 0)
		mpq_mul_2exp(out, out, (mp_bitcnt_t)exponent);
	else
		mpq_div_2exp(out, out, (mp_bitcnt_t)-exponent);
}

/* The numbers that are read as these bits, which have no sign: from low to high, both taken if the bits are even. */
static void interval(uint32_t bits, mpq_t low, mpq_t high)
{
	if (bits == 0)
		mpq_set_si(low, 0, 1);
	else
		set_binary32(low, bits - 1, 1);
	if (bits < INFINITY_BITS)
		set_binary32(high, bits, 1);
}

static bool within(const mpq_t x, uint32_t bits)
{
	mpq_t low, high;
	int below, above;

	mpq_inits(low, high, NULL);
	interval(bits, low, high);
	below = bits == 0 ? 1 : mpq_cmp(x, low);
	above = bits == INFINITY_BITS ? -1 : mpq_cmp(x, high);
	mpq_clears(low, high, NULL);
	return bits % 2 == 0 ? below >= 0 && above <= 0 : below > 0 && above < 0;
}

bool decimal_is_nearest(const struct gs_decimal *d, uint32_t bits)
{
	enum { POWER_MAX = 400 };
	const gs_int128 power = d->decimals > POWER_MAX    ? -POWER_MAX
	                        : d->decimals < -POWER_MAX ? POWER_MAX
	                                                   : -d->decimals;
	const uint32_t sign = d->value < 0;
	bool good;
	mpq_t x;

	if (d->value == 0)
		return bits == 0;
	mpq_init(x);
	set_int128(mpq_numref(x), d->value);
	mpq_abs(x, x);
	scale10(x, (long)power);
	good = bits >> 31 == sign && (bits & 0x7fffffff) <= INFINITY_BITS && within(x, bits & 0x7fffffff);
	mpq_clear(x);
	return good;
}

/* --- the shortest --- */

static unsigned digits_of(gs_int128 v)
{
	unsigned n = 0;

	for (; v % 10 == 0; v /= 10)
		;
	for (; v; v /= 10)
		n++;
	return n;
}

/* The power of ten of the leading digit. */
static long leading(const mpq_t x)
{
	mpq_t at;
	long power = (long)mpz_sizeinbase(mpq_numref(x), 10) - (long)mpz_sizeinbase(mpq_denref(x), 10) - 3;

	mpq_init(at);
	do {
		mpq_set_si(at, 1, 1);
		scale10(at, ++power);
	} while (mpq_cmp(at, x) <= 0);
	mpq_clear(at);
	return power - 1;
}

/* Of the decimals of n digits that are read as these bits: the nearest to x, as a rational; false: there is none. */
static bool best_of(const mpq_t x, uint32_t bits, unsigned n, mpq_t best)
{
	const long power = leading(x) - (long)n + 1;
	mpq_t low, high, scaled, a, b;
	mpz_t q;
	bool low_good, high_good;
	int order;

	mpq_inits(low, high, scaled, a, b, NULL);
	mpz_init(q);
	mpq_set(scaled, x);
	scale10(scaled, -power);
	mpz_fdiv_q(q, mpq_numref(scaled), mpq_denref(scaled));
	mpq_set_z(low, q);
	scale10(low, power);
	mpz_add_ui(q, q, 1);
	mpq_set_z(high, q);
	scale10(high, power);
	low_good = mpq_sgn(low) > 0 && within(low, bits);
	high_good = within(high, bits);
	mpq_sub(a, x, low);
	mpq_sub(b, high, x);
	order = mpq_cmp(a, b);
	if (low_good && (!high_good || order < 0 || (order == 0 && mpz_odd_p(q))))
		mpq_set(best, low);
	else
		mpq_set(best, high);
	mpq_clears(low, high, scaled, a, b, NULL);
	mpz_clear(q);
	return low_good || high_good;
}

bool decimal_is_shortest(const struct gs_decimal *d, uint32_t bits)
{
	const uint32_t magnitude = bits & 0x7fffffff;
	mpq_t x, ours, best;
	bool good;
	unsigned n;

	if (magnitude == 0)
		return d->value == 0 && d->decimals == 0;
	if (d->value == 0 || (d->value < 0) != bits >> 31 || d->decimals > 60 || d->decimals < -60)
		return false;
	mpq_inits(x, ours, best, NULL);
	set_binary32(x, magnitude, 0);
	set_int128(mpq_numref(ours), d->value);
	mpq_abs(ours, ours);
	scale10(ours, (long)-d->decimals);
	/* A decimal of fewer digits is one of n - 1 with zeros behind it: that there is none of n - 1 says that there is none of fewer. */
	n = digits_of(d->value);
	good = n <= DIGITS && best_of(x, magnitude, n, best) && mpq_equal(best, ours) &&
	       (n == 1 || !best_of(x, magnitude, n - 1, best));
	mpq_clears(x, ours, best, NULL);
	return good;
}

/* --- drawn --- */

static gs_int128 any_int128(struct gs_rng *rng)
{
	const u128 v = (u128)gs_rng_u64(rng) << 64 | gs_rng_u64(rng);

	return (gs_int128)(v >> gs_rng_below(rng, 127));
}

uint32_t binary32_case(struct gs_rng *rng)
{
	const uint32_t sign = (uint32_t)gs_rng_below(rng, 2) << 31;

	switch (gs_rng_below(rng, 4)) {
	case 0: return sign | (uint32_t)gs_rng_below(rng, 1u << FRACTION);
	case 1: {
		const uint32_t power = (uint32_t)(1 + gs_rng_below(rng, 254)) << FRACTION;
		return sign | (power - 2 + (uint32_t)gs_rng_below(rng, 5));
	}
	default: return sign | (uint32_t)gs_rng_below(rng, INFINITY_BITS);
	}
}

struct gs_decimal decimal_above(uint32_t bits, int digits)
{
	struct gs_decimal d = {0};
	mpq_t x;
	mpz_t q, limit;
	long decimals;

	mpq_init(x);
	mpz_inits(q, limit, NULL);
	set_int128(limit, most);
	set_binary32(x, bits, 1);
	decimals = digits - leading(x);
	scale10(x, decimals);
	mpz_fdiv_q(q, mpq_numref(x), mpq_denref(x));
	if (mpz_cmp(q, limit) < 0) {
		d.value = (gs_int128)((u128)mpz_get_ui(q));
		mpz_fdiv_q_2exp(q, q, 64);
		d.value |= (gs_int128)((u128)mpz_get_ui(q) << 64);
		d.decimals = decimals;
	}
	mpq_clear(x);
	mpz_clears(q, limit, NULL);
	return d;
}

/* The midpoint above some binary32, or next to it, cut to what an int128 holds. */
static struct gs_decimal halfway(struct gs_rng *rng)
{
	const uint32_t bits = gs_rng_below(rng, 8) ? binary32_case(rng) & 0x7fffffff : INFINITY_BITS - 1;
	struct gs_decimal d = decimal_above(bits, 37 + (int)gs_rng_below(rng, 2));

	if (d.value != 0) {
		d.value += (gs_int128)gs_rng_below(rng, 3) - 1;
		while (d.value % 10 == 0 && d.value != 0 && gs_rng_below(rng, 4)) {
			d.value /= 10;
			d.decimals--;
		}
		if (gs_rng_below(rng, 2))
			d.value = -d.value;
	}
	return d;
}

struct gs_decimal decimal_case(struct gs_rng *rng)
{
	const gs_int128 small = (gs_int128)gs_rng_below(rng, 200) - 100;
	const gs_int128 sign = gs_rng_below(rng, 2) ? 1 : -1;

	switch (gs_rng_below(rng, 8)) {
	case 0: return (struct gs_decimal){sign * any_int128(rng), small};
	case 1: return (struct gs_decimal){sign * (gs_int128)gs_rng_below(rng, 1000000000), small / 4};
	case 2: return (struct gs_decimal){sign * any_int128(rng), any_int128(rng) * sign};
	case 3: return (struct gs_decimal){sign * most - (sign < 0 ? (gs_int128)gs_rng_below(rng, 2) : 0), small};
	case 4: return (struct gs_decimal){sign * (gs_int128)gs_rng_u64(rng), 40 + small / 4};
	default: return halfway(rng);
	}
}
