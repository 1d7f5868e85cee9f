/* validator/cli/deploy_contracts.h: puts the whole system on a chain: seven contracts and one call that wires them.
 *
 * The order and the constructors' arguments are those of docs/protocol.md, section 1. */
#ifndef GS_VALIDATOR_CLI_DEPLOY_CONTRACTS_H
#define GS_VALIDATOR_CLI_DEPLOY_CONTRACTS_H

#include "chain/rpc/sender.h"
#include "validator/daemon/deployment.h"

struct gs_contract_parameters {
	uint64_t unbonding_s;
	uint16_t burn_bps;
	struct gs_wei registrant_bond;
	struct gs_wei attest_threshold;
	uint64_t window_s;
	struct gs_wei minimum_bond;
	uint16_t bond_bps;
	uint32_t bytes_max; /* of a claim's input and output together */
	uint32_t claimant_budget_s;
	uint32_t challenger_budget_s;
	uint32_t minimum_time_s;
	struct gs_wei challenger_bond;
	uint16_t concede_bps;
};
/* For development chains: bonds of 10 and 5 tokens, windows and clocks of minutes. */
struct gs_contract_parameters gs_contract_parameters_devnet(void);

/* Eight transactions by the sender. dir: the compiled contracts (gs_deploy_find). *gas (may be NULL) is what they used together. */
GS_MUST enum gs_err gs_contracts_deploy(const struct gs_sender *sender, const char *dir,
                                        const struct gs_contract_parameters *parameters, struct gs_deployment *out,
                                        uint64_t *gas, struct gs_error *error);

#endif
