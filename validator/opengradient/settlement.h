/* validator/opengradient/settlement.h: one settled inference: which TEE says that it answered a request so, and when.
 *
 * What the TEE signs is msg = keccak256(input hash, output hash, uint256 seconds); what stands in a batch is the leaf
 * keccak256(keccak256(abi.encode(bytes32 teeId, bytes32 inputHash, bytes32 outputHash, bytes signature, uint256 timestamp))). */
#ifndef GS_VALIDATOR_OPENGRADIENT_SETTLEMENT_H
#define GS_VALIDATOR_OPENGRADIENT_SETTLEMENT_H

#include "chain/core/u256.h"

struct gs_settlement {
	struct gs_hash tee, input, output;
	struct gs_bytes signature;  /* borrowed */
	struct gs_u256 timestamp_s; /* since 1970, as the TEE says */
};

/* The leaf of a batch's tree. */
void gs_settlement_leaf(const struct gs_settlement *s, struct gs_hash *out);
/* out[i]: the leaf of *s[i]; several are hashed at once where their signatures are of one length. */
void gs_settlement_leaves(const struct gs_settlement *const *s, size_t count, struct gs_hash *out);
/* What the TEE signs of it. */
void gs_settlement_message(const struct gs_settlement *s, struct gs_hash *out);
/* What a TEE signs to show that it is alive: keccak256(teeId, uint256 seconds). */
void gs_heartbeat_message(const struct gs_hash *tee, const struct gs_u256 *timestamp_s, struct gs_hash *out);

#endif
