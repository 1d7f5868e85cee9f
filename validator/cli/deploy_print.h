/* validator/cli/deploy_print.h: what `gainsay deploy` shows, as a table or as JSON. */
#ifndef GS_VALIDATOR_CLI_DEPLOY_PRINT_H
#define GS_VALIDATOR_CLI_DEPLOY_PRINT_H

#include "validator/daemon/deploy_check.h"
#include "validator/daemon/deployed.h"

void gs_deploy_print(const struct gs_deployment *deployment, uint64_t gas, const char *file, bool json);
void gs_deploy_print_quote(const struct gs_deploy_plan *plan, const struct gs_deploy_parameters *parameters,
                           const struct gs_deploy_quote *quote, bool json);
/* now: what may have changed since the deployment. */
void gs_deploy_print_verified(const struct gs_deploy_plan *plan, const struct gs_deploy_parameters *parameters,
                              const struct gs_deployed *now, bool json);

#endif
