/* Effects that wait: done by the loop, in the order of their times, with their own copies; what waits holds nothing up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include <event2/event.h>

#include "validator/daemon/later.h"

struct seen {
	struct event_base *base;
	struct gs_later *later;
	char order[16];
	size_t count;
	bool goes_on; /* the first one adds another */
};

static void saw(struct seen *s, char what)
{
	assert_true(s->count + 1 < sizeof(s->order));
	s->order[s->count++] = what;
}

static void go(void *self, const struct gs_node_effect *effect, struct gs_bytes data)
{
	struct seen *s = self;
	struct gs_node_effect next = *effect;

	assert_int_equal(effect->kind, GS_EFFECT_PREPARE);
	assert_int_equal(data.len, 3);
	assert_memory_equal(data.ptr, "abc", 3);
	saw(s, (char)effect->nonce);
	if (!s->goes_on)
		return;
	s->goes_on = false;
	next.nonce = 'n';
	assert_int_equal(gs_later_add(s->later, &next, data, 0), GS_OK);
	saw(s, '+'); /* not within the call */
}

static void other(evutil_socket_t fd, short what, void *self)
{
	(void)fd;
	(void)what;
	saw(self, '.');
}

static int set_up(void **state)
{
	static struct seen s;

	s = (struct seen){.base = event_base_new()};
	assert_non_null(s.base);
	assert_int_equal(gs_later_open(s.base, go, &s, &s.later), GS_OK);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct seen *s = *state;

	gs_later_close(s->later);
	event_base_free(s->base);
	return 0;
}

static void add(struct seen *s, char name, uint32_t wait_ms)
{
	struct gs_node_effect effect = {.kind = GS_EFFECT_PREPARE, .nonce = (uint64_t)name, .wait_ms = wait_ms};
	char data[] = "abc";

	assert_int_equal(gs_later_add(s->later, &effect, (struct gs_bytes){(const uint8_t *)data, 3}, wait_ms), GS_OK);
	memset(data, 0, sizeof(data));
	memset(&effect, 0, sizeof(effect));
}

/* Whatever else the loop has to do comes first, however late the loop is. */
static void the_loop_goes_on(void **state)
{
	struct seen *s = *state;

	add(s, 'b', 300);
	add(s, 'a', 20);
	assert_int_equal(s->count, 0);
	assert_int_equal(event_base_once(s->base, -1, EV_TIMEOUT, other, s, NULL), 0);
	assert_int_equal(gs_later_count(s->later), 2);
	event_base_dispatch(s->base);
	assert_string_equal(s->order, ".ab");
	assert_int_equal(gs_later_count(s->later), 0);
}

static void one_may_lead_to_another(void **state)
{
	struct seen *s = *state;

	s->goes_on = true;
	add(s, 'a', 0);
	event_base_dispatch(s->base);
	assert_string_equal(s->order, "a+n");
}

static void what_is_closed_is_not_done(void **state)
{
	struct seen *s = *state;

	add(s, 'a', 0);
	add(s, 'b', 10);
	gs_later_close(s->later);
	s->later = NULL;
	event_base_dispatch(s->base);
	assert_int_equal(s->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_loop_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_may_lead_to_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_closed_is_not_done, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
