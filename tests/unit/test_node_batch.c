/* The node's core and batches of others: leaves are executed before anybody opens them; a wrong one is opened, then challenged. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"

enum { COUNT = 5, SALT = 77 };

static void give(struct node_fixture *f, const struct gs_hash *claim)
{
	const struct gs_leaf_data leaf = {
		.claim = *claim, .input = {(const uint8_t *)"handed over", 11}, .output = {(const uint8_t *)"o", 1}};
	struct gs_node_input in = {.kind = GS_INPUT_LEAVES, .as.leaves = {&leaf, 1}};

	node_feed(f, &in);
	node_tick(f);
}

static void computed(struct node_fixture *f, const struct gs_hash *claim, uint8_t output)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};

	in.as.executed.claim = *claim;
	in.as.executed.computed = true;
	in.as.executed.output_root = in.as.executed.reference_root = (struct gs_hash){{output}};
	node_feed(f, &in);
}

static const struct gs_node_effect *opening(const struct node_fixture *f)
{
	return node_prepare(f, &f->options.contracts.batches, GS_BATCHES_FN_OPEN_LEAF);
}

static bool challenging(const struct node_fixture *f)
{
	return node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE) != NULL;
}

/* The leaf as Claims announces it once it is opened: without its data. */
static void opened(struct node_fixture *f, const struct gs_claim_body *body, const struct gs_hash *claim)
{
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70), .window_s = 60, .version = 3};
	struct gs_log_entry log = {.address = f->options.contracts.claims, .topic_count = 4};
	struct gs_abi_writer w;
	struct gs_u256 word;
	struct gs_buf data;

	gs_terms_encode(&terms, &word);
	log.topics[0] = gs_claims_event_posted;
	log.topics[1] = *claim;
	log.topics[2] = node_word_of(body->claimant.b[0]);
	log.topics[3] = body->model_id;
	gs_buf_init(&data, 4096);
	gs_abi_begin(&w, &data, 8);
	gs_abi_put_hash(&w, &body->input_root);
	gs_abi_put_hash(&w, &body->output_root);
	gs_abi_put_u256(&w, &body->lot);
	gs_abi_put_hash(&w, &body->batch);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, NODE_WINDOW_END_S);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	log.data = gs_buf_view(&data);
	node_block(f, 0x11, &log, 1);
	gs_buf_free(&data);
}

static void ended(struct node_fixture *f, const struct gs_hash *topic, const struct gs_hash *batch)
{
	const struct gs_hash topics[] = {*topic, *batch};
	struct gs_node_input header = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS};
	struct gs_log_entry log = {.address = f->options.contracts.batches, .topic_count = 2};

	memcpy(log.topics, topics, sizeof(topics));
	node_next_head(f, 0x11);
	header.as.header = f->head;
	node_feed(f, &header);
	logs.as.logs.block = f->head.hash;
	logs.as.logs.entries = &log;
	logs.as.logs.count = 1;
	node_feed(f, &logs);
}

static struct gs_node_summary summary(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

/* --- */

static void a_leaf_is_executed_once_its_data_are_here(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;
	const struct gs_node_effect *e;

	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
	node_leaf(f, &batch, NODE_CLAIMANT, 3, &body, &leaf);
	give(f, &leaf);
	e = node_effect(f, GS_EFFECT_EXECUTE);
	assert_non_null(e);
	assert_true(gs_hash_equal(&e->hash, &leaf));
	assert_true(gs_hash_equal(&e->output_root, &body.output_root));
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, "handed over", 11);
	assert_int_equal(gs_node_effect_more(&f->effects, e).len, 1);
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE)); /* under way */
	computed(f, &leaf, 2 + 3);
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* right */
	assert_int_equal(summary(f).claims, 0);
	assert_int_equal(summary(f).open_batches, 1);
}

static void a_wrong_leaf_is_opened_then_challenged(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body, other_body;
	struct gs_hash batch, leaf, other, node;
	const struct gs_node_effect *e;
	struct gs_abi_reader r;
	struct gs_bytes data, path;
	struct gs_buf leaves;
	size_t levels;

	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 3, &body, &leaf);
	node_leaf(f, &batch, NODE_CLAIMANT, 1, &other_body, &other);
	give(f, &leaf);
	computed(f, &leaf, 0x99);
	e = opening(f);
	assert_non_null(e);
	assert_false(challenging(f)); /* not before it is a claim */
	data = gs_node_effect_data(&f->effects, e);
	r = gs_abi_read((struct gs_bytes){data.ptr + 4, data.len - 4});
	node = gs_abi_get_hash(&r);
	assert_true(gs_hash_equal(&node, &batch));
	const struct gs_u256 lot = gs_abi_get_u256(&r);
	assert_int_equal(gs_claim_lot_index(&lot).limb[0], 3);
	for (int i = 2; i < GS_CLAIM_BODY_WORDS; i++)
		(void)gs_abi_get_hash(&r);
	assert_int_equal(gs_abi_get_u64(&r), SALT);
	assert_int_equal(gs_abi_get_u32(&r), COUNT);
	path = gs_abi_get_words(&r, &levels);
	assert_int_equal(r.err, GS_OK);
	assert_int_equal(levels, 3);
	/* the sibling of leaf 3 is leaf 2: its hash is that of a batch of one */
	node_batch_leaves(COUNT, &leaves);
	assert_int_equal(gs_batch_tree(&body.model_id,
	                               (struct gs_bytes){leaves.ptr + 2 * GS_BATCH_LEAF_BYTES, GS_BATCH_LEAF_BYTES}, 0,
	                               &node, NULL, NULL),
	                 GS_OK);
	gs_buf_free(&leaves);
	assert_memory_equal(path.ptr, node.b, 32);
	/* one wrong leaf is enough: no other is executed or opened */
	node_sign(f, 0x77);
	give(f, &other);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	opened(f, &body, &leaf);
	assert_true(challenging(f));
	node_sign(f, 0x78);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void somebody_else_opens_it_first(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;

	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 0, &body, &leaf);
	opened(f, &body, &leaf);
	assert_non_null(node_effect(f, GS_EFFECT_EXECUTE)); /* a claim like others now */
	computed(f, &leaf, 0x99);
	assert_null(opening(f));
	assert_true(challenging(f));
}

/* Killed between the plan and the signature, between the signature and the block, between opening and challenge. */
static void a_crash_opens_it_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;

	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 2, &body, &leaf);
	give(f, &leaf);
	computed(f, &leaf, 0x99);
	assert_non_null(opening(f));
	gs_node_close(f->node);
	node_open(f);
	assert_non_null(opening(f));
	node_sign(f, 0x77);
	gs_node_close(f->node);
	node_open(f);
	assert_non_null(node_effect(f, GS_EFFECT_SEND));
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	opened(f, &body, &leaf);
	gs_node_close(f->node);
	node_open(f);
	assert_true(challenging(f));
}

static void what_cannot_be_challenged_is_not_opened(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;
	const struct gs_hash topics[] = {gs_stakes_event_locked, node_word_of(NODE_SELF)};
	const struct gs_u256 word = gs_u256_from_u64(NODE_STAKE - NODE_BOND + 1);

	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 2, &body, &leaf);
	give(f, &leaf);
	node_log(f, &f->options.contracts.stakes, topics, 2, &word, 1);
	computed(f, &leaf, 0x99);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_deposit(f, 1);
	assert_non_null(opening(f));
	/* nor when the window is over: a fresh node over the same facts */
	f->now_s = NODE_WINDOW_END_S + 1;
	node_post_batch(f, SALT + 1, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 2, &body, &leaf);
	give(f, &leaf);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
}

/* Two wrong leaves of two batches: stake for one challenge only opens one. */
static void stake_is_not_counted_twice(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch[2], leaf[2];
	const struct gs_hash topics[] = {gs_stakes_event_locked, node_word_of(NODE_SELF)};
	const struct gs_u256 word = gs_u256_from_u64(NODE_STAKE - NODE_BOND);

	node_log(f, &f->options.contracts.stakes, topics, 2, &word, 1);
	for (int i = 0; i < 2; i++) {
		node_post_batch(f, SALT + (uint64_t)i, NODE_CLAIMANT, COUNT, &batch[i]);
		node_leaf(f, &batch[i], NODE_CLAIMANT, 0, &body, &leaf[i]);
		give(f, &leaf[i]);
	}
	computed(f, &leaf[0], 0x99);
	assert_non_null(opening(f));
	node_sign(f, 0x77);
	computed(f, &leaf[1], 0x99);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void a_lost_batch_is_left_alone(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;
	const struct gs_node_effect *e;

	f->options.confirm_blocks = 100; /* so that nothing is opened before the batch is over */
	gs_node_close(f->node);
	node_open(f);
	node_post_batch(f, SALT, NODE_CLAIMANT, COUNT, &batch);
	node_leaf(f, &batch, NODE_CLAIMANT, 2, &body, &leaf);
	give(f, &leaf);
	computed(f, &leaf, 0x99);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	ended(f, &gs_batches_event_batch_lost, &batch);
	e = node_effect(f, GS_EFFECT_FORGET); /* nobody will play about it */
	assert_non_null(e);
	assert_true(gs_hash_equal(&e->hash, &leaf));
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_int_equal(summary(f).open_batches, 0);
}

/* Our own batch: its data answer a demand for a leaf that was opened without them. */
static void own_leaves_have_their_data(void **state)
{
	struct node_fixture *f = *state;
	struct gs_claim_body body;
	struct gs_hash batch, leaf;
	struct gs_journal j;
	struct gs_buf input;

	node_post_batch(f, SALT, NODE_SELF, COUNT, &batch);
	node_leaf(f, &batch, NODE_SELF, 4, &body, &leaf);
	give(f, &leaf);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE)); /* nobody asks */
	opened(f, &body, &leaf);
	assert_int_equal(gs_journal_begin(&f->store, f->head.number, &j, NULL), GS_OK);
	gs_buf_init(&input, 4096);
	assert_int_equal(gs_facts_input(&j, &leaf, &input), GS_OK);
	assert_int_equal(input.len, 11);
	gs_buf_free(&input);
	gs_journal_abort(&j);
	assert_int_equal(summary(f).open, 1);
}

/* What the endpoint says must hash to the batch's id, leaf by leaf. */
static void a_batch_that_is_not_its_id_is_refused(void **state)
{
	struct node_fixture *f = *state;
	struct gs_event event;
	struct gs_error error = {0};
	struct gs_buf data;
	struct gs_hash id;
	struct gs_log_entry log = node_batch_posted(f, SALT, NODE_CLAIMANT, COUNT, &data, &id);

	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_OK);
	assert_int_equal(event.leaf_bytes.len, COUNT * GS_BATCH_LEAF_BYTES);
	for (size_t i = 0; i < data.len; i++) {
		const size_t window_end = 4 * 32, terms = 3 * 32;
		data.ptr[i] ^= 1;
		if (i < terms || i >= window_end + 32) /* the rest names the batch, or frames it */
			assert_int_not_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_OK);
		data.ptr[i] ^= 1;
	}
	gs_buf_free(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_leaf_is_executed_once_its_data_are_here, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_leaf_is_opened_then_challenged, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(somebody_else_opens_it_first, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_crash_opens_it_once, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_challenged_is_not_opened, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(stake_is_not_counted_twice, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_lost_batch_is_left_alone, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(own_leaves_have_their_data, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_batch_that_is_not_its_id_is_refused, node_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
