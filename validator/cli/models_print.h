/* validator/cli/models_print.h: what `gainsay models list` prints. */
#ifndef GS_VALIDATOR_CLI_MODELS_PRINT_H
#define GS_VALIDATOR_CLI_MODELS_PRINT_H

#include "validator/daemon/readiness.h"

GS_MUST enum gs_err gs_models_print_list(const struct gs_model_entry *entry, size_t count,
                                         const struct gs_model_store_totals *totals, bool json, struct gs_error *error);
/* Of all models that are known: the store's, the index's, and, where the configuration names a database, the chain's. window_s: of a claim; 0: as the deployment's file
 * says, if one is named. */
GS_MUST enum gs_err gs_models_print_readiness(struct gs_library *library, const struct gs_config *config,
                                              double window_s, bool json, struct gs_error *error);

#endif
