/* chain/core/buf.c: the growable byte buffer. */
#include "chain/core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void gs_buf_init(struct gs_buf *buf, size_t max)
{
	*buf = (struct gs_buf){.max = max};
}

void gs_buf_free(struct gs_buf *buf)
{
	free(buf->ptr);
	*buf = (struct gs_buf){.max = buf->max};
}

/* Makes room for len more bytes; false (and the sticky error) when that cannot be. */
static bool reserve(struct gs_buf *buf, size_t len)
{
	if (buf->err != GS_OK)
		return false;
	if (len > buf->max - buf->len) {
		buf->err = GS_ELIMIT;
		return false;
	}
	size_t need = buf->len + len;
	if (need <= buf->cap)
		return true;
	size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAPACITY;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > buf->max)
		cap = buf->max;
	uint8_t *ptr = realloc(buf->ptr, cap);
	if (ptr == NULL) {
		buf->err = GS_ENOMEM;
		return false;
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

uint8_t *gs_buf_extend(struct gs_buf *buf, size_t len)
{
	/* An empty extension still returns a place, so that NULL always means failure. */
	if (!reserve(buf, buf->cap == 0 && len == 0 && buf->max > 0 ? 1 : len))
		return NULL;
	uint8_t *at = buf->ptr + buf->len;
	buf->len += len;
	return at;
}

void gs_buf_append(struct gs_buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	uint8_t *at = gs_buf_extend(buf, len);
	if (at != NULL)
		memcpy(at, data, len);
}

void gs_buf_append_u8(struct gs_buf *buf, uint8_t byte)
{
	gs_buf_append(buf, &byte, 1);
}

void gs_buf_append_zeros(struct gs_buf *buf, size_t len)
{
	if (len == 0)
		return;
	uint8_t *at = gs_buf_extend(buf, len);
	if (at != NULL)
		memset(at, 0, len);
}

void gs_buf_append_text(struct gs_buf *buf, const char *fmt, ...)
{
	if (buf->err != GS_OK)
		return;
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0) {
		buf->err = GS_EINVAL;
	} else if ((size_t)n < buf->max - buf->len && reserve(buf, (size_t)n + 1)) {
		vsnprintf((char *)buf->ptr + buf->len, (size_t)n + 1, fmt, again);
		buf->len += (size_t)n;
	} else if ((size_t)n == buf->max - buf->len) {
		/* Fits exactly, but vsnprintf's terminator does not: format aside. */
		char *text = NULL;
		if (vasprintf(&text, fmt, again) < 0) {
			buf->err = GS_ENOMEM;
		} else {
			gs_buf_append(buf, text, (size_t)n);
			free(text);
		}
	} else if (buf->err == GS_OK) {
		buf->err = GS_ELIMIT;
	}
	va_end(again);
}

struct gs_bytes gs_buf_view(const struct gs_buf *buf)
{
	return (struct gs_bytes){.ptr = buf->ptr, .len = buf->len};
}
