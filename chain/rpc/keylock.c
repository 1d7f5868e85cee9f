#include "chain/rpc/keylock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/eth/key.h"

enum { POLL_MS = 50, HOLDER_MAX = 128 };

void gs_key_lock_folder(char out[GS_KEY_LOCK_FOLDER_MAX])
{
	const char *service = getenv("RUNTIME_DIRECTORY"), *session = getenv("XDG_RUNTIME_DIR");

	if (service && service[0] == '/' && !strchr(service, ':') && strlen(service) < GS_KEY_LOCK_FOLDER_MAX)
		snprintf(out, GS_KEY_LOCK_FOLDER_MAX, "%s", service);
	else if (session && session[0] == '/' && strlen(session) < GS_KEY_LOCK_FOLDER_MAX - 16)
		snprintf(out, GS_KEY_LOCK_FOLDER_MAX, "%s/gainsay", session);
	else
		snprintf(out, GS_KEY_LOCK_FOLDER_MAX, "/tmp/gainsay-%u", (unsigned)geteuid());
}

/* A folder that is this user's alone, so that nobody else can take a lock away, or put a link in its place. */
static enum gs_err open_folder(const char *path, int *out, struct gs_error *error)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return gs_fail(error, GS_EIO, "%s: the folder of locks of keys cannot be made: %s", path,
		               strerror(errno));
	*out = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*out < 0 || fstat(*out, &st) != 0)
		return gs_fail(error, GS_EIO, "%s: the folder of locks of keys cannot be opened: %s", path,
		               strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return gs_fail(error, GS_EINVAL,
		               "%s: the folder of locks of keys is somebody else's, or others may write to it; name "
		               "another as key.lock_folder",
		               path);
	return GS_OK;
}

static void read_holder(int fd, char out[HOLDER_MAX])
{
	ssize_t n = pread(fd, out, HOLDER_MAX - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static enum gs_err lock(int fd, uint32_t wait_ms)
{
	const struct timespec pause = {0, POLL_MS * 1000 * 1000L};

	for (uint32_t waited = 0;; waited += POLL_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return GS_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return GS_EIO;
		if (waited >= wait_ms)
			return GS_ECONFLICT;
		nanosleep(&pause, NULL);
	}
}

enum gs_err gs_key_lock_take(const char *folder, const struct gs_address *account, uint64_t chain_id, const char *who,
                             uint32_t wait_ms, struct gs_key_lock *out, struct gs_error *error)
{
	char own[GS_KEY_LOCK_FOLDER_MAX], address[GS_ADDRESS_TEXT_MAX], name[96], holder[HOLDER_MAX];
	int dir = -1, fd = -1;
	enum gs_err err;

	out->fd = -1;
	if (!folder[0])
		gs_key_lock_folder(own);
	if ((err = open_folder(folder[0] ? folder : own, &dir, error)) != GS_OK)
		goto out;
	gs_address_format(account, address);
	snprintf(name, sizeof(name), "%s-%llu.lock", address, (unsigned long long)chain_id);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = gs_fail(error, GS_EIO, "%s/%s: %s", folder[0] ? folder : own, name, strerror(errno));
		goto out;
	}
	err = lock(fd, wait_ms);
	if (err == GS_ECONFLICT) {
		read_holder(fd, holder);
		gs_fail(error, err, "key: %s signs for %s on chain %llu; two would give two transactions one number",
		        holder[0] ? holder : "another process", address, (unsigned long long)chain_id);
	} else if (err) {
		gs_fail(error, err, "%s/%s: %s", folder[0] ? folder : own, name, strerror(errno));
	}
	if (err)
		goto out;
	snprintf(holder, sizeof(holder), "%.80s (process %d)\n", who, (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, strlen(holder), 0) < 0)
		holder[0] = '\0'; /* the lock holds without its name */
	out->fd = fd;
	fd = -1;
out:
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return err;
}

void gs_key_lock_release(struct gs_key_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd); /* the file stays: removing it would let two hold locks of one name */
	lock->fd = -1;
}
