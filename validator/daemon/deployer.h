/* validator/daemon/deployer.h: what putting all the contracts on a chain consists of, known before anything is sent
 * (docs/protocol.md, section 1).
 *
 * One transaction for each contract, in the order of enum gs_contract, then stakes.wire. Without a token in the parameters, DevToken is
 * the first; with one, nothing is created for it. A contract's address follows from the sender and the nonce, so one plan is one
 * deployment: made again from the same parts it is the same to the byte, and what of it is done already can be told from the chain. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOYER_H
#define GS_VALIDATOR_DAEMON_DEPLOYER_H

#include "chain/core/buf.h"
#include "validator/daemon/deploy_parameters.h"
#include "validator/daemon/deployment.h"

enum {
	GS_DEPLOY_STEPS_MAX = GS_CONTRACT_COUNT + 1,
	GS_DEPLOY_CODE_MAX = 64 * 1024
}; /* more code than any chain takes */

struct gs_deploy_step {            /* one transaction */
	bool wire;                 /* the last one: Stakes learns who the others are; else: */
	enum gs_contract contract; /* created */
	uint64_t nonce;
	struct gs_buf data;   /* creation code and constructor's arguments, or calldata */
	struct gs_buf code;   /* what it leaves at its address (gs_deploy_simulate); empty before */
	uint64_t gas;         /* estimated (gs_deploy_quote); zero before */
	struct gs_wei l1_fee; /* what an OP-stack chain charges for the bytes; zero elsewhere */
};

struct gs_deploy_plan {
	struct gs_deployment deployment; /* chain, and where everything will be */
	struct gs_address sender;
	uint64_t first; /* nonce of the first step */
	struct gs_deploy_step step[GS_DEPLOY_STEPS_MAX];
	size_t count;
	struct gs_hash digest; /* of chain, sender, nonces and bytes: of everything that decides what will be there */
};

/* "DevToken", "Stakes", ..., "Stakes.wire". */
const char *gs_deploy_step_name(const struct gs_deploy_step *step);

/* artifacts: a folder of <Name>.json with "bytecode"; NULL: gs_deploy_find. Free the plan, also one that failed. */
GS_MUST enum gs_err gs_deploy_plan(const struct gs_deployment_origin *origin, uint64_t chain_id, const char *artifacts,
                                   struct gs_deploy_plan *out, struct gs_error *error);
void gs_deploy_plan_free(struct gs_deploy_plan *plan);

#endif
