#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->unavailable = (uint32_t)gs_sim_run_between(r, 1, 400);
	luck->flips = (uint32_t)gs_sim_run_between(r, 1, 400);
	luck->execution_s = gs_sim_run_between(r, 1, 10);
}

const struct gs_sim_fault_kind gs_sim_fault_execution = {
	.name = "execution",
	.about = "executions take long, cannot be done at times, and one of the two back ends errs at times",
	.strike = strike,
};
