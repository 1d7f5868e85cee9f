#include "validator/tee/cbor.h"

#include <cbor.h>

/* What the callbacks fill in. */
struct taken {
	struct gs_cbor_item item;
	bool pieces;
};

static void put(void *context, enum gs_cbor_kind kind, uint64_t value)
{
	struct taken *t = context;

	t->item = (struct gs_cbor_item){.kind = kind, .value = value};
}

static void put_string(void *context, enum gs_cbor_kind kind, cbor_data data, size_t len)
{
	struct taken *t = context;

	t->item = (struct gs_cbor_item){.kind = kind, .string = {data, len}};
}

static void put_open(void *context, enum gs_cbor_kind kind)
{
	struct taken *t = context;

	t->item = (struct gs_cbor_item){.kind = kind, .open = true};
}

static void on_uint8(void *c, uint8_t v)
{
	put(c, GS_CBOR_UINT, v);
}
static void on_uint16(void *c, uint16_t v)
{
	put(c, GS_CBOR_UINT, v);
}
static void on_uint32(void *c, uint32_t v)
{
	put(c, GS_CBOR_UINT, v);
}
static void on_uint64(void *c, uint64_t v)
{
	put(c, GS_CBOR_UINT, v);
}
static void on_negative8(void *c, uint8_t v)
{
	put(c, GS_CBOR_NEGATIVE, v);
}
static void on_negative16(void *c, uint16_t v)
{
	put(c, GS_CBOR_NEGATIVE, v);
}
static void on_negative32(void *c, uint32_t v)
{
	put(c, GS_CBOR_NEGATIVE, v);
}
static void on_negative64(void *c, uint64_t v)
{
	put(c, GS_CBOR_NEGATIVE, v);
}
static void on_bytes(void *c, cbor_data data, size_t len)
{
	put_string(c, GS_CBOR_BYTES, data, len);
}
static void on_text(void *c, cbor_data data, size_t len)
{
	put_string(c, GS_CBOR_TEXT, data, len);
}
static void on_pieces(void *c)
{
	((struct taken *)c)->pieces = true;
}
static void on_array(void *c, size_t count)
{
	put(c, GS_CBOR_ARRAY, count);
}
static void on_open_array(void *c)
{
	put_open(c, GS_CBOR_ARRAY);
}
static void on_map(void *c, size_t count)
{
	put(c, GS_CBOR_MAP, count);
}
static void on_open_map(void *c)
{
	put_open(c, GS_CBOR_MAP);
}
static void on_null(void *c)
{
	put(c, GS_CBOR_NULL, 0);
}
static void on_break(void *c)
{
	put(c, GS_CBOR_BREAK, 0);
}
static void on_tag(void *c, uint64_t tag)
{
	put(c, GS_CBOR_OTHER, tag);
}
static void on_float(void *c, float v)
{
	(void)v;
	put(c, GS_CBOR_OTHER, 0);
}
static void on_double(void *c, double v)
{
	(void)v;
	put(c, GS_CBOR_OTHER, 0);
}
static void on_undefined(void *c)
{
	put(c, GS_CBOR_OTHER, 0);
}
static void on_boolean(void *c, bool v)
{
	(void)v;
	put(c, GS_CBOR_OTHER, 0);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negative8,
	.negint16 = on_negative16,
	.negint32 = on_negative32,
	.negint64 = on_negative64,
	.byte_string = on_bytes,
	.byte_string_start = on_pieces,
	.string = on_text,
	.string_start = on_pieces,
	.array_start = on_array,
	.indef_array_start = on_open_array,
	.map_start = on_map,
	.indef_map_start = on_open_map,
	.tag = on_tag,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_undefined,
	.null = on_null,
	.boolean = on_boolean,
	.indef_break = on_break,
};

static size_t shortest_head(uint64_t value)
{
	return value < 24 ? 1 : value <= UINT8_MAX ? 2 : value <= UINT16_MAX ? 3 : value <= UINT32_MAX ? 5 : 9;
}

void gs_cbor_init(struct gs_cbor *c, struct gs_bytes in)
{
	*c = (struct gs_cbor){.in = in};
}

enum gs_err gs_cbor_next(struct gs_cbor *c, struct gs_cbor_item *out)
{
	/* A form that has no callback (an unassigned simple value) is none of ours either. */
	struct taken taken = {.item = {.kind = GS_CBOR_OTHER}};
	const size_t left = c->in.len - c->at;

	if (left == 0)
		return GS_EPARSE;
	const struct cbor_decoder_result r = cbor_stream_decode(c->in.ptr + c->at, left, &callbacks, &taken);
	if (r.status != CBOR_DECODER_FINISHED || taken.pieces || r.read == 0 || r.read > left)
		return GS_EPARSE;
	const size_t len = taken.item.string.len;
	GS_ASSERT(len <= r.read);
	taken.item.shortest = taken.item.open ||
	                      r.read - len == shortest_head(taken.item.string.ptr ? len : taken.item.value);
	c->at += r.read;
	*out = taken.item;
	return GS_OK;
}

bool gs_cbor_at_end(const struct gs_cbor *c)
{
	return c->at == c->in.len;
}

const char *gs_cbor_kind_name(enum gs_cbor_kind kind)
{
	switch (kind) {
	case GS_CBOR_UINT: return "a whole number";
	case GS_CBOR_NEGATIVE: return "a negative number";
	case GS_CBOR_BYTES: return "a byte string";
	case GS_CBOR_TEXT: return "a text";
	case GS_CBOR_ARRAY: return "an array";
	case GS_CBOR_MAP: return "a map";
	case GS_CBOR_NULL: return "null";
	case GS_CBOR_BREAK: return "the end of an array or a map";
	case GS_CBOR_OTHER: return "a tag, a fraction or a simple value";
	}
	GS_ASSERT(!"a kind of CBOR item");
	return "";
}
