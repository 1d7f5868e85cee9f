#include "simulations/nodes/run.h"

static void plan(struct gs_sim_run *r)
{
	gs_sim_run_span(r, GS_SIM_P_CENSOR, 10, 90, &r->trouble.censor);
	do
		r->trouble.censored = (unsigned)gs_rng_below(&r->rng, r->actors);
	while (!gs_sim_run_honest(r, r->trouble.censored));
}

static bool admits(struct gs_sim_run *r, const struct gs_sim_tx *tx)
{
	return tx->sender != r->trouble.censored || !gs_sim_run_within(r, &r->trouble.censor);
}

const struct gs_sim_fault_kind gs_sim_fault_censor = {
	.name = "censor",
	.about = "nothing that one honest party sends is mined for a while",
	.parameter = GS_SIM_P_CENSOR,
	.plan = plan,
	.admits = admits,
};
