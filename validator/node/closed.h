/* validator/node/closed.h: what the economics come to by formulas alone: plain arithmetic on numbers, nothing drawn.
 *
 * Amounts are all in one unit, whichever; shares and chances are of one. Only + - * / decide, so every machine gives the
 * same bits. The formulas' sources, and the simulations that they are compared with, stand in docs/economics.md. */
#ifndef GS_VALIDATOR_NODE_CLOSED_H
#define GS_VALIDATOR_NODE_CLOSED_H

#include <stdbool.h>

/* base^exponent by squaring. */
double gs_closed_power(double base, unsigned exponent);

/* ---- detection ---- */

/* That at least one of n validators, each of which is up with chance u and then samples with chance p, looks at a claim:
 * 1 - (1 - p u)^n. */
double gs_closed_detection(double rate, double uptime, unsigned validators);
/* The least sampling rate that detects with that chance; above 1 when no rate does. validators > 0, uptime > 0. */
double gs_closed_rate_for(double detection, double uptime, unsigned validators);

/* ---- deterrence ---- */

/* How a cheat that is caught loses least. */
enum gs_closed_exit {
	GS_CLOSED_EXIT_NONE,       /* plays on and loses its bond */
	GS_CLOSED_EXIT_CONCEDE,    /* concedes to its first and only challenger */
	GS_CLOSED_EXIT_ACCOMPLICE, /* has its own challenger's game opened first: the prize stays at home */
	GS_CLOSED_EXIT_BOTH,       /* and concedes to it before anybody else has a game */
};
/* Share of the bond that a caught cheat loses: 1, concede, burn, burn * concede. */
double gs_closed_lost_share(enum gs_closed_exit way, double burn, double concede);

/* Cheating pays when (1 - P) gain + saved > P lost. `saved`: what not executing saves, whether caught or not. */
bool gs_closed_deterred(double detection, double gain, double saved, double lost);
/* The gain from which on cheating pays: (P lost - saved) / (1 - P); infinite for P = 1, negative when `saved` alone pays. */
double gs_closed_break_even_gain(double detection, double saved, double lost);
/* The chance of detection from which on it does not: (gain + saved) / (gain + lost); above 1: never. */
double gs_closed_break_even_detection(double gain, double saved, double lost);

/* ---- the verifier's dilemma and tests of attention ---- */

/* One checker, cost C, reward R for a cheat found, own loss L from one that slips through: checking pays when claims are
 * wrong with a chance above C / (R + L). */
double gs_closed_dilemma(double cost, double reward, double loss);
/* With tests: the rate of tests from which on checking pays though nobody cheats, C / forfeit; forfeit: reward and
 * penalty that hang on passing. */
double gs_closed_test_rate(double cost, double forfeit);
/* The chance of one of n symmetrical competitors, each present with chance s, to be drawn when it is present itself:
 * E[1 / (1 + Binomial(n - 1, s))] = (1 - (1 - s)^n) / (n s). */
double gs_closed_first(double present, unsigned competitors);

/* The mixed equilibrium of claimants that cheat or not and n validators that check or not. */
struct gs_closed_game {
	unsigned validators;
	double rate, uptime; /* a validator that checks looks at rate * uptime of all claims */
	double gain, saved, lost;
	double cost;    /* of looking at one claim */
	double prize;   /* to the first challenger of a wrong one */
	double loss;    /* of every validator when a wrong one slips through */
	double forfeit; /* expected, a looked-at right claim: what a test brings to who can prove that it looked */
};
struct gs_closed_equilibrium {
	double cheats;   /* share of claims that are wrong */
	double checking; /* share of their turns in which validators check */
};
struct gs_closed_equilibrium gs_closed_equilibrium(const struct gs_closed_game *game);

/* What a validator earns on average, a claim, when nobody cheats: one of n alike that share the fee by stake among those who looked
 * (an audit's reward is fee / share of audits), each looking with chance s at a cost of `cost` for execution and attesting. */
double gs_closed_income(double present, unsigned validators, double fee, double cost);
/* The fee from which on that is no loss. */
double gs_closed_fee_for(double present, unsigned validators, double cost);

/* ---- sampling ---- */

/* Proof of sampling, the condition of the equilibrium in pure strategies: a claimant that does without the work of cost C is found out when
 * its claim is drawn and the validator drawn is none of the share r that is with it; it then loses reward and slash. The
 * rate from which on it works: C / ((1 - r) (reward + slash)). */
double gs_closed_sampling_rate(double cost, double colluding, double reward, double slash);

/* ---- griefing ---- */

/* The mean delay behind the window's end by a game that lasts so long and is opened at any time in the window. */
double gs_closed_delay(double game_s, double window_s);
/* What k games opened at once against a right claim lose: bond (1 + 2 + ... + k), units rising with the games that are open. */
double gs_closed_swarm_bond(double challenger_bond, unsigned games);
/* Victim's loss / attacker's loss, of k games played to the end: gross, before the victim is paid its part of the bonds, and
 * net of it (0 when it gains). gas: of one game, by side; victim_other: what it loses besides, such as interest for the delay. */
struct gs_closed_griefing {
	double gross, net;
};
struct gs_closed_griefing gs_closed_griefing(double challenger_bond, double burn, unsigned games, double victim_gas,
                                             double attacker_gas, double victim_other);

#endif
