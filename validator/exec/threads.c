#include "validator/exec/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct gs_pool {
	unsigned threads;
	unsigned started;
	pthread_t *thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t done;
	uint64_t round; /* counts calls of gs_pool_run */
	unsigned busy;
	bool stop;
	/* the call in progress */
	uint64_t count;
	uint64_t grain;
	atomic_uint_fast64_t next;
	void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last);
	void *self;
};

struct start {
	struct gs_pool *pool;
	unsigned index;
};

static void drain(struct gs_pool *pool, unsigned index)
{
	for (;;) {
		uint64_t first = atomic_fetch_add(&pool->next, pool->grain);
		if (first >= pool->count)
			return;
		uint64_t last = pool->count - first < pool->grain ? pool->count : first + pool->grain;
		pool->work(pool->self, index, first, last);
	}
}

static void *helper(void *arg)
{
	struct start start = *(struct start *)arg;
	struct gs_pool *pool = start.pool;
	uint64_t seen = 0;
	free(arg);
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->round == seen && !pool->stop)
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->stop)
			break;
		seen = pool->round;
		pthread_mutex_unlock(&pool->lock);
		drain(pool, start.index);
		pthread_mutex_lock(&pool->lock);
		if (--pool->busy == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

enum gs_err gs_pool_new(unsigned threads, struct gs_pool **out)
{
	GS_ASSERT(threads >= 1);
	struct gs_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return GS_ENOMEM;
	pool->threads = threads;
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
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
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

void gs_pool_run(struct gs_pool *pool, uint64_t count, uint64_t grain,
                 void (*work)(void *self, unsigned thread, uint64_t first, uint64_t last), void *self)
{
	GS_ASSERT(grain > 0);
	if (pool->started == 0 || count <= grain) {
		if (count)
			work(self, 0, 0, count);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->count = count;
	pool->grain = grain;
	pool->work = work;
	pool->self = self;
	pool->busy = pool->started;
	atomic_store(&pool->next, 0);
	pool->round++;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	drain(pool, 0);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}
