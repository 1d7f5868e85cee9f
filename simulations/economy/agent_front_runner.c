/* The front-runner: sees the first challenge on its way, gets its own included before it, and then mirrors that challenger's moves.
 * What it copies from a griefer loses. */
#include "simulations/economy/economy.h"

void gs_economy_act_front_runner(struct gs_economy_world *world, unsigned agent)
{
	const struct gs_economy_game *first = gs_economy_first(world, false);
	if (first == NULL || !gs_economy_chance(&world->rng, world->rules.runs_in_front))
		return;
	bool right = first->right;
	struct gs_economy_game *mine = gs_economy_challenge_before(world, agent, first);
	if (mine != NULL)
		mine->right = right;
}
