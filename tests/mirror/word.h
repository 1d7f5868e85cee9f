/* tests/mirror/word.h: the EVM's words, by the plainest means: four limbs, wrapping modulo 2^256, two's complement.
 *
 * Written for being right: the unit test compares every operation with GMP. Names are the opcodes'; a shift takes its
 * count first, as an opcode does, and a count of 256 or more leaves zeros (sar: sign bits). */
#ifndef GS_TESTS_MIRROR_WORD_H
#define GS_TESTS_MIRROR_WORD_H

#include <stdbool.h>
#include <stdint.h>

struct word {
	uint64_t limb[4]; /* lowest first */
};

static inline struct word word_of(uint64_t x)
{
	return (struct word){{x, 0, 0, 0}};
}

/* Sign-extended. */
static inline struct word word_of_signed(__int128 x)
{
	uint64_t sign = x < 0 ? UINT64_MAX : 0;
	return (struct word){{(uint64_t)x, (uint64_t)((unsigned __int128)x >> 64), sign, sign}};
}

static inline struct word word_not(struct word a)
{
	return (struct word){{~a.limb[0], ~a.limb[1], ~a.limb[2], ~a.limb[3]}};
}

static inline struct word word_add(struct word a, struct word b)
{
	unsigned __int128 carry = 0;
	for (int i = 0; i < 4; i++) {
		carry += (unsigned __int128)a.limb[i] + b.limb[i];
		a.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return a;
}

static inline struct word word_sub(struct word a, struct word b)
{
	return word_add(word_add(a, word_not(b)), word_of(1));
}

static inline bool word_negative(struct word a)
{
	return a.limb[3] >> 63;
}

static inline bool word_zero(struct word a)
{
	return !(a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]);
}

static inline struct word word_neg(struct word a)
{
	return word_sub(word_of(0), a);
}

static inline struct word word_abs(struct word a)
{
	return word_negative(a) ? word_neg(a) : a;
}

static inline bool word_lt(struct word a, struct word b)
{
	for (int i = 3; i >= 0; i--)
		if (a.limb[i] != b.limb[i])
			return a.limb[i] < b.limb[i];
	return false;
}

static inline bool word_gt(struct word a, struct word b)
{
	return word_lt(b, a);
}

static inline bool word_bit(struct word a, unsigned int i)
{
	return a.limb[i / 64] >> i % 64 & 1;
}

/* 1 + floor(log2 a), 0 of 0 */
static inline int word_bits(struct word a)
{
	int n = 256;
	while (n > 0 && !word_bit(a, (unsigned int)n - 1))
		n--;
	return n;
}

static inline struct word word_shl(unsigned int n, struct word a)
{
	struct word r = {{0}};
	for (unsigned int i = 0; n < 256 && i < 256 - n; i++)
		if (word_bit(a, i))
			r.limb[(i + n) / 64] |= (uint64_t)1 << (i + n) % 64;
	return r;
}

static inline struct word word_shr(unsigned int n, struct word a)
{
	struct word r = {{0}};
	for (unsigned int i = n; i < 256; i++)
		if (word_bit(a, i))
			r.limb[(i - n) / 64] |= (uint64_t)1 << (i - n) % 64;
	return r;
}

static inline struct word word_sar(unsigned int n, struct word a)
{
	return word_negative(a) ? word_not(word_shr(n, word_not(a))) : word_shr(n, a);
}

static inline struct word word_mul(struct word a, struct word b)
{
	struct word r = {{0}};
	for (int i = 0; i < 4; i++) {
		unsigned __int128 carry = 0;
		for (int j = 0; i + j < 4; j++) {
			carry += (unsigned __int128)a.limb[i] * b.limb[j] + r.limb[i + j];
			r.limb[i + j] = (uint64_t)carry;
			carry >>= 64;
		}
	}
	return r;
}

/* A bit at a time; 0 for b = 0. */
static inline struct word word_div(struct word a, struct word b)
{
	struct word q = {{0}}, r = {{0}};
	if (word_zero(b))
		return q;
	for (int i = word_bits(a) - 1; i >= 0; i--) {
		bool top = word_bit(r, 255);
		r = word_add(word_add(r, r), word_of(word_bit(a, (unsigned int)i)));
		if (top || !word_lt(r, b)) {
			r = word_sub(r, b);
			q.limb[i / 64] |= (uint64_t)1 << i % 64;
		}
	}
	return q;
}

/* Toward zero. */
static inline struct word word_sdiv(struct word a, struct word b)
{
	struct word q = word_div(word_abs(a), word_abs(b));
	return word_negative(a) != word_negative(b) ? word_neg(q) : q;
}

#endif
