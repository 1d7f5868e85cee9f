/* The node's core in duties and batches, fed by hand: what it owes and gives, what it takes from who does not, and how its batches end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/machine/merkle.h"
#include "tests/unit/node_fixture.h"

enum { OTHER = 7, DEADLINE_S = NODE_START_S + 200 };

static struct gs_u256 number(uint64_t v)
{
	return gs_u256_from_u64(v);
}

static void defend(struct node_fixture *f)
{
	f->options.defend = true;
	gs_node_close(f->node);
	node_open(f);
}

static void demanded(struct node_fixture *f, uint64_t claim, uint8_t by, enum gs_demand_kind kind)
{
	const struct gs_hash topics[] = {gs_duties_event_demanded, node_claim(claim), node_word_of(by)};
	const struct gs_u256 words[] = {number(kind), number(0), number(DEADLINE_S)};

	node_log(f, &f->options.contracts.duties, topics, 3, words, 3);
}

static bool duty(const struct node_fixture *f, uint32_t selector)
{
	return node_prepare(f, &f->options.contracts.duties, selector) != NULL;
}

/* A claim of ours whose input, one chunk, is what its root says. */
static void post_with_input(struct node_fixture *f, uint64_t claim, const char *input)
{
	uint8_t chunk[GS_CHUNK_BYTES] = {0};
	struct gs_log_entry log;
	struct gs_claim_body body;
	struct gs_hash root, id;
	struct gs_buf data;

	for (size_t i = 0; input[i] != '\0'; i++)
		chunk[i] = (uint8_t)input[i];
	gs_merkle_array_root(chunk, 1, 0, &root);
	log = node_posted(f, &data, claim, NODE_SELF, 3);
	memcpy(data.ptr, root.b, 32); /* the first word is the input's root, and the posted input is "input" */
	node_body(claim, NODE_SELF, 3, &body);
	body.input_root = root;
	gs_claim_id(f->options.contracts.chain_id, &f->options.contracts.claims, &body, &id);
	log.topics[1] = id;
	node_block(f, 0x11, &log, 1);
	gs_buf_free(&data);
	node_rename(claim, &id);
}

static void a_demand_is_answered(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_abi_reader r;
	struct gs_bytes data, chunks;
	size_t path;

	defend(f);
	post_with_input(f, 1, "input");
	demanded(f, 1, OTHER, GS_DEMAND_INPUT);
	e = node_prepare(f, &f->options.contracts.duties, GS_DUTIES_FN_ANSWER);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	r = gs_abi_read((struct gs_bytes){data.ptr + 4, data.len - 4});
	for (int i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		(void)gs_abi_get_hash(&r);
	chunks = gs_abi_get_bytes(&r);
	(void)gs_abi_get_words(&r, &path);
	assert_int_equal(r.err, GS_OK);
	assert_int_equal(chunks.len, GS_CHUNK_BYTES);
	assert_memory_equal(chunks.ptr, "input\0\0", 7);
	assert_int_equal(path, 0);
	/* a claim with a demand is not finalised, however late it is */
	node_sign(f, 0x77);
	f->now_s = NODE_WINDOW_END_S + 100;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void what_was_not_posted_cannot_be_answered(void **state)
{
	struct node_fixture *f = *state;

	defend(f);
	post_with_input(f, 1, "another input");
	demanded(f, 1, OTHER, GS_DEMAND_INPUT);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* The bytes of an answer take their place in the input, so that a claim that could not be executed now can. */
static void an_answer_is_taken_for_the_input(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash topics[] = {gs_duties_event_answered, {{0}}};
	struct gs_hash two[2];
	struct gs_u256 words[8] = {number(GS_DEMAND_INPUT), number(0), number(96), number(GS_CHUNK_BYTES)};
	const struct gs_node_effect *e;

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_executed(f, 1, false, node_hash(0), node_hash(0));
	demanded(f, 1, OTHER, GS_DEMAND_INPUT);
	memcpy(two, topics, sizeof(two));
	two[1] = node_claim(1);
	words[4] = number(0x2a); /* the last byte of the chunk's first word */
	node_log(f, &f->options.contracts.duties, two, 2, words, 8);
	f->now_s += GS_NODE_RETRY_S;
	node_tick(f);
	e = node_effect(f, GS_EFFECT_EXECUTE);
	assert_non_null(e);
	assert_int_equal(gs_node_effect_data(&f->effects, e).len, GS_CHUNK_BYTES);
	assert_int_equal(gs_node_effect_data(&f->effects, e).ptr[31], 0x2a);
	assert_int_equal(gs_node_effect_data(&f->effects, e).ptr[0], 0); /* no longer "input" */
}

static void silence_is_claimed_by_who_asked(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_post(f, 2, NODE_CLAIMANT, 3);
	demanded(f, 1, NODE_SELF, GS_DEMAND_OUTPUT);
	demanded(f, 2, OTHER, GS_DEMAND_OUTPUT);
	f->now_s = DEADLINE_S;
	node_tick(f);
	assert_false(duty(f, GS_DUTIES_FN_UNANSWERED)); /* the last second still counts */
	f->now_s = DEADLINE_S + 1;
	node_tick(f);
	assert_true(duty(f, GS_DUTIES_FN_UNANSWERED));
	node_sign(f, 0x77);
	assert_false(duty(f, GS_DUTIES_FN_UNANSWERED)); /* the other's is the other's */
}

static void the_price_comes_back_when_the_claim_ends(void **state)
{
	struct node_fixture *f = *state;
	struct gs_hash topics[] = {gs_claims_event_invalidated, {{0}}};

	node_post(f, 1, NODE_CLAIMANT, 3);
	demanded(f, 1, NODE_SELF, GS_DEMAND_INPUT);
	topics[1] = node_claim(1);
	assert_false(duty(f, GS_DUTIES_FN_DROP_DEMAND));
	node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
	assert_true(duty(f, GS_DUTIES_FN_DROP_DEMAND));
}

/* --- audits --- */

static void audit_all(struct node_fixture *f, uint32_t bps)
{
	f->options.audit_bps = bps;
	f->options.epoch_s = 100;
	gs_node_close(f->node);
	node_open(f);
}

/* previous: the epoch recorded before it, 0: none; the node takes no other. */
static void recorded(struct node_fixture *f, uint64_t epoch, uint64_t previous)
{
	struct gs_hash topics[] = {gs_duties_event_recorded, {{0}}};
	const struct gs_hash value = node_hash(0x5a);
	struct gs_u256 words[] = {number(previous), gs_u256_from_be(value.b)};

	gs_be64_write(topics[1].b + 24, epoch);
	node_log(f, &f->options.contracts.duties, topics, 2, words, 2);
}

/* The claim's window of 60 seconds ended at 2000, so it was posted at 1940, in epoch 19 of 100 seconds. */
static void a_claim_waits_for_its_epoch(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_bytes data;

	audit_all(f, 1);
	node_post(f, 1, NODE_SELF, 3);
	f->now_s = NODE_WINDOW_END_S + 1;
	node_tick(f);
	assert_true(duty(f, GS_DUTIES_FN_RECORD));
	node_sign(f, 0x77);
	recorded(f, 19, 0);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* its own epoch was known when it was posted */
	recorded(f, 20, 19);
	/* one in ten thousand is drawn, and this one is not */
	e = node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_FINALIZE);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(data.ptr[data.len - 1], 20);
}

static void a_lot_is_drawn_and_not_passed_over(void **state)
{
	struct node_fixture *f = *state;
	struct gs_hash drawn[] = {gs_duties_event_drawn, {{0}}}, published[] = {gs_duties_event_published, {{0}}};
	const struct gs_u256 deadline = number(NODE_WINDOW_END_S + 100), root = number(1);

	audit_all(f, 10000);
	node_post(f, 1, NODE_CLAIMANT, 3);
	node_executed(f, 1, true, (struct gs_hash){{2}}, (struct gs_hash){{2}});
	recorded(f, 20, 0);
	f->now_s = NODE_WINDOW_END_S + GS_NODE_FINALISE_GRACE_S + 1;
	node_tick(f);
	assert_true(duty(f, GS_DUTIES_FN_DRAW));
	node_sign(f, 0x77);
	drawn[1] = published[1] = node_claim(1);
	node_log(f, &f->options.contracts.duties, drawn, 2, &deadline, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* its claimant's turn */
	f->now_s = NODE_WINDOW_END_S + 101;
	node_tick(f);
	assert_true(duty(f, GS_DUTIES_FN_UNPUBLISHED));
	node_sign(f, 0x78);
	node_log(f, &f->options.contracts.duties, published, 2, &root, 1); /* it was in time after all */
	assert_non_null(node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_FINALIZE));
}

/* --- batches --- */

static void own_batches_are_finalised(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_hash own, other;
	struct gs_abi_reader r;
	struct gs_bytes data;

	node_post_batch(f, 77, NODE_SELF, 5, &own);
	node_post_batch(f, 78, NODE_CLAIMANT, 5, &other);
	f->now_s = NODE_WINDOW_END_S;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s++;
	node_tick(f);
	e = node_prepare(f, &f->options.contracts.batches, GS_BATCHES_FN_FINALIZE_BATCH);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	r = gs_abi_read((struct gs_bytes){data.ptr + 4, data.len - 4});
	(void)gs_abi_get_address(&r);
	assert_int_equal(gs_abi_get_u64(&r), 77);
	(void)gs_abi_get_hash(&r);
	assert_int_equal(gs_abi_get_u32(&r), 5);
	assert_int_equal(gs_abi_get_u8(&r), GS_BATCH_CALLDATA);
	assert_int_equal(gs_abi_get_hash(&r).b[0], NODE_MODEL);
	assert_int_equal(r.err, GS_OK);
	node_sign(f, 0x77);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void after_a_retirement_all_is_released(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash topic = gs_claims_event_deployment_retired;
	const struct gs_u256 grace_end = number(NODE_START_S + 500);
	struct gs_hash batch;

	node_post(f, 1, NODE_SELF, 3);
	node_post_batch(f, 77, NODE_SELF, 5, &batch);
	node_log(f, &f->options.contracts.claims, &topic, 1, &grace_end, 1);
	f->now_s = NODE_START_S + 500;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s++;
	node_tick(f);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
	for (uint8_t tx = 0x71; node_effect(f, GS_EFFECT_PREPARE); tx++) {
		assert_true(node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_RELEASE) ||
		            node_prepare(f, &f->options.contracts.batches, GS_BATCHES_FN_RELEASE_BATCH));
		assert_true(tx < 0x73);
		node_sign(f, tx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_claim_waits_for_its_epoch, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_demand_is_answered, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_lot_is_drawn_and_not_passed_over, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(after_a_retirement_all_is_released, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_taken_for_the_input, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(own_batches_are_finalised, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(silence_is_claimed_by_who_asked, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_price_comes_back_when_the_claim_ends, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_posted_cannot_be_answered, node_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
