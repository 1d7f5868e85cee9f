#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	luck->offline_from_s = GS_SIM_GENESIS_S + gs_rng_below(&r->rng, 200);
	luck->offline_to_s = luck->offline_from_s + gs_sim_run_pick(r, GS_SIM_P_OFFLINE_TIME, 1, 25);
}

/* Windows and clocks leave room for a time that is stated; what is drawn is short. */
static void plan(struct gs_sim_run *r)
{
	const double stated = r->value[GS_SIM_P_OFFLINE_TIME];
	r->trouble.allowed_s += stated == GS_SIM_DRAWN ? 0 : (uint64_t)stated;
}

const struct gs_sim_fault_kind gs_sim_fault_offline = {
	.name = "offline",
	.about = "the endpoint is away for a while",
	.parameter = GS_SIM_P_OFFLINE_TIME,
	.plan = plan,
	.strike = strike,
};
