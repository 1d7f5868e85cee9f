/* The head tracker against a model: a tree of blocks, any tip of which may be shown next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "chain/eth/head.h"

static struct gs_hash name(uint64_t id)
{
	struct gs_hash hash = {{0}};
	gs_be64_write(hash.b, id);
	hash.b[31] = 1;
	return hash;
}

/* Block id at number, child of parent. */
static struct gs_head block(uint64_t id, uint64_t number, uint64_t parent)
{
	return (struct gs_head){
		.number = number, .hash = name(id), .parent = name(parent), .time = {1000 + 2 * number}};
}

static struct gs_head_tracker tracker;
static struct gs_head_change change;

static enum gs_head_result add(uint64_t id, uint64_t number, uint64_t parent)
{
	struct gs_head head = block(id, number, parent);
	return gs_head_add(&tracker, &head, &change);
}

static void start(uint64_t id, uint64_t number)
{
	struct gs_head head = block(id, number, 9999);
	gs_head_reset(&tracker, &head);
}

static void assert_newest(uint64_t id)
{
	struct gs_hash hash = name(id);
	assert_true(gs_hash_equal(&gs_head_newest(&tracker)->hash, &hash));
}

static void advances(void **state)
{
	(void)state;
	start(10, 10);
	assert_int_equal(add(11, 11, 10), GS_HEAD_ADVANCED);
	assert_int_equal(change.added_count, 1);
	assert_int_equal(change.orphaned_count, 0);
	assert_int_equal(add(11, 11, 10), GS_HEAD_KNOWN);
	assert_int_equal(add(10, 10, 9), GS_HEAD_KNOWN);
	assert_int_equal(add(3, 3, 2), GS_HEAD_KNOWN); /* a server that lags */
	assert_newest(11);
}

static void asks_for_parents(void **state)
{
	(void)state;
	start(10, 10);
	assert_int_equal(add(13, 13, 12), GS_HEAD_WANT_PARENT);
	struct gs_hash want = name(12);
	assert_true(gs_hash_equal(&change.want, &want));
	assert_int_equal(add(12, 12, 11), GS_HEAD_WANT_PARENT);
	assert_newest(10);
	assert_int_equal(add(11, 11, 10), GS_HEAD_ADVANCED);
	assert_int_equal(change.added_count, 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_true(change.added[i].number == 11 + i);
	assert_newest(13);
}

static void rewinds(void **state)
{
	(void)state;
	start(10, 10);
	for (uint64_t i = 11; i <= 14; i++)
		assert_int_equal(add(i, i, i - 1), GS_HEAD_ADVANCED);
	/* 113 is on 112, which is on 11: 14, 13 and 12 go. */
	assert_int_equal(add(113, 13, 112), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(112, 12, 11), GS_HEAD_ADVANCED);
	assert_int_equal(change.orphaned_count, 3);
	assert_true(change.orphaned[0].number == 14 && change.orphaned[2].number == 12);
	assert_int_equal(change.added_count, 2);
	assert_newest(113);
	/* And back again: the old branch is new once more. */
	assert_int_equal(add(15, 15, 14), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(14, 14, 13), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(13, 13, 12), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(12, 12, 11), GS_HEAD_ADVANCED);
	assert_int_equal(change.orphaned_count, 2);
	assert_int_equal(change.added_count, 4);
	/* A tip that is lower than the one before. */
	assert_int_equal(add(212, 12, 11), GS_HEAD_ADVANCED);
	assert_int_equal(change.orphaned_count, 4);
	assert_newest(212);
	assert_null(gs_head_at(&tracker, 13));
	assert_non_null(gs_head_at(&tracker, 10));
}

static void gives_up(void **state)
{
	(void)state;
	start(10, 10);
	assert_int_equal(add(11, 11, 10), GS_HEAD_ADVANCED);
	/* A fork below all that is kept. */
	assert_int_equal(add(112, 12, 111), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(111, 11, 110), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(110, 10, 109), GS_HEAD_TOO_FAR);
	assert_newest(11);
	/* Too far ahead. */
	assert_int_equal(add(5000, 11 + GS_HEAD_KEPT_MAX + 1, 4999), GS_HEAD_TOO_FAR);
	assert_int_equal(add(5000, 11 + GS_HEAD_KEPT_MAX, 4999), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(5000, UINT64_MAX, 4999), GS_HEAD_TOO_FAR);
	assert_int_equal(add(12, 12, 11), GS_HEAD_ADVANCED);
}

static void sees_lies(void **state)
{
	(void)state;
	start(10, 10);
	assert_int_equal(add(11, 12, 10), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(10, 10, 9), GS_HEAD_KNOWN);
	assert_int_equal(add(12, 12, 11), GS_HEAD_WANT_PARENT);
	assert_int_equal(add(11, 10, 10), GS_HEAD_BROKEN); /* the parent's number is not one less */
	struct gs_head early = block(11, 11, 10);
	early.time.unix_s = 1;
	assert_int_equal(gs_head_add(&tracker, &early, &change), GS_HEAD_BROKEN);
	assert_int_equal(add(20, 20, 20), GS_HEAD_BROKEN);
	assert_newest(10);
	assert_int_equal(add(11, 11, 10), GS_HEAD_ADVANCED);
}

static void keeps_a_window(void **state)
{
	(void)state;
	start(0, 0);
	for (uint64_t i = 1; i <= 3 * GS_HEAD_KEPT_MAX; i++)
		assert_int_equal(add(i, i, i - 1), GS_HEAD_ADVANCED);
	assert_int_equal(tracker.kept_count, GS_HEAD_KEPT_MAX);
	assert_null(gs_head_at(&tracker, 2 * GS_HEAD_KEPT_MAX));
	assert_non_null(gs_head_at(&tracker, 2 * GS_HEAD_KEPT_MAX + 1));
	struct gs_head_tracker loaded = {0};
	const uint64_t first = gs_head_newest(&tracker)->number - GS_HEAD_KEPT_MAX + 1;
	for (uint64_t n = first; n < first + GS_HEAD_KEPT_MAX; n++)
		assert_int_equal(gs_head_restore(&loaded, gs_head_at(&tracker, n)), GS_OK);
	for (uint64_t n = first - 1; n <= first + GS_HEAD_KEPT_MAX; n++) {
		const struct gs_head *a = gs_head_at(&loaded, n), *b = gs_head_at(&tracker, n);
		assert_int_equal(a == NULL, b == NULL);
		assert_int_equal(b == NULL, n < first || n == first + GS_HEAD_KEPT_MAX);
		if (a != NULL && b != NULL)
			assert_memory_equal(a, b, sizeof(*a));
	}
	assert_int_equal(gs_head_restore(&loaded, gs_head_at(&tracker, first)), GS_ECORRUPT);
}

/* Follows random tips of a random tree; a derived branch, kept only by applying the changes, must equal the true one. */
static void follows_any_tree(void **state)
{
	(void)state;
	enum { BLOCKS = 3000 };
	static struct gs_head tree[BLOCKS];
	static uint64_t branch[BLOCKS], parent_of[BLOCKS];
	size_t depth = 1;
	struct gs_rng rng;
	gs_rng_seed(&rng, 42);
	tree[0] = block(0, 0, 9999);
	gs_head_reset(&tracker, &tree[0]);
	branch[0] = 0;
	for (uint64_t id = 1; id < BLOCKS; id++) {
		uint64_t back = gs_rng_below(&rng, 10) ? 1 + gs_rng_below(&rng, 3) : 1 + gs_rng_below(&rng, 30);
		uint64_t parent = id > back ? id - back : 0;
		parent_of[id] = parent;
		tree[id] = block(id, tree[parent].number + 1, parent);
		if (gs_rng_below(&rng, 3) == 0)
			continue;
		uint64_t shown = id;
		enum gs_head_result result = gs_head_add(&tracker, &tree[shown], &change);
		while (result == GS_HEAD_WANT_PARENT) {
			shown = gs_be64_read(change.want.b);
			assert_true(shown < id);
			result = gs_head_add(&tracker, &tree[shown], &change);
		}
		assert_int_equal(result, GS_HEAD_ADVANCED);
		for (size_t i = 0; i < change.orphaned_count; i++) {
			depth--;
			assert_true(branch[depth] == gs_be64_read(change.orphaned[i].hash.b));
		}
		for (size_t i = 0; i < change.added_count; i++)
			branch[depth++] = gs_be64_read(change.added[i].hash.b);
		uint64_t at = id;
		for (size_t i = depth; i-- > 0; at = parent_of[at])
			assert_true(branch[i] == at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advances),         cmocka_unit_test(asks_for_parents),
		cmocka_unit_test(rewinds),          cmocka_unit_test(gives_up),
		cmocka_unit_test(sees_lies),        cmocka_unit_test(keeps_a_window),
		cmocka_unit_test(follows_any_tree),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
