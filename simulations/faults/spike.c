#include "simulations/nodes/run.h"

enum { ONE_IN = 5 /* senders' bids is high enough, in each block */ };

static void plan(struct gs_sim_run *r)
{
	gs_sim_run_span(r, GS_SIM_P_SPIKE, 10, 120, &r->trouble.spike);
}

static bool admits(struct gs_sim_run *r, const struct gs_sim_tx *tx)
{
	(void)tx;
	return !gs_sim_run_within(r, &r->trouble.spike) || gs_rng_below(&r->rng, ONE_IN) == 0;
}

const struct gs_sim_fault_kind gs_sim_fault_spike = {
	.name = "spike",
	.about = "for a while gas costs so much that most transactions wait",
	.parameter = GS_SIM_P_SPIKE,
	.plan = plan,
	.admits = admits,
};
