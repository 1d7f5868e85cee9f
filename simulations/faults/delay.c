#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->send_delay_s = gs_sim_run_pick(r, GS_SIM_P_DELAY, 1, 12);
}

const struct gs_sim_fault_kind gs_sim_fault_delay = {
	.name = "delay",
	.about = "transactions wait for a block",
	.parameter = GS_SIM_P_DELAY,
	.strike = strike,
};
