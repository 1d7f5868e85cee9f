#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	for (unsigned a = 0; a < r->actors; a++)
		if (gs_sim_run_honest(r, a) && gs_sim_run_lost(r, a) > 0)
			gs_sim_run_object(r, GS_SIM_WRONG_LOSS);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_loss = {
	.name = "honest loss",
	.about = "an honest party has less than it deposited, the fees of its final claims aside",
	.at_end = check,
};
