/* Nonces that nobody uses, the order in which a look asks and sends, and what a reorganisation drops. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_txs.h"
#include "validator/node/node_state.h"

/* The newest of a line is sent again: its endpoint may say that the nonce is used. By then the receipts of all of it have been looked for. */
static void receipts_come_before_refusals(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, NODE_DUE_BUMP);
	node_sign_at(f, 0x72, 95, 9);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_true(node_place_of(f, GS_EFFECT_WATCH, 0x71) < node_place_of(f, GS_EFFECT_SEND, 0x72));
	assert_true(node_place_of(f, GS_EFFECT_WATCH, 0x72) < node_place_of(f, GS_EFFECT_SEND, 0x72));
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71), 0);
}

/* A challenge, 0x71, waits with the nonce after the first, which somebody else had taken. */
static void leave_a_gap(struct node_fixture *f)
{
	struct gs_node_input behind = {.kind = GS_INPUT_NONCE_BEHIND};

	node_wrong_claim(f, 1);
	behind.as.nonce_behind.nonce = NODE_FIRST_NONCE + 1;
	node_feed(f, &behind);
	node_sign_at(f, 0x71, 80, 8);
}

/* A transaction of another user of the key had nonce 5, and a reorganisation lost it: ours with nonce 6 would wait for ever. */
static void a_gap_is_filled(void **state)
{
	struct node_fixture *f = *state;

	leave_a_gap(f);
	node_nonce_is(f, NODE_FIRST_NONCE + 2);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_non_null(node_effect(f, GS_EFFECT_NONCE));
	node_nonce_is(f, NODE_FIRST_NONCE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* not on the word of one look */
	f->now_s += f->options.resend_s;
	node_tick(f);
	node_nonce_is(f, NODE_FIRST_NONCE);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_sign_at(f, 0x72, 90, 9);
	node_nonce_is(f, NODE_FIRST_NONCE + 2);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, 1);
	node_receipt_of(f, 0x72, true, 1);
	node_receipt_of(f, 0x71, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	node_wrong_claim(f, 2); /* the line goes on where it was */
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 2);
}

/* A process that ends again and again fills it at the same time as one that does not. */
static void a_gap_is_remembered_at_a_restart(void **state)
{
	struct node_fixture *f = *state;

	leave_a_gap(f);
	node_nonce_is(f, NODE_FIRST_NONCE);
	f->now_s += f->options.resend_s - 1;
	node_txs_reopen(f);
	node_nonce_is(f, NODE_FIRST_NONCE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s += 1;
	node_nonce_is(f, NODE_FIRST_NONCE);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_nonce_is(f, NODE_FIRST_NONCE + 2); /* whoever had it has sent it again: that is remembered, too */
	node_txs_reopen(f);
	node_nonce_is(f, NODE_FIRST_NONCE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* What waits behind a gap is replaced again and again, so that a replacement is under way at every look at the nonces. */
static void a_gap_is_filled_beside_replacements(void **state)
{
	struct node_fixture *f = *state;

	leave_a_gap(f);
	node_blocks(f, NODE_DUE_BUMP);
	const struct gs_node_effect replacement = *node_effect(f, GS_EFFECT_PREPARE);
	assert_true(replacement.replaces);
	node_nonce_is(f, NODE_FIRST_NONCE);
	f->now_s += f->options.resend_s;
	node_nonce_is(f, NODE_FIRST_NONCE); /* known from now on; the replacement is still being made */
	node_sign_this(f, &replacement, 0x72, 90, 9);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_sign_at(f, 0x73, 90, 9);
	node_blocks(f, 1);
	node_receipt_of(f, 0x73, true, 1);
	node_receipt_of(f, 0x72, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
}

/* Where the first effect of this kind stands among all of the step. */
static size_t first_of(const struct node_fixture *f, enum gs_node_effect_kind kind)
{
	const struct gs_node_effect *e = node_effect(f, kind);

	assert_non_null(e);
	return (size_t)(e - f->effects.effect);
}

/* Endpoints take only so many requests, and the more waits behind a gap, the more there is to be looked for: what could end that is
 * asked and signed before. */
static void the_gap_comes_before_what_waits_behind_it(void **state)
{
	struct node_fixture *f = *state;

	leave_a_gap(f);
	node_nonce_is(f, NODE_FIRST_NONCE);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_true(first_of(f, GS_EFFECT_NONCE) < first_of(f, GS_EFFECT_SEND));
	assert_null(node_effect(f, GS_EFFECT_WATCH)); /* what the endpoint does not have is not mined */
	node_nonce_is(f, NODE_FIRST_NONCE);
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* not at once: it would be refused once more */
	for (int i = 0; i < 3; i++) {
		node_tick(f); /* known as it is, it needs no more looks at the nonces */
		node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
		assert_true(first_of(f, GS_EFFECT_PREPARE) < first_of(f, GS_EFFECT_WATCH));
		node_refuse(f, GS_REFUSED_ENDPOINT);
	}
	node_nonce_is(f, NODE_FIRST_NONCE + 2); /* whoever had it has sent it again */
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_nonce_is(f, NODE_FIRST_NONCE);
	f->now_s += f->options.resend_s;
	node_nonce_is(f, NODE_FIRST_NONCE);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	node_nonce_is(f, NODE_FIRST_NONCE - 1); /* another one is free: that, too, must be seen twice */
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* The same of what was never signed: it does not wait for what is looked for. */
static void what_is_new_is_signed_before_others_are_looked_for(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_wrong_claim(f, 2);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s += 60;
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
	assert_true(first_of(f, GS_EFFECT_PREPARE) < first_of(f, GS_EFFECT_WATCH));
	assert_true(first_of(f, GS_EFFECT_PREPARE) < first_of(f, GS_EFFECT_SEND));
}

static bool is_before(const struct node_fixture *f, enum gs_node_effect_kind one, enum gs_node_effect_kind other)
{
	size_t last = 0;

	for (size_t i = 0; i < f->effects.count; i++)
		last = f->effects.effect[i].kind == one ? i : last;
	return last < first_of(f, other);
}

static unsigned of_kind(const struct node_fixture *f, enum gs_node_effect_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->effects.count; i++)
		n += f->effects.effect[i].kind == kind;
	return n;
}

/* Of many that wait the lowest are sent and looked for; none is forgotten. */
static void the_lowest_are_looked_for(void **state)
{
	enum { ALL = GS_NODE_LINES_AT_ONCE + 3 };
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 1000;
	node_txs_reopen(f);
	node_deposit(f, 1000);
	for (unsigned i = 0; i < ALL; i++) {
		node_wrong_claim(f, 1 + i);
		node_sign_at(f, (uint8_t)(0x71 + i), 80, 8);
	}
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_NONCE), 1);
	assert_true(is_before(f, GS_EFFECT_NONCE, GS_EFFECT_WATCH));
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), GS_NODE_LINES_AT_ONCE);
	assert_int_equal(of_kind(f, GS_EFFECT_WATCH), GS_NODE_LINES_AT_ONCE);
	for (unsigned i = 0; i < GS_NODE_LINES_AT_ONCE; i++) {
		assert_int_equal(node_count(f, GS_EFFECT_SEND, (uint8_t)(0x71 + i)), 1);
		assert_int_equal(node_count(f, GS_EFFECT_WATCH, (uint8_t)(0x71 + i)), 1);
		assert_true(node_place_of(f, GS_EFFECT_WATCH, (uint8_t)(0x71 + i)) <
		            node_place_of(f, GS_EFFECT_SEND, (uint8_t)(0x71 + i)));
		assert_true(i == 0 || node_place_of(f, GS_EFFECT_SEND, (uint8_t)(0x70 + i)) <
		                              node_place_of(f, GS_EFFECT_SEND, (uint8_t)(0x71 + i)));
	}
	f->now_s++;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), ALL - GS_NODE_LINES_AT_ONCE);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71 + ALL - 1), 1);
	node_blocks(f, 1);
	for (unsigned i = 0; i < ALL; i++) {
		node_receipt_of(f, (uint8_t)(0x71 + i), true, 1);
		const bool more = i + 1 < ALL;
		assert_int_equal(of_kind(f, GS_EFFECT_WATCH), more);
		if (more)
			assert_int_equal(node_count(f, GS_EFFECT_WATCH, (uint8_t)(0x72 + i)), 1);
	}
	assert_int_equal(node_summary_of(f).pending_txs, 0);
}

/* So many challenges, each with its nonce, sent long ago: if prices are looked at, that of the first is at once. */
static struct node_fixture *with_lines(void **state, unsigned lines)
{
	struct node_fixture *f = *state;
	const uint64_t bump = f->options.fees.bump_blocks;

	f->options.fees.bump_blocks = 1000;
	node_txs_reopen(f);
	node_deposit(f, 1000);
	for (unsigned i = 0; i < lines; i++) {
		node_wrong_claim(f, 1 + i);
		node_sign_at(f, (uint8_t)(0x71 + i), 80, 8);
	}
	node_blocks(f, NODE_BUMP);
	f->options.fees.bump_blocks = bump;
	node_txs_reopen(f);
	return f;
}

/* Of what an endpoint has said that it has, only the lowest is looked for, and nothing is sent to it soon; what it does not have is sent, and in
 * no block. What it calls mined is looked for. */
static void what_an_endpoint_has_is_not_sent_to_it(void **state)
{
	enum { THERE = 3, ALL = 5 };
	struct node_fixture *f = *state;
	struct gs_node_input mined = {.kind = GS_INPUT_NONCE,
	                              .as.nonce = {.pending = NODE_FIRST_NONCE + THERE, .mined = NODE_FIRST_NONCE + 2}};

	f->options.fees.bump_blocks = 0;
	f = with_lines(state, ALL);
	node_nonce_is(f, NODE_FIRST_NONCE + THERE);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_true(node_effect(f, GS_EFFECT_NONCE)->mined);
	assert_int_equal(of_kind(f, GS_EFFECT_WATCH), 1);
	assert_int_equal(node_count(f, GS_EFFECT_WATCH, 0x71), 1);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), ALL - THERE);
	for (unsigned i = THERE; i < ALL; i++)
		assert_int_equal(node_count(f, GS_EFFECT_SEND, (uint8_t)(0x71 + i)), 1);
	node_feed(f, &mined);
	node_tick(f); /* the two that are mined: have they lost their nonces to others? */
	assert_int_equal(of_kind(f, GS_EFFECT_WATCH), 2);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), 2);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71) + node_count(f, GS_EFFECT_SEND, 0x72), 2);
	f->now_s += 4 * f->options.resend_s;
	node_tick(f); /* its word does not count for ever */
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), ALL);
}

/* What the endpoint names as the account's next is what all others wait for: it is sent again after a quarter of the time. */
static void what_all_wait_for_is_sent_again_sooner(void **state)
{
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 0;
	f->options.resend_s = 12;
	f = with_lines(state, 3); /* sent anew at the restart */
	node_nonce_is(f, NODE_FIRST_NONCE + 1);
	f->now_s += 2;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), 0);
	f->now_s += 1;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), 1);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x72), 1);
	f->now_s += 9;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), 2);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71), 0);
}

/* What gas costs is asked once a look, not of every line: what offers as much as would be offered now need not offer more. */
static void what_gas_costs_is_asked_once(void **state)
{
	struct node_fixture *f = with_lines(state, 3);
	struct gs_node_input kept = {.kind = GS_INPUT_KEPT};

	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE);
	kept.as.kept.enough = true;
	kept.as.kept.max_fee = gs_wei_from_u64(80);
	kept.as.kept.tip = gs_wei_from_u64(8);
	node_feed(f, &kept);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, NODE_DUE_BUMP - 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* they have been looked at */
	node_blocks(f, 1);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE);
	node_sign_at(f, 0x81, 90, 9); /* more than the others */
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
	node_feed(f, &kept);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_blocks(f, NODE_DUE_BUMP);
	kept.as.kept.max_fee = gs_wei_from_u64(85); /* not what those offer */
	node_feed(f, &kept);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
	kept.as.kept.enough = false;
	node_feed(f, &kept);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 2);
	node_refuse(f, GS_REFUSED_CAP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* One refusal for want of an answer is enough at one look. */
static void a_silent_endpoint_is_asked_once_what_gas_costs(void **state)
{
	struct node_fixture *f = with_lines(state, 3);

	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
}

/* Where a deadline is close the first line offers more at every turn, whatever gas costs; those behind it wait for it, not for their price. */
static void only_the_first_outbids_what_gas_costs(void **state)
{
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 0;
	f = with_lines(state, 2);
	f->now_s = NODE_WINDOW_END_S - 1;
	f->options.fees.bump_blocks = NODE_BUMP;
	f->options.fees.close_s = 3600;
	node_txs_reopen(f);
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);
	assert_int_equal(e->urgency, GS_URGENCY_CLOSE);
	assert_true(e->nonce == NODE_FIRST_NONCE && !e->keeps);
	node_sign_at(f, 0x81, 95, 9);
	e = node_effect(f, GS_EFFECT_PREPARE);
	assert_int_equal(e->urgency, GS_URGENCY_CLOSE);
	assert_true(e->nonce == NODE_FIRST_NONCE + 1 && e->keeps);
}

/* An endpoint that is behind shows a nonce that we know to be used: that is no gap. */
static void an_old_endpoint_shows_no_gap(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, 1);
	node_wrong_claim(f, 2);
	node_sign_at(f, 0x72, 80, 8);
	for (int i = 0; i < 4; i++) {
		node_nonce_is(f, NODE_FIRST_NONCE); /* mined, as we know */
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		node_nonce_is(f, NODE_FIRST_NONCE + 1); /* ours, lost by its pool: it is sent again */
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		f->now_s += f->options.resend_s;
		node_tick(f);
		assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x72), 1);
	}
}

/* Nothing of ours waits behind it: then the next transaction has that nonce. */
static void a_nonce_that_is_free_again_is_used(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input behind = {.kind = GS_INPUT_NONCE_BEHIND};

	node_wrong_claim(f, 1);
	behind.as.nonce_behind.nonce = NODE_FIRST_NONCE + 3;
	node_feed(f, &behind);
	node_refuse(f, GS_REFUSED_REVERTS);
	node_nonce_is(f, NODE_FIRST_NONCE + 1);
	f->now_s += f->options.resend_s;
	node_nonce_is(f, NODE_FIRST_NONCE + 1);
	node_tick(f);
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
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

/* A challenge was mined, and the endpoint tells of its nonce as free before it tells of the reorganisation that made it so: a filler takes the
 * nonce. When that is mined, the challenge's transaction can never be, and it is planned again; also when a third of the key takes both. */
static void what_a_filler_displaces_is_planned_again(struct node_fixture *f, bool filler_is_mined)
{
	node_deposit(f, 1000);
	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_wrong_claim(f, 2);
	node_sign_at(f, 0x72, 80, 8);
	const struct gs_head fork = f->head;
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, 7);
	node_nonce_is(f, NODE_FIRST_NONCE);
	for (int i = 0; i < 2; i++) {
		f->now_s += f->options.resend_s;
		node_nonce_is(f, NODE_FIRST_NONCE);
	}
	node_assert_transfer_to_self(f, NODE_FIRST_NONCE);
	node_sign_at(f, 0x73, 90, 9);
	other_branch(f, fork, 2);
	assert_int_equal(node_summary_of(f).pending_txs, 2); /* lines */
	if (filler_is_mined) {
		node_receipt_of(f, 0x73, true, 1);
	} else {
		struct gs_node_input lost = {.kind = GS_INPUT_NONCE_LOST};
		lost.as.nonce_lost.tx = node_hash(0x73);
		lost.as.nonce_lost.nonce = NODE_FIRST_NONCE + 1;
		node_feed(f, &lost);
		f->now_s += f->options.resend_s;
		node_feed(f, &lost);
	}
	assert_int_equal(node_summary_of(f).pending_txs, 1);
	f->now_s += 60;
	node_tick(f);
	const struct gs_node_effect *again = node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE);
	assert_non_null(again);
	assert_int_equal(again->nonce, NODE_FIRST_NONCE + 2);
}

static void what_a_mined_filler_displaces_is_planned_again(void **state)
{
	what_a_filler_displaces_is_planned_again(*state, true);
}

static void what_is_lost_with_a_filler_is_planned_again(void **state)
{
	what_a_filler_displaces_is_planned_again(*state, false);
}

/* A challenge was mined, and its block is gone: it is sent again at the first look at the other branch, not only after resend_s; once. What
 * waits before it and behind it, too. */
static void what_a_reorganisation_drops_is_sent_at_once(void **state)
{
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = 0;
	f->options.resend_s = 3600;
	node_txs_reopen(f);
	node_deposit(f, 1000);
	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_wrong_claim(f, 2);
	node_sign_at(f, 0x72, 80, 8);
	const struct gs_head fork = f->head;
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, 7);
	node_tick(f);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71) + node_count(f, GS_EFFECT_SEND, 0x72), 0);
	assert_int_equal(node_summary_of(f).pending_txs, 1);

	other_branch(f, fork, 2);
	assert_int_equal(node_summary_of(f).pending_txs, 2);
	node_tick(f);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71), 1);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x72), 1);
	assert_non_null(node_effect(f, GS_EFFECT_NONCE));
	node_tick(f);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71) + node_count(f, GS_EFFECT_SEND, 0x72), 0);
	assert_int_equal(node_count(f, GS_EFFECT_WATCH, 0x71), 1);
	f->now_s += f->options.resend_s;
	node_tick(f);
	assert_int_equal(node_count(f, GS_EFFECT_SEND, 0x71), 1);
}

/* What one look sent is there at the next: the endpoint takes more, and what it does not take any more is sent in smaller portions again. */
static void more_is_sent_to_an_endpoint_that_takes_it(void **state)
{
	enum { ALL = 60 };
	static const unsigned portions[] = {8, 16, 32};
	struct node_fixture *f = *state;
	uint64_t there = NODE_FIRST_NONCE;

	f->options.fees.bump_blocks = 1000;
	node_txs_reopen(f);
	node_deposit(f, 1000);
	for (unsigned i = 0; i < ALL; i++) {
		node_wrong_claim(f, 1 + i);
		node_sign_at(f, (uint8_t)(0x71 + i), 80, 8);
	}
	f->now_s += f->options.resend_s;
	for (size_t i = 0; i < GS_ARRAY_LEN(portions); i++) {
		node_tick(f);
		assert_int_equal(of_kind(f, GS_EFFECT_SEND), portions[i]);
		there += portions[i];
		node_nonce_is(f, there);
		f->now_s++;
	}
	f->now_s += 10 * f->options.resend_s;
	node_tick(f);
	node_nonce_is(f, NODE_FIRST_NONCE + 20); /* it took only so many */
	f->now_s += 10 * f->options.resend_s;
	node_tick(f);
	assert_int_equal(of_kind(f, GS_EFFECT_SEND), GS_NODE_LINES_AT_ONCE);
}

/* A challenge, 0x71, waits with the first nonce, and its claim is settled; another one is due. */
static void leave_a_dead_one(struct node_fixture *f)
{
	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_of_claim(f, &gs_claims_event_invalidated, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_wrong_claim(f, 2);
}

static void assert_takes_over(const struct node_fixture *f, uint64_t nonce, uint64_t least_fee, uint64_t least_tip)
{
	const struct gs_node_effect *e = node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE);

	assert_non_null(e);
	assert_int_equal(e->nonce, nonce);
	assert_true(e->replaces);
	assert_false(e->keeps);
	assert_int_equal(e->gas, 0); /* it is tried, as whatever is signed for the first time */
	assert_true(gs_wei_cmp(e->least_fee, gs_wei_from_u64(least_fee)) >= 0);
	assert_true(gs_wei_cmp(e->least_tip, gs_wei_from_u64(least_tip)) >= 0);
}

static void assert_next_nonce(const struct node_fixture *f, uint64_t nonce)
{
	const struct gs_node_effect *e = node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE);

	assert_non_null(e);
	assert_int_equal(e->nonce, nonce);
	assert_false(e->replaces);
	assert_true(gs_u256_is_zero(&e->least_fee.v));
}

/* What is due does not wait behind what nobody wants any more: it takes its nonce, and nothing is taken back besides. */
static void what_is_due_takes_a_dead_ones_nonce(void **state)
{
	struct node_fixture *f = *state;

	leave_a_dead_one(f);
	assert_takes_over(f, NODE_FIRST_NONCE, 90, 9);
	node_sign_at(f, 0x72, 95, 9);
	node_txs_reopen(f);
	assert_int_equal(node_summary_of(f).pending_txs, 1); /* one line */
	node_blocks(f, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_receipt_of(f, 0x72, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	node_blocks(f, 2 * NODE_BUMP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_wrong_claim(f, 3);
	assert_next_nonce(f, NODE_FIRST_NONCE + 1);
}

/* The dead one was mined all the same: what took its nonce is planned again, and mined with the next one. */
static void what_a_dead_one_displaces_is_planned_again(void **state)
{
	struct node_fixture *f = *state;

	leave_a_dead_one(f);
	node_sign_at(f, 0x72, 95, 9);
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, false, 1);
	node_tick(f);
	assert_next_nonce(f, NODE_FIRST_NONCE + 1);
	node_sign_at(f, 0x73, 80, 8);
	node_receipt_of(f, 0x73, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
	node_blocks(f, 2 * NODE_BUMP);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* On another branch the claim is open: the call that was dead is wanted again, and displaced. It gets a nonce of its own. */
static void a_dead_one_that_lives_again_is_planned_again(void **state)
{
	struct node_fixture *f = *state;

	node_wrong_claim(f, 1);
	node_sign_at(f, 0x71, 80, 8);
	node_wrong_claim(f, 2);
	const struct gs_head fork = f->head;
	node_refuse(f, GS_REFUSED_ENDPOINT);
	node_of_claim(f, &gs_claims_event_invalidated, 1);
	f->now_s += 2;
	node_tick(f);
	assert_takes_over(f, NODE_FIRST_NONCE, 90, 9);
	node_sign_at(f, 0x72, 95, 9);
	other_branch(f, fork, 2);
	node_tick(f);
	node_receipt_of(f, 0x72, true, 1);
	node_tick(f);
	assert_next_nonce(f, NODE_FIRST_NONCE + 1);
	node_sign_at(f, 0x73, 80, 8);
	node_receipt_of(f, 0x73, true, 1);
	assert_int_equal(node_summary_of(f).pending_txs, 0);
}

/* Where the nonce cannot be had, the call gets the next one at once: the dead one is mined already, or displacing it costs more than the cap. */
static void what_cannot_be_taken_over_is_left(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input kept = {.kind = GS_INPUT_KEPT};

	leave_a_dead_one(f);
	node_feed(f, &kept);
	assert_next_nonce(f, NODE_FIRST_NONCE + 1);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	f->now_s += 2;
	node_tick(f); /* at the next look, again */
	assert_takes_over(f, NODE_FIRST_NONCE, 90, 9);
	node_refuse(f, GS_REFUSED_CAP);
	assert_next_nonce(f, NODE_FIRST_NONCE + 1);
	node_sign_at(f, 0x72, 80, 8);
	assert_int_equal(node_summary_of(f).pending_txs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(receipts_come_before_refusals, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_filled, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_remembered_at_a_restart, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_filled_beside_replacements, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_gap_comes_before_what_waits_behind_it, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(the_lowest_are_looked_for, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(more_is_sent_to_an_endpoint_that_takes_it, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_an_endpoint_has_is_not_sent_to_it, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_all_wait_for_is_sent_again_sooner, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_gas_costs_is_asked_once, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_silent_endpoint_is_asked_once_what_gas_costs, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(only_the_first_outbids_what_gas_costs, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_new_is_signed_before_others_are_looked_for, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(an_old_endpoint_shows_no_gap, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_nonce_that_is_free_again_is_used, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_a_mined_filler_displaces_is_planned_again, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_lost_with_a_filler_is_planned_again, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_a_reorganisation_drops_is_sent_at_once, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_due_takes_a_dead_ones_nonce, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_a_dead_one_displaces_is_planned_again, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(a_dead_one_that_lives_again_is_planned_again, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_taken_over_is_left, node_txs_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
