#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	uint64_t fees[GS_SIM_ACCOUNTS_MAX] = {0};
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c != NULL && c->status == GS_SIM_CLAIM_FINAL)
			fees[c->claimant] += gs_sim_small(c->claim_fee);
	}
	for (unsigned a = 0; a < r->actors; a++) {
		const struct gs_sim_account *account = &r->network.bank.account[a];
		uint64_t have = gs_sim_small(account->free) + gs_sim_small(account->locked) +
		                gs_sim_small(account->unbonding) + gs_sim_small(account->withdrawn) + fees[a];
		if (gs_sim_run_honest(r, a) && have < gs_sim_small(r->network.rules.deposit[a]))
			gs_sim_run_object(r, GS_SIM_WRONG_LOSS);
	}
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_loss = {
	.name = "honest loss",
	.about = "an honest party has less than it deposited, the fees of its final claims aside",
	.at_end = check,
};
