#include "validator/daemon/worker.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/core/hash.h"
#include "queue/queue.h"
#include "validator/daemon/librarian.h"
#include "validator/daemon/remote_job.h"
#include "validator/daemon/work.h"
#include "validator/daemon/worker_status.h"
#include "validator/exec/exec.h"

enum { WATCH_MS = 50, PPM = 1000 * 1000 };

struct held {                     /* a job in hand */
	struct gs_queue_job *job; /* NULL: free */
	struct gs_hash id, model;
	uint64_t since_us;
	bool waits;  /* its model was missing once, and it is one of `waiting`; until then, at most: */
	bool parked; /* it is not at work: its model is on its way */
	uint64_t until_us;
};

struct server {
	const struct gs_worker_options *options;
	struct event_base *base;
	struct event *watch, *results;
	struct gs_queue *queue;
	struct gs_work *work;
	struct held held[GS_QUEUE_HELD_MAX];
	unsigned holding, waiting, answers; /* jobs in hand; those that `wait`; calls whose answer is still to come */
	uint64_t taken, idle_since_us;
	bool resting; /* no new jobs are wanted */
	bool away;    /* the server; told once */
	struct gs_worker_counts counts;
	struct gs_worker_status status;
	bool telling;
	uint64_t told_us, told_done; /* when it was told, and how many jobs were done then */
	enum gs_err err;
	struct gs_error error;
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void rest(struct server *s)
{
	s->resting = true;
	gs_queue_rest(s->queue);
}

static void end(struct server *s, enum gs_err err, const struct gs_error *error)
{
	rest(s);
	if (!s->err)
		s->err = gs_fail(&s->error, err, "%s", error->text);
}

/* --- answers --- */

/* A call that failed leaves its job to others, or to this worker again, when it has been silent for long enough. */
static void on_given_back(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct server *s = self;

	s->answers--;
	if (err)
		gs_log_line(s->options->log, GS_LOG_WARN, "worker.unanswered", "why=\"%s\"", error->text);
	else
		s->counts.late += outcome == GS_QUEUE_LATE;
}

/* What waits for its model takes no other's place, unless many do. */
static unsigned places(const struct server *s)
{
	const unsigned more = s->waiting < GS_WORKER_AWAITING_MAX ? s->waiting : GS_WORKER_AWAITING_MAX;
	const unsigned wanted = s->options->threads + GS_WORKER_AHEAD + more;
	const uint64_t left = s->options->jobs_max ? s->options->jobs_max - s->taken + s->holding : GS_QUEUE_HELD_MAX;
	const unsigned most = wanted < GS_QUEUE_HELD_MAX ? wanted : GS_QUEUE_HELD_MAX;

	return left > most ? most : left > 0 ? (unsigned)left : 1;
}

static void give_back(struct server *s, struct held *held, struct gs_bytes answer, const char *why, bool again)
{
	struct gs_queue_job *job = held->job;
	struct gs_error error;
	enum gs_err err;

	held->job = NULL;
	s->holding--;
	if (held->waits) {
		s->waiting--;
		gs_queue_hold(s->queue, places(s));
	}
	s->answers++;
	s->idle_since_us = now_us();
	if (why)
		err = gs_queue_fail(s->queue, job, why, again, on_given_back, s, &error);
	else
		err = gs_queue_finish(s->queue, job, answer, on_given_back, s, &error);
	s->counts.failed += why != NULL;
	s->counts.done += why == NULL;
	if (err)
		on_given_back(s, err, GS_QUEUE_DONE, &error);
}

static void refuse(struct server *s, struct held *held, const char *why, bool again)
{
	gs_log_line(s->options->log, GS_LOG_WARN, "worker.refused", "job=%s why=\"%s\"", held->job->id, why);
	give_back(s, held, (struct gs_bytes){NULL, 0}, why, again);
}

/* Whether this is one of the jobs that are lied about: the same ones in every worker, so that a test can tell. */
static void lie(const struct gs_worker_lies *lies, struct gs_remote_answer *answer)
{
	if (!lies || gs_be64_read(answer->job.b) % PPM >= lies->ppm)
		return;
	if (lies->roots)
		answer->output_root = lies->root[gs_be64_read(answer->job.b + 8) % lies->roots];
	else
		answer->output_root.b[31] ^= 1;
}

static void answer(struct server *s, struct held *held, const struct gs_work_result *result)
{
	struct gs_remote_answer a = {.job = held->id,
	                             .output_root = result->output_root,
	                             .trace_root = result->trace_root,
	                             .output_bytes = result->output_bytes,
	                             .cost = result->cost,
	                             .micros = now_us() - held->since_us};
	uint8_t bytes[GS_REMOTE_ANSWER_BYTES];
	struct gs_error error;

	lie(s->options->lies, &a);
	if (gs_remote_answer_encode(&a, s->options->key, bytes, &error))
		refuse(s, held, error.text, true);
	else
		give_back(s, held, (struct gs_bytes){bytes, sizeof(bytes)}, NULL, false);
}

/* Until its model is here. False: it waits no longer. */
static bool park(struct server *s, struct held *held)
{
	const struct gs_worker_options *o = s->options;
	const uint64_t now = now_us();

	if (o->ending && *o->ending)
		return false;
	if (!held->waits) {
		held->waits = true;
		held->until_us = now + GS_WORKER_FETCH_S * UINT64_C(1000000);
		s->waiting++;
		gs_queue_hold(s->queue, places(s));
	}
	held->parked = now < held->until_us;
	return held->parked;
}

static void on_results(evutil_socket_t fd, short what, void *self)
{
	struct server *s = self;
	struct gs_work_result result;

	(void)fd;
	(void)what;
	while (gs_work_take(s->work, &result)) {
		struct held *held = s->held;
		while (!held->job || !gs_hash_equal(&held->id, &result.claim))
			held++; /* it is there: it is held until now */
		if (result.computed)
			answer(s, held, &result);
		else if (!(result.awaits_model && park(s, held)))
			refuse(s, held, result.reason, true); /* another worker may have the model, or the memory */
	}
}

/* --- jobs --- */

static enum gs_err submit(struct server *s, const struct held *held, const struct gs_remote_job *job,
                          struct gs_error *error)
{
	const struct gs_work_job work = {.claim = held->id,
	                                 .model = job->model,
	                                 .input_root = job->input_root,
	                                 .output_root = job->claimed_root,
	                                 .blind = true,
	                                 .wants_trace = job->wanted == GS_REMOTE_TRACE,
	                                 .input = job->input,
	                                 .output = job->claimed};
	const enum gs_err err = gs_work_submit(s->work, &work);

	return err ? gs_fail(error, err, "no memory for the job") : GS_OK;
}

/* What is parked is tried again once its model is no longer on its way: it is here, or a fetch has failed, which the result says. */
static void look_at_parked(struct server *s)
{
	const bool ending = s->options->ending && *s->options->ending;

	for (size_t i = 0; i < GS_QUEUE_HELD_MAX; i++) {
		struct held *held = &s->held[i];
		struct gs_remote_job decoded = {.wanted = 0};
		struct gs_error error = {0};
		if (!held->job || !held->parked)
			continue;
		if (!ending && now_us() < held->until_us && gs_librarian_awaits(s->options->librarian, &held->model))
			continue;
		held->parked = false;
		if (ending)
			refuse(s, held, "its model is not here yet, and the worker ends", true);
		else if (gs_remote_job_decode(held->job->payload, &decoded, &error) ||
		         submit(s, held, &decoded, &error))
			refuse(s, held, error.text, true);
	}
}

static void on_job(void *self, struct gs_queue_job *job)
{
	struct server *s = self;
	struct held *held = s->held;
	struct gs_remote_job decoded = {.wanted = 0};
	char id[GS_REMOTE_ID_TEXT_MAX];
	struct gs_error error = {0};
	enum gs_err err;

	while (held->job)
		held++; /* no more are delivered than there is room for */
	*held = (struct held){.job = job, .since_us = now_us()};
	s->holding++;
	s->taken++;
	if (s->options->jobs_max && s->taken >= s->options->jobs_max)
		rest(s);
	gs_keccak256(job->payload.ptr, job->payload.len, &held->id);
	gs_remote_id_text(&held->id, id);
	err = strcmp(id, job->id) == 0 ? gs_remote_job_decode(job->payload, &decoded, &error)
	                               : gs_fail(&error, GS_EPARSE, "the job's id is not the hash of its bytes");
	held->model = decoded.model;
	if (!err)
		err = submit(s, held, &decoded, &error);
	if (err)
		refuse(s, held, error.text, err != GS_EPARSE);
}

static bool may_pass(enum gs_err err)
{
	return err == GS_EIO || err == GS_EAGAIN;
}

static void on_stopped(void *self, enum gs_err err, const struct gs_error *error)
{
	struct server *s = self;

	if (!may_pass(err)) {
		end(s, err, error);
		return;
	}
	if (!s->away)
		gs_log_line(s->options->log, GS_LOG_WARN, "queue.away", "why=\"%s\"", error->text);
	s->away = true; /* the watch asks again */
}

static void start_work(struct server *s)
{
	const struct gs_queue_worker worker = {.self = s, .held_max = places(s), .job = on_job, .stopped = on_stopped};
	struct gs_error error;

	enum gs_err err = gs_queue_work(s->queue, &worker, &error);
	if (err)
		end(s, err, &error);
}

/* --- what it says of itself --- */

static void on_told(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct server *s = self;

	(void)outcome;
	s->telling = false;
	if (err && !s->away)
		gs_log_line(s->options->log, GS_LOG_DEBUG, "worker.untold", "why=\"%s\"", error->text);
}

/* With a store of models: also those that no job has asked for yet. */
static void list_ready(struct server *s, bool look)
{
	struct gs_worker_status *status = &s->status;

	if (s->options->librarian)
		status->ready = gs_librarian_ready(s->options->librarian, status->model, GS_WORKER_MODELS_MAX);
	else if (gs_work_models(s->work, look, status->model, GS_WORKER_MODELS_MAX, &status->models))
		status->ready = status->models;
	status->models = status->ready < GS_WORKER_MODELS_MAX ? (size_t)status->ready : GS_WORKER_MODELS_MAX;
}

/* Readiness, and not only presence: which models it can execute, how fast it is. Whoever cannot hear it loses nothing. */
static void tell(struct server *s)
{
	const uint64_t now = now_us();
	struct gs_buf bytes;
	struct gs_error error;
	enum gs_err err;

	if (s->telling || s->away || (s->told_us && now < s->told_us + GS_WORKER_TELL_MS * UINT64_C(1000)))
		return;
	s->status.per_s = s->told_us ? (double)(s->counts.done - s->told_done) * 1e6 / (double)(now - s->told_us) : 0;
	s->told_us = now;
	s->told_done = s->counts.done;
	s->status.done = s->counts.done;
	s->status.late = s->counts.late;
	s->status.failed = s->counts.failed;
	list_ready(s, false);
	gs_buf_init(&bytes, GS_WORKER_STATUS_BYTES_MAX);
	err = gs_worker_status_encode(&s->status, gs_queue_worker_name(s->queue), s->options->key, &bytes, &error);
	if (!err)
		err = gs_queue_tell(s->queue, gs_buf_view(&bytes), on_told, s, &error);
	s->telling = !err;
	if (err)
		gs_log_line(s->options->log, GS_LOG_DEBUG, "worker.untold", "why=\"%s\"", error.text);
	gs_buf_free(&bytes);
}

/* Looks now and then whether it is over, and whether the server is back. */
static void on_watch(evutil_socket_t fd, short what, void *self)
{
	struct server *s = self;
	const struct gs_worker_options *o = s->options;

	(void)fd;
	(void)what;
	look_at_parked(s);
	if (s->holding == 0 && s->answers == 0 && o->idle_s && now_us() - s->idle_since_us >= o->idle_s * 1000000)
		rest(s);
	if (o->ending && *o->ending && !s->resting) {
		gs_log_line(o->log, GS_LOG_INFO, "worker.stopping", "held=%u", s->holding);
		rest(s);
	}
	if (s->away && !s->resting) {
		s->away = false;
		start_work(s);
	}
	if (!s->resting)
		tell(s);
}

/* --- putting it together --- */

static enum gs_err open_all(struct server *s, struct gs_error *error)
{
	const struct gs_worker_options *o = s->options;
	const struct gs_queue_options queue = {.url = o->queue,
	                                       .ca_file = o->ca_file,
	                                       .name = o->name,
	                                       .patience_ms = GS_WORKER_PATIENCE_MS,
	                                       .visibility_ms = GS_WORKER_VISIBILITY_MS,
	                                       .deliveries_max = GS_WORKER_DELIVERIES_MAX};
	const struct gs_model_supply supply = o->librarian ? gs_librarian_supply(o->librarian)
	                                                   : (struct gs_model_supply){.self = NULL};
	const struct gs_work_options work = {.models = o->models,
	                                     .supply = &supply,
	                                     .threads = o->threads,
	                                     .prepared_bytes = o->prepared_bytes,
	                                     .program_bytes = o->program_bytes,
	                                     .isa = o->isa,
	                                     .log = o->log};
	const struct timeval every = {0, WATCH_MS * 1000};
	enum gs_err err;
	int fd;

	s->base = event_base_new();
	if (!s->base)
		return gs_fail(error, GS_ENOMEM, "no event loop");
	err = gs_queue_open(s->base, &queue, &s->queue, error);
	if (!err)
		err = gs_work_open(&work, &s->work, &fd, error);
	if (err)
		return err;
	if (o->librarian)
		gs_librarian_watch(o->librarian, s->work);
	s->watch = event_new(s->base, -1, EV_PERSIST, on_watch, s);
	s->results = event_new(s->base, fd, EV_READ | EV_PERSIST, on_results, s);
	if (!s->watch || !s->results || event_add(s->watch, &every) || event_add(s->results, NULL))
		return gs_fail(error, GS_ENOMEM, "no memory");
	return GS_OK;
}

static void close_all(struct server *s)
{
	if (s->watch)
		event_free(s->watch);
	if (s->results)
		event_free(s->results);
	gs_librarian_stop(s->options->librarian); /* it looks at the work's models */
	gs_work_close(s->work);                   /* before the queue, whose jobs' bytes it may read */
	gs_queue_close(s->queue);
	if (s->base)
		event_base_free(s->base);
}

enum gs_err gs_worker_run(const struct gs_worker_options *options, struct gs_worker_counts *counts,
                          struct gs_error *error)
{
	struct server *s = calloc(1, sizeof(*s));
	char account[GS_ADDRESS_TEXT_MAX];
	enum gs_err err;

	if (!s)
		return gs_fail(error, GS_ENOMEM, "worker: no memory");
	s->options = options;
	err = open_all(s, error);
	if (!err) {
		gs_address_format(&options->key->address, account);
		gs_log_line(options->log, GS_LOG_INFO, "worker.started",
		            "queue=%s name=%s worker=%s key=%s threads=%u isa=%s law=%d", gs_queue_server(s->queue),
		            options->name, gs_queue_worker_name(s->queue), account, options->threads,
		            options->isa ? options->isa : gs_exec_isa(), GS_LAW_VERSION);
		snprintf(s->status.version, sizeof(s->status.version), "%s", options->version);
		snprintf(s->status.isa, sizeof(s->status.isa), "%s", options->isa ? options->isa : gs_exec_isa());
		s->status.law = GS_LAW_VERSION;
		s->status.threads = options->threads;
		/* New files are read when a job needs them; those that are there, now. */
		list_ready(s, true);
		s->idle_since_us = now_us();
		start_work(s);
	}
	/* What is in hand is ended properly. */
	while (!err && (!s->resting || s->holding || s->answers))
		if (event_base_loop(s->base, EVLOOP_ONCE) != 0)
			err = gs_fail(error, GS_EIO, "worker: the event loop has failed");
	if (!err && s->err)
		err = gs_fail(error, s->err, "%s", s->error.text);
	*counts = s->counts;
	close_all(s);
	free(s);
	return err;
}
