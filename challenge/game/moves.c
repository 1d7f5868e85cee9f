/* challenge/game/moves.c: the ABI of the Disputes contract (docs/protocol.md, 5.3). */
#include "challenge/game/moves.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

enum { ADDRESS_BYTES = 20, WORD_CLAIM = 0, WORD_A = 1, WORD_B = 2, WORD_N = 3, WORD_C = 4, WORD_V = 5 };

/* ---- calls ---- */

struct call {
	struct gs_abi_writer w;
	uint8_t state[GS_GAME_STATE_WORDS * GS_ABI_WORD];
};

static void put_word(struct call *call, unsigned word)
{
	gs_abi_put_word(&call->w, call->state + word * GS_ABI_WORD);
}

/* Starts a call about the state: its words, the mover's address left out, and room for `words` words of head. */
static void begin(struct call *call, struct gs_buf *out, uint32_t selector, const struct gs_game_state *state,
                  unsigned mover, size_t words)
{
	gs_abi_call(&call->w, out, selector, words);
	gs_game_state_encode(state, call->state);
	if (mover == GS_SIDE_CLAIMANT)
		memset(call->state + WORD_A * GS_ABI_WORD, 0, ADDRESS_BYTES);
	if (mover == GS_SIDE_CHALLENGER)
		memset(call->state + WORD_B * GS_ABI_WORD, 0, ADDRESS_BYTES);
}

static void put_terms(struct gs_abi_writer *w, const struct gs_claim_body *body)
{
	uint8_t terms[GS_CLAIM_TERMS_WORDS * GS_ABI_WORD];
	gs_claim_terms_encode(body, terms);
	for (size_t i = 0; i < GS_CLAIM_TERMS_WORDS; i++)
		gs_abi_put_word(w, terms + i * GS_ABI_WORD);
}

/* (Terms, a, b, ...), and (claimId, a, b, ...) */
static void begin_terms(struct call *call, struct gs_buf *out, uint32_t selector, const struct gs_claim_body *body,
                        const struct gs_game_state *state, unsigned mover, size_t more)
{
	begin(call, out, selector, state, mover, GS_CLAIM_TERMS_WORDS + 2 + more);
	put_terms(&call->w, body);
	put_word(call, WORD_A);
	put_word(call, WORD_B);
}

static void begin_claim(struct call *call, struct gs_buf *out, uint32_t selector, const struct gs_game_state *state,
                        unsigned mover, size_t more)
{
	begin(call, out, selector, state, mover, 3 + more);
	put_word(call, WORD_CLAIM);
	put_word(call, WORD_A);
	put_word(call, WORD_B);
}

static struct gs_bytes data_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->data, move->data_len};
}

static struct gs_bytes descriptor_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->descriptor, move->descriptor_len};
}

static struct gs_bytes openings_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->openings, move->openings_len};
}

/* "pick = instruction 32 | slot 32 | child 32" */
static void put_element(struct gs_abi_writer *w, const struct gs_move *move)
{
	uint8_t pick[GS_ABI_WORD] = {0};
	gs_be32_write(pick + 20, move->instruction);
	gs_be32_write(pick + 24, move->slot);
	gs_be32_write(pick + 28, move->child);
	gs_abi_put_word(w, pick);
	gs_abi_put_bytes(w, (struct gs_bytes){move->chunk, sizeof(move->chunk)});
	gs_abi_put_hashes(w, move->sibling, move->siblings);
	gs_abi_put_bytes(w, descriptor_of(move));
	gs_abi_put_hashes(w, move->path, move->path_len);
}

/* (Terms, a, b, n, c, v) */
static void whole(struct gs_buf *out, uint32_t selector, const struct gs_claim_body *body,
                  const struct gs_game_state *state)
{
	struct call call;
	begin_terms(&call, out, selector, body, state, 0, 3);
	put_word(&call, WORD_N);
	put_word(&call, WORD_C);
	put_word(&call, WORD_V);
	gs_abi_end(&call.w);
}

void gs_move_calldata(const struct gs_claim_body *body, const struct gs_game_state *state, const struct gs_move *move,
                      struct gs_buf *out)
{
	struct call call;
	unsigned mover = gs_move_side(move->kind);
	switch (move->kind) {
	case GS_MOVE_COMMIT_TRACE:
		begin_claim(&call, out, GS_DISPUTES_FN_COMMIT_TRACE, state, mover, 1);
		gs_abi_put_bytes(&call.w, data_of(move));
		break;
	case GS_MOVE_CHALLENGE_OUTPUT:
		begin_claim(&call, out, GS_DISPUTES_FN_CHALLENGE_OUTPUT, state, mover, 1);
		put_word(&call, WORD_N);
		break;
	case GS_MOVE_PROVE_OUTPUT:
		begin_terms(&call, out, GS_DISPUTES_FN_PROVE_OUTPUT, body, state, mover, 1);
		gs_abi_put_hashes(&call.w, move->sibling, move->siblings);
		break;
	case GS_MOVE_REVEAL:
		begin_claim(&call, out, GS_DISPUTES_FN_REVEAL, state, mover, 1);
		gs_abi_put_bytes(&call.w, data_of(move));
		break;
	case GS_MOVE_SELECT:
		begin_claim(&call, out, GS_DISPUTES_FN_SELECT, state, mover, 3);
		gs_abi_put_u64(&call.w, move->child);
		gs_abi_put_hash(&call.w, &move->hash);
		gs_abi_put_hashes(&call.w, move->sibling, move->siblings);
		break;
	case GS_MOVE_SELECT_ELEMENT:
		begin_terms(&call, out, GS_DISPUTES_FN_SELECT_ELEMENT, body, state, mover, 5);
		put_element(&call.w, move);
		break;
	case GS_MOVE_REVEAL_STATES:
		begin_claim(&call, out, GS_DISPUTES_FN_REVEAL_STATES, state, mover, 3);
		put_word(&call, WORD_N);
		put_word(&call, WORD_C);
		gs_abi_put_bytes(&call.w, data_of(move));
		break;
	case GS_MOVE_SELECT_SEGMENT:
		begin_claim(&call, out, GS_DISPUTES_FN_SELECT_SEGMENT, state, mover, 4);
		put_word(&call, WORD_N);
		put_word(&call, WORD_C);
		gs_abi_put_u64(&call.w, move->segment);
		gs_abi_put_bytes(&call.w, data_of(move));
		break;
	case GS_MOVE_PROVE_STEP:
		begin_terms(&call, out, GS_DISPUTES_FN_PROVE_STEP, body, state, mover, 4);
		put_word(&call, WORD_C);
		gs_abi_put_hash(&call.w, &move->trace_root);
		gs_abi_put_bytes(&call.w, descriptor_of(move));
		gs_abi_put_bytes(&call.w, openings_of(move));
		break;
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE:
		begin_terms(&call, out, GS_DISPUTES_FN_SELECT_ELEMENT_AND_PROVE, body, state, mover, 7);
		put_element(&call.w, move);
		gs_abi_put_hash(&call.w, &move->trace_root);
		gs_abi_put_bytes(&call.w, openings_of(move));
		break;
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE:
		begin_terms(&call, out, GS_DISPUTES_FN_SELECT_SEGMENT_AND_PROVE, body, state, mover, 6);
		put_word(&call, WORD_C);
		gs_abi_put_u64(&call.w, move->segment);
		gs_abi_put_bytes(&call.w, data_of(move));
		gs_abi_put_hash(&call.w, &move->trace_root);
		gs_abi_put_bytes(&call.w, descriptor_of(move));
		gs_abi_put_bytes(&call.w, openings_of(move));
		break;
	case GS_MOVE_TIMEOUT: whole(out, GS_DISPUTES_FN_TIMEOUT, body, state); return;
	case GS_MOVE_CONCEDE: whole(out, GS_DISPUTES_FN_CONCEDE, body, state); return;
	case GS_MOVE_CLOSE: whole(out, GS_DISPUTES_FN_CLOSE, body, state); return;
	}
	gs_abi_end(&call.w);
}

void gs_challenge_calldata(const struct gs_claim_body *body, struct gs_buf *out)
{
	struct gs_abi_writer w;
	uint8_t words[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	gs_claim_body_encode(body, words);
	gs_abi_call(&w, out, GS_DISPUTES_FN_CHALLENGE, GS_CLAIM_BODY_WORDS);
	for (size_t i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(&w, words + i * GS_ABI_WORD);
	gs_abi_end(&w);
}

void gs_close_calldata(const struct gs_claim_body *body, const struct gs_game_state *state, struct gs_buf *out)
{
	whole(out, GS_DISPUTES_FN_CLOSE, body, state);
}

/* ---- events ---- */

static enum gs_err address_of_topic(const struct gs_hash *topic, struct gs_address *out)
{
	static const uint8_t zeros[GS_ABI_WORD - ADDRESS_BYTES];
	memcpy(out->b, topic->b + sizeof(zeros), ADDRESS_BYTES);
	return memcmp(topic->b, zeros, sizeof(zeros)) == 0 ? GS_OK : GS_EPARSE;
}

/* Which words of the state an event's data carries, in order; those that it does not carry are zero. */
struct form {
	enum gs_game_event_kind kind;
	const struct gs_hash *topic;
	unsigned topics;
	unsigned words; /* a, b, then n, c, v */
	bool shown;
};

bool gs_game_event_has_state(enum gs_game_event_kind kind)
{
	return kind != GS_GAME_EVENT_OVER && kind != GS_GAME_EVENT_SETTLED;
}

const char *gs_game_event_name(enum gs_game_event_kind kind)
{
	switch (kind) {
	case GS_GAME_EVENT_OPENED: return "Opened";
	case GS_GAME_EVENT_REVEALED: return "Revealed";
	case GS_GAME_EVENT_SELECTED: return "Selected";
	case GS_GAME_EVENT_NARROWED: return "Narrowed";
	case GS_GAME_EVENT_STATES_REVEALED: return "StatesRevealed";
	case GS_GAME_EVENT_AGREED: return "Agreed";
	case GS_GAME_EVENT_OVER: return "GameOver";
	case GS_GAME_EVENT_SETTLED: return "Settled";
	}
	return "?";
}

static enum gs_err decode_state(const struct gs_log_entry *log, const struct form *form, struct gs_game_event *out)
{
	uint8_t words[GS_GAME_STATE_WORDS * GS_ABI_WORD] = {0};
	struct gs_abi_reader r = gs_abi_read(log->data);
	out->kind = form->kind;
	if (log->topic_count != form->topics)
		return GS_EPARSE;
	memcpy(words, log->topics[1].b, GS_ABI_WORD);
	for (unsigned i = 0; i < form->words; i++)
		gs_abi_get_word(&r, words + (WORD_A + i) * GS_ABI_WORD);
	if (form->shown)
		out->shown = gs_abi_get_bytes(&r);
	if (form->kind == GS_GAME_EVENT_AGREED)
		out->trace_root = gs_abi_get_hash(&r);
	if (r.err != GS_OK)
		return GS_EPARSE;
	if (form->kind == GS_GAME_EVENT_STATES_REVEALED) {
		struct gs_hash values;
		gs_keccak256(out->shown.ptr, out->shown.len, &values);
		memcpy(words + WORD_V * GS_ABI_WORD, values.b, GS_ABI_WORD);
	}
	if (gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &out->state) != GS_OK)
		return GS_EPARSE;
	out->claim = out->state.claim;
	out->ordinal = out->state.ordinal;
	out->challenger = out->state.challenger;
	if (form->kind != GS_GAME_EVENT_OPENED)
		return GS_OK;
	struct gs_address told;
	enum gs_err err = address_of_topic(&log->topics[2], &told);
	return err == GS_OK && !gs_address_equal(&told, &out->challenger) ? GS_EPARSE : err;
}

static enum gs_err decode_over(const struct gs_log_entry *log, struct gs_game_event *out)
{
	struct gs_abi_reader r = gs_abi_read(log->data);
	out->kind = GS_GAME_EVENT_OVER;
	if (log->topic_count != 3 || address_of_topic(&log->topics[2], &out->challenger) != GS_OK)
		return GS_EPARSE;
	out->claim = log->topics[1];
	out->ordinal = gs_abi_get_u32(&r);
	out->outcome = gs_abi_get_u8(&r);
	out->reason = gs_abi_get_u8(&r);
	out->computed = gs_abi_get_u64(&r);
	bool known = out->ordinal < GS_GAME_ORDINALS && out->outcome > GS_GAME_OPEN && out->outcome <= GS_GAME_CLOSED &&
	             out->reason > GS_REASON_NONE && out->reason < GS_REASONS;
	return r.err == GS_OK && known ? GS_OK : GS_EPARSE;
}

static enum gs_err decode_settled(const struct gs_log_entry *log, struct gs_game_event *out)
{
	struct gs_abi_reader r = gs_abi_read(log->data);
	out->kind = GS_GAME_EVENT_SETTLED;
	if (log->topic_count != 3 || address_of_topic(&log->topics[2], &out->winner) != GS_OK)
		return GS_EPARSE;
	out->claim = log->topics[1];
	out->amount = gs_abi_get_wei(&r);
	return r.err == GS_OK ? GS_OK : GS_EPARSE;
}

enum gs_err gs_game_event_decode(const struct gs_log_entry *log, struct gs_game_event *out)
{
	const struct form forms[] = {
		{GS_GAME_EVENT_OPENED, &gs_disputes_event_opened, 3, 2, false},
		{GS_GAME_EVENT_REVEALED, &gs_disputes_event_revealed, 2, 3, true},
		{GS_GAME_EVENT_SELECTED, &gs_disputes_event_selected, 2, 3, false},
		{GS_GAME_EVENT_NARROWED, &gs_disputes_event_narrowed, 2, 4, false},
		{GS_GAME_EVENT_STATES_REVEALED, &gs_disputes_event_states_revealed, 2, 4, true},
		{GS_GAME_EVENT_AGREED, &gs_disputes_event_agreed, 2, 5, false},
	};
	memset(out, 0, sizeof(*out));
	if (log->topic_count == 0)
		return GS_ENOTFOUND;
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++)
		if (gs_hash_equal(&log->topics[0], forms[i].topic))
			return decode_state(log, &forms[i], out);
	if (gs_hash_equal(&log->topics[0], &gs_disputes_event_game_over))
		return decode_over(log, out);
	if (gs_hash_equal(&log->topics[0], &gs_disputes_event_settled))
		return decode_settled(log, out);
	return GS_ENOTFOUND;
}
