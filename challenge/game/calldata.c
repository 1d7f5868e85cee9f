#include "challenge/game/calldata.h"

#include <string.h>

#include "chain/eth/bindings.h"

enum { WORD_CLAIM = 0, WORD_A = 1, WORD_B = 2, WORD_N = 3, WORD_C = 4, WORD_V = 5 };

static void read_word(struct gs_abi_reader *r, struct gs_move_call *out, unsigned word)
{
	gs_abi_get_word(r, out->word[word]);
	out->given |= 1U << word;
}

static void read_claim(struct gs_abi_reader *r, struct gs_move_call *out)
{
	out->by_claim = true;
	read_word(r, out, WORD_CLAIM);
	memcpy(out->claim.b, out->word[WORD_CLAIM], sizeof(out->claim.b));
	read_word(r, out, WORD_A);
	read_word(r, out, WORD_B);
}

static void read_terms(struct gs_abi_reader *r, struct gs_move_call *out)
{
	out->body.batch = gs_abi_get_hash(r);
	out->body.lot = gs_abi_get_u256(r);
	out->body.model_id = gs_abi_get_hash(r);
	out->body.input_root = gs_abi_get_hash(r);
	out->body.output_root = gs_abi_get_hash(r);
	read_word(r, out, WORD_A);
	read_word(r, out, WORD_B);
}

/* bytes into an array of the move's. */
static uint32_t read_bytes(struct gs_abi_reader *r, uint8_t *out, size_t room)
{
	struct gs_bytes bytes = gs_abi_get_bytes(r);
	if (r->err == GS_OK && bytes.len > room)
		r->err = GS_ELIMIT;
	if (r->err != GS_OK)
		return 0;
	if (bytes.len > 0)
		memcpy(out, bytes.ptr, bytes.len);
	return (uint32_t)bytes.len;
}

static uint32_t read_hashes(struct gs_abi_reader *r, struct gs_hash *out, size_t room)
{
	size_t count;
	struct gs_bytes words = gs_abi_get_words(r, &count);
	if (r->err == GS_OK && count > room)
		r->err = GS_ELIMIT;
	if (r->err != GS_OK)
		return 0;
	for (size_t i = 0; i < count; i++)
		memcpy(out[i].b, words.ptr + i * sizeof(out[i].b), sizeof(out[i].b));
	return (uint32_t)count;
}

static void read_data(struct gs_abi_reader *r, struct gs_move *m)
{
	m->data_len = read_bytes(r, m->data, sizeof(m->data));
}

static void read_siblings(struct gs_abi_reader *r, struct gs_move *m)
{
	m->siblings = read_hashes(r, m->sibling, GS_ARRAY_LEN(m->sibling));
}

static void read_descriptor(struct gs_abi_reader *r, struct gs_move *m)
{
	m->descriptor_len = read_bytes(r, m->descriptor, sizeof(m->descriptor));
}

static void read_openings(struct gs_abi_reader *r, struct gs_move *m)
{
	m->openings_len = read_bytes(r, m->openings, sizeof(m->openings));
}

static void read_element(struct gs_abi_reader *r, struct gs_move *m)
{
	uint8_t pick[GS_ABI_WORD];
	gs_abi_get_word(r, pick);
	m->instruction = gs_be32_read(pick + 20);
	m->slot = gs_be32_read(pick + 24);
	m->child = gs_be32_read(pick + 28);
	if (read_bytes(r, m->chunk, sizeof(m->chunk)) != sizeof(m->chunk) && r->err == GS_OK)
		r->err = GS_EPARSE;
	read_siblings(r, m);
	read_descriptor(r, m);
	m->path_len = read_hashes(r, m->path, GS_ARRAY_LEN(m->path));
}

static void read_rest(struct gs_abi_reader *r, struct gs_move_call *out)
{
	struct gs_move *m = &out->move;
	switch (m->kind) {
	case GS_MOVE_COMMIT_TRACE:
	case GS_MOVE_REVEAL: read_data(r, m); return;
	case GS_MOVE_CHALLENGE_OUTPUT: read_word(r, out, WORD_N); return;
	case GS_MOVE_PROVE_OUTPUT: read_siblings(r, m); return;
	case GS_MOVE_SELECT:
		m->child = gs_abi_get_u32(r);
		m->hash = gs_abi_get_hash(r);
		read_siblings(r, m);
		return;
	case GS_MOVE_SELECT_ELEMENT: read_element(r, m); return;
	case GS_MOVE_REVEAL_STATES:
		read_word(r, out, WORD_N);
		read_word(r, out, WORD_C);
		read_data(r, m);
		return;
	case GS_MOVE_SELECT_SEGMENT:
		read_word(r, out, WORD_N);
		read_word(r, out, WORD_C);
		m->segment = gs_abi_get_u32(r);
		read_data(r, m);
		return;
	case GS_MOVE_PROVE_STEP:
		read_word(r, out, WORD_C);
		m->trace_root = gs_abi_get_hash(r);
		read_descriptor(r, m);
		read_openings(r, m);
		return;
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE:
		read_element(r, m);
		m->trace_root = gs_abi_get_hash(r);
		read_openings(r, m);
		return;
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE:
		read_word(r, out, WORD_C);
		m->segment = gs_abi_get_u32(r);
		read_data(r, m);
		m->trace_root = gs_abi_get_hash(r);
		read_descriptor(r, m);
		read_openings(r, m);
		return;
	case GS_MOVE_TIMEOUT:
	case GS_MOVE_CONCEDE:
	case GS_MOVE_CLOSE:
		read_word(r, out, WORD_N);
		read_word(r, out, WORD_C);
		read_word(r, out, WORD_V);
		return;
	}
}

static const struct {
	uint32_t selector;
	enum gs_move_kind kind;
	bool by_claim;
} moves[] = {
	{GS_DISPUTES_FN_COMMIT_TRACE, GS_MOVE_COMMIT_TRACE, true},
	{GS_DISPUTES_FN_REVEAL, GS_MOVE_REVEAL, true},
	{GS_DISPUTES_FN_SELECT, GS_MOVE_SELECT, true},
	{GS_DISPUTES_FN_CHALLENGE_OUTPUT, GS_MOVE_CHALLENGE_OUTPUT, true},
	{GS_DISPUTES_FN_PROVE_OUTPUT, GS_MOVE_PROVE_OUTPUT, false},
	{GS_DISPUTES_FN_SELECT_ELEMENT, GS_MOVE_SELECT_ELEMENT, false},
	{GS_DISPUTES_FN_REVEAL_STATES, GS_MOVE_REVEAL_STATES, true},
	{GS_DISPUTES_FN_SELECT_SEGMENT, GS_MOVE_SELECT_SEGMENT, true},
	{GS_DISPUTES_FN_PROVE_STEP, GS_MOVE_PROVE_STEP, false},
	{GS_DISPUTES_FN_SELECT_ELEMENT_AND_PROVE, GS_MOVE_SELECT_ELEMENT_AND_PROVE, false},
	{GS_DISPUTES_FN_SELECT_SEGMENT_AND_PROVE, GS_MOVE_SELECT_SEGMENT_AND_PROVE, false},
	{GS_DISPUTES_FN_TIMEOUT, GS_MOVE_TIMEOUT, false},
	{GS_DISPUTES_FN_CONCEDE, GS_MOVE_CONCEDE, false},
	{GS_DISPUTES_FN_CLOSE, GS_MOVE_CLOSE, false},
};

static bool read_agree(uint32_t selector, struct gs_abi_reader *r, struct gs_move_call *out);

bool gs_move_call_read(uint32_t selector, struct gs_abi_reader *r, struct gs_move_call *out)
{
	if (read_agree(selector, r, out))
		return true;
	for (size_t i = 0; i < GS_ARRAY_LEN(moves); i++) {
		if (moves[i].selector != selector)
			continue;
		out->move.kind = moves[i].kind;
		if (moves[i].by_claim)
			read_claim(r, out);
		else
			read_terms(r, out);
		read_rest(r, out);
		return true;
	}
	return false;
}

/* ---- agreements ---- */

enum { SIGNATURE_BYTES = 65, V_FIRST = 27 };

static void read_signature(struct gs_abi_reader *r, struct gs_signature *out)
{
	const struct gs_bytes bytes = gs_abi_get_bytes(r);
	if (r->err == GS_OK && (bytes.len != SIGNATURE_BYTES || bytes.ptr[64] < V_FIRST || bytes.ptr[64] > V_FIRST + 1))
		r->err = GS_EPARSE; /* whatever it is, it is nobody's signature */
	if (r->err != GS_OK)
		return;
	memcpy(out->r, bytes.ptr, sizeof(out->r));
	memcpy(out->s, bytes.ptr + 32, sizeof(out->s));
	out->y_parity = bytes.ptr[64] - V_FIRST;
}

static bool read_agree(uint32_t selector, struct gs_abi_reader *r, struct gs_move_call *out)
{
	uint8_t words[GS_GAME_STATE_WORDS * GS_ABI_WORD];
	if (selector != GS_DISPUTES_FN_AGREE)
		return false;
	out->agrees = true;
	out->by_claim = true;
	for (unsigned i = 0; i < GS_GAME_STATE_WORDS; i++)
		read_word(r, out, i);
	memcpy(out->claim.b, out->word[WORD_CLAIM], sizeof(out->claim.b));
	for (unsigned i = 0; i < GS_GAME_STATE_WORDS; i++)
		gs_abi_get_word(r, words + (size_t)i * GS_ABI_WORD);
	out->agreed.trace_root = gs_abi_get_hash(r);
	read_signature(r, &out->agreed.claimant);
	read_signature(r, &out->agreed.challenger);
	if (r->err == GS_OK)
		r->err = gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &out->agreed.state);
	return true;
}

/* ---- all of it ---- */

enum gs_err gs_move_call_decode(struct gs_bytes calldata, struct gs_move_call *out)
{
	struct gs_abi_reader r;

	memset(out, 0, sizeof(*out));
	if (calldata.len < 4)
		return GS_ENOTFOUND;
	r = gs_abi_read((struct gs_bytes){calldata.ptr + 4, calldata.len - 4});
	return gs_move_call_read(gs_be32_read(calldata.ptr), &r, out) ? r.err : GS_ENOTFOUND;
}
