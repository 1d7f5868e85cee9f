/* challenge/game/agreed.c: signed states: EIP-712, and what the contract asks of them. */
#include "challenge/game/agreed.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

enum { SIGNATURE_BYTES = 65 };

/* The members of the contract's State and the root, in the order in which the contract hashes them. */
static const struct gs_typed_member members[] = {
	{"bytes32", "claimId"}, {"uint256", "a"}, {"uint256", "b"},         {"bytes32", "n"},
	{"uint256", "c"},       {"bytes32", "v"}, {"bytes32", "traceRoot"},
};
static const struct gs_typed_struct state_struct = {"State", members, GS_ARRAY_LEN(members)};
_Static_assert(GS_ARRAY_LEN(members) == GS_AGREED_MEMBERS, "a state's words, and the root");

void gs_agreed_typed(uint64_t chain_id, const struct gs_address *disputes, const struct gs_game_state *state,
                     const struct gs_hash *trace_root, struct gs_agreed_typed *out)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];

	memset(out, 0, sizeof(*out));
	out->chain_id = gs_u256_from_u64(chain_id);
	out->disputes = *disputes;
	gs_game_state_encode(state, words);
	for (size_t i = 0; i < GS_GAME_STATE_WORDS; i++)
		memcpy(out->member[i].word, words + i * 32, 32);
	memcpy(out->member[GS_GAME_STATE_WORDS].word, trace_root->b, 32);
	out->typed = (struct gs_typed){
		.domain = {.name = "Gainsay", .version = "1", .chain_id = &out->chain_id, .contract = &out->disputes},
		.structs = &state_struct,
		.struct_count = 1,
		.primary = state_struct.name,
		.message = {.items = out->member, .count = GS_AGREED_MEMBERS},
	};
}

void gs_agreed_digest(uint64_t chain_id, const struct gs_address *disputes, const struct gs_game_state *state,
                      const struct gs_hash *trace_root, struct gs_hash *out)
{
	struct gs_agreed_typed typed;
	enum gs_err err;

	gs_agreed_typed(chain_id, disputes, state, trace_root, &typed);
	err = gs_typed_digest(&typed.typed, out, NULL);
	GS_ASSERT(err == GS_OK); /* the types are constants, and every word is one of theirs */
}

enum gs_err gs_agreed_sign(uint64_t chain_id, const struct gs_address *disputes, const struct gs_key *key,
                           const struct gs_game_state *state, const struct gs_hash *trace_root,
                           struct gs_signature *out, struct gs_error *error)
{
	struct gs_hash digest;
	gs_agreed_digest(chain_id, disputes, state, trace_root, &digest);
	return gs_key_sign(key, &digest, out, error);
}

void gs_agreed_begin(struct gs_game_state *state)
{
	state->move |= GS_GAME_AGREED_MOVE;
}

static bool same_game(const struct gs_game_state *a, const struct gs_game_state *b)
{
	return gs_hash_equal(&a->claim, &b->claim) && a->ordinal == b->ordinal && a->units == b->units &&
	       a->depth == b->depth && gs_address_equal(&a->claimant, &b->claimant) &&
	       gs_address_equal(&a->challenger, &b->challenger);
}

static bool follows(const struct gs_agreed_terms *terms, const struct gs_game_state *from,
                    const struct gs_game_state *to)
{
	bool later = to->move > from->move && to->move >= GS_GAME_AGREED_MOVE && to->move < GS_AGREED_MOVES_END;
	bool in_time = to->deadline <= terms->now + terms->budgets_s && to->claimant_left <= terms->budgets_s &&
	               to->challenger_left <= terms->budgets_s;
	return same_game(from, to) && later && in_time && to->phase != GS_PHASE_COMMIT && gs_game_state_invariant(to);
}

static bool signed_by(const struct gs_hash *digest, const struct gs_signature *signature,
                      const struct gs_address *account)
{
	struct gs_address signer;
	return gs_key_recover(signature, digest, &signer) == GS_OK && gs_address_equal(&signer, account);
}

enum gs_err gs_agreed_check(const struct gs_agreed_terms *terms, const struct gs_game_state *from,
                            const struct gs_agreed *to, bool is_signed, struct gs_error *error)
{
	struct gs_trace_tag given = gs_trace_tag_of(&to->trace_root);
	struct gs_hash digest;
	if (!follows(terms, from, &to->state))
		return gs_fail(error, GS_EINVAL, "NotAgreed");
	gs_agreed_digest(terms->chain_id, &terms->disputes, &to->state, &to->trace_root, &digest);
	if (is_signed && (!signed_by(&digest, &to->claimant, &from->claimant) ||
	                  !signed_by(&digest, &to->challenger, &from->challenger)))
		return gs_fail(error, GS_EINVAL, "WrongSignature");
	if (gs_trace_tag_is_zero(&given) ||
	    (!gs_trace_tag_is_zero(&terms->tag) && !gs_trace_tag_equal(&terms->tag, &given)))
		return gs_fail(error, GS_EINVAL, "WrongTraceRoot");
	return GS_OK;
}

/* ---- calls ---- */

static void put_words(struct gs_abi_writer *w, const uint8_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		gs_abi_put_word(w, words + i * GS_ABI_WORD);
}

static void put_state(struct gs_abi_writer *w, const struct gs_game_state *state)
{
	uint8_t words[GS_GAME_STATE_WORDS * GS_ABI_WORD];
	gs_game_state_encode(state, words);
	put_words(w, words, GS_GAME_STATE_WORDS);
}

/* r, s, v as the precompile wants them: v is 27 or 28. */
static void put_signature(struct gs_abi_writer *w, const struct gs_signature *signature)
{
	uint8_t bytes[SIGNATURE_BYTES];
	memcpy(bytes, signature->r, 32);
	memcpy(bytes + 32, signature->s, 32);
	bytes[64] = (uint8_t)(27 + signature->y_parity);
	gs_abi_put_bytes(w, (struct gs_bytes){bytes, sizeof(bytes)});
}

static void put_agreed(struct gs_abi_writer *w, const struct gs_game_state *from, const struct gs_agreed *to)
{
	put_state(w, from);
	put_state(w, &to->state);
	gs_abi_put_hash(w, &to->trace_root);
	put_signature(w, &to->claimant);
	put_signature(w, &to->challenger);
}

void gs_agree_calldata(const struct gs_game_state *from, const struct gs_agreed *to, struct gs_buf *out)
{
	struct gs_abi_writer w;
	gs_abi_call(&w, out, GS_DISPUTES_FN_AGREE, 2 * GS_GAME_STATE_WORDS + 3);
	put_agreed(&w, from, to);
	gs_abi_end(&w);
}

void gs_agree_and_prove_calldata(const struct gs_claim_body *body, const struct gs_game_state *from,
                                 const struct gs_agreed *to, const struct gs_move *prove, struct gs_buf *out)
{
	struct gs_abi_writer w;
	uint8_t terms[GS_CLAIM_TERMS_WORDS * GS_ABI_WORD];
	GS_ASSERT(prove->kind == GS_MOVE_PROVE_STEP);
	gs_claim_terms_encode(body, terms);
	gs_abi_call(&w, out, GS_DISPUTES_FN_AGREE_AND_PROVE, GS_CLAIM_TERMS_WORDS + 2 * GS_GAME_STATE_WORDS + 5);
	put_words(&w, terms, GS_CLAIM_TERMS_WORDS);
	put_agreed(&w, from, to);
	gs_abi_put_bytes(&w, (struct gs_bytes){prove->descriptor, prove->descriptor_len});
	gs_abi_put_bytes(&w, (struct gs_bytes){prove->openings, prove->openings_len});
	gs_abi_end(&w);
}
