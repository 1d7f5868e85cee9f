#include "simulations/actors/actors.h"

const struct gs_sim_actor_kind gs_sim_actor_claimant = {
	.name = "claimant",
	.about = "computes what it claims, posts it, and defends it",
	.parameter = GS_SIM_P_CLAIMANT,
	.honest = true,
	.claims = true,
	.compute = gs_sim_actor_computes,
};
