/* The queue of an endpoint: ids, limits, what a transfer's end means for its calls. */
#include "chain/rpc/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/rpc/jsonrpc.h"
#include "chain/rpc/transfer.h"

double gs_transfer_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* --- lists --- */

static void list_add(struct gs_transfer_list *list, struct gs_transfer *t)
{
	t->prev = list->last;
	t->next = NULL;
	*(list->last ? &list->last->next : &list->first) = t;
	list->last = t;
	list->count++;
}

static void list_remove(struct gs_transfer_list *list, struct gs_transfer *t)
{
	*(t->prev ? &t->prev->next : &list->first) = t->next;
	*(t->next ? &t->next->prev : &list->last) = t->prev;
	t->next = t->prev = NULL;
	list->count--;
}

static void transfer_free(struct gs_transfer *t)
{
	free(t->body);
	free(t);
}

static void unlist(struct gs_transfer *t)
{
	list_remove(t->started ? &t->ep->under_way : &t->ep->waiting, t);
}

/* --- life --- */

static void endpoint_free(struct gs_endpoint *ep)
{
	if (ep->kick)
		event_free(ep->kick);
	gs_header_lines_free(&ep->headers);
	free((char *)ep->options.ca_file);
	free((char *)ep->options.client_cert_file);
	free((char *)ep->options.client_key_file);
	free((char *)ep->options.proxy);
	free(ep->url);
	free(ep);
}

void gs_endpoint_enter(struct gs_endpoint *ep)
{
	ep->inside++;
}

bool gs_endpoint_leave(struct gs_endpoint *ep)
{
	GS_ASSERT(ep->inside > 0);
	if (--ep->inside > 0 || !ep->closed)
		return !ep->closed;
	endpoint_free(ep);
	return false;
}

/* Ends one call: the only place where a reply is given. */
static void reply(struct gs_call *call, enum gs_err err, const struct gs_rpc_failure *failure, json_t *result,
                  bool whole)
{
	struct gs_transfer *t = call->transfer;
	struct gs_error why = {0};
	if (call->ended)
		return;
	call->ended = true;
	t->open--;
	t->ep->calls--;
	if (err != GS_OK)
		gs_fail(&why, err, "%s: %s", t->ep->name, failure->message);
	const struct gs_reply r = {.err = err,
	                           .failure = failure,
	                           .result = result,
	                           .why = err != GS_OK ? &why : NULL,
	                           .whole = whole && err != GS_OK,
	                           .ms = t->started ? gs_transfer_now_ms() - t->started_ms : 0};
	call->on_reply(call->self, &r);
}

static void wake(struct gs_endpoint *ep)
{
	if (!ep->closed && ep->waiting.count)
		event_active(ep->kick, EV_TIMEOUT, 0);
}

/* The transfer has left the lists and its carrier; its calls end. Callbacks may close the endpoint. */
static void end_all(struct gs_transfer *t, enum gs_err err, const struct gs_rpc_failure *failure)
{
	for (size_t i = 0; i < t->count; i++)
		reply(&t->call[i], err, failure, NULL, t->batch);
	transfer_free(t);
}

void gs_transfer_fail(struct gs_transfer *t, enum gs_err err, const struct gs_rpc_failure *failure)
{
	unlist(t);
	wake(t->ep);
	end_all(t, err, failure);
}

void gs_endpoint_close(struct gs_endpoint *ep)
{
	struct gs_rpc_failure failure = {0};
	if (!ep || ep->closed)
		return;
	gs_endpoint_enter(ep);
	ep->closed = true;
	gs_rpc_failure_set(&failure, GS_RPC_TRANSPORT, 0, GS_EIO, "the endpoint was closed");
	for (struct gs_transfer *t = ep->under_way.first; t; t = t->next)
		ep->carrier.stop(ep->carrier.self, t);
	if (ep->carrier.self)
		ep->carrier.close(ep->carrier.self);
	while (ep->under_way.first)
		gs_transfer_fail(ep->under_way.first, GS_EIO, &failure);
	while (ep->waiting.first)
		gs_transfer_fail(ep->waiting.first, GS_EIO, &failure);
	gs_endpoint_leave(ep);
}

const char *gs_endpoint_name(const struct gs_endpoint *ep)
{
	return ep->name;
}

size_t gs_endpoint_load(const struct gs_endpoint *ep)
{
	return ep->calls;
}

/* --- sending --- */

/* Sends what waits, as far as calls_max allows. */
static void send_waiting(evutil_socket_t fd, short what, void *context)
{
	struct gs_endpoint *ep = context;
	struct gs_rpc_failure failure;
	(void)fd;
	(void)what;
	gs_endpoint_enter(ep);
	while (!ep->closed && ep->waiting.first && ep->under_way.count < ep->options.calls_max) {
		struct gs_transfer *t = ep->waiting.first;
		gs_rpc_failure_clear(&failure);
		list_remove(&ep->waiting, t);
		list_add(&ep->under_way, t);
		t->started = true;
		t->started_ms = gs_transfer_now_ms();
		enum gs_err err = ep->carrier.start(ep->carrier.self, t, &failure);
		if (err != GS_OK)
			gs_transfer_fail(t, err, &failure);
	}
	gs_endpoint_leave(ep);
}

/* --- answers --- */

enum gs_err gs_transfer_feed(struct gs_transfer *t, struct gs_bytes bytes)
{
	GS_ASSERT(t->sink.feed != NULL && t->count == 1);
	t->sink_fed += bytes.len;
	if (t->sink_err == GS_OK && !t->call[0].ended)
		t->sink_err = t->sink.feed(t->sink.self, t->call[0].id, bytes);
	return t->sink_err;
}

static void answer_one(struct gs_transfer *t, json_t *root)
{
	struct gs_rpc_failure failure = {0};
	json_t *result = NULL;
	enum gs_err err = gs_jsonrpc_result(root, t->call[0].method, t->call[0].id, &result, &failure);
	reply(&t->call[0], err, &failure, t->sink.feed ? NULL : result, false);
}

/* Finds the response to every call; false when one is missing, doubled or nobody's. */
static bool match(struct gs_transfer *t, const json_t *root, json_t **response)
{
	if (json_array_size(root) != t->count)
		return false;
	for (size_t i = 0; i < t->count; i++) {
		json_t *item = json_array_get(root, i);
		uint64_t id, first = t->call[0].id; /* a batch's ids follow each other */
		if (!gs_jsonrpc_id(item, &id) || id < first || id - first >= t->count || response[id - first])
			return false;
		response[id - first] = item;
	}
	return true;
}

static void answer_batch(struct gs_transfer *t, json_t *root)
{
	struct gs_rpc_failure failure = {0};
	json_t **response = NULL, *result = NULL;
	enum gs_err err = GS_EPARSE;
	if (json_is_object(root)) { /* the node's error about the batch as a whole, whose id is null */
		err = gs_jsonrpc_result(root, "batch", 0, &result, &failure);
		if (err == GS_OK)
			err = gs_rpc_failure_set(&failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
			                         "batch: one answer to many calls");
	} else if (!(response = calloc(t->count, sizeof(json_t *)))) {
		err = gs_rpc_failure_set(&failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "out of memory for the answer");
	} else if (!match(t, root, response)) {
		err = gs_rpc_failure_set(&failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
		                         "batch: the answers' ids are not those of the calls");
	} else {
		err = GS_OK;
	}
	for (size_t i = 0; i < t->count; i++) {
		struct gs_rpc_failure own = {0};
		if (err == GS_OK) {
			enum gs_err e = gs_jsonrpc_result(response[i], t->call[i].method, t->call[i].id, &result, &own);
			reply(&t->call[i], e, &own, result, false);
		} else {
			reply(&t->call[i], err, &failure, NULL, true);
		}
	}
	free(response);
}

void gs_transfer_answer_json(struct gs_transfer *t, json_t *root)
{
	unlist(t);
	wake(t->ep);
	(t->batch ? answer_batch : answer_one)(t, root);
	transfer_free(t);
}

/* An answer whose status is not 2xx: the node's error object when it has one, else the status. */
static enum gs_err status_failed(const char *method, long status, const json_t *root, struct gs_rpc_failure *failure)
{
	json_t *error = json_object_get(root, "error"), *result;
	json_t *alone = json_is_object(error) ? json_pack("{s:n, s:O}", "id", "error", error) : NULL;
	if (alone) { /* whatever its id: such pages often have none */
		enum gs_err err = gs_jsonrpc_result(alone, method, 0, &result, failure);
		json_decref(alone);
		return err;
	}
	return gs_rpc_failure_set(failure, GS_RPC_HTTP, status, status == 429 || status == 503 ? GS_EAGAIN : GS_EIO,
	                          "HTTP status %ld%s", status,
	                          status == 401 || status == 403 ? "; is the key in the address right?" : "");
}

void gs_transfer_answer(struct gs_transfer *t, long status, struct gs_bytes text)
{
	struct gs_rpc_failure failure = {0};
	const char *method = t->batch ? "batch" : t->call[0].method;
	bool ok = status >= 200 && status < 300;
	json_t *root = NULL;
	enum gs_err err = GS_OK;
	if (ok && t->sink.feed && t->sink_fed > GS_ENDPOINT_SINK_ERROR_MAX) {
		unlist(t);
		wake(t->ep);
		reply(&t->call[0], GS_OK, &failure, NULL, false);
		transfer_free(t);
		return;
	}
	/* A proxy's error page is not worth parsing when it is large; a node's error object is small. */
	if (ok || text.len <= GS_ENDPOINT_SINK_ERROR_MAX)
		err = gs_jsonrpc_parse(text, method, &root, &failure);
	if (!ok) {
		gs_rpc_failure_clear(&failure);
		err = status_failed(method, status, root, &failure);
		failure.retry_after_s = t->retry_after_s;
	}
	if (err == GS_OK)
		gs_transfer_answer_json(t, root);
	else
		gs_transfer_fail(t, err, &failure);
	json_decref(root);
}

/* --- calls --- */

void gs_call_cancel(struct gs_call *call)
{
	struct gs_transfer *t = call->transfer;
	if (call->ended)
		return;
	call->ended = true;
	t->ep->calls--;
	if (--t->open > 0)
		return;
	/* Inside a callback of this very transfer it is in no list any more, and freed by whoever ends it. */
	if (t->next == NULL && t->prev == NULL && t->ep->under_way.first != t && t->ep->waiting.first != t)
		return;
	if (t->started)
		t->ep->carrier.stop(t->ep->carrier.self, t);
	unlist(t);
	wake(t->ep);
	transfer_free(t);
}

static enum gs_err render(struct gs_transfer *t, struct gs_batch_item *items, struct gs_error *error)
{
	const char *name = t->ep->name;
	json_t *root = t->batch ? json_array() : NULL;
	bool ok = !t->batch || root;
	for (size_t i = 0; i < t->count; i++) {
		json_t *params = items[i].params;
		items[i].params = NULL;
		if (!ok || !params) {
			json_decref(params);
			ok = false;
			continue;
		}
		json_t *request = gs_jsonrpc_request(t->call[i].id, items[i].method, params);
		if (!t->batch)
			root = request;
		ok = request && (!t->batch || json_array_append_new(root, request) == 0);
	}
	t->body = ok ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!t->body)
		return gs_fail(error, GS_ENOMEM, "%s: out of memory for the request", name);
	t->body_len = strlen(t->body);
	return GS_OK;
}

/* Makes a transfer of count items and puts it into the queue. Takes the items' params. */
static enum gs_err submit(struct gs_endpoint *ep, struct gs_batch_item *items, size_t count, bool batch,
                          const struct gs_call_options *options, struct gs_error *error)
{
	struct gs_transfer *t = calloc(1, sizeof(*t) + count * sizeof(t->call[0]));
	enum gs_err err = GS_ENOMEM;
	if (!t) {
		gs_fail(error, GS_ENOMEM, "%s: out of memory for the request", ep->name);
		goto fail;
	}
	t->ep = ep;
	t->batch = batch;
	t->count = t->open = count;
	t->timeout_ms = options && options->timeout_ms ? options->timeout_ms : ep->options.timeout_ms;
	if (options && options->sink)
		t->sink = *options->sink;
	for (size_t i = 0; i < count; i++) {
		struct gs_call *call = &t->call[i];
		*call = (struct gs_call){
			.transfer = t, .id = ++ep->next_id, .on_reply = items[i].on_reply, .self = items[i].self};
		snprintf(call->method, sizeof(call->method), "%s", items[i].method);
	}
	if ((err = render(t, items, error)) != GS_OK)
		goto fail;
	for (size_t i = 0; i < count; i++)
		items[i].call = &t->call[i];
	list_add(&ep->waiting, t);
	ep->calls += count;
	wake(ep);
	return GS_OK;
fail:
	for (size_t i = 0; i < count; i++) {
		json_decref(items[i].params);
		items[i].params = NULL;
	}
	free(t);
	return err;
}

/* Also of methods: names that do not fit would be told shortened. */
static enum gs_err check_room(struct gs_endpoint *ep, const struct gs_batch_item *items, size_t count,
                              struct gs_error *error)
{
	GS_ASSERT(!ep->closed);
	if (ep->calls + count > GS_ENDPOINT_QUEUE_MAX)
		return gs_fail(error, GS_EAGAIN, "%s: %zu calls wait already", ep->name, ep->calls);
	for (size_t i = 0; i < count; i++)
		if (strlen(items[i].method) >= GS_ENDPOINT_METHOD_MAX)
			return gs_fail(error, GS_EINVAL, "%s: the name of a method has more than %d bytes", ep->name,
			               GS_ENDPOINT_METHOD_MAX - 1);
	return GS_OK;
}

static void drop_params(struct gs_batch_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_decref(items[i].params);
}

enum gs_err gs_endpoint_call(struct gs_endpoint *ep, const char *method, json_t *params,
                             const struct gs_call_options *options, gs_on_reply on_reply, void *self,
                             struct gs_call **call, struct gs_error *error)
{
	struct gs_batch_item item = {.method = method, .params = params, .on_reply = on_reply, .self = self};
	enum gs_err err = check_room(ep, &item, 1, error);
	if (call)
		*call = NULL;
	if (err != GS_OK) {
		json_decref(params);
		return err;
	}
	if ((err = submit(ep, &item, 1, false, options, error)) == GS_OK && call)
		*call = item.call;
	return err;
}

enum gs_err gs_endpoint_batch(struct gs_endpoint *ep, struct gs_batch_item *items, size_t count,
                              const struct gs_call_options *options, struct gs_error *error)
{
	enum gs_err err = check_room(ep, items, count, error);
	if (!err && (count == 0 || count > GS_ENDPOINT_BATCH_MAX || (options && options->sink)))
		err = gs_fail(error, GS_EINVAL, "%s: a batch of %zu calls; expected 1 to %d, without a sink", ep->name,
		              count, GS_ENDPOINT_BATCH_MAX);
	if (err) {
		drop_params(items, count);
		return err;
	}
	if (ep->carrier.batches)
		return submit(ep, items, count, true, options, error);
	for (size_t i = 0; i < count; i++) {
		if ((err = submit(ep, &items[i], 1, false, options, error)) == GS_OK)
			continue;
		drop_params(items + i + 1, count - i - 1);
		while (i-- > 0) /* all or none */
			gs_call_cancel(items[i].call);
		return err;
	}
	return GS_OK;
}

enum gs_err gs_endpoint_watch_heads(struct gs_endpoint *ep, const struct gs_head_watch *watch, struct gs_error *error)
{
	if (!ep->carrier.watch)
		return gs_fail(error, GS_EUNSUPPORTED, "%s: heads are announced over ws:// and wss:// alone", ep->name);
	return ep->carrier.watch(ep->carrier.self, watch, error);
}

/* --- opening --- */

static bool keep_text(const char **text)
{
	if (!*text || !**text) {
		*text = NULL;
		return true;
	}
	return (*text = strdup(*text)) != NULL;
}

/* Copies the options and fills in defaults; what is not copied yet is NULL on failure. */
static enum gs_err keep_options(struct gs_endpoint *ep, const struct gs_endpoint_options *given, struct gs_error *error)
{
	struct gs_endpoint_options *o = &ep->options;
	const struct gs_endpoint_options none = {0};
	if (!given)
		given = &none;
	*o = *given;
	o->ca_file = o->client_cert_file = o->client_key_file = o->header_file = o->proxy = NULL;
	o->connect_ms = given->connect_ms ? given->connect_ms : GS_RPC_CONNECT_MS_DEFAULT;
	o->timeout_ms = given->timeout_ms ? given->timeout_ms : GS_RPC_TIMEOUT_MS_DEFAULT;
	o->idle_ms = given->idle_ms ? given->idle_ms : GS_ENDPOINT_IDLE_MS_DEFAULT;
	o->calls_max = given->calls_max ? given->calls_max : GS_ENDPOINT_CALLS_DEFAULT;
	o->response_max = given->response_max ? given->response_max : GS_RPC_RESPONSE_MAX;
	if (o->calls_max > GS_ENDPOINT_CALLS_MAX || o->response_max > GS_RPC_RESPONSE_MAX)
		return gs_fail(error, GS_EINVAL, "%s: at most %d calls at once, answers of at most %d bytes", ep->name,
		               GS_ENDPOINT_CALLS_MAX, GS_RPC_RESPONSE_MAX);
	const char *const from[] = {given->ca_file, given->client_cert_file, given->client_key_file, given->proxy};
	const char **const to[] = {&o->ca_file, &o->client_cert_file, &o->client_key_file, &o->proxy};
	for (size_t i = 0; i < GS_ARRAY_LEN(from); i++) {
		const char *text = from[i];
		if (!keep_text(&text))
			return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
		*to[i] = text;
	}
	if (!o->client_cert_file != !o->client_key_file)
		return gs_fail(error, GS_EINVAL, "%s: a client's certificate and its key belong together; name both",
		               ep->name);
	if (o->proxy && strncmp(o->proxy, "http://", 7) != 0 && strncmp(o->proxy, "socks5h://", 10) != 0)
		return gs_fail(error, GS_EINVAL, "%s: a proxy's address begins with http:// or socks5h://", ep->name);
	return given->header_file && given->header_file[0]
	               ? gs_header_file_read(given->header_file, ep->name, &ep->headers, error)
	               : GS_OK;
}

enum gs_err gs_endpoint_open(struct event_base *base, const char *url, const struct gs_endpoint_options *options,
                             struct gs_endpoint **out, struct gs_error *error)
{
	char name[GS_ENDPOINT_NAME_MAX];
	bool websocket;
	*out = NULL;
	enum gs_err err = gs_address_name(url, name, &websocket, error);
	if (err != GS_OK)
		return err;
	struct gs_endpoint *ep = calloc(1, sizeof(*ep));
	if (!ep)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	memcpy(ep->name, name, sizeof(name));
	ep->base = base;
	if ((err = keep_options(ep, options, error)) != GS_OK)
		goto fail;
	err = GS_ENOMEM;
	if (!(ep->url = strdup(url)) || !(ep->kick = event_new(base, -1, 0, send_waiting, ep))) {
		gs_fail(error, err, "rpc: out of memory");
		goto fail;
	}
	if ((err = (websocket ? gs_ws_open : gs_http_open)(ep, &ep->carrier, error)) != GS_OK)
		goto fail;
	*out = ep;
	return GS_OK;
fail:
	endpoint_free(ep);
	return err;
}
