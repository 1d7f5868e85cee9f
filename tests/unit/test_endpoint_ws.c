/* WebSocket endpoints beside a server on the same loop that answers late, out of order, wrongly, or breaks the protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/endpoint.h"
#include "chain/rpc/websocket.h"
#include "tests/support/fake_ws.h"
#include "tests/support/ws_fixture.h"

/* --- calls --- */

static void answers_in_any_order(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 4; i++)
		call(f);
	TURN_UNTIL(f, f->texts == 4);
	assert_string_equal(f->text[0], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_test\",\"params\":[]}");
	const size_t order[] = {2, 0, 3, 1};
	for (size_t i = 0; i < 4; i++)
		answer(f, order[i]);
	TURN_UNTIL(f, f->replies == 4);
	assert_string_equal(f->order, "2 0 3 1 ");
	assert_int_equal(fake_ws_seen(f->server)->connections, 1);
	gs_endpoint_close(f->ep);
	f->ep = NULL;
	wait_ms(f, 20);
	assert_int_equal(fake_ws_seen(f->server)->closes, 1); /* we say goodbye */
}

static void batches_are_many_messages(void **state)
{
	struct fixture *f = *state;
	struct gs_batch_item items[3];
	for (size_t i = 0; i < 3; i++)
		items[i] = (struct gs_batch_item){
			.method = "eth_test", .params = json_array(), .on_reply = count, .self = f};
	assert_int_equal(gs_endpoint_batch(f->ep, items, 3, NULL, &f->error), GS_OK);
	gs_call_cancel(items[1].call);
	TURN_UNTIL(f, f->texts == 2);
	answer(f, 1);
	answer(f, 0);
	TURN_UNTIL(f, f->replies == 2);
	assert_string_equal(f->order, "1 0 ");
}

static enum gs_err take(void *self, uint64_t id, struct gs_bytes bytes)
{
	snprintf(self, 100, "%llu:%.*s", (unsigned long long)id, (int)bytes.len, (const char *)bytes.ptr);
	return strstr(self, "bad") ? GS_ECORRUPT : GS_OK;
}

static void sinks_get_the_body(void **state)
{
	struct fixture *f = *state;
	char taken[100];
	const struct gs_sink sink = {.self = taken, .feed = take};
	const struct gs_call_options options = {.sink = &sink};
	static const char *const bodies[] = {"{\"id\":1,\"result\":[]}", "{\"id\":2,\"result\":\"bad\"}"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			gs_endpoint_call(f->ep, "eth_getLogs", json_array(), &options, count, f, NULL, &f->error),
			GS_OK);
		TURN_UNTIL(f, f->texts == i + 1);
		fake_ws_say(f->server, bodies[i]);
		TURN_UNTIL(f, f->replies == i + 1);
		assert_string_equal(taken + 2, bodies[i]);
		assert_int_equal(f->err, i ? GS_ECORRUPT : GS_OK);
	}
}

static void says_who_we_are(void **state)
{
	struct fixture *f = *state;
	char url[200];
	snprintf(url, sizeof(url), "ws://user:p%%40ss@%s/v1/key?x=1", fake_ws_url(f->server) + 5);
	gs_endpoint_close(f->ep);
	assert_int_equal(gs_endpoint_open(f->base, url, NULL, &f->ep, &f->error), GS_OK);
	assert_string_equal(gs_endpoint_name(f->ep), fake_ws_url(f->server));
	works(f);
	const char *request = fake_ws_seen(f->server)->request;
	assert_says(request, "GET /v1/key?x=1 HTTP/1.1\r\n");
	assert_says(request, "\r\nAuthorization: Basic dXNlcjpwQHNz\r\n"); /* user:p@ss */
	assert_says(request, "\r\nSec-WebSocket-Version: 13\r\n");
	char host[100];
	snprintf(host, sizeof(host), "\r\nHost: %s\r\n", fake_ws_url(f->server) + 5);
	assert_says(request, host);
	assert_null(strstr(request, "Extensions"));
}

/* --- ends --- */

static void bad_upgrades(void **state)
{
	struct fixture *f = *state;
#define HEAD "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	const struct {
		struct fake_ws_manners manners;
		enum gs_err err;
		const char *words;
	} cases[] = {
		{{.wrong_accept = true}, GS_EPARSE, "Sec-WebSocket-Accept is not the key's"},
		{{.upgrade = HEAD "\r\n"}, GS_EPARSE, "Sec-WebSocket-Accept is not the key's"},
		{{.upgrade = "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n"}, GS_EPARSE, "Upgrade: websocket"},
		{{.upgrade = HEAD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"},
	         GS_EPARSE,
	         "nobody asked for"},
		{{.upgrade = HEAD "nonsense\r\n\r\n"}, GS_EPARSE, "no header"},
		{{.upgrade = "SSH-2.0-OpenSSH\r\n\r\n"}, GS_EPARSE, "HTTP/1.1"},
		{{.upgrade = "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n"}, GS_EIO, "HTTP status 403"},
		{{.upgrade = "HTTP/1.1 429 X\r\n\r\n"}, GS_EAGAIN, "HTTP status 429"},
		{{.upgrade = "HTTP/1.1 302 X\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"}, GS_EIO, "HTTP status 302"},
		{{.cut_at_upgrade = true}, GS_EIO, "cut before the upgrade"},
		{{.silent_upgrade = true}, GS_EIO, "no answer in time"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		open_with(f, (struct gs_endpoint_options){.connect_ms = cases[i].manners.silent_upgrade ? 2000
		                                                                                        : 60 * 1000});
		behave(f, cases[i].manners);
		call(f);
		TURN_UNTIL(f, f->replies == i + 1);
		assert_says(f->why, cases[i].words);
		assert_int_equal(f->err, cases[i].err);
		assert_int_equal(f->texts, 0); /* nothing was sent */
	}
	char *flood = malloc(GS_WEBSOCKET_UPGRADE_MAX + 100);
	assert_non_null(flood);
	memset(strcpy(flood, HEAD) + strlen(HEAD), 'x', GS_WEBSOCKET_UPGRADE_MAX);
	flood[GS_WEBSOCKET_UPGRADE_MAX + 50] = '\0';
	open_with(f, (struct gs_endpoint_options){0});
	behave(f, (struct fake_ws_manners){.upgrade = flood});
	f->replies = 0;
	call(f);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_ELIMIT);
	free(flood);
}

static void a_cut_ends_every_call(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++)
		call(f);
	TURN_UNTIL(f, f->texts == 5);
	fake_ws_cut(f->server);
	TURN_UNTIL(f, f->replies == 5);
	assert_int_equal(f->err, GS_EIO);
	assert_says(f->why, "the connection was cut");
	works(f); /* a new connection, at once */
	assert_int_equal(fake_ws_seen(f->server)->connections, 2);
}

/* A request that cannot be sent any more does not lose what the server had said before. */
static void what_was_said_before_a_reset_is_heard(void **state)
{
	struct fixture *f = *state;
	char text[128];
	call(f);
	TURN_UNTIL(f, f->texts == 1);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":7}", id_of(f->text[0]));
	fake_ws_say_and_reset(f->server, text);
	call(f);
	TURN_UNTIL(f, f->replies == 2);
	assert_string_equal(f->order, "7 ");
	assert_int_equal(f->err, GS_EIO);
	assert_says(f->why, "the connection was cut");
	works(f);
}

/* Frames that no server may send, and ends in the middle of one. */
static void broken_frames(void **state)
{
	struct fixture *f = *state;
	static const uint8_t huge[11] = {0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0, '{'};
	static const uint8_t half[6] = {0x81, 100, '{', '"', 'i', 'd'};
	static const uint8_t long_ping[4] = {0x89, 126, 0, 200};
	for (int i = 0; i < 10; i++) {
		f->replies = f->texts = 0;
		call(f);
		TURN_UNTIL(f, f->texts == 1);
		const char *words = "breaks the WebSocket protocol";
		switch (i) {
		case 0: fake_ws_frame(f->server, 0x81, true, "{}", 2); break;  /* masked */
		case 1: fake_ws_frame(f->server, 0xc1, false, "{}", 2); break; /* reserved bit */
		case 2: fake_ws_frame(f->server, 0x83, false, "{}", 2); break; /* no such opcode */
		case 3: fake_ws_frame(f->server, 0x80, false, "{}", 2); break; /* continues nothing */
		case 4: fake_ws_frame(f->server, 0x09, false, "x", 1); break;  /* a ping in pieces */
		case 5: fake_ws_raw(f->server, long_ping, sizeof(long_ping)); break;
		case 6: fake_ws_frame(f->server, 0x81, false, "\xff\xfe", 2); break; /* not UTF-8 */
		case 7:
			fake_ws_raw(f->server, huge, sizeof(huge));
			words = "larger than";
			break;
		case 8:
			fake_ws_frame(f->server, 0x82, false, "{}", 2);
			words = "not text";
			break;
		default:
			fake_ws_raw(f->server, half, sizeof(half));
			wait_ms(f, 10);
			fake_ws_cut(f->server);
			words = "the connection was cut";
			break;
		}
		TURN_UNTIL(f, f->replies == 1);
		assert_says(f->why, words);
		assert_int_not_equal(f->err, GS_OK);
		free(f->text[0]);
		f->texts = 0;
		TURN_UNTIL(f, fake_ws_seen(f->server)->connections == (unsigned)i + 1);
		gs_endpoint_close(f->ep); /* without the pause between attempts */
		f->ep = NULL;
		open_with(f, (struct gs_endpoint_options){0});
	}
	works(f);
}

static void pieces_and_pings(void **state)
{
	struct fixture *f = *state;
	call(f);
	TURN_UNTIL(f, f->texts == 1);
	fake_ws_frame(f->server, 0x01, false, "{\"id\":1,", 8);
	fake_ws_frame(f->server, 0x89, false, "hello", 5);
	fake_ws_frame(f->server, 0x00, false, "", 0);
	fake_ws_frame(f->server, 0x00, false, "\"result\"", 8);
	fake_ws_frame(f->server, 0x8a, false, "", 0); /* a pong that nobody asked for is fine */
	fake_ws_frame(f->server, 0x80, false, ":7}", 3);
	TURN_UNTIL(f, f->replies == 1);
	assert_string_equal(f->order, "7 ");
	TURN_UNTIL(f, fake_ws_seen(f->server)->pongs == 1);
}

static void pieces_without_end(void **state)
{
	struct fixture *f = *state;
	call(f);
	TURN_UNTIL(f, f->texts == 1);
	fake_ws_frame(f->server, 0x01, false, "{", 1);
	for (int i = 0; i <= GS_WEBSOCKET_FRAMES_MAX; i++)
		fake_ws_frame(f->server, 0x00, false, "", 0);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_ELIMIT);
	assert_says(f->why, "pieces");
}

static void answers_have_a_limit(void **state)
{
	struct fixture *f = *state;
	char *big = malloc(200 * 1000);
	assert_non_null(big);
	memset(big, ' ', 200 * 1000);
	open_with(f, (struct gs_endpoint_options){.response_max = 100 * 1000});
	call(f);
	TURN_UNTIL(f, f->texts == 1);
	for (int i = 0; i < 3; i++) /* each within it, all together beyond */
		fake_ws_frame(f->server, i ? 0x00 : 0x01, false, big, 40 * 1000);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_ELIMIT);
	assert_int_equal(f->kind, GS_RPC_OVERSIZE);
	free(big);
}

static void the_server_says_goodbye(void **state)
{
	struct fixture *f = *state;
	call(f);
	TURN_UNTIL(f, f->texts == 1);
	fake_ws_frame(f->server, 0x88, false, "\x03\xe9", 2); /* 1001: going away */
	TURN_UNTIL(f, f->replies == 1);
	assert_says(f->why, "the server closed the connection (1001)");
	TURN_UNTIL(f, fake_ws_seen(f->server)->closes == 1); /* it is answered */
	works(f);
}

static void answers_of_nobody(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"<html>", "is not JSON"},
		{"", "is not JSON"},
		{"{\"id\":999,\"result\":1}", "no answer to any call"},
		{"{\"id\":null,\"error\":{\"code\":1}}", "no answer to any call"},
		{"[]", "no answer to any call"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested deeper"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		open_with(f, (struct gs_endpoint_options){0});
		f->replies = 0;
		size_t texts = f->texts;
		call(f);
		call(f);
		TURN_UNTIL(f, f->texts == texts + 2);
		fake_ws_say(f->server, cases[i].text);
		TURN_UNTIL(f, f->replies == 2);
		assert_says(f->why, cases[i].words);
		works(f);
	}
	size_t texts = f->texts; /* the same answer twice: the second is nobody's */
	call(f);
	call(f);
	TURN_UNTIL(f, f->texts == texts + 2);
	f->replies = 0;
	answer(f, texts);
	answer(f, texts);
	TURN_UNTIL(f, f->replies == 2);
	assert_int_equal(f->err, GS_EPARSE);
}

static void late_answers_are_forgiven(void **state)
{
	struct fixture *f = *state;
	struct gs_call *cancelled;
	const struct gs_call_options soon = {.timeout_ms = 50};
	assert_int_equal(gs_endpoint_call(f->ep, "eth_test", json_array(), &soon, count, f, NULL, &f->error), GS_OK);
	assert_int_equal(gs_endpoint_call(f->ep, "eth_test", json_array(), NULL, count, f, &cancelled, &f->error),
	                 GS_OK);
	TURN_UNTIL(f, f->replies == 1);
	assert_int_equal(f->err, GS_EIO);
	assert_says(f->why, "no answer in time");
	gs_call_cancel(cancelled);
	answer(f, 0);
	answer(f, 1);
	works(f);
	assert_int_equal(fake_ws_seen(f->server)->connections, 1);
}

static void silence(void **state)
{
	struct fixture *f = *state;
	open_with(f, (struct gs_endpoint_options){.idle_ms = 1000, .timeout_ms = 5000});
	works(f);
	TURN_UNTIL(f, fake_ws_seen(f->server)->pings >= 2); /* they are answered: it lives on */
	works(f);
	assert_int_equal(fake_ws_seen(f->server)->connections, 1);
	size_t replies = f->replies;
	const struct gs_call_options patient = {.timeout_ms = 60 * 1000};
	behave(f, (struct fake_ws_manners){.no_pongs = true});
	assert_int_equal(gs_endpoint_call(f->ep, "eth_test", json_array(), &patient, count, f, NULL, &f->error), GS_OK);
	TURN_UNTIL(f, f->replies > replies);
	assert_says(f->why, "fell silent");
	assert_int_equal(gs_endpoint_call(f->ep, "eth_test", json_array(), &patient, count, f, NULL, &f->error), GS_OK);
	TURN_UNTIL(f, f->texts == 4);
	fake_ws_raw(f->server, "\x81\x7e\xff\xff", 4); /* a message that is not over as long as the test lasts */
	while (f->replies == replies + 1) {            /* a byte now and then is silence too */
		fake_ws_raw(f->server, "x", 1);
		wait_ms(f, 20);
	}
	assert_says(f->why, "fell silent");
	assert_int_equal(f->err, GS_EIO);
}

/* Nobody listens: attempts are rare, and calls between them end at once. */
static void pauses_between_attempts(void **state)
{
	struct fixture *f = *state;
	gs_endpoint_close(f->ep);
	assert_int_equal(gs_endpoint_open(f->base, "ws://127.0.0.1:1", NULL, &f->ep, &f->error), GS_OK);
	size_t refused = 0, told = 0;
	for (size_t i = 1; i <= 10; i++) {
		call(f);
		TURN_UNTIL(f, f->replies == i);
		assert_int_equal(f->err, GS_EIO);
		assert_says(f->why, "is the node running?");
		*(strstr(f->why, "next attempt in") ? &told : &refused) += 1;
	}
	assert_true(told >= 6);
	assert_true(refused >= 2);
}

/* --- heads --- */

static void on_head(void *self, const struct gs_head *head)
{
	struct fixture *f = self;
	f->heads++;
	f->head = *head;
}

static void on_lost(void *self, bool again, const struct gs_error *why)
{
	struct fixture *f = self;
	f->lost++;
	f->again = again;
	snprintf(f->why, sizeof(f->why), "%s", why->text);
}

static void watch(struct fixture *f)
{
	const struct gs_head_watch w = {.self = f, .head = on_head, .lost = on_lost};
	assert_int_equal(gs_endpoint_watch_heads(f->ep, &w, &f->error), GS_OK);
	assert_int_equal(gs_endpoint_watch_heads(f->ep, &w, &f->error), GS_ECONFLICT);
}

static void subscribed(struct fixture *f, const char *name)
{
	char text[200];
	size_t before = f->texts;
	TURN_UNTIL(f, f->texts > before);
	assert_says(f->text[before], "\"method\":\"eth_subscribe\",\"params\":[\"newHeads\"]");
	snprintf(text, sizeof(text), "{\"id\":%lld,\"result\":\"%s\"}", id_of(f->text[before]), name);
	fake_ws_say(f->server, text);
}

#define H32(x) "\"0x" x "000000000000000000000000000000000000000000000000000000000000\""
static void say_head(struct fixture *f, const char *name, const char *hash)
{
	char text[600];
	snprintf(text, sizeof(text),
	         "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"%s\",\"result\":{\"number\":\"0x10\","
	         "\"hash\":%s,\"parentHash\":" H32("abcd") ",\"timestamp\":\"0x20\"}}}",
	         name, hash);
	fake_ws_say(f->server, text);
}

static void heads(void **state)
{
	struct fixture *f = *state;
	watch(f);
	subscribed(f, "0x1");
	say_head(f, "0xother", H32("1111")); /* not ours */
	say_head(f, "0x1", H32("1234"));
	TURN_UNTIL(f, f->heads);
	assert_int_equal(f->heads, 1);
	assert_true(f->head.number == 16 && f->head.time.unix_s == 32);
	assert_true(f->head.hash.b[0] == 0x12 && f->head.parent.b[1] == 0xcd);
	works(f); /* calls go beside */
	fake_ws_cut(f->server);
	TURN_UNTIL(f, f->lost);
	assert_true(f->again);
	subscribed(f, "0x2"); /* by itself, on a new connection */
	say_head(f, "0x1", H32("1111"));
	say_head(f, "0x2", H32("5678"));
	TURN_UNTIL(f, f->heads == 2);
	assert_int_equal(f->head.hash.b[0], 0x56);
	say_head(f, "0x2", "\"0x12\""); /* not a header */
	TURN_UNTIL(f, f->lost == 2);
	assert_says(f->why, "not a block's header");
	subscribed(f, "0x3");
	say_head(f, "0x3", H32("9abc"));
	TURN_UNTIL(f, f->heads == 3);
	assert_int_equal(gs_endpoint_watch_heads(f->ep, NULL, &f->error), GS_OK);
	size_t before = f->texts;
	TURN_UNTIL(f, f->texts > before);
	assert_says(f->text[before], "\"eth_unsubscribe\",\"params\":[\"0x3\"]");
	say_head(f, "0x3", H32("9abc"));
	answer(f, before);
	works(f);
	assert_int_equal(f->heads, 3);
}

static void heads_that_are_refused(void **state)
{
	struct fixture *f = *state;
	char text[200];
	watch(f);
	TURN_UNTIL(f, f->texts == 1);
	snprintf(text, sizeof(text), "{\"id\":%lld,\"error\":{\"code\":-32601,\"message\":\"no subscriptions here\"}}",
	         id_of(f->text[0]));
	fake_ws_say(f->server, text);
	TURN_UNTIL(f, f->lost);
	assert_false(f->again);
	assert_says(f->why, "no subscriptions here");
	works(f);
	assert_int_equal(fake_ws_seen(f->server)->connections, 1);
}

static void close_inside(void *self, const struct gs_head *head)
{
	struct fixture *f = self;
	struct gs_endpoint *ep = f->ep;
	(void)head;
	f->ep = NULL;
	gs_endpoint_close(ep);
}

static void closed_by_a_head(void **state)
{
	struct fixture *f = *state;
	const struct gs_head_watch w = {.self = f, .head = close_inside, .lost = on_lost};
	assert_int_equal(gs_endpoint_watch_heads(f->ep, &w, &f->error), GS_OK);
	subscribed(f, "0x1");
	call(f);
	TURN_UNTIL(f, f->texts == 2);
	say_head(f, "0x1", H32("1234"));
	say_head(f, "0x1", H32("1234"));
	TURN_UNTIL(f, f->ep == NULL);
	assert_int_equal(f->replies, 1);
	assert_says(f->why, "was closed");
	assert_int_equal(f->lost, 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(answers_in_any_order),
		TEST(batches_are_many_messages),
		TEST(sinks_get_the_body),
		TEST(says_who_we_are),
		TEST(bad_upgrades),
		TEST(a_cut_ends_every_call),
		TEST(broken_frames),
		TEST(pieces_and_pings),
		TEST(pieces_without_end),
		TEST(answers_have_a_limit),
		TEST(answers_of_nobody),
		TEST(the_server_says_goodbye),
		TEST(silence),
		TEST(late_answers_are_forgiven),
		TEST(heads),
		TEST(pauses_between_attempts),
		TEST(closed_by_a_head),
		TEST(heads_that_are_refused),
		TEST(what_was_said_before_a_reset_is_heard),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
