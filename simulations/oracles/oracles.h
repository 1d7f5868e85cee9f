/* simulations/oracles/oracles.h: what must hold in every run of nodes, looked at after every block and at the end. */
#ifndef GS_SIMULATIONS_ORACLES_ORACLES_H
#define GS_SIMULATIONS_ORACLES_ORACLES_H

#include "simulations/nodes/nodes.h"
#include "validator/node/sampling.h"

struct gs_sim_run;

struct gs_sim_oracle_kind {
	const char *name;  /* what it says when it objects */
	const char *about; /* one line */
	/* Objects (run.h), or does not; an error is one of memory. NULL: whoever sees it says so. */
	GS_MUST enum gs_err (*after_block)(struct gs_sim_run *r, struct gs_error *error);
	GS_MUST enum gs_err (*at_end)(struct gs_sim_run *r, struct gs_error *error);
};

const struct gs_sim_oracle_kind *gs_sim_oracle_kind(enum gs_sim_wrong wrong);

/* The entries of the table. */
extern const struct gs_sim_oracle_kind gs_sim_oracle_funds, gs_sim_oracle_loss, gs_sim_oracle_final,
	gs_sim_oracle_invalid, gs_sim_oracle_endless, gs_sim_oracle_restless, gs_sim_oracle_state,
	gs_sim_oracle_two_answers, gs_sim_oracle_double, gs_sim_oracle_patience, gs_sim_oracle_done,
	gs_sim_oracle_sample, gs_sim_oracle_shed;

struct gs_sim_actor;
/* What an honest validator has stored of its draw. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_sim_oracle_load_sample(const struct gs_sim_actor *a, const struct gs_hash *claim,
                                              struct gs_sample *out, struct gs_error *error);
/* Whether its machine had no time for it, and it says so. Always false where a machine has time for everything. */
bool gs_sim_oracle_gave_up(const struct gs_sim_actor *a, const struct gs_hash *claim);

/* An amount that is far below 2^64, as all deposits together are. */
uint64_t gs_sim_small(struct gs_wei amount);

#endif
