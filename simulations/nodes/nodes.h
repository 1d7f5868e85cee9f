/* simulations/nodes/nodes.h: one run of production nodes on a simulated chain: honest and lying claimants, validators, and faults,
 * from one 64-bit seed, from the first claim until every claim is settled and everybody is quiet. */
#ifndef GS_SIMULATIONS_NODES_NODES_H
#define GS_SIMULATIONS_NODES_NODES_H

#include <stdio.h>

#include "chain/core/hash.h"
#include "simulations/many.h"
#include "simulations/nodes/actor.h"

enum gs_sim_fault {
	GS_SIM_FAULT_DRAWN, /* one of the others, by the seed */
	GS_SIM_FAULT_NONE,
	GS_SIM_FAULT_CRASH,     /* of honest nodes, at any step, after it was stored */
	GS_SIM_FAULT_COMMIT,    /* their disks refuse commits */
	GS_SIM_FAULT_SILENCE,   /* their endpoints leave requests unanswered */
	GS_SIM_FAULT_LAG,       /* their endpoints show old blocks */
	GS_SIM_FAULT_OFFLINE,   /* their endpoints are away for some while */
	GS_SIM_FAULT_REORG,     /* of the chain, one to four blocks deep */
	GS_SIM_FAULT_DELAY,     /* what they send is mined late */
	GS_SIM_FAULT_EXECUTION, /* executions fail at times, and take long */
	GS_SIM_FAULT_CLOCK,     /* their clocks are wrong */
	GS_SIM_FAULT_ALL,       /* everything at once */
};
enum { GS_SIM_FAULTS = GS_SIM_FAULT_ALL + 1 };
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
};
enum { GS_SIM_WRONGS = GS_SIM_WRONG_LOSS + 1 };
const char *gs_sim_wrong_name(enum gs_sim_wrong wrong);

struct gs_sim_nodes_options {
	enum gs_sim_fault fault;
	unsigned claims;                      /* 1 to GS_SIM_CLAIMS_MAX; one of them is wrong */
	FILE *log;                            /* NULL: none */
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
