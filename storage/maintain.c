/* storage/maintain.c: copies of a database, and what its tables hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/check.h"
#include "storage/store_db.h"

enum { DIR_MODE = 0700 };

void gs_store_remove(const char *dir)
{
	char path[GS_STORE_PATH_MAX + 64];
	static const char *const files[] = {"data.mdb", "lock.mdb", "LOCK"};

	for (size_t i = 0; i < GS_ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

/* A checked copy in the new directory dir, all of it on the disk. */
static enum gs_err copy_to(struct gs_store_db *db, const char *dir, struct gs_error *error)
{
	char data[GS_STORE_PATH_MAX + 64], lock[GS_STORE_PATH_MAX + 64];
	enum gs_err err;
	int rc;

	gs_store_remove(dir); /* what an earlier try may have left */
	if (mkdir(dir, DIR_MODE) != 0)
		return gs_fail(error, GS_EIO, "%s: cannot be created: %s", dir, strerror(errno));
	snprintf(data, sizeof(data), "%s/data.mdb", dir);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", dir);
	rc = mdb_env_copy2(db->env, dir, MDB_CP_COMPACT);
	err = rc == 0 ? GS_OK : gs_fail(error, GS_EIO, "%s: copy of %s failed: %s", dir, db->dir, mdb_strerror(rc));
	if (!err)
		err = gs_store_check(dir, true, GS_STORE_CHECK_ALL, error);
	(void)unlink(lock); /* the check's */
	if (!err)
		err = gs_store_sync_path(data, error);
	if (!err)
		err = gs_store_sync_path(dir, error);
	if (err)
		gs_store_remove(dir);
	return err;
}

enum gs_err gs_store_backup(struct gs_store_db *db, const char *dir, struct gs_error *error)
{
	char partial[GS_STORE_PATH_MAX + 16];
	struct stat st;
	enum gs_err err;

	if (strlen(dir) + sizeof("/data.mdb") > GS_STORE_PATH_MAX)
		return gs_fail(error, GS_EINVAL, "the copy's path is longer than %d bytes", GS_STORE_PATH_MAX);
	if (lstat(dir, &st) == 0)
		return gs_fail(error, GS_ECONFLICT, "%s: is there already; name a new directory", dir);
	snprintf(partial, sizeof(partial), "%s.partial", dir);
	err = copy_to(db, partial, error);
	if (err)
		return err;
	if (rename(partial, dir) != 0) {
		err = gs_fail(error, GS_EIO, "%s: cannot be made: %s", dir, strerror(errno));
		gs_store_remove(partial);
		return err;
	}
	return gs_store_sync_parent(dir, error);
}

/* The old file is open and locked until the new one has its name. LMDB's own lock file counts the old one's transactions: whoever has
 * that open goes on reading the old pair of files. */
static enum gs_err replace(struct gs_store_db *db, const char *copy, struct gs_error *error)
{
	char from[GS_STORE_PATH_MAX + 64], to[GS_STORE_PATH_MAX + 64], lock[GS_STORE_PATH_MAX + 64];

	snprintf(from, sizeof(from), "%s/data.mdb", copy);
	snprintf(to, sizeof(to), "%s/data.mdb", db->dir);
	snprintf(lock, sizeof(lock), "%s/lock.mdb", db->dir);
	(void)unlink(lock);
	if (rename(from, to) != 0)
		return gs_fail(error, GS_EIO, "%s: cannot be replaced: %s", to, strerror(errno));
	return gs_store_sync_path(db->dir, error);
}

enum gs_err gs_store_compact(const char *dir, struct gs_error *error)
{
	char copy[GS_STORE_PATH_MAX + 16], data[GS_STORE_PATH_MAX + 16];
	struct gs_store_db *db;
	struct stat st;
	enum gs_err err;

	snprintf(data, sizeof(data), "%s/data.mdb", dir);
	if (stat(data, &st) != 0)
		return gs_fail(error, GS_ENOTFOUND, "%s: no database here", dir);
	err = gs_store_open(dir, NULL, &db, error);
	if (err)
		return err;
	snprintf(copy, sizeof(copy), "%s/compact.partial", db->dir);
	err = gs_store_check(dir, true, GS_STORE_CHECK_ALL, error); /* LMDB copies without looking */
	if (!err)
		err = copy_to(db, copy, error);
	if (!err)
		err = replace(db, copy, error);
	gs_store_remove(copy);
	gs_store_close(db);
	return err;
}

/* --- what is in it --- */

enum gs_err gs_store_stat(struct gs_store_db *db, enum gs_table table, struct gs_store_stat *out,
                          struct gs_error *error)
{
	MDB_txn *txn;
	MDB_stat st;
	int rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn);

	if (rc != 0)
		return gs_store_fail(db, rc, error);
	rc = mdb_stat(txn, db->tables[table], &st);
	mdb_txn_abort(txn);
	if (rc != 0)
		return gs_store_fail(db, rc, error);
	out->records = st.ms_entries;
	out->bytes = (uint64_t)st.ms_psize * (st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages);
	return GS_OK;
}
