/* How much of a database is looked at when it is opened, and by whom the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "storage/check.h"
#include "storage/store.h"

struct fixture {
	char dir[64];
	struct gs_error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/gainsay-check.XXXXXX");
	*state = f;
	return mkdtemp(f->dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gs_store_remove(f->dir);
	free(f);
	return 0;
}

static struct gs_store_db *open_db(struct fixture *f)
{
	struct gs_store_db *db;

	if (gs_store_open(f->dir, NULL, &db, &f->error))
		fail_msg("%s", f->error.text);
	return db;
}

static void assert_refused(struct fixture *f)
{
	struct gs_store_db *db;

	assert_int_equal(gs_store_open(f->dir, NULL, &db, &f->error), GS_ECORRUPT);
	assert_null(db);
	if (!strstr(f->error.text, "restore it from a backup") || strchr(f->error.text, '\n'))
		fail_msg("'%s' does not say what to do", f->error.text);
}

/* The page that holds this text, made another one. */
static void spoil_page_of(struct fixture *f, const char *text_in_it, bool undo)
{
	static uint8_t kept[4096];
	static long at;
	char path[128];
	uint8_t page[4096];
	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	if (!undo) {
		long found = -1;
		for (long n = 0; fread(page, sizeof(page), 1, file) == 1; n++)
			if (n >= 2 && memmem(page, sizeof(page), text_in_it, strlen(text_in_it))) {
				found = n;
				memcpy(kept, page, sizeof(kept));
			}
		assert_true(found >= 0);
		at = found * (long)sizeof(page);
		memset(page, 0x77, sizeof(page));
	} else {
		memcpy(page, kept, sizeof(page));
	}
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(page, sizeof(page), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

/* Opening looks at both ends of a large table, a whole look at all of it. */
static void looks_at_the_ends(void **state)
{
	enum { RECORDS = 20 * GS_STORE_CHECK_RECORDS };
	static const struct {
		int record;
		bool opens;
	} spoilt[] = {{0, false}, {RECORDS - 1, false}, {RECORDS / 2, true}};
	struct fixture *f = *state;
	struct gs_store_db *db = open_db(f);
	struct gs_store s = gs_store_port(db);
	struct gs_store_txn *t;
	char name[64];
	assert_int_equal(s.begin(s.self, GS_STORE_WRITE, &t, NULL), GS_OK);
	for (int i = 0; i < RECORDS; i++) {
		uint8_t key[4];
		gs_be32_write(key, (uint32_t)i);
		snprintf(name, sizeof(name), "<record %d> and some more bytes", i);
		assert_int_equal(s.put(t, GS_TABLE_CLAIMS, (struct gs_bytes){key, 4},
		                       (struct gs_bytes){(const uint8_t *)name, strlen(name)}, NULL),
		                 GS_OK);
	}
	assert_int_equal(s.commit(t, NULL), GS_OK);
	gs_store_close(db);
	assert_int_equal(gs_store_check(f->dir, true, GS_STORE_CHECK_ALL, NULL), GS_OK);
	for (size_t i = 0; i < GS_ARRAY_LEN(spoilt); i++) {
		snprintf(name, sizeof(name), "<record %d>", spoilt[i].record);
		spoil_page_of(f, name, false);
		assert_int_equal(gs_store_check(f->dir, true, GS_STORE_CHECK_ALL, &f->error), GS_ECORRUPT);
		assert_int_equal(gs_store_check(f->dir, true, GS_STORE_CHECK_ENDS, NULL),
		                 spoilt[i].opens ? GS_OK : GS_ECORRUPT);
		if (!spoilt[i].opens)
			assert_refused(f);
		assert_int_equal(gs_store_compact(f->dir, &f->error), GS_ECORRUPT); /* and dies of nothing */
		spoil_page_of(f, name, true);
	}
	gs_store_close(open_db(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(looks_at_the_ends, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
