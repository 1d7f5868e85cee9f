#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->offline_from_s = GS_SIM_GENESIS_S + gs_rng_below(&r->rng, 200);
	luck->offline_to_s = luck->offline_from_s + gs_sim_run_pick(r, GS_SIM_P_OFFLINE_TIME, 1, 25);
}

const struct gs_sim_fault_kind gs_sim_fault_offline = {
	.name = "offline",
	.about = "the endpoint is away for a while",
	.parameter = GS_SIM_P_OFFLINE_TIME,
	.strike = strike,
};
