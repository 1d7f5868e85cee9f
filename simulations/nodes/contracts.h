/* simulations/nodes/contracts.h: the network's contracts: a call, decoded and done, as a function of what came before it. */
#ifndef GS_SIMULATIONS_NODES_CONTRACTS_H
#define GS_SIMULATIONS_NODES_CONTRACTS_H

#include "simulations/nodes/network.h"

/* As they are before the first block: deposits made, nothing posted. */
void gs_sim_contracts_reset(struct gs_sim_network *n);
/* What the call does is told to n->logs. GS_EINVAL with the contract's error, and nothing is done. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_contracts_call(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                                          struct gs_bytes data, uint64_t now_s, struct gs_error *error);

#endif
