/* validator/daemon/deploy_parameters.h: what the contracts are deployed with (docs/protocol.md), from a file or from flags.
 *
 * A file is JSON or YAML (JSON is read as the YAML that it is), one map for each contract; a setting `claims.window_s` is the key
 * `window_s` of the map `claims`. configs/deployments/ holds files to begin with. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOY_PARAMETERS_H
#define GS_VALIDATOR_DAEMON_DEPLOY_PARAMETERS_H

#include "chain/core/u256.h"
#include "validator/daemon/binder.h"

enum gs_deploy_clock {
	GS_DEPLOY_CLOCK_OWN,
	GS_DEPLOY_CLOCK_L1
}; /* epochs by the chain's time, or by its L1's (OP stack) */

struct gs_deploy_parameters { /* amounts in the token's smallest unit, shares in millionths (whole basis points) */
	struct {
		struct gs_setting_address token; /* an ERC-20 of 18 decimals; the word "dev": DevToken is deployed */
		uint64_t unbonding_s;
	} stakes;
	struct {
		struct gs_wei registrant_bond;
		struct gs_wei attest_threshold;
		uint64_t release_s; /* a retired model's bond waits so long */
		uint64_t burn_ppm;  /* of the bond of a model that was proven malformed */
	} models;
	struct {
		struct gs_setting_address owner; /* of the terms; the word "sender": who deploys */
		uint64_t terms_delay_s;          /* new terms wait so long */
		uint64_t retire_grace_s;
		uint64_t bytes_max; /* input and output of a claim together */
		struct gs_wei minimum_bond;
		struct gs_wei minimum_fee;
		uint64_t bond_ppm; /* of a claim's value */
		uint64_t fee_ppm;
		uint64_t window_s;
	} claims;
	struct {
		uint64_t claimant_budget_s;
		uint64_t challenger_budget_s;
		uint64_t minimum_time_s;
		struct gs_wei challenger_bond; /* of one unit */
		struct gs_wei refund_per_move;
		uint64_t concede_ppm;
		uint64_t burn_ppm; /* of what is slashed */
	} disputes;
	struct {
		uint64_t demand_s; /* to answer a demand */
		uint64_t audit_s;  /* to publish a trace root that was drawn */
		uint64_t report_s; /* for validators, after finality */
		uint64_t epoch_s;
		uint64_t audit_ppm; /* share of claims that are drawn; 0: none, and nothing is recorded */
		struct gs_wei demand_base;
		struct gs_wei demand_per_chunk;
		struct gs_wei attest_stake; /* the least */
		int clock;                  /* enum gs_deploy_clock */
	} duties;
};

/* A devnet that plays in minutes: DevToken, owned by the sender. */
void gs_deploy_defaults(struct gs_deploy_parameters *out);
/* Reads a file over *out. */
GS_MUST enum gs_err gs_deploy_parameters_load(const char *path, struct gs_deploy_parameters *out,
                                              struct gs_error *error);
/* Sets one by name from text: "claims.window_s", "3600". */
GS_MUST enum gs_err gs_deploy_parameters_set(const char *name, const char *value, struct gs_deploy_parameters *out,
                                             struct gs_error *error);

/* GS_EINVAL unless the token and the owner were said: nobody should come by a token that anybody mints, or an owner, unawares. */
GS_MUST enum gs_err gs_deploy_parameters_said(const struct gs_deploy_parameters *p, struct gs_error *error);
/* All of them in turn: name ("claims.window_s") and text of number i; false at the end. */
bool gs_deploy_parameters_at(const struct gs_deploy_parameters *p, size_t i, const char **name,
                             char text[GS_BINDER_VALUE_MAX]);

/* The constructor's arguments: shares as basis points, the terms as their packed word. GS_EINVAL: a share between two basis
 * points, or an amount that its field cannot hold. */
GS_MUST enum gs_err gs_deploy_bps(const char *name, uint64_t ppm, uint16_t *out, struct gs_error *error);
GS_MUST enum gs_err gs_deploy_terms(const struct gs_deploy_parameters *p, struct gs_u256 *out, struct gs_error *error);

#endif
