#include "simulations/nodes/run.h"

/* The first that lies. */
static bool pays(const struct gs_sim_run *r, unsigned account)
{
	for (unsigned a = 0; a < account; a++)
		if (r->kind[a]->claims && !r->kind[a]->honest)
			return false;
	return !r->kind[account]->honest;
}

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	return pays(r, claim->account) ? gs_sim_actor_agrees(r, actor, claim, out)
	                               : gs_sim_actor_computes(r, actor, claim, out);
}

const struct gs_sim_actor_kind gs_sim_actor_bribed = {
	.name = "bribed",
	.about = "is honest, but for the claims of the one liar that pays it",
	.parameter = GS_SIM_P_BRIBED,
	.compute = compute,
};
