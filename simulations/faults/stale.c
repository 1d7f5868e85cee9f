#include "simulations/nodes/run.h"

static void plan(struct gs_sim_run *r)
{
	gs_sim_run_span(r, GS_SIM_P_STALE, 5, 40, &r->trouble.stale);
}

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->stale_from_s = r->trouble.stale.from_s;
	luck->stale_to_s = r->trouble.stale.to_s;
}

const struct gs_sim_fault_kind gs_sim_fault_stale = {
	.name = "stale",
	.about = "for a while the endpoint answers, but shows no new blocks",
	.parameter = GS_SIM_P_STALE,
	.plan = plan,
	.strike = strike,
};
