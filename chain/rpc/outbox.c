#include "chain/rpc/outbox.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct gs_asked { /* who asked */
	struct gs_asked *next;
	struct entry *entry;
	gs_on_reply on_reply;
	void *self;
};

struct flight { /* a request under way */
	struct gs_outbox *box;
	size_t calls, open;
	bool learnt; /* that it had too many calls */
	bool good;   /* one of its answers came */
};

struct entry { /* a call */
	struct entry *next, *prev;
	struct gs_outbox *box;
	char method[GS_ENDPOINT_METHOD_MAX];
	json_t *params;
	bool alone;            /* it goes in a request of its own */
	bool ending;           /* its callbacks are running */
	struct flight *flight; /* NULL: it waits */
	struct gs_call *call;
	struct gs_asked *askers;
};

struct gs_outbox {
	struct gs_endpoint *endpoint;
	struct gs_limits *limits;
	struct event *kick; /* sends what waits */
	struct entry *first, *last;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- entries --- */

static void entry_add(struct entry *e)
{
	struct gs_outbox *box = e->box;

	e->prev = box->last;
	e->next = NULL;
	*(box->last ? &box->last->next : &box->first) = e;
	box->last = e;
}

static void entry_remove(struct entry *e)
{
	struct gs_outbox *box = e->box;

	*(e->prev ? &e->prev->next : &box->first) = e->next;
	*(e->next ? &e->next->prev : &box->last) = e->prev;
}

static void flight_left(struct flight *flight)
{
	if (--flight->open)
		return;
	if (flight->good && !flight->learnt)
		gs_limits_took_batch(flight->box->limits, flight->calls);
	free(flight);
}

static void entry_free(struct entry *e)
{
	while (e->askers) {
		struct gs_asked *asked = e->askers;
		e->askers = asked->next;
		free(asked);
	}
	json_decref(e->params);
	free(e);
}

/* Everybody who asked is told. */
static void entry_end(struct entry *e, const struct gs_reply *reply)
{
	entry_remove(e);
	e->ending = true;
	while (e->askers) {
		struct gs_asked *asked = e->askers;
		e->askers = asked->next;
		asked->on_reply(asked->self, reply);
		free(asked);
	}
	entry_free(e);
}

/* --- answers --- */

/* What a request of several calls was refused for, where that is a reason to make smaller ones. */
static bool learns(struct flight *flight, const struct gs_reply *reply, bool *alone)
{
	struct gs_limits *limits = flight->box->limits;
	uint64_t hint;
	const enum gs_limit_kind kind = gs_limit_recognise(reply->failure, &hint);
	const enum gs_rpc_failure_kind failure = reply->failure->kind;
	const bool too_many = kind == GS_LIMIT_BATCH;

	*alone = !too_many;
	if (!too_many && (!reply->whole || kind == GS_LIMIT_RATE))
		return false;
	/* It cannot be told from a fault of the line whether the request was too large: the next one is smaller. An endpoint that answers in
	 * disorder, or takes no array at all, may do better with single calls. Several that were too large are one refusal. */
	if (!flight->learnt && flight->calls <= limits->batch)
		gs_limits_refused(limits, GS_LIMIT_BATCH,
		                  too_many                                                ? hint
		                  : failure == GS_RPC_MALFORMED || failure == GS_RPC_HTTP ? 1
		                                                                          : 0,
		                  flight->calls, now_ms());
	flight->learnt = true;
	return failure != GS_RPC_TRANSPORT;
}

static void on_answer(void *self, const struct gs_reply *reply)
{
	struct entry *e = self;
	struct flight *flight = e->flight;
	bool alone = false;
	const bool again = reply->err && flight->calls > 1 && learns(flight, reply, &alone);

	flight->good = flight->good || !reply->err;
	e->flight = NULL;
	e->call = NULL;
	flight_left(flight);
	if (!again) {
		entry_end(e, reply);
		return;
	}
	e->alone = alone;
	event_active(e->box->kick, EV_TIMEOUT, 0);
}

/* --- sending --- */

static void could_not(struct entry *e, enum gs_err err, const struct gs_error *why)
{
	struct gs_rpc_failure failure = {0};
	const struct gs_reply reply = {.err = err, .failure = &failure, .why = why};

	gs_rpc_failure_set(&failure, GS_RPC_TRANSPORT, 0, err, "the call could not be made");
	entry_end(e, &reply);
}

/* A request of these calls. */
static void send_calls(struct gs_outbox *box, struct entry **e, size_t count)
{
	struct gs_batch_item item[GS_LIMITS_BATCH_MAX];
	struct gs_error why = {0};
	struct flight *flight = calloc(1, sizeof(*flight));
	enum gs_err err = flight ? GS_OK
	                         : gs_fail(&why, GS_ENOMEM, "%s: no memory for the request",
	                                   gs_endpoint_name(box->endpoint));

	for (size_t i = 0; i < count; i++)
		item[i] = (struct gs_batch_item){.method = e[i]->method,
		                                 .params = json_incref(e[i]->params),
		                                 .on_reply = on_answer,
		                                 .self = e[i]};
	if (!err && count == 1)
		err = gs_endpoint_call(box->endpoint, item[0].method, item[0].params, NULL, on_answer, e[0],
		                       &item[0].call, &why);
	else if (!err)
		err = gs_endpoint_batch(box->endpoint, item, count, NULL, &why);
	else
		for (size_t i = 0; i < count; i++)
			json_decref(item[i].params);
	if (err) {
		free(flight);
		for (size_t i = 0; i < count; i++)
			could_not(e[i], err, &why);
		return;
	}
	*flight = (struct flight){.box = box, .calls = count, .open = count};
	for (size_t i = 0; i < count; i++) {
		e[i]->flight = flight;
		e[i]->call = item[i].call;
	}
}

static void send_waiting(evutil_socket_t fd, short what, void *self)
{
	struct gs_outbox *box = self;
	struct entry *some[GS_LIMITS_BATCH_MAX];

	(void)fd;
	(void)what;
	for (;;) {
		size_t count = 0;
		for (struct entry *e = box->first; e && count < box->limits->batch; e = e->next) {
			if (e->flight || (count && e->alone))
				continue;
			some[count++] = e;
			if (e->alone)
				break;
		}
		if (!count)
			return;
		send_calls(box, some, count);
	}
}

/* --- asking --- */

enum gs_err gs_outbox_call(struct gs_outbox *box, const char *method, json_t *params, gs_on_reply on_reply, void *self,
                           struct gs_asked **out, struct gs_error *error)
{
	struct gs_asked *asked = malloc(sizeof(*asked)), **end;
	struct entry *e = box->first;

	*out = NULL;
	if (strlen(method) >= sizeof(e->method)) {
		free(asked);
		json_decref(params);
		return gs_fail(error, GS_EINVAL, "%s: the name of a method has more than %d bytes",
		               gs_endpoint_name(box->endpoint), GS_ENDPOINT_METHOD_MAX - 1);
	}
	while (e && (e->ending || strcmp(e->method, method) != 0 || !json_equal(e->params, params)))
		e = e->next;
	if (asked && !e && (e = calloc(1, sizeof(*e)))) {
		e->box = box;
		e->params = json_incref(params);
		snprintf(e->method, sizeof(e->method), "%s", method);
		entry_add(e);
		event_active(box->kick, EV_TIMEOUT, 0);
	}
	json_decref(params);
	if (!asked || !e) {
		free(asked);
		return gs_fail(error, GS_ENOMEM, "%s: no memory for the request", gs_endpoint_name(box->endpoint));
	}
	*asked = (struct gs_asked){.entry = e, .on_reply = on_reply, .self = self};
	for (end = &e->askers; *end; end = &(*end)->next)
		;
	*end = asked;
	*out = asked;
	return GS_OK;
}

static void entry_forget(struct entry *e)
{
	if (e->call)
		gs_call_cancel(e->call);
	if (e->flight)
		flight_left(e->flight);
	entry_remove(e);
	entry_free(e);
}

void gs_asked_cancel(struct gs_asked *asked)
{
	struct entry *e = asked->entry;
	struct gs_asked **at = &e->askers;

	while (*at != asked)
		at = &(*at)->next;
	*at = asked->next;
	free(asked);
	if (!e->askers && !e->ending)
		entry_forget(e);
}

/* --- life --- */

enum gs_err gs_outbox_open(struct event_base *base, struct gs_endpoint *endpoint, struct gs_limits *limits,
                           struct gs_outbox **out, struct gs_error *error)
{
	struct gs_outbox *box = calloc(1, sizeof(*box));

	*out = NULL;
	if (!box || !(box->kick = event_new(base, -1, 0, send_waiting, box))) {
		free(box);
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	}
	box->endpoint = endpoint;
	box->limits = limits;
	*out = box;
	return GS_OK;
}

void gs_outbox_close(struct gs_outbox *box)
{
	if (!box)
		return;
	for (struct entry *e = box->first, *next; e; e = next) {
		next = e->next;
		entry_forget(e);
	}
	event_free(box->kick);
	free(box);
}
