/* Endpoints on a loop that they share with the server they talk to: order, batches, limits, cancelling, closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <signal.h>
#include <arpa/inet.h>

#include "chain/rpc/endpoint.h"
#include "chain/rpc/jsonrpc.h"

enum { HELD_MAX = 64 };

struct fixture {
	struct event_base *base;
	struct evhttp *server;
	char url[64];
	struct gs_endpoint *ep;
	struct gs_error error;
	/* What the server does. */
	const char *body; /* said as it is, "%ID" replaced; NULL: echoes the params of every call as its result */
	int status;
	bool backwards; /* answers of a batch in the other order */
	bool hold;      /* keeps requests unanswered */
	struct evhttp_request *held[HELD_MAX];
	size_t held_count, most_held, requests;
	char header[128]; /* X-Test of the last request */
	/* What came back. */
	size_t replies;
	enum gs_err err;
	enum gs_rpc_failure_kind kind;
	char why[GS_ERROR_TEXT_MAX];
	json_int_t sum;
};

/* --- the server --- */

static json_t *echo(const json_t *request)
{
	return json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", json_object_get(request, "id"), "result",
	                 json_array_get(json_object_get(request, "params"), 0));
}

static char *answer_to(struct fixture *f, const json_t *root)
{
	json_t *out;
	size_t n = json_array_size(root);
	if (f->body) {
		char *text = NULL;
		const char *at = strstr(f->body, "%ID");
		json_int_t id = json_integer_value(
			json_object_get(json_is_array(root) ? json_array_get(root, 0) : root, "id"));
		int length = at ? asprintf(&text, "%.*s%lld%s", (int)(at - f->body), f->body, (long long)id, at + 3)
		                : asprintf(&text, "%s", f->body);
		assert_true(length >= 0);
		return text;
	}
	if (json_is_array(root)) {
		out = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(out, echo(json_array_get(root, f->backwards ? n - 1 - i : i)));
	} else {
		out = echo(root);
	}
	char *text = json_dumps(out, JSON_COMPACT);
	json_decref(out);
	return text;
}

static void answer(struct fixture *f, struct evhttp_request *request)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request), *out = evbuffer_new();
	size_t len = evbuffer_get_length(in);
	json_t *root = json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, NULL);
	assert_non_null(root);
	char *text = answer_to(f, root);
	json_decref(root);
	evbuffer_add(out, text, strlen(text));
	free(text);
	evhttp_send_reply(request, f->status ? f->status : 200, "X", out);
	evbuffer_free(out);
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct fixture *f = context;
	const char *header = evhttp_find_header(evhttp_request_get_input_headers(request), "X-Test");
	snprintf(f->header, sizeof(f->header), "%s", header ? header : "");
	f->requests++;
	if (!f->hold) {
		answer(f, request);
		return;
	}
	assert_true(f->held_count < HELD_MAX);
	f->held[f->held_count++] = request;
	if (f->held_count > f->most_held)
		f->most_held = f->held_count;
}

/* --- the fixture --- */

static void open_with(struct fixture *f, struct gs_endpoint_options options)
{
	gs_endpoint_close(f->ep);
	f->ep = NULL;
	assert_int_equal(gs_endpoint_open(f->base, f->url, &options, &f->ep, &f->error), GS_OK);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->base = event_base_new();
	f->server = evhttp_new(f->base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(f->server, "127.0.0.1", 0);
	assert_non_null(bound);
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	evhttp_set_gencb(f->server, on_request, f);
	open_with(f, (struct gs_endpoint_options){.timeout_ms = 60 * 1000});
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	gs_endpoint_close(f->ep);
	evhttp_free(f->server);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void count(void *self, const struct gs_reply *reply)
{
	struct fixture *f = self;
	f->replies++;
	f->err = reply->err;
	f->kind = reply->failure->kind;
	snprintf(f->why, sizeof(f->why), "%s", reply->why ? reply->why->text : "");
	f->sum += json_integer_value(reply->result);
	assert_true((reply->err == GS_OK) == (reply->why == NULL));
}

static void call(struct fixture *f, int value, struct gs_call **out)
{
	assert_int_equal(gs_endpoint_call(f->ep, "eth_echo", json_pack("[i]", value), NULL, count, f, out, &f->error),
	                 GS_OK);
}

static void turn_until(struct fixture *f, size_t replies)
{
	while (f->replies < replies)
		assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
}

#define assert_says(text, words) \
	do { \
		if (!strstr((text), (words))) \
			fail_msg("'%s' does not contain '%s'", (text), (words)); \
	} while (0)

/* --- tests --- */

static void many_calls_at_once(void **state)
{
	struct fixture *f = *state;
	for (int i = 1; i <= 100; i++)
		call(f, i, NULL);
	assert_int_equal(f->replies, 0); /* never from inside */
	assert_int_equal(gs_endpoint_load(f->ep), 100);
	turn_until(f, 100);
	assert_int_equal(f->sum, 5050);
	assert_int_equal(f->err, GS_OK);
	assert_int_equal(gs_endpoint_load(f->ep), 0);
}

static void at_most_so_many_under_way(void **state)
{
	struct fixture *f = *state;
	open_with(f, (struct gs_endpoint_options){.calls_max = 3, .timeout_ms = 60 * 1000});
	f->hold = true;
	for (int i = 1; i <= 10; i++)
		call(f, i, NULL);
	while (f->replies < 10) {
		assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
		if (f->held_count == 3 || (f->held_count && f->requests == 10))
			answer(f, f->held[--f->held_count]);
	}
	assert_int_equal(f->most_held, 3);
	assert_int_equal(f->sum, 55);
}

/* Three calls of which one at a time is under way, which together take longer than one has. */
static void waiting_is_not_counted(void **state)
{
	struct fixture *f = *state;
	open_with(f, (struct gs_endpoint_options){.calls_max = 1, .timeout_ms = 6000});
	f->hold = true;
	for (int i = 1; i <= 3; i++)
		call(f, i, NULL);
	while (f->replies < 3) {
		const struct timeval wait = {.tv_sec = 2, .tv_usec = 500 * 1000};
		if (f->held_count) {
			event_base_loopexit(f->base, &wait);
			event_base_dispatch(f->base);
			answer(f, f->held[--f->held_count]);
		}
		assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
	}
	assert_int_equal(f->err, GS_OK);
	assert_int_equal(f->sum, 6);
}

static void refuses_a_call_too_many(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < GS_ENDPOINT_QUEUE_MAX; i++)
		call(f, 1, NULL);
	assert_int_equal(gs_endpoint_call(f->ep, "eth_echo", json_array(), NULL, count, f, NULL, &f->error), GS_EAGAIN);
	assert_says(f->error.text, "wait already");
	gs_endpoint_close(f->ep);
	f->ep = NULL;
	assert_int_equal(f->replies, GS_ENDPOINT_QUEUE_MAX);
	assert_int_equal(f->err, GS_EIO);
}

static void batch_of(struct fixture *f, struct gs_batch_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i] = (struct gs_batch_item){
			.method = "eth_echo", .params = json_pack("[i]", (int)i), .on_reply = count, .self = f};
	assert_int_equal(gs_endpoint_batch(f->ep, items, n, NULL, &f->error), GS_OK);
}

static void batches_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct gs_batch_item items[10];
	for (int backwards = 0; backwards < 2; backwards++) {
		f->replies = 0;
		f->sum = 0;
		f->requests = 0;
		f->backwards = backwards;
		batch_of(f, items, 10);
		turn_until(f, 10);
		assert_int_equal(f->requests, 1);
		assert_int_equal(f->sum, 45);
	}
}

static void broken_batches(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body, *words;
		enum gs_err err;
	} cases[] = {
		{"[]", "ids are not those of the calls", GS_EPARSE},
		{"[{\"id\":%ID,\"result\":1}]", "ids are not those of the calls", GS_EPARSE},
		{"[{\"id\":1,\"result\":1},{\"id\":%ID,\"result\":1}]", "ids are not those of the calls", GS_EPARSE},
		{"{\"id\":%ID,\"result\":1}", "batch", GS_EPARSE},
		{"{\"id\":null,\"error\":{\"code\":-32005,\"message\":\"batch item count exceeded\"}}",
	         "count exceeded", GS_EAGAIN},
		{"<html>", "is not JSON", GS_EPARSE},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_batch_item items[2];
		f->body = cases[i].body;
		f->replies = 0;
		batch_of(f, items, 2);
		turn_until(f, 2);
		assert_int_equal(f->err, cases[i].err);
		assert_says(f->why, cases[i].words);
	}
	f->body = NULL; /* and it is as good as before */
	f->replies = 0;
	call(f, 7, NULL);
	turn_until(f, 1);
	assert_int_equal(f->err, GS_OK);
}

static void cancelled_calls_are_not_heard_of(void **state)
{
	struct fixture *f = *state;
	struct gs_call *waits, *under_way;
	struct gs_batch_item items[3];
	open_with(f, (struct gs_endpoint_options){.calls_max = 1, .timeout_ms = 60 * 1000});
	f->hold = true;
	call(f, 1, &under_way);
	call(f, 2, &waits);
	while (f->held_count == 0)
		assert_int_equal(event_base_loop(f->base, EVLOOP_ONCE), 0);
	gs_call_cancel(waits);
	gs_call_cancel(under_way);
	assert_int_equal(gs_endpoint_load(f->ep), 0);
	f->hold = false;
	batch_of(f, items, 3);
	gs_call_cancel(items[1].call);
	turn_until(f, 2);
	assert_int_equal(f->sum, 0 + 2);
	assert_int_equal(f->err, GS_OK);
}

static void close_inside(void *self, const struct gs_reply *reply)
{
	struct fixture *f = self;
	count(self, reply);
	if (f->ep) {
		struct gs_endpoint *ep = f->ep;
		f->ep = NULL;
		gs_endpoint_close(ep);
	}
}

static void closed_by_a_callback(void **state)
{
	struct fixture *f = *state;
	for (int i = 1; i <= 5; i++)
		assert_int_equal(gs_endpoint_call(f->ep, "eth_echo", json_pack("[i]", i), NULL, close_inside, f, NULL,
		                                  &f->error),
		                 GS_OK);
	turn_until(f, 5);
	assert_int_equal(f->err, GS_EIO);
	assert_says(f->why, "was closed");
}

static void call_again(void *self, const struct gs_reply *reply)
{
	struct fixture *f = self;
	count(self, reply);
	if (f->replies < 50)
		assert_int_equal(
			gs_endpoint_call(f->ep, "eth_echo", json_pack("[i]", 1), NULL, call_again, f, NULL, &f->error),
			GS_OK);
}

static void calls_from_callbacks(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(gs_endpoint_call(f->ep, "eth_echo", json_pack("[i]", 1), NULL, call_again, f, NULL, &f->error),
	                 GS_OK);
	turn_until(f, 50);
	assert_int_equal(f->sum, 50);
}

static void silence_ends(void **state)
{
	struct fixture *f = *state;
	const struct gs_call_options options = {.timeout_ms = 100};
	f->hold = true;
	assert_int_equal(gs_endpoint_call(f->ep, "eth_echo", json_pack("[i]", 1), &options, count, f, NULL, &f->error),
	                 GS_OK);
	turn_until(f, 1);
	assert_int_equal(f->err, GS_EIO);
	assert_int_equal(f->kind, GS_RPC_TRANSPORT);
	assert_says(f->why, "no answer in time");
}

/* --- sinks --- */

struct taker {
	char text[1 << 20];
	size_t len, feeds;
	uint64_t id;
	enum gs_err say;
};

static enum gs_err take(void *self, uint64_t id, struct gs_bytes bytes)
{
	struct taker *t = self;
	assert_true(t->len + bytes.len <= sizeof(t->text));
	memcpy(t->text + t->len, bytes.ptr, bytes.len);
	t->len += bytes.len;
	t->id = id;
	t->feeds++;
	return t->say;
}

static void sink_call(struct fixture *f, struct taker *t)
{
	const struct gs_sink sink = {.self = t, .feed = take};
	const struct gs_call_options options = {.sink = &sink};
	f->replies = 0;
	t->len = t->feeds = 0;
	assert_int_equal(
		gs_endpoint_call(f->ep, "eth_getLogs", json_pack("[i]", 1), &options, count, f, NULL, &f->error),
		GS_OK);
	turn_until(f, 1);
}

static void sinks(void **state)
{
	struct fixture *f = *state;
	struct taker *t = calloc(1, sizeof(*t));
	char *large = malloc(400 * 1000), *end = large;
	assert_true(t && large);
	end += sprintf(end, "{\"id\":%%ID,\"result\":\"");
	memset(end, 'x', 300 * 1000);
	strcpy(end + 300 * 1000, "\"}");
	f->body = large;
	sink_call(f, t);
	assert_int_equal(f->err, GS_OK);
	assert_int_equal(t->id, 1);
	assert_true(t->feeds > 1);
	assert_memory_equal(t->text, "{\"id\":1,\"result\":\"xxx", 20);
	assert_int_equal(t->len, strlen(large) - 2);
	t->say = GS_ECORRUPT; /* refused in the middle */
	sink_call(f, t);
	assert_int_equal(f->err, GS_ECORRUPT);
	assert_int_equal(t->feeds, 1);
	t->say = GS_OK;
	f->body = "{\"id\":%ID,\"error\":{\"code\":-32005,\"message\":\"range too large\"}}";
	sink_call(f, t);
	assert_int_equal(f->err, GS_EAGAIN);
	assert_says(f->why, "range too large");
	f->status = 500; /* not fed: an error page */
	f->body = "<html>";
	sink_call(f, t);
	assert_int_equal(t->feeds, 0);
	assert_says(f->why, "HTTP status 500");
	f->status = 0;
	open_with(f, (struct gs_endpoint_options){.response_max = 100 * 1000});
	f->body = large;
	sink_call(f, t);
	assert_int_equal(f->err, GS_ELIMIT);
	assert_says(f->why, "larger than 100000 bytes");
	free(large);
	free(t);
}

/* --- answers and options --- */

static char *repeated(const char *what, size_t times, const char *prefix, const char *suffix)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	fputs(prefix, out);
	for (size_t i = 0; i < times; i++)
		fputs(what, out);
	fputs(suffix, out);
	fclose(out);
	return text;
}

static void costly_answers(void **state)
{
	struct fixture *f = *state;
	char *deep = repeated("[", 100 * 1000, "{\"id\":%ID,\"result\":", "");
	char *wide = repeated("0,", GS_JSON_VALUES_MAX, "{\"id\":%ID,\"result\":[", "0]}");
	f->body = deep;
	call(f, 1, NULL);
	turn_until(f, 1);
	assert_int_equal(f->err, GS_ELIMIT);
	assert_says(f->why, "nested deeper than 64");
	f->body = wide;
	call(f, 1, NULL);
	turn_until(f, 2);
	assert_int_equal(f->err, GS_ELIMIT);
	assert_says(f->why, "more than 4000000 values");
	free(deep);
	free(wide);
}

static void strict_answers(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body, *words;
	} cases[] = {
		{"{\"id\":%ID,\"result\":1,\"error\":{\"code\":1}}", "a result and an error"},
		{"{\"id\":%ID,\"result\":1,\"error\":null}", "a result and an error"},
		{"{\"id\":%ID}", "no result and no error"},
		{"{\"id\":%ID,\"error\":7}", "error is not an object"},
		{"{\"id\":\"%ID\",\"result\":1}", "its id is another"},
		{"{\"id\":-%ID,\"result\":1}", "its id is another"},
		{"{\"id\":%ID.0,\"result\":1}", "its id is another"},
		{"{\"id\":null,\"result\":1}", "its id is another"},
		{"{\"result\":1}", "its id is another"},
		{"{\"id\":99,\"error\":{\"code\":1}}", "its id is another"},
		{"{\"jsonrpc\":\"1.0\",\"id\":%ID,\"result\":1}", "version"},
		{"{\"jsonrpc\":2.0,\"id\":%ID,\"result\":1}", "version"},
		{"[{\"id\":%ID,\"result\":1}]", "not an object"},
		{"{\"id\":%ID,\"result\":\"\xff\xfe\"}", "not JSON"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		f->body = cases[i].body;
		f->replies = 0;
		call(f, 1, NULL);
		turn_until(f, 1);
		assert_int_equal(f->err, GS_EPARSE);
		assert_int_equal(f->kind, GS_RPC_MALFORMED);
		assert_says(f->why, cases[i].words);
	}
	f->body = "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"unreadable\"}}";
	call(f, 1, NULL);
	turn_until(f, f->replies + 1);
	assert_says(f->why, "the node says: unreadable");
	assert_int_equal(gs_endpoint_watch_heads(f->ep, NULL, &f->error), GS_EUNSUPPORTED);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void header_files(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/gainsay-headers.XXXXXX";
	static const char *const bad[] = {"X-Test secret\n",     ": secret\n",     "Host: secret\n",
	                                  "X Y: secret\n",       "A: secret\tx\n", "Sec-WebSocket-Key: secret\n",
	                                  "Content-Length: 1\n", "X-Test:\n"};
	close(mkstemp(path));
	struct gs_endpoint *ep;
	const struct gs_endpoint_options options = {.header_file = path};
	write_file(path, "# for the provider\n\nX-Test: secret one\r\nX-Other: 2", 0600);
	open_with(f, options);
	call(f, 1, NULL);
	turn_until(f, 1);
	assert_string_equal(f->header, "secret one");
	char text[200]; /* sections are for one endpoint each */
	snprintf(text, sizeof(text),
	         "[https://other.example:443]\nX-Test: theirs\n[%s]\nX-Test: ours\n[x]\nX-Test: 3\n", f->url);
	write_file(path, text, 0600);
	open_with(f, options);
	call(f, 1, NULL);
	turn_until(f, 2);
	assert_string_equal(f->header, "ours");
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		write_file(path, bad[i], 0600);
		assert_int_equal(gs_endpoint_open(f->base, f->url, &options, &ep, &f->error), GS_EINVAL);
		assert_says(f->error.text, "not a header");
		assert_null(strstr(f->error.text, "secret"));
	}
	write_file(path, "X-Test: 1\n", 0640);
	assert_int_equal(gs_endpoint_open(f->base, f->url, &options, &ep, &f->error), GS_EINVAL);
	assert_says(f->error.text, "others may read it");
	unlink(path);
	assert_int_equal(gs_endpoint_open(f->base, f->url, &options, &ep, &f->error), GS_EIO);
	assert_null(ep);
}

static void options_that_make_no_sense(void **state)
{
	struct fixture *f = *state;
	const struct gs_endpoint_options bad[] = {
		{.client_cert_file = "x"},       {.client_key_file = "x"}, {.proxy = "https://127.0.0.1"},
		{.proxy = "socks4://127.0.0.1"}, {.calls_max = 100000},    {.response_max = GS_RPC_RESPONSE_MAX + 1},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		struct gs_endpoint *ep;
		assert_int_equal(gs_endpoint_open(f->base, f->url, &bad[i], &ep, &f->error), GS_EINVAL);
		assert_null(ep);
	}
}

/* The environment's proxies are not asked; a proxy that is named is. */
static void proxies(void **state)
{
	struct fixture *f = *state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	open_with(f, (struct gs_endpoint_options){0});
	call(f, 1, NULL);
	turn_until(f, 1);
	assert_int_equal(f->err, GS_OK);
	open_with(f, (struct gs_endpoint_options){.proxy = "http://user:secret@127.0.0.1:1"});
	call(f, 1, NULL);
	turn_until(f, 2);
	assert_int_equal(f->err, GS_EIO);
	assert_says(f->why, "is the proxy running?");
	assert_null(strstr(f->why, "secret"));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); /* the server writes to calls that were given up */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(many_calls_at_once),
		TEST(at_most_so_many_under_way),
		TEST(waiting_is_not_counted),
		TEST(refuses_a_call_too_many),
		TEST(batches_in_any_order),
		TEST(broken_batches),
		TEST(closed_by_a_callback),
		TEST(cancelled_calls_are_not_heard_of),
		TEST(calls_from_callbacks),
		TEST(silence_ends),
		TEST(sinks),
		TEST(costly_answers),
		TEST(strict_answers),
		TEST(header_files),
		TEST(proxies),
		TEST(options_that_make_no_sense),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
