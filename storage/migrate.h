/* storage/migrate.h: a database of an earlier schema becomes one of this program's when it is next opened for writing.
 *
 * The schema is one number in the meta table: which tables there are and which forms their records have. A program that changes any of that adds
 * one to GS_STORE_SCHEMA and registers one step here, from the schema before; whoever changes more before the next release adds to
 * that step. Each step and the new number are one transaction: a crash leaves the database as it was before a step or as it is after it, and the
 * next opening goes on from there.
 *
 * Records bear a version of their own (validator/node/record.h), and undo records of the journal hold older values as bytes, which
 * no step can see. So: a table that is chain-derived keeps its old records, and its reader takes both versions; a step adds tables, rewrites
 * what is our own, and drops what can be found again. */
#ifndef GS_STORAGE_MIGRATE_H
#define GS_STORAGE_MIGRATE_H

#include "chain/core/buf.h"
#include "storage/store.h"

enum {
	GS_MIGRATE_OLDEST =
		3, /* the first schema that can be brought up to date; what was before had another protocol */
	GS_MIGRATE_MOVES_OLDEST =
		3, /* the first whose table of signed moves is today's: exports of moves since then are read */
	GS_MIGRATE_TABLES_MAX = 8, /* that one step adds */
};

struct gs_migrating; /* a step under way, in its transaction */

/* What becomes of a record. */
enum gs_migrate_fate { GS_MIGRATE_KEEP, GS_MIGRATE_REPLACE, GS_MIGRATE_REMOVE };

/* Decides about one record; a new value goes into *value, which is empty. The views are borrowed for the call. An error ends the step. */
typedef enum gs_err (*gs_migrate_decide)(void *context, struct gs_bytes key, struct gs_bytes old,
                                         enum gs_migrate_fate *fate, struct gs_buf *value, struct gs_error *error);

struct gs_migration {
	uint32_t from; /* to from + 1 */
	enum gs_table adds[GS_MIGRATE_TABLES_MAX];
	size_t added;
	/* Over the tables of both schemas; NULL when nothing but tables is added. */
	enum gs_err (*run)(struct gs_migrating *m, struct gs_error *error);
};

/* Steps in order, without a gap, the last one to `schema`. */
struct gs_migration_plan {
	uint32_t schema;
	const struct gs_migration *steps;
	size_t count;
};

extern const struct gs_migration_plan gs_migrations; /* this program's */

/* Every record of a table, keys rising. */
GS_MUST enum gs_err gs_migrate_each(struct gs_migrating *m, enum gs_table table, gs_migrate_decide decide,
                                    void *context, struct gs_error *error);
GS_MUST enum gs_err gs_migrate_put(struct gs_migrating *m, enum gs_table table, struct gs_bytes key,
                                   struct gs_bytes value, struct gs_error *error);

/* For store.c: brings db, of which no table is open, from schema to the plan's. GS_EUNSUPPORTED when there is no way. */
GS_MUST enum gs_err gs_migrate(struct gs_store_db *db, const struct gs_migration_plan *plan, uint32_t schema,
                               struct gs_error *error);

#endif
