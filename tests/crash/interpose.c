/* tests/crash/interpose.c: stands between a node and the kernel (LD_PRELOAD), so that it dies where a test says and tells what it wrote.
 *
 *     CRASH_DATA=PATH     the file whose operations count: a database's data.mdb, and new/data.mdb beside it, as which it begins; without it
 *                         nothing happens
 *     CRASH_POINT=N       SIGKILL at the N-th point; 0 or absent: never
 *     CRASH_SENT=N        SIGKILL after the N-th send that hands in a transaction; -N: before it
 *     CRASH_LOG=PATH      what happens to that file and what is sent is appended here
 *     CRASH_TALLY=PATH    one byte a point, its kind, appended before the point is passed: its size is how many there were
 *
 * Points: before every write and every sync of the file (w, s), after every write through a descriptor that syncs by itself, which is how LMDB
 * ends a commit (c), before and after every send over the internet (b, a).
 *
 * The log is a sequence of records: a letter, then a u64 offset and a u64 length, native, then length bytes. W: a write that begins; D: the same, durable
 * when E follows; E: it has ended; F: a sync that has ended; T: a length is set (offset is the length); N: the file was created; R: it has got its name; P: a directory was synced (bytes:
 * its path); S: a send that begins (offset: its descriptor); M: a mapping that can be written, which no log can follow. Partial writes are logged as what was asked for. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096 };

static struct {
	pthread_once_t once;
	pthread_mutex_t mutex; /* over the log and the count */
	bool on;
	char data[PATH_LEN_MAX], young[PATH_LEN_MAX];
	uint64_t point, points;
	int64_t sent, sends; /* of transactions */
	int log, tally;
	pid_t pid; /* a child process has other things to do */
} state = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER, .log = -1, .tally = -1};

/* --- our own files, by the kernel's names, so that nothing here is met by itself --- */

static int append_to(const char *name)
{
	const char *path = getenv(name);
	return path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static void begin(void)
{
	const char *data = getenv("CRASH_DATA"), *point = getenv("CRASH_POINT"), *sent = getenv("CRASH_SENT");
	const char *slash = data ? strrchr(data, '/') : NULL;
	if (!slash || strlen(data) + sizeof("/new") > sizeof(state.data))
		return;
	strcpy(state.data, data);
	snprintf(state.young, sizeof(state.young), "%.*s/new%s", (int)(slash - data), data, slash);
	state.point = point ? strtoull(point, NULL, 10) : 0;
	state.sent = sent ? strtoll(sent, NULL, 10) : 0;
	state.log = append_to("CRASH_LOG");
	state.tally = append_to("CRASH_TALLY");
	state.pid = getpid();
	state.on = true;
}

static bool is_on(void)
{
	const int before = errno;
	pthread_once(&state.once, begin);
	errno = before;
	return state.on && getpid() == state.pid;
}

static void put(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		const long n = syscall(SYS_write, fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort(); /* a log with a hole is worse than none */
		at += n;
		len -= (size_t)n;
	}
}

static _Noreturn void die(void)
{
	for (;;)
		syscall(SYS_kill, getpid(), SIGKILL);
}

static void point(char kind)
{
	const int before = errno;
	pthread_mutex_lock(&state.mutex);
	if (state.tally >= 0)
		put(state.tally, &kind, 1);
	if (++state.points == state.point)
		die();
	pthread_mutex_unlock(&state.mutex);
	errno = before;
}

static void tell(char kind, uint64_t offset, const struct iovec *parts, int count)
{
	const int before = errno;
	uint64_t head[2] = {offset, 0};
	if (state.log < 0)
		return;
	for (int i = 0; i < count; i++)
		head[1] += parts[i].iov_len;
	pthread_mutex_lock(&state.mutex);
	put(state.log, &kind, 1);
	put(state.log, head, sizeof(head));
	for (int i = 0; i < count; i++)
		put(state.log, parts[i].iov_base, parts[i].iov_len);
	pthread_mutex_unlock(&state.mutex);
	errno = before;
}

/* --- which descriptor is which --- */

static bool is_at(const struct stat *here, const char *path)
{
	struct stat there;
	return stat(path, &there) == 0 && here->st_ino == there.st_ino && here->st_dev == there.st_dev;
}

static bool is_data(int fd)
{
	struct stat here;
	const int before = errno;
	const bool same = is_on() && fstat(fd, &here) == 0 && S_ISREG(here.st_mode) &&
	                  (is_at(&here, state.data) || is_at(&here, state.young));
	errno = before;
	return same;
}

static bool is_internet(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	const int before = errno;
	const bool is = is_on() && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	                (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
	errno = before;
	return is;
}

static bool syncs_itself(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && (flags & O_DSYNC) != 0;
}

/* --- writes --- */

enum what { OTHER, DATA, DATA_SYNCED, INTERNET, TRANSACTION };

/* A transaction goes out by one thread. */
static bool hands_in(const struct iovec *parts, int count)
{
	static const char word[] = "eth_sendRawTransaction";
	for (int i = 0; i < count; i++)
		if (memmem(parts[i].iov_base, parts[i].iov_len, word, sizeof(word) - 1))
			return true;
	return false;
}

static enum what before_write(int fd, int64_t offset, const struct iovec *parts, int count)
{
	if (is_data(fd)) {
		const enum what what = syncs_itself(fd) ? DATA_SYNCED : DATA;
		if (offset < 0)
			offset = lseek(fd, 0, SEEK_CUR);
		point('w');
		tell(what == DATA ? 'W' : 'D', (uint64_t)offset, parts, count);
		return what;
	}
	if (is_internet(fd)) {
		point('b');
		tell('S', (uint64_t)fd, parts, count);
		if (!hands_in(parts, count))
			return INTERNET;
		if (--state.sends == state.sent)
			die();
		return TRANSACTION;
	}
	return OTHER;
}

static ssize_t after_write(enum what what, ssize_t n)
{
	if (what == DATA_SYNCED) {
		tell('E', 0, NULL, 0);
		point('c');
	} else if (what == INTERNET || what == TRANSACTION) {
		if (what == TRANSACTION && -state.sends == state.sent)
			die();
		point('a');
	}
	return n;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* A function that takes libc's place. */
#define INSTEAD(result, name, ...) \
	result our_##name(__VA_ARGS__) __asm__(#name); \
	result our_##name(__VA_ARGS__)

INSTEAD(ssize_t, write, int fd, const void *bytes, size_t len)
{
	const struct iovec part = {(void *)bytes, len};
	const enum what what = before_write(fd, -1, &part, 1);
	return after_write(what, NEXT(write)(fd, bytes, len));
}

INSTEAD(ssize_t, pwrite, int fd, const void *bytes, size_t len, off_t offset)
{
	const struct iovec part = {(void *)bytes, len};
	const enum what what = before_write(fd, offset, &part, 1);
	return after_write(what, NEXT(pwrite)(fd, bytes, len, offset));
}

INSTEAD(ssize_t, pwrite64, int fd, const void *bytes, size_t len, off64_t offset)
{
	return pwrite(fd, bytes, len, offset);
}

INSTEAD(ssize_t, writev, int fd, const struct iovec *parts, int count)
{
	const enum what what = before_write(fd, -1, parts, count);
	return after_write(what, NEXT(writev)(fd, parts, count));
}

INSTEAD(ssize_t, pwritev, int fd, const struct iovec *parts, int count, off_t offset)
{
	const enum what what = before_write(fd, offset, parts, count);
	return after_write(what, NEXT(pwritev)(fd, parts, count, offset));
}

INSTEAD(ssize_t, send, int fd, const void *bytes, size_t len, int flags)
{
	const struct iovec part = {(void *)bytes, len};
	const enum what what = before_write(fd, -1, &part, 1);
	return after_write(what, NEXT(send)(fd, bytes, len, flags));
}

INSTEAD(ssize_t, sendto, int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	const struct iovec part = {(void *)bytes, len};
	const enum what what = before_write(fd, -1, &part, 1);
	return after_write(what, NEXT(sendto)(fd, bytes, len, flags, to, to_len));
}

INSTEAD(ssize_t, sendmsg, int fd, const struct msghdr *message, int flags)
{
	const enum what what = before_write(fd, -1, message->msg_iov, (int)message->msg_iovlen);
	return after_write(what, NEXT(sendmsg)(fd, message, flags));
}

/* --- syncs, lengths, mappings --- */

static void tell_directory(int fd)
{
	char link[64], path[PATH_LEN_MAX];
	struct stat st;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (!is_on() || fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return;
	const ssize_t len = readlink(link, path, sizeof(path));
	const struct iovec part = {path, len > 0 ? (size_t)len : 0};
	tell('P', 0, &part, 1);
}

static int synced(int fd, int (*sync)(int))
{
	const bool data = is_data(fd);
	if (data)
		point('s');
	const int rc = sync(fd);
	if (rc == 0 && data)
		tell('F', 0, NULL, 0);
	else if (rc == 0)
		tell_directory(fd);
	return rc;
}

INSTEAD(int, fsync, int fd)
{
	return synced(fd, NEXT(fsync));
}

INSTEAD(int, fdatasync, int fd)
{
	return synced(fd, NEXT(fdatasync));
}

INSTEAD(int, ftruncate, int fd, off_t length)
{
	if (is_data(fd)) {
		point('w');
		tell('T', (uint64_t)length, NULL, 0);
	}
	return NEXT(ftruncate)(fd, length);
}

INSTEAD(void *, mmap, void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && is_data(fd))
		tell('M', 0, NULL, 0);
	return NEXT(mmap)(at, len, protection, flags, fd, offset);
}

INSTEAD(int, rename, const char *from, const char *to)
{
	const bool ours = is_on() && strcmp(to, state.data) == 0;
	if (ours)
		point('w');
	const int rc = NEXT(rename)(from, to);
	if (ours && rc == 0)
		tell('R', 0, NULL, 0);
	return rc;
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
	struct stat st;
	const bool ours = is_on() && (strcmp(path, state.data) == 0 || strcmp(path, state.young) == 0);
	const bool absent = ours && stat(path, &st) != 0;
	const int fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd >= 0 && absent)
		tell('N', 0, NULL, 0);
	return fd;
}

INSTEAD(int, open, const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	return opened(AT_FDCWD, path, flags, mode);
}

INSTEAD(int, open64, const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	return opened(AT_FDCWD, path, flags, mode);
}
