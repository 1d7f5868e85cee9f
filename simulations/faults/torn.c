#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->torn = gs_sim_run_share(r, GS_SIM_P_TORN_CHANCE, 1000, 1, 60);
	luck->down_s = gs_sim_run_between(r, 0, 4);
}

const struct gs_sim_fault_kind gs_sim_fault_torn = {
	.name = "torn",
	.about = "the process dies in the middle of a commit, of which nothing is left",
	.parameter = GS_SIM_P_TORN_CHANCE,
	.strike = strike,
};
