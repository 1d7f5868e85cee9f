#include <stdlib.h>

#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	(void)r;
	luck->execution_s = 0;
}

/* How many transactions of this kind about the claim others have sent, and how many it has sent itself. */
static void count(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish, unsigned sent[2])
{
	const struct gs_sim_chain *about = gs_sim_run_claim_of(r, actor, wish->call);
	struct gs_sim_call *call = malloc(sizeof(*call));
	sent[0] = sent[1] = 0;
	for (unsigned i = 0; call != NULL && about != NULL && i < r->network.txs; i++) {
		const struct gs_sim_tx *tx = r->network.tx[i];
		if (gs_sim_call_decode(&r->network.rules.contracts, &tx->to, tx->data, call) == GS_OK &&
		    call->kind == wish->call->kind && gs_sim_run_claim_of(r, tx->sender, call) == about &&
		    (call->kind != GS_SIM_CALL_MOVE || call->move.kind == wish->call->move.kind))
			sent[tx->sender == actor]++;
	}
	free(call);
}

/* What it sends is what its victim sent: its own machine only stands for having read it there. */
static void treat(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
                  struct gs_sim_treatment *treatment)
{
	const struct gs_sim_call *call = wish->call;
	unsigned sent[2];
	if (call->kind != GS_SIM_CALL_CHALLENGE &&
	    (call->kind != GS_SIM_CALL_MOVE || gs_move_side(call->move.kind) != GS_SIDE_CHALLENGER))
		return;
	treatment->ahead = true;
	if (wish->sends)
		return;
	count(r, actor, wish, sent);
	treatment->refused = sent[1] >= sent[0];
}

const struct gs_sim_actor_kind gs_sim_actor_front_runner = {
	.name = "front_runner",
	.about = "mirrors another challenger's transactions, ahead of them in the same block",
	.parameter = GS_SIM_P_FRONT_RUNNER,
	.strike = strike,
	.compute = gs_sim_actor_computes,
	.treat = treat,
};
