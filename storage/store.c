/* storage/store.c: opening, locking and checking the environment; store_txn.c holds the transactions. */
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/check.h"
#include "storage/migrate.h"
#include "storage/store_db.h"

static const char *const table_names[GS_TABLE_COUNT] = {
	[GS_TABLE_META] = "meta",
	[GS_TABLE_HEADS] = "heads",
	[GS_TABLE_CLAIMS] = "claims",
	[GS_TABLE_MODELS] = "models",
	[GS_TABLE_GAMES] = "games",
	[GS_TABLE_STAKES] = "stakes",
	[GS_TABLE_SLASHES] = "slashes",
	[GS_TABLE_INTENTS] = "intents",
	[GS_TABLE_TXS] = "txs",
	[GS_TABLE_VERDICTS] = "verdicts",
	[GS_TABLE_SAMPLES] = "samples",
	[GS_TABLE_SIGNED_MOVES] = "signed_moves",
	[GS_TABLE_AUDIT] = "audit",
	[GS_TABLE_BLOBS] = "blobs",
	[GS_TABLE_BATCHES] = "batches",
	[GS_TABLE_BEACONS] = "beacons",
	[GS_TABLE_ATTESTATIONS] = "attestations",
	[GS_TABLE_LEAVES] = "leaves",
	[GS_TABLE_TALKS] = "talks",
	[GS_TABLE_CLAIM_IDS] = "claim_ids",
	[GS_TABLE_ARRAYS] = "arrays",
	[GS_TABLE_AGENDA] = "agenda",
	[GS_TABLE_REGISTRY] = "registry",
	[GS_TABLE_TEES] = "tees",
	[GS_TABLE_SETTLEMENTS] = "settlements",
	[GS_TABLE_SETTLED_LEAVES] = "settled_leaves",
	[GS_TABLE_SETTLED_HASHES] = "settled_hashes",
	[GS_TABLE_CONTENTS] = "contents",
};

const char *gs_table_name(enum gs_table table)
{
	GS_ASSERT((unsigned)table < GS_TABLE_COUNT);
	return table_names[table];
}

bool gs_table_find(const char *name, enum gs_table *out)
{
	for (int i = 0; i < GS_TABLE_COUNT; i++) {
		if (strcmp(name, table_names[i]) == 0) {
			*out = (enum gs_table)i;
			return true;
		}
	}
	return false;
}

/* The first record of the meta table: what this file is, and which version of the records it holds. */
static const char format_key[] = "format";
static const char format_name[] = "gainsay";
enum { FORMAT_LEN = sizeof(format_name) + 4, DIR_MODE = 0700, FILE_MODE = 0600 };

enum gs_err gs_store_fail(const struct gs_store_db *db, int rc, struct gs_error *error)
{
	switch (rc) {
	case MDB_NOTFOUND: return GS_ENOTFOUND; /* not worth a line: callers ask to find out */
	case ENOENT: return gs_fail(error, GS_ENOTFOUND, "%s: no database here", db->dir);
	case ENOMEM: return gs_fail(error, GS_ENOMEM, "%s: out of memory, or of address space", db->dir);
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return gs_fail(error, GS_ELIMIT, "%s: one transaction holds too much; nothing of it is stored",
		               db->dir);
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_TXN:
	case MDB_BAD_VALSIZE:
	case EINVAL:
		return gs_fail(error, GS_ECORRUPT,
		               "%s: not a Gainsay database, or damaged (%s); restore it from a backup", db->dir,
		               mdb_strerror(rc));
	case MDB_READERS_FULL: return gs_fail(error, GS_EAGAIN, "%s: too many readers at once", db->dir);
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return gs_fail(
			error, GS_EIO,
			"%s: the disk failed or is full (%s); nothing of this transaction is stored, what was before is safe",
			db->dir, strerror(rc));
	default: return gs_fail(error, GS_EIO, "%s: %s", db->dir, mdb_strerror(rc));
	}
}

/* --- durable names --- */

enum gs_err gs_store_sync_path(const char *path, struct gs_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const bool done = fd >= 0 && fsync(fd) == 0;
	const int why = errno;

	if (fd >= 0)
		close(fd);
	return done ? GS_OK : gs_fail(error, GS_EIO, "%s: cannot be made safe on the disk: %s", path, strerror(why));
}

enum gs_err gs_store_sync_parent(const char *path, struct gs_error *error)
{
	char parent[GS_STORE_PATH_MAX + 32];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len == 0)
		return gs_store_sync_path(".", error);
	snprintf(parent, sizeof(parent), "%.*s", (int)len, path);
	return gs_store_sync_path(parent, error);
}

/* LMDB syncs what is in its file, not the file's name, nor that of the directory: without this a loss of power could take a new
 * database away as a whole, and with it what was signed. Done at every opening, because the last one may not have come so far. */
static enum gs_err make_names_safe(const struct gs_store_db *db, struct gs_error *error)
{
	enum gs_err err;

	if (db->read_only)
		return GS_OK;
	err = gs_store_sync_path(db->dir, error);
	if (err)
		return err;
	if (gs_store_sync_parent(db->dir, NULL) == GS_OK)
		return GS_OK;
	/* A directory that we may enter but not read: then the whole file system. */
	const int fd = open(db->dir, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		err = gs_fail(error, GS_EIO, "%s: its name cannot be made safe on the disk: %s", db->dir,
		              strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

/* --- opening --- */

static enum gs_err take_lock(struct gs_store_db *db, struct gs_error *error)
{
	char path[GS_STORE_PATH_MAX + sizeof("/LOCK")];
	snprintf(path, sizeof(path), "%s/LOCK", db->dir);
	db->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (db->lock_fd < 0)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return GS_OK;
	if (errno != EWOULDBLOCK)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	return gs_fail(
		error, GS_ECONFLICT,
		"%s: another process, or another part of this one, has this database open; stop it first, or use another directory",
		db->dir);
}

enum gs_err gs_store_write_format(struct gs_store_db *db, MDB_txn *txn, uint32_t schema, struct gs_error *error)
{
	uint8_t record[FORMAT_LEN];
	MDB_val key = {sizeof(format_key) - 1, (void *)format_key}, value = {sizeof(record), record};
	memcpy(record, format_name, sizeof(format_name));
	gs_be32_write(record + sizeof(format_name), schema);
	int rc = mdb_put(txn, db->tables[GS_TABLE_META], &key, &value, 0);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

bool gs_store_is_format(enum gs_table table, struct gs_bytes key, struct gs_bytes value, uint32_t schema)
{
	return table == GS_TABLE_META && key.len == sizeof(format_key) - 1 &&
	       memcmp(key.ptr, format_key, key.len) == 0 && value.len == FORMAT_LEN &&
	       memcmp(value.ptr, format_name, sizeof(format_name)) == 0 &&
	       gs_be32_read(value.ptr + sizeof(format_name)) == schema;
}

static enum gs_err read_format(struct gs_store_db *db, MDB_txn *txn, uint32_t *schema, struct gs_error *error)
{
	MDB_val key = {sizeof(format_key) - 1, (void *)format_key}, value;
	int rc = mdb_get(txn, db->tables[GS_TABLE_META], &key, &value);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return gs_store_fail(db, rc, error);
	if (rc == MDB_NOTFOUND || value.mv_size != FORMAT_LEN ||
	    memcmp(value.mv_data, format_name, sizeof(format_name)) != 0)
		return gs_fail(error, GS_ECORRUPT, "%s: not a Gainsay database (it has no format record)", db->dir);
	*schema = gs_be32_read((const uint8_t *)value.mv_data + sizeof(format_name));
	return GS_OK;
}

/* Opens tables from the first one on. */
static enum gs_err open_tables(struct gs_store_db *db, MDB_txn *txn, int count, bool fresh, struct gs_error *error)
{
	for (int i = 0; i < count; i++) {
		int rc = mdb_dbi_open(txn, table_names[i], fresh ? MDB_CREATE : 0, &db->tables[i]);
		if (rc == MDB_NOTFOUND)
			return gs_fail(error, GS_ECORRUPT, "%s: not a Gainsay database (it has no table %s)", db->dir,
			               table_names[i]);
		if (rc != 0)
			return gs_store_fail(db, rc, error);
	}
	return GS_OK;
}

/* Which schema the database has. An environment without any table is new, or was never finished: it gets them all, and the format
 * record, at once. */
static enum gs_err find_schema(struct gs_store_db *db, const struct gs_migration_plan *plan, uint32_t *schema,
                               struct gs_error *error)
{
	MDB_txn *txn;
	MDB_dbi names;
	MDB_stat st;
	enum gs_err err;
	int rc = mdb_txn_begin(db->env, NULL, db->read_only ? MDB_RDONLY : 0, &txn);
	if (rc != 0)
		return gs_store_fail(db, rc, error);
	if ((rc = mdb_dbi_open(txn, NULL, 0, &names)) != 0 || (rc = mdb_stat(txn, names, &st)) != 0) {
		err = gs_store_fail(db, rc, error);
		goto out;
	}
	const bool fresh = st.ms_entries == 0 && !db->read_only;
	err = open_tables(db, txn, fresh ? GS_TABLE_COUNT : 1, fresh, error);
	if (!err && fresh)
		err = gs_store_write_format(db, txn, plan->schema, error);
	if (!err)
		err = read_format(db, txn, schema, error);
out:
	if (err != GS_OK) {
		mdb_txn_abort(txn);
		return err;
	}
	rc = mdb_txn_commit(txn);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

static enum gs_err bring_up_to_date(struct gs_store_db *db, const struct gs_migration_plan *plan,
                                    struct gs_error *error)
{
	uint32_t schema = 0;
	enum gs_err err = find_schema(db, plan, &schema, error);
	if (err != GS_OK || schema == plan->schema)
		return err;
	if (schema > plan->schema)
		return gs_fail(
			error, GS_EUNSUPPORTED,
			"%s: written by a newer Gainsay (schema %u, this one knows %u); upgrade, or use another directory",
			db->dir, schema, plan->schema);
	if (db->read_only && schema >= GS_MIGRATE_OLDEST)
		return gs_fail(
			error, GS_EUNSUPPORTED,
			"%s: written by an earlier Gainsay (schema %u, this one knows %u); start the node, or run 'gainsay db compact', once: that brings it up to date",
			db->dir, schema, plan->schema);
	return gs_migrate(db, plan, schema, error);
}

static enum gs_err open_all_tables(struct gs_store_db *db, struct gs_error *error)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(db->env, NULL, db->read_only ? MDB_RDONLY : 0, &txn);
	if (rc != 0)
		return gs_store_fail(db, rc, error);
	enum gs_err err = open_tables(db, txn, GS_TABLE_COUNT, false, error);
	if (err != GS_OK) {
		mdb_txn_abort(txn);
		return err;
	}
	rc = mdb_txn_commit(txn);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

static enum gs_err open_env(struct gs_store_db *db, uint64_t map_bytes, struct gs_error *error)
{
	/* NOTLS: a reader belongs to its transaction, not to its thread. */
	unsigned flags = MDB_NOTLS | (db->read_only ? MDB_RDONLY : 0);
	int rc = mdb_env_create(&db->env);
	if (rc != 0)
		return gs_store_fail(db, rc, error);
	if ((rc = mdb_env_set_maxdbs(db->env, GS_TABLE_COUNT)) != 0 ||
	    (rc = mdb_env_set_mapsize(db->env, map_bytes)) != 0 ||
	    (rc = mdb_env_open(db->env, db->dir, flags, FILE_MODE)) != 0)
		return gs_store_fail(db, rc, error);
	/* Slots of readers that were killed would keep old pages in use for ever. */
	int dead;
	rc = mdb_reader_check(db->env, &dead);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

/* LMDB begins a file with writes that nothing syncs in order: a loss of power in the middle would leave one that is no database and
 * that nobody dares to remove. So a new database is made beside, with all its tables, and has its name when it is on the disk. */
static enum gs_err make_new(const struct gs_store_db *db, const struct gs_migration_plan *plan, uint64_t map_bytes,
                            struct gs_error *error)
{
	char from[GS_STORE_PATH_MAX + 16], to[GS_STORE_PATH_MAX + 16];
	struct stat st;
	uint32_t schema;
	struct gs_store_db *young;
	enum gs_err err;

	snprintf(to, sizeof(to), "%s/data.mdb", db->dir);
	const bool there = stat(to, &st) == 0 && st.st_size > 0;
	if (!(young = calloc(1, sizeof(*young))))
		return gs_fail(error, GS_ENOMEM, "%s: out of memory", db->dir);
	const size_t len = strlen(db->dir); /* which leaves room for longer names than this one */
	memcpy(young->dir, db->dir, len);
	strcpy(young->dir + len, "/new");
	gs_store_remove(young->dir); /* what a start that was killed left */
	if (there) {
		free(young);
		return GS_OK;
	}
	snprintf(from, sizeof(from), "%s/data.mdb", young->dir);
	err = mkdir(young->dir, DIR_MODE) == 0
	              ? open_env(young, map_bytes, error)
	              : gs_fail(error, GS_EIO, "%s: cannot be created: %s", young->dir, strerror(errno));
	if (!err)
		err = find_schema(young, plan, &schema, error);
	if (young->env)
		mdb_env_close(young->env);
	if (!err && rename(from, to) != 0)
		err = gs_fail(error, GS_EIO, "%s: cannot be created: %s", to, strerror(errno));
	gs_store_remove(young->dir);
	free(young);
	return err;
}

enum gs_err gs_store_open(const char *dir, const struct gs_store_options *options, struct gs_store_db **out,
                          struct gs_error *error)
{
	bool read_only = options && options->read_only;
	uint64_t map_bytes = options && options->map_bytes ? options->map_bytes : GS_STORE_MAP_FIRST;
	const struct gs_migration_plan *plan = options && options->plan ? options->plan : &gs_migrations;
	enum gs_err err;

	*out = NULL;
	if (strlen(dir) + sizeof("/data.mdb") > GS_STORE_PATH_MAX)
		return gs_fail(error, GS_EINVAL, "the database's path is longer than %d bytes", GS_STORE_PATH_MAX);
	if (!read_only && mkdir(dir, DIR_MODE) != 0 && errno != EEXIST)
		return gs_fail(error, GS_EIO, "%s: cannot be created: %s", dir, strerror(errno));
	struct gs_store_db *db = calloc(1, sizeof(*db));
	if (!db)
		return gs_fail(error, GS_ENOMEM, "%s: out of memory", dir);
	strcpy(db->dir, dir);
	db->lock_fd = -1;
	db->read_only = read_only;
	pthread_mutex_init(&db->mutex, NULL);
	if ((!read_only &&
	     ((err = take_lock(db, error)) != GS_OK || (err = make_new(db, plan, map_bytes, error)) != GS_OK)) ||
	    (err = gs_store_check(dir, !read_only, GS_STORE_CHECK_ENDS, error)) != GS_OK ||
	    (err = open_env(db, map_bytes, error)) != GS_OK || (err = bring_up_to_date(db, plan, error)) != GS_OK ||
	    (err = open_all_tables(db, error)) != GS_OK || (err = make_names_safe(db, error)) != GS_OK) {
		gs_store_close(db);
		return err;
	}
	*out = db;
	return GS_OK;
}

void gs_store_close(struct gs_store_db *db)
{
	if (!db)
		return;
	GS_ASSERT(db->open_txns == 0);
	if (db->env)
		mdb_env_close(db->env);
	if (db->lock_fd >= 0)
		close(db->lock_fd); /* and with it the lock */
	pthread_mutex_destroy(&db->mutex);
	free(db);
}
