#include "validator/exec/spread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PRODUCTS_A_NS = 32,                /* of a contraction, about, and one thread... */
	STEPS_A_NS = 3,                    /* ...and of anything else */
	WORTH_NS = 200000,                 /* of calls to be shared: worth waking helpers for */
	STEADY_NS = 2 * GS_POOL_SHARED_NS, /* worth keeping them awake for */
	GAP_NS = GS_POOL_SPIN_US * 750,    /* without such a call, in which helpers stay awake */
	CLOSE_NS = 50000,                  /* between runs that follow each other closely */
	LONG_NS = 1000000,
	LEARNT = 3, /* runs, of which the first does not count: caches and pages are cold */
};

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

enum gs_err gs_spread_init(struct gs_spread *s, uint32_t count, unsigned threads)
{
	*s = (struct gs_spread){.count = count};
	if (threads == 1 || count == 0)
		return GS_OK;
	s->step = calloc(count, sizeof(*s->step));
	return s->step ? GS_OK : GS_ENOMEM;
}

void gs_spread_free(struct gs_spread *s)
{
	free(s->step);
	s->step = NULL;
}

void gs_spread_estimate(struct gs_spread *s, uint32_t i, const struct gs_instr *in)
{
	if (s->step == NULL)
		return;
	uint64_t terms = in->form == GS_FOLD ? gs_instr_terms(in) : 1;
	bool products = in->form == GS_FOLD && (in->fn == GS_FN_F32_FMA || in->fn == GS_FN_I32_MULADD);
	double ns = (double)gs_instr_count(in) * (double)terms / (products ? PRODUCTS_A_NS : STEPS_A_NS);
	struct gs_spread_step *step = &s->step[i];
	step->long_enough = ns >= LONG_NS;
	step->ns = ns < LONG_NS ? (uint32_t)ns : LONG_NS;
	step->shared_ns = step->ns < GS_POOL_SHARED_NS ? 0 : step->ns;
}

/* The longest stretch without anything to share, from each such instruction to the next, round to the first. */
static uint64_t longest_gap(const struct gs_spread *s)
{
	uint64_t gap = 0, most = 0;
	for (uint32_t i = 0; i < 2 * s->count; i++) {
		const struct gs_spread_step *step = &s->step[i % s->count];
		gap = step->shared_ns > 0 ? 0 : gap + step->ns;
		most = gap > most ? gap : most;
	}
	return most;
}

void gs_spread_plan(struct gs_spread *s)
{
	uint64_t ahead = 0, gap = 0, all = 0;
	if (s->step == NULL)
		return;
	for (uint32_t i = s->count; i-- > 0;) {
		struct gs_spread_step *step = &s->step[i];
		gap = step->shared_ns > 0 ? 0 : gap + step->ns;
		ahead = gap > GAP_NS ? 0 : ahead + step->shared_ns;
		all += step->shared_ns;
		step->wakes = step->shared_ns > 0 && ahead >= WORTH_NS;
	}
	s->steady = all >= STEADY_NS && all < WORTH_NS && longest_gap(s) < GAP_NS;
}

static void plan_by_costs(struct gs_spread *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct gs_spread_step *step = &s->step[i];
		if (step->long_enough)
			continue;
		step->ns = step->shared_ns = 0;
		for (unsigned k = 0; k < GS_POOL_COSTS; k++) {
			uint32_t ns = step->costs.ns[k] < LONG_NS ? step->costs.ns[k] : LONG_NS;
			step->ns += ns;
			step->shared_ns += ns < GS_POOL_SHARED_NS ? 0 : ns;
		}
	}
	gs_spread_plan(s);
}

void gs_spread_begin(struct gs_spread *s, struct gs_pool *pool)
{
	if (s->step == NULL)
		return;
	gs_pool_learn(pool, s->runs > 0 && s->runs < LEARNT);
	if (s->steady && s->runs == LEARNT && now_ns() - s->ended < CLOSE_NS)
		gs_pool_wake(pool);
}

void gs_spread_step(struct gs_spread *s, struct gs_pool *pool, uint32_t i)
{
	if (s->step == NULL)
		return;
	gs_pool_costs(pool, s->step[i].long_enough ? NULL : &s->step[i].costs);
	if (s->step[i].wakes)
		gs_pool_wake(pool);
}

void gs_spread_end(struct gs_spread *s, struct gs_pool *pool)
{
	if (s->step == NULL)
		return;
	gs_pool_learn(pool, false);
	gs_pool_costs(pool, NULL);
	s->ended = s->steady ? now_ns() : 0;
	if (s->runs < LEARNT && ++s->runs == LEARNT)
		plan_by_costs(s);
}
