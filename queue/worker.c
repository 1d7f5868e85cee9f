#include "queue/parts.h"

#include <stdlib.h>
#include <string.h>

/* A worker asks in turn for what others have let lie, at least every second, and for what is new. One question is under way at a
 * time, on a connection of its own: an answer to XREADGROUP may be long in coming, and heartbeats must not wait behind it. */

enum { RECLAIM_MS = 1000, GROUPLESS_MAX = 3 };

static void held_free(struct gs_queue *queue, struct gs_queue_held *held)
{
	struct gs_queue_held **at = &queue->held;
	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	free(held->payload);
	free(held);
}

void gs_queue_release(struct gs_queue *queue, struct gs_queue_held *held)
{
	GS_ASSERT(held->queue == queue && !held->gone && queue->held_count > 0); /* a job is given back once */
	held->gone = true;
	queue->held_count--;
	if (!held->beating)
		held_free(queue, held);
	gs_queue_take(queue);
}

void gs_queue_worker_free(struct gs_queue *queue)
{
	while (queue->held != NULL)
		held_free(queue, queue->held);
}

static void stop(struct gs_queue *queue, enum gs_err err, const struct gs_error *error)
{
	queue->working = false;
	queue->worker.stopped(queue->worker.self, err, error);
}

/* ---- jobs come in ---- */

static bool holds(const struct gs_queue *queue, struct gs_bytes entry)
{
	for (const struct gs_queue_held *held = queue->held; held != NULL; held = held->next)
		if (!held->gone && strlen(held->entry) == entry.len && memcmp(held->entry, entry.ptr, entry.len) == 0)
			return true;
	return false;
}

static enum gs_err deliver(struct gs_queue *queue, struct gs_bytes entry, struct gs_bytes id, struct gs_bytes payload,
                           uint64_t deliveries, struct gs_error *error)
{
	/* One that is held still, and was silent too long for its own good: it is this worker's again. */
	if (entry.ptr != NULL && holds(queue, entry))
		return GS_OK;
	if (!queue->working)
		return GS_OK; /* nobody wants it here any more: another worker has it when it has been silent long enough */
	struct gs_queue_held *held = calloc(1, sizeof(*held));
	uint8_t *copy = malloc(payload.len > 0 ? payload.len : 1);
	if (held == NULL || copy == NULL) {
		free(held);
		free(copy);
		return gs_fail(error, GS_ENOMEM, "no memory for a job");
	}
	if (payload.ptr == NULL || payload.len > GS_QUEUE_BYTES_MAX ||
	    !gs_queue_copy(held->entry, sizeof(held->entry), entry) ||
	    !gs_queue_copy(held->job.id, sizeof(held->job.id), id)) {
		free(held);
		free(copy);
		return gs_reply_odd(queue->url.name, error);
	}
	memcpy(copy, payload.ptr, payload.len);
	held->queue = queue;
	held->payload = copy;
	held->job.payload = (struct gs_bytes){copy, payload.len};
	held->job.deliveries = deliveries;
	held->next = queue->held;
	queue->held = held;
	queue->held_count++;
	queue->worker.job(queue->worker.self, &held->job);
	return GS_OK;
}

static void answered(struct gs_queue *queue, enum gs_err err, const struct gs_error *error)
{
	queue->asked = false; /* not before: jobs of this answer may have been given back already */
	if (err != GS_OK && queue->working)
		stop(queue, err, error);
	gs_queue_take(queue);
}

/* {{entry, id, payload, deliveries}...} */
static void on_reclaimed(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error)
{
	struct gs_queue *queue = self;
	struct gs_error own;
	queue->reclaim_ms = gs_queue_now_ms() +
	                    (queue->visibility_ms / 4 < RECLAIM_MS ? queue->visibility_ms / 4 : RECLAIM_MS);
	if (err == GS_OK) {
		error = &own;
		err = gs_reply_check(reply, queue->url.name, &own);
		if (err == GS_OK && reply->type != REDIS_REPLY_ARRAY)
			err = gs_reply_odd(queue->url.name, &own);
		for (size_t i = 0; err == GS_OK && i < reply->elements; i++) {
			const redisReply *job = reply->element[i];
			long long deliveries = gs_reply_count(job, 3);
			err = deliver(queue, gs_reply_text(job, 0), gs_reply_text(job, 1), gs_reply_text(job, 2),
			              deliveries < 0 ? 0 : (uint64_t)deliveries, &own);
		}
	}
	answered(queue, err, error);
}

static void on_new(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error)
{
	struct gs_queue *queue = self;
	struct gs_error own;
	/* The stream is not there yet, or not any more. */
	bool gone = err == GS_OK && (gs_reply_is_error(reply, "NOGROUP") || gs_reply_is_error(reply, "UNBLOCKED"));
	if (gone && queue->groupless++ < GROUPLESS_MAX) {
		queue->reclaim_ms = 0; /* which makes the group */
		queue->asked = false;
		gs_queue_take(queue);
		return;
	}
	if (err == GS_OK && reply->type != REDIS_REPLY_NIL) {
		error = &own;
		err = gs_reply_check(reply, queue->url.name, &own);
		const redisReply *list = gs_queue_entries(reply);
		if (err == GS_OK && list == NULL)
			err = gs_reply_odd(queue->url.name, &own);
		for (size_t i = 0; err == GS_OK && list != NULL && i < list->elements; i++) {
			const redisReply *job = list->element[i];
			const redisReply *fields = job->type == REDIS_REPLY_ARRAY && job->elements == 2
			                                   ? job->element[1]
			                                   : job;
			err = deliver(queue, gs_reply_text(job, 0), gs_queue_field(fields, "id"),
			              gs_queue_field(fields, "payload"), 1, &own);
		}
	}
	if (err == GS_OK)
		queue->groupless = 0;
	answered(queue, err, error);
}

/* ---- asking ---- */

static enum gs_err ask_old(struct gs_queue *queue, unsigned count, struct gs_error *error)
{
	char visibility[GS_QUEUE_NUMBER_MAX], deliveries[GS_QUEUE_NUMBER_MAX], many[GS_QUEUE_NUMBER_MAX];
	struct gs_bytes arguments[] = {gs_queue_words(GS_QUEUE_GROUP), gs_queue_words(queue->worker_name),
	                               gs_queue_number(queue->visibility_ms, visibility),
	                               gs_queue_number(queue->deliveries_max, deliveries),
	                               gs_queue_number(count, many)};
	return gs_queue_eval(queue, queue->taking, gs_queue_script_reclaim, arguments, GS_ARRAY_LEN(arguments),
	                     on_reclaimed, queue, error);
}

static enum gs_err ask_new(struct gs_queue *queue, unsigned count, uint64_t now, struct gs_error *error)
{
	char many[GS_QUEUE_NUMBER_MAX], block[GS_QUEUE_NUMBER_MAX];
	uint64_t left = queue->reclaim_ms - now;
	uint32_t block_ms = left < GS_QUEUE_BLOCK_MS ? (uint32_t)left : GS_QUEUE_BLOCK_MS;
	struct gs_bytes words[] = {gs_queue_words("XREADGROUP"),
	                           gs_queue_words("GROUP"),
	                           gs_queue_words(GS_QUEUE_GROUP),
	                           gs_queue_words(queue->worker_name),
	                           gs_queue_words("COUNT"),
	                           gs_queue_number(count, many),
	                           gs_queue_words("BLOCK"),
	                           gs_queue_number(block_ms, block),
	                           gs_queue_words("STREAMS"),
	                           gs_queue_words(queue->key[GS_QUEUE_JOBS]),
	                           gs_queue_words(">")};
	return gs_link_send(queue->taking, words, GS_ARRAY_LEN(words), block_ms, on_new, queue, error);
}

void gs_queue_take(struct gs_queue *queue)
{
	uint64_t now = gs_queue_now_ms();
	struct gs_error error;
	if (!queue->working || queue->asked || queue->held_count >= queue->worker.held_max)
		return;
	unsigned count = queue->worker.held_max - queue->held_count;
	count = count < GS_QUEUE_TAKE_MAX ? count : GS_QUEUE_TAKE_MAX;
	queue->asked = true;
	enum gs_err err = now >= queue->reclaim_ms ? ask_old(queue, count, &error) : ask_new(queue, count, now, &error);
	if (err == GS_OK)
		return;
	queue->asked = false; /* the tick asks again */
	if (err != GS_EAGAIN)
		stop(queue, err, &error);
}

/* ---- heartbeats ---- */

static void on_beaten(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error)
{
	struct gs_queue_held *held = self;
	struct gs_queue *queue = held->queue;
	(void)error; /* a heartbeat that did not arrive is as if there had been none */
	held->beating = false;
	if (held->gone) {
		held_free(queue, held);
		return;
	}
	if (err != GS_OK || reply->type != REDIS_REPLY_INTEGER || reply->integer != 0 || held->lost)
		return;
	held->lost = true;
	if (queue->worker.lost != NULL)
		queue->worker.lost(queue->worker.self, &held->job);
}

static void beat(struct gs_queue *queue)
{
	for (struct gs_queue_held *held = queue->held; held != NULL; held = held->next) {
		struct gs_bytes arguments[] = {gs_queue_words(GS_QUEUE_GROUP), gs_queue_words(queue->worker_name),
		                               gs_queue_words(held->entry)};
		if (held->beating || held->lost || held->gone)
			continue;
		held->beating = gs_queue_eval(queue, queue->control, gs_queue_script_beat, arguments,
		                              GS_ARRAY_LEN(arguments), on_beaten, held, NULL) == GS_OK;
	}
}

void gs_queue_worker_tick(struct gs_queue *queue, uint64_t now)
{
	if (queue->held != NULL && now >= queue->beat_ms) {
		beat(queue);
		queue->beat_ms = now + queue->visibility_ms / 3;
	}
	gs_queue_take(queue);
}

enum gs_err gs_queue_work(struct gs_queue *queue, const struct gs_queue_worker *worker, struct gs_error *error)
{
	if (worker->held_max == 0 || worker->held_max > GS_QUEUE_HELD_MAX)
		return gs_fail(error, GS_EINVAL, "a worker holds 1 to %d jobs at once", GS_QUEUE_HELD_MAX);
	if (queue->working)
		return gs_fail(error, GS_EINVAL, "this worker is at work already");
	queue->worker = *worker;
	queue->working = true;
	queue->groupless = 0;
	gs_queue_tick_soon(queue);
	queue->reclaim_ms = 0; /* the first question makes the group, and asks for what others have left */
	return GS_OK;
}

void gs_queue_hold(struct gs_queue *queue, unsigned held_max)
{
	GS_ASSERT(held_max >= 1 && held_max <= GS_QUEUE_HELD_MAX);
	queue->worker.held_max = held_max;
	gs_queue_take(queue);
}

void gs_queue_rest(struct gs_queue *queue)
{
	queue->working = false;
}
