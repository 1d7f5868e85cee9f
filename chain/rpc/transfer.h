/* chain/rpc/transfer.h: inside the endpoint: what is on its way, and the port between the queue and its two carriers.
 *
 * endpoint.c owns the queue, ids, limits, time and callbacks; http.c and ws.c carry a transfer's text to the server and
 * say how it ended. A carrier never calls a caller's function; it ends transfers, and endpoint.c does the rest. */
#ifndef GS_CHAIN_RPC_TRANSFER_H
#define GS_CHAIN_RPC_TRANSFER_H

#include <event2/event.h>

#include "chain/core/buf.h"
#include "chain/rpc/endpoint.h"

enum { GS_ENDPOINT_NAME_MAX = 300 };

struct gs_call {
	struct gs_transfer *transfer;
	uint64_t id;
	char method[GS_ENDPOINT_METHOD_MAX];
	gs_on_reply on_reply;
	void *self;
	bool ended; /* or cancelled: no callback any more */
};

struct gs_transfer { /* one request: a call, or a batch of them */
	struct gs_endpoint *ep;
	struct gs_transfer *next, *prev; /* in the queue, or among those under way */
	bool started;
	uint32_t retry_after_s; /* of an answer that is a refusal; 0: not said */
	char *body;             /* of json_dumps: free() */
	size_t body_len;
	uint32_t timeout_ms;
	double started_ms;
	struct gs_sink sink; /* feed is NULL without one */
	enum gs_err sink_err;
	size_t sink_fed;
	void *carried; /* the carrier's own */
	bool batch;
	size_t open; /* calls that have not ended */
	size_t count;
	struct gs_call call[];
};

struct gs_transfer_list {
	struct gs_transfer *first, *last;
	size_t count;
};

/* What carries transfers. self is made by its open function. */
struct gs_carrier {
	void *self;
	bool batches; /* several calls may share a request */
	/* Begins to send; GS_OK, or *failure and no transfer. */
	enum gs_err (*start)(void *self, struct gs_transfer *t, struct gs_rpc_failure *failure);
	/* Forgets a transfer that was started and has not ended. */
	void (*stop)(void *self, struct gs_transfer *t);
	enum gs_err (*watch)(void *self, const struct gs_head_watch *watch, struct gs_error *error);
	void (*close)(void *self);
};

struct gs_endpoint {
	struct event_base *base;
	struct event *kick; /* sends what waits */
	char name[GS_ENDPOINT_NAME_MAX];
	char *url;
	struct gs_endpoint_options options; /* defaults filled in; texts are copies or NULL */
	struct gs_header_lines {
		char *line[GS_ENDPOINT_HEADERS_MAX];
		size_t count;
	} headers;
	uint64_t next_id;
	struct gs_transfer_list waiting, under_way;
	size_t calls; /* that have not ended */
	struct gs_carrier carrier;
	unsigned inside; /* callbacks that are running: the endpoint outlives them */
	bool closed;
};

/* These end the transfer's open calls and free it; the carrier has forgotten it already. */
void gs_transfer_fail(struct gs_transfer *t, enum gs_err err, const struct gs_rpc_failure *failure);
/* text: an answer's body; status: of HTTP, 200 for others. */
void gs_transfer_answer(struct gs_transfer *t, long status, struct gs_bytes text);
/* The same for one call whose answer was parsed already. */
void gs_transfer_answer_json(struct gs_transfer *t, json_t *root);
/* Gives bytes to the sink. */
enum gs_err gs_transfer_feed(struct gs_transfer *t, struct gs_bytes bytes);
double gs_transfer_now_ms(void);

/* A callback may close the endpoint. Between these it lives; leave returns false when it was closed and is freed now. */
void gs_endpoint_enter(struct gs_endpoint *ep);
bool gs_endpoint_leave(struct gs_endpoint *ep);

GS_MUST enum gs_err gs_http_open(struct gs_endpoint *ep, struct gs_carrier *out, struct gs_error *error);
GS_MUST enum gs_err gs_ws_open(struct gs_endpoint *ep, struct gs_carrier *out, struct gs_error *error);

/* --- address.c: addresses and header files --- */
/* Checks url and writes its name; *websocket: its scheme is ws or wss. */
GS_MUST enum gs_err gs_address_name(const char *url, char name[GS_ENDPOINT_NAME_MAX], bool *websocket,
                                    struct gs_error *error);
/* The parts of a ws or wss address: where libcurl connects, the Host header, the path with its query, and a header line for
 * its user and password (NULL without, or when `headers` has one). The last two are the caller's to free, on failure too. */
GS_MUST enum gs_err gs_address_split(const char *url, const struct gs_header_lines *headers, char *address,
                                     size_t address_max, char host[GS_ENDPOINT_NAME_MAX], char **path,
                                     char **authorization, struct gs_error *error);
GS_MUST enum gs_err gs_header_file_read(const char *path, const char *endpoint, struct gs_header_lines *out,
                                        struct gs_error *error);
void gs_header_lines_free(struct gs_header_lines *lines);

#endif
