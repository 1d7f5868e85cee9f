/* chain/core/hash.c: the sponge of Keccak-256. */
#include "chain/core/hash.h"

#include <string.h>

#include "chain/core/keccak_lanes.h"

static void absorb(uint64_t state[25], const uint8_t *block)
{
	for (size_t i = 0; i < GS_KECCAK_RATE / 8; i++)
		state[i] ^= gs_le64_read(block + 8 * i);
	gs_keccak_lanes_one()->permute(state);
}

/* Whole blocks; how many bytes they are. */
static size_t absorb_whole(uint64_t state[25], const uint8_t *data, size_t len)
{
	size_t at = 0;
	for (; len - at >= GS_KECCAK_RATE; at += GS_KECCAK_RATE)
		absorb(state, data + at);
	return at;
}

/* The last block, of which `used` bytes are there. */
static void squeeze(uint64_t state[25], uint8_t block[GS_KECCAK_RATE], size_t used, struct gs_hash *out)
{
	GS_ASSERT(used < GS_KECCAK_RATE);
	memset(block + used, 0, GS_KECCAK_RATE - used);
	block[used] = 0x01; /* Keccak's own padding; SHA-3 has 0x06 here */
	block[GS_KECCAK_RATE - 1] |= 0x80;
	absorb(state, block);
	for (size_t i = 0; i < 4; i++)
		gs_le64_write(out->b + 8 * i, state[i]);
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
		absorb(k->state, k->block);
		k->used = 0;
	}
	const size_t whole = absorb_whole(k->state, p, len);
	if (len > whole)
		memcpy(k->block, p + whole, len - whole);
	k->used = len - whole;
}

void gs_keccak_final(struct gs_keccak *k, struct gs_hash *out)
{
	squeeze(k->state, k->block, k->used, out);
	gs_keccak_init(k);
}

void gs_keccak256(const void *data, size_t len, struct gs_hash *out)
{
	uint64_t state[25] = {0};
	uint8_t block[GS_KECCAK_RATE];
	const size_t whole = absorb_whole(state, data, len);
	if (len > whole)
		memcpy(block, (const uint8_t *)data + whole, len - whole);
	squeeze(state, block, len - whole, out);
}
