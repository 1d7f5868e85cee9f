/* The cheat's own challenger ("hollow victory"): with the earliest game of a lost claim, it takes the prize back, and only
 * what is burned is lost. It opens at once, or when it sees an honest challenge coming; and where the claimant concedes
 * to it before anybody else has a game, the concession is the cheap one. Alone at the end of the window it concedes. */
#include "simulations/economy/economy.h"

void gs_economy_act_accomplice(struct gs_economy_world *world, unsigned agent)
{
	const struct gs_economy_rules *r = &world->rules;
	const struct gs_economy_game *seen = gs_economy_first(world, true);
	struct gs_economy_game *mine = NULL;
	if (!world->claim.wrong || r->help == GS_ECONOMY_ALONE)
		return;
	uint32_t seen_at = seen != NULL ? seen->opened_at : 0;
	if (r->help == GS_ECONOMY_FIRST)
		mine = gs_economy_challenge(world, agent, 0, true, GS_ECONOMY_PROMPT);
	else if (seen != NULL && gs_economy_chance(&world->rng, r->in_front))
		mine = gs_economy_challenge_before(world, agent, seen);
	if (mine == NULL)
		return;
	if (r->help == GS_ECONOMY_FIRST)
		mine->order = 0; /* in the claim's own block */
	mine->accomplice = true;
	mine->right = seen != NULL;
	mine->reason = GS_REASON_CONCESSION; /* of the claimant to it, or its own */
	if (seen == NULL)
		mine->ends_at = world->claim.window_end;
	else
		mine->ends_at = r->help == GS_ECONOMY_EXIT ? mine->opened_at : seen_at + r->reply_s;
}
