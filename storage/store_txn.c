/* storage/store_txn.c: transactions of the store, as the port of chain/core wants them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "storage/store_db.h"

struct gs_store_txn {
	struct gs_store_db *db;
	MDB_txn *txn;
	enum gs_store_mode mode;
	uint64_t bytes_put;
	enum gs_err broken; /* of the first put that failed: commit refuses */
	bool scanning;
};

static MDB_val val(struct gs_bytes bytes)
{
	return (MDB_val){bytes.len, (void *)bytes.ptr};
}

static struct gs_bytes view(MDB_val v)
{
	return (struct gs_bytes){v.mv_data, v.mv_size};
}

/* --- room --- */

/* How many bytes the map must have so that the largest transaction fits: a page that is touched is written anew and
 * trees split, so allow four times its bytes beside what is used. */
static int wanted_map(struct gs_store_db *db, uint64_t *now, uint64_t *wanted)
{
	MDB_envinfo info;
	MDB_stat st;
	int rc;
	if ((rc = mdb_env_info(db->env, &info)) != 0 || (rc = mdb_env_stat(db->env, &st)) != 0)
		return rc;
	uint64_t used = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	*now = *wanted = info.me_mapsize;
	while (*wanted < used + used / 2 + 4 * (uint64_t)GS_STORE_TXN_BYTES_MAX && *wanted < GS_STORE_MAP_MAX)
		*wanted *= 2;
	return 0;
}

/* Enlarges the map long before it is full. LMDB allows that only while this process has no transaction open, so it is
 * tried before each write and done at the first quiet one. The mutex is held. */
static int make_room(struct gs_store_db *db)
{
	uint64_t now, wanted;
	int rc = wanted_map(db, &now, &wanted);
	if (rc != 0 || now == wanted || db->open_txns > 0)
		return rc;
	return mdb_env_set_mapsize(db->env, wanted);
}

/* Takes over the size that another process has given the file. */
static int follow_resize(struct gs_store_db *db)
{
	pthread_mutex_lock(&db->mutex);
	int rc = db->open_txns == 1 ? mdb_env_set_mapsize(db->env, 0) : MDB_MAP_RESIZED;
	pthread_mutex_unlock(&db->mutex);
	return rc;
}

/* --- begin and end --- */

static int begin_counted(struct gs_store_db *db, struct gs_store_txn *t)
{
	unsigned flags = t->mode == GS_STORE_READ ? MDB_RDONLY : 0;
	int rc = mdb_txn_begin(db->env, NULL, flags, &t->txn);
	if (rc != MDB_MAP_RESIZED)
		return rc;
	rc = follow_resize(db);
	return rc == 0 ? mdb_txn_begin(db->env, NULL, flags, &t->txn) : rc;
}

static void end(struct gs_store_txn *t)
{
	struct gs_store_db *db = t->db;
	pthread_mutex_lock(&db->mutex);
	db->open_txns--;
	if (t->mode == GS_STORE_WRITE && db->writing && pthread_equal(db->writer, pthread_self()))
		db->writing = false;
	pthread_mutex_unlock(&db->mutex);
	free(t);
}

static enum gs_err port_begin(void *self, enum gs_store_mode mode, struct gs_store_txn **out, struct gs_error *error)
{
	struct gs_store_db *db = self;
	*out = NULL;
	if (mode == GS_STORE_WRITE && db->read_only)
		return gs_fail(error, GS_EINVAL, "%s: opened for reading only", db->dir);
	struct gs_store_txn *t = calloc(1, sizeof(*t));
	if (!t)
		return gs_fail(error, GS_ENOMEM, "%s: out of memory", db->dir);
	t->db = db;
	t->mode = mode;

	pthread_mutex_lock(&db->mutex);
	/* A thread that begins to write while it writes would wait for itself. */
	GS_ASSERT(mode == GS_STORE_READ || !db->writing || !pthread_equal(db->writer, pthread_self()));
	int rc = mode == GS_STORE_WRITE ? make_room(db) : 0;
	db->open_txns++;
	pthread_mutex_unlock(&db->mutex);

	if (rc == 0)
		rc = begin_counted(db, t); /* a second writer waits here */
	if (rc != 0) {
		t->txn = NULL;
		end(t);
		return gs_store_fail(db, rc, error);
	}
	if (mode == GS_STORE_WRITE) {
		pthread_mutex_lock(&db->mutex);
		db->writing = true;
		db->writer = pthread_self();
		pthread_mutex_unlock(&db->mutex);
	}
	*out = t;
	return GS_OK;
}

static void port_abort(struct gs_store_txn *t)
{
	if (!t)
		return;
	GS_ASSERT(!t->scanning);
	mdb_txn_abort(t->txn);
	end(t);
}

/* Lets the map's pages go: what was written stays in the system's cache and is mapped again when it is read, but no longer counts as
 * memory of this process. Where the map begins follows from the number that every page bears, here the format record's. */
static void let_pages_go(struct gs_store_db *db)
{
	static const char name[] = "format";
	MDB_val key = {sizeof(name) - 1, (void *)name}, value;
	MDB_envinfo info;
	MDB_stat st;
	MDB_txn *txn;
	size_t number;

	if (mdb_env_info(db->env, &info) != 0 || mdb_env_stat(db->env, &st) != 0 ||
	    mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	if (mdb_get(txn, db->tables[GS_TABLE_META], &key, &value) == 0) {
		const uintptr_t page = (uintptr_t)value.mv_data & ~(uintptr_t)(st.ms_psize - 1);
		memcpy(&number, (const void *)page, sizeof(number));
		(void)madvise((void *)(page - number * st.ms_psize), ((size_t)info.me_last_pgno + 1) * st.ms_psize,
		              MADV_DONTNEED); /* it need not be possible */
	}
	mdb_txn_abort(txn);
}

static void count_written(struct gs_store_db *db, uint64_t bytes)
{
	bool full;

	pthread_mutex_lock(&db->mutex);
	db->written += bytes;
	full = db->written > GS_STORE_RESIDENT_BYTES;
	if (full)
		db->written = 0;
	pthread_mutex_unlock(&db->mutex);
	if (full)
		let_pages_go(db);
}

static enum gs_err port_commit(struct gs_store_txn *t, struct gs_error *error)
{
	struct gs_store_db *db = t->db;
	const uint64_t bytes = t->bytes_put;
	GS_ASSERT(!t->scanning);
	if (t->broken != GS_OK) {
		enum gs_err err = gs_fail(error, t->broken,
		                          "%s: a write of this transaction failed; nothing of it is stored", db->dir);
		port_abort(t);
		return err;
	}
	int rc = mdb_txn_commit(t->txn);
	if (rc == 0)
		count_written(db, bytes); /* it is open yet: the map stays where it is */
	end(t);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

/* --- records --- */

static enum gs_err check_key(const struct gs_store_txn *t, enum gs_table table, struct gs_bytes key,
                             struct gs_error *error)
{
	GS_ASSERT((unsigned)table < GS_TABLE_COUNT);
	if (key.len == 0 || key.len > GS_STORE_KEY_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: a key of %zu bytes; 1 to %d are possible", t->db->dir, key.len,
		               GS_STORE_KEY_MAX);
	return GS_OK;
}

static enum gs_err port_get(struct gs_store_txn *t, enum gs_table table, struct gs_bytes key, struct gs_bytes *value,
                            struct gs_error *error)
{
	enum gs_err err = check_key(t, table, key, error);
	if (err != GS_OK)
		return err;
	MDB_val k = val(key), v;
	int rc = mdb_get(t->txn, t->db->tables[table], &k, &v);
	if (rc != 0)
		return gs_store_fail(t->db, rc, error);
	*value = view(v);
	return GS_OK;
}

static enum gs_err broken(struct gs_store_txn *t, enum gs_err err)
{
	if (t->broken == GS_OK)
		t->broken = err;
	return err;
}

static enum gs_err check_write(struct gs_store_txn *t, struct gs_error *error)
{
	GS_ASSERT(t->mode == GS_STORE_WRITE && !t->scanning);
	if (t->broken == GS_OK)
		return GS_OK;
	return gs_fail(error, t->broken, "%s: a write of this transaction failed before", t->db->dir);
}

/* Keys of these mostly come in rising order: a record behind all others goes on a full page's right instead of halving it. */
static bool grows(enum gs_table table)
{
	return table == GS_TABLE_CLAIMS || table == GS_TABLE_ARRAYS || table == GS_TABLE_AUDIT ||
	       table == GS_TABLE_HEADS;
}

static enum gs_err port_put(struct gs_store_txn *t, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                            struct gs_error *error)
{
	enum gs_err err;
	if ((err = check_write(t, error)) != GS_OK || (err = check_key(t, table, key, error)) != GS_OK)
		return broken(t, err);
	t->bytes_put += key.len + value.len;
	if (value.len > GS_STORE_VALUE_MAX)
		return broken(t, gs_fail(error, GS_ELIMIT, "%s: a record of %zu bytes; at most %d are possible",
		                         t->db->dir, value.len, GS_STORE_VALUE_MAX));
	if (t->bytes_put > GS_STORE_TXN_BYTES_MAX)
		return broken(t, gs_fail(error, GS_ELIMIT, "%s: more than %d bytes in one transaction", t->db->dir,
		                         GS_STORE_TXN_BYTES_MAX));
	MDB_val k = val(key), v = val(value);
	int rc = grows(table) ? mdb_put(t->txn, t->db->tables[table], &k, &v, MDB_APPEND) : MDB_KEYEXIST;
	if (rc == MDB_KEYEXIST) /* not the last one */
		rc = mdb_put(t->txn, t->db->tables[table], &k, &v, 0);
	return rc == 0 ? GS_OK : broken(t, gs_store_fail(t->db, rc, error));
}

static enum gs_err port_del(struct gs_store_txn *t, enum gs_table table, struct gs_bytes key, struct gs_error *error)
{
	enum gs_err err;
	if ((err = check_write(t, error)) != GS_OK || (err = check_key(t, table, key, error)) != GS_OK)
		return broken(t, err);
	MDB_val k = val(key);
	int rc = mdb_del(t->txn, t->db->tables[table], &k, NULL);
	if (rc == 0 || rc == MDB_NOTFOUND)
		return rc == 0 ? GS_OK : GS_ENOTFOUND;
	return broken(t, gs_store_fail(t->db, rc, error));
}

/* --- scans --- */

/* Puts the cursor on the first record of the scan. */
static int seek(MDB_cursor *cursor, struct gs_bytes prefix, enum gs_store_order order, MDB_val *k, MDB_val *v)
{
	uint8_t after[GS_STORE_KEY_MAX];
	size_t len = prefix.len;
	if (order == GS_STORE_ASCENDING) {
		*k = val(prefix);
		return mdb_cursor_get(cursor, k, v, prefix.len ? MDB_SET_RANGE : MDB_FIRST);
	}
	/* The least key above all with the prefix: without its trailing 0xff bytes, plus one. */
	while (len && prefix.ptr[len - 1] == 0xff)
		len--;
	if (len == 0)
		return mdb_cursor_get(cursor, k, v, MDB_LAST);
	memcpy(after, prefix.ptr, len);
	after[len - 1]++;
	*k = (MDB_val){len, after};
	int rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, k, v, MDB_LAST);
	return rc == 0 ? mdb_cursor_get(cursor, k, v, MDB_PREV) : rc;
}

static enum gs_err port_scan(struct gs_store_txn *t, enum gs_table table, struct gs_bytes prefix,
                             enum gs_store_order order, gs_store_visit visit, void *context, struct gs_error *error)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	enum gs_err err = GS_OK;
	GS_ASSERT((unsigned)table < GS_TABLE_COUNT);
	if (prefix.len > GS_STORE_KEY_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: a prefix of %zu bytes; at most %d are possible", t->db->dir,
		               prefix.len, GS_STORE_KEY_MAX);
	int rc = mdb_cursor_open(t->txn, t->db->tables[table], &cursor);
	if (rc != 0)
		return gs_store_fail(t->db, rc, error);
	bool outer = t->scanning;
	t->scanning = true;
	for (rc = seek(cursor, prefix, order, &k, &v); rc == 0;
	     rc = mdb_cursor_get(cursor, &k, &v, order == GS_STORE_ASCENDING ? MDB_NEXT : MDB_PREV)) {
		if (k.mv_size < prefix.len || (prefix.len && memcmp(k.mv_data, prefix.ptr, prefix.len) != 0))
			break;
		err = visit(context, view(k), view(v));
		if (err != GS_OK)
			break;
	}
	t->scanning = outer;
	mdb_cursor_close(cursor);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return gs_store_fail(t->db, rc, error);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

struct gs_store gs_store_port(struct gs_store_db *db)
{
	return (struct gs_store){
		.self = db,
		.begin = port_begin,
		.get = port_get,
		.put = port_put,
		.del = port_del,
		.scan = port_scan,
		.commit = port_commit,
		.abort = port_abort,
	};
}
