/* simulations/pool.h: who does a sweep's batches. A batch depends on nothing but its values and seeds, so it does not matter who
 * does it, or when. */
#ifndef GS_SIMULATIONS_POOL_H
#define GS_SIMULATIONS_POOL_H

#include "simulations/sweep.h"

struct gs_sim_part {
	unsigned point;
	uint64_t batch; /* of the point: runs from batch * GS_SIM_BATCH_RUNS on */
	uint64_t first; /* seed */
	unsigned runs;
};

/* A batch that is done. */
struct gs_sim_done {
	struct gs_sim_part part;
	struct gs_sim_result result;
};

/* Others' hands. submit and next are called by one thread, in turn. */
struct gs_sim_hands {
	void *self;
	unsigned capacity; /* parts under way at once */
	GS_MUST enum gs_err (*submit)(void *self, const struct gs_sim_part *part, struct gs_error *error);
	/* Waits up to so long for any one; *got: whether there is one. An error of a run is told with its seed, and ends the sweep. */
	GS_MUST enum gs_err (*next)(void *self, int timeout_ms, struct gs_sim_done *out, bool *got,
	                            struct gs_error *error);
};

/* Processes of this machine, forked now: they know the scenario. It is borrowed. GS_EIO: none can be started. */
struct gs_sim_pool;
GS_MUST enum gs_err gs_sim_pool_start(const struct gs_sim_scenario *scenario, unsigned processes,
                                      struct gs_sim_pool **out, struct gs_error *error);
struct gs_sim_hands gs_sim_pool_hands(struct gs_sim_pool *pool);
/* Ends what is under way, too. NULL is fine. */
void gs_sim_pool_stop(struct gs_sim_pool *pool);

#endif
