#include "chain/eth/rlp.h"

#include <string.h>

enum { STRING = 0x80, LIST = 0xc0, SHORT_MAX = 55 };

/* The prefix of a string (offset 0x80) or a list (offset 0xc0) of len bytes. */
static void put_length(struct gs_buf *out, size_t len, uint8_t offset)
{
	if (len <= SHORT_MAX) {
		gs_buf_append_u8(out, (uint8_t)(offset + len));
		return;
	}
	uint8_t be[8];
	gs_be64_write(be, len);
	size_t zeros = 0;
	while (be[zeros] == 0)
		zeros++;
	gs_buf_append_u8(out, (uint8_t)(offset + SHORT_MAX + 8 - zeros));
	gs_buf_append(out, be + zeros, 8 - zeros);
}

void gs_rlp_put_bytes(struct gs_buf *out, struct gs_bytes bytes)
{
	if (bytes.len != 1 || bytes.ptr[0] >= STRING)
		put_length(out, bytes.len, STRING);
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
	put_length(out, items.len, LIST);
	gs_buf_append(out, items.ptr, items.len);
}

/* --- reading --- */

struct gs_rlp_reader gs_rlp_read(struct gs_bytes items)
{
	return (struct gs_rlp_reader){.rest = items};
}

static struct gs_bytes refuse(struct gs_rlp_reader *r)
{
	r->err = GS_EPARSE;
	r->rest.len = 0;
	return (struct gs_bytes){0};
}

/* The length that follows a prefix in `width` bytes: big-endian, no leading zero, more than a short one could say. */
static bool long_length(struct gs_bytes at, size_t width, size_t *len)
{
	*len = 0;
	if (at.len < 1 + width || at.ptr[1] == 0 || width > sizeof(uint64_t))
		return false;
	for (size_t i = 0; i < width; i++)
		*len = *len << 8 | at.ptr[1 + i];
	return *len > SHORT_MAX;
}

/* The body of the next item, which must be a string (STRING) or a list (LIST). */
static struct gs_bytes take(struct gs_rlp_reader *r, uint8_t kind)
{
	const struct gs_bytes at = r->rest;
	size_t head = 1, len;

	if (r->err || at.len == 0)
		return refuse(r);
	const uint8_t prefix = at.ptr[0];
	if (kind == STRING && prefix < STRING) { /* a byte that is its own encoding */
		r->rest = (struct gs_bytes){at.ptr + 1, at.len - 1};
		return (struct gs_bytes){at.ptr, 1};
	}
	if (prefix < kind || (kind == STRING && prefix >= LIST))
		return refuse(r);
	len = (size_t)(prefix - kind);
	if (len > SHORT_MAX) {
		head += len - SHORT_MAX;
		if (!long_length(at, len - SHORT_MAX, &len))
			return refuse(r);
	}
	if (len > at.len - head)
		return refuse(r);
	if (kind == STRING && len == 1 && at.ptr[head] < STRING)
		return refuse(r);
	r->rest = (struct gs_bytes){at.ptr + head + len, at.len - head - len};
	return (struct gs_bytes){at.ptr + head, len};
}

struct gs_bytes gs_rlp_get_bytes(struct gs_rlp_reader *r)
{
	return take(r, STRING);
}

struct gs_u256 gs_rlp_get_u256(struct gs_rlp_reader *r)
{
	uint8_t be[32] = {0};
	struct gs_bytes digits = take(r, STRING);

	if (digits.len > sizeof(be) || (digits.len && digits.ptr[0] == 0))
		digits = refuse(r);
	if (digits.len)
		memcpy(be + sizeof(be) - digits.len, digits.ptr, digits.len);
	return gs_u256_from_be(be);
}

uint64_t gs_rlp_get_u64(struct gs_rlp_reader *r)
{
	const struct gs_u256 v = gs_rlp_get_u256(r);

	if (gs_u256_fits_u64(&v))
		return v.limb[0];
	(void)refuse(r);
	return 0;
}

struct gs_rlp_reader gs_rlp_get_list(struct gs_rlp_reader *r)
{
	const struct gs_bytes items = take(r, LIST);

	return (struct gs_rlp_reader){.rest = items, .err = r->err};
}

bool gs_rlp_is_list(const struct gs_rlp_reader *r)
{
	return r->rest.len && r->rest.ptr[0] >= LIST;
}

enum gs_err gs_rlp_end(struct gs_rlp_reader *r)
{
	if (!r->err && r->rest.len)
		(void)refuse(r);
	return r->err;
}
