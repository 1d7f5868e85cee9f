/* chain/core/keccak_lanes_body.h: keccak-f[1600] on LANES states at once. Each keccak_lanes_<isa>.c includes this once,
 * after it has defined
 *   LANES           how many states
 *   V               a vector of LANES words of 64 bits
 *   SPLAT(word)     the word in every lane
 *   XOR, XOR3       of two, of three vectors
 *   CHI(a, b, c)    a ^ (~b & c)
 *   ROL(a, n)       every lane rotated left by the constant n, 0 < n < 64
 *   load_message(w, bytes, prefix, data)   words 0 .. bytes / 8 of (prefix || message) of each lane, message l at
 *                   data + l * bytes; the last word holds one byte of the message, seven zero bytes above it
 *   store_hashes(s, out)                   s[0 .. 3] of lane l to out[l]
 * and may define
 *   FEW, FEWER      up to FEW messages that are left over are FEWER's; otherwise a single one is gs_keccak_lanes_one()'s
 * With nothing defined it is plain C with one lane. Words are little-endian (FIPS 202, B.1). */
#ifndef GS_CHAIN_CORE_KECCAK_LANES_BODY_H
#define GS_CHAIN_CORE_KECCAK_LANES_BODY_H

#include "chain/core/keccak_lanes.h"

#include <string.h>

#ifndef LANES
enum { LANES = 1 };
typedef uint64_t V;
#define SPLAT(word) (word)
#define XOR(a, b) ((a) ^ (b))
#define XOR3(a, b, c) ((a) ^ (b) ^ (c))
#define CHI(a, b, c) ((a) ^ (~(b) & (c)))
#define ROL(a, n) ((a) << (n) | (a) >> (64 - (n)))

static inline void load_message(V *w, size_t bytes, uint8_t prefix, const uint8_t *data)
{
	w[0] = gs_le64_read(data) << 8 | prefix;
	for (size_t i = 1; i < bytes / 8; i++)
		w[i] = gs_le64_read(data + 8 * i - 1);
	w[bytes / 8] = data[bytes - 1];
}

static inline void store_hashes(const V *s, struct gs_hash *out)
{
	for (size_t i = 0; i < 4; i++)
		gs_le64_write(out->b + 8 * i, s[i]);
}
#endif

#ifndef FEW
#define FEW (LANES > 2 ? 1 : 0)
#endif
#ifndef FEWER
#define FEWER (*gs_keccak_lanes_one())
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* RC of FIPS 202, 3.2.5. */
static const uint64_t ROUND_CONSTANT[24] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
	0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
	0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
	0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* A word of a after theta; x is its column. */
#define THETA(x, y) XOR(a[(x) + 5 * (y)], d[x])

/* Row y of e: rho, pi and chi. Position (x, y) takes the word of a at column (x + 3y) % 5, row x (pi, read backwards), rotated.
 * The order of the outputs is the one that needs the fewest copies where an instruction writes over an operand. */
#define ROW(y, n0, n1, n2, n3, n4) \
	do { \
		V b0 = (n0) ? ROL(THETA((0 + 3 * (y)) % 5, 0), (n0) ? (n0) : 1) : THETA((0 + 3 * (y)) % 5, 0); \
		V b1 = ROL(THETA((1 + 3 * (y)) % 5, 1), n1); \
		V b2 = ROL(THETA((2 + 3 * (y)) % 5, 2), n2); \
		V b3 = ROL(THETA((3 + 3 * (y)) % 5, 3), n3); \
		V b4 = ROL(THETA((4 + 3 * (y)) % 5, 4), n4); \
		e[5 * (y) + 3] = CHI(b3, b4, b0); \
		e[5 * (y) + 4] = CHI(b4, b0, b1); \
		e[5 * (y) + 0] = CHI(b0, b1, b2); \
		e[5 * (y) + 1] = CHI(b1, b2, b3); \
		e[5 * (y) + 2] = CHI(b2, b3, b4); \
	} while (0)

#define COLUMN(x) XOR3(XOR3(a[x], a[(x) + 5], a[(x) + 10]), a[(x) + 15], a[(x) + 20])

/* One round from a to e (FIPS 202, 3.2). */
ALWAYS_INLINE void keccak_round(V *restrict e, const V *restrict a, uint64_t constant)
{
	const V c[5] = {COLUMN(0), COLUMN(1), COLUMN(2), COLUMN(3), COLUMN(4)};
	const V d[5] = {XOR(c[4], ROL(c[1], 1)), XOR(c[0], ROL(c[2], 1)), XOR(c[1], ROL(c[3], 1)),
	                XOR(c[2], ROL(c[4], 1)), XOR(c[3], ROL(c[0], 1))};
	ROW(0, 0, 44, 43, 21, 14);
	ROW(1, 28, 20, 3, 45, 61);
	ROW(2, 1, 6, 25, 8, 18);
	ROW(3, 27, 36, 10, 15, 56);
	ROW(4, 62, 55, 39, 41, 2);
	e[0] = XOR(e[0], SPLAT(constant));
}

/* The whole sponge for one message a lane: absorb one block, permute, take 256 bits. */
ALWAYS_INLINE void hash_lanes(uint8_t prefix, size_t bytes, const uint8_t *data, struct gs_hash *out)
{
	V a[25], e[25];
	load_message(a, bytes, prefix, data);
	/* Keccak's own padding: 0x01 behind the message, 0x80 in the block's last byte (of 136). */
	a[bytes / 8] = XOR(a[bytes / 8], SPLAT(UINT64_C(0x0100)));
	for (size_t i = bytes / 8 + 1; i < 25; i++)
		a[i] = SPLAT(UINT64_C(0));
	a[16] = XOR(a[16], SPLAT(UINT64_C(1) << 63));
	for (unsigned i = 0; i < 22; i += 2) {
		keccak_round(e, a, ROUND_CONSTANT[i]);
		keccak_round(a, e, ROUND_CONSTANT[i + 1]);
	}
	/* Apart, so that the compiler drops most of the last round: only four words of it are wanted. */
	keccak_round(e, a, ROUND_CONSTANT[22]);
	keccak_round(a, e, ROUND_CONSTANT[23]);
	store_hashes(a, out);
}

ALWAYS_INLINE void hash_many(uint8_t prefix, size_t bytes, const uint8_t *data, size_t count, struct gs_hash *out)
{
	uint8_t rest[LANES * 128]; /* what is left over, and zeros */
	struct gs_hash hash[LANES];
	while (count > FEW) {
		const bool whole = count >= LANES;
		const size_t n = whole ? LANES : count;
		const uint8_t *messages = whole ? data : memcpy(rest, data, n * bytes);
		if (!whole)
			memset(rest + n * bytes, 0, (LANES - n) * bytes);
		/* In one place: a few kilobytes of code, in the processor's first cache beside those of a small model. */
		hash_lanes(prefix, bytes, messages, whole ? out : hash);
		if (!whole)
			memcpy(out, hash, n * sizeof(*out));
		data += n * bytes;
		out += n;
		count -= n;
	}
	if (count > 0) /* a whole vector for them takes longer */
		(bytes == 128 ? FEWER.hash128 : FEWER.hash64)(prefix, data, count, out);
}

/* The permutation alone, in one place for messages of several blocks. */
static __attribute__((noinline)) void permute(V a[25])
{
	V e[25];
	for (unsigned i = 0; i < 24; i += 2) {
		keccak_round(e, a, ROUND_CONSTANT[i]);
		keccak_round(a, e, ROUND_CONSTANT[i + 1]);
	}
}

/* Adds words [from, from + count) of each of n messages to the state's first words; lanes without a message take none. */
static inline void absorb_words(V *a, const uint8_t *data, size_t words, size_t n, size_t from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t of_lane[LANES] = {0};
		V word;
		for (size_t l = 0; l < n; l++)
			of_lane[l] = gs_le64_read(data + 8 * (l * words + from + i));
		memcpy(&word, of_lane, sizeof(word));
		a[i] = XOR(a[i], word);
	}
}

static void hash_words(const uint8_t *data, size_t words, size_t count, struct gs_hash *out)
{
	enum { RATE = 17 }; /* words of a block */
	while (count > 0) {
		const size_t n = count < LANES ? count : LANES;
		struct gs_hash hash[LANES];
		size_t from = 0;
		V a[25];
		if (n == 1 && LANES > 2) { /* a whole vector for it takes longer */
			gs_keccak_lanes_one()->hash_words(data, words, n, out);
			return;
		}
		memset(a, 0, sizeof(a));
		for (; words - from >= RATE; from += RATE) {
			absorb_words(a, data, words, n, from, RATE);
			permute(a);
		}
		absorb_words(a, data, words, n, from, words - from);
		/* Keccak's own padding, as above. */
		a[words - from] = XOR(a[words - from], SPLAT(UINT64_C(1)));
		a[RATE - 1] = XOR(a[RATE - 1], SPLAT(UINT64_C(1) << 63));
		permute(a);
		store_hashes(a, hash);
		memcpy(out, hash, n * sizeof(*out));
		data += 8 * n * words;
		out += n;
		count -= n;
	}
}

static void hash128(uint8_t prefix, const uint8_t *data, size_t count, struct gs_hash *out)
{
	hash_many(prefix, 128, data, count, out);
}

static void hash64(uint8_t prefix, const uint8_t *data, size_t count, struct gs_hash *out)
{
	hash_many(prefix, 64, data, count, out);
}

#endif
