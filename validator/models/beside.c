#include "validator/models/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct beside_file {
	char *location; /* owned */
	struct gs_bytes bytes;
};

struct beside {
	int folder;
	uint32_t files;
	struct beside_file file[GS_BESIDE_FILES_MAX];
};

static enum gs_err refuse(struct gs_error *error, const char *location, const char *what)
{
	return gs_fail(error, GS_EUNSUPPORTED, "external data '%.200s': %s", location, what);
}

/* Opens one step of the way, never through a link. */
static int step(int folder, const char *name, bool last)
{
	return openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY));
}

static enum gs_err walk(int folder, const char *location, int *out, struct gs_error *error)
{
	char path[GS_BESIDE_PATH_MAX + 1];
	char *name = path;
	int at = folder;
	if (location[0] == '/')
		return refuse(error, location, "an absolute path; only files beside the model are read");
	snprintf(path, sizeof(path), "%s", location);
	for (;;) {
		char *slash = strchr(name, '/');
		if (slash != NULL)
			*slash = 0;
		bool climbs = strcmp(name, "..") == 0, here = name[0] == 0 || strcmp(name, ".") == 0;
		if (climbs || (here && slash == NULL)) {
			if (at != folder)
				close(at);
			return refuse(error, location, climbs ? "it leads out of the model's folder" : "not a file");
		}
		int next = here ? at : step(at, name, slash == NULL);
		int code = errno;
		if (at != folder && at != next)
			close(at);
		if (next < 0)
			return refuse(error, location,
			              code == ELOOP || code == ENOTDIR
			                      ? "there is a symbolic link, or a file, on the way"
			                      : strerror(code));
		if (slash == NULL) {
			*out = next;
			return GS_OK;
		}
		at = next;
		name = slash + 1;
	}
}

static enum gs_err map(int fd, const char *location, struct gs_bytes *out, struct gs_error *error)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(error, location, "not a regular file");
	if ((uint64_t)st.st_size > GS_BESIDE_BYTES_MAX)
		return refuse(error, location, "over 16 GiB");
	*out = (struct gs_bytes){0};
	if (st.st_size == 0)
		return GS_OK;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return refuse(error, location, strerror(errno));
	*out = (struct gs_bytes){p, (size_t)st.st_size};
	return GS_OK;
}

static enum gs_err open_file(void *context, struct gs_bytes location, struct gs_bytes *out, struct gs_error *error)
{
	struct beside *b = context;
	char text[GS_BESIDE_PATH_MAX + 1];
	int fd = -1;
	if (location.len > GS_BESIDE_PATH_MAX || memchr(location.ptr, 0, location.len) != NULL)
		return gs_fail(error, GS_EPARSE, "external data: a location that is no path of at most %d bytes",
		               GS_BESIDE_PATH_MAX);
	memcpy(text, location.ptr, location.len);
	text[location.len] = 0;
	for (uint32_t i = 0; i < b->files; i++)
		if (strcmp(b->file[i].location, text) == 0) {
			*out = b->file[i].bytes;
			return GS_OK;
		}
	if (b->files == GS_BESIDE_FILES_MAX)
		return gs_fail(error, GS_ELIMIT, "external data: more than %d files", GS_BESIDE_FILES_MAX);
	enum gs_err err = walk(b->folder, text, &fd, error);
	if (err != GS_OK)
		return err;
	err = map(fd, text, out, error);
	close(fd);
	if (err != GS_OK)
		return err;
	b->file[b->files].location = strdup(text);
	if (b->file[b->files].location == NULL) {
		if (out->ptr != NULL)
			munmap((void *)(uintptr_t)out->ptr, out->len);
		return gs_fail(error, GS_ENOMEM, "external data: no memory");
	}
	b->file[b->files++].bytes = *out;
	return GS_OK;
}

/* The folder that the model at path lies in; NULL after a message. */
static struct beside *open_folder(const char *path, struct gs_error *error)
{
	const char *slash = strrchr(path, '/');
	struct beside *b = calloc(1, sizeof(*b));
	char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd = b == NULL || folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)gs_fail(error, GS_EIO, "%s: its folder cannot be opened: %s", path, strerror(errno));
		free(b);
		b = NULL;
	} else {
		b->folder = fd;
	}
	free(folder);
	return b;
}

static void close_folder(struct beside *b)
{
	for (uint32_t i = 0; i < b->files; i++) {
		free(b->file[i].location);
		if (b->file[i].bytes.ptr != NULL)
			munmap((void *)(uintptr_t)b->file[i].bytes.ptr, b->file[i].bytes.len);
	}
	close(b->folder);
	free(b);
}

enum gs_err gs_lower_beside(const char *path, struct gs_bytes bytes, const struct gs_onnx_options *options,
                            struct gs_program *out, struct gs_onnx_report *report, struct gs_error *error)
{
	*out = (struct gs_program){0};
	struct beside *b = open_folder(path, error);
	if (b == NULL) {
		if (report != NULL)
			*report = (struct gs_onnx_report){.reason = GS_ONNX_NO_MEMORY};
		return GS_EIO;
	}
	const struct gs_onnx_external external = {.context = b, .open = open_file};
	struct gs_onnx_options with_files = *options;
	with_files.external = &external;
	enum gs_err err = gs_onnx_lower(bytes, &with_files, out, report, error);
	close_folder(b);
	return err;
}
