/* tests/support/fake_ws.h: a WebSocket server on a loop that does what a test tells it, also what none should. */
#ifndef GS_TESTS_SUPPORT_FAKE_WS_H
#define GS_TESTS_SUPPORT_FAKE_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct fake_ws;

struct fake_ws_manners {     /* of zeros: a good server, that answers nothing */
	bool silent_upgrade; /* the connection is taken, the upgrade never answered */
	const char *upgrade; /* instead of the right answer to the upgrade */
	bool wrong_accept;
	bool cut_at_upgrade;
	bool no_pongs;
	void (*text)(void *self, struct fake_ws *server, const char *text); /* a whole message of the client */
	void *self;
};

/* Listens on a free port of the loopback; ends the program on failure. One connection at a time: the latest. */
struct fake_ws *fake_ws_start(struct event_base *base);
void fake_ws_stop(struct fake_ws *server);
/* "ws://127.0.0.1:PORT" */
const char *fake_ws_url(const struct fake_ws *server);
void fake_ws_behave(struct fake_ws *server, struct fake_ws_manners manners);

void fake_ws_say(struct fake_ws *server, const char *text); /* as one frame */
/* One frame: first is FIN, reserved bits and opcode; mask as clients (and only they) do. */
void fake_ws_frame(struct fake_ws *server, uint8_t first, bool mask, const void *data, size_t len);
void fake_ws_raw(struct fake_ws *server, const void *data, size_t len);
void fake_ws_cut(struct fake_ws *server);
/* As one frame, which is on its way when this returns, with a reset (RFC 9293, 3.10.7) behind it. */
void fake_ws_say_and_reset(struct fake_ws *server, const char *text);

/* What it saw. */
struct fake_ws_seen {
	unsigned connections, pings, pongs, closes;
	char request[4096]; /* the last upgrade's */
	bool unmasked;      /* a frame of the client was not masked: against RFC 6455 */
};
const struct fake_ws_seen *fake_ws_seen(const struct fake_ws *server);

#endif
