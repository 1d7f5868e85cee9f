/* simulations/nodes/memory_store.h: the store's port in memory, for thousands of short lives of nodes.
 *
 * It keeps what was committed, and nothing else, when its owner dies. One transaction at a time. */
#ifndef GS_SIMULATIONS_NODES_MEMORY_STORE_H
#define GS_SIMULATIONS_NODES_MEMORY_STORE_H

#include "chain/core/store_port.h"

struct gs_sim_store;

GS_MUST enum gs_err gs_sim_store_new(struct gs_sim_store **out);
void gs_sim_store_free(struct gs_sim_store *store); /* NULL is fine */
struct gs_store gs_sim_store_port(struct gs_sim_store *store);

#endif
