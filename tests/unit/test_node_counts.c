/* What the node counts as it goes, against counting again: posting, disputes, ends, batches, reorganisations, older databases. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/facts_record.h"
#include "validator/node/journal.h"

static struct gs_journal reading(struct node_fixture *f, struct gs_error *why)
{
	struct gs_journal j = {.store = &f->store, .error = why};

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &j.txn, NULL), GS_OK);
	return j;
}

/* Whether what is kept is what is there. */
static enum gs_err recount(struct node_fixture *f, struct gs_error *why)
{
	struct gs_journal j = reading(f, why);
	const enum gs_err err = gs_counts_check(&j);

	f->store.abort(j.txn);
	return err;
}

static struct gs_node_summary summary(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

static void settle(struct node_fixture *f, uint64_t claim, struct gs_hash event)
{
	const struct gs_hash topics[] = {event, node_claim(claim)};

	node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
}

static void counts_as_it_goes(void **state)
{
	struct node_fixture *f = *state;
	struct gs_hash batch;

	for (uint64_t claim = 1; claim <= 5; claim++)
		node_post(f, claim, NODE_CLAIMANT, 3);
	node_post_batch(f, 0x40, NODE_CLAIMANT, 4, &batch);
	settle(f, 1, gs_claims_event_finalized);
	settle(f, 2, gs_claims_event_invalidated);
	const struct gs_node_summary s = summary(f);
	assert_int_equal(s.claims, 5);
	assert_int_equal(s.open, 3);
	assert_int_equal(s.final, 1);
	assert_int_equal(s.invalid, 1);
	assert_int_equal(s.open_batches, 1);
	assert_int_equal(recount(f, NULL), GS_OK);
}

static void put_counts(struct node_fixture *f, bool remove)
{
	static const char name[] = "counts";
	const struct gs_bytes key = {(const uint8_t *)name, sizeof(name) - 1};
	uint8_t changed[64];
	struct gs_store_txn *t;
	struct gs_bytes value;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_WRITE, &t, NULL), GS_OK);
	assert_int_equal(f->store.get(t, GS_TABLE_META, key, &value, NULL), GS_OK);
	assert_true(value.len <= sizeof(changed));
	memcpy(changed, value.ptr, value.len);
	changed[2]++; /* behind the array's mark and the version: the claims */
	value.ptr = changed;
	if (remove)
		assert_int_equal(f->store.del(t, GS_TABLE_META, key, NULL), GS_OK);
	else
		assert_int_equal(f->store.put(t, GS_TABLE_META, key, value, NULL), GS_OK);
	assert_int_equal(f->store.commit(t, NULL), GS_OK);
}

static void a_wrong_count_is_found(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input tick = {.kind = GS_INPUT_TIMER};
	struct gs_error why = {0};

	node_post(f, 1, NODE_CLAIMANT, 3);
	put_counts(f, false);
	assert_int_equal(recount(f, &why), GS_ECORRUPT);
	assert_string_equal(why.text, "database: 1 claims are stored and 2 were counted");
	tick.now.unix_s = f->now_s; /* and a node that looks at each step ends */
	assert_int_equal(gs_node_step(f->node, &tick, &f->effects, &why), GS_ECORRUPT);
	put_counts(f, true);
	assert_int_equal(recount(f, NULL), GS_OK); /* nobody said anything */
}

/* As one of before: it is counted once. What is taken back later was posted before that. */
static void an_older_database_is_counted(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_post(f, 2, NODE_CLAIMANT, 3);
	gs_node_close(f->node);
	put_counts(f, true);
	node_open(f);
	assert_int_equal(summary(f).claims, 2);
	settle(f, 1, gs_claims_event_finalized);
	assert_int_equal(summary(f).open, 1);
	assert_int_equal(recount(f, NULL), GS_OK);
}

/* --- the journal alone: drawn writes, ends of blocks, and ways back --- */

static void write_one(struct gs_journal *j, struct gs_rng *rng)
{
	struct gs_claim claim = {.number = 1 + gs_rng_below(rng, 20)};
	struct gs_batch batch = {.kind = (uint8_t)(1 + gs_rng_below(rng, 2)), .status = GS_BATCH_OPEN};
	struct gs_buf value;

	gs_buf_init(&value, 4096);
	if (gs_rng_below(rng, 3)) {
		claim.status = (uint8_t)(GS_CLAIM_OPEN + gs_rng_below(rng, 4));
		claim.open_games = (uint32_t)gs_rng_below(rng, 3);
		claim.id = node_hash((uint8_t)claim.number);
		assert_int_equal(gs_facts_put_claim(j, &claim), GS_OK);
	} else {
		batch.id = node_hash((uint8_t)gs_rng_below(rng, 5));
		batch.status = (uint8_t)(batch.status + gs_rng_below(rng, 2));
		gs_batch_encode(&batch, &value);
		assert_int_equal(
			gs_journal_derive(j, GS_TABLE_BATCHES, (struct gs_bytes){batch.id.b, 32}, gs_buf_view(&value)),
			GS_OK);
	}
	gs_buf_free(&value);
}

static void every_write_is_counted(void **state)
{
	struct node_fixture *f = *state;
	struct gs_error why = {0};
	struct gs_rng rng;
	unsigned rewound = 0;

	gs_node_close(f->node);
	f->node = NULL;
	gs_rng_seed(&rng, 4);
	uint64_t block = f->head.number;
	const uint64_t first = block;
	for (int i = 0; i < 400; i++) {
		struct gs_journal j;
		assert_int_equal(gs_journal_begin(&f->store, block, &j, &why), GS_OK);
		j.counts = true;
		j.stays = gs_rng_below(&rng, 8) == 0 && block == first;
		for (uint64_t steps = 1 + gs_rng_below(&rng, 6); steps; steps--) {
			if (block > first && gs_rng_below(&rng, 3) == 0) {
				assert_int_equal(gs_journal_rewind(&j), GS_OK);
				block--;
				rewound++;
				continue;
			}
			if (gs_rng_below(&rng, 2) && !j.stays) {
				block++;
				const struct gs_head head = {.number = block, .hash = node_hash((uint8_t)block)};
				assert_int_equal(gs_journal_advance(&j, &head), GS_OK);
			}
			write_one(&j, &rng);
		}
		if (gs_rng_below(&rng, 5) == 0) { /* as if it had never been */
			gs_journal_abort(&j);
			struct gs_journal again;
			assert_int_equal(recount(f, &why), GS_OK);
			assert_int_equal(gs_journal_begin(&f->store, first, &again, &why), GS_OK);
			struct gs_head head;
			for (block = first; gs_journal_head(&again, block + 1, &head) == GS_OK; block++)
				;
			gs_journal_abort(&again);
			continue;
		}
		if (gs_counts_check(&j))
			fail_msg("%s", why.text);
		assert_int_equal(gs_journal_commit(&j), GS_OK);
		assert_int_equal(recount(f, &why), GS_OK);
	}
	assert_true(rewound > 50);
}

#define with_node(test) cmocka_unit_test_setup_teardown(test, node_set_up, node_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_node(counts_as_it_goes),
		with_node(a_wrong_count_is_found),
		with_node(an_older_database_is_counted),
		with_node(every_write_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
