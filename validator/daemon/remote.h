/* validator/daemon/remote.h: a node's side of the queue: jobs go out, answers come back, on a thread of its own, since a server that is slow
 * or away must not hold up the node's loop.
 *
 * Every job that is taken has one result: an answer, or why there is none within the time; then it is taken off the queue. What the answer is worth
 * is the caller's business (validator/daemon/executions.h). After a failure of the connection no jobs are taken for a while, so that the
 * caller does them itself at once. */
#ifndef GS_VALIDATOR_DAEMON_REMOTE_H
#define GS_VALIDATOR_DAEMON_REMOTE_H

#include "chain/core/log.h"
#include "validator/daemon/remote_job.h"

enum {
	GS_REMOTE_JOBS_MAX = 4096,               /* without a result */
	GS_REMOTE_BYTES_MAX = 256 * 1024 * 1024, /* of them together */
	GS_REMOTE_PATIENCE_MS = 5000,            /* without the server */
	GS_REMOTE_AWAY_MS = 5000,                /* no jobs are taken then */
	GS_REMOTE_REASON_MAX = 256,
};

struct gs_remote_options {
	const char *queue;        /* its address (queue/url.h), password included */
	const char *ca_file;      /* of rediss://; "": the system's authorities */
	const char *name;         /* the queue's: of this node alone, which takes all results */
	uint64_t wait_s;          /* for an answer */
	int event_fd;             /* an eventfd that is raised when results wait; borrowed */
	const struct gs_log *log; /* of any thread; borrowed; may be NULL */
};

struct gs_remote;

/* No connection is made before the first job. */
GS_MUST enum gs_err gs_remote_open(const struct gs_remote_options *options, struct gs_remote **out,
                                   struct gs_error *error);
void gs_remote_close(struct gs_remote *remote); /* what has no result yet stays in the queue; NULL is fine */

/* bytes: of gs_remote_job_encode; copied. GS_EAGAIN: the server is away, or too much is under way. GS_ENOMEM. */
GS_MUST enum gs_err gs_remote_submit(struct gs_remote *remote, const struct gs_hash *id, struct gs_bytes bytes);

struct gs_remote_result {
	struct gs_hash id;
	bool answered;                         /* false: for this reason */
	uint8_t bytes[GS_REMOTE_ANSWER_BYTES]; /* as they came: to be decoded */
	size_t len;
	char reason[GS_REMOTE_REASON_MAX];
};
bool gs_remote_take(struct gs_remote *remote, struct gs_remote_result *out); /* false: none waits */

#endif
