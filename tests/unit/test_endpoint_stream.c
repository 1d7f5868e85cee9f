/* Large answers over a WebSocket: a sink has them as they come, once, whatever befalls the call meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/endpoint.h"
#include "tests/support/ws_fixture.h"

static enum gs_err take(void *self, uint64_t id, struct gs_bytes bytes)
{
	snprintf(self, 100, "%llu:%.*s", (unsigned long long)id, (int)bytes.len, (const char *)bytes.ptr);
	return strstr(self, "bad") ? GS_ECORRUPT : GS_OK;
}

/* What is too large to be an error is the sink's to check, all of it; where its id does not stand in front it is read as ever. */
static void large_bodies_are_read_once(void **state)
{
	struct fixture *f = *state;
	char taken[100], *body;
	const struct gs_sink sink = {.self = taken, .feed = take};
	const struct gs_call_options options = {.sink = &sink};
	static const char *const front[] = {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"",
	                                    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"bad",
	                                    "{\"id\":3,\"jsonrpc\":\"2.0\",\"result\":\""};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			gs_endpoint_call(f->ep, "eth_getLogs", json_array(), &options, count, f, NULL, &f->error),
			GS_OK);
		TURN_UNTIL(f, f->texts == i + 1);
		taken[0] = '\0';
		assert_true(asprintf(&body, "%s%0*d", front[i], GS_ENDPOINT_SINK_ERROR_MAX, 0) > 0); /* no end */
		fake_ws_say(f->server, body);
		TURN_UNTIL(f, f->replies == i + 1);
		assert_int_equal(f->err, i == 0 ? GS_OK : i == 1 ? GS_ECORRUPT : GS_EPARSE);
		assert_int_equal(taken[0] != '\0', i < 2);
		free(body);
	}
}

struct stream { /* a sink that counts */
	size_t bytes, feeds, refuse_after;
	uint64_t id;
};

static enum gs_err count_bytes(void *self, uint64_t id, struct gs_bytes bytes)
{
	struct stream *s = self;
	s->bytes += bytes.len;
	s->feeds++;
	s->id = id;
	return s->refuse_after && s->bytes > s->refuse_after ? GS_ELIMIT : GS_OK;
}

static void ask_for_stream(struct fixture *f, struct stream *s, struct gs_call **out)
{
	const struct gs_sink sink = {.self = s, .feed = count_bytes};
	const struct gs_call_options options = {.sink = &sink};
	const size_t texts = f->texts;
	assert_int_equal(gs_endpoint_call(f->ep, "eth_getLogs", json_array(), &options, count, f, out, &f->error),
	                 GS_OK);
	TURN_UNTIL(f, f->texts == texts + 1);
}

/* The first two thirds of an answer to the newest call, in frames of their own. */
static void say_most(struct fixture *f)
{
	char front[64], *third;
	snprintf(front, sizeof(front), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":[", id_of(f->text[f->texts - 1]));
	assert_true(asprintf(&third, "%-*s", GS_ENDPOINT_SINK_ERROR_MAX, front) == GS_ENDPOINT_SINK_ERROR_MAX);
	fake_ws_frame(f->server, 0x01, false, third, GS_ENDPOINT_SINK_ERROR_MAX);
	memset(third, ' ', GS_ENDPOINT_SINK_ERROR_MAX);
	fake_ws_frame(f->server, 0x00, false, third, GS_ENDPOINT_SINK_ERROR_MAX);
	free(third);
}

static void say_rest(struct fixture *f)
{
	fake_ws_frame(f->server, 0x80, false, "]}", 2);
}

/* A sink has a large answer as it comes, not when it is whole; what befalls the call meanwhile leaves the connection in order. */
static void large_answers_are_streamed(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0}, refused = {.refuse_after = 1}, stopped = {0};
	struct gs_call *stopping = NULL;
	ask_for_stream(f, &s, NULL);
	say_most(f);
	TURN_UNTIL(f, s.bytes == 2 * GS_ENDPOINT_SINK_ERROR_MAX);
	assert_int_equal(f->replies, 0);
	say_rest(f);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_OK);
	assert_int_equal(s.bytes, 2 * GS_ENDPOINT_SINK_ERROR_MAX + 2);
	assert_int_equal(s.id, 1);

	ask_for_stream(f, &refused, NULL); /* it ends with the first bytes, and the rest is dropped */
	say_most(f);
	TURN_UNTIL(f, f->replies == 2);
	assert_int_equal(f->err, GS_ELIMIT);
	say_rest(f);
	works(f);
	assert_int_equal(refused.feeds, 1);

	ask_for_stream(f, &stopped, &stopping); /* nobody waits for it any more */
	say_most(f);
	TURN_UNTIL(f, stopped.bytes);
	gs_call_cancel(stopping);
	const size_t fed = stopped.bytes;
	say_rest(f);
	works(f);
	assert_int_equal(stopped.bytes, fed);
	fake_ws_say(f->server, "{\"id\":77,\"result\":1}"); /* nothing is forgiven twice */
	const size_t before = f->replies;
	call(f);
	TURN_UNTIL(f, f->replies == before + 1);
	assert_says(f->why, "no answer to any call");
}

static void a_stream_is_cut(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0}, again = {0};
	ask_for_stream(f, &s, NULL);
	say_most(f);
	TURN_UNTIL(f, s.bytes);
	fake_ws_cut(f->server);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_EIO);
	ask_for_stream(f, &again, NULL); /* nothing of the old connection is left */
	say_most(f);
	say_rest(f);
	TURN_UNTIL(f, f->replies == 2);
	assert_int_equal(f->err, GS_OK);
	assert_int_equal(again.bytes, 2 * GS_ENDPOINT_SINK_ERROR_MAX + 2);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_bodies_are_read_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_answers_are_streamed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stream_is_cut, set_up, tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
