/* simulations/nodes/final.h: what an endpoint says of the chain's final part: which block is final, and all logs of a range of
 * final blocks at once, as the daemon asks for them (validator/daemon/catchup.h). */
#ifndef GS_SIMULATIONS_NODES_FINAL_H
#define GS_SIMULATIONS_NODES_FINAL_H

#include "simulations/nodes/network.h"
#include "validator/node/node.h"

enum { GS_SIM_FINAL_LEAST = 32 /* blocks above a final one: no reorganisation takes back as many */ };

struct gs_sim_final {
	uint64_t blocks; /* that a final block has above it; 0: nodes hear of none */
	uint64_t least;  /* blocks below the final one from which on ranges are asked for */
	uint64_t most;   /* blocks of a range */
};

/* The number of the final block while `top` is the newest; 0: there is none. */
uint64_t gs_sim_final_of(const struct gs_sim_final *f, uint64_t top);
void gs_sim_final_tell(const struct gs_sim_network *n, uint64_t final, struct gs_node_input *input);
/* The range from block `first` on, up to `final` at most. The input points to *entries, which the caller frees. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_final_range(const struct gs_sim_final *f, const struct gs_sim_network *n, uint64_t first,
                                       uint64_t final, struct gs_node_input *input, struct gs_log_entry **entries);

#endif
