/* chain/eth/vrf.h: a verifiable random function: 32 bytes that only a key's holder can compute, and that everybody can check afterwards.
 *
 * ECVRF-P256-SHA256-TAI of RFC 9381 (suite 0x01), on OpenSSL's P-256. To one key and one input belongs one output, whatever its holder
 * would like: the proof shows that it is that one. Without the proof the output tells nothing of the outputs of other inputs.
 *
 *     public key  33 bytes  a point, compressed (SEC 1)
 *     proof       81 bytes  Gamma (33) || c (16) || s (32)
 *     output      32 bytes  uniform
 *
 * Proofs are deterministic: the nonce is RFC 6979's. What touches the secret is one scalar's product with a point, by OpenSSL's code that
 * takes the same time for all scalars; try-and-increment takes a time that depends on the public key and the input alone, both of which are public in the end.
 * A proof takes some 200 microseconds, so does a check (docs/node.md, "Sampling", says how often that is). Sources: RFC 9381, 5.1 to 5.5; RFC 6979, 3.2. */
#ifndef GS_CHAIN_ETH_VRF_H
#define GS_CHAIN_ETH_VRF_H

#include "chain/core/core.h"

enum { GS_VRF_PUBLIC_BYTES = 33, GS_VRF_PROOF_BYTES = 81 };

struct gs_vrf_public {
	uint8_t b[GS_VRF_PUBLIC_BYTES];
};
struct gs_vrf_proof {
	uint8_t b[GS_VRF_PROOF_BYTES];
};
struct gs_vrf_key {
	uint8_t secret[32]; /* big-endian, 1 to the group's order less 1; never logged; gs_vrf_key_wipe when done */
	struct gs_vrf_public public_key;
};

/* The curve and room to compute in: one for a thread; NULL: no memory. */
struct gs_vrf;
struct gs_vrf *gs_vrf_new(void);
void gs_vrf_free(struct gs_vrf *vrf); /* NULL is fine */

/* GS_EINVAL when secret is 0 or not below the group's order (of random bytes: one in 2^32). */
GS_MUST enum gs_err gs_vrf_key_from_secret(struct gs_vrf *vrf, const uint8_t secret[32], struct gs_vrf_key *out,
                                           struct gs_error *error);
void gs_vrf_key_wipe(struct gs_vrf_key *key);

/*. GS_ENOMEM. */
GS_MUST enum gs_err gs_vrf_prove(struct gs_vrf *vrf, const struct gs_vrf_key *key, struct gs_bytes alpha,
                                 struct gs_vrf_proof *proof, struct gs_hash *output);
/* GS_EPARSE: key or proof has not the form of one (a point off the curve, a number not below the order). GS_ECONFLICT: it has, but proves
 * something else. *output is written with GS_OK alone. */
GS_MUST enum gs_err gs_vrf_verify(struct gs_vrf *vrf, const struct gs_vrf_public *key, struct gs_bytes alpha,
                                  const struct gs_vrf_proof *proof, struct gs_hash *output);
/* The output that a proof is about, which nobody has checked. GS_EPARSE. */
GS_MUST enum gs_err gs_vrf_output(struct gs_vrf *vrf, const struct gs_vrf_proof *proof, struct gs_hash *output);

#endif
