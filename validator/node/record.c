#include "validator/node/record.h"

#include <string.h>

static int write_to_buf(void *data, const char *bytes, size_t len)
{
	struct gs_buf *buf = data;

	gs_buf_append(buf, bytes, len);
	return buf->err ? -1 : 0;
}

void gs_record_begin(struct gs_record_writer *w, struct gs_buf *out, unsigned version, unsigned fields)
{
	GS_ASSERT(fields <= GS_RECORD_FIELDS_MAX);
	w->out = out;
	w->left = fields;
	msgpack_packer_init(&w->packer, out, write_to_buf);
	msgpack_pack_array(&w->packer, fields + 1);
	msgpack_pack_uint32(&w->packer, version);
}

static void one_less(struct gs_record_writer *w)
{
	GS_ASSERT(w->left > 0);
	w->left--;
}

void gs_record_put_u64(struct gs_record_writer *w, uint64_t v)
{
	one_less(w);
	msgpack_pack_uint64(&w->packer, v);
}

void gs_record_put_bool(struct gs_record_writer *w, bool v)
{
	one_less(w);
	if (v)
		msgpack_pack_true(&w->packer);
	else
		msgpack_pack_false(&w->packer);
}

void gs_record_put_bytes(struct gs_record_writer *w, struct gs_bytes v)
{
	one_less(w);
	if (v.len > GS_RECORD_BYTES_MAX) {
		w->out->err = GS_ELIMIT;
		return;
	}
	msgpack_pack_bin(&w->packer, v.len);
	if (v.len)
		msgpack_pack_bin_body(&w->packer, v.ptr, v.len);
}

void gs_record_put_hash(struct gs_record_writer *w, const struct gs_hash *v)
{
	gs_record_put_bytes(w, (struct gs_bytes){v->b, sizeof(v->b)});
}

void gs_record_put_address(struct gs_record_writer *w, const struct gs_address *v)
{
	gs_record_put_bytes(w, (struct gs_bytes){v->b, sizeof(v->b)});
}

void gs_record_put_wei(struct gs_record_writer *w, struct gs_wei v)
{
	uint8_t bytes[32];

	gs_u256_to_be(&v.v, bytes);
	gs_record_put_bytes(w, (struct gs_bytes){bytes, sizeof(bytes)});
}

void gs_record_put_text(struct gs_record_writer *w, const char *v)
{
	size_t len = strlen(v);

	one_less(w);
	msgpack_pack_str(&w->packer, len);
	msgpack_pack_str_body(&w->packer, v, len);
}

void gs_record_end(const struct gs_record_writer *w)
{
	GS_ASSERT(w->left == 0);
}

/* --- reading --- */

struct span {
	const uint8_t *at;
	const uint8_t *end;
};

static bool take_size(struct span *s, unsigned bytes, uint64_t *out)
{
	*out = 0;
	if ((size_t)(s->end - s->at) < bytes)
		return false;
	for (unsigned i = 0; i < bytes; i++)
		*out = *out << 8 | *s->at++;
	return true;
}

static bool skip(struct span *s, uint64_t bytes)
{
	if ((uint64_t)(s->end - s->at) < bytes)
		return false;
	s->at += bytes;
	return true;
}

static bool walk(struct span *s, unsigned depth);

static bool walk_items(struct span *s, uint64_t count, unsigned depth)
{
	if (depth == GS_RECORD_DEPTH_MAX || count > (uint64_t)(s->end - s->at))
		return false; /* an item takes a byte at least */
	for (uint64_t i = 0; i < count; i++)
		if (!walk(s, depth + 1))
			return false;
	return true;
}

/* Is there a whole value that claims no more than the bytes can hold? msgpack-c itself reserves memory for a count before it
 * sees the items. Maps and extensions are not used by any record. */
static bool walk(struct span *s, unsigned depth)
{
	uint64_t n;
	uint8_t tag;

	if (s->at == s->end)
		return false;
	tag = *s->at++;
	if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3)
		return true;
	if (tag >= 0x90 && tag <= 0x9f)
		return walk_items(s, tag & 0x0f, depth);
	if (tag >= 0xa0 && tag <= 0xbf)
		return skip(s, tag & 0x1f);
	if (tag >= 0xc4 && tag <= 0xc6) /* bin 8, 16, 32 */
		return take_size(s, 1u << (tag - 0xc4), &n) && skip(s, n);
	if (tag >= 0xcc && tag <= 0xcf) /* uint 8 to 64 */
		return skip(s, UINT64_C(1) << (tag - 0xcc));
	if (tag >= 0xd9 && tag <= 0xdb) /* str 8, 16, 32 */
		return take_size(s, 1u << (tag - 0xd9), &n) && skip(s, n);
	if (tag == 0xdc || tag == 0xdd) /* array 16, 32 */
		return take_size(s, tag == 0xdc ? 2 : 4, &n) && walk_items(s, n, depth);
	return false;
}

void gs_record_open(struct gs_record_reader *r, struct gs_bytes bytes, unsigned version, unsigned fields)
{
	struct span s = {bytes.ptr, bytes.ptr + bytes.len};
	size_t offset = 0;

	memset(r, 0, sizeof(*r));
	if (!msgpack_zone_init(&r->zone, 1024)) {
		r->err = GS_ENOMEM;
		return;
	}
	if (!walk(&s, 0) || s.at != s.end ||
	    msgpack_unpack((const char *)bytes.ptr, bytes.len, &offset, &r->zone, &r->root) != MSGPACK_UNPACK_SUCCESS ||
	    r->root.type != MSGPACK_OBJECT_ARRAY || r->root.via.array.size < 1) {
		r->err = GS_ECORRUPT;
		return;
	}
	if (gs_record_get_u64(r) != version && !r->err)
		r->err = GS_EUNSUPPORTED;
	else if (!r->err && r->root.via.array.size != fields + 1)
		r->err = GS_ECORRUPT;
}

static const msgpack_object *field(struct gs_record_reader *r, msgpack_object_type type)
{
	const msgpack_object *o;

	if (r->err)
		return NULL;
	if (r->next >= r->root.via.array.size || r->root.via.array.ptr[r->next].type != type) {
		r->err = GS_ECORRUPT;
		return NULL;
	}
	o = &r->root.via.array.ptr[r->next++];
	return o;
}

uint64_t gs_record_get_u64(struct gs_record_reader *r)
{
	const msgpack_object *o = field(r, MSGPACK_OBJECT_POSITIVE_INTEGER);

	return o ? o->via.u64 : 0;
}

uint32_t gs_record_get_u32(struct gs_record_reader *r)
{
	uint64_t v = gs_record_get_u64(r);

	if (v > UINT32_MAX) {
		r->err = GS_ECORRUPT;
		return 0;
	}
	return (uint32_t)v;
}

bool gs_record_get_bool(struct gs_record_reader *r)
{
	const msgpack_object *o = field(r, MSGPACK_OBJECT_BOOLEAN);

	return o && o->via.boolean;
}

struct gs_bytes gs_record_get_bytes(struct gs_record_reader *r)
{
	const msgpack_object *o = field(r, MSGPACK_OBJECT_BIN);

	return o ? (struct gs_bytes){(const uint8_t *)o->via.bin.ptr, o->via.bin.size} : (struct gs_bytes){NULL, 0};
}

static void get_exact(struct gs_record_reader *r, void *out, size_t size)
{
	struct gs_bytes v = gs_record_get_bytes(r);

	memset(out, 0, size);
	if (r->err)
		return;
	if (v.len != size)
		r->err = GS_ECORRUPT;
	else
		memcpy(out, v.ptr, size);
}

struct gs_hash gs_record_get_hash(struct gs_record_reader *r)
{
	struct gs_hash v;

	get_exact(r, v.b, sizeof(v.b));
	return v;
}

struct gs_address gs_record_get_address(struct gs_record_reader *r)
{
	struct gs_address v;

	get_exact(r, v.b, sizeof(v.b));
	return v;
}

struct gs_wei gs_record_get_wei(struct gs_record_reader *r)
{
	uint8_t bytes[32];

	get_exact(r, bytes, sizeof(bytes));
	return (struct gs_wei){gs_u256_from_be(bytes)};
}

void gs_record_get_text(struct gs_record_reader *r, char *out, size_t size)
{
	const msgpack_object *o = field(r, MSGPACK_OBJECT_STR);

	out[0] = '\0';
	if (!o)
		return;
	if (o->via.str.size >= size || memchr(o->via.str.ptr, '\0', o->via.str.size)) {
		r->err = GS_ECORRUPT;
		return;
	}
	memcpy(out, o->via.str.ptr, o->via.str.size);
	out[o->via.str.size] = '\0';
}

enum gs_err gs_record_close(struct gs_record_reader *r)
{
	enum gs_err err = r->err;

	if (!err && r->next != r->root.via.array.size)
		err = GS_ECORRUPT;
	msgpack_zone_destroy(&r->zone);
	return err;
}
