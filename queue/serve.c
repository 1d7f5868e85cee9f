/* The blocking worker: the loop runs here, jobs run on a second thread, so that heartbeats do not wait for them. */
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "queue/parts.h"
#include "queue/serve.h"
#include "queue/wait.h"

struct server {
	const struct gs_queue_service *service;
	struct gs_queue *queue;
	struct event_base *base;
	struct event *done, *watch;
	int done_fd;
	uint64_t taken, idle_since_ms;
	struct gs_queue_job *job; /* the thread's, until it has written to done_fd */
	unsigned answers;         /* still to come */
	bool over;
	enum gs_err err; /* why it is over */
	struct gs_error error;
	struct gs_queue_served served;
	pthread_t thread;
	/* The thread's work, given and taken back under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool given, leave;
	struct gs_buf result;
	enum gs_err job_err;
	struct gs_error job_error;
};

static void *thread_main(void *self)
{
	struct server *s = self;
	const uint64_t one = 1;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->given && !s->leave)
			pthread_cond_wait(&s->wake, &s->lock);
		if (s->leave)
			break;
		s->given = false;
		pthread_mutex_unlock(&s->lock);
		s->job_error.text[0] = '\0';
		s->job_err = s->service->run(s->service->self, s->job->id, s->job->payload, &s->result, &s->job_error);
		if (s->job_err == GS_OK && s->result.err != GS_OK)
			s->job_err = gs_fail(&s->job_error, s->result.err,
			                     "the result is too long, or there is no memory for it");
		pthread_mutex_lock(&s->lock);
		while (write(s->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void on_job(void *self, struct gs_queue_job *job)
{
	struct server *s = self;
	s->taken++;
	s->job = job;
	if (s->service->jobs_max != 0 && s->taken >= s->service->jobs_max)
		gs_queue_rest(s->queue);
	pthread_mutex_lock(&s->lock);
	s->result.len = 0;
	s->result.err = GS_OK;
	s->given = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void end(struct server *s, enum gs_err err, const struct gs_error *error)
{
	gs_queue_rest(s->queue);
	s->over = true;
	if (err != GS_OK && s->err == GS_OK) {
		s->err = err;
		s->error = *error;
	}
}

static void on_stopped(void *self, enum gs_err err, const struct gs_error *error)
{
	end(self, err, error);
}

static void on_given_back(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct server *s = self;
	s->answers--;
	if (err != GS_OK) {
		end(s, err, error);
		return;
	}
	switch (outcome) {
	case GS_QUEUE_LATE: s->served.late++; break;
	case GS_QUEUE_DONE:
	case GS_QUEUE_KNOWN:
	case GS_QUEUE_ASIDE:
	case GS_QUEUE_ABSENT: break;
	}
}

static bool hopeless(enum gs_err err)
{
	return err == GS_EPARSE || err == GS_EINVAL || err == GS_ELIMIT || err == GS_EUNSUPPORTED;
}

static void on_done(evutil_socket_t fd, short what, void *self)
{
	struct server *s = self;
	uint64_t count;
	struct gs_error error;
	struct gs_queue_job *job = s->job;
	(void)what;
	if (read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	pthread_mutex_lock(&s->lock); /* the thread has let go of the job, and waits */
	struct gs_bytes result = gs_buf_view(&s->result);
	pthread_mutex_unlock(&s->lock);
	s->job = NULL;
	s->idle_since_ms = gs_queue_now_ms();
	s->answers++;
	enum gs_err err;
	if (s->job_err == GS_OK) {
		s->served.done++;
		err = gs_queue_finish(s->queue, job, result, on_given_back, s, &error);
	} else {
		s->served.failed++;
		err = gs_queue_fail(s->queue, job, s->job_error.text, !hopeless(s->job_err), on_given_back, s, &error);
	}
	if (err != GS_OK) {
		s->answers--;
		end(s, err, &error);
	}
}

/* Looks now and then whether it is over. */
static void on_watch(evutil_socket_t fd, short what, void *self)
{
	struct server *s = self;
	(void)fd;
	(void)what;
	bool idle = s->service->idle_ms != 0 && s->job == NULL && s->answers == 0 &&
	            gs_queue_now_ms() - s->idle_since_ms >= s->service->idle_ms;
	bool enough = s->service->jobs_max != 0 && s->taken >= s->service->jobs_max && s->job == NULL &&
	              s->answers == 0;
	if (idle || enough || (s->service->ending != NULL && *s->service->ending))
		end(s, GS_OK, NULL);
}

static enum gs_err loop(struct server *s, struct gs_error *error)
{
	const struct gs_queue_worker worker = {
		.self = s, .held_max = 1, .job = on_job, .lost = NULL, .stopped = on_stopped};
	enum gs_err err = gs_queue_work(s->queue, &worker, error);
	if (err != GS_OK)
		return err;
	s->idle_since_ms = gs_queue_now_ms();
	/* What is under way is ended properly. */
	while (!s->over || s->job != NULL || s->answers > 0)
		if (event_base_loop(s->base, EVLOOP_ONCE) != 0)
			return gs_fail(error, GS_EIO, "the event loop has failed");
	return s->err == GS_OK ? GS_OK : gs_fail(error, s->err, "%s", s->error.text);
}

enum gs_err gs_queue_serve(struct gs_queue_client *client, const struct gs_queue_service *service,
                           struct gs_queue_served *served, struct gs_error *error)
{
	const struct timeval watch = {0, 20000};
	struct server s = {.service = service,
	                   .queue = gs_queue_client_queue(client),
	                   .base = gs_queue_client_base(client),
	                   .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	                   .lock = PTHREAD_MUTEX_INITIALIZER,
	                   .wake = PTHREAD_COND_INITIALIZER};
	bool started = false;
	enum gs_err err = GS_OK;
	gs_buf_init(&s.result, GS_QUEUE_BYTES_MAX);
	*served = s.served;
	if (s.done_fd >= 0) {
		s.done = event_new(s.base, s.done_fd, EV_READ | EV_PERSIST, on_done, &s);
		s.watch = event_new(s.base, -1, EV_PERSIST, on_watch, &s);
	}
	if (s.done == NULL || s.watch == NULL || event_add(s.done, NULL) != 0 || event_add(s.watch, &watch) != 0)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	else if (pthread_create(&s.thread, NULL, thread_main, &s) != 0)
		err = gs_fail(error, GS_EIO, "no thread can be started");
	else
		started = true;
	if (err == GS_OK)
		err = loop(&s, error);
	if (started) {
		pthread_mutex_lock(&s.lock);
		s.leave = true;
		pthread_cond_signal(&s.wake);
		pthread_mutex_unlock(&s.lock);
		(void)pthread_join(s.thread, NULL);
	}
	if (s.done != NULL)
		event_free(s.done);
	if (s.watch != NULL)
		event_free(s.watch);
	if (s.done_fd >= 0)
		close(s.done_fd);
	gs_buf_free(&s.result);
	*served = s.served;
	return err;
}
