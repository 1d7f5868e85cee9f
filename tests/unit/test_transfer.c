/* A database as a file and back, copies of it, and files that were cut, changed or made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/core/rng.h"
#include "storage/transfer.h"

enum { RECORDS = 60, PATH_LEN = 128 };

struct fixture {
	char dir[64]; /* holds all that a test makes */
	char from[PATH_LEN], to[PATH_LEN];
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	strcpy(f->dir, "/tmp/gainsay-transfer-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->from, sizeof(f->from), "%s/from", f->dir);
	snprintf(f->to, sizeof(f->to), "%s/to", f->dir);
	*state = f;
	return 0;
}

/* Whatever a test leaves besides the two databases makes this fail. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	gs_store_remove(f->from);
	gs_store_remove(f->to);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static struct gs_store_db *open_at(struct fixture *f, const char *dir)
{
	struct gs_store_db *db;
	if (gs_store_open(dir, NULL, &db, &f->error) != GS_OK)
		fail_msg("%s", f->error.text);
	return db;
}

static void put(const struct gs_store *s, enum gs_table table, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_store_txn *t;
	assert_int_equal(s->begin(s->self, GS_STORE_WRITE, &t, NULL), GS_OK);
	assert_int_equal(s->put(t, table, key, value, NULL), GS_OK);
	assert_int_equal(s->commit(t, NULL), GS_OK);
}

/* Records of every size in every table. */
static struct gs_store_db *fill(struct fixture *f)
{
	static uint8_t bytes[1 << 17];
	struct gs_store_db *db = open_at(f, f->from);
	const struct gs_store s = gs_store_port(db);
	struct gs_rng rng;
	gs_rng_seed(&rng, 7);
	for (int i = 0; i < RECORDS; i++) {
		const size_t key = 1 + gs_rng_below(&rng, i % 7 ? 40 : GS_STORE_KEY_MAX - 1),
			     value = i % 9 == 0 ? sizeof(bytes) : gs_rng_below(&rng, 300) * (size_t)(i % 5 != 0);
		for (size_t j = 0; j < key + value && j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)gs_rng_u64(&rng);
		bytes[0] |= 0x80; /* not the format record */
		put(&s, (enum gs_table)(i % GS_TABLE_COUNT), (struct gs_bytes){bytes, key},
		    (struct gs_bytes){bytes + (value == sizeof(bytes) ? 0 : key), value});
	}
	return db;
}

static char *export(struct fixture *f, struct gs_store_db *db, enum gs_transfer_kind kind, size_t *len)
{
	char *text = NULL;
	const struct gs_store s = gs_store_port(db);
	struct gs_transfer_result r;
	FILE *file = open_memstream(&text, len);
	assert_non_null(file);
	if (gs_transfer_export(&s, kind, file, "export", &r, &f->error) != GS_OK)
		fail_msg("%s", f->error.text);
	assert_int_equal(fclose(file), 0);
	return text;
}

static enum gs_err create(struct fixture *f, const char *text, size_t len)
{
	struct gs_transfer_result r;
	FILE *file = fmemopen((void *)text, len, "rb");
	assert_non_null(file);
	enum gs_err err = gs_transfer_create(f->to, file, "export", &r, &f->error);
	fclose(file);
	return err;
}

static enum gs_err merge(struct fixture *f, struct gs_store_db *db, const char *text, uint64_t *fresh)
{
	struct gs_transfer_result r;
	const struct gs_store s = gs_store_port(db);
	FILE *file = fmemopen((void *)text, strlen(text), "rb");
	assert_non_null(file);
	enum gs_err err = gs_transfer_import(&s, GS_TRANSFER_MOVES, file, "moves", &r, &f->error);
	fclose(file);
	*fresh = r.fresh;
	return err;
}

static void goes_there_and_back(void **state)
{
	struct fixture *f = *state;
	size_t len, again_len;
	struct gs_store_db *db = fill(f);
	char *text = export(f, db, GS_TRANSFER_ALL, &len);
	gs_store_close(db);
	if (create(f, text, len) != GS_OK)
		fail_msg("%s", f->error.text);
	db = open_at(f, f->to);
	char *again = export(f, db, GS_TRANSFER_ALL, &again_len);
	gs_store_close(db);
	assert_int_equal(len, again_len);
	assert_memory_equal(text, again, len);
	assert_int_equal(create(f, text, len), GS_ECONFLICT); /* never over another one */
	free(text);
	free(again);
}

static void refuses_what_was_changed(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_at(f, f->from);
	const struct gs_store s = gs_store_port(db);
	struct stat st;
	size_t len;
	put(&s, GS_TABLE_CLAIMS, (struct gs_bytes){(const uint8_t *)"claim", 5},
	    (struct gs_bytes){(const uint8_t *)"value", 5});
	char *text = export(f, db, GS_TRANSFER_ALL, &len);
	gs_store_close(db);
	for (size_t at = 0; at < len; at++) {
		assert_int_not_equal(create(f, text, at ? at : 1), GS_OK); /* cut */
		for (int bit = 0; bit < 8; bit++) {
			text[at] = (char)(text[at] ^ (1 << bit));
			if (create(f, text, len) == GS_OK)
				fail_msg("byte %zu, bit %d: not noticed", at, bit);
			assert_non_null(strstr(f->error.text, "export"));
			text[at] = (char)(text[at] ^ (1 << bit));
		}
		assert_int_equal(stat(f->to, &st), -1);
	}
	assert_int_equal(create(f, text, len), GS_OK);
	free(text);
}

static void adds_moves(void **state)
{
	struct fixture *f = *state;
	struct gs_store_db *db = open_at(f, f->from), *other = open_at(f, f->to);
	const struct gs_store s = gs_store_port(db), o = gs_store_port(other);
	const struct gs_bytes first = {(const uint8_t *)"game1", 5}, second = {(const uint8_t *)"game2", 5},
			      answer = {(const uint8_t *)"answer", 6}, contrary = {(const uint8_t *)"reply", 5};
	struct gs_store_txn *t;
	struct gs_bytes got;
	uint64_t fresh;
	size_t len;
	put(&s, GS_TABLE_SIGNED_MOVES, first, answer);
	put(&s, GS_TABLE_SIGNED_MOVES, second, answer);
	put(&s, GS_TABLE_CLAIMS, first, answer);
	put(&o, GS_TABLE_SIGNED_MOVES, first, answer);
	char *text = export(f, db, GS_TRANSFER_MOVES, &len);
	assert_int_equal(merge(f, other, text, &fresh), GS_OK);
	assert_int_equal(fresh, 1);
	assert_int_equal(merge(f, other, text, &fresh), GS_OK);
	assert_int_equal(fresh, 0);
	assert_int_equal(o.begin(o.self, GS_STORE_READ, &t, NULL), GS_OK);
	assert_int_equal(o.get(t, GS_TABLE_SIGNED_MOVES, second, &got, NULL), GS_OK);
	assert_true(gs_bytes_equal(got, answer));
	assert_int_equal(o.get(t, GS_TABLE_CLAIMS, first, &got, NULL), GS_ENOTFOUND);
	o.abort(t);
	free(text);

	/* Another answer to one state: nothing of the file is taken. */
	put(&s, GS_TABLE_SIGNED_MOVES, second, contrary);
	put(&s, GS_TABLE_SIGNED_MOVES, (struct gs_bytes){(const uint8_t *)"game0", 5}, answer);
	text = export(f, db, GS_TRANSFER_MOVES, &len);
	assert_int_equal(merge(f, other, text, &fresh), GS_ECONFLICT);
	assert_non_null(strstr(f->error.text, "there is another record already"));
	assert_int_equal(o.begin(o.self, GS_STORE_READ, &t, NULL), GS_OK);
	assert_int_equal(o.get(t, GS_TABLE_SIGNED_MOVES, (struct gs_bytes){(const uint8_t *)"game0", 5}, &got, NULL),
	                 GS_ENOTFOUND);
	o.abort(t);
	free(text);
	gs_store_close(db);
	gs_store_close(other);
}

static void refuses_another_kind(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = {
		{"\n", "not an export"},
		{"gainsay-db-export 1 schema 3 kind all", "cut"},
		{"gainsay-db-export 1 schema 3 kind all\n", "cut"},
		{"gainsay-db-export 2 schema 3 kind all\n", "use the version that wrote it"},
		{"gainsay-db-export 1 schema 99 kind all\n", "use the version that wrote it"},
		{"gainsay-db-export 1 schema 3 kind moves\n", "holds moves, not all"},
		{"gainsay-db-export 1 schema 3 kind all \n", "not an export"},
		{"gainsay-db-export 01 schema 3 kind all\n", "not an export"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims\n", "not a record"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims 00\n", "not a record"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims  00\n", "not hex"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims 0 00\n", "not hex"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims 0x00 00\n", "not hex"},
		{"gainsay-db-export 1 schema 3 kind all\nclaims 00 0g\n", "not hex"},
		{"gainsay-db-export 1 schema 3 kind all\nclams 00 00\n", "no schema has"},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		assert_int_not_equal(create(f, bad[i][0], strlen(bad[i][0])), GS_OK);
		if (!strstr(f->error.text, bad[i][1]))
			fail_msg("%zu: %s", i, f->error.text);
	}
}

static void shrinks(void **state)
{
	struct fixture *f = *state;
	size_t len, again_len;
	struct gs_store_stat st;
	struct stat before, after;
	char path[PATH_LEN + 16];
	struct gs_store_db *db = fill(f);
	const struct gs_store s = gs_store_port(db);
	static uint8_t big[1 << 20];
	put(&s, GS_TABLE_BLOBS, (struct gs_bytes){(const uint8_t *)"big", 3}, (struct gs_bytes){big, sizeof(big)});
	struct gs_store_txn *t;
	assert_int_equal(s.begin(s.self, GS_STORE_WRITE, &t, NULL), GS_OK);
	assert_int_equal(s.del(t, GS_TABLE_BLOBS, (struct gs_bytes){(const uint8_t *)"big", 3}, NULL), GS_OK);
	assert_int_equal(s.commit(t, NULL), GS_OK);
	char *text = export(f, db, GS_TRANSFER_ALL, &len);
	assert_int_equal(gs_store_stat(db, GS_TABLE_CLAIMS, &st, &f->error), GS_OK);
	assert_int_equal(st.records, (RECORDS - GS_TABLE_CLAIMS + GS_TABLE_COUNT - 1) / GS_TABLE_COUNT);
	assert_int_equal(gs_store_compact(f->from, &f->error), GS_ECONFLICT); /* somebody has it open */
	gs_store_close(db);
	snprintf(path, sizeof(path), "%s/data.mdb", f->from);
	assert_int_equal(stat(path, &before), 0);
	if (gs_store_compact(f->from, &f->error) != GS_OK)
		fail_msg("%s", f->error.text);
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size + (1 << 20) <= before.st_size);
	db = open_at(f, f->from);
	char *again = export(f, db, GS_TRANSFER_ALL, &again_len);
	gs_store_close(db);
	assert_int_equal(len, again_len);
	assert_memory_equal(text, again, len);
	assert_int_equal(gs_store_compact(f->to, &f->error), GS_ENOTFOUND);
	free(text);
	free(again);
}

#define with_dir(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_dir(goes_there_and_back),
		with_dir(refuses_what_was_changed),
		with_dir(adds_moves),
		with_dir(refuses_another_kind),
		with_dir(shrinks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
