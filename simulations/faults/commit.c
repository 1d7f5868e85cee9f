#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->commit_fails = (uint32_t)gs_sim_run_between(r, 1, 60);
	luck->down_s = gs_sim_run_between(r, 0, 4);
}

const struct gs_sim_fault_kind gs_sim_fault_commit = {
	.name = "commit",
	.about = "the disk refuses some commits; the process ends and starts again",
	.strike = strike,
};
