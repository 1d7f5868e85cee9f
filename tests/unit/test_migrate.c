/* Databases of earlier schemas: each that was ever released, steps that change, add and remove, steps that fail, and sudden death in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "storage/migrate.h"
#include "storage/transfer.h"

enum { RECORDS = 3000, PATH_LEN = 128, LINE_LEN_MAX = 1 << 20, NOW = GS_STORE_SCHEMA };

struct fixture {
	char dir[64], db[PATH_LEN];
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	strcpy(f->dir, "/tmp/gainsay-migrate-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->db, sizeof(f->db), "%s/db", f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	gs_store_remove(f->db);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* --- later schemas, made up: NOW + 1 changes, removes and puts records; NOW + 2 brings a table --- */

static struct gs_bytes text(const char *s)
{
	return (struct gs_bytes){(const uint8_t *)s, strlen(s)};
}

/* Every third goes, every other one grows by far more than its page has room for. */
static enum gs_err change(void *context, struct gs_bytes key, struct gs_bytes old, enum gs_migrate_fate *fate,
                          struct gs_buf *value, struct gs_error *error)
{
	unsigned *count = context;
	(void)key;
	(void)error;
	++*count;
	if (*count % 3 == 0) {
		*fate = GS_MIGRATE_REMOVE;
		return GS_OK;
	}
	if (*count % 3 == 1)
		return GS_OK;
	*fate = GS_MIGRATE_REPLACE;
	gs_buf_append(value, "new", 3);
	for (int i = 0; i < 40; i++)
		gs_buf_append(value, old.ptr, old.len);
	return GS_OK;
}

static enum gs_err first_step(struct gs_migrating *m, struct gs_error *error)
{
	unsigned count = 0;
	enum gs_err err = gs_migrate_each(m, GS_TABLE_CLAIMS, change, &count, error);
	if (!err)
		err = gs_migrate_put(m, GS_TABLE_META, text("by"), text("the first step"), error);
	if (!err)
		assert_int_equal(count, RECORDS);
	return err;
}

static enum gs_err second_step(struct gs_migrating *m, struct gs_error *error)
{
	return gs_migrate_put(m, GS_TABLE_TALKS, text("new"), text("table"), error);
}

static enum gs_err failing_step(struct gs_migrating *m, struct gs_error *error)
{
	enum gs_err err = first_step(m, error);
	return err ? err : gs_fail(error, GS_ECORRUPT, "a record that no schema has");
}

static enum gs_err deadly_step(struct gs_migrating *m, struct gs_error *error)
{
	enum gs_err err = second_step(m, error);
	(void)raise(SIGKILL);
	return err;
}

static const struct gs_migration later[] = {
	{.from = NOW, .run = first_step},
	{.from = NOW + 1, .adds = {GS_TABLE_TALKS}, .added = 1, .run = second_step},
};
static const struct gs_migration failing[] = {{.from = NOW, .run = failing_step}};
static const struct gs_migration deadly[] = {
	{.from = NOW, .run = first_step},
	{.from = NOW + 1, .adds = {GS_TABLE_TALKS}, .added = 1, .run = deadly_step},
};
static const struct gs_migration_plan to_later = {NOW + 2, later, 2}, to_failing = {NOW + 1, failing, 1},
				      to_deadly = {NOW + 2, deadly, 2}, without_way = {NOW + 2, later + 1, 1};

/* What table_index's tables are before the one that NOW + 2 adds: as a database of then was, made by hand. */
static void make_old(const struct fixture *f, uint32_t schema, bool all_tables)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi, claims = 0, meta = 0;
	uint8_t format[12] = "gainsay";
	assert_int_equal(mkdir(f->db, 0700), 0);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, GS_TABLE_COUNT), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 24), 0);
	assert_int_equal(mdb_env_open(env, f->db, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	for (int i = 0; i < GS_TABLE_COUNT; i++) {
		if (i == GS_TABLE_TALKS && !all_tables)
			continue;
		assert_int_equal(mdb_dbi_open(txn, gs_table_name((enum gs_table)i), MDB_CREATE, &dbi), 0);
		claims = i == GS_TABLE_CLAIMS ? dbi : claims;
		meta = i == GS_TABLE_META ? dbi : meta;
	}
	gs_be32_write(format + 8, schema);
	MDB_val key = {6, "format"}, value = {sizeof(format), format};
	assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
	for (int i = 0; i < RECORDS; i++) {
		char k[16];
		key = (MDB_val){(size_t)snprintf(k, sizeof(k), "%06d", i), k};
		value = (MDB_val){6, k};
		assert_int_equal(mdb_put(txn, claims, &key, &value, 0), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static enum gs_err open_by(struct fixture *f, const struct gs_migration_plan *plan, bool read_only,
                           struct gs_store_db **db)
{
	const struct gs_store_options options = {.read_only = read_only, .plan = plan};
	return gs_store_open(f->db, &options, db, &f->error);
}

static void expect(const struct gs_store *s, enum gs_table table, const char *key, const char *value)
{
	struct gs_store_txn *t;
	struct gs_bytes got;
	assert_int_equal(s->begin(s->self, GS_STORE_READ, &t, NULL), GS_OK);
	const enum gs_err err = s->get(t, table, text(key), &got, NULL);
	if (value) {
		assert_int_equal(err, GS_OK);
		assert_true(gs_bytes_equal(got, text(value)));
	} else {
		assert_int_equal(err, GS_ENOTFOUND);
	}
	s->abort(t);
}

static uint64_t count_of(struct gs_store_db *db, enum gs_table table)
{
	struct gs_store_stat st;
	assert_int_equal(gs_store_stat(db, table, &st, NULL), GS_OK);
	return st.records;
}

static void expect_new(struct fixture *f)
{
	struct gs_store_db *db;
	char grown[300] = "new";
	if (open_by(f, &to_later, false, &db) != GS_OK)
		fail_msg("%s", f->error.text);
	const struct gs_store s = gs_store_port(db);
	assert_int_equal(count_of(db, GS_TABLE_CLAIMS), RECORDS - RECORDS / 3);
	for (int i = 0; i < 40; i++)
		strcat(grown, "000001");
	expect(&s, GS_TABLE_CLAIMS, "000000", "000000");
	expect(&s, GS_TABLE_CLAIMS, "000001", grown);
	expect(&s, GS_TABLE_CLAIMS, "000002", NULL);
	expect(&s, GS_TABLE_CLAIMS, "002997", "002997");
	expect(&s, GS_TABLE_META, "by", "the first step");
	expect(&s, GS_TABLE_TALKS, "new", "table");
	gs_store_close(db);
}

/* Opened by a program of schema NOW: nothing of it changed. */
static void expect_old(struct fixture *f, bool closed)
{
	const struct gs_migration_plan then = {NOW, NULL, 0};
	struct gs_store_db *db;
	if (open_by(f, &then, closed, &db) != GS_OK)
		fail_msg("%s", f->error.text);
	const struct gs_store s = gs_store_port(db);
	assert_int_equal(count_of(db, GS_TABLE_CLAIMS), RECORDS);
	expect(&s, GS_TABLE_CLAIMS, "000001", "000001");
	expect(&s, GS_TABLE_META, "by", NULL);
	gs_store_close(db);
}

static void goes_all_the_way(void **state)
{
	struct fixture *f = *state;
	make_old(f, NOW, false);
	expect_new(f);
	expect_new(f); /* once */
	struct gs_store_db *db;
	assert_int_equal(gs_store_open(f->db, NULL, &db, &f->error), GS_EUNSUPPORTED);
	assert_non_null(strstr(f->error.text, "newer Gainsay"));
	assert_non_null(strstr(f->error.text, "upgrade, or use another directory"));
}

/* An import makes all tables at once, the step finds its own there. */
static void takes_what_is_there(void **state)
{
	struct fixture *f = *state;
	make_old(f, NOW, true);
	expect_new(f);
}

static void a_reader_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db;
	make_old(f, NOW, true);
	assert_int_equal(open_by(f, &to_later, true, &db), GS_EUNSUPPORTED);
	assert_non_null(strstr(f->error.text, "gainsay db compact"));
	expect_old(f, true);
}

static void a_failure_leaves_the_old(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db;
	make_old(f, NOW, true);
	assert_int_equal(open_by(f, &to_failing, false, &db), GS_ECORRUPT);
	assert_string_equal(f->error.text, "a record that no schema has");
	expect_old(f, false);
	assert_int_equal(open_by(f, &without_way, false, &db), GS_EUNSUPPORTED);
	assert_non_null(strstr(f->error.text, "earlier protocol"));
	expect_old(f, false);
}

/* Killed in the second step: the first is done and stays so, the second begins anew. */
static void a_death_costs_nothing(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db;
	int status;
	make_old(f, NOW, false);
	for (int i = 0; i < 3; i++) {
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(open_by(f, &to_deadly, false, &db) == GS_OK);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		const struct gs_migration_plan between = {NOW + 1, later, 1};
		const struct gs_store_options reading = {.read_only = true, .plan = &between};
		/* It has no table of the second step: a program of NOW + 1 would not look for it, this one does. */
		assert_int_equal(gs_store_open(f->db, &reading, &db, &f->error), GS_ECORRUPT);
		assert_non_null(strstr(f->error.text, "it has no table talks"));
	}
	expect_new(f);
}

/* --- what was released: tests/data/database-schema-N.txt, exports by the program of then --- */

/* The database as that program had it: the tables that the file names, and those that were empty. */
static void load_raw(const struct fixture *f, unsigned schema, FILE *file)
{
	static char line[LINE_LEN_MAX], table[32];
	static uint8_t key[GS_STORE_KEY_MAX], value[LINE_LEN_MAX / 2];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	assert_int_equal(mkdir(f->db, 0700), 0);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, GS_TABLE_COUNT), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 26), 0);
	assert_int_equal(mdb_env_open(env, f->db, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	for (int i = 0; i <= (int)(schema == 3 ? GS_TABLE_TALKS : GS_TABLE_AGENDA); i++)
		assert_int_equal(mdb_dbi_open(txn, gs_table_name((enum gs_table)i), MDB_CREATE, &dbi), 0);
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file) && strncmp(line, "end ", 4) != 0) {
		char *first = strchr(line, ' '), *second = first ? strchr(first + 1, ' ') : NULL;
		assert_non_null(second);
		snprintf(table, sizeof(table), "%.*s", (int)(first - line), line);
		const size_t key_hex = (size_t)(second - first - 1), value_hex = strcspn(second + 1, "\n");
		assert_int_equal(gs_hex_decode(first + 1, key_hex, key, key_hex / 2), GS_OK);
		assert_int_equal(gs_hex_decode(second + 1, value_hex, value, value_hex / 2), GS_OK);
		MDB_val k = {key_hex / 2, key}, v = {value_hex / 2, value};
		assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
		assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static FILE *open_data(unsigned schema)
{
	char path[PATH_LEN];
	snprintf(path, sizeof(path), "tests/data/database-schema-%u.txt", schema);
	FILE *file = fopen(path, "rbe");
	if (!file)
		fail_msg("%s is missing: keep an export of each schema that is released", path);
	return file;
}

static void opens_what_was_released(void **state)
{
	struct fixture *f = *state;
	struct gs_transfer_result result;
	struct gs_store_db *db;
	for (unsigned schema = GS_MIGRATE_OLDEST; schema < NOW || schema == 3; schema++) {
		FILE *file = open_data(schema);
		load_raw(f, schema, file);
		if (gs_store_open(f->db, NULL, &db, &f->error) != GS_OK)
			fail_msg("schema %u: %s", schema, f->error.text);
		assert_true(count_of(db, GS_TABLE_CLAIMS) >= 2 && count_of(db, GS_TABLE_SIGNED_MOVES) >= 2);
		gs_store_close(db);
		gs_store_remove(f->db);

		rewind(file);
		if (gs_transfer_create(f->db, file, "export", &result, &f->error) != GS_OK)
			fail_msg("schema %u: %s", schema, f->error.text);
		assert_int_equal(gs_store_open(f->db, NULL, &db, &f->error), GS_OK);
		assert_true(count_of(db, GS_TABLE_SIGNED_MOVES) >= 2);
		gs_store_close(db);
		gs_store_remove(f->db);
		fclose(file);
	}
}

/* Before schema 5 nobody wrote to the audit log: what lies there is no beginning of one. */
static void an_old_audit_log_is_damage(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db;
	FILE *file = open_data(4);
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val k = {1, "H"}, v = {4, "head"};
	load_raw(f, 4, file);
	fclose(file);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, GS_TABLE_COUNT), 0);
	assert_int_equal(mdb_env_open(env, f->db, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "audit", 0, &dbi), 0);
	assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	assert_int_equal(gs_store_open(f->db, NULL, &db, &f->error), GS_ECORRUPT);
	assert_non_null(strstr(f->error.text, "restore a backup"));
}

static void knows_its_own_steps(void **state)
{
	(void)state;
	assert_int_equal(gs_migrations.schema, GS_STORE_SCHEMA);
	assert_int_equal(gs_migrations.count, GS_STORE_SCHEMA - GS_MIGRATE_OLDEST);
	for (size_t i = 0; i < gs_migrations.count; i++) {
		assert_int_equal(gs_migrations.steps[i].from, GS_MIGRATE_OLDEST + i);
		assert_true(gs_migrations.steps[i].added <= GS_MIGRATE_TABLES_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_own_steps),
		cmocka_unit_test_setup_teardown(goes_all_the_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_what_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_leaves_the_old, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_death_costs_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opens_what_was_released, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_old_audit_log_is_damage, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
