/* Calls handed to the node that has the key, over its socket: a server that is fed by hand, and whoever calls in a thread. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <event2/event.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/node_txs.h"
#include "validator/daemon/commands.h"

enum { CHAIN = 31337, WAIT_MS = 20000 };

struct desk { /* a node of node_txs.h with a socket */
	struct node_fixture *f;
	struct event_base *base;
	struct gs_commands *commands;
	struct gs_commands_options options;
	struct gs_deployment deployment;
	char folder[64];
};

struct caller {
	pthread_t thread;
	struct gs_commands_call call;
	char folder[64];
	struct gs_hash tx;
	struct gs_error error;
	enum gs_err err;
	_Atomic bool over; /* said by the caller's thread */
};

static const uint8_t data[] = {0xab, 0, 0xcd};

static enum gs_err feed(void *self, struct gs_node_input *input)
{
	node_feed(((struct desk *)self)->f, input);
	return GS_OK;
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	void *fixture = NULL;
	struct gs_error error;

	assert_non_null(d);
	assert_int_equal(node_txs_set_up(&fixture), 0);
	d->f = fixture;
	strcpy(d->folder, "/tmp/gainsay-commands.XXXXXX");
	assert_non_null(mkdtemp(d->folder));
	d->base = event_base_new();
	for (int c = 0; c < GS_CONTRACT_COUNT; c++)
		d->deployment.contract[c] = node_address((uint8_t)(0x40 + c));
	d->options = (struct gs_commands_options){.base = d->base,
	                                          .folder = d->folder,
	                                          .account = d->f->options.self,
	                                          .chain_id = CHAIN,
	                                          .deployment = &d->deployment,
	                                          .store = &d->f->store,
	                                          .feed = feed,
	                                          .self = d};
	assert_int_equal(gs_commands_open(&d->options, &d->commands, &error), GS_OK);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;
	void *fixture = d->f;

	gs_commands_close(d->commands);
	event_base_free(d->base);
	assert_int_equal(rmdir(d->folder), 0); /* no socket stays */
	free(d);
	return node_tear_down(&fixture);
}

static void *run(void *self)
{
	struct caller *c = self;

	c->err = gs_commands_send(c->folder, &c->call, WAIT_MS, &c->tx, &c->error);
	c->over = true;
	return NULL;
}

static void begin(struct desk *d, struct caller *c, enum gs_contract to)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->folder, d->folder);
	c->call = (struct gs_commands_call){.account = d->options.account,
	                                    .chain_id = CHAIN,
	                                    .to = d->deployment.contract[to],
	                                    .data = {data, sizeof(data)}};
}

static void call(struct caller *c)
{
	assert_int_equal(pthread_create(&c->thread, NULL, run, c), 0);
}

/* Until the node has been told; false: the caller was answered before. */
static bool serve_until_told(struct desk *d, struct caller *c)
{
	gs_node_effects_clear(&d->f->effects);
	while (!c->over && !node_effect(d->f, GS_EFFECT_PREPARE)) {
		event_base_loop(d->base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	return node_effect(d->f, GS_EFFECT_PREPARE) != NULL;
}

static void serve_to_the_end(struct desk *d, struct caller *c)
{
	gs_commands_look(d->commands);
	while (!c->over) {
		event_base_loop(d->base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	assert_int_equal(pthread_join(c->thread, NULL), 0);
}

static void it_is_mined(void **state)
{
	struct desk *d = *state;
	const struct gs_hash mined = node_hash(0x71);
	struct caller c;

	begin(d, &c, GS_CONTRACT_STAKES);
	assert_true(gs_commands_reachable(d->folder, &c.call));
	call(&c);
	assert_true(serve_until_told(d, &c));
	const struct gs_node_effect *e = node_effect(d->f, GS_EFFECT_PREPARE);
	assert_true(gs_bytes_equal(gs_node_effect_data(&d->f->effects, e), (struct gs_bytes){data, sizeof(data)}));
	node_sign_at(d->f, 0x71, 80, 8);
	gs_commands_look(d->commands);
	node_blocks(d->f, 1);
	node_receipt_of(d->f, 0x71, true, 1);
	serve_to_the_end(d, &c);
	assert_int_equal(c.err, GS_OK);
	assert_memory_equal(c.tx.b, mined.b, 32);
}

static void why_it_is_refused_is_said(void **state)
{
	struct desk *d = *state;
	struct caller c;

	begin(d, &c, GS_CONTRACT_STAKES);
	call(&c);
	assert_true(serve_until_told(d, &c));
	gs_commands_look(d->commands);
	const struct gs_hash intent = node_effect(d->f, GS_EFFECT_PREPARE)->hash;
	gs_commands_refused(d->commands, &intent, "said so");
	node_refuse(d->f, GS_REFUSED_REVERTS);
	serve_to_the_end(d, &c);
	assert_int_equal(c.err, GS_ECONFLICT);
	assert_string_equal(c.error.text, "said so");
}

static void others_calls_are_refused(void **state)
{
	struct desk *d = *state;
	struct caller c;

	begin(d, &c, GS_CONTRACT_DISPUTES);
	call(&c);
	assert_false(serve_until_told(d, &c));
	serve_to_the_end(d, &c);
	assert_int_equal(c.err, GS_ECONFLICT);
	assert_non_null(strstr(c.error.text, "no moves of disputes"));
	begin(d, &c, GS_CONTRACT_STAKES);
	c.call.to = node_address(0x77); /* no contract of the deployment */
	call(&c);
	assert_false(serve_until_told(d, &c));
	serve_to_the_end(d, &c);
	assert_int_equal(c.err, GS_ECONFLICT);
}

static void nobody_listens(void **state)
{
	struct desk *d = *state;
	struct caller c;

	begin(d, &c, GS_CONTRACT_STAKES);
	c.call.chain_id = CHAIN + 1;
	assert_false(gs_commands_reachable(d->folder, &c.call));
	assert_int_equal(gs_commands_send(c.folder, &c.call, WAIT_MS, &c.tx, &c.error), GS_ENOTFOUND);
}

/* The node goes away while somebody waits: what was stored is not lost, and that is said. */
static void the_node_ends(void **state)
{
	struct desk *d = *state;
	struct gs_error error;
	struct caller c;

	begin(d, &c, GS_CONTRACT_STAKES);
	call(&c);
	assert_true(serve_until_told(d, &c));
	gs_commands_close(d->commands);
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	assert_int_equal(c.err, GS_EAGAIN);
	assert_int_equal(gs_commands_open(&d->options, &d->commands, &error), GS_OK);
}

static int reach(struct desk *d)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;

	assert_int_equal(gs_commands_path(d->folder, &d->options.account, CHAIN, at.sun_path), GS_OK);
	assert_int_equal(stat(at.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* What is no call gets one line, and the next caller is served. */
static void nonsense_is_answered(void **state)
{
	struct desk *d = *state;
	static const char *const lines[] = {
		"\n",
		"{}\n",
		"[1]\n",
		"null\n",
		"{\"version\":2}\n",
		"{\"version\":1,\"version\":1}\n",
		"{\"version\":1,\"id\":\"0x00\",\"chain_id\":1,\"account\":\"\",\"to\":\"\",\"data\":\"0x\"}\n",
		"{\"version\":1,\"id\":7,\"chain_id\":\"x\",\"account\":[],\"to\":{},\"data\":true}\n"};

	for (size_t i = 0; i < GS_ARRAY_LEN(lines); i++) {
		const int fd = reach(d);
		char answer[512] = "";
		ssize_t n = -1;
		assert_true(write(fd, lines[i], strlen(lines[i])) > 0);
		for (int tries = 0; tries < WAIT_MS && n < 0; tries++) {
			event_base_loop(d->base, EVLOOP_NONBLOCK);
			n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
			usleep(1000);
		}
		assert_true(n > 0);
		assert_non_null(strstr(answer, "\"status\":\"failed\""));
		close(fd);
	}
	it_is_mined(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_mined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(why_it_is_refused_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others_calls_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_listens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_node_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_is_answered, set_up, tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
