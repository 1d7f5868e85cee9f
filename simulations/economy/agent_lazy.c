/* The lazy validator: attests every claim while it is up, without the trace: its commitment fits nothing. */
#include "simulations/economy/economy.h"

void gs_economy_act_lazy(struct gs_economy_world *world, unsigned agent)
{
	if (gs_economy_chance(&world->rng, world->rules.uptime))
		gs_economy_attest(world, agent, false);
}
