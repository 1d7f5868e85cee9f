/* validator/daemon/deployer.h: puts all the contracts on a chain, wired to each other (docs/protocol.md, section 1).
 *
 * Eight transactions: seven contracts, then stakes.wire. Used by `gainsay deploy`, by `dispute` on its own chain, by tests. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOYER_H
#define GS_VALIDATOR_DAEMON_DEPLOYER_H

#include "chain/rpc/sender.h"
#include "validator/daemon/deployment.h"

struct gs_deploy_parameters { /* amounts in the token's smallest unit, shares in millionths (whole basis points) */
	uint64_t burn_ppm;
	uint64_t unbonding_s;
	struct gs_wei registrant_bond;
	struct gs_wei attest_threshold;
	uint64_t window_s;
	struct gs_wei minimum_bond;
	uint64_t bond_ppm;  /* of a claim's value */
	uint64_t bytes_max; /* input and output of a claim together */
	uint64_t claimant_budget_s;
	uint64_t challenger_budget_s;
	uint64_t minimum_time_s;
	struct gs_wei challenger_bond;
	uint64_t concede_ppm;
};

/* A devnet that plays in seconds. */
void gs_deploy_defaults(struct gs_deploy_parameters *out);
/* Reads a YAML file over *out. */
GS_MUST enum gs_err gs_deploy_parameters_load(const char *path, struct gs_deploy_parameters *out,
                                              struct gs_error *error);

/* Where the compiled contracts lie: the folder `contracts` beside the executable or above it. */
GS_MUST enum gs_err gs_deploy_artifacts(char *out, size_t size, struct gs_error *error);

/* artifacts: a folder of <Name>.json with "bytecode"; NULL: gs_deploy_artifacts. gas_used may be NULL. */
GS_MUST enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                                  const struct gs_deploy_parameters *parameters, struct gs_deployment *out,
                                  uint64_t *gas_used, struct gs_error *error);

#endif
