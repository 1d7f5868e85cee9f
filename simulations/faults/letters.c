#include "simulations/nodes/run.h"

enum { DELAY_MAX_S = 12, LOSS_MAX = 300, OLD_MAX = 300 };

static uint32_t draw(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, double whole, uint32_t most)
{
	const double stated = r->value[p];
	return stated == GS_SIM_DRAWN ? (uint32_t)gs_rng_below(&r->letters.rng, most + 1)
	                              : (uint32_t)(stated * whole + 0.5);
}

static void plan(struct gs_sim_run *r)
{
	r->letters.delay_s = draw(r, GS_SIM_P_LETTER_DELAY, 1, DELAY_MAX_S);
	r->letters.loss = draw(r, GS_SIM_P_LETTER_LOSS, 1000, LOSS_MAX);
	r->letters.old = (uint32_t)gs_rng_below(&r->letters.rng, OLD_MAX + 1);
}

const struct gs_sim_fault_kind gs_sim_fault_letters = {
	.name = "letters",
	.about = "what parties say to each other off chain comes late, gets lost, and comes again",
	.parameter = GS_SIM_P_LETTER_DELAY,
	.other = GS_SIM_P_LETTER_LOSS,
	.plan = plan,
};
