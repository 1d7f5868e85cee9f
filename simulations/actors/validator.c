#include "simulations/actors/actors.h"

const struct gs_sim_actor_kind gs_sim_actor_validator = {
	.name = "validator",
	.about = "executes the claims that it samples, challenges the wrong ones, and plays to the end",
	.parameter = GS_SIM_P_VALIDATOR,
	.honest = true,
	.compute = gs_sim_actor_computes,
};
