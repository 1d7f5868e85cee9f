#include "chain/rpc/hexjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gs_json_u256(const json_t *value, struct gs_u256 *out)
{
	const char *text = json_string_value(value);
	size_t len = text ? json_string_length(value) : 0;
	return len > 2 && text[0] == '0' && text[1] == 'x' && gs_u256_parse(text, len, out) == GS_OK;
}

bool gs_json_u64(const json_t *value, uint64_t *out)
{
	struct gs_u256 v;
	if (!gs_json_u256(value, &v) || !gs_u256_fits_u64(&v))
		return false;
	*out = v.limb[0];
	return true;
}

bool gs_json_wei(const json_t *value, struct gs_wei *out)
{
	return gs_json_u256(value, &out->v);
}

bool gs_json_data_len(const json_t *value, size_t *len)
{
	const char *text = json_string_value(value);
	size_t chars = text ? json_string_length(value) : 0;
	if (chars < 2 || chars % 2 || text[0] != '0' || text[1] != 'x')
		return false;
	*len = chars / 2 - 1;
	return true;
}

bool gs_json_data(const json_t *value, uint8_t *out, size_t len)
{
	size_t have;
	return gs_json_data_len(value, &have) && have == len &&
	       gs_hex_decode(json_string_value(value) + 2, len * 2, out, len) == GS_OK;
}

bool gs_json_hash(const json_t *value, struct gs_hash *out)
{
	return gs_json_data(value, out->b, sizeof(out->b));
}

bool gs_json_address(const json_t *value, struct gs_address *out)
{
	return gs_json_data(value, out->b, sizeof(out->b));
}

enum gs_err gs_json_append(const json_t *value, struct gs_buf *out)
{
	size_t len;
	if (!gs_json_data_len(value, &len))
		return GS_EPARSE;
	uint8_t *at = gs_buf_extend(out, len);
	if (!at)
		return out->err;
	if (gs_json_data(value, at, len))
		return GS_OK;
	out->len -= len;
	return GS_EPARSE;
}

json_t *gs_json_from_u64(uint64_t v)
{
	char text[2 + 16 + 1];
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

json_t *gs_json_from_u256(const struct gs_u256 *v)
{
	uint8_t be[32];
	char text[2 + 64 + 1];
	gs_u256_to_be(v, be);
	gs_hex_encode(be, sizeof(be), true, text);
	const char *digits = text + 2;
	while (digits[0] == '0' && digits[1])
		digits++;
	return json_sprintf("0x%s", digits);
}

json_t *gs_json_from_bytes(struct gs_bytes bytes)
{
	char *text = malloc(2 * bytes.len + 3);
	if (!text)
		return NULL;
	gs_hex_encode(bytes.ptr, bytes.len, true, text);
	json_t *value = json_stringn(text, 2 * bytes.len + 2);
	free(text);
	return value;
}

json_t *gs_json_from_hash(const struct gs_hash *hash)
{
	return gs_json_from_bytes((struct gs_bytes){hash->b, sizeof(hash->b)});
}

json_t *gs_json_from_address(const struct gs_address *address)
{
	return gs_json_from_bytes((struct gs_bytes){address->b, sizeof(address->b)});
}
