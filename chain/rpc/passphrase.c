#include "chain/rpc/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "chain/rpc/keyfile.h"

void gs_passphrase_wipe(struct gs_passphrase *passphrase)
{
	explicit_bzero(passphrase, sizeof(*passphrase));
}

struct gs_bytes gs_passphrase_bytes(const struct gs_passphrase *passphrase)
{
	return (struct gs_bytes){passphrase->text, passphrase->len};
}

/* Reads to the end, or with line set to the end of a line. */
static enum gs_err fill(int fd, bool line, const char *what, struct gs_passphrase *out, struct gs_error *error)
{
	out->len = 0;
	while (out->len < sizeof(out->text)) {
		ssize_t n = read(fd, out->text + out->len, line ? 1 : sizeof(out->text) - out->len);
		if (n < 0 && errno == EINTR && !line)
			continue;
		if (n < 0)
			return gs_fail(error, GS_EIO, "%s: %s", what, strerror(errno));
		out->len += (size_t)n;
		if (n == 0 || (line && out->text[out->len - 1] == '\n'))
			break;
	}
	if (out->len && out->text[out->len - 1] == '\n')
		out->len--;
	if (out->len && out->text[out->len - 1] == '\r')
		out->len--;
	if (out->len > GS_KEYSTORE_PASSWORD_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: a passphrase has at most %d bytes", what,
		               GS_KEYSTORE_PASSWORD_MAX);
	return GS_OK;
}

static enum gs_err from_descriptor(const char *source, struct gs_passphrase *out, struct gs_error *error)
{
	char *end;
	errno = 0;
	long fd = strtol(source + 3, &end, 10);
	if (errno || end == source + 3 || *end || fd < 0 || fd > 1 << 20)
		return gs_fail(error, GS_EINVAL, "%s: not a descriptor; say fd:3 and give the program one, 3<FILE",
		               source);
	return fill((int)fd, false, source, out, error);
}

static enum gs_err from_file(const char *path, struct gs_passphrase *out, struct gs_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", path, strerror(errno));
	enum gs_err err = gs_keyfile_private(fd, path, error);
	if (!err)
		err = fill(fd, false, path, out, error);
	close(fd);
	return err;
}

/* The signals that would leave the terminal without echo wait until it is back; they are then delivered. */
static enum gs_err ask(int tty, const char *prompt, struct gs_passphrase *out, struct gs_error *error)
{
	struct termios shown, hidden;
	sigset_t ends, before;

	if (tcgetattr(tty, &shown) != 0)
		return gs_fail(error, GS_EIO, "the terminal: %s", strerror(errno));
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	hidden.c_lflag |= ECHONL | ICANON;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGTSTP);
	if (sigprocmask(SIG_BLOCK, &ends, &before) != 0 || tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
		return gs_fail(error, GS_EIO, "the terminal: %s", strerror(errno));
	dprintf(tty, "%s", prompt);
	enum gs_err err = fill(tty, true, "the terminal", out, error);
	tcsetattr(tty, TCSAFLUSH, &shown);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!err && memchr(out->text, 0x03, out->len)) /* Ctrl-C came as a character */
		err = gs_fail(error, GS_EINVAL, "no passphrase was given");
	return err;
}

static enum gs_err from_terminal(const char *subject, bool twice, struct gs_passphrase *out, struct gs_error *error)
{
	struct gs_passphrase again = {0};
	char prompt[512];
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0)
		return gs_fail(error, GS_EINVAL,
		               "%s: needs a passphrase, and there is no terminal to ask on; name its file with "
		               "--password-file, or a descriptor: --password-file fd:3",
		               subject);
	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", subject);
	enum gs_err err = ask(tty, prompt, out, error);
	if (!err && twice)
		err = ask(tty, "The same once more: ", &again, error);
	if (!err && twice && (again.len != out->len || memcmp(again.text, out->text, out->len) != 0))
		err = gs_fail(error, GS_EINVAL, "%s: the two passphrases differ", subject);
	if (!err && out->len == 0)
		err = gs_fail(error, GS_EINVAL, "%s: an empty passphrase protects nothing", subject);
	gs_passphrase_wipe(&again);
	close(tty);
	return err;
}

enum gs_err gs_passphrase_read(const char *source, const char *subject, bool twice, struct gs_passphrase *out,
                               struct gs_error *error)
{
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (!source[0])
		err = from_terminal(subject, twice, out, error);
	else if (strncmp(source, "fd:", 3) == 0)
		err = from_descriptor(source, out, error);
	else
		err = from_file(source, out, error);
	if (err)
		gs_passphrase_wipe(out);
	return err;
}
