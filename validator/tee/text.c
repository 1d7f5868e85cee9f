#include "validator/tee/text.h"

#include <string.h>

#include "chain/core/hash.h"

enum { HASH_DIGITS = 64, PCR_DIGITS = 96, IMAGE_PCRS = 3 };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_text(struct gs_bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (!is_space(in.ptr[i]) && (in.ptr[i] < 0x21 || in.ptr[i] > 0x7e))
			return false;
	return true;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

static int base64_digit(uint8_t c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+'             ? 62
	       : c == '/'             ? 63
	                              : -1;
}

static enum gs_err decode_hex(struct gs_bytes in, struct gs_buf *out, struct gs_error *error)
{
	int high = -1;

	for (size_t i = 2; i < in.len; i++) {
		if (is_space(in.ptr[i]))
			continue;
		const int digit = hex_digit(in.ptr[i]);
		if (digit < 0)
			return gs_fail(error, GS_EPARSE, "byte %zu is no hex digit", i);
		if (high >= 0)
			gs_buf_append_u8(out, (uint8_t)(high << 4 | digit));
		high = high >= 0 ? -1 : digit;
	}
	return high < 0 ? GS_OK : gs_fail(error, GS_EPARSE, "an odd number of hex digits");
}

static enum gs_err decode_base64(struct gs_bytes in, struct gs_buf *out, struct gs_error *error)
{
	uint32_t bits = 0;
	unsigned held = 0, digits = 0, padding = 0;

	for (size_t i = 0; i < in.len; i++) {
		const uint8_t c = in.ptr[i];
		if (is_space(c))
			continue;
		const int digit = base64_digit(c);
		if ((digit < 0 && c != '=') || (digit >= 0 && padding > 0) || padding == 2)
			return gs_fail(error, GS_EPARSE, "byte %zu is no digit of base64", i);
		digits++;
		if (digit < 0) {
			padding++;
			continue;
		}
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			gs_buf_append_u8(out, (uint8_t)(bits >> held));
			bits &= (UINT32_C(1) << held) - 1;
		}
	}
	/* Bits behind the last byte are zero: bytes have one form. */
	return digits % 4 == 0 && bits == 0 && held == padding * 2
	               ? GS_OK
	               : gs_fail(error, GS_EPARSE, "base64 that ends in the middle of a byte, or without its padding");
}

enum gs_err gs_tee_text_decode(struct gs_bytes in, struct gs_buf *out, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	if (in.len == 0 || !is_text(in))
		gs_buf_append(out, in.ptr, in.len);
	else
		err = in.len > 2 && in.ptr[0] == '0' && in.ptr[1] == 'x' ? decode_hex(in, out, error)
		                                                         : decode_base64(in, out, error);
	if (!err && out->err)
		err = gs_fail(error, out->err,
		              out->err == GS_ENOMEM ? "no memory" : "too large for an attestation document");
	return err;
}

/* --- images --- */

/* The next word of a line; empty at its end. */
static struct gs_bytes word(struct gs_bytes *line)
{
	struct gs_bytes out;

	while (line->len > 0 && is_space(line->ptr[0])) {
		line->ptr++;
		line->len--;
	}
	out = (struct gs_bytes){line->ptr, 0};
	while (line->len > 0 && !is_space(line->ptr[0])) {
		line->ptr++;
		line->len--;
		out.len++;
	}
	if (out.len > 2 && out.ptr[0] == '0' && out.ptr[1] == 'x')
		out = (struct gs_bytes){out.ptr + 2, out.len - 2};
	return out;
}

static bool unhex(struct gs_bytes digits, uint8_t *out, size_t len)
{
	return digits.len == 2 * len && gs_hex_decode((const char *)digits.ptr, digits.len, out, len) == GS_OK;
}

static bool parse_line(struct gs_bytes line, struct gs_hash *out)
{
	uint8_t pcrs[IMAGE_PCRS * PCR_DIGITS / 2];
	struct gs_bytes w = word(&line);

	if (w.len == HASH_DIGITS)
		return unhex(w, out->b, sizeof(out->b)) && word(&line).len == 0;
	for (size_t i = 0; i < IMAGE_PCRS; i++, w = word(&line))
		if (!unhex(w, pcrs + i * PCR_DIGITS / 2, PCR_DIGITS / 2))
			return false;
	gs_keccak256(pcrs, sizeof(pcrs), out);
	return w.len == 0;
}

enum gs_err gs_tee_images_parse(struct gs_bytes text, struct gs_hash *out, size_t max, size_t *count,
                                struct gs_error *error)
{
	size_t number = 0;

	*count = 0;
	for (size_t at = 0; at < text.len; number++) {
		const uint8_t *end = memchr(text.ptr + at, '\n', text.len - at);
		const size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
		struct gs_bytes line = {text.ptr + at, len};
		const uint8_t *comment = memchr(line.ptr, '#', line.len);

		at += len + 1;
		if (comment)
			line.len = (size_t)(comment - line.ptr);
		struct gs_bytes rest = line;
		if (word(&rest).len == 0)
			continue;
		if (*count == max)
			return gs_fail(error, GS_ELIMIT, "line %zu: more than %zu images", number + 1, max);
		if (!parse_line(line, &out[*count]))
			return gs_fail(error, GS_EPARSE,
			               "line %zu: must be a pcrHash (64 hex digits) or PCR0 PCR1 PCR2 (96 each)",
			               number + 1);
		++*count;
	}
	return *count > 0 ? GS_OK : gs_fail(error, GS_EPARSE, "no image is named");
}
