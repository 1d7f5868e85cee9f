/* The side of whoever hands a call over (commands.h). */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "validator/daemon/commands.h"

enum { ANSWER_MAX = 4096 };

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* GS_ENOTFOUND: nobody listens there. */
static enum gs_err reach(const char *folder, const struct gs_commands_call *call, int *out)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	if (gs_commands_path(folder, &call->account, call->chain_id, at.sun_path))
		return GS_ENOTFOUND;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return GS_EIO;
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return GS_ENOTFOUND;
	}
	*out = fd;
	return GS_OK;
}

bool gs_commands_reachable(const char *folder, const struct gs_commands_call *call)
{
	int fd;
	const bool there = reach(folder, call, &fd) == GS_OK;

	if (there)
		close(fd);
	return there;
}

static char *request_of(const struct gs_commands_call *call, const struct gs_hash *id)
{
	char id_text[67], account[43], to[43];
	char *data = malloc(2 * call->data.len + 3), *text = NULL;
	json_t *json;

	if (!data)
		return NULL;
	gs_hex_encode(id->b, 32, true, id_text);
	gs_hex_encode(call->account.b, 20, true, account);
	gs_hex_encode(call->to.b, 20, true, to);
	gs_hex_encode(call->data.ptr, call->data.len, true, data);
	json = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s}", "version", GS_COMMANDS_VERSION, "id", id_text, "chain_id",
	                 (json_int_t)call->chain_id, "account", account, "to", to, "data", data);
	if (json)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free(data);
	return text;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static enum gs_err put(int fd, const struct gs_commands_call *call, const struct gs_hash *id, struct gs_error *error)
{
	char *text = request_of(call, id);
	bool sent;

	if (!text)
		return gs_fail(error, GS_ENOMEM, "no memory");
	sent = write_all(fd, text, strlen(text)) && write_all(fd, "\n", 1);
	free(text);
	return sent ? GS_OK : gs_fail(error, GS_EIO, "the node that has the key hung up: %s", strerror(errno));
}

/* One line, without its end. GS_EAGAIN: not by then. GS_EIO: the node hung up. */
static enum gs_err get_line(int fd, uint64_t deadline_ms, char line[ANSWER_MAX])
{
	size_t len = 0;

	while (len + 1 < ANSWER_MAX) {
		const uint64_t now = now_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		const int ready = now < deadline_ms ? poll(&p, 1, (int)(deadline_ms - now)) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return GS_EAGAIN;
		const ssize_t n = recv(fd, line + len, 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return GS_EIO;
		if (line[len] == '\n') {
			line[len] = '\0';
			return GS_OK;
		}
		len++;
	}
	return GS_EIO;
}

struct answer {
	char status[16];
	char why[512];
	struct gs_hash tx;
};

static bool read_answer(const char *line, struct answer *out)
{
	json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *status = json_string_value(json_object_get(json, "status"));
	const char *why = json_string_value(json_object_get(json, "why"));
	const char *tx = json_string_value(json_object_get(json, "tx"));
	const bool good = status && why && tx && strlen(status) < sizeof(out->status) &&
	                  gs_hex_decode(tx, strlen(tx), out->tx.b, sizeof(out->tx.b)) == GS_OK;

	if (good) {
		strcpy(out->status, status);
		(void)snprintf(out->why, sizeof(out->why), "%s", why);
	}
	json_decref(json);
	return good;
}

static enum gs_err await(int fd, uint32_t timeout_ms, struct gs_hash *tx, struct gs_error *error)
{
	const uint64_t deadline_ms = now_ms() + timeout_ms;
	struct answer answer = {.why = ""};
	char line[ANSWER_MAX];
	enum gs_err err;

	while ((err = get_line(fd, deadline_ms, line)) == GS_OK) {
		if (!read_answer(line, &answer))
			return gs_fail(
				error, GS_EPARSE,
				"the node that has the key answers what is no answer; is it of another version?");
		*tx = answer.tx;
		if (strcmp(answer.status, "done") == 0)
			return GS_OK;
		if (strcmp(answer.status, "failed") == 0)
			return gs_fail(error, GS_ECONFLICT, "%s", answer.why);
	}
	if (err == GS_EIO)
		return gs_fail(
			error, GS_EAGAIN,
			"the node that has the key hung up; what it stored of the call it goes on with when it runs again");
	return gs_fail(error, GS_EAGAIN,
	               "the node that has the key has not had it mined after %u ms%s%s; it goes on with it", timeout_ms,
	               answer.why[0] ? ": " : "", answer.why);
}

enum gs_err gs_commands_send(const char *folder, const struct gs_commands_call *call, uint32_t timeout_ms,
                             struct gs_hash *tx, struct gs_error *error)
{
	struct gs_hash id;
	int fd;
	enum gs_err err = reach(folder, call, &fd);

	memset(tx, 0, sizeof(*tx));
	if (err)
		return gs_fail(error, err, "the node that has the key is gone; try again");
	if (call->data.len > GS_INTENT_DATA_MAX)
		err = gs_fail(error, GS_ELIMIT, "the transaction is too large for the node that has the key: %zu bytes",
		              call->data.len);
	else if (getrandom(id.b, sizeof(id.b), 0) != (ssize_t)sizeof(id.b))
		err = gs_fail(error, GS_EIO, "no random bytes: %s", strerror(errno));
	if (!err)
		err = put(fd, call, &id, error);
	if (!err)
		err = await(fd, timeout_ms, tx, error);
	close(fd);
	return err;
}
