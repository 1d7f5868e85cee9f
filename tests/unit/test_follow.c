/* The walk up to the newest block: what is asked for next, when it ends, and when the next begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>

#include "validator/daemon/follow.h"

static struct gs_head head(uint64_t number, uint64_t time_s)
{
	return (struct gs_head){.number = number, .time = {time_s}};
}

static void starts_at_the_anchor(void **state)
{
	(void)state;
	struct gs_follow f = {0};
	struct gs_head top = head(12, 1000), own = head(10, 0);
	uint64_t number;

	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, NULL, 5));
	assert_true(gs_follow_next(&f, NULL, 10, &number));
	assert_int_equal(number, 10);
	assert_true(gs_follow_next(&f, &own, 10, &number));
	assert_int_equal(number, 11);
	own = head(11, 0);
	assert_true(gs_follow_next(&f, &own, 10, &number));
	assert_int_equal(number, 12);
	own = head(12, 0);
	assert_false(gs_follow_next(&f, &own, 10, &number));
	assert_true(f.caught_up);
	assert_int_equal(f.skew_s, 0); /* it was not watching when these blocks came */
	assert_int_equal(gs_follow_wait_ms(&f, 250), 250);
	/* An endpoint that is behind the anchor: as far as it has. */
	f = (struct gs_follow){0};
	top = head(4, 0);
	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, NULL, 5));
	assert_true(gs_follow_next(&f, NULL, 10, &number));
	assert_int_equal(number, 4);
}

static void learns_the_clock_while_it_watches(void **state)
{
	(void)state;
	struct gs_follow f = {.caught_up = true};
	struct gs_head top = head(8, 1000), own = head(7, 990);
	uint64_t number;

	gs_follow_begin(&f);
	assert_true(gs_follow_newest(&f, &top, &own, 1003));
	assert_int_equal(f.skew_s, 3);
	assert_true(gs_follow_next(&f, &own, 0, &number)); /* the node did not take it */
	assert_int_equal(number, 8);
	gs_follow_begin(&f); /* not caught up: nothing is learnt */
	assert_true(gs_follow_newest(&f, &top, &own, 2000));
	assert_int_equal(f.skew_s, 3);
}

/* The newest header is that of the next block: nobody asks for it a second time. */
static void feeds_the_next_height(void **state)
{
	(void)state;
	struct gs_follow f = {0};
	struct gs_head top = head(8, 1000), own = head(7, 990);
	uint64_t number;

	gs_follow_begin(&f);
	assert_true(gs_follow_newest(&f, &top, &own, 1000));
	own = top;
	assert_false(gs_follow_next(&f, &own, 0, &number));
	assert_true(f.caught_up);
	/* One further on: there is a block in between. */
	gs_follow_begin(&f);
	top = head(10, 1010);
	assert_false(gs_follow_newest(&f, &top, &own, 1010));
	assert_true(gs_follow_next(&f, &own, 0, &number));
	assert_int_equal(number, 9);
}

static void feeds_the_same_height(void **state)
{
	(void)state;
	struct gs_follow f = {0};
	struct gs_head top = head(7, 1000), own = head(7, 990);
	uint64_t number;

	gs_follow_begin(&f);
	assert_true(gs_follow_newest(&f, &top, &own, 1000));
	assert_false(gs_follow_next(&f, &own, 0, &number));
	assert_true(f.caught_up);
	/* a shorter chain, too: the tracker knows what to make of it */
	gs_follow_begin(&f);
	top = head(5, 1000);
	assert_true(gs_follow_newest(&f, &top, &own, 1000));
	assert_false(gs_follow_next(&f, &own, 0, &number));
}

static void ends_where_it_is_stuck(void **state)
{
	(void)state;
	struct gs_follow f = {0};
	struct gs_head top = head(20, 1000), own = head(7, 990);
	uint64_t number;

	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, &own, 1000));
	assert_true(gs_follow_next(&f, &own, 0, &number));
	assert_false(gs_follow_next(&f, &own, 0, &number)); /* block 8 did not bring the node forward */
	assert_false(f.caught_up);
	assert_false(f.more);
	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, &own, 1000));
	assert_true(gs_follow_next(&f, &own, 0, &number));
	gs_follow_missing(&f);
	assert_false(gs_follow_next(&f, &own, 0, &number));
	assert_false(f.caught_up);
	assert_int_equal(gs_follow_wait_ms(&f, 250), 250);
	/* A branch that took blocks back and gave one: the number is not above the last one asked for. */
	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, &own, 1000));
	assert_true(gs_follow_next(&f, &own, 0, &number));
	own = head(6, 0);
	assert_false(gs_follow_next(&f, &own, 0, &number));
}

static void takes_only_so_many(void **state)
{
	(void)state;
	struct gs_follow f = {0};
	struct gs_head top = head(1000, 1000), own = head(7, 990);
	uint64_t number;
	unsigned asked = 0;

	gs_follow_begin(&f);
	assert_false(gs_follow_newest(&f, &top, &own, 1000));
	for (; gs_follow_next(&f, &own, 0, &number); asked++)
		own = head(number, 0);
	assert_int_equal(asked, GS_FOLLOW_BLOCKS_A_WALK);
	assert_false(f.caught_up);
	assert_int_equal(gs_follow_wait_ms(&f, 250), 0);
	/* Exactly so many: caught up, and not more. */
	gs_follow_begin(&f);
	top = head(own.number + GS_FOLLOW_BLOCKS_A_WALK, 0);
	assert_false(gs_follow_newest(&f, &top, &own, 1000));
	while (gs_follow_next(&f, &own, 0, &number))
		own = head(number, 0);
	assert_true(f.caught_up);
	assert_int_equal(gs_follow_wait_ms(&f, 250), 250);
}

static void waits_longer_with_every_failure(void **state)
{
	(void)state;
	struct gs_follow f = {.caught_up = true};
	struct gs_head top = head(7, 0), own = head(7, 0);
	uint64_t number, before = 250;

	for (int i = 0; i < 10; i++) {
		gs_follow_begin(&f);
		assert_false(gs_follow_newest(&f, NULL, &own, 1000));
		assert_false(gs_follow_next(&f, &own, 0, &number));
		assert_false(f.caught_up);
		const uint64_t wait = gs_follow_wait_ms(&f, 250);
		assert_int_equal(wait, before * 2 < GS_FOLLOW_BACKOFF_MS_MAX ? before * 2 : GS_FOLLOW_BACKOFF_MS_MAX);
		before = wait;
	}
	gs_follow_begin(&f);
	assert_true(gs_follow_newest(&f, &top, &own, 1000));
	assert_false(gs_follow_next(&f, &own, 0, &number));
	assert_int_equal(gs_follow_wait_ms(&f, 250), 250);
	/* A poll that is longer than the longest back-off stays what it is until something fails. */
	assert_int_equal(gs_follow_wait_ms(&f, 60000), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_the_anchor),
		cmocka_unit_test(learns_the_clock_while_it_watches),
		cmocka_unit_test(feeds_the_next_height),
		cmocka_unit_test(feeds_the_same_height),
		cmocka_unit_test(ends_where_it_is_stuck),
		cmocka_unit_test(takes_only_so_many),
		cmocka_unit_test(waits_longer_with_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
