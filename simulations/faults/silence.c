#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->call_fails = (uint32_t)gs_sim_run_between(r, 1, 200);
}

const struct gs_sim_fault_kind gs_sim_fault_silence = {
	.name = "silence",
	.about = "some requests to the endpoint get no answer",
	.strike = strike,
};
