/* Transactions that wait: replaced, taken back, lost, counted, forgotten; a day's budget. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_txs.h"
#include "validator/node/node_state.h"

static void a_stuck_one_offers_more(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	node_wrong_claim(f, 1);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_int_equal(e->urgency, GS_URGENCY_DUE); /* the window ends */
	assert_false(e->replaces);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, 1);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(e->replaces && e->keeps && e->tried);
	assert_int_equal(e->nonce, NODE_FIRST_NONCE);
	assert_int_equal(e->gas, NODE_GAS);
	assert_int_equal(gs_wei_cmp(e->least_fee, gs_wei_from_u64(90)), 0); /* an eighth more */
	assert_int_equal(gs_wei_cmp(e->least_tip, gs_wei_from_u64(9)), 0);
	assert_int_equal(gs_be32_read(gs_node_effect_data(&f->effects, e).ptr), GS_DISPUTES_FN_CHALLENGE);
	node_sign_at(f, 0x72, 95, 9);
	assert_int_equal(node_summary_of(f).pending_txs, 1);

	node_txs_reopen(f); /* both are looked for, the newest alone is sent */
	assert_int_equal(node_count(f, GS_EFFECT_WATCH, 0x71) + node_count(f, GS_EFFECT_WATCH, 0x72), 2);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71), 0);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x72), 1);

	const struct gs_head fork = f->head;
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, 7); /* it was the first that was mined after all */
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	assert_int_equal(gs_wei_cmp(node_summary_of(f).spent, gs_wei_from_u64(7)), 0);
	node_receipt_of(f, 0x72, true, 7); /* counted once */
	assert_int_equal(gs_wei_cmp(node_summary_of(f).spent, gs_wei_from_u64(7)), 0);
	node_blocks(f, 1);
	assert_null(node_effect(f, GS_EFFECT_WATCH));
	assert_null(node_effect(f, GS_EFFECT_PREPARE));

	/* a reorganisation takes that back: either may be mined now, and nothing was spent */
	struct gs_node_input in = {.kind = GS_INPUT_HEADER};
	struct gs_head branch[3];
	f->head = fork;
	for (int i = 0; i < 3; i++) {
		node_next_head(f, 0x22);
		branch[i] = f->head;
	}
	for (int i = 2; i >= 0; i--) {
		in.as.header = branch[i];
		node_feed(f, &in);
	}
	assert_int_equal(node_summary_of(f).pending_txs, 1);
	assert_int_equal(gs_wei_cmp(node_summary_of(f).spent, gs_wei_from_u64(0)), 0);
	f->head = fork;
	for (int i = 0; i < 3; i++) {
		struct gs_node_input logs = {.kind = GS_INPUT_LOGS, .as.logs.block = branch[i].hash};
		node_feed(f, &logs);
	}
	f->head = branch[2];
	node_tick(f);
	assert_int_equal(node_count(f, GS_EFFECT_WATCH, 0x71) + node_count(f, GS_EFFECT_WATCH, 0x72), 2);
	node_receipt_of(f, 0x72, true, 9);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	assert_int_equal(gs_wei_cmp(node_summary_of(f).spent, gs_wei_from_u64(9)), 0);
}

/* The cap, or a price that is high enough, is no reason to ask again at once; nor is it one to give the transaction up. */
static void what_is_not_replaced_waits(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input kept = {.kind = GS_INPUT_KEPT};

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP);
	node_refuse(f, GS_REFUSED_CAP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, NODE_DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, 1);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	node_feed(f, &kept);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, NODE_DUE_BUMP);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	node_sign_at(f, 0x72, 95, 9);
	assert_int_equal(node_summary_of(f).pending_txs, 1);
}

/* What cannot be priced costs no attempt: however long gas is too dear, it is tried again. */
static void a_cap_does_not_use_attempts_up(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	for (unsigned i = 0; i < GS_INTENT_ATTEMPTS_MAX + 10; i++) {
		assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
		node_refuse(f, i % 2 ? GS_REFUSED_CAP : GS_REFUSED_BALANCE);
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += 1;
		node_tick(f);
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += 7;
		node_tick(f);
	}
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* Somebody else's game has won: our challenge, still not mined, would only cost gas. */
static void what_nobody_wants_is_taken_back(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_of_claim(f, &gs_claims_event_invalidated, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* most are mined within a few blocks */
	node_blocks(f, NODE_BUMP - 1);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	node_sign_at(f, 0x72, 90, 9);
	node_blocks(f, 1);
	node_receipt_of(f, 0x72, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	node_blocks(f, 2 * NODE_BUMP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* One whose call would revert is taken back, too, and stays so. */
static void what_would_revert_is_taken_back(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->tried);
	node_refuse(f, GS_REFUSED_REVERTS);
	node_blocks(f, NODE_DUE_BUMP);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_sign_at(f, 0x72, 90, 9);
	node_blocks(f, NODE_DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, 1);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE); /* stuck itself */
}

/* The endpoint says that the nonce is used, and no receipt is there: but of which of the two? */
static void a_line_is_lost_the_second_time(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input lost = {.kind = GS_INPUT_NONCE_LOST};

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP);
	node_sign_at(f, 0x72, 95, 9);
	lost.as.nonce_lost.tx = node_hash(0x72);
	lost.as.nonce_lost.nonce = NODE_FIRST_NONCE + 1;
	node_feed(f, &lost);
	assert_int_equal(node_summary_of(f).pending_txs, 1);
	node_feed(f, &lost);
	assert_int_equal(node_summary_of(f).pending_txs, 1);
	f->now_s += f->options.resend_s;
	node_feed(f, &lost);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	f->now_s += 2;
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
}

/* An endpoint calls the nonce of a challenge lost, which was mined all the same: the chain shows our game, and there is no second one. */
static void a_claim_is_challenged_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input lost = {.kind = GS_INPUT_NONCE_LOST};

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_game_opens(f, 1, NODE_CLAIMANT, NODE_SELF, NODE_WINDOW_END_S);
	lost.as.nonce_lost.tx = node_hash(0x71);
	lost.as.nonce_lost.nonce = NODE_FIRST_NONCE + 1;
	node_feed(f, &lost);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	for (int i = 0; i < 3; i++) {
		f->now_s += GS_INTENT_BACKOFF_S_MAX + 1;
		node_tick(f);
		assert_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE));
	}
	node_wrong_claim(f, 2); /* another one is */
	assert_non_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE));
}

static void a_day_has_a_budget(void **state)
{
	struct node_fixture *f = *state;

	f->options.budget.gas_per_day = gs_wei_from_u64(NODE_GAS * 100);
	f->options.budget.obligations = true;
	node_txs_reopen(f);
	node_wrong_claim(f, 1);
	assert_int_equal(gs_wei_cmp(node_effect(f, GS_EFFECT_PREPARE)->cost_max, f->options.budget.gas_per_day), 0);
	node_sign_at(f, 0x71, 60, 8);
	node_wrong_claim(f, 2); /* what the first may cost is not there for the second */
	assert_int_equal(gs_wei_cmp(node_effect(f, GS_EFFECT_PREPARE)->cost_max, gs_wei_from_u64(NODE_GAS * 40)), 0);
	node_refuse(f, GS_REFUSED_BUDGET);
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, NODE_GAS * 100);
	node_txs_reopen(f);
	f->now_s += 100;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_int_equal(gs_wei_cmp(node_summary_of(f).spent_today, gs_wei_from_u64(NODE_GAS * 100)), 0);
	struct gs_journal j;
	struct gs_spent next;
	assert_int_equal(gs_journal_begin(&f->store, f->head.number, &j, NULL), GS_OK);
	assert_int_equal(gs_budget_spent(&j, (struct gs_time){f->now_s + 86400}, &next), GS_OK);
	gs_journal_abort(&j);
	assert_true(gs_u256_is_zero(&next.today.v)); /* another day */
	assert_int_equal(gs_wei_cmp(next.total, gs_wei_from_u64(NODE_GAS * 100)), 0);
}

static enum gs_err count_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	(void)key;
	(void)value;
	++*(unsigned *)context;
	return GS_OK;
}

static unsigned records(const struct node_fixture *f)
{
	struct gs_store_txn *txn;
	unsigned n = 0;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.scan(txn, GS_TABLE_TXS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, count_record,
	                               &n, NULL),
	                 GS_OK);
	f->store.abort(txn);
	return n;
}

static void what_is_deep_is_forgotten(void **state)
{
	struct node_fixture *f = *state;

	f->options.settle_blocks = 3;
	node_txs_reopen(f);
	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP);
	node_sign_at(f, 0x72, 95, 9);
	node_receipt_of(f, 0x72, true, 1);
	node_blocks(f, 2);
	assert_int_equal(records(f), 2);
	node_blocks(f, 2);
	assert_int_equal(records(f), 0);
	node_wrong_claim(f, 2);
	node_sign_at(f, 0x73, 80, 8);
	for (int i = 0; i < 3; i++) { /* forgotten is not lost: no gap */
		node_nonce_is(f, NODE_FIRST_NONCE);
		f->now_s += f->options.resend_s;
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
	}
}

static void urgency_is_what_is_left(void **state)
{
	struct gs_intent intent = {.kind = GS_INTENT_MOVE};

	(void)state;
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){5000}, 60), GS_URGENCY_NONE);
	intent.since.unix_s = 1000;
	intent.due.unix_s = 1100;
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1000}, 60), GS_URGENCY_DUE);
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1049}, 60), GS_URGENCY_DUE); /* not yet half */
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1050}, 60), GS_URGENCY_CLOSE);
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1050}, 40), GS_URGENCY_DUE);
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1060}, 40), GS_URGENCY_CLOSE);
	assert_int_equal(gs_intent_urgency(&intent, (struct gs_time){1200}, 40), GS_URGENCY_CLOSE);
}

/* A race is held back as long as the node's own hash says: below half a second, and not the same for all. */
static void races_wait_a_little(void **state)
{
	struct node_fixture *f = *state;
	uint32_t wait[8];
	bool differ = false;

	f->options.fees.bump_blocks = 0;
	node_txs_reopen(f);
	node_deposit(f, 1000);
	for (uint64_t claim = 0; claim < GS_ARRAY_LEN(wait); claim++) {
		node_wrong_claim(f, 1 + claim);
		wait[claim] = node_effect(f, GS_EFFECT_PREPARE)->wait_ms;
		assert_true(wait[claim] < 500);
		differ = differ || wait[claim] != wait[0];
		node_sign_at(f, (uint8_t)(0x71 + claim), 80, 8);
	}
	assert_true(differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stuck_one_offers_more, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_replaced_waits, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_cap_does_not_use_attempts_up, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_wants_is_taken_back, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_would_revert_is_taken_back, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_line_is_lost_the_second_time, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_claim_is_challenged_once, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_day_has_a_budget, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_deep_is_forgotten, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(races_wait_a_little, node_txs_set_up, node_tear_down),
		cmocka_unit_test(urgency_is_what_is_left),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
