#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->send_delay_s = gs_sim_run_between(r, 1, 12);
}

const struct gs_sim_fault_kind gs_sim_fault_delay = {
	.name = "delay",
	.about = "transactions wait for a block",
	.strike = strike,
};
