/* chain/core/buf.h: a growable byte buffer with a hard limit, for encoders (RLP, ABI, msgpack, descriptors).
 *
 * An append that fails leaves a sticky error, so that an encoder writes straight through and checks once at the end. */
#ifndef GS_CHAIN_CORE_BUF_H
#define GS_CHAIN_CORE_BUF_H

#include "chain/core/core.h"

struct gs_buf {
	uint8_t *ptr; /* owned; gs_buf_free */
	size_t len;
	size_t cap;
	size_t max; /* the named limit that this buffer may never outgrow */
	enum gs_err err;
};

void gs_buf_init(struct gs_buf *buf, size_t max);
void gs_buf_free(struct gs_buf *buf); /* leaves an empty buffer; free twice is fine */
void gs_buf_append(struct gs_buf *buf, const void *data, size_t len);
void gs_buf_append_u8(struct gs_buf *buf, uint8_t byte);
void gs_buf_append_zeros(struct gs_buf *buf, size_t len);
void gs_buf_append_text(struct gs_buf *buf, const char *fmt, ...) GS_PRINTF(2, 3);
/* Grows by len bytes and returns where they start (NULL once the buffer has failed); valid until the next append. */
uint8_t *gs_buf_extend(struct gs_buf *buf, size_t len);
struct gs_bytes gs_buf_view(const struct gs_buf *buf); /* borrowed until the next append */

#endif
