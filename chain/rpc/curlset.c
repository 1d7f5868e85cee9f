#include "chain/rpc/curlset.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void init_curl_once(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* --- libcurl's sockets and timer on the loop --- */

/* Tells of the transfers that ended. False when the endpoint was closed: set is gone. */
static bool collect(struct gs_curlset *set)
{
	struct gs_endpoint *ep = set->ep;
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(set->multi, &left)))
		if (message->msg == CURLMSG_DONE) {
			set->done(set->self, message->easy_handle, message->data.result);
			if (ep->closed)
				return false;
		}
	return true;
}

static void act(struct gs_curlset *set, curl_socket_t fd, int mask)
{
	struct gs_endpoint *ep = set->ep;
	int running;
	gs_endpoint_enter(ep);
	curl_multi_socket_action(set->multi, fd, mask, &running);
	collect(set);
	gs_endpoint_leave(ep);
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
	act(context, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	act(context, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants to hear of a socket, or of it no longer. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *its_event)
{
	struct gs_curlset *set = context;
	struct event *event = its_event;
	(void)easy;
	if (event)
		event_free(event);
	curl_multi_assign(set->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	short interest = EV_PERSIST;
	if (what & CURL_POLL_IN)
		interest |= EV_READ;
	if (what & CURL_POLL_OUT)
		interest |= EV_WRITE;
	event = event_new(set->ep->base, fd, interest, on_socket, set);
	if (!event || event_add(event, NULL) != 0) {
		if (event)
			event_free(event);
		return -1;
	}
	curl_multi_assign(set->multi, fd, event);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *context)
{
	struct gs_curlset *set = context;
	(void)multi;
	if (ms < 0)
		return event_del(set->timer);
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	return event_add(set->timer, &wait);
}

enum gs_err gs_curlset_open(struct gs_curlset *set, struct gs_endpoint *ep,
                            void (*done)(void *self, CURL *easy, CURLcode code), void *self, struct gs_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_curl_once);
	*set = (struct gs_curlset){.ep = ep, .done = done, .self = self};
	set->multi = curl_multi_init();
	set->timer = event_new(ep->base, -1, 0, on_timer, set);
	if (!set->multi || !set->timer ||
	    curl_multi_setopt(set->multi, CURLMOPT_SOCKETFUNCTION, set_socket) != CURLM_OK ||
	    curl_multi_setopt(set->multi, CURLMOPT_SOCKETDATA, set) != CURLM_OK ||
	    curl_multi_setopt(set->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
	    curl_multi_setopt(set->multi, CURLMOPT_TIMERDATA, set) != CURLM_OK ||
	    curl_multi_setopt(set->multi, CURLMOPT_MAXCONNECTS, (long)ep->options.calls_max) != CURLM_OK) {
		gs_curlset_close(set);
		return gs_fail(error, GS_ENOMEM, "rpc: libcurl could not be set up");
	}
	return GS_OK;
}

void gs_curlset_close(struct gs_curlset *set)
{
	if (set->multi)
		curl_multi_cleanup(set->multi);
	if (set->timer)
		event_free(set->timer);
	*set = (struct gs_curlset){0};
}

/* --- connections --- */

static bool configure_tls(CURL *c, const struct gs_endpoint_options *o)
{
	return curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (!o->ca_file || curl_easy_setopt(c, CURLOPT_CAINFO, o->ca_file) == CURLE_OK) &&
	       (!o->client_cert_file || (curl_easy_setopt(c, CURLOPT_SSLCERT, o->client_cert_file) == CURLE_OK &&
	                                 curl_easy_setopt(c, CURLOPT_SSLKEY, o->client_key_file) == CURLE_OK));
}

bool gs_curl_configure(CURL *c, const struct gs_endpoint *ep, const char *url, char *words)
{
	const struct gs_endpoint_options *o = &ep->options;
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, o->proxy ? o->proxy : "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, words) == CURLE_OK && configure_tls(c, o);
}

enum gs_err gs_curl_failed(CURL *easy, CURLcode code, const char *words, const struct gs_endpoint *ep,
                           struct gs_rpc_failure *failure)
{
	long os_error = 0;
	const struct gs_endpoint_options *o = &ep->options;
	const char *detail = words[0] ? words : curl_easy_strerror(code);
	const enum gs_rpc_failure_kind kind = GS_RPC_TRANSPORT;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	switch ((int)code) {
	case CURLE_COULDNT_CONNECT:
		return gs_rpc_failure_set(failure, kind, 0, GS_EIO, "%s; is the %s running?",
		                          os_error ? strerror((int)os_error) : "no connection",
		                          o->proxy ? "proxy" : "node");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return gs_rpc_failure_set(failure, kind, 0, GS_EIO, "the %s name does not resolve; check the address",
		                          code == CURLE_COULDNT_RESOLVE_PROXY ? "proxy's" : "host's");
	case CURLE_OPERATION_TIMEDOUT:
		return gs_rpc_failure_set(failure, kind, 0, GS_EIO, "no answer in time (%s)", detail);
	case CURLE_SSL_CERTPROBLEM:
		return gs_rpc_failure_set(failure, kind, 0, GS_EIO,
		                          "the client's certificate or key cannot be used: %s", detail);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE: return gs_rpc_failure_set(failure, kind, 0, GS_EIO, "TLS failed: %s", detail);
	default: return gs_rpc_failure_set(failure, kind, 0, GS_EIO, "connection failed: %s", detail);
	}
}
