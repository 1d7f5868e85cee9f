/* The file: one record whose fields are the parts, and the digest of all before it. */
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/trie.h"
#include "validator/daemon/evidence.h"
#include "validator/node/record.h"

enum {
	FIELDS = 21,
	ABOUT_FIELDS = 13,
	CLAIM_FIELDS = 7,
	ITEM_FIELDS = 4,
	LINK_FIELDS = 5,
	DIGEST_TAIL = 2 + 32, /* bin8, its length, the digest */
	MAGIC_AT = 5,         /* behind array16 with the count, the version, and the string's head */
};
static const char magic[] = "gainsay evidence";

/* --- items --- */

void gs_evidence_put_item(const struct gs_evidence_item *item, struct gs_buf *out)
{
	struct gs_record_writer w;
	struct gs_buf record;

	gs_buf_init(&record, GS_EVIDENCE_BYTES_MAX);
	gs_record_begin(&w, &record, 1, ITEM_FIELDS);
	gs_record_put_u64(&w, item->block);
	gs_record_put_u64(&w, item->index);
	gs_record_put_bytes(&w, item->bytes);
	gs_record_put_bytes(&w, item->proof);
	gs_record_end(&w);
	if (record.err && !out->err)
		out->err = record.err;
	gs_framed_put(out, gs_buf_view(&record));
	gs_buf_free(&record);
}

enum gs_err gs_evidence_get_item(struct gs_bytes record, struct gs_evidence_item *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, record, 1, ITEM_FIELDS);
	out->block = gs_record_get_u32(&r);
	out->index = gs_record_get_u32(&r);
	out->bytes = gs_record_get_bytes(&r);
	out->proof = gs_record_get_bytes(&r);
	return gs_record_close(&r);
}

void gs_evidence_put_link(const struct gs_evidence_link *link, struct gs_buf *out)
{
	struct gs_record_writer w;
	struct gs_buf record;

	gs_buf_init(&record, 4096);
	gs_record_begin(&w, &record, 1, LINK_FIELDS);
	gs_record_put_u64(&w, link->index);
	gs_record_put_brief_hash(&w, &link->before);
	gs_record_put_brief_hash(&w, &link->skipped);
	gs_record_put_brief_hash(&w, &link->digest);
	gs_record_put_bytes(&w, link->entry);
	gs_record_end(&w);
	if (record.err && !out->err)
		out->err = record.err;
	gs_framed_put(out, gs_buf_view(&record));
	gs_buf_free(&record);
}

enum gs_err gs_evidence_get_link(struct gs_bytes record, struct gs_evidence_link *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, record, 1, LINK_FIELDS);
	out->index = gs_record_get_u64(&r);
	out->before = gs_record_get_brief_hash(&r);
	out->skipped = gs_record_get_brief_hash(&r);
	out->digest = gs_record_get_brief_hash(&r);
	out->entry = gs_record_get_bytes(&r);
	return gs_record_close(&r);
}

/* --- parts --- */

static void put_about(const struct gs_evidence *e, struct gs_buf *out)
{
	const struct gs_contracts *c = &e->contracts;
	const struct gs_address *const address[] = {&c->token,   &c->stakes,   &c->models, &c->claims,
	                                            &c->batches, &c->disputes, &c->duties, &e->validator};
	struct gs_record_writer w;

	gs_record_begin(&w, out, 1, ABOUT_FIELDS);
	gs_record_put_u64(&w, c->chain_id);
	for (size_t i = 0; i < GS_ARRAY_LEN(address); i++)
		gs_record_put_address(&w, address[i]);
	gs_record_put_u64(&w, e->made.unix_s);
	gs_record_put_u64(&w, e->block);
	gs_record_put_u64(&w, e->final);
	gs_record_put_u64(&w, e->audit_count);
	gs_record_end(&w);
}

static enum gs_err get_about(struct gs_bytes bytes, struct gs_evidence *e)
{
	struct gs_contracts *c = &e->contracts;
	struct gs_address *const address[] = {&c->token,   &c->stakes,   &c->models, &c->claims,
	                                      &c->batches, &c->disputes, &c->duties, &e->validator};
	struct gs_record_reader r;

	gs_record_open(&r, bytes, 1, ABOUT_FIELDS);
	c->chain_id = gs_record_get_u64(&r);
	for (size_t i = 0; i < GS_ARRAY_LEN(address); i++)
		*address[i] = gs_record_get_address(&r);
	e->made.unix_s = gs_record_get_u64(&r);
	e->block = gs_record_get_u64(&r);
	e->final = gs_record_get_u64(&r);
	e->audit_count = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

static void put_claim(const struct gs_evidence *e, struct gs_buf *out)
{
	uint8_t body[GS_CLAIM_BODY_WORDS * 32];
	struct gs_record_writer w;

	gs_claim_body_encode(&e->body, body);
	gs_record_begin(&w, out, 1, CLAIM_FIELDS);
	gs_record_put_hash(&w, &e->claim);
	gs_record_put_bytes(&w, (struct gs_bytes){body, sizeof(body)});
	gs_record_put_wei(&w, (struct gs_wei){e->terms_word});
	gs_record_put_u64(&w, e->posted_block);
	gs_record_put_hash(&w, &e->posted_tx);
	gs_record_put_u64(&w, e->status);
	gs_record_put_u64(&w, e->games);
	gs_record_end(&w);
}

static enum gs_err get_claim(struct gs_bytes bytes, struct gs_evidence *e)
{
	struct gs_record_reader r;
	struct gs_bytes body;

	gs_record_open(&r, bytes, 1, CLAIM_FIELDS);
	e->claim = gs_record_get_hash(&r);
	body = gs_record_get_bytes(&r);
	e->terms_word = gs_record_get_wei(&r).v;
	e->posted_block = gs_record_get_u64(&r);
	e->posted_tx = gs_record_get_hash(&r);
	const uint32_t status = gs_record_get_u32(&r);
	e->games = gs_record_get_u32(&r);
	if (gs_record_close(&r) || body.len != GS_CLAIM_BODY_WORDS * 32 || status < GS_CLAIM_OPEN ||
	    status > GS_CLAIM_VOID)
		return GS_ECORRUPT;
	e->status = (uint8_t)status;
	return gs_claim_body_decode(body.ptr, &e->body) ? GS_ECORRUPT : GS_OK;
}

/* --- the whole --- */

/* Those of the fields that are bytes alone, in their order. */
enum { PLAIN = 12 };
static void plain_fields(struct gs_evidence *e, struct gs_bytes *out[PLAIN])
{
	struct gs_bytes *const all[PLAIN] = {&e->header,   &e->input,        &e->output,       &e->verdict,
	                                     &e->sample,   &e->policy,       &e->sampling_key, &e->blocks,
	                                     &e->receipts, &e->transactions, &e->talks,        &e->audit};

	memcpy(out, all, sizeof(all));
}

void gs_evidence_encode(const struct gs_evidence *e, struct gs_buf *out)
{
	struct gs_bytes *plain[PLAIN];
	struct gs_evidence copy = *e;
	struct gs_buf about, claim;
	struct gs_record_writer w;
	struct gs_hash digest;
	const size_t at = out->len;

	gs_buf_init(&about, 4096);
	gs_buf_init(&claim, 4096);
	put_about(e, &about);
	put_claim(e, &claim);
	plain_fields(&copy, plain);
	gs_record_begin(&w, out, GS_EVIDENCE_VERSION, FIELDS);
	gs_record_put_text(&w, magic);
	gs_record_put_bytes(&w, gs_buf_view(&about));
	gs_record_put_bytes(&w, gs_buf_view(&claim));
	for (unsigned i = 0; i < PLAIN; i++)
		gs_record_put_bytes(&w, *plain[i]);
	gs_record_put_u64(&w, e->claimant_budget_s);
	gs_record_put_u64(&w, e->challenger_budget_s);
	gs_record_put_u64(&w, e->minimum_time_s);
	gs_record_put_bytes(&w, e->notes);
	gs_record_put_hash(&w, &e->audit_head);
	if (!out->err)
		gs_keccak256(out->ptr + at, out->len - at, &digest);
	else
		memset(&digest, 0, sizeof(digest));
	gs_record_put_hash(&w, &digest);
	gs_record_end(&w);
	if (!out->err && (about.err || claim.err))
		out->err = about.err ? about.err : claim.err;
	gs_buf_free(&about);
	gs_buf_free(&claim);
}

bool gs_evidence_is(struct gs_bytes bytes)
{
	return bytes.len > MAGIC_AT + sizeof(magic) && bytes.ptr[0] == 0xdc &&
	       memcmp(bytes.ptr + MAGIC_AT, magic, sizeof(magic) - 1) == 0;
}

/* Lists are walked once here, so that whoever walks them later meets whole items and no more of them than there may be. */
static bool is_list(struct gs_bytes list, size_t max)
{
	struct gs_bytes item;
	size_t count = 0;

	while (gs_framed_next(&list, &item))
		if (++count > max)
			return false;
	return list.len == 0;
}

static enum gs_err get_fields(struct gs_bytes bytes, struct gs_evidence *e, struct gs_hash *digest)
{
	struct gs_bytes *plain[PLAIN];
	struct gs_record_reader r;
	char name[sizeof(magic)];

	gs_record_open(&r, bytes, GS_EVIDENCE_VERSION, FIELDS);
	gs_record_get_text(&r, name, sizeof(name));
	const struct gs_bytes about = gs_record_get_bytes(&r), claim = gs_record_get_bytes(&r);
	plain_fields(e, plain);
	for (unsigned i = 0; i < PLAIN; i++)
		*plain[i] = gs_record_get_bytes(&r);
	e->claimant_budget_s = gs_record_get_u32(&r);
	e->challenger_budget_s = gs_record_get_u32(&r);
	e->minimum_time_s = gs_record_get_u32(&r);
	e->notes = gs_record_get_bytes(&r);
	e->audit_head = gs_record_get_hash(&r);
	*digest = gs_record_get_hash(&r);
	if (gs_record_close(&r) || strcmp(name, magic) != 0 || get_about(about, e) || get_claim(claim, e))
		return GS_ECORRUPT;
	return GS_OK;
}

enum gs_err gs_evidence_decode(struct gs_bytes bytes, struct gs_evidence *out, struct gs_error *error)
{
	struct gs_hash digest, is;

	memset(out, 0, sizeof(*out));
	if (bytes.len > GS_EVIDENCE_BYTES_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d MiB: no evidence is that large",
		               GS_EVIDENCE_BYTES_MAX >> 20);
	if (!gs_evidence_is(bytes) || bytes.len <= DIGEST_TAIL)
		return gs_fail(error, GS_ECORRUPT, "not an evidence file, or cut short");
	if (bytes.ptr[3] != GS_EVIDENCE_VERSION)
		return gs_fail(error, GS_EUNSUPPORTED,
		               "evidence of version %u, this program reads version %d: use the version that wrote it",
		               bytes.ptr[3], GS_EVIDENCE_VERSION);
	gs_keccak256(bytes.ptr, bytes.len - DIGEST_TAIL, &is);
	if (get_fields(bytes, out, &digest))
		return gs_fail(error, GS_ECORRUPT, "a part does not have its form: the file was changed or cut");
	if (!gs_hash_equal(&digest, &is))
		return gs_fail(error, GS_ECORRUPT, "the digest at its end is of other bytes: the file was changed");
	if ((out->header.len && out->header.len != GS_EVENT_HEADER_BYTES) ||
	    (out->sampling_key.len && out->sampling_key.len != GS_VRF_PUBLIC_BYTES) ||
	    !is_list(out->blocks, GS_EVIDENCE_BLOCKS_MAX) || !is_list(out->receipts, GS_EVIDENCE_RECEIPTS_MAX) ||
	    !is_list(out->transactions, GS_EVIDENCE_RECEIPTS_MAX) || !is_list(out->talks, GS_EVIDENCE_GAMES_MAX) ||
	    !is_list(out->audit, GS_EVIDENCE_LINKS_MAX) || out->notes.len > GS_EVIDENCE_NOTES_MAX)
		return gs_fail(error, GS_ECORRUPT, "a list does not have its form, or holds more than it may");
	return GS_OK;
}
