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

static bool all_zero(const uint8_t *bytes, size_t len)
{
	while (len > 0 && bytes[len - 1] == 0)
		len--;
	return len == 0;
}

void gs_record_put_brief_hash(struct gs_record_writer *w, const struct gs_hash *v)
{
	gs_record_put_bytes(w, (struct gs_bytes){v->b, all_zero(v->b, sizeof(v->b)) ? 0 : sizeof(v->b)});
}

void gs_record_put_brief_address(struct gs_record_writer *w, const struct gs_address *v)
{
	gs_record_put_bytes(w, (struct gs_bytes){v->b, all_zero(v->b, sizeof(v->b)) ? 0 : sizeof(v->b)});
}

void gs_record_put_brief_wei(struct gs_record_writer *w, struct gs_wei v)
{
	uint8_t bytes[32];
	size_t zeros = 0;

	gs_u256_to_be(&v.v, bytes);
	while (zeros < sizeof(bytes) && bytes[zeros] == 0)
		zeros++;
	gs_record_put_bytes(w, (struct gs_bytes){bytes + zeros, sizeof(bytes) - zeros});
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

static const uint8_t *take(struct gs_record_reader *r, uint64_t bytes)
{
	const uint8_t *at = r->at;

	if (r->err || (uint64_t)(r->end - r->at) < bytes) {
		r->err = r->err ? r->err : GS_ECORRUPT;
		return NULL;
	}
	r->at += bytes;
	return at;
}

/* A big-endian number of 1, 2, 4 or 8 bytes; 0 behind an error. */
static uint64_t take_number(struct gs_record_reader *r, unsigned bytes)
{
	const uint8_t *at = take(r, bytes);
	uint64_t v = 0;

	for (unsigned i = 0; at && i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

/* The tag of the next field; 0xc1, which msgpack never uses, when there is none. */
static uint8_t take_tag(struct gs_record_reader *r)
{
	const uint8_t *at = r->left > 0 ? take(r, 1) : NULL;

	if (!at) {
		r->err = r->err ? r->err : GS_ECORRUPT;
		return 0xc1;
	}
	r->left--;
	return *at;
}

/* What a binary (first: 0xc4) or a text (0xd9) holds, whose size is told in 1, 2 or 4 bytes. */
static struct gs_bytes take_run(struct gs_record_reader *r, uint8_t tag, uint8_t first)
{
	uint64_t len = 0;

	if (first == 0xd9 && tag >= 0xa0 && tag <= 0xbf)
		len = tag & 0x1f;
	else if (tag >= first && tag <= first + 2)
		len = take_number(r, 1u << (tag - first));
	else
		r->err = r->err ? r->err : GS_ECORRUPT;
	const uint8_t *at = take(r, len);
	return at ? (struct gs_bytes){at, (size_t)len} : (struct gs_bytes){NULL, 0};
}

void gs_record_open(struct gs_record_reader *r, struct gs_bytes bytes, unsigned version, unsigned fields)
{
	*r = (struct gs_record_reader){.at = bytes.ptr, .end = bytes.ptr + bytes.len, .left = 1};
	const uint8_t tag = take_tag(r);
	uint64_t count = 0;

	if (tag >= 0x90 && tag <= 0x9f)
		count = tag & 0x0f;
	else if (tag == 0xdc || tag == 0xdd) /* array 16, 32 */
		count = take_number(r, tag == 0xdc ? 2 : 4);
	if (r->err || count == 0 || count > (uint64_t)(r->end - r->at)) { /* a field takes a byte at least */
		r->err = GS_ECORRUPT;
		return;
	}
	r->left = count;
	if (gs_record_get_u64(r) != version && !r->err)
		r->err = GS_EUNSUPPORTED;
	else if (!r->err && count != (uint64_t)fields + 1)
		r->err = GS_ECORRUPT;
}

uint64_t gs_record_get_u64(struct gs_record_reader *r)
{
	const uint8_t tag = take_tag(r);

	if (tag <= 0x7f)
		return tag;
	if (tag >= 0xcc && tag <= 0xcf) /* uint 8 to 64 */
		return take_number(r, 1u << (tag - 0xcc));
	r->err = r->err ? r->err : GS_ECORRUPT;
	return 0;
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
	const uint8_t tag = take_tag(r);

	if (tag != 0xc2 && tag != 0xc3)
		r->err = r->err ? r->err : GS_ECORRUPT;
	return tag == 0xc3;
}

struct gs_bytes gs_record_get_bytes(struct gs_record_reader *r)
{
	const uint8_t tag = take_tag(r);

	return take_run(r, tag, 0xc4);
}

static void get_exact(struct gs_record_reader *r, void *out, size_t size)
{
	/* As it is nearly always: a binary with its size in a byte, all of it there. */
	if (!r->err && r->left > 0 && (size_t)(r->end - r->at) >= 2 + size && r->at[0] == 0xc4 && r->at[1] == size) {
		memcpy(out, r->at + 2, size);
		r->at += 2 + size;
		r->left--;
		return;
	}
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

/* Of nothing all bytes are zero. */
static void get_all_or_nothing(struct gs_record_reader *r, void *out, size_t size)
{
	if (!r->err && r->left > 0 && r->end - r->at >= 2 && r->at[0] == 0xc4 && r->at[1] == 0) {
		memset(out, 0, size);
		r->at += 2;
		r->left--;
		return;
	}
	get_exact(r, out, size);
}

struct gs_hash gs_record_get_brief_hash(struct gs_record_reader *r)
{
	struct gs_hash v;

	get_all_or_nothing(r, v.b, sizeof(v.b));
	return v;
}

struct gs_address gs_record_get_brief_address(struct gs_record_reader *r)
{
	struct gs_address v;

	get_all_or_nothing(r, v.b, sizeof(v.b));
	return v;
}

struct gs_wei gs_record_get_brief_wei(struct gs_record_reader *r)
{
	const struct gs_bytes v = gs_record_get_bytes(r);
	uint8_t bytes[32] = {0};

	if (v.len > sizeof(bytes))
		r->err = GS_ECORRUPT;
	else if (v.len)
		memcpy(bytes + sizeof(bytes) - v.len, v.ptr, v.len);
	return (struct gs_wei){gs_u256_from_be(bytes)};
}

void gs_record_skip(struct gs_record_reader *r, unsigned fields)
{
	for (; fields > 0 && !r->err; fields--) {
		const size_t there = (size_t)(r->end - r->at);
		if (r->left > 0 && there >= 2 && r->at[0] == 0xc4 && there - 2 >= r->at[1]) { /* as it mostly is */
			r->at += 2 + r->at[1];
			r->left--;
			continue;
		}
		const uint8_t tag = take_tag(r);
		if (tag <= 0x7f || tag == 0xc2 || tag == 0xc3)
			continue;
		if (tag >= 0xcc && tag <= 0xcf)
			(void)take(r, 1u << (tag - 0xcc));
		else
			(void)take_run(r, tag, tag >= 0xc4 && tag <= 0xc6 ? 0xc4 : 0xd9);
	}
}

void gs_record_get_text(struct gs_record_reader *r, char *out, size_t size)
{
	const uint8_t tag = take_tag(r);
	const struct gs_bytes v = take_run(r, tag, 0xd9);

	out[0] = '\0';
	if (!v.ptr) /* an error */
		return;
	if (v.len >= size || memchr(v.ptr, '\0', v.len)) {
		r->err = GS_ECORRUPT;
		return;
	}
	memcpy(out, v.ptr, v.len);
	out[v.len] = '\0';
}

enum gs_err gs_record_close(const struct gs_record_reader *r)
{
	return !r->err && (r->left > 0 || r->at != r->end) ? GS_ECORRUPT : r->err;
}
