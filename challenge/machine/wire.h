/* challenge/machine/wire.h: the integers of descriptors and headers: one spelling for every value.
 *
 * uint: one byte v < 128, or 0x80 + L and L bytes big-endian, 1 <= L <= 8, no leading zero byte, value >= 128.
 * sint: the uint of 2v (v >= 0) or -2v - 1 (v < 0). Source: docs/machine.md, "Descriptor bytes". */
#ifndef GS_CHALLENGE_MACHINE_WIRE_H
#define GS_CHALLENGE_MACHINE_WIRE_H

#include "chain/core/buf.h"

enum { GS_WIRE_UINT_BYTES_MAX = 9 };

void gs_wire_put_uint(struct gs_buf *buf, uint64_t v);
void gs_wire_put_sint(struct gs_buf *buf, int64_t v);
void gs_wire_put_be(struct gs_buf *buf, uint64_t v, unsigned bytes);

/* The same to where there is room for at most GS_WIRE_UINT_BYTES_MAX bytes (be: for `bytes`); returns what lies behind.
 * Descriptors are written by the thousand, so these are part of their caller. */
static inline uint8_t *gs_wire_write_be(uint8_t *to, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		*to++ = (uint8_t)(v >> (8 * i));
	return to;
}

static inline uint8_t *gs_wire_write_uint(uint8_t *to, uint64_t v)
{
	if (v < 128) {
		*to = (uint8_t)v;
		return to + 1;
	}
	unsigned bytes = 8 - (unsigned)__builtin_clzll(v) / 8;
	*to = (uint8_t)(0x80 + bytes);
	return gs_wire_write_be(to + 1, v, bytes);
}

static inline uint8_t *gs_wire_write_sint(uint8_t *to, int64_t v)
{
	return gs_wire_write_uint(to, v < 0 ? ((uint64_t)(-(v + 1)) << 1) + 1 : (uint64_t)v << 1);
}

/* A reader over borrowed bytes. The first failure sticks: later reads return 0, and `bad` says so at the end. */
struct gs_wire {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};
struct gs_wire gs_wire_open(struct gs_bytes bytes);
bool gs_wire_done(const struct gs_wire *w); /* all read, nothing bad */

static inline const uint8_t *gs_wire_take(struct gs_wire *w, size_t len) /* NULL when short */
{
	if (w->bad || (size_t)(w->end - w->at) < len) {
		w->bad = true;
		return NULL;
	}
	const uint8_t *start = w->at;
	w->at += len;
	return start;
}

/* Big-endian, from where there are so many bytes. Where their number is a constant, gcc makes one load of it. */
static inline uint64_t gs_wire_load_be(const uint8_t *p, unsigned bytes) /* bytes <= 8 */
{
	if (bytes == 2)
		return (uint64_t)p[0] << 8 | p[1];
	if (bytes == 4)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint64_t gs_wire_be(struct gs_wire *w, unsigned bytes) /* bytes <= 8 */
{
	const uint8_t *p = gs_wire_take(w, bytes);
	return p ? gs_wire_load_be(p, bytes) : 0;
}

static inline uint64_t gs_wire_uint(struct gs_wire *w)
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

static inline int64_t gs_wire_sint(struct gs_wire *w)
{
	uint64_t v = gs_wire_uint(w);
	int64_t half = (int64_t)(v >> 1);
	return v & 1 ? -half - 1 : half;
}

#endif
