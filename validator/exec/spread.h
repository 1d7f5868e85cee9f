/* validator/exec/spread.h: which of a plan's instructions are shared by several threads, and how finely.
 *
 * The first run goes by an estimate from the instruction's extents, and by the grains of its form. The second and the third
 * are run by one thread, and every call of the pool is timed, since what an element costs differs a hundredfold between
 * forms, shapes and processors. From the fourth run on calls are shared that took long enough, in pieces of some
 * microseconds (threads.h). Waking helpers costs the caller tens of microseconds, so that is done only where enough follows
 * before they fall asleep again, or where runs follow each other so closely that they stay awake. Bits do not depend on any
 * of it. */
#ifndef GS_VALIDATOR_EXEC_SPREAD_H
#define GS_VALIDATOR_EXEC_SPREAD_H

#include "challenge/machine/program.h"
#include "validator/exec/threads.h"

struct gs_spread_step {
	struct gs_pool_costs costs;
	uint32_t ns;        /* about what one thread takes... */
	uint32_t shared_ns; /* ...and of that for what is to be shared */
	bool long_enough;   /* certainly: nothing to learn */
	bool wakes;         /* helpers, when it begins */
};

struct gs_spread {
	uint32_t count;              /* instructions */
	uint32_t runs;               /* so far, until nothing is learnt any more */
	struct gs_spread_step *step; /* owned; NULL with one thread */
	bool steady;                 /* helpers stay awake when runs follow each other closely */
	uint64_t ended;              /* the latest run of a steady one, in nanoseconds */
};

GS_MUST enum gs_err gs_spread_init(struct gs_spread *s, uint32_t count, unsigned threads);
void gs_spread_free(struct gs_spread *s); /* zeroed is fine */

/* An instruction's estimate; all of them, then gs_spread_plan. */
void gs_spread_estimate(struct gs_spread *s, uint32_t i, const struct gs_instr *in);
void gs_spread_plan(struct gs_spread *s);

/* Around a run, and before each of its instructions. */
void gs_spread_begin(struct gs_spread *s, struct gs_pool *pool);
void gs_spread_step(struct gs_spread *s, struct gs_pool *pool, uint32_t i);
void gs_spread_end(struct gs_spread *s, struct gs_pool *pool);

#endif
