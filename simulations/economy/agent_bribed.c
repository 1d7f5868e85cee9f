/* The bribed validator: works like an honest one, and takes the cheat's money for saying nothing. */
#include "simulations/economy/economy.h"

void gs_economy_act_bribed(struct gs_economy_world *world, unsigned agent)
{
	if (!gs_economy_samples(world, agent))
		return;
	gs_economy_execute(world, agent);
	if (!world->claim.wrong) {
		gs_economy_judge(world, agent);
		return;
	}
	world->agent[agent].outside += world->rules.bribe;
	world->agent[world->claimant].outside -= world->rules.bribe;
}
