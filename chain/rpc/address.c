/* An endpoint's address, and the file of headers that goes with it. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/rpc/transfer.h"

static bool known_scheme(const char *scheme, bool *websocket)
{
	*websocket = strcmp(scheme, "ws") == 0 || strcmp(scheme, "wss") == 0;
	return *websocket || strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

enum gs_err gs_address_name(const char *url, char name[GS_ENDPOINT_NAME_MAX], bool *websocket, struct gs_error *error)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	enum gs_err err = GS_OK;
	if (!parts)
		return gs_fail(error, GS_ENOMEM, "rpc: out of memory");
	if (strlen(url) > GS_RPC_URL_MAX ||
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK || strlen(host) > 255)
		err = gs_fail(
			error, GS_EINVAL,
			"rpc: not a usable endpoint address; expected http://HOST:PORT, https://HOST/PATH or wss://HOST/PATH");
	else if (!known_scheme(scheme, websocket))
		err = gs_fail(error, GS_EINVAL,
		              "rpc: endpoint scheme '%.20s'; only http, https, ws and wss are understood", scheme);
	else if (curl_url_get(parts, CURLUPART_PORT, &port, 0) != CURLUE_OK)
		snprintf(name, GS_ENDPOINT_NAME_MAX, "%.5s://%.255s:%s", scheme, host,
		         scheme[strlen(scheme) - 1] == 's' && strcmp(scheme, "ws") != 0 ? "443" : "80");
	else
		snprintf(name, GS_ENDPOINT_NAME_MAX, "%.5s://%.255s:%.5s", scheme, host, port);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return err;
}

/* "Authorization: Basic ..." of an address's user and password, unless a header says another; NULL without. */
static enum gs_err authorize(CURLU *parts, const struct gs_header_lines *headers, char **out)
{
	char *user = NULL, *password = NULL, *both = NULL;
	enum gs_err err = GS_OK;
	*out = NULL;
	for (size_t i = 0; i < headers->count; i++)
		if (strncasecmp(headers->line[i], "authorization:", 14) == 0)
			return GS_OK;
	if (curl_url_get(parts, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK) {
		curl_url_get(parts, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
		int len = asprintf(&both, "%s:%s", user, password ? password : "");
		*out = len >= 0 ? malloc(32 + (size_t)len / 3 * 4 + 8) : NULL;
		if (*out)
			EVP_EncodeBlock((uint8_t *)stpcpy(*out, "Authorization: Basic "), (const uint8_t *)both, len);
		else
			err = GS_ENOMEM;
	}
	free(both);
	curl_free(user);
	curl_free(password);
	return err;
}

enum gs_err gs_address_split(const char *url, const struct gs_header_lines *headers, char *address, size_t address_max,
                             char host[GS_ENDPOINT_NAME_MAX], char **path, char **authorization, struct gs_error *error)
{
	CURLU *parts = curl_url();
	char *name = NULL, *port = NULL, *way = NULL, *query = NULL;
	bool secure = strncasecmp(url, "wss:", 4) == 0, known;
	*path = *authorization = NULL;
	enum gs_err err = GS_ENOMEM;
	if (!parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &name, 0) != CURLUE_OK)
		goto out;
	known = curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK;
	curl_url_get(parts, CURLUPART_PATH, &way, 0);
	curl_url_get(parts, CURLUPART_QUERY, &query, 0);
	snprintf(host, GS_ENDPOINT_NAME_MAX, "%s%s%s", name, known ? ":" : "", known ? port : "");
	snprintf(address, address_max, "%s://%s/", secure ? "https" : "http", host);
	if (asprintf(path, "%s%s%s", way && way[0] ? way : "/", query ? "?" : "", query ? query : "") < 0)
		*path = NULL;
	if (*path)
		err = authorize(parts, headers, authorization);
out:
	curl_free(name);
	curl_free(port);
	curl_free(way);
	curl_free(query);
	curl_url_cleanup(parts);
	return err == GS_OK ? GS_OK : gs_fail(error, err, "rpc: out of memory");
}

/* "Name: value" of visible characters, and nothing that the connection itself must say. */
static bool header_ok(const char *line, size_t len)
{
	static const char *const ours[] = {"host",    "content-length",    "content-type", "connection",
	                                   "upgrade", "transfer-encoding", "expect"};
	size_t name = strcspn(line, ":");
	if (name == 0 || name == len ||
	    strspn(line, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != name)
		return false;
	for (size_t i = name; i < len; i++)
		if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
			return false;
	for (size_t i = 0; i < GS_ARRAY_LEN(ours); i++)
		if (strlen(ours[i]) == name && strncasecmp(line, ours[i], name) == 0)
			return false;
	return strncasecmp(line, "sec-websocket-", 14) != 0 && line[name + 1 + strspn(line + name + 1, " ")] != '\0';
}

static enum gs_err take_lines(char *text, const char *path, const char *endpoint, struct gs_header_lines *out,
                              struct gs_error *error)
{
	unsigned number = 0;
	bool ours = true; /* until a section says whose lines follow */
	for (char *line = text, *next; line; line = next) {
		size_t len = strcspn(line, "\n");
		next = line[len] ? line + len + 1 : NULL;
		line[len] = '\0';
		number++;
		if (len && line[len - 1] == '\r')
			line[--len] = '\0';
		if (len == 0 || line[0] == '#')
			continue;
		if (line[0] == '[' && line[len - 1] == ']') {
			ours = strlen(endpoint) == len - 2 && memcmp(endpoint, line + 1, len - 2) == 0;
			continue;
		}
		if (!header_ok(line, len)) /* its text may be a secret and is not told */
			return gs_fail(
				error, GS_EINVAL,
				"%s:%u: not a header; write 'Name: value', and none of Host, Content-Type and their like",
				path, number);
		if (!ours)
			continue;
		if (out->count == GS_ENDPOINT_HEADERS_MAX)
			return gs_fail(error, GS_ELIMIT, "%s: more than %d headers", path, GS_ENDPOINT_HEADERS_MAX);
		if (!(out->line[out->count] = strdup(line)))
			return gs_fail(error, GS_ENOMEM, "%s: out of memory", path);
		out->count++;
	}
	return GS_OK;
}

enum gs_err gs_header_file_read(const char *path, const char *endpoint, struct gs_header_lines *out,
                                struct gs_error *error)
{
	char text[GS_ENDPOINT_HEADER_FILE_MAX + 1];
	struct stat about;
	size_t len = 0;
	ssize_t n = 0;
	enum gs_err err = GS_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about) != 0)
		err = gs_fail(error, GS_EIO, "%s: %s; it should hold the endpoint's extra headers", path,
		              strerror(errno));
	else if (!S_ISREG(about.st_mode))
		err = gs_fail(error, GS_EINVAL, "%s: not a file", path);
	else if (about.st_mode & (S_IRWXG | S_IRWXO))
		err = gs_fail(error, GS_EINVAL, "%s: others may read it; run: chmod 600 %s", path, path);
	while (!err && len < sizeof(text) && (n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	if (!err && n < 0)
		err = gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	else if (!err && len == sizeof(text))
		err = gs_fail(error, GS_ELIMIT, "%s: more than %d bytes", path, GS_ENDPOINT_HEADER_FILE_MAX);
	if (fd >= 0)
		close(fd);
	if (err)
		return err;
	text[len] = '\0';
	if (strlen(text) != len)
		err = gs_fail(error, GS_EINVAL, "%s: not a text", path);
	else
		err = take_lines(text, path, endpoint, out, error);
	explicit_bzero(text, sizeof(text));
	return err;
}

void gs_header_lines_free(struct gs_header_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		explicit_bzero(lines->line[i], strlen(lines->line[i]));
		free(lines->line[i]);
	}
	lines->count = 0;
}
