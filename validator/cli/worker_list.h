/* validator/cli/worker_list.h: the workers of a queue, as `gainsay worker list` shows them. */
#ifndef GS_VALIDATOR_CLI_WORKER_LIST_H
#define GS_VALIDATOR_CLI_WORKER_LIST_H

#include "validator/daemon/config.h"

/* Asks the queue at `address` (password included) and prints; with config->db, which of them that node has excluded, with
 * config->workers.keys_file, whose answers it believes. */
GS_MUST enum gs_err gs_worker_list(const struct gs_config *config, const char *address, bool json,
                                   struct gs_error *error);

#endif
