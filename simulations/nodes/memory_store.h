/* simulations/nodes/memory_store.h: the store's port in memory, for thousands of short lives of nodes.
 *
 * It keeps what was committed, and nothing else, when its owner dies. A commit can be made to fail, as on a full disk, or to
 * be the last thing that happens: then everything of it is stored. One transaction at a time. */
#ifndef GS_SIMULATIONS_NODES_MEMORY_STORE_H
#define GS_SIMULATIONS_NODES_MEMORY_STORE_H

#include "chain/core/store_port.h"

struct gs_sim_store;

GS_MUST enum gs_err gs_sim_store_new(struct gs_sim_store **out);
void gs_sim_store_free(struct gs_sim_store *store); /* NULL is fine */
struct gs_store gs_sim_store_port(struct gs_sim_store *store);

/* Commits that change something, so far. */
uint64_t gs_sim_store_commits(const struct gs_sim_store *store);
/* The commit after so many more fails with GS_EIO and leaves nothing. */
void gs_sim_store_fail_after(struct gs_sim_store *store, uint64_t commits);
/* Whether both hold the same records in this table. */
bool gs_sim_store_same(const struct gs_sim_store *a, const struct gs_sim_store *b, enum gs_table table);

#endif
