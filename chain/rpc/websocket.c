#include "chain/rpc/websocket.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wslay/wslay.h>

#include "chain/rpc/frames.h"

enum { KEY_TEXT = 25, ACCEPT_TEXT = 29, COMPACT_BYTES = 64 * 1024 };

struct message {
	struct message *next;
	struct gs_buf text;
	bool rest; /* the beginning was taken before it was whole */
};

struct gs_websocket {
	wslay_event_context_ptr sender; /* ours */
	struct gs_frames frames;        /* the server's */
	bool begun;                     /* of the message under way a beginning was taken */
	char accept[ACCEPT_TEXT];       /* what the server must answer */
	bool open, ended;
	struct gs_buf upgrade; /* the server's answer so far */
	struct gs_buf output;
	size_t output_sent;
	struct message *first, *last;
	size_t message_max;
	uint64_t heard;
	void (*random)(uint8_t *out, size_t len);
};

/* --- what wslay, which writes our frames, asks for --- */

static ssize_t push(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *context)
{
	struct gs_websocket *ws = context;
	(void)flags;
	gs_buf_append(&ws->output, data, len);
	if (ws->output.err == GS_OK)
		return (ssize_t)len;
	wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int mask(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, void *context)
{
	struct gs_websocket *ws = context;
	(void)ctx;
	ws->random(buf, len);
	return 0;
}

/* --- the upgrade --- */

/* The text that proves that the server read the key: RFC 6455, 4.2.2, 5.4. */
static bool write_accept(const char *key, char out[ACCEPT_TEXT])
{
	char text[KEY_TEXT + 40];
	uint8_t digest[20];
	int len = snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	if (!EVP_Digest(text, (size_t)len, digest, NULL, EVP_sha1(), NULL))
		return false;
	EVP_EncodeBlock((uint8_t *)out, digest, sizeof(digest));
	return true;
}

struct gs_websocket *gs_websocket_new(const struct gs_websocket_setup *setup)
{
	static const struct wslay_event_callbacks callbacks = {.send_callback = push, .genmask_callback = mask};
	char key[KEY_TEXT];
	struct gs_websocket *ws = calloc(1, sizeof(*ws));
	if (!ws)
		return NULL;
	ws->random = setup->random;
	ws->message_max = setup->message_max;
	gs_frames_init(&ws->frames, setup->message_max, GS_WEBSOCKET_FRAMES_MAX);
	gs_buf_init(&ws->upgrade, GS_WEBSOCKET_UPGRADE_MAX);
	gs_buf_init(&ws->output, GS_WEBSOCKET_OUTPUT_MAX);
	EVP_EncodeBlock((uint8_t *)key, setup->key, GS_WEBSOCKET_KEY_BYTES);
	gs_buf_append_text(&ws->output,
	                   "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nUser-Agent: gainsay\r\n",
	                   setup->path, setup->host, key);
	for (size_t i = 0; i < setup->header_count; i++)
		gs_buf_append_text(&ws->output, "%s\r\n", setup->header[i]);
	gs_buf_append_text(&ws->output, "\r\n");
	if (ws->output.err != GS_OK || !write_accept(key, ws->accept) ||
	    wslay_event_context_client_init(&ws->sender, &callbacks, ws) != 0) {
		gs_websocket_free(ws);
		return NULL;
	}
	return ws;
}

void gs_websocket_free(struct gs_websocket *ws)
{
	if (!ws)
		return;
	if (ws->sender)
		wslay_event_context_free(ws->sender);
	gs_buf_free(&ws->frames.text);
	for (struct message *m = ws->first, *next; m; m = next) {
		next = m->next;
		gs_buf_free(&m->text);
		free(m);
	}
	gs_buf_free(&ws->upgrade);
	gs_buf_free(&ws->output);
	free(ws);
}

static enum gs_err upgrade_failed(struct gs_rpc_failure *failure, const char *what)
{
	return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
	                          "the server's upgrade to a WebSocket is wrong: %s; is this a WebSocket's address?",
	                          what);
}

struct headers { /* what was seen of those that matter */
	unsigned upgrade, connection, accept;
};

static bool has_token(const char *list, const char *token)
{
	size_t len = strlen(token);
	for (const char *at = list; *at;) {
		at += strspn(at, ", \t");
		size_t n = strcspn(at, ", \t");
		if (n == len && strncasecmp(at, token, len) == 0)
			return true;
		at += n;
	}
	return false;
}

/* One header line, without its end. NULL, or what is wrong. */
static const char *read_header(const struct gs_websocket *ws, const char *line, struct headers *seen)
{
	size_t name = strcspn(line, ":");
	if (name == 0 || !line[name])
		return "a line is no header";
	const char *value = line + name + 1 + strspn(line + name + 1, " \t");
#define IS(text) (name == strlen(text) && strncasecmp(line, text, name) == 0)
	if (IS("Upgrade"))
		seen->upgrade += strcasecmp(value, "websocket") == 0;
	else if (IS("Connection"))
		seen->connection += has_token(value, "upgrade");
	else if (IS("Sec-WebSocket-Accept"))
		seen->accept += strcmp(value, ws->accept) == 0 ? 1 : 2; /* two are as wrong as another one */
	else if (IS("Sec-WebSocket-Extensions") || IS("Sec-WebSocket-Protocol"))
		return "it chose an extension or a protocol that nobody asked for";
#undef IS
	return NULL;
}

/* text: the whole answer's head, changed here. */
static enum gs_err read_upgrade(const struct gs_websocket *ws, char *text, struct gs_rpc_failure *failure)
{
	struct headers seen = {0};
	const char *wrong = NULL;
	char *line = strstr(text, "\r\n");
	if (strncmp(text, "HTTP/1.1 ", 9) != 0 || strspn(text + 9, "0123456789") != 3)
		return upgrade_failed(failure, "it does not begin as HTTP/1.1 does");
	long status = strtol(text + 9, NULL, 10);
	if (status != 101)
		return gs_rpc_failure_set(failure, GS_RPC_HTTP, status,
		                          status == 429 || status == 503 ? GS_EAGAIN : GS_EIO,
		                          "HTTP status %ld instead of a WebSocket%s", status,
		                          status == 401 || status == 403 ? "; is the key in the address right?" : "");
	while (!wrong && line && line[2]) {
		char *end = strstr(line + 2, "\r\n");
		if (end)
			*end = '\0';
		wrong = read_header(ws, line + 2, &seen);
		line = end;
	}
	if (wrong)
		return upgrade_failed(failure, wrong);
	if (seen.upgrade != 1 || seen.connection != 1)
		return upgrade_failed(failure, "it has no 'Upgrade: websocket' and 'Connection: Upgrade'");
	if (seen.accept != 1)
		return upgrade_failed(failure, "its Sec-WebSocket-Accept is not the key's");
	return GS_OK;
}

/* Takes the head of the answer off *bytes. */
static enum gs_err feed_upgrade(struct gs_websocket *ws, struct gs_bytes *bytes, struct gs_rpc_failure *failure)
{
	static const uint8_t end[4] = "\r\n\r\n";
	while (bytes->len) {
		uint8_t c = bytes->ptr[0];
		bytes->ptr++, bytes->len--;
		if (c == '\0')
			return upgrade_failed(failure, "it is not text");
		gs_buf_append_u8(&ws->upgrade, c);
		if (ws->upgrade.err != GS_OK || ws->upgrade.len == ws->upgrade.max)
			return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT,
			                          "the answer to the upgrade has more than %d bytes",
			                          GS_WEBSOCKET_UPGRADE_MAX);
		size_t n = ws->upgrade.len;
		if (n < 4 || memcmp(ws->upgrade.ptr + n - 4, end, 4) != 0)
			continue;
		ws->upgrade.ptr[n - 2] = '\0'; /* the empty line */
		enum gs_err err = read_upgrade(ws, (char *)ws->upgrade.ptr, failure);
		gs_buf_free(&ws->upgrade);
		ws->open = err == GS_OK;
		return err;
	}
	return GS_OK;
}

/* --- frames --- */

/* Moves what wslay has queued into the output. */
static bool flush(struct gs_websocket *ws)
{
	return wslay_event_send(ws->sender) == 0 && ws->output.err == GS_OK;
}

/* Keeps the message that has become whole. */
static enum gs_err keep_message(struct gs_websocket *ws)
{
	struct message *m = calloc(1, sizeof(*m));
	if (!m)
		return GS_ENOMEM;
	m->text = ws->frames.text;
	m->rest = ws->begun;
	gs_buf_init(&ws->frames.text, ws->message_max);
	ws->begun = false;
	*(ws->last ? &ws->last->next : &ws->first) = m;
	ws->last = m;
	ws->heard++;
	return GS_OK;
}

static enum gs_err pong(struct gs_websocket *ws)
{
	const struct wslay_event_msg message = {
		.opcode = WSLAY_PONG, .msg = ws->frames.control, .msg_length = ws->frames.control_len};
	return wslay_event_queue_msg(ws->sender, &message) == WSLAY_ERR_NOMEM ? GS_ENOMEM : GS_OK;
}

/* The last that is said; what cannot be queued is not said, since the connection ends all the same. */
static void say_why(struct gs_websocket *ws, uint16_t code)
{
	if (wslay_event_queue_close(ws->sender, code, NULL, 0) == 0)
		(void)flush(ws);
}

static enum gs_err no_memory(struct gs_rpc_failure *failure)
{
	return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_ENOMEM, "out of memory for the answer");
}

/* What has come of the server's frames; GS_OK: more may come. */
static enum gs_err take_event(struct gs_websocket *ws, enum gs_frames_event event, struct gs_rpc_failure *failure)
{
	switch (event) {
	case GS_FRAMES_NOTHING: return GS_OK;
	case GS_FRAMES_TEXT: return keep_message(ws) ? no_memory(failure) : GS_OK;
	case GS_FRAMES_PING: return pong(ws) ? no_memory(failure) : GS_OK;
	case GS_FRAMES_PONG: ws->heard++; return GS_OK;
	case GS_FRAMES_CLOSE:
		say_why(ws, ws->frames.code == WSLAY_CODE_NO_STATUS_RCVD ? 0 : (uint16_t)ws->frames.code);
		return gs_rpc_failure_set(failure, GS_RPC_TRANSPORT, 0, GS_EIO, "the server closed the connection (%u)",
		                          ws->frames.code);
	case GS_FRAMES_NOT_UTF8:
	case GS_FRAMES_BROKEN:
		say_why(ws,
		        event == GS_FRAMES_BROKEN ? WSLAY_CODE_PROTOCOL_ERROR : WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
		return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
		                          "the server breaks the WebSocket protocol");
	case GS_FRAMES_BINARY:
		say_why(ws, WSLAY_CODE_UNSUPPORTED_DATA);
		return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE, "a message is not text");
	case GS_FRAMES_TOO_LARGE:
		say_why(ws, WSLAY_CODE_MESSAGE_TOO_BIG);
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT, "the answer is larger than %zu bytes",
		                          ws->message_max);
	case GS_FRAMES_PIECES:
		say_why(ws, WSLAY_CODE_MESSAGE_TOO_BIG);
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT, "a message is in more than %d pieces",
		                          GS_WEBSOCKET_FRAMES_MAX);
	case GS_FRAMES_NO_MEMORY: return no_memory(failure);
	}
	return GS_OK;
}

static enum gs_err feed_frames(struct gs_websocket *ws, struct gs_bytes bytes, struct gs_rpc_failure *failure)
{
	enum gs_frames_event event;
	enum gs_err err;
	do {
		event = gs_frames_read(&ws->frames, &bytes);
		err = take_event(ws, event, failure);
	} while (event != GS_FRAMES_NOTHING && err == GS_OK);
	if (err == GS_OK && !flush(ws)) /* pongs */
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT,
		                          "more than %d bytes wait to be sent to the server", GS_WEBSOCKET_OUTPUT_MAX);
	return err;
}

bool gs_websocket_is_open(const struct gs_websocket *ws)
{
	return ws->open && !ws->ended;
}

enum gs_err gs_websocket_feed(struct gs_websocket *ws, struct gs_bytes bytes, struct gs_rpc_failure *failure)
{
	enum gs_err err = GS_OK;
	GS_ASSERT(!ws->ended);
	if (!ws->open)
		err = feed_upgrade(ws, &bytes, failure);
	if (err == GS_OK && ws->open && bytes.len)
		err = feed_frames(ws, bytes, failure);
	ws->ended = err != GS_OK;
	return err;
}

bool gs_websocket_take(struct gs_websocket *ws, struct gs_buf *message, bool *rest)
{
	struct message *m = ws->first;
	if (!m)
		return false;
	if (!(ws->first = m->next))
		ws->last = NULL;
	*message = m->text;
	*rest = m->rest;
	free(m);
	return true;
}

struct gs_bytes gs_websocket_coming(const struct gs_websocket *ws)
{
	return ws->frames.in_message ? gs_buf_view(&ws->frames.text) : (struct gs_bytes){0};
}

void gs_websocket_took_coming(struct gs_websocket *ws)
{
	GS_ASSERT(ws->frames.in_message);
	gs_frames_took(&ws->frames);
	ws->begun = true;
}

uint64_t gs_websocket_heard(const struct gs_websocket *ws)
{
	return ws->heard;
}

static enum gs_err queue(struct gs_websocket *ws, uint8_t opcode, struct gs_bytes payload)
{
	const struct wslay_event_msg message = {.opcode = opcode, .msg = payload.ptr, .msg_length = payload.len};
	if (!gs_websocket_is_open(ws))
		return GS_ECONFLICT;
	int status = wslay_event_queue_msg(ws->sender, &message);
	if (status != 0)
		return status == WSLAY_ERR_NOMEM ? GS_ENOMEM : GS_ECONFLICT;
	return flush(ws) ? GS_OK : ws->output.err != GS_OK ? ws->output.err : GS_ENOMEM;
}

enum gs_err gs_websocket_send(struct gs_websocket *ws, struct gs_bytes text)
{
	return queue(ws, WSLAY_TEXT_FRAME, text);
}

enum gs_err gs_websocket_ping(struct gs_websocket *ws)
{
	return queue(ws, WSLAY_PING, (struct gs_bytes){0});
}

enum gs_err gs_websocket_say_goodbye(struct gs_websocket *ws)
{
	if (!gs_websocket_is_open(ws) || wslay_event_queue_close(ws->sender, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) != 0)
		return GS_ECONFLICT;
	return flush(ws) ? GS_OK : GS_ELIMIT;
}

/* --- output --- */

struct gs_bytes gs_websocket_output(const struct gs_websocket *ws)
{
	if (ws->output.len == ws->output_sent)
		return (struct gs_bytes){0};
	return (struct gs_bytes){ws->output.ptr + ws->output_sent, ws->output.len - ws->output_sent};
}

void gs_websocket_sent(struct gs_websocket *ws, size_t len)
{
	GS_ASSERT(len <= ws->output.len - ws->output_sent);
	ws->output_sent += len;
	if (ws->output_sent < ws->output.len && ws->output_sent < COMPACT_BYTES)
		return;
	/* The rest moves to the front, so that the limit is one of what waits. */
	memmove(ws->output.ptr, ws->output.ptr + ws->output_sent, ws->output.len - ws->output_sent);
	ws->output.len -= ws->output_sent;
	ws->output_sent = 0;
}
