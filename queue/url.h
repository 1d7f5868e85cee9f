/* queue/url.h: where a Redis is, and who one is there.
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]       rediss:// the same over TLS
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets. USER and PASSWORD may have %XX in them (RFC 3986, section 2.1), and
 * must for '@', ':', '/' and '%'. Without USER the password is the default user's. Anything else in the address is refused: a
 * query or a fragment would mean something to somebody, and is not guessed at. */
#ifndef GS_QUEUE_URL_H
#define GS_QUEUE_URL_H

#include "chain/core/core.h"

enum {
	GS_REDIS_URL_MAX = 1024,
	GS_REDIS_HOST_MAX = 255,
	GS_REDIS_SECRET_MAX = 256, /* user or password, decoded */
	GS_REDIS_PORT_DEFAULT = 6379,
	GS_REDIS_DATABASE_MAX = 65535,
};

struct gs_redis_url {
	bool tls;
	bool has_user;
	bool has_password;
	char host[GS_REDIS_HOST_MAX + 1]; /* without brackets */
	uint16_t port;
	uint32_t database;
	char user[GS_REDIS_SECRET_MAX + 1];
	char password[GS_REDIS_SECRET_MAX + 1];
	char name[GS_REDIS_HOST_MAX + 32]; /* "redis://host:port/0": what may be shown and logged */
};

/* GS_EINVAL: another form; the text never holds the password. GS_ELIMIT: too long. */
GS_MUST enum gs_err gs_redis_url_read(const char *text, struct gs_redis_url *out, struct gs_error *error);

#endif
