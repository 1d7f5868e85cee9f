#include "challenge/machine/wire.h"

void gs_wire_put_be(struct gs_buf *buf, uint64_t v, unsigned bytes)
{
	uint8_t room[8];
	GS_ASSERT(bytes <= sizeof(room));
	gs_buf_append(buf, room, (size_t)(gs_wire_write_be(room, v, bytes) - room));
}

void gs_wire_put_uint(struct gs_buf *buf, uint64_t v)
{
	uint8_t room[GS_WIRE_UINT_BYTES_MAX];
	gs_buf_append(buf, room, (size_t)(gs_wire_write_uint(room, v) - room));
}

void gs_wire_put_sint(struct gs_buf *buf, int64_t v)
{
	uint8_t room[GS_WIRE_UINT_BYTES_MAX];
	gs_buf_append(buf, room, (size_t)(gs_wire_write_sint(room, v) - room));
}

struct gs_wire gs_wire_open(struct gs_bytes bytes)
{
	return (struct gs_wire){.at = bytes.ptr, .end = bytes.ptr + bytes.len};
}

bool gs_wire_done(const struct gs_wire *w)
{
	return !w->bad && w->at == w->end;
}
