/* storage/store.h: durable state in one LMDB environment, behind the port of chain/core.
 *
 * A directory holds data.mdb, LMDB's lock.mdb, and LOCK, which the one writing process holds with flock (LMDB itself
 * would let one process open it twice unnoticed). A new one is made in the directory `new` in there, and moved. Others may read. Commits are synchronous: what commit returned GS_OK for survives
 * power loss. The map grows between transactions; the file stays as small as its contents. */
#ifndef GS_STORAGE_STORE_H
#define GS_STORAGE_STORE_H

#include "chain/core/store_port.h"

enum { GS_STORE_SCHEMA = 6 }; /* version of the tables and their records, kept in the meta table */

struct gs_store_db;
struct gs_migration_plan; /* storage/migrate.h */

struct gs_store_options {
	bool read_only;                       /* beside a writer; GS_ENOTFOUND when nothing is there */
	uint64_t map_bytes;                   /* of address space to begin with; 0: 2 GiB; it grows */
	const struct gs_migration_plan *plan; /* NULL: the program's own; tests have others */
};

/* Creates the directory's last component and the database when absent. options may be NULL.
 * A database of an earlier schema is brought up to date first (storage/migrate.h), but not when it is opened for reading only.
 * GS_ECONFLICT: another process has it. GS_ECORRUPT: damaged, or not a Gainsay database. GS_EUNSUPPORTED: a newer schema, or an earlier one from which
 * no way leads here, or which reading alone cannot bring up to date.
 * GS_EIO: disk. *out is closed with gs_store_close; no transaction may be open then. Not usable after fork. */
GS_MUST enum gs_err gs_store_open(const char *dir, const struct gs_store_options *options, struct gs_store_db **out,
                                  struct gs_error *error);
void gs_store_close(struct gs_store_db *db);
/* The port; valid until gs_store_close. */
struct gs_store gs_store_port(struct gs_store_db *db);

/* Whether this is the record that says which schema all others have, and says this one. */
bool gs_store_is_format(enum gs_table table, struct gs_bytes key, struct gs_bytes value, uint32_t schema);

/* Makes a consistent copy of a running database in a directory that does not exist yet, without pages that nobody uses. It is
 * looked through (gs_store_check) and on the disk before the directory has its name; a failure leaves nothing. */
GS_MUST enum gs_err gs_store_backup(struct gs_store_db *db, const char *dir, struct gs_error *error);
/* Puts such a copy in the database's place, which nobody may have open. A crash leaves the one or the other. */
GS_MUST enum gs_err gs_store_compact(const char *dir, struct gs_error *error);

/* Removes what gs_store_open made: a database that was not finished. Nobody may have it open. */
void gs_store_remove(const char *dir);

struct gs_store_stat {
	uint64_t records;
	uint64_t bytes; /* of the pages that the table takes */
};
GS_MUST enum gs_err gs_store_stat(struct gs_store_db *db, enum gs_table table, struct gs_store_stat *out,
                                  struct gs_error *error);
const char *gs_table_name(enum gs_table table);
bool gs_table_find(const char *name, enum gs_table *out);

#endif
