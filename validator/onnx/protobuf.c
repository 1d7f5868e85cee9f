#include "validator/onnx/protobuf.h"

struct gs_pb gs_pb_over(struct gs_bytes bytes)
{
	return (struct gs_pb){.p = bytes.ptr, .end = bytes.ptr == NULL ? NULL : bytes.ptr + bytes.len};
}

enum gs_err gs_pb_varint(struct gs_pb *w, uint64_t *out)
{
	uint64_t v = 0;
	if (w->p == w->end)
		return GS_ENOTFOUND;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (w->p == w->end)
			return GS_EPARSE;
		uint8_t byte = *w->p++;
		if (shift == 63 && byte > 1)
			return GS_EPARSE;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = v;
			return GS_OK;
		}
	}
	return GS_EPARSE;
}

enum gs_err gs_pb_next(struct gs_pb *w, struct gs_pb_field *out)
{
	uint64_t tag, len;
	*out = (struct gs_pb_field){0};
	enum gs_err err = gs_pb_varint(w, &tag);
	if (err != GS_OK)
		return err;
	if (tag > UINT32_MAX || tag >> 3 == 0)
		return GS_EPARSE;
	out->number = (uint32_t)(tag >> 3);
	out->type = (enum gs_pb_type)(tag & 7);
	size_t left = (size_t)(w->end - w->p);
	switch (tag & 7) {
	case GS_PB_VARINT: return gs_pb_varint(w, &out->value) == GS_OK ? GS_OK : GS_EPARSE;
	case GS_PB_FIXED64:
		if (left < 8)
			return GS_EPARSE;
		out->value = gs_le64_read(w->p);
		w->p += 8;
		return GS_OK;
	case GS_PB_FIXED32:
		if (left < 4)
			return GS_EPARSE;
		out->value = gs_le32_read(w->p);
		w->p += 4;
		return GS_OK;
	case GS_PB_BYTES:
		if (gs_pb_varint(w, &len) != GS_OK || len > (size_t)(w->end - w->p))
			return GS_EPARSE;
		out->bytes = (struct gs_bytes){w->p, (size_t)len};
		w->p += len;
		return GS_OK;
	}
	return GS_EPARSE;
}
