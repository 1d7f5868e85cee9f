#include "queue/url.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes %XX. A zero byte cannot be part of a name that is kept as a C string. */
static enum gs_err decode(const char *what, const char *from, size_t len, char out[GS_REDIS_SECRET_MAX + 1],
                          struct gs_error *error)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		int byte = (unsigned char)from[i];
		if (from[i] == '%') {
			int high = i + 2 < len ? hex_digit(from[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(from[i + 2]) : -1;
			if (high < 0 || low < 0)
				return gs_fail(error, GS_EINVAL,
				               "the queue's address: '%%' in the %s must be followed by two hex digits",
				               what);
			byte = high * 16 + low;
			i += 2;
		}
		if (byte == 0)
			return gs_fail(error, GS_EINVAL, "the queue's address: the %s must not hold a zero byte", what);
		if (n == GS_REDIS_SECRET_MAX)
			return gs_fail(error, GS_ELIMIT, "the queue's address: the %s is longer than %d bytes", what,
			               GS_REDIS_SECRET_MAX);
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return GS_OK;
}

static enum gs_err read_number(const char *what, const char *from, size_t len, uint32_t least, uint32_t most,
                               uint32_t *out, struct gs_error *error)
{
	uint32_t value = 0;
	bool good = len > 0 && len <= 5;
	for (size_t i = 0; good && i < len; i++) {
		good = from[i] >= '0' && from[i] <= '9';
		value = value * 10 + (uint32_t)(from[i] - '0');
	}
	if (!good || value < least || value > most)
		return gs_fail(error, GS_EINVAL, "the queue's address: the %s must be a number from %u to %u", what,
		               least, most);
	*out = value;
	return GS_OK;
}

/* [[USER]:PASSWORD@], or USER@ */
static enum gs_err read_secrets(const char *from, size_t len, struct gs_redis_url *out, struct gs_error *error)
{
	const char *colon = memchr(from, ':', len);
	size_t user = colon != NULL ? (size_t)(colon - from) : len;
	enum gs_err err = decode("user", from, user, out->user, error);
	if (err != GS_OK)
		return err;
	out->has_user = user > 0;
	if (colon == NULL)
		return gs_fail(error, GS_EINVAL,
		               "the queue's address: there is a user but no password (redis://USER:PASSWORD@HOST)");
	out->has_password = true;
	return decode("password", colon + 1, len - user - 1, out->password, error);
}

static bool host_byte_good(char c, bool bracketed)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
	    c == '_')
		return true;
	return bracketed && (c == ':' || c == '%');
}

/* HOST[:PORT] */
static enum gs_err read_place(const char *from, size_t len, struct gs_redis_url *out, struct gs_error *error)
{
	bool bracketed = len > 0 && from[0] == '[';
	const char *host = bracketed ? from + 1 : from;
	const char *end = memchr(host, bracketed ? ']' : ':', len - (bracketed ? 1 : 0));
	if (bracketed && end == NULL)
		return gs_fail(error, GS_EINVAL, "the queue's address: '[' without ']'");
	size_t host_len = end != NULL ? (size_t)(end - host) : len;
	if (host_len == 0 || host_len > GS_REDIS_HOST_MAX)
		return gs_fail(error, GS_EINVAL, "the queue's address: the host must have 1 to %d characters",
		               GS_REDIS_HOST_MAX);
	for (size_t i = 0; i < host_len; i++)
		if (!host_byte_good(host[i], bracketed))
			return gs_fail(error, GS_EINVAL,
			               "the queue's address: the host has a character that none can have");
	memcpy(out->host, host, host_len);
	out->host[host_len] = '\0';
	const char *rest = host + host_len + (bracketed ? 1 : 0);
	size_t rest_len = len - (size_t)(rest - from);
	uint32_t port = GS_REDIS_PORT_DEFAULT;
	if (rest_len > 0) {
		if (rest[0] != ':')
			return gs_fail(error, GS_EINVAL,
			               "the queue's address: after ']' comes ':' and the port, or nothing");
		enum gs_err err = read_number("port", rest + 1, rest_len - 1, 1, UINT16_MAX, &port, error);
		if (err != GS_OK)
			return err;
	}
	out->port = (uint16_t)port;
	(void)snprintf(out->name, sizeof(out->name), bracketed ? "%s://[%s]:%u/" : "%s://%s:%u/",
	               out->tls ? "rediss" : "redis", out->host, port);
	return GS_OK;
}

enum gs_err gs_redis_url_read(const char *text, struct gs_redis_url *out, struct gs_error *error)
{
	enum gs_err err;
	memset(out, 0, sizeof(*out));
	if (strlen(text) > GS_REDIS_URL_MAX)
		return gs_fail(error, GS_ELIMIT, "the queue's address is longer than %d bytes", GS_REDIS_URL_MAX);
	if (strncmp(text, "rediss://", 9) == 0)
		out->tls = true;
	else if (strncmp(text, "redis://", 8) != 0)
		return gs_fail(error, GS_EINVAL, "the queue's address must begin with redis:// or rediss://");
	const char *at = text + (out->tls ? 9 : 8);
	size_t len = strcspn(at, "/");
	const char *path = at + len;
	const char *place = at;
	for (size_t i = 0; i < len; i++) /* the last one: an '@' in a password that nobody encoded is told as such */
		if (at[i] == '@')
			place = at + i + 1;
	if (place != at) {
		size_t secret = (size_t)(place - at) - 1;
		if (memchr(at, '@', secret) != NULL)
			return gs_fail(error, GS_EINVAL,
			               "the queue's address has two '@': write %%40 for one in the password");
		if ((err = read_secrets(at, secret, out, error)) != GS_OK)
			return err;
	}
	if ((err = read_place(place, (size_t)(path - place), out, error)) != GS_OK)
		return err;
	if (path[0] == '/' && path[1] != '\0')
		err = read_number("database", path + 1, strlen(path + 1), 0, GS_REDIS_DATABASE_MAX, &out->database,
		                  error);
	size_t named = strlen(out->name);
	(void)snprintf(out->name + named, sizeof(out->name) - named, "%u", out->database);
	return err;
}
