/* chain/core/hash.h: Keccak-256 with the original padding, the hash of Ethereum (Yellow Paper, appendix on Keccak).
 *
 * OpenSSL 3.0 has only the SHA-3 padding (0x06), so the sponge is written here, over the permutation of keccak_lanes.h. */
#ifndef GS_CHAIN_CORE_HASH_H
#define GS_CHAIN_CORE_HASH_H

#include "chain/core/core.h"

enum { GS_KECCAK_RATE = 136 };

/* An incremental sponge; plain data, no clean-up needed. */
struct gs_keccak {
	uint64_t state[25];
	uint8_t block[GS_KECCAK_RATE];
	size_t used;
};

void gs_keccak_init(struct gs_keccak *k);
void gs_keccak_update(struct gs_keccak *k, const void *data, size_t len);
void gs_keccak_final(struct gs_keccak *k, struct gs_hash *out);

void gs_keccak256(const void *data, size_t len, struct gs_hash *out);

#endif
