/* validator/node/policy.h: how large a share of claims is executed, by what is at stake and what is known: a pure function of a published policy.
 *
 * A share is in millionths (ppm). From the base rate
 *
 *     up      = rate * (1 + value / value_unit + wrong * wrong_percent / 100 + (claimant is young) * young_percent / 100)
 *     rarer   = up * cost_us / cost                     where an execution takes longer than cost_us
 *     busy    = rarer * (1 - load) / (1 - busy)         where load is above busy
 *     result  = max(busy, min(up, least)), at most 1;   1 from certain_above on
 *
 * everything rounded down, a term whose setting is zero left out. It never falls when value rises. A policy is named by its hash, which stands in
 * every decision that was made by it. Source: docs/node.md, "Sampling"; decision 0025. */
#ifndef GS_VALIDATOR_NODE_POLICY_H
#define GS_VALIDATOR_NODE_POLICY_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"

enum { GS_POLICY_PPM = 1000 * 1000, GS_POLICY_PERCENT_MAX = 1000 * 1000 };

struct gs_sampling_policy {
	uint32_t rate_ppm;           /* of a claim of which nothing more is known */
	uint32_t least_ppm;          /* cost and load take no rate below this */
	struct gs_wei certain_above; /* value from which on a claim is executed always */
	struct gs_wei
		value_unit; /* each such amount at stake adds the rate once more; 0: value counts by the line above alone */
	uint32_t wrong_percent; /* of the rate, added for each claim of the claimant that was settled wrong */
	uint32_t young_percent; /* of the rate, added while the claimant's first claim is younger than young_s */
	uint64_t young_s;
	uint64_t cost_us; /* an execution that takes longer is drawn more rarely; 0: whatever it takes */
	uint32_t
		busy_ppm; /* of the room for executions that may be taken before draws get rarer; 0: whatever is taken */
};

/* What is known of a claim when it is decided about. */
struct gs_sampling_case {
	struct gs_wei value; /* at stake */
	uint32_t wrong;      /* claims of its claimant that were settled wrong */
	uint64_t known_s;    /* how much older its claimant's first claim is */
	uint64_t cost_us;    /* an execution of the model, as measured here; 0: never measured */
	uint32_t load_ppm;   /* of the room for executions that is taken */
};

/* At most GS_POLICY_PPM. */
uint32_t gs_policy_rate(const struct gs_sampling_policy *policy, const struct gs_sampling_case *of);

/* Big-endian words in the order above, behind a text that says what they are; its keccak256 is the policy's name. */
enum { GS_POLICY_BYTES = 24 + 4 + 4 + 32 + 32 + 4 + 4 + 8 + 8 + 4 };
void gs_policy_encode(const struct gs_sampling_policy *policy, uint8_t out[GS_POLICY_BYTES]);
GS_MUST enum gs_err gs_policy_decode(struct gs_bytes bytes, struct gs_sampling_policy *out); /* GS_ECORRUPT */
void gs_policy_hash(const struct gs_sampling_policy *policy, struct gs_hash *out);

#endif
