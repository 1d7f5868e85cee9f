#include "chain/rpc/rpc.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chain/core/buf.h"

enum { ERROR_BODY_MAX = 64 * 1024, NAME_MAX_LEN = 300 };
enum { CODE_METHOD_NOT_FOUND = -32601, CODE_LIMIT_EXCEEDED = -32005, CODE_REVERT = 3 };

struct gs_rpc {
	CURL *curl;
	struct curl_slist *headers;
	struct gs_buf response;
	int stop_fd; /* -1: none */
	uint64_t next_id;
	char name[NAME_MAX_LEN];
	char curl_text[CURL_ERROR_SIZE];
	struct gs_rpc_failure failure;
};

static void init_curl_once(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* --- failures --- */

static enum gs_err failed(struct gs_rpc *rpc, enum gs_rpc_failure_kind kind, int64_t code, enum gs_err err,
                          struct gs_error *error, const char *fmt, ...) GS_PRINTF(6, 7);

/* Keeps the failure and writes "endpoint: text" to *error. */
static enum gs_err failed(struct gs_rpc *rpc, enum gs_rpc_failure_kind kind, int64_t code, enum gs_err err,
                          struct gs_error *error, const char *fmt, ...)
{
	va_list args;
	rpc->failure.kind = kind;
	rpc->failure.code = code;
	va_start(args, fmt);
	vsnprintf(rpc->failure.message, sizeof(rpc->failure.message), fmt, args);
	va_end(args);
	return gs_fail(error, err, "%s: %s", rpc->name, rpc->failure.message);
}

const struct gs_rpc_failure *gs_rpc_last_failure(const struct gs_rpc *rpc)
{
	return &rpc->failure;
}

enum gs_err gs_rpc_malformed(struct gs_rpc *rpc, enum gs_err code, struct gs_error *error, const char *fmt, ...)
{
	char text[GS_RPC_MESSAGE_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return failed(rpc, code == GS_ELIMIT ? GS_RPC_OVERSIZE : GS_RPC_MALFORMED, 0, code, error, "%s", text);
}

static enum gs_err transport_failed(struct gs_rpc *rpc, CURLcode code, struct gs_error *error)
{
	long os_error = 0;
	const char *detail = rpc->curl_text[0] ? rpc->curl_text : curl_easy_strerror(code);
	curl_easy_getinfo(rpc->curl, CURLINFO_OS_ERRNO, &os_error);
	switch ((int)code) {
	case CURLE_ABORTED_BY_CALLBACK: return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error, "the call was ended");
	case CURLE_COULDNT_CONNECT:
		return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error, "%s; is the node running?",
		              os_error ? strerror((int)os_error) : "no connection");
	case CURLE_COULDNT_RESOLVE_HOST:
		return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error,
		              "the host's name does not resolve; check the address");
	case CURLE_OPERATION_TIMEDOUT:
		return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error, "no answer in time (%s)", detail);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE: return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error, "TLS failed: %s", detail);
	default: return failed(rpc, GS_RPC_TRANSPORT, 0, GS_EIO, error, "connection failed: %s", detail);
	}
}

/* --- the connection --- */

static size_t receive(char *data, size_t size, size_t count, void *context)
{
	struct gs_buf *response = context;
	gs_buf_append(response, data, size * count);
	return response->err == GS_OK ? size * count : 0; /* anything else stops the transfer with CURLE_WRITE_ERROR */
}

/* Asked by libcurl about once a second; anything but 0 stops the transfer with CURLE_ABORTED_BY_CALLBACK. */
static int is_stopped(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	const struct gs_rpc *rpc = context;
	struct pollfd stop = {.fd = rpc->stop_fd, .events = POLLIN};

	(void)total;
	(void)now;
	(void)up_total;
	(void)up;
	return rpc->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* Writes "scheme://host:port", without credentials, path and query. */
static enum gs_err name_endpoint(const char *url, char name[NAME_MAX_LEN], struct gs_error *error)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	enum gs_err err = GS_OK;
	if (!parts)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	if (strlen(url) > GS_RPC_URL_MAX ||
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK || strlen(host) > 255 ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		err = gs_fail(error, GS_EINVAL,
		              "rpc: not a usable endpoint address; expected http://HOST:PORT or https://HOST/PATH");
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		err = gs_fail(error, GS_EINVAL, "rpc: endpoint scheme '%.20s'; only http and https are understood",
		              scheme);
	else
		snprintf(name, NAME_MAX_LEN, "%.5s://%.255s:%.5s", scheme, host, port);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return err;
}

static bool configure(struct gs_rpc *rpc, const char *url, uint32_t connect_ms, uint32_t timeout_ms)
{
	CURL *c = rpc->curl;
	rpc->headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct curl_slist *more = rpc->headers ? curl_slist_append(rpc->headers, "Expect:") : NULL;
	return more && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTPHEADER, rpc->headers) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, &rpc->response) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_stopped) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, rpc) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, rpc->curl_text) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USERAGENT, "gainsay") == CURLE_OK;
}

static bool given(const char *text)
{
	return text && text[0];
}

static bool configure_tls(CURL *c, const struct gs_rpc_options *options)
{
	return !options ||
	       ((!given(options->ca_file) || curl_easy_setopt(c, CURLOPT_CAINFO, options->ca_file) == CURLE_OK) &&
	        (!given(options->client_cert_file) ||
	         curl_easy_setopt(c, CURLOPT_SSLCERT, options->client_cert_file) == CURLE_OK) &&
	        (!given(options->client_key_file) ||
	         curl_easy_setopt(c, CURLOPT_SSLKEY, options->client_key_file) == CURLE_OK));
}

enum gs_err gs_rpc_open(const char *url, const struct gs_rpc_options *options, struct gs_rpc **out,
                        struct gs_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint32_t connect_ms = options && options->connect_ms ? options->connect_ms : GS_RPC_CONNECT_MS_DEFAULT;
	uint32_t timeout_ms = options && options->timeout_ms ? options->timeout_ms : GS_RPC_TIMEOUT_MS_DEFAULT;
	char name[NAME_MAX_LEN];
	enum gs_err err;

	*out = NULL;
	pthread_once(&once, init_curl_once);
	if ((err = name_endpoint(url, name, error)) != GS_OK)
		return err;
	struct gs_rpc *rpc = calloc(1, sizeof(*rpc));
	if (!rpc)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	memcpy(rpc->name, name, sizeof(name));
	rpc->stop_fd = -1;
	gs_buf_init(&rpc->response, GS_RPC_RESPONSE_MAX);
	rpc->curl = curl_easy_init();
	if (!rpc->curl || !configure(rpc, url, connect_ms, timeout_ms) || !configure_tls(rpc->curl, options)) {
		gs_rpc_close(rpc);
		return gs_fail(error, GS_ENOMEM, "rpc: libcurl could not be set up");
	}
	*out = rpc;
	return GS_OK;
}

void gs_rpc_close(struct gs_rpc *rpc)
{
	if (!rpc)
		return;
	curl_easy_cleanup(rpc->curl);
	curl_slist_free_all(rpc->headers);
	gs_buf_free(&rpc->response);
	free(rpc);
}

void gs_rpc_stop_on(struct gs_rpc *rpc, int fd)
{
	rpc->stop_fd = fd;
}

const char *gs_rpc_name(const struct gs_rpc *rpc)
{
	return rpc->name;
}

/* --- a call --- */

/* Sends body and fills rpc->response. */
static enum gs_err post(struct gs_rpc *rpc, const char *body, size_t len, long *status, struct gs_error *error)
{
	gs_buf_free(&rpc->response);
	gs_buf_init(&rpc->response, GS_RPC_RESPONSE_MAX);
	rpc->curl_text[0] = '\0';
	curl_easy_setopt(rpc->curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(rpc->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	CURLcode code = curl_easy_perform(rpc->curl);
	curl_easy_setopt(rpc->curl, CURLOPT_POSTFIELDS, NULL);
	if (rpc->response.err == GS_ELIMIT)
		return failed(rpc, GS_RPC_OVERSIZE, 0, GS_ELIMIT, error, "the answer is larger than %d bytes",
		              GS_RPC_RESPONSE_MAX);
	if (rpc->response.err != GS_OK)
		return failed(rpc, GS_RPC_TRANSPORT, 0, rpc->response.err, error, "out of memory for the answer");
	if (code != CURLE_OK)
		return transport_failed(rpc, code, error);
	curl_easy_getinfo(rpc->curl, CURLINFO_RESPONSE_CODE, status);
	return GS_OK;
}

/* Finds the bytes that a contract reverted with: nodes write data as "0x..", "Reverted 0x.." or {"data": "0x.."}. */
static bool keep_revert_data(struct gs_rpc_failure *failure, const json_t *data)
{
	if (json_is_object(data))
		data = json_object_get(data, "data");
	const char *text = json_string_value(data);
	const char *hex = text ? strstr(text, "0x") : NULL;
	if (!hex)
		return false;
	size_t len = strlen(hex + 2) / 2;
	if (len > GS_RPC_REVERT_MAX)
		len = GS_RPC_REVERT_MAX;
	if (gs_hex_decode(hex + 2, len * 2, failure->revert, len) != GS_OK)
		return false;
	failure->revert_len = len;
	return true;
}

static enum gs_err remote_failed(struct gs_rpc *rpc, const char *method, const json_t *object, struct gs_error *error)
{
	const char *message = json_string_value(json_object_get(object, "message"));
	int64_t code = json_integer_value(json_object_get(object, "code"));
	if (!message)
		message = "error without a message";
	if (code == CODE_REVERT || strcasestr(message, "revert")) {
		keep_revert_data(&rpc->failure, json_object_get(object, "data"));
		return failed(rpc, GS_RPC_REVERT, code, GS_ECONFLICT, error, "%s: %.180s", method, message);
	}
	enum gs_err err = GS_EINVAL;
	if (code == CODE_METHOD_NOT_FOUND)
		err = GS_EUNSUPPORTED;
	else if (code == CODE_LIMIT_EXCEEDED || strcasestr(message, "rate limit") ||
	         strcasestr(message, "too many requests"))
		err = GS_EAGAIN;
	return failed(rpc, GS_RPC_REMOTE, code, err, error, "%s: the node says: %.160s (%lld)", method, message,
	              (long long)code);
}

/* Takes the result out of the answer. */
static enum gs_err unwrap(struct gs_rpc *rpc, const char *method, uint64_t id, long status, json_t **result,
                          struct gs_error *error)
{
	json_error_t json_error;
	bool http_ok = status >= 200 && status < 300;
	json_t *root = NULL;
	enum gs_err err;

	/* A proxy's error page is not worth parsing when it is large; a node's error object is small. */
	if (http_ok || rpc->response.len <= ERROR_BODY_MAX)
		root = json_loadb((const char *)rpc->response.ptr, rpc->response.len, JSON_REJECT_DUPLICATES,
		                  &json_error);
	const json_t *failure = json_object_get(root, "error");
	if (json_is_object(failure)) {
		err = remote_failed(rpc, method, failure, error);
	} else if (!http_ok) {
		err = failed(rpc, GS_RPC_HTTP, status, status == 429 || status == 503 ? GS_EAGAIN : GS_EIO, error,
		             "HTTP status %ld%s", status,
		             status == 401 || status == 403 ? "; is the key in the address right?" : "");
	} else if (!root) {
		err = gs_rpc_malformed(rpc, GS_EPARSE, error,
		                       "%s: the answer is not JSON (%.80s); is this a JSON-RPC endpoint?", method,
		                       json_error.text);
	} else if (!json_is_object(root) || !json_object_get(root, "result") ||
	           json_integer_value(json_object_get(root, "id")) != (json_int_t)id) {
		err = gs_rpc_malformed(rpc, GS_EPARSE, error,
		                       "%s: the answer is not a JSON-RPC response to the request", method);
	} else {
		*result = json_incref(json_object_get(root, "result"));
		err = GS_OK;
	}
	json_decref(root);
	return err;
}

enum gs_err gs_rpc_call(struct gs_rpc *rpc, const char *method, json_t *params, json_t **result, struct gs_error *error)
{
	uint64_t id = ++rpc->next_id;
	long status = 0;
	*result = NULL;
	rpc->failure.kind = GS_RPC_NO_FAILURE;
	rpc->failure.code = 0;
	rpc->failure.message[0] = '\0';
	rpc->failure.revert_len = 0;
	if (!params)
		return failed(rpc, GS_RPC_TRANSPORT, 0, GS_ENOMEM, error, "out of memory for the request");
	json_t *request = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)id, "method", method,
	                            "params", params);
	char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!body)
		return failed(rpc, GS_RPC_TRANSPORT, 0, GS_ENOMEM, error, "out of memory for the request");
	enum gs_err err = post(rpc, body, strlen(body), &status, error);
	if (err == GS_OK)
		err = unwrap(rpc, method, id, status, result, error);
	free(body);
	gs_buf_free(&rpc->response);
	return err;
}
