#include "simulations/actors/actors.h"

#include "simulations/nodes/run.h"

const struct gs_sim_actor_kind *gs_sim_actor_kind(enum gs_sim_actor_number number)
{
	static const struct gs_sim_actor_kind *const kinds[] = {
		[GS_SIM_ACTOR_CLAIMANT] = &gs_sim_actor_claimant,
		[GS_SIM_ACTOR_LIAR] = &gs_sim_actor_liar,
		[GS_SIM_ACTOR_VALIDATOR] = &gs_sim_actor_validator,
	};
	return kinds[number];
}

bool gs_sim_actor_computes(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sim_computed *out)
{
	gs_sim_run_tell(r, &r->honest[claim->input], out);
	return true;
}
