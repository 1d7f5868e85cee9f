/* What a server may say on a WebSocket, cut anywhere: whole messages of bounded size come out, or one failure that says why.
 * The first byte: whether the upgrade is agreed already (bit 0), what we say between (bit 1), and how the rest is cut. */
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/websocket.h"

enum { MESSAGE_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The right answer to a key of zeros. */
static const char agreed[] = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void zeros(uint8_t *out, size_t len)
{
	memset(out, 0, len);
}

static void check_failure(enum gs_err err, const struct gs_rpc_failure *failure)
{
	must(failure->message[0] && memchr(failure->message, '\0', sizeof(failure->message)));
	switch (failure->kind) {
	case GS_RPC_MALFORMED: must(err == GS_EPARSE); break;
	case GS_RPC_OVERSIZE: must(err == GS_ELIMIT); break;
	case GS_RPC_TRANSPORT: must(err == GS_EIO); break;
	case GS_RPC_HTTP: must(err == GS_EIO || err == GS_EAGAIN); break;
	case GS_RPC_NO_FAILURE:
	case GS_RPC_REMOTE:
	case GS_RPC_REVERT: abort();
	}
}

/* Everything that we send after the upgrade's request is frames of a client: masked, whole, known. */
static void drain(struct gs_websocket *ws, bool open)
{
	struct gs_bytes out = gs_websocket_output(ws);
	size_t at = 0;
	while (open && at < out.len) {
		must(out.len - at >= 6 && (out.ptr[at + 1] & 0x80));
		uint8_t opcode = out.ptr[at] & 0x0f;
		must((out.ptr[at] & 0x80) && (opcode == 1 || opcode == 8 || opcode == 9 || opcode == 10));
		must((out.ptr[at + 1] & 0x7f) < 126);
		at += 6u + (out.ptr[at + 1] & 0x7f);
	}
	must(!open || at == out.len);
	gs_websocket_sent(ws, out.len);
	must(gs_websocket_output(ws).len == 0);
}

/* early: messages are taken before they are whole */
static void take_all(struct gs_websocket *ws, bool early)
{
	struct gs_buf message;
	bool rest;
	while (gs_websocket_take(ws, &message, &rest)) {
		must(message.len <= MESSAGE_MAX && message.err == GS_OK);
		must(!rest || early);
		gs_buf_free(&message);
	}
	must(gs_websocket_coming(ws).len <= MESSAGE_MAX);
	if (early && gs_websocket_coming(ws).len)
		gs_websocket_took_coming(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_websocket_setup setup = {.host = "h", .path = "/", .message_max = MESSAGE_MAX, .random = zeros};
	struct gs_rpc_failure failure = {0};
	if (size == 0)
		return 0;
	struct gs_websocket *ws = gs_websocket_new(&setup);
	must(ws != NULL);
	drain(ws, false);
	uint8_t how = data[0];
	if (how & 1) {
		must(gs_websocket_feed(ws, (struct gs_bytes){(const uint8_t *)agreed, sizeof(agreed) - 1}, &failure) ==
		     GS_OK);
		must(gs_websocket_is_open(ws));
	}
	for (size_t at = 1, n; at < size; at += n) {
		n = 1u + (how >> 2) * (at % 7);
		n = n > size - at ? size - at : n;
		enum gs_err err = gs_websocket_feed(ws, (struct gs_bytes){data + at, n}, &failure);
		take_all(ws, how & 4);
		drain(ws, true);
		if (err != GS_OK) {
			check_failure(err, &failure);
			must(!gs_websocket_is_open(ws));
			must(gs_websocket_send(ws, (struct gs_bytes){data, 1}) == GS_ECONFLICT);
			break;
		}
		if ((how & 2) && gs_websocket_is_open(ws)) {
			enum gs_err said = gs_websocket_send(ws, (struct gs_bytes){(const uint8_t *)"{}", 2});
			enum gs_err pinged = gs_websocket_ping(ws);
			must(said == GS_OK && pinged == GS_OK);
			drain(ws, true);
		}
	}
	gs_websocket_free(ws);
	return 0;
}
