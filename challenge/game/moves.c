/* challenge/game/moves.c: the ABI of the Disputes contract (docs/protocol.md, 5.2). */
#include "challenge/game/moves.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

static struct gs_bytes data_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->data, move->data_len};
}

static struct gs_bytes descriptor_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->descriptor, move->descriptor_len};
}

/* Starts a call whose first argument is the state and that has `more` words of head behind it. */
static void begin(struct gs_abi_writer *w, struct gs_buf *out, uint32_t selector, const struct gs_game_state *state,
                  size_t more)
{
	uint8_t words[GS_GAME_STATE_WORDS * GS_ABI_WORD];
	gs_abi_call(w, out, selector, GS_GAME_STATE_WORDS + more);
	gs_game_state_encode(state, words);
	for (size_t i = 0; i < GS_GAME_STATE_WORDS; i++)
		gs_abi_put_word(w, words + i * GS_ABI_WORD);
}

void gs_move_calldata(const struct gs_game_state *state, const struct gs_move *move, struct gs_buf *out)
{
	struct gs_abi_writer w;
	switch (move->kind) {
	case GS_MOVE_COMMIT_TRACE:
		begin(&w, out, GS_DISPUTES_FN_COMMIT_TRACE, state, 3);
		gs_abi_put_hash(&w, &move->trace_root);
		gs_abi_put_hashes(&w, move->sibling, move->siblings);
		gs_abi_put_bytes(&w, data_of(move));
		break;
	case GS_MOVE_REVEAL:
		begin(&w, out, GS_DISPUTES_FN_REVEAL, state, 1);
		gs_abi_put_bytes(&w, data_of(move));
		break;
	case GS_MOVE_SELECT:
		begin(&w, out, GS_DISPUTES_FN_SELECT, state, 3);
		gs_abi_put_u64(&w, move->child);
		gs_abi_put_hash(&w, &move->hash);
		gs_abi_put_hashes(&w, move->sibling, move->siblings);
		break;
	case GS_MOVE_SELECT_ELEMENT:
		begin(&w, out, GS_DISPUTES_FN_SELECT_ELEMENT, state, 7);
		gs_abi_put_u64(&w, move->child);
		gs_abi_put_u64(&w, move->slot);
		gs_abi_put_bytes(&w, (struct gs_bytes){move->chunk, sizeof(move->chunk)});
		gs_abi_put_hashes(&w, move->sibling, move->siblings);
		gs_abi_put_u64(&w, move->instruction);
		gs_abi_put_bytes(&w, descriptor_of(move));
		gs_abi_put_hashes(&w, move->path, move->path_len);
		break;
	case GS_MOVE_REVEAL_STATES:
		begin(&w, out, GS_DISPUTES_FN_REVEAL_STATES, state, 1);
		gs_abi_put_bytes(&w, data_of(move));
		break;
	case GS_MOVE_SELECT_SEGMENT:
		begin(&w, out, GS_DISPUTES_FN_SELECT_SEGMENT, state, 2);
		gs_abi_put_u64(&w, move->segment);
		gs_abi_put_bytes(&w, data_of(move));
		break;
	case GS_MOVE_PROVE_STEP:
		begin(&w, out, GS_DISPUTES_FN_PROVE_STEP, state, 2);
		gs_abi_put_bytes(&w, descriptor_of(move));
		gs_abi_put_bytes(&w, data_of(move));
		break;
	case GS_MOVE_TIMEOUT: begin(&w, out, GS_DISPUTES_FN_TIMEOUT, state, 0); break;
	case GS_MOVE_CONCEDE: begin(&w, out, GS_DISPUTES_FN_CONCEDE, state, 0); break;
	}
	gs_abi_end(&w);
}

void gs_challenge_calldata(const struct gs_hash *claim, struct gs_buf *out)
{
	struct gs_abi_writer w;
	gs_abi_call(&w, out, GS_DISPUTES_FN_CHALLENGE, 1);
	gs_abi_put_hash(&w, claim);
	gs_abi_end(&w);
}

void gs_close_calldata(const struct gs_hash *claim, const struct gs_address *challenger, struct gs_buf *out)
{
	struct gs_abi_writer w;
	gs_abi_call(&w, out, GS_DISPUTES_FN_CLOSE, 2);
	gs_abi_put_hash(&w, claim);
	gs_abi_put_address(&w, challenger);
	gs_abi_end(&w);
}

void gs_game_id(uint64_t chain_id, const struct gs_address *disputes, const struct gs_hash *claim,
                const struct gs_address *challenger, struct gs_hash *out)
{
	static const char domain[] = "gainsay.game";
	uint8_t words[5 * GS_ABI_WORD] = {0};
	struct gs_hash tag;
	gs_keccak256(domain, sizeof(domain) - 1, &tag);
	memcpy(words, tag.b, 32);
	gs_be64_write(words + 56, chain_id);
	memcpy(words + 64 + 12, disputes->b, 20);
	memcpy(words + 96, claim->b, 32);
	memcpy(words + 128 + 12, challenger->b, 20);
	gs_keccak256(words, sizeof(words), out);
}

static struct gs_address address_of_topic(const struct gs_hash *topic)
{
	struct gs_address out;
	memcpy(out.b, topic->b + 12, 20);
	return out;
}

enum gs_err gs_game_event_decode(const struct gs_log_entry *log, struct gs_game_event *out)
{
	const struct gs_hash *topic = log->topics;
	struct gs_abi_reader r = gs_abi_read(log->data);
	size_t topics = 0;
	memset(out, 0, sizeof(*out));
	if (log->topic_count == 0)
		return GS_ENOTFOUND;
	if (gs_hash_equal(topic, &gs_disputes_event_opened)) {
		out->kind = GS_GAME_EVENT_OPENED;
		topics = 4;
		out->challenger = address_of_topic(&topic[3]);
		out->index = gs_abi_get_u32(&r);
	} else if (gs_hash_equal(topic, &gs_disputes_event_game_state)) {
		out->kind = GS_GAME_EVENT_STATE;
		topics = 3;
		out->state_hash = gs_abi_get_hash(&r);
		if (log->data.len != (1 + GS_GAME_STATE_WORDS) * (size_t)GS_ABI_WORD)
			return GS_EPARSE;
		struct gs_bytes words = {log->data.ptr + GS_ABI_WORD, log->data.len - GS_ABI_WORD};
		if (gs_game_state_decode(words, &out->state) != GS_OK)
			return GS_EPARSE;
	} else if (gs_hash_equal(topic, &gs_disputes_event_revealed)) {
		out->kind = GS_GAME_EVENT_REVEALED;
		topics = 2;
		out->revealed = gs_abi_get_bytes(&r);
	} else if (gs_hash_equal(topic, &gs_disputes_event_judged)) {
		out->kind = GS_GAME_EVENT_JUDGED;
		topics = 2;
		out->prover = gs_abi_get_address(&r);
		out->computed = gs_abi_get_u64(&r);
	} else if (gs_hash_equal(topic, &gs_disputes_event_game_over)) {
		out->kind = GS_GAME_EVENT_OVER;
		topics = 3;
		out->outcome = gs_abi_get_u8(&r);
		out->reason = gs_abi_get_u8(&r);
		if (r.err == GS_OK && (out->outcome <= GS_GAME_OPEN || out->outcome > GS_GAME_CLOSED))
			return GS_EPARSE;
	} else if (gs_hash_equal(topic, &gs_disputes_event_settled)) {
		out->kind = GS_GAME_EVENT_SETTLED;
		if (log->topic_count != 3 || log->data.len != GS_ABI_WORD)
			return GS_EPARSE;
		out->claim = topic[1];
		out->winner = address_of_topic(&topic[2]);
		out->amount = gs_abi_get_wei(&r);
		return r.err == GS_OK ? GS_OK : GS_EPARSE;
	} else {
		return GS_ENOTFOUND;
	}
	if (log->topic_count != topics || r.err != GS_OK)
		return GS_EPARSE;
	out->game = topic[1];
	if (topics > 2)
		out->claim = topic[2];
	return GS_OK;
}
