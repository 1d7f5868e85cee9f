#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->offline_from_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 0, 90);
	luck->offline_to_s = GS_SIM_NEVER_S;
}

const struct gs_sim_actor_kind gs_sim_actor_offline = {
	.name = "offline",
	.about = "an honest validator whose endpoint is away for good from some time on",
	.parameter = GS_SIM_P_OFFLINE,
	.strike = strike,
	.compute = gs_sim_actor_computes,
};
