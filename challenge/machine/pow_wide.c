/* Algorithm W of docs/machine.md, section 2.1, in words of 256 bits. Every operation is exact or a floor, as the law
 * has it; the same lines in Solidity are chain/contracts/src/judge/Pow.sol. */
#include "challenge/machine/pow.h"
#include "challenge/machine/pow_tables.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* Lowest limb first; negative numbers in two's complement. */
struct word {
	uint64_t limb[4];
};

enum { LOG_TERMS = 45, EXP_TERMS = 45 };

/* floor(a b/2^256) */
static struct word multiply_high(const struct word *a, const uint64_t b[4])
{
	uint64_t product[8] = {0};
	struct word out;
	for (int i = 0; i < 4; i++) {
		uint64_t carry = 0;
		for (int j = 0; j < 4; j++) {
			wide t = (wide)a->limb[i] * b[j] + product[i + j] + carry;
			product[i + j] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
		product[i + 4] = carry;
	}
	memcpy(out.limb, product + 4, sizeof(out.limb));
	return out;
}

/* a n modulo 2^256 */
static struct word multiply_small(struct word a, uint64_t n)
{
	uint64_t carry = 0;
	for (int i = 0; i < 4; i++) {
		wide t = (wide)a.limb[i] * n + carry;
		a.limb[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
	return a;
}

/* floor(a/n), n < 2^32 */
static struct word divide_small(struct word a, uint64_t n)
{
	uint64_t rest = 0;
	for (int i = 3; i >= 0; i--) {
		uint64_t top = rest << 32 | a.limb[i] >> 32;
		uint64_t low = (top % n) << 32 | (a.limb[i] & UINT32_MAX);
		a.limb[i] = (top / n) << 32 | low / n;
		rest = low % n;
	}
	return a;
}

static struct word add(struct word a, const struct word *b)
{
	uint64_t carry = 0;
	for (int i = 0; i < 4; i++) {
		wide t = (wide)a.limb[i] + b->limb[i] + carry;
		a.limb[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
	return a;
}

static struct word negate(struct word a)
{
	const struct word one = {{1}};
	for (int i = 0; i < 4; i++)
		a.limb[i] = ~a.limb[i];
	return add(a, &one);
}

static bool is_negative(const struct word *a)
{
	return a->limb[3] >> 63;
}

/* a 2^count modulo 2^256, count < 256 */
static struct word shift_left(const struct word *a, unsigned count)
{
	struct word out;
	for (int i = 3; i >= 0; i--) {
		int from = i - (int)(count / 64);
		uint64_t here = from >= 0 ? a->limb[from] : 0, lower = from >= 1 ? a->limb[from - 1] : 0;
		out.limb[i] = count % 64 ? here << count % 64 | lower >> (64 - count % 64) : here;
	}
	return out;
}

/* floor(a/2^count), a signed, count < 256 */
static struct word shift_right(const struct word *a, unsigned count)
{
	uint64_t fill = is_negative(a) ? UINT64_MAX : 0;
	struct word out;
	for (int i = 0; i < 4; i++) {
		int from = i + (int)(count / 64);
		uint64_t here = from < 4 ? a->limb[from] : fill, upper = from < 3 ? a->limb[from + 1] : fill;
		out.limb[i] = count % 64 ? here >> count % 64 | upper << (64 - count % 64) : here;
	}
	return out;
}

static struct word power_of_two(unsigned exponent)
{
	struct word out = {{0}};
	out.limb[exponent / 64] = UINT64_C(1) << exponent % 64;
	return out;
}

/* T: log2 a in units of 2^-222. */
static struct word wide_log2(uint32_t a)
{
	int k;
	uint64_t m = gs_pow_parts(a, &k), d = UINT64_C(1) << 23;
	if (m > 0xb504f3)
		d <<= 1;
	k += m > 0xb504f3 ? 24 : 23;
	struct word s = {{m > d ? m - d : d - m}};
	s = shift_left(&s, 232);
	s = divide_small(s, m + d);
	s = shift_left(&s, 24); /* s = |m - d|/(m + d) in units of 2^-256 */
	struct word z = multiply_high(&s, s.limb), p = {{0}}, half = power_of_two(255);
	for (unsigned j = LOG_TERMS; j-- > 0;) {
		struct word term = divide_small(half, 2 * j + 1);
		p = multiply_high(&p, z.limb);
		p = add(p, &term);
	}
	struct word part = multiply_high(&s, p.limb); /* atanh(s) in units of 2^-255 */
	part = multiply_high(&part, gs_pow_wide_inverse_log2);
	part = shift_right(&part, 31);
	if (m < d)
		part = negate(part);
	struct word whole = {{(uint64_t)(k < 0 ? -k : k)}};
	whole = shift_left(&whole, 222);
	if (k < 0)
		whole = negate(whole);
	return add(whole, &part);
}

/* P: b log2 a in units of 2^-222; false where that is 2^8 or more in magnitude. */
static bool wide_power(uint32_t a, uint32_t b, struct word *power)
{
	struct word t = wide_log2(a);
	int f;
	uint32_t n = gs_pow_parts(b & 0x7fffffff, &f);
	bool negative = is_negative(&t) != (b >> 31 != 0);
	if (is_negative(&t))
		t = negate(t);
	t = multiply_small(t, n); /* below 2^24 2^230 */
	if (f > 0) {
		struct word beyond = shift_right(&t, f < 230 ? 230 - (unsigned)f : 0);
		if (beyond.limb[0] | beyond.limb[1] | beyond.limb[2] | beyond.limb[3])
			return false;
		t = shift_left(&t, (unsigned)f);
	}
	if (negative)
		t = negate(t);
	*power = f < 0 ? shift_right(&t, (unsigned)-f) : t;
	struct word size = is_negative(power) ? negate(*power) : *power;
	return size.limb[3] >> 38 == 0; /* 2^(192 + 38) = 2^230 */
}

uint32_t gs_pow_wide(uint32_t a, uint32_t b)
{
	struct word power;
	bool grows = (a > UINT32_C(0x3f800000)) != (b >> 31 != 0);
	if (!wide_power(a, b, &power))
		return grows ? UINT32_C(0x7f800000) : 0;
	struct word whole = shift_right(&power, 222);
	int64_t k = is_negative(&whole) ? -(int64_t)negate(whole).limb[0] : (int64_t)whole.limb[0];
	/* What is left of P in units of 2^-256, times log 2. */
	struct word t = shift_left(&power, 34);
	t = multiply_high(&t, gs_pow_wide_log2);
	struct word q = power_of_two(254);
	const struct word one = q;
	for (unsigned j = EXP_TERMS; j > 0; j--) {
		q = multiply_high(&q, t.limb);
		q = divide_small(q, j);
		q = add(q, &one);
	}
	/* 2^254 <= q < 2^255: 64 bits of it, and whether there is more. */
	uint64_t w = q.limb[3] << 1 | q.limb[2] >> 63;
	bool sticky = (q.limb[2] << 1 | q.limb[1] | q.limb[0]) != 0;
	return gs_pow_round(w, k, sticky);
}
