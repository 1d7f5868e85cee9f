#include "simulations/nodes/run.h"

static void strike(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	(void)r;
	luck->execution_s = 0;
}

static void shape(struct gs_sim_run *r, unsigned actor, struct gs_node_options *options)
{
	(void)r;
	(void)actor;
	options->confirm_blocks = 0;
}

/* Another wrong output, so that its node challenges; where it plays, it points at its own lie. */
static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	if (!claim->wrong)
		return gs_sim_actor_agrees(r, actor, claim, out);
	gs_sim_run_tell(r, &r->lie[actor][claim->input], out);
	return true;
}

/* Every other one says nothing once its game is open. */
static void treat(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
                  struct gs_sim_treatment *treatment)
{
	(void)r;
	treatment->refused = actor % 2 == 0 && wish->call->kind == GS_SIM_CALL_MOVE &&
	                     gs_move_side(wish->call->move.kind) == GS_SIDE_CHALLENGER;
}

const struct gs_sim_actor_kind gs_sim_actor_accomplice = {
	.name = "accomplice",
	.about = "challenges wrong claims at once and plays badly, to hold the first place for the claimant",
	.parameter = GS_SIM_P_ACCOMPLICE,
	.strike = strike,
	.prepare = gs_sim_actor_one_scalar,
	.shape = shape,
	.compute = compute,
	.treat = treat,
};
