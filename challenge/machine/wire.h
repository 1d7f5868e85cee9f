/* challenge/machine/wire.h: the integers of descriptors and headers: one spelling for every value.
 *
 * uint: one byte v < 128, or 0x80 + L and L bytes big-endian, 1 <= L <= 8, no leading zero byte, value >= 128.
 * sint: the uint of 2v (v >= 0) or -2v - 1 (v < 0). Source: docs/machine.md, "Descriptor bytes". */
#ifndef GS_CHALLENGE_MACHINE_WIRE_H
#define GS_CHALLENGE_MACHINE_WIRE_H

#include "chain/core/buf.h"

void gs_wire_put_uint(struct gs_buf *buf, uint64_t v);
void gs_wire_put_sint(struct gs_buf *buf, int64_t v);
void gs_wire_put_be(struct gs_buf *buf, uint64_t v, unsigned bytes);

/* A reader over borrowed bytes. The first failure sticks: later reads return 0, and `bad` says so at the end. */
struct gs_wire {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};
struct gs_wire gs_wire_open(struct gs_bytes bytes);
uint64_t gs_wire_uint(struct gs_wire *w);
int64_t gs_wire_sint(struct gs_wire *w);
uint64_t gs_wire_be(struct gs_wire *w, unsigned bytes);     /* bytes <= 8 */
const uint8_t *gs_wire_take(struct gs_wire *w, size_t len); /* NULL when short */
bool gs_wire_done(const struct gs_wire *w);                 /* all read, nothing bad */

#endif
