#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->skew_s = (int64_t)gs_sim_run_between(r, 0, 20) - 10;
}

const struct gs_sim_fault_kind gs_sim_fault_clock = {
	.name = "clock",
	.about = "clocks are wrong",
	.strike = strike,
};
