/* JSON-RPC over HTTP: a POST for each transfer. Handles are kept for the next, with their connections. */
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/curlset.h"

struct http {
	struct gs_endpoint *ep;
	struct gs_curlset set;
	struct curl_slist *headers;
	struct post *spare;
};

struct post { /* a handle, and the transfer that it carries */
	struct http *http;
	struct post *next_spare;
	struct gs_transfer *transfer; /* NULL: spare */
	CURL *easy;
	struct gs_buf body;
	size_t header_bytes;
	bool retried;
	enum gs_err refused; /* by a limit while receiving, with its words */
	char words[CURL_ERROR_SIZE];
};

/* --- receiving --- */

static bool status_ok(CURL *easy)
{
	long status = 0;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

/* Anything but the whole size stops the transfer with CURLE_WRITE_ERROR. */
static size_t receive(char *data, size_t size, size_t count, void *context)
{
	struct post *post = context;
	struct gs_transfer *t = post->transfer;
	size_t len = size * count;
	if (t->sink.feed && status_ok(post->easy)) {
		if (t->sink_fed + len > t->ep->options.response_max) {
			post->refused = GS_ELIMIT;
			return 0;
		}
		if (gs_transfer_feed(t, (struct gs_bytes){(const uint8_t *)data, len}) != GS_OK)
			return 0;
		if (t->sink_fed > GS_ENDPOINT_SINK_ERROR_MAX)
			return len; /* too long to be read beside */
	}
	gs_buf_append(&post->body, data, len);
	post->refused = post->body.err;
	return post->refused == GS_OK ? len : 0;
}

static size_t receive_header(char *data, size_t size, size_t count, void *context)
{
	struct post *post = context;
	(void)data;
	post->header_bytes += size * count;
	return post->header_bytes <= GS_CURL_HEADERS_BYTES_MAX ? size * count : 0;
}

/* --- handles --- */

static void post_free(struct post *post)
{
	if (post->easy)
		curl_easy_cleanup(post->easy);
	gs_buf_free(&post->body);
	free(post);
}

static struct post *post_new(struct http *http)
{
	const struct gs_endpoint *ep = http->ep;
	struct post *post = calloc(1, sizeof(*post));
	if (!post)
		return NULL;
	post->http = http;
	gs_buf_init(&post->body, ep->options.response_max);
	CURL *c = post->easy = curl_easy_init();
	long version = ep->options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
	if (!c || !gs_curl_configure(c, ep, ep->url, post->words) ||
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, http->headers) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, version) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_PIPEWAIT, (long)ep->options.http2) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, post) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, receive_header) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, post) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_PRIVATE, post) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_USERAGENT, "gainsay") != CURLE_OK) {
		post_free(post);
		return NULL;
	}
	return post;
}

/* Takes the handle out of libcurl's and keeps it for later, without the memory of a large answer. */
static void post_rest(struct post *post)
{
	struct http *http = post->http;
	curl_multi_remove_handle(http->set.multi, post->easy);
	curl_easy_setopt(post->easy, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(post->easy, CURLOPT_FRESH_CONNECT, 0L);
	gs_buf_free(&post->body);
	post->transfer = NULL;
	post->next_spare = http->spare;
	http->spare = post;
}

static enum gs_err http_start(void *self, struct gs_transfer *t, struct gs_rpc_failure *failure)
{
	struct http *http = self;
	struct post *post = http->spare;
	if (post)
		http->spare = post->next_spare;
	else if (!(post = post_new(http)))
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "libcurl could not be set up");
	post->transfer = t;
	post->header_bytes = 0;
	post->retried = false;
	post->refused = GS_OK;
	post->words[0] = '\0';
	if (curl_easy_setopt(post->easy, CURLOPT_POSTFIELDS, t->body) != CURLE_OK ||
	    curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len) != CURLE_OK ||
	    curl_easy_setopt(post->easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms) != CURLE_OK ||
	    curl_multi_add_handle(http->set.multi, post->easy) != CURLM_OK) {
		post_free(post);
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "libcurl could not be set up");
	}
	t->carried = post;
	return GS_OK;
}

static void http_stop(void *self, struct gs_transfer *t)
{
	(void)self;
	post_rest(t->carried);
}

/* --- the end of a transfer --- */

/* A stream of HTTP/2 that broke under the request: once more, on a connection of its own. */
static bool retry(struct post *post, CURLcode code)
{
	if ((code != CURLE_HTTP2 && code != CURLE_HTTP2_STREAM) || post->retried || post->transfer->sink_fed)
		return false;
	post->retried = true;
	post->header_bytes = 0;
	post->words[0] = '\0';
	gs_buf_free(&post->body);
	curl_multi_remove_handle(post->http->set.multi, post->easy);
	return curl_easy_setopt(post->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	       curl_multi_add_handle(post->http->set.multi, post->easy) == CURLM_OK;
}

static enum gs_err why_failed(struct post *post, CURLcode code, struct gs_rpc_failure *failure)
{
	const struct gs_transfer *t = post->transfer;
	if (t->sink_err != GS_OK)
		return gs_rpc_failure_set(failure, t->sink_err == GS_ELIMIT ? GS_RPC_OVERSIZE : GS_RPC_MALFORMED, 0,
		                          t->sink_err, "%s: the answer was refused", t->call[0].method);
	if (post->refused == GS_ELIMIT)
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT, "the answer is larger than %zu bytes",
		                          t->ep->options.response_max);
	if (post->refused != GS_OK)
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, post->refused, "out of memory for the answer");
	if (post->header_bytes > GS_CURL_HEADERS_BYTES_MAX)
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT,
		                          "the answer's headers have more than %d bytes", GS_CURL_HEADERS_BYTES_MAX);
	return gs_curl_failed(post->easy, code, post->words, t->ep, failure);
}

static void http_done(void *self, CURL *easy, CURLcode code)
{
	struct post *post = NULL;
	struct gs_rpc_failure failure = {0};
	(void)self;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&post);
	struct gs_transfer *t = post->transfer;
	if (retry(post, code))
		return;
	enum gs_err err = code == CURLE_OK ? GS_OK : why_failed(post, code, &failure);
	long status = 0;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_off_t retry_after_s = 0;
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	if (retry_after_s > 0)
		t->retry_after_s = retry_after_s < UINT32_MAX ? (uint32_t)retry_after_s : UINT32_MAX;
	struct gs_buf body = post->body; /* the handle is free for what the callbacks will call */
	gs_buf_init(&post->body, body.max);
	post_rest(post);
	if (err == GS_OK)
		gs_transfer_answer(t, status, gs_buf_view(&body));
	else
		gs_transfer_fail(t, err, &failure);
	gs_buf_free(&body);
}

/* --- life --- */

static void http_close(void *self)
{
	struct http *http = self;
	for (struct post *post = http->spare, *next; post; post = next) {
		next = post->next_spare;
		post_free(post);
	}
	gs_curlset_close(&http->set);
	curl_slist_free_all(http->headers);
	free(http);
}

static bool add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer != NULL;
}

enum gs_err gs_http_open(struct gs_endpoint *ep, struct gs_carrier *out, struct gs_error *error)
{
	struct http *http = calloc(1, sizeof(*http));
	if (!http)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	http->ep = ep;
	bool ok = add_header(&http->headers, "Content-Type: application/json") && add_header(&http->headers, "Expect:");
	for (size_t i = 0; i < ep->headers.count && ok; i++)
		ok = add_header(&http->headers, ep->headers.line[i]);
	enum gs_err err = ok ? gs_curlset_open(&http->set, ep, http_done, http, error)
	                     : gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	if (err != GS_OK) {
		http_close(http);
		return err;
	}
	*out = (struct gs_carrier){
		.self = http, .batches = true, .start = http_start, .stop = http_stop, .close = http_close};
	return GS_OK;
}
