/* simulations/cheats.h: executions of servers that save themselves work: wrong in many places, and consistent with none. */
#ifndef GS_SIMULATIONS_CHEATS_H
#define GS_SIMULATIONS_CHEATS_H

#include "simulations/liar.h"

enum gs_sim_cheat {
	GS_SIM_CHEAT_OTHER_WEIGHTS, /* the same program with other weights */
	GS_SIM_CHEAT_SHORT_WEIGHTS, /* the lower half of every 32 bits of the weights is left out */
	GS_SIM_CHEAT_TRUNCATED,     /* the second half of the last tensor stays zero */
};

/* What such a server ends with, passed off as the program's execution. It may be equal to the honest one, where nothing of
 * what was left out matters. *out is freed first. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_execute_cheaply(const struct gs_sim_execution *honest, enum gs_sim_cheat cheat,
                                           struct gs_rng *rng, struct gs_sim_execution *out);

#endif
