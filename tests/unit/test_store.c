/* The store: records, order, atomicity, growth, damage, locks, a full disk, and sudden death. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/core/rng.h"
#include "storage/store.h"

struct fixture {
	char dir[64];
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	strcpy(f->dir, "/tmp/gainsay-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"data.mdb", "lock.mdb", "LOCK"};
	char path[128];
	for (size_t i = 0; i < GS_ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static struct gs_bytes text(const char *s)
{
	return (struct gs_bytes){(const uint8_t *)s, strlen(s)};
}

static struct gs_store_db *open_db(struct fixture *f)
{
	struct gs_store_db *db;
	if (gs_store_open(f->dir, NULL, &db, &f->error) != GS_OK)
		fail_msg("%s", f->error.text);
	return db;
}

static struct gs_store_txn *begin(const struct gs_store *s, enum gs_store_mode mode)
{
	struct gs_store_txn *t;
	struct gs_error error;
	if (s->begin(s->self, mode, &t, &error) != GS_OK)
		fail_msg("%s", error.text);
	return t;
}

static void put_one(const struct gs_store *s, enum gs_table table, const char *key, const char *value)
{
	struct gs_store_txn *t = begin(s, GS_STORE_WRITE);
	assert_int_equal(s->put(t, table, text(key), text(value), NULL), GS_OK);
	assert_int_equal(s->commit(t, NULL), GS_OK);
}

static void assert_has(const struct gs_store *s, enum gs_table table, const char *key, const char *value)
{
	struct gs_store_txn *t = begin(s, GS_STORE_READ);
	struct gs_bytes got;
	enum gs_err err = s->get(t, table, text(key), &got, NULL);
	if (value) {
		assert_int_equal(err, GS_OK);
		assert_true(gs_bytes_equal(got, text(value)));
	} else {
		assert_int_equal(err, GS_ENOTFOUND);
	}
	s->abort(t);
}

static void keeps_records(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	put_one(&s, GS_TABLE_CLAIMS, "a", "one");
	put_one(&s, GS_TABLE_GAMES, "a", "two");
	put_one(&s, GS_TABLE_CLAIMS, "b", "");
	put_one(&s, GS_TABLE_CLAIMS, "a", "three");
	assert_has(&s, GS_TABLE_CLAIMS, "a", "three");
	assert_has(&s, GS_TABLE_GAMES, "a", "two");
	gs_store_close(db);

	db = open_db(f);
	s = gs_store_port(db);
	assert_has(&s, GS_TABLE_CLAIMS, "a", "three");
	assert_has(&s, GS_TABLE_CLAIMS, "b", "");
	struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
	assert_int_equal(s.del(t, GS_TABLE_CLAIMS, text("a"), NULL), GS_OK);
	assert_int_equal(s.del(t, GS_TABLE_CLAIMS, text("a"), NULL), GS_ENOTFOUND);
	assert_int_equal(s.commit(t, NULL), GS_OK);
	assert_has(&s, GS_TABLE_CLAIMS, "a", NULL);
	gs_store_close(db);
	gs_store_close(NULL);
}

static void is_atomic(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	char long_key[GS_STORE_KEY_MAX + 2];
	memset(long_key, 'k', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = '\0';
	/* Given up. */
	struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
	assert_int_equal(s.put(t, GS_TABLE_CLAIMS, text("a"), text("1"), NULL), GS_OK);
	s.abort(t);
	/* A put that failed spoils the whole. */
	t = begin(&s, GS_STORE_WRITE);
	assert_int_equal(s.put(t, GS_TABLE_CLAIMS, text("a"), text("1"), NULL), GS_OK);
	assert_int_equal(s.put(t, GS_TABLE_CLAIMS, text(long_key), text("1"), &f->error), GS_ELIMIT);
	assert_int_equal(s.put(t, GS_TABLE_CLAIMS, text("b"), text("1"), &f->error), GS_ELIMIT);
	assert_int_equal(s.commit(t, &f->error), GS_ELIMIT);
	t = begin(&s, GS_STORE_WRITE);
	assert_int_equal(s.put(t, GS_TABLE_CLAIMS, text(""), text("1"), &f->error), GS_ELIMIT);
	s.abort(t);
	assert_has(&s, GS_TABLE_CLAIMS, "a", NULL);
	/* A reader sees the state at its begin. */
	struct gs_store_txn *reader = begin(&s, GS_STORE_READ);
	put_one(&s, GS_TABLE_CLAIMS, "a", "2");
	struct gs_bytes got;
	assert_int_equal(s.get(reader, GS_TABLE_CLAIMS, text("a"), &got, NULL), GS_ENOTFOUND);
	s.abort(reader);
	s.abort(NULL);
	assert_has(&s, GS_TABLE_CLAIMS, "a", "2");
	gs_store_close(db);
}

struct listing {
	char keys[256];
	int stop_after;
	enum gs_err stop_with;
};

static enum gs_err list(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct listing *l = context;
	size_t len = strlen(l->keys);
	assert_true(value.len == 1);
	for (size_t i = 0; i < key.len; i++)
		len += (size_t)sprintf(l->keys + len, key.ptr[i] < 0x7f ? "%c" : "<%x>", key.ptr[i]);
	strcat(l->keys, " ");
	return l->stop_after-- == 0 ? l->stop_with : GS_OK;
}

static void assert_scan(const struct gs_store *s, const char *prefix, enum gs_store_order order, const char *expected)
{
	struct listing l = {.stop_after = -1};
	struct gs_store_txn *t = begin(s, GS_STORE_READ);
	assert_int_equal(s->scan(t, GS_TABLE_HEADS, text(prefix), order, list, &l, NULL), GS_OK);
	assert_string_equal(l.keys, expected);
	s->abort(t);
}

static void scans_in_order(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	static const char *const keys[] = {"b", "ab", "a", "abc", "ac", "\xff", "\xff\xff", "\xff\xff\x01"};
	assert_scan(&s, "", GS_STORE_ASCENDING, "");
	assert_scan(&s, "a", GS_STORE_DESCENDING, "");
	for (size_t i = 0; i < GS_ARRAY_LEN(keys); i++)
		put_one(&s, GS_TABLE_HEADS, keys[i], "v");
	assert_scan(&s, "", GS_STORE_ASCENDING, "a ab abc ac b <ff> <ff><ff> <ff><ff>\x01 ");
	assert_scan(&s, "", GS_STORE_DESCENDING, "<ff><ff>\x01 <ff><ff> <ff> b ac abc ab a ");
	assert_scan(&s, "ab", GS_STORE_ASCENDING, "ab abc ");
	assert_scan(&s, "ab", GS_STORE_DESCENDING, "abc ab ");
	assert_scan(&s, "a", GS_STORE_DESCENDING, "ac abc ab a ");
	assert_scan(&s, "\xff\xff", GS_STORE_DESCENDING, "<ff><ff>\x01 <ff><ff> ");
	assert_scan(&s, "\xff", GS_STORE_ASCENDING, "<ff> <ff><ff> <ff><ff>\x01 ");
	assert_scan(&s, "zz", GS_STORE_ASCENDING, "");
	assert_scan(&s, "zz", GS_STORE_DESCENDING, "");
	assert_scan(&s, "0", GS_STORE_DESCENDING, "");
	struct gs_store_txn *t = begin(&s, GS_STORE_READ);
	struct listing first = {.stop_after = 0, .stop_with = GS_ENOTFOUND};
	assert_int_equal(s.scan(t, GS_TABLE_HEADS, text(""), GS_STORE_DESCENDING, list, &first, NULL), GS_OK);
	assert_string_equal(first.keys, "<ff><ff>\x01 ");
	struct listing broken = {.stop_after = 1, .stop_with = GS_ECORRUPT};
	assert_int_equal(s.scan(t, GS_TABLE_HEADS, text(""), GS_STORE_ASCENDING, list, &broken, NULL), GS_ECORRUPT);
	assert_string_equal(broken.keys, "a ab ");
	s.abort(t);
	gs_store_close(db);
}

static void grows(void **state)
{
	struct fixture *f = *state;
	struct gs_store_options small = {.map_bytes = 1 << 20};
	struct gs_store_db *db;
	uint8_t *block = malloc(1 << 20);
	assert_non_null(block);
	memset(block, 7, 1 << 20);
	assert_int_equal(gs_store_open(f->dir, &small, &db, &f->error), GS_OK);
	struct gs_store s = gs_store_port(db);
	for (uint8_t i = 1; i <= 8; i++) {
		struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
		for (uint8_t j = 1; j <= 4; j++) {
			uint8_t key[2] = {i, j};
			assert_int_equal(s.put(t, GS_TABLE_BLOBS, (struct gs_bytes){key, 2},
			                       (struct gs_bytes){block, 1 << 20}, &f->error),
			                 GS_OK);
		}
		assert_int_equal(s.commit(t, &f->error), GS_OK);
	}
	/* One transaction may not take more than its share. */
	struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
	enum gs_err err = GS_OK;
	for (uint32_t i = 0; err == GS_OK && i < 2 * (GS_STORE_TXN_BYTES_MAX >> 20); i++)
		err = s.put(t, GS_TABLE_BLOBS, text("same"), (struct gs_bytes){block, 1 << 20}, &f->error);
	assert_int_equal(err, GS_ELIMIT);
	s.abort(t);
	free(block);
	gs_store_close(db);
	db = open_db(f);
	s = gs_store_port(db);
	t = begin(&s, GS_STORE_READ);
	struct gs_bytes got;
	assert_int_equal(s.get(t, GS_TABLE_BLOBS, (struct gs_bytes){(const uint8_t *)"\10\4", 2}, &got, NULL), GS_OK);
	assert_int_equal(got.len, 1 << 20);
	s.abort(t);
	gs_store_close(db);
}

static void has_one_writer(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f), *second = NULL;
	struct gs_store s = gs_store_port(db);
	put_one(&s, GS_TABLE_META, "k", "v");
	assert_int_equal(gs_store_open(f->dir, NULL, &second, &f->error), GS_ECONFLICT); /* the same process */
	assert_non_null(strstr(f->error.text, "has this database open"));
	assert_null(second);
	pid_t child = fork();
	if (child == 0) {
		struct gs_store_options read_only = {.read_only = true};
		if (gs_store_open(f->dir, NULL, &second, NULL) != GS_ECONFLICT)
			_exit(1);
		if (gs_store_open(f->dir, &read_only, &second, NULL) != GS_OK)
			_exit(2);
		struct gs_store r = gs_store_port(second);
		struct gs_store_txn *t;
		struct gs_bytes got;
		if (r.begin(r.self, GS_STORE_WRITE, &t, NULL) != GS_EINVAL)
			_exit(3);
		if (r.begin(r.self, GS_STORE_READ, &t, NULL) != GS_OK ||
		    r.get(t, GS_TABLE_META, text("k"), &got, NULL) != GS_OK)
			_exit(4);
		_exit(got.len == 1 ? 0 : 5);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	gs_store_close(db);
	db = open_db(f);
	gs_store_close(db);
}

static void reads_only_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct gs_store_options read_only = {.read_only = true};
	struct gs_store_db *db;
	assert_int_equal(gs_store_open(f->dir, &read_only, &db, &f->error), GS_ENOTFOUND);
	assert_non_null(strstr(f->error.text, "no database here"));
	assert_int_equal(gs_store_open("/proc/no/such/place", NULL, &db, &f->error), GS_EIO);
}

static void write_file(struct fixture *f, const void *data, size_t len)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void assert_damaged(struct fixture *f, const char *words)
{
	struct gs_store_db *db;
	assert_int_equal(gs_store_open(f->dir, NULL, &db, &f->error), GS_ECORRUPT);
	assert_null(db);
	if (!strstr(f->error.text, words) || strchr(f->error.text, '\n'))
		fail_msg("'%s' does not say '%s'", f->error.text, words);
}

static void sees_damage(void **state)
{
	struct fixture *f = *state;
	static uint8_t junk[64 * 1024];
	char path[128];
	memset(junk, 0x5a, sizeof(junk));
	write_file(f, junk, sizeof(junk));
	assert_damaged(f, "restore it from a backup");
	write_file(f, junk, 100);
	assert_damaged(f, "restore it from a backup");
	write_file(f, junk, 0);
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	for (int i = 0; i < 3; i++) {
		struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
		assert_int_equal(s.put(t, GS_TABLE_BLOBS, text("blob"), (struct gs_bytes){junk, sizeof(junk)}, NULL),
		                 GS_OK);
		assert_int_equal(s.commit(t, NULL), GS_OK);
	}
	gs_store_close(db);
	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	assert_int_equal(truncate(path, 3 * 4096), 0);
	assert_damaged(f, "restore it from a backup");
}

/* Fills every table; returns the first error. */
static enum gs_err put_many(const struct gs_store *s, uint32_t seed, struct gs_error *error)
{
	static const uint8_t blob[20000];
	struct gs_rng rng;
	enum gs_err err = GS_OK;
	gs_rng_seed(&rng, seed);
	for (int i = 0; i < 8; i++) {
		struct gs_store_txn *t;
		if ((err = s->begin(s->self, GS_STORE_WRITE, &t, error)) != GS_OK)
			return err;
		for (int j = 0; j < 100 && err == GS_OK; j++) {
			uint8_t key[8], value[300];
			gs_be64_write(key, gs_rng_u64(&rng));
			memset(value, j, sizeof(value));
			err = s->put(t, (enum gs_table)gs_rng_below(&rng, GS_TABLE_COUNT), (struct gs_bytes){key, 8},
			             (struct gs_bytes){value, gs_rng_below(&rng, sizeof(value))}, error);
		}
		uint8_t name = (uint8_t)gs_rng_below(&rng, 8);
		if (err == GS_OK)
			err = s->put(t, GS_TABLE_BLOBS, (struct gs_bytes){&name, 1},
			             (struct gs_bytes){blob, gs_rng_below(&rng, sizeof(blob))}, error);
		if (err != GS_OK) {
			s->abort(t);
			return err;
		}
		if ((err = s->commit(t, error)) != GS_OK)
			return err;
	}
	return GS_OK;
}

static enum gs_err read_all(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint64_t *sum = context;
	for (size_t i = 0; i < value.len; i++)
		*sum += value.ptr[i] + key.ptr[0];
	return GS_OK;
}

/* In a child: opens what may be damaged and, if that is said to be fine, uses all of it. 0: refused; 1: used; 2: refused while
 * writing; more: something else. */
static int use_damaged(struct fixture *f)
{
	struct gs_store_db *db;
	uint64_t sum = 0;
	enum gs_err err = gs_store_open(f->dir, NULL, &db, &f->error);
	if (err != GS_OK)
		return err == GS_ECORRUPT || err == GS_EUNSUPPORTED ? 0 : 3;
	struct gs_store s = gs_store_port(db);
	struct gs_store_txn *t;
	if (s.begin(s.self, GS_STORE_READ, &t, NULL) != GS_OK)
		return 2;
	for (int table = 0; table < GS_TABLE_COUNT; table++)
		if (s.scan(t, (enum gs_table)table, text(""), GS_STORE_ASCENDING, read_all, &sum, NULL) != GS_OK)
			return 2;
	s.abort(t);
	err = put_many(&s, 77, &f->error);
	gs_store_close(db);
	return err == GS_OK ? 1 : 2;
}

/* Bytes go bad anywhere: opening says so, or all can be used; nothing dies. */
static void survives_bad_bytes(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	char path[128], good[136], command[400];
	struct gs_rng rng;
	struct stat st;
	int counts[3] = {0};
	assert_int_equal(put_many(&s, 1, &f->error), GS_OK);
	gs_store_close(db);
	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	snprintf(good, sizeof(good), "%s.good", path);
	snprintf(command, sizeof(command), "cp %s %s", path, good);
	assert_int_equal(system(command), 0);
	assert_int_equal(stat(good, &st), 0);
	gs_rng_seed(&rng, 9);
	for (int i = 0; i < 90; i++) {
		snprintf(command, sizeof(command), "cp %s %s", good, path);
		assert_int_equal(system(command), 0);
		int fd = open(path, O_WRONLY);
		uint8_t junk[4096];
		size_t len = i % 3 == 0 ? sizeof(junk) : 1 + gs_rng_below(&rng, 16);
		for (size_t j = 0; j < len; j++)
			junk[j] = (uint8_t)(i % 3 == 0 ? 0 : gs_rng_u64(&rng));
		/* A page, or the few bytes at the head of one, where LMDB's own fields are, or anywhere. */
		uint64_t at = gs_rng_below(&rng, (uint64_t)st.st_size / 4096) * 4096;
		if (i % 3 == 2)
			at += gs_rng_below(&rng, 4000);
		assert_int_equal(pwrite(fd, junk, len, (off_t)at), len);
		close(fd);
		pid_t child = fork();
		if (child == 0)
			_exit(use_damaged(f));
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 2)
			fail_msg("trial %d: %zu bytes at %llu: status %x", i, len, (unsigned long long)at,
			         (unsigned)status);
		counts[WEXITSTATUS(status)]++;
	}
	/* Most trials hit free pages or the inside of values; of the others hardly any are found only when they are written to. */
	assert_true(counts[0] > 10);
	assert_true(counts[2] < 5);
	unlink(good);
}

/* Another program's environment, and one of a later release. */
static void knows_its_own(void **state)
{
	struct fixture *f = *state;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	static const struct {
		const char *record, *says;
	} other[] = {
		{"gainsay\0\0\0\0\x63", "newer Gainsay (schema 99"},
		{"gainsay\0\0\0\0\2", "earlier protocol (schema 2"},
	};
	MDB_val key = {6, "format"}, value = {12, NULL};
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
	assert_int_equal(mdb_env_open(env, f->dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "accounts", MDB_CREATE, &dbi), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	assert_damaged(f, "not a Gainsay database");
	char path[128];
	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	assert_int_equal(unlink(path), 0);

	gs_store_close(open_db(f));
	for (size_t i = 0; i < GS_ARRAY_LEN(other); i++) {
		value.mv_data = (void *)other[i].record;
		assert_int_equal(mdb_env_create(&env), 0);
		assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
		assert_int_equal(mdb_env_open(env, f->dir, 0, 0600), 0);
		assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
		assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
		assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
		assert_int_equal(mdb_txn_commit(txn), 0);
		mdb_env_close(env);
		struct gs_store_db *db;
		assert_int_equal(gs_store_open(f->dir, NULL, &db, &f->error), GS_EUNSUPPORTED);
		assert_non_null(strstr(f->error.text, other[i].says));
	}
}

/* A file size limit stands for a full disk: write fails in the same place. */
static void survives_a_full_disk(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	uint8_t *block = calloc(1, 1 << 20);
	struct rlimit before, small = {512 * 1024, RLIM_INFINITY};
	assert_non_null(block);
	put_one(&s, GS_TABLE_META, "old", "kept");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct gs_store_txn *t = begin(&s, GS_STORE_WRITE);
	enum gs_err err = s.put(t, GS_TABLE_META, text("old"), text("lost"), &f->error);
	if (err == GS_OK)
		err = s.put(t, GS_TABLE_BLOBS, text("big"), (struct gs_bytes){block, 1 << 20}, &f->error);
	err = s.commit(t, &f->error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, GS_EIO);
	assert_non_null(strstr(f->error.text, "the disk failed or is full"));
	free(block);
	assert_has(&s, GS_TABLE_META, "old", "kept");
	put_one(&s, GS_TABLE_META, "old", "new"); /* and it works again */
	gs_store_close(db);
	db = open_db(f);
	s = gs_store_port(db);
	assert_has(&s, GS_TABLE_META, "old", "new");
	assert_has(&s, GS_TABLE_BLOBS, "big", NULL);
	gs_store_close(db);
}

/* A child writes pairs in two tables and dies at any moment: what it said was stored is there, and never half of a pair. */
static void survives_sudden_death(void **state)
{
	struct fixture *f = *state;
	int pipe_fds[2];
	assert_int_equal(pipe(pipe_fds), 0);
	for (int round = 0; round < 5; round++) {
		pid_t child = fork();
		if (child == 0) {
			struct gs_store_db *db;
			if (gs_store_open(f->dir, NULL, &db, NULL) != GS_OK)
				_exit(1);
			struct gs_store s = gs_store_port(db);
			for (uint32_t i = 0;; i++) {
				uint8_t key[4];
				gs_be32_write(key, (uint32_t)round << 24 | i);
				struct gs_bytes k = {key, 4};
				struct gs_store_txn *t;
				if (s.begin(s.self, GS_STORE_WRITE, &t, NULL) != GS_OK ||
				    s.put(t, GS_TABLE_INTENTS, k, k, NULL) != GS_OK ||
				    s.put(t, GS_TABLE_TXS, k, k, NULL) != GS_OK || s.commit(t, NULL) != GS_OK ||
				    write(pipe_fds[1], key, 4) != 4)
					_exit(1);
			}
		}
		uint8_t last[4];
		for (int i = 0; i < 20 + 7 * round; i++)
			assert_int_equal(read(pipe_fds[0], last, 4), 4);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
		while (read(pipe_fds[0], last, 4) == 4) {
		}
		fcntl(pipe_fds[0], F_SETFL, 0);
		struct gs_store_db *db = open_db(f);
		struct gs_store s = gs_store_port(db);
		struct gs_store_txn *t = begin(&s, GS_STORE_READ);
		uint32_t end = gs_be32_read(last) + 2;
		for (uint32_t i = (uint32_t)round << 24; i < end; i++) {
			uint8_t key[4];
			struct gs_bytes a, b, k = {key, 4};
			gs_be32_write(key, i);
			bool have_a = s.get(t, GS_TABLE_INTENTS, k, &a, NULL) == GS_OK,
			     have_b = s.get(t, GS_TABLE_TXS, k, &b, NULL) == GS_OK;
			assert_true(have_a == have_b);
			assert_true(have_a || i > gs_be32_read(last));
		}
		s.abort(t);
		gs_store_close(db);
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void *increment(void *context)
{
	const struct gs_store *s = context;
	for (int i = 0; i < 50; i++) {
		struct gs_store_txn *t;
		struct gs_bytes got;
		uint8_t n[4] = {0};
		if (s->begin(s->self, GS_STORE_WRITE, &t, NULL) != GS_OK)
			return context;
		if (s->get(t, GS_TABLE_META, text("n"), &got, NULL) == GS_OK)
			memcpy(n, got.ptr, 4);
		gs_be32_write(n, gs_be32_read(n) + 1);
		if (s->put(t, GS_TABLE_META, text("n"), (struct gs_bytes){n, 4}, NULL) != GS_OK ||
		    s->commit(t, NULL) != GS_OK)
			return context;
	}
	return NULL;
}

static void serves_threads(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	pthread_t threads[4];
	for (size_t i = 0; i < GS_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, increment, &s), 0);
	for (size_t i = 0; i < GS_ARRAY_LEN(threads); i++) {
		void *failed;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	struct gs_store_txn *t = begin(&s, GS_STORE_READ);
	struct gs_bytes got;
	assert_int_equal(s.get(t, GS_TABLE_META, text("n"), &got, NULL), GS_OK);
	assert_int_equal(gs_be32_read(got.ptr), 200);
	s.abort(t);
	gs_store_close(db);
}

static void backs_up(void **state)
{
	struct fixture *f = *state, copy = {0};
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	strcpy(copy.dir, "/tmp/gainsay-copy-XXXXXX");
	assert_non_null(mkdtemp(copy.dir));
	put_one(&s, GS_TABLE_AUDIT, "k", "v");
	assert_int_equal(gs_store_backup(db, copy.dir, &f->error), GS_ECONFLICT); /* is there already */
	assert_int_equal(rmdir(copy.dir), 0);
	assert_int_equal(gs_store_backup(db, copy.dir, &f->error), GS_OK);
	assert_int_equal(gs_store_backup(db, "/proc/nowhere", &f->error), GS_EIO);
	gs_store_close(db);
	db = open_db(&copy);
	s = gs_store_port(db);
	assert_has(&s, GS_TABLE_AUDIT, "k", "v");
	gs_store_close(db);
	struct fixture *owned = malloc(sizeof(*owned));
	assert_non_null(owned);
	*owned = copy;
	void *as_state = owned;
	tear_down(&as_state);
}

#define with_dir(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_dir(keeps_records),
		with_dir(is_atomic),
		with_dir(scans_in_order),
		with_dir(grows),
		with_dir(has_one_writer),
		with_dir(reads_only_what_is_there),
		with_dir(sees_damage),
		with_dir(survives_bad_bytes),
		with_dir(knows_its_own),
		with_dir(survives_a_full_disk),
		with_dir(survives_sudden_death),
		with_dir(serves_threads),
		with_dir(backs_up),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
