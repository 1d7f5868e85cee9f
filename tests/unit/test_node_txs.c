/* Transactions that wait: replaced, taken back, lost, counted, forgotten; nonces that nobody uses; a day's budget. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/node_state.h"

enum { FIRST_NONCE = 5, BUMP = 12, DUE_BUMP = 4 /* a third */, GAS = 50000 };

static int set_up(void **state)
{
	int failed = node_set_up(state);
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = BUMP;
	f->options.fees.close_s = 60;
	f->options.settle_blocks = 200;
	gs_node_close(f->node);
	node_open(f);
	return failed;
}

static void reopen(struct node_fixture *f)
{
	gs_node_close(f->node);
	node_open(f);
}

/* Answers a PREPARE. */
static void sign_this(struct node_fixture *f, const struct gs_node_effect *e, uint8_t tx, uint64_t max_fee,
                      uint64_t tip)
{
	struct gs_node_input in = {.kind = GS_INPUT_PREPARED};
	uint8_t raw[] = {'t', 'x', tx};

	assert_non_null(e);
	in.as.prepared.intent = e->hash;
	in.as.prepared.nonce = e->nonce;
	in.as.prepared.tx = node_hash(tx);
	in.as.prepared.raw = (struct gs_bytes){raw, sizeof(raw)};
	in.as.prepared.max_fee = gs_wei_from_u64(max_fee);
	in.as.prepared.tip = gs_wei_from_u64(tip);
	in.as.prepared.gas_limit = e->gas ? e->gas : GAS;
	node_feed(f, &in);
	const struct gs_node_effect *sent = node_effect(f, GS_EFFECT_SEND);
	assert_non_null(sent);
	assert_memory_equal(gs_node_effect_data(&f->effects, sent).ptr, raw, sizeof(raw));
}

/* The one that is there. */
static void sign_at(struct node_fixture *f, uint8_t tx, uint64_t max_fee, uint64_t tip)
{
	sign_this(f, node_effect(f, GS_EFFECT_PREPARE), tx, max_fee, tip);
}

static void refuse(struct node_fixture *f, enum gs_tx_refusal kind)
{
	struct gs_node_input in = {.kind = GS_INPUT_REFUSED};

	in.as.refused.intent = node_effect(f, GS_EFFECT_PREPARE)->hash;
	in.as.refused.kind = kind;
	in.as.refused.reason = "said so";
	node_feed(f, &in);
}

static void receipt_of(struct node_fixture *f, uint8_t tx, bool success, uint64_t cost)
{
	struct gs_node_input in = {.kind = GS_INPUT_RECEIPT};

	in.as.receipt.tx = node_hash(tx);
	in.as.receipt.success = success;
	in.as.receipt.block_number = f->head.number;
	in.as.receipt.block_hash = f->head.hash;
	in.as.receipt.cost = gs_wei_from_u64(cost);
	node_feed(f, &in);
}

static void blocks(struct node_fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		node_block(f, 0x11, NULL, 0);
}

static unsigned count(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx)
{
	const struct gs_hash hash = node_hash(tx);
	unsigned n = 0;

	for (size_t i = 0; i < f->effects.count; i++)
		n += f->effects.effect[i].kind == kind && gs_hash_equal(&f->effects.effect[i].hash, &hash);
	return n;
}

static struct gs_node_summary summary_of(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

static void wrong_claim(struct node_fixture *f, uint64_t claim)
{
	node_post(f, claim, NODE_CLAIMANT, 3);
	node_executed(f, claim, true, node_hash(0x33), node_hash(0x33));
}

static void of_claim(struct node_fixture *f, const struct gs_hash *event, uint64_t claim)
{
	const struct gs_hash topics[] = {*event, node_claim(claim)};

	node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
}

/* --- */

static void a_stuck_one_offers_more(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;

	wrong_claim(f, 1);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_int_equal(e->urgency, GS_URGENCY_DUE); /* the window ends */
	assert_false(e->replaces);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, 1);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(e->replaces && e->keeps && e->tried);
	assert_int_equal(e->nonce, FIRST_NONCE);
	assert_int_equal(e->gas, GAS);
	assert_int_equal(gs_wei_cmp(e->least_fee, gs_wei_from_u64(90)), 0); /* an eighth more */
	assert_int_equal(gs_wei_cmp(e->least_tip, gs_wei_from_u64(9)), 0);
	assert_int_equal(gs_be32_read(gs_node_effect_data(&f->effects, e).ptr), GS_DISPUTES_FN_CHALLENGE);
	sign_at(f, 0x72, 95, 9);
	assert_int_equal(summary_of(f).pending_txs, 1);

	reopen(f); /* both are looked for, the newest alone is sent */
	assert_int_equal(count(f, GS_EFFECT_WATCH, 0x71) + count(f, GS_EFFECT_WATCH, 0x72), 2);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71), 0);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x72), 1);

	const struct gs_head fork = f->head;
	blocks(f, 1);
	receipt_of(f, 0x71, true, 7); /* it was the first that was mined after all */
	assert_int_equal(summary_of(f).pending_txs, 0);
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(7)), 0);
	receipt_of(f, 0x72, true, 7); /* counted once */
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(7)), 0);
	blocks(f, 1);
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
	assert_int_equal(summary_of(f).pending_txs, 1);
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(0)), 0);
	f->head = fork;
	for (int i = 0; i < 3; i++) {
		struct gs_node_input logs = {.kind = GS_INPUT_LOGS, .as.logs.block = branch[i].hash};
		node_feed(f, &logs);
	}
	f->head = branch[2];
	node_tick(f);
	assert_int_equal(count(f, GS_EFFECT_WATCH, 0x71) + count(f, GS_EFFECT_WATCH, 0x72), 2);
	receipt_of(f, 0x72, true, 9);
	assert_int_equal(summary_of(f).pending_txs, 0);
	assert_int_equal(gs_wei_cmp(summary_of(f).spent, gs_wei_from_u64(9)), 0);
}

/* The cap, or a price that is high enough, is no reason to ask again at once; nor is it one to give the transaction up. */
static void what_is_not_replaced_waits(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input kept = {.kind = GS_INPUT_KEPT};

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	refuse(f, GS_REFUSED_CAP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, 1);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	node_feed(f, &kept);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, DUE_BUMP);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	sign_at(f, 0x72, 95, 9);
	assert_int_equal(summary_of(f).pending_txs, 1);
}

/* What cannot be priced costs no attempt: however long gas is too dear, it is tried again. */
static void a_cap_does_not_use_attempts_up(void **state)
{
	struct node_fixture *f = *state;

	wrong_claim(f, 1);
	for (unsigned i = 0; i < GS_INTENT_ATTEMPTS_MAX + 10; i++) {
		assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
		refuse(f, i % 2 ? GS_REFUSED_CAP : GS_REFUSED_BALANCE);
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += 1;
		node_tick(f);
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += 7;
		node_tick(f);
	}
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void assert_is_transfer_to_self(const struct node_fixture *f, uint64_t nonce)
{
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);

	assert_non_null(e);
	assert_int_equal(e->nonce, nonce);
	assert_int_equal(e->gas, 21000);
	assert_int_equal(e->data_len, 0);
	assert_true(gs_address_equal(&e->to, &f->options.self));
}

/* Somebody else's game has won: our challenge, still not mined, would only cost gas. */
static void what_nobody_wants_is_taken_back(void **state)
{
	struct node_fixture *f = *state;

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	of_claim(f, &gs_claims_event_invalidated, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* most are mined within a few blocks */
	blocks(f, BUMP - 1);
	assert_is_transfer_to_self(f, FIRST_NONCE);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->replaces);
	sign_at(f, 0x72, 90, 9);
	blocks(f, 1);
	receipt_of(f, 0x72, true, 1);
	assert_int_equal(summary_of(f).pending_txs, 0);
	blocks(f, 2 * BUMP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* One whose call would revert is taken back, too, and stays so. */
static void what_would_revert_is_taken_back(void **state)
{
	struct node_fixture *f = *state;

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	assert_true(node_effect(f, GS_EFFECT_PREPARE)->tried);
	refuse(f, GS_REFUSED_REVERTS);
	blocks(f, DUE_BUMP);
	assert_is_transfer_to_self(f, FIRST_NONCE);
	sign_at(f, 0x72, 90, 9);
	blocks(f, DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, 1);
	assert_is_transfer_to_self(f, FIRST_NONCE); /* stuck itself */
}

/* The endpoint says that the nonce is used, and no receipt is there: but of which of the two? */
static void a_line_is_lost_the_second_time(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input lost = {.kind = GS_INPUT_NONCE_LOST};

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	sign_at(f, 0x72, 95, 9);
	lost.as.nonce_lost.tx = node_hash(0x72);
	lost.as.nonce_lost.nonce = FIRST_NONCE + 1;
	node_feed(f, &lost);
	assert_int_equal(summary_of(f).pending_txs, 1);
	node_feed(f, &lost);
	assert_int_equal(summary_of(f).pending_txs, 1);
	f->now_s += f->options.resend_s;
	node_feed(f, &lost);
	assert_int_equal(summary_of(f).pending_txs, 0);
	f->now_s += 2;
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, FIRST_NONCE + 1);
}

/* By the node, against node_body's claim. */
static void open_game(struct node_fixture *f, uint64_t claim)
{
	const struct gs_hash topics[] = {gs_disputes_event_opened, node_claim(claim), node_word_of(NODE_SELF)};
	const struct gs_game_state state = {.claim = node_claim(claim),
	                                    .claimant = node_address(NODE_CLAIMANT),
	                                    .challenger = node_address(NODE_SELF),
	                                    .units = 1,
	                                    .phase = GS_PHASE_COMMIT,
	                                    .deadline = NODE_WINDOW_END_S,
	                                    .claimant_left = 100,
	                                    .challenger_left = 100};
	uint8_t bytes[GS_GAME_STATE_WORDS * 32];
	struct gs_u256 words[2];

	gs_game_state_encode(&state, bytes);
	for (size_t i = 0; i < GS_ARRAY_LEN(words); i++)
		words[i] = gs_u256_from_be(bytes + 32 * (i + 1));
	node_log(f, &f->options.contracts.disputes, topics, 3, words, GS_ARRAY_LEN(words));
}

/* An endpoint calls the nonce of a challenge lost, which was mined all the same: the chain shows our game, and there is no second one. */
static void a_claim_is_challenged_once(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input lost = {.kind = GS_INPUT_NONCE_LOST};

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	open_game(f, 1);
	lost.as.nonce_lost.tx = node_hash(0x71);
	lost.as.nonce_lost.nonce = FIRST_NONCE + 1;
	node_feed(f, &lost);
	assert_int_equal(summary_of(f).pending_txs, 0);
	for (int i = 0; i < 3; i++) {
		f->now_s += GS_INTENT_BACKOFF_S_MAX + 1;
		node_tick(f);
		assert_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE));
	}
	wrong_claim(f, 2); /* another one is */
	assert_non_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE));
}

static size_t place_of(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx)
{
	const struct gs_hash hash = node_hash(tx);
	size_t i = 0;

	while (i < f->effects.count &&
	       !(f->effects.effect[i].kind == kind && gs_hash_equal(&f->effects.effect[i].hash, &hash)))
		i++;
	assert_true(i < f->effects.count);
	return i;
}

/* The newest of a line is sent again: its endpoint may say that the nonce is used. By then the receipts of all of it have been looked for. */
static void receipts_come_before_refusals(void **state)
{
	struct node_fixture *f = *state;

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	sign_at(f, 0x72, 95, 9);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_true(place_of(f, GS_EFFECT_WATCH, 0x71) < place_of(f, GS_EFFECT_SEND, 0x72));
	assert_true(place_of(f, GS_EFFECT_WATCH, 0x72) < place_of(f, GS_EFFECT_SEND, 0x72));
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71), 0);
}

static void nonce_is(struct node_fixture *f, uint64_t pending)
{
	struct gs_node_input in = {.kind = GS_INPUT_NONCE};

	in.as.nonce.pending = pending;
	node_feed(f, &in);
}

/* A transaction of another user of the key had nonce 5, and a reorganisation lost it: ours with nonce 6 would wait for ever. */
static void a_gap_is_filled(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input behind = {.kind = GS_INPUT_NONCE_BEHIND};

	wrong_claim(f, 1);
	behind.as.nonce_behind.nonce = FIRST_NONCE + 1;
	node_feed(f, &behind);
	sign_at(f, 0x71, 80, 8);
	nonce_is(f, FIRST_NONCE + 2);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_non_null(node_effect(f, GS_EFFECT_NONCE));
	nonce_is(f, FIRST_NONCE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* not on the word of one look */
	f->now_s += f->options.resend_s;
	node_tick(f);
	nonce_is(f, FIRST_NONCE);
	assert_is_transfer_to_self(f, FIRST_NONCE);
	sign_at(f, 0x72, 90, 9);
	nonce_is(f, FIRST_NONCE + 2);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	blocks(f, 1);
	receipt_of(f, 0x72, true, 1);
	receipt_of(f, 0x71, true, 1);
	assert_int_equal(summary_of(f).pending_txs, 0);
	wrong_claim(f, 2); /* the line goes on where it was */
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, FIRST_NONCE + 2);
}

/* What waits behind a gap is replaced again and again, so that a replacement is under way at every look at the nonces. */
static void a_gap_is_filled_beside_replacements(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input behind = {.kind = GS_INPUT_NONCE_BEHIND};

	wrong_claim(f, 1);
	behind.as.nonce_behind.nonce = FIRST_NONCE + 1;
	node_feed(f, &behind);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	const struct gs_node_effect replacement = *node_effect(f, GS_EFFECT_PREPARE);
	assert_true(replacement.replaces);
	nonce_is(f, FIRST_NONCE);
	f->now_s += f->options.resend_s;
	nonce_is(f, FIRST_NONCE); /* known from now on; the replacement is still being made */
	sign_this(f, &replacement, 0x72, 90, 9);
	assert_is_transfer_to_self(f, FIRST_NONCE);
	sign_at(f, 0x73, 90, 9);
	blocks(f, 1);
	receipt_of(f, 0x73, true, 1);
	receipt_of(f, 0x72, true, 1);
	assert_int_equal(summary_of(f).pending_txs, 0);
}

/* An endpoint that is behind shows a nonce that we know to be used: that is no gap. */
static void an_old_endpoint_shows_no_gap(void **state)
{
	struct node_fixture *f = *state;

	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, 1);
	receipt_of(f, 0x71, true, 1);
	wrong_claim(f, 2);
	sign_at(f, 0x72, 80, 8);
	for (int i = 0; i < 4; i++) {
		nonce_is(f, FIRST_NONCE); /* mined, as we know */
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		nonce_is(f, FIRST_NONCE + 1); /* ours, lost by its pool: it is sent again */
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += f->options.resend_s;
		node_tick(f);
		assert_int_equal(count(f, GS_EFFECT_SEND, 0x72), 1);
	}
}

/* Nothing of ours waits behind it: then the next transaction has that nonce. */
static void a_nonce_that_is_free_again_is_used(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input behind = {.kind = GS_INPUT_NONCE_BEHIND};

	wrong_claim(f, 1);
	behind.as.nonce_behind.nonce = FIRST_NONCE + 3;
	node_feed(f, &behind);
	refuse(f, GS_REFUSED_REVERTS);
	nonce_is(f, FIRST_NONCE + 1);
	f->now_s += f->options.resend_s;
	nonce_is(f, FIRST_NONCE + 1);
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, FIRST_NONCE + 1);
}

static void a_day_has_a_budget(void **state)
{
	struct node_fixture *f = *state;

	f->options.budget.gas_per_day = gs_wei_from_u64(GAS * 100);
	f->options.budget.obligations = true;
	reopen(f);
	wrong_claim(f, 1);
	assert_int_equal(gs_wei_cmp(node_effect(f, GS_EFFECT_PREPARE)->cost_max, f->options.budget.gas_per_day), 0);
	sign_at(f, 0x71, 60, 8);
	wrong_claim(f, 2); /* what the first may cost is not there for the second */
	assert_int_equal(gs_wei_cmp(node_effect(f, GS_EFFECT_PREPARE)->cost_max, gs_wei_from_u64(GAS * 40)), 0);
	refuse(f, GS_REFUSED_BUDGET);
	blocks(f, 1);
	receipt_of(f, 0x71, true, GAS * 100);
	reopen(f);
	f->now_s += 100;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	assert_int_equal(gs_wei_cmp(summary_of(f).spent_today, gs_wei_from_u64(GAS * 100)), 0);
	struct gs_journal j;
	struct gs_spent next;
	assert_int_equal(gs_journal_begin(&f->store, f->head.number, &j, NULL), GS_OK);
	assert_int_equal(gs_budget_spent(&j, (struct gs_time){f->now_s + 86400}, &next), GS_OK);
	gs_journal_abort(&j);
	assert_true(gs_u256_is_zero(&next.today.v)); /* another day */
	assert_int_equal(gs_wei_cmp(next.total, gs_wei_from_u64(GAS * 100)), 0);
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
	reopen(f);
	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	blocks(f, DUE_BUMP);
	sign_at(f, 0x72, 95, 9);
	receipt_of(f, 0x72, true, 1);
	blocks(f, 2);
	assert_int_equal(records(f), 2);
	blocks(f, 2);
	assert_int_equal(records(f), 0);
	wrong_claim(f, 2);
	sign_at(f, 0x73, 80, 8);
	for (int i = 0; i < 3; i++) { /* forgotten is not lost: no gap */
		nonce_is(f, FIRST_NONCE);
		f->now_s += f->options.resend_s;
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
	}
}

/* Headers and logs of an empty branch of so many blocks on top of `fork`. */
static void other_branch(struct node_fixture *f, struct gs_head fork, unsigned length)
{
	struct gs_node_input in = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS};
	struct gs_head branch[8];

	assert_in_range(length, 1, GS_ARRAY_LEN(branch));
	f->head = fork;
	for (unsigned i = 0; i < length; i++) {
		node_next_head(f, 0x22);
		branch[i] = f->head;
	}
	for (unsigned i = length; i-- > 0;) {
		in.as.header = branch[i];
		node_feed(f, &in);
	}
	for (unsigned i = 0; i < length; i++) {
		logs.as.logs.block = branch[i].hash;
		node_feed(f, &logs);
	}
	f->head = branch[length - 1];
}

/* A challenge was mined, and its block is gone: it is sent again at the first look at the other branch, not only after resend_s; once. What
 * waits before it and behind it, too. */
static void what_a_reorganisation_drops_is_sent_at_once(void **state)
{
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 0;
	f->options.resend_s = 3600;
	reopen(f);
	node_deposit(f, 1000);
	wrong_claim(f, 1);
	sign_at(f, 0x71, 80, 8);
	wrong_claim(f, 2);
	sign_at(f, 0x72, 80, 8);
	const struct gs_head fork = f->head;
	blocks(f, 1);
	receipt_of(f, 0x71, true, 7);
	node_tick(f);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71) + count(f, GS_EFFECT_SEND, 0x72), 0);
	assert_int_equal(summary_of(f).pending_txs, 1);

	other_branch(f, fork, 2);
	assert_int_equal(summary_of(f).pending_txs, 2);
	node_tick(f);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71), 1);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x72), 1);
	assert_non_null(node_effect(f, GS_EFFECT_NONCE));
	node_tick(f);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71) + count(f, GS_EFFECT_SEND, 0x72), 0);
	assert_int_equal(count(f, GS_EFFECT_WATCH, 0x71), 1);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_int_equal(count(f, GS_EFFECT_SEND, 0x71), 1);
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
	reopen(f);
	node_deposit(f, 1000);
	for (uint64_t claim = 0; claim < GS_ARRAY_LEN(wait); claim++) {
		wrong_claim(f, 1 + claim);
		wait[claim] = node_effect(f, GS_EFFECT_PREPARE)->wait_ms;
		assert_true(wait[claim] < 500);
		differ = differ || wait[claim] != wait[0];
		sign_at(f, (uint8_t)(0x71 + claim), 80, 8);
	}
	assert_true(differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stuck_one_offers_more, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_replaced_waits, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_cap_does_not_use_attempts_up, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_wants_is_taken_back, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_would_revert_is_taken_back, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_line_is_lost_the_second_time, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_claim_is_challenged_once, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(receipts_come_before_refusals, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_filled, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_filled_beside_replacements, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(an_old_endpoint_shows_no_gap, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_nonce_that_is_free_again_is_used, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_day_has_a_budget, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_deep_is_forgotten, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_a_reorganisation_drops_is_sent_at_once, set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(races_wait_a_little, set_up, node_tear_down),
		cmocka_unit_test(urgency_is_what_is_left),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
