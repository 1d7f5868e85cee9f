#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->commit_fails = gs_sim_run_share(r, GS_SIM_P_COMMIT_CHANCE, 1000, 1, 60);
	luck->down_s = gs_sim_run_between(r, 0, 4);
}

const struct gs_sim_fault_kind gs_sim_fault_commit = {
	.name = "commit",
	.about = "the disk refuses some commits; the process ends and starts again",
	.parameter = GS_SIM_P_COMMIT_CHANCE,
	.strike = strike,
};
