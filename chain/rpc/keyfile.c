#include "chain/rpc/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/core/buf.h"
#include "chain/eth/keystore.h"
#include "chain/rpc/passphrase.h"

static void guard(const void *secret, size_t len)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)secret;
	const uintptr_t first = at / page * page, end = (at + len + page - 1) / page * page;

	(void)mlock((const void *)first, end - first);
	(void)madvise((void *)first, end - first, MADV_DONTDUMP);
}

void gs_key_guard(const struct gs_key *key)
{
	guard(key, sizeof(*key));
}

enum gs_err gs_keyfile_private(int fd, const char *path, struct gs_error *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return gs_fail(error, GS_EINVAL, "%s: others may read or change it; chmod 600 it", path);
	return GS_OK;
}

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

enum gs_err gs_keyfile_load(const char *path, const char *passphrase, struct gs_key *out, struct gs_error *error)
{
	uint8_t text[GS_KEYSTORE_TEXT_MAX];
	struct gs_passphrase secret;
	size_t len = 0;
	enum gs_err err;
	guard(&secret, sizeof(secret));
	if ((err = read_file(path, text, sizeof(text), &len, error)) != GS_OK ||
	    (err = gs_passphrase_read(passphrase, path, false, &secret, error)) != GS_OK)
		return err;
	gs_key_guard(out);
	err = gs_keystore_decrypt((struct gs_bytes){text, len}, gs_passphrase_bytes(&secret), out, error);
	if (err != GS_OK)
		gs_fail_within(error, err, "%s", path);
	gs_passphrase_wipe(&secret);
	return err;
}

enum gs_err gs_keyfile_address(const char *path, struct gs_address *out, struct gs_error *error)
{
	uint8_t text[GS_KEYSTORE_TEXT_MAX];
	size_t len = 0;
	enum gs_err err = read_file(path, text, sizeof(text), &len, error);
	if (err == GS_OK && (err = gs_keystore_address((struct gs_bytes){text, len}, out, error)) != GS_OK)
		gs_fail_within(error, err, "%s", path);
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

/* The name is on the disk when the folder is. */
static enum gs_err sync_folder(const char *path, struct gs_error *error)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int len = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	int fd = len < (int)sizeof(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	enum gs_err err = GS_OK;

	if (fd < 0 || fsync(fd) != 0)
		err = gs_fail(error, GS_EIO, "%s: written, but its folder cannot be synced: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

enum gs_err gs_keyfile_save(const char *path, const char *passphrase, const struct gs_key *key,
                            const struct gs_keystore_kdf *kdf, struct gs_error *error)
{
	uint8_t random[GS_KEYSTORE_RANDOM];
	struct gs_passphrase secret;
	struct gs_buf text;
	int fd = -1;
	enum gs_err err;

	if (access(path, F_OK) == 0) /* before anybody thinks of a passphrase */
		return gs_fail(error, GS_ECONFLICT, "%s: %s", path, strerror(EEXIST));
	if ((err = gs_passphrase_read(passphrase, path, true, &secret, error)) != GS_OK)
		return err;
	gs_buf_init(&text, GS_KEYSTORE_TEXT_MAX);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		err = gs_fail(error, GS_EIO, "the system gave no random bytes: %s", strerror(errno));
		goto out;
	}
	if ((err = gs_keystore_encrypt(key, gs_passphrase_bytes(&secret), kdf, random, &text, error)) != GS_OK)
		goto out;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = gs_fail(error, errno == EEXIST ? GS_ECONFLICT : GS_EIO, "%s: %s", path, strerror(errno));
	} else if (!write_all(fd, text.ptr, text.len)) {
		err = gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
		unlink(path);
	} else {
		err = sync_folder(path, error);
	}
out:
	if (fd >= 0)
		close(fd);
	gs_passphrase_wipe(&secret);
	gs_buf_free(&text);
	return err;
}
