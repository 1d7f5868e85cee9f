#include "validator/opengradient/settlement.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/keccak_lanes.h"

enum {
	WORD = 32,
	HEAD_WORDS = 5,
	LEAVES_BYTES = 16384, /* of encodings that are hashed at once */
};

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

/* Bytes of the ABI encoding. */
static size_t encoded(const struct gs_settlement *s)
{
	return (HEAD_WORDS + 1) * WORD + (s->signature.len + WORD - 1) / WORD * WORD;
}

static void encode(const struct gs_settlement *s, uint8_t *out)
{
	const struct gs_u256 offset = gs_u256_from_u64(HEAD_WORDS * WORD), length = gs_u256_from_u64(s->signature.len);

	memset(out, 0, encoded(s));
	memcpy(out, s->tee.b, WORD);
	memcpy(out + WORD, s->input.b, WORD);
	memcpy(out + 2 * WORD, s->output.b, WORD);
	gs_u256_to_be(&offset, out + 3 * WORD);
	gs_u256_to_be(&s->timestamp_s, out + 4 * WORD);
	gs_u256_to_be(&length, out + 5 * WORD);
	if (s->signature.len)
		memcpy(out + 6 * WORD, s->signature.ptr, s->signature.len);
}

void gs_settlement_leaves(const struct gs_settlement *const *s, size_t count, struct gs_hash *out)
{
	const struct gs_keccak_lanes *lanes = gs_keccak_lanes_best();
	uint8_t encoding[LEAVES_BYTES];
	struct gs_hash once[LEAVES_BYTES / ((HEAD_WORDS + 1) * WORD)];

	for (size_t i = 0, n = 0; i < count; i += n) {
		const size_t len = encoded(s[i]);
		n = 1;
		if (len > LEAVES_BYTES) {
			gs_settlement_leaf(s[i], &out[i]);
			continue;
		}
		encode(s[i], encoding);
		for (; i + n < count && encoded(s[i + n]) == len && (n + 1) * len <= LEAVES_BYTES; n++)
			encode(s[i + n], encoding + n * len);
		lanes->hash_words(encoding, len / 8, n, once);
		lanes->hash_words(once[0].b, sizeof(*once) / 8, n, &out[i]);
	}
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
