/* validator/daemon/deployment.h: where the contracts are: a JSON file that `gainsay deploy` writes and every other command reads.
 *
 *     {"chain_id": 31337, "block": 12, "contracts": {"Token": "0x..", "Stakes": "0x..", ...},
 *      "deployer": "0x..", "first_nonce": 0, "parameters": {"stakes": {"token": "dev", ...}, ...}}
 *
 * The second line is where the deployment comes from: enough to make every byte of its code again (deploy_check.h). */
#ifndef GS_VALIDATOR_DAEMON_DEPLOYMENT_H
#define GS_VALIDATOR_DAEMON_DEPLOYMENT_H

#include "validator/daemon/deploy_parameters.h"
#include "validator/node/event.h"

enum gs_contract {
	GS_CONTRACT_TOKEN, /* DevToken on a devnet */
	GS_CONTRACT_ELEMENTARY,
	GS_CONTRACT_JUDGE,
	GS_CONTRACT_STAKES,
	GS_CONTRACT_INSPECTOR,
	GS_CONTRACT_MODELS,
	GS_CONTRACT_CLAIMS,
	GS_CONTRACT_BATCHES,
	GS_CONTRACT_DISPUTES,
	GS_CONTRACT_DUTIES,
}; /* in the order in which they are deployed (docs/protocol.md, section 1) */
enum { GS_CONTRACT_COUNT = GS_CONTRACT_DUTIES + 1, GS_DEPLOYMENT_FILE_MAX = 64 * 1024 };

struct gs_deployment {
	uint64_t chain_id;
	uint64_t block; /* nothing of the contracts happened before it */
	struct gs_address contract[GS_CONTRACT_COUNT];
};

struct gs_deployment_origin {
	struct gs_address deployer;
	uint64_t first_nonce; /* of the deployer's transactions: addresses follow from it */
	struct gs_deploy_parameters parameters;
};

const char *gs_contract_label(enum gs_contract contract); /* "Token", ... */

/* The same as the node's core knows them. */
void gs_deployment_contracts(const struct gs_deployment *deployment, struct gs_contracts *out);

GS_MUST enum gs_err gs_deployment_load(const char *path, struct gs_deployment *out, struct gs_error *error);
/* Reads the file's second half. GS_ENOTFOUND: it was written by hand, or by a version that kept none. */
GS_MUST enum gs_err gs_deployment_load_origin(const char *path, struct gs_deployment_origin *out,
                                              struct gs_error *error);
/* Replaces the file in one step. */
GS_MUST enum gs_err gs_deployment_save(const char *path, const struct gs_deployment *deployment,
                                       const struct gs_deployment_origin *origin, struct gs_error *error);

#endif
