#include "simulations/actors/actors.h"

const struct gs_sim_actor_kind gs_sim_actor_liar = {
	.name = "liar",
	.about = "claims an execution with a single scalar wrong, honest from there on, and defends it",
	.parameter = GS_SIM_P_LIAR,
	.claims = true,
	.strike = gs_sim_actor_may_vanish,
	.prepare = gs_sim_actor_one_scalar,
	.compute = gs_sim_actor_lies,
};
