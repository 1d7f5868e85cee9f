/* Two nodes play a dispute off chain: one executed a program rightly, the other wrongly. What one says is handed to the other here, or is not,
 * or is something else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "simulations/liar.h"
#include "tests/generator/generator.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/talk_record.h"

enum { PATIENCE_S = 20, BUDGET_S = 1000, REGISTRANT = 7 };

struct party {
	struct node_fixture *f;
	struct gs_key key;
	struct gs_sim_execution execution;
	struct gs_prover prover;
};

struct dispute {
	struct gs_program program;
	struct gs_buf inputs;
	struct gs_commitments common;
	struct party claimant, challenger;
	struct gs_claim_body body;
	struct gs_hash claim, game;
	struct gs_game_state opened;
};

static const struct gs_prover *prover_of(void *self, const struct gs_hash *claim)
{
	(void)claim;
	return &((struct party *)self)->prover;
}

static enum gs_err sign(void *self, const struct gs_typed *what, struct gs_signature *out)
{
	struct gs_hash digest;
	assert_int_equal(gs_typed_digest(what, &digest, NULL), GS_OK);
	return gs_key_sign(&((struct party *)self)->key, &digest, out, NULL);
}

static void reopen(struct party *p)
{
	gs_node_close(p->f->node);
	node_open(p->f);
}

static struct gs_hash word_of(const struct gs_address *address)
{
	struct gs_hash word = {{0}};

	memcpy(word.b + 12, address->b, 20);
	return word;
}

static void join(struct dispute *d, struct party *p, uint8_t secret, bool defend)
{
	void *state;
	uint8_t bytes[32];

	node_set_up(&state);
	p->f = state;
	memset(bytes, secret, sizeof(bytes));
	assert_int_equal(gs_key_from_secret(bytes, &p->key, NULL), GS_OK);
	p->prover = gs_sim_prover(&p->execution);
	p->f->surroundings = (struct gs_node_surroundings){p, prover_of, sign};
	p->f->options.contracts.chain_id = 31337;
	p->f->options.self = p->key.address;
	p->f->options.validate = !defend;
	p->f->options.defend = defend;
	p->f->options.claimant_budget_s = p->f->options.challenger_budget_s = BUDGET_S;
	p->f->options.talk = true;
	p->f->options.talk_patience_s = PATIENCE_S;
	reopen(p);
	node_register_as(p->f, REGISTRANT, &d->program.header);
	const struct gs_hash topics[] = {gs_stakes_event_deposited, word_of(&p->key.address)};
	const struct gs_u256 stake = gs_u256_from_u64(NODE_STAKE);
	node_log(p->f, &p->f->options.contracts.stakes, topics, 2, &stake, 1);
}

static void post(const struct dispute *d, struct party *p)
{
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70), .window_s = 60, .version = 3};
	const struct gs_hash topics[] = {gs_claims_event_posted, d->claim, word_of(&d->body.claimant),
	                                 d->body.model_id};
	struct gs_log_entry log = {.address = p->f->options.contracts.claims, .topic_count = 4};
	struct gs_abi_writer w;
	struct gs_u256 word;
	struct gs_buf data;

	gs_terms_encode(&terms, &word);
	memcpy(log.topics, topics, sizeof(topics));
	gs_buf_init(&data, 4096);
	gs_abi_begin(&w, &data, 8);
	gs_abi_put_hash(&w, &d->body.input_root);
	gs_abi_put_hash(&w, &d->body.output_root);
	gs_abi_put_u256(&w, &d->body.lot);
	gs_abi_put_hash(&w, &d->body.batch);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, NODE_WINDOW_END_S);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	log.data = gs_buf_view(&data);
	node_block(p->f, 0x11, &log, 1);
	gs_buf_free(&data);
}

static void computed(const struct dispute *d, struct party *p)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};

	in.as.executed.claim = d->claim;
	in.as.executed.computed = true;
	gs_trace_output_root(&p->execution.trace, &d->program.header, &in.as.executed.output_root);
	if (p == &d->challenger) /* a lie inside that does not reach the output is no case: the verdict is given here */
		in.as.executed.output_root.b[0] ^= 1;
	in.as.executed.reference_root = in.as.executed.output_root;
	node_feed(p->f, &in);
}

/* The state after a move, as Disputes announces it: a and b, or all six words and the trace root. */
static void announce(const struct dispute *d, struct party *p, const struct gs_hash *topic,
                     const struct gs_game_state *state, size_t first, size_t count, const struct gs_hash *more)
{
	const struct gs_hash topics[] = {*topic, d->claim, word_of(&d->challenger.key.address)};
	struct gs_u256 words[8];
	uint8_t bytes[GS_GAME_STATE_WORDS * 32];

	gs_game_state_encode(state, bytes);
	for (size_t i = 0; i < count; i++)
		words[i] = gs_u256_from_be(bytes + (first + i) * 32);
	if (more)
		words[count++] = gs_u256_from_be(more->b);
	node_log(p->f, &p->f->options.contracts.disputes, topics, more ? 2 : 3, words, count);
}

static int set_up(void **state)
{
	struct dispute *d = calloc(1, sizeof(*d));
	const struct gs_u256 salt = gs_u256_from_u64(1);
	struct gs_game_rules rules;
	struct gs_sim_execution *honest = &d->challenger.execution, *wrong = &d->claimant.execution;
	struct gs_game game;
	struct gs_rng rng;

	gs_buf_init(&d->inputs, 1 << 24);
	assert_int_equal(gs_generate_fixture(14, 4096, &d->program, NULL), GS_OK);
	assert_int_equal(gs_generate_inputs(1, &d->program, &d->inputs), GS_OK);
	assert_int_equal(gs_commitments_build(&d->program, d->inputs.ptr, &d->common), GS_OK);
	assert_int_equal(gs_sim_execute(&d->common, honest), GS_OK);
	gs_rng_seed(&rng, 1);
	do { /* until the lie is in a sum: the longest kind of game */
		gs_sim_execution_free(wrong);
		assert_int_equal(gs_sim_execute_wrongly(honest, &rng, wrong), GS_OK);
	} while (!wrong->states);
	join(d, &d->claimant, 1, true);
	join(d, &d->challenger, 2, false);
	d->body = (struct gs_claim_body){.lot = gs_claim_lot(&salt, gs_wei_from_u64(3)),
	                                 .claimant = d->claimant.key.address,
	                                 .model_id = node_hash(NODE_MODEL)};
	gs_merkle_root(&d->common.inputs_tree, &d->body.input_root);
	gs_trace_output_root(&wrong->trace, &d->program.header, &d->body.output_root);
	gs_claim_id(31337, &d->claimant.f->options.contracts.claims, &d->body, &d->claim);
	rules = (struct gs_game_rules){.header = &d->program.header,
	                               .body = d->body,
	                               .claimant_budget_s = BUDGET_S,
	                               .challenger_budget_s = BUDGET_S,
	                               .minimum_time_s = 10};
	gs_game_open(&game, &rules, &d->claim, &d->challenger.key.address, 0, 1, NODE_START_S);
	d->opened = game.state;
	gs_game_id(&d->claim, 0, &d->game);
	for (int i = 0; i < 2; i++) {
		struct party *p = i ? &d->claimant : &d->challenger;
		post(d, p);
		if (p == &d->challenger) {
			computed(d, p);
			node_sign(p->f, 0x70); /* its challenge */
		}
		announce(d, p, &gs_disputes_event_opened, &d->opened, 1, 2, NULL);
	}
	*state = d;
	return 0;
}

static void leave(struct party *p)
{
	void *state = p->f;

	gs_sim_execution_free(&p->execution);
	node_tear_down(&state);
}

static int tear_down(void **state)
{
	struct dispute *d = *state;

	leave(&d->claimant);
	leave(&d->challenger);
	gs_commitments_free(&d->common);
	gs_buf_free(&d->inputs);
	gs_program_free(&d->program);
	free(d);
	return 0;
}

/* What the party has just said, copied; false: nothing. */
static bool said(struct party *p, struct gs_buf *out)
{
	const struct gs_node_effect *e = node_effect(p->f, GS_EFFECT_TELL);
	struct gs_bytes bytes;

	gs_buf_init(out, GS_TALK_BYTES_MAX);
	if (!e)
		return false;
	bytes = gs_node_effect_data(&p->f->effects, e);
	gs_buf_append(out, bytes.ptr, bytes.len);
	return true;
}

static void told(struct party *p, struct gs_bytes bytes)
{
	struct gs_node_input in = {.kind = GS_INPUT_TOLD, .as.told = bytes};

	node_feed(p->f, &in);
}

static struct gs_talk_record *record(const struct dispute *d, struct party *p)
{
	struct gs_talk_record *out = malloc(sizeof(*out));
	struct gs_journal j;

	assert_int_equal(gs_journal_begin(&p->f->store, p->f->head.number, &j, NULL), GS_OK);
	assert_int_equal(gs_talk_load(&j, &d->game, out), GS_OK);
	gs_journal_abort(&j);
	return out;
}

static unsigned move_of(const struct dispute *d, struct party *p)
{
	struct gs_talk_record *r = record(d, p);
	const unsigned move = r->mirror.game.state.move & 127;

	free(r);
	return move;
}

/* The claimant finds its claim right, by its own execution, and says its first move. */
static void first_move(struct dispute *d, struct gs_buf *out)
{
	computed(d, &d->claimant);
	assert_true(said(&d->claimant, out));
}

/* Says and hears until `moves` were made; what the last mover said is in *out. */
static struct party *talk(struct dispute *d, unsigned moves, struct gs_buf *out)
{
	struct party *listener = &d->challenger;
	struct gs_buf next;

	first_move(d, out);
	for (unsigned i = 1; i < moves; i++) {
		told(listener, gs_buf_view(out));
		assert_true(said(listener, &next));
		gs_buf_free(out);
		*out = next;
		listener = listener == &d->challenger ? &d->claimant : &d->challenger;
	}
	return listener;
}

static const struct gs_node_effect *agreeing(const struct party *p)
{
	return node_prepare(p->f, &p->f->options.contracts.disputes, GS_DISPUTES_FN_AGREE);
}

/* from and to of the call, and whether the contract would take it. */
static struct gs_game_state agreed_state(const struct dispute *d, struct party *p)
{
	const struct gs_node_effect *e = agreeing(p);
	const struct gs_agreed_terms terms = {.chain_id = 31337,
	                                      .disputes = p->f->options.contracts.disputes,
	                                      .budgets_s = 2 * BUDGET_S,
	                                      .now = p->f->now_s};
	struct gs_game_state from;
	struct gs_agreed to;
	struct gs_signature *signature[] = {&to.claimant, &to.challenger};
	struct gs_abi_reader r;
	struct gs_bytes data;

	assert_non_null(e);
	data = gs_node_effect_data(&p->f->effects, e);
	r = gs_abi_read((struct gs_bytes){data.ptr + 4, data.len - 4});
	for (int i = 0; i < 12; i++)
		(void)gs_abi_get_hash(&r);
	assert_int_equal(gs_game_state_decode((struct gs_bytes){data.ptr + 4, 192}, &from), GS_OK);
	assert_int_equal(gs_game_state_decode((struct gs_bytes){data.ptr + 196, 192}, &to.state), GS_OK);
	assert_int_equal(from.move, d->opened.move);
	to.trace_root = gs_abi_get_hash(&r);
	for (int i = 0; i < 2; i++) {
		const struct gs_bytes bytes = gs_abi_get_bytes(&r);
		assert_int_equal(bytes.len, 65);
		memcpy(signature[i]->r, bytes.ptr, 32);
		memcpy(signature[i]->s, bytes.ptr + 32, 32);
		signature[i]->y_parity = bytes.ptr[64] - 27;
	}
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, NULL), GS_OK);
	return to.state;
}

/* --- */

static void a_dispute_is_played_off_chain(void **state)
{
	struct dispute *d = *state;
	struct party *listener = &d->challenger;
	struct gs_buf bytes, next;
	struct gs_game_state to;
	unsigned moves = 1;

	first_move(d, &bytes);
	for (;; moves++) {
		told(listener, gs_buf_view(&bytes));
		gs_buf_free(&bytes);
		if (!said(listener, &next))
			break;
		bytes = next;
		listener = listener == &d->challenger ? &d->claimant : &d->challenger;
	}
	/* the challenger's last selection comes with its proof, on chain, on top of what both have signed */
	assert_ptr_equal(listener, &d->challenger);
	to = agreed_state(d, &d->challenger);
	assert_int_equal(to.move, GS_GAME_AGREED_MOVE | moves);
	assert_true(moves >= 9);
	assert_int_equal(to.phase, GS_PHASE_SEGMENT);
	node_sign(d->challenger.f, 0x71);
	/* the chain has it: what was shown off chain is remembered, and the game ends there */
	struct gs_talk_record *r = record(d, &d->challenger);
	announce(d, &d->challenger, &gs_disputes_event_agreed, &to, 1, 5, &r->newest.trace_root);
	free(r);
	assert_non_null(node_prepare(d->challenger.f, &d->challenger.f->options.contracts.disputes,
	                             GS_DISPUTES_FN_SELECT_SEGMENT_AND_PROVE));
}

/* One bit of a message changed, wherever: not taken, and nothing signed. The message itself is, afterwards. */
static void a_changed_message_is_not_taken(void **state)
{
	struct dispute *d = *state;
	struct gs_buf bytes, answer;
	struct party *listener = talk(d, 3, &bytes);
	const unsigned before = move_of(d, listener);
	struct gs_rng rng;

	gs_rng_seed(&rng, 9);
	for (size_t i = 0; i < bytes.len; i += i < 180 ? 1 : 7) {
		const uint8_t bit = (uint8_t)(1 << gs_rng_below(&rng, 8));
		bytes.ptr[i] ^= bit;
		told(listener, gs_buf_view(&bytes));
		assert_null(agreeing(listener));
		bytes.ptr[i] ^= bit;
		assert_int_equal(move_of(d, listener), before);
	}
	told(listener, gs_buf_view(&bytes));
	assert_true(said(listener, &answer));
	assert_int_equal(move_of(d, listener), before + 2);
	gs_buf_free(&answer);
	gs_buf_free(&bytes);
}

/* The same move signed by somebody else, or for another contract, or said by the wrong side. */
static void a_signature_is_looked_at(void **state)
{
	struct dispute *d = *state;
	struct gs_talk *talk = calloc(1, sizeof(*talk));
	struct gs_talk_record *r;
	struct gs_buf bytes, forged;
	struct gs_address elsewhere = {{9}};

	first_move(d, &bytes);
	assert_int_equal(gs_talk_decode(gs_buf_view(&bytes), talk), GS_OK);
	r = record(d, &d->claimant); /* the state that the claimant signed */
	for (int i = 0; i < 2; i++) {
		const struct gs_key *key = i ? &d->claimant.key : &d->challenger.key;
		const struct gs_address *disputes = i ? &elsewhere : &d->claimant.f->options.contracts.disputes;
		assert_int_equal(gs_agreed_sign(31337, disputes, key, &r->mirror.game.state, &r->mirror.game.trace_root,
		                                &talk->signature, NULL),
		                 GS_OK);
		gs_buf_init(&forged, GS_TALK_BYTES_MAX);
		gs_talk_encode(talk, &forged);
		told(&d->challenger, gs_buf_view(&forged));
		assert_int_equal(move_of(d, &d->challenger), 0);
		gs_buf_free(&forged);
	}
	told(&d->challenger, gs_buf_view(&bytes));
	assert_int_equal(move_of(d, &d->challenger), 2);
	gs_buf_free(&bytes);
	free(r);
	free(talk);
}

/* What was said before, what the node said itself, what is about a game that is none: nothing. */
static void old_and_foreign_messages_do_nothing(void **state)
{
	struct dispute *d = *state;
	struct gs_buf first, second, third;

	first_move(d, &first);
	told(&d->challenger, gs_buf_view(&first));
	assert_true(said(&d->challenger, &second));
	told(&d->challenger, gs_buf_view(&first));
	told(&d->challenger, gs_buf_view(&second));
	assert_int_equal(move_of(d, &d->challenger), 2);
	told(&d->claimant, gs_buf_view(&first));
	told(&d->claimant, gs_buf_view(&second));
	assert_true(said(&d->claimant, &third));
	told(&d->claimant, gs_buf_view(&second));
	assert_int_equal(move_of(d, &d->claimant), 3);
	third.ptr[9] ^= 1; /* of the game's id */
	told(&d->challenger, gs_buf_view(&third));
	assert_int_equal(move_of(d, &d->challenger), 2);
	gs_buf_free(&first);
	gs_buf_free(&second);
	gs_buf_free(&third);
}

/* A process that dies says the same again afterwards, byte for byte: one answer to one state. */
static void a_restart_says_the_same(void **state)
{
	struct dispute *d = *state;
	struct gs_buf bytes, again;
	struct party *listener = talk(d, 4, &bytes);
	struct party *speaker = listener == &d->challenger ? &d->claimant : &d->challenger;

	speaker->f->now_s += 3;
	reopen(speaker);
	node_tick(speaker->f);
	assert_true(said(speaker, &again));
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.ptr, bytes.ptr, bytes.len);
	assert_non_null(node_effect(speaker->f, GS_EFFECT_HEAR));
	reopen(listener);
	told(listener, gs_buf_view(&again));
	assert_int_equal(move_of(d, listener), 5);
	gs_buf_free(&bytes);
	gs_buf_free(&again);
}

/* Nobody answers: the newest that both signed goes on chain, and there the very move that was not answered is made. */
static void silence_goes_on_chain(void **state)
{
	struct dispute *d = *state;
	struct gs_buf bytes;
	struct party *silent = talk(d, 4, &bytes), *p = &d->challenger; /* the challenger spoke last */
	struct gs_talk *last = calloc(1, sizeof(*last));
	const struct gs_node_effect *e;
	struct gs_game_state to;
	struct gs_talk_record *r;
	struct gs_buf call;
	struct gs_bytes data;

	assert_ptr_equal(silent, &d->claimant);
	p->f->now_s += PATIENCE_S;
	node_tick(p->f);
	assert_null(agreeing(p)); /* patient to the last second */
	p->f->now_s++;
	node_tick(p->f);
	to = agreed_state(d, p);
	assert_int_equal(to.move, GS_GAME_AGREED_MOVE | 3);
	node_sign(p->f, 0x71);
	assert_null(node_effect(p->f, GS_EFFECT_PREPARE)); /* nothing else before it is there */
	told(p, gs_buf_view(&bytes));
	r = record(d, p);
	assert_true(r->over);
	announce(d, p, &gs_disputes_event_agreed, &to, 1, 5, &r->newest.trace_root);
	e = node_effect(p->f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_int_equal(gs_talk_decode(gs_buf_view(&bytes), last), GS_OK);
	gs_buf_init(&call, GS_MOVE_CALLDATA_MAX);
	gs_move_calldata(&d->body, &to, &last->move, &call);
	data = gs_node_effect_data(&p->f->effects, e);
	assert_int_equal(data.len, call.len);
	assert_memory_equal(data.ptr, call.ptr, call.len);
	gs_buf_free(&call);
	gs_buf_free(&bytes);
	free(last);
	free(r);
}

/* Whoever never says a word: the game is played on chain from the start. */
static void nobody_talks(void **state)
{
	struct dispute *d = *state;
	struct gs_buf bytes;

	first_move(d, &bytes);
	d->claimant.f->now_s += PATIENCE_S + 1;
	node_tick(d->claimant.f);
	assert_non_null(
		node_prepare(d->claimant.f, &d->claimant.f->options.contracts.disputes, GS_DISPUTES_FN_COMMIT_TRACE));
	gs_buf_free(&bytes);
}

/* A peer that is gone once states were selected from: the challenger goes on chain from where they were shown, and still knows them. */
static void shown_states_outlive_a_selection(void **state)
{
	struct dispute *d = *state;
	struct party *p = &d->challenger;
	struct gs_talk_record *r;
	struct gs_game_state to;
	struct gs_buf bytes, next;

	first_move(d, &bytes);
	for (;;) {
		told(p, gs_buf_view(&bytes));
		gs_buf_free(&bytes);
		assert_true(said(p, &bytes));
		r = record(d, p);
		to = r->newest.state;
		free(r);
		if (to.phase == GS_PHASE_SEGMENT)
			break;
		told(&d->claimant, gs_buf_view(&bytes));
		assert_true(said(&d->claimant, &next));
		gs_buf_free(&bytes);
		bytes = next;
	}
	gs_buf_free(&bytes);
	p->f->now_s += PATIENCE_S + 1;
	node_tick(p->f);
	to = agreed_state(d, p);
	assert_int_equal(to.phase, GS_PHASE_SEGMENT);
	node_sign(p->f, 0x71);
	r = record(d, p);
	announce(d, p, &gs_disputes_event_agreed, &to, 1, 5, &r->newest.trace_root);
	free(r);
	assert_non_null(node_prepare(p->f, &p->f->options.contracts.disputes, GS_DISPUTES_FN_SELECT_SEGMENT));
}

/* A clock that runs against us on chain is not waited for. */
static void the_chains_clock_is_minded(void **state)
{
	struct dispute *d = *state;
	struct gs_buf bytes;

	d->claimant.f->options.talk_patience_s = 10 * BUDGET_S;
	reopen(&d->claimant);
	(void)talk(d, 3, &bytes); /* the claimant spoke last, and has the challenger's first move */
	d->claimant.f->now_s = d->opened.deadline - 11;
	node_tick(d->claimant.f);
	assert_null(node_effect(d->claimant.f, GS_EFFECT_PREPARE));
	d->claimant.f->now_s++;
	node_tick(d->claimant.f);
	assert_int_equal(agreed_state(d, &d->claimant).move, GS_GAME_AGREED_MOVE | 2);
	gs_buf_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_dispute_is_played_off_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_changed_message_is_not_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signature_is_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_and_foreign_messages_do_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_says_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_goes_on_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shown_states_outlive_a_selection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_talks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_chains_clock_is_minded, set_up, tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
