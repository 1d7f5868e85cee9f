#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	const struct gs_sim_bank *bank = &r->network.bank;
	uint64_t have = gs_sim_small(bank->burned) + gs_sim_small(bank->pool), deposited = 0;
	for (unsigned a = 0; a < bank->accounts; a++) {
		have += gs_sim_small(bank->account[a].free) + gs_sim_small(bank->account[a].locked) +
		        gs_sim_small(bank->account[a].unbonding) + gs_sim_small(bank->account[a].withdrawn);
		deposited += gs_sim_small(r->network.rules.deposit[a]);
	}
	if (have != deposited)
		gs_sim_run_object(r, GS_SIM_WRONG_FUNDS);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_funds = {
	.name = "funds lost",
	.about = "free + locked + unbonding + withdrawn + burned + fees is not the deposits, after any block",
	.after_block = check,
};
