/* simulations/nodes/run.h: what a run of nodes is made of, for those who shape it: actors, faults and oracles.
 *
 * Everything is drawn from one generator, in one order. Who adds a draw changes every run behind it. */
#ifndef GS_SIMULATIONS_NODES_RUN_H
#define GS_SIMULATIONS_NODES_RUN_H

#include "simulations/actors/actors.h"
#include "simulations/faults/faults.h"
#include "simulations/liar.h"
#include "simulations/nodes/nodes.h"

enum {
	GS_SIM_INPUTS = 2, /* different ones */
	GS_SIM_VALIDATORS_MAX = 3,
	GS_SIM_ACTORS_MAX = 2 + GS_SIM_VALIDATORS_MAX,
	GS_SIM_HORIZON_S = 3000, /* when everything must be over */
};

struct gs_sim_planned { /* a claim that somebody is going to post */
	unsigned account, input;
	bool wrong, posted;
	uint64_t at_s;
	struct gs_claim_body body;
	struct gs_hash id;
};

struct gs_sim_computation {
	struct gs_sim_execution execution; /* owned */
	struct gs_prover prover;           /* over it */
};

struct gs_sim_run {
	const struct gs_sim_nodes_options *options;
	struct gs_sim_nodes_tally *tally;
	enum gs_sim_fault fault; /* now: none once everything is settled */
	enum gs_sim_fault began_with;
	struct gs_rng rng;
	struct gs_program program;
	uint8_t *inputs[GS_SIM_INPUTS]; /* owned */
	struct gs_commitments common[GS_SIM_INPUTS];
	struct gs_sim_computation honest[GS_SIM_INPUTS], lie;
	struct gs_sim_planned claim[GS_SIM_CLAIMS_MAX];
	unsigned claims;
	struct gs_sim_network network;
	struct gs_sim_actor actor[GS_SIM_ACTORS_MAX];
	const struct gs_sim_actor_kind *kind[GS_SIM_ACTORS_MAX];
	unsigned actors;
	struct gs_log log;
	uint64_t now_s;
	enum gs_sim_wrong wrong;
};

uint64_t gs_sim_run_between(struct gs_sim_run *r, uint64_t low, uint64_t high);
/* The first one counts. */
void gs_sim_run_object(struct gs_sim_run *r, enum gs_sim_wrong wrong);
/* Whether the run has this fault, alone or with all others. */
bool gs_sim_run_has(const struct gs_sim_run *r, enum gs_sim_fault fault);
/* A line of the run's log, if there is one. */
void gs_sim_run_note(const struct gs_sim_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether every claim is on chain and decided, and every game over. */
bool gs_sim_run_settled(struct gs_sim_run *r);
/* Whether what is promised to the honest is promised to this account. */
bool gs_sim_run_honest(const struct gs_sim_run *r, unsigned account);
/* What a machine has found that did this execution. */
void gs_sim_run_tell(const struct gs_sim_run *r, const struct gs_sim_computation *c, struct gs_sim_computed *out);
/* One block with what is ready. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_run_mine(struct gs_sim_run *r, uint64_t at_s);
/* gs_sim_compute of this run, for its actors. */
bool gs_sim_run_compute(void *run, unsigned actor, const struct gs_hash *claim, struct gs_sim_computed *out);
/* Draws everything and lets everybody begin; the generator is seeded and options are set. Torn down also after a failure. */
GS_MUST enum gs_err gs_sim_run_set_up(struct gs_sim_run *r, struct gs_error *error);
void gs_sim_run_tear_down(struct gs_sim_run *r);

#endif
