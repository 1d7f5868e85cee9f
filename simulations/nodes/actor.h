/* simulations/nodes/actor.h: a party that runs the production node: its store, its endpoint, its machine, and what befalls them.
 *
 * The actor does what the daemon does around the core: follows the chain through an endpoint, does the effects of each step in
 * order, runs executions, which take their time, and begins anew from the store after a crash. */
#ifndef GS_SIMULATIONS_NODES_ACTOR_H
#define GS_SIMULATIONS_NODES_ACTOR_H

#include "simulations/nodes/endpoints.h"
#include "simulations/nodes/faulty_store.h"
#include "simulations/nodes/final.h"
#include "simulations/nodes/memory_store.h"
#include "simulations/nodes/letters.h"
#include "simulations/nodes/means.h"
#include "simulations/nodes/network.h"
#include "storage/store.h"
#include "validator/node/node.h"

enum {
	GS_SIM_JOBS_MAX = 64,
	GS_SIM_LIVES_MAX = 64, /* crashes of one actor in a run */
	GS_SIM_TRIES_MAX = 2,  /* executions of a claim that fail */
};
#define GS_SIM_NEVER_S UINT64_MAX

/* What the actor's machine computes of a claim; NULL prover: it cannot. */
struct gs_sim_computed {
	struct gs_hash output_root;
	struct gs_hash trace_root;
	const struct gs_prover *prover;
};
typedef bool gs_sim_compute(void *self, unsigned actor, const struct gs_hash *claim, struct gs_sim_computed *out);

/* Everything that may go wrong for an actor, as chances of 1,000 a chance to go wrong, or spans of time. */
struct gs_sim_luck {
	uint32_t crash;          /* a step, after it was stored: its effects are lost */
	uint32_t commit_fails;   /* a step that would store something */
	uint32_t call_fails;     /* a request to the endpoint gets no answer */
	uint32_t lag;            /* a look at the endpoint's newest block shows an older one */
	uint32_t unavailable;    /* an execution cannot be done this time, nor the next, but then */
	uint32_t flips;          /* one of the two back ends computes something else, so often at most, too */
	uint64_t execution_s;    /* at most */
	uint64_t down_s;         /* at most, after a crash */
	uint64_t offline_from_s; /* the endpoint is silent... */
	uint64_t offline_to_s;   /* ...until then */
	int64_t skew_s;          /* of its clock */
	uint64_t send_delay_s;   /* at most: what it sends is in no block before */
	uint32_t torn;           /* the process dies in the middle of a commit */
	uint32_t send_lost;      /* a transaction does not reach the pool */
	uint32_t replaced;       /* another transaction with its nonce does in its place */
	uint32_t lies;           /* of the endpoint: an answer is not true */
	uint32_t requests;       /* that it answers between two looks; 0: all */
	uint64_t dies_at_commit; /* right after its commit with this number; 0: none */
	uint64_t full_disk_from_s, full_disk_to_s; /* every commit is refused */
	uint64_t stale_from_s, stale_to_s;         /* the endpoint shows no newer blocks than at the beginning */
};

/* A transaction that the actor's node wants: to be signed, and then to be sent. */
struct gs_sim_wish {
	const struct gs_sim_call *call;
	bool sends;
};
struct gs_sim_treatment {
	bool refused;     /* not signed, not sent */
	uint64_t ready_s; /* sent: in no block before */
	bool ahead;       /* sent: before others' in its block */
};
typedef void gs_sim_treat(void *self, unsigned actor, const struct gs_sim_wish *wish,
                          struct gs_sim_treatment *treatment);

/* What it says instead of a letter that its node wants to send: nothing where nothing is appended. */
typedef void gs_sim_say(void *self, unsigned actor, struct gs_bytes letter, struct gs_buf *instead);

struct gs_sim_pending;

struct gs_sim_job {
	struct gs_hash claim;
	uint64_t done_s;
};

struct gs_sim_tries { /* executions of a claim that could not be done */
	struct gs_hash claim;
	unsigned count; /* 0: an unused place */
};

struct gs_sim_actor {
	unsigned account;               /* number of the actor, too */
	struct gs_sim_network *network; /* borrowed */
	struct gs_node_options options;
	struct gs_hash lot; /* the secret of what stands for its verifiable random function */
	struct gs_sim_luck luck;
	struct gs_sim_endpoints endpoints; /* no count: one endpoint, whose luck is above */
	struct gs_sim_means means;
	gs_sim_compute *compute;
	gs_sim_treat *treat;            /* NULL: whatever its node wants is sent */
	gs_sim_say *say;                /* NULL: whatever its node wants is said */
	void *self;                     /* of all */
	struct gs_sim_letters *letters; /* borrowed; NULL: nobody plays off chain */
	const struct gs_log *log;
	struct gs_rng rng;
	const struct gs_leaf_data *handed; /* borrowed: data of leaves that claimants hand to everybody... */
	size_t handed_count;         /* ...at the beginning of each life, as the daemon reads its folder of batches */
	const char *folder;          /* for a database of LMDB, in a folder of its own there; NULL: in memory */
	struct gs_sim_store *memory; /* owned; outlives every life */
	struct gs_store_db *db;      /* owned; NULL: in memory, or not running */
	struct gs_store inner, store;
	struct gs_sim_faulty faulty;
	/* this life: */
	struct gs_node *node; /* owned; NULL: not running */
	struct gs_node_effects effects;
	struct gs_sim_pending *first, *last; /* owned; told.h */
	struct gs_sim_job job[GS_SIM_JOBS_MAX];
	unsigned jobs;
	struct gs_sim_tries tried[GS_SIM_CLAIMS_ROOM]; /* in all lives */
	struct gs_hash executed[GS_SIM_CLAIMS_ROOM];   /* claims whose trace is here */
	unsigned executions;
	uint64_t up_at_s; /* not running: when it starts */
	uint64_t commits; /* in all lives */
	uint64_t top;     /* the endpoint's newest block as of this walk */
	uint64_t stale_top;
	uint32_t requests;   /* since the last look */
	uint64_t l1_delay_s; /* until the chain must take what L1 has */
	uint64_t l1_nonce;   /* the account's next one on L1 */
	struct gs_sim_final final;
	uint64_t ranges; /* that its nodes have taken, in all lives */
	unsigned lives;
};

/* What stands for the output of its verifiable random function: a hash of secret and source. A proof would cost more than all else that a
 * node does. */
void gs_sim_draw(const struct gs_hash *lot, const struct gs_sample_source *source, struct gs_sample_lot *out);
/* The rest is zero; network, options, luck, compute, and folder if wanted, are set. GS_ENOMEM, GS_EIO. */
GS_MUST enum gs_err gs_sim_actor_open(struct gs_sim_actor *a, uint64_t seed, struct gs_error *error);
void gs_sim_actor_close(struct gs_sim_actor *a);
/* One look at the world, as the daemon's tick. GS_ENOMEM, GS_ECORRUPT...: a step failed and its store was not the reason. */
GS_MUST enum gs_err gs_sim_actor_tick(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error);
/* What is stored, counted; the actor must be running. */
GS_MUST enum gs_err gs_sim_actor_summarise(struct gs_sim_actor *a, struct gs_node_summary *out, struct gs_error *error);

#endif
