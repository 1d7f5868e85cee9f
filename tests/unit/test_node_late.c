/* Claims whose window was over when the node first saw them: what is stored of each, and of which nothing is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/audit.h"
#include "validator/node/history.h"
#include "validator/node/journal.h"

enum { LATE_S = NODE_WINDOW_END_S + 100 };

/* A new process at this time. */
static void begin_again(struct node_fixture *f, uint64_t now_s, bool validates)
{
	gs_node_close(f->node);
	f->now_s = now_s;
	f->options.start_time.unix_s = now_s;
	f->options.validate = validates;
	node_open(f);
	node_tick(f);
}

static bool find(struct node_fixture *f, struct gs_hash id, struct gs_sample *out)
{
	struct gs_store_txn *txn;
	struct gs_bytes value;
	enum gs_err err;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	err = f->store.get(txn, GS_TABLE_SAMPLES, (struct gs_bytes){id.b, 32}, &value, NULL);
	if (!err)
		assert_int_equal(gs_sample_decode(value, out), GS_OK);
	f->store.abort(txn);
	assert_true(err == GS_OK || err == GS_ENOTFOUND);
	return !err;
}

static struct gs_sample sample(struct node_fixture *f, uint64_t claim)
{
	struct gs_sample out;

	assert_true(find(f, node_claim(claim), &out));
	return out;
}

/* Whether the newest entry of the audit log says so of the claim. */
static bool log_says(struct node_fixture *f, struct gs_hash subject, const char *what)
{
	struct gs_journal j = {.store = &f->store};
	struct gs_audit_entry entry;
	struct gs_audit_head head;
	struct gs_bytes bytes;
	struct gs_hash hash;
	bool said = false;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &j.txn, NULL), GS_OK);
	assert_int_equal(gs_audit_head(&f->store, j.txn, &head, NULL), GS_OK);
	for (uint64_t i = head.count; i > 0 && !said; i--) {
		assert_int_equal(gs_audit_at(&f->store, j.txn, i, &bytes, &hash, NULL), GS_OK);
		assert_int_equal(gs_audit_decode(i, bytes, &entry), GS_OK);
		said = gs_hash_equal(&entry.about, &subject) && strcmp(entry.what, what) == 0;
	}
	f->store.abort(j.txn);
	return said;
}

static void expect_late(struct node_fixture *f, uint64_t claim, enum gs_sample_reason reason)
{
	const struct gs_sample late = sample(f, claim);
	const struct gs_hash id = node_claim(claim);
	struct gs_sample wanted;
	struct gs_sample_lot lot;

	assert_false(late.execute);
	assert_int_equal(late.reason, reason);
	assert_true(gs_sample_is_late(&late));
	/* With all that the decision would have followed from. */
	assert_int_equal(late.source.kind, GS_SAMPLE_OF_BLOCK);
	assert_true(gs_hash_equal(&late.source.of, &f->head.hash));
	assert_int_equal(late.block, f->head.number);
	assert_int_equal(node_draw(NULL, &late.source, &lot), GS_OK);
	assert_int_equal(late.draw, gs_sample_draw(&lot.output, &id));
	gs_sample_decide(&f->options.sampling, late.draw, &late.of, &wanted);
	assert_int_equal(late.rate_ppm, wanted.rate_ppm);
	assert_true(gs_sample_follows(&late, &wanted));
	assert_true(log_says(f, id, reason == GS_SAMPLE_DOWN ? "leave by down" : "leave by behind"));
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
}

static void says_that_it_was_down(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3); /* in time */
	begin_again(f, LATE_S, true);
	node_post(f, 2, NODE_CLAIMANT, 3);
	expect_late(f, 2, GS_SAMPLE_DOWN);
	node_post(f, 3, NODE_CLAIMANT, 5000); /* of a value that is always executed, too */
	expect_late(f, 3, GS_SAMPLE_DOWN);
	assert_true(sample(f, 1).execute && sample(f, 1).reason == GS_SAMPLE_BY_DRAW);
	begin_again(f, LATE_S + 100, true); /* decided once */
	assert_int_equal(sample(f, 2).reason, GS_SAMPLE_DOWN);
}

static void says_that_it_was_behind(void **state)
{
	struct node_fixture *f = *state;

	begin_again(f, NODE_WINDOW_END_S - 1, true);
	f->now_s = LATE_S;
	node_post(f, 1, NODE_CLAIMANT, 3);
	expect_late(f, 1, GS_SAMPLE_BEHIND);
}

static void owes_nothing_from_before(void **state)
{
	struct node_fixture *f = *state;
	struct gs_sample none;

	begin_again(f, NODE_START_S, false);
	begin_again(f, NODE_WINDOW_END_S, true); /* from here on it validates */
	f->now_s = LATE_S;
	node_post(f, 1, NODE_CLAIMANT, 3);
	assert_false(find(f, node_claim(1), &none));
	node_post(f, 2, NODE_SELF, 3); /* nor about its own */
	assert_false(find(f, node_claim(2), &none));
	begin_again(f, LATE_S + 1, false);
	node_post(f, 3, NODE_CLAIMANT, 3);
	assert_false(find(f, node_claim(3), &none));
}

/* An answer to a demand opens the window again: then it is decided about like any other, by the same draw. */
static void decides_when_the_window_opens_again(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_u256 until = gs_u256_from_u64(LATE_S + 500);

	begin_again(f, LATE_S, true);
	node_post(f, 1, NODE_CLAIMANT, 3);
	expect_late(f, 1, GS_SAMPLE_DOWN);
	const uint64_t draw = sample(f, 1).draw;
	const struct gs_hash topics[] = {gs_claims_event_extended, node_claim(1)};
	node_log(f, &f->options.contracts.claims, topics, 2, &until, 1);
	node_tick(f);
	assert_true(sample(f, 1).execute && sample(f, 1).reason == GS_SAMPLE_BY_DRAW);
	assert_int_equal(sample(f, 1).draw, draw);
	assert_true(log_says(f, node_claim(1), "execute by drawn"));
}

static void says_it_of_a_batch_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_sample late;
	struct gs_hash batch;

	begin_again(f, LATE_S, true);
	node_post_batch(f, 0x40, NODE_CLAIMANT, 4, &batch);
	assert_true(find(f, batch, &late));
	assert_false(late.execute);
	assert_int_equal(late.reason, GS_SAMPLE_DOWN);
	assert_true(log_says(f, batch, "leave by down"));
	node_post_batch(f, 0x41, NODE_SELF, 4, &batch);
	assert_false(find(f, batch, &late));
}

/* Every reason against both outcomes of the draw. */
static void each_reason_follows_from_its_draw(void **state)
{
	static const struct {
		enum gs_sample_reason reason;
		bool execute, drawn, follows;
	} row[] = {
		{GS_SAMPLE_BY_DRAW, true, true, true},     {GS_SAMPLE_BY_DRAW, true, false, false},
		{GS_SAMPLE_BY_DRAW, false, true, false},   {GS_SAMPLE_NOT_DRAWN, false, false, true},
		{GS_SAMPLE_NOT_DRAWN, false, true, false}, {GS_SAMPLE_BY_VALUE, true, true, false},
		{GS_SAMPLE_KEPT, true, false, true},       {GS_SAMPLE_KEPT, true, true, false},
		{GS_SAMPLE_KEPT, false, false, false},     {GS_SAMPLE_SHED, false, true, true},
		{GS_SAMPLE_SHED, false, false, false},     {GS_SAMPLE_SHED, true, true, false},
		{GS_SAMPLE_DOWN, false, true, true},       {GS_SAMPLE_DOWN, false, false, true},
		{GS_SAMPLE_DOWN, true, true, false},       {GS_SAMPLE_BEHIND, false, true, true},
		{GS_SAMPLE_BEHIND, true, false, false},    {GS_SAMPLE_UNBOUND, true, true, false},
	};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(row); i++) {
		const struct gs_sample told = {.reason = (uint8_t)row[i].reason, .execute = row[i].execute};
		const struct gs_sample wanted = {.reason = row[i].drawn ? GS_SAMPLE_BY_DRAW : GS_SAMPLE_NOT_DRAWN,
		                                 .execute = row[i].drawn};
		if (gs_sample_follows(&told, &wanted) != row[i].follows)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_that_it_was_down, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(says_that_it_was_behind, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(owes_nothing_from_before, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(decides_when_the_window_opens_again, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(says_it_of_a_batch_once, node_set_up, node_tear_down),
		cmocka_unit_test(each_reason_follows_from_its_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
