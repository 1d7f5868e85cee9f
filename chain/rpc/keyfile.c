#include "chain/rpc/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "chain/core/buf.h"
#include "chain/eth/keystore.h"

/* Reads a whole small file. */
static enum gs_err read_file(const char *path, uint8_t *out, size_t max, size_t *len, struct gs_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", path, strerror(errno));
	ssize_t n = 0;
	for (*len = 0; *len < max && (n = read(fd, out + *len, max - *len)) > 0;)
		*len += (size_t)n;
	int why = errno;
	close(fd);
	if (n < 0)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(why));
	return *len < max ? GS_OK : gs_fail(error, GS_ELIMIT, "%s: %zu bytes or more is too large here", path, max);
}

/* A password file's text up to one final newline. */
static enum gs_err read_password(const char *path, uint8_t out[GS_KEYSTORE_PASSWORD_MAX + 1], struct gs_bytes *password,
                                 struct gs_error *error)
{
	size_t len = 0;
	enum gs_err err = read_file(path, out, GS_KEYSTORE_PASSWORD_MAX + 1, &len, error);
	if (err != GS_OK)
		return err;
	if (len && out[len - 1] == '\n')
		len--;
	if (len && out[len - 1] == '\r')
		len--;
	*password = (struct gs_bytes){out, len};
	return GS_OK;
}

enum gs_err gs_keyfile_load(const char *path, const char *password_file, struct gs_key *out, struct gs_error *error)
{
	uint8_t text[GS_KEYSTORE_TEXT_MAX], secret[GS_KEYSTORE_PASSWORD_MAX + 1];
	struct gs_bytes password;
	size_t len;
	enum gs_err err;
	if ((err = read_file(path, text, sizeof(text), &len, error)) != GS_OK ||
	    (err = read_password(password_file, secret, &password, error)) != GS_OK)
		goto out;
	if ((err = gs_keystore_decrypt((struct gs_bytes){text, len}, password, out, error)) != GS_OK)
		gs_fail_within(error, err, "%s", path);
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	return err;
}

static bool write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

enum gs_err gs_keyfile_save(const char *path, const char *password_file, const struct gs_key *key,
                            struct gs_error *error)
{
	uint8_t random[GS_KEYSTORE_RANDOM], secret[GS_KEYSTORE_PASSWORD_MAX + 1];
	struct gs_bytes password;
	struct gs_buf text;
	int fd = -1;
	enum gs_err err;

	gs_buf_init(&text, GS_KEYSTORE_TEXT_MAX);
	if ((err = read_password(password_file, secret, &password, error)) != GS_OK)
		goto out;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		err = gs_fail(error, GS_EIO, "the system gave no random bytes: %s", strerror(errno));
		goto out;
	}
	if ((err = gs_keystore_encrypt(key, password, GS_KEYSTORE_SCRYPT_N, random, &text, error)) != GS_OK)
		goto out;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = gs_fail(error, errno == EEXIST ? GS_ECONFLICT : GS_EIO, "%s: %s", path, strerror(errno));
	} else if (!write_all(fd, text.ptr, text.len)) {
		err = gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
		unlink(path);
	}
out:
	if (fd >= 0)
		close(fd);
	OPENSSL_cleanse(secret, sizeof(secret));
	gs_buf_free(&text);
	return err;
}
