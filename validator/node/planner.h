/* validator/node/planner.h: what checking costs and brings a validator, and how much of it deters: rates, income, delays, capital.
 *
 * Plain arithmetic on averages, nothing drawn, no clock; the formulas are closed.h's and the contracts' (docs/economics.md, where simulations hold
 * them against what happens). Amounts are in tokens, shares and chances of one, times in seconds. */
#ifndef GS_VALIDATOR_NODE_PLANNER_H
#define GS_VALIDATOR_NODE_PLANNER_H

#include <stdbool.h>
#include <stddef.h>

enum { GS_PLANNER_MODELS_MAX = 1024, GS_PLANNER_PEERS_MAX = 10000, GS_PLANNER_CORES_MAX = 4096 };
/* Beyond this share of all cores' time no more is sampled: the queue would grow faster than windows end. */
#define GS_PLANNER_LOAD_MAX 0.85
/* Gas of an attestation and its collection, and of a report: estimates, as in simulations/economy. */
#define GS_PLANNER_GAS_ATTEST 140000.0
#define GS_PLANNER_GAS_REPORT 65000.0

struct gs_planner_prices {
	double core_hour;   /* of one core */
	double million_gas; /* of 10^6 gas */
};

struct gs_planner_terms {          /* of the deployment; docs/protocol.md, sections 4.3 and 5.5 */
	double minimum_bond, bond; /* bond: share of the claim's value */
	double minimum_fee, fee;
	double burn, concede;
	double audit; /* share of claims; 0: attestations bring nothing */
	double window_s;
};

struct gs_planner_role {
	unsigned cores, peers; /* peers: other honest validators */
	double peer_rate;      /* what each of them samples; negative: whatever we do */
	double uptime;         /* of each of us */
	double stake;
	double target;     /* detect at least so much; 0: what deters */
	double reaction_s; /* from a claim to its place in the queue: polls, blocks on top */
	double deadline_s; /* a verdict later than this comes too late for whom it was for; 0: the window's end */
};

struct gs_planner_model {
	double look_s;                        /* one execution for its outputs, on one core */
	double commit_s;                      /* one that commits to its trace: every look of who attests */
	double per_hour;                      /* claims */
	double value;                         /* stated with each */
	double gain;                          /* of a wrong one that becomes final */
	double game_locked, game_gas, game_s; /* worst case of one game: bond, gas of the challenger, duration */
};

/* One model at one rate; the other models at theirs. */
struct gs_planner_point {
	double rate;
	double detection;     /* by anybody */
	double deterred_gain; /* cheating pays from here on; infinite when everything is detected */
	double load;          /* share of all cores' time that all models take; 1 and more: the queue never empties */
	double delay_s, delay_p99_s; /* from the claim to its verdict; infinite at a load of 1 */
	double in_time;              /* share of verdicts before the deadline */
	double income_day;           /* when nobody cheats */
	double cost_day;             /* of it: what looking costs */
};

enum gs_planner_why {
	GS_PLANNER_DETERS,    /* the least rate that deters */
	GS_PLANNER_TARGET,    /* the least that detects as often as was asked for */
	GS_PLANNER_CAPACITY,  /* less than that: the cores are busy with what is worth more */
	GS_PLANNER_NOT_ENOUGH /* not even everything would do: the bond is too small for the gain */
};
const char *gs_planner_why_name(enum gs_planner_why why);

struct gs_planner_choice {
	double needed_detection; /* above 1: none is enough */
	double needed_rate;
	enum gs_planner_why why;
	struct gs_planner_point at; /* the chosen rate */
	double bond, bond_needed;   /* of a claim; what it would have to be at the chosen rate */
	double look_cost;           /* of one look: core and gas */
	double look_income;         /* of one look at a right claim: the fee's share, or nothing without audits */
	double price;               /* the fee at which a look pays for itself */
	double break_even_wrong; /* share of wrong claims from which on looking pays; 0: it does without any; above 1: never */
	double break_even_gas; /* price of 10^6 gas up to which it pays without wrong claims; 0: at none */
	double game_cost;      /* gas of the worst game, in tokens */
	double capital;        /* locked and spent by the worst game */
	unsigned games;        /* that the stake covers at once */
};

/* Rates for all of count models, 1 to GS_PLANNER_MODELS_MAX; where the cores do not do all, what has more value a second of work comes
 * first. Everything finite; counts and times above 0, shares within [0, 1]: asserted. */
void gs_planner_choose(const struct gs_planner_terms *terms, const struct gs_planner_prices *prices,
                       const struct gs_planner_role *role, const struct gs_planner_model *model, size_t count,
                       struct gs_planner_choice *out);
/* Model i at another rate. */
struct gs_planner_point gs_planner_at(const struct gs_planner_terms *terms, const struct gs_planner_prices *prices,
                                      const struct gs_planner_role *role, const struct gs_planner_model *model,
                                      size_t count, const struct gs_planner_choice *chosen, size_t i, double rate);

/* What a node whose scheduler (schedule.h) is given these rates gives up for want of time, as shares of what it draws of each model: it is busy all the
 * time and serves what is worth more a second of work first. *wait_s: how long a second of work waits on average, which does not hang on the order
 * (conservation: Kleinrock 1965); infinite when anything is given up. */
void gs_planner_shed(const struct gs_planner_terms *terms, const struct gs_planner_role *role,
                     const struct gs_planner_model *model, size_t count, const double *rate, double *shed,
                     double *wait_s);

/* The queue before `cores` that take work of mean length mean_s and mean square square_s2, at `load` of their time, in the order of its
 * coming at random: mean wait (Sakasegawa 1977, times half of 1 + the squared variation) and the chance of a wait longer than t (exponential tail of that mean). */
struct gs_planner_queue {
	double wait_s;
	double waits; /* chance that all are busy */
};
struct gs_planner_queue gs_planner_queue(double load, unsigned cores, double mean_s, double square_s2);
double gs_planner_longer(const struct gs_planner_queue *queue, double t);

#endif
