#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->replaced = gs_sim_run_share(r, GS_SIM_P_REPLACE_CHANCE, 1000, 1, 150);
}

const struct gs_sim_fault_kind gs_sim_fault_replace = {
	.name = "replace",
	.about = "the nonce of a transaction is taken by another of the same key that pays more",
	.parameter = GS_SIM_P_REPLACE_CHANCE,
	.strike = strike,
};
