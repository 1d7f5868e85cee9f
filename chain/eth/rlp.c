#include "chain/eth/rlp.h"

/* The prefix of a string (offset 0x80) or a list (offset 0xc0) of len bytes. */
static void put_length(struct gs_buf *out, size_t len, uint8_t offset)
{
	if (len <= 55) {
		gs_buf_append_u8(out, (uint8_t)(offset + len));
		return;
	}
	uint8_t be[8];
	gs_be64_write(be, len);
	size_t zeros = 0;
	while (be[zeros] == 0)
		zeros++;
	gs_buf_append_u8(out, (uint8_t)(offset + 55 + 8 - zeros));
	gs_buf_append(out, be + zeros, 8 - zeros);
}

void gs_rlp_put_bytes(struct gs_buf *out, struct gs_bytes bytes)
{
	if (bytes.len != 1 || bytes.ptr[0] >= 0x80)
		put_length(out, bytes.len, 0x80);
	gs_buf_append(out, bytes.ptr, bytes.len);
}

/* Big-endian digits without leading zeros; zero is the empty string. */
static void put_integer(struct gs_buf *out, const uint8_t *be, size_t len)
{
	size_t zeros = 0;
	while (zeros < len && be[zeros] == 0)
		zeros++;
	gs_rlp_put_bytes(out, (struct gs_bytes){be + zeros, len - zeros});
}

void gs_rlp_put_u64(struct gs_buf *out, uint64_t v)
{
	uint8_t be[8];
	gs_be64_write(be, v);
	put_integer(out, be, sizeof(be));
}

void gs_rlp_put_u256(struct gs_buf *out, const struct gs_u256 *v)
{
	uint8_t be[32];
	gs_u256_to_be(v, be);
	put_integer(out, be, sizeof(be));
}

void gs_rlp_put_list(struct gs_buf *out, struct gs_bytes items)
{
	put_length(out, items.len, 0xc0);
	gs_buf_append(out, items.ptr, items.len);
}
