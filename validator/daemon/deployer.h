/* validator/daemon/deployer.h: puts all the contracts on a chain, wired to each other (docs/protocol.md, section 1).
 *
 * One transaction for each contract, in the order of enum gs_contract, then stakes.wire. Used by `gainsay deploy`, by `dispute` on its
 * own chain, by tests. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOYER_H
#define GS_VALIDATOR_DAEMON_DEPLOYER_H

#include "chain/rpc/sender.h"
#include "validator/daemon/deploy_parameters.h"
#include "validator/daemon/deployment.h"

/* The sender becomes the owner of the claims' terms. artifacts: a folder of <Name>.json with "bytecode"; NULL: gs_deploy_find.
 * gas_used may be NULL. */
GS_MUST enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                                  const struct gs_deploy_parameters *parameters, struct gs_deployment *out,
                                  uint64_t *gas_used, struct gs_error *error);

#endif
