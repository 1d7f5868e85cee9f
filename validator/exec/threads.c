#include "validator/exec/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LINE = 64,      /* bytes of a cache line */
	LOOKS = 64,     /* between two looks at the clock */
	PIECES_LOG = 31 /* of a call, at most */
};

/* pool->state: how many helpers are inside the call, three flags, and the call's number above them. */
#define INSIDE UINT64_C(0xff)
#define OPEN UINT64_C(0x100)    /* helpers may enter */
#define AWAITED UINT64_C(0x200) /* the caller sleeps until nobody is inside */
#define STOP UINT64_C(0x400)    /* helpers end */
#define CALL UINT64_C(0x1000)   /* one call further */
#define CALLS (~(CALL - 1))

struct share { /* pieces that are left of what was laid out for one thread: first | end << 32 */
	_Alignas(LINE) atomic_uint_fast64_t left;
};

struct gs_pool {
	_Alignas(LINE) atomic_uint_fast64_t state;
	/* the call in progress: written by the caller before it opens the call */
	_Alignas(LINE) uint64_t count;
	uint64_t grain; /* items of a piece */
	void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last);
	void *self;

	_Alignas(LINE) atomic_uint sleeping;
	unsigned threads, started;
	bool watch;          /* before sleeping: there is a processor for every thread */
	bool finely;         /* for tests: nobody begins before all have entered */
	atomic_uint entered; /* counted then */
	bool learns;
	unsigned calls; /* since the costs were given */
	struct gs_pool_costs *costs;
	pthread_t *thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* with lock: `woken` has changed, or STOP is set */
	pthread_cond_t done; /* with lock: nobody is inside an AWAITED call */
	uint64_t woken;
	struct share share[];
};

struct start {
	struct gs_pool *pool;
	unsigned index;
};

static inline void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Looks at the state until it is as wanted, for GS_POOL_SPIN_US at most. */
static uint64_t watch(struct gs_pool *pool, bool (*wanted)(uint64_t state, uint64_t than), uint64_t than)
{
	uint64_t end = 0;
	for (unsigned looks = 0;; looks++) {
		uint64_t state = atomic_load(&pool->state);
		if (wanted(state, than) || !pool->watch)
			return state;
		if (looks % LOOKS == 0) {
			sched_yield(); /* the one that is waited for may want this very processor */
			uint64_t now = now_ns();
			if (end == 0)
				end = now + GS_POOL_SPIN_US * UINT64_C(1000);
			else if (now >= end)
				return state;
		}
		relax();
	}
}

/* ---- shares ---- */

/* Half of what is left: of one's own from the front, of another's from the back. */
static bool take(struct share *share, bool own, uint64_t *first, uint64_t *end)
{
	uint64_t left = atomic_load(&share->left);
	for (;;) {
		uint64_t low = left & UINT32_MAX, high = left >> 32, half = (high - low + 1) / 2;
		if (half == 0)
			return false;
		*first = own ? low : high - half;
		*end = *first + half;
		if (atomic_compare_exchange_weak(&share->left, &left, own ? *end | high << 32 : low | *first << 32))
			return true;
	}
}

static void drain(struct gs_pool *pool, unsigned index)
{
	for (unsigned k = 0; k < pool->threads; k++) {
		unsigned of = index + k < pool->threads ? index + k : index + k - pool->threads;
		uint64_t first, end;
		while (take(&pool->share[of], k == 0, &first, &end)) {
			end *= pool->grain;
			pool->work(pool->self, index, first * pool->grain, end < pool->count ? end : pool->count);
		}
	}
}

/* ---- helpers ---- */

static bool open_after(uint64_t state, uint64_t seen)
{
	return (state & STOP) != 0 || ((state & OPEN) != 0 && (state & CALLS) != seen);
}

static bool left_by_all(uint64_t state, uint64_t unused)
{
	(void)unused;
	return (state & INSIDE) == 0;
}

/* Until somebody wakes. A call that is opened meanwhile is either seen here or its caller sees `sleeping`. */
static void sleep_until_woken(struct gs_pool *pool, uint64_t seen)
{
	pthread_mutex_lock(&pool->lock);
	uint64_t woken = pool->woken;
	atomic_fetch_add(&pool->sleeping, 1);
	if (!open_after(atomic_load(&pool->state), seen))
		while (pool->woken == woken && (atomic_load(&pool->state) & STOP) == 0)
			pthread_cond_wait(&pool->wake, &pool->lock);
	if (pool->woken == woken) /* else who woke has counted */
		atomic_fetch_sub(&pool->sleeping, 1);
	pthread_mutex_unlock(&pool->lock);
}

static void leave(struct gs_pool *pool)
{
	uint64_t before = atomic_fetch_sub(&pool->state, 1);
	if ((before & AWAITED) == 0 || (before & INSIDE) != 1)
		return;
	pthread_mutex_lock(&pool->lock);
	pthread_cond_signal(&pool->done);
	pthread_mutex_unlock(&pool->lock);
}

static void gather(struct gs_pool *pool)
{
	atomic_fetch_add(&pool->entered, 1);
	while (atomic_load(&pool->entered) != pool->threads)
		sched_yield();
}

static void *helper(void *arg)
{
	struct start start = *(struct start *)arg;
	struct gs_pool *pool = start.pool;
	uint64_t seen = 0;
	free(arg);
	for (;;) {
		uint64_t state = watch(pool, open_after, seen);
		if ((state & STOP) != 0)
			return NULL;
		if (!open_after(state, seen)) {
			sleep_until_woken(pool, seen);
			continue;
		}
		if (!atomic_compare_exchange_strong(&pool->state, &state, state + 1))
			continue; /* closed, or another one entered */
		seen = state & CALLS;
		if (pool->finely)
			gather(pool);
		drain(pool, start.index);
		leave(pool);
	}
}

/* ---- the pool ---- */

static unsigned processors(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

enum gs_err gs_pool_new(unsigned threads, struct gs_pool **out)
{
	GS_ASSERT(threads >= 1 && threads < INSIDE);
	size_t bytes = sizeof(struct gs_pool) + threads * sizeof(struct share);
	struct gs_pool *pool = aligned_alloc(LINE, bytes);
	if (!pool)
		return GS_ENOMEM;
	memset(pool, 0, bytes);
	pool->threads = threads;
	pool->watch = threads <= processors();
	pool->thread = calloc(threads, sizeof(*pool->thread));
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->done, NULL);
	for (unsigned i = 1; pool->thread && i < threads; i++) {
		struct start *start = malloc(sizeof(*start));
		if (start)
			*start = (struct start){pool, i};
		if (!start || pthread_create(&pool->thread[pool->started], NULL, helper, start) != 0) {
			free(start);
			gs_pool_free(pool);
			return GS_ENOMEM;
		}
		pool->started++;
	}
	if (!pool->thread) {
		gs_pool_free(pool);
		return GS_ENOMEM;
	}
	*out = pool;
	return GS_OK;
}

void gs_pool_free(struct gs_pool *pool)
{
	if (!pool)
		return;
	atomic_fetch_or(&pool->state, STOP);
	pthread_mutex_lock(&pool->lock);
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->started; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool->thread);
	free(pool);
}

unsigned gs_pool_threads(const struct gs_pool *pool)
{
	return pool->threads;
}

void gs_pool_cut_finely(struct gs_pool *pool)
{
	pool->finely = true;
}

void gs_pool_wake(struct gs_pool *pool)
{
	if (atomic_load(&pool->sleeping) == 0)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->woken++;
	atomic_store(&pool->sleeping, 0); /* those on their way will watch: the call that follows at once is shared */
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

/* ---- calls ---- */

static void lay_out(struct gs_pool *pool, uint64_t pieces)
{
	for (unsigned t = 0; t < pool->threads; t++) {
		uint64_t first = pieces * t / pool->threads, end = pieces * (t + 1) / pool->threads;
		atomic_store_explicit(&pool->share[t].left, first | end << 32, memory_order_relaxed);
	}
}

/* Nobody enters any more; returns when nobody is inside. */
static void close_call(struct gs_pool *pool)
{
	atomic_fetch_and(&pool->state, ~OPEN);
	if (left_by_all(watch(pool, left_by_all, 0), 0))
		return;
	pthread_mutex_lock(&pool->lock);
	atomic_fetch_or(&pool->state, AWAITED);
	while (!left_by_all(atomic_load(&pool->state), 0))
		pthread_cond_wait(&pool->done, &pool->lock);
	atomic_fetch_and(&pool->state, ~AWAITED);
	pthread_mutex_unlock(&pool->lock);
}

void gs_pool_costs(struct gs_pool *pool, struct gs_pool_costs *costs)
{
	pool->costs = costs;
	pool->calls = 0;
}

void gs_pool_learn(struct gs_pool *pool, bool learn)
{
	pool->learns = learn;
}

/* What the call that begins took before; NULL when nobody asks. */
static uint32_t *cost_of_call(struct gs_pool *pool)
{
	if (pool->costs == NULL || pool->calls == GS_POOL_COSTS)
		return NULL;
	return &pool->costs->ns[pool->calls++];
}

static void note(uint32_t *cost, uint64_t ns)
{
	ns = ns < 1 ? 1 : ns < UINT32_MAX ? ns : UINT32_MAX;
	if (*cost == 0 || ns < *cost)
		*cost = (uint32_t)ns;
}

/* Items of a piece; count: the call is not shared. */
static uint64_t piece_of(const struct gs_pool *pool, uint64_t count, uint64_t grain, const uint32_t *cost)
{
	if (pool->finely)
		grain = 1;
	else if (cost && *cost)
		grain = *cost < GS_POOL_SHARED_NS ? count : (uint64_t)((double)count * GS_POOL_PIECE_NS / *cost) + 1;
	return count >> PIECES_LOG >= grain ? (count >> PIECES_LOG) + 1 : grain;
}

void gs_pool_run(struct gs_pool *pool, uint64_t count, uint64_t grain,
                 void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last), void *self)
{
	GS_ASSERT(grain > 0 && count >> (PIECES_LOG + 30) == 0);
	if (count == 0)
		return;
	uint32_t *cost = cost_of_call(pool);
	if (cost && pool->learns) {
		uint64_t start = now_ns();
		work(self, 0, 0, count);
		note(cost, now_ns() - start);
		return;
	}
	grain = piece_of(pool, count, grain, cost);
	bool wakes = pool->finely || count / grain >= GS_POOL_WAKE_GRAINS;
	if (pool->started == 0 || count <= grain || (!wakes && atomic_load(&pool->sleeping) == pool->started)) {
		work(self, 0, 0, count);
		return;
	}
	pool->count = count;
	pool->grain = grain;
	pool->work = work;
	pool->self = self;
	lay_out(pool, (count - 1) / grain + 1);
	atomic_store(&pool->entered, 0);
	atomic_store(&pool->state, ((atomic_load(&pool->state) & CALLS) + CALL) | OPEN);
	if (wakes)
		gs_pool_wake(pool);
	if (pool->finely)
		gather(pool);
	drain(pool, 0);
	close_call(pool);
}
