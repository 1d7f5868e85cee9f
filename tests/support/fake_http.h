/* tests/support/fake_http.h: an HTTP server that says what a test tells it, to be a broken or lying endpoint. */
#ifndef GS_TESTS_SUPPORT_FAKE_HTTP_H
#define GS_TESTS_SUPPORT_FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct fake_http;

/* What the next request gets. */
struct fake_reply {
	int status;       /* 0: 200 */
	const char *body; /* every "$ID" becomes the request's id; to a batch it is said for each call; borrowed */
	size_t repeat;    /* sends the body so many times more */
	bool raw;         /* body is the whole response, headers too */
	bool hang;        /* never answers */
};

/* Listens on a free port of the loopback; ends the program on failure. */
struct fake_http *fake_http_start(void);
/* "http://127.0.0.1:PORT" */
const char *fake_http_url(const struct fake_http *server);
/* Sets the reply to all following requests. */
void fake_http_reply(struct fake_http *server, struct fake_reply reply);
/* Body of the last request, until the next one. */
const char *fake_http_last_request(const struct fake_http *server);
/* Requests so far. */
size_t fake_http_requests(const struct fake_http *server);
void fake_http_stop(struct fake_http *server);

#endif
