#include "challenge/machine/wire.h"

void gs_wire_put_be(struct gs_buf *buf, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		gs_buf_append_u8(buf, (uint8_t)(v >> (8 * i)));
}

void gs_wire_put_uint(struct gs_buf *buf, uint64_t v)
{
	if (v < 128) {
		gs_buf_append_u8(buf, (uint8_t)v);
		return;
	}
	unsigned bytes = 8 - (unsigned)__builtin_clzll(v) / 8;
	gs_buf_append_u8(buf, (uint8_t)(0x80 + bytes));
	gs_wire_put_be(buf, v, bytes);
}

void gs_wire_put_sint(struct gs_buf *buf, int64_t v)
{
	gs_wire_put_uint(buf, v < 0 ? ((uint64_t)(-(v + 1)) << 1) + 1 : (uint64_t)v << 1);
}

struct gs_wire gs_wire_open(struct gs_bytes bytes)
{
	return (struct gs_wire){.at = bytes.ptr, .end = bytes.ptr + bytes.len};
}

const uint8_t *gs_wire_take(struct gs_wire *w, size_t len)
{
	if (w->bad || (size_t)(w->end - w->at) < len) {
		w->bad = true;
		return NULL;
	}
	const uint8_t *start = w->at;
	w->at += len;
	return start;
}

uint64_t gs_wire_be(struct gs_wire *w, unsigned bytes)
{
	GS_ASSERT(bytes <= 8);
	const uint8_t *p = gs_wire_take(w, bytes);
	uint64_t v = 0;
	for (unsigned i = 0; p && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

uint64_t gs_wire_uint(struct gs_wire *w)
{
	uint64_t first = gs_wire_be(w, 1);
	if (first < 128)
		return first;
	unsigned bytes = (unsigned)first - 128;
	if (bytes < 1 || bytes > 8) {
		w->bad = true;
		return 0;
	}
	uint64_t v = gs_wire_be(w, bytes);
	if (v < 128 || v >> (8 * (bytes - 1)) == 0)
		w->bad = true;
	return w->bad ? 0 : v;
}

int64_t gs_wire_sint(struct gs_wire *w)
{
	uint64_t v = gs_wire_uint(w);
	int64_t half = (int64_t)(v >> 1);
	return v & 1 ? -half - 1 : half;
}

bool gs_wire_done(const struct gs_wire *w)
{
	return !w->bad && w->at == w->end;
}
