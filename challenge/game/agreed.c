/* challenge/game/agreed.c: signed states: EIP-712, and what the contract asks of them. */
#include "challenge/game/agreed.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

enum { SIGNATURE_BYTES = 65 };

static void hash_text(const char *text, struct gs_hash *out)
{
	gs_keccak256(text, strlen(text), out);
}

/* keccak(typeHash, keccak(name), keccak(version), chainId, verifyingContract) */
static void domain_separator(uint64_t chain_id, const struct gs_address *disputes, struct gs_hash *out)
{
	uint8_t words[5 * 32] = {0};
	struct gs_hash hash;
	hash_text("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)", &hash);
	memcpy(words, hash.b, 32);
	hash_text("Gainsay", &hash);
	memcpy(words + 32, hash.b, 32);
	hash_text("1", &hash);
	memcpy(words + 64, hash.b, 32);
	gs_be64_write(words + 96 + 24, chain_id);
	memcpy(words + 128 + 12, disputes->b, 20);
	gs_keccak256(words, sizeof(words), out);
}

void gs_agreed_digest(uint64_t chain_id, const struct gs_address *disputes, const struct gs_game_state *state,
                      const struct gs_hash *trace_root, struct gs_hash *out)
{
	uint8_t words[(2 + GS_GAME_STATE_WORDS) * 32], message[2 + 2 * 32] = {0x19, 0x01};
	struct gs_hash hash;
	hash_text("State(bytes32 claimId,uint256 a,uint256 b,bytes32 n,uint256 c,bytes32 v,bytes32 traceRoot)", &hash);
	memcpy(words, hash.b, 32);
	gs_game_state_encode(state, words + 32);
	memcpy(words + (1 + GS_GAME_STATE_WORDS) * 32, trace_root->b, 32);
	domain_separator(chain_id, disputes, &hash);
	memcpy(message + 2, hash.b, 32);
	gs_keccak256(words, sizeof(words), &hash);
	memcpy(message + 2 + 32, hash.b, 32);
	gs_keccak256(message, sizeof(message), out);
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
