/* simulations/oracles.h: what must be true of the simulated chain after every event, told without its code.
 *
 * The oracles keep their own record of who deposited what, compute every balance anew from how the games ended, in plain
 * 128-bit integers, and know who is honest. */
#ifndef GS_SIMULATIONS_ORACLES_H
#define GS_SIMULATIONS_ORACLES_H

#include "simulations/chain.h"

enum gs_sim_violation {
	GS_SIM_NO_VIOLATION,
	GS_SIM_FUNDS_LOST,          /* free + locked + burned is not what was deposited */
	GS_SIM_WRONG_BALANCE,       /* an account has, or has locked, what the rules do not give it */
	GS_SIM_HONEST_LOSS,         /* an honest account has less than it deposited */
	GS_SIM_WRONG_WINNER,        /* the prize is not the earliest opened game's that won */
	GS_SIM_WRONG_LOSER,         /* a timeout against the side whose clock did not run */
	GS_SIM_WRONG_CLOCK,         /* a deadline, or a time left, other than the chess clock's */
	GS_SIM_TWO_TRACES,          /* two games of the claim are about different traces */
	GS_SIM_WRONG_CLAIM_FINAL,   /* though an honest challenger was there in time */
	GS_SIM_RIGHT_CLAIM_INVALID, /* though its claimant was honest */
	GS_SIM_GAME_TOO_LONG,       /* more moves than the schedule allows */
	GS_SIM_NOT_OVER,            /* a game or the claim that never ends */
	GS_SIM_HONEST_REFUSED,      /* a move of an honest player, or its challenge in time, was refused */
	GS_SIM_STRATEGY_FAILED,     /* a strategy had no answer */
	GS_SIM_VIEWS_DIFFER,        /* a player who hears the events knows another state than the chain */
	GS_SIM_EXECUTORS_DIFFER,    /* executor and reference interpreter disagree */
};
enum { GS_SIM_VIOLATIONS = GS_SIM_EXECUTORS_DIFFER + 1 };
const char *gs_sim_violation_name(enum gs_sim_violation v);

struct gs_sim_oracle {
	uint64_t deposit[GS_SIM_ACCOUNTS_MAX];
	bool honest[GS_SIM_ACCOUNTS_MAX];
	bool claim_right; /* its output is the canonical one */
	unsigned moves_max;
};

/* The most moves that a game about this program can have, challenge not counted (protocol.md, 5.2 and 5.3). */
unsigned gs_sim_moves_max(const struct gs_program *program);
/* The chess clock of one game (protocol.md, 5.4), kept beside it. */
struct gs_sim_clock {
	bool claimants; /* whose clock runs */
	uint64_t deadline;
	uint64_t left[2]; /* claimant, challenger: as of its last move */
};
void gs_sim_clock_start(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now);
/* Both sides agreed on the game's times. */
void gs_sim_clock_set(struct gs_sim_clock *clock, const struct gs_game *game);
/* After an accepted move at `now`; game as it is then. */
enum gs_sim_violation gs_sim_clock_check(struct gs_sim_clock *clock, const struct gs_game_rules *rules, uint64_t now,
                                         const struct gs_game *game);
/* Everything that can be seen in the chain's state alone. */
enum gs_sim_violation gs_sim_check(const struct gs_sim_oracle *oracle, const struct gs_sim_chain *chain);
/* Of a game that has just ended by a timeout in the given phase. */
enum gs_sim_violation gs_sim_check_timeout(unsigned phase, const struct gs_game *game);

#endif
