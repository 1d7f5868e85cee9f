#include "validator/daemon/chain_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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
	size_t outstanding; /* the loop's own */
	pthread_t thread;
	int event_fd; /* to the loop: results wait */
	int job_fd;   /* to the thread: jobs wait, or it is to end */
	int stop_fd;  /* to the call under way: end */
	pthread_mutex_t lock;
	bool stopping; /* guarded, as all below is */
	bool head;     /* an endpoint has told of one */
	bool told;     /* and this is its header */
	struct gs_head told_head;
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

static void look(struct gs_chain_thread *t, struct gs_chain_result *result)
{
	struct gs_chain_answer *answer = &result->answer;
	const bool newest = result->kind == GS_CHAIN_NEWEST;
	const struct gs_block_id id = newest ? gs_block_latest() : gs_block_at(result->number);

	answer->input.kind = GS_INPUT_HEADER;
	result->err = gs_chain_io_header(t->io, id, &answer->input.as.header, &answer->why);
	if (newest && !result->err)
		gs_receipts_newest(t->io->receipts, &answer->input.as.header.hash);
	answer->answered = !result->err;
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

static void look_at_funds(struct gs_chain_thread *t, struct gs_chain_result *result)
{
	struct gs_chain_answer *answer = &result->answer;

	answer->input.kind = GS_INPUT_FUNDS;
	result->err = gs_chain_io_funds(t->io, &answer->input.as.funds, &answer->why);
	answer->answered = !result->err;
}

static bool is_watch(const struct item *item)
{
	return item->result.kind == GS_CHAIN_EFFECT && item->effect.kind == GS_EFFECT_WATCH;
}

/* The receipts that jobs wait for are asked for together. */
static void look_ahead(struct gs_chain_thread *t, const struct item *item)
{
	const struct gs_session *session = t->io->session;
	struct gs_receipt_look look[GS_RECEIPTS_MAX];
	size_t count = 0;

	pthread_mutex_lock(&t->lock);
	for (const struct item *i = item; i && count < GS_RECEIPTS_MAX; i = i == item ? t->queue.first : i->next)
		if (is_watch(i))
			look[count++] = (struct gs_receipt_look){i->effect.hash, i->effect.numbered, i->effect.nonce};
	pthread_mutex_unlock(&t->lock);
	if (count > 1)
		gs_receipts_look(t->io->receipts, session->rpc, &session->account, look, count);
}

static void do_job(struct gs_chain_thread *t, struct item *item)
{
	if (is_watch(item))
		look_ahead(t, item);
	switch (item->result.kind) {
	case GS_CHAIN_NEWEST:
	case GS_CHAIN_BLOCK: look(t, &item->result); break;
	case GS_CHAIN_FINAL: look_for_final(t, &item->result); break;
	case GS_CHAIN_FUNDS: look_at_funds(t, &item->result); break;
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

static void lower_fd(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void on_head(void *self, const struct gs_head *head)
{
	struct gs_chain_thread *t = self;

	pthread_mutex_lock(&t->lock);
	t->head = true;
	t->told = head != NULL;
	if (head)
		t->told_head = *head;
	pthread_mutex_unlock(&t->lock);
	if (head)
		gs_receipts_newest(t->io->receipts, &head->hash);
	raise_fd(t->event_fd);
}

static void *run(void *self)
{
	struct gs_chain_thread *t = self;
	struct gs_rpc *rpc = t->io->session->rpc;

	gs_rpc_watch_heads(rpc, on_head, t);
	pthread_mutex_lock(&t->lock);
	while (!t->stopping) {
		struct item *item = shift(&t->queue);
		pthread_mutex_unlock(&t->lock);
		if (item) {
			do_job(t, item);
		} else {
			gs_rpc_rest(rpc, t->job_fd);
			lower_fd(t->job_fd);
		}
		pthread_mutex_lock(&t->lock);
		if (item) {
			append(&t->done, item);
			raise_fd(t->event_fd);
		}
	}
	pthread_mutex_unlock(&t->lock);
	gs_rpc_watch_heads(rpc, NULL, NULL);
	return NULL;
}

/* --- the loop's side --- */

static void close_fds(struct gs_chain_thread *t)
{
	const int fds[] = {t->event_fd, t->job_fd, t->stop_fd};

	for (size_t i = 0; i < GS_ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

enum gs_err gs_chain_thread_open(struct gs_chain_io *io, struct gs_chain_thread **out, int *event_fd,
                                 struct gs_error *error)
{
	struct gs_chain_thread *t = calloc(1, sizeof(*t));
	int failure;

	*out = NULL;
	if (!t)
		return gs_fail(error, GS_ENOMEM, "chain thread: no memory");
	if (gs_receipts_new(&io->receipts, error)) {
		free(t);
		return GS_ENOMEM;
	}
	t->io = io;
	t->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	t->job_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	t->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->event_fd < 0 || t->job_fd < 0 || t->stop_fd < 0) {
		failure = errno;
		goto fail;
	}
	pthread_mutex_init(&t->lock, NULL);
	gs_rpc_stop_on(io->session->rpc, t->stop_fd);
	gs_remote_signer_stop_on(io->session->remote, t->stop_fd);
	failure = pthread_create(&t->thread, NULL, run, t);
	if (!failure) {
		*out = t;
		*event_fd = t->event_fd;
		return GS_OK;
	}
	gs_rpc_stop_on(io->session->rpc, -1);
	gs_remote_signer_stop_on(io->session->remote, -1);
fail:
	close_fds(t);
	gs_receipts_free(io->receipts);
	io->receipts = NULL;
	free(t);
	return gs_fail(error, GS_EIO, "chain thread: cannot be started: %s", strerror(failure));
}

void gs_chain_thread_close(struct gs_chain_thread *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_mutex_unlock(&t->lock);
	raise_fd(t->stop_fd);
	raise_fd(t->job_fd);
	pthread_join(t->thread, NULL);
	gs_rpc_stop_on(t->io->session->rpc, -1);
	gs_remote_signer_stop_on(t->io->session->remote, -1);
	empty(&t->queue);
	empty(&t->done);
	close_fds(t);
	gs_receipts_free(t->io->receipts);
	t->io->receipts = NULL;
	pthread_mutex_destroy(&t->lock);
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
	pthread_mutex_unlock(&t->lock);
	raise_fd(t->job_fd);
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

bool gs_chain_thread_head(struct gs_chain_thread *t, bool *told, struct gs_head *out)
{
	bool head;

	pthread_mutex_lock(&t->lock);
	head = t->head;
	t->head = false;
	*told = t->told;
	*out = t->told_head;
	pthread_mutex_unlock(&t->lock);
	return head;
}

size_t gs_chain_thread_outstanding(const struct gs_chain_thread *t)
{
	return t->outstanding;
}
