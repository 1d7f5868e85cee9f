#include "validator/daemon/chain_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FAILURES_TO_SWITCH = 3 }; /* looks in a row before another endpoint is tried */

struct item { /* a job, then its result */
	struct item *next;
	struct gs_node_effect effect;
	struct gs_chain_result result;
	size_t data_len;
	uint8_t data[];
};

struct list {
	struct item *first, *last;
};

struct gs_chain_thread {
	struct gs_chain_io *io;
	const struct gs_config *config;
	uint64_t failures;  /* in a row; the thread's own */
	size_t outstanding; /* the loop's own */
	pthread_t thread;
	int event_fd; /* to the loop: results wait */
	int stop_fd;  /* to the call under way: end */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping; /* guarded, as the lists are */
	struct list queue, done;
};

static void append(struct list *list, struct item *item)
{
	item->next = NULL;
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
}

static struct item *shift(struct list *list)
{
	struct item *item = list->first;

	if (!item)
		return NULL;
	list->first = item->next;
	if (!list->first)
		list->last = NULL;
	return item;
}

static void item_free(struct item *item)
{
	gs_chain_answer_free(&item->result.answer);
	free(item);
}

static void empty(struct list *list)
{
	for (struct item *item = shift(list); item; item = shift(list))
		item_free(item);
}

static void raise_fd(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* --- the thread's side --- */

/* Another endpoint, once this one has been silent for a while. */
static void try_another(struct gs_chain_thread *t)
{
	struct gs_session *session = t->io->session;
	struct gs_error why = {0};

	t->failures++;
	if (t->config->rpc.count < 2 || t->failures % FAILURES_TO_SWITCH)
		return;
	if (gs_session_switch(t->config, t->stop_fd, session, &why)) {
		gs_log_line(t->io->log, GS_LOG_ERROR, "rpc.none", "why=\"%s\"", why.text);
		return;
	}
	gs_log_line(t->io->log, GS_LOG_WARN, "rpc.switched", "endpoint=%s", gs_rpc_name(session->rpc));
}

static void look(struct gs_chain_thread *t, struct gs_chain_result *result)
{
	struct gs_chain_answer *answer = &result->answer;
	const bool newest = result->kind == GS_CHAIN_NEWEST;
	const struct gs_block_id id = newest ? gs_block_latest() : gs_block_at(result->number);

	answer->input.kind = GS_INPUT_HEADER;
	result->err = gs_chain_io_header(t->io, id, &answer->input.as.header, &answer->why);
	answer->answered = !result->err;
	if (newest && result->err)
		try_another(t);
	else if (newest)
		t->failures = 0;
}

static void look_for_final(struct gs_chain_thread *t, struct gs_chain_result *result)
{
	struct gs_chain_answer *answer = &result->answer;
	struct gs_head final;

	result->err = gs_chain_io_final(t->io, &final, &answer->why);
	answer->answered = !result->err;
	answer->input.kind = GS_INPUT_FINAL;
	answer->input.as.final.number = final.number;
	answer->input.as.final.hash = final.hash;
}

static void do_job(struct gs_chain_thread *t, struct item *item)
{
	switch (item->result.kind) {
	case GS_CHAIN_NEWEST:
	case GS_CHAIN_BLOCK: look(t, &item->result); break;
	case GS_CHAIN_FINAL: look_for_final(t, &item->result); break;
	case GS_CHAIN_RANGE:
		item->result.err = gs_chain_io_range(t->io, item->result.number, item->result.last,
		                                     &item->result.answer);
		break;
	case GS_CHAIN_EFFECT:
		gs_chain_io_do(t->io, &item->effect, (struct gs_bytes){item->data, item->data_len},
		               &item->result.answer);
		break;
	}
}

static void *run(void *self)
{
	struct gs_chain_thread *t = self;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping) {
		struct item *item = shift(&t->queue);
		if (!item) {
			pthread_cond_wait(&t->wake, &t->lock);
			continue;
		}
		pthread_mutex_unlock(&t->lock);
		do_job(t, item);
		pthread_mutex_lock(&t->lock);
		append(&t->done, item);
		raise_fd(t->event_fd);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* --- the loop's side --- */

enum gs_err gs_chain_thread_open(struct gs_chain_io *io, const struct gs_config *config, struct gs_chain_thread **out,
                                 int *event_fd, struct gs_error *error)
{
	struct gs_chain_thread *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return gs_fail(error, GS_ENOMEM, "chain thread: no memory");
	t->io = io;
	t->config = config;
	t->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	t->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->event_fd < 0 || t->stop_fd < 0)
		goto fail;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	gs_rpc_stop_on(io->session->rpc, t->stop_fd);
	if (pthread_create(&t->thread, NULL, run, t))
		goto fail;
	*out = t;
	*event_fd = t->event_fd;
	return GS_OK;
fail:
	gs_rpc_stop_on(io->session->rpc, -1);
	if (t->event_fd >= 0)
		close(t->event_fd);
	if (t->stop_fd >= 0)
		close(t->stop_fd);
	free(t);
	return gs_fail(error, GS_EIO, "chain thread: cannot be started: %s", strerror(errno));
}

void gs_chain_thread_close(struct gs_chain_thread *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	raise_fd(t->stop_fd);
	pthread_join(t->thread, NULL);
	gs_rpc_stop_on(t->io->session->rpc, -1);
	empty(&t->queue);
	empty(&t->done);
	close(t->event_fd);
	close(t->stop_fd);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	free(t);
}

enum gs_err gs_chain_thread_submit(struct gs_chain_thread *t, const struct gs_chain_job *job)
{
	struct item *item = malloc(sizeof(*item) + job->data.len);

	if (!item)
		return GS_ENOMEM;
	memset(item, 0, sizeof(*item));
	item->result.kind = job->kind;
	item->result.number = job->number;
	item->result.last = job->last;
	gs_chain_answer_init(&item->result.answer);
	item->effect = job->effect;
	item->data_len = job->data.len;
	if (job->data.len)
		memcpy(item->data, job->data.ptr, job->data.len);
	t->outstanding++;
	pthread_mutex_lock(&t->lock);
	append(&t->queue, item);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return GS_OK;
}

struct gs_chain_result *gs_chain_thread_take(struct gs_chain_thread *t)
{
	struct item *item;
	uint64_t count;

	if (read(t->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return NULL;
	pthread_mutex_lock(&t->lock);
	item = shift(&t->done);
	pthread_mutex_unlock(&t->lock);
	if (!item)
		return NULL;
	t->outstanding--;
	return &item->result;
}

void gs_chain_result_free(struct gs_chain_result *result)
{
	if (result)
		item_free((struct item *)((char *)result - offsetof(struct item, result)));
}

size_t gs_chain_thread_outstanding(const struct gs_chain_thread *t)
{
	return t->outstanding;
}
