/* The undo journal and the intents against the real store: a reorg must leave exactly what was there before. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "storage/store.h"
#include "validator/node/intent.h"
#include "validator/node/record.h"

struct fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/gs_journal_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, NULL), GS_OK);
	f->store = gs_store_port(f->db);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gs_store_close(f->db);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct gs_bytes text(const char *t)
{
	return (struct gs_bytes){(const uint8_t *)t, strlen(t)};
}

static struct gs_head head_at(uint64_t number, uint8_t branch, const struct gs_hash *parent)
{
	struct gs_head head = {.number = number, .parent = *parent, .time = {1000 + number}};

	head.hash.b[0] = branch;
	head.hash.b[31] = (uint8_t)number;
	return head;
}

static void expect(struct gs_journal *j, enum gs_table table, const char *key, const char *want)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 4096);
	err = gs_journal_get(j, table, text(key), &value);
	if (!want) {
		assert_int_equal(err, GS_ENOTFOUND);
	} else {
		assert_int_equal(err, GS_OK);
		assert_true(gs_bytes_equal(gs_buf_view(&value), text(want)));
	}
	gs_buf_free(&value);
}

static struct gs_hash advance(struct gs_journal *j, uint64_t number, uint8_t branch, struct gs_hash parent)
{
	struct gs_head head = head_at(number, branch, &parent);

	assert_int_equal(gs_journal_advance(j, &head), GS_OK);
	return head.hash;
}

static void rewind_restores(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	struct gs_hash hash = {{0}};
	struct gs_head_tracker *tracker = calloc(1, sizeof(*tracker));

	assert_int_equal(gs_journal_begin(&f->store, 0, &j, NULL), GS_OK);
	hash = advance(&j, 10, 1, hash);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("a"), text("ten")), GS_OK);
	hash = advance(&j, 11, 1, hash);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("a"), text("eleven")), GS_OK);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("b"), text("new")), GS_OK);
	assert_int_equal(gs_journal_put(&j, GS_TABLE_VERDICTS, text("v"), text("mine")), GS_OK);
	assert_int_equal(gs_journal_commit(&j), GS_OK);
	/* a second transaction at the same block goes on with the sequence */
	assert_int_equal(gs_journal_begin(&f->store, 11, &j, NULL), GS_OK);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("a"), text("eleven, later")), GS_OK);
	assert_int_equal(gs_journal_commit(&j), GS_OK);
	assert_int_equal(gs_journal_begin(&f->store, 11, &j, NULL), GS_OK);
	hash = advance(&j, 12, 1, hash);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("b"), text("twelve")), GS_OK);
	expect(&j, GS_TABLE_CLAIMS, "a", "eleven, later");

	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_CLAIMS, "b", "new");
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	assert_int_equal(j.block, 10);
	expect(&j, GS_TABLE_CLAIMS, "a", "ten");
	expect(&j, GS_TABLE_CLAIMS, "b", NULL);
	expect(&j, GS_TABLE_VERDICTS, "v", "mine");
	assert_int_equal(gs_journal_load_heads(&j, tracker), GS_OK);
	assert_int_equal(gs_head_newest(tracker)->number, 10);
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_CLAIMS, "a", NULL);
	assert_int_equal(gs_journal_commit(&j), GS_OK);
	free(tracker);
}

static enum gs_err count_one(void *context, struct gs_bytes key, struct gs_bytes value)
{
	(void)key;
	(void)value;
	++*(size_t *)context;
	return GS_OK;
}

static size_t undo_records(struct gs_journal *j)
{
	size_t count = 0;

	assert_int_equal(j->store->scan(j->txn, GS_TABLE_HEADS, text("u"), GS_STORE_ASCENDING, count_one, &count, NULL),
	                 GS_OK);
	return count;
}

/* What a record was before a block is kept once, however often the block changes it; and anew after the block was taken back. */
static void once_a_block_is_enough(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	struct gs_hash hash = {{0}};
	char key[16];

	assert_int_equal(gs_journal_begin(&f->store, 0, &j, NULL), GS_OK);
	hash = advance(&j, 10, 1, hash);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_STAKES, text("a"), text("ten")), GS_OK);
	const struct gs_hash tenth = hash;
	advance(&j, 11, 1, tenth);
	const size_t before = undo_records(&j);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "eleven %d", i);
		assert_int_equal(gs_journal_derive(&j, GS_TABLE_STAKES, text("a"), text(key)), GS_OK);
	}
	assert_int_equal(undo_records(&j), before + 1);
	for (int round = 0; round < 2; round++) /* many keys: more than are remembered */
		for (int i = 0; i < 2 * GS_JOURNAL_SAVED; i++) {
			snprintf(key, sizeof(key), "k%d", i);
			assert_int_equal(gs_journal_derive(&j, GS_TABLE_STAKES, text(key), text("v")), GS_OK);
		}
	assert_true(undo_records(&j) >= before + 1 + 2 * GS_JOURNAL_SAVED);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_GAMES, text("a"), text("another table")), GS_OK);
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_STAKES, "a", "ten");
	expect(&j, GS_TABLE_STAKES, "k0", NULL);
	expect(&j, GS_TABLE_GAMES, "a", NULL);
	/* the same block number again, in the same transaction */
	advance(&j, 11, 2, tenth);
	assert_int_equal(gs_journal_derive(&j, GS_TABLE_STAKES, text("a"), text("another eleven")), GS_OK);
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_STAKES, "a", "ten");
	/* and after the block before, whose own change is still to be taken back */
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_STAKES, "a", NULL);
	assert_int_equal(gs_journal_commit(&j), GS_OK);
}

static void old_undo_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	struct gs_hash hash = {{0}};
	struct gs_head_tracker *tracker = calloc(1, sizeof(*tracker));

	assert_int_equal(gs_journal_begin(&f->store, 0, &j, NULL), GS_OK);
	for (uint64_t n = 1; n <= 3 * GS_JOURNAL_DEPTH; n++) {
		hash = advance(&j, n, 1, hash);
		assert_int_equal(gs_journal_derive(&j, GS_TABLE_CLAIMS, text("a"), text("x")), GS_OK);
	}
	assert_int_equal(gs_journal_load_heads(&j, tracker), GS_OK);
	assert_int_equal(tracker->kept_count, GS_JOURNAL_DEPTH);
	for (uint64_t n = 0; n < GS_JOURNAL_DEPTH; n++)
		assert_int_equal(gs_journal_rewind(&j), GS_OK);
	expect(&j, GS_TABLE_CLAIMS, "a", "x"); /* deeper than that nothing is undone */
	assert_int_equal(gs_journal_rewind(&j), GS_ENOTFOUND);
	gs_journal_abort(&j);
	free(tracker);
}

static struct gs_intent move_of(uint8_t game, uint8_t at, const char *data)
{
	struct gs_intent intent = {.kind = GS_INTENT_MOVE, .data = text(data)};

	intent.subject.b[0] = game;
	intent.state.b[0] = at;
	return intent;
}

static void one_answer_to_a_state(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	struct gs_intent left = move_of(1, 1, "left"), right = move_of(1, 1, "right"), other = move_of(2, 1, "right");
	struct gs_error error;

	assert_int_equal(gs_journal_begin(&f->store, 0, &j, &error), GS_OK);
	assert_int_equal(gs_intent_want(&j, &left, (struct gs_time){100}), GS_OK);
	assert_int_equal(gs_intent_want(&j, &left, (struct gs_time){101}), GS_OK);
	assert_int_equal(gs_intent_want(&j, &other, (struct gs_time){101}), GS_OK);
	gs_intent_id(GS_INTENT_MOVE, &left.subject, &left.state, &left.id);
	assert_int_equal(gs_intent_refused(&j, &left.id, true, (struct gs_time){101}), GS_OK);
	/* after a failure the same answer may be tried again, another may not */
	assert_int_equal(gs_intent_want(&j, &right, (struct gs_time){200}), GS_ECONFLICT);
	assert_int_equal(gs_intent_want(&j, &left, (struct gs_time){200}), GS_OK);
	gs_journal_abort(&j);
}

static void sent_once_and_undone(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	struct gs_intent challenge = {.kind = GS_INTENT_CHALLENGE, .data = text("challenge")},
			 move = move_of(1, 1, "move"), got;
	struct gs_tx_list txs;
	struct gs_tx_record one = {.hash = {{1}}, .nonce = 7, .raw = text("raw one")},
			    two = {.hash = {{2}}, .nonce = 8, .raw = text("raw two")};
	struct gs_hash hash = {{0}};
	struct gs_buf data;
	bool under_way;

	gs_buf_init(&data, 4096);
	assert_int_equal(gs_journal_begin(&f->store, 0, &j, NULL), GS_OK);
	hash = advance(&j, 1, 1, hash);
	assert_int_equal(gs_intent_want(&j, &challenge, (struct gs_time){100}), GS_OK);
	assert_int_equal(gs_intent_want(&j, &move, (struct gs_time){100}), GS_OK);
	assert_int_equal(gs_intent_next(&j, (struct gs_time){100}, &got, &data), GS_OK);
	assert_int_equal(got.kind, GS_INTENT_MOVE); /* the obligation first */
	one.intent = got.id;
	assert_int_equal(gs_intent_signed(&j, &one), GS_OK);
	assert_int_equal(gs_intent_want(&j, &move, (struct gs_time){100}), GS_OK);
	gs_buf_free(&data);
	assert_int_equal(gs_intent_next(&j, (struct gs_time){100}, &got, &data), GS_OK);
	assert_int_equal(got.kind, GS_INTENT_CHALLENGE);
	two.intent = got.id;
	assert_int_equal(gs_intent_signed(&j, &two), GS_OK);
	gs_buf_free(&data);
	assert_int_equal(gs_intent_next(&j, (struct gs_time){100}, &got, &data), GS_ENOTFOUND);

	assert_int_equal(gs_tx_record_pending(&j, GS_LANE_CHAIN, &txs), GS_OK);
	assert_int_equal(txs.count, 2);
	assert_true(gs_bytes_equal(txs.tx[0].raw, text("raw one")));
	assert_int_equal(txs.tx[1].nonce, 8);
	gs_tx_list_free(&txs);

	/* block 2 mines both; the second reverts; a reorg takes block 2 back: both are to be sent and watched again */
	hash = advance(&j, 2, 1, hash);
	assert_int_equal(gs_intent_mined(&j, &one, true, (struct gs_time){110}), GS_OK);
	assert_int_equal(gs_intent_mined(&j, &two, false, (struct gs_time){110}), GS_OK);
	assert_int_equal(gs_tx_record_pending(&j, GS_LANE_CHAIN, &txs), GS_OK);
	assert_int_equal(txs.count, 0);
	gs_tx_list_free(&txs);
	gs_intent_id(GS_INTENT_CHALLENGE, &challenge.subject, &challenge.state, &challenge.id);
	assert_int_equal(gs_intent_under_way(&j, &challenge.id, (struct gs_time){110}, &under_way, NULL), GS_OK);
	assert_true(under_way); /* not before its time */
	assert_int_equal(gs_intent_under_way(&j, &challenge.id, (struct gs_time){111}, &under_way, NULL), GS_OK);
	assert_false(under_way);
	assert_int_equal(gs_journal_rewind(&j), GS_OK);
	assert_int_equal(gs_tx_record_pending(&j, GS_LANE_CHAIN, &txs), GS_OK);
	assert_int_equal(txs.count, 2);
	gs_tx_list_free(&txs);
	assert_int_equal(gs_intent_under_way(&j, &challenge.id, (struct gs_time){500}, &under_way, NULL), GS_OK);
	assert_true(under_way);
	gs_buf_free(&data);
	gs_journal_abort(&j);
}

static void damaged_records_are_told(void **state)
{
	static const uint8_t hungry[] = {0xdd, 0xff, 0xff, 0xff, 0xff, 1}; /* an array of 2^32-1 items in six bytes */
	static const uint8_t nested[] = {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1}; /* too deep */
	static const uint8_t newer[] = {0x92, 9, 1}, wrong[] = {0x92, 1, 0xa1, 'x'}, more[] = {0x93, 1, 1, 1},
			     tail[] = {0x92, 1, 1, 0};
	static const uint8_t good[] = {0x92, 1, 5}, wide[] = {0xdc, 0, 2, 0xcc, 1, 0xcd, 0, 5},
			     cut[] = {0x92, 1, 0xcd, 0};
	const struct {
		struct gs_bytes bytes;
		enum gs_err want;
	} cases[] = {
		{{hungry, sizeof(hungry)}, GS_ECORRUPT},
		{{nested, sizeof(nested)}, GS_ECORRUPT},
		{{newer, sizeof(newer)}, GS_EUNSUPPORTED},
		{{wrong, sizeof(wrong)}, GS_ECORRUPT},
		{{more, sizeof(more)}, GS_ECORRUPT},
		{{cut, sizeof(cut)}, GS_ECORRUPT},
		{{good, 2}, GS_ECORRUPT},
		{{good, 0}, GS_ECORRUPT},
		{{good, sizeof(good)}, GS_OK},
		{{wide, sizeof(wide)}, GS_OK},
	};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_record_reader r;
		gs_record_open(&r, cases[i].bytes, 1, 1);
		assert_int_equal(gs_record_get_u64(&r), cases[i].want == GS_OK ? 5 : 0);
		assert_int_equal(gs_record_close(&r), cases[i].want);
	}
	struct gs_record_reader r; /* what is behind the fields is seen at the close */
	gs_record_open(&r, (struct gs_bytes){tail, sizeof(tail)}, 1, 1);
	assert_int_equal(gs_record_get_u64(&r), 1);
	assert_int_equal(gs_record_close(&r), GS_ECORRUPT);
}

/* Every type that a record has, skipped one by one, in all ways at once, and cut off at every byte. */
static void fields_are_skipped(void **state)
{
	static const struct gs_hash hash = {{7, 8, 9}};
	uint8_t long_bytes[300] = {1};
	struct gs_record_writer w;
	struct gs_record_reader r;
	struct gs_buf out;

	(void)state;
	gs_buf_init(&out, 4096);
	gs_record_begin(&w, &out, 1, 9);
	gs_record_put_u64(&w, 5);
	gs_record_put_u64(&w, UINT64_C(1) << 40);
	gs_record_put_bool(&w, true);
	gs_record_put_hash(&w, &hash);
	gs_record_put_bytes(&w, (struct gs_bytes){long_bytes, sizeof(long_bytes)});
	gs_record_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_record_put_text(&w, "short");
	gs_record_put_text(&w, "a text that is longer than thirty-one bytes");
	gs_record_put_u64(&w, 300);
	gs_record_end(&w);
	assert_int_equal(out.err, GS_OK);
	for (unsigned skipped = 0; skipped <= 8; skipped++) {
		gs_record_open(&r, gs_buf_view(&out), 1, 9);
		gs_record_skip(&r, skipped);
		gs_record_skip(&r, 8 - skipped);
		assert_int_equal(gs_record_get_u64(&r), 300);
		assert_int_equal(gs_record_close(&r), GS_OK);
	}
	for (size_t len = 0; len < out.len; len++) {
		gs_record_open(&r, (struct gs_bytes){out.ptr, len}, 1, 9);
		gs_record_skip(&r, 9);
		assert_int_equal(gs_record_close(&r), GS_ECORRUPT);
	}
	gs_record_open(&r, gs_buf_view(&out), 1, 9);
	gs_record_skip(&r, 10);
	assert_int_equal(gs_record_close(&r), GS_ECORRUPT);
	gs_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rewind_restores, set_up, tear_down),
		cmocka_unit_test_setup_teardown(once_a_block_is_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_undo_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_answer_to_a_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sent_once_and_undone, set_up, tear_down),
		cmocka_unit_test(damaged_records_are_told),
		cmocka_unit_test(fields_are_skipped),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
