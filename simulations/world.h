/* simulations/world.h: one run: a program, a claim about it, players of every manner, and a chain, from one 64-bit seed.
 *
 * Time is the chain's, in seconds. Whoever could act says when it would; the earliest acts; among those of one second the
 * order is drawn, as a sequencer may choose it. After every event the oracles look at the chain, and the run ends at the
 * first violation or when nobody has anything left to do. */
#ifndef GS_SIMULATIONS_WORLD_H
#define GS_SIMULATIONS_WORLD_H

#include <stdio.h>

#include "chain/core/hash.h"
#include "simulations/many.h"
#include "simulations/oracles.h"

enum {
	GS_SIM_CHALLENGERS_MAX = 4,
	GS_SIM_EVENTS_MAX = 4000, /* of one run; far more than the games' bounds add up to */
};

struct gs_sim_options {
	enum gs_sim_plant plant;
	FILE *log; /* a line an event; NULL: none */
};

struct gs_sim_tally { /* sums over runs; all zero at first */
	uint64_t runs;
	uint64_t games;
	uint64_t moves;
	uint64_t agreed;  /* states agreed off chain that were put on chain */
	uint64_t refused; /* moves that the chain refused */
	uint64_t outcome[GS_GAME_CLOSED + 1];
	uint64_t reason[GS_REASONS];
	uint64_t wrong_claims;
	uint64_t wrong_final; /* nobody honest challenged them */
	uint64_t claims_final;
	uint64_t claims_invalid;
	uint64_t claims_void;
	uint64_t replaced;  /* prizes that an earlier opened game took from a later one's */
	uint64_t contested; /* claims with at least two games */
	uint64_t violations;
	uint64_t violation[GS_SIM_VIOLATIONS];
	uint64_t first_seed; /* of the first violation */
	enum gs_sim_violation first;
	struct gs_sim_digest digest; /* of every event and every last balance */
};
void gs_sim_tally_join(struct gs_sim_tally *to, const struct gs_sim_tally *from);

/* One run, added to the tally. GS_ENOMEM; that an oracle objects is not an error but counted. */
GS_MUST enum gs_err gs_sim_run(uint64_t seed, const struct gs_sim_options *options, struct gs_sim_tally *tally,
                               struct gs_error *error);

#endif
