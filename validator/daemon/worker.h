/* validator/daemon/worker.h: does executions for nodes, off a queue (docs/scale.md).
 *
 * Jobs (validator/daemon/remote_job.h) are taken from the queue, executed on threads of this process (validator/daemon/work.h), and their
 * answers signed. The worker decides nothing: who asked compares, and trusts the key no further than it checks. It needs the queue,
 * the models and a key, and neither a chain nor a database. It holds a few jobs more than it has threads, says that it lives
 * while it works, and gives all back that it holds before it ends well.
 *
 * A job whose model is not here has it fetched where there is a store of models, and waits meanwhile beside those that run; once a fetch has failed, or after
 * GS_WORKER_FETCH_S, it is given back with the reason: another worker may have the model, and in the end whoever asked does it by itself. */
#ifndef GS_VALIDATOR_DAEMON_WORKER_H
#define GS_VALIDATOR_DAEMON_WORKER_H

#include "chain/core/log.h"
#include "chain/eth/key.h"

enum {
	GS_WORKER_VISIBILITY_MS = 5000, /* silent for so long: others have its jobs */
	GS_WORKER_DELIVERIES_MAX = 8,   /* of one job, before whoever asked does it by itself */
	GS_WORKER_AHEAD = 2,            /* jobs held beside those that run, so that no thread waits for the queue */
	GS_WORKER_PATIENCE_MS = 30000,  /* without the server, before that is told */
	GS_WORKER_LIES_MAX = 16,
	GS_WORKER_AWAITING_MAX = 16, /* jobs that wait for their models, beside those that are held otherwise */
	GS_WORKER_FETCH_S = 20,      /* that one waits, less than nodes do (workers.wait_s) */
	GS_WORKER_TELL_MS = 5000,    /* between two times that it says what it can do, and has done */
};

/* For tests on development chains: what this worker answers instead of the truth. */
struct gs_worker_lies {
	struct gs_hash root[GS_WORKER_LIES_MAX]; /* one of these outputs' roots, by the job... */
	size_t roots;                            /* 0: the right one with a bit turned */
	uint32_t ppm;                            /* ...for so many of a million jobs */
};

struct gs_librarian;

struct gs_worker_options {
	const char *queue;              /* its address (queue/url.h), password included */
	const char *ca_file;            /* of rediss://; "": the system's authorities */
	const char *name;               /* the queue's */
	const char *models;             /* folder; "": none */
	struct gs_librarian *librarian; /* of the store of models; borrowed, and stopped here; NULL: none */
	const char *version;            /* of the program, as it is told */
	unsigned threads;               /* 1 to GS_EXEC_THREADS_MAX */
	uint64_t prepared_bytes;        /* these two of validator/daemon/work.h */
	uint64_t program_bytes;
	const char *isa;                   /* NULL: the best one */
	const struct gs_key *key;          /* answers are signed with it; borrowed */
	const struct gs_log *log;          /* borrowed */
	uint64_t jobs_max;                 /* ends well after so many; 0: none */
	uint64_t idle_s;                   /* ends well when nothing has come for so long; 0: never */
	const volatile bool *ending;       /* ends well when it is set, say by a signal; NULL: never */
	const struct gs_worker_lies *lies; /* NULL: none */
};

struct gs_worker_counts {
	uint64_t done;
	uint64_t late;   /* others had answered */
	uint64_t failed; /* given back, with the reason */
};

/* Works until it is over. While the server is away it says so and goes on trying; what will not pass by itself (a password, a certificate) is
 * an error. */
GS_MUST enum gs_err gs_worker_run(const struct gs_worker_options *options, struct gs_worker_counts *counts,
                                  struct gs_error *error);

#endif
