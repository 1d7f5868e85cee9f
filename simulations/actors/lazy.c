#include "simulations/actors/actors.h"

const struct gs_sim_actor_kind gs_sim_actor_lazy = {
	.name = "lazy",
	.about = "executes nothing and calls every claim right",
	.parameter = GS_SIM_P_LAZY,
	.compute = gs_sim_actor_agrees,
};
