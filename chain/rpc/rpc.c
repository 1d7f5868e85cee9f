/* The blocking face of an endpoint: a loop of its own turns until the reply is there. */
#include "chain/rpc/rpc.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/limits.h"
#include "chain/rpc/outbox.h"
#include "chain/rpc/pool.h"

struct gs_rpc {
	struct event_base *base;
	struct gs_endpoint *endpoint; /* one of these two */
	struct gs_pool *pool;
	struct gs_outbox *outbox; /* of the endpoint */
	struct gs_limits limits;  /* its batches alone */
	void (*on_head)(void *self, const struct gs_head *head);
	void *on_head_self;
	struct event *stop; /* NULL: nobody may end calls */
	struct gs_rpc_failure failure;
	/* Of the call under way. */
	struct gs_call *call; /* NULL: several */
	bool done;
	enum gs_err err;
	json_t *result;
	struct gs_error why;
};

const struct gs_rpc_failure *gs_rpc_last_failure(const struct gs_rpc *rpc)
{
	return &rpc->failure;
}

const char *gs_rpc_name(const struct gs_rpc *rpc)
{
	return rpc->pool ? gs_pool_name(rpc->pool) : gs_endpoint_name(rpc->endpoint);
}

enum gs_err gs_rpc_malformed(struct gs_rpc *rpc, enum gs_err code, struct gs_error *error, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	gs_rpc_failure_vset(&rpc->failure, code == GS_ELIMIT ? GS_RPC_OVERSIZE : GS_RPC_MALFORMED, 0, code, fmt, args);
	va_end(args);
	return gs_fail(error, code, "%s: %s", gs_rpc_name(rpc), rpc->failure.message);
}

static struct gs_endpoint_options options_of_each(const struct gs_rpc_options *options)
{
	return (struct gs_endpoint_options){.connect_ms = options->connect_ms,
	                                    .timeout_ms = options->timeout_ms,
	                                    .ca_file = options->ca_file,
	                                    .client_cert_file = options->client_cert_file,
	                                    .client_key_file = options->client_key_file,
	                                    .header_file = options->header_file,
	                                    .proxy = options->proxy,
	                                    .http2 = options->http2};
}

enum gs_err gs_rpc_open_many(const char *const *urls, size_t count, const struct gs_rpc_many_options *options,
                             struct gs_rpc **out, struct gs_error *error)
{
	const struct gs_endpoint_options each = options_of_each(&options->each);
	const struct gs_pool_options pool_options = {
		.endpoint = &each, .quorum = options->quorum, .seed = options->seed};
	*out = NULL;
	struct gs_rpc *rpc = calloc(1, sizeof(*rpc));
	if (!rpc || !(rpc->base = event_base_new())) {
		gs_rpc_close(rpc);
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	}
	enum gs_err err = count == 1 && options->quorum <= 1
	                          ? gs_endpoint_open(rpc->base, urls[0], &each, &rpc->endpoint, error)
	                          : gs_pool_open(rpc->base, urls, count, &pool_options, &rpc->pool, error);
	gs_limits_init(&rpc->limits);
	if (err == GS_OK && rpc->endpoint)
		err = gs_outbox_open(rpc->base, rpc->endpoint, &rpc->limits, &rpc->outbox, error);
	if (err != GS_OK) {
		gs_rpc_close(rpc);
		return err;
	}
	*out = rpc;
	return GS_OK;
}

enum gs_err gs_rpc_open(const char *url, const struct gs_rpc_options *options, struct gs_rpc **out,
                        struct gs_error *error)
{
	const struct gs_rpc_many_options many = {.each = options ? *options : (struct gs_rpc_options){0}};
	return gs_rpc_open_many(&url, 1, &many, out, error);
}

void gs_rpc_close(struct gs_rpc *rpc)
{
	if (!rpc)
		return;
	gs_pool_close(rpc->pool);
	gs_outbox_close(rpc->outbox);
	gs_endpoint_close(rpc->endpoint);
	if (rpc->stop)
		event_free(rpc->stop);
	if (rpc->base)
		event_base_free(rpc->base);
	free(rpc);
}

void gs_rpc_log_to(struct gs_rpc *rpc, const struct gs_log *log)
{
	if (rpc->pool)
		gs_pool_log_to(rpc->pool, log);
}

static void on_stop(evutil_socket_t fd, short what, void *context)
{
	struct gs_rpc *rpc = context;
	(void)fd;
	(void)what;
	if (rpc->pool)
		gs_pool_stop(rpc->pool, true);
	if (rpc->pool || rpc->done)
		return;
	if (rpc->call)
		gs_call_cancel(rpc->call); /* several calls are the outbox's */
	rpc->done = true;
	rpc->err = gs_rpc_failure_set(&rpc->failure, GS_RPC_TRANSPORT, 0, GS_EIO, "the call was ended");
	gs_fail(&rpc->why, GS_EIO, "%s: the call was ended", gs_rpc_name(rpc));
}

void gs_rpc_stop_on(struct gs_rpc *rpc, int fd)
{
	if (rpc->stop)
		event_free(rpc->stop);
	rpc->stop = NULL;
	if (fd >= 0) {
		rpc->stop = event_new(rpc->base, fd, EV_READ, on_stop, rpc);
		GS_ASSERT(rpc->stop != NULL);
	}
}

static void take_reply(void *self, const struct gs_reply *reply)
{
	struct gs_rpc *rpc = self;
	rpc->done = true;
	rpc->err = reply->err;
	rpc->result = json_incref(reply->result);
	if (reply->err != GS_OK) {
		rpc->failure = *reply->failure;
		rpc->why = *reply->why;
	}
}

/* Around every call of the pool. params: NULL: there was no memory for them. */
static enum gs_err begin_pool(struct gs_rpc *rpc, const json_t *params, struct gs_error *error)
{
	gs_rpc_failure_clear(&rpc->failure);
	if (!params) {
		gs_rpc_failure_set(&rpc->failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "out of memory for the request");
		return gs_fail(error, GS_ENOMEM, "%s: out of memory for the request", gs_rpc_name(rpc));
	}
	if (rpc->stop)
		event_add(rpc->stop, NULL);
	return GS_OK;
}

static void end_pool(struct gs_rpc *rpc)
{
	if (rpc->stop)
		event_del(rpc->stop);
	gs_pool_stop(rpc->pool, false);
}

static enum gs_err call_pool(struct gs_rpc *rpc, const char *method, json_t *params, json_t **result,
                             struct gs_error *error)
{
	enum gs_err err = begin_pool(rpc, params, error);
	*result = NULL;
	if (err != GS_OK)
		return err;
	err = gs_pool_call(rpc->pool, method, params, result, &rpc->failure, error);
	end_pool(rpc);
	return err;
}

static enum gs_err call_endpoint(struct gs_rpc *rpc, const char *method, json_t *params,
                                 const struct gs_call_options *options, struct gs_error *error)
{
	struct gs_error why = {0};
	gs_rpc_failure_clear(&rpc->failure);
	rpc->done = false;
	rpc->result = NULL;
	event_base_loop(rpc->base, EVLOOP_NONBLOCK); /* what happened to the connection since the last call */
	enum gs_err err = gs_endpoint_call(rpc->endpoint, method, params, options, take_reply, rpc, &rpc->call, &why);
	if (err != GS_OK) {
		gs_rpc_failure_set(&rpc->failure, GS_RPC_TRANSPORT, 0, err, "%s", why.text);
		return gs_fail(error, err, "%s", why.text);
	}
	if (rpc->stop)
		event_add(rpc->stop, NULL);
	while (!rpc->done)
		if (event_base_loop(rpc->base, EVLOOP_ONCE) != 0)
			break;
	GS_ASSERT(rpc->done); /* a call always has something in the loop that will end it */
	if (rpc->stop)
		event_del(rpc->stop);
	return rpc->err == GS_OK ? GS_OK : gs_fail(error, rpc->err, "%s", rpc->why.text);
}

enum gs_err gs_rpc_call(struct gs_rpc *rpc, const char *method, json_t *params, json_t **result, struct gs_error *error)
{
	if (rpc->pool)
		return call_pool(rpc, method, params, result, error);
	enum gs_err err = call_endpoint(rpc, method, params, NULL, error);
	*result = err == GS_OK ? rpc->result : NULL;
	return err;
}

/* --- several calls --- */

struct many { /* one of them, at a sole endpoint */
	struct gs_rpc_item *item;
	struct gs_asked *asked;
	size_t *open;
};

static void take_item(void *self, const struct gs_reply *reply)
{
	struct many *m = self;
	m->asked = NULL;
	m->item->err = reply->err;
	m->item->result = json_incref(reply->result);
	if (reply->err != GS_OK)
		m->item->why = *reply->why;
	--*m->open;
}

static enum gs_err ask_endpoint(struct gs_rpc *rpc, struct gs_rpc_item *items, size_t count, struct gs_error *error)
{
	struct many *many = calloc(count, sizeof(*many));
	enum gs_err err = GS_OK;
	size_t open = 0;
	if (!many)
		return gs_fail(error, GS_ENOMEM, "%s: out of memory", gs_rpc_name(rpc));
	rpc->done = false;
	rpc->call = NULL;
	event_base_loop(rpc->base, EVLOOP_NONBLOCK); /* what happened to the connection since the last call */
	for (size_t i = 0; i < count && err == GS_OK; i++) {
		many[i] = (struct many){&items[i], NULL, &open};
		err = gs_outbox_call(rpc->outbox, items[i].method, json_incref(items[i].params), take_item, &many[i],
		                     &many[i].asked, error);
		open += err == GS_OK;
	}
	if (rpc->stop)
		event_add(rpc->stop, NULL);
	while (err == GS_OK && open && !rpc->done)
		if (event_base_loop(rpc->base, EVLOOP_ONCE) != 0)
			break;
	if (rpc->stop)
		event_del(rpc->stop);
	if (err == GS_OK && rpc->done)
		err = gs_fail(error, GS_EIO, "%s", rpc->why.text);
	GS_ASSERT(err != GS_OK || !open);
	for (size_t i = 0; i < count; i++)
		if (many[i].asked)
			gs_asked_cancel(many[i].asked);
	free(many);
	return err;
}

enum gs_err gs_rpc_call_many(struct gs_rpc *rpc, struct gs_rpc_item *items, size_t count, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (size_t i = 0; i < count; i++) {
		items[i].result = NULL;
		items[i].err = GS_OK;
		if (!items[i].params)
			err = gs_fail(error, GS_ENOMEM, "%s: out of memory for the request", gs_rpc_name(rpc));
	}
	if (err == GS_OK && count && rpc->pool) {
		err = begin_pool(rpc, items[0].params, error);
		if (err == GS_OK) {
			err = gs_pool_call_many(rpc->pool, items, count, error);
			end_pool(rpc);
		}
	} else if (err == GS_OK && count) {
		err = ask_endpoint(rpc, items, count, error);
	}
	for (size_t i = 0; i < count; i++) {
		json_decref(items[i].params);
		items[i].params = NULL;
		if (err != GS_OK) {
			json_decref(items[i].result);
			items[i].result = NULL;
		}
	}
	return err;
}

uint32_t gs_rpc_batch(const struct gs_rpc *rpc)
{
	return rpc->limits.batch;
}

/* --- answers in pieces --- */

enum gs_err gs_rpc_call_into(struct gs_rpc *rpc, const char *method, json_t *params, const struct gs_sink *sink,
                             struct gs_error *error)
{
	const struct gs_call_options options = {.sink = sink};
	if (rpc->endpoint)
		return call_endpoint(rpc, method, params, &options, error);
	json_decref(params);
	return gs_fail(error, GS_EUNSUPPORTED, "%s: an answer in pieces is of one endpoint", gs_rpc_name(rpc));
}

enum gs_err gs_rpc_read_agreed(struct gs_rpc *rpc, const char *method, json_t *params,
                               const struct gs_pool_reader *reader, size_t *which, struct gs_error *error)
{
	if (!rpc->pool) {
		json_decref(params);
		return gs_fail(error, GS_EUNSUPPORTED, "%s: one endpoint agrees with nobody", gs_rpc_name(rpc));
	}
	enum gs_err err = begin_pool(rpc, params, error);
	if (err != GS_OK)
		return err;
	err = gs_pool_read(rpc->pool, method, params, reader, which, &rpc->failure, error);
	end_pool(rpc);
	return err;
}

/* --- between calls --- */

static void on_head(void *self, const struct gs_head *head)
{
	const struct gs_rpc *rpc = self;
	rpc->on_head(rpc->on_head_self, head);
}

static void on_pool_head(void *self)
{
	on_head(self, NULL);
}

static void on_heads_lost(void *self, bool again, const struct gs_error *why)
{
	(void)again;
	(void)why;
	on_head(self, NULL); /* whoever asks misses nothing */
}

bool gs_rpc_watch_heads(struct gs_rpc *rpc, void (*tell)(void *self, const struct gs_head *head), void *self)
{
	const struct gs_head_watch watch = {.self = rpc, .head = on_head, .lost = on_heads_lost};
	struct gs_error ignored;
	rpc->on_head = tell;
	rpc->on_head_self = self;
	if (rpc->pool)
		return gs_pool_watch_heads(rpc->pool, tell ? on_pool_head : NULL, rpc);
	return gs_endpoint_watch_heads(rpc->endpoint, tell ? &watch : NULL, &ignored) == GS_OK;
}

static void on_ready(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

void gs_rpc_rest(struct gs_rpc *rpc, int fd)
{
	struct event *ready = event_new(rpc->base, fd, EV_READ, on_ready, rpc->base);
	GS_ASSERT(ready != NULL);
	event_add(ready, NULL);
	event_base_dispatch(rpc->base);
	event_free(ready);
}

bool gs_rpc_pool_status(const struct gs_rpc *rpc, struct gs_pool_status *out)
{
	if (rpc->pool)
		gs_pool_status(rpc->pool, out);
	return rpc->pool != NULL;
}
