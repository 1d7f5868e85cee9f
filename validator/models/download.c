#include "validator/models/download.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_BYTES_MAX = 256, STATUS_OK = 200, STATUS_PARTIAL = 206, STATUS_RANGE = 416 };

struct getting {
	const struct gs_download *d;
	CURL *easy;
	uint64_t have;             /* bytes in fd */
	uint64_t asked;            /* of this try: from where on */
	uint64_t total;            /* of the whole file; 0: not said */
	uint64_t starts;           /* of a part that the server sends: where it begins; UINT64_MAX: not said */
	size_t headers;            /* bytes of them */
	long status;               /* once bytes of the body come */
	bool begun;                /* they did */
	bool head_seen;            /* `head` has looked */
	bool again;                /* from the beginning */
	char etag[MARK_BYTES_MAX]; /* of this answer; "": none that may be used */
	char words[CURL_ERROR_SIZE];
	enum gs_err err; /* why it was stopped here */
	struct gs_error error;
};

static void init_curl_once(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* --- the mark: which version of the file the part is of --- */

static void read_mark(const char *path, char out[MARK_BYTES_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd >= 0 ? read(fd, out, MARK_BYTES_MAX - 1) : 0;

	out[len > 0 ? len : 0] = '\0';
	if (fd >= 0)
		close(fd);
	for (const char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			out[0] = '\0'; /* not what was written: as if there was none */
}

/* Before the first byte of that version is. A mark that cannot be written leaves a part of no known version. */
static enum gs_err write_mark(struct getting *g)
{
	const size_t len = strlen(g->etag);
	int fd;
	bool good;

	(void)unlink(g->d->mark);
	if (len == 0)
		return GS_OK;
	fd = open(g->d->mark, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	good = fd >= 0 && write(fd, g->etag, len) == (ssize_t)len;
	if (fd >= 0)
		close(fd);
	return good ? GS_OK : gs_fail(&g->error, GS_EIO, "%s: %s", g->d->mark, strerror(errno));
}

/* --- what comes --- */

static bool named(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

/* A strong one, quoted, is good for If-Range. */
static void take_etag(struct getting *g, const char *value, size_t len)
{
	if (len < 2 || len >= sizeof(g->etag) || value[0] != '"' || value[len - 1] != '"')
		return;
	memcpy(g->etag, value, len);
	g->etag[len] = '\0';
}

/* "bytes 100-199/200", "bytes 100-199/" and a star, or of status 416 a star and "/200". */
static void take_range(struct getting *g, const char *value)
{
	const char *slash = strchr(value, '/');
	char *end;

	if (!named(value, "bytes "))
		return;
	if (isdigit((unsigned char)value[6])) {
		g->starts = strtoull(value + 6, &end, 10);
		g->starts = *end == '-' ? g->starts : UINT64_MAX;
	}
	if (slash && isdigit((unsigned char)slash[1]))
		g->total = strtoull(slash + 1, NULL, 10);
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct getting *g = context;
	const size_t len = size * count;
	char line[1024];
	size_t used = len < sizeof(line) ? len : sizeof(line) - 1;
	const char *value;

	g->headers += len;
	if (g->headers > GS_DOWNLOAD_HEADER_MAX)
		return 0;
	memcpy(line, data, used);
	while (used > 0 && isspace((unsigned char)line[used - 1]))
		used--;
	line[used] = '\0';
	if (named(line, "HTTP/")) { /* another answer: behind a redirect */
		g->etag[0] = '\0';
		g->starts = UINT64_MAX;
		g->total = 0;
	}
	value = strchr(line, ':');
	if (!value)
		return len;
	for (value++; *value == ' ' || *value == '\t';)
		value++;
	if (named(line, "etag:"))
		take_etag(g, value, strlen(value));
	else if (named(line, "content-range:"))
		take_range(g, value);
	return len;
}

static enum gs_err start_over(struct getting *g)
{
	g->have = 0;
	g->head_seen = false;
	if (ftruncate(g->d->fd, 0) != 0)
		return gs_fail(&g->error, GS_EIO, "cannot be written: %s", strerror(errno));
	return GS_OK;
}

/* The first bytes of an answer's body are there: is it what was asked for? */
static enum gs_err begin_body(struct getting *g)
{
	curl_off_t length = -1;
	enum gs_err err = GS_OK;

	g->begun = true;
	curl_easy_getinfo(g->easy, CURLINFO_RESPONSE_CODE, &g->status);
	if (g->status != STATUS_OK && g->status != STATUS_PARTIAL)
		return GS_EIO; /* the status says it all; the body is of no interest */
	curl_easy_getinfo(g->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (g->status == STATUS_PARTIAL && g->starts != g->asked)
		return gs_fail(&g->error, GS_EIO, "the server sends another part than it was asked for");
	if (g->status == STATUS_OK) {
		if ((err = start_over(g)) || (err = write_mark(g)))
			return err;
		g->total = length > 0 ? (uint64_t)length : 0;
	} else if (g->total == 0 && length > 0) {
		g->total = g->asked + (uint64_t)length;
	}
	if (g->total > g->d->bytes_max)
		return gs_fail(&g->error, GS_ELIMIT, "the file has %llu bytes, over the limit of %llu",
		               (unsigned long long)g->total, (unsigned long long)g->d->bytes_max);
	return GS_OK;
}

static enum gs_err look_at_head(struct getting *g, bool all)
{
	uint8_t head[GS_DOWNLOAD_HEAD_BYTES];
	ssize_t len;

	if (g->head_seen || !g->d->head || (!all && g->have < sizeof(head)))
		return GS_OK;
	g->head_seen = true;
	len = pread(g->d->fd, head, sizeof(head), 0);
	if (len < 0)
		return gs_fail(&g->error, GS_EIO, "cannot be read: %s", strerror(errno));
	return g->d->head(g->d->self, (struct gs_bytes){head, (size_t)len}, &g->error);
}

static enum gs_err store_bytes(struct getting *g, const char *data, size_t len)
{
	if (len > g->d->bytes_max || g->have > g->d->bytes_max - len)
		return gs_fail(&g->error, GS_ELIMIT, "the file is over the limit of %llu bytes",
		               (unsigned long long)g->d->bytes_max);
	while (len > 0) {
		const ssize_t put = pwrite(g->d->fd, data, len, (off_t)g->have);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return gs_fail(&g->error, GS_EIO, "cannot be written: %s", strerror(errno));
		data += put;
		len -= (size_t)put;
		g->have += (uint64_t)put;
	}
	return look_at_head(g, false);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct getting *g = context;
	const size_t len = size * count;

	if (!g->begun)
		g->err = begin_body(g);
	if (!g->err)
		g->err = store_bytes(g, data, len);
	return g->err ? 0 : len;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct getting *g = context;

	(void)total;
	(void)now;
	(void)up_total;
	(void)up;
	if (!g->d->progress || g->d->progress(g->d->self, g->have, g->total))
		return 0;
	g->err = gs_fail(&g->error, GS_EAGAIN, "given up");
	return 1;
}

/* --- one try --- */

static bool configure(struct getting *g)
{
	const struct gs_download *d = g->d;
	const char *after = strncmp(d->url, "https:", 6) == 0 ? "https" : "http,https";
	const long stall_s = d->stall_s ? (long)d->stall_s : GS_DOWNLOAD_STALL_S;
	CURL *c = g->easy;

	return curl_easy_setopt(c, CURLOPT_URL, d->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, d->proxy ? d->proxy : "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, after) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)GS_DOWNLOAD_REDIRECTS_MAX) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (!d->ca_file || curl_easy_setopt(c, CURLOPT_CAINFO, d->ca_file) == CURLE_OK) &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)GS_DOWNLOAD_CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)GS_DOWNLOAD_LEAST_BYTES_S) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall_s) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, g->words) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, g) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, g) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, g) == CURLE_OK;
}

/* Header lines of a request that goes on where the part ends. */
static bool ask_for_rest(struct getting *g, struct curl_slist **headers)
{
	char line[MARK_BYTES_MAX + 32], mark[MARK_BYTES_MAX];
	struct curl_slist *more;

	g->asked = g->have;
	if (g->asked == 0)
		return true;
	snprintf(line, sizeof(line), "Range: bytes=%llu-", (unsigned long long)g->asked);
	if (!(*headers = curl_slist_append(NULL, line)))
		return false;
	read_mark(g->d->mark, mark);
	if (mark[0]) {
		snprintf(line, sizeof(line), "If-Range: %s", mark);
		if (!(more = curl_slist_append(*headers, line)))
			return false;
		*headers = more;
	}
	return curl_easy_setopt(g->easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

static enum gs_err say_status(struct getting *g, struct gs_error *error)
{
	if (g->status == 404 || g->status == 410)
		return gs_fail(error, GS_ENOTFOUND, "it is not there (HTTP status %ld)", g->status);
	return gs_fail(error, GS_EIO, "HTTP status %ld", g->status);
}

static enum gs_err say_failure(struct getting *g, CURLcode code, struct gs_error *error)
{
	const char *words = g->words[0] ? g->words : curl_easy_strerror(code);
	long os_error = 0;

	curl_easy_getinfo(g->easy, CURLINFO_OS_ERRNO, &os_error);
	switch ((int)code) {
	case CURLE_COULDNT_CONNECT:
		return gs_fail(error, GS_EIO, "%s; is the server running?",
		               os_error ? strerror((int)os_error) : "no connection");
	case CURLE_COULDNT_RESOLVE_HOST:
		return gs_fail(error, GS_EIO, "the host's name does not resolve; check the address");
	case CURLE_OPERATION_TIMEDOUT:
		return gs_fail(error, GS_EIO, "too slow, or silent: %llu bytes came (%s)", (unsigned long long)g->have,
		               words);
	case CURLE_TOO_MANY_REDIRECTS:
		return gs_fail(error, GS_EIO, "more than %d redirects", GS_DOWNLOAD_REDIRECTS_MAX);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return gs_fail(error, GS_EIO, "leads to an address that is not taken: %s", words);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE: return gs_fail(error, GS_EIO, "TLS failed: %s", words);
	case CURLE_PARTIAL_FILE:
		return gs_fail(error, GS_EIO, "the connection ended after %llu of %llu bytes",
		               (unsigned long long)g->have, (unsigned long long)g->total);
	default: return gs_fail(error, GS_EIO, "the connection failed: %s", words);
	}
}

/* The server's answer as a whole is there, or is not. */
static enum gs_err judge(struct getting *g, CURLcode code, struct gs_error *error)
{
	curl_easy_getinfo(g->easy, CURLINFO_RESPONSE_CODE, &g->status);
	if (g->status == STATUS_RANGE &&
	    g->asked > 0) { /* nothing behind what we have: all of it, or of another version */
		if (g->total == g->asked)
			return GS_OK;
		g->again = true;
		return gs_fail(error, GS_EIO, "the server has another version of the file now");
	}
	if ((code == CURLE_OK || g->err) && g->status >= 300)
		return say_status(g, error);
	if (g->err) {
		if (error)
			*error = g->error;
		return g->err;
	}
	if (code != CURLE_OK)
		return say_failure(g, code, error);
	if (g->status != STATUS_OK && g->status != STATUS_PARTIAL)
		return say_status(g, error);
	if (!g->begun && (g->err = begin_body(g))) { /* an empty one */
		if (error)
			*error = g->error;
		return g->err;
	}
	if (g->total && g->have != g->total)
		return gs_fail(error, GS_EIO, "%llu bytes came, the server told of %llu", (unsigned long long)g->have,
		               (unsigned long long)g->total);
	return GS_OK;
}

static enum gs_err try_once(struct getting *g, struct gs_error *error)
{
	struct curl_slist *headers = NULL;
	CURLcode code;
	enum gs_err err;

	g->easy = curl_easy_init();
	g->headers = 0;
	g->status = 0;
	g->begun = false;
	g->total = 0;
	g->err = GS_OK;
	g->again = false;
	g->words[0] = '\0';
	if (!g->easy || !configure(g) || !ask_for_rest(g, &headers)) {
		err = gs_fail(error, GS_ENOMEM, "libcurl could not be set up");
	} else {
		code = curl_easy_perform(g->easy);
		err = judge(g, code, error);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(g->easy);
	return err;
}

enum gs_err gs_download_run(const struct gs_download *download, uint64_t *bytes, struct gs_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct getting g = {.d = download};
	struct gs_error why = {0};
	struct stat info;
	enum gs_err err;

	pthread_once(&once, init_curl_once);
	*bytes = 0;
	if (fstat(download->fd, &info) != 0)
		return gs_fail(error, GS_EIO, "cannot be read: %s", strerror(errno));
	g.have = (uint64_t)info.st_size;
	if (g.have > download->bytes_max && start_over(&g))
		return gs_fail(error, GS_EIO, "%s", g.error.text);
	for (int i = 0;; i++) {
		const uint64_t before = g.have;
		err = try_once(&g, &why);
		if (err != GS_EIO || i + 1 == GS_DOWNLOAD_TRIES)
			break;
		if (g.again && start_over(&g))
			break;
		if (!g.again && g.have <= before)
			break; /* nothing came: whoever wants the file asks again later */
	}
	if (!err && (err = look_at_head(&g, true)))
		why = g.error;
	if (!err && fsync(download->fd) != 0)
		err = gs_fail(&why, GS_EIO, "cannot be written: %s", strerror(errno));
	*bytes = g.have;
	return err ? gs_fail(error, err, "%s", why.text) : GS_OK;
}
