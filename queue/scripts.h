/* queue/scripts.h: what the queue has a Redis do at once: Lua, run by EVAL, all or nothing.
 *
 * Keys of every script, in this order; {NAME} puts them into one slot of a cluster:
 *
 *     gainsay:{NAME}:jobs      stream: id, payload. One entry a job that is not finished; the group "workers" reads it
 *     gainsay:{NAME}:ids       hash: job id -> "q" ENTRY (of jobs), "r" ENTRY (of results) or "d" ENTRY (of results, or "-") " " ENTRY (of aside)
 *     gainsay:{NAME}:results   stream: id, kind ("done" or "aside"), worker, bytes (the result, or the last error)
 *     gainsay:{NAME}:aside     stream: id, payload, deliveries, worker, error. Jobs that nobody could do
 *     gainsay:{NAME}:errors    hash: job id -> what went wrong with it last
 *     gainsay:{NAME}:workers   hash: worker -> ms of the server's clock " " what it says of itself
 *     gainsay:{NAME}:clock     stream: one entry, whose place tells the server's clock
 *
 * A script writes first what may be refused for want of memory, so that it has then done nothing. */
#ifndef GS_QUEUE_SCRIPTS_H
#define GS_QUEUE_SCRIPTS_H

enum { GS_QUEUE_KEYS = 7 };

/* id, payload, most unfinished, most ids -> {"new"}, {"known", state}, {"full"} or {"kept"} */
extern const char gs_queue_script_submit[];
/* group, worker, visibility ms, deliveries, how many -> {{entry, id, payload, deliveries}...}: what others have let lie. Puts aside what has been
 * delivered often enough; makes the group; forgets workers that hold nothing and have long been silent. */
extern const char gs_queue_script_reclaim[];
/* group, worker, entry -> 1: still this worker's; 0: not any more */
extern const char gs_queue_script_beat[];
/* group, worker, entry, id, result -> "stored", or "late": there is one already, or the job is not to be done any more */
extern const char gs_queue_script_finish[];
/* group, worker, entry, id, error, visibility ms, deliveries -> "again", "aside" or "late" */
extern const char gs_queue_script_fail[];
/* id -> 1; 0: nothing to forget. A job that was put aside stays there, without its line among the results. */
extern const char gs_queue_script_forget[];
/* id -> 1: the job that was put aside is to be done again; 0: there is none */
extern const char gs_queue_script_revive[];
/* id -> 1: the job that was put aside is gone; 0: there is none */
extern const char gs_queue_script_drop[];
/* id -> 1: the job without a result is gone, and a worker that has it will be late; 0: there is none */
extern const char gs_queue_script_cancel[];
/* group -> {unfinished, of these with a worker, results, aside, ids} */
extern const char gs_queue_script_counts[];
/* worker, bytes -> 1: what it says of itself, in the place of what it said before; what others said an hour ago goes */
extern const char gs_queue_script_tell[];
/* group -> {{worker, jobs held, ms since it said something, what it says}...} */
extern const char gs_queue_script_members[];

#endif
