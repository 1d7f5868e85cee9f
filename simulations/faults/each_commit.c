#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->dies_at_commit = gs_sim_run_pick(r, GS_SIM_P_CRASH_AT, 1, 300);
}

const struct gs_sim_fault_kind gs_sim_fault_each_commit = {
	.name = "each_commit",
	.about = "the process dies right after one of its commits, whichever the run tries",
	.parameter = GS_SIM_P_CRASH_AT,
	.strike = strike,
};
