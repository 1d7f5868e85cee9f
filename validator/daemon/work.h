/* validator/daemon/work.h: executions, on threads of their own.
 *
 * A job runs a claim's program on its input with the executor, for the outputs alone where nobody asks for the trace: the
 * claim of another, found right, needs none. Where that does not give the claimed output the executor runs it again and commits to the
 * whole trace, then the reference interpreter does, and the two traces are compared chunk by chunk. Where a game may
 * follow (the output is not the claimed one, or the claim is our own) the trace is kept with its trees, and answers as a
 * prover until it is forgotten.
 *
 * A blind job is a worker's of a queue (validator/daemon/worker.h): its result is what the executor computes, without a verdict.
 *
 * Each worker takes one job after another; jobs of one model go by one prepared model (validator/daemon/prepared.h), which is kept for
 * later ones, and a worker prefers those of the model that it has just run. Results come in any order. */
#ifndef GS_VALIDATOR_DAEMON_WORK_H
#define GS_VALIDATOR_DAEMON_WORK_H

#include "chain/core/log.h"
#include "challenge/machine/prover.h"
#include "challenge/machine/trace.h"
#include "validator/daemon/models.h"

enum {
	GS_WORK_REASON_MAX = 256,
	GS_WORK_QUEUE_MAX = 1024,
	GS_WORK_SAME_MAX = 64, /* jobs of one model that a worker takes before its turn of those that wait longer */
};

struct gs_work_job {
	struct gs_hash claim;
	struct gs_hash model;
	struct gs_hash input_root;
	struct gs_hash output_root; /* claimed; of a blind job only what a tolerant model compares with */
	bool own;
	bool urgent; /* before all that are not */
	bool blind;  /* for somebody else: what comes out is told, nothing is compared with a claim, no trace is kept */
	bool wants_trace;       /* of a blind job: trace_root, too */
	struct gs_bytes input;  /* as posted; copied */
	struct gs_bytes output; /* as posted; copied */
};

struct gs_work_result {
	struct gs_hash claim;
	bool computed;                 /* false: for this reason */
	bool awaits_model;             /* not computed, because its model is being fetched just now */
	struct gs_hash output_root;    /* by the executor */
	struct gs_hash reference_root; /* by the interpreter; the same where the output is the claimed one */
	struct gs_hash trace_root;     /* of the whole execution, where it was committed to; else zero */
	uint64_t took_us;              /* the executor's first run; 0: it did not come to an end */
	uint64_t cost, output_bytes;   /* of a blind job: of the program */
	char reason[GS_WORK_REASON_MAX];
};

enum { GS_WORK_ADVERSARY_MODELS_MAX = 16 };

/* For tests and demonstrations on development chains: a party that stands by wrong executions (validator/daemon/adversary.h).
 * It plays its own claims by a trace that ends in whatever was posted, and finds the claims of others wrong by what its
 * first model computes. */
struct gs_work_adversary {
	const char *model[GS_WORK_ADVERSARY_MODELS_MAX]; /* files of models with other weights; borrowed */
	size_t models;                                   /* 0: only outputs are replaced */
};

struct gs_work_options {
	const char *models;                        /* folder; "" or NULL: none */
	const struct gs_model_supply *supply;      /* where models are had from beside it; copied; NULL: nowhere */
	unsigned threads;                          /* executions at once: 1 to GS_EXEC_THREADS_MAX */
	bool trace_roots;                          /* of every execution: each is committed to */
	uint64_t prepared_bytes;                   /* of prepared models, at most */
	uint64_t program_bytes;                    /* of programs in memory, as in validator/daemon/models.h */
	const char *isa;                           /* of validator/exec/exec.h; NULL: the best one */
	const struct gs_log *log;                  /* borrowed; may be NULL */
	const struct gs_work_adversary *adversary; /* NULL: none */
	const struct gs_trace_home *traces;        /* where traces lie; borrowed; NULL: the heap */
};

struct gs_work;

/* *event_fd becomes readable when results wait; owned by *out. */
GS_MUST enum gs_err gs_work_open(const struct gs_work_options *options, struct gs_work **out, int *event_fd,
                                 struct gs_error *error);
/* Waits for the jobs that run; drops the rest. NULL is fine. */
void gs_work_close(struct gs_work *work);
GS_MUST enum gs_err gs_work_submit(struct gs_work *work, const struct gs_work_job *job);
/* Takes one result; false when none waits. */
bool gs_work_take(struct gs_work *work, struct gs_work_result *out);
/* The prover over a kept trace, or NULL. Valid until gs_work_forget or gs_work_close. */
const struct gs_prover *gs_work_prover(struct gs_work *work, const struct gs_hash *claim);
void gs_work_forget(struct gs_work *work, const struct gs_hash *claim);
/* Ids of the models that can be executed now, `max` at most. look: the folder is looked through, which reads new files; else, while somebody does so,
 * it is false and *count is as it was. */
bool gs_work_models(struct gs_work *work, bool look, struct gs_hash *out, size_t max, size_t *count);
/* Bytes of programs in memory. */
uint64_t gs_work_program_bytes(struct gs_work *work);

#endif
