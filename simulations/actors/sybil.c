#include "simulations/nodes/run.h"

/* Everybody's target: the first right claim of the first claimant. */
static const struct gs_sim_planned *target(const struct gs_sim_run *r)
{
	for (unsigned i = 0; i < r->claims; i++)
		if (!r->claim[i].wrong && r->claim[i].account == 0)
			return &r->claim[i];
	return NULL;
}

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	const struct gs_sim_planned *aim = target(r);
	if (aim == NULL || !gs_hash_equal(&aim->id, &claim->id) || !r->lie[actor][claim->input].shows)
		return gs_sim_actor_agrees(r, actor, claim, out);
	gs_sim_run_tell(r, &r->lie[actor][claim->input], out);
	return true;
}

const struct gs_sim_actor_kind gs_sim_actor_sybil = {
	.name = "sybil",
	.about = "one of a swarm that goes for one right claim, so that there are many games about it",
	.parameter = GS_SIM_P_SYBIL,
	.strike = gs_sim_actor_may_vanish,
	.prepare = gs_sim_actor_all_inputs,
	.compute = compute,
};
