/* storage/spill.c: nameless files with reserved blocks, mapped shared. */
#include "storage/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	MIB = 1 << 20,
	HEAP_HEADER = 64, /* before what lies on the heap: its size */
};

struct mapped {
	uint8_t *memory;
	uint64_t bytes; /* of the file: whole pages */
	int fd;
};

struct gs_spill {
	char *dir;
	uint64_t heap_bytes_max, file_bytes_max, page;
	pthread_mutex_t lock; /* over what follows */
	uint64_t file_bytes, heap_bytes;
	unsigned files;
	struct mapped file[GS_SPILL_FILES_MAX];
};

/* A file that has no name, or loses it at once where the file system cannot make one without. */
static int open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	char *name = NULL;
	if (asprintf(&name, "%s/gainsay-trace-XXXXXX", dir) < 0)
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

enum gs_err gs_spill_open(const struct gs_spill_options *options, struct gs_spill **out, struct gs_error *error)
{
	*out = NULL;
	int fd = open_nameless(options->dir);
	if (fd < 0)
		return gs_fail(error, GS_EIO, "%s: no file for traces can be made there: %s; name another folder",
		               options->dir, strerror(errno));
	close(fd);
	struct gs_spill *s = calloc(1, sizeof(*s));
	if (s == NULL || (s->dir = strdup(options->dir)) == NULL) {
		free(s);
		return gs_fail(error, GS_ENOMEM, "no memory");
	}
	s->heap_bytes_max = options->heap_bytes_max;
	s->file_bytes_max = options->file_bytes_max;
	s->page = (uint64_t)sysconf(_SC_PAGESIZE);
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return GS_OK;
}

void gs_spill_close(struct gs_spill *s)
{
	if (s == NULL)
		return;
	GS_ASSERT(s->files == 0 && s->heap_bytes == 0);
	pthread_mutex_destroy(&s->lock);
	free(s->dir);
	free(s);
}

uint64_t gs_spill_file_bytes(struct gs_spill *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t bytes = s->file_bytes;
	pthread_mutex_unlock(&s->lock);
	return bytes;
}

static enum gs_err no_room(const struct gs_spill *s, uint64_t bytes, const char *why, struct gs_error *error)
{
	return gs_fail(error, GS_EIO, "%s: no room for a trace of %llu MiB: %s; free some or name another folder",
	               s->dir, (unsigned long long)(bytes / MIB), why);
}

/* Every block of the file is there before the file is used: writing to the mapping cannot fail for want of room. */
static enum gs_err reserve(const struct gs_spill *s, int fd, uint64_t bytes, struct gs_error *error)
{
	struct statvfs disk;
	char why[64];
	/* Asked first, because reserving more than there is takes all there is before it fails. */
	if (fstatvfs(fd, &disk) == 0 && (uint64_t)disk.f_bavail < bytes / disk.f_frsize) {
		snprintf(why, sizeof(why), "%llu MiB are free",
		         (unsigned long long)((uint64_t)disk.f_bavail * disk.f_frsize / MIB));
		return no_room(s, bytes, why, error);
	}
	int status;
	do
		status = posix_fallocate(fd, 0, (off_t)bytes);
	while (status == EINTR);
	return status == 0 ? GS_OK : no_room(s, bytes, strerror(status), error);
}

static enum gs_err take_file(struct gs_spill *s, uint64_t bytes, uint8_t **out, struct gs_error *error)
{
	if (s->files == GS_SPILL_FILES_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: %d traces lie there already, which is the limit", s->dir,
		               GS_SPILL_FILES_MAX);
	bytes = (bytes + s->page - 1) / s->page * s->page;
	if (s->file_bytes > s->file_bytes_max || bytes > s->file_bytes_max - s->file_bytes)
		return gs_fail(error, GS_ELIMIT,
		               "%s: a trace of %llu MiB beside %llu MiB is over the limit of %llu MiB", s->dir,
		               (unsigned long long)(bytes / MIB), (unsigned long long)(s->file_bytes / MIB),
		               (unsigned long long)(s->file_bytes_max / MIB));
	int fd = open_nameless(s->dir);
	if (fd < 0)
		return no_room(s, bytes, strerror(errno), error);
	enum gs_err err = reserve(s, fd, bytes, error);
	void *memory = MAP_FAILED;
	if (err == GS_OK) {
		memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			err = no_room(s, bytes, strerror(errno), error);
	}
	if (err != GS_OK) {
		close(fd);
		return err;
	}
	s->file[s->files++] = (struct mapped){memory, bytes, fd};
	s->file_bytes += bytes;
	*out = memory;
	return GS_OK;
}

static enum gs_err take_heap(struct gs_spill *s, uint64_t bytes, uint8_t **out, struct gs_error *error)
{
	uint8_t *memory = calloc(1, HEAP_HEADER + (size_t)bytes);
	if (memory == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a trace of %llu MiB",
		               (unsigned long long)(bytes / MIB));
	memcpy(memory, &bytes, sizeof(bytes));
	s->heap_bytes += bytes;
	*out = memory + HEAP_HEADER;
	return GS_OK;
}

static void free_heap(struct gs_spill *s, uint8_t *memory)
{
	uint64_t bytes;
	memcpy(&bytes, memory - HEAP_HEADER, sizeof(bytes));
	GS_ASSERT(s->heap_bytes >= bytes);
	s->heap_bytes -= bytes;
	free(memory - HEAP_HEADER);
}

static enum gs_err take(void *self, uint64_t bytes, uint8_t **out, struct gs_error *error)
{
	struct gs_spill *s = self;
	*out = NULL;
	pthread_mutex_lock(&s->lock);
	bool heap = s->heap_bytes <= s->heap_bytes_max && bytes <= s->heap_bytes_max - s->heap_bytes;
	enum gs_err err = heap ? take_heap(s, bytes, out, error) : take_file(s, bytes, out, error);
	pthread_mutex_unlock(&s->lock);
	return err;
}

/* The file that a part of memory lies in, or NULL when it lies on the heap; under the lock. */
static struct mapped *find(struct gs_spill *s, const uint8_t *part)
{
	for (unsigned i = 0; i < s->files; i++)
		if (part >= s->file[i].memory && part < s->file[i].memory + s->file[i].bytes)
			return &s->file[i];
	return NULL;
}

static void give_back(void *self, uint8_t *memory)
{
	struct gs_spill *s = self;
	pthread_mutex_lock(&s->lock);
	struct mapped *file = find(s, memory);
	if (file == NULL) {
		free_heap(s, memory);
	} else {
		GS_ASSERT(file->memory == memory);
		munmap(file->memory, (size_t)file->bytes);
		close(file->fd);
		s->file_bytes -= file->bytes;
		*file = s->file[--s->files];
	}
	pthread_mutex_unlock(&s->lock);
}

/* The whole pages inside a part: on their way to the disk, and out of this process. Hints: what fails here costs memory,
 * not correctness. */
static void rest(void *self, const uint8_t *part, uint64_t bytes)
{
	struct gs_spill *s = self;
	pthread_mutex_lock(&s->lock);
	const struct mapped *file = find(s, part);
	if (file != NULL) {
		uint64_t at = (uint64_t)(part - file->memory);
		uint64_t from = (at + s->page - 1) / s->page * s->page, to = (at + bytes) / s->page * s->page;
		if (from < to) {
			(void)sync_file_range(file->fd, (off_t)from, (off_t)(to - from), SYNC_FILE_RANGE_WRITE);
			(void)madvise(file->memory + from, (size_t)(to - from), MADV_DONTNEED);
		}
	}
	pthread_mutex_unlock(&s->lock);
}

/* All pages that touch a part: one reading ahead of the whole instead of a fault a page. */
static void want(void *self, const uint8_t *part, uint64_t bytes)
{
	struct gs_spill *s = self;
	pthread_mutex_lock(&s->lock);
	const struct mapped *file = find(s, part);
	if (file != NULL) {
		uint64_t at = (uint64_t)(part - file->memory), from = at / s->page * s->page;
		(void)madvise(file->memory + from, (size_t)(at + bytes - from), MADV_WILLNEED);
	}
	pthread_mutex_unlock(&s->lock);
}

struct gs_trace_home gs_spill_home(struct gs_spill *s)
{
	return (struct gs_trace_home){.self = s, .take = take, .give_back = give_back, .rest = rest, .want = want};
}
