/* The blocking face of an endpoint: a loop of its own turns until the reply is there. */
#include "chain/rpc/rpc.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/pool.h"

struct gs_rpc {
	struct event_base *base;
	struct gs_endpoint *endpoint; /* one of these two */
	struct gs_pool *pool;
	void (*on_head)(void *self);
	void *on_head_self;
	struct event *stop; /* NULL: nobody may end calls */
	struct gs_rpc_failure failure;
	/* Of the call under way. */
	struct gs_call *call;
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
	gs_call_cancel(rpc->call);
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
	(void)head; /* reason enough to ask for it */
	rpc->on_head(rpc->on_head_self);
}

static void on_heads_lost(void *self, bool again, const struct gs_error *why)
{
	(void)self; /* whoever asks at intervals misses nothing */
	(void)again;
	(void)why;
}

bool gs_rpc_watch_heads(struct gs_rpc *rpc, void (*tell)(void *self), void *self)
{
	const struct gs_head_watch watch = {.self = rpc, .head = on_head, .lost = on_heads_lost};
	struct gs_error ignored;
	rpc->on_head = tell;
	rpc->on_head_self = self;
	if (rpc->pool)
		return gs_pool_watch_heads(rpc->pool, tell, self);
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
