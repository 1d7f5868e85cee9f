#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->send_lost = gs_sim_run_share(r, GS_SIM_P_DROP_CHANCE, 1000, 1, 300);
}

const struct gs_sim_fault_kind gs_sim_fault_drop = {
	.name = "drop",
	.about = "transactions get lost on their way to the pool",
	.parameter = GS_SIM_P_DROP_CHANCE,
	.strike = strike,
};
