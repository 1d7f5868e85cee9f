#include "simulations/nodes/run.h"

static enum gs_err prepare(struct gs_sim_run *r, unsigned actor)
{
	return gs_sim_actor_cheats(r, actor, GS_SIM_CHEAT_SHORT_WEIGHTS);
}

const struct gs_sim_actor_kind gs_sim_actor_quantised = {
	.name = "quantised",
	.about = "runs the model with weights of half the length",
	.parameter = GS_SIM_P_QUANTISED,
	.claims = true,
	.strike = gs_sim_actor_may_vanish,
	.prepare = prepare,
	.compute = gs_sim_actor_lies,
};
