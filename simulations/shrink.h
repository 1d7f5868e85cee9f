/* simulations/shrink.h: the least scenario in which the same oracle is still violated. */
#ifndef GS_SIMULATIONS_SHRINK_H
#define GS_SIMULATIONS_SHRINK_H

#include "simulations/sweep.h"

struct gs_sim_shrink {
	const struct gs_sim_engine *engine;
	double value[GS_SIM_PARAMETERS_MAX]; /* in: of the run that violates; out: of the smallest that was found */
	uint64_t seed;                       /* likewise */
	char what[64];                       /* out: the oracle; or the assertion, or the signal, that ended the run */
	uint64_t runs;                       /* out: that it took */
	unsigned seeds;                      /* to try for each change: another value draws another run. From seed on */
	uint64_t runs_max;
	void (*tell)(void *self, const char *line); /* of each change that it keeps; may be NULL */
	void *self;
};

/* Turns choices, counts, times, shares and money down, one at a time, until nothing can be turned down any more: faults and parties
 * that do not matter go. Every run has a process of its own, so that it may end by an assertion. Deterministic. GS_ENOTFOUND: nothing is violated by this seed. */
GS_MUST enum gs_err gs_sim_shrink(struct gs_sim_shrink *shrink, struct gs_error *error);

#endif
