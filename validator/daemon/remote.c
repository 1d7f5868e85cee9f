#include "validator/daemon/remote.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "queue/queue.h"
#include "validator/daemon/worker.h"

enum {
	CALLS_MAX = 200, /* submissions under way: the queue's other calls find room beside them */
	TICK_MS = 100,
	READ_WAIT_MS = 1000,
};

struct result {
	struct result *next;
	struct gs_remote_result result;
};

struct job { /* that waits for the thread, then for its result */
	struct job *next;
	struct gs_remote *remote;
	struct gs_hash id;
	uint64_t deadline_ms;
	bool submitted;        /* a call of the queue's was made for it... */
	bool calling;          /* ...and its answer is still to come */
	struct result *result; /* room for it; NULL: it was told, and the job is freed with that answer */
	size_t len;
	uint8_t bytes[];
};

struct gs_remote {
	struct gs_remote_options options;
	pthread_t thread;
	bool running;
	int wake_fd;
	/* The thread's: */
	struct event_base *base;
	struct event *wake, *tick;
	struct gs_queue *queue;
	struct job *jobs;
	unsigned calls;
	bool reading, away;
	char place[GS_QUEUE_PLACE_MAX];
	/* Under the lock: */
	pthread_mutex_t lock;
	bool stopping;
	uint64_t away_until_ms;
	size_t count, size; /* jobs without a result that was taken, and their bytes */
	struct job *in, **in_end;
	struct result *out, **out_end;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void raise_fd(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* --- the thread: results --- */

static void job_free(struct job *job)
{
	free(job->result);
	free(job);
}

static void job_drop(struct gs_remote *r, struct job *job)
{
	struct job **at = &r->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job_free(job);
}

/* The job has its result. */
static void tell(struct gs_remote *r, struct job *job, struct gs_bytes answer, const char *reason)
{
	struct result *result = job->result;

	GS_ASSERT(result != NULL);
	job->result = NULL;
	result->result.id = job->id;
	result->result.answered = reason == NULL;
	if (answer.len > sizeof(result->result.bytes)) {
		result->result.answered = false;
		reason = "an answer that is too long";
	} else if (answer.len) {
		memcpy(result->result.bytes, answer.ptr, answer.len);
		result->result.len = answer.len;
	}
	snprintf(result->result.reason, sizeof(result->result.reason), "%s", reason ? reason : "");
	pthread_mutex_lock(&r->lock);
	*r->out_end = result;
	r->out_end = &result->next;
	r->count--;
	r->size -= job->len;
	pthread_mutex_unlock(&r->lock);
	raise_fd(r->options.event_fd);
	if (!job->calling)
		job_drop(r, job);
}

static void on_done(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	(void)self;
	(void)err;
	(void)outcome;
	(void)error;
	/* A result that was not forgotten is read again after a restart, and then forgotten; a job that was not cancelled is done for nothing. */
}

/* The connection is of no use now: all that is out is given back. */
static void lose(struct gs_remote *r, const struct gs_error *why)
{
	struct job *next;

	if (!r->away)
		gs_log_line(r->options.log, GS_LOG_WARN, "queue.away", "why=\"%s\"", why->text);
	r->away = true;
	pthread_mutex_lock(&r->lock);
	r->away_until_ms = now_ms() + GS_REMOTE_AWAY_MS;
	pthread_mutex_unlock(&r->lock);
	for (struct job *job = r->jobs; job; job = next) {
		next = job->next;
		if (job->result)
			tell(r, job, (struct gs_bytes){NULL, 0}, why->text);
	}
}

static void is_back(struct gs_remote *r)
{
	if (r->away)
		gs_log_line(r->options.log, GS_LOG_INFO, "queue.back", "server=%s", gs_queue_server(r->queue));
	r->away = false;
}

static void read_on(struct gs_remote *r);

static void take_entry(struct gs_remote *r, const struct gs_queue_entry *entry)
{
	struct gs_hash id;
	struct gs_error error;
	struct job *next;
	char reason[GS_REMOTE_REASON_MAX];

	memcpy(r->place, entry->place, sizeof(r->place));
	snprintf(reason, sizeof(reason), "no worker could do it: %.*s",
	         (int)(entry->bytes.len < 200 ? entry->bytes.len : 200), (const char *)entry->bytes.ptr);
	const bool known = gs_hex_decode(entry->id, strlen(entry->id), id.b, sizeof(id.b)) == GS_OK;
	for (struct job *job = r->jobs; known && job; job = next) {
		next = job->next;
		if (job->result && job->submitted && gs_hash_equal(&job->id, &id))
			tell(r, job, entry->aside ? (struct gs_bytes){NULL, 0} : entry->bytes,
			     entry->aside ? reason : NULL);
	}
	/* It is in memory now, and after a crash the job is asked for anew. Nobody else reads this queue's results. */
	enum gs_err err = gs_queue_forget(r->queue, entry->id, on_done, r, &error);
	if (!err && entry->aside)
		err = gs_queue_drop(r->queue, entry->id, on_done, r, &error);
	if (err)
		gs_log_line(r->options.log, GS_LOG_WARN, "queue.kept", "job=%s why=\"%s\"", entry->id, error.text);
}

static void on_entry(void *self, enum gs_err err, const struct gs_queue_entry *entry, const struct gs_error *error)
{
	struct gs_remote *r = self;

	r->reading = false;
	if (err) {
		lose(r, error);
		return;
	}
	is_back(r);
	if (entry)
		take_entry(r, entry);
	read_on(r);
}

static void read_on(struct gs_remote *r)
{
	struct gs_error error;

	if (r->reading || !r->jobs)
		return;
	r->reading = gs_queue_next_result(r->queue, r->place, READ_WAIT_MS, on_entry, r, &error) == GS_OK;
}

/* --- the thread: jobs --- */

static void pump(struct gs_remote *r);

static void on_submitted(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct job *job = self;
	struct gs_remote *r = job->remote;

	(void)outcome;
	r->calls--;
	job->calling = false;
	if (!job->result)
		job_drop(r, job);
	if (err)
		lose(r, error);
	else if (r->calls <= CALLS_MAX / 2)
		pump(r); /* as soon as there is room, and not only at the next tick */
}

/* Hands to the queue what it has room for. Results are asked for first: what waits to be submitted must not keep them out. */
static void pump(struct gs_remote *r)
{
	struct job *next;
	char text[GS_REMOTE_ID_TEXT_MAX];
	struct gs_error error;

	read_on(r);
	for (struct job *job = r->jobs; job && r->calls < CALLS_MAX; job = next) {
		next = job->next;
		if (job->submitted || !job->result)
			continue;
		gs_remote_id_text(&job->id, text);
		const enum gs_err err = gs_queue_submit(r->queue, text, (struct gs_bytes){job->bytes, job->len},
		                                        on_submitted, job, &error);
		if (err == GS_EAGAIN)
			break; /* the next answer, or the tick, tries again */
		if (err) {
			tell(r, job, (struct gs_bytes){NULL, 0}, error.text);
			continue;
		}
		job->submitted = job->calling = true;
		r->calls++;
	}
}

static void expire(struct gs_remote *r, struct job *job)
{
	char text[GS_REMOTE_ID_TEXT_MAX], reason[GS_REMOTE_REASON_MAX];
	struct gs_error error;

	gs_remote_id_text(&job->id, text);
	snprintf(reason, sizeof(reason), "no worker has answered within %llu s", (unsigned long long)r->options.wait_s);
	const enum gs_err err = job->submitted ? gs_queue_cancel(r->queue, text, on_done, r, &error) : GS_OK;
	if (err == GS_EAGAIN)
		return; /* too many calls are under way: the next tick tries again, so that it does not stay in the queue */
	if (err)
		gs_log_line(r->options.log, GS_LOG_WARN, "queue.kept", "job=%s why=\"%s\"", text, error.text);
	tell(r, job, (struct gs_bytes){NULL, 0}, reason);
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
	struct gs_remote *r = self;
	const struct timeval tick = {0, TICK_MS * 1000};
	const uint64_t now = now_ms();
	struct job *next;

	(void)fd;
	(void)what;
	for (struct job *job = r->jobs; job; job = next) {
		next = job->next;
		if (job->result && now >= job->deadline_ms)
			expire(r, job);
	}
	pump(r);
	if (r->jobs)
		event_add(r->tick, &tick);
}

static void on_wake(evutil_socket_t fd, short what, void *self)
{
	struct gs_remote *r = self;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&r->lock);
	const bool stopping = r->stopping;
	struct job *in = r->in;
	r->in = NULL;
	r->in_end = &r->in;
	pthread_mutex_unlock(&r->lock);
	struct job **end = &r->jobs;
	while (*end)
		end = &(*end)->next;
	*end = in;
	if (stopping)
		event_base_loopbreak(r->base);
	else
		on_tick(-1, 0, r);
}

static void *run(void *self)
{
	struct gs_remote *r = self;

	event_base_dispatch(r->base);
	return NULL;
}

/* --- the caller's side --- */

static enum gs_err start(struct gs_remote *r, struct gs_error *error)
{
	const struct gs_queue_options queue = {.url = r->options.queue,
	                                       .ca_file = r->options.ca_file,
	                                       .name = r->options.name,
	                                       .patience_ms = GS_REMOTE_PATIENCE_MS,
	                                       .visibility_ms = GS_WORKER_VISIBILITY_MS,
	                                       .deliveries_max = GS_WORKER_DELIVERIES_MAX};
	enum gs_err err;

	r->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->base = event_base_new();
	if (r->wake_fd < 0 || !r->base)
		return gs_fail(error, GS_ENOMEM, "workers: no event loop");
	err = gs_queue_open(r->base, &queue, &r->queue, error);
	if (err)
		return err;
	r->wake = event_new(r->base, r->wake_fd, EV_READ | EV_PERSIST, on_wake, r);
	r->tick = event_new(r->base, -1, 0, on_tick, r);
	if (!r->wake || !r->tick || event_add(r->wake, NULL))
		return gs_fail(error, GS_ENOMEM, "workers: no memory");
	if (pthread_create(&r->thread, NULL, run, r) != 0)
		return gs_fail(error, GS_EIO, "workers: no thread could be started");
	r->running = true;
	return GS_OK;
}

enum gs_err gs_remote_open(const struct gs_remote_options *options, struct gs_remote **out, struct gs_error *error)
{
	struct gs_remote *r = calloc(1, sizeof(*r));
	enum gs_err err;

	*out = NULL;
	if (!r)
		return gs_fail(error, GS_ENOMEM, "workers: no memory");
	r->options = *options;
	r->wake_fd = -1;
	r->in_end = &r->in;
	r->out_end = &r->out;
	pthread_mutex_init(&r->lock, NULL);
	err = start(r, error);
	if (err) {
		gs_remote_close(r);
		return err;
	}
	*out = r;
	return GS_OK;
}

static void jobs_free(struct job *job)
{
	while (job) {
		struct job *next = job->next;
		job_free(job);
		job = next;
	}
}

void gs_remote_close(struct gs_remote *r)
{
	struct gs_remote_result result;

	if (!r)
		return;
	if (r->running) {
		pthread_mutex_lock(&r->lock);
		r->stopping = true;
		pthread_mutex_unlock(&r->lock);
		raise_fd(r->wake_fd);
		pthread_join(r->thread, NULL);
	}
	if (r->wake)
		event_free(r->wake);
	if (r->tick)
		event_free(r->tick);
	gs_queue_close(r->queue);
	if (r->base)
		event_base_free(r->base);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	jobs_free(r->jobs);
	jobs_free(r->in);
	while (gs_remote_take(r, &result))
		;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

enum gs_err gs_remote_submit(struct gs_remote *r, const struct gs_hash *id, struct gs_bytes bytes)
{
	struct job *job = malloc(sizeof(*job) + bytes.len);
	const uint64_t now = now_ms();
	enum gs_err err = GS_OK;

	struct result *result = calloc(1, sizeof(*result));

	if (!job || !result) {
		free(job);
		free(result);
		return GS_ENOMEM;
	}
	*job = (struct job){.remote = r,
	                    .id = *id,
	                    .deadline_ms = now + r->options.wait_s * 1000,
	                    .result = result,
	                    .len = bytes.len};
	memcpy(job->bytes, bytes.ptr, bytes.len);
	pthread_mutex_lock(&r->lock);
	if (now < r->away_until_ms || r->count >= GS_REMOTE_JOBS_MAX || r->size + bytes.len > GS_REMOTE_BYTES_MAX) {
		err = GS_EAGAIN;
	} else {
		*r->in_end = job;
		r->in_end = &job->next;
		r->count++;
		r->size += bytes.len;
	}
	pthread_mutex_unlock(&r->lock);
	if (err)
		job_free(job);
	else
		raise_fd(r->wake_fd);
	return err;
}

bool gs_remote_take(struct gs_remote *r, struct gs_remote_result *out)
{
	pthread_mutex_lock(&r->lock);
	struct result *first = r->out;
	if (first) {
		r->out = first->next;
		if (!r->out)
			r->out_end = &r->out;
	}
	pthread_mutex_unlock(&r->lock);
	if (!first)
		return false;
	*out = first->result;
	free(first);
	return true;
}
