/* challenge/game/game.c: schedule, state encoding, events, and what can be told from what was shown. Moves are in step.c. */
#include "challenge/game/game.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/keccak_lanes.h"

const char *gs_move_name(enum gs_move_kind kind)
{
	switch (kind) {
	case GS_MOVE_COMMIT_TRACE: return "commitTrace";
	case GS_MOVE_REVEAL: return "reveal";
	case GS_MOVE_SELECT: return "select";
	case GS_MOVE_CHALLENGE_OUTPUT: return "challengeOutput";
	case GS_MOVE_PROVE_OUTPUT: return "proveOutput";
	case GS_MOVE_SELECT_ELEMENT: return "selectElement";
	case GS_MOVE_REVEAL_STATES: return "revealStates";
	case GS_MOVE_SELECT_SEGMENT: return "selectSegment";
	case GS_MOVE_PROVE_STEP: return "proveStep";
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE: return "selectElementAndProve";
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE: return "selectSegmentAndProve";
	case GS_MOVE_TIMEOUT: return "timeout";
	case GS_MOVE_CONCEDE: return "concede";
	case GS_MOVE_CLOSE: return "close";
	}
	return "unknown";
}

unsigned gs_move_side(enum gs_move_kind kind)
{
	switch (kind) {
	case GS_MOVE_COMMIT_TRACE:
	case GS_MOVE_REVEAL:
	case GS_MOVE_PROVE_OUTPUT:
	case GS_MOVE_REVEAL_STATES: return GS_SIDE_CLAIMANT;
	case GS_MOVE_SELECT:
	case GS_MOVE_CHALLENGE_OUTPUT:
	case GS_MOVE_SELECT_ELEMENT:
	case GS_MOVE_SELECT_SEGMENT:
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE:
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE: return GS_SIDE_CHALLENGER;
	case GS_MOVE_PROVE_STEP:
	case GS_MOVE_TIMEOUT:
	case GS_MOVE_CONCEDE:
	case GS_MOVE_CLOSE: return 0;
	}
	return 0;
}

bool gs_move_proves(enum gs_move_kind kind)
{
	return kind == GS_MOVE_PROVE_STEP || kind == GS_MOVE_SELECT_ELEMENT_AND_PROVE ||
	       kind == GS_MOVE_SELECT_SEGMENT_AND_PROVE;
}

/* "q = min(2, D) levels are shown as raw chunks at the end" */
unsigned gs_schedule_chunk_levels(unsigned depth)
{
	return depth < GS_GAME_CHUNK_LEVELS ? depth : GS_GAME_CHUNK_LEVELS;
}

/* "R = D - q levels above take n rounds: n = 0 for R = 0, else n = 1 + ceil(max(R - 5, 0) / 5)" */
unsigned gs_schedule_rounds(unsigned depth)
{
	unsigned above = depth - gs_schedule_chunk_levels(depth);
	if (above == 0)
		return 0;
	return 1 + (above <= GS_GAME_FIRST_LEVELS ? 0 : (above - GS_GAME_FIRST_LEVELS + 4) / 5);
}

unsigned gs_schedule_levels(unsigned depth, unsigned round)
{
	GS_ASSERT(round < gs_schedule_rounds(depth));
	return gs_schedule_top(depth, round) - gs_schedule_top(depth, round + 1);
}

/* "b_0 = min(5, R); with S = R - b_0, round i >= 1 descends floor(i S / (n-1)) - floor((i-1) S / (n-1))": after `round`
 * rounds, the first among them, floor((round - 1) S / (n-1)) of the S levels are behind. */
unsigned gs_schedule_top(unsigned depth, unsigned round)
{
	unsigned rounds = gs_schedule_rounds(depth);
	unsigned above = depth - gs_schedule_chunk_levels(depth);
	unsigned first = above < GS_GAME_FIRST_LEVELS ? above : GS_GAME_FIRST_LEVELS;
	GS_ASSERT(round <= rounds);
	if (round == 0)
		return depth;
	return depth - first - (rounds == 1 ? 0 : (round - 1) * (above - first) / (rounds - 1));
}

unsigned gs_game_level(const struct gs_game_state *s)
{
	switch ((enum gs_game_phase)s->phase) {
	case GS_PHASE_COMMIT:
	case GS_PHASE_OUTPUT: return s->depth;
	case GS_PHASE_SELECT:
	case GS_PHASE_REVEAL:
	case GS_PHASE_ELEMENT: return gs_schedule_top(s->depth, s->round);
	case GS_PHASE_STATES:
	case GS_PHASE_SEGMENT:
	case GS_PHASE_STEP: return 0;
	}
	return 0;
}

/* "with m = high - low (at least 1), stride = floor((m + 65) / 65), count = floor(m / stride)" */
uint32_t gs_states_stride(uint32_t low, uint32_t high)
{
	GS_ASSERT(low < high);
	return (high - low + GS_GAME_STATES_MAX + 1) / (GS_GAME_STATES_MAX + 1);
}

uint32_t gs_states_count(uint32_t low, uint32_t high)
{
	return (high - low) / gs_states_stride(low, high);
}

gs_reg gs_states_value(const uint8_t *values, unsigned width, uint32_t i)
{
	return width == 4 ? gs_be32_read(values + 4 * (size_t)i) : gs_be64_read(values + 8 * (size_t)i);
}

enum gs_side gs_phase_side(enum gs_game_phase phase)
{
	switch (phase) {
	case GS_PHASE_COMMIT:
	case GS_PHASE_REVEAL:
	case GS_PHASE_STATES:
	case GS_PHASE_STEP:
	case GS_PHASE_OUTPUT: return GS_SIDE_CLAIMANT;
	case GS_PHASE_SELECT:
	case GS_PHASE_ELEMENT:
	case GS_PHASE_SEGMENT: return GS_SIDE_CHALLENGER;
	}
	GS_ASSERT(!"a phase that is checked on entry");
	return GS_SIDE_CLAIMANT;
}

enum gs_side gs_game_turn(const struct gs_game *game)
{
	return gs_phase_side((enum gs_game_phase)game->state.phase);
}

void gs_game_open(struct gs_game *game, const struct gs_game_rules *rules, const struct gs_hash *claim,
                  const struct gs_address *challenger, uint16_t ordinal, uint16_t units, uint64_t now)
{
	struct gs_game_state *s = &game->state;
	uint32_t time = rules->claimant_budget_s;
	memset(game, 0, sizeof(*game));
	game->outcome = GS_GAME_OPEN;
	s->claim = *claim;
	s->claimant = rules->body.claimant;
	s->challenger = *challenger;
	s->ordinal = ordinal;
	s->units = units;
	s->phase = GS_PHASE_COMMIT;
	s->deadline = now + (time > rules->minimum_time_s ? time : rules->minimum_time_s);
	s->claimant_left = rules->claimant_budget_s;
	s->challenger_left = rules->challenger_budget_s;
	s->depth = (uint8_t)rules->header->trace_depth;
}

/* ---- the packed words (5.1) ---- */

static void put(uint8_t *at, uint64_t v, unsigned bytes)
{
	GS_ASSERT(bytes == 8 || v >> (8 * bytes) == 0);
	for (unsigned i = bytes; i-- > 0; v >>= 8)
		at[i] = (uint8_t)v;
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

void gs_game_state_encode(const struct gs_game_state *s, uint8_t out[GS_GAME_STATE_WORDS * 32])
{
	uint8_t *a = out + 32, *b = out + 64, *n = out + 96, *c = out + 128, *v = out + 160;
	memcpy(out, s->claim.b, 32);
	memcpy(a, s->claimant.b, 20);
	put(a + 20, s->ordinal, 2);
	put(a + 22, s->units, 2);
	put(a + 24, s->phase, 1);
	put(a + 25, s->move, 1);
	put(a + 26, s->depth, 1);
	put(a + 27, s->round, 1);
	put(a + 28, s->position, 4);
	memcpy(b, s->challenger.b, 20);
	put(b + 20, s->deadline, 5);
	put(b + 25, s->claimant_left, 3);
	put(b + 28, s->challenger_left, 3);
	put(b + 31, 0, 1);
	memcpy(n, s->node.b, 32);
	put(c, 0, 5);
	put(c + 5, s->element, 5);
	put(c + 10, s->low, 3);
	put(c + 13, s->high, 3);
	put(c + 16, s->low_value, 8);
	put(c + 24, s->high_value, 8);
	memcpy(v, s->values.b, 32);
}

enum gs_err gs_game_state_decode(struct gs_bytes words, struct gs_game_state *out)
{
	memset(out, 0, sizeof(*out));
	if (words.len != GS_GAME_STATE_WORDS * 32)
		return GS_EPARSE;
	const uint8_t *a = words.ptr + 32, *b = words.ptr + 64, *c = words.ptr + 128;
	memcpy(out->claim.b, words.ptr, 32);
	memcpy(out->claimant.b, a, 20);
	out->ordinal = (uint16_t)get(a + 20, 2);
	out->units = (uint16_t)get(a + 22, 2);
	out->phase = a[24];
	out->move = a[25];
	out->depth = a[26];
	out->round = a[27];
	out->position = (uint32_t)get(a + 28, 4);
	memcpy(out->challenger.b, b, 20);
	out->deadline = get(b + 20, 5);
	out->claimant_left = (uint32_t)get(b + 25, 3);
	out->challenger_left = (uint32_t)get(b + 28, 3);
	memcpy(out->node.b, words.ptr + 96, 32);
	out->element = get(c + 5, 5);
	out->low = (uint32_t)get(c + 10, 3);
	out->high = (uint32_t)get(c + 13, 3);
	out->low_value = get(c + 16, 8);
	out->high_value = get(c + 24, 8);
	memcpy(out->values.b, words.ptr + 160, 32);
	bool dirty = b[31] != 0 || get(c, 5) != 0;
	return !dirty && gs_game_state_invariant(out) ? GS_OK : GS_EPARSE;
}

void gs_game_state_hash(const struct gs_game_state *state, struct gs_hash *out)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	gs_game_state_encode(state, words);
	gs_keccak256(words, sizeof(words), out);
}

void gs_game_hash(const struct gs_game *game, struct gs_hash *out)
{
	gs_game_state_hash(&game->state, out);
}

void gs_game_hash_each(const struct gs_game *const *game, size_t count, struct gs_hash *out)
{
	enum { BYTES = GS_GAME_STATE_WORDS * 32 };
	uint8_t words[GS_GAME_HASHES_MAX][BYTES];
	GS_ASSERT(count <= GS_GAME_HASHES_MAX);
	for (size_t i = 0; i < count; i++)
		gs_game_state_encode(&game[i]->state, words[i]);
	gs_keccak_lanes_best()->hash_words(words[0], BYTES / 8, count, out);
}

/* ---- from the contract's events ---- */

enum gs_err gs_game_observe(struct gs_game *game, const struct gs_game_state *state, const struct gs_bytes *shown)
{
	if (shown != NULL && shown->len > 0) {
		/* Which reveal it was follows from the phase that it led to. */
		bool states = state->phase == GS_PHASE_SEGMENT;
		struct gs_game_shown *into = states ? &game->states : &game->descent[state->round];
		if (shown->len > sizeof(into->bytes) || state->round > GS_GAME_ROUNDS_MAX)
			return GS_EPARSE;
		into->len = (uint16_t)shown->len;
		memcpy(into->bytes, shown->ptr, shown->len);
	}
	bool at_root = state->phase == GS_PHASE_SELECT || state->phase == GS_PHASE_ELEMENT ||
	               state->phase == GS_PHASE_OUTPUT;
	if (at_root && state->round == 0)
		game->trace_root = state->node;
	game->state = *state;
	if (state->phase != GS_PHASE_SEGMENT)
		game->states.len = 0;
	return GS_OK;
}

static bool fields_fit(const struct gs_game_state *s)
{
	return s->units > 0 && s->deadline >> 40 == 0 && s->claimant_left >> 24 == 0 && s->challenger_left >> 24 == 0 &&
	       s->element >> 40 == 0;
}

/* c and v are zero */
static bool descends(const struct gs_game_state *s)
{
	return s->element == 0 && s->low == 0 && s->high == 0 && s->low_value == 0 && s->high_value == 0 &&
	       gs_hash_is_zero(&s->values);
}

static bool narrows(const struct gs_game_state *s, unsigned rounds)
{
	return s->round == rounds && s->low <= s->high && s->high <= GS_FOLD_MAX + 1 &&
	       (s->low > 0 || s->low_value == 0) && gs_hash_is_zero(&s->values) == (s->phase != GS_PHASE_SEGMENT);
}

bool gs_game_state_invariant(const struct gs_game_state *s)
{
	bool known = (s->phase >= GS_PHASE_COMMIT && s->phase <= GS_PHASE_STEP) || s->phase == GS_PHASE_OUTPUT;
	if (!known || s->depth > GS_TRACE_DEPTH_MAX || !fields_fit(s))
		return false;
	unsigned rounds = gs_schedule_rounds(s->depth);
	if (s->round > rounds || s->position >> (s->depth - gs_game_level(s)) != 0)
		return false;
	switch ((enum gs_game_phase)s->phase) {
	case GS_PHASE_COMMIT:
		return s->round == 0 && (s->move & ~(unsigned)GS_GAME_AGREED_MOVE) == 0 && gs_hash_is_zero(&s->node) &&
		       descends(s);
	case GS_PHASE_SELECT: return s->round < rounds && descends(s);
	case GS_PHASE_REVEAL: return s->round > 0 && descends(s);
	case GS_PHASE_ELEMENT: return s->round == rounds && descends(s);
	case GS_PHASE_STATES:
	case GS_PHASE_SEGMENT: return narrows(s, rounds) && s->low < s->high;
	case GS_PHASE_STEP: return narrows(s, rounds) && s->low == s->high;
	case GS_PHASE_OUTPUT: return s->round == 0 && descends(s);
	}
	return false;
}

bool gs_game_invariant(const struct gs_game *game)
{
	return game->outcome >= GS_GAME_OPEN && game->outcome <= GS_GAME_CLOSED &&
	       gs_game_state_invariant(&game->state);
}

/* The node at `index` above the leaves of one reveal, which stands for the subtree of height `height`. */
static void join(const struct gs_game_shown *shown, bool chunks, unsigned height, uint64_t index, struct gs_hash *out)
{
	size_t each = chunks ? GS_CHUNK_BYTES : sizeof(out->b);
	gs_merkle_subtree(shown->bytes + (size_t)(index << height) * each, chunks, height, out);
}

enum gs_err gs_game_shown_node(const struct gs_game *game, unsigned level, uint64_t index, struct gs_hash *out)
{
	const struct gs_game_state *s = &game->state;
	unsigned depth = s->depth, here = gs_game_level(s), rounds = gs_schedule_rounds(depth);
	if (s->phase == GS_PHASE_COMMIT)
		return GS_ENOTFOUND;
	if (level == depth && index == 0) {
		*out = game->trace_root;
		return GS_OK;
	}
	for (unsigned round = 0; round <= rounds; round++) {
		unsigned top = gs_schedule_top(depth, round);
		unsigned bottom = round == rounds ? 0 : gs_schedule_top(depth, round + 1);
		unsigned shown_bytes = (round == rounds ? GS_CHUNK_BYTES : 32u) << (top - bottom);
		if (level < bottom || level >= top || top < here || game->descent[round].len != shown_bytes)
			continue;
		if (index >> (top - level) != (uint64_t)s->position >> (top - here))
			return GS_ENOTFOUND;
		uint64_t below = index & ((UINT64_C(1) << (top - level)) - 1);
		join(&game->descent[round], round == rounds, level - bottom, below, out);
		return GS_OK;
	}
	return GS_ENOTFOUND;
}
