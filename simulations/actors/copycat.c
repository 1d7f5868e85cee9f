#include "simulations/nodes/run.h"

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &claim->id);
	return c != NULL && c->games > 0 && gs_sim_actor_computes(r, actor, claim, out);
}

const struct gs_sim_actor_kind gs_sim_actor_copycat = {
	.name = "copycat",
	.about = "executes a claim only once somebody else has challenged it",
	.parameter = GS_SIM_P_COPYCAT,
	.compute = compute,
};
