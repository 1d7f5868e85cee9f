#include "simulations/nodes/run.h"

static void plan(struct gs_sim_run *r)
{
	r->trouble.gap = gs_sim_run_share(r, GS_SIM_P_GAP_CHANCE, 1000, 1, 300);
}

const struct gs_sim_fault_kind gs_sim_fault_gap = {
	.name = "gap",
	.about = "a claim is posted with the nonce after the next one, and waits for it",
	.parameter = GS_SIM_P_GAP_CHANCE,
	.plan = plan,
};
