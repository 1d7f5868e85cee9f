#include "simulations/nodes/run.h"

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	if (claim->wrong || !r->lie[actor][claim->input].shows)
		return gs_sim_actor_agrees(r, actor, claim, out);
	gs_sim_run_tell(r, &r->lie[actor][claim->input], out);
	return true;
}

const struct gs_sim_actor_kind gs_sim_actor_griefer = {
	.name = "griefer",
	.about = "challenges right claims by a wrong execution, and plays on or falls silent",
	.parameter = GS_SIM_P_GRIEFER,
	.strike = gs_sim_actor_may_vanish,
	.prepare = gs_sim_actor_all_inputs,
	.compute = compute,
};
