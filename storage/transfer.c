#include "storage/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chain/core/buf.h"
#include "chain/core/hash.h"
#include "storage/migrate.h"

enum {
	FORMAT = 1,
	PIECE = 64 * 1024,
	PATH_LEN_MAX = 2048,
	LINE_MAX_LEN = 2 * (GS_STORE_KEY_MAX + GS_STORE_VALUE_MAX) + 256,
	COMMIT_BYTES = 32 * 1024 * 1024, /* of one transaction of an import, about */
};

static const char *const kind_names[] = {[GS_TRANSFER_ALL] = "all", [GS_TRANSFER_MOVES] = "moves"};

static bool is_wanted(enum gs_transfer_kind kind, enum gs_table table)
{
	return kind == GS_TRANSFER_ALL || table == GS_TABLE_SIGNED_MOVES;
}

/* --- out --- */

struct writer {
	FILE *file;
	const char *name;
	struct gs_keccak digest;
	struct gs_buf line;
	enum gs_table table;
	uint64_t records;
	struct gs_error *error;
};

static enum gs_err put_line(struct writer *w, bool digested)
{
	enum gs_err err = w->line.err;

	if (err)
		return gs_fail(w->error, err, "%s: no memory", w->name);
	if (digested)
		gs_keccak_update(&w->digest, w->line.ptr, w->line.len);
	if (fwrite(w->line.ptr, 1, w->line.len, w->file) != w->line.len)
		err = gs_fail(w->error, GS_EIO, "%s: cannot be written: %s", w->name, strerror(errno));
	w->line.len = 0;
	return err;
}

static void append_hex(struct gs_buf *line, struct gs_bytes bytes)
{
	char *at = (char *)gs_buf_extend(line, bytes.len * 2);

	for (size_t i = 0; at && i < bytes.len; i++, at += 2) {
		at[0] = "0123456789abcdef"[bytes.ptr[i] >> 4];
		at[1] = "0123456789abcdef"[bytes.ptr[i] & 15];
	}
}

static enum gs_err write_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct writer *w = context;

	gs_buf_append_text(&w->line, "%s ", gs_table_name(w->table));
	append_hex(&w->line, key);
	gs_buf_append_u8(&w->line, ' ');
	append_hex(&w->line, value);
	gs_buf_append_u8(&w->line, '\n');
	w->records++;
	return put_line(w, true);
}

static enum gs_err write_end(struct writer *w)
{
	struct gs_hash digest;
	enum gs_err err;

	gs_keccak_final(&w->digest, &digest);
	gs_buf_append_text(&w->line, "end %" PRIu64 " ", w->records);
	append_hex(&w->line, (struct gs_bytes){digest.b, sizeof(digest.b)});
	gs_buf_append_u8(&w->line, '\n');
	err = put_line(w, false);
	if (!err && fflush(w->file) != 0)
		err = gs_fail(w->error, GS_EIO, "%s: cannot be written: %s", w->name, strerror(errno));
	return err;
}

enum gs_err gs_transfer_export(const struct gs_store *store, enum gs_transfer_kind kind, FILE *file, const char *name,
                               struct gs_transfer_result *out, struct gs_error *error)
{
	struct writer w = {.file = file, .name = name, .error = error};
	struct gs_store_txn *txn;
	enum gs_err err = store->begin(store->self, GS_STORE_READ, &txn, error);

	*out = (struct gs_transfer_result){.kind = kind};
	if (err)
		return err;
	gs_keccak_init(&w.digest);
	gs_buf_init(&w.line, LINE_MAX_LEN);
	gs_buf_append_text(&w.line, "gainsay-db-export %d schema %d kind %s\n", FORMAT, GS_STORE_SCHEMA,
	                   kind_names[kind]);
	err = put_line(&w, true);
	for (int i = 0; i < GS_TABLE_COUNT && !err; i++) {
		w.table = (enum gs_table)i;
		if (is_wanted(kind, w.table))
			err = store->scan(txn, w.table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, write_record,
			                  &w, error);
	}
	if (!err)
		err = write_end(&w);
	out->records = w.records;
	store->abort(txn);
	gs_buf_free(&w.line);
	return err;
}

/* --- in --- */

struct reader {
	const struct gs_store *store;
	FILE *file;
	const char *name;
	uint64_t line_number;
	struct gs_keccak digest;
	struct gs_buf line, key, value;
	struct gs_store_txn *txn;
	uint64_t bytes; /* put by txn */
	uint32_t schema;
	struct gs_transfer_result *out;
	struct gs_error *error;
};

static enum gs_err damaged(struct reader *r, const char *what)
{
	return gs_fail(r->error, GS_ECORRUPT, "%s:%" PRIu64 ": %s; nothing is imported", r->name, r->line_number, what);
}

/* The next line without its newline, terminated. GS_ECORRUPT at the end of the file, and for a line without an end. */
static enum gs_err next_line(struct reader *r)
{
	char *piece;

	r->line.len = 0;
	r->line_number++;
	for (;;) {
		piece = (char *)gs_buf_extend(&r->line, PIECE);
		if (!piece)
			return r->line.err == GS_ELIMIT ? damaged(r, "a longer line than any record makes")
			                                : gs_fail(r->error, GS_ENOMEM, "%s: no memory", r->name);
		r->line.len -= PIECE;
		if (!fgets(piece, PIECE, r->file))
			return ferror(r->file)
			               ? gs_fail(r->error, GS_EIO, "%s: cannot be read: %s", r->name, strerror(errno))
			               : damaged(r, "it ends without an end line: it was cut");
		const size_t len = strlen(piece); /* a NUL in the file ends the line too early: then it is damaged */
		r->line.len += len;
		if (len && piece[len - 1] == '\n')
			return GS_OK;
		if (len + 1 < PIECE)
			return damaged(r, "it ends within a line, or holds a NUL: it was cut or is no export");
	}
}

static enum gs_err read_head(struct reader *r, enum gs_transfer_kind kind)
{
	unsigned format, schema;
	char name[8], again[80];
	enum gs_err err = next_line(r);

	if (err)
		return err;
	r->line.ptr[r->line.len - 1] = '\0';
	if (sscanf((const char *)r->line.ptr, "gainsay-db-export %u schema %u kind %7[a-z]", &format, &schema, name) !=
	    3)
		return damaged(r, "not an export of a Gainsay database");
	snprintf(again, sizeof(again), "gainsay-db-export %u schema %u kind %s", format, schema, name);
	if (strcmp(again, (const char *)r->line.ptr) != 0)
		return damaged(r, "not an export of a Gainsay database");
	const unsigned oldest = kind == GS_TRANSFER_MOVES ? GS_MIGRATE_MOVES_OLDEST : GS_MIGRATE_OLDEST;
	if (format != FORMAT || schema < oldest || schema > GS_STORE_SCHEMA)
		return gs_fail(
			r->error, GS_EUNSUPPORTED,
			"%s: format %u of schema %u; this program reads format %d of schema %u to %d: use the version that wrote it",
			r->name, format, schema, FORMAT, oldest, GS_STORE_SCHEMA);
	r->schema = schema;
	if (strcmp(name, kind_names[kind]) != 0)
		return gs_fail(r->error, GS_EINVAL, "%s: holds %s, not %s; see --moves", r->name, name,
		               kind_names[kind]);
	r->line.ptr[r->line.len - 1] = '\n';
	gs_keccak_update(&r->digest, r->line.ptr, r->line.len);
	return GS_OK;
}

static bool read_hex(const char *text, size_t len, struct gs_buf *out)
{
	out->len = 0;
	uint8_t *to = len % 2 ? NULL : gs_buf_extend(out, len / 2);

	return len % 2 == 0 && (len == 0 || (to && gs_hex_decode(text, len, to, len / 2) == GS_OK));
}

/* Table, key and value of the line that is there. */
static enum gs_err split(struct reader *r, enum gs_table *table)
{
	char *text = (char *)r->line.ptr, *first = memchr(text, ' ', r->line.len), *second, *end;

	end = text + r->line.len - 1;
	second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;
	if (!second)
		return damaged(r, "not a record: table, key and value in hex");
	*first = '\0';
	const bool known = gs_table_find(text, table);
	*first = ' ';
	if (!known)
		return damaged(r, "a table that no schema has");
	if (second == first + 1 || !read_hex(first + 1, (size_t)(second - first - 1), &r->key) ||
	    !read_hex(second + 1, (size_t)(end - second - 1), &r->value))
		return damaged(r, "a key or value that is not hex");
	return GS_OK;
}

static enum gs_err put_record(struct reader *r, enum gs_table table)
{
	const struct gs_store *store = r->store;
	const struct gs_bytes key = gs_buf_view(&r->key), value = gs_buf_view(&r->value);
	struct gs_bytes there;
	enum gs_err err = store->get(r->txn, table, key, &there, r->error);
	char text[2 * 64 + 1];

	r->out->records++;
	if (err && err != GS_ENOTFOUND)
		return err;
	if (!err && gs_bytes_equal(there, value))
		return GS_OK;
	/* Of an earlier schema: the database is one of that until it is opened again. */
	if (!err && r->schema < GS_STORE_SCHEMA && gs_store_is_format(table, key, value, r->schema))
		return store->put(r->txn, table, key, value, r->error);
	if (!err) {
		gs_hex_encode(key.ptr, key.len < 64 ? key.len : 64, false, text);
		return gs_fail(r->error, GS_ECONFLICT,
		               "%s:%" PRIu64 ": %s %s: there is another record already; nothing is imported", r->name,
		               r->line_number, gs_table_name(table), text);
	}
	r->out->fresh++;
	r->bytes += key.len + value.len;
	return store->put(r->txn, table, key, value, r->error);
}

static enum gs_err commit_some(struct reader *r, enum gs_transfer_kind kind)
{
	enum gs_err err;

	if (kind == GS_TRANSFER_MOVES || r->bytes < COMMIT_BYTES)
		return GS_OK;
	err = r->store->commit(r->txn, r->error);
	r->txn = NULL;
	r->bytes = 0;
	return err ? err : r->store->begin(r->store->self, GS_STORE_WRITE, &r->txn, r->error);
}

static enum gs_err check_end(struct reader *r)
{
	struct gs_hash digest;
	char expected[120], hex[65];

	gs_keccak_final(&r->digest, &digest);
	gs_hex_encode(digest.b, sizeof(digest.b), false, hex);
	snprintf(expected, sizeof(expected), "end %" PRIu64 " %s\n", r->out->records, hex);
	if (r->line.len != strlen(expected) || memcmp(r->line.ptr, expected, r->line.len) != 0)
		return damaged(r, "the end line is not of what is above it: the file was changed or cut");
	if (fgetc(r->file) != EOF)
		return damaged(r, "something follows the end line");
	return GS_OK;
}

static enum gs_err read_all(struct reader *r, enum gs_transfer_kind kind)
{
	enum gs_err err = read_head(r, kind);

	while (!err) {
		enum gs_table table = GS_TABLE_META;
		if ((err = next_line(r)))
			break;
		if (r->line.len > 4 && memcmp(r->line.ptr, "end ", 4) == 0)
			return check_end(r);
		if ((err = split(r, &table)))
			break;
		if (!is_wanted(kind, table)) {
			err = damaged(r, "a record that is not of this kind of export");
			break;
		}
		gs_keccak_update(&r->digest, r->line.ptr, r->line.len);
		err = put_record(r, table);
		if (!err)
			err = commit_some(r, kind);
	}
	return err;
}

enum gs_err gs_transfer_import(const struct gs_store *store, enum gs_transfer_kind kind, FILE *file, const char *name,
                               struct gs_transfer_result *out, struct gs_error *error)
{
	struct reader r = {.store = store, .file = file, .name = name, .out = out, .error = error};
	enum gs_err err = store->begin(store->self, GS_STORE_WRITE, &r.txn, error);

	*out = (struct gs_transfer_result){.kind = kind};
	if (err)
		return err;
	gs_keccak_init(&r.digest);
	gs_buf_init(&r.line, LINE_MAX_LEN + PIECE);
	gs_buf_init(&r.key, LINE_MAX_LEN);
	gs_buf_init(&r.value, GS_STORE_VALUE_MAX);
	err = read_all(&r, kind);
	if (!err) {
		err = store->commit(r.txn, error);
		r.txn = NULL;
	}
	if (r.txn)
		store->abort(r.txn);
	gs_buf_free(&r.line);
	gs_buf_free(&r.key);
	gs_buf_free(&r.value);
	return err;
}

enum gs_err gs_transfer_create(const char *dir, FILE *file, const char *name, struct gs_transfer_result *out,
                               struct gs_error *error)
{
	char partial[PATH_LEN_MAX];
	struct gs_store_db *db = NULL;
	struct gs_store store;
	struct stat st;
	enum gs_err err;

	*out = (struct gs_transfer_result){.kind = GS_TRANSFER_ALL};
	if ((size_t)snprintf(partial, sizeof(partial), "%s.partial", dir) >= sizeof(partial))
		return gs_fail(error, GS_EINVAL, "the database's path is longer than %d bytes", PATH_LEN_MAX);
	if (lstat(dir, &st) == 0)
		return gs_fail(error, GS_ECONFLICT, "%s: is there already; name a new directory", dir);
	gs_store_remove(partial);
	err = gs_store_open(partial, NULL, &db, error);
	if (err)
		return err;
	store = gs_store_port(db);
	err = gs_transfer_import(&store, GS_TRANSFER_ALL, file, name, out, error);
	gs_store_close(db);
	if (!err) { /* which also brings it up to date */
		err = gs_store_open(partial, NULL, &db, error);
		gs_store_close(err ? NULL : db);
	}
	if (!err && rename(partial, dir) != 0)
		err = gs_fail(error, GS_EIO, "%s: cannot be made: %s", dir, strerror(errno));
	if (err)
		gs_store_remove(partial);
	return err;
}
