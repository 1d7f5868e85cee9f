/* simulations/faults/faults.h: what goes wrong in a run of nodes, for the honest and for the chain. */
#ifndef GS_SIMULATIONS_FAULTS_FAULTS_H
#define GS_SIMULATIONS_FAULTS_FAULTS_H

#include "simulations/nodes/nodes.h"

struct gs_sim_run;

struct gs_sim_fault_kind {
	const char *name;
	const char *about; /* one line */
	/* What a scenario may state of it: then it strikes in every run, unless all that is stated is 0. 0: nothing. */
	enum gs_sim_nodes_parameter parameter, other;
	/* Draws what it does to the chain, before the rules of the run are drawn. May be NULL. */
	void (*plan)(struct gs_sim_run *r);
	/* Draws how it befalls one honest actor. May be NULL. */
	void (*strike)(struct gs_sim_run *r, struct gs_sim_luck *luck);
	/* What it does to the chain when a block is due. *none: there is no block now. May be NULL. */
	GS_MUST enum gs_err (*before_block)(struct gs_sim_run *r, bool *none);
	/* Whether a transaction that is ready may be in a block now. NULL: it may. */
	bool (*admits)(struct gs_sim_run *r, const struct gs_sim_tx *tx);
};

const struct gs_sim_fault_kind *gs_sim_fault_kind(enum gs_sim_fault fault);

/* The entries of the table. */
extern const struct gs_sim_fault_kind gs_sim_fault_crash, gs_sim_fault_commit, gs_sim_fault_silence, gs_sim_fault_lag,
	gs_sim_fault_offline, gs_sim_fault_reorg, gs_sim_fault_delay, gs_sim_fault_execution, gs_sim_fault_clock,
	gs_sim_fault_torn, gs_sim_fault_each_commit, gs_sim_fault_full_disk, gs_sim_fault_stale,
	gs_sim_fault_rate_limit, gs_sim_fault_stall, gs_sim_fault_drop, gs_sim_fault_replace, gs_sim_fault_gap,
	gs_sim_fault_censor, gs_sim_fault_outage, gs_sim_fault_spike, gs_sim_fault_dear, gs_sim_fault_lying,
	gs_sim_fault_letters;

#endif
