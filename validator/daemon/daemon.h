/* validator/daemon/daemon.h: the edge around the node: one event loop, one thread for the chain, one store, workers.
 *
 * It fetches what the node asks for, does what the node wants done, and decides nothing. */
#ifndef GS_VALIDATOR_DAEMON_DAEMON_H
#define GS_VALIDATOR_DAEMON_DAEMON_H

#include "validator/daemon/config.h"
#include "validator/daemon/work.h"
#include "validator/node/node.h"

struct gs_daemon_options {
	bool validate; /* as in struct gs_node_options */
	bool defend;
	bool finalise;
	uint64_t until_claims; /* not 0: end once so many claims are known and all of them are settled */
	uint64_t until_s;      /* not 0: give up (GS_EAGAIN) after so many seconds */
	const struct gs_work_adversary *adversary;
	const char *isa; /* of validator/exec/exec.h; NULL: the best one */
};

/* Runs until SIGINT, SIGTERM, or what the options say. *summary (may be NULL) is what the store held at the end. */
GS_MUST enum gs_err gs_daemon_run(const struct gs_config *config, const struct gs_daemon_options *options,
                                  const struct gs_log *log, struct gs_node_summary *summary, struct gs_error *error);

#endif
