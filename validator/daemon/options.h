/* validator/daemon/options.h: what the configuration says to the node's core. */
#ifndef GS_VALIDATOR_DAEMON_OPTIONS_H
#define GS_VALIDATOR_DAEMON_OPTIONS_H

#include "validator/daemon/config.h"
#include "validator/node/node.h"

/* What follows from the configuration alone; account, contracts, roles, portal, time and key are the caller's to set. */
struct gs_node_options gs_options_of(const struct gs_config *config);

#endif
