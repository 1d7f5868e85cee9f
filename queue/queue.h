/* queue/queue.h: a queue of jobs on Redis Streams, on libevent.
 *
 * A job is an id and opaque bytes. Producers submit, workers take and give results back, a collector reads the results and forgets
 * them once it has them safe. What holds, whoever is killed whenever:
 *
 *   - a job that was accepted is done at least once, or put aside where it can be seen: a worker that falls silent for `visibility_ms` loses its jobs to others;
 *     who works longer says so by heartbeats, which happen by themselves as long as the loop runs;
 *   - there is one result a job: it is stored and the job acknowledged in one step, and a second result is not stored (GS_QUEUE_LATE);
 *   - an id is submitted once: again is GS_QUEUE_KNOWN, until its result is forgotten. So every call may be repeated when its answer was
 *     lost, and is. The same id must mean the same bytes: a hash of them is a good id;
 *   - a job that has been delivered `deliveries_max` times without a result is put aside, with the last error, and a line
 *     about it stands among the results;
 *   - the server's memory is bounded: unfinished jobs by `backlog_max` and ids by `kept_max`; a producer waits for room.
 *
 * How durable this is, the server's settings decide: docs/queue.md. One object belongs to one thread. */
#ifndef GS_QUEUE_QUEUE_H
#define GS_QUEUE_QUEUE_H

#include "chain/core/core.h"

struct event_base;
struct gs_queue;

enum {
	GS_QUEUE_NAME_MAX = 64,
	GS_QUEUE_ID_MAX = 128,
	GS_QUEUE_BYTES_MAX = 4 * 1024 * 1024, /* of a payload or a result */
	GS_QUEUE_ERROR_MAX = 512,
	GS_QUEUE_HELD_MAX = 64,   /* jobs that one worker holds */
	GS_QUEUE_CALLS_MAX = 512, /* without an answer */
	GS_QUEUE_PLACE_MAX = 48,
	GS_QUEUE_SAYS_MAX = 32 * 1024, /* of what a worker says of itself */
	GS_QUEUE_MEMBERS_MAX = 1024,   /* workers of one queue */

	GS_QUEUE_PATIENCE_MS = 30000,
	GS_QUEUE_VISIBILITY_MS = 30000, /* at least GS_QUEUE_VISIBILITY_LEAST_MS */
	GS_QUEUE_VISIBILITY_LEAST_MS = 100,
	GS_QUEUE_DELIVERIES_MAX = 5,
	GS_QUEUE_BACKLOG_MAX = 10000,
	GS_QUEUE_KEPT_MAX = 1000000,
};

struct gs_queue_options {
	const char *url;     /* queue/url.h */
	const char *ca_file; /* of rediss://: PEM; NULL or "": the system's authorities */
	const char *name;    /* letters, digits, '.', '_', '-'; all of one queue must use the same settings below */
	const char *worker;  /* likewise; one for each process; NULL: made up */
	/* 0: the constants above */
	uint32_t patience_ms; /* how long a call goes on trying while there is no connection */
	uint32_t visibility_ms, deliveries_max, backlog_max, kept_max;
};

/* GS_EINVAL, GS_ELIMIT: an option. No connection is made before the first call. */
GS_MUST enum gs_err gs_queue_open(struct event_base *base, const struct gs_queue_options *options,
                                  struct gs_queue **out, struct gs_error *error);
/* Not from within a function that the queue calls. What has no answer yet is forgotten; what is held becomes others'. */
void gs_queue_close(struct gs_queue *queue);
const char *gs_queue_server(const struct gs_queue *queue); /* its address without secrets; borrowed */
const char *gs_queue_worker_name(const struct gs_queue *queue);

enum gs_queue_outcome {
	GS_QUEUE_DONE,   /* as was asked */
	GS_QUEUE_KNOWN,  /* submit: the id is queued, has a result or was put aside */
	GS_QUEUE_LATE,   /* finish, fail: somebody else has finished it, or holds it now */
	GS_QUEUE_ASIDE,  /* fail: it was the last delivery */
	GS_QUEUE_ABSENT, /* forget, revive, drop, cancel: there is no such result or job */
};
/* Each call below whose return value is GS_OK ends with one call of such a function, from the loop; outcome counts when err is GS_OK.
 * Return values: GS_EAGAIN (too many calls have no answer), GS_ELIMIT and GS_EINVAL (an argument), GS_ENOMEM. */
typedef void gs_queue_answer(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error);

/* Waits for room as long as it takes. */
GS_MUST enum gs_err gs_queue_submit(struct gs_queue *queue, const char *id, struct gs_bytes payload,
                                    gs_queue_answer *answer, void *self, struct gs_error *error);

struct gs_queue_job {
	char id[GS_QUEUE_ID_MAX + 1];
	struct gs_bytes payload;
	uint64_t deliveries; /* this one included */
};

struct gs_queue_worker {
	void *self;
	unsigned held_max; /* jobs at once, 1 to GS_QUEUE_HELD_MAX */
	/* A job, until gs_queue_finish or gs_queue_fail takes it back. */
	void (*job)(void *self, struct gs_queue_job *job);
	/* Another worker has it now, since this one was silent. It is still to be given back; its result will be late, or not. May be NULL. */
	void (*lost)(void *self, struct gs_queue_job *job);
	/* No more jobs come: the server is away for longer than patience_ms, or has refused. gs_queue_work may be called again. */
	void (*stopped)(void *self, enum gs_err err, const struct gs_error *error);
};
/* Takes jobs from now on. One worker a queue object. */
GS_MUST enum gs_err gs_queue_work(struct gs_queue *queue, const struct gs_queue_worker *worker, struct gs_error *error);
/* From now on it holds so many at once, 1 to GS_QUEUE_HELD_MAX; those that it holds beyond that stay. */
void gs_queue_hold(struct gs_queue *queue, unsigned held_max);
/* No new jobs; those that are held go on being held. One that is just being delivered comes back to others after visibility_ms. */
void gs_queue_rest(struct gs_queue *queue);

/* Both take the job over, whatever they return: it is not to be used any more. When `err` of the answer is not GS_OK, the result
 * may or may not be stored; if not, the job is done again. */
GS_MUST enum gs_err gs_queue_finish(struct gs_queue *queue, struct gs_queue_job *job, struct gs_bytes result,
                                    gs_queue_answer *answer, void *self, struct gs_error *error);
/* why: cut to GS_QUEUE_ERROR_MAX bytes. again: somebody may try it at once, until deliveries_max; else it is put aside. */
GS_MUST enum gs_err gs_queue_fail(struct gs_queue *queue, struct gs_queue_job *job, const char *why, bool again,
                                  gs_queue_answer *answer, void *self, struct gs_error *error);

struct gs_queue_entry {                 /* borrowed until the function that it is given to returns */
	char place[GS_QUEUE_PLACE_MAX]; /* to go on behind it */
	char id[GS_QUEUE_ID_MAX + 1];
	char worker[GS_QUEUE_NAME_MAX + 1];
	bool aside;              /* a result: the job was put aside, and bytes is the last error */
	struct gs_bytes bytes;   /* a result; of what is put aside, the last error */
	struct gs_bytes payload; /* of what is put aside */
	uint64_t deliveries;     /* likewise */
};
/* entry is NULL when there is none (within the time). */
typedef void gs_queue_read(void *self, enum gs_err err, const struct gs_queue_entry *entry,
                           const struct gs_error *error);

/* The first result behind the place ("": the first of all), waited for so long. */
GS_MUST enum gs_err gs_queue_next_result(struct gs_queue *queue, const char *place, uint32_t wait_ms,
                                         gs_queue_read *read, void *self, struct gs_error *error);
/* The first job behind the place that was put aside. */
GS_MUST enum gs_err gs_queue_next_aside(struct gs_queue *queue, const char *place, gs_queue_read *read, void *self,
                                        struct gs_error *error);

/* The result is safe elsewhere: its id may be submitted anew. */
GS_MUST enum gs_err gs_queue_forget(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                                    struct gs_error *error);
/* A job that was put aside: it is to be done after all; it is given up. */
GS_MUST enum gs_err gs_queue_revive(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                                    struct gs_error *error);
GS_MUST enum gs_err gs_queue_drop(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                                  struct gs_error *error);

/* A job that has no result yet: it is not wanted any more. A worker that has it will be late. */
GS_MUST enum gs_err gs_queue_cancel(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                                    struct gs_error *error);

struct gs_queue_counts {
	uint64_t unfinished, held, results, aside, ids; /* held: of the unfinished, those that a worker has */
};
typedef void gs_queue_counted(void *self, enum gs_err err, const struct gs_queue_counts *counts,
                              const struct gs_error *error);
GS_MUST enum gs_err gs_queue_count(struct gs_queue *queue, gs_queue_counted *counted, void *self,
                                   struct gs_error *error);

/* What this worker says of itself, in the place of what it said before; forgotten an hour later. GS_ELIMIT: more
 * than GS_QUEUE_SAYS_MAX bytes. */
GS_MUST enum gs_err gs_queue_tell(struct gs_queue *queue, struct gs_bytes says, gs_queue_answer *answer, void *self,
                                  struct gs_error *error);
struct gs_queue_member { /* a worker that has said something of itself */
	char name[GS_QUEUE_NAME_MAX + 1];
	uint64_t held;      /* jobs */
	uint64_t silent_ms; /* since it said something, by the server's clock */
	struct gs_bytes
		says; /* of itself: anybody with the queue's password can have written it; borrowed until the function returns */
};
typedef void gs_queue_listed(void *self, enum gs_err err, const struct gs_queue_member *members, size_t count,
                             const struct gs_error *error);
GS_MUST enum gs_err gs_queue_members(struct gs_queue *queue, gs_queue_listed *listed, void *self,
                                     struct gs_error *error);

#endif
