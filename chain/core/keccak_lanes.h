/* chain/core/keccak_lanes.h: Keccak-256 of many short messages at once.
 *
 * A commitment hashes millions of messages of two lengths, 1 + 128 and 1 + 64 bytes, each of which fits one permutation; a history of
 * claims has an id of nine words of 32 bytes for each (chain/core/hash.h is for messages alone and of all other lengths). One
 * permutation is a long chain of dependent operations on 25 words of 64
 * bits, but the messages have nothing to do with each other: word k of several states lies in one vector, a lane each,
 * and the same instructions permute them all. The same source (keccak_lanes_body.h) is compiled for several instruction
 * sets; every one gives the hash that chain/core/hash.h gives. */
#ifndef GS_CHAIN_CORE_KECCAK_LANES_H
#define GS_CHAIN_CORE_KECCAK_LANES_H

#include "chain/core/core.h"

/* out[i] = keccak256(prefix || message i) for i < count. Messages lie one behind the other, in any alignment.
 * out may begin where data begins (out[i] then overwrites messages that have been read), and not overlap it otherwise. */
typedef void gs_keccak_many(uint8_t prefix, const uint8_t *data, size_t count, struct gs_hash *out);

/* out[i] = keccak256(message i) for i < count: messages of so many words of 8 bytes, one behind the other, in any alignment. out overlaps
 * nothing of data. */
typedef void gs_keccak_many_words(const uint8_t *data, size_t words, size_t count, struct gs_hash *out);

/* keccak-f[1600] of one state (FIPS 202, 3.4). */
typedef void gs_keccak_permutation(uint64_t state[25]);

struct gs_keccak_lanes {
	const char *isa;
	unsigned lanes;                   /* states permuted at once, at most */
	gs_keccak_many *hash128;          /* messages of 128 bytes */
	gs_keccak_many *hash64;           /* messages of 64 bytes */
	gs_keccak_many_words *hash_words; /* of any number of words */
	gs_keccak_permutation *permute;   /* with one lane; NULL with more */
};

enum { GS_KECCAK_LANES_KINDS_MAX = 6 };

/* What this processor can run, the best first and "portable" last; returns how many. Static constants. */
unsigned gs_keccak_lanes_all(const struct gs_keccak_lanes *out[GS_KECCAK_LANES_KINDS_MAX]);
/* The first of them. */
const struct gs_keccak_lanes *gs_keccak_lanes_best(void);
/* The best one with one lane: for messages that come alone. */
const struct gs_keccak_lanes *gs_keccak_lanes_one(void);

extern const struct gs_keccak_lanes gs_keccak_lanes_portable;
#if defined(__x86_64__)
extern const struct gs_keccak_lanes gs_keccak_lanes_bmi2; /* needs BMI1 and BMI2 */
extern const struct gs_keccak_lanes gs_keccak_lanes_avx2;
extern const struct gs_keccak_lanes gs_keccak_lanes_avx512;      /* needs AVX-512 F, BW, DQ and VL */
extern const struct gs_keccak_lanes gs_keccak_lanes_four_avx512; /* what the former leaves over */
#elif defined(__AARCH64EL__)
extern const struct gs_keccak_lanes gs_keccak_lanes_neon;
#endif

#endif
