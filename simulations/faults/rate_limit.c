#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->requests = (uint32_t)gs_sim_run_pick(r, GS_SIM_P_RATE_LIMIT, 6, 20);
}

const struct gs_sim_fault_kind gs_sim_fault_rate_limit = {
	.name = "rate_limit",
	.about = "the endpoint answers only so many requests between two looks",
	.parameter = GS_SIM_P_RATE_LIMIT,
	.strike = strike,
};
