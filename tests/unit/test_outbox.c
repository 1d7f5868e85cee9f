/* An endpoint's outbox: what goes together, what is asked once, and what becomes of requests that are refused or answered in disorder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chain/rpc/outbox.h"

enum { CALLS_MAX = 256, SIZES_MAX = 64 };

enum disorder {
	IN_ORDER,
	BACKWARDS,
	ONE_MISSING,
	WRONG_IDS,     /* nobody asked with these */
	FOREIGN,       /* one more, to a call that was not made */
	TWICE,         /* one answer two times, another not at all */
	NO_ARRAYS,     /* an error for the whole request */
	TOO_MANY,      /* an array of errors: at most 3, it says */
	TOO_MANY_MUTE, /* the same without a number, for the whole request */
	HTML,          /* 400 with a page */
	TOO_FAST,      /* 429 */
	ONE_FAILS,     /* the first with an error of its own */
};

struct fixture {
	struct event_base *base;
	struct evhttp *server;
	struct gs_endpoint *ep;
	struct gs_limits limits;
	struct gs_outbox *box;
	struct gs_error error;
	enum disorder disorder;
	size_t most;            /* calls that the server takes in one request; 0: any */
	size_t size[SIZES_MAX]; /* calls of each request that came */
	size_t requests, calls;
	struct call { /* and what came back */
		struct fixture *f;
		struct gs_asked *asked;
		size_t replies;
		enum gs_err err;
		json_int_t value;
	} call[CALLS_MAX];
	size_t made, replies;
	int ask_meanwhile; /* the server does, before it answers; 0: it does not */
	bool cancel_all;   /* the first callback cancels everybody else */
};

/* --- the server --- */

static json_t *echo(const json_t *request)
{
	return json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", json_object_get(request, "id"), "result",
	                 json_array_get(json_object_get(request, "params"), 0));
}

static json_t *refusal(const json_t *request, int code, const char *words)
{
	return json_pack("{s:s, s:O?, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", json_object_get(request, "id"), "error",
	                 "code", code, "message", words);
}

static json_t *with_id(json_t *answer, json_int_t id)
{
	json_object_set_new(answer, "id", json_integer(id));
	return answer;
}

static json_t *batch(const struct fixture *f, const json_t *root)
{
	const size_t n = json_array_size(root);
	json_t *out = json_array();

	if (f->disorder == NO_ARRAYS || (f->disorder == TOO_MANY_MUTE && n > f->most)) {
		json_decref(out);
		return json_pack("{s:s, s:n, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", "error", "code", -32600, "message",
		                 f->disorder == NO_ARRAYS ? "Invalid request" : "batch too large");
	}
	for (size_t i = 0; i < n; i++) {
		const size_t from = f->disorder == BACKWARDS ? n - 1 - i : f->disorder == TWICE && i == 0 ? 1 : i;
		const json_t *request = json_array_get(root, from);
		json_t *answer = echo(request);
		if (f->disorder == ONE_MISSING && i == n / 2) {
			json_decref(answer);
			continue;
		}
		if (f->disorder == WRONG_IDS)
			with_id(answer, json_integer_value(json_object_get(request, "id")) + 5000);
		if ((f->disorder == TOO_MANY && n > f->most) || (f->disorder == ONE_FAILS && i == 0)) {
			json_decref(answer);
			answer = f->disorder == TOO_MANY ? refusal(request, -32600, "batch limit 3 exceeded")
			                                 : refusal(request, -32000, "header not found");
		}
		json_array_append_new(out, answer);
	}
	if (f->disorder == FOREIGN)
		json_array_append_new(out, with_id(echo(json_array_get(root, 0)), 9999));
	return out;
}

static void ask(struct fixture *f, int value);

static void on_request(struct evhttp_request *request, void *context)
{
	struct fixture *f = context;
	struct evbuffer *in = evhttp_request_get_input_buffer(request), *out = evbuffer_new();
	const size_t len = evbuffer_get_length(in);
	json_t *root = json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, NULL), *answer;
	const bool many = json_is_array(root);
	char *text;

	assert_non_null(root);
	assert_true(f->requests < SIZES_MAX);
	f->size[f->requests++] = many ? json_array_size(root) : 1;
	f->calls += many ? json_array_size(root) : 1;
	if (f->ask_meanwhile)
		ask(f, f->ask_meanwhile);
	f->ask_meanwhile = 0;
	answer = many                       ? batch(f, root)
	         : f->disorder == ONE_FAILS ? refusal(root, -32000, "header not found")
	                                    : echo(root);
	text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	json_decref(root);
	if (many && (f->disorder == HTML || f->disorder == TOO_FAST))
		evbuffer_add_printf(out, "<html>");
	else
		evbuffer_add(out, text, strlen(text));
	free(text);
	evhttp_send_reply(request,
	                  many && f->disorder == HTML       ? 400
	                  : many && f->disorder == TOO_FAST ? 429
	                                                    : 200,
	                  "X", out);
	evbuffer_free(out);
}

/* --- the fixture --- */

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct gs_endpoint_options options = {.timeout_ms = 30000};
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);
	char url[64];

	assert_non_null(f);
	f->base = event_base_new();
	f->server = evhttp_new(f->base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(f->server, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	evhttp_set_gencb(f->server, on_request, f);
	gs_limits_init(&f->limits);
	assert_int_equal(gs_endpoint_open(f->base, url, &options, &f->ep, &f->error), GS_OK);
	assert_int_equal(gs_outbox_open(f->base, f->ep, &f->limits, &f->box, &f->error), GS_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gs_outbox_close(f->box);
	gs_endpoint_close(f->ep);
	evhttp_free(f->server);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void took(void *self, const struct gs_reply *reply)
{
	struct call *call = self;
	struct fixture *f = call->f;

	call->asked = NULL;
	call->replies++;
	call->err = reply->err;
	call->value = json_integer_value(reply->result);
	f->replies++;
	for (size_t k = 0; k < f->made && f->cancel_all; k++)
		if (f->call[k].asked) {
			gs_asked_cancel(f->call[k].asked);
			f->call[k].asked = NULL;
		}
}

static void ask(struct fixture *f, int value)
{
	const size_t i = f->made++;

	assert_true(i < CALLS_MAX);
	f->call[i].f = f;
	assert_int_equal(gs_outbox_call(f->box, "eth_echo", json_pack("[i]", value), took, &f->call[i],
	                                &f->call[i].asked, &f->error),
	                 GS_OK);
}

static void turn(struct fixture *f)
{
	while (f->replies < f->made)
		assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
}

/* So many different calls, each answered once and rightly. */
static void ask_all(struct fixture *f, size_t count)
{
	const size_t first = f->made;

	for (size_t i = 0; i < count; i++)
		ask(f, (int)(100 + i));
	turn(f);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(f->call[first + i].replies, 1);
		assert_int_equal(f->call[first + i].err, GS_OK);
		assert_int_equal(f->call[first + i].value, 100 + i);
	}
}

/* --- tests --- */

static void goes_together(void **state)
{
	struct fixture *f = *state;

	ask_all(f, 10);
	assert_int_equal(f->requests, 1);
	assert_int_equal(f->size[0], 10);
	ask_all(f, GS_LIMITS_BATCH_DEFAULT + 5);
	assert_int_equal(f->requests, 3);
	assert_int_equal(f->size[1], GS_LIMITS_BATCH_DEFAULT);
	assert_int_equal(f->size[2], 5);
	ask_all(f, 1);
	assert_int_equal(f->size[3], 1);
}

static void asks_the_same_once(void **state)
{
	struct fixture *f = *state;

	ask(f, 7);
	ask(f, 8);
	ask(f, 7);            /* while it waits */
	f->ask_meanwhile = 7; /* while it is under way */
	turn(f);
	assert_int_equal(f->made, 4);
	assert_int_equal(f->calls, 2);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(f->call[i].value, i == 1 ? 8 : 7);
	ask(f, 7); /* what was answered is asked anew */
	turn(f);
	assert_int_equal(f->calls, 3);
}

static void who_cancels_hears_nothing(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 4; i++)
		ask(f, i / 2);
	gs_asked_cancel(f->call[0].asked); /* another has asked the same */
	f->call[0].asked = NULL;
	f->replies++;
	turn(f);
	assert_int_equal(f->call[0].replies, 0);
	assert_int_equal(f->call[1].replies, 1);
	assert_int_equal(f->calls, 2);
	/* All who asked: it is not asked. */
	ask(f, 5);
	gs_asked_cancel(f->call[4].asked);
	f->call[4].asked = NULL;
	f->replies++;
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	assert_int_equal(f->calls, 2);
	/* From a callback, also those of the same call and of the same request. */
	f->cancel_all = true;
	ask(f, 1);
	ask(f, 1);
	ask(f, 2);
	f->replies += 2;
	turn(f);
	assert_int_equal(f->call[5].replies + f->call[6].replies + f->call[7].replies, 1);
	/* Under way when everything ends. */
	f->cancel_all = false;
	ask(f, 1);
	ask(f, 2);
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void disorder_is_not_heard_of(void **state)
{
	static const enum disorder kinds[] = {ONE_MISSING, WRONG_IDS, FOREIGN, TWICE, NO_ARRAYS, HTML};
	struct fixture *f = *state;

	f->disorder = BACKWARDS; /* is no disorder */
	ask_all(f, 6);
	assert_int_equal(f->requests, 1);
	assert_int_equal(f->limits.batch, GS_LIMITS_BATCH_DEFAULT);
	for (size_t i = 0; i < GS_ARRAY_LEN(kinds); i++) {
		f->disorder = kinds[i];
		f->requests = 0;
		gs_limits_init(&f->limits);
		ask_all(f, 6);
		assert_int_equal(f->size[0], 6);
		for (size_t k = 1; k < f->requests; k++)
			assert_int_equal(f->size[k], 1);
		assert_int_equal(f->requests, 7);
		assert_true(f->limits.batch <= 3); /* learnt */
	}
	/* It grows again when single calls have been answered for long. */
	f->disorder = IN_ORDER;
	f->limits.batch = 1;
	for (size_t i = 0; i < GS_LIMITS_GROW_AFTER; i++) {
		f->requests = 0;
		ask_all(f, 1);
	}
	assert_int_equal(f->limits.batch, 2);
}

static void learns_how_many(void **state)
{
	struct fixture *f = *state;

	f->disorder = TOO_MANY;
	f->most = 3;
	ask_all(f, 10);
	assert_int_equal(f->size[0], 10);
	for (size_t k = 1; k < f->requests; k++)
		assert_true(f->size[k] <= 3);
	assert_int_equal(f->requests, 1 + 4);
	assert_int_equal(f->limits.batch, 3);
	/* Without a number: halves of what was refused. */
	gs_limits_init(&f->limits);
	f->disorder = TOO_MANY_MUTE;
	f->requests = 0;
	ask_all(f, 10);
	assert_int_equal(f->size[1], 5);
	assert_int_equal(f->limits.batch, 2);
	f->requests = 0;
	ask_all(f, 4);
	assert_int_equal(f->requests, 2);
}

static void passes_on_what_is_no_disorder(void **state)
{
	struct fixture *f = *state;

	f->disorder = TOO_FAST;
	ask(f, 1);
	ask(f, 2);
	turn(f);
	assert_int_equal(f->requests, 1); /* who asks too fast does not ask again at once */
	assert_int_equal(f->call[0].err, GS_EAGAIN);
	assert_int_equal(f->call[1].err, GS_EAGAIN);
	f->disorder = ONE_FAILS;
	ask(f, 3);
	ask(f, 4);
	turn(f);
	assert_int_equal(f->requests, 2);
	assert_int_equal(f->call[2].err, GS_EINVAL);
	assert_int_equal(f->call[3].err, GS_OK);
	assert_int_equal(f->limits.batch, GS_LIMITS_BATCH_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asks_the_same_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_cancels_hears_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(disorder_is_not_heard_of, set_up, tear_down),
		cmocka_unit_test_setup_teardown(learns_how_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(passes_on_what_is_no_disorder, set_up, tear_down),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
