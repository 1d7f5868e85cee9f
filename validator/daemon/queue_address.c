#include "validator/daemon/queue_address.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chain/rpc/keyfile.h"

enum { LINE_MAX_BYTES = GS_REDIS_SECRET_MAX + 2 };

/* Every byte that is no letter or digit as %XX. */
static void escape(const char *password, char out[3 * GS_REDIS_SECRET_MAX + 1])
{
	size_t n = 0;

	for (; *password; password++) {
		if (isalnum((unsigned char)*password))
			out[n++] = *password;
		else
			n += (size_t)sprintf(out + n, "%%%02X", (unsigned char)*password);
	}
	out[n] = '\0';
}

static enum gs_err read_password(const char *path, char out[LINE_MAX_BYTES], struct gs_error *error)
{
	FILE *file = fopen(path, "rbe");
	enum gs_err err;
	size_t len;

	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	err = gs_keyfile_private(fileno(file), path, error);
	if (!err && !fgets(out, LINE_MAX_BYTES, file))
		err = gs_fail(error, GS_EINVAL, "%s: holds no password", path);
	fclose(file);
	if (err)
		return err;
	len = strcspn(out, "\r\n");
	if (len == 0 || len > GS_REDIS_SECRET_MAX)
		return gs_fail(error, GS_EINVAL, "%s: its first line is to be a password of 1 to %d bytes", path,
		               GS_REDIS_SECRET_MAX);
	out[len] = '\0';
	return GS_OK;
}

/* url: "SCHEME://[USER@]REST"; *rest points behind the user. */
static enum gs_err put_in(const char *url, const char *escaped, char out[GS_REDIS_URL_MAX + 1], struct gs_error *error)
{
	const char *begin = strstr(url, "://");
	const char *authority = begin ? begin + 3 : url;
	const char *at = memchr(authority, '@', strcspn(authority, "/"));
	const char *rest = at ? at + 1 : authority;
	const size_t user = at ? (size_t)(at - authority) : 0;

	if (!begin)
		return gs_fail(error, GS_EINVAL, "the queue's address must begin with redis:// or rediss://");
	if (memchr(authority, ':', user))
		return gs_fail(error, GS_EINVAL,
		               "the queue's address holds a password, and a file of one is named: keep one of them");
	if (snprintf(out, GS_REDIS_URL_MAX + 1, "%.*s%.*s:%s@%s", (int)(authority - url), url, (int)user, authority,
	             escaped, rest) > GS_REDIS_URL_MAX)
		return gs_fail(error, GS_ELIMIT, "the queue's address is longer than %d bytes", GS_REDIS_URL_MAX);
	return GS_OK;
}

enum gs_err gs_queue_address(const char *url, const char *password_file, char out[GS_REDIS_URL_MAX + 1],
                             struct gs_error *error)
{
	char password[LINE_MAX_BYTES] = "", escaped[3 * GS_REDIS_SECRET_MAX + 1];
	struct gs_redis_url check;
	enum gs_err err = GS_OK;

	if (!password_file || !password_file[0]) {
		if (snprintf(out, GS_REDIS_URL_MAX + 1, "%s", url) > GS_REDIS_URL_MAX)
			err = gs_fail(error, GS_ELIMIT, "the queue's address is longer than %d bytes",
			              GS_REDIS_URL_MAX);
	} else {
		err = read_password(password_file, password, error);
		if (!err) {
			escape(password, escaped);
			err = put_in(url, escaped, out, error);
		}
		explicit_bzero(password, sizeof(password));
		explicit_bzero(escaped, sizeof(escaped));
	}
	if (!err)
		err = gs_redis_url_read(out, &check, error);
	explicit_bzero(&check, sizeof(check));
	return err;
}
