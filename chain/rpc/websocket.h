/* chain/rpc/websocket.h: a WebSocket client (RFC 6455) without a socket: bytes go in, bytes and messages come out.
 *
 * gs_websocket_new writes the upgrade request; what the server says is given to gs_websocket_feed, as it comes and cut
 * anywhere; whole messages are taken with gs_websocket_take, and gs_websocket_output is what must be sent. There is
 * no I/O, no clock and no callback here, so that any sequence of bytes can be tried. The server's frames are read by
 * chain/rpc/frames; ours are written by wslay.
 *
 * After a failed feed nothing more is read or queued, but output may still hold a close frame: send it, then let go. */
#ifndef GS_CHAIN_RPC_WEBSOCKET_H
#define GS_CHAIN_RPC_WEBSOCKET_H

#include "chain/core/buf.h"
#include "chain/rpc/failure.h"

enum {
	GS_WEBSOCKET_UPGRADE_MAX = 16 * 1024,       /* bytes of the server's answer to the upgrade */
	GS_WEBSOCKET_FRAMES_MAX = 16 * 1024,        /* of one message */
	GS_WEBSOCKET_OUTPUT_MAX = 64 * 1024 * 1024, /* bytes that wait to be sent */
	GS_WEBSOCKET_KEY_BYTES = 16,
};

struct gs_websocket;

struct gs_websocket_setup {
	const char *host;          /* of the Host header, with the port where it is not the scheme's */
	const char *path;          /* with the query; begins with a slash */
	const char *const *header; /* more lines, "Name: value" */
	size_t header_count;
	uint8_t key[GS_WEBSOCKET_KEY_BYTES]; /* random */
	size_t message_max;
	void (*random)(uint8_t *out, size_t len); /* masks */
};

/* NULL without memory. Everything is copied. */
struct gs_websocket *gs_websocket_new(const struct gs_websocket_setup *setup);
void gs_websocket_free(struct gs_websocket *ws);
/* The server agreed to the upgrade. */
bool gs_websocket_is_open(const struct gs_websocket *ws);
/* GS_OK, or the connection's end, said in *failure: GS_EIO (closed), GS_EPARSE (it broke the protocol), GS_ELIMIT, or a status of
 * HTTP instead of the upgrade. Messages that came before the end can still be taken. */
GS_MUST enum gs_err gs_websocket_feed(struct gs_websocket *ws, struct gs_bytes bytes, struct gs_rpc_failure *failure);
/* The oldest message, to be freed with gs_buf_free; false when there is none. *rest: what came of it before was taken before. */
GS_MUST bool gs_websocket_take(struct gs_websocket *ws, struct gs_buf *message, bool *rest);
/* What is here of a message that is not whole yet (borrowed until the next call), but for what was taken of it; and that it was: its bytes are not
 * kept then. Not while whole messages wait to be taken. */
struct gs_bytes gs_websocket_coming(const struct gs_websocket *ws);
void gs_websocket_took_coming(struct gs_websocket *ws);
/* Counts every pong and every whole message. */
uint64_t gs_websocket_heard(const struct gs_websocket *ws);
/* A text message, a ping, a close frame. GS_ECONFLICT when it is not open, GS_ELIMIT when too much waits, GS_ENOMEM. */
GS_MUST enum gs_err gs_websocket_send(struct gs_websocket *ws, struct gs_bytes text);
GS_MUST enum gs_err gs_websocket_ping(struct gs_websocket *ws);
GS_MUST enum gs_err gs_websocket_say_goodbye(struct gs_websocket *ws);
/* What waits to be sent (borrowed until the next call), and that len bytes of it were. */
struct gs_bytes gs_websocket_output(const struct gs_websocket *ws);
void gs_websocket_sent(struct gs_websocket *ws, size_t len);

#endif
