/* tests/support/ws_fixture.h: a WebSocket endpoint beside a server on the same loop, for the tests of what the one makes of the other. For
 * cmocka tests: what goes wrong fails the test. */
#ifndef GS_TESTS_SUPPORT_WS_FIXTURE_H
#define GS_TESTS_SUPPORT_WS_FIXTURE_H

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chain/rpc/endpoint.h"
#include "tests/support/fake_ws.h"

enum { TEXTS_MAX = 64 };

struct fixture {
	struct event_base *base;
	struct fake_ws *server;
	struct gs_endpoint *ep;
	struct gs_error error;
	/* Of the server. */
	char *text[TEXTS_MAX]; /* what the client said */
	size_t texts;
	/* What came back. */
	size_t replies;
	enum gs_err err;
	enum gs_rpc_failure_kind kind;
	char why[GS_ERROR_TEXT_MAX];
	char order[64];
	/* Heads. */
	size_t heads, lost;
	bool again;
	struct gs_head head;
};

static inline void on_text(void *self, struct fake_ws *server, const char *text)
{
	struct fixture *f = self;
	(void)server;
	assert_true(f->texts < TEXTS_MAX);
	f->text[f->texts++] = strdup(text);
}

static inline void open_with(struct fixture *f, struct gs_endpoint_options options)
{
	gs_endpoint_close(f->ep);
	f->ep = NULL;
	assert_int_equal(gs_endpoint_open(f->base, fake_ws_url(f->server), &options, &f->ep, &f->error), GS_OK);
}

static inline void behave(struct fixture *f, struct fake_ws_manners manners)
{
	manners.text = on_text;
	manners.self = f;
	fake_ws_behave(f->server, manners);
}

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->base = event_base_new();
	f->server = fake_ws_start(f->base);
	behave(f, (struct fake_ws_manners){0});
	open_with(f, (struct gs_endpoint_options){.timeout_ms = 60 * 1000});
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	gs_endpoint_close(f->ep);
	assert_false(fake_ws_seen(f->server)->unmasked);
	fake_ws_stop(f->server);
	event_base_free(f->base);
	for (size_t i = 0; i < f->texts; i++)
		free(f->text[i]);
	free(f);
	return 0;
}

static inline void count(void *self, const struct gs_reply *reply)
{
	struct fixture *f = self;
	f->replies++;
	f->err = reply->err;
	f->kind = reply->failure->kind;
	snprintf(f->why, sizeof(f->why), "%s", reply->why ? reply->why->text : "");
	if (reply->result)
		snprintf(f->order + strlen(f->order), sizeof(f->order) - strlen(f->order), "%lld ",
		         (long long)json_integer_value(reply->result));
}

static inline void call(struct fixture *f)
{
	assert_int_equal(gs_endpoint_call(f->ep, "eth_test", json_array(), NULL, count, f, NULL, &f->error), GS_OK);
}

static inline void turn(struct fixture *f)
{
	assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
}

#define TURN_UNTIL(f, condition) \
	while (!(condition)) \
	turn(f)

static inline void wait_ms(struct fixture *f, long ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	event_base_loopexit(f->base, &wait);
	event_base_dispatch(f->base);
}

#define assert_says(text, words) \
	do { \
		if (!strstr((text), (words))) \
			fail_msg("'%s' does not contain '%s'", (text), (words)); \
	} while (0)

static inline long long id_of(const char *text)
{
	const char *id = strstr(text, "\"id\":");
	assert_non_null(id);
	return strtoll(id + 5, NULL, 10);
}

/* Answers the request `which` with its own number as the result. */
static inline void answer(struct fixture *f, size_t which)
{
	char text[128];
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":%zu}", id_of(f->text[which]), which);
	fake_ws_say(f->server, text);
}

/* One whole exchange. */
static inline void works(struct fixture *f)
{
	size_t before = f->replies, texts = f->texts;
	call(f);
	TURN_UNTIL(f, f->texts > texts || f->replies > before);
	if (f->texts == texts)
		fail_msg("no exchange: %s", f->why);
	answer(f, texts);
	TURN_UNTIL(f, f->replies > before);
	assert_int_equal(f->err, GS_OK);
}

#endif
