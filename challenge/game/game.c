/* challenge/game/game.c: schedule, state encoding, events, and what can be told from what was shown. Moves are in step.c. */
#include "challenge/game/game.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"

const char *gs_move_name(enum gs_move_kind kind)
{
	switch (kind) {
	case GS_MOVE_COMMIT_TRACE: return "commitTrace";
	case GS_MOVE_REVEAL: return "reveal";
	case GS_MOVE_SELECT: return "select";
	case GS_MOVE_SELECT_ELEMENT: return "selectElement";
	case GS_MOVE_REVEAL_STATES: return "revealStates";
	case GS_MOVE_SELECT_SEGMENT: return "selectSegment";
	case GS_MOVE_PROVE_STEP: return "proveStep";
	case GS_MOVE_TIMEOUT: return "timeout";
	case GS_MOVE_CONCEDE: return "concede";
	}
	return "unknown";
}

/* "q = min(2, D) levels are shown as raw chunks at the end" */
unsigned gs_schedule_chunk_levels(unsigned depth)
{
	return depth < GS_GAME_CHUNK_LEVELS ? depth : GS_GAME_CHUNK_LEVELS;
}

/* "the R = D - q above take n = ceil(R / 5) rounds" */
unsigned gs_schedule_rounds(unsigned depth)
{
	return (depth - gs_schedule_chunk_levels(depth) + 4) / 5;
}

/* "round i (from 0) descends b_i = floor((i+1) R / n) - floor(i R / n) levels" */
unsigned gs_schedule_levels(unsigned depth, unsigned round)
{
	GS_ASSERT(round < gs_schedule_rounds(depth));
	return gs_schedule_top(depth, round) - gs_schedule_top(depth, round + 1);
}

unsigned gs_schedule_top(unsigned depth, unsigned round)
{
	unsigned rounds = gs_schedule_rounds(depth);
	unsigned above = depth - gs_schedule_chunk_levels(depth);
	GS_ASSERT(round <= rounds);
	return depth - (rounds == 0 ? 0 : round * above / rounds);
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

enum gs_side gs_game_turn(const struct gs_game *game)
{
	switch ((enum gs_game_phase)game->state.phase) {
	case GS_PHASE_COMMIT:
	case GS_PHASE_REVEAL:
	case GS_PHASE_STATES:
	case GS_PHASE_STEP: return GS_SIDE_CLAIMANT;
	case GS_PHASE_SELECT:
	case GS_PHASE_ELEMENT:
	case GS_PHASE_SEGMENT: return GS_SIDE_CHALLENGER;
	}
	GS_ASSERT(!"a phase that is checked on entry");
	return GS_SIDE_CLAIMANT;
}

void gs_game_open(struct gs_game *game, const struct gs_game_rules *rules, const struct gs_hash *id,
                  const struct gs_hash *claim, const struct gs_address *claimant, const struct gs_address *challenger,
                  uint64_t now)
{
	struct gs_game_state *s = &game->state;
	uint32_t time = rules->claimant_budget_s;
	memset(game, 0, sizeof(*game));
	game->id = *id;
	game->outcome = GS_GAME_OPEN;
	s->claim = *claim;
	gs_header_model_id(rules->header, &s->model);
	s->claimant = *claimant;
	s->challenger = *challenger;
	s->phase = GS_PHASE_COMMIT;
	s->deadline = now + (time > rules->minimum_time_s ? time : rules->minimum_time_s);
	s->claimant_left = rules->claimant_budget_s;
	s->challenger_left = rules->challenger_budget_s;
	s->trace_depth = (uint8_t)rules->header->trace_depth;
}

void gs_game_state_encode(const struct gs_game_state *s, uint8_t out[GS_GAME_STATE_WORDS * 32])
{
	struct gs_buf buf;
	struct gs_abi_writer w;
	gs_buf_init(&buf, GS_GAME_STATE_WORDS * 32);
	gs_abi_begin(&w, &buf, GS_GAME_STATE_WORDS);
	gs_abi_put_hash(&w, &s->claim);
	gs_abi_put_hash(&w, &s->model);
	gs_abi_put_address(&w, &s->claimant);
	gs_abi_put_address(&w, &s->challenger);
	gs_abi_put_u64(&w, s->phase);
	gs_abi_put_u64(&w, s->move);
	gs_abi_put_u64(&w, s->deadline);
	gs_abi_put_u64(&w, s->claimant_left);
	gs_abi_put_u64(&w, s->challenger_left);
	gs_abi_put_u64(&w, s->trace_depth);
	gs_abi_put_u64(&w, s->round);
	gs_abi_put_u64(&w, s->level);
	gs_abi_put_u64(&w, s->position);
	gs_abi_put_hash(&w, &s->node);
	gs_abi_put_hash(&w, &s->trace_root);
	gs_abi_put_hash(&w, &s->descriptor);
	gs_abi_put_u64(&w, s->element);
	gs_abi_put_u64(&w, s->low);
	gs_abi_put_u64(&w, s->high);
	gs_abi_put_u64(&w, s->low_value);
	gs_abi_put_u64(&w, s->high_value);
	gs_abi_put_hash(&w, &s->values);
	gs_abi_end(&w);
	GS_ASSERT(buf.err == GS_OK); /* 704 bytes */
	memcpy(out, buf.ptr, GS_GAME_STATE_WORDS * 32);
	gs_buf_free(&buf);
}

enum gs_err gs_game_state_decode(struct gs_bytes words, struct gs_game_state *out)
{
	struct gs_abi_reader r = gs_abi_read(words);
	memset(out, 0, sizeof(*out));
	out->claim = gs_abi_get_hash(&r);
	out->model = gs_abi_get_hash(&r);
	out->claimant = gs_abi_get_address(&r);
	out->challenger = gs_abi_get_address(&r);
	out->phase = gs_abi_get_u8(&r);
	out->move = gs_abi_get_u32(&r);
	out->deadline = gs_abi_get_u64(&r);
	out->claimant_left = gs_abi_get_u32(&r);
	out->challenger_left = gs_abi_get_u32(&r);
	out->trace_depth = gs_abi_get_u8(&r);
	out->round = gs_abi_get_u8(&r);
	out->level = gs_abi_get_u8(&r);
	out->position = gs_abi_get_u32(&r);
	out->node = gs_abi_get_hash(&r);
	out->trace_root = gs_abi_get_hash(&r);
	out->descriptor = gs_abi_get_hash(&r);
	out->element = gs_abi_get_u64(&r);
	out->low = gs_abi_get_u32(&r);
	out->high = gs_abi_get_u32(&r);
	out->low_value = gs_abi_get_u64(&r);
	out->high_value = gs_abi_get_u64(&r);
	out->values = gs_abi_get_hash(&r);
	struct gs_game game = {.state = *out, .outcome = GS_GAME_OPEN};
	return r.err == GS_OK && gs_game_invariant(&game) ? GS_OK : GS_EPARSE;
}

void gs_game_hash(const struct gs_game *game, struct gs_hash *out)
{
	static const char domain[] = "gainsay.state";
	uint8_t words[(2 + GS_GAME_STATE_WORDS) * 32];
	struct gs_hash tag;
	gs_keccak256(domain, sizeof(domain) - 1, &tag);
	memcpy(words, tag.b, 32);
	memcpy(words + 32, game->id.b, 32);
	gs_game_state_encode(&game->state, words + 64);
	gs_keccak256(words, sizeof(words), out);
}

enum gs_err gs_game_observe(struct gs_game *game, const struct gs_game_state *state, const struct gs_bytes *shown)
{
	if (shown != NULL && shown->len > 0) {
		/* Which reveal it was follows from the phase that it answered. */
		bool states = game->state.phase == GS_PHASE_STATES;
		struct gs_game_shown *into = states ? &game->states : &game->descent[game->state.round];
		if (shown->len > sizeof(into->bytes) || game->state.round > GS_GAME_ROUNDS_MAX)
			return GS_EPARSE;
		into->len = (uint16_t)shown->len;
		memcpy(into->bytes, shown->ptr, shown->len);
	}
	game->state = *state;
	if (state->phase != GS_PHASE_SEGMENT)
		game->states.len = 0;
	return GS_OK;
}

bool gs_game_invariant(const struct gs_game *game)
{
	const struct gs_game_state *s = &game->state;
	if (game->outcome < GS_GAME_OPEN || game->outcome > GS_GAME_CLOSED)
		return false;
	if (s->phase < GS_PHASE_COMMIT || s->phase > GS_PHASE_STEP || s->trace_depth > GS_TRACE_DEPTH_MAX)
		return false;
	unsigned rounds = gs_schedule_rounds(s->trace_depth);
	if (s->round > rounds || s->level > s->trace_depth || s->position >> (s->trace_depth - s->level) != 0)
		return false;
	switch ((enum gs_game_phase)s->phase) {
	case GS_PHASE_COMMIT: return s->round == 0 && s->level == 0 && s->position == 0 && s->move == 0;
	case GS_PHASE_SELECT: return s->round < rounds && s->level == gs_schedule_top(s->trace_depth, s->round);
	case GS_PHASE_REVEAL: return s->round > 0 && s->level == gs_schedule_top(s->trace_depth, s->round);
	case GS_PHASE_ELEMENT: return s->round == rounds && s->level == gs_schedule_top(s->trace_depth, s->round);
	case GS_PHASE_STATES:
	case GS_PHASE_SEGMENT:
		return s->round == rounds && s->level == 0 && s->low < s->high && s->high <= GS_FOLD_MAX + 1 &&
		       gs_hash_is_zero(&s->values) == (s->phase == GS_PHASE_STATES);
	case GS_PHASE_STEP:
		return s->round == rounds && s->level == 0 && s->low == s->high && s->high <= GS_FOLD_MAX + 1;
	}
	return false;
}

/* The node at `level` and `index` above the leaves of one reveal, which stands for the subtree of height `height`. */
static void join(const struct gs_game_shown *shown, bool chunks, unsigned height, uint64_t index, struct gs_hash *out)
{
	struct gs_hash node[GS_GAME_CHILDREN_MAX];
	unsigned count = 1u << height;
	for (unsigned i = 0; i < count; i++) {
		uint64_t k = (index << height) + i;
		if (chunks)
			gs_merkle_leaf(shown->bytes + k * GS_CHUNK_BYTES, &node[i]);
		else
			memcpy(node[i].b, shown->bytes + k * 32, 32);
	}
	for (; count > 1; count /= 2)
		for (unsigned i = 0; i < count / 2; i++)
			gs_merkle_node(&node[2 * i], &node[2 * i + 1], &node[i]);
	*out = node[0];
}

enum gs_err gs_game_shown_node(const struct gs_game *game, unsigned level, uint64_t index, struct gs_hash *out)
{
	const struct gs_game_state *s = &game->state;
	unsigned depth = s->trace_depth, rounds = gs_schedule_rounds(depth);
	if (level == depth && index == 0) {
		*out = s->trace_root;
		return GS_OK;
	}
	for (unsigned round = 0; round <= rounds; round++) {
		unsigned top = gs_schedule_top(depth, round);
		unsigned bottom = round == rounds ? 0 : gs_schedule_top(depth, round + 1);
		unsigned shown_bytes = (round == rounds ? GS_CHUNK_BYTES : 32u) << (top - bottom);
		if (level < bottom || level >= top || top < s->level || game->descent[round].len != shown_bytes)
			continue;
		if (index >> (top - level) != (uint64_t)s->position >> (top - s->level))
			return GS_ENOTFOUND;
		uint64_t below = index & ((UINT64_C(1) << (top - level)) - 1);
		join(&game->descent[round], round == rounds, level - bottom, below, out);
		return GS_OK;
	}
	return GS_ENOTFOUND;
}
