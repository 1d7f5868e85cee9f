/* simulations/faults/faults.h: what goes wrong in a run of nodes, for the honest and for the chain. */
#ifndef GS_SIMULATIONS_FAULTS_FAULTS_H
#define GS_SIMULATIONS_FAULTS_FAULTS_H

#include "simulations/nodes/nodes.h"

struct gs_sim_run;

struct gs_sim_fault_kind {
	const char *name;
	const char *about; /* one line */
	/* Draws how it befalls one honest actor. May be NULL. */
	void (*strike)(struct gs_sim_run *r, struct gs_sim_luck *luck);
	/* What it does to the chain when a block is due. May be NULL. */
	GS_MUST enum gs_err (*before_block)(struct gs_sim_run *r);
};

const struct gs_sim_fault_kind *gs_sim_fault_kind(enum gs_sim_fault fault);

/* The entries of the table. */
extern const struct gs_sim_fault_kind gs_sim_fault_crash, gs_sim_fault_commit, gs_sim_fault_silence, gs_sim_fault_lag,
	gs_sim_fault_offline, gs_sim_fault_reorg, gs_sim_fault_delay, gs_sim_fault_execution, gs_sim_fault_clock;

#endif
