/* challenge/game/claim.c: bodies and ids, word by word as abi.encode writes them. */
#include "challenge/game/claim.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/keccak_lanes.h"
#include "challenge/machine/merkle.h"

struct gs_u256 gs_claim_lot(const struct gs_u256 *index, struct gs_wei value)
{
	GS_ASSERT(index->limb[2] == 0 && index->limb[3] == 0 && value.v.limb[2] == 0 && value.v.limb[3] == 0);
	return (struct gs_u256){{value.v.limb[0], value.v.limb[1], index->limb[0], index->limb[1]}};
}

struct gs_u256 gs_claim_lot_index(const struct gs_u256 *lot)
{
	return (struct gs_u256){{lot->limb[2], lot->limb[3], 0, 0}};
}

struct gs_wei gs_claim_lot_value(const struct gs_u256 *lot)
{
	return (struct gs_wei){{{lot->limb[0], lot->limb[1], 0, 0}}};
}

void gs_claim_terms_encode(const struct gs_claim_body *body, uint8_t out[GS_CLAIM_TERMS_WORDS * 32])
{
	memcpy(out, body->batch.b, 32);
	gs_u256_to_be(&body->lot, out + 32);
	memcpy(out + 64, body->model_id.b, 32);
	memcpy(out + 96, body->input_root.b, 32);
	memcpy(out + 128, body->output_root.b, 32);
}

void gs_claim_body_encode(const struct gs_claim_body *body, uint8_t out[GS_CLAIM_BODY_WORDS * 32])
{
	uint8_t terms[GS_CLAIM_TERMS_WORDS * 32];
	gs_claim_terms_encode(body, terms);
	memcpy(out, terms, 64);
	memset(out + 64, 0, 12);
	memcpy(out + 76, body->claimant.b, 20);
	memcpy(out + 96, terms + 64, 96);
}

enum gs_err gs_claim_body_decode(const uint8_t in[GS_CLAIM_BODY_WORDS * 32], struct gs_claim_body *out)
{
	memcpy(out->batch.b, in, 32);
	out->lot = gs_u256_from_be(in + 32);
	memcpy(out->claimant.b, in + 76, 20);
	memcpy(out->model_id.b, in + 96, 32);
	memcpy(out->input_root.b, in + 128, 32);
	memcpy(out->output_root.b, in + 160, 32);
	for (unsigned i = 64; i < 76; i++)
		if (in[i] != 0)
			return GS_EPARSE;
	return GS_OK;
}

enum { ID_BYTES = (3 + GS_CLAIM_BODY_WORDS) * 32, IDS_AT_ONCE = 8 };

/* The words that all claims of a contract begin with. */
static void encode_domain(uint64_t chain_id, const struct gs_address *claims, uint8_t out[96])
{
	static const char domain[] = "gainsay.claim";
	struct gs_hash tag;
	gs_keccak256(domain, sizeof(domain) - 1, &tag);
	memset(out, 0, 96);
	memcpy(out, tag.b, 32);
	gs_be64_write(out + 56, chain_id);
	memcpy(out + 76, claims->b, 20);
}

void gs_claim_id(uint64_t chain_id, const struct gs_address *claims, const struct gs_claim_body *body,
                 struct gs_hash *out)
{
	uint8_t words[ID_BYTES];
	encode_domain(chain_id, claims, words);
	gs_claim_body_encode(body, words + 96);
	gs_keccak256(words, sizeof(words), out);
}

void gs_claim_ids(uint64_t chain_id, const struct gs_address *claims, const struct gs_claim_body *bodies, size_t count,
                  struct gs_hash *out)
{
	const struct gs_keccak_lanes *lanes = gs_keccak_lanes_best();
	uint8_t words[IDS_AT_ONCE][ID_BYTES];

	for (size_t i = 0; i < IDS_AT_ONCE; i++)
		if (i == 0)
			encode_domain(chain_id, claims, words[0]);
		else
			memcpy(words[i], words[0], 96);
	for (size_t from = 0; from < count; from += IDS_AT_ONCE) {
		const size_t n = count - from < IDS_AT_ONCE ? count - from : IDS_AT_ONCE;
		for (size_t i = 0; i < n; i++)
			gs_claim_body_encode(&bodies[from + i], words[i] + 96);
		lanes->hash_words(words[0], ID_BYTES / 8, n, out + from);
	}
}

void gs_game_id(const struct gs_hash *claim, uint32_t ordinal, struct gs_hash *out)
{
	uint8_t words[2 * 32] = {0};
	memcpy(words, claim->b, 32);
	gs_be32_write(words + 60, ordinal);
	gs_keccak256(words, sizeof(words), out);
}

struct gs_trace_tag gs_trace_tag_of(const struct gs_hash *trace_root)
{
	struct gs_trace_tag tag;
	memcpy(tag.b, trace_root->b + sizeof(trace_root->b) - sizeof(tag.b), sizeof(tag.b));
	return tag;
}

bool gs_trace_tag_equal(const struct gs_trace_tag *a, const struct gs_trace_tag *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool gs_trace_tag_is_zero(const struct gs_trace_tag *tag)
{
	static const struct gs_trace_tag none;
	return gs_trace_tag_equal(tag, &none);
}

void gs_claim_expected_root(const struct gs_header *header, const struct gs_claim_body *body, struct gs_hash *out)
{
	uint8_t chunk[GS_CHUNK_BYTES] = {1}; /* little-endian */
	if (!gs_header_tolerant(header)) {
		*out = body->output_root;
		return;
	}
	gs_merkle_leaf(chunk, out);
	for (unsigned level = 0; level < header->output_depth; level++)
		gs_merkle_node(out, gs_merkle_zero(level), out);
}
