#include "simulations/nodes/run.h"

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	return claim->wrong ? gs_sim_actor_agrees(r, actor, claim, out) : gs_sim_actor_computes(r, actor, claim, out);
}

const struct gs_sim_actor_kind gs_sim_actor_cartel = {
	.name = "cartel",
	.about = "executes claims, and challenges nobody who lies, since they are in league",
	.parameter = GS_SIM_P_CARTEL,
	.compute = compute,
};
