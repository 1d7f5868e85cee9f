#include "simulations/nodes/run.h"

static void plan(struct gs_sim_run *r)
{
	gs_sim_run_span(r, GS_SIM_P_DEAR, 20, 180, &r->trouble.dear);
	r->trouble.times = gs_sim_run_between(r, 3, 32);
}

static enum gs_err before_block(struct gs_sim_run *r, bool *none)
{
	(void)none;
	if (r->value[GS_SIM_P_FUNDS] > 0) /* what they pay for is reckoned at what gas costs */
		return GS_OK;
	if (gs_sim_run_within(r, &r->trouble.dear))
		r->network.base_fee = GS_SIM_BASE_FEE * r->trouble.times;
	return GS_OK;
}

const struct gs_sim_fault_kind gs_sim_fault_dear = {
	.name = "dear",
	.about = "for a while gas costs many times what it did: what was signed before waits until more is offered",
	.parameter = GS_SIM_P_DEAR,
	.plan = plan,
	.before_block = before_block,
};
