#include "validator/models/cid.h"

#include <string.h>

enum { SHA2_256 = 0x12, SHA2_256_BYTES = 32, CID_V0_TEXT = 46, VARINT_BYTES_MAX = 9 };

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit_of(const char *digits, char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648 without padding; what is left of the last digit must be zero. */
static bool read_base32(const char *text, uint8_t out[GS_CID_BYTES_MAX], size_t *len)
{
	unsigned bits = 0, value = 0;

	for (*len = 0; *text; text++) {
		const int d = digit_of(base32, *text);
		if (d < 0)
			return false;
		value = value << 5 | (unsigned)d;
		bits += 5;
		if (bits < 8)
			continue;
		if (*len == GS_CID_BYTES_MAX)
			return false;
		bits -= 8;
		out[(*len)++] = (uint8_t)(value >> bits);
		value &= (1U << bits) - 1;
	}
	return bits < 5 && value == 0;
}

/* A number in base 58, most significant digit first; each leading 1 is a zero byte. */
static bool read_base58(const char *text, uint8_t out[GS_CID_BYTES_MAX], size_t *len)
{
	uint8_t little[GS_CID_BYTES_MAX];
	size_t count = 0, zeros = strspn(text, "1");

	for (text += zeros; *text; text++) {
		int carry = digit_of(base58, *text);
		if (carry < 0)
			return false;
		for (size_t i = 0; i < count; i++) {
			carry += 58 * little[i];
			little[i] = (uint8_t)carry;
			carry >>= 8;
		}
		for (; carry > 0; carry >>= 8) {
			if (count == GS_CID_BYTES_MAX)
				return false;
			little[count++] = (uint8_t)carry;
		}
	}
	if (zeros + count > GS_CID_BYTES_MAX)
		return false;
	memset(out, 0, zeros);
	for (size_t i = 0; i < count; i++)
		out[zeros + i] = little[count - 1 - i];
	*len = zeros + count;
	return true;
}

static bool read_base16(const char *text, uint8_t out[GS_CID_BYTES_MAX], size_t *len)
{
	*len = strlen(text) / 2;
	return *len <= GS_CID_BYTES_MAX && strspn(text, "0123456789abcdef") == strlen(text) &&
	       gs_hex_decode(text, strlen(text), out, *len) == GS_OK;
}

static bool read_bytes(const char *text, uint8_t out[GS_CID_BYTES_MAX], size_t *len)
{
	if (strlen(text) >= GS_CID_TEXT_MAX)
		return false;
	if (strlen(text) == CID_V0_TEXT && strncmp(text, "Qm", 2) == 0)
		return read_base58(text, out, len);
	switch (*text) {
	case 'b': return read_base32(text + 1, out, len);
	case 'z': return read_base58(text + 1, out, len);
	case 'f': return read_base16(text + 1, out, len);
	default: return false;
	}
}

/* Unsigned LEB128 in its shortest form. */
static bool take_varint(struct gs_bytes *in, uint64_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < VARINT_BYTES_MAX && i < in->len; i++) {
		*out |= (uint64_t)(in->ptr[i] & 0x7f) << (7 * i);
		if (in->ptr[i] & 0x80)
			continue;
		if (i > 0 && in->ptr[i] == 0)
			return false;
		*in = (struct gs_bytes){in->ptr + i + 1, in->len - i - 1};
		return true;
	}
	return false;
}

enum gs_err gs_cid_parse(const char *text, struct gs_cid *out, struct gs_error *error)
{
	uint8_t bytes[GS_CID_BYTES_MAX];
	struct gs_bytes in = {.ptr = bytes};
	uint64_t version = 0, hash = 0, length = 0;
	bool good;

	memset(out, 0, sizeof(*out));
	good = read_bytes(text, bytes, &in.len);
	if (good && text[0] == 'Q')
		out->codec = GS_CID_DAG_PB; /* version 0: the multihash alone */
	else
		good = good && take_varint(&in, &version) && version == 1 && take_varint(&in, &out->codec);
	good = good && take_varint(&in, &hash) && take_varint(&in, &length) && length == in.len && length > 0;
	if (!good || (hash == SHA2_256 && length != SHA2_256_BYTES))
		return gs_fail(error, GS_EPARSE,
		               "%.*s: not an IPFS content identifier (Qm.., or b.., z.., f.. of version 1)",
		               GS_CID_TEXT_MAX, text);
	out->version = (unsigned)version;
	out->is_file_hash = hash == SHA2_256 && out->codec == GS_CID_RAW;
	if (hash == SHA2_256)
		memcpy(out->sha256.b, in.ptr, SHA2_256_BYTES);
	return GS_OK;
}

void gs_cid_of_file(const struct gs_hash *sha256, char out[GS_CID_TEXT_MAX])
{
	uint8_t bytes[4 + SHA2_256_BYTES] = {1, GS_CID_RAW, SHA2_256, SHA2_256_BYTES};
	unsigned bits = 0, value = 0;

	memcpy(bytes + 4, sha256->b, SHA2_256_BYTES);
	*out++ = 'b';
	for (size_t i = 0; i < sizeof(bytes); i++) {
		value = (value << 8 | bytes[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			*out++ = base32[value >> (bits - 5) & 31];
	}
	if (bits > 0)
		*out++ = base32[value << (5 - bits) & 31];
	*out = '\0';
}

enum gs_err gs_blob_id_check(const char *text, struct gs_error *error)
{
	const size_t len = strlen(text);

	/* 43 digits are 258 bits: the last two of them are not part of the 32 bytes */
	if (len == GS_BLOB_TEXT && strspn(text, base64url) == len && digit_of(base64url, text[len - 1]) % 4 == 0)
		return GS_OK;
	return gs_fail(error, GS_EPARSE, "%.*s: not a blob id (%d characters of base64url)", GS_CID_TEXT_MAX, text,
	               GS_BLOB_TEXT);
}
