/* chain/rpc/endpoint.h: one JSON-RPC endpoint, http(s):// or ws(s)://, asynchronous on the caller's event loop.
 *
 * A call is sent when fewer than calls_max are under way; until then it waits in the endpoint's own queue, and its time
 * begins when it is sent. Every call ends exactly once, by its callback, from the loop (never from inside the function
 * that made it), unless it is cancelled: with the result, or with an error that says in one line what happened. A cut, a
 * broken answer or a refusal ends the calls that it concerns and leaves the endpoint usable.
 *
 * An answer is JSON-RPC 2.0 and nothing else: an object with the call's id and one of result and error, no name twice,
 * at most GS_JSON_DEPTH_MAX deep. Certificates and host names are verified, redirects are not followed, the environment's
 * proxies are ignored. No message holds the user, password, path or query of an address.
 *
 * Everything happens in the thread that turns the loop. Callbacks may call any function here, gs_endpoint_close too;
 * a sink's feed may call none. */
#ifndef GS_CHAIN_RPC_ENDPOINT_H
#define GS_CHAIN_RPC_ENDPOINT_H

#include <jansson.h>

#include "chain/eth/head.h"
#include "chain/rpc/failure.h"

enum {
	GS_ENDPOINT_CALLS_DEFAULT = 16, /* under way at once */
	GS_ENDPOINT_CALLS_MAX = 256,
	GS_ENDPOINT_QUEUE_MAX = 4096, /* calls that wait to be sent */
	GS_ENDPOINT_BATCH_MAX = 1000,
	GS_ENDPOINT_METHOD_MAX = 64,
	GS_ENDPOINT_HEADERS_MAX = 32, /* of a header file */
	GS_ENDPOINT_HEADER_FILE_MAX = 16 * 1024,
	GS_ENDPOINT_IDLE_MS_DEFAULT = 20 * 1000,
};

struct event_base;
struct gs_endpoint;
struct gs_call; /* a call that has not ended */

struct gs_endpoint_options {          /* of zeros: the defaults. Texts may be NULL or "", and are copied. */
	uint32_t connect_ms;          /* name, connection, TLS, and a WebSocket's upgrade */
	uint32_t timeout_ms;          /* of a call, from when it is sent */
	uint32_t idle_ms;             /* ws: a ping after so much silence; cut after as much again */
	uint32_t calls_max;           /* under way at once; 0: GS_ENDPOINT_CALLS_DEFAULT */
	size_t response_max;          /* bytes of one answer; 0: GS_RPC_RESPONSE_MAX, which it may not exceed */
	bool http2;                   /* https: offer HTTP/2 (default: HTTP/1.1 alone) */
	const char *ca_file;          /* PEM: trust these authorities instead of the system's */
	const char *client_cert_file; /* PEM, with client_key_file: who we are */
	const char *client_key_file;
	const char *header_file; /* a "Name: value" a line, for keys; those below a line
				    * "[https://host:port]", the name of an endpoint, go to it alone. Refused
				    * when others may read it. */
	const char *proxy;       /* http://HOST:PORT or socks5h://HOST:PORT */
};

/* url: http, https, ws or wss; no connection is made yet. base must outlive the endpoint.
 * GS_EINVAL for an address or option that makes no sense, GS_EIO for a file that cannot be read. */
GS_MUST enum gs_err gs_endpoint_open(struct event_base *base, const char *url,
                                     const struct gs_endpoint_options *options, struct gs_endpoint **out,
                                     struct gs_error *error);
/* Ends every call with GS_EIO, by its callback; then there are no more callbacks. NULL is fine. */
void gs_endpoint_close(struct gs_endpoint *ep);
/* "https://host:port", without user, password, path and query, which may hold secrets. Borrowed. */
const char *gs_endpoint_name(const struct gs_endpoint *ep);
/* Calls that wait or are under way. */
size_t gs_endpoint_load(const struct gs_endpoint *ep);

struct gs_reply { /* everything is borrowed until the callback returns */
	enum gs_err err;
	const struct gs_rpc_failure *failure; /* kind is GS_RPC_NO_FAILURE when err is GS_OK */
	json_t *result;                       /* json_incref to keep it; NULL when err is not GS_OK, and with a sink */
	const struct gs_error *why;           /* when err is not GS_OK: the line for a person */
	bool whole;                           /* the error is of the whole batch that the call was in */
	double ms;                            /* from sending to the end; 0 when it was not sent */
};
typedef void (*gs_on_reply)(void *self, const struct gs_reply *reply);

/* Takes the raw bytes of an answer's body (the whole JSON-RPC object) as they come, instead of a parsed result. Anything
 * but GS_OK from feed ends the call with that code. id is the call's, that the answer must name: a sink checks it itself,
 * as it does result and error. An answer with an error of HTTP is not fed, but read as ever; and an answer of at most
 * GS_ENDPOINT_SINK_ERROR_MAX bytes is read beside, so that a node's error ends the call as it does without a sink. A ws
 * endpoint, whose answers come in any order, feeds the whole body at once. */
enum { GS_ENDPOINT_SINK_ERROR_MAX = 64 * 1024 };
struct gs_sink {
	void *self;
	enum gs_err (*feed)(void *self, uint64_t id, struct gs_bytes bytes);
};

struct gs_call_options { /* of zeros: the endpoint's */
	uint32_t timeout_ms;
	const struct gs_sink *sink; /* copied */
};

/* Calls method (a name of at most GS_ENDPOINT_METHOD_MAX bytes, copied) with params (an array; the reference is taken
 * over, on failure too). *call (may be NULL) is valid until its callback begins. GS_EAGAIN: GS_ENDPOINT_QUEUE_MAX calls
 * wait already. On failure there is no callback. */
GS_MUST enum gs_err gs_endpoint_call(struct gs_endpoint *ep, const char *method, json_t *params,
                                     const struct gs_call_options *options, gs_on_reply on_reply, void *self,
                                     struct gs_call **call, struct gs_error *error);
/* No callback follows, and what was sent goes on its way. */
void gs_call_cancel(struct gs_call *call);

struct gs_batch_item {
	const char *method;
	json_t *params; /* the reference is taken over, on failure too */
	gs_on_reply on_reply;
	void *self;
	struct gs_call *call; /* out */
};
/* 1 to GS_ENDPOINT_BATCH_MAX calls in one request (http), or one request each (ws); each has its own reply. A batch whose
 * answer lacks an id, or has one twice or one of its own, is malformed as a whole. No sinks. */
GS_MUST enum gs_err gs_endpoint_batch(struct gs_endpoint *ep, struct gs_batch_item *items, size_t count,
                                      const struct gs_call_options *options, struct gs_error *error);

struct gs_head_watch {
	void *self;
	/* A header of the node's newest block, well formed; whether it is true is the head tracker's to find out. */
	void (*head)(void *self, const struct gs_head *head);
	/* The subscription ended; heads may be missed until `head` is called again. It is renewed by itself, with growing
	 * pauses, unless the node refused it (again is false). */
	void (*lost)(void *self, bool again, const struct gs_error *why);
};
/* Subscribes to the node's heads (eth_subscribe newHeads) and keeps the connection up for it. GS_EUNSUPPORTED for http.
 * NULL ends the watch. *watch is copied. */
GS_MUST enum gs_err gs_endpoint_watch_heads(struct gs_endpoint *ep, const struct gs_head_watch *watch,
                                            struct gs_error *error);

#endif
