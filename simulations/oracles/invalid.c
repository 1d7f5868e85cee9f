#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c != NULL && !r->claim[i].wrong && c->status == GS_SIM_CLAIM_INVALID &&
		    (gs_sim_run_honest(r, c->claimant) || !r->errands.any)) /* a liar may miss what it owes */
			gs_sim_run_object(r, GS_SIM_WRONG_INVALID);
	}
	if (gs_sim_errands_right_lost(r))
		gs_sim_run_object(r, GS_SIM_WRONG_INVALID);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_invalid = {
	.name = "right claim invalid",
	.about = "a right claim, or an honest party's batch, is lost at the end",
	.at_end = check,
};
