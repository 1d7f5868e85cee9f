/* validator/onnx/protobuf.h: the protobuf wire format, read in place.
 *
 * A message is a sequence of fields; a field is a tag (number and wire type) and a value: a varint, four or eight
 * little-endian bytes, or a length and that many bytes. Nothing is copied: every span lies inside the bytes given.
 * Source: the Protocol Buffers documentation, "Encoding". */
#ifndef GS_VALIDATOR_ONNX_PROTOBUF_H
#define GS_VALIDATOR_ONNX_PROTOBUF_H

#include "chain/core/core.h"

enum gs_pb_type { GS_PB_VARINT = 0, GS_PB_FIXED64 = 1, GS_PB_BYTES = 2, GS_PB_FIXED32 = 5 };

struct gs_pb {
	const uint8_t *p;
	const uint8_t *end;
};

struct gs_pb_field {
	uint32_t number; /* 1 to 2^29 - 1 */
	enum gs_pb_type type;
	uint64_t value;        /* VARINT, FIXED64, FIXED32 */
	struct gs_bytes bytes; /* BYTES: borrowed */
};

struct gs_pb gs_pb_over(struct gs_bytes bytes);
/* The next field. GS_ENOTFOUND at the end; GS_EPARSE for a cut or over-long varint, a length past the end, field
 * number 0, groups (deprecated, not in the schema) and reserved wire types. */
GS_MUST enum gs_err gs_pb_next(struct gs_pb *w, struct gs_pb_field *out);
/* One varint of a packed field. Errors as above. */
GS_MUST enum gs_err gs_pb_varint(struct gs_pb *w, uint64_t *out);

#endif
