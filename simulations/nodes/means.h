/* simulations/nodes/means.h: what a party's machine can execute in time, and what its account can pay.
 *
 * With servers, executions take their time one behind the other on each, whoever wants them. With funds, every mined transaction takes its gas times
 * its price from them, and what they do not cover is neither signed nor mined. Without either a run is the one that it always was. */
#ifndef GS_SIMULATIONS_NODES_MEANS_H
#define GS_SIMULATIONS_NODES_MEANS_H

#include "simulations/nodes/network.h"
#include "validator/node/node.h"

enum { GS_SIM_SERVERS_MAX = 8 };

struct gs_sim_begun { /* an execution, when it was wanted first */
	struct gs_hash claim;
	uint64_t at_s, done_s;
};

struct gs_sim_means {
	unsigned servers; /* 0: any number */
	uint64_t each_s;  /* that an execution takes, where there are servers */
	uint64_t free_s[GS_SIM_SERVERS_MAX];
	struct gs_sim_begun begun[GS_SIM_CLAIMS_ROOM];
	unsigned begun_count;
	uint64_t funds;    /* for gas, when the run begins, in wei; 0: any amount */
	uint64_t call_gas; /* of each call, where there are funds */
};

/* A machine that starts anew has nothing to do. */
void gs_sim_means_restart(struct gs_sim_means *m);
/* When an execution that is wanted now will be done. */
uint64_t gs_sim_means_execute(struct gs_sim_means *m, const struct gs_hash *claim, uint64_t now_s);
/* Of a transaction with so many bytes of calldata. */
uint64_t gs_sim_means_gas(const struct gs_sim_means *m, size_t data_len);
/* Of its funds, after all that is mined. */
uint64_t gs_sim_means_left(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account);
bool gs_sim_means_cover(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account,
                        size_t data_len);
/* As an endpoint tells it. */
void gs_sim_means_tell(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account,
                       struct gs_node_input *out);

struct gs_sim_run;
/* As the run's setting says, of an honest validator; the network is open. GS_ELIMIT. */
GS_MUST enum gs_err gs_sim_means_shape(const struct gs_sim_run *r, unsigned actor, struct gs_node_options *options,
                                       struct gs_sim_means *out);

#endif
