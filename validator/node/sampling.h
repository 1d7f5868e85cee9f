/* validator/node/sampling.h: which claims this node re-executes, and what it keeps so that others can check that afterwards.
 *
 * A claim is decided about once, when it is first seen bound. Its draw comes from its **source**: the block that it was posted in, by its hash, or for a leaf of
 * a batch in calldata the batch's id. Of each source the node computes one output of its verifiable random function (chain/eth/vrf.h), and
 *
 *     draw = first 8 bytes of keccak256(output || claimId), as a share of 2^64;  executed if it is below the policy's rate
 *
 * Nobody without the key can tell an output, and whoever is shown one later sees by the proof that it is the only one. It is shown only when all claims
 * of its source are settled in a final block: no claim can be added to a source that exists, so what is shown helps nobody to pick claims.
 * Source: docs/node.md, "Sampling"; decision 0025. */
#ifndef GS_VALIDATOR_NODE_SAMPLING_H
#define GS_VALIDATOR_NODE_SAMPLING_H

#include "chain/eth/vrf.h"
#include "validator/node/policy.h"

enum gs_sample_reason {
	GS_SAMPLE_BY_VALUE = 1,
	GS_SAMPLE_BY_DRAW = 2,
	GS_SAMPLE_NOT_DRAWN = 3,
	GS_SAMPLE_KEPT = 4,    /* not drawn, but it was in a block that a reorganisation took away */
	GS_SAMPLE_UNBOUND = 5, /* its block's hash is not known any more: executed, without a draw */
	GS_SAMPLE_SHED = 6,    /* drawn, but there was no time to execute it beside what is worth more */
	GS_SAMPLE_DOWN =
		7, /* first seen when its window was over, which ended before this run of the node began: not executed */
	GS_SAMPLE_BEHIND = 8 /* the same, but the node ran, and had not followed the chain so far */
};
enum { GS_SAMPLE_REASON_LAST = GS_SAMPLE_BEHIND };

enum gs_sample_source_kind { GS_SAMPLE_OF_BLOCK = 1, GS_SAMPLE_OF_BATCH = 2 };
struct gs_sample_source {
	uint8_t kind; /* enum gs_sample_source_kind; 0: none */
	struct gs_hash of;
};
bool gs_sample_source_equal(const struct gs_sample_source *a, const struct gs_sample_source *b);

/* The input of the function: what it is for, the chain, the contract, the source. */
enum { GS_SAMPLE_ALPHA_BYTES = 24 + 8 + 20 + 1 + 32 };
void gs_sample_alpha(uint64_t chain_id, const struct gs_address *claims, const struct gs_sample_source *source,
                     uint8_t out[GS_SAMPLE_ALPHA_BYTES]);

/* What the key's holder alone can compute of a source. */
struct gs_sample_lot {
	struct gs_hash output;
	bool proven; /* simulations have no proofs */
	struct gs_vrf_proof proof;
};

struct gs_sample {
	bool execute;
	uint8_t reason;    /* enum gs_sample_reason */
	uint64_t draw;     /* the share of 2^64 that was drawn */
	uint32_t rate_ppm; /* of the policy for this claim */
	struct gs_sampling_case of;
	struct gs_wei certain_above;
	struct gs_hash policy; /* gs_policy_hash; zero in records of version 1, which end with the line before */
	struct gs_sample_source source;
	uint64_t block; /* that the claim, or its batch, was posted in */
	bool proven;
	struct gs_vrf_proof proof;
};

uint64_t gs_sample_draw(const struct gs_hash *output, const struct gs_hash *claim);
/* By policy and draw alone; the policy's hash, source, block and proof are the caller's to add. */
void gs_sample_decide(const struct gs_sampling_policy *policy, uint64_t draw, const struct gs_sampling_case *of,
                      struct gs_sample *out);
/* The same of a value of which nothing more is known. Simulations of money draw from their seed. */
void gs_sample_decide_drawn(const struct gs_sampling_policy *policy, uint64_t draw, struct gs_wei value,
                            struct gs_sample *out);
/* Whether decision and reason follow from what gs_sample_decide gives for the same draw and case: all but what is kept, shed, or late is just that. A
 * decision that was not drawn (GS_SAMPLE_UNBOUND) follows from nothing. */
bool gs_sample_follows(const struct gs_sample *sample, const struct gs_sample *wanted);
/* Whether nothing was decided in time. What would have been done follows from draw and rate. */
bool gs_sample_is_late(const struct gs_sample *sample);
const char *gs_sample_reason_name(enum gs_sample_reason reason);

/* Reads both versions. */
void gs_sample_encode(const struct gs_sample *sample, struct gs_buf *out);
GS_MUST enum gs_err gs_sample_decode(struct gs_bytes bytes, struct gs_sample *out);

#endif
