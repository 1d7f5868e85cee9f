/* challenge/machine/within.c: |a - b| <= A + R*|b| in integers.
 *
 * A finite binary32 is m * 2^(e - 149) with m < 2^24 and 0 <= e <= 253. So a, b and A are integer multiples of 2^-149 and
 * R*|b|, whose factors both are, one of 2^-298. In units of 2^-298 the four are m << (e + 149) and (m * m') << (e + e'):
 * |a - b| < 2^(129 + 298), A < 2^(128 + 298) and R*|b| < 2^(256 + 298), so both sides fit 576 bits. */
#include "challenge/machine/within.h"

#include <string.h>

enum { LIMBS = 9 };

struct wide {
	uint64_t limb[LIMBS]; /* the least significant first */
};

struct magnitude { /* |x| = m * 2^(e - 149) */
	uint64_t m;
	unsigned e;
};

static bool is_finite(uint32_t bits)
{
	return (bits & 0x7f800000u) != 0x7f800000u;
}

static struct magnitude magnitude_of(uint32_t bits)
{
	unsigned biased = bits >> 23 & 0xffu;
	return (struct magnitude){(bits & 0x7fffffu) | (biased ? 0x800000u : 0), biased ? biased - 1 : 0};
}

/* w += m << shift; the sum fits, as above. */
static void add_shifted(struct wide *w, uint64_t m, unsigned shift)
{
	unsigned limb = shift / 64, bits = shift % 64;
	uint64_t part[2] = {m << bits, bits ? m >> (64 - bits) : 0};
	uint64_t carry = 0;
	for (unsigned i = limb; i < LIMBS; i++) {
		unsigned __int128 sum = (unsigned __int128)w->limb[i] + (i - limb < 2 ? part[i - limb] : 0) + carry;
		w->limb[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	GS_ASSERT(carry == 0);
}

static void add_magnitude(struct wide *w, struct magnitude x)
{
	add_shifted(w, x.m, x.e + 149);
}

static int compare(const struct wide *x, const struct wide *y)
{
	for (unsigned i = LIMBS; i-- > 0;)
		if (x->limb[i] != y->limb[i])
			return x->limb[i] < y->limb[i] ? -1 : 1;
	return 0;
}

gs_reg gs_within_tolerance(uint32_t absolute, uint32_t relative)
{
	return (uint64_t)absolute << 32 | relative;
}

uint32_t gs_within(uint32_t a, uint32_t b, uint64_t c)
{
	uint32_t absolute = (uint32_t)(c >> 32), relative = (uint32_t)c;
	bool tolerances = is_finite(absolute) && is_finite(relative) && absolute <= 0x80000000u &&
	                  relative <= 0x80000000u;
	if (!is_finite(a) || !is_finite(b) || !tolerances)
		return gs_load(GS_F32, a) == gs_load(GS_F32, b);
	struct magnitude x = magnitude_of(a), y = magnitude_of(b), r = magnitude_of(relative);
	struct wide left = {{0}}, right = {{0}};
	/* |a - b| <= t. Of one sign: the greater magnitude is at most the lesser and t. Of two: both together are at most t. */
	add_magnitude(&right, magnitude_of(absolute));
	add_shifted(&right, r.m * y.m, r.e + y.e);
	bool one_sign = (a ^ b) >> 31 == 0;
	bool b_greater = (b & 0x7fffffffu) > (a & 0x7fffffffu);
	add_magnitude(one_sign && b_greater ? &right : &left, x);
	add_magnitude(one_sign && !b_greater ? &right : &left, y);
	return compare(&left, &right) <= 0;
}
