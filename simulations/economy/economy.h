/* simulations/economy/economy.h: the engine `economy`: many claims, and agents that live on them.
 *
 * Nothing is executed and no move computed: who is right, and who plays on, decides a game. Real are the arithmetic of
 * bonds and fees (challenge/game/bonds) and the policy of sampling (validator/node/sampling) with its draw from the seed.
 * Clocks, the order of winners, refunds, audits and rewards follow docs/protocol.md, sections 4 to 6.
 *
 * Amounts are whole millionths of a token (gs_sim_units); parameters and metrics are tokens. What the system's own books
 * say (bonds, fees, prizes, rewards) is kept apart from what happens outside (gas, work, gains, bribes, interest): the
 * first must sum up to nothing, claim by claim. */
#ifndef GS_SIMULATIONS_ECONOMY_ECONOMY_H
#define GS_SIMULATIONS_ECONOMY_ECONOMY_H

#include "challenge/game/bonds.h"
#include "chain/core/rng.h"
#include "simulations/engine.h"
#include "validator/node/sampling.h"

enum {
	GS_ECONOMY_UNITS = 1000 * 1000, /* of a token */
	GS_ECONOMY_AGENTS_MAX = 512,
	GS_ECONOMY_GAMES_MAX = 256,               /* of one claim */
	GS_ECONOMY_MOVES = 14,                    /* of an ordinary game, behind its challenge: docs/gas.md */
	GS_ECONOMY_CLAIMS_MAX = 10 * 1000 * 1000, /* of a run */
};

typedef int64_t gs_sim_units;

/* ---- who there is: agents.c lists them, each in a file agent_NAME.c ---- */

enum gs_economy_manner {
	GS_ECONOMY_HONEST, /* validators */
	GS_ECONOMY_RATIONAL,
	GS_ECONOMY_LAZY,
	GS_ECONOMY_COPYCAT,
	GS_ECONOMY_OFFLINE,
	GS_ECONOMY_BRIBED,
	GS_ECONOMY_CARTEL,
	GS_ECONOMY_SYBIL,
	GS_ECONOMY_GRIEFER, /* challengers only */
	GS_ECONOMY_FRONT_RUNNER,
	GS_ECONOMY_ACCOMPLICE,
	GS_ECONOMY_CLAIMANT, /* one a claim: honest, cheating or bankrupt */
	GS_ECONOMY_MANNERS
};

struct gs_economy_world;
struct gs_economy_agent_kind {
	const char *name, *about;
	/* What agents of this manner do about the world's claim. They are asked in the order of their numbers, so that whoever
	 * waits for other people's challenges is told last. NULL: never asked. */
	void (*act)(struct gs_economy_world *world, unsigned agent);
};
const struct gs_economy_agent_kind *gs_economy_agent_kind(enum gs_economy_manner manner);

void gs_economy_act_honest(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_rational(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_lazy(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_copycat(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_bribed(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_cartel(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_sybil(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_griefer(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_front_runner(struct gs_economy_world *world, unsigned agent);
void gs_economy_act_accomplice(struct gs_economy_world *world, unsigned agent);

/* ---- what a run is about: the engine's parameters, read ---- */

enum gs_economy_dynamics { GS_ECONOMY_FIXED, GS_ECONOMY_BEST_RESPONSE, GS_ECONOMY_REPLICATOR };
enum gs_economy_pace { GS_ECONOMY_PROMPT, GS_ECONOMY_CONCEDES, GS_ECONOMY_SILENT, GS_ECONOMY_STALLS };
enum gs_economy_help { GS_ECONOMY_ALONE, GS_ECONOMY_FIRST, GS_ECONOMY_IN_FRONT, GS_ECONOMY_EXIT };

struct gs_economy_rules {
	uint64_t claims, epochs, trials;
	enum gs_economy_dynamics dynamics;
	double step;
	/* the protocol */
	struct gs_terms terms;
	struct gs_bond_rules bonds;
	uint32_t claimant_budget_s, challenger_budget_s, minimum_s;
	uint16_t audit_bps;
	uint32_t epoch_s;
	gs_sim_units attest_stake, pool;
	/* not in the protocol: for the comparison with published models */
	gs_sim_units flat_reward, penalty;
	/* claims */
	struct gs_wei value;
	gs_sim_units bond, fee;
	double wrong, bankrupt;
	/* cheats */
	gs_sim_units gain, saved, bribe;
	enum gs_economy_pace defence;
	enum gs_economy_help help;
	double in_front;
	/* validators and others */
	unsigned number[GS_ECONOMY_MANNERS];
	struct gs_sampling_policy sampling;
	double uptime, collusion, checking;
	uint32_t reaction_s, reply_s;
	gs_sim_units cost, loss;
	double griefed;
	unsigned griefer_games;
	enum gs_economy_pace griefer_pace;
	double runs_in_front;
	/* prices */
	gs_sim_units challenge_gas, challenger_gas, claimant_gas, attest_gas, report_gas, post_gas;
	double interest; /* a second, of what is locked */
};
void gs_economy_rules_read(const double *value, struct gs_economy_rules *out);

/* The engine's parameters and metrics, and the closed forms of the latter. */
enum { GS_ECONOMY_PARAMETERS = 65 };
extern const struct gs_sim_parameter gs_economy_parameter[GS_ECONOMY_PARAMETERS];
extern const struct gs_sim_metric gs_economy_metric[];
GS_MUST enum gs_err gs_economy_check(const double *value, unsigned *at, struct gs_error *error);
double gs_economy_expected(const double *value, unsigned metric);
/* The number of a parameter or a metric; asserts that there is one. */
unsigned gs_economy_parameter_number(const char *name);
unsigned gs_economy_metric_number(const char *name);

/* ---- one claim ---- */

struct gs_economy_game {
	unsigned challenger; /* agent */
	uint64_t order;      /* opened_at << 20 | a draw: who is first within a second */
	uint32_t opened_at;  /* seconds behind the claim's posting */
	bool right;          /* plays the right trace: wins if the claim is wrong */
	bool honest;         /* by the production strategy */
	bool accomplice;
	enum gs_economy_pace pace;
	/* what came of it */
	bool opened, wins, closed;
	uint16_t units;
	unsigned moves; /* made; the challenge apart */
	unsigned times; /* of move_at */
	uint32_t move_at[GS_ECONOMY_MOVES];
	uint32_t ends_at; /* by its own course */
	uint32_t over_at; /* closed before, perhaps */
	enum gs_game_reason reason;
};

struct gs_economy_account {
	enum gs_economy_manner manner;
	gs_sim_units books;   /* what the claim changed in the system's books */
	gs_sim_units outside; /* gas, work, gains, bribes, interest */
	bool up, knows, attested, proves;
};

struct gs_economy_claim {
	bool wrong, bankrupt, audited;
	uint32_t window_end;
	bool looked; /* by somebody who executed it */
	bool swarm_knows;
	unsigned games;
	struct gs_economy_game game[GS_ECONOMY_GAMES_MAX];
	bool invalid;
	uint32_t settled_at; /* became final, or invalid */
	uint32_t over_at;    /* its last game, too */
	gs_sim_units burned;
	gs_sim_units victim, attacker;              /* of griefing: gross losses */
	gs_sim_units attacked;                      /* what the victim got of the griefers' bonds */
	double locked_claimant, locked_challengers; /* units times seconds */
};

/* What a run adds up; sums of units as floating-point numbers, in the order of the claims. */
struct gs_economy_sums {
	double profit[GS_ECONOMY_MANNERS]; /* by role */
	uint64_t turns[GS_ECONOMY_MANNERS];
	double right_profit, wrong_profit, caught_loss;
	uint64_t claims, rights, wrongs, caught, looked, slipped, griefed;
	double griefing_victim, griefing_net, griefing_attacker;
	double delay_right, delay_wrong;
	double locked_claimant, locked_challengers, burned;
	double cheats, checking; /* dynamics: sums over measured epochs */
	uint64_t epochs;
};

struct gs_economy_world {
	struct gs_economy_rules rules;
	struct gs_rng rng;
	unsigned agents, claimant, accomplice;
	struct gs_economy_account agent[GS_ECONOMY_AGENTS_MAX];
	struct gs_economy_claim claim;
	gs_sim_units pool;
	/* dynamics */
	double cheats, checking;
	double seen_cheating, seen_on_wrong, seen_checking; /* payoffs, smoothed or of the epoch before */
	int focal;                                          /* agent whose choice is forced; -1: none */
	bool focal_checks;
	const char *violation; /* the first; NULL: none */
	struct gs_economy_sums sums;
	uint64_t mix; /* of all claims so far */
	/* observed claim by claim */
	struct gs_sim_result *result;
};

bool gs_economy_chance(struct gs_rng *rng, double chance);
/* What agents can do. */
bool gs_economy_samples(struct gs_economy_world *world, unsigned agent); /* up, and the policy says so */
void gs_economy_execute(struct gs_economy_world *world, unsigned agent);
void gs_economy_attest(struct gs_economy_world *world, unsigned agent, bool proves);
/* Returns the game, or NULL when the claim can have no more. */
struct gs_economy_game *gs_economy_challenge(struct gs_economy_world *world, unsigned agent, uint32_t at, bool right,
                                             enum gs_economy_pace pace);
/* Its place is just before that game's. */
struct gs_economy_game *gs_economy_challenge_before(struct gs_economy_world *world, unsigned agent,
                                                    const struct gs_economy_game *game);
/* The earliest game; with `right`, of those that play the right trace and come in time; NULL: none. */
const struct gs_economy_game *gs_economy_first(const struct gs_economy_world *world, bool right);
/* What whoever executed a claim does about it: attests what is right, challenges what is wrong. */
void gs_economy_judge(struct gs_economy_world *world, unsigned agent);

/* Plays one claim to its end, into world->claim and the agents' accounts. */
void gs_economy_play(struct gs_economy_world *world, bool wrong);
/* play's two halves, in claim.c and settle.c. */
void gs_economy_games(struct gs_economy_world *world);
void gs_economy_settle(struct gs_economy_world *world);

/* One epoch's change of strategies, by what each would have earned (dynamics.c). */
void gs_economy_adapt(struct gs_economy_world *world, uint64_t epoch);

#endif
