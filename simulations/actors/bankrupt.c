#include "simulations/nodes/run.h"

static void treat(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
                  struct gs_sim_treatment *treatment)
{
	(void)r;
	(void)actor;
	(void)wish;
	treatment->refused = true;
}

const struct gs_sim_actor_kind gs_sim_actor_bankrupt = {
	.name = "bankrupt",
	.about = "claims something wrong, and has no money left to send anything but its claims",
	.parameter = GS_SIM_P_BANKRUPT,
	.claims = true,
	.prepare = gs_sim_actor_one_scalar,
	.compute = gs_sim_actor_lies,
	.treat = treat,
};
