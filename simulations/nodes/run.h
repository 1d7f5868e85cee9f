/* simulations/nodes/run.h: what a run of nodes is made of, for those who shape it: actors, faults and oracles.
 *
 * Everything is drawn from one generator, in one order. Who adds a draw changes every run behind it. */
#ifndef GS_SIMULATIONS_NODES_RUN_H
#define GS_SIMULATIONS_NODES_RUN_H

#include "simulations/actors/actors.h"
#include "simulations/faults/faults.h"
#include "simulations/liar.h"
#include "simulations/nodes/errands.h"
#include "simulations/nodes/nodes.h"

enum { GS_SIM_INPUTS = 2 /* different ones */ };

struct gs_sim_planned { /* a claim that somebody is going to post */
	unsigned account, input;
	bool wrong, posted;
	bool withheld;    /* posted without its input */
	uint64_t at_s;    /* when it is posted, or once more */
	uint64_t begun_s; /* when it was on chain first */
	uint64_t ended_s; /* when it was decided; 0: not yet */
	struct gs_claim_body body;
	struct gs_hash id;
};

struct gs_sim_computation {
	struct gs_sim_execution execution; /* owned */
	struct gs_prover prover;           /* over it */
	bool shows;                        /* a wrong one: in the output */
};

struct gs_sim_span { /* from_s <= now < to_s; to_s 0: never */
	uint64_t from_s, to_s;
};

struct gs_sim_trouble { /* what befalls the chain, or everybody at the same time */
	struct gs_sim_span full_disk, stale, stall, censor, outage, spike, dear;
	uint64_t times; /* what gas costs then, of what it costs else */
	bool stall_over;
	unsigned censored;  /* account */
	uint32_t gap;       /* of 1000 claims that are posted */
	uint64_t allowed_s; /* what clocks and windows must be longer for it */
};

struct gs_sim_more { /* drawn by a generator of its own, so that a run without is the one that it always was */
	struct gs_rng rng;
	bool l1;               /* honest nodes send through L1 what is kept out */
	uint32_t escalate_ppm; /* of its time after which it is */
	uint64_t l1_delay_s;   /* until the chain must take it */
	bool check_agenda;     /* of all nodes */
	uint64_t reorg_s;      /* when blocks were replaced last; 0: never */
	struct gs_sim_final final;
	uint64_t start_s[GS_SIM_ACTORS_MAX]; /* when it begins; 0: at once */
	size_t endpoints;                    /* of each honest party */
	struct gs_rng endpoint_rng;
};

struct gs_sim_told { /* what a log says already (timeline.h) */
	unsigned status[GS_SIM_CLAIMS_MAX], outcome[GS_SIM_CLAIMS_MAX][GS_SIM_GAMES_MAX];
	uint64_t balance[GS_SIM_ACTORS_MAX];
};

struct gs_sim_run {
	const struct gs_sim_nodes_options *options;
	double standard[GS_SIM_NODES_PARAMETERS];
	const double *value; /* setting.h */
	struct gs_sim_nodes_tally *tally;
	enum gs_sim_fault fault; /* now: none once everything is settled */
	enum gs_sim_fault began_with;
	bool calm; /* everything is settled, and nothing goes wrong any more */
	struct gs_sim_trouble trouble;
	struct gs_rng rng;
	struct gs_program program;
	uint8_t *inputs[GS_SIM_INPUTS]; /* owned */
	struct gs_commitments common[GS_SIM_INPUTS];
	struct gs_sim_computation honest[GS_SIM_INPUTS], lie[GS_SIM_ACTORS_MAX][GS_SIM_INPUTS];
	struct gs_sim_planned claim[GS_SIM_CLAIMS_MAX];
	unsigned claims;
	struct gs_sim_errands errands;
	struct gs_sim_letters letters; /* off chain */
	struct gs_sim_more more;
	struct {
		unsigned kind, after; /* of the two-faced (two_faced.c) */
	} manner[GS_SIM_ACTORS_MAX];
	struct gs_sim_planned leaf[GS_SIM_RUN_ALL_BATCHES_MAX * GS_SIM_RUN_LEAVES_MAX]; /* of batches */
	struct gs_sim_network network;
	struct gs_sim_actor actor[GS_SIM_ACTORS_MAX];
	const struct gs_sim_actor_kind *kind[GS_SIM_ACTORS_MAX];
	unsigned actors;
	struct gs_log log[GS_SIM_ACTORS_MAX];
	struct gs_sim_log_of {
		const struct gs_sim_run *run;
		unsigned account;
	} log_of[GS_SIM_ACTORS_MAX];
	uint64_t now_s;
	struct gs_sim_told told;
	double locked; /* money of the honest, times seconds */
	enum gs_sim_wrong wrong;
};

/* ---- draws ---- */

uint64_t gs_sim_run_between(struct gs_sim_run *r, uint64_t low, uint64_t high);
/* What the scenario states, or between these. */
uint64_t gs_sim_run_pick(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high);
/* The same of a share, in parts of `whole`. */
uint32_t gs_sim_run_share(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint32_t whole, uint64_t low,
                          uint64_t high);
/* A time that begins within the first minutes, and is as long as stated or between these; clocks and windows become longer
 * by as much where the run draws them. */
void gs_sim_run_span(struct gs_sim_run *r, enum gs_sim_nodes_parameter p, uint64_t low, uint64_t high,
                     struct gs_sim_span *out);

/* ---- the state of the run ---- */

/* The first one counts. */
void gs_sim_run_object(struct gs_sim_run *r, enum gs_sim_wrong wrong);
/* Whether the run has this fault: stated by its parameter, or drawn, alone or with all others. */
bool gs_sim_run_has(const struct gs_sim_run *r, enum gs_sim_fault fault);
bool gs_sim_run_within(const struct gs_sim_run *r, const struct gs_sim_span *span);
/* A line of the run's log, if there is one. */
void gs_sim_run_note(const struct gs_sim_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether every claim is on chain and decided, every game over but those that nobody honest has a part in, and every errand done. */
bool gs_sim_run_settled(struct gs_sim_run *r);
/* In a settled run: whether games, or leaves of batches, are left that nobody honest has a part in. */
bool gs_sim_run_left_over(const struct gs_sim_run *r);
/* Whether what is promised to the honest is promised to this account. */
bool gs_sim_run_honest(const struct gs_sim_run *r, unsigned account);
/* Money: free, locked, unbonding, and withdrawn. */
uint64_t gs_sim_run_balance(const struct gs_sim_run *r, unsigned account);
/* What the account has less than in the beginning, the fees of its final claims and what it paid for data aside. */
uint64_t gs_sim_run_lost(struct gs_sim_run *r, unsigned account);
/* What the draw of this claim is bound to: its batch, whose leaves are in calldata, or the block in which it was posted. false: neither
 * is on chain. */
bool gs_sim_run_source(struct gs_sim_run *r, const struct gs_sim_planned *claim, struct gs_sample_source *out);
/* Whether it is drawn, by the rule itself: a share of 2^64 below the rate, or value from which on every claim is. */
bool gs_sim_run_drawn(const struct gs_sim_run *r, uint64_t draw, const struct gs_sim_planned *claim);
/* Whether somebody honest samples this claim. */
bool gs_sim_run_sampled(struct gs_sim_run *r, const struct gs_sim_planned *claim);
/* The claim, and the game, that a call of this sender is about. NULL: none that is on chain. */
const struct gs_sim_chain *gs_sim_run_claim_of(struct gs_sim_run *r, unsigned sender, const struct gs_sim_call *call);
const struct gs_sim_game *gs_sim_run_game_of(struct gs_sim_run *r, unsigned sender, const struct gs_sim_call *call);

/* ---- what happens ---- */

/* What a claim is posted with: nothing where it is withheld. Where somebody may demand it, the output comes with the claim, so that the
 * claimant's node can give it. */
struct gs_bytes gs_sim_run_input(const struct gs_sim_run *r, const struct gs_sim_planned *claim);
struct gs_bytes gs_sim_run_output(const struct gs_sim_run *r, const struct gs_sim_planned *claim);
/* What a machine has found that did this execution. */
void gs_sim_run_tell(const struct gs_sim_run *r, const struct gs_sim_computation *c, struct gs_sim_computed *out);
/* One block with what is ready. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_run_mine(struct gs_sim_run *r, uint64_t at_s);
/* Replaces the newest `depth` blocks by as many; what was in them is ready again after up to back_s seconds. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_run_reorg(struct gs_sim_run *r, uint64_t depth, uint64_t back_s);
/* For actors and the network. */
bool gs_sim_run_compute(void *run, unsigned actor, const struct gs_hash *claim, struct gs_sim_computed *out);
void gs_sim_run_treat(void *run, unsigned actor, const struct gs_sim_wish *wish, struct gs_sim_treatment *treatment);
void gs_sim_run_say(void *run, unsigned actor, struct gs_bytes letter, struct gs_buf *instead);
bool gs_sim_run_admits(void *run, const struct gs_sim_tx *tx);
/* Draws everything and lets everybody begin; the generator is seeded and options are set. Torn down also after a failure. */
GS_MUST enum gs_err gs_sim_run_set_up(struct gs_sim_run *r, struct gs_error *error);
void gs_sim_run_tear_down(struct gs_sim_run *r);

#endif
