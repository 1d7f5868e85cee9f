/* validator/exec/threads.h: run one function over [0, count) on several threads. Deterministic by construction: work
 * items are independent, and which thread does which changes nothing. */
#ifndef GS_VALIDATOR_EXEC_THREADS_H
#define GS_VALIDATOR_EXEC_THREADS_H

#include "chain/core/core.h"

struct gs_pool; /* threads - 1 helpers that sleep between calls; the caller is the other one */

GS_MUST enum gs_err gs_pool_new(unsigned threads, struct gs_pool **out);
void gs_pool_free(struct gs_pool *pool);
unsigned gs_pool_threads(const struct gs_pool *pool);

/* Calls work(self, thread, first, last) for disjoint ranges that cover [0, count); returns when all are done.
 * thread < gs_pool_threads; grain is the least items a range holds. */
void gs_pool_run(struct gs_pool *pool, uint64_t count, uint64_t grain,
                 void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last), void *self);

#endif
