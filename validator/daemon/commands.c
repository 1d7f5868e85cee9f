#include "validator/daemon/commands.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "chain/rpc/keylock.h"

enum { WHY_MAX = 512, ORDER_AGAIN_S = 1 };

struct visitor {
	struct visitor *next;
	struct gs_commands *commands;
	struct bufferevent *bev;
	bool ordered; /* what follows is known */
	bool over;    /* the last word is said: closed when it is out */
	uint8_t told; /* enum gs_intent_status */
	struct gs_hash tx;
	struct gs_hash id, intent;
	struct gs_address to;
	struct gs_buf data;
	char why[WHY_MAX]; /* of the last refusal */
};

struct gs_commands {
	struct gs_commands_options options;
	char path[108];
	struct evconnlistener *listener;
	struct event *again;
	struct visitor *first;
	size_t count;
};

enum gs_err gs_commands_path(const char *folder, const struct gs_address *account, uint64_t chain_id, char out[108])
{
	char own[GS_KEY_LOCK_FOLDER_MAX], address[GS_ADDRESS_TEXT_MAX];
	int len;

	if (!folder[0])
		gs_key_lock_folder(own);
	gs_address_format(account, address);
	len = snprintf(out, 108, "%s/%s-%llu.sock", folder[0] ? folder : own, address, (unsigned long long)chain_id);
	return len > 0 && len < 108 ? GS_OK : GS_ELIMIT;
}

/* --- answers --- */

static void visitor_free(struct visitor *v)
{
	bufferevent_free(v->bev);
	gs_buf_free(&v->data);
	free(v);
}

static void leave(struct visitor *v)
{
	struct visitor **at = &v->commands->first;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	v->commands->count--;
	visitor_free(v);
}

static void on_written(struct bufferevent *bev, void *self)
{
	struct visitor *v = self;

	if (v->over && evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		leave(v);
}

static void say(struct visitor *v, const char *status, const char *why)
{
	char tx[67];
	json_t *json;
	char *text;

	gs_hex_encode(v->tx.b, 32, true, tx);
	json = json_pack("{s:s, s:s, s:s%}", "status", status, "tx", tx, "why", why, strnlen(why, WHY_MAX));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text) {
		(void)bufferevent_write(v->bev, text, strlen(text));
		(void)bufferevent_write(v->bev, "\n", 1);
	}
	free(text);
	json_decref(json);
}

/* The last word. */
static void dismiss(struct visitor *v, const char *status, const char *why)
{
	v->over = true;
	bufferevent_disable(v->bev, EV_READ);
	say(v, status, why);
}

static enum gs_err order(struct visitor *v)
{
	const struct gs_commands_options *o = &v->commands->options;
	struct gs_node_input input = {.kind = GS_INPUT_COMMAND,
	                              .as.command = {.id = v->id, .to = v->to, .data = gs_buf_view(&v->data)}};

	return o->feed(o->self, &input);
}

static void look_at(struct visitor *v)
{
	struct gs_node_command now;
	struct gs_error why = {0};

	if (!v->ordered || v->over || gs_node_command(v->commands->options.store, &v->id, &now, &why))
		return;
	v->intent = now.intent;
	v->tx = now.tx;
	if (now.status == GS_INTENT_DONE) {
		dismiss(v, "done", "");
	} else if (now.status == GS_INTENT_FAILED && now.attempts > 0) {
		dismiss(v, "failed",
		        v->why[0] ? v->why : "it was mined and reverted, or another transaction took its number");
	} else if (v->told != now.status) {
		v->told = now.status;
		say(v, now.status == GS_INTENT_SIGNED ? "signed" : "planned", v->why);
	}
}

void gs_commands_look(struct gs_commands *commands)
{
	for (struct visitor *v = commands ? commands->first : NULL; v; v = v->next)
		look_at(v);
}

void gs_commands_refused(struct gs_commands *commands, const struct gs_hash *intent, const char *why)
{
	for (struct visitor *v = commands ? commands->first : NULL; v; v = v->next)
		if (v->ordered && gs_hash_equal(&v->intent, intent))
			snprintf(v->why, sizeof(v->why), "%.*s", WHY_MAX - 1, why ? why : "");
}

/* What could not be signed is ordered again while somebody waits for it. */
static void on_again(evutil_socket_t fd, short what, void *self)
{
	struct gs_commands *commands = self;

	(void)fd;
	(void)what;
	gs_commands_look(commands);
	for (struct visitor *v = commands->first; v; v = v->next)
		if (v->ordered && !v->over && v->told == GS_INTENT_FAILED && order(v))
			return;
}

/* --- what is asked --- */

static bool bytes_of(const json_t *json, const char *name, uint8_t *out, size_t len)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text && gs_hex_decode(text, strlen(text), out, len) == GS_OK;
}

static bool calldata_of(const json_t *json, struct gs_buf *out)
{
	const char *text = json_string_value(json_object_get(json, "data"));
	const size_t len = text ? strlen(text) : 0;
	uint8_t *at;

	if (len < 2 || len % 2 || (len - 2) / 2 > GS_INTENT_DATA_MAX)
		return false;
	at = gs_buf_extend(out, (len - 2) / 2);
	return at && gs_hex_decode(text, len, at, (len - 2) / 2) == GS_OK;
}

/* Why it is not sent; NULL: it is. */
static const char *objection(const struct gs_commands_options *o, const json_t *json, const struct gs_address *to)
{
	const json_t *chain = json_object_get(json, "chain_id");
	struct gs_address account;

	if (!bytes_of(json, "account", account.b, sizeof(account.b)) || !json_is_integer(chain))
		return "no call: id, chain_id, account, to and data are wanted";
	if (!gs_address_equal(&account, &o->account) || (uint64_t)json_integer_value(chain) != o->chain_id)
		return "the node signs for another account, or on another chain";
	for (int c = 0; c < GS_CONTRACT_COUNT; c++)
		if (c != GS_CONTRACT_DISPUTES && gs_address_equal(to, &o->deployment->contract[c]))
			return NULL;
	return "the node sends no such call for others: only calls of its deployment's contracts, and no moves of disputes; stop it first";
}

static void take(struct visitor *v, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *version = json_object_get(json, "version");
	const char *why = NULL;
	struct gs_log const *log = v->commands->options.log;
	char id[67];

	if (!json_is_integer(version) || json_integer_value(version) != GS_COMMANDS_VERSION)
		why = "no call that this version of the node knows";
	else if (!bytes_of(json, "id", v->id.b, sizeof(v->id.b)) || !bytes_of(json, "to", v->to.b, sizeof(v->to.b)) ||
	         !calldata_of(json, &v->data))
		why = "no call: id, chain_id, account, to and data are wanted, and data of at most 128 KiB";
	else
		why = objection(&v->commands->options, json, &v->to);
	json_decref(json);
	if (why) {
		dismiss(v, "failed", why);
		return;
	}
	gs_hex_encode(v->id.b, 32, true, id);
	gs_log_line(log, GS_LOG_INFO, "command.taken", "id=%s bytes=%zu", id, v->data.len);
	v->ordered = true;
	bufferevent_set_timeouts(v->bev, NULL, NULL);
	if (!order(v))
		look_at(v);
}

static void on_read(struct bufferevent *bev, void *self)
{
	struct visitor *v = self;
	size_t len;
	char *line;

	if (v->ordered || v->over) {
		(void)evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
		return;
	}
	line = evbuffer_readln(bufferevent_get_input(bev), &len, EVBUFFER_EOL_LF);
	if (line)
		take(v, line, len);
	else if (evbuffer_get_length(bufferevent_get_input(bev)) >= GS_COMMANDS_LINE_MAX)
		dismiss(v, "failed", "the call is too long");
	free(line);
}

static void on_end(struct bufferevent *bev, short what, void *self)
{
	(void)bev;
	(void)what;
	leave(self);
}

static bool is_own(evutil_socket_t fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void on_visitor(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int from_len,
                       void *self)
{
	static const struct timeval patience = {GS_COMMANDS_PATIENCE_S, 0};
	struct gs_commands *commands = self;
	struct visitor *v = NULL;

	(void)listener;
	(void)from;
	(void)from_len;
	if (commands->count < GS_COMMANDS_VISITORS_MAX && is_own(fd))
		v = calloc(1, sizeof(*v));
	if (v)
		v->bev = bufferevent_socket_new(commands->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!v || !v->bev) {
		free(v);
		evutil_closesocket(fd);
		return;
	}
	v->commands = commands;
	gs_buf_init(&v->data, GS_INTENT_DATA_MAX);
	v->next = commands->first;
	commands->first = v;
	commands->count++;
	bufferevent_setcb(v->bev, on_read, on_written, on_end, v);
	bufferevent_setwatermark(v->bev, EV_READ, 0, GS_COMMANDS_LINE_MAX);
	bufferevent_set_timeouts(v->bev, &patience, &patience);
	bufferevent_enable(v->bev, EV_READ | EV_WRITE);
}

/* --- there and gone --- */

enum gs_err gs_commands_open(const struct gs_commands_options *options, struct gs_commands **out,
                             struct gs_error *error)
{
	static const struct timeval again = {ORDER_AGAIN_S, 0};
	struct gs_commands *commands = calloc(1, sizeof(*commands));
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;

	*out = NULL;
	if (!commands)
		return gs_fail(error, GS_ENOMEM, "daemon: no memory");
	commands->options = *options;
	if (gs_commands_path(options->folder, &options->account, options->chain_id, commands->path)) {
		free(commands);
		return gs_fail(error, GS_EIO, "key.lock_folder: its path is too long for a socket; name a shorter one");
	}
	memcpy(at.sun_path, commands->path, sizeof(at.sun_path));
	(void)unlink(commands->path);
	mask = umask(0177);
	commands->listener = evconnlistener_new_bind(options->base, on_visitor, commands,
	                                             LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
	                                             GS_COMMANDS_VISITORS_MAX, (struct sockaddr *)&at, sizeof(at));
	umask(mask);
	commands->again = event_new(options->base, -1, EV_PERSIST, on_again, commands);
	if (!commands->listener || !commands->again || event_add(commands->again, &again)) {
		const enum gs_err err = gs_fail(error, GS_EIO, "%s: the socket for commands cannot be made: %s",
		                                commands->path, strerror(errno));
		gs_commands_close(commands);
		return err;
	}
	*out = commands;
	return GS_OK;
}

void gs_commands_close(struct gs_commands *commands)
{
	if (!commands)
		return;
	for (struct visitor *v = commands->first, *next; v; v = next) {
		next = v->next;
		visitor_free(v);
	}
	if (commands->listener) {
		evconnlistener_free(commands->listener);
		(void)unlink(commands->path);
	}
	if (commands->again)
		event_free(commands->again);
	free(commands);
}
