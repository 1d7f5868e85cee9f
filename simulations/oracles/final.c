#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c != NULL && r->claim[i].wrong && c->status == GS_SIM_CLAIM_FINAL &&
		    gs_sim_run_sampled(r, &r->claim[i]))
			gs_sim_run_object(r, GS_SIM_WRONG_FINAL);
	}
	if (gs_sim_errands_wrong_final(r))
		gs_sim_run_object(r, GS_SIM_WRONG_FINAL);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_final = {
	.name = "wrong claim final",
	.about = "a wrong claim, or a wrong leaf of a batch, is final at the end, though somebody honest samples it",
	.at_end = check,
};
