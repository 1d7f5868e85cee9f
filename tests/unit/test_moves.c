/* Calldata and events of the Disputes contract: what was encoded comes back, against layouts written down by hand from
 * docs/protocol.md, and nothing that an endpoint may send does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "chain/eth/bindings.h"
#include "challenge/game/agreed.h"

static struct gs_game_state some_state(void)
{
	struct gs_game_state s = {.phase = GS_PHASE_REVEAL,
	                          .ordinal = 5,
	                          .units = 2,
	                          .move = 3,
	                          .deadline = 1700000000,
	                          .claimant_left = 100,
	                          .challenger_left = 50,
	                          .depth = 20,
	                          .round = 2,
	                          .position = 200};
	memset(s.claim.b, 1, 32);
	memset(s.claimant.b, 3, 20);
	memset(s.challenger.b, 4, 20);
	memset(s.node.b, 5, 32);
	return s;
}

static struct gs_game_state narrowed_state(enum gs_game_phase phase)
{
	struct gs_game_state s = some_state();
	s.phase = (uint8_t)phase;
	s.round = 4;
	s.position = 70000;
	s.element = 9;
	s.low = 3;
	s.high = phase == GS_PHASE_STEP ? 3 : 8;
	s.low_value = 77;
	s.high_value = 99;
	return s;
}

static struct gs_claim_body some_body(void)
{
	struct gs_u256 index = gs_u256_from_u64(6);
	struct gs_claim_body body = {.lot = gs_claim_lot(&index, gs_wei_from_u64(1000))};
	memset(body.batch.b, 0x21, 32);
	memset(body.claimant.b, 3, 20);
	memset(body.model_id.b, 0x22, 32);
	memset(body.input_root.b, 0x23, 32);
	memset(body.output_root.b, 0x24, 32);
	return body;
}

/* ---- ids ---- */

static void expect_hex(const void *bytes, size_t len, const char *hex)
{
	char text[2 * 512 + 1];
	assert_true(len <= 512);
	gs_hex_encode(bytes, len, false, text);
	assert_string_equal(text, hex);
}

static void test_body(void **state)
{
	(void)state;
	struct gs_claim_body body = some_body(), back;
	uint8_t words[GS_CLAIM_BODY_WORDS * 32];
	gs_claim_body_encode(&body, words);
	expect_hex(words, sizeof(words),
	           "2121212121212121212121212121212121212121212121212121212121212121"
	           "00000000000000000000000000000006000000000000000000000000000003e8"
	           "0000000000000000000000000303030303030303030303030303030303030303"
	           "2222222222222222222222222222222222222222222222222222222222222222"
	           "2323232323232323232323232323232323232323232323232323232323232323"
	           "2424242424242424242424242424242424242424242424242424242424242424");
	assert_int_equal(gs_claim_body_decode(words, &back), GS_OK);
	uint8_t again[sizeof(words)];
	gs_claim_body_encode(&back, again);
	assert_memory_equal(again, words, sizeof(words));
	assert_memory_equal(back.claimant.b, body.claimant.b, 20);
	assert_int_equal(gs_claim_lot_value(&back.lot).v.limb[0], 1000);
	assert_int_equal(gs_claim_lot_index(&back.lot).limb[0], 6);
	for (unsigned i = 64; i < 76; i++) {
		words[i] = 1;
		assert_int_equal(gs_claim_body_decode(words, &back), GS_EPARSE);
		words[i] = 0;
	}
}

/* By `cast keccak $(cast abi-encode ...)`. */
static void test_ids(void **state)
{
	(void)state;
	struct gs_claim_body body = some_body();
	struct gs_address claims;
	struct gs_hash id;
	memset(claims.b, 0xd1, 20);
	gs_claim_id(31337, &claims, &body, &id);
	expect_hex(id.b, 32, "a007db6b5bf87ec1e865d5c19a657a69f4fa0c20aa0b624b62583e16e2c512d1");
	for (size_t count = 0; count <= 19; count++) { /* several at a time are the same as one by one */
		struct gs_claim_body many[19];
		struct gs_hash ids[20] = {{{0}}}, alone;
		for (size_t i = 0; i < count; i++) {
			many[i] = body;
			many[i].input_root.b[i] ^= (uint8_t)(1 + i);
		}
		gs_claim_ids(31337, &claims, many, count, ids);
		for (size_t i = 0; i < count; i++) {
			gs_claim_id(31337, &claims, &many[i], &alone);
			assert_memory_equal(ids[i].b, alone.b, 32);
		}
		assert_true(gs_hash_is_zero(&ids[count]));
	}
	gs_game_id(&body.model_id, 258, &id);
	expect_hex(id.b, 32, "aa9a68d2e23f160aaab3ea4add7fbd3520fb18ced9207b368a0210931efa6743");
}

/* ---- calls ---- */

struct words { /* a call, cut into words; each is looked at once */
	struct gs_buf data;
	size_t next;
};

static void calldata(struct words *w, const struct gs_game_state *s, const struct gs_move *move, uint32_t selector)
{
	struct gs_claim_body body = some_body();
	gs_buf_init(&w->data, GS_MOVE_CALLDATA_MAX);
	gs_move_calldata(&body, s, move, &w->data);
	assert_int_equal(w->data.err, GS_OK);
	assert_int_equal(gs_be32_read(w->data.ptr), selector);
	assert_int_equal(w->data.len % 32, 4);
	w->next = 4;
}

static const uint8_t *word(struct words *w)
{
	assert_true(w->next + 32 <= w->data.len);
	w->next += 32;
	return w->data.ptr + w->next - 32;
}

static void is_number(struct words *w, uint64_t v)
{
	uint8_t want[32] = {0};
	gs_be64_write(want + 24, v);
	assert_memory_equal(word(w), want, 32);
}

static void is_filled(struct words *w, unsigned with)
{
	uint8_t want[32];
	memset(want, (int)with, sizeof(want));
	assert_memory_equal(word(w), want, 32);
}

static void is_terms(struct words *w)
{
	struct gs_u256 lot = {{1000, 0, 6, 0}};
	uint8_t want[32];
	gs_u256_to_be(&lot, want);
	is_filled(w, 0x21);
	assert_memory_equal(word(w), want, 32);
	is_filled(w, 0x22);
	is_filled(w, 0x23);
	is_filled(w, 0x24);
}

/* Words a and b; the address of `left_out` is zero in the call. */
static void is_state(struct words *w, const struct gs_game_state *s, unsigned left_out)
{
	static const uint8_t nobody[20];
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	gs_game_state_encode(s, words);
	const uint8_t *a = word(w), *b = word(w);
	assert_memory_equal(a, left_out == GS_SIDE_CLAIMANT ? nobody : s->claimant.b, 20);
	assert_memory_equal(b, left_out == GS_SIDE_CHALLENGER ? nobody : s->challenger.b, 20);
	assert_memory_equal(a + 20, words + 32 + 20, 12);
	assert_memory_equal(b + 20, words + 64 + 20, 12);
}

static void is_word_of(struct words *w, const struct gs_game_state *s, unsigned index)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	gs_game_state_encode(s, words);
	assert_memory_equal(word(w), words + 32 * index, 32);
}

/* An offset in the head that leads to `count` bytes (or words) whose first is `first`. */
static void is_array(struct words *w, bool of_words, uint32_t count, uint8_t first)
{
	const uint8_t *head = word(w);
	size_t at = 4 + gs_be32_read(head + 28), bytes = of_words ? 32 * (size_t)count : count;
	assert_true(at + 32 + bytes <= w->data.len);
	assert_int_equal(gs_be32_read(w->data.ptr + at + 28), count);
	if (count > 0)
		assert_int_equal(w->data.ptr[at + 32], first);
}

static struct gs_move some_move(enum gs_move_kind kind)
{
	struct gs_move m = {.kind = kind,
	                    .child = 3,
	                    .slot = 7,
	                    .instruction = 70000,
	                    .segment = 2,
	                    .siblings = 2,
	                    .path_len = 4,
	                    .data_len = 20,
	                    .descriptor_len = 33,
	                    .openings_len = 128};
	memset(m.hash.b, 0x31, 32);
	memset(m.chunk, 0x32, sizeof(m.chunk));
	memset(m.sibling, 0x33, sizeof(m.sibling));
	memset(m.path, 0x34, sizeof(m.path));
	memset(m.data, 0x35, sizeof(m.data));
	memset(m.trace_root.b, 0x36, 32);
	memset(m.descriptor, 0x37, sizeof(m.descriptor));
	memset(m.openings, 0x38, sizeof(m.openings));
	return m;
}

static void is_pick(struct words *w)
{
	uint8_t want[32] = {[20] = 0x00, 0x01, 0x11, 0x70, 0, 0, 0, 7, 0, 0, 0, 3};
	assert_memory_equal(word(w), want, 32);
}

static void test_moves_of_the_descent(void **state)
{
	(void)state;
	struct words w;
	struct gs_game_state s = some_state();
	struct gs_move m = some_move(GS_MOVE_COMMIT_TRACE);
	calldata(&w, &s, &m, GS_DISPUTES_FN_COMMIT_TRACE);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CLAIMANT);
	is_array(&w, false, 20, 0x35);
	gs_buf_free(&w.data);

	m = some_move(GS_MOVE_CHALLENGE_OUTPUT);
	calldata(&w, &s, &m, GS_DISPUTES_FN_CHALLENGE_OUTPUT);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CHALLENGER);
	assert_memory_equal(word(&w), s.node.b, 32);
	gs_buf_free(&w.data);

	m = some_move(GS_MOVE_PROVE_OUTPUT);
	calldata(&w, &s, &m, GS_DISPUTES_FN_PROVE_OUTPUT);
	is_terms(&w);
	is_state(&w, &s, GS_SIDE_CLAIMANT);
	is_array(&w, true, 2, 0x33);
	gs_buf_free(&w.data);

	m = some_move(GS_MOVE_REVEAL);
	calldata(&w, &s, &m, GS_DISPUTES_FN_REVEAL);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CLAIMANT);
	is_array(&w, false, 20, 0x35);
	gs_buf_free(&w.data);

	m = some_move(GS_MOVE_SELECT);
	calldata(&w, &s, &m, GS_DISPUTES_FN_SELECT);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CHALLENGER);
	is_number(&w, 3);
	is_filled(&w, 0x31);
	is_array(&w, true, 2, 0x33);
	gs_buf_free(&w.data);

	for (unsigned proves = 0; proves < 2; proves++) {
		m = some_move(proves ? GS_MOVE_SELECT_ELEMENT_AND_PROVE : GS_MOVE_SELECT_ELEMENT);
		calldata(&w, &s, &m, proves ? GS_DISPUTES_FN_SELECT_ELEMENT_AND_PROVE : GS_DISPUTES_FN_SELECT_ELEMENT);
		is_terms(&w);
		is_state(&w, &s, GS_SIDE_CHALLENGER);
		is_pick(&w);
		is_array(&w, false, 128, 0x32);
		is_array(&w, true, 2, 0x33);
		is_array(&w, false, 33, 0x37);
		is_array(&w, true, 4, 0x34);
		if (proves) {
			is_filled(&w, 0x36);
			is_array(&w, false, 128, 0x38);
		}
		gs_buf_free(&w.data);
	}
}

static void test_moves_of_the_fold(void **state)
{
	(void)state;
	struct words w;
	struct gs_game_state s = narrowed_state(GS_PHASE_STATES);
	struct gs_move m = some_move(GS_MOVE_REVEAL_STATES);
	calldata(&w, &s, &m, GS_DISPUTES_FN_REVEAL_STATES);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CLAIMANT);
	is_filled(&w, 5);
	is_word_of(&w, &s, 4);
	is_array(&w, false, 20, 0x35);
	gs_buf_free(&w.data);

	s.phase = GS_PHASE_SEGMENT;
	memset(s.values.b, 6, 32);
	m = some_move(GS_MOVE_SELECT_SEGMENT);
	calldata(&w, &s, &m, GS_DISPUTES_FN_SELECT_SEGMENT);
	is_filled(&w, 1);
	is_state(&w, &s, GS_SIDE_CHALLENGER);
	is_filled(&w, 5);
	is_word_of(&w, &s, 4);
	is_number(&w, 2);
	is_array(&w, false, 20, 0x35);
	gs_buf_free(&w.data);

	m = some_move(GS_MOVE_SELECT_SEGMENT_AND_PROVE);
	calldata(&w, &s, &m, GS_DISPUTES_FN_SELECT_SEGMENT_AND_PROVE);
	is_terms(&w);
	is_state(&w, &s, GS_SIDE_CHALLENGER);
	is_word_of(&w, &s, 4);
	is_number(&w, 2);
	is_array(&w, false, 20, 0x35);
	is_filled(&w, 0x36);
	is_array(&w, false, 33, 0x37);
	is_array(&w, false, 128, 0x38);
	gs_buf_free(&w.data);

	s = narrowed_state(GS_PHASE_STEP);
	m = some_move(GS_MOVE_PROVE_STEP);
	calldata(&w, &s, &m, GS_DISPUTES_FN_PROVE_STEP);
	is_terms(&w);
	is_state(&w, &s, 0);
	is_word_of(&w, &s, 4);
	is_filled(&w, 0x36);
	is_array(&w, false, 33, 0x37);
	is_array(&w, false, 128, 0x38);
	gs_buf_free(&w.data);
}

static void test_moves_with_the_whole_state(void **state)
{
	(void)state;
	static const struct {
		enum gs_move_kind kind;
		uint32_t selector;
	} kinds[] = {{GS_MOVE_TIMEOUT, GS_DISPUTES_FN_TIMEOUT},
	             {GS_MOVE_CONCEDE, GS_DISPUTES_FN_CONCEDE},
	             {GS_MOVE_CLOSE, GS_DISPUTES_FN_CLOSE}};
	struct gs_game_state s = narrowed_state(GS_PHASE_SEGMENT);
	memset(s.values.b, 6, 32);
	for (size_t i = 0; i < GS_ARRAY_LEN(kinds); i++) {
		struct words w;
		struct gs_move m = some_move(kinds[i].kind);
		calldata(&w, &s, &m, kinds[i].selector);
		is_terms(&w);
		is_state(&w, &s, 0);
		for (unsigned k = 3; k < 6; k++)
			is_word_of(&w, &s, k);
		assert_int_equal(w.next, w.data.len);
		gs_buf_free(&w.data);
	}
	struct gs_claim_body body = some_body();
	struct gs_buf data;
	uint8_t words[GS_CLAIM_BODY_WORDS * 32];
	gs_buf_init(&data, 4096);
	gs_claim_body_encode(&body, words);
	gs_challenge_calldata(&body, &data);
	assert_int_equal(data.len, 4 + sizeof(words));
	assert_int_equal(gs_be32_read(data.ptr), GS_DISPUTES_FN_CHALLENGE);
	assert_memory_equal(data.ptr + 4, words, sizeof(words));
	gs_buf_free(&data);
}

/* ---- events ---- */

static const struct {
	const struct gs_hash *topic;
	enum gs_game_event_kind kind;
	unsigned topics;
	unsigned words;
	bool shown;
} FORMS[] = {{&gs_disputes_event_opened, GS_GAME_EVENT_OPENED, 3, 2, false},
             {&gs_disputes_event_revealed, GS_GAME_EVENT_REVEALED, 2, 3, true},
             {&gs_disputes_event_selected, GS_GAME_EVENT_SELECTED, 2, 3, false},
             {&gs_disputes_event_narrowed, GS_GAME_EVENT_NARROWED, 2, 4, false},
             {&gs_disputes_event_states_revealed, GS_GAME_EVENT_STATES_REVEALED, 2, 4, true},
             {&gs_disputes_event_agreed, GS_GAME_EVENT_AGREED, 2, 5, false}};

static struct gs_game_state state_for(enum gs_game_event_kind kind, const uint8_t *shown, size_t len)
{
	struct gs_game_state s = some_state();
	switch (kind) {
	case GS_GAME_EVENT_OPENED:
		s.phase = GS_PHASE_COMMIT;
		s.move = s.round = 0;
		s.position = 0;
		memset(s.node.b, 0, 32);
		return s;
	case GS_GAME_EVENT_REVEALED: s.phase = GS_PHASE_SELECT; return s;
	case GS_GAME_EVENT_SELECTED: return s;
	case GS_GAME_EVENT_NARROWED:
	case GS_GAME_EVENT_AGREED: return narrowed_state(GS_PHASE_STEP);
	case GS_GAME_EVENT_STATES_REVEALED:
		s = narrowed_state(GS_PHASE_SEGMENT);
		gs_keccak256(shown, len, &s.values);
		return s;
	case GS_GAME_EVENT_OVER:
	case GS_GAME_EVENT_SETTLED: break;
	}
	fail();
	return s;
}

static const uint8_t SHOWN[] = "five states, of eight bytes each, and so";

static struct gs_log_entry event_log(size_t form, struct gs_buf *data)
{
	struct gs_log_entry log = {.topic_count = FORMS[form].topics};
	struct gs_game_state s = state_for(FORMS[form].kind, SHOWN, 40);
	uint8_t words[GS_GAME_STATE_WORDS * 32], word[32] = {0};
	gs_game_state_encode(&s, words);
	log.topics[0] = *FORMS[form].topic;
	log.topics[1] = s.claim;
	memcpy(log.topics[2].b + 12, s.challenger.b, 20);
	gs_buf_append(data, words + 32, 32 * FORMS[form].words);
	if (FORMS[form].shown) {
		word[31] = (uint8_t)(32 * (FORMS[form].words + 1));
		gs_buf_append(data, word, 32);
		word[31] = 40;
		gs_buf_append(data, word, 32);
		gs_buf_append(data, SHOWN, 40);
		memset(word, 0, 32);
		gs_buf_append(data, word, 24);
	}
	if (FORMS[form].kind == GS_GAME_EVENT_AGREED) {
		memset(word, 0x77, 32);
		gs_buf_append(data, word, 32);
	}
	log.data = gs_buf_view(data);
	return log;
}

static void test_state_events(void **state)
{
	(void)state;
	for (size_t form = 0; form < GS_ARRAY_LEN(FORMS); form++) {
		struct gs_game_state s = state_for(FORMS[form].kind, SHOWN, 40);
		struct gs_game_event event;
		struct gs_buf data;
		gs_buf_init(&data, 4096);
		struct gs_log_entry log = event_log(form, &data);
		assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
		assert_int_equal(event.kind, FORMS[form].kind);
		assert_true(gs_game_event_has_state(event.kind));
		assert_memory_equal(&event.state, &s, sizeof(s));
		assert_true(gs_hash_equal(&event.claim, &s.claim));
		assert_int_equal(event.ordinal, 5);
		assert_true(gs_address_equal(&event.challenger, &s.challenger));
		assert_int_equal(event.shown.len, FORMS[form].shown ? 40 : 0);
		assert_int_equal(event.trace_root.b[9], event.kind == GS_GAME_EVENT_AGREED ? 0x77 : 0);
		log.topic_count--;
		assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
		log.topic_count++;
		log.data.len -= 32;
		assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
		log.data.len += 32;
		data.ptr[32 + 31] = 1; /* the unused byte of b */
		assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
		gs_buf_free(&data);
	}
}

static void test_other_events(void **state)
{
	(void)state;
	uint8_t words[4 * 32] = {0};
	struct gs_game_event event;
	struct gs_log_entry log = {.topic_count = 3, .data = {words, sizeof(words)}};
	log.topics[0] = gs_disputes_event_game_over;
	log.topics[1].b[0] = 9;
	log.topics[2].b[31] = 8;
	words[31] = 3;
	words[63] = GS_GAME_CHALLENGER_WON;
	words[95] = GS_REASON_STEP;
	words[127] = 0x44;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
	assert_int_equal(event.kind, GS_GAME_EVENT_OVER);
	assert_false(gs_game_event_has_state(event.kind));
	assert_int_equal(event.claim.b[0], 9);
	assert_int_equal(event.ordinal, 3);
	assert_int_equal(event.challenger.b[19], 8);
	assert_int_equal(event.outcome, GS_GAME_CHALLENGER_WON);
	assert_int_equal(event.reason, GS_REASON_STEP);
	assert_int_equal(event.computed, 0x44);
	words[63] = 77;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
	words[63] = GS_GAME_CLAIMANT_WON;
	words[29] = 1; /* ordinal 65539 */
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
	words[29] = 0;
	log.topics[2].b[0] = 1; /* no address */
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);

	memset(words, 0, sizeof(words));
	log = (struct gs_log_entry){.topic_count = 3, .data = {words, 32}};
	log.topics[0] = gs_disputes_event_settled;
	log.topics[2].b[31] = 6;
	words[30] = 1;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
	assert_int_equal(event.kind, GS_GAME_EVENT_SETTLED);
	assert_int_equal(event.winner.b[19], 6);
	assert_int_equal(event.amount.v.limb[0], 256);
	log.topics[0].b[0] ^= 1;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_ENOTFOUND);
	log.topic_count = 0;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_ENOTFOUND);
}

/* Mangled logs: some answer, and what is taken for a state is one. */
static void test_mangled(void **state)
{
	(void)state;
	struct gs_rng rng;
	unsigned taken = 0;
	gs_rng_seed(&rng, 4);
	for (unsigned i = 0; i < 30000; i++) {
		struct gs_buf data;
		struct gs_game_event event;
		size_t form = gs_rng_below(&rng, GS_ARRAY_LEN(FORMS));
		gs_buf_init(&data, 4096);
		struct gs_log_entry log = event_log(form, &data);
		if (gs_rng_below(&rng, 4) == 0)
			log.topics[0] = *FORMS[gs_rng_below(&rng, GS_ARRAY_LEN(FORMS))].topic;
		if (gs_rng_below(&rng, 10) == 0)
			log.topics[0] = gs_rng_below(&rng, 2) ? gs_disputes_event_game_over : gs_disputes_event_settled;
		log.topic_count = gs_rng_below(&rng, 8) ? log.topic_count : gs_rng_below(&rng, 5);
		log.data.len = gs_rng_below(&rng, 4) ? log.data.len : gs_rng_below(&rng, log.data.len + 1);
		for (unsigned k = 0; k < gs_rng_below(&rng, 4); k++)
			data.ptr[gs_rng_below(&rng, data.len)] ^= (uint8_t)(1u << gs_rng_below(&rng, 8));
		enum gs_err err = gs_game_event_decode(&log, &event);
		assert_true(err == GS_OK || err == GS_EPARSE || err == GS_ENOTFOUND);
		if (err == GS_OK && gs_game_event_has_state(event.kind)) {
			struct gs_game game = {.outcome = GS_GAME_OPEN};
			assert_true(gs_game_state_invariant(&event.state));
			enum gs_err seen = gs_game_observe(&game, &event.state,
			                                   event.shown.len > 0 ? &event.shown : NULL);
			assert_true(seen == GS_OK || seen == GS_EPARSE);
			taken++;
		}
		gs_buf_free(&data);
	}
	assert_true(taken > 3000);
}

/* ---- play off chain ---- */

/* The signature is that of `cast wallet sign --data` over the typed data of docs/protocol.md, 5.7: an EIP-712 of other hands. */
static void test_agreed(void **state)
{
	(void)state;
	struct gs_address disputes;
	struct gs_key claimant, challenger;
	struct gs_error error = {0};
	struct gs_agreed to = {.state = narrowed_state(GS_PHASE_STEP)};
	memset(disputes.b, 0xd1, 20);
	memset(to.trace_root.b, 0x61, 32);
	assert_int_equal(gs_key_from_hex("01010101010101010101010101010101"
	                                 "01010101010101010101010101010101",
	                                 &claimant, &error),
	                 GS_OK);
	assert_int_equal(gs_key_from_hex("02020202020202020202020202020202"
	                                 "02020202020202020202020202020202",
	                                 &challenger, &error),
	                 GS_OK);
	to.state.claimant = claimant.address;
	to.state.challenger = challenger.address;
	struct gs_game_state from = some_state();
	from.claimant = claimant.address;
	from.challenger = challenger.address;
	struct gs_agreed_terms terms = {.chain_id = 31337, .disputes = disputes, .budgets_s = 150, .now = 1699999850};
	assert_int_equal(gs_agreed_check(&terms, &from, &to, false, &error), GS_EINVAL); /* not marked */
	assert_string_equal(error.text, "NotAgreed");
	gs_agreed_begin(&to.state);
	assert_int_equal(to.state.move, 131);
	assert_int_equal(gs_agreed_check(&terms, &from, &to, false, &error), GS_OK);
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, &error), GS_EINVAL);
	assert_string_equal(error.text, "WrongSignature");
	assert_int_equal(gs_agreed_sign(31337, &disputes, &claimant, &to.state, &to.trace_root, &to.claimant, &error),
	                 GS_OK);
	expect_hex(to.claimant.r, 32, "077b2c8704260afef2b981d11ee7f94ac1b95f271e1d2b9e5c0798fa3a423d1a");
	expect_hex(to.claimant.s, 32, "7551c1f2432020c42fef3cecf3dc03365775848aeddc04bc4885c4af48999928");
	assert_int_equal(to.claimant.y_parity, 0);
	assert_int_equal(
		gs_agreed_sign(31337, &disputes, &challenger, &to.state, &to.trace_root, &to.challenger, &error),
		GS_OK);
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, &error), GS_OK);
	struct gs_buf call;
	gs_buf_init(&call, GS_MOVE_CALLDATA_MAX);
	gs_agree_calldata(&from, &to, &call);
	assert_int_equal(call.err, GS_OK);
	assert_int_equal(gs_be32_read(call.ptr), GS_DISPUTES_FN_AGREE);
	/* Two states, the root, two offsets, two signatures of 65 bytes in four words each. */
	assert_int_equal(call.len, 4 + 32 * (6 + 6 + 1 + 2 + 4 + 4));
	const uint8_t *signature = call.ptr + 4 + 32 * 16;
	assert_memory_equal(signature, to.claimant.r, 32);
	assert_memory_equal(signature + 32, to.claimant.s, 32);
	assert_int_equal(signature[64], 27 + to.claimant.y_parity);
	gs_buf_free(&call);
	terms.tag.b[0] = 9;
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, &error), GS_EINVAL);
	assert_string_equal(error.text, "WrongTraceRoot");
	terms.tag = gs_trace_tag_of(&to.trace_root);
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, &error), GS_OK);
	terms.now--; /* the deadline is later than both budgets from now */
	assert_int_equal(gs_agreed_check(&terms, &from, &to, true, &error), GS_EINVAL);
	terms.now++;
	struct gs_agreed other = to;
	other.state.high_value ^= 1; /* what nobody signed */
	assert_int_equal(gs_agreed_check(&terms, &from, &other, true, &error), GS_EINVAL);
	assert_string_equal(error.text, "WrongSignature");
#define NOT_AGREED(change) \
	do { \
		other = to; \
		change; \
		assert_int_equal(gs_agreed_check(&terms, &from, &other, false, &error), GS_EINVAL); \
		assert_string_equal(error.text, "NotAgreed"); \
	} while (0)
	NOT_AGREED(other.state.ordinal++);
	NOT_AGREED(other.state.units++);
	NOT_AGREED(other.state.claim.b[0] ^= 1);
	NOT_AGREED(other.state.claimant.b[0] ^= 1);
	NOT_AGREED(other.state.challenger.b[0] ^= 1);
	NOT_AGREED(other.state.move = 192);
	NOT_AGREED(other.state.claimant_left = 151);
	NOT_AGREED(other.state.challenger_left = 151);
	NOT_AGREED(other.state.high = 4);
	from.move = 131;
	NOT_AGREED((void)0);
#undef NOT_AGREED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_moves_of_the_descent),
		cmocka_unit_test(test_moves_of_the_fold),
		cmocka_unit_test(test_moves_with_the_whole_state),
		cmocka_unit_test(test_state_events),
		cmocka_unit_test(test_other_events),
		cmocka_unit_test(test_mangled),
		cmocka_unit_test(test_agreed),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
