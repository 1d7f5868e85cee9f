/* challenge/game/claim.h: what a claim says, and the ids that follow from it.
 *
 * The chain keeps one slot of a claim; whoever calls brings the body, and the claim's id is the body's hash.
 * Source: docs/protocol.md, 4.1 and 5. */
#ifndef GS_CHALLENGE_GAME_CLAIM_H
#define GS_CHALLENGE_GAME_CLAIM_H

#include "chain/core/u256.h"
#include "challenge/machine/program.h"

enum {
	GS_CLAIM_BODY_WORDS = 6,
	GS_CLAIM_TERMS_WORDS = 5, /* the body without the claimant */
	GS_TRACE_TAG_BYTES = 20,
};

struct gs_claim_body {
	struct gs_hash batch; /* zero: posted alone */
	struct gs_u256 lot;   /* index 128 | value 128: gs_claim_lot */
	struct gs_address claimant;
	struct gs_hash model_id;
	struct gs_hash input_root;
	struct gs_hash output_root;
};

/* Index: posted alone, a salt of the claimant's choice; in a batch, the leaf's number. Both below 2^128 (asserted). */
struct gs_u256 gs_claim_lot(const struct gs_u256 *index, struct gs_wei value);
struct gs_u256 gs_claim_lot_index(const struct gs_u256 *lot);
struct gs_wei gs_claim_lot_value(const struct gs_u256 *lot);

/* The body's words as abi.encode writes them, and without the claimant's (Terms). */
void gs_claim_body_encode(const struct gs_claim_body *body, uint8_t out[GS_CLAIM_BODY_WORDS * 32]);
void gs_claim_terms_encode(const struct gs_claim_body *body, uint8_t out[GS_CLAIM_TERMS_WORDS * 32]);
/* GS_EPARSE when the claimant's word has dirty bits. */
GS_MUST enum gs_err gs_claim_body_decode(const uint8_t in[GS_CLAIM_BODY_WORDS * 32], struct gs_claim_body *out);

/* keccak(abi.encode(keccak("gainsay.claim"), chainid, claims, body)); claims: the contract's address. */
void gs_claim_id(uint64_t chain_id, const struct gs_address *claims, const struct gs_claim_body *body,
                 struct gs_hash *out);
/* The same for many bodies, several at a time. out overlaps nothing of them. */
void gs_claim_ids(uint64_t chain_id, const struct gs_address *claims, const struct gs_claim_body *bodies, size_t count,
                  struct gs_hash *out);
/* keccak(abi.encode(claimId, ordinal)): the key of a game of the claim. */
void gs_game_id(const struct gs_hash *claim, uint32_t ordinal, struct gs_hash *out);

/* The low 160 bits of a trace root: what binds all games of a claim to one trace. All zero: not bound. */
struct gs_trace_tag {
	uint8_t b[GS_TRACE_TAG_BYTES];
};
struct gs_trace_tag gs_trace_tag_of(const struct gs_hash *trace_root);
bool gs_trace_tag_equal(const struct gs_trace_tag *a, const struct gs_trace_tag *b);
bool gs_trace_tag_is_zero(const struct gs_trace_tag *tag);

/* The output root that a commitment must hold: the claim's; for a model with a tolerance (5.6) the root of a block whose
 * first element is the i32 1 and the rest zero. */
void gs_claim_expected_root(const struct gs_header *header, const struct gs_claim_body *body, struct gs_hash *out);

#endif
