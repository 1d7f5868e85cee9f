#include "tests/prove/exact_f32.h"

#include <stdbool.h>

__extension__ typedef unsigned __int128 wide;

enum { NAN_BITS = 0x7fc00000, INF_BITS = 0x7f800000 };

static bool is_nan(uint32_t x)
{
	return (x << 1) > 0xff000000u;
}

static bool is_inf(uint32_t x)
{
	return (x << 1) == 0xff000000u;
}

static bool is_zero(uint32_t x)
{
	return (x << 1) == 0;
}

/* |x| = m 2^e, m < 2^24. */
static uint32_t split(uint32_t x, int *e)
{
	uint32_t field = x >> 23 & 0xff;
	*e = (field != 0 ? (int)field : 1) - 150;
	return (x & 0x7fffff) + (field != 0 ? 0x800000 : 0);
}

/* m 2^e, or a little more where more is set, to nearest even; m below 2^127. */
static uint32_t rounded(uint32_t sign, wide m, int e, bool more)
{
	int length = 0;
	if (m == 0)
		return sign;
	for (wide t = m; t != 0; t >>= 1)
		length++;
	int last = e + length - 24; /* weight of the last bit that stays */
	if (last < -149)
		last = -149;
	int drop = last - e;
	uint32_t kept;
	if (drop <= 0) {
		kept = (uint32_t)m << -drop;
	} else if (drop > 127) {
		kept = 0;
	} else {
		wide unit = (wide)1 << drop, tail = m & (unit - 1), half = unit >> 1;
		kept = (uint32_t)(m >> drop);
		if (tail > half || (tail == half && (more || kept % 2 != 0)))
			kept++;
	}
	if (kept >> 24) {
		kept >>= 1;
		last++;
	}
	if (kept < 0x800000)
		return sign | kept; /* subnormal */
	int field = last + 150;
	return sign | (field >= 255 ? (uint32_t)INF_BITS : (uint32_t)field << 23 | (kept & 0x7fffff));
}

uint32_t exact_div(uint32_t a, uint32_t b)
{
	uint32_t sign = (a ^ b) & 0x80000000u;
	if (is_nan(a) || is_nan(b) || (is_inf(a) && is_inf(b)) || (is_zero(a) && is_zero(b)))
		return NAN_BITS;
	if (is_inf(a) || is_zero(b))
		return sign | INF_BITS;
	if (is_inf(b) || is_zero(a))
		return sign;
	int ea, eb;
	uint64_t n = split(a, &ea), d = split(b, &eb);
	for (; n < UINT64_C(1) << 62; n <<= 1)
		ea--;
	uint64_t q = n / d;
	/* Doubled, so that what is left over has a place of its own below the last bit. */
	return rounded(sign, (wide)q * 2 + (n % d != 0), ea - eb - 1, false);
}

uint32_t exact_fma(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t sp = (b ^ c) & 0x80000000u, sa = a & 0x80000000u;
	if (is_nan(a) || is_nan(b) || is_nan(c) || (is_inf(b) && is_zero(c)) || (is_zero(b) && is_inf(c)))
		return NAN_BITS;
	if (is_inf(b) || is_inf(c))
		return is_inf(a) && sa != sp ? (uint32_t)NAN_BITS : sp | INF_BITS;
	if (is_inf(a))
		return a;
	int ea, eb, ec;
	wide ma = split(a, &ea), mp = (wide)split(b, &eb) * split(c, &ec);
	int ep = eb + ec;
	if (mp == 0 && ma == 0)
		return sa == sp ? sa : 0;
	if (mp == 0)
		return a;
	if (ma == 0)
		return rounded(sp, mp, ep, false);
	int e = ea < ep ? ea : ep, up = (ea < ep ? ep : ea) - e;
	wide *high = ea < ep ? &mp : &ma, *low = ea < ep ? &ma : &mp;
	if (up <= 78) {
		*high <<= up;
	} else {
		/* The lower one is less than a unit far below: only that it is there matters. */
		*high <<= 78;
		*low = 1;
		e += up - 78;
	}
	if (sa == sp)
		return rounded(sa, ma + mp, e, false);
	if (ma == mp)
		return 0;
	return ma > mp ? rounded(sa, ma - mp, e, false) : rounded(sp, mp - ma, e, false);
}
