/* The pool: every item is done once, by a thread of the pool, whatever the counts, grains and pauses between calls; what
 * the caller wrote before a call is seen by all, and what all wrote by the caller behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "chain/core/rng.h"
#include "validator/exec/threads.h"

enum { ITEMS_MAX = 5000, THREADS_MAX = 5 };

struct job {
	uint64_t offset, count; /* plain memory: the pool is what orders these accesses */
	unsigned threads;
	uint64_t *out;
	uint64_t by[THREADS_MAX], ranges, least; /* by: a thread's own element */
	bool bad;
};

static void work(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	struct job *job = self;
	if (thread >= job->threads || first >= last || last > job->count) {
		job->bad = true;
		return;
	}
	for (uint64_t i = first; i < last; i++)
		job->out[i] += i * 3 + job->offset;
	job->by[thread] += last - first;
}

static void pause_for(long us)
{
	const struct timespec t = {.tv_nsec = us * 1000};
	(void)nanosleep(&t, NULL);
}

static void run_pool(unsigned threads, bool finely, unsigned calls, uint64_t seed)
{
	struct gs_pool *pool;
	struct gs_rng rng;
	uint64_t *out = calloc(ITEMS_MAX, sizeof(*out)), by[THREADS_MAX] = {0};
	gs_rng_seed(&rng, seed);
	assert_non_null(out);
	assert_int_equal(gs_pool_new(threads, &pool), GS_OK);
	assert_int_equal(gs_pool_threads(pool), threads);
	if (finely)
		gs_pool_cut_finely(pool);
	for (unsigned c = 0; c < calls; c++) {
		struct job job = {.threads = threads, .out = out, .offset = c + 1};
		uint64_t grain = 1 + gs_rng_below(&rng, gs_rng_below(&rng, 4) ? 8 : 200);
		job.count = gs_rng_below(&rng, gs_rng_below(&rng, 3) ? 40 : ITEMS_MAX);
		if (gs_rng_below(&rng, 3) == 0)
			gs_pool_wake(pool);
		gs_pool_run(pool, job.count, grain, work, &job);
		assert_false(job.bad);
		uint64_t done = 0;
		for (unsigned t = 0; t < threads; t++) {
			done += job.by[t];
			by[t] += job.by[t];
		}
		assert_int_equal(done, job.count);
		for (uint64_t i = 0; i < job.count; i++) {
			if (out[i] != i * 3 + job.offset)
				fail_msg("seed %llu, call %u: item %llu is %llu", (unsigned long long)seed, c,
				         (unsigned long long)i, (unsigned long long)out[i]);
			out[i] = 0;
		}
		if (gs_rng_below(&rng, 16) == 0) /* now and then long enough for helpers to fall asleep */
			pause_for((long)gs_rng_below(&rng, 3 * GS_POOL_SPIN_US));
	}
	gs_pool_free(pool);
	for (unsigned t = 0; t < threads && finely && calls > 300; t++)
		assert_true(by[t] > 0);
	free(out);
}

static void every_item_once(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= THREADS_MAX; threads++)
		for (uint64_t seed = 1; seed <= 4; seed++)
			run_pool(threads, false, 1500, seed * 10 + threads);
}

static void cut_finely(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++)
		run_pool(threads, true, 400, 100 + threads);
}

/* Helpers that have just been made, and that sleep, end when the pool does. */
static void made_and_freed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++)
		run_pool(1 + i % THREADS_MAX, false, i % 3, i);
	struct gs_pool *pool;
	assert_int_equal(gs_pool_new(3, &pool), GS_OK);
	pause_for(20 * GS_POOL_SPIN_US);
	gs_pool_free(pool);
	gs_pool_free(NULL);
}

/* More items than a share can count. */
static void count_range(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	((uint64_t *)self)[thread] += last - first;
}

static void many_items(void **state)
{
	(void)state;
	struct gs_pool *pool;
	uint64_t done[2] = {0}, count = (UINT64_C(1) << 40) + 7;
	assert_int_equal(gs_pool_new(2, &pool), GS_OK);
	gs_pool_run(pool, count, 1, count_range, done);
	assert_int_equal(done[0] + done[1], count);
	gs_pool_free(pool);
}

/* A pool that learns does everything by the caller and notes what that took; what took little is not shared later, and
 * what took long is cut so finely that everybody has a piece. */
static void learns_what_calls_take(void **state)
{
	(void)state;
	struct gs_pool *pool;
	struct gs_pool_costs costs = {{0}};
	uint64_t *out = calloc(ITEMS_MAX, sizeof(*out));
	assert_non_null(out);
	assert_int_equal(gs_pool_new(2, &pool), GS_OK);
	for (unsigned round = 0; round < 40; round++) {
		gs_pool_learn(pool, round < 2);
		gs_pool_costs(pool, &costs);
		for (unsigned call = 0; call < GS_POOL_COSTS + 2; call++) {
			struct job job = {.threads = 2, .out = out, .count = 1 + 100 * call};
			gs_pool_run(pool, job.count, call < GS_POOL_COSTS ? 1 : 1000, work, &job);
			assert_false(job.bad);
			assert_int_equal(job.by[0] + job.by[1], job.count);
			if (round < 2 || call >= GS_POOL_COSTS || costs.ns[call] < GS_POOL_SHARED_NS)
				assert_int_equal(job.by[0], job.count);
			assert_true(call >= GS_POOL_COSTS || costs.ns[call] > 0);
		}
		if (round == 1)
			costs.ns[3] = 100000000;
	}
	gs_pool_costs(pool, NULL);
	struct job job = {.threads = 2, .out = out, .count = ITEMS_MAX};
	gs_pool_run(pool, job.count, ITEMS_MAX, work, &job);
	assert_int_equal(job.by[0], ITEMS_MAX);
	gs_pool_free(pool);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_once),        cmocka_unit_test(cut_finely),
		cmocka_unit_test(made_and_freed),         cmocka_unit_test(many_items),
		cmocka_unit_test(learns_what_calls_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
