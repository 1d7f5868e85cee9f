/* validator/daemon/ready.h: the one line that says that a node has reached the newest block and has done what was due. */
#ifndef GS_VALIDATOR_DAEMON_READY_H
#define GS_VALIDATOR_DAEMON_READY_H

#include "validator/node/node.h"

struct gs_ready {
	uint64_t began_ms; /* by the monotonic clock: when the node was started */
	bool said;
};

void gs_ready_begin(struct gs_ready *ready);
/* After a look at what was due, at the newest block: says so in the log the first time (`node.ready`), with what is stored and how long the
 * start took. */
GS_MUST enum gs_err gs_ready_say(struct gs_ready *ready, struct gs_node *node, const struct gs_log *log,
                                 struct gs_error *error);

#endif
