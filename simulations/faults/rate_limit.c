#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	/* A node starts at the newest header at every look, and must reach the fork from there. */
	const uint64_t deepest = gs_sim_run_has(r, GS_SIM_FAULT_STALL) ? 14 : 6;
	luck->requests = (uint32_t)gs_sim_run_pick(r, GS_SIM_P_RATE_LIMIT, deepest, deepest + 20);
}

const struct gs_sim_fault_kind gs_sim_fault_rate_limit = {
	.name = "rate_limit",
	.about = "the endpoint answers only so many requests between two looks",
	.parameter = GS_SIM_P_RATE_LIMIT,
	.strike = strike,
};
