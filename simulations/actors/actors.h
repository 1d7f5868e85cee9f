/* simulations/actors/actors.h: who takes part in a run of nodes: each a production node, and how it differs from an honest one:
 * what its machine computes, and what it does with its node's effects. */
#ifndef GS_SIMULATIONS_ACTORS_ACTORS_H
#define GS_SIMULATIONS_ACTORS_ACTORS_H

#include "simulations/cheats.h"
#include "simulations/nodes/actor.h"
#include "simulations/nodes/setting.h"

struct gs_sim_run;
struct gs_sim_planned;

struct gs_sim_actor_kind {
	const char *name;
	const char *about;                     /* one line */
	enum gs_sim_nodes_parameter parameter; /* how many of them take part */
	bool honest;                           /* what is promised to the honest is promised to it */
	bool claims; /* posts claims and defends them; else it samples others', and challenges */
	/* Draws what befalls it. NULL: the run's faults if it is honest, else nothing. */
	void (*strike)(struct gs_sim_run *r, struct gs_sim_luck *luck);
	/* Draws its wrong executions (run.h: lie). NULL: it has none. */
	GS_MUST enum gs_err (*prepare)(struct gs_sim_run *r, unsigned actor);
	/* How its node is set otherwise than others'. May be NULL. */
	void (*shape)(struct gs_sim_run *r, unsigned actor, struct gs_node_options *options);
	/* What its machine says of a claim; false: it cannot compute it, and will be asked again. */
	bool (*compute)(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
	                struct gs_sim_computed *out);
	/* What it makes of a transaction that its node wants to send. NULL: it sends it. */
	void (*treat)(struct gs_sim_run *r, unsigned actor, const struct gs_sim_wish *wish,
	              struct gs_sim_treatment *treatment);
	/* What it says off chain instead of what its node wants to say; nothing where nothing is appended. NULL: it says that. */
	void (*say)(struct gs_sim_run *r, unsigned actor, struct gs_bytes letter, struct gs_buf *instead);
};

enum gs_sim_actor_number { /* in the order of their accounts; first those that post claims */
	                   GS_SIM_ACTOR_CLAIMANT,
	                   GS_SIM_ACTOR_LIAR,
	                   GS_SIM_ACTOR_WRONG_MODEL,
	                   GS_SIM_ACTOR_QUANTISED,
	                   GS_SIM_ACTOR_TRUNCATED,
	                   GS_SIM_ACTOR_WITHHOLDER,
	                   GS_SIM_ACTOR_BANKRUPT,
	                   GS_SIM_ACTOR_SELF_CHALLENGER,
	                   GS_SIM_ACTOR_VALIDATOR,
	                   GS_SIM_ACTOR_LAZY,
	                   GS_SIM_ACTOR_COPYCAT,
	                   GS_SIM_ACTOR_OFFLINE,
	                   GS_SIM_ACTOR_LATE,
	                   GS_SIM_ACTOR_GRIEFER,
	                   GS_SIM_ACTOR_SYBIL,
	                   GS_SIM_ACTOR_ACCOMPLICE,
	                   GS_SIM_ACTOR_FRONT_RUNNER,
	                   GS_SIM_ACTOR_CARTEL,
	                   GS_SIM_ACTOR_BRIBED,
	                   GS_SIM_ACTOR_TWO_FACED, /* joins no run by itself */
};
enum { GS_SIM_ACTOR_KINDS = GS_SIM_ACTOR_TWO_FACED + 1, GS_SIM_ACTOR_DRAWN_KINDS = GS_SIM_ACTOR_BRIBED + 1 };
const struct gs_sim_actor_kind *gs_sim_actor_kind(enum gs_sim_actor_number number);

/* The entries of the table. */
extern const struct gs_sim_actor_kind gs_sim_actor_claimant, gs_sim_actor_liar, gs_sim_actor_wrong_model,
	gs_sim_actor_quantised, gs_sim_actor_truncated, gs_sim_actor_withholder, gs_sim_actor_bankrupt,
	gs_sim_actor_self_challenger, gs_sim_actor_validator, gs_sim_actor_lazy, gs_sim_actor_copycat,
	gs_sim_actor_offline, gs_sim_actor_late, gs_sim_actor_griefer, gs_sim_actor_sybil, gs_sim_actor_accomplice,
	gs_sim_actor_front_runner, gs_sim_actor_cartel, gs_sim_actor_bribed, gs_sim_actor_two_faced;

/* ---- parts that several share ---- */

/* compute: the program as it is. */
bool gs_sim_actor_computes(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                           struct gs_sim_computed *out);
/* compute: its own wrong execution of what it claims wrongly. */
bool gs_sim_actor_lies(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                       struct gs_sim_computed *out);
/* compute: whatever was claimed, and no execution behind it. */
bool gs_sim_actor_agrees(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                         struct gs_sim_computed *out);
/* prepare: one scalar of the execution of the first input wrong, so that it shows. */
GS_MUST enum gs_err gs_sim_actor_one_scalar(struct gs_sim_run *r, unsigned actor);
/* prepare: the same for every input. */
GS_MUST enum gs_err gs_sim_actor_all_inputs(struct gs_sim_run *r, unsigned actor);
/* prepare: the cheat, or where it does not show one scalar. */
GS_MUST enum gs_err gs_sim_actor_cheats(struct gs_sim_run *r, unsigned actor, enum gs_sim_cheat cheat);
/* strike: one in three falls silent for good, perhaps in the middle of a game. */
void gs_sim_actor_may_vanish(struct gs_sim_run *r, struct gs_sim_luck *luck);

#endif
