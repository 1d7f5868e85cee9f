/* simulations/nodes/timeline.h: a run told in words, a line an event: who did what, what it cost or brought, and whose clock runs. */
#ifndef GS_SIMULATIONS_NODES_TIMELINE_H
#define GS_SIMULATIONS_NODES_TIMELINE_H

#include "simulations/nodes/run.h"

/* Who takes part, and what is at stake. */
void gs_sim_timeline_begin(const struct gs_sim_run *r);
/* What a new block holds. */
void gs_sim_timeline_block(struct gs_sim_run *r, const struct gs_sim_block *b);
/* What of claims, games and money is otherwise than when it was told last. */
void gs_sim_timeline_look(struct gs_sim_run *r);

#endif
