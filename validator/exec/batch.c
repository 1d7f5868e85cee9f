#include "validator/exec/batch.h"

#include "validator/exec/threads.h"

#include <stdlib.h>

struct gs_exec_batch {
	struct gs_pool *pool;
	unsigned plans;
	struct gs_exec_plan *plan[GS_EXEC_THREADS_MAX]; /* a thread; the first owns what is packed */
};

struct failure { /* of one thread: that of its input with the least number */
	enum gs_err err;
	uint64_t input;
	struct gs_error error;
};

struct job {
	struct gs_exec_batch *batch;
	const struct gs_memory *mem;
	struct gs_trace *traces;
	uint8_t *const *room; /* NULL: each input has a trace of its own */
	gs_exec_batch_done done;
	void *self;
	struct failure failure[GS_EXEC_THREADS_MAX];
};

enum gs_err gs_exec_batch_new(const struct gs_program *p, const struct gs_exec_options *options,
                              struct gs_exec_batch **out, struct gs_error *error)
{
	struct gs_exec_options each = *options;
	struct gs_exec_batch *batch = calloc(1, sizeof(*batch));
	GS_ASSERT(options->threads >= 1 && options->threads <= GS_EXEC_THREADS_MAX);
	if (batch == NULL)
		return gs_fail(error, GS_ENOMEM, "executor: no memory for a batch");
	enum gs_err err = gs_pool_new(options->threads, &batch->pool);
	if (err != GS_OK)
		(void)gs_fail(error, err, "executor: no memory for %u threads", options->threads);
	each.threads = 1;
	while (err == GS_OK && batch->plans < options->threads) {
		each.packed_of = batch->plan[0];
		err = gs_exec_plan_new(p, &each, &batch->plan[batch->plans], error);
		batch->plans += err == GS_OK;
	}
	if (err != GS_OK) {
		gs_exec_batch_free(batch);
		return err;
	}
	if (options->finely)
		gs_pool_cut_finely(batch->pool);
	*out = batch;
	return GS_OK;
}

void gs_exec_batch_free(struct gs_exec_batch *batch)
{
	if (batch == NULL)
		return;
	while (batch->plans > 0)
		gs_exec_plan_free(batch->plan[--batch->plans]);
	gs_pool_free(batch->pool);
	free(batch);
}

static void run_some(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	struct job *job = self;
	struct gs_exec_plan *plan = job->batch->plan[thread];
	struct failure *failure = &job->failure[thread];
	for (uint64_t i = first; i < last; i++) {
		struct gs_error error;
		struct gs_memory mem = job->mem[i];
		mem.trace = job->room ? job->room[thread] : mem.trace;
		enum gs_err err = job->traces ? gs_exec_plan_run_committing(plan, &mem, &job->traces[i], &error)
		                              : gs_exec_plan_run(plan, &mem, &error);
		if (err == GS_OK && job->room)
			job->done(job->self, (uint32_t)i, mem.trace);
		if (err != GS_OK && (failure->err == GS_OK || i < failure->input))
			*failure = (struct failure){err, i, error};
	}
}

static enum gs_err run_all(struct job *job, uint32_t count, struct gs_error *error)
{
	struct gs_exec_batch *batch = job->batch;
	const struct failure *first = NULL;
	if (count > 1)
		gs_pool_wake(batch->pool);
	gs_pool_run(batch->pool, count, 1, run_some, job);
	for (unsigned t = 0; t < batch->plans; t++)
		if (job->failure[t].err != GS_OK && (first == NULL || job->failure[t].input < first->input))
			first = &job->failure[t];
	if (first == NULL)
		return GS_OK;
	return gs_fail(error, first->err, "input %llu: %s", (unsigned long long)first->input, first->error.text);
}

enum gs_err gs_exec_batch_run(struct gs_exec_batch *batch, const struct gs_memory *mem, struct gs_trace *traces,
                              uint32_t count, struct gs_error *error)
{
	struct job job = {.batch = batch, .mem = mem, .traces = traces};
	return run_all(&job, count, error);
}

enum gs_err gs_exec_batch_run_in(struct gs_exec_batch *batch, const struct gs_memory *mem, uint32_t count,
                                 uint8_t *const *room, gs_exec_batch_done done, void *self, struct gs_error *error)
{
	struct job job = {.batch = batch, .mem = mem, .room = room, .done = done, .self = self};
	return run_all(&job, count, error);
}

uint32_t gs_exec_batch_place(const struct gs_exec_batch *batch, uint32_t chunk)
{
	return gs_exec_plan_place(batch->plan[0], chunk);
}

uint32_t gs_exec_batch_chunks(const struct gs_exec_batch *batch)
{
	return gs_exec_plan_chunks(batch->plan[0]);
}
