#include "storage/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

enum gs_err gs_textfile_read(const char *path, struct gs_buf *out, struct gs_error *error)
{
	char part[4096];
	FILE *file = fopen(path, "rbe");
	size_t len;

	if (!file)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: cannot be read: %s", path,
		               strerror(errno));
	while ((len = fread(part, 1, sizeof(part), file)) > 0 && !out->err)
		gs_buf_append(out, part, len);
	bool failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return gs_fail(error, GS_EIO, "%s: cannot be read", path);
	return out->err ? gs_fail(error, out->err, "%s: too large", path) : GS_OK;
}

/* A renamed file outlives a power cut once its folder is on the disk. */
static bool sync_folder(const char *path)
{
	char folder[PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) + 1 : 1;
	int fd;
	bool good;

	snprintf(folder, sizeof(folder), "%.*s", len, slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

enum gs_err gs_textfile_replace(const char *path, const char *text, struct gs_error *error)
{
	char temporary[PATH_BYTES_MAX];
	FILE *file;
	bool bad;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return gs_fail(error, GS_ELIMIT, "%s: path too long", path);
	file = fopen(temporary, "wbe");
	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", temporary, strerror(errno));
	bad = fputs(text, file) < 0 || fputc('\n', file) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0;
	bad = fclose(file) != 0 || bad;
	if (bad || rename(temporary, path) != 0 || !sync_folder(path)) {
		enum gs_err err = gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(errno));
		(void)unlink(temporary);
		return err;
	}
	return GS_OK;
}
