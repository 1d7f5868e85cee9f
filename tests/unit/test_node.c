/* The node's core over the real store, fed by hand: what it asks for, what it stores, what it never does. Games are in test_node_games.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/agenda.h"

static void wrong_claim_is_challenged_once(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_node_input prepared = {.kind = GS_INPUT_PREPARED};
	struct gs_claim_body body;
	uint8_t words[GS_CLAIM_BODY_WORDS * 32];
	struct gs_bytes data;

	node_post(f, 0x51, 8, 3);
	e = node_effect(f, GS_EFFECT_EXECUTE);
	assert_non_null(e);
	assert_true(gs_hash_equal(&e->model, &(struct gs_hash){{[0 ... 31] = 0x70}}));
	data = gs_node_effect_data(&f->effects, e);
	assert_memory_equal(data.ptr, "input", 5);
	data = gs_node_effect_more(&f->effects, e);
	assert_memory_equal(data.ptr, "output!", 7);
	assert_false(e->own);
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x33));
	assert_int_equal(node_verdict(f, 0x51).verdict, GS_VERDICT_INVALID);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_int_equal(e->nonce, 5);
	assert_memory_equal(&e->to, &f->options.contracts.disputes, 20);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(data.len, 4 + sizeof(words));
	assert_int_equal(gs_be32_read(data.ptr), GS_DISPUTES_FN_CHALLENGE);
	node_body(0x51, 8, 3, &body);
	gs_claim_body_encode(&body, words);
	assert_memory_equal(data.ptr + 4, words, sizeof(words));

	/* stored before it is sent; a crash right here sends the same bytes, and nothing else */
	prepared.as.prepared.intent = e->hash;
	prepared.as.prepared.nonce = 5;
	prepared.as.prepared.tx = node_hash(0x77);
	prepared.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"signed", 6};
	node_feed(f, &prepared);
	assert_non_null(node_effect(f, GS_EFFECT_SEND));
	gs_node_close(f->node);
	node_open(f);
	e = node_effect(f, GS_EFFECT_SEND);
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, "signed", 6);
	assert_non_null(node_effect(f, GS_EFFECT_WATCH));
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_block(f, 0x11, NULL, 0);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void nothing_but_invalid_challenges(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 0x51, 8, 3);
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x34)); /* our own back ends disagree */
	assert_int_equal(node_verdict(f, 0x51).verdict, GS_VERDICT_UNAVAILABLE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));

	node_post(f, 0x52, 8, 3);
	node_executed(f, 0x52, false, node_hash(0), node_hash(0)); /* could not be computed */
	assert_int_equal(node_verdict(f, 0x52).verdict, GS_VERDICT_UNAVAILABLE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_null(node_effect(f, GS_EFFECT_EXECUTE)); /* not at once again */
	static const uint64_t waits[] = {1, 2, 4, 8, GS_NODE_RETRY_S, GS_NODE_RETRY_S};
	for (size_t i = 0; i < GS_ARRAY_LEN(waits); i++) { /* but soon: windows may be short */
		f->now_s += waits[i] - 1;
		node_block(f, 0x11, NULL, 0);
		assert_null(node_effect(f, GS_EFFECT_EXECUTE));
		f->now_s++;
		node_block(f, 0x11, NULL, 0);
		assert_non_null(node_effect(f, GS_EFFECT_EXECUTE));
		node_executed(f, 0x52, false, node_hash(0), node_hash(0));
	}

	node_post(f, 0x53, 8, 3);
	node_executed(f, 0x53, true, (struct gs_hash){{2}}, (struct gs_hash){{2}}); /* right */
	assert_int_equal(node_verdict(f, 0x53).verdict, GS_VERDICT_VALID);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));

	node_post(f, 0x54, 8, 3);
	f->now_s = NODE_WINDOW_END_S + 1; /* too late: a challenge would only cost gas */
	node_executed(f, 0x54, true, node_hash(0x33), node_hash(0x33));
	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].kind == GS_EFFECT_PREPARE)
			assert_memory_not_equal(&f->effects.effect[i].to, &f->options.contracts.disputes, 20);
}

static void own_claims_are_not_checked_but_finalised(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	node_post(f, 0x51, 9, 3);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE));
	f->now_s = NODE_WINDOW_END_S;
	node_block(f, 0x11, NULL, 0);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* the last second of the window still counts */
	f->now_s = NODE_WINDOW_END_S + 1;
	node_block(f, 0x11, NULL, 0);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_memory_equal(&e->to, &f->options.contracts.claims, 20);
	assert_int_equal(gs_be32_read(gs_node_effect_data(&f->effects, e).ptr), GS_CLAIMS_FN_FINALIZE);
}

struct agenda_keys {
	uint8_t key[64][GS_AGENDA_KEY_MAX];
	size_t len[64];
	size_t count;
};

static enum gs_err keep_key(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct agenda_keys *keys = context;

	(void)value;
	assert_true(keys->count < GS_ARRAY_LEN(keys->len) && key.len <= GS_AGENDA_KEY_MAX);
	memcpy(keys->key[keys->count], key.ptr, key.len);
	keys->len[keys->count++] = key.len;
	return GS_OK;
}

static void lose_the_agenda(struct node_fixture *f)
{
	struct agenda_keys keys = {.count = 0};
	struct gs_store_txn *txn;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_WRITE, &txn, NULL), GS_OK);
	assert_int_equal(f->store.scan(txn, GS_TABLE_AGENDA, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, keep_key,
	                               &keys, NULL),
	                 GS_OK);
	assert_true(keys.count > 0);
	for (size_t i = 0; i < keys.count; i++)
		assert_int_equal(f->store.del(txn, GS_TABLE_AGENDA, (struct gs_bytes){keys.key[i], keys.len[i]}, NULL),
		                 GS_OK);
	assert_int_equal(f->store.commit(txn, NULL), GS_OK);
}

/* Should a subject ever be missing on the agenda, it is late, and not lost. */
static void what_the_agenda_lost_is_found(void **state)
{
	struct node_fixture *f = *state;

	gs_node_close(f->node);
	f->options.check_agenda = false; /* it would find it, and fail */
	node_open(f);
	node_post(f, 0x51, 9, 3);
	lose_the_agenda(f);
	f->now_s = NODE_WINDOW_END_S + 1 + GS_AGENDA_SWEEP_S;
	node_block(f, 0x11, NULL, 0);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_int_equal(gs_be32_read(gs_node_effect_data(&f->effects, node_effect(f, GS_EFFECT_PREPARE)).ptr),
	                 GS_CLAIMS_FN_FINALIZE);
}

static enum gs_err count_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	(void)key;
	(void)value;
	++*(unsigned *)context;
	return GS_OK;
}

static unsigned intents(const struct node_fixture *f)
{
	struct gs_store_txn *txn;
	unsigned n = 0;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.scan(txn, GS_TABLE_INTENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                               count_record, &n, NULL),
	                 GS_OK);
	f->store.abort(txn);
	return n;
}

/* However much is stored, one step sees no more of it than is bounded; the next ones see the rest, every record once. */
static void it_is_found_slice_by_slice(void **state)
{
	enum { CLAIMS = 7, SLICE = 3 };
	struct node_fixture *f = *state;
	unsigned found = 0;

	gs_node_close(f->node);
	f->options.check_agenda = 0;
	f->options.sweep_records = SLICE;
	node_open(f);
	for (unsigned i = 0; i < CLAIMS; i++)
		node_post(f, 0x51 + i, 9, 3);
	lose_the_agenda(f);
	assert_int_equal(intents(f), 0);
	f->now_s = NODE_WINDOW_END_S + 1 + GS_AGENDA_SWEEP_S;
	node_block(f, 0x11, NULL, 0);
	for (unsigned steps = 0; steps < CLAIMS && found < CLAIMS; steps++) {
		const unsigned now = intents(f);
		assert_in_range(now - found, 0, SLICE);
		found = now;
		node_tick(f);
	}
	assert_int_equal(intents(f), CLAIMS);
	node_tick(f);
	assert_int_equal(intents(f), CLAIMS);
}

static void refused_comes_again_later(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input refused = {.kind = GS_INPUT_REFUSED}, timer = {.kind = GS_INPUT_TIMER};

	node_post(f, 0x51, 8, 3);
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x33));
	refused.as.refused.intent = node_effect(f, GS_EFFECT_PREPARE)->hash;
	refused.as.refused.kind = GS_REFUSED_REVERTS;
	refused.as.refused.reason = "would revert";
	node_feed(f, &refused);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_feed(f, &timer);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s += 1;
	node_feed(f, &timer);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* A challenge failed in a block, was wanted again, and before its transaction is signed the block is gone: then the first one counts
 * again, and the second is not sent beside it. answer: PREPARED or REFUSED. */
static void reorg_before_the_answer(struct node_fixture *f, enum gs_node_input_kind answer)
{
	struct gs_node_input in = {.kind = GS_INPUT_TIMER}, header = {.kind = GS_INPUT_HEADER};
	struct gs_node_summary summary;

	node_post(f, 0x51, 8, 3);
	const struct gs_head fork = f->head;
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x33));
	node_sign(f, 0x77);
	node_block(f, 0x11, NULL, 0);
	in.kind = GS_INPUT_RECEIPT;
	in.as.receipt.tx = node_hash(0x77);
	in.as.receipt.success = false;
	in.as.receipt.block_number = f->head.number;
	in.as.receipt.block_hash = f->head.hash;
	node_feed(f, &in);
	f->now_s += 2;
	node_tick(f);
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_int_equal(e->nonce, 6);
	struct gs_node_input late = {.kind = answer};
	if (answer == GS_INPUT_PREPARED) {
		late.as.prepared.intent = e->hash;
		late.as.prepared.nonce = e->nonce;
		late.as.prepared.tx = node_hash(0x78);
		late.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"again", 5};
	} else {
		late.as.refused.intent = e->hash;
		late.as.refused.kind = GS_REFUSED_ENDPOINT;
		late.as.refused.reason = "no answer";
	}
	f->head = fork;
	node_next_head(f, 0x22);
	const struct gs_head first = f->head;
	node_next_head(f, 0x22);
	header.as.header = f->head;
	node_feed(f, &header);
	header.as.header = first;
	node_feed(f, &header);
	assert_non_null(node_effect(f, GS_EFFECT_FETCH_LOGS));

	node_feed(f, &late);
	assert_null(node_effect(f, GS_EFFECT_SEND));
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s += GS_INTENT_BACKOFF_S_MAX + 1;
	node_tick(f);
	e = node_effect(f, GS_EFFECT_SEND); /* the first one, and no other */
	assert_non_null(e);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr, "signed", 6);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_int_equal(gs_node_summarise(f->node, &summary, NULL), GS_OK);
	assert_int_equal(summary.pending_txs, 1);
}

static void reorg_before_it_is_signed(void **state)
{
	reorg_before_the_answer(*state, GS_INPUT_PREPARED);
}

static void reorg_before_it_is_refused(void **state)
{
	reorg_before_the_answer(*state, GS_INPUT_REFUSED);
}

static void reorg_takes_the_claim_back(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_head fork = f->head;
	struct gs_node_summary summary;
	struct gs_node_input header = {.kind = GS_INPUT_HEADER};
	struct gs_head first;

	node_post(f, 0x51, 8, 3);
	node_block(f, 0x11, NULL, 0);
	assert_int_equal(gs_node_summarise(f->node, &summary, NULL), GS_OK);
	assert_int_equal(summary.claims, 1);
	/* another branch, from the block before the claim, one block longer */
	f->head = fork;
	node_next_head(f, 0x22);
	first = f->head;
	node_next_head(f, 0x22);
	node_next_head(f, 0x22);
	header.as.header = f->head;
	node_feed(f, &header);
	assert_non_null(node_effect(f, GS_EFFECT_FETCH_HEADER));
	header.as.header.number = first.number + 1;
	header.as.header.hash = f->head.parent;
	header.as.header.parent = first.hash;
	header.as.header.time.unix_s = first.time.unix_s + 1;
	node_feed(f, &header);
	header.as.header = first;
	node_feed(f, &header);
	assert_non_null(node_effect(f, GS_EFFECT_FETCH_LOGS));
	assert_true(gs_hash_equal(&node_effect(f, GS_EFFECT_FETCH_LOGS)->hash, &first.hash));
	assert_int_equal(gs_node_summarise(f->node, &summary, NULL), GS_OK);
	assert_int_equal(summary.claims, 0);
	/* the execution that was under way is of a claim that is no more */
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x33));
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void sampling_is_exact(void **state)
{
	struct gs_sampling_policy policy = {.certain_above = gs_wei_from_u64(1000)};
	const struct gs_hash output = {{1, 2, 3}};
	const struct gs_sampling_case below = {.value = gs_wei_from_u64(999)}, above = {.value = gs_wei_from_u64(1000)};
	struct gs_sample sample, again;
	struct gs_buf bytes, same;
	unsigned drawn = 0;

	(void)state;
	for (uint32_t rate = 0; rate <= 1000000; rate += 250000) {
		unsigned executed_count = 0;
		policy.rate_ppm = rate;
		for (unsigned i = 0; i < 4000; i++) {
			struct gs_hash claim = {{0}};
			gs_be32_write(claim.b, i);
			gs_sample_decide(&policy, gs_sample_draw(&output, &claim), &below, &sample);
			executed_count += sample.execute;
		}
		/* five standard deviations of a binomial draw of 4000 */
		assert_in_range(executed_count, rate / 250 > 160 ? rate / 250 - 160 : 0, rate / 250 + 160);
		if (rate == 0 || rate == 1000000)
			assert_int_equal(executed_count, rate / 250);
		drawn += executed_count;
	}
	assert_true(drawn > 0);
	policy.rate_ppm = 0;
	gs_sample_decide(&policy, UINT64_MAX, &above, &sample);
	assert_true(sample.execute);
	assert_int_equal(sample.reason, GS_SAMPLE_BY_VALUE);
	gs_buf_init(&bytes, 4096);
	gs_sample_encode(&sample, &bytes);
	assert_int_equal(gs_sample_decode(gs_buf_view(&bytes), &again), GS_OK);
	gs_buf_init(&same, 4096);
	gs_sample_encode(&again, &same); /* field by field: bytes between fields are anything */
	assert_true(bytes.len > 0 && bytes.len == same.len);
	assert_memory_equal(bytes.ptr, same.ptr, bytes.len);
	assert_true(again.execute == sample.execute && again.reason == sample.reason && again.draw == sample.draw);
	gs_buf_free(&bytes);
	gs_buf_free(&same);
}

/* Claims that nobody can compute (a model that is not here, say) wait for another try. However many are posted, a claim that
 * can be computed still is, and so is one that must be defended. */
static void hopeless_claims_do_not_blind(void **state)
{
	struct node_fixture *f = *state;
	struct gs_buf data;

	for (unsigned n = 0; n <= GS_NODE_EXECUTIONS_MAX; n++) {
		struct gs_log_entry log = node_posted(f, &data, n, 8, 3);
		struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};
		const struct gs_node_effect *e;
		bool asked = false;

		node_block(f, 0x11, &log, 1);
		gs_buf_free(&data);
		for (size_t i = 0; i < f->effects.count; i++) {
			e = &f->effects.effect[i];
			asked |= e->kind == GS_EFFECT_EXECUTE && gs_hash_equal(&e->hash, &log.topics[1]);
		}
		if (!asked)
			fail_msg("claim %u is not looked at", n);
		in.as.executed.claim = log.topics[1];
		in.as.executed.reason = "no such model";
		node_feed(f, &in);
		assert_null(node_effect(f, GS_EFFECT_EXECUTE)); /* nor does it try the others without a pause */
	}
	f->now_s += GS_NODE_RETRY_S;
	node_block(f, 0x11, NULL, 0);
	assert_non_null(node_effect(f, GS_EFFECT_EXECUTE));
}

/* So many answers due that the chain cannot keep up: what is signed is bounded, and so is what one look asks for, however much waits. */
static void a_flood_of_duties_is_queued(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e = NULL;
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	unsigned signed_ = 0;

	node_deposit(f, 10 * (uint64_t)NODE_BOND * GS_NODE_UNMINED_MAX);
	for (unsigned n = 0; n < GS_NODE_UNMINED_MAX + 5; n++) {
		struct gs_buf data;
		struct gs_log_entry log = node_posted(f, &data, n, 8, 3);
		struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};
		struct gs_node_input prepared = {.kind = GS_INPUT_PREPARED};

		node_block(f, 0x11, &log, 1);
		gs_buf_free(&data);
		in.as.executed.claim = log.topics[1];
		in.as.executed.computed = true;
		in.as.executed.output_root = in.as.executed.reference_root = node_hash(0x33);
		node_feed(f, &in);
		e = node_effect(f, GS_EFFECT_PREPARE);
		if (e == NULL)
			continue;
		prepared.as.prepared.intent = e->hash;
		prepared.as.prepared.nonce = e->nonce;
		gs_be32_write(prepared.as.prepared.tx.b, 1 + n);
		prepared.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"signed", 6};
		node_feed(f, &prepared);
		signed_++;
	}
	assert_null(e);
	assert_int_equal(signed_, GS_NODE_UNMINED_MAX);
	f->now_s += 100;
	node_feed(f, &timer);
	assert_int_equal(f->effects.count, 1 + 2 * GS_NODE_LINES_AT_ONCE); /* the nonce; sent again, and looked for */
}

/* An endpoint that shows a real claim with another output is not believed: nothing of the block is taken. */
static void a_claim_that_does_not_hash_to_its_id_is_refused(void **state)
{
	struct node_fixture *f = *state;
	struct gs_buf data;
	struct gs_log_entry log = node_posted(f, &data, 7, 8, 3);
	struct gs_event event;
	struct gs_error error = {0};

	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_OK);
	data.ptr[32] ^= 1; /* the output root */
	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_ECORRUPT);
	assert_non_null(strstr(error.text, "do not trust this endpoint"));
	data.ptr[32] ^= 1;
	log.topics[2].b[31] ^= 1; /* the claimant */
	assert_int_equal(gs_event_decode(&f->options.contracts, &log, &event, &error), GS_ECORRUPT);
	gs_buf_free(&data);
}

/* Many logs at a time are right if each is: a wrong one is found wherever it lies among the groups that are hashed together. */
static void one_wrong_id_among_many_logs_is_found(void **state)
{
	enum { LOGS = 19 };
	struct node_fixture *f = *state;
	struct gs_log_entry log[LOGS];
	struct gs_buf data[LOGS];

	for (uint64_t i = 0; i < LOGS; i++)
		log[i] = node_posted(f, &data[i], i % NODE_CLAIMS_MAX, 8, 3 + i);
	log[4].topics[0].b[0] ^= 1; /* of no event that is known: between claims, and none itself */
	for (size_t count = 0; count <= LOGS; count++)
		assert_true(gs_events_right(&f->options.contracts, log, count));
	for (size_t i = 0; i < LOGS; i++) {
		log[i].topics[1].b[i] ^= 1;
		assert_int_equal(gs_events_right(&f->options.contracts, log, LOGS), i == 4);
		assert_true(gs_events_right(&f->options.contracts, log, i));
		log[i].topics[1].b[i] ^= 1;
		data[i].ptr[32] ^= 1; /* the output root */
		assert_int_equal(gs_events_right(&f->options.contracts, log, LOGS), i == 4);
		data[i].ptr[32] ^= 1;
	}
	log[11].data.len = 31; /* not an event's form */
	assert_false(gs_events_right(&f->options.contracts, log, LOGS));
	for (size_t i = 0; i < LOGS; i++)
		gs_buf_free(&data[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_claim_that_does_not_hash_to_its_id_is_refused, node_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(one_wrong_id_among_many_logs_is_found, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_flood_of_duties_is_queued, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(hopeless_claims_do_not_blind, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(wrong_claim_is_challenged_once, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(nothing_but_invalid_challenges, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(own_claims_are_not_checked_but_finalised, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_the_agenda_lost_is_found, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(it_is_found_slice_by_slice, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(refused_comes_again_later, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(reorg_takes_the_claim_back, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(reorg_before_it_is_signed, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(reorg_before_it_is_refused, node_set_up, node_tear_down),
		cmocka_unit_test(sampling_is_exact),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
