#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	const double stated = r->value[GS_SIM_P_SKEW];
	const uint64_t most = stated == GS_SIM_DRAWN ? 10 : (uint64_t)stated;
	luck->skew_s = (int64_t)gs_sim_run_between(r, 0, 2 * most) - (int64_t)most;
}

const struct gs_sim_fault_kind gs_sim_fault_clock = {
	.name = "clock",
	.about = "clocks are wrong",
	.parameter = GS_SIM_P_SKEW,
	.strike = strike,
};
