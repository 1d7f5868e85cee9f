/* simulations/sweep_run.h: does all runs of a scenario.
 *
 * Runs are done in batches (engine.h), by several processes, perhaps after an interruption; each point's batches are joined in the
 * order of their seeds. So the result is the same to the bit however it was come by. */
#ifndef GS_SIMULATIONS_SWEEP_RUN_H
#define GS_SIMULATIONS_SWEEP_RUN_H

#include "simulations/pool.h"

struct gs_sim_progress {
	uint64_t done, all;  /* runs */
	uint64_t before;     /* of those done: by an earlier call, that this one went on from */
	uint64_t violations; /* so far */
	double seconds;      /* since this call began */
	bool stopping;       /* interrupted: what is under way is ended */
};

struct gs_sim_sweep_options {
	unsigned processes;               /* 1 to GS_SIM_PROCESSES_MAX; without hands */
	const struct gs_sim_hands *hands; /* NULL: processes of this machine */
	const char *checkpoint;           /* file; NULL: none. Gone when the sweep is complete */
	bool resume;                      /* from the checkpoint, which is given */
	const char *version;
	void (*tell)(void *self, const struct gs_sim_progress *progress); /* now and then; may be NULL */
	void *self;
};

/* GS_EAGAIN: interrupted by SIGINT or SIGTERM; batches under way were waited for (not so after a second signal), and the checkpoint has
 * all that is done. Otherwise what failed: the checkpoint stays, too. out is to be freed in any case. */
GS_MUST enum gs_err gs_sim_sweep_run(const struct gs_sim_scenario *scenario, const struct gs_sim_sweep_options *options,
                                     struct gs_sim_sweep *out, struct gs_error *error);
void gs_sim_sweep_free(struct gs_sim_sweep *sweep);

#endif
