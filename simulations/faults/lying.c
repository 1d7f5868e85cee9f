#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->lies = gs_sim_run_share(r, GS_SIM_P_LIE_CHANCE, 1000, 1, 100);
}

const struct gs_sim_fault_kind gs_sim_fault_lying = {
	.name = "lying",
	.about = "the endpoint leaves out logs, invents the fates of transactions, and says that calls would revert",
	.parameter = GS_SIM_P_LIE_CHANCE,
	.strike = strike,
};
