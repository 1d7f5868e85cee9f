#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->lag = gs_sim_run_share(r, GS_SIM_P_LAG_CHANCE, 1000, 1, 500);
}

const struct gs_sim_fault_kind gs_sim_fault_lag = {
	.name = "lag",
	.about = "some looks at the endpoint's newest block show an older one",
	.parameter = GS_SIM_P_LAG_CHANCE,
	.strike = strike,
};
