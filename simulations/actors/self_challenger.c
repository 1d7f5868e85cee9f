#include "simulations/actors/actors.h"

const struct gs_sim_actor_kind gs_sim_actor_self_challenger = {
	.name = "self_challenger",
	.about = "claims something wrong while an accomplice challenges it first, to lose on purpose",
	.parameter = GS_SIM_P_SELF_CHALLENGER,
	.claims = true,
	.prepare = gs_sim_actor_one_scalar,
	.compute = gs_sim_actor_lies,
};
