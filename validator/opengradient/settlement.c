#include "validator/opengradient/settlement.h"

#include "chain/core/hash.h"

enum { WORD = 32, HEAD_WORDS = 5 };

static void put_u256(struct gs_keccak *k, const struct gs_u256 *v)
{
	uint8_t word[WORD];

	gs_u256_to_be(v, word);
	gs_keccak_update(k, word, sizeof(word));
}

static void put_u64(struct gs_keccak *k, uint64_t v)
{
	const struct gs_u256 wide = gs_u256_from_u64(v);

	put_u256(k, &wide);
}

void gs_settlement_leaf(const struct gs_settlement *s, struct gs_hash *out)
{
	static const uint8_t zeros[WORD];
	struct gs_keccak k;
	struct gs_hash once;

	gs_keccak_init(&k);
	gs_keccak_update(&k, s->tee.b, WORD);
	gs_keccak_update(&k, s->input.b, WORD);
	gs_keccak_update(&k, s->output.b, WORD);
	put_u64(&k, HEAD_WORDS * WORD);
	put_u256(&k, &s->timestamp_s);
	put_u64(&k, s->signature.len);
	if (s->signature.len)
		gs_keccak_update(&k, s->signature.ptr, s->signature.len);
	gs_keccak_update(&k, zeros, (WORD - s->signature.len % WORD) % WORD);
	gs_keccak_final(&k, &once);
	gs_keccak256(once.b, sizeof(once.b), out);
}

void gs_settlement_message(const struct gs_settlement *s, struct gs_hash *out)
{
	struct gs_keccak k;

	gs_keccak_init(&k);
	gs_keccak_update(&k, s->input.b, WORD);
	gs_keccak_update(&k, s->output.b, WORD);
	put_u256(&k, &s->timestamp_s);
	gs_keccak_final(&k, out);
}

void gs_heartbeat_message(const struct gs_hash *tee, const struct gs_u256 *timestamp_s, struct gs_hash *out)
{
	struct gs_keccak k;

	gs_keccak_init(&k);
	gs_keccak_update(&k, tee->b, WORD);
	put_u256(&k, timestamp_s);
	gs_keccak_final(&k, out);
}
