#include "simulations/nodes/run.h"

/* It attests, too: to a root that it made up. */
static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	bool agrees = gs_sim_actor_agrees(r, actor, claim, out);
	out->trace_root = claim->id;
	return agrees;
}

const struct gs_sim_actor_kind gs_sim_actor_lazy = {
	.name = "lazy",
	.about = "executes nothing, calls every claim right and attests to it",
	.parameter = GS_SIM_P_LAZY,
	.compute = compute,
};
