/* validator/node/sampling.h: which claims this node re-executes.
 *
 * Decided once a claim, by a value that nobody without the node's sampling key can predict: the first eight bytes of
 * keccak256(key || claimId), read as a share of 2^64, compared with the rate. From a threshold of value on, every claim
 * is executed. The decision and what it was made from are kept, so that it can be shown later. (`proof` is empty in this version: the
 * hash stands where a verifiable random function will.) Source: docs/node.md, "Sampling". */
#ifndef GS_VALIDATOR_NODE_SAMPLING_H
#define GS_VALIDATOR_NODE_SAMPLING_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"

struct gs_sampling_policy {
	uint8_t key[32];   /* secret */
	uint32_t rate_ppm; /* of 1,000,000 */
	struct gs_wei certain_above;
};

enum gs_sample_reason { GS_SAMPLE_BY_VALUE = 1, GS_SAMPLE_BY_DRAW = 2, GS_SAMPLE_NOT_DRAWN = 3 };

struct gs_sample {
	bool execute;
	uint8_t reason; /* enum gs_sample_reason */
	uint64_t draw;  /* the share of 2^64 that was drawn */
	uint32_t rate_ppm;
	struct gs_wei value; /* at stake in the claim */
	struct gs_wei certain_above;
};

void gs_sample_decide(const struct gs_sampling_policy *policy, const struct gs_hash *claim, struct gs_wei value,
                      struct gs_sample *out);
/* The same of a value drawn elsewhere, uniform below 2^64; the policy's key is not looked at. Simulations draw from their seed. */
void gs_sample_decide_drawn(const struct gs_sampling_policy *policy, uint64_t draw, struct gs_wei value,
                            struct gs_sample *out);
const char *gs_sample_reason_name(enum gs_sample_reason reason);

void gs_sample_encode(const struct gs_sample *sample, struct gs_buf *out);
GS_MUST enum gs_err gs_sample_decode(struct gs_bytes bytes, struct gs_sample *out);

#endif
