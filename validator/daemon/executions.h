/* validator/daemon/executions.h: who executes a claim, this process (validator/daemon/work.h) or a worker elsewhere (validator/daemon/remote.h), and
 * what a worker's word is worth (docs/scale.md).
 *
 * Without a queue all is executed here. With one, claims of others go to workers, and the answer of a key that is authorised and was never found lying counts
 * for one thing only: that a claim is right. A worker's "it is not" is a hint: then, as ever, two executions here decide (decision 0016). A share
 * of the answers, drawn by a secret after the answer is there, is executed here as well. Whoever is found to have answered what this node
 * does not compute is believed no more: `liar` below. Everything that no worker does, for whatever reason, is executed here. */
#ifndef GS_VALIDATOR_DAEMON_EXECUTIONS_H
#define GS_VALIDATOR_DAEMON_EXECUTIONS_H

#include "chain/core/store_port.h"
#include "validator/daemon/config.h"
#include "validator/daemon/work.h"
#include "validator/node/node.h"

enum { GS_WORKER_KEYS_MAX = 1024 };

struct gs_executions_options {
	const struct gs_config *config;            /* models, execution, attest, workers; borrowed for the call */
	const char *isa;                           /* of validator/exec/exec.h; NULL: the best one */
	const struct gs_log *log;                  /* borrowed */
	const struct gs_work_adversary *adversary; /* NULL: none; borrowed. With one all is executed here */
	const struct gs_trace_home *traces;        /* borrowed */
	const struct gs_model_supply *supply;      /* beside the models folder; copied; NULL: none */
	const struct gs_store *store;              /* who was found lying earlier; borrowed for the call */
};

struct gs_executions;

/* *event_fd becomes readable when results wait; owned by *out. GS_EINVAL: the settings of workers. */
GS_MUST enum gs_err gs_executions_open(const struct gs_executions_options *options, struct gs_executions **out,
                                       int *event_fd, struct gs_error *error);
void gs_executions_close(struct gs_executions *executions); /* NULL is fine */

struct gs_execution_job {
	struct gs_work_job work;
	struct gs_hash right_root; /* what comes out when the claim is right; zero: not known, so executed here */
	bool tolerant;             /* the claimed outputs are an input as well */
};
/* Copies. GS_ELIMIT: too many wait. GS_ENOMEM. */
GS_MUST enum gs_err gs_executions_submit(struct gs_executions *executions, const struct gs_execution_job *job);

struct gs_execution_result {
	struct gs_work_result work;
	struct gs_address by;   /* the worker whose word this is; zero: executed here */
	struct gs_address liar; /* not zero: this worker has lied, which is to be dealt with before the result */
};
bool gs_executions_take(struct gs_executions *executions, struct gs_execution_result *out); /* false: none waits */
/* What the node's core is told of it, once the liar has been dealt with. *out borrows the reason. */
void gs_executions_input(const struct gs_execution_result *result, struct gs_node_input *out);
/* Executions of this process, whose traces may be asked for. */
struct gs_work *gs_executions_work(struct gs_executions *executions);

/* Reads addresses, one a line; what is behind a # is a remark. */
GS_MUST enum gs_err gs_worker_keys_read(const char *path, struct gs_address out[GS_WORKER_KEYS_MAX], size_t *count,
                                        struct gs_error *error);

#endif
