#include "simulations/nodes/run.h"

static void treat(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
                  struct gs_sim_treatment *treatment)
{
	(void)r;
	(void)actor;
	const enum gs_move_kind kind = wish->call->move.kind;
	treatment->refused = wish->call->kind == GS_SIM_CALL_MOVE &&
	                     (kind == GS_MOVE_COMMIT_TRACE || kind == GS_MOVE_REVEAL || kind == GS_MOVE_REVEAL_STATES);
}

const struct gs_sim_actor_kind gs_sim_actor_withholder = {
	.name = "withholder",
	.about = "claims something wrong, and never shows any of its data",
	.parameter = GS_SIM_P_WITHHOLDER,
	.claims = true,
	.prepare = gs_sim_actor_one_scalar,
	.compute = gs_sim_actor_lies,
	.treat = treat,
};
