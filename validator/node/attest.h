/* validator/node/attest.h: whether a claim that was found right is worth a stake on having its trace.
 *
 * Of an audited claim that becomes final, those who attested it share min(pool, fee / audit share) by stake; of others
 * nobody gets anything but its stake back. So with an audit share p an attestation of s beside others' S is worth
 *
 *     p * min(pool + fee, fee / p) * s / (s + S)
 *
 * on average, and costs the gas of attesting and collecting, and with probability p that of reporting. What gas costs in
 * the token that fees are paid in is the operator's to say: no chain knows it. Source: docs/protocol.md, 6.2 to 6.4. */
#ifndef GS_VALIDATOR_NODE_ATTEST_H
#define GS_VALIDATOR_NODE_ATTEST_H

#include "chain/core/u256.h"
#include "challenge/game/claim.h"

/* Bounds over what the calls take. Measured: tests/integration/node_attest.sh prints them. */
enum { GS_ATTEST_GAS = 110 * 1000, GS_ATTEST_REPORT_GAS = 80 * 1000, GS_ATTEST_COLLECT_GAS = 110 * 1000 };

struct gs_attest_policy {
	bool on;
	struct gs_wei stake;       /* of one attestation; below least: least */
	uint32_t locked_ppm;       /* the most of what is free and locked together that attestations may lock */
	struct gs_wei million_gas; /* what 10^6 gas cost, in tokens; zero: nothing */
	/* of the contract: */
	struct gs_wei least;
	uint32_t audit_bps; /* 0: no attestation ever earns anything */
	uint64_t report_s;
};

struct gs_attest_case {
	struct gs_wei fee;      /* of the claim */
	struct gs_wei pool;     /* of fees, free and locked, as far as it is not promised */
	struct gs_wei others;   /* staked on the claim by others */
	struct gs_wei free;     /* stake of ours that nothing on its way will lock */
	struct gs_wei all;      /* stake of ours, free and locked */
	struct gs_wei attested; /* of it, what attestations lock or are about to */
	struct gs_wei keep;     /* of what is free, to be left for a challenge */
};

enum gs_attest_reason {
	GS_ATTEST_YES,
	GS_ATTEST_OFF,
	GS_ATTEST_WORTHLESS,    /* gas costs more than it brings on average */
	GS_ATTEST_LOCKED,       /* more than the policy's share would be locked */
	GS_ATTEST_UNAFFORDABLE, /* a challenge could not be paid any more */
};
const char *gs_attest_reason_name(enum gs_attest_reason reason);

struct gs_attest_decision {
	enum gs_attest_reason reason;
	struct gs_wei stake;
	struct gs_wei income; /* on average */
	struct gs_wei cost;   /* of gas */
};
/* Amounts are below 2^128, as the contracts' are; a sum that does not fit counts as worthless. */
void gs_attest_weigh(const struct gs_attest_policy *policy, const struct gs_attest_case *c,
                     struct gs_attest_decision *out);

/* Low 160 bits of keccak(abi.encode(claimId, validator, traceRoot)). */
struct gs_trace_tag gs_attest_commitment(const struct gs_hash *claim, const struct gs_address *validator,
                                         const struct gs_hash *trace_root);

#endif
