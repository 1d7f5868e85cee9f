/* chain/core/rng.c: xoshiro256** 1.0 seeded by splitmix64, both by Blackman and Vigna. */
#include "chain/core/rng.h"

static uint64_t rotate_left(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

void gs_rng_seed(struct gs_rng *rng, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		seed += 0x9e3779b97f4a7c15u;
		uint64_t z = seed;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		rng->s[i] = z ^ (z >> 31);
	}
}

uint64_t gs_rng_u64(struct gs_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t gs_rng_below(struct gs_rng *rng, uint64_t bound)
{
	GS_ASSERT(bound > 0);
	/* The lowest 2^64 mod bound values are thrown away, so that every remainder is equally likely. */
	uint64_t skip = (0 - bound) % bound;
	uint64_t v = gs_rng_u64(rng);
	while (v < skip)
		v = gs_rng_u64(rng);
	return v % bound;
}
