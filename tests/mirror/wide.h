/* tests/mirror/wide.h: two-limb arithmetic, fast enough for 2^32 evaluations.
 *
 * A `wide` is an unsigned number of 256 bits in two halves; where a shorter number does, the compiler's 128-bit integers
 * are used as they are. Limits are the caller's: each function says what it takes, and the unit test (test_mirror.c)
 * compares all of them with GMP inside these limits. */
#ifndef GS_TESTS_MIRROR_WIDE_H
#define GS_TESTS_MIRROR_WIDE_H

#include <stdint.h>

typedef unsigned __int128 wide_half;
typedef __int128 wide_signed;

struct wide {
	wide_half high, low;
};

/* Number of bits: 0 for 0. */
static inline int wide_half_bits(wide_half x)
{
	uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
	if (high)
		return 128 - __builtin_clzll(high);
	return low ? 64 - __builtin_clzll(low) : 0;
}

static inline int wide_bits(struct wide x)
{
	return x.high ? 128 + wide_half_bits(x.high) : wide_half_bits(x.low);
}

static inline struct wide wide_of(wide_half low)
{
	return (struct wide){0, low};
}

static inline struct wide wide_mul(wide_half a, wide_half b)
{
	uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a, b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
	wide_half low = (wide_half)a0 * b0, m = (wide_half)a1 * b0 + (low >> 64), n = (wide_half)a0 * b1 + (uint64_t)m;
	return (struct wide){(wide_half)a1 * b1 + (m >> 64) + (n >> 64), n << 64 | (uint64_t)low};
}

/* x * 2^n, n from 0 to 255; bits pushed out are lost. */
static inline struct wide wide_shl(struct wide x, int n)
{
	if (n >= 128)
		return (struct wide){x.low << (n & 127), 0};
	n &= 127;
	return n ? (struct wide){x.high << n | x.low >> (128 - n), x.low << n} : x;
}

static inline struct wide wide_shr(struct wide x, int n)
{
	if (n >= 128)
		return (struct wide){0, x.high >> (n & 127)};
	n &= 127;
	return n ? (struct wide){x.high >> n, x.low >> n | x.high << (128 - n)} : x;
}

static inline struct wide wide_add(struct wide a, struct wide b)
{
	wide_half low = a.low + b.low;
	return (struct wide){a.high + b.high + (low < a.low), low};
}

static inline struct wide wide_sub(struct wide a, struct wide b)
{
	return (struct wide){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static inline int wide_less(struct wide a, struct wide b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* (high 2^64 + low) / d and its rest, high < d. */
static inline uint64_t wide_divide_limb(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
{
#ifdef __x86_64__
	uint64_t q = 0;
	*rest = 0;
	__asm__("divq %[d]" : "=a"(q), "=d"(*rest) : "0"(low), "1"(high), [d] "r"(d) : "cc");
	return q;
#else
	wide_half n = (wide_half)high << 64 | low;
	*rest = (uint64_t)(n % d);
	return (uint64_t)(n / d);
#endif
}

/* One digit of long division: (r 2^64 + low) / d for d with its top bit set and r < d; r becomes the rest. */
static inline uint64_t wide_digit(wide_half *r, uint64_t low, wide_half d)
{
	uint64_t high = (uint64_t)(*r >> 64), middle = (uint64_t)*r, d1 = (uint64_t)(d >> 64), d0 = (uint64_t)d;
	uint64_t q = UINT64_MAX, rest = 0;
	int over = 0; /* the rest passed 2^64, beyond what q d0 can be */
	if (high < d1) {
		q = wide_divide_limb(high, middle, d1, &rest);
	} else {
		rest = middle + d1; /* high = d1: the greatest digit leaves middle + d1 */
		over = rest < d1;
	}
	wide_half part = (wide_half)q * d0, n = (wide_half)rest << 64 | low;
	while (!over && part > n) {
		q--;
		part -= d0;
		over = (uint64_t)(n >> 64) + d1 < d1;
		n += (wide_half)d1 << 64;
	}
	*r = n - part;
	return q;
}

/* floor(n / d), d at least 2^64, the quotient below 2^128. */
static inline wide_half wide_quotient(struct wide n, wide_half d)
{
	int shift = __builtin_clzll((uint64_t)(d >> 64)); /* 0 to 63 */
	d <<= shift;
	n = wide_shl(n, shift);
	wide_half r = n.high; /* below d */
	uint64_t high = wide_digit(&r, (uint64_t)(n.low >> 64), d);
	return (wide_half)high << 64 | wide_digit(&r, (uint64_t)n.low, d);
}

/* floor(n / d), d at least 2^64, the quotient below 2^192. */
static inline struct wide wide_divide(struct wide n, wide_half d)
{
	int shift = __builtin_clzll((uint64_t)(d >> 64));
	wide_half r = n.high >> (127 - shift) >> 1 << 64; /* what leaves the top of the word */
	d <<= shift;
	n = wide_shl(n, shift);
	r |= n.high >> 64;
	uint64_t top = wide_digit(&r, (uint64_t)n.high, d);
	uint64_t high = wide_digit(&r, (uint64_t)(n.low >> 64), d);
	return (struct wide){top, (wide_half)high << 64 | wide_digit(&r, (uint64_t)n.low, d)};
}

/* A factor of wide_scaled, split so that all partial products are of signed limbs: high 2^57 + low. */
struct wide_factor {
	int64_t high, low;
};

static inline struct wide_factor wide_factor_of(wide_signed x)
{
	return (struct wide_factor){(int64_t)(x >> 57), (int64_t)(uint64_t)x & (((int64_t)1 << 57) - 1)};
}

/* floor(a b / 2^112) for |a| and |b| below 2^119 whose result is below 2^126. */
static inline wide_signed wide_scaled(wide_signed a, struct wide_factor b)
{
	struct wide_factor x = wide_factor_of(a);
	wide_signed low = (wide_signed)x.low * b.low;
	wide_signed middle = (wide_signed)x.high * b.low + (wide_signed)x.low * b.high + (low >> 57);
	return (wide_signed)x.high * b.high * 4 + (middle >> 55);
}

#endif
