/* A swarm's account: the first that samples a claim executes it for all; all of them attest. One of them challenges. */
#include "simulations/economy/economy.h"

void gs_economy_act_sybil(struct gs_economy_world *world, unsigned agent)
{
	if (world->claim.swarm_knows) {
		if (!world->claim.wrong)
			gs_economy_attest(world, agent, true);
		return;
	}
	if (!gs_economy_samples(world, agent))
		return;
	gs_economy_execute(world, agent);
	world->claim.swarm_knows = true;
	gs_economy_judge(world, agent);
}
