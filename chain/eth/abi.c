#include "chain/eth/abi.h"

#include <string.h>

/* --- writing --- */

void gs_abi_begin(struct gs_abi_writer *w, struct gs_buf *out, size_t head_words)
{
	w->out = out;
	w->head = w->next = out->len;
	w->end = w->head + head_words * GS_ABI_WORD;
	gs_buf_append_zeros(out, head_words * GS_ABI_WORD);
}

void gs_abi_call(struct gs_abi_writer *w, struct gs_buf *out, uint32_t selector, size_t head_words)
{
	uint8_t be[4];
	gs_be32_write(be, selector);
	gs_buf_append(out, be, sizeof(be));
	gs_abi_begin(w, out, head_words);
}

void gs_abi_end(const struct gs_abi_writer *w)
{
	GS_ASSERT(w->out->err != GS_OK || w->next == w->end);
}

/* The next 32 bytes of the head, zero; NULL when the buffer has failed. */
static uint8_t *next_word(struct gs_abi_writer *w)
{
	if (w->out->err != GS_OK)
		return NULL;
	GS_ASSERT(w->next < w->end);
	uint8_t *word = w->out->ptr + w->next;
	w->next += GS_ABI_WORD;
	return word;
}

/* Points the next word of the head at what will be appended now. */
static void put_offset(struct gs_abi_writer *w)
{
	gs_abi_put_u64(w, w->out->len - w->head);
}

static void append_u64(struct gs_buf *out, uint64_t v)
{
	uint8_t be[8];
	gs_be64_write(be, v);
	gs_buf_append_zeros(out, GS_ABI_WORD - sizeof(be));
	gs_buf_append(out, be, sizeof(be));
}

void gs_abi_put_word(struct gs_abi_writer *w, const uint8_t word[32])
{
	uint8_t *p = next_word(w);
	if (p)
		memcpy(p, word, GS_ABI_WORD);
}

void gs_abi_put_u64(struct gs_abi_writer *w, uint64_t v)
{
	uint8_t *p = next_word(w);
	if (p)
		gs_be64_write(p + 24, v);
}

void gs_abi_put_i64(struct gs_abi_writer *w, int64_t v)
{
	uint8_t *p = next_word(w);
	if (!p)
		return;
	memset(p, v < 0 ? 0xff : 0, 24);
	gs_be64_write(p + 24, (uint64_t)v);
}

void gs_abi_put_bool(struct gs_abi_writer *w, bool v)
{
	gs_abi_put_u64(w, v ? 1 : 0);
}

void gs_abi_put_u256(struct gs_abi_writer *w, const struct gs_u256 *v)
{
	uint8_t *p = next_word(w);
	if (p)
		gs_u256_to_be(v, p);
}

void gs_abi_put_wei(struct gs_abi_writer *w, struct gs_wei v)
{
	gs_abi_put_u256(w, &v.v);
}

void gs_abi_put_address(struct gs_abi_writer *w, const struct gs_address *v)
{
	uint8_t *p = next_word(w);
	if (p)
		memcpy(p + 12, v->b, sizeof(v->b));
}

void gs_abi_put_hash(struct gs_abi_writer *w, const struct gs_hash *v)
{
	gs_abi_put_word(w, v->b);
}

void gs_abi_put_fixed(struct gs_abi_writer *w, const void *bytes, size_t n)
{
	GS_ASSERT(n <= GS_ABI_WORD);
	uint8_t *p = next_word(w);
	if (p && n)
		memcpy(p, bytes, n);
}

void gs_abi_put_bytes(struct gs_abi_writer *w, struct gs_bytes v)
{
	put_offset(w);
	append_u64(w->out, v.len);
	gs_buf_append(w->out, v.ptr, v.len);
	gs_buf_append_zeros(w->out, (GS_ABI_WORD - v.len % GS_ABI_WORD) % GS_ABI_WORD);
}

void gs_abi_put_hashes(struct gs_abi_writer *w, const struct gs_hash *v, size_t count)
{
	put_offset(w);
	append_u64(w->out, count);
	for (size_t i = 0; i < count; i++)
		gs_buf_append(w->out, v[i].b, sizeof(v[i].b));
}

void gs_abi_put_tuple(struct gs_abi_writer *w, struct gs_abi_writer *child, size_t head_words)
{
	put_offset(w);
	gs_abi_begin(child, w->out, head_words);
}

void gs_abi_put_array(struct gs_abi_writer *w, struct gs_abi_writer *child, size_t count, size_t element_words)
{
	put_offset(w);
	append_u64(w->out, count);
	if (w->out->err == GS_OK && element_words && count > w->out->max / (element_words * GS_ABI_WORD))
		w->out->err = GS_ELIMIT;
	gs_abi_begin(child, w->out, w->out->err == GS_OK ? count * element_words : 0);
}

/* --- reading --- */

struct gs_abi_reader gs_abi_read(struct gs_bytes data)
{
	return (struct gs_abi_reader){.data = data};
}

struct gs_abi_reader gs_abi_read_topics(const struct gs_hash *topics, size_t count)
{
	_Static_assert(sizeof(struct gs_hash) == GS_ABI_WORD, "topics are read as one run of words");
	if (count == 0)
		return (struct gs_abi_reader){0};
	return gs_abi_read((struct gs_bytes){topics[0].b + GS_ABI_WORD, (count - 1) * GS_ABI_WORD});
}

static void fail(struct gs_abi_reader *r, enum gs_err err)
{
	if (r->err == GS_OK)
		r->err = err;
}

void gs_abi_get_word(struct gs_abi_reader *r, uint8_t out[32])
{
	if (r->err == GS_OK && r->data.len - r->next < GS_ABI_WORD)
		fail(r, GS_EPARSE);
	if (r->err != GS_OK) {
		memset(out, 0, GS_ABI_WORD);
		return;
	}
	memcpy(out, r->data.ptr + r->next, GS_ABI_WORD);
	r->next += GS_ABI_WORD;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;
	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

static uint64_t get_bounded(struct gs_abi_reader *r, uint64_t max)
{
	uint8_t word[GS_ABI_WORD];
	gs_abi_get_word(r, word);
	uint64_t v = gs_be64_read(word + 24);
	if (all_zero(word, 24) && v <= max)
		return v;
	fail(r, GS_ELIMIT);
	return 0;
}

uint64_t gs_abi_get_u64(struct gs_abi_reader *r)
{
	return get_bounded(r, UINT64_MAX);
}

uint32_t gs_abi_get_u32(struct gs_abi_reader *r)
{
	return (uint32_t)get_bounded(r, UINT32_MAX);
}

uint8_t gs_abi_get_u8(struct gs_abi_reader *r)
{
	return (uint8_t)get_bounded(r, UINT8_MAX);
}

bool gs_abi_get_bool(struct gs_abi_reader *r)
{
	struct gs_u256 v = gs_abi_get_u256(r);
	if (gs_u256_fits_u64(&v) && v.limb[0] <= 1)
		return v.limb[0] == 1;
	fail(r, GS_EPARSE);
	return false;
}

struct gs_u256 gs_abi_get_u256(struct gs_abi_reader *r)
{
	uint8_t word[GS_ABI_WORD];
	gs_abi_get_word(r, word);
	return gs_u256_from_be(word);
}

struct gs_wei gs_abi_get_wei(struct gs_abi_reader *r)
{
	return (struct gs_wei){gs_abi_get_u256(r)};
}

struct gs_address gs_abi_get_address(struct gs_abi_reader *r)
{
	uint8_t word[GS_ABI_WORD];
	struct gs_address out = {0};
	gs_abi_get_word(r, word);
	if (all_zero(word, 12))
		memcpy(out.b, word + 12, sizeof(out.b));
	else
		fail(r, GS_EPARSE);
	return out;
}

struct gs_hash gs_abi_get_hash(struct gs_abi_reader *r)
{
	struct gs_hash out;
	gs_abi_get_word(r, out.b);
	return out;
}

/* Follows the next word of the head to a body in the tail; false after an error. */
static bool follow(struct gs_abi_reader *r, struct gs_abi_reader *body)
{
	uint64_t offset = gs_abi_get_u64(r);
	if (r->err == GS_OK && offset > r->data.len)
		fail(r, GS_EPARSE);
	if (r->err == GS_ELIMIT)
		r->err = GS_EPARSE;
	*body = (struct gs_abi_reader){.err = r->err};
	if (r->err == GS_OK)
		body->data = (struct gs_bytes){r->data.ptr + offset, r->data.len - offset};
	return r->err == GS_OK;
}

struct gs_bytes gs_abi_get_bytes(struct gs_abi_reader *r)
{
	struct gs_abi_reader body;
	struct gs_bytes none = {0};
	if (!follow(r, &body))
		return none;
	uint64_t len = gs_abi_get_u64(&body);
	size_t left = body.data.len - body.next;
	if (body.err != GS_OK || len > left) {
		fail(r, GS_EPARSE);
		return none;
	}
	size_t padding = (GS_ABI_WORD - len % GS_ABI_WORD) % GS_ABI_WORD;
	const uint8_t *start = body.data.ptr + body.next;
	if (padding > left - len || !all_zero(start + len, padding)) {
		fail(r, GS_EPARSE);
		return none;
	}
	return (struct gs_bytes){start, len};
}

struct gs_abi_reader gs_abi_get_array(struct gs_abi_reader *r, size_t element_words, size_t *count)
{
	struct gs_abi_reader body;
	GS_ASSERT(element_words > 0);
	*count = 0;
	if (!follow(r, &body))
		return body;
	uint64_t n = gs_abi_get_u64(&body);
	struct gs_bytes rest = {body.data.ptr + body.next, body.data.len - body.next};
	if (body.err != GS_OK || n > rest.len / GS_ABI_WORD / element_words) {
		fail(r, GS_EPARSE);
		return (struct gs_abi_reader){.err = r->err};
	}
	*count = n;
	return gs_abi_read(rest);
}

struct gs_bytes gs_abi_get_words(struct gs_abi_reader *r, size_t *count)
{
	struct gs_abi_reader elements = gs_abi_get_array(r, 1, count);
	return (struct gs_bytes){elements.data.ptr, *count * GS_ABI_WORD};
}

struct gs_abi_reader gs_abi_get_tuple(struct gs_abi_reader *r)
{
	struct gs_abi_reader body;
	follow(r, &body);
	return body;
}
