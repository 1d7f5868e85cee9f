#include "validator/node/contents.h"

#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/facts_record.h"
#include "validator/node/journal.h"

enum { COUNT_VERSION = 1, COUNT_BYTES_MAX = 16, CONTENT_KEY = 33, OF_COUNT = 0, OF_BYTES = 1 };
#define COUNT_LIMIT (UINT64_MAX / 2)

static struct gs_bytes content_key(const struct gs_hash *hash, uint8_t part, uint8_t out[CONTENT_KEY])
{
	memcpy(out, hash->b, sizeof(hash->b));
	out[sizeof(hash->b)] = part;
	return (struct gs_bytes){out, CONTENT_KEY};
}

/* --- one content --- */

static enum gs_err damaged(struct gs_journal *j, const struct gs_hash *hash, const char *what)
{
	char text[67];

	gs_hex_encode(hash->b, sizeof(hash->b), true, text);
	return gs_fail(j->error, GS_ECORRUPT, "database: content %s %s; restore a backup", text, what);
}

static enum gs_err decode_count(struct gs_bytes value, uint64_t *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, value, COUNT_VERSION, 1);
	*out = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

static enum gs_err load_count(struct gs_journal *j, const struct gs_hash *hash, uint64_t *out)
{
	uint8_t key[CONTENT_KEY];
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_CONTENTS, content_key(hash, OF_COUNT, key), &value);

	if (err)
		return err;
	return decode_count(value, out) ? damaged(j, hash, "has a count without its form") : GS_OK;
}

static enum gs_err put_count(struct gs_journal *j, const struct gs_hash *hash, uint64_t count)
{
	uint8_t key[CONTENT_KEY];
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, COUNT_BYTES_MAX);
	gs_record_begin(&w, &value, COUNT_VERSION, 1);
	gs_record_put_u64(&w, count);
	gs_record_end(&w);
	err = value.err ? value.err
	                : gs_journal_put(j, GS_TABLE_CONTENTS, content_key(hash, OF_COUNT, key), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_contents_keep(struct gs_journal *j, struct gs_bytes bytes, struct gs_hash *hash)
{
	uint8_t key[CONTENT_KEY];
	uint64_t count;
	enum gs_err err;

	gs_keccak256(bytes.ptr, bytes.len, hash);
	err = load_count(j, hash, &count);
	if (err != GS_ENOTFOUND)
		return err;
	err = put_count(j, hash, 0);
	return err ? err : gs_journal_put(j, GS_TABLE_CONTENTS, content_key(hash, OF_BYTES, key), bytes);
}

enum gs_err gs_contents_view(struct gs_journal *j, const struct gs_hash *hash, struct gs_bytes *out)
{
	uint8_t key[CONTENT_KEY];
	const enum gs_err err = gs_journal_view(j, GS_TABLE_CONTENTS, content_key(hash, OF_BYTES, key), out);

	return err == GS_ENOTFOUND ? damaged(j, hash, "is named and not there") : err;
}

/* --- references --- */

bool gs_contents_has(enum gs_table table)
{
	return table == GS_TABLE_ARRAYS || table == GS_TABLE_BLOBS;
}

static enum gs_err add_name(struct gs_contents_named *out, struct gs_bytes hash)
{
	if (hash.len != sizeof(out->hash[0].b))
		return GS_ECORRUPT;
	memcpy(out->hash[out->count++].b, hash.ptr, hash.len);
	return GS_OK;
}

static enum gs_err named_by_arrays(struct gs_bytes value, struct gs_contents_named *out)
{
	struct gs_posted_arrays arrays;
	enum gs_err err = gs_posted_arrays_decode(value, &arrays);

	if (!err && arrays.input_named)
		err = add_name(out, arrays.input);
	if (!err && arrays.output_named)
		err = add_name(out, arrays.output);
	return err;
}

enum gs_err gs_contents_named(enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                              struct gs_contents_named *out)
{
	out->count = 0;
	if (value.len == 0)
		return GS_OK;
	if (table == GS_TABLE_ARRAYS)
		return named_by_arrays(value, out);
	return table == GS_TABLE_BLOBS && gs_blob_is_name(key) ? add_name(out, value) : GS_OK;
}

static enum gs_err refer(struct gs_journal *j, const struct gs_hash *hash)
{
	uint64_t count;
	const enum gs_err err = load_count(j, hash, &count);

	if (err == GS_ENOTFOUND)
		return damaged(j, hash, "is named and not there");
	if (!err && count >= COUNT_LIMIT)
		return damaged(j, hash, "has a count that no references come to");
	return err ? err : put_count(j, hash, count + 1);
}

static enum gs_err release(struct gs_journal *j, const struct gs_hash *hash)
{
	uint8_t key[CONTENT_KEY];
	uint64_t count;
	enum gs_err err = load_count(j, hash, &count);

	if (err == GS_ENOTFOUND || (!err && count == 0))
		return damaged(j, hash, "was referred to less often than it is let go");
	if (err || count > 1)
		return err ? err : put_count(j, hash, count - 1);
	err = gs_journal_del(j, GS_TABLE_CONTENTS, content_key(hash, OF_COUNT, key));
	return err ? err : gs_journal_del(j, GS_TABLE_CONTENTS, content_key(hash, OF_BYTES, key));
}

enum gs_err gs_contents_change(struct gs_journal *j, const struct gs_contents_named *before,
                               const struct gs_contents_named *after)
{
	enum gs_err err = GS_OK;

	for (unsigned i = 0; after && i < after->count && !err; i++)
		err = refer(j, &after->hash[i]);
	for (unsigned i = 0; before && i < before->count && !err; i++)
		err = release(j, &before->hash[i]);
	return err;
}

/* --- looking at all of it --- */

/* Multiples of hashes, added up: as many as are counted, less as many as there are. Only what is the same on both sides comes to nothing, since
 * nobody finds hashes with another sum of nothing. */
struct looking {
	struct gs_journal *j;
	uint64_t sum[4];
	enum gs_table table;
	struct gs_hash counted; /* the content whose count was read, and whose bytes come next... */
	uint64_t count;
	bool open;
	bool hashes; /* whether bytes are hashed */
	struct gs_contents_checked found;
};

static void add(struct looking *l, const struct gs_hash *hash, uint64_t times)
{
	unsigned __int128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (unsigned __int128)gs_be64_read(hash->b + 24 - 8 * i) * times;
		carry += l->sum[i];
		l->sum[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

static enum gs_err see_content(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct looking *l = context;
	struct gs_hash at, hash;

	if (key.len != CONTENT_KEY || key.ptr[CONTENT_KEY - 1] > OF_BYTES)
		return gs_fail(l->j->error, GS_ECORRUPT,
		               "database: the table contents has a key without its form; restore a backup");
	memcpy(at.b, key.ptr, sizeof(at.b));
	if (key.ptr[CONTENT_KEY - 1] == OF_COUNT) {
		if (l->open)
			return damaged(l->j, &l->counted, "has a count and no bytes");
		if (decode_count(value, &l->count) || l->count == 0 || l->count > COUNT_LIMIT)
			return damaged(l->j, &at, "has a count without its form");
		l->counted = at;
		l->open = true;
		return GS_OK;
	}
	if (!l->open || !gs_hash_equal(&l->counted, &at))
		return damaged(l->j, &at, "has bytes and no count");
	if (l->hashes) {
		gs_keccak256(value.ptr, value.len, &hash);
		if (!gs_hash_equal(&hash, &at))
			return damaged(l->j, &at, "has other bytes");
	}
	l->open = false;
	l->found.contents++;
	l->found.bytes += value.len;
	add(l, &at, l->count);
	return GS_OK;
}

static enum gs_err see_names(struct looking *l, enum gs_table table, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_contents_named named;
	struct gs_bytes bytes;
	enum gs_err err = gs_contents_named(table, key, value, &named);

	if (err)
		return gs_fail(l->j->error, err, "database: a record of the table %s does not have its form",
		               table == GS_TABLE_ARRAYS ? "arrays" : "blobs");
	for (unsigned i = 0; i < named.count && !err; i++) {
		struct gs_hash less = named.hash[i];
		err = gs_contents_view(l->j, &named.hash[i], &bytes);
		if (err)
			break;
		l->found.references++;
		l->found.named += bytes.len;
		for (size_t b = 0; b < sizeof(less.b); b++) /* minus the hash: its complement and one */
			less.b[b] = (uint8_t)~less.b[b];
		add(l, &less, 1);
		for (int k = 0; k < 4 && ++l->sum[k] == 0; k++)
			continue;
	}
	return err;
}

static enum gs_err see_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct looking *l = context;

	return see_names(l, l->table, key, value);
}

static enum gs_err see_undo(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct looking *l = context;
	struct gs_journal_undo undo;
	enum gs_err err = gs_journal_undo_decode(value, &undo);

	(void)key;
	if (err)
		return gs_fail(l->j->error, err, "database: an undo record does not have its form; restore a backup");
	return undo.existed && gs_contents_has(undo.table) ? see_names(l, undo.table, undo.key, undo.before) : GS_OK;
}

static enum gs_err look_at_all(struct gs_journal *j, bool hashes, struct gs_contents_checked *out)
{
	static const uint64_t nothing[4];
	static const uint8_t undone = 'u';
	const struct gs_bytes all = {NULL, 0};
	struct looking l = {.j = j, .hashes = hashes};
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_CONTENTS, all, GS_STORE_ASCENDING, see_content, &l, j->error);

	if (!err && l.open)
		err = damaged(j, &l.counted, "has a count and no bytes");
	l.table = GS_TABLE_ARRAYS;
	if (!err)
		err = j->store->scan(j->txn, l.table, all, GS_STORE_ASCENDING, see_record, &l, j->error);
	l.table = GS_TABLE_BLOBS;
	if (!err)
		err = j->store->scan(j->txn, l.table, all, GS_STORE_ASCENDING, see_record, &l, j->error);
	if (!err)
		err = j->store->scan(j->txn, GS_TABLE_HEADS, (struct gs_bytes){&undone, 1}, GS_STORE_ASCENDING,
		                     see_undo, &l, j->error);
	if (!err && memcmp(l.sum, nothing, sizeof(nothing)) != 0)
		err = gs_fail(
			j->error, GS_ECORRUPT,
			"database: %llu references to contents are stored, and others were counted; restore a backup",
			(unsigned long long)l.found.references);
	if (!err && out)
		*out = l.found;
	return err;
}

enum gs_err gs_contents_check(struct gs_journal *j, struct gs_contents_checked *out)
{
	return look_at_all(j, true, out);
}

enum gs_err gs_contents_check_references(struct gs_journal *j)
{
	return look_at_all(j, false, NULL);
}
