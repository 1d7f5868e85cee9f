#include "queue/parts.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum kind {
	KIND_SUBMIT,
	KIND_FINISH,
	KIND_FAIL,
	KIND_FORGET,
	KIND_COUNT,
	KIND_MEMBERS,
	KIND_READ_RESULT,
	KIND_READ_ASIDE
};

struct gs_queue_call {
	struct gs_queue_call *next, **at; /* at: what points to it */
	struct gs_queue *queue;
	enum kind kind;
	gs_queue_answer *answer;
	gs_queue_read *read;
	gs_queue_counted *counted;
	gs_queue_listed *listed;
	void *self;
	/* of a submission, which may have to wait for room */
	char id[GS_QUEUE_ID_MAX + 1];
	uint8_t *payload;
	size_t payload_len;
	uint64_t retry_ms; /* 0: it does not wait */
	uint32_t pause_ms;
};

static void on_reply(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error);

uint64_t gs_queue_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct gs_bytes gs_queue_words(const char *text)
{
	return (struct gs_bytes){(const uint8_t *)text, strlen(text)};
}

struct gs_bytes gs_queue_number(uint64_t value, char room[GS_QUEUE_NUMBER_MAX])
{
	int len = snprintf(room, GS_QUEUE_NUMBER_MAX, "%llu", (unsigned long long)value);
	return (struct gs_bytes){(const uint8_t *)room, (size_t)len};
}

bool gs_queue_copy(char *out, size_t room, struct gs_bytes from)
{
	if (from.ptr == NULL || from.len >= room || memchr(from.ptr, '\0', from.len) != NULL)
		return false;
	memcpy(out, from.ptr, from.len);
	out[from.len] = '\0';
	return true;
}

enum gs_err gs_queue_eval(struct gs_queue *queue, struct gs_link *link, const char *script,
                          const struct gs_bytes *arguments, unsigned count, gs_link_answer *answer, void *self,
                          struct gs_error *error)
{
	struct gs_bytes all[GS_LINK_ARGUMENTS_MAX];
	unsigned n = 0;
	GS_ASSERT(count + GS_QUEUE_KEYS + 3 <= GS_LINK_ARGUMENTS_MAX);
	all[n++] = gs_queue_words("EVAL");
	all[n++] = gs_queue_words(script);
	all[n++] = gs_queue_words("7");
	_Static_assert(GS_QUEUE_KEYS == 7, "the number above");
	for (unsigned k = 0; k < GS_QUEUE_KEYS; k++)
		all[n++] = gs_queue_words(queue->key[k]);
	for (unsigned i = 0; i < count; i++)
		all[n++] = arguments[i];
	return gs_link_send(link, all, n, 0, answer, self, error);
}

/* ---- opening ---- */

static bool name_good(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len <= GS_QUEUE_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static void make_worker_name(char out[GS_QUEUE_NAME_MAX + 1])
{
	char host[33] = "worker";
	uint8_t chance[6];
	char hex[2 * sizeof(chance) + 1];
	(void)gethostname(host, sizeof(host) - 1);
	for (char *at = host; *at != '\0'; at++)
		if (!name_good((char[]){*at, '\0'}))
			*at = '-';
	evutil_secure_rng_get_bytes(chance, sizeof(chance));
	gs_hex_encode(chance, sizeof(chance), false, hex);
	(void)snprintf(out, GS_QUEUE_NAME_MAX + 1, "%s-%ld-%s", host, (long)getpid(), hex);
}

static enum gs_err take_options(struct gs_queue *queue, const struct gs_queue_options *options, struct gs_error *error)
{
	static const char *const keys[GS_QUEUE_KEYS] = {"jobs",   "ids",     "results", "aside",
	                                                "errors", "workers", "clock"};
	enum gs_err err = gs_redis_url_read(options->url, &queue->url, error);
	if (err != GS_OK)
		return err;
	if (!name_good(options->name))
		return gs_fail(error, GS_EINVAL, "a queue's name has 1 to %d letters, digits, '.', '_' or '-'",
		               GS_QUEUE_NAME_MAX);
	if (options->worker != NULL && !name_good(options->worker))
		return gs_fail(error, GS_EINVAL, "a worker's name has 1 to %d letters, digits, '.', '_' or '-'",
		               GS_QUEUE_NAME_MAX);
	if (options->worker != NULL)
		(void)snprintf(queue->worker_name, sizeof(queue->worker_name), "%s", options->worker);
	else
		make_worker_name(queue->worker_name);
	for (unsigned k = 0; k < GS_QUEUE_KEYS; k++)
		(void)snprintf(queue->key[k], GS_QUEUE_KEY_MAX, "gainsay:{%s}:%s", options->name, keys[k]);
	queue->patience_ms = options->patience_ms ? options->patience_ms : GS_QUEUE_PATIENCE_MS;
	queue->visibility_ms = options->visibility_ms ? options->visibility_ms : GS_QUEUE_VISIBILITY_MS;
	queue->deliveries_max = options->deliveries_max ? options->deliveries_max : GS_QUEUE_DELIVERIES_MAX;
	queue->backlog_max = options->backlog_max ? options->backlog_max : GS_QUEUE_BACKLOG_MAX;
	queue->kept_max = options->kept_max ? options->kept_max : GS_QUEUE_KEPT_MAX;
	if (queue->visibility_ms < GS_QUEUE_VISIBILITY_LEAST_MS)
		return gs_fail(error, GS_EINVAL, "a worker that is silent for %u ms cannot count as dead: at least %d",
		               queue->visibility_ms, GS_QUEUE_VISIBILITY_LEAST_MS);
	return GS_OK;
}

static bool retry_full(struct gs_queue *queue, uint64_t now);

void gs_queue_tick_soon(struct gs_queue *queue)
{
	const struct timeval tick = {0, GS_QUEUE_TICK_MS * 1000};
	if (!event_pending(queue->tick, EV_TIMEOUT, NULL))
		(void)event_add(queue->tick, &tick);
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
	struct gs_queue *queue = self;
	uint64_t now = gs_queue_now_ms();
	(void)fd;
	(void)what;
	bool waiting = retry_full(queue, now);
	gs_queue_worker_tick(queue, now);
	if (waiting || queue->working || queue->held != NULL)
		gs_queue_tick_soon(queue);
}

enum gs_err gs_queue_open(struct event_base *base, const struct gs_queue_options *options, struct gs_queue **out,
                          struct gs_error *error)
{
	struct gs_queue *queue = calloc(1, sizeof(*queue));
	*out = NULL;
	if (queue == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	enum gs_err err = take_options(queue, options, error);
	struct gs_link_options link = {&queue->url, options->ca_file, queue->patience_ms};
	queue->base = base;
	if (err == GS_OK)
		err = gs_link_open(base, &link, &queue->control, error);
	if (err == GS_OK)
		err = gs_link_open(base, &link, &queue->taking, error);
	if (err == GS_OK)
		err = gs_link_open(base, &link, &queue->reading, error);
	if (err == GS_OK && (queue->tick = event_new(base, -1, 0, on_tick, queue)) == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	memset(queue->url.password, 0, sizeof(queue->url.password));
	if (err != GS_OK) {
		gs_queue_close(queue);
		return err;
	}
	*out = queue;
	return GS_OK;
}

static void call_free(struct gs_queue_call *call)
{
	call->queue->call_count--;
	*call->at = call->next;
	if (call->next != NULL)
		call->next->at = call->at;
	free(call->payload);
	free(call);
}

void gs_queue_close(struct gs_queue *queue)
{
	if (queue == NULL)
		return;
	gs_link_close(queue->control);
	gs_link_close(queue->taking);
	gs_link_close(queue->reading);
	if (queue->tick != NULL)
		event_free(queue->tick);
	for (struct gs_queue_call *call = queue->calls, *next; call != NULL; call = next) {
		next = call->next;
		free(call->payload);
		free(call);
	}
	gs_queue_worker_free(queue);
	free(queue);
}

const char *gs_queue_server(const struct gs_queue *queue)
{
	return queue->url.name;
}

const char *gs_queue_worker_name(const struct gs_queue *queue)
{
	return queue->worker_name;
}

/* ---- calls ---- */

/* NULL: *err and *error say why. */
static struct gs_queue_call *call_new(struct gs_queue *queue, enum kind kind, enum gs_err *err, struct gs_error *error)
{
	struct gs_queue_call *call = NULL;
	*err = GS_OK;
	if (queue->call_count >= GS_QUEUE_CALLS_MAX)
		*err = gs_fail(error, GS_EAGAIN, "%s: %d calls wait for answers: try again later", queue->url.name,
		               GS_QUEUE_CALLS_MAX);
	else if ((call = calloc(1, sizeof(*call))) == NULL)
		*err = gs_fail(error, GS_ENOMEM, "no memory");
	if (call == NULL)
		return NULL;
	call->queue = queue;
	call->kind = kind;
	call->next = queue->calls;
	call->at = &queue->calls;
	if (call->next != NULL)
		call->next->at = &call->next;
	queue->calls = call;
	queue->call_count++;
	return call;
}

static enum gs_err check_id(const char *id, struct gs_error *error)
{
	size_t len = strlen(id);
	if (len == 0 || len > GS_QUEUE_ID_MAX)
		return gs_fail(error, GS_EINVAL, "a job's id has 1 to %d bytes", GS_QUEUE_ID_MAX);
	return GS_OK;
}

static enum gs_err check_bytes(struct gs_bytes bytes, const char *what, struct gs_error *error)
{
	if (bytes.len > GS_QUEUE_BYTES_MAX)
		return gs_fail(error, GS_ELIMIT, "a job's %s has at most %d bytes, not %zu", what, GS_QUEUE_BYTES_MAX,
		               bytes.len);
	return GS_OK;
}

static enum gs_err send_submit(struct gs_queue_call *call, struct gs_error *error)
{
	struct gs_queue *queue = call->queue;
	char backlog[GS_QUEUE_NUMBER_MAX], kept[GS_QUEUE_NUMBER_MAX];
	struct gs_bytes arguments[] = {gs_queue_words(call->id),
	                               {call->payload, call->payload_len},
	                               gs_queue_number(queue->backlog_max, backlog),
	                               gs_queue_number(queue->kept_max, kept)};
	call->retry_ms = 0;
	return gs_queue_eval(queue, queue->control, gs_queue_script_submit, arguments, GS_ARRAY_LEN(arguments),
	                     on_reply, call, error);
}

enum gs_err gs_queue_submit(struct gs_queue *queue, const char *id, struct gs_bytes payload, gs_queue_answer *answer,
                            void *self, struct gs_error *error)
{
	enum gs_err err = check_id(id, error);
	if (err == GS_OK)
		err = check_bytes(payload, "payload", error);
	struct gs_queue_call *call = err == GS_OK ? call_new(queue, KIND_SUBMIT, &err, error) : NULL;
	if (call == NULL)
		return err;
	call->answer = answer;
	call->self = self;
	call->pause_ms = GS_QUEUE_ROOM_MS;
	(void)snprintf(call->id, sizeof(call->id), "%s", id);
	call->payload = malloc(payload.len > 0 ? payload.len : 1);
	if (call->payload == NULL)
		err = gs_fail(error, GS_ENOMEM, "no memory");
	else if (payload.len > 0)
		memcpy(call->payload, payload.ptr, payload.len);
	call->payload_len = payload.len;
	if (err == GS_OK)
		err = send_submit(call, error);
	if (err != GS_OK)
		call_free(call);
	return err;
}

/* Whether somebody waits for room. */
static bool retry_full(struct gs_queue *queue, uint64_t now)
{
	struct gs_queue_call *call, *next;
	struct gs_error error;
	bool waiting = false;
	for (call = queue->calls; call != NULL; call = next) {
		next = call->next;
		if (call->retry_ms != 0 && now >= call->retry_ms && send_submit(call, &error) != GS_OK)
			call->retry_ms = now + call->pause_ms; /* too much is under way just now */
		waiting = waiting || call->retry_ms != 0;
	}
	return waiting;
}

/* Sends a script about one job; the call is gone when that fails. */
static enum gs_err send_simple(struct gs_queue_call *call, const char *script, const struct gs_bytes *arguments,
                               unsigned count, gs_queue_answer *answer, void *self, struct gs_error *error)
{
	call->answer = answer;
	call->self = self;
	enum gs_err err = gs_queue_eval(call->queue, call->queue->control, script, arguments, count, on_reply, call,
	                                error);
	if (err != GS_OK)
		call_free(call);
	return err;
}

enum gs_err gs_queue_finish(struct gs_queue *queue, struct gs_queue_job *job, struct gs_bytes result,
                            gs_queue_answer *answer, void *self, struct gs_error *error)
{
	struct gs_queue_held *held = (struct gs_queue_held *)job;
	struct gs_bytes arguments[] = {gs_queue_words(GS_QUEUE_GROUP), gs_queue_words(queue->worker_name),
	                               gs_queue_words(held->entry), gs_queue_words(job->id), result};
	enum gs_err err = check_bytes(result, "result", error);
	struct gs_queue_call *call = err == GS_OK ? call_new(queue, KIND_FINISH, &err, error) : NULL;
	if (call != NULL)
		err = send_simple(call, gs_queue_script_finish, arguments, GS_ARRAY_LEN(arguments), answer, self,
		                  error);
	gs_queue_release(queue, held);
	return err;
}

enum gs_err gs_queue_fail(struct gs_queue *queue, struct gs_queue_job *job, const char *why, bool again,
                          gs_queue_answer *answer, void *self, struct gs_error *error)
{
	struct gs_queue_held *held = (struct gs_queue_held *)job;
	enum gs_err err;
	char visibility[GS_QUEUE_NUMBER_MAX], deliveries[GS_QUEUE_NUMBER_MAX];
	struct gs_bytes text = {(const uint8_t *)why, strnlen(why, GS_QUEUE_ERROR_MAX)};
	struct gs_bytes arguments[] = {gs_queue_words(GS_QUEUE_GROUP),
	                               gs_queue_words(queue->worker_name),
	                               gs_queue_words(held->entry),
	                               gs_queue_words(job->id),
	                               text,
	                               gs_queue_number(queue->visibility_ms, visibility),
	                               gs_queue_number(again ? queue->deliveries_max : 0, deliveries)};
	struct gs_queue_call *call = call_new(queue, KIND_FAIL, &err, error);
	if (call != NULL)
		err = send_simple(call, gs_queue_script_fail, arguments, GS_ARRAY_LEN(arguments), answer, self, error);
	gs_queue_release(queue, held);
	return err;
}

static enum gs_err about_id(struct gs_queue *queue, const char *script, const char *id, gs_queue_answer *answer,
                            void *self, struct gs_error *error)
{
	struct gs_bytes argument = gs_queue_words(id);
	enum gs_err err = check_id(id, error);
	struct gs_queue_call *call = err == GS_OK ? call_new(queue, KIND_FORGET, &err, error) : NULL;
	return call == NULL ? err : send_simple(call, script, &argument, 1, answer, self, error);
}

enum gs_err gs_queue_forget(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                            struct gs_error *error)
{
	return about_id(queue, gs_queue_script_forget, id, answer, self, error);
}

enum gs_err gs_queue_revive(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                            struct gs_error *error)
{
	return about_id(queue, gs_queue_script_revive, id, answer, self, error);
}

enum gs_err gs_queue_drop(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                          struct gs_error *error)
{
	return about_id(queue, gs_queue_script_drop, id, answer, self, error);
}

enum gs_err gs_queue_cancel(struct gs_queue *queue, const char *id, gs_queue_answer *answer, void *self,
                            struct gs_error *error)
{
	return about_id(queue, gs_queue_script_cancel, id, answer, self, error);
}

enum gs_err gs_queue_count(struct gs_queue *queue, gs_queue_counted *counted, void *self, struct gs_error *error)
{
	struct gs_bytes group = gs_queue_words(GS_QUEUE_GROUP);
	enum gs_err err;
	struct gs_queue_call *call = call_new(queue, KIND_COUNT, &err, error);
	if (call == NULL)
		return err;
	call->counted = counted;
	return send_simple(call, gs_queue_script_counts, &group, 1, NULL, self, error);
}

enum gs_err gs_queue_tell(struct gs_queue *queue, struct gs_bytes says, gs_queue_answer *answer, void *self,
                          struct gs_error *error)
{
	struct gs_bytes arguments[] = {gs_queue_words(queue->worker_name), says};
	enum gs_err err;
	if (says.len > GS_QUEUE_SAYS_MAX)
		return gs_fail(error, GS_ELIMIT, "a worker says at most %d bytes of itself, not %zu", GS_QUEUE_SAYS_MAX,
		               says.len);
	struct gs_queue_call *call = call_new(queue, KIND_FORGET, &err, error); /* 1 is an answer to both */
	return call ? send_simple(call, gs_queue_script_tell, arguments, GS_ARRAY_LEN(arguments), answer, self, error)
	            : err;
}

enum gs_err gs_queue_members(struct gs_queue *queue, gs_queue_listed *listed, void *self, struct gs_error *error)
{
	struct gs_bytes group = gs_queue_words(GS_QUEUE_GROUP);
	enum gs_err err;
	struct gs_queue_call *call = call_new(queue, KIND_MEMBERS, &err, error);
	if (call == NULL)
		return err;
	call->listed = listed;
	return send_simple(call, gs_queue_script_members, &group, 1, NULL, self, error);
}

/* ---- reading ---- */

static bool place_good(const char *place)
{
	return strlen(place) < GS_QUEUE_PLACE_MAX && strspn(place, "0123456789-") == strlen(place);
}

enum gs_err gs_queue_next_result(struct gs_queue *queue, const char *place, uint32_t wait_ms, gs_queue_read *read,
                                 void *self, struct gs_error *error)
{
	char wait[GS_QUEUE_NUMBER_MAX];
	struct gs_bytes words[] = {
		gs_queue_words("XREAD"),
		gs_queue_words("COUNT"),
		gs_queue_words("1"),
		gs_queue_words("STREAMS"),
		gs_queue_words(queue->key[GS_QUEUE_RESULTS]),
		gs_queue_words(*place ? place : "0-0"),
	};
	struct gs_bytes waiting[] = {
		words[0], words[1], words[2], gs_queue_words("BLOCK"), gs_queue_number(wait_ms, wait),
		words[3], words[4], words[5]};
	if (!place_good(place))
		return gs_fail(error, GS_EINVAL, "this is no place among the results");
	enum gs_err err;
	struct gs_queue_call *call = call_new(queue, KIND_READ_RESULT, &err, error);
	if (call == NULL)
		return err;
	call->read = read;
	call->self = self;
	err = wait_ms > 0 ? gs_link_send(queue->reading, waiting, GS_ARRAY_LEN(waiting), wait_ms, on_reply, call, error)
	                  : gs_link_send(queue->reading, words, GS_ARRAY_LEN(words), 0, on_reply, call, error);
	if (err != GS_OK)
		call_free(call);
	return err;
}

enum gs_err gs_queue_next_aside(struct gs_queue *queue, const char *place, gs_queue_read *read, void *self,
                                struct gs_error *error)
{
	char from[GS_QUEUE_PLACE_MAX + 1];
	(void)snprintf(from, sizeof(from), *place ? "(%s" : "-", place);
	struct gs_bytes words[] = {gs_queue_words("XRANGE"), gs_queue_words(queue->key[GS_QUEUE_AWAY]),
	                           gs_queue_words(from),     gs_queue_words("+"),
	                           gs_queue_words("COUNT"),  gs_queue_words("1")};
	if (!place_good(place))
		return gs_fail(error, GS_EINVAL, "this is no place among the jobs put aside");
	enum gs_err err;
	struct gs_queue_call *call = call_new(queue, KIND_READ_ASIDE, &err, error);
	if (call == NULL)
		return err;
	call->read = read;
	call->self = self;
	if ((err = gs_link_send(queue->control, words, GS_ARRAY_LEN(words), 0, on_reply, call, error)) != GS_OK)
		call_free(call);
	return err;
}

const redisReply *gs_queue_entries(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 || reply->element[0]->type != REDIS_REPLY_ARRAY ||
	    reply->element[0]->elements != 2 || reply->element[0]->element[1]->type != REDIS_REPLY_ARRAY)
		return NULL;
	return reply->element[0]->element[1];
}

struct gs_bytes gs_queue_field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2) {
		struct gs_bytes have = gs_reply_text(fields, i);
		if (have.len == strlen(name) && memcmp(have.ptr, name, have.len) == 0)
			return gs_reply_text(fields, i + 1);
	}
	return (struct gs_bytes){NULL, 0};
}

/* {place, {name, value...}} */
static bool read_entry(const redisReply *item, bool of_results, struct gs_queue_entry *out)
{
	char number[GS_QUEUE_NUMBER_MAX] = "0";
	memset(out, 0, sizeof(*out));
	if (item->type != REDIS_REPLY_ARRAY || item->elements != 2)
		return false;
	const redisReply *fields = item->element[1];
	struct gs_bytes kind = gs_queue_field(fields, "kind");
	out->bytes = gs_queue_field(fields, of_results ? "bytes" : "error");
	out->payload = gs_queue_field(fields, "payload");
	out->aside = !of_results || (kind.len == 5 && memcmp(kind.ptr, "aside", 5) == 0);
	bool counted = of_results || gs_queue_copy(number, sizeof(number), gs_queue_field(fields, "deliveries"));
	out->deliveries = strtoull(number, NULL, 10);
	return counted && out->bytes.ptr != NULL && (of_results || out->payload.ptr != NULL) &&
	       gs_queue_copy(out->place, sizeof(out->place), gs_reply_text(item, 0)) &&
	       gs_queue_copy(out->id, sizeof(out->id), gs_queue_field(fields, "id")) &&
	       gs_queue_copy(out->worker, sizeof(out->worker), gs_queue_field(fields, "worker"));
}

static void on_read(const struct gs_queue_call *call, const redisReply *reply)
{
	bool of_results = call->kind == KIND_READ_RESULT;
	const redisReply *list = of_results ? gs_queue_entries(reply) : reply;
	struct gs_queue_entry entry;
	struct gs_error error;
	if (reply->type == REDIS_REPLY_NIL || (list != NULL && list->type == REDIS_REPLY_ARRAY && list->elements == 0))
		call->read(call->self, GS_OK, NULL, NULL);
	else if (list == NULL || list->type != REDIS_REPLY_ARRAY || !read_entry(list->element[0], of_results, &entry))
		call->read(call->self, gs_reply_odd(call->queue->url.name, &error), NULL, &error);
	else
		call->read(call->self, GS_OK, &entry, NULL);
}

/* ---- answers ---- */

static void end(const struct gs_queue_call *call, enum gs_err err, enum gs_queue_outcome outcome,
                const struct gs_error *error)
{
	switch (call->kind) {
	case KIND_SUBMIT:
	case KIND_FINISH:
	case KIND_FAIL:
	case KIND_FORGET: call->answer(call->self, err, outcome, error); break;
	case KIND_COUNT: call->counted(call->self, err, NULL, error); break;
	case KIND_MEMBERS: call->listed(call->self, err, NULL, 0, error); break;
	case KIND_READ_RESULT:
	case KIND_READ_ASIDE: call->read(call->self, err, NULL, error); break;
	}
}

static bool says(struct gs_bytes text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

/* What a script's answer means; false when it is none of those that it may give. */
static bool outcome_of(const redisReply *reply, enum kind kind, enum gs_queue_outcome *out)
{
	struct gs_bytes text = {NULL, 0};
	if (reply->type == REDIS_REPLY_STRING)
		text = (struct gs_bytes){(const uint8_t *)reply->str, (size_t)reply->len};
	else if (kind == KIND_SUBMIT)
		text = gs_reply_text(reply, 0);
	*out = GS_QUEUE_DONE;
	if (kind == KIND_FORGET) {
		*out = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1 ? GS_QUEUE_DONE : GS_QUEUE_ABSENT;
		return reply->type == REDIS_REPLY_INTEGER;
	}
	if (says(text, "known"))
		*out = GS_QUEUE_KNOWN;
	else if (says(text, "late"))
		*out = GS_QUEUE_LATE;
	else if (says(text, "aside"))
		*out = GS_QUEUE_ASIDE;
	else
		return says(text, "new") || says(text, "stored") || says(text, "again");
	return true;
}

static void on_count(const struct gs_queue_call *call, const redisReply *reply)
{
	long long n[5];
	struct gs_error error;
	for (unsigned i = 0; i < 5; i++) {
		n[i] = gs_reply_count(reply, i);
		if (n[i] < 0) {
			call->counted(call->self, gs_reply_odd(call->queue->url.name, &error), NULL, &error);
			return;
		}
	}
	struct gs_queue_counts counts = {(uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2], (uint64_t)n[3],
	                                 (uint64_t)n[4]};
	call->counted(call->self, GS_OK, &counts, NULL);
}

static enum gs_err read_members(const redisReply *reply, const char *server, struct gs_queue_member *out,
                                struct gs_error *error)
{
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *item = reply->element[i];
		const long long held = gs_reply_count(item, 1), silent = gs_reply_count(item, 2);
		out[i].says = gs_reply_text(item, 3);
		if (held < 0 || silent < 0 || !out[i].says.ptr ||
		    !gs_queue_copy(out[i].name, sizeof(out[i].name), gs_reply_text(item, 0)))
			return gs_reply_odd(server, error);
		out[i].held = (uint64_t)held;
		out[i].silent_ms = (uint64_t)silent;
	}
	return GS_OK;
}

static void on_members(const struct gs_queue_call *call, const redisReply *reply)
{
	struct gs_queue_member *members = NULL;
	struct gs_error error;
	enum gs_err err = GS_OK;
	if (reply->type != REDIS_REPLY_ARRAY)
		err = gs_reply_odd(call->queue->url.name, &error);
	else if (reply->elements > GS_QUEUE_MEMBERS_MAX)
		err = gs_fail(&error, GS_ELIMIT, "%s: more than %d workers", call->queue->url.name,
		              GS_QUEUE_MEMBERS_MAX);
	else if ((members = calloc(reply->elements + 1, sizeof(*members))) == NULL)
		err = gs_fail(&error, GS_ENOMEM, "no memory");
	else
		err = read_members(reply, call->queue->url.name, members, &error);
	call->listed(call->self, err, err ? NULL : members, err ? 0 : reply->elements, &error);
	free(members);
}

static void on_reply(void *self, const redisReply *reply, enum gs_err err, const struct gs_error *error)
{
	struct gs_queue_call *call = self;
	struct gs_error refused;
	enum gs_queue_outcome outcome = GS_QUEUE_DONE;
	if (err == GS_OK && (err = gs_reply_check(reply, call->queue->url.name, &refused)) != GS_OK)
		error = &refused;
	struct gs_bytes first = err == GS_OK && call->kind == KIND_SUBMIT ? gs_reply_text(reply, 0)
	                                                                  : gs_queue_words("");
	if (says(first, "full") || says(first, "kept")) {
		call->retry_ms = gs_queue_now_ms() + call->pause_ms;
		call->pause_ms = call->pause_ms * 2 < GS_QUEUE_ROOM_MAX_MS ? call->pause_ms * 2 : GS_QUEUE_ROOM_MAX_MS;
		gs_queue_tick_soon(call->queue);
		return;
	}
	if (err != GS_OK) {
		end(call, err, outcome, error);
	} else if (call->kind == KIND_COUNT) {
		on_count(call, reply);
	} else if (call->kind == KIND_MEMBERS) {
		on_members(call, reply);
	} else if (call->kind == KIND_READ_RESULT || call->kind == KIND_READ_ASIDE) {
		on_read(call, reply);
	} else if (outcome_of(reply, call->kind, &outcome)) {
		end(call, GS_OK, outcome, NULL);
	} else {
		err = gs_reply_odd(call->queue->url.name, &refused);
		end(call, err, outcome, &refused);
	}
	call_free(call);
}
