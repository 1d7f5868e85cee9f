#include "validator/node/closed.h"

#include <math.h>

enum { HALVINGS = 80 };

double gs_closed_power(double base, unsigned exponent)
{
	double power = 1;
	for (double square = base; exponent > 0; exponent >>= 1, square *= square)
		if (exponent & 1)
			power *= square;
	return power;
}

double gs_closed_detection(double rate, double uptime, unsigned validators)
{
	return 1 - gs_closed_power(1 - rate * uptime, validators);
}

double gs_closed_rate_for(double detection, double uptime, unsigned validators)
{
	if (detection <= 0)
		return 0;
	if (detection >= 1)
		return 1 / uptime;
	double low = 0, high = 1; /* of rate * uptime */
	for (unsigned i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		if (gs_closed_detection(middle, 1, validators) < detection)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2 / uptime;
}

double gs_closed_lost_share(enum gs_closed_exit way, double burn, double concede)
{
	switch (way) {
	case GS_CLOSED_EXIT_NONE: return 1;
	case GS_CLOSED_EXIT_CONCEDE: return concede;
	case GS_CLOSED_EXIT_ACCOMPLICE: return burn;
	case GS_CLOSED_EXIT_BOTH: return burn * concede;
	}
	return NAN;
}

bool gs_closed_deterred(double detection, double gain, double saved, double lost)
{
	return detection * lost > (1 - detection) * gain + saved;
}

double gs_closed_break_even_gain(double detection, double saved, double lost)
{
	return detection >= 1 ? INFINITY : (detection * lost - saved) / (1 - detection);
}

double gs_closed_break_even_detection(double gain, double saved, double lost)
{
	return (gain + saved) / (gain + lost);
}

double gs_closed_dilemma(double cost, double reward, double loss)
{
	return cost / (reward + loss);
}

double gs_closed_test_rate(double cost, double forfeit)
{
	return cost / forfeit;
}

double gs_closed_first(double present, unsigned competitors)
{
	return present <= 0 ? 1 : gs_closed_detection(present, 1, competitors) / (competitors * present);
}

double gs_closed_income(double present, unsigned validators, double fee, double cost)
{
	return present * (gs_closed_first(present, validators) * fee - cost);
}

double gs_closed_fee_for(double present, unsigned validators, double cost)
{
	return cost / gs_closed_first(present, validators);
}

/* What looking at a wrong claim brings, when everybody looks with chance s. */
static double brings(const struct gs_closed_game *game, double s)
{
	return game->prize * gs_closed_first(s, game->validators) +
	       game->loss * gs_closed_power(1 - s, game->validators - 1);
}

/* Everybody cheats: as many look, up to `most`, as can live on what they find. */
static double looking_when_all_cheat(const struct gs_closed_game *game, double most)
{
	if (brings(game, most) >= game->cost)
		return most;
	double low = 0, high = most;
	for (unsigned i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		if (brings(game, middle) < game->cost)
			high = middle;
		else
			low = middle;
	}
	return low;
}

struct gs_closed_equilibrium gs_closed_equilibrium(const struct gs_closed_game *game)
{
	const double most = game->rate * game->uptime;
	if (game->forfeit >= game->cost) { /* tests pay for checking by themselves: everybody checks */
		double p = gs_closed_detection(most, 1, game->validators);
		bool deterred = gs_closed_deterred(p, game->gain, game->saved, game->lost);
		return (struct gs_closed_equilibrium){.cheats = deterred ? 0 : 1, .checking = 1};
	}
	/* Claimants are indifferent at this detection, validators (each looking with chance s) at this share of cheats. */
	double needed = gs_closed_break_even_detection(game->gain, game->saved, game->lost);
	double s = gs_closed_rate_for(needed, 1, game->validators);
	if (s >= most || brings(game, s) <= game->cost)
		return (struct gs_closed_equilibrium){.cheats = 1,
		                                      .checking = looking_when_all_cheat(game, most) / most};
	return (struct gs_closed_equilibrium){
		.cheats = (game->cost - game->forfeit) / (brings(game, s) - game->forfeit),
		.checking = s / most,
	};
}

double gs_closed_sampling_rate(double cost, double colluding, double reward, double slash)
{
	return cost / ((1 - colluding) * (reward + slash));
}

double gs_closed_swarm_bond(double challenger_bond, unsigned games)
{
	return challenger_bond * games * (games + 1.0) / 2;
}

double gs_closed_delay(double game_s, double window_s)
{
	return game_s >= window_s ? game_s - window_s / 2 : game_s * game_s / (2 * window_s);
}

struct gs_closed_griefing gs_closed_griefing(double challenger_bond, double burn, unsigned games, double victim_gas,
                                             double attacker_gas, double victim_other)
{
	double bonds = gs_closed_swarm_bond(challenger_bond, games);
	double attacker = bonds + games * attacker_gas, victim = games * victim_gas + victim_other;
	double net = victim - (1 - burn) * bonds;
	return (struct gs_closed_griefing){.gross = victim / attacker, .net = net > 0 ? net / attacker : 0};
}
