#include "storage/migrate.h"

#include <string.h>

#include "storage/store_db.h"

/* --- the steps; schema 3 is the first that was ever left behind with a way forward --- */

static enum gs_err refuse_entry(void *context, struct gs_bytes key, struct gs_bytes old, enum gs_migrate_fate *fate,
                                struct gs_buf *value, struct gs_error *error)
{
	(void)context, (void)key, (void)old, (void)fate, (void)value;
	return gs_fail(error, GS_ECORRUPT,
	               "the table audit has records, which no schema before 5 puts there; restore a backup");
}

/* A log that nobody has kept cannot be there. */
static enum gs_err begin_audit_log(struct gs_migrating *m, struct gs_error *error)
{
	return gs_migrate_each(m, GS_TABLE_AUDIT, refuse_entry, NULL, error);
}

static const struct gs_migration steps[] = {
	/* Claims that are posted from now on lie in the order of posting; those under their ids stay there and are found. The node fills its
	 * agenda from the facts when it finds none (validator/node/agenda.h). */
	{.from = 3, .adds = {GS_TABLE_CLAIM_IDS, GS_TABLE_ARRAYS, GS_TABLE_AGENDA}, .added = 3},
	/* From here on the node enters what it does in the audit log (validator/node/audit.h). Before, the table was empty: the log begins with the
	 * next start. The number keeps programs that would act without entering it away. */
	{.from = 4, .run = begin_audit_log},
	/* What OpenGradient's registry and relay say, and what came of it (validator/node/settled.h). Arrays that are posted from now on are kept once, by
	 * their hash (validator/node/contents.h); those that are there stay as they are. */
	{.from = 5,
         .adds = {GS_TABLE_REGISTRY, GS_TABLE_TEES, GS_TABLE_SETTLEMENTS, GS_TABLE_SETTLED_LEAVES,
                  GS_TABLE_SETTLED_HASHES, GS_TABLE_CONTENTS},
         .added = 6},
};

const struct gs_migration_plan gs_migrations = {
	.schema = GS_STORE_SCHEMA, .steps = steps, .count = GS_ARRAY_LEN(steps)};

_Static_assert((int)GS_STORE_SCHEMA == (int)GS_MIGRATE_OLDEST + (int)GS_ARRAY_LEN(steps),
               "every later schema needs a step from the one before");

/* --- what a step can do --- */

struct gs_migrating {
	struct gs_store_db *db;
	MDB_txn *txn;
};

static enum gs_err change(struct gs_migrating *m, MDB_cursor *cursor, MDB_val *key, enum gs_migrate_fate fate,
                          const struct gs_buf *value, struct gs_error *error)
{
	int rc = 0;

	if (value->err)
		return gs_fail(error, value->err, "%s: no memory to bring a record up to date", m->db->dir);
	if (fate == GS_MIGRATE_REMOVE)
		rc = mdb_cursor_del(cursor, 0);
	if (fate == GS_MIGRATE_REPLACE) {
		MDB_val v = {value->len, value->ptr};
		rc = mdb_cursor_put(cursor, key, &v, MDB_CURRENT);
	}
	return rc == 0 ? GS_OK : gs_store_fail(m->db, rc, error);
}

enum gs_err gs_migrate_each(struct gs_migrating *m, enum gs_table table, gs_migrate_decide decide, void *context,
                            struct gs_error *error)
{
	uint8_t copy[GS_STORE_KEY_MAX]; /* putting a record moves what its key pointed to */
	MDB_cursor *cursor;
	MDB_val k, v;
	struct gs_buf value;
	enum gs_err err = GS_OK;
	int rc = mdb_cursor_open(m->txn, m->db->tables[table], &cursor);

	if (rc != 0)
		return gs_store_fail(m->db, rc, error);
	gs_buf_init(&value, GS_STORE_VALUE_MAX);
	/* After a removal the cursor stands on the record behind the one that went, and MDB_NEXT stays there. */
	while (!err && (rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		enum gs_migrate_fate fate = GS_MIGRATE_KEEP;
		GS_ASSERT(k.mv_size <= sizeof(copy));
		memcpy(copy, k.mv_data, k.mv_size);
		k.mv_data = copy;
		value.len = 0;
		err = decide(context, (struct gs_bytes){k.mv_data, k.mv_size}, (struct gs_bytes){v.mv_data, v.mv_size},
		             &fate, &value, error);
		if (!err)
			err = change(m, cursor, &k, fate, &value, error);
	}
	gs_buf_free(&value);
	mdb_cursor_close(cursor);
	return err || rc == MDB_NOTFOUND ? err : gs_store_fail(m->db, rc, error);
}

enum gs_err gs_migrate_put(struct gs_migrating *m, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                           struct gs_error *error)
{
	MDB_val k = {key.len, (void *)key.ptr}, v = {value.len, (void *)value.ptr};
	const int rc = mdb_put(m->txn, m->db->tables[table], &k, &v, 0);

	return rc == 0 ? GS_OK : gs_store_fail(m->db, rc, error);
}

/* --- the way --- */

static const struct gs_migration *find_step(const struct gs_migration_plan *plan, uint32_t from)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].from == from)
			return &plan->steps[i];
	return NULL;
}

static bool adds(const struct gs_migration *step, enum gs_table table)
{
	for (size_t i = 0; i < step->added; i++)
		if (step->adds[i] == table)
			return true;
	return false;
}

/* Whether a step after this one brings the table. */
static bool comes_later(const struct gs_migration_plan *plan, const struct gs_migration *step, enum gs_table table)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].from > step->from && adds(&plan->steps[i], table))
			return true;
	return false;
}

/* A step may write every page anew beside the old ones. */
static int make_room(struct gs_store_db *db)
{
	MDB_envinfo info;
	MDB_stat st;
	int rc;

	if ((rc = mdb_env_info(db->env, &info)) != 0 || (rc = mdb_env_stat(db->env, &st)) != 0)
		return rc;
	const uint64_t used = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	uint64_t wanted = info.me_mapsize;
	while (wanted < 4 * used + GS_STORE_TXN_BYTES_MAX && wanted < GS_STORE_MAP_MAX)
		wanted *= 2;
	return wanted == info.me_mapsize ? 0 : mdb_env_set_mapsize(db->env, wanted);
}

static enum gs_err open_some(struct gs_store_db *db, MDB_txn *txn, const struct gs_migration_plan *plan,
                             const struct gs_migration *step, struct gs_error *error)
{
	for (int i = 0; i < GS_TABLE_COUNT; i++) {
		const enum gs_table table = (enum gs_table)i;
		if (comes_later(plan, step, table))
			continue;
		/* An import makes all tables at once: it may be there. */
		const int rc = mdb_dbi_open(txn, gs_table_name(table), adds(step, table) ? MDB_CREATE : 0,
		                            &db->tables[i]);
		if (rc == MDB_NOTFOUND)
			return gs_fail(error, GS_ECORRUPT, "%s: not a Gainsay database (it has no table %s)", db->dir,
			               gs_table_name(table));
		if (rc != 0)
			return gs_store_fail(db, rc, error);
	}
	return GS_OK;
}

static enum gs_err take_step(struct gs_store_db *db, const struct gs_migration_plan *plan,
                             const struct gs_migration *step, struct gs_error *error)
{
	struct gs_migrating m = {.db = db};
	int rc = make_room(db);

	if (rc == 0)
		rc = mdb_txn_begin(db->env, NULL, 0, &m.txn);
	if (rc != 0)
		return gs_store_fail(db, rc, error);
	enum gs_err err = open_some(db, m.txn, plan, step, error);
	if (!err && step->run)
		err = step->run(&m, error);
	if (!err)
		err = gs_store_write_format(db, m.txn, step->from + 1, error);
	if (err) {
		mdb_txn_abort(m.txn);
		return err;
	}
	rc = mdb_txn_commit(m.txn);
	return rc == 0 ? GS_OK : gs_store_fail(db, rc, error);
}

enum gs_err gs_migrate(struct gs_store_db *db, const struct gs_migration_plan *plan, uint32_t schema,
                       struct gs_error *error)
{
	enum gs_err err = GS_OK;

	for (; schema < plan->schema && !err; schema++) {
		const struct gs_migration *step = find_step(plan, schema);
		if (!step)
			return gs_fail(
				error, GS_EUNSUPPORTED,
				"%s: written for an earlier protocol (schema %u, this one knows %u); start with a new directory",
				db->dir, schema, plan->schema);
		err = take_step(db, plan, step, error);
	}
	return err;
}
