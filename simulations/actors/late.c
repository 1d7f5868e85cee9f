#include "simulations/nodes/run.h"

/* The last block whose time is not behind the deadline takes it. */
static void treat(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
                  struct gs_sim_treatment *treatment)
{
	const struct gs_sim_game *game = gs_sim_run_game_of(r, actor, wish->call);
	const struct gs_sim_chain *claim = gs_sim_run_claim_of(r, actor, wish->call);
	uint64_t deadline = 0;
	if (game != NULL && gs_move_side(wish->call->move.kind) != 0)
		deadline = game->game.state.deadline;
	else if (claim != NULL && wish->call->kind == GS_SIM_CALL_CHALLENGE)
		deadline = claim->window_end;
	if (deadline > r->network.rules.block_s)
		treatment->ready_s = deadline - r->network.rules.block_s + 1;
}

const struct gs_sim_actor_kind gs_sim_actor_late = {
	.name = "late",
	.about = "executes and challenges as an honest one does, but everything in the last second",
	.parameter = GS_SIM_P_LATE,
	.compute = gs_sim_actor_computes,
	.treat = treat,
};
