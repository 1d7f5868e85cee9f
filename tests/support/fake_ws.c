#include "tests/support/fake_ws.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_ws {
	struct event_base *base;
	struct evconnlistener *listener;
	struct bufferevent *peer;
	bool upgraded;
	struct fake_ws_manners manners;
	struct fake_ws_seen seen;
	char url[64];
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void fake_ws_cut(struct fake_ws *s)
{
	if (s->peer)
		bufferevent_free(s->peer);
	s->peer = NULL;
}

void fake_ws_raw(struct fake_ws *s, const void *data, size_t len)
{
	if (s->peer)
		bufferevent_write(s->peer, data, len);
}

void fake_ws_frame(struct fake_ws *s, uint8_t first, bool mask, const void *data, size_t len)
{
	uint8_t head[14] = {first, len < 126 ? (uint8_t)len : len < 65536 ? 126 : 127};
	size_t n = 2, bytes = head[1] == 127 ? 8 : head[1] == 126 ? 2 : 0;
	while (bytes-- > 0)
		head[n++] = (uint8_t)((uint64_t)len >> (8 * bytes));
	if (mask) {
		head[1] |= 0x80;
		n += 4; /* a mask of zeros */
	}
	fake_ws_raw(s, head, n);
	fake_ws_raw(s, data, len);
}

void fake_ws_say(struct fake_ws *s, const char *text)
{
	fake_ws_frame(s, 0x81, false, text, strlen(text));
}

void fake_ws_say_and_reset(struct fake_ws *s, const char *text)
{
	const struct linger none = {.l_onoff = 1};
	const evutil_socket_t fd = bufferevent_getfd(s->peer);

	fake_ws_say(s, text);
	evbuffer_unfreeze(bufferevent_get_output(s->peer), 1); /* only the bufferevent itself may write, else */
	must(evbuffer_write(bufferevent_get_output(s->peer), fd) > 0, "write");
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) == 0, "linger");
	bufferevent_setfd(s->peer, -1); /* which would be closed at the next turn only */
	evutil_closesocket(fd);
	fake_ws_cut(s);
}

static void upgrade(struct fake_ws *s, char *request)
{
	uint8_t digest[20];
	char text[256], accept[64];
	const char *key = strstr(request, "Sec-WebSocket-Key: ");
	snprintf(s->seen.request, sizeof(s->seen.request), "%s", request);
	must(key != NULL, "no key");
	snprintf(text, sizeof(text), "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
	must(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL) == 1, "sha1");
	EVP_EncodeBlock((uint8_t *)accept, digest, sizeof(digest));
	if (s->manners.wrong_accept)
		accept[0] = accept[0] == 'A' ? 'B' : 'A';
	if (s->manners.cut_at_upgrade) {
		fake_ws_cut(s);
		return;
	}
	s->upgraded = true;
	struct evbuffer *out = bufferevent_get_output(s->peer);
	if (s->manners.upgrade)
		evbuffer_add(out, s->manners.upgrade, strlen(s->manners.upgrade));
	else if (!s->manners.silent_upgrade)
		evbuffer_add_printf(out,
		                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
		                    "connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		                    accept);
}

/* One frame of the client, when it is whole. */
static bool take_frame(struct fake_ws *s, struct evbuffer *in)
{
	size_t have = evbuffer_get_length(in), head = 2;
	uint8_t *p = evbuffer_pullup(in, -1);
	if (have < 2)
		return false;
	uint64_t len = p[1] & 0x7f;
	size_t bytes = len == 127 ? 8 : len == 126 ? 2 : 0;
	if (have < 2 + bytes)
		return false;
	for (len = bytes ? 0 : len; head < 2 + bytes; head++)
		len = len << 8 | p[head];
	bool masked = p[1] & 0x80;
	s->seen.unmasked |= !masked;
	if (have < head + 4 * masked + len)
		return false;
	const uint8_t *mask = p + head;
	uint8_t *data = p + head + 4 * masked;
	for (uint64_t i = 0; i < len && masked; i++)
		data[i] ^= mask[i % 4];
	uint8_t opcode = p[0] & 0x0f;
	char *text = strndup((char *)data, len);
	must(text != NULL, "strndup");
	evbuffer_drain(in, head + 4 * masked + len);
	s->seen.pings += opcode == 9;
	s->seen.pongs += opcode == 10;
	s->seen.closes += opcode == 8;
	if (opcode == 9 && !s->manners.no_pongs)
		fake_ws_frame(s, 0x8a, false, text, len);
	if (opcode == 1 && s->manners.text)
		s->manners.text(s->manners.self, s, text);
	free(text);
	return s->peer != NULL;
}

static void on_read(struct bufferevent *peer, void *context)
{
	struct fake_ws *s = context;
	struct evbuffer *in = bufferevent_get_input(peer);
	if (!s->upgraded) {
		struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
		if (end.pos < 0)
			return;
		char *request = calloc(1, (size_t)end.pos + 5);
		must(request != NULL, "calloc");
		evbuffer_remove(in, request, (size_t)end.pos + 4);
		upgrade(s, request);
		free(request);
	}
	while (s->peer == peer && take_frame(s, in)) {
	}
}

static void on_event(struct bufferevent *peer, short what, void *context)
{
	struct fake_ws *s = context;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	if (s->peer == peer)
		s->peer = NULL;
	bufferevent_free(peer);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len,
                      void *context)
{
	struct fake_ws *s = context;
	(void)listener;
	(void)from;
	(void)len;
	fake_ws_cut(s);
	s->seen.connections++;
	s->upgraded = false;
	s->peer = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	must(s->peer != NULL, "bufferevent");
	bufferevent_setcb(s->peer, on_read, NULL, on_event, s);
	bufferevent_enable(s->peer, EV_READ | EV_WRITE);
}

struct fake_ws *fake_ws_start(struct event_base *base)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct fake_ws *s = calloc(1, sizeof(*s));
	must(s != NULL, "calloc");
	s->base = base;
	s->listener = evconnlistener_new_bind(base, on_accept, s, LEV_OPT_CLOSE_ON_FREE, 8, (struct sockaddr *)&address,
	                                      sizeof(address));
	must(s->listener != NULL &&
	             getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&address, &len) == 0,
	     "listen");
	snprintf(s->url, sizeof(s->url), "ws://127.0.0.1:%d", ntohs(address.sin_port));
	return s;
}

void fake_ws_stop(struct fake_ws *s)
{
	fake_ws_cut(s);
	evconnlistener_free(s->listener);
	free(s);
}

const char *fake_ws_url(const struct fake_ws *s)
{
	return s->url;
}

void fake_ws_behave(struct fake_ws *s, struct fake_ws_manners manners)
{
	s->manners = manners;
}

const struct fake_ws_seen *fake_ws_seen(const struct fake_ws *s)
{
	return &s->seen;
}
