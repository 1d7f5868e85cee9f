/* simulations/strangers/strangers.h: runs without nodes: accounts that make every call of the contracts at random, sensible or not,
 * right and wrong, early and late, on the simulated chain. What they are for: the simulated contracts are kept equal to the real ones
 * in corners where no honest node and no liar ever gets (tests/integration/sim_replay.sh). */
#ifndef GS_SIMULATIONS_STRANGERS_STRANGERS_H
#define GS_SIMULATIONS_STRANGERS_STRANGERS_H

#include <stdio.h>

#include "simulations/many.h"
#include "simulations/nodes/network.h"

enum gs_sim_strange {
	GS_SIM_STRANGE_NOTHING,
	GS_SIM_STRANGE_FUNDS, /* free + locked + unbonding + withdrawn + burned + fees is not what was deposited */
	GS_SIM_STRANGE_LOCKS, /* something is locked for nothing, or not locked though it should be */
	GS_SIM_STRANGE_TOLD,  /* the balances that follow from what the contracts told are others than theirs */
};
enum { GS_SIM_STRANGES = GS_SIM_STRANGE_TOLD + 1 };
const char *gs_sim_strange_name(enum gs_sim_strange strange);

struct gs_sim_strangers_options {
	FILE *log;                            /* NULL: none */
	const struct gs_contracts *contracts; /* where a real deployment lies; NULL: somewhere */
	const char *dump;                     /* as of whole nodes */
	const char *program;
};

struct gs_sim_strangers_tally {
	uint64_t runs, blocks, reorgs, claims, final, invalid, released;
	uint64_t done[GS_SIM_CALL_KINDS], refused[GS_SIM_CALL_KINDS]; /* calls of the last branches */
	uint64_t violations, violation[GS_SIM_STRANGES];
	uint64_t first_seed;
	enum gs_sim_strange first;
	struct gs_sim_digest digest;
};
void gs_sim_strangers_tally_join(struct gs_sim_strangers_tally *to, const struct gs_sim_strangers_tally *from);

/* GS_ENOMEM, or what failed; that an oracle objects is not an error but counted. */
GS_MUST enum gs_err gs_sim_strangers_run(uint64_t seed, const struct gs_sim_strangers_options *options,
                                         struct gs_sim_strangers_tally *tally, struct gs_error *error);

#endif
