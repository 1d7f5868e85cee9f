#include "validator/daemon/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "challenge/game/claim.h"
#include "validator/daemon/adversary.h"
#include "validator/daemon/posted.h"
#include "validator/daemon/prepared.h"
#include "validator/exec/plan.h"
#include "validator/exec/prover_trace.h"

struct item { /* a job, then its result, then perhaps a kept trace */
	struct item *next;
	struct gs_work_job job;
	struct gs_work_result result;
	struct gs_models *models;         /* borrowed; of: */
	const struct gs_program *program; /* in use by this item; NULL: none */
	uint8_t *input;                   /* owned: job.input */
	uint8_t *output;                  /* owned: job.output */
	uint8_t *memory;                  /* owned: the inputs array, zeros completed */
	uint8_t *claimed;                 /* owned: of a tolerant model, the claimed outputs likewise; else NULL */
	bool kept;                        /* all below is there */
	struct gs_trace trace;
	struct gs_commitments common;
	gs_reg *states; /* owned: over.states */
	struct gs_prover_trace over;
	struct gs_adversary lie; /* an adversary's trace, in the place of `trace` */
	struct gs_prover prover;
};

struct list {
	struct item *first;
	struct item *last;
	size_t count;
};

struct worker {
	struct gs_work *work;
	unsigned number;
	pthread_t thread;
	struct gs_hash model; /* of its latest jobs... */
	unsigned same;        /* ...so many in a row */
};

struct gs_work {
	struct gs_work_options options;
	struct gs_models *models;
	pthread_mutex_t models_lock;
	struct gs_prepared *prepared;
	struct gs_program wrong[GS_WORK_ADVERSARY_MODELS_MAX]; /* the adversary's models */
	size_t wrong_count;
	struct worker worker[GS_EXEC_THREADS_MAX];
	unsigned workers; /* that run */
	int event_fd;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	bool stopping;
	struct list queue;
	struct list done;
	struct item *kept; /* the loop's thread only */
};

static void append(struct list *list, struct item *item)
{
	item->next = NULL;
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
	list->count++;
}

/* Behind those that are urgent, too. */
static void insert_urgent(struct list *list, struct item *item)
{
	struct item **at = &list->first;

	while (*at && (*at)->job.urgent)
		at = &(*at)->next;
	item->next = *at;
	*at = item;
	if (!item->next)
		list->last = item;
	list->count++;
}

static struct item *shift(struct list *list)
{
	struct item *item = list->first;

	if (!item)
		return NULL;
	list->first = item->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return item;
}

/* The next one for this worker: of the model that it has just run, unless others have waited for too long. */
static struct item *shift_for(struct worker *worker, struct list *list)
{
	struct item **at = &list->first, *before = NULL;

	if (*at && (*at)->job.urgent)
		worker->same = GS_WORK_SAME_MAX; /* no preference goes before it */
	while (worker->same < GS_WORK_SAME_MAX && *at && !gs_hash_equal(&(*at)->job.model, &worker->model)) {
		before = *at;
		at = &before->next;
	}
	struct item *item = worker->same < GS_WORK_SAME_MAX ? *at : NULL;
	if (item && before) {
		*at = item->next;
		if (list->last == item)
			list->last = before;
		list->count--;
	} else {
		item = shift(list);
	}
	worker->same = gs_hash_equal(&item->job.model, &worker->model) ? worker->same + 1 : 1;
	worker->model = item->job.model;
	return item;
}

static void item_free(struct item *item)
{
	gs_commitments_free(&item->common);
	gs_trace_free(&item->trace);
	gs_adversary_free(&item->lie);
	free(item->input);
	free(item->output);
	free(item->memory);
	free(item->claimed);
	free(item->states);
	if (item->program)
		gs_models_give(item->models, item->program);
	free(item);
}

/* --- one job, on the worker's thread --- */

/* What an execution reads besides the model: the input, and of a tolerant model the outputs that it compares. */
static enum gs_err prepare_arrays(struct item *item, const struct gs_program *program, struct gs_error *why)
{
	const struct gs_header *h = &program->header;
	const struct gs_work_job *job = &item->job;
	enum gs_err err = gs_posted_array(job->input, h->inputs_chunks, &job->input_root, "input", &item->memory, why);

	if (!err && gs_header_tolerant(h))
		err = gs_posted_array(job->output, h->claimed_chunks, &job->output_root, "output", &item->claimed, why);
	return err;
}

static enum gs_err commit_arrays(struct item *item, const struct gs_program *program, struct gs_error *why)
{
	enum gs_err err = gs_commitments_build(program, item->memory, &item->common);

	if (!err && item->claimed)
		err = gs_commitments_claim(&item->common, item->claimed);
	return err ? gs_fail(why, err, "no memory for the model's trees") : GS_OK;
}

/* The root that a right trace ends in. */
static struct gs_hash right_root(const struct item *item, const struct gs_program *program)
{
	const struct gs_claim_body body = {.output_root = item->job.output_root};
	struct gs_hash root;

	gs_claim_expected_root(&program->header, &body, &root);
	return root;
}

/* Of a run's outputs where the program has them, zeros completed. */
static void output_root(const struct gs_program *program, const uint8_t *trace, struct gs_hash *out)
{
	const struct gs_header *h = &program->header;
	const uint64_t present = gs_program_trace_bytes(program) / GS_CHUNK_BYTES - h->output_chunk;

	gs_merkle_array_root(trace + (size_t)h->output_chunk * GS_CHUNK_BYTES, present, h->output_depth, out);
}

static enum gs_err init_trace(const struct gs_work *work, const struct gs_program *program, struct gs_trace *out,
                              struct gs_error *why)
{
	return gs_trace_init_at(out, program->header.trace_depth, gs_program_trace_bytes(program) / GS_CHUNK_BYTES,
	                        work->options.traces, why);
}

static uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* What a run that began then has taken; only the first one of a job counts, which is what looking at a claim costs. */
static void note_time(struct item *item, uint64_t begun_us)
{
	const uint64_t us = clock_us() - begun_us;

	if (item->result.took_us == 0)
		item->result.took_us = us ? us : 1;
}

/* The executor's run for the outputs alone. GS_ELIMIT: it needs a trace. */
static enum gs_err run_outputs(struct worker *worker, struct item *item, const struct gs_program *program,
                               struct gs_error *why)
{
	struct gs_memory memory = {.weights = program->weights, .inputs = item->memory, .claimed = item->claimed};
	struct gs_prepared_use use;
	enum gs_err err = gs_prepared_take(worker->work->prepared, program, &item->job.model, GS_PREPARED_OUTPUTS,
	                                   worker->number, &use, why);

	if (err)
		return err;
	memory.trace = use.room;
	const uint64_t begun_us = clock_us();
	err = gs_exec_plan_run(use.plan, &memory, why);
	note_time(item, begun_us);
	if (!err)
		output_root(program, use.room, &item->result.output_root);
	gs_prepared_give(worker->work->prepared, &use);
	return err;
}

/* The executor's run; item->trace is committed. */
static enum gs_err run_executor(struct worker *worker, struct item *item, const struct gs_program *program,
                                struct gs_error *why)
{
	struct gs_memory memory = {.weights = program->weights, .inputs = item->memory, .claimed = item->claimed};
	struct gs_prepared_use use;
	enum gs_err err = init_trace(worker->work, program, &item->trace, why);

	if (!err)
		err = gs_prepared_take(worker->work->prepared, program, &item->job.model, GS_PREPARED_TRACE,
		                       worker->number, &use, why);
	if (err)
		return err;
	memory.trace = item->trace.chunks;
	const uint64_t begun_us = clock_us();
	err = gs_exec_plan_run_committing(use.plan, &memory, &item->trace, why);
	note_time(item, begun_us);
	gs_prepared_give(worker->work->prepared, &use);
	if (err)
		return err;
	gs_trace_output_root(&item->trace, &program->header, &item->result.output_root);
	gs_trace_root(&item->trace, &item->result.trace_root);
	return GS_OK;
}

/* Before a claim is called wrong: the whole execution again by the reference interpreter, compared chunk by chunk. */
static enum gs_err run_reference(struct gs_work *work, struct item *item, const struct gs_program *program,
                                 struct gs_error *why)
{
	struct gs_trace reference = {0};
	struct gs_memory memory = {.weights = program->weights, .inputs = item->memory, .claimed = item->claimed};
	enum gs_err err = init_trace(work, program, &reference, why);

	if (err)
		goto out;
	memory.trace = reference.chunks;
	gs_interpret(program, &memory);
	if (item->trace.present != reference.present ||
	    memcmp(item->trace.chunks, reference.chunks, (size_t)reference.present * GS_CHUNK_BYTES) != 0) {
		err = gs_fail(why, GS_ECORRUPT,
		              "the executor and the reference interpreter disagree: a fault of this machine");
		goto out;
	}
	err = gs_trace_commit(&reference);
	if (err)
		err = gs_fail(why, err, "no memory for the trace's tree");
	else
		gs_trace_output_root(&reference, &program->header, &item->result.reference_root);
out:
	gs_trace_free(&reference);
	return err;
}

/* An adversary's party: what it computed does not count, only what it stands by. */
static enum gs_err lie(struct gs_work *work, struct item *item, const struct gs_program *program, struct gs_error *why)
{
	static const uint8_t holds[] = {1}; /* what the trace of a right tolerant claim ends in */
	const struct gs_program *with[GS_WORK_ADVERSARY_MODELS_MAX];
	enum gs_err err = commit_arrays(item, program, why);

	if (err)
		return err;
	for (size_t i = 0; i < work->wrong_count; i++)
		with[i] = &work->wrong[i];
	const struct gs_hash right = right_root(item, program);
	const struct gs_bytes output = item->claimed ? (struct gs_bytes){holds, sizeof(holds)} : item->job.output;
	if (item->job.own)
		err = gs_adversary_claim(&item->common, with, work->wrong_count, output, &right, 1, &item->lie, why);
	else
		err = gs_adversary_run(&item->common, work->wrong_count ? with[0] : NULL, 1, &item->lie, why);
	if (err)
		return err;
	gs_trace_output_root(&item->lie.trace, &program->header, &item->result.output_root);
	gs_trace_root(&item->lie.trace, &item->result.trace_root);
	item->result.reference_root = item->result.output_root;
	item->prover = gs_prover_over_adversary(&item->lie);
	item->kept = true;
	return GS_OK;
}

static enum gs_err keep(struct item *item, const struct gs_program *program, struct gs_error *why)
{
	enum gs_err err = commit_arrays(item, program, why);

	if (err)
		return err;
	item->states = malloc((GS_FOLD_MAX + 1) * sizeof(*item->states));
	if (!item->states)
		return gs_fail(why, GS_ENOMEM, "no memory for the states of a fold");
	item->over = (struct gs_prover_trace){.common = &item->common, .trace = &item->trace, .states = item->states};
	item->prover = gs_prover_over_trace(&item->over);
	item->kept = true;
	return GS_OK;
}

static enum gs_err take_model(struct gs_work *work, struct item *item, struct gs_error *why)
{
	enum gs_err err;

	pthread_mutex_lock(&work->models_lock);
	err = gs_models_take(work->models, &item->job.model, &item->program, why);
	pthread_mutex_unlock(&work->models_lock);
	item->models = work->models;
	item->result.awaits_model = err == GS_EAGAIN;
	return err;
}

/* What is prepared makes room too: it keeps its programs in use. */
static void trim_models(struct gs_work *work)
{
	bool fits;

	do {
		pthread_mutex_lock(&work->models_lock);
		fits = gs_models_trim(work->models);
		pthread_mutex_unlock(&work->models_lock);
	} while (!fits && gs_prepared_drop(work->prepared));
}

/* A trace that is kept needs its program; anything else does not any more. */
static void give_model(struct gs_work *work, struct item *item)
{
	if (item->program && !item->kept) {
		gs_models_give(work->models, item->program);
		item->program = NULL;
	}
	trim_models(work);
}

uint64_t gs_work_program_bytes(struct gs_work *work)
{
	return gs_models_bytes(work->models);
}

bool gs_work_models(struct gs_work *work, bool look, struct gs_hash *out, size_t max, size_t *count)
{
	if (look)
		pthread_mutex_lock(&work->models_lock);
	else if (pthread_mutex_trylock(&work->models_lock) != 0)
		return false;
	*count = gs_models_list(work->models, look, out, max);
	pthread_mutex_unlock(&work->models_lock);
	return true;
}

static bool finds_right(struct item *item, const struct gs_program *program)
{
	const struct gs_hash right = right_root(item, program);

	if (!gs_hash_equal(&item->result.output_root, &right))
		return false;
	item->result.reference_root = item->result.output_root;
	return true;
}

/* The whole trace, and where the claim is not right the reference's as well. before: what a run for the outputs alone gave, or NULL. */
static enum gs_err execute_whole(struct worker *worker, struct item *item, const struct gs_program *program,
                                 const struct gs_hash *before, struct gs_error *why)
{
	enum gs_err err = run_executor(worker, item, program, why);

	if (err)
		return err;
	if (before && !gs_hash_equal(before, &item->result.output_root))
		return gs_fail(why, GS_ECORRUPT, "two runs of the executor disagree: a fault of this machine");
	if (finds_right(item, program))
		return item->job.own ? keep(item, program, why) : GS_OK;
	err = run_reference(worker->work, item, program, why);
	if (!err)
		err = keep(item, program, why);
	return err;
}

/* For somebody else, who compares. */
static enum gs_err execute_blind(struct worker *worker, struct item *item, const struct gs_program *program,
                                 struct gs_error *why)
{
	enum gs_err err = item->job.wants_trace ? GS_ELIMIT : run_outputs(worker, item, program, why);
	const bool trace = err == GS_ELIMIT;

	if (trace)
		err = run_executor(worker, item, program, why);
	if (trace && !item->job.wants_trace)
		memset(&item->result.trace_root, 0, sizeof(item->result.trace_root));
	gs_trace_free(&item->trace);
	item->result.cost = program->header.cost;
	item->result.output_bytes = gs_program_trace_bytes(program) -
	                            (uint64_t)program->header.output_chunk * GS_CHUNK_BYTES;
	return err;
}

static enum gs_err execute(struct worker *worker, struct item *item, struct gs_error *why)
{
	struct gs_work *work = worker->work;
	enum gs_err err = take_model(work, item, why);
	const struct gs_program *program = item->program;

	if (!err)
		err = prepare_arrays(item, program, why);
	if (err)
		return err;
	if (item->job.blind)
		return execute_blind(worker, item, program, why);
	if (work->options.adversary)
		return lie(work, item, program, why);
	if (item->job.own || work->options.trace_roots)
		return execute_whole(worker, item, program, NULL, why);
	err = run_outputs(worker, item, program, why);
	if (err == GS_ELIMIT)
		return execute_whole(worker, item, program, NULL, why);
	if (err || finds_right(item, program))
		return err;
	const struct gs_hash before = item->result.output_root;
	return execute_whole(worker, item, program, &before, why);
}

static void *work_thread(void *self)
{
	struct worker *worker = self;
	struct gs_work *work = worker->work;

	pthread_mutex_lock(&work->lock);
	for (;;) {
		struct item *item;
		struct gs_error why = {0};
		uint64_t one = 1;
		while (!work->stopping && !work->queue.first)
			pthread_cond_wait(&work->wake, &work->lock);
		if (work->stopping)
			break;
		item = shift_for(worker, &work->queue);
		pthread_mutex_unlock(&work->lock);
		item->result.claim = item->job.claim;
		item->result.computed = execute(worker, item, &why) == GS_OK;
		give_model(work, item);
		snprintf(item->result.reason, sizeof(item->result.reason), "%.*s", GS_WORK_REASON_MAX - 1,
		         item->result.computed ? "" : why.text);
		pthread_mutex_lock(&work->lock);
		append(&work->done, item);
		if (write(work->event_fd, &one, sizeof(one)) < 0)
			continue; /* the counter is full, so the loop is awake already */
	}
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

/* --- the loop's side --- */

static enum gs_err load_adversary(struct gs_work *work, struct gs_error *error)
{
	const struct gs_work_adversary *adversary = work->options.adversary;
	enum gs_err err = GS_OK;

	for (size_t i = 0; adversary && i < adversary->models && !err; i++) {
		err = gs_model_load(adversary->model[i], &work->wrong[i], error);
		work->wrong_count += !err;
	}
	return err;
}

static enum gs_err open_models(struct gs_work *work, struct gs_error *error)
{
	const struct gs_models_options options = {.folder = work->options.models,
	                                          .supply = work->options.supply,
	                                          .bytes_max = work->options.program_bytes,
	                                          .log = work->options.log};

	return gs_models_open(&options, &work->models, error);
}

static void hold_program(void *self, const struct gs_program *program)
{
	struct gs_work *work = self;

	gs_models_hold(work->models, program);
}

static void release_program(void *self, const struct gs_program *program)
{
	struct gs_work *work = self;

	gs_models_give(work->models, program);
}

static enum gs_err open_prepared(struct gs_work *work, struct gs_error *error)
{
	const struct gs_prepared_options options = {.workers = work->options.threads,
	                                            .isa = work->options.isa,
	                                            .bytes_max = work->options.prepared_bytes,
	                                            .log = work->options.log,
	                                            .hold = hold_program,
	                                            .release = release_program,
	                                            .self = work};

	return gs_prepared_open(&options, &work->prepared, error);
}

static enum gs_err start_workers(struct gs_work *work, struct gs_error *error)
{
	for (unsigned i = 0; i < work->options.threads; i++) {
		struct worker *worker = &work->worker[i];
		*worker = (struct worker){.work = work, .number = i};
		if (pthread_create(&worker->thread, NULL, work_thread, worker) != 0)
			return gs_fail(error, GS_EIO, "work: no thread could be started");
		work->workers++;
	}
	return GS_OK;
}

enum gs_err gs_work_open(const struct gs_work_options *options, struct gs_work **out, int *event_fd,
                         struct gs_error *error)
{
	struct gs_work *work = calloc(1, sizeof(*work));
	enum gs_err err;

	GS_ASSERT(options->threads >= 1 && options->threads <= GS_EXEC_THREADS_MAX);
	*out = NULL;
	if (!work)
		return gs_fail(error, GS_ENOMEM, "work: no memory");
	work->options = *options;
	work->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&work->lock, NULL);
	pthread_mutex_init(&work->models_lock, NULL);
	pthread_cond_init(&work->wake, NULL);
	err = work->event_fd < 0 ? gs_fail(error, GS_EIO, "work: %s", strerror(errno)) : GS_OK;
	if (!err)
		err = open_models(work, error);
	if (!err)
		err = load_adversary(work, error);
	if (!err)
		err = open_prepared(work, error);
	if (!err)
		err = start_workers(work, error);
	if (err) {
		gs_work_close(work);
		return err;
	}
	*event_fd = work->event_fd;
	*out = work;
	return GS_OK;
}

static void list_free(struct list *list)
{
	struct item *item;

	while ((item = shift(list)))
		item_free(item);
}

void gs_work_close(struct gs_work *work)
{
	if (!work)
		return;
	pthread_mutex_lock(&work->lock);
	work->stopping = true;
	pthread_cond_broadcast(&work->wake);
	pthread_mutex_unlock(&work->lock);
	while (work->workers > 0)
		pthread_join(work->worker[--work->workers].thread, NULL);
	list_free(&work->queue);
	list_free(&work->done);
	while (work->kept) {
		struct item *item = work->kept;
		work->kept = item->next;
		item_free(item);
	}
	gs_prepared_close(work->prepared);
	gs_models_close(work->models);
	for (size_t i = 0; i < work->wrong_count; i++)
		gs_program_free(&work->wrong[i]);
	pthread_cond_destroy(&work->wake);
	pthread_mutex_destroy(&work->models_lock);
	pthread_mutex_destroy(&work->lock);
	if (work->event_fd >= 0)
		close(work->event_fd);
	free(work);
}

static uint8_t *copy_of(struct gs_bytes bytes)
{
	uint8_t *copy = malloc(bytes.len + 1);

	if (copy && bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	return copy;
}

enum gs_err gs_work_submit(struct gs_work *work, const struct gs_work_job *job)
{
	struct item *item = calloc(1, sizeof(*item));
	enum gs_err err = GS_OK;

	if (!item)
		return GS_ENOMEM;
	item->job = *job;
	item->input = copy_of(job->input);
	item->output = copy_of(job->output);
	if (!item->input || !item->output) {
		item_free(item);
		return GS_ENOMEM;
	}
	item->job.input.ptr = item->input;
	item->job.output.ptr = item->output;
	pthread_mutex_lock(&work->lock);
	if (work->queue.count == GS_WORK_QUEUE_MAX) {
		err = GS_ELIMIT;
	} else {
		if (job->urgent)
			insert_urgent(&work->queue, item);
		else
			append(&work->queue, item);
		pthread_cond_signal(&work->wake);
	}
	pthread_mutex_unlock(&work->lock);
	if (err)
		item_free(item);
	return err;
}

bool gs_work_take(struct gs_work *work, struct gs_work_result *out)
{
	struct item *item;
	uint64_t count;

	if (read(work->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return false;
	pthread_mutex_lock(&work->lock);
	item = shift(&work->done);
	pthread_mutex_unlock(&work->lock);
	if (!item)
		return false;
	*out = item->result;
	if (item->kept && item->result.computed) {
		gs_work_forget(work, &item->job.claim); /* an older one */
		item->next = work->kept;
		work->kept = item;
	} else {
		item_free(item);
	}
	return true;
}

const struct gs_prover *gs_work_prover(struct gs_work *work, const struct gs_hash *claim)
{
	for (struct item *item = work->kept; item; item = item->next)
		if (gs_hash_equal(&item->job.claim, claim))
			return &item->prover;
	return NULL;
}

void gs_work_forget(struct gs_work *work, const struct gs_hash *claim)
{
	for (struct item **at = &work->kept; *at; at = &(*at)->next) {
		struct item *item = *at;
		if (gs_hash_equal(&item->job.claim, claim)) {
			*at = item->next;
			item_free(item);
			return;
		}
	}
}
