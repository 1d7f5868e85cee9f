/* chain/rpc/ws_parts.h: what the files of WebSocket endpoints share; nobody else includes it. */
#ifndef GS_CHAIN_RPC_WS_PARTS_H
#define GS_CHAIN_RPC_WS_PARTS_H

#include "chain/rpc/curlset.h"
#include "chain/rpc/websocket.h"

enum { GS_WS_SUBSCRIPTION_MAX = 128 };

enum gs_ws_state { GS_WS_DOWN, GS_WS_CONNECTING, GS_WS_UPGRADING, GS_WS_OPEN };

struct gs_ws {
	struct gs_endpoint *ep;
	struct gs_curlset set;
	enum gs_ws_state state;
	CURL *easy;
	struct gs_websocket *link;
	struct event *readable, *writable; /* of the connection */
	struct event *tick;                /* while connected: silence, and the time for the upgrade */
	struct event *retry;               /* for the watch */
	double began_ms;                   /* of the attempt */
	double bytes_ms, whole_ms;         /* something came; something whole came */
	uint64_t heard;
	bool pinged;
	uint64_t forgiven;          /* answers that may come to calls that nobody waits for */
	uint64_t coming;            /* the id of the call whose answer is given to its sink as it comes; 0: of none */
	bool refused;               /* the sink would not have it: what still comes of it is dropped */
	unsigned failures;          /* in a row */
	double next_ms;             /* no attempt before */
	struct gs_rpc_failure last; /* why it is down */
	bool cut_due;               /* for `last`, when nothing is left to be heard */
	struct gs_head_watch watch;
	bool watching;
	bool told_lost;
	uint64_t subscribe_id; /* of the request that was sent on this connection; 0: none */
	char subscription[GS_WS_SUBSCRIPTION_MAX];
	char address[GS_RPC_URL_MAX + 16]; /* for libcurl */
	char host[GS_ENDPOINT_NAME_MAX];
	char *path;
	char *authorization; /* a header line, or NULL */
	char words[CURL_ERROR_SIZE];
};

struct gs_ws_sent { /* of a transfer */
	struct event *timer;
	bool sent;
};

void gs_ws_sent_free(struct gs_transfer *t);
/* The watch hears that no heads come, once; `again`: they may come again without a word of its own. */
void gs_ws_tell_lost(struct gs_ws *ws, bool again, enum gs_err err, const struct gs_rpc_failure *failure);
/* The connection, or the attempt to make one, is over: ends all calls under way. The endpoint may be closed then. */
void gs_ws_cut(struct gs_ws *ws, enum gs_err err, const struct gs_rpc_failure *why);
void gs_ws_cut_text(struct gs_ws *ws, enum gs_rpc_failure_kind kind, enum gs_err err, const char *text);

/* Gives out the messages that are there. False when the connection or the endpoint is gone. */
bool gs_ws_take_messages(struct gs_ws *ws);

#endif
