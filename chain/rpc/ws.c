/* JSON-RPC over a WebSocket. libcurl makes the connection (names, proxies, TLS: as for HTTP), chain/rpc/websocket speaks
 * the protocol, ws_take.c joins answers to calls, and this file sends, renews the connection, and renews the subscription to heads.
 *
 * A connection is made when a call or a watch needs it. When it is lost, every call under way ends; a watch has it made
 * again by itself, after pauses that grow with every failure; calls during such a pause end at once. */
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/jsonrpc.h"
#include "chain/rpc/ws_parts.h"

enum {
	PAUSE_FIRST_MS = 250,
	PAUSE_MAX_MS = 30 * 1000,
	READ_BYTES = 64 * 1024,
	READS_AT_ONCE = 16,
	TICKS_AN_IDLE = 4,
};

static void begin(struct gs_ws *ws);

static void arm(struct event *event, double ms)
{
	if (ms < 0)
		ms = 0;
	const struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
	                             .tv_usec = (suseconds_t)((int64_t)ms % 1000 * 1000)};
	event_add(event, &wait);
}

/* --- the end of a connection --- */

static void flush(struct gs_ws *ws)
{
	struct gs_bytes out;
	size_t n;
	CURLcode code = CURLE_OK;
	while (ws->link && (out = gs_websocket_output(ws->link)).len) {
		code = curl_easy_send(ws->easy, out.ptr, out.len, &n);
		if (code != CURLE_OK)
			break;
		gs_websocket_sent(ws->link, n);
	}
	if (code == CURLE_AGAIN)
		event_add(ws->writable, NULL);
	else if (code != CURLE_OK && !ws->cut_due) {
		gs_rpc_failure_set(&ws->last, GS_RPC_TRANSPORT, 0, GS_EIO, "the connection was cut");
		ws->cut_due = true;
		event_active(ws->tick, EV_TIMEOUT, 0);
	}
}

/* Lets go of the connection, after what is still to be said (a close frame). */
static void let_go(struct gs_ws *ws)
{
	if (ws->link && ws->writable)
		flush(ws);
	gs_websocket_free(ws->link);
	ws->link = NULL;
	if (ws->readable)
		event_free(ws->readable);
	if (ws->writable)
		event_free(ws->writable);
	ws->readable = ws->writable = NULL;
	event_del(ws->tick);
	if (ws->easy) {
		curl_multi_remove_handle(ws->set.multi, ws->easy);
		curl_easy_cleanup(ws->easy);
	}
	ws->easy = NULL;
	ws->state = GS_WS_DOWN;
	ws->cut_due = false;
	ws->subscribe_id = 0;
	ws->subscription[0] = '\0';
	ws->forgiven = 0;
	ws->coming = 0;
	ws->refused = false;
}

static double pause_ms(struct gs_ws *ws)
{
	uint16_t draw;
	double ms = PAUSE_FIRST_MS;
	for (unsigned i = 1; i < ws->failures && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	evutil_secure_rng_get_bytes(&draw, sizeof(draw));
	return ms * (0.5 + 0.5 * draw / UINT16_MAX); /* so that not everybody comes back at once */
}

void gs_ws_sent_free(struct gs_transfer *t)
{
	struct gs_ws_sent *sent = t->carried;
	if (!sent)
		return;
	event_free(sent->timer);
	free(sent);
	t->carried = NULL;
}

void gs_ws_tell_lost(struct gs_ws *ws, bool again, enum gs_err err, const struct gs_rpc_failure *failure)
{
	struct gs_error why = {0};
	if (!ws->watching || ws->told_lost)
		return;
	ws->told_lost = true;
	ws->watching = again;
	gs_fail(&why, err, "%s: %s", ws->ep->name, failure->message);
	ws->watch.lost(ws->watch.self, again, &why);
}

void gs_ws_cut(struct gs_ws *ws, enum gs_err err, const struct gs_rpc_failure *why)
{
	struct gs_endpoint *ep = ws->ep;
	const struct gs_rpc_failure failure = *why;
	const enum gs_err code = err == GS_ECONFLICT ? GS_EIO : err;
	if (ws->state == GS_WS_DOWN)
		return;
	ws->last = failure;
	let_go(ws);
	/* The first loss of a connection that had answered costs no pause. */
	ws->next_ms = gs_transfer_now_ms() + (ws->failures++ ? pause_ms(ws) : 0);
	gs_endpoint_enter(ep);
	while (!ep->closed && ep->under_way.first) {
		gs_ws_sent_free(ep->under_way.first);
		gs_transfer_fail(ep->under_way.first, code, &failure);
	}
	if (!ep->closed)
		gs_ws_tell_lost(ws, true, code, &failure);
	if (!ep->closed && ws->watching && ws->state == GS_WS_DOWN)
		arm(ws->retry, ws->failures > 1 ? ws->next_ms - gs_transfer_now_ms() : PAUSE_FIRST_MS);
	gs_endpoint_leave(ep);
}

void gs_ws_cut_text(struct gs_ws *ws, enum gs_rpc_failure_kind kind, enum gs_err err, const char *text)
{
	struct gs_rpc_failure failure = {0};
	gs_rpc_failure_set(&failure, kind, 0, err, "%s", text);
	gs_ws_cut(ws, err, &failure);
}

/* --- sending --- */

static void on_call_timeout(evutil_socket_t fd, short what, void *context)
{
	struct gs_transfer *t = context;
	struct gs_endpoint *ep = t->ep;
	struct gs_ws *ws = ep->carrier.self;
	struct gs_rpc_failure failure = {0};
	(void)fd;
	(void)what;
	gs_rpc_failure_set(&failure, GS_RPC_TRANSPORT, 0, GS_EIO, "no answer in time (%u ms)", t->timeout_ms);
	gs_endpoint_enter(ep);
	ws->forgiven++;
	gs_ws_sent_free(t);
	gs_transfer_fail(t, GS_EIO, &failure);
	gs_endpoint_leave(ep);
}

static enum gs_err send_transfer(struct gs_ws *ws, struct gs_transfer *t, struct gs_rpc_failure *failure)
{
	struct gs_ws_sent *sent = t->carried;
	enum gs_err err = gs_websocket_send(ws->link, (struct gs_bytes){(const uint8_t *)t->body, t->body_len});
	if (err != GS_OK)
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, err == GS_ECONFLICT ? GS_EIO : err,
		                          "the request could not be sent: %s", gs_err_name(err));
	sent->sent = true;
	t->started_ms = gs_transfer_now_ms();
	arm(sent->timer, t->timeout_ms);
	return GS_OK;
}

static enum gs_err ws_start(void *self, struct gs_transfer *t, struct gs_rpc_failure *failure)
{
	struct gs_ws *ws = self;
	double wait = ws->next_ms - gs_transfer_now_ms();
	if (ws->state == GS_WS_DOWN && wait > 0)
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_EIO, "%.160s; next attempt in %.0f ms",
		                          ws->last.message, wait);
	struct gs_ws_sent *sent = calloc(1, sizeof(*sent));
	if (sent)
		sent->timer = event_new(ws->ep->base, -1, 0, on_call_timeout, t);
	if (!sent || !sent->timer) {
		free(sent);
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "out of memory for the request");
	}
	t->carried = sent;
	if (ws->state == GS_WS_DOWN)
		begin(ws);
	if (ws->state != GS_WS_OPEN)
		return GS_OK; /* sent when it is */
	enum gs_err err = send_transfer(ws, t, failure);
	if (err != GS_OK)
		gs_ws_sent_free(t);
	flush(ws);
	return err;
}

static void ws_stop(void *self, struct gs_transfer *t)
{
	struct gs_ws *ws = self;
	ws->forgiven += ((struct gs_ws_sent *)t->carried)->sent;
	gs_ws_sent_free(t);
}

/* A request of our own, whose answer is not a call's. */
static bool send_own(struct gs_ws *ws, uint64_t id, const char *method, const char *param)
{
	json_t *request = gs_jsonrpc_request(id, method, json_pack("[s]", param));
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	bool ok = text && gs_websocket_send(ws->link, (struct gs_bytes){(const uint8_t *)text, strlen(text)}) == GS_OK;
	free(text);
	return ok;
}

static void subscribe(struct gs_ws *ws)
{
	if (!ws->watching || ws->state != GS_WS_OPEN || ws->subscribe_id)
		return;
	ws->subscribe_id = ++ws->ep->next_id;
	ws->subscription[0] = '\0';
	if (!send_own(ws, ws->subscribe_id, "eth_subscribe", "newHeads"))
		ws->subscribe_id = 0; /* the connection is about to be cut */
	flush(ws);
}

/* The upgrade is agreed: everything that waited for it goes out. */
static void opened(struct gs_ws *ws)
{
	struct gs_endpoint *ep = ws->ep;
	struct gs_rpc_failure failure = {0};
	ws->state = GS_WS_OPEN;
	event_del(ws->tick);
	arm(ws->tick, (double)ep->options.idle_ms / TICKS_AN_IDLE);
	subscribe(ws);
	for (struct gs_transfer *t = ep->under_way.first, *next; t && !ep->closed; t = next) {
		next = t->next; /* a callback ends no other transfer of this list but by closing or cancelling */
		enum gs_err err = send_transfer(ws, t, &failure);
		if (err != GS_OK) {
			gs_ws_cut(ws, err, &failure);
			return;
		}
	}
	flush(ws);
}

/* --- the connection --- */

/* Bytes came. False when the connection or the endpoint is gone. */
static bool feed(struct gs_ws *ws, const uint8_t *bytes, size_t len)
{
	struct gs_endpoint *ep = ws->ep;
	struct gs_rpc_failure failure = {0};
	enum gs_err err = gs_websocket_feed(ws->link, (struct gs_bytes){bytes, len}, &failure);
	ws->bytes_ms = gs_transfer_now_ms();
	ws->pinged = false;
	if (gs_websocket_heard(ws->link) != ws->heard) {
		ws->heard = gs_websocket_heard(ws->link);
		ws->whole_ms = ws->bytes_ms;
	}
	const struct gs_websocket *link = ws->link;
	if (ws->state == GS_WS_UPGRADING && gs_websocket_is_open(ws->link))
		opened(ws);
	if (ep->closed || ws->link != link || !gs_ws_take_messages(ws))
		return false;
	if (err != GS_OK) {
		gs_ws_cut(ws, err, &failure);
		return false;
	}
	flush(ws); /* pongs */
	return true;
}

/* The connection ended without a goodbye; words of libcurl may say why (a TLS alert, say). */
static void cut_by_peer(struct gs_ws *ws)
{
	struct gs_rpc_failure failure = {0};
	gs_rpc_failure_set(&failure, GS_RPC_TRANSPORT, 0, GS_EIO, "the connection was cut%s%s%s",
	                   ws->state == GS_WS_OPEN ? "" : " before the upgrade to a WebSocket",
	                   ws->words[0] ? ": " : "", ws->words);
	gs_ws_cut(ws, GS_EIO, &failure);
}

static void cut_due(struct gs_ws *ws)
{
	const struct gs_rpc_failure failure = ws->last;
	gs_ws_cut(ws, GS_EIO, &failure);
}

/* Takes what has come; then the connection is cut if that is due: what was said before, an alert of TLS too, is heard. */
static void receive(struct gs_ws *ws)
{
	uint8_t bytes[READ_BYTES];
	for (int i = 0; i < READS_AT_ONCE; i++) {
		size_t n = 0;
		ws->words[0] = '\0';
		CURLcode code = curl_easy_recv(ws->easy, bytes, sizeof(bytes), &n);
		if (code == CURLE_AGAIN && ws->cut_due)
			cut_due(ws);
		else if (code != CURLE_AGAIN && (code != CURLE_OK || n == 0))
			cut_by_peer(ws);
		if (code != CURLE_OK || n == 0 || !feed(ws, bytes, n))
			return;
	}
	event_active(ws->readable, EV_READ, 0); /* TLS may hold more than the socket shows */
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct gs_ws *ws = context;
	struct gs_endpoint *ep = ws->ep;
	(void)fd;
	(void)what;
	gs_endpoint_enter(ep);
	receive(ws);
	gs_endpoint_leave(ep);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	flush(context);
}

/* While there is a connection or an attempt: pings, and cuts what is silent. A server that sends a byte now and then is
 * silent too, when nothing becomes whole. */
static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct gs_ws *ws = context;
	struct gs_endpoint *ep = ws->ep;
	const struct gs_endpoint_options *o = &ep->options;
	double now = gs_transfer_now_ms(), idle = o->idle_ms;
	(void)fd;
	(void)what;
	gs_endpoint_enter(ep);
	if (ws->cut_due) {
		if (ws->link)
			receive(ws);
		else
			cut_due(ws);
	} else if (ws->state == GS_WS_UPGRADING) {
		gs_ws_cut_text(ws, GS_RPC_TRANSPORT, GS_EIO, "no answer in time (to the upgrade to a WebSocket)");
	} else if (now - ws->bytes_ms >= 2 * idle || now - ws->whole_ms >= 2 * idle + o->timeout_ms) {
		gs_ws_cut_text(ws, GS_RPC_TRANSPORT, GS_EIO, "the server fell silent");
	} else if (ws->state == GS_WS_OPEN) {
		if (now - ws->whole_ms >= idle && !ws->pinged) {
			ws->pinged = gs_websocket_ping(ws->link) == GS_OK;
			flush(ws);
		}
		arm(ws->tick, idle / TICKS_AN_IDLE);
	}
	gs_endpoint_leave(ep);
}

static void random_bytes(uint8_t *out, size_t len)
{
	evutil_secure_rng_get_bytes(out, len);
}

static bool make_link(struct gs_ws *ws, curl_socket_t fd)
{
	const char *header[GS_ENDPOINT_HEADERS_MAX + 1];
	struct gs_websocket_setup setup = {.host = ws->host,
	                                   .path = ws->path,
	                                   .header = header,
	                                   .message_max = ws->ep->options.response_max,
	                                   .random = random_bytes};
	for (size_t i = 0; i < ws->ep->headers.count; i++)
		header[setup.header_count++] = ws->ep->headers.line[i];
	if (ws->authorization)
		header[setup.header_count++] = ws->authorization;
	random_bytes(setup.key, sizeof(setup.key));
	ws->link = gs_websocket_new(&setup);
	ws->readable = event_new(ws->ep->base, fd, EV_READ | EV_PERSIST, on_readable, ws);
	ws->writable = event_new(ws->ep->base, fd, EV_WRITE, on_writable, ws);
	return ws->link && ws->readable && ws->writable && event_add(ws->readable, NULL) == 0;
}

/* libcurl has the connection, or none. */
static void connected(void *self, CURL *easy, CURLcode code)
{
	struct gs_ws *ws = self;
	struct gs_rpc_failure failure = {0};
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (code != CURLE_OK) {
		enum gs_err err = gs_curl_failed(easy, code, ws->words, ws->ep, &failure);
		gs_ws_cut(ws, err, &failure);
		return;
	}
	if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD ||
	    !make_link(ws, fd)) {
		gs_ws_cut_text(ws, GS_RPC_TRANSPORT, GS_ENOMEM, "out of memory for the connection");
		return;
	}
	ws->state = GS_WS_UPGRADING;
	ws->heard = 0;
	ws->pinged = false;
	ws->bytes_ms = ws->whole_ms = gs_transfer_now_ms();
	double left = ws->began_ms + ws->ep->options.connect_ms - ws->bytes_ms;
	arm(ws->tick, left);
	flush(ws);
}

/* Makes a connection. Never calls back: what cannot begin is cut at the next turn. */
static void begin(struct gs_ws *ws)
{
	const struct gs_endpoint *ep = ws->ep;
	CURL *c = ws->easy = curl_easy_init();
	event_del(ws->retry);
	ws->state = GS_WS_CONNECTING;
	ws->began_ms = gs_transfer_now_ms();
	ws->words[0] = '\0';
	if (c && gs_curl_configure(c, ep, ws->address, ws->words) &&
	    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)ep->options.connect_ms) == CURLE_OK &&
	    curl_multi_add_handle(ws->set.multi, c) == CURLM_OK)
		return;
	gs_rpc_failure_set(&ws->last, GS_RPC_TRANSPORT, 0, GS_EIO, "libcurl could not be set up");
	ws->cut_due = true;
	event_active(ws->tick, EV_TIMEOUT, 0);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct gs_ws *ws = context;
	(void)fd;
	(void)what;
	double wait = ws->next_ms - gs_transfer_now_ms();
	if (ws->state == GS_WS_DOWN && ws->watching && wait > 0)
		arm(ws->retry, wait);
	else if (ws->state == GS_WS_DOWN && ws->watching)
		begin(ws);
	subscribe(ws);
}

static enum gs_err ws_watch(void *self, const struct gs_head_watch *watch, struct gs_error *error)
{
	struct gs_ws *ws = self;
	if (watch && ws->watching)
		return gs_fail(error, GS_ECONFLICT, "%s: heads are watched already", ws->ep->name);
	ws->watching = watch != NULL;
	ws->told_lost = false;
	if (watch) {
		ws->watch = *watch;
		event_active(ws->retry, EV_TIMEOUT, 0);
		return GS_OK;
	}
	event_del(ws->retry);
	if (ws->state == GS_WS_OPEN && ws->subscription[0] &&
	    send_own(ws, ++ws->ep->next_id, "eth_unsubscribe", ws->subscription)) {
		ws->forgiven++;
		flush(ws);
	} else if (ws->subscribe_id && !ws->subscription[0]) {
		ws->forgiven++;
	}
	ws->subscribe_id = 0;
	ws->subscription[0] = '\0';
	return GS_OK;
}

/* --- life --- */

static void ws_close(void *self)
{
	struct gs_ws *ws = self;
	enum gs_err said = ws->link ? gs_websocket_say_goodbye(ws->link) : GS_OK;
	(void)said; /* it may not be open */
	if (ws->tick)
		let_go(ws);
	gs_curlset_close(&ws->set);
	if (ws->tick)
		event_free(ws->tick);
	if (ws->retry)
		event_free(ws->retry);
	if (ws->authorization)
		explicit_bzero(ws->authorization, strlen(ws->authorization));
	free(ws->authorization);
	free(ws->path);
	explicit_bzero(ws, sizeof(*ws));
	free(ws);
}

enum gs_err gs_ws_open(struct gs_endpoint *ep, struct gs_carrier *out, struct gs_error *error)
{
	struct gs_ws *ws = calloc(1, sizeof(*ws));
	if (!ws)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	ws->ep = ep;
	ws->tick = event_new(ep->base, -1, 0, on_tick, ws);
	ws->retry = event_new(ep->base, -1, 0, on_retry, ws);
	enum gs_err err = ws->tick && ws->retry ? GS_OK : gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	if (err == GS_OK)
		err = gs_address_split(ep->url, &ep->headers, ws->address, sizeof(ws->address), ws->host, &ws->path,
		                       &ws->authorization, error);
	if (err == GS_OK)
		err = gs_curlset_open(&ws->set, ep, connected, ws, error);
	if (err != GS_OK) {
		ws_close(ws);
		return err;
	}
	*out = (struct gs_carrier){
		.self = ws, .start = ws_start, .stop = ws_stop, .watch = ws_watch, .close = ws_close};
	return GS_OK;
}
