/* chain/core/hash.c: Keccak-256 over nettle's permutation. */
#include "chain/core/hash.h"

#include <nettle/sha3.h>
#include <string.h>

/* struct gs_keccak keeps plain lanes so that its header does not need nettle's. */
_Static_assert(sizeof(struct sha3_state) == sizeof(((struct gs_keccak *)0)->state), "25 lanes of 64 bits");

static void absorb(struct gs_keccak *k, const uint8_t *block)
{
	struct sha3_state s;
	memcpy(s.a, k->state, sizeof(s.a));
	for (size_t i = 0; i < GS_KECCAK_RATE / 8; i++)
		s.a[i] ^= gs_le64_read(block + 8 * i);
	sha3_permute(&s);
	memcpy(k->state, s.a, sizeof(s.a));
}

void gs_keccak_init(struct gs_keccak *k)
{
	memset(k, 0, sizeof(*k));
}

void gs_keccak_update(struct gs_keccak *k, const void *data, size_t len)
{
	const uint8_t *p = data;
	if (len == 0)
		return;
	if (k->used > 0) {
		size_t take = GS_KECCAK_RATE - k->used;
		if (take > len)
			take = len;
		memcpy(k->block + k->used, p, take);
		k->used += take;
		p += take;
		len -= take;
		if (k->used < GS_KECCAK_RATE)
			return;
		absorb(k, k->block);
		k->used = 0;
	}
	for (; len >= GS_KECCAK_RATE; p += GS_KECCAK_RATE, len -= GS_KECCAK_RATE)
		absorb(k, p);
	if (len > 0)
		memcpy(k->block, p, len);
	k->used = len;
}

void gs_keccak_final(struct gs_keccak *k, struct gs_hash *out)
{
	GS_ASSERT(k->used < GS_KECCAK_RATE);
	memset(k->block + k->used, 0, GS_KECCAK_RATE - k->used);
	k->block[k->used] = 0x01; /* Keccak's own padding; SHA-3 has 0x06 here */
	k->block[GS_KECCAK_RATE - 1] |= 0x80;
	absorb(k, k->block);
	for (size_t i = 0; i < 4; i++)
		gs_le64_write(out->b + 8 * i, k->state[i]);
	gs_keccak_init(k);
}

void gs_keccak256(const void *data, size_t len, struct gs_hash *out)
{
	struct gs_keccak k;
	gs_keccak_init(&k);
	gs_keccak_update(&k, data, len);
	gs_keccak_final(&k, out);
}
