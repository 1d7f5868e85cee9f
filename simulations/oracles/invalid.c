#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

/* Somebody honest challenged the claim, and won. */
static bool taken_by_the_honest(const struct gs_sim_run *r, const struct gs_sim_chain *c)
{
	for (unsigned g = 0; g < c->games; g++)
		if (c->game[g].game.outcome == GS_GAME_CHALLENGER_WON && gs_sim_run_honest(r, c->game[g].challenger))
			return true;
	return false;
}

/* A liar whose fault does not show in the output posts a right claim, and may lose it: it defends a wrong trace, or falls
 * silent. Only the honest must not take it for wrong. */
static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c != NULL && !r->claim[i].wrong && c->status == GS_SIM_CLAIM_INVALID &&
		    (gs_sim_run_honest(r, c->claimant) || taken_by_the_honest(r, c)))
			gs_sim_run_object(r, GS_SIM_WRONG_INVALID);
	}
	if (gs_sim_errands_right_lost(r))
		gs_sim_run_object(r, GS_SIM_WRONG_INVALID);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_invalid = {
	.name = "right claim invalid",
	.about =
		"an honest party's right claim or batch is lost at the end, or the honest took a right claim for wrong",
	.at_end = check,
};
