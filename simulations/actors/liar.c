#include "simulations/nodes/run.h"

/* One in three falls silent for good, perhaps in the middle of a game. */
static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	if (gs_rng_below(&r->rng, 3) != 0)
		return;
	luck->offline_from_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 1, 60);
	luck->offline_to_s = GS_SIM_NEVER_S;
}

static bool compute(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sim_computed *out)
{
	gs_sim_run_tell(r, claim->wrong ? &r->lie : &r->honest[claim->input], out);
	return true;
}

const struct gs_sim_actor_kind gs_sim_actor_liar = {
	.name = "liar",
	.about = "claims an execution with a single scalar wrong, honest from there on, and defends it",
	.claims = true,
	.strike = strike,
	.compute = compute,
};
