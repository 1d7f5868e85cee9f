/* simulations/nodes/errands.h: what parties of a run do by tools beside their nodes, with the same keys: demands for data, batches,
 * leaves that somebody opens, attestations copied from others, withdrawals. Posting of claims is in nodes.c.
 *
 * All of it is drawn from a generator of its own, so that a run without any is the run that it always was. What must happen is
 * looked for again and sent once more, as somebody who waits for it would. */
#ifndef GS_SIMULATIONS_NODES_ERRANDS_H
#define GS_SIMULATIONS_NODES_ERRANDS_H

#include "simulations/nodes/network.h"
#include "validator/node/node.h"

struct gs_sim_run;
struct gs_sim_planned;

enum {
	GS_SIM_RUN_BATCHES_MAX = 3,                              /* with their leaves in calldata */
	GS_SIM_RUN_ALL_BATCHES_MAX = GS_SIM_RUN_BATCHES_MAX + 1, /* and one of which only the root is on chain */
	GS_SIM_RUN_LEAVES_MAX = 4,                               /* of one batch */
	GS_SIM_ERRANDS_MAX = 64,
};

enum gs_sim_errand_kind {
	GS_SIM_ERRAND_DEMAND,
	GS_SIM_ERRAND_POST_BATCH,
	GS_SIM_ERRAND_OPEN_LEAF, /* a right one, for nothing */
	GS_SIM_ERRAND_POST_LEAF, /* of a root: by its claimant, as a claim of its own */
	GS_SIM_ERRAND_COPY,      /* of an attestation */
	GS_SIM_ERRAND_REPORT,    /* of the copied one, which does not fit */
	GS_SIM_ERRAND_REQUEST_WITHDRAW,
	GS_SIM_ERRAND_WITHDRAW,
};

struct gs_sim_errand {
	enum gs_sim_errand_kind kind;
	unsigned account;
	unsigned about; /* the claim, or the batch */
	unsigned leaf;  /* OPEN_LEAF, POST_LEAF */
	uint8_t demand_kind;
	struct gs_wei amount;
	uint64_t at_s; /* not before; once it was sent, when it is looked for again */
	bool over;     /* for good */
};

struct gs_sim_planned_batch {
	unsigned account;
	struct gs_batch_name name;
	struct gs_hash id, model;
	unsigned first; /* of its leaves, in the run's list of them; name.count of them */
	uint8_t leaves[GS_SIM_RUN_LEAVES_MAX * GS_BATCH_LEAF_BYTES];
};

struct gs_sim_errands {
	struct gs_rng rng;
	bool any; /* of what follows is in this run: claims are posted with all their data */
	struct gs_sim_errand errand[GS_SIM_ERRANDS_MAX];
	unsigned errands;
	struct gs_sim_planned_batch batch[GS_SIM_RUN_ALL_BATCHES_MAX];
	unsigned batches;
	struct gs_leaf_data
		handed[GS_SIM_RUN_BATCHES_MAX * GS_SIM_RUN_LEAVES_MAX]; /* views: by claimants, to everybody */
	unsigned handed_leaves;                                         /* of them */
	unsigned leaves;
};

/* ---- while the run is set up, in this order ---- */

/* What the contracts and the nodes are told of duties. */
void gs_sim_errands_rules(struct gs_sim_run *r, struct gs_sim_network_rules *rules);
void gs_sim_errands_shape(struct gs_sim_run *r, unsigned actor, struct gs_node_options *options);
/* Claims are planned. */
void gs_sim_errands_plan(struct gs_sim_run *r);

/* ---- while it goes on ---- */

/* What is due. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_errands_do(struct gs_sim_run *r);
/* Whether batches and withdrawals are over, and nobody honest has anything locked. */
bool gs_sim_errands_settled(struct gs_sim_run *r);
/* Of the account: fees of final batches, and what it has paid for data that it demanded and was given. */
uint64_t gs_sim_errands_spent(struct gs_sim_run *r, unsigned account);
/* Whether a wrong leaf is final; whether an honest batch is lost. */
bool gs_sim_errands_wrong_final(struct gs_sim_run *r);
bool gs_sim_errands_right_lost(struct gs_sim_run *r);
/* Whether everybody can compute the claim: its data are on chain, or were handed over. */
bool gs_sim_errands_known(struct gs_sim_run *r, const struct gs_sim_planned *claim);

#endif
