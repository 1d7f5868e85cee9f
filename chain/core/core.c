/* chain/core/core.c: errors, assertions, comparisons, hex and byte order. */
#include "chain/core/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void clean_text(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			*text = '?';
	}
}

enum gs_err gs_fail(struct gs_error *error, enum gs_err code, const char *fmt, ...)
{
	if (error == NULL)
		return code;
	/* Formatted aside first: an argument may point into error->text itself. */
	char text[GS_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	clean_text(text);
	error->code = code;
	memcpy(error->text, text, sizeof(text));
	return code;
}

enum gs_err gs_fail_within(struct gs_error *error, enum gs_err code, const char *fmt, ...)
{
	if (error == NULL)
		return code;
	char where[GS_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	if (vsnprintf(where, sizeof(where), fmt, args) < 0)
		where[0] = '\0';
	va_end(args);
	return gs_fail(error, code, "%s: %s", where, error->text);
}

const char *gs_err_name(enum gs_err code)
{
	switch (code) {
	case GS_OK: return "ok";
	case GS_ENOMEM: return "memory";
	case GS_ELIMIT: return "limit";
	case GS_EPARSE: return "parse";
	case GS_EUNSUPPORTED: return "unsupported";
	case GS_ENOTFOUND: return "not-found";
	case GS_EIO: return "io";
	case GS_ECORRUPT: return "corrupt";
	case GS_EAGAIN: return "again";
	case GS_EINVAL: return "invalid";
	case GS_ECONFLICT: return "conflict";
	}
	return "unknown";
}

_Noreturn void gs_assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
	abort();
}

bool gs_bytes_equal(struct gs_bytes a, struct gs_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool gs_hash_equal(const struct gs_hash *a, const struct gs_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool gs_hash_is_zero(const struct gs_hash *a)
{
	static const struct gs_hash zero;
	return gs_hash_equal(a, &zero);
}

bool gs_address_equal(const struct gs_address *a, const struct gs_address *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

void gs_hex_encode(const uint8_t *in, size_t len, bool prefix, char *out)
{
	static const char digits[] = "0123456789abcdef";
	if (prefix) {
		*out++ = '0';
		*out++ = 'x';
	}
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

/* One more than the value of a hex digit; 0: it is none. */
static const uint8_t hex_digit[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

enum gs_err gs_hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_len)
{
	if (text_len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		text_len -= 2;
	}
	if (text_len % 2 != 0 || text_len / 2 != out_len)
		return GS_EPARSE;
	for (size_t i = 0; i < out_len; i++) {
		const unsigned high = hex_digit[(uint8_t)text[2 * i]], low = hex_digit[(uint8_t)text[2 * i + 1]];
		if (high == 0 || low == 0)
			return GS_EPARSE;
		out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return GS_OK;
}

uint16_t gs_le16_read(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t gs_le32_read(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t gs_le64_read(const uint8_t *p)
{
	return (uint64_t)gs_le32_read(p) | (uint64_t)gs_le32_read(p + 4) << 32;
}

void gs_le16_write(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void gs_le32_write(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

void gs_le64_write(uint8_t *p, uint64_t v)
{
	gs_le32_write(p, (uint32_t)v);
	gs_le32_write(p + 4, (uint32_t)(v >> 32));
}

uint32_t gs_be32_read(const uint8_t *p)
{
	return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

uint64_t gs_be64_read(const uint8_t *p)
{
	return (uint64_t)gs_be32_read(p) << 32 | (uint64_t)gs_be32_read(p + 4);
}

void gs_be32_write(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void gs_be64_write(uint8_t *p, uint64_t v)
{
	gs_be32_write(p, (uint32_t)(v >> 32));
	gs_be32_write(p + 4, (uint32_t)v);
}
