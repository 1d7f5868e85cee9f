/* chain/core/rng.h: a small deterministic generator (xoshiro256**, Blackman and Vigna, seeded by splitmix64).
 *
 * For tests, fault selection and simulations: one 64-bit seed replays everything. Never for keys or nonces. */
#ifndef GS_CHAIN_CORE_RNG_H
#define GS_CHAIN_CORE_RNG_H

#include "chain/core/core.h"

struct gs_rng {
	uint64_t s[4];
};

void gs_rng_seed(struct gs_rng *rng, uint64_t seed);
uint64_t gs_rng_u64(struct gs_rng *rng);
/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint64_t gs_rng_below(struct gs_rng *rng, uint64_t bound);

#endif
