/* simulations/actors/actors.h: who takes part in a run of nodes: each a production node, and how it differs from an honest one. */
#ifndef GS_SIMULATIONS_ACTORS_ACTORS_H
#define GS_SIMULATIONS_ACTORS_ACTORS_H

#include "simulations/nodes/actor.h"

struct gs_sim_run;
struct gs_sim_planned;

struct gs_sim_actor_kind {
	const char *name;
	const char *about; /* one line */
	bool honest;       /* what is promised to the honest is promised to it */
	bool claims;       /* posts claims and defends them; else it samples others', and challenges */
	/* Draws what befalls it. NULL: the run's faults, as everybody honest. */
	void (*strike)(struct gs_sim_run *r, struct gs_sim_luck *luck);
	/* What its machine says of a claim; false: it cannot compute it. */
	bool (*compute)(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sim_computed *out);
};

enum gs_sim_actor_number {
	GS_SIM_ACTOR_CLAIMANT,
	GS_SIM_ACTOR_LIAR,
	GS_SIM_ACTOR_VALIDATOR,
};
enum { GS_SIM_ACTOR_KINDS = GS_SIM_ACTOR_VALIDATOR + 1 };
const struct gs_sim_actor_kind *gs_sim_actor_kind(enum gs_sim_actor_number number);

/* The entries of the table. */
extern const struct gs_sim_actor_kind gs_sim_actor_claimant, gs_sim_actor_liar, gs_sim_actor_validator;

/* compute: the program as it is. */
bool gs_sim_actor_computes(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sim_computed *out);

#endif
