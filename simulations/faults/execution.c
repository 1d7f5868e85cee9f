#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->unavailable = gs_sim_run_share(r, GS_SIM_P_UNAVAILABLE_CHANCE, 1000, 1, 400);
	luck->flips = gs_sim_run_share(r, GS_SIM_P_FLIP_CHANCE, 1000, 1, 400);
	luck->execution_s = gs_sim_run_between(r, 1, 10);
}

const struct gs_sim_fault_kind gs_sim_fault_execution = {
	.name = "execution",
	.about = "executions take long, cannot be done at times, and one of the two back ends errs at times",
	.parameter = GS_SIM_P_UNAVAILABLE_CHANCE,
	.other = GS_SIM_P_FLIP_CHANCE,
	.strike = strike,
};
