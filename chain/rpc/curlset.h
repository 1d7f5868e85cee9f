/* chain/rpc/curlset.h: libcurl on libevent: one multi handle whose sockets and timers are the loop's, and what every
 * connection to an endpoint has in common: verification, proxies, certificates. http.c sends requests with it, ws.c
 * lets it make connections. */
#ifndef GS_CHAIN_RPC_CURLSET_H
#define GS_CHAIN_RPC_CURLSET_H

#include <curl/curl.h>

#include "chain/rpc/transfer.h"

/* Header lines and such of a server, of one answer. */
enum { GS_CURL_HEADERS_BYTES_MAX = 256 * 1024 };

struct gs_curlset {
	CURLM *multi;
	struct gs_endpoint *ep;
	struct event *timer;
	/* A transfer ended; the handle is still in the multi. May close the endpoint. */
	void (*done)(void *self, CURL *easy, CURLcode code);
	void *self;
};

GS_MUST enum gs_err gs_curlset_open(struct gs_curlset *set, struct gs_endpoint *ep,
                                    void (*done)(void *self, CURL *easy, CURLcode code), void *self,
                                    struct gs_error *error);
/* Every easy handle must have been removed. */
void gs_curlset_close(struct gs_curlset *set);
/* Address, time, verification, files, proxy. url: http or https. */
GS_MUST bool gs_curl_configure(CURL *easy, const struct gs_endpoint *ep, const char *url, char *words);
/* Says what went wrong. words: of CURLOPT_ERRORBUFFER. */
enum gs_err gs_curl_failed(CURL *easy, CURLcode code, const char *words, const struct gs_endpoint *ep,
                           struct gs_rpc_failure *failure);

#endif
