#include "validator/node/settled.h"

#include <string.h>

#include "validator/node/record.h"

enum {
	EVENT_VERSION = 1,
	EVENT_FIELDS = 7,
	TEE_VERSION = 1,
	TEE_FIELDS = 3,
	SETTLED_VERSION = 1,
	SETTLED_FIELDS = 14,
	LEAF_VERSION = 1,
	LEAF_FIELDS = 6,
	RECORD_MAX = 16 * 1024,
	COUNT_BYTES = 4,
};

static struct gs_bytes place_key(struct gs_registry_place at, uint8_t out[GS_SETTLED_PLACE_KEY])
{
	gs_be64_write(out, at.block);
	gs_be32_write(out + 8, at.log);
	return (struct gs_bytes){out, GS_SETTLED_PLACE_KEY};
}

static bool take_place(struct gs_bytes key, struct gs_registry_place *out)
{
	if (key.len < GS_SETTLED_PLACE_KEY)
		return false;
	*out = (struct gs_registry_place){gs_be64_read(key.ptr), gs_be32_read(key.ptr + 8)};
	return true;
}

static struct gs_bytes leaf_key(struct gs_registry_place at, uint32_t index, uint8_t out[GS_SETTLED_LEAF_KEY])
{
	place_key(at, out);
	gs_be32_write(out + GS_SETTLED_PLACE_KEY, index);
	return (struct gs_bytes){out, GS_SETTLED_LEAF_KEY};
}

static enum gs_err derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_buf *value)
{
	const enum gs_err err = value->err ? value->err : gs_journal_derive(j, table, key, gs_buf_view(value));

	gs_buf_free(value);
	return err;
}

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

/* --- the registry --- */

enum gs_err gs_settled_put_event(struct gs_journal *j, struct gs_registry_place at, struct gs_time time,
                                 const struct gs_hash *tx, const struct gs_registry_event *event)
{
	uint8_t key[GS_SETTLED_PLACE_KEY];
	struct gs_record_writer w;
	struct gs_buf value;

	gs_buf_init(&value, RECORD_MAX);
	gs_record_begin(&w, &value, EVENT_VERSION, EVENT_FIELDS);
	gs_record_put_u64(&w, time.unix_s);
	gs_record_put_hash(&w, tx);
	gs_record_put_u64(&w, event->kind);
	gs_record_put_hash(&w, &event->subject);
	gs_record_put_brief_address(&w, &event->owner);
	gs_record_put_u64(&w, event->type);
	gs_record_put_u64(&w, event->heartbeat_s);
	gs_record_end(&w);
	return derive(j, GS_TABLE_REGISTRY, place_key(at, key), &value);
}

static enum gs_err read_event(struct gs_bytes value, struct gs_time *time, struct gs_hash *tx,
                              struct gs_registry_event *out)
{
	struct gs_record_reader r;
	uint64_t kind, type;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, value, EVENT_VERSION, EVENT_FIELDS);
	time->unix_s = gs_record_get_u64(&r);
	*tx = gs_record_get_hash(&r);
	kind = gs_record_get_u64(&r);
	out->subject = gs_record_get_hash(&r);
	out->owner = gs_record_get_brief_address(&r);
	type = gs_record_get_u64(&r);
	out->heartbeat_s = gs_record_get_u64(&r);
	err = gs_record_close(&r);
	if (!err && (kind >= GS_REGISTRY_KINDS || type > UINT8_MAX))
		err = GS_ECORRUPT;
	out->kind = err ? GS_REGISTRY_REGISTERED : (enum gs_registry_kind)kind;
	out->type = (uint8_t)type;
	return err;
}

static enum gs_err add_event(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_registry_place at;
	struct gs_registry_event event;
	struct gs_time time;
	struct gs_hash tx;
	enum gs_err err = take_place(key, &at) ? read_event(value, &time, &tx, &event) : GS_ECORRUPT;

	return err ? err : gs_registry_history_add(context, at, time, &event);
}

static enum gs_err said(const struct gs_journal *j, enum gs_err err)
{
	return err == GS_ECORRUPT || err == GS_EUNSUPPORTED || err == GS_ECONFLICT
	               ? gs_fail(j->error, GS_ECORRUPT,
	                         "database: what is stored of settlements has not its form; begin with a new archive")
	               : err;
}

enum gs_err gs_settled_load_registry(struct gs_journal *j, struct gs_registry_history *h)
{
	return said(j, j->store->scan(j->txn, GS_TABLE_REGISTRY, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                              add_event, h, j->error));
}

enum gs_err gs_settled_event_tx(struct gs_journal *j, struct gs_registry_place at, struct gs_hash *out)
{
	uint8_t key[GS_SETTLED_PLACE_KEY];
	struct gs_registry_event event;
	struct gs_bytes value;
	struct gs_time time;
	enum gs_err err = gs_journal_view(j, GS_TABLE_REGISTRY, place_key(at, key), &value);

	return err ? err : said(j, read_event(value, &time, out, &event));
}

enum gs_err gs_settled_put_tee(struct gs_journal *j, const struct gs_hash *tee, const struct gs_settled_tee *record)
{
	struct gs_record_writer w;
	struct gs_buf value;

	gs_buf_init(&value, RECORD_MAX);
	gs_record_begin(&w, &value, TEE_VERSION, TEE_FIELDS);
	gs_record_put_bytes(&w, record->key);
	gs_record_put_bool(&w, record->has_image);
	gs_record_put_hash(&w, &record->image);
	gs_record_end(&w);
	return derive(j, GS_TABLE_TEES, hash_key(tee), &value);
}

enum gs_err gs_settled_tee(struct gs_journal *j, const struct gs_hash *tee, struct gs_settled_tee *out)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_TEES, hash_key(tee), &value);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	gs_record_open(&r, value, TEE_VERSION, TEE_FIELDS);
	out->key = gs_record_get_bytes(&r);
	out->has_image = gs_record_get_bool(&r);
	out->image = gs_record_get_hash(&r);
	return said(j, gs_record_close(&r));
}

/* --- settlements --- */

static void put_u256(struct gs_record_writer *w, const struct gs_u256 *v)
{
	gs_record_put_brief_wei(w, (struct gs_wei){*v});
}

enum gs_err gs_settled_put(struct gs_journal *j, const struct gs_settled *s)
{
	uint8_t key[GS_SETTLED_PLACE_KEY], counts[GS_FINDINGS * COUNT_BYTES];
	struct gs_record_writer w;
	struct gs_buf value;

	for (size_t i = 0; i < GS_FINDINGS; i++)
		gs_be32_write(counts + i * COUNT_BYTES, s->count[i]);
	gs_buf_init(&value, RECORD_MAX);
	gs_record_begin(&w, &value, SETTLED_VERSION, SETTLED_FIELDS);
	gs_record_put_u64(&w, s->kind);
	gs_record_put_hash(&w, &s->block_hash);
	gs_record_put_hash(&w, &s->tx);
	gs_record_put_u64(&w, s->time.unix_s);
	gs_record_put_hash(&w, &s->root);
	put_u256(&w, &s->size);
	gs_record_put_bytes(&w, (struct gs_bytes){s->blob, s->blob_len});
	gs_record_put_bytes(&w, (struct gs_bytes){s->signature, s->signature_len});
	gs_record_put_bool(&w, s->looked);
	gs_record_put_u64(&w, s->finding);
	gs_record_put_brief_hash(&w, &s->sha256);
	gs_record_put_u64(&w, s->bytes);
	gs_record_put_u64(&w, s->leaves);
	gs_record_put_bytes(&w, (struct gs_bytes){counts, sizeof(counts)});
	gs_record_end(&w);
	return derive(j, GS_TABLE_SETTLEMENTS, place_key(s->at, key), &value);
}

/* Findings are only ever added: a record of before has fewer counts. */
static enum gs_err read_settled(struct gs_bytes key, struct gs_bytes value, struct gs_settled *s)
{
	struct gs_record_reader r;
	struct gs_bytes blob, signature, counts;
	uint64_t kind, finding;
	enum gs_err err;

	memset(s, 0, sizeof(*s));
	if (!take_place(key, &s->at))
		return GS_ECORRUPT;
	gs_record_open(&r, value, SETTLED_VERSION, SETTLED_FIELDS);
	kind = gs_record_get_u64(&r);
	s->block_hash = gs_record_get_hash(&r);
	s->tx = gs_record_get_hash(&r);
	s->time.unix_s = gs_record_get_u64(&r);
	s->root = gs_record_get_hash(&r);
	s->size = gs_record_get_brief_wei(&r).v;
	blob = gs_record_get_bytes(&r);
	signature = gs_record_get_bytes(&r);
	s->looked = gs_record_get_bool(&r);
	finding = gs_record_get_u64(&r);
	s->sha256 = gs_record_get_brief_hash(&r);
	s->bytes = gs_record_get_u64(&r);
	s->leaves = gs_record_get_u64(&r);
	counts = gs_record_get_bytes(&r);
	err = gs_record_close(&r);
	if (err)
		return err;
	if (kind > GS_SETTLED_INDIVIDUAL || finding >= GS_FINDINGS || blob.len > sizeof(s->blob) ||
	    signature.len > sizeof(s->signature) || counts.len > sizeof(s->count[0]) * GS_FINDINGS ||
	    counts.len % COUNT_BYTES)
		return GS_ECORRUPT;
	s->kind = (enum gs_settled_kind)kind;
	s->finding = (enum gs_finding)finding;
	s->signature_len = signature.len;
	if (signature.len)
		memcpy(s->signature, signature.ptr, signature.len);
	s->blob_len = blob.len;
	if (blob.len)
		memcpy(s->blob, blob.ptr, blob.len);
	for (size_t i = 0; i < counts.len / COUNT_BYTES; i++)
		s->count[i] = gs_be32_read(counts.ptr + i * COUNT_BYTES);
	return GS_OK;
}

enum gs_err gs_settled_get(struct gs_journal *j, struct gs_registry_place at, struct gs_settled *out)
{
	uint8_t key[GS_SETTLED_PLACE_KEY];
	struct gs_bytes value;
	const enum gs_err err = gs_journal_view(j, GS_TABLE_SETTLEMENTS, place_key(at, key), &value);

	return err ? err : said(j, read_settled((struct gs_bytes){key, sizeof(key)}, value, out));
}

bool gs_settled_is_open(const struct gs_settled *s)
{
	return !s->looked || s->finding == GS_FINDING_BLOB_MISSING || s->finding == GS_FINDING_BLOB_UNREACHED ||
	       s->count[GS_FINDING_REGISTRY] > 0;
}

struct visiting {
	uint64_t from;
	gs_settled_visit visit;
	gs_settled_leaf_visit visit_leaf;
	void *context;
};

static enum gs_err visit_one(void *context, struct gs_bytes key, struct gs_bytes value)
{
	const struct visiting *v = context;
	struct gs_settled s;
	enum gs_err err;

	if (key.len == GS_SETTLED_PLACE_KEY && gs_be64_read(key.ptr) < v->from)
		return GS_OK;
	err = read_settled(key, value, &s);
	return err ? err : v->visit(v->context, &s);
}

enum gs_err gs_settled_each(struct gs_journal *j, uint64_t from, gs_settled_visit visit, void *context)
{
	struct visiting v = {.from = from, .visit = visit, .context = context};

	return said(j, j->store->scan(j->txn, GS_TABLE_SETTLEMENTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                              visit_one, &v, j->error));
}

/* --- leaves --- */

enum gs_err gs_settled_put_leaf(struct gs_journal *j, struct gs_registry_place at, const struct gs_settled_leaf *leaf)
{
	uint8_t key[GS_SETTLED_LEAF_KEY];
	struct gs_record_writer w;
	struct gs_buf value;

	gs_buf_init(&value, RECORD_MAX);
	gs_record_begin(&w, &value, LEAF_VERSION, LEAF_FIELDS);
	gs_record_put_u64(&w, leaf->finding);
	gs_record_put_hash(&w, &leaf->hash);
	gs_record_put_brief_hash(&w, &leaf->tee);
	gs_record_put_brief_hash(&w, &leaf->input);
	gs_record_put_brief_hash(&w, &leaf->output);
	put_u256(&w, &leaf->timestamp_s);
	gs_record_end(&w);
	return derive(j, GS_TABLE_SETTLED_LEAVES, leaf_key(at, leaf->index, key), &value);
}

static enum gs_err read_leaf(struct gs_bytes key, struct gs_bytes value, struct gs_settled_leaf *out)
{
	struct gs_record_reader r;
	uint64_t finding;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (key.len != GS_SETTLED_LEAF_KEY)
		return GS_ECORRUPT;
	out->index = gs_be32_read(key.ptr + GS_SETTLED_PLACE_KEY);
	gs_record_open(&r, value, LEAF_VERSION, LEAF_FIELDS);
	finding = gs_record_get_u64(&r);
	out->hash = gs_record_get_hash(&r);
	out->tee = gs_record_get_brief_hash(&r);
	out->input = gs_record_get_brief_hash(&r);
	out->output = gs_record_get_brief_hash(&r);
	out->timestamp_s = gs_record_get_brief_wei(&r).v;
	err = gs_record_close(&r);
	if (!err && finding >= GS_FINDINGS)
		err = GS_ECORRUPT;
	out->finding = err ? GS_FINDING_VALID : (enum gs_finding)finding;
	return err;
}

enum gs_err gs_settled_leaf(struct gs_journal *j, struct gs_registry_place at, uint32_t index,
                            struct gs_settled_leaf *out)
{
	uint8_t key[GS_SETTLED_LEAF_KEY];
	struct gs_bytes value;
	const enum gs_err err = gs_journal_view(j, GS_TABLE_SETTLED_LEAVES, leaf_key(at, index, key), &value);

	return err ? err : said(j, read_leaf((struct gs_bytes){key, sizeof(key)}, value, out));
}

static enum gs_err visit_leaf(void *context, struct gs_bytes key, struct gs_bytes value)
{
	const struct visiting *v = context;
	struct gs_settled_leaf leaf;
	const enum gs_err err = read_leaf(key, value, &leaf);

	return err ? err : v->visit_leaf(v->context, &leaf);
}

enum gs_err gs_settled_each_leaf(struct gs_journal *j, struct gs_registry_place at, gs_settled_leaf_visit visit,
                                 void *context)
{
	uint8_t key[GS_SETTLED_PLACE_KEY];
	struct visiting v = {.visit_leaf = visit, .context = context};

	return said(j, j->store->scan(j->txn, GS_TABLE_SETTLED_LEAVES, place_key(at, key), GS_STORE_ASCENDING,
	                              visit_leaf, &v, j->error));
}

/* The leaf at a later place, which was taken for the first one, is the second one. */
static enum gs_err becomes_second(struct gs_journal *j, struct gs_registry_place at, uint32_t index)
{
	struct gs_settled_leaf leaf;
	struct gs_settled s;
	enum gs_err err = gs_settled_leaf(j, at, index, &leaf);

	if (!err)
		err = gs_settled_get(j, at, &s);
	if (err || leaf.finding != GS_FINDING_VALID)
		return err;
	leaf.finding = GS_FINDING_DUPLICATE;
	if (s.count[GS_FINDING_VALID])
		s.count[GS_FINDING_VALID]--;
	s.count[GS_FINDING_DUPLICATE]++;
	err = gs_settled_put_leaf(j, at, &leaf);
	return err ? err : gs_settled_put(j, &s);
}

enum gs_err gs_settled_claim_hash(struct gs_journal *j, const struct gs_hash *hash, struct gs_registry_place at,
                                  uint32_t index, bool *again)
{
	uint8_t own[GS_SETTLED_LEAF_KEY], other[GS_SETTLED_LEAF_KEY];
	struct gs_registry_place there;
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_SETTLED_HASHES, hash_key(hash), &value);
	const bool found = err == GS_OK;
	int order = -1; /* of ours beside the one that is known */

	*again = false;
	if (err && err != GS_ENOTFOUND)
		return err;
	leaf_key(at, index, own);
	if (found) {
		if (value.len != GS_SETTLED_LEAF_KEY || !take_place(value, &there))
			return said(j, GS_ECORRUPT);
		memcpy(other, value.ptr, sizeof(other)); /* writing may move what was borrowed */
		order = memcmp(own, other, sizeof(own));
	}
	*again = order > 0;
	if (order >= 0)
		return GS_OK;
	if (found && (err = becomes_second(j, there, gs_be32_read(other + GS_SETTLED_PLACE_KEY))) != GS_OK)
		return err;
	return gs_journal_derive(j, GS_TABLE_SETTLED_HASHES, hash_key(hash), (struct gs_bytes){own, sizeof(own)});
}
