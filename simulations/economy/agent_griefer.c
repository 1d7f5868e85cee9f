/* The griefer: opens games on claims without having looked at them, one or a swarm at once, and loses them as it likes: plays on,
 * falls silent, takes all the time that its clock gives. Against a bankrupt claimant it wins. */
#include "simulations/economy/economy.h"

void gs_economy_act_griefer(struct gs_economy_world *world, unsigned agent)
{
	const struct gs_economy_rules *r = &world->rules;
	if (!gs_economy_chance(&world->rng, r->griefed))
		return;
	uint32_t at = (uint32_t)gs_rng_below(&world->rng, (uint64_t)r->terms.window_s + 1);
	for (unsigned i = 0; i < r->griefer_games; i++)
		(void)gs_economy_challenge(world, agent, at, false, r->griefer_pace);
}
