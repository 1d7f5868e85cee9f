/* simulations/nodes/l1.h: the chain's L1, as far as a node sees it: it takes a deposit at once, and the chain has it some time later. */
#ifndef GS_SIMULATIONS_NODES_L1_H
#define GS_SIMULATIONS_NODES_L1_H

#include "simulations/nodes/network.h"
#include "validator/node/node.h"

struct gs_sim_l1 { /* all borrowed */
	struct gs_sim_network *network;
	const struct gs_address *portal;
	unsigned account;
	uint64_t *nonce;  /* the account's next one on L1 */
	uint64_t ready_s; /* when the chain has what is sent now */
};

struct gs_address gs_sim_portal(void);
/* Does an effect of the node on L1. *answered: *answer is to be fed to it, and may point into raw. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_l1_do(const struct gs_sim_l1 *l1, const struct gs_node_effect *effect, struct gs_bytes data,
                                 struct gs_node_input *answer, struct gs_buf *raw, bool *answered);

#endif
