#include "simulations/actors/actors.h"

#include "simulations/nodes/run.h"

const struct gs_sim_actor_kind *gs_sim_actor_kind(enum gs_sim_actor_number number)
{
	static const struct gs_sim_actor_kind *const kinds[] = {
		[GS_SIM_ACTOR_CLAIMANT] = &gs_sim_actor_claimant,
		[GS_SIM_ACTOR_LIAR] = &gs_sim_actor_liar,
		[GS_SIM_ACTOR_WRONG_MODEL] = &gs_sim_actor_wrong_model,
		[GS_SIM_ACTOR_QUANTISED] = &gs_sim_actor_quantised,
		[GS_SIM_ACTOR_TRUNCATED] = &gs_sim_actor_truncated,
		[GS_SIM_ACTOR_WITHHOLDER] = &gs_sim_actor_withholder,
		[GS_SIM_ACTOR_BANKRUPT] = &gs_sim_actor_bankrupt,
		[GS_SIM_ACTOR_SELF_CHALLENGER] = &gs_sim_actor_self_challenger,
		[GS_SIM_ACTOR_VALIDATOR] = &gs_sim_actor_validator,
		[GS_SIM_ACTOR_LAZY] = &gs_sim_actor_lazy,
		[GS_SIM_ACTOR_COPYCAT] = &gs_sim_actor_copycat,
		[GS_SIM_ACTOR_OFFLINE] = &gs_sim_actor_offline,
		[GS_SIM_ACTOR_LATE] = &gs_sim_actor_late,
		[GS_SIM_ACTOR_GRIEFER] = &gs_sim_actor_griefer,
		[GS_SIM_ACTOR_SYBIL] = &gs_sim_actor_sybil,
		[GS_SIM_ACTOR_ACCOMPLICE] = &gs_sim_actor_accomplice,
		[GS_SIM_ACTOR_FRONT_RUNNER] = &gs_sim_actor_front_runner,
		[GS_SIM_ACTOR_CARTEL] = &gs_sim_actor_cartel,
		[GS_SIM_ACTOR_BRIBED] = &gs_sim_actor_bribed,
		[GS_SIM_ACTOR_TWO_FACED] = &gs_sim_actor_two_faced,
	};
	return kinds[number];
}

bool gs_sim_actor_computes(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                           struct gs_sim_computed *out)
{
	(void)actor;
	gs_sim_run_tell(r, &r->honest[claim->input], out);
	return true;
}

bool gs_sim_actor_lies(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                       struct gs_sim_computed *out)
{
	gs_sim_run_tell(r, claim->wrong && claim->account == actor ? &r->lie[actor][0] : &r->honest[claim->input], out);
	return true;
}

bool gs_sim_actor_agrees(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                         struct gs_sim_computed *out)
{
	(void)r;
	(void)actor;
	*out = (struct gs_sim_computed){.output_root = claim->body.output_root};
	return true;
}

static enum gs_err lie_about(struct gs_sim_run *r, unsigned actor, unsigned input)
{
	const struct gs_sim_lie lie = {.honest = &r->honest[input].execution, .tries = 16};
	struct gs_sim_computation *c = &r->lie[actor][input];
	enum gs_err err = gs_sim_draw_lie(&lie, &r->rng, &c->execution, &c->shows);
	c->prover = gs_sim_prover(&c->execution);
	return err;
}

enum gs_err gs_sim_actor_one_scalar(struct gs_sim_run *r, unsigned actor)
{
	return lie_about(r, actor, 0);
}

enum gs_err gs_sim_actor_all_inputs(struct gs_sim_run *r, unsigned actor)
{
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < GS_SIM_INPUTS && err == GS_OK; i++)
		err = lie_about(r, actor, i);
	return err;
}

enum gs_err gs_sim_actor_cheats(struct gs_sim_run *r, unsigned actor, enum gs_sim_cheat cheat)
{
	struct gs_sim_computation *c = &r->lie[actor][0];
	struct gs_sim_computed right, mine;
	enum gs_err err = gs_sim_execute_cheaply(&r->honest[0].execution, cheat, &r->rng, &c->execution);
	if (err != GS_OK)
		return err;
	c->prover = gs_sim_prover(&c->execution);
	gs_sim_run_tell(r, &r->honest[0], &right);
	gs_sim_run_tell(r, c, &mine);
	c->shows = !gs_hash_equal(&right.output_root, &mine.output_root);
	return c->shows ? GS_OK : lie_about(r, actor, 0);
}

void gs_sim_actor_may_vanish(struct gs_sim_run *r, struct gs_sim_luck *luck)
{
	if (gs_rng_below(&r->rng, 3) != 0)
		return;
	luck->offline_from_s = GS_SIM_GENESIS_S + gs_sim_run_between(r, 1, 60);
	luck->offline_to_s = GS_SIM_NEVER_S;
}
