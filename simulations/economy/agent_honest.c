/* The honest validator: the production policy of sampling, then what the node does. With `validators.collusion` it is,
 * this time, one of the claimant's own: who colludes with whom is not known beforehand. */
#include "simulations/economy/economy.h"

void gs_economy_act_honest(struct gs_economy_world *world, unsigned agent)
{
	if (!gs_economy_samples(world, agent))
		return;
	gs_economy_execute(world, agent);
	if (world->claim.wrong && gs_economy_chance(&world->rng, world->rules.collusion))
		return;
	gs_economy_judge(world, agent);
}
