/* The node's core under load: which of the samples that wait are executed, which are given up and what is said of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"

enum { LOOK_S = 100 }; /* one execution */

static void reopen(struct node_fixture *f)
{
	f->options.work.servers = 1;
	gs_node_close(f->node);
	node_open(f);
	node_tick(f);
}

static void executed(struct node_fixture *f, uint64_t claim)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED,
	                           .as.executed = {.claim = node_claim(claim),
	                                           .computed = true,
	                                           .output_root = {{2}},
	                                           .reference_root = {{2}},
	                                           .took_us = UINT64_C(1000000) * LOOK_S}};

	node_feed(f, &in);
}

static bool begins(const struct node_fixture *f, uint64_t claim)
{
	const struct gs_hash id = node_claim(claim);

	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].kind == GS_EFFECT_EXECUTE && gs_hash_equal(&f->effects.effect[i].hash, &id))
			return true;
	return false;
}

static struct gs_node_summary summary(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

static struct gs_sample sample(struct node_fixture *f, uint64_t claim)
{
	const struct gs_hash id = node_claim(claim);
	struct gs_store_txn *txn;
	struct gs_bytes value;
	struct gs_sample out;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.get(txn, GS_TABLE_SAMPLES, (struct gs_bytes){id.b, 32}, &value, NULL), GS_OK);
	assert_int_equal(gs_sample_decode(value, &out), GS_OK);
	f->store.abort(txn);
	return out;
}

/* Two are under way, and none has room before they end. */
static void busy(struct node_fixture *f)
{
	reopen(f);
	node_post(f, 1, NODE_CLAIMANT, 1);
	assert_true(begins(f, 1));
	executed(f, 1); /* so long does it take */
	node_post(f, 2, NODE_CLAIMANT, 1);
	assert_true(begins(f, 2));
	node_post(f, 3, NODE_CLAIMANT, 1);
	assert_true(begins(f, 3));
}

static void what_is_worth_most_goes_first_and_the_rest_is_shed(void **state)
{
	struct node_fixture *f = *state;

	busy(f);
	f->now_s = NODE_WINDOW_END_S - 4 * LOOK_S;
	for (uint64_t claim = 4; claim <= 7; claim++) {
		node_post(f, claim, NODE_CLAIMANT, claim == 5 ? 50 : claim == 6 ? 60 : claim);
		assert_false(begins(f, claim));
	}
	f->now_s += 5;
	node_tick(f);
	assert_int_equal(summary(f).waiting, 4);
	assert_int_equal(summary(f).deferred,
	                 3); /* 2 and 3 take half of the time; there is some less than two more now */
	executed(f, 2);
	assert_true(begins(f, 6));
	assert_int_equal(summary(f).deferred, 2);
	f->now_s = NODE_WINDOW_END_S - 3 * LOOK_S + 5;
	executed(f, 3);
	assert_true(begins(f, 5));
	assert_int_equal(summary(f).shed, 0);
	f->now_s = NODE_WINDOW_END_S - LOOK_S;
	executed(f, 6);
	assert_false(begins(f, 4)); /* behind what is under way it would be late */
	f->now_s++;
	node_tick(f);
	assert_int_equal(summary(f).shed, 2);
	assert_int_equal(summary(f).shed_value.v.limb[0], 4 + 7);
	assert_int_equal(summary(f).waiting, 0);
	assert_int_equal(sample(f, 4).reason, GS_SAMPLE_SHED);
	assert_false(sample(f, 7).execute);
	assert_true(sample(f, 5).execute && sample(f, 6).execute);
	executed(f, 5);
	reopen(f); /* and that stays so */
	assert_false(begins(f, 4));
	assert_int_equal(summary(f).shed, 2);
}

/* What a game needs is executed at once, whatever waits. */
static void a_game_waits_for_no_sample(void **state)
{
	struct node_fixture *f = *state;

	f->options.defend = true;
	busy(f);
	node_post(f, 9, NODE_SELF, 1);
	node_post(f, 4, NODE_CLAIMANT, 999);
	assert_false(begins(f, 4));
	node_game_opens(f, 9, NODE_SELF, NODE_CLAIMANT, NODE_WINDOW_END_S);
	assert_true(begins(f, 9));
	assert_true(node_effect(f, GS_EFFECT_EXECUTE)->urgent);
	assert_false(begins(f, 4));
}

/* Of two blocks that were announced the first is looked at with the second; the newest in the step that takes its logs, and the timer after
 * it finds nothing to do. */
static void the_newest_block_is_looked_at_at_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input header = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS}, again;
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	struct gs_buf data[2];
	const struct gs_log_entry first = node_posted(f, &data[0], 1, NODE_CLAIMANT, 1);
	const struct gs_log_entry second = node_posted(f, &data[1], 2, NODE_CLAIMANT, 1);

	node_next_head(f, 0x11);
	header.as.header = f->head;
	node_feed(f, &header);
	logs.as.logs.block = f->head.hash;
	logs.as.logs.entries = &first;
	logs.as.logs.count = 1;
	logs.as.logs.newest = true;
	again = logs;
	node_next_head(f, 0x11);
	header.as.header = f->head;
	node_feed(f, &header);
	node_feed(f, &logs);
	assert_false(begins(f, 1)); /* it is not the newest any more */
	assert_non_null(node_effect(f, GS_EFFECT_FETCH_LOGS));
	again.as.logs.block = f->head.hash;
	again.as.logs.entries = &second;
	node_feed(f, &again);
	assert_true(begins(f, 1));
	assert_true(begins(f, 2));
	node_feed(f, &timer);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
	gs_buf_free(&data[0]);
	gs_buf_free(&data[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_worth_most_goes_first_and_the_rest_is_shed, node_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(a_game_waits_for_no_sample, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_newest_block_is_looked_at_at_once, node_set_up, node_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
