#include "validator/node/journal.h"

#include <stdlib.h>
#include <string.h>

#include "validator/node/audit.h"
#include "validator/node/contents.h"
#include "validator/node/record.h"

enum { HEAD_VERSION = 1, UNDO_VERSION = 1, NUMBERED_KEY = 9, UNDO_KEY = 13 };
enum { UNDO_RECORDS_MAX = 1 << 20 }; /* of one block */

static struct gs_bytes numbered_key(uint8_t *out, char kind, uint64_t number)
{
	out[0] = (uint8_t)kind;
	gs_be64_write(out + 1, number);
	return (struct gs_bytes){out, NUMBERED_KEY};
}

enum gs_err gs_journal_undo_decode(struct gs_bytes value, struct gs_journal_undo *out)
{
	struct gs_record_reader r;
	uint64_t table;

	gs_record_open(&r, value, UNDO_VERSION, 4);
	table = gs_record_get_u64(&r);
	out->key = gs_record_get_bytes(&r);
	out->existed = gs_record_get_bool(&r);
	out->before = gs_record_get_bytes(&r);
	if (!r.err && (table >= GS_TABLE_COUNT || (!out->existed && out->before.len)))
		r.err = GS_ECORRUPT;
	out->table = table < GS_TABLE_COUNT ? (enum gs_table)table : GS_TABLE_META;
	return gs_record_close(&r);
}

/* --- keys met by a scan, kept because a scan may not write --- */
struct keys {
	struct {
		uint8_t key[UNDO_KEY];
		bool names; /* what would be put back may name contents */
	} * at;
	size_t count;
	size_t cap;
};

static enum gs_err keep_key(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct keys *keys = context;
	struct gs_journal_undo undo;
	const enum gs_err err = gs_journal_undo_decode(value, &undo);

	if (keys->count == UNDO_RECORDS_MAX)
		return GS_ELIMIT;
	if (err || key.len != UNDO_KEY)
		return err ? err : GS_ECORRUPT;
	if (keys->count == keys->cap) {
		size_t cap = keys->cap ? 2 * keys->cap : 16;
		void *grown = realloc(keys->at, cap * sizeof(*keys->at));
		if (!grown)
			return GS_ENOMEM;
		keys->at = grown;
		keys->cap = cap;
	}
	memcpy(keys->at[keys->count].key, key.ptr, UNDO_KEY);
	keys->at[keys->count++].names = undo.existed && gs_contents_has(undo.table);
	return GS_OK;
}

static enum gs_err undo_keys(struct gs_journal *j, uint64_t block, struct keys *out)
{
	uint8_t prefix[NUMBERED_KEY];

	memset(out, 0, sizeof(*out));
	return j->store->scan(j->txn, GS_TABLE_HEADS, numbered_key(prefix, 'u', block), GS_STORE_DESCENDING, keep_key,
	                      out, j->error);
}

static enum gs_err take_newest(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint32_t *sequence = context;

	(void)value;
	if (key.len != UNDO_KEY)
		return GS_ECORRUPT;
	*sequence = gs_be32_read(key.ptr + NUMBERED_KEY) + 1;
	return GS_ENOTFOUND; /* no more */
}

static enum gs_err find_sequence(struct gs_journal *j)
{
	uint8_t prefix[NUMBERED_KEY];

	j->sequence = 0;
	return j->store->scan(j->txn, GS_TABLE_HEADS, numbered_key(prefix, 'u', j->block), GS_STORE_DESCENDING,
	                      take_newest, &j->sequence, j->error);
}

enum gs_err gs_journal_begin(const struct gs_store *store, uint64_t block, struct gs_journal *out,
                             struct gs_error *error)
{
	enum gs_err err;

	*out = (struct gs_journal){.store = store, .block = block, .error = error};
	gs_buf_init(&out->scratch, GS_STORE_VALUE_MAX);
	err = store->begin(store->self, GS_STORE_WRITE, &out->txn, error);
	if (err)
		return err;
	err = find_sequence(out);
	if (err)
		gs_journal_abort(out);
	return err;
}

enum gs_err gs_journal_commit(struct gs_journal *j)
{
	struct gs_store_txn *txn;
	enum gs_err err = j->counts ? gs_counts_store(j) : GS_OK;

	if (!err)
		err = gs_audit_store_head(j);
	if (err) {
		gs_journal_abort(j);
		return err;
	}
	txn = j->txn;
	j->txn = NULL;
	gs_buf_free(&j->scratch);
	return j->store->commit(txn, j->error);
}

void gs_journal_abort(struct gs_journal *j)
{
	if (j->txn)
		j->store->abort(j->txn);
	j->txn = NULL;
	gs_buf_free(&j->scratch);
}

enum gs_err gs_journal_view(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes *out)
{
	struct gs_error why;
	enum gs_err err;

	why.text[0] = '\0';
	err = j->store->get(j->txn, table, key, out, &why);
	if (!err || err == GS_ENOTFOUND)
		return err; /* the latter is an answer, not a failure */
	return gs_fail(j->error, err, "%s", why.text);
}

enum gs_err gs_journal_get(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_buf *out)
{
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, table, key, &value);

	if (err)
		return err;
	gs_buf_append(out, value.ptr, value.len);
	return out->err;
}

/* --- watching --- */

void gs_journal_watch_free(struct gs_journal_watch *watch)
{
	free(watch->write);
	memset(watch, 0, sizeof(*watch));
}

static bool is_watched(enum gs_table table)
{
	switch (table) {
	case GS_TABLE_META:
	case GS_TABLE_CLAIMS:
	case GS_TABLE_MODELS:
	case GS_TABLE_GAMES:
	case GS_TABLE_STAKES:
	case GS_TABLE_INTENTS:
	case GS_TABLE_VERDICTS:
	case GS_TABLE_BATCHES:
	case GS_TABLE_BEACONS:
	case GS_TABLE_ATTESTATIONS: return true;
	case GS_JOURNAL_UNWATCHED: return false;
	}
	return false;
}

enum gs_err gs_journal_note(struct gs_journal *j, enum gs_table table, struct gs_bytes key)
{
	struct gs_journal_watch *w = j->watch;
	struct gs_journal_write *last;

	j->puts += table != GS_TABLE_AGENDA;
	j->watched += is_watched(table);
	j->of_counted += gs_counts_has(table);
	j->of_contents += gs_contents_has(table) || table == GS_TABLE_CONTENTS;
	if (!w || !is_watched(table) || key.len > GS_JOURNAL_WATCHED_KEY)
		return GS_OK;
	last = w->count ? &w->write[w->count - 1] : NULL;
	if (last && last->table == table && last->undone == j->undoing && last->key_len == key.len &&
	    memcmp(last->key, key.ptr, key.len) == 0)
		return GS_OK;
	if (w->count == GS_JOURNAL_WATCHED_MAX)
		return gs_fail(j->error, GS_ELIMIT, "node: more than %d writes in one step", GS_JOURNAL_WATCHED_MAX);
	if (w->count == w->cap) {
		const size_t cap = w->cap ? 2 * w->cap : 64;
		void *grown = realloc(w->write, cap * sizeof(*w->write));
		if (!grown)
			return gs_fail(j->error, GS_ENOMEM, "node: no memory");
		w->write = grown;
		w->cap = cap;
	}
	GS_ASSERT(w->write);
	last = &w->write[w->count++];
	*last = (struct gs_journal_write){.table = (uint8_t)table, .undone = j->undoing, .key_len = (uint8_t)key.len};
	memcpy(last->key, key.ptr, key.len);
	return GS_OK;
}

/* --- writing --- */

enum gs_err gs_journal_put(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes value)
{
	enum gs_err err = gs_journal_note(j, table, key);

	return err ? err : j->store->put(j->txn, table, key, value, j->error);
}

enum gs_err gs_journal_del(struct gs_journal *j, enum gs_table table, struct gs_bytes key)
{
	enum gs_err err = gs_journal_note(j, table, key);

	return err ? err : j->store->del(j->txn, table, key, j->error);
}

/* What is there of a key before it is written anew; empty, and not *existed: nothing. */
static enum gs_err look_before(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes *before,
                               bool *existed)
{
	const enum gs_err err = j->store->get(j->txn, table, key, before, NULL);

	*existed = err == GS_OK;
	if (err)
		*before = (struct gs_bytes){NULL, 0};
	return err && err != GS_ENOTFOUND ? gs_fail(j->error, err, "database: a record could not be read") : GS_OK;
}

static enum gs_err count_change(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes before,
                                struct gs_bytes after)
{
	return j->counts && gs_counts_has(table) ? gs_counts_change(&j->counted, table, key, before, after) : GS_OK;
}

/* Which contents a record names; what is stored is trusted no more than what comes. */
static enum gs_err contents_of(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                               struct gs_contents_named *out)
{
	const enum gs_err err = gs_contents_named(table, key, value, out);

	return err ? gs_fail(j->error, err, "database: arrays do not have their form; restore a backup") : GS_OK;
}

static enum gs_err put_undo(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes before,
                            bool existed)
{
	struct gs_record_writer w;
	struct gs_buf undo;
	uint8_t undo_key[UNDO_KEY];
	enum gs_err err;

	gs_buf_init(&undo, GS_STORE_VALUE_MAX);
	gs_record_begin(&w, &undo, UNDO_VERSION, 4);
	gs_record_put_u64(&w, table);
	gs_record_put_bytes(&w, key);
	gs_record_put_bool(&w, existed);
	gs_record_put_bytes(&w, before);
	gs_record_end(&w);
	numbered_key(undo_key, 'u', j->block);
	gs_be32_write(undo_key + NUMBERED_KEY, j->sequence++);
	err = undo.err;
	if (!err)
		err = gs_journal_put(j, GS_TABLE_HEADS, (struct gs_bytes){undo_key, UNDO_KEY}, gs_buf_view(&undo));
	gs_buf_free(&undo);
	return err;
}

/* Whether the key's undo record in this block is written; if it is not, it is from now on. */
static bool is_saved(struct gs_journal *j, enum gs_table table, struct gs_bytes key)
{
	uint32_t mix = (uint32_t)table;
	struct gs_journal_saved *s;

	if (key.len > GS_JOURNAL_SAVED_KEY)
		return false;
	for (size_t i = 0; i < key.len; i++)
		mix = mix * 31 + key.ptr[i];
	s = &j->saved[mix % GS_JOURNAL_SAVED];
	if (s->known && s->table == table && s->key_len == key.len && memcmp(s->key, key.ptr, key.len) == 0)
		return true;
	*s = (struct gs_journal_saved){.known = true, .table = (uint8_t)table, .key_len = (uint8_t)key.len};
	memcpy(s->key, key.ptr, key.len);
	return false;
}

/* Another block: nothing of it is saved yet. */
static void forget_saved(struct gs_journal *j)
{
	memset(j->saved, 0, sizeof(j->saved));
}

static enum gs_err derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                          bool is_new)
{
	const bool names = gs_contents_has(table);
	struct gs_contents_named named_before = {.count = 0}, named_after;
	struct gs_bytes before = {NULL, 0};
	bool existed = false;
	enum gs_err err = GS_OK;

	if (!is_new && (!j->stays || names || (j->counts && gs_counts_has(table))))
		err = look_before(j, table, key, &before, &existed);
	if (!err)
		err = count_change(j, table, key, before, value);
	if (!err && names)
		err = contents_of(j, table, key, value, &named_after);
	if (!err && names && j->stays) /* else the undo record names them from now on */
		err = contents_of(j, table, key, before, &named_before);
	if (!err && !j->stays && (is_new || names || !is_saved(j, table, key)))
		err = put_undo(j, table, key, before, existed);
	if (!err && names)
		err = gs_contents_change(j, &named_before, &named_after);
	return err ? err : gs_journal_put(j, table, key, value);
}

enum gs_err gs_journal_derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes value)
{
	return derive(j, table, key, value, false);
}

enum gs_err gs_journal_derive_new(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes value)
{
	return derive(j, table, key, value, true);
}

/* --- blocks --- */

/* What the undo record would put back is not referred to any more. */
static enum gs_err let_go(struct gs_journal *j, struct gs_bytes at)
{
	struct gs_contents_named named;
	struct gs_journal_undo undo;
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_HEADS, at, &value);

	if (!err)
		err = gs_journal_undo_decode(value, &undo);
	if (!err)
		err = contents_of(j, undo.table, undo.key, undo.before, &named);
	return err ? err : gs_contents_change(j, &named, NULL);
}

static enum gs_err forget_undo(struct gs_journal *j, uint64_t block)
{
	struct keys keys;
	enum gs_err err = undo_keys(j, block, &keys);

	for (size_t i = 0; i < keys.count && !err; i++) {
		const struct gs_bytes at = {keys.at[i].key, UNDO_KEY};
		if (keys.at[i].names)
			err = let_go(j, at);
		if (!err)
			err = gs_journal_del(j, GS_TABLE_HEADS, at);
	}
	free(keys.at);
	return err;
}

static enum gs_err decode_head(struct gs_bytes value, struct gs_head *out)
{
	struct gs_record_reader r;

	gs_record_open(&r, value, HEAD_VERSION, 4);
	out->number = gs_record_get_u64(&r);
	out->hash = gs_record_get_hash(&r);
	out->parent = gs_record_get_hash(&r);
	out->time.unix_s = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

enum gs_err gs_journal_head(struct gs_journal *j, uint64_t number, struct gs_head *out)
{
	uint8_t key[NUMBERED_KEY];
	struct gs_bytes value;
	enum gs_err err = j->store->get(j->txn, GS_TABLE_HEADS, numbered_key(key, 'h', number), &value, NULL);

	return err ? err : decode_head(value, out);
}

struct oldest {
	uint64_t block[GS_JOURNAL_FORGET_MAX];
	size_t count;
	uint64_t last; /* that may go */
};

static enum gs_err keep_oldest(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct oldest *oldest = context;
	uint64_t number;

	(void)value;
	if (key.len != NUMBERED_KEY)
		return GS_ECORRUPT;
	number = gs_be64_read(key.ptr + 1);
	if (number > oldest->last || oldest->count == GS_JOURNAL_FORGET_MAX)
		return GS_ENOTFOUND;
	oldest->block[oldest->count++] = number;
	return GS_OK;
}

/* Forgets the oldest blocks, up to `last` at most; what is more than one step may do is left to the next. */
static enum gs_err forget_blocks(struct gs_journal *j, uint64_t last)
{
	const uint8_t prefix = 'h';
	struct oldest oldest = {.last = last};
	uint8_t key[NUMBERED_KEY];
	enum gs_err err = j->store->scan(j->txn, GS_TABLE_HEADS, (struct gs_bytes){&prefix, 1}, GS_STORE_ASCENDING,
	                                 keep_oldest, &oldest, j->error);

	for (size_t i = 0; i < oldest.count && !err; i++) {
		err = forget_undo(j, oldest.block[i]);
		if (!err)
			err = gs_journal_del(j, GS_TABLE_HEADS, numbered_key(key, 'h', oldest.block[i]));
	}
	return err;
}

static enum gs_err put_head(struct gs_journal *j, const struct gs_head *head)
{
	struct gs_record_writer w;
	struct gs_buf value;
	uint8_t key[NUMBERED_KEY];
	enum gs_err err;

	gs_buf_init(&value, 4096);
	gs_record_begin(&w, &value, HEAD_VERSION, 4);
	gs_record_put_u64(&w, head->number);
	gs_record_put_hash(&w, &head->hash);
	gs_record_put_hash(&w, &head->parent);
	gs_record_put_u64(&w, head->time.unix_s);
	gs_record_end(&w);
	err = value.err;
	if (!err)
		err = gs_journal_put(j, GS_TABLE_HEADS, numbered_key(key, 'h', head->number), gs_buf_view(&value));
	gs_buf_free(&value);
	j->block = head->number;
	j->time = head->time;
	forget_saved(j);
	return err;
}

enum gs_err gs_journal_advance(struct gs_journal *j, const struct gs_head *head)
{
	enum gs_err err = put_head(j, head);

	if (!err && head->number >= GS_JOURNAL_DEPTH) {
		const uint64_t old = head->number - GS_JOURNAL_DEPTH;
		err = forget_blocks(j, j->final && j->final <= old ? j->final - 1 : old);
	}
	return err ? err : find_sequence(j);
}

enum gs_err gs_journal_jump(struct gs_journal *j, const struct gs_head *head)
{
	enum gs_err err = put_head(j, head);

	if (!err && head->number)
		err = forget_blocks(j, head->number - 1);
	return err ? err : find_sequence(j);
}

/* Puts back what was there, or nothing. */
static enum gs_err put_back(struct gs_journal *j, enum gs_table table, struct gs_bytes key, struct gs_bytes before,
                            bool existed)
{
	struct gs_contents_named named;
	struct gs_bytes now = {NULL, 0};
	bool there = false;
	enum gs_err err = GS_OK;

	if (gs_contents_has(table) || (j->counts && gs_counts_has(table)))
		err = look_before(j, table, key, &now, &there);
	if (!err)
		err = count_change(j, table, key, now, before);
	if (!err && gs_contents_has(table)) /* what is put back was named by the undo record */
		err = contents_of(j, table, key, now, &named);
	if (!err && gs_contents_has(table))
		err = gs_contents_change(j, &named, NULL);
	if (err)
		return err;
	return existed ? gs_journal_put(j, table, key, before) : gs_journal_del(j, table, key);
}

static enum gs_err undo_one(struct gs_journal *j, const uint8_t undo_key[UNDO_KEY])
{
	struct gs_journal_undo undo;
	struct gs_buf record;
	const struct gs_bytes at = {undo_key, UNDO_KEY};
	enum gs_err err;

	gs_buf_init(&record, GS_STORE_VALUE_MAX);
	err = gs_journal_get(j, GS_TABLE_HEADS, at, &record);
	if (err)
		goto out;
	if (gs_journal_undo_decode(gs_buf_view(&record), &undo) != GS_OK)
		err = gs_fail(j->error, GS_ECORRUPT,
		              "database: an undo record does not have its form; restore a backup");
	else
		err = put_back(j, undo.table, undo.key, undo.before, undo.existed);
	if (!err)
		err = gs_journal_del(j, GS_TABLE_HEADS, at);
out:
	gs_buf_free(&record);
	return err;
}

enum gs_err gs_journal_rewind(struct gs_journal *j)
{
	struct keys keys;
	uint8_t key[NUMBERED_KEY];
	enum gs_err err = undo_keys(j, j->block, &keys);

	j->claims_known = false;
	forget_saved(j);
	j->undoing = true;
	for (size_t i = 0; i < keys.count && !err; i++) /* newest first */
		err = undo_one(j, keys.at[i].key);
	j->undoing = false;
	free(keys.at);
	if (!err)
		err = gs_journal_del(j, GS_TABLE_HEADS, numbered_key(key, 'h', j->block));
	if (!err) {
		j->block--;
		err = find_sequence(j);
	}
	return err;
}

static enum gs_err load_head(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_head_tracker *tracker = context;
	const struct gs_head *newest = gs_head_newest(tracker);
	struct gs_head head;
	enum gs_err err = decode_head(value, &head);

	(void)key;
	if (err)
		return err;
	if (!newest || head.number > newest->number + 1) { /* after a jump; what was before it is about to go */
		gs_head_reset(tracker, &head);
		return GS_OK;
	}
	return gs_head_restore(tracker, &head);
}

enum gs_err gs_journal_load_heads(struct gs_journal *j, struct gs_head_tracker *tracker)
{
	const uint8_t prefix = 'h';
	enum gs_err err;

	gs_head_none(tracker);
	err = j->store->scan(j->txn, GS_TABLE_HEADS, (struct gs_bytes){&prefix, 1}, GS_STORE_ASCENDING, load_head,
	                     tracker, NULL);
	if (err)
		return gs_fail(
			j->error, err,
			"database: the stored blocks do not follow one another; restore a backup or start with a new one");
	return GS_OK;
}
