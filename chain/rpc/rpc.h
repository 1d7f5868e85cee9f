/* chain/rpc/rpc.h: one endpoint (chain/rpc/endpoint.h), or a pool of several that must agree (chain/rpc/pool.h), for those who wait:
 * a call blocks until its answer is there.
 *
 * Each object owns its connection and its loop, and is used by one thread at a time. A failed call says in words what
 * happened (gs_error) and keeps the raw answer (gs_rpc_failure) for those who must act on it. */
#ifndef GS_CHAIN_RPC_RPC_H
#define GS_CHAIN_RPC_RPC_H

#include <jansson.h>

#include "chain/core/core.h"
#include "chain/rpc/failure.h"

struct gs_rpc;

struct gs_rpc_options {
	uint32_t connect_ms; /* 0: default */
	uint32_t timeout_ms; /* of a whole call; 0: default */
	/* NULL or "": none. Copied; chain/rpc/endpoint.h says what they are. */
	const char *ca_file, *client_cert_file, *client_key_file, *header_file, *proxy;
	bool http2;
};

/* url: http, https, ws or wss; no connection is made yet. options may be NULL. TLS certificates and host names are verified;
 * proxies of the environment are ignored. GS_EINVAL for another scheme. */
GS_MUST enum gs_err gs_rpc_open(const char *url, const struct gs_rpc_options *options, struct gs_rpc **out,
                                struct gs_error *error);
struct gs_rpc_many_options {
	struct gs_rpc_options each;
	uint64_t quorum; /* endpoints that must agree; 0: all of two, a majority of three or more */
	uint64_t seed;   /* of the jitter with which failed endpoints rest */
};
/* Several endpoints of one chain as one: chain/rpc/pool.h says what their answers come to. One address: as gs_rpc_open. */
GS_MUST enum gs_err gs_rpc_open_many(const char *const *urls, size_t count, const struct gs_rpc_many_options *options,
                                     struct gs_rpc **out, struct gs_error *error);
void gs_rpc_close(struct gs_rpc *rpc);
/* From now on calls end with GS_EIO at once while fd is readable (an eventfd, say): another thread's way to
 * end a call that hangs. fd is borrowed; -1: none. */
void gs_rpc_stop_on(struct gs_rpc *rpc, int fd);
struct gs_log;
/* Told of endpoints that disagree. Borrowed; NULL: nobody. */
void gs_rpc_log_to(struct gs_rpc *rpc, const struct gs_log *log);
struct gs_head;
/* Calls on_head from gs_rpc_call or gs_rpc_rest when an endpoint tells of a new head (ws), with its header where that endpoint is the only one;
 * NULL: it must be asked for, since others must agree, or the endpoint may have missed some. False: none can. NULL: no more. */
bool gs_rpc_watch_heads(struct gs_rpc *rpc, void (*on_head)(void *self, const struct gs_head *head), void *self);
/* Serves the connections until fd is readable. */
void gs_rpc_rest(struct gs_rpc *rpc, int fd);
struct gs_pool_status;
/* Calls in one request that a sole endpoint takes, as far as is known; of several: gs_rpc_pool_status. */
uint32_t gs_rpc_batch(const struct gs_rpc *rpc);
/* How the endpoints stand (chain/rpc/pool.h). False: there is only one. */
bool gs_rpc_pool_status(const struct gs_rpc *rpc, struct gs_pool_status *out);
/* Without user, password, path and query, which may hold secrets: "https://host:port"; of several the first, and how many more.
 * Borrowed. */
const char *gs_rpc_name(const struct gs_rpc *rpc);

/* Calls method with params (an array; the reference is taken over, on failure too). *result is a new reference. */
GS_MUST enum gs_err gs_rpc_call(struct gs_rpc *rpc, const char *method, json_t *params, json_t **result,
                                struct gs_error *error);
/* One of several calls that are made together. */
struct gs_rpc_item {
	const char *method; /* borrowed */
	json_t *params;     /* an array; NULL: there was no memory for it */
	json_t *result;     /* out, a new reference; NULL when err is not GS_OK */
	enum gs_err err;    /* out */
	struct gs_error why;
};
/* Makes them in as few requests as the endpoints take; equal ones are made once. GS_OK: each has its result or its own error. What an endpoint
 * does not take together it is asked call by call. params are dropped in any case, results on failure. Neither transactions nor blocks
 * by name ("latest"). gs_rpc_last_failure is not of these. */
GS_MUST enum gs_err gs_rpc_call_many(struct gs_rpc *rpc, struct gs_rpc_item *items, size_t count,
                                     struct gs_error *error);
struct gs_sink;
/* The same, but the answer's bytes go to the sink as they come (chain/rpc/endpoint.h says how, and what the sink must check itself).
 * GS_EUNSUPPORTED: several endpoints must agree; gs_rpc_read_agreed asks them. */
GS_MUST enum gs_err gs_rpc_call_into(struct gs_rpc *rpc, const char *method, json_t *params, const struct gs_sink *sink,
                                     struct gs_error *error);
struct gs_pool_reader;
/* The same of several endpoints that must agree (chain/rpc/pool.h, gs_pool_read). GS_EUNSUPPORTED: there is only one. */
GS_MUST enum gs_err gs_rpc_read_agreed(struct gs_rpc *rpc, const char *method, json_t *params,
                                       const struct gs_pool_reader *reader, size_t *which, struct gs_error *error);
/* What the last call's failure was made of; kind is GS_RPC_NO_FAILURE after a success. Borrowed until the next call. */
const struct gs_rpc_failure *gs_rpc_last_failure(const struct gs_rpc *rpc);
/* For the typed calls above this file: reports a result that is not of the method's form. */
enum gs_err gs_rpc_malformed(struct gs_rpc *rpc, enum gs_err code, struct gs_error *error, const char *fmt, ...)
	GS_PRINTF(4, 5);

#endif
