/* simulations/nodes/nodes.h: one run of production nodes on a simulated chain: honest and lying claimants, validators, and faults,
 * from one 64-bit seed, from the first claim until every claim is settled and everybody is quiet. */
#ifndef GS_SIMULATIONS_NODES_NODES_H
#define GS_SIMULATIONS_NODES_NODES_H

#include <stdio.h>

#include "chain/core/hash.h"
#include "simulations/many.h"
#include "simulations/nodes/actor.h"
#include "simulations/nodes/setting.h"

enum gs_sim_fault {                     /* simulations/faults */
	            GS_SIM_FAULT_DRAWN, /* one of the others but the last, by the seed */
	            GS_SIM_FAULT_NONE,
	            GS_SIM_FAULT_CRASH,
	            GS_SIM_FAULT_COMMIT,
	            GS_SIM_FAULT_SILENCE,
	            GS_SIM_FAULT_LAG,
	            GS_SIM_FAULT_OFFLINE,
	            GS_SIM_FAULT_REORG,
	            GS_SIM_FAULT_DELAY,
	            GS_SIM_FAULT_EXECUTION,
	            GS_SIM_FAULT_CLOCK,
	            GS_SIM_FAULT_TORN,
	            GS_SIM_FAULT_EACH_COMMIT,
	            GS_SIM_FAULT_FULL_DISK,
	            GS_SIM_FAULT_STALE,
	            GS_SIM_FAULT_RATE_LIMIT,
	            GS_SIM_FAULT_STALL,
	            GS_SIM_FAULT_DROP,
	            GS_SIM_FAULT_REPLACE,
	            GS_SIM_FAULT_GAP,
	            GS_SIM_FAULT_CENSOR,
	            GS_SIM_FAULT_OUTAGE,
	            GS_SIM_FAULT_SPIKE,
	            GS_SIM_FAULT_DEAR,
	            GS_SIM_FAULT_ALL,     /* everything before it at once */
	            GS_SIM_FAULT_LYING,   /* where nothing is promised */
	            GS_SIM_FAULT_LETTERS, /* with ALL, too; in no run by itself */
};
enum { GS_SIM_FAULTS = GS_SIM_FAULT_LETTERS + 1 };
const char *gs_sim_fault_name(enum gs_sim_fault fault);

enum gs_sim_wrong { /* in the order in which they are looked for; simulations/oracles */
	            GS_SIM_WRONG_NOTHING,
	            GS_SIM_WRONG_STEP,        /* a step of a node failed, its store not being the reason */
	            GS_SIM_WRONG_FUNDS,       /* free + locked + burned + fees is not what was deposited */
	            GS_SIM_WRONG_ENDLESS,     /* a claim or a game that never ends */
	            GS_SIM_WRONG_TWO_ANSWERS, /* two different answers of an honest node to one state of one game */
	            GS_SIM_WRONG_DOUBLE,      /* a move that was made is made again, and paid */
	            GS_SIM_WRONG_RESTLESS,    /* an honest node that has something to do, or to wait for, for ever */
	            GS_SIM_WRONG_STATE, /* what an honest node has stored of the chain is not what a new node finds there */
	            GS_SIM_WRONG_FINAL,   /* a wrong claim is final, though an honest node samples every claim */
	            GS_SIM_WRONG_INVALID, /* a right claim is lost */
	            GS_SIM_WRONG_LOSS, /* an honest party has less than it deposited, fees of its final claims aside */
	            GS_SIM_WRONG_PATIENCE, /* an honest node waits off chain for longer than it wants to */
	            GS_SIM_WRONG_DONE,   /* an honest node takes for done what no transaction of its branch has done */
	            GS_SIM_WRONG_SAMPLE, /* an honest node has drawn a claim by something else than it is bound to */
	            GS_SIM_WRONG_SHED,   /* an honest node gave up what is worth more, or without saying so */
};
enum { GS_SIM_WRONGS = GS_SIM_WRONG_SHED + 1 };
const char *gs_sim_wrong_name(enum gs_sim_wrong wrong);

enum { GS_SIM_ACTORS_MAX = GS_SIM_ACCOUNTS_MAX - 1 }; /* one account is for those who only look */

struct gs_sim_run; /* run.h */

struct gs_sim_nodes_options {
	const double
		*value; /* setting.h; NULL: the standard. Fault and claims below are not looked at where it is given. */
	enum gs_sim_fault fault;
	unsigned claims;                                     /* 1 to GS_SIM_CLAIMS_MAX; one of them is wrong */
	FILE *log;                                           /* NULL: none */
	void (*measure)(void *self, struct gs_sim_run *run); /* once it is over; NULL: nobody measures */
	void *measure_self;
	bool node_logs;                       /* with the log */
	const char *stores;                   /* a folder for databases of LMDB; NULL: stores are in memory */
	const struct gs_contracts *contracts; /* where a real deployment lies; NULL: somewhere */
	const char *dump;                     /* dump.h: the file for each run's; NULL: none */
	const char *program;                  /* the file for the program; NULL: none */
};

struct gs_sim_nodes_tally {
	uint64_t runs, claims, wrong_claims, final, invalid, games, txs, failed_txs, blocks, reorgs, crashes, seconds;
	uint64_t fault[GS_SIM_FAULTS]; /* runs with it */
	uint64_t violations, violation[GS_SIM_WRONGS];
	uint64_t first_seed;
	enum gs_sim_wrong first;
	struct gs_sim_digest digest; /* of all blocks of all last branches */
};
void gs_sim_nodes_tally_join(struct gs_sim_nodes_tally *to, const struct gs_sim_nodes_tally *from);

/* GS_ENOMEM, or what failed; that an oracle objects is not an error but counted. */
GS_MUST enum gs_err gs_sim_nodes_run(uint64_t seed, const struct gs_sim_nodes_options *options,
                                     struct gs_sim_nodes_tally *tally, struct gs_error *error);

#endif
