#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"

/* What there is of it. */
static void tell(struct gs_sim_run *r)
{
	for (unsigned i = 0; i < r->claims; i++) {
		const struct gs_sim_chain *c = gs_sim_network_claim(&r->network, &r->claim[i].id);
		if (c == NULL || c->status == GS_SIM_CLAIM_OPEN || c->open_games > 0)
			gs_sim_run_note(r, "claim %u of account %u: %s, %u games open%s%s", i, r->claim[i].account,
			                c == NULL ? "not posted" : "open or lost", c == NULL ? 0 : c->open_games,
			                c != NULL && c->demand.pending ? ", data demanded" : "",
			                c != NULL && c->drawn ? ", drawn for an audit" : "");
	}
	for (unsigned i = 0; i < r->network.batches; i++)
		if (r->network.batch[i].status == GS_SIM_BATCH_OPEN)
			gs_sim_run_note(r, "batch %u of account %u: open, with %u open leaves", i,
			                r->network.batch[i].claimant, r->network.batch[i].open_leaves);
	for (unsigned i = 0; i < r->network.claims; i++) {
		const struct gs_sim_chain *c = &r->network.claim[i];
		for (unsigned a = 0; a < r->actors; a++)
			if (!gs_u256_is_zero(&c->attestation[a].stake.v))
				gs_sim_run_note(
					r,
					"claim %u on chain, of account %u, with status %u: account %u has a stake on it",
					i, c->claimant, c->status, a);
		if (c->batch != NULL && (c->status == GS_SIM_CLAIM_OPEN || c->open_games > 0))
			gs_sim_run_note(r, "claim %u on chain, a leaf of account %u, is open", i, c->claimant);
	}
	for (unsigned a = 0; a < r->actors; a++) {
		const struct gs_head *newest = r->actor[a].node != NULL ? gs_node_newest(r->actor[a].node) : NULL;
		gs_sim_run_note(r, "account %u: %llu locked; its node has block %lld of %zu", a,
		                (unsigned long long)gs_sim_small(r->network.bank.account[a].locked),
		                newest != NULL ? (long long)newest->number : -1, r->network.blocks - 1);
	}
}

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	(void)error;
	if (gs_sim_run_settled(r))
		return GS_OK;
	tell(r);
	gs_sim_run_object(r, GS_SIM_WRONG_ENDLESS);
	return GS_OK;
}

const struct gs_sim_oracle_kind gs_sim_oracle_endless = {
	.name = "a claim or game never ends",
	.about = "when the time is over, one that somebody honest has a part in is open, or has something of it locked",
	.at_end = check,
};
