/* What a server says over a WebSocket: answers, each to its call by its id, and the heads that were subscribed to. */
#include <stdio.h>
#include <string.h>

#include "chain/rpc/hexjson.h"
#include "chain/rpc/jsonrpc.h"
#include "chain/rpc/ws_parts.h"

static bool read_head(const json_t *o, struct gs_head *out)
{
	*out = (struct gs_head){0};
	return gs_json_u64(json_object_get(o, "number"), &out->number) &&
	       gs_json_hash(json_object_get(o, "hash"), &out->hash) &&
	       gs_json_hash(json_object_get(o, "parentHash"), &out->parent) &&
	       gs_json_u64(json_object_get(o, "timestamp"), &out->time.unix_s);
}

static void notified(struct gs_ws *ws, const json_t *root)
{
	const json_t *params = json_object_get(root, "params");
	const char *which = json_string_value(json_object_get(params, "subscription"));
	const char *method = json_string_value(json_object_get(root, "method"));
	struct gs_head head;
	if (!method || strcmp(method, "eth_subscription") != 0 || !which || !ws->subscription[0] ||
	    strcmp(which, ws->subscription) != 0 || !ws->watching)
		return; /* of a subscription that ended, or nothing that was asked for */
	if (!read_head(json_object_get(params, "result"), &head)) {
		gs_ws_cut_text(ws, GS_RPC_MALFORMED, GS_EPARSE, "eth_subscription: a head is not a block's header");
		return;
	}
	ws->failures = 0;
	ws->told_lost = false;
	ws->watch.head(ws->watch.self, &head);
}

/* What the node says to our eth_subscribe. */
static void subscribed(struct gs_ws *ws, json_t *root)
{
	struct gs_rpc_failure failure = {0};
	json_t *result;
	uint64_t id = ws->subscribe_id;
	enum gs_err err = gs_jsonrpc_result(root, "eth_subscribe", id, &result, &failure);
	const char *text = json_string_value(result);
	ws->failures = 0;
	if (err == GS_OK && (!text || !*text || strlen(text) >= GS_WS_SUBSCRIPTION_MAX))
		err = gs_rpc_failure_set(&failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
		                         "eth_subscribe: the result is not a subscription");
	if (err == GS_OK)
		snprintf(ws->subscription, GS_WS_SUBSCRIPTION_MAX, "%s", text);
	else if (failure.kind == GS_RPC_REMOTE && err != GS_EAGAIN) {
		ws->subscribe_id = 0;
		gs_ws_tell_lost(ws, false, err, &failure); /* it will never do this; calls go on */
	} else
		gs_ws_cut(ws, err, &failure);
}

/* Fails all calls under way with what is wrong, since nobody can say whose answer it was. */
static void nobodys(struct gs_ws *ws)
{
	gs_ws_cut_text(ws, GS_RPC_MALFORMED, GS_EPARSE, "the server sent what is no answer to any call");
}

/* The call with this id, if it was sent. */
static struct gs_transfer *find_sent(const struct gs_ws *ws, uint64_t id)
{
	struct gs_transfer *t = ws->ep->under_way.first;
	while (t && t->call[0].id != id)
		t = t->next;
	const struct gs_ws_sent *sent = t ? t->carried : NULL;
	return sent && sent->sent ? t : NULL;
}

/* Ends a call whose sink would not have its answer. */
static void refuse(struct gs_transfer *t)
{
	struct gs_rpc_failure failure = {0};
	const enum gs_err err = t->sink_err;
	gs_rpc_failure_set(&failure, err == GS_ELIMIT ? GS_RPC_OVERSIZE : GS_RPC_MALFORMED, 0, err,
	                   "%s: the answer was refused", t->call[0].method);
	gs_transfer_fail(t, err, &failure);
}

/* Gives the answer to the call's sink. False: it would not have it, and the call has ended. */
static bool feed_sink(struct gs_transfer *t, struct gs_bytes text)
{
	if (gs_transfer_feed(t, text) == GS_OK)
		return true;
	refuse(t);
	return false;
}

/* An answer that is not whole yet and is given to its sink as it comes, like one over HTTP: who asked is looked up anew each time, since the
 * call may have ended meanwhile. */
static void take_coming(struct gs_ws *ws)
{
	const struct gs_bytes text = gs_websocket_coming(ws->link);
	struct gs_transfer *t;
	uint64_t id = ws->coming;
	if (!text.len || (!id && (text.len <= GS_ENDPOINT_SINK_ERROR_MAX || !gs_jsonrpc_id_in_front(text, &id))))
		return;
	t = find_sent(ws, id);
	if (!ws->coming && (!t || !t->sink.feed))
		return;
	ws->coming = id;
	const bool fed = !t || gs_transfer_feed(t, text) == GS_OK;
	gs_websocket_took_coming(ws->link);
	if (fed)
		return;
	ws->refused = true;
	gs_ws_sent_free(t);
	refuse(t);
}

/* The last of it. */
static void streamed(struct gs_ws *ws, struct gs_bytes text)
{
	struct gs_transfer *t = find_sent(ws, ws->coming);
	const bool refused = ws->refused;
	ws->coming = 0;
	ws->refused = false;
	ws->failures = 0;
	if (!t) {
		ws->forgiven -= !refused && ws->forgiven;
		return;
	}
	gs_ws_sent_free(t);
	if (!text.len || feed_sink(t, text))
		gs_transfer_answer(t, 200, (struct gs_bytes){NULL, 0});
}

/* An answer too large to be a node's error, to a call whose sink reads and checks it all (chain/rpc/endpoint.h): it is not read twice. */
static bool answered_large(struct gs_ws *ws, struct gs_bytes text)
{
	uint64_t id;
	if (text.len <= GS_ENDPOINT_SINK_ERROR_MAX || !gs_jsonrpc_id_in_front(text, &id))
		return false;
	struct gs_transfer *t = find_sent(ws, id);
	if (!t || !t->sink.feed)
		return false;
	gs_ws_sent_free(t);
	ws->failures = 0;
	if (feed_sink(t, text))
		gs_transfer_answer(t, 200, (struct gs_bytes){NULL, 0});
	return true;
}

static void answered(struct gs_ws *ws, json_t *root, struct gs_bytes text)
{
	struct gs_transfer *t;
	uint64_t id;
	if (json_object_get(root, "method") && !json_object_get(root, "id")) {
		notified(ws, root);
		return;
	}
	if (!gs_jsonrpc_id(root, &id)) {
		nobodys(ws);
		return;
	}
	if (ws->subscribe_id && id == ws->subscribe_id && !ws->subscription[0]) {
		subscribed(ws, root);
		return;
	}
	t = find_sent(ws, id);
	if (!t) {
		if (ws->forgiven == 0)
			nobodys(ws);
		else
			ws->forgiven--;
		return;
	}
	gs_ws_sent_free(t);
	ws->failures = 0;
	if (!t->sink.feed || feed_sink(t, text))
		gs_transfer_answer_json(t, root);
}

bool gs_ws_take_messages(struct gs_ws *ws)
{
	struct gs_endpoint *ep = ws->ep;
	struct gs_rpc_failure failure = {0};
	const struct gs_websocket *link = ws->link;
	struct gs_buf text;
	json_t *root;
	bool rest;
	while (!ep->closed && ws->link == link && gs_websocket_take(ws->link, &text, &rest)) {
		if (rest || answered_large(ws, gs_buf_view(&text))) {
			if (rest)
				streamed(ws, gs_buf_view(&text));
			gs_buf_free(&text);
			continue;
		}
		enum gs_err err = gs_jsonrpc_parse(gs_buf_view(&text), "WebSocket", &root, &failure);
		if (err == GS_OK)
			answered(ws, root, gs_buf_view(&text));
		else
			gs_ws_cut(ws, err, &failure);
		json_decref(root);
		gs_buf_free(&text);
	}
	if (!ep->closed && ws->link == link)
		take_coming(ws);
	return !ep->closed && ws->link == link;
}
