/* The node's core in games, fed by hand: what a challenge may cost, who closes what, and whose money is where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"

enum { OTHER = 7 };

static struct gs_u256 number(uint64_t v)
{
	return gs_u256_from_u64(v);
}

static struct gs_game_state state_of(uint64_t claim, uint8_t challenger, uint16_t ordinal, uint64_t deadline_s)
{
	return (struct gs_game_state){.claim = node_claim(claim),
	                              .claimant = node_address(NODE_CLAIMANT),
	                              .challenger = node_address(challenger),
	                              .ordinal = ordinal,
	                              .units = (uint16_t)(1 + ordinal),
	                              .phase = GS_PHASE_COMMIT,
	                              .deadline = deadline_s,
	                              .claimant_left = 100,
	                              .challenger_left = 100};
}

/* The words of an event about this state, from a on. */
static void words_of(const struct gs_game_state *state, struct gs_u256 *out)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];

	gs_game_state_encode(state, words);
	for (unsigned i = 0; i + 1 < GS_GAME_STATE_WORDS; i++)
		out[i] = gs_u256_from_be(words + 32 * (i + 1));
}

static void open_game(struct node_fixture *f, uint64_t claim, uint8_t challenger, uint16_t ordinal, uint64_t deadline_s)
{
	const struct gs_hash topics[] = {gs_disputes_event_opened, node_claim(claim), node_word_of(challenger)};
	const struct gs_game_state state = state_of(claim, challenger, ordinal, deadline_s);
	struct gs_u256 words[GS_GAME_STATE_WORDS];

	words_of(&state, words);
	node_log(f, &f->options.contracts.disputes, topics, 3, words, 2);
}

/* The claimant has committed: the challenger's turn. */
static void commit(struct node_fixture *f, uint64_t claim, uint8_t challenger, uint64_t deadline_s)
{
	const struct gs_hash topics[] = {gs_disputes_event_revealed, node_claim(claim)};
	struct gs_game_state state = state_of(claim, challenger, 0, deadline_s);
	struct gs_u256 words[8];

	state.phase = GS_PHASE_SELECT;
	state.move = 1;
	state.depth = 7;
	state.node = node_hash(0x62);
	words_of(&state, words);
	words[3] = number(4 * 32); /* the bytes lie behind a, b, n and this */
	words[4] = number(64);
	words[5] = words[6] = number(1);
	node_log(f, &f->options.contracts.disputes, topics, 2, words, 7);
}

static void game_over(struct node_fixture *f, uint64_t claim, uint8_t challenger, uint16_t ordinal,
                      enum gs_game_outcome outcome)
{
	const struct gs_hash over[] = {gs_disputes_event_game_over, node_claim(claim), node_word_of(challenger)};
	const struct gs_hash invalid[] = {gs_claims_event_invalidated, node_claim(claim)};
	const struct gs_u256 words[] = {number(ordinal), number(outcome), number(GS_REASON_STEP), number(0)};

	if (outcome == GS_GAME_CHALLENGER_WON)
		node_log(f, &f->options.contracts.claims, invalid, 2, NULL, 0);
	node_log(f, &f->options.contracts.disputes, over, 3, words, 4);
}

static bool closes(const struct node_fixture *f)
{
	return node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CLOSE) != NULL;
}

static bool challenges(const struct node_fixture *f)
{
	return node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_CHALLENGE) != NULL;
}

/* Whether a turn is over is for the chain's clock to say. */
static void a_fast_clock_gives_nothing_up(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 0x51, 8, 3);
	node_executed(f, 0x51, true, node_hash(0x33), node_hash(0x33));
	f->now_s = NODE_WINDOW_END_S + 2000; /* the chain is at NODE_START_S, and a little */
	open_game(f, 0x51, NODE_SELF, 0, NODE_WINDOW_END_S + 1000);
	commit(f, 0x51, NODE_SELF, NODE_WINDOW_END_S + 1000);
	assert_non_null(node_effect(f, GS_EFFECT_EXECUTE)); /* to answer, it wants its trace back */
	f->head.time.unix_s = NODE_WINDOW_END_S + 1000;
	node_executed(f, 0x51, false, node_hash(0), node_hash(0));
	f->now_s += 10 * GS_NODE_RETRY_S;
	node_block(f, 0x11, NULL, 0);
	assert_null(node_effect(f, GS_EFFECT_EXECUTE)); /* over */
}

/* What an earlier game has won, a later one cannot win: its challenger gets its bond back by closing it. */
static void a_later_game_is_closed(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	open_game(f, 1, OTHER, 0, NODE_WINDOW_END_S);
	open_game(f, 1, NODE_SELF, 1, NODE_WINDOW_END_S);
	assert_false(closes(f));
	game_over(f, 1, OTHER, 0, GS_GAME_CHALLENGER_WON);
	assert_true(closes(f));
}

/* A game before the one that won may still take its place: it goes on. */
static void an_earlier_game_goes_on(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	open_game(f, 1, NODE_SELF, 0, NODE_WINDOW_END_S);
	open_game(f, 1, OTHER, 1, NODE_WINDOW_END_S);
	game_over(f, 1, OTHER, 1, GS_GAME_CHALLENGER_WON);
	assert_false(closes(f));
	f->now_s = NODE_WINDOW_END_S + 1; /* the claimant's clock has run out */
	node_tick(f);
	assert_non_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_TIMEOUT));
}

/* The prize waits for the other games to end. Who plays them is left time to do that. */
static void the_winner_ends_what_is_left(void **state)
{
	struct node_fixture *f = *state;

	node_post(f, 1, NODE_CLAIMANT, 3);
	open_game(f, 1, NODE_SELF, 0, NODE_WINDOW_END_S);
	open_game(f, 1, OTHER, 1, NODE_WINDOW_END_S);
	game_over(f, 1, NODE_SELF, 0, GS_GAME_CHALLENGER_WON);
	assert_false(closes(f));
	f->now_s = f->head.time.unix_s + GS_NODE_FINALISE_GRACE_S;
	node_tick(f);
	assert_false(closes(f));
	f->now_s++;
	node_tick(f);
	assert_true(closes(f));
}

static void the_bond_rises_with_the_games(void **state)
{
	struct node_fixture *f = *state;
	const unsigned affordable = NODE_STAKE / NODE_BOND - 1; /* games that may be open */

	node_post(f, 1, NODE_CLAIMANT, 3);
	for (uint16_t n = 0; n <= affordable; n++)
		open_game(f, 1, OTHER, n, NODE_WINDOW_END_S);
	node_executed(f, 1, true, node_hash(0x33), node_hash(0x33));
	assert_false(challenges(f));
	game_over(f, 1, OTHER, 0, GS_GAME_CLAIMANT_WON);
	assert_true(challenges(f));
	node_sign(f, 0x77);
	/* all of the stake is spoken for until that is mined */
	node_post(f, 2, NODE_CLAIMANT, 3);
	node_executed(f, 2, true, node_hash(0x33), node_hash(0x33));
	assert_false(challenges(f));
	node_deposit(f, NODE_BOND - 1);
	assert_false(challenges(f));
	node_deposit(f, 1);
	assert_true(challenges(f));
}

/* Neither side of a game may be there any more: who has a stake on the claim ends it, once they have had time to. */
static void a_game_of_a_claim_with_our_stake_is_ended(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_u256 words[] = {number(5), number(7)}; /* commitment, stake */

	node_post(f, 1, NODE_CLAIMANT, 3);
	node_post(f, 2, NODE_CLAIMANT, 3);
	open_game(f, 1, OTHER, 0, NODE_WINDOW_END_S);
	open_game(f, 2, OTHER, 0, NODE_WINDOW_END_S);
	const struct gs_hash topics[] = {gs_duties_event_attested_claim, node_claim(2), node_word_of(NODE_SELF)};
	node_log(f, &f->options.contracts.duties, topics, 3, words, 2);
	f->now_s = NODE_WINDOW_END_S + GS_NODE_FINALISE_GRACE_S;
	node_tick(f);
	assert_null(node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_TIMEOUT));
	f->now_s++;
	node_tick(f);
	const struct gs_node_effect *e = node_prepare(f, &f->options.contracts.disputes, GS_DISPUTES_FN_TIMEOUT);
	struct gs_claim_body body;
	uint8_t terms[GS_CLAIM_TERMS_WORDS * 32];
	assert_non_null(e);
	node_body(2, NODE_CLAIMANT, 3, &body);
	gs_claim_terms_encode(&body, terms);
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr + 4, terms, sizeof(terms));
	node_sign(f, 0x77);
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* the other game keeps nothing of ours waiting */
}

/* Of a void model nothing can be won or lost: the claimant takes its bond back, whoever plays about it too. */
static void claims_of_a_void_model_are_released(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash voided[] = {gs_models_event_voided, node_hash(NODE_MODEL), node_word_of(OTHER)};
	const struct gs_hash released[] = {gs_claims_event_released, {{0}}};
	struct gs_hash topics[2];
	const struct gs_u256 rule = number(3);
	struct gs_claim_body body;
	uint8_t words[GS_CLAIM_BODY_WORDS * 32];
	const struct gs_node_effect *e;

	node_post(f, 1, NODE_SELF, 3);
	node_post(f, 2, NODE_CLAIMANT, 3);
	node_log(f, &f->options.contracts.models, voided, 3, &rule, 1);
	e = node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_RELEASE);
	assert_non_null(e);
	node_body(1, NODE_SELF, 3, &body);
	gs_claim_body_encode(&body, words);
	assert_int_equal(gs_node_effect_data(&f->effects, e).len, 4 + sizeof(words));
	assert_memory_equal(gs_node_effect_data(&f->effects, e).ptr + 4, words, sizeof(words));
	node_sign(f, 0x77);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* the other claim is its claimant's to release */
	memcpy(topics, released, sizeof(topics));
	topics[1] = node_claim(2);
	node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
	f->now_s = NODE_WINDOW_END_S + 100;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* and cannot become final */
}

static struct gs_model_record model_of(struct node_fixture *f)
{
	const struct gs_hash id = node_hash(NODE_MODEL);
	struct gs_journal j = {.store = &f->store};
	struct gs_model_record out;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &j.txn, NULL), GS_OK);
	assert_int_equal(gs_facts_model(&j, &id, &out), GS_OK);
	f->store.abort(j.txn);
	return out;
}

/* Who registers a retired model again answers for it from then on; what was attested still is. */
static void a_retired_model_is_taken_over(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash attested[] = {gs_models_event_attested, node_hash(NODE_MODEL), node_word_of(OTHER)};
	const struct gs_hash retired[] = {gs_models_event_retired, node_hash(NODE_MODEL)};
	const struct gs_u256 amounts[] = {number(3), number(8)}; /* more, total */
	const struct gs_address first = node_address(NODE_REGISTRANT), second = node_address(OTHER);
	struct gs_model_record model;

	node_log(f, &f->options.contracts.models, attested, 3, amounts, 2);
	node_log(f, &f->options.contracts.models, retired, 2, NULL, 0);
	model = model_of(f);
	assert_true(model.retired);
	assert_memory_equal(&model.registrant, &first, sizeof(first));
	node_register(f, OTHER);
	model = model_of(f);
	assert_false(model.retired);
	assert_memory_equal(&model.registrant, &second, sizeof(second));
	assert_true(gs_wei_cmp(model.attested, (struct gs_wei){number(8)}) == 0);
}

static struct gs_account account_of(struct node_fixture *f, uint8_t account)
{
	const struct gs_address address = node_address(account);
	struct gs_journal j = {.store = &f->store};
	struct gs_account out;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &j.txn, NULL), GS_OK);
	assert_int_equal(gs_facts_account(&j, &address, &out), GS_OK);
	f->store.abort(j.txn);
	return out;
}

static void stake_log(struct node_fixture *f, const struct gs_hash *topic, uint8_t first, int second,
                      const struct gs_u256 *words, size_t count)
{
	const struct gs_hash topics[] = {*topic, node_word_of(first), node_word_of((uint8_t)second)};

	node_log(f, &f->options.contracts.stakes, topics, second < 0 ? 2 : 3, words, count);
}

/* Every way that money takes between accounts, as Stakes tells it. */
static void the_ledger_follows_the_money(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_u256 sixty = number(60), ten = number(10), five = number(5);
	const struct gs_u256 slashed[] = {number(20), number(8), number(12),
	                                  number(4)}; /* loss, burned, gain, released */
	struct gs_account own, other;

	stake_log(f, &gs_stakes_event_locked, NODE_SELF, -1, &sixty, 1);
	stake_log(f, &gs_stakes_event_paid, NODE_SELF, OTHER, &ten, 1);
	stake_log(f, &gs_stakes_event_locked, OTHER, -1, &five, 1);
	own = account_of(f, NODE_SELF);
	other = account_of(f, OTHER);
	assert_int_equal(own.free.v.limb[0], 40);
	assert_int_equal(own.locked.v.limb[0], 50);
	assert_int_equal(other.free.v.limb[0], 5);
	assert_int_equal(other.locked.v.limb[0], 5);
	stake_log(f, &gs_stakes_event_slashed, NODE_SELF, OTHER, slashed, 4);
	own = account_of(f, NODE_SELF);
	other = account_of(f, OTHER);
	assert_int_equal(own.free.v.limb[0], 40);
	assert_int_equal(own.locked.v.limb[0], 30);
	assert_int_equal(other.free.v.limb[0], 5 + 12 + 4);
	assert_int_equal(other.locked.v.limb[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_fast_clock_gives_nothing_up, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_later_game_is_closed, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_retired_model_is_taken_over, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(an_earlier_game_goes_on, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_game_of_a_claim_with_our_stake_is_ended, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(claims_of_a_void_model_are_released, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_bond_rises_with_the_games, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_ledger_follows_the_money, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_winner_ends_what_is_left, node_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
