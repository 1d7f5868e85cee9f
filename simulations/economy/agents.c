/* All manners of agents, one line each. */
#include "simulations/economy/economy.h"

static const struct gs_economy_agent_kind kinds[GS_ECONOMY_MANNERS] = {
	[GS_ECONOMY_HONEST] = {"honest", "executes what it samples, attests what is right, challenges what is wrong",
                               gs_economy_act_honest},
	[GS_ECONOMY_RATIONAL] = {"rational", "looks or guesses, whichever has paid better", gs_economy_act_rational},
	[GS_ECONOMY_LAZY] = {"lazy", "attests everything and executes nothing", gs_economy_act_lazy},
	[GS_ECONOMY_COPYCAT] = {"copycat", "attests what others attest, with their commitments",
                                gs_economy_act_copycat},
	[GS_ECONOMY_OFFLINE] = {"offline", "staked, and never up", NULL},
	[GS_ECONOMY_BRIBED] = {"bribed", "executes what it samples, and is paid for silence about what is wrong",
                               gs_economy_act_bribed},
	[GS_ECONOMY_CARTEL] = {"cartel", "is with the claimants: attests right claims, never challenges",
                               gs_economy_act_cartel},
	[GS_ECONOMY_SYBIL] = {"sybil", "many accounts of one person, who executes once for all of them",
                              gs_economy_act_sybil},
	[GS_ECONOMY_GRIEFER] = {"griefer", "challenges without a case, to cost and delay others",
                                gs_economy_act_griefer},
	[GS_ECONOMY_FRONT_RUNNER] = {"front_runner", "gets in front of a challenge that it sees, and mirrors its moves",
                                     gs_economy_act_front_runner},
	[GS_ECONOMY_ACCOMPLICE] = {"accomplice", "a cheat's own challenger, for the prize to stay at home",
                                   gs_economy_act_accomplice},
	[GS_ECONOMY_CLAIMANT] = {"claimant", "posts the claim: honest, cheating or bankrupt", NULL},
};

const struct gs_economy_agent_kind *gs_economy_agent_kind(enum gs_economy_manner manner)
{
	GS_ASSERT((unsigned)manner < GS_ECONOMY_MANNERS);
	return &kinds[manner];
}
