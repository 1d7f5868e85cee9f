/* Events of the Disputes contract as data: what was encoded comes back, and nothing that an endpoint may send does harm.
 * Calldata is checked where it counts, against the contract (test_dispute_chain). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/rng.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/game/moves.h"

static struct gs_game_state some_state(void)
{
	struct gs_game_state s = {.phase = GS_PHASE_REVEAL,
	                          .move = 3,
	                          .deadline = 1700000000,
	                          .claimant_left = 100,
	                          .challenger_left = 50,
	                          .trace_depth = 20,
	                          .round = 2,
	                          .level = 11,
	                          .position = 500};
	memset(s.claim.b, 1, 32);
	memset(s.model.b, 2, 32);
	memset(s.claimant.b, 3, 20);
	memset(s.challenger.b, 4, 20);
	memset(s.node.b, 5, 32);
	memset(s.trace_root.b, 6, 32);
	return s;
}

static struct gs_log_entry state_log(const struct gs_game_state *s, struct gs_buf *data)
{
	struct gs_log_entry log = {.topic_count = 3};
	log.topics[0] = gs_disputes_event_game_state;
	memset(log.topics[1].b, 7, 32);
	log.topics[2] = s->claim;
	uint8_t *hash = gs_buf_extend(data, 32);
	assert_non_null(hash);
	memset(hash, 8, 32);
	uint8_t *words = gs_buf_extend(data, GS_GAME_STATE_WORDS * 32);
	assert_non_null(words);
	gs_game_state_encode(s, words);
	log.data = gs_buf_view(data);
	return log;
}

static void test_state_event(void **state)
{
	(void)state;
	struct gs_game_state s = some_state();
	struct gs_game_event event;
	struct gs_buf data;
	gs_buf_init(&data, 4096);
	struct gs_log_entry log = state_log(&s, &data);
	assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
	assert_int_equal(event.kind, GS_GAME_EVENT_STATE);
	assert_int_equal(event.game.b[0], 7);
	assert_int_equal(event.state_hash.b[31], 8);
	assert_true(gs_hash_equal(&event.claim, &s.claim));
	assert_memory_equal(&event.state, &s, sizeof(s));
	log.topic_count = 2;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
	log.topic_count = 3;
	log.data.len -= 32;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);
	gs_buf_free(&data);
}

static void test_other_events(void **state)
{
	(void)state;
	uint8_t words[3 * 32] = {0};
	struct gs_game_event event;
	struct gs_log_entry log = {.topic_count = 3, .data = {words, 64}};
	log.topics[0] = gs_disputes_event_game_over;
	log.topics[1].b[0] = 9;
	words[31] = GS_GAME_CHALLENGER_WON;
	words[63] = GS_REASON_STEP;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
	assert_int_equal(event.kind, GS_GAME_EVENT_OVER);
	assert_int_equal(event.outcome, GS_GAME_CHALLENGER_WON);
	assert_int_equal(event.reason, GS_REASON_STEP);
	words[31] = 77;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);

	memset(words, 0, sizeof(words));
	words[31] = 32; /* offset */
	words[63] = 5;  /* length */
	memcpy(words + 64, (const uint8_t[]){'b', 'y', 't', 'e', 's'}, 5);
	log = (struct gs_log_entry){.topic_count = 2, .data = {words, 96}};
	log.topics[0] = gs_disputes_event_revealed;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_OK);
	assert_int_equal(event.revealed.len, 5);
	assert_memory_equal(event.revealed.ptr, "bytes", 5);
	words[63] = 200;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_EPARSE);

	log.topics[0].b[0] ^= 1;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_ENOTFOUND);
	log.topic_count = 0;
	assert_int_equal(gs_game_event_decode(&log, &event), GS_ENOTFOUND);
}

/* Mangled logs: some answer, and what is taken for a state is one. */
static void test_mangled(void **state)
{
	(void)state;
	const struct gs_hash topics[] = {gs_disputes_event_opened,    gs_disputes_event_game_state,
	                                 gs_disputes_event_revealed,  gs_disputes_event_judged,
	                                 gs_disputes_event_game_over, gs_disputes_event_settled};
	struct gs_game_state s = some_state();
	struct gs_rng rng;
	gs_rng_seed(&rng, 4);
	for (unsigned i = 0; i < 20000; i++) {
		struct gs_buf data;
		struct gs_game_event event;
		gs_buf_init(&data, 4096);
		struct gs_log_entry log = state_log(&s, &data);
		if (gs_rng_below(&rng, 2))
			log.topics[0] = topics[gs_rng_below(&rng, GS_ARRAY_LEN(topics))];
		log.topic_count = gs_rng_below(&rng, 8) ? 3 : gs_rng_below(&rng, 5);
		log.data.len = gs_rng_below(&rng, 4) ? log.data.len : gs_rng_below(&rng, log.data.len + 1);
		for (unsigned k = 0; k < gs_rng_below(&rng, 4); k++)
			data.ptr[gs_rng_below(&rng, data.len)] ^= (uint8_t)(1u << gs_rng_below(&rng, 8));
		enum gs_err err = gs_game_event_decode(&log, &event);
		assert_true(err == GS_OK || err == GS_EPARSE || err == GS_ENOTFOUND);
		struct gs_game game = {.state = event.state, .outcome = GS_GAME_OPEN};
		if (err == GS_OK && event.kind == GS_GAME_EVENT_STATE)
			assert_true(gs_game_invariant(&game));
		gs_buf_free(&data);
	}
}

/* keccak(abi.encode(keccak("gainsay.game"), 31337, disputes, claim, challenger)), by `cast keccak $(cast abi-encode ...)`. */
static void test_game_id(void **state)
{
	(void)state;
	struct gs_address disputes, challenger;
	struct gs_hash claim, id, want;
	memset(disputes.b, 0xd1, 20);
	memset(challenger.b, 0xc4, 20);
	memset(claim.b, 0x11, 32);
	gs_game_id(31337, &disputes, &claim, &challenger, &id);
	const char *hex = "d8570cc7c400d8e52e6b64945a88973e6869ab35785a12f009106d4bb44e177f";
	assert_int_equal(gs_hex_decode(hex, strlen(hex), want.b, 32), GS_OK);
	assert_memory_equal(id.b, want.b, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_event),
		cmocka_unit_test(test_other_events),
		cmocka_unit_test(test_mangled),
		cmocka_unit_test(test_game_id),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
