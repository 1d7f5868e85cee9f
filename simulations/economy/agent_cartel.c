/* The colluding validator: belongs to the claimants. It knows which claims are wrong without executing them, attests right
 * ones from traces that the claimants hand it, and never challenges. */
#include "simulations/economy/economy.h"

void gs_economy_act_cartel(struct gs_economy_world *world, unsigned agent)
{
	if (!world->claim.wrong && gs_economy_chance(&world->rng, world->rules.uptime))
		gs_economy_attest(world, agent, true);
}
