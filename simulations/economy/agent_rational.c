/* The rational validator: in a share of its turns it looks, like the honest one; otherwise it guesses, like the lazy one,
 * and saves the execution. The share is the population's; dynamics.c moves it. */
#include "simulations/economy/economy.h"

void gs_economy_act_rational(struct gs_economy_world *world, unsigned agent)
{
	if (!gs_economy_samples(world, agent))
		return;
	bool looks = gs_economy_chance(&world->rng, world->checking);
	if (world->focal == (int)agent)
		looks = world->focal_checks;
	if (!looks) {
		gs_economy_attest(world, agent, false);
		return;
	}
	gs_economy_execute(world, agent);
	gs_economy_judge(world, agent);
}
