/* storage/store_db.h: what store.c and store_txn.c share. Not for others. */
#ifndef GS_STORAGE_STORE_DB_H
#define GS_STORAGE_STORE_DB_H

#include <lmdb.h>
#include <pthread.h>

#include "storage/store.h"

enum { GS_STORE_PATH_MAX = 3072 };
/* Written between two times that the map's pages are let go, so that a long catching-up does not fill the process with them. */
#define GS_STORE_RESIDENT_BYTES (UINT64_C(8) << 20)
#define GS_STORE_MAP_FIRST (UINT64_C(1) << 31)
#define GS_STORE_MAP_MAX (UINT64_C(1) << 42)

struct gs_store_db {
	char dir[GS_STORE_PATH_MAX];
	int lock_fd;
	bool read_only;
	MDB_env *env;
	MDB_dbi tables[GS_TABLE_COUNT];
	pthread_mutex_t mutex; /* over the fields below */
	size_t open_txns;
	bool writing;
	uint64_t written; /* bytes put since the map's pages were let go */
	pthread_t writer;
};

/* The record that says what the file is: its name, and the schema of all others. */
GS_MUST enum gs_err gs_store_write_format(struct gs_store_db *db, MDB_txn *txn, uint32_t schema,
                                          struct gs_error *error);
/* What a name in a directory needs to survive a loss of power: a sync of that directory. */
GS_MUST enum gs_err gs_store_sync_path(const char *path, struct gs_error *error);
GS_MUST enum gs_err gs_store_sync_parent(const char *path, struct gs_error *error);
/* Puts an LMDB or errno code in words. */
enum gs_err gs_store_fail(const struct gs_store_db *db, int rc, struct gs_error *error);

#endif
