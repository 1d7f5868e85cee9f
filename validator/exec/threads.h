/* validator/exec/threads.h: run one function over [0, count) on several threads. Deterministic by construction: work
 * items are independent, and which thread does which changes nothing.
 *
 * A call is an invitation. The caller lays out a share of the items for each thread and begins with its own; a helper that
 * is awake takes the share that was laid out for it, whoever has done his own takes half of what is left of another's,
 * and the caller waits only for helpers that have begun. So a helper that sleeps, or that the system runs late, delays
 * nobody. Consecutive calls give the same part of their items to the same thread, whose caches have its data.
 *
 * Between calls a helper watches for the next one for GS_POOL_SPIN_US and then sleeps until it is woken: taking part in a
 * call takes a microsecond when it watches, and some fifty when it sleeps. Where there are more threads than processors
 * nobody watches. */
#ifndef GS_VALIDATOR_EXEC_THREADS_H
#define GS_VALIDATOR_EXEC_THREADS_H

#include "chain/core/core.h"

enum {
	GS_POOL_SPIN_US = 200,    /* how long a thread watches before it sleeps */
	GS_POOL_WAKE_GRAINS = 32, /* a call of as many grains wakes helpers that sleep */
	GS_POOL_COSTS = 4,        /* calls of which costs are known */
	GS_POOL_SHARED_NS = 6000, /* that a call takes one thread, so that sharing pays */
	GS_POOL_PIECE_NS = 2000,  /* of one that is shared, at least */
};

struct gs_pool; /* threads - 1 helpers; the caller is the other thread */

GS_MUST enum gs_err gs_pool_new(unsigned threads, struct gs_pool **out);
void gs_pool_free(struct gs_pool *pool);
unsigned gs_pool_threads(const struct gs_pool *pool);

/* Calls work(self, thread, first, last) for disjoint ranges that cover [0, count); returns when all are done.
 * thread < gs_pool_threads; grain is the least items that are worth another thread's taking part: some microseconds'.
 * One call at a time, and none from within work. */
void gs_pool_run(struct gs_pool *pool, uint64_t count, uint64_t grain,
                 void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last), void *self);

/* Wakes helpers that sleep, for calls that follow at once and are each too small to do that. */
void gs_pool_wake(struct gs_pool *pool);

/* What the first calls of a step took one thread, in nanoseconds; 0: not known. Where it is known calls are cut by it
 * instead of by their grains. While a pool learns it runs calls by one thread and notes the least that they took. */
struct gs_pool_costs {
	uint32_t ns[GS_POOL_COSTS];
};
void gs_pool_costs(struct gs_pool *pool, struct gs_pool_costs *costs); /* of the calls that follow; NULL: of none */
void gs_pool_learn(struct gs_pool *pool, bool learn);

/* For tests: from now on every call is cut into single items and every helper takes part in it. */
void gs_pool_cut_finely(struct gs_pool *pool);

#endif
