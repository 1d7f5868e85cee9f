/* The copycat: attests once somebody else has. A commitment holds its maker's address, so a copy of it proves nothing. */
#include "simulations/economy/economy.h"

void gs_economy_act_copycat(struct gs_economy_world *world, unsigned agent)
{
	bool somebody = false;
	for (unsigned i = 0; i < agent && !somebody; i++)
		somebody = world->agent[i].attested;
	if (somebody && gs_economy_chance(&world->rng, world->rules.uptime))
		gs_economy_attest(world, agent, false);
}
