#include "simulations/nodes/run.h"

static enum gs_err prepare(struct gs_sim_run *r, unsigned actor)
{
	return gs_sim_actor_cheats(r, actor, GS_SIM_CHEAT_OTHER_WEIGHTS);
}

const struct gs_sim_actor_kind gs_sim_actor_wrong_model = {
	.name = "wrong_model",
	.about = "runs a model with other weights than the one it names",
	.parameter = GS_SIM_P_WRONG_MODEL,
	.claims = true,
	.strike = gs_sim_actor_may_vanish,
	.prepare = prepare,
	.compute = gs_sim_actor_lies,
};
