#include "validator/daemon/talk_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 1280 };

/* The bytes read, at most max; -1 when there is no such file or it is longer. */
static ssize_t read_short(const char *path, uint8_t *out, size_t max)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat info;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size <= max) {
		n = 0;
		while (n < info.st_size) {
			const ssize_t got = read(fd, out + n, max - (size_t)n);
			if (got <= 0)
				break;
			n += got;
		}
	}
	(void)close(fd);
	return n;
}

static bool write_whole(const char *path, struct gs_bytes bytes)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t done = 0;
	bool good = fd >= 0;

	while (good && done < bytes.len) {
		const ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
		good = n > 0;
		done += n > 0 ? (size_t)n : 0;
	}
	return fd >= 0 && close(fd) == 0 && good;
}

static bool path_of(const char *folder, const struct gs_hash *game, bool claimant, char out[PATH_BYTES])
{
	char name[67];

	gs_hex_encode(game->b, sizeof(game->b), true, name);
	return (size_t)snprintf(out, PATH_BYTES, "%s/%s.%s.talk", folder, name, claimant ? "claimant" : "challenger") <
	       PATH_BYTES;
}

enum gs_err gs_talk_folder_tell(const char *folder, const struct gs_hash *game, bool claimant, struct gs_bytes message,
                                struct gs_error *error)
{
	char path[PATH_BYTES], draft[PATH_BYTES + 8];
	uint8_t there[GS_TALK_BYTES_MAX];
	ssize_t n;

	if (!path_of(folder, game, claimant, path))
		return gs_fail(error, GS_ELIMIT, "%s: the path is too long", folder);
	n = read_short(path, there, sizeof(there));
	if (n >= 0 && (size_t)n == message.len && memcmp(there, message.ptr, message.len) == 0)
		return GS_OK;
	snprintf(draft, sizeof(draft), "%s.draft", path);
	if (!write_whole(draft, message) || rename(draft, path) != 0)
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(errno));
	return GS_OK;
}

size_t gs_talk_folder_hear(const char *folder, const struct gs_hash *game, bool claimant,
                           uint8_t out[GS_TALK_BYTES_MAX])
{
	char path[PATH_BYTES];
	ssize_t n;

	if (!path_of(folder, game, claimant, path))
		return 0;
	n = read_short(path, out, GS_TALK_BYTES_MAX);
	return n > 0 ? (size_t)n : 0;
}
