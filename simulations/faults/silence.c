#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->call_fails = gs_sim_run_share(r, GS_SIM_P_SILENCE_CHANCE, 1000, 1, 200);
}

const struct gs_sim_fault_kind gs_sim_fault_silence = {
	.name = "silence",
	.about = "some requests to the endpoint get no answer",
	.parameter = GS_SIM_P_SILENCE_CHANCE,
	.strike = strike,
};
