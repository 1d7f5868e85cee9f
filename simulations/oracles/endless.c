#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	if (!gs_sim_run_settled(r))
		gs_sim_run_object(r, GS_SIM_WRONG_ENDLESS);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_endless = {
	.name = "a claim or game never ends",
	.about = "when the time of the run is over, one that somebody honest has a part in is still open",
	.at_end = check,
};
