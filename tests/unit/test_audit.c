/* The audit log: what is appended holds, whatever is changed in it afterwards is found, and pruning leaves it verifiable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "storage/store.h"
#include "storage/transfer.h"
#include "validator/node/audit.h"

enum { RECORDS_MAX = 8192, BYTES_MAX = 600 };

struct fixture {
	char dir[64], db_dir[80], copy_dir[80];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_error error;
};

static void open_db(struct fixture *f)
{
	assert_int_equal(gs_store_open(f->db_dir, NULL, &f->db, &f->error), GS_OK);
	f->store = gs_store_port(f->db);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/gainsay-audit-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->db_dir, sizeof(f->db_dir), "%s/db", f->dir);
	snprintf(f->copy_dir, sizeof(f->copy_dir), "%s/copy", f->dir);
	open_db(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char path[96];

	gs_store_close(f->db);
	gs_store_remove(f->db_dir);
	gs_store_remove(f->copy_dir);
	snprintf(path, sizeof(path), "%s/export", f->dir);
	(void)remove(path);
	assert_int_equal(remove(f->dir), 0);
	free(f);
	return 0;
}

static struct gs_hash hash_of(uint64_t n)
{
	struct gs_hash h;

	gs_keccak256(&n, sizeof(n), &h);
	return h;
}

/* Entries from..to (numbers in the log), one transaction. */
static void append(struct fixture *f, uint64_t from, uint64_t to)
{
	struct gs_journal j;

	assert_int_equal(gs_journal_begin(&f->store, 7, &j, &f->error), GS_OK);
	for (uint64_t i = from; i <= to; i++) {
		const struct gs_hash about = hash_of(i / 3), digest = hash_of(i);
		j.now.unix_s = 1000 + i;
		assert_int_equal(gs_audit_append(&j, i % 2 ? GS_AUDIT_SAMPLED : GS_AUDIT_VERDICT, &about, &digest,
		                                 i % 2 ? "execute by draw" : "valid"),
		                 GS_OK);
	}
	assert_int_equal(gs_journal_commit(&j), GS_OK);
}

static void prune(struct fixture *f, uint64_t before_s)
{
	struct gs_journal j;

	assert_int_equal(gs_journal_begin(&f->store, 7, &j, &f->error), GS_OK);
	j.now.unix_s = before_s + 5000;
	assert_int_equal(gs_audit_prune(&j, (struct gs_time){before_s}), GS_OK);
	assert_int_equal(gs_journal_commit(&j), GS_OK);
}

static struct gs_audit_checked check(const struct gs_store *store)
{
	struct gs_audit_checked out;
	struct gs_store_txn *txn;

	assert_int_equal(store->begin(store->self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(gs_audit_check(store, txn, &out, NULL), GS_OK);
	store->abort(txn);
	return out;
}

/* --- the records of the log, as bytes --- */

struct record {
	uint8_t key[16], value[BYTES_MAX];
	size_t key_len, value_len;
};
struct records {
	struct record *record;
	size_t count;
};

static enum gs_err keep(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct records *r = context;
	struct record *one = &r->record[r->count++];

	assert_true(r->count <= RECORDS_MAX && key.len <= sizeof(one->key) && value.len <= sizeof(one->value));
	memcpy(one->key, key.ptr, one->key_len = key.len);
	memcpy(one->value, value.ptr, one->value_len = value.len);
	return GS_OK;
}

static struct records all_of(const struct gs_store *store)
{
	struct records r = {.record = calloc(RECORDS_MAX, sizeof(*r.record))};
	struct gs_store_txn *txn;

	assert_non_null(r.record);
	assert_int_equal(store->begin(store->self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(
		store->scan(txn, GS_TABLE_AUDIT, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, keep, &r, NULL),
		GS_OK);
	store->abort(txn);
	return r;
}

/* What the check says of the log with one record replaced (NULL: removed); nothing is stored. */
static struct gs_audit_checked check_changed(const struct gs_store *store, const struct record *old,
                                             const struct record *new)
{
	struct gs_audit_checked out;
	struct gs_store_txn *txn;

	assert_int_equal(store->begin(store->self, GS_STORE_WRITE, &txn, NULL), GS_OK);
	if (old)
		assert_int_equal(store->del(txn, GS_TABLE_AUDIT, (struct gs_bytes){old->key, old->key_len}, NULL),
		                 GS_OK);
	if (new)
		assert_int_equal(store->put(txn, GS_TABLE_AUDIT, (struct gs_bytes){new->key, new->key_len},
		                            (struct gs_bytes){new->value, new->value_len}, NULL),
		                 GS_OK);
	assert_int_equal(gs_audit_check(store, txn, &out, NULL), GS_OK);
	store->abort(txn);
	return out;
}

static void must_not_hold(const struct gs_audit_checked *c, const struct record *r, const char *what)
{
	const bool entry = r->key[0] == 'e' && r->key_len == GS_AUDIT_KEY;

	if (c->holds || !c->why[0])
		fail_msg("%s of record %c: not found", what, r->key[0]);
	/* The entry itself, or the first that follows what is missing. */
	if (entry && c->wrong != gs_be64_read(r->key + 1))
		fail_msg("%s of entry %llu: said to be in entry %llu (%s)", what,
		         (unsigned long long)gs_be64_read(r->key + 1), (unsigned long long)c->wrong, c->why);
}

static void expect_all_found(struct fixture *f)
{
	struct records r = all_of(&f->store);

	for (size_t i = 0; i < r.count; i++) {
		const struct record *old = &r.record[i];
		struct gs_audit_checked c = check_changed(&f->store, old, NULL);
		must_not_hold(&c, old, "loss");
		for (size_t at = 0; at < old->value_len; at++) {
			struct record new = *old;
			new.value[at] ^= (uint8_t)(1u << (at + i) % 8);
			c = check_changed(&f->store, old, &new);
			must_not_hold(&c, old, "a changed byte");
		}
		for (size_t at = 0; at < old->key_len; at++) {
			struct record new = *old;
			new.key[at] ^= (uint8_t)(1u << (at + i) % 8);
			c = check_changed(&f->store, old, &new);
			assert_false(c.holds);
		}
		struct record longer = *old, shorter = *old;
		longer.value[longer.value_len++] = 0;
		shorter.value_len--;
		c = check_changed(&f->store, old, &longer);
		must_not_hold(&c, old, "a byte more");
		c = check_changed(&f->store, old, &shorter);
		must_not_hold(&c, old, "a byte less");
	}
	free(r.record);
}

/* --- tests --- */

static void an_empty_log_holds(void **state)
{
	struct fixture *f = *state;
	const struct gs_audit_checked c = check(&f->store);

	assert_true(c.holds);
	assert_int_equal(c.head.count, 0);
	assert_int_equal(c.head.first, 1);
}

/* The hash of entry 3 by the formula of the header alone. */
static void hashes_as_it_says(void **state)
{
	struct fixture *f = *state;
	struct gs_hash hash[5] = {{{0}}}, digest;
	struct gs_store_txn *txn;
	struct gs_bytes bytes;
	struct gs_audit_head head;

	append(f, 1, 4);
	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	for (unsigned i = 1; i <= 4; i++) {
		uint8_t text[15 + 8 + 3 * 32] = "gainsay audit 1";
		struct gs_hash stored, expected;
		text[22] = (uint8_t)i;
		assert_int_equal(gs_audit_at(&f->store, txn, i, &bytes, &stored, NULL), GS_OK);
		gs_keccak256(bytes.ptr, bytes.len, &digest);
		memcpy(text + 23, hash[i - 1].b, 32);
		memcpy(text + 55, hash[i & (i - 1)].b, 32);
		memcpy(text + 87, digest.b, 32);
		gs_keccak256(text, sizeof(text), &expected);
		assert_true(gs_hash_equal(&expected, &stored));
		hash[i] = stored;
	}
	assert_int_equal(gs_audit_head(&f->store, txn, &head, NULL), GS_OK);
	assert_true(head.count == 4 && gs_hash_equal(&head.hash, &hash[4]));
	f->store.abort(txn);
}

static void finds_every_change(void **state)
{
	struct fixture *f = *state;

	append(f, 1, 40);
	append(f, 41, 70);
	assert_true(check(&f->store).holds);
	assert_int_equal(check(&f->store).head.count, 70);
	expect_all_found(f);
}

/* Two entries that change places, each with its own number put right, do not hold either; nor does one written again with other words. */
static void finds_what_was_written_again(void **state)
{
	struct fixture *f = *state;
	struct gs_audit_entry entry;
	struct gs_hash hash, digest, zero = {{0}}, before;
	struct gs_store_txn *txn;
	struct gs_bytes bytes;
	struct gs_buf value;
	uint8_t key[GS_AUDIT_KEY] = {'e'};
	struct gs_audit_checked c;

	append(f, 1, 9);
	assert_int_equal(f->store.begin(f->store.self, GS_STORE_WRITE, &txn, NULL), GS_OK);
	assert_int_equal(gs_audit_at(&f->store, txn, 5, &bytes, &hash, NULL), GS_OK);
	assert_int_equal(gs_audit_decode(5, bytes, &entry), GS_OK);
	strcpy(entry.what, "leave by not_drawn");
	gs_buf_init(&value, 1024);
	gs_buf_append(&value, zero.b, 32);
	gs_audit_encode(&entry, &value);
	gs_keccak256(value.ptr + 32, value.len - 32, &digest);
	assert_int_equal(gs_audit_hash_at(&f->store, txn, 4, &before, NULL), GS_OK);
	gs_audit_link(5, &before, &before, &digest, &hash);
	memcpy(value.ptr, hash.b, 32);
	gs_be64_write(key + 1, 5);
	assert_int_equal(
		f->store.put(txn, GS_TABLE_AUDIT, (struct gs_bytes){key, sizeof(key)}, gs_buf_view(&value), NULL),
		GS_OK);
	assert_int_equal(gs_audit_check(&f->store, txn, &c, NULL), GS_OK);
	assert_false(c.holds);
	assert_int_equal(c.wrong, 6); /* the first that was made from the entry as it was */
	f->store.abort(txn);
	gs_buf_free(&value);
}

static void pruning_keeps_it_verifiable(void **state)
{
	struct fixture *f = *state;
	struct gs_hash hash;
	struct gs_store_txn *txn;
	struct gs_bytes bytes;

	append(f, 1, 1023);
	prune(f, 1 << 20); /* fewer than are pruned at once */
	assert_int_equal(check(&f->store).head.count, 1023);
	append(f, 1024, 3000);
	prune(f, 1000 + 1024); /* the 1024th is not older */
	assert_int_equal(check(&f->store).head.first, 1);
	prune(f, 1000 + 1025);
	assert_true(check(&f->store).holds);
	assert_int_equal(check(&f->store).head.first, 1025);
	assert_int_equal(check(&f->store).head.count, 3001);
	append(f, 3002, 3010);
	assert_true(check(&f->store).holds);
	prune(f, 1 << 20);
	assert_true(check(&f->store).holds);
	assert_int_equal(check(&f->store).head.first, 2049);
	append(f, 3012, 4200); /* over the numbers whose second link leads to pruned entries */
	assert_true(check(&f->store).holds);
	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(gs_audit_at(&f->store, txn, 2048, &bytes, &hash, NULL), GS_ENOTFOUND);
	assert_int_equal(gs_audit_hash_at(&f->store, txn, 2048, &hash, NULL), GS_OK);
	f->store.abort(txn);
}

/* Few entries behind a pruning, so that every byte of what is left can be tried. */
static void finds_every_change_after_pruning(void **state)
{
	struct fixture *f = *state;

	append(f, 1, 1024 + 20);
	prune(f, 1000 + 1025);
	append(f, 1024 + 22, 1024 + 30);
	assert_int_equal(check(&f->store).head.first, 1025);
	assert_true(check(&f->store).holds);
	expect_all_found(f);
}

static void copies_keep_it(void **state)
{
	struct fixture *f = *state;
	struct gs_transfer_result result;
	struct gs_store_db *copy;
	char path[96];
	FILE *file;

	append(f, 1, 1100);
	prune(f, 1000 + 1025);
	const struct gs_audit_checked before = check(&f->store);
	assert_int_equal(gs_store_backup(f->db, f->copy_dir, &f->error), GS_OK);
	assert_int_equal(gs_store_open(f->copy_dir, NULL, &copy, &f->error), GS_OK);
	struct gs_store port = gs_store_port(copy);
	struct gs_audit_checked after = check(&port);
	assert_true(after.holds && gs_hash_equal(&after.head.hash, &before.head.hash));
	gs_store_close(copy);
	gs_store_remove(f->copy_dir);

	snprintf(path, sizeof(path), "%s/export", f->dir);
	file = fopen(path, "w+e");
	assert_non_null(file);
	assert_int_equal(gs_transfer_export(&f->store, GS_TRANSFER_ALL, file, path, &result, &f->error), GS_OK);
	rewind(file);
	assert_int_equal(gs_transfer_create(f->copy_dir, file, path, &result, &f->error), GS_OK);
	fclose(file);
	assert_int_equal(gs_store_open(f->copy_dir, NULL, &copy, &f->error), GS_OK);
	port = gs_store_port(copy);
	after = check(&port);
	assert_true(after.holds && gs_hash_equal(&after.head.hash, &before.head.hash));
	assert_int_equal(after.head.first, before.head.first);
	gs_store_close(copy);
}

/* What a step that failed has appended is not there, and the next one goes on behind what is. */
static void an_aborted_step_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct gs_journal j;
	const struct gs_hash about = hash_of(1);

	append(f, 1, 3);
	assert_int_equal(gs_journal_begin(&f->store, 7, &j, &f->error), GS_OK);
	assert_int_equal(gs_audit_append(&j, GS_AUDIT_SAW, &about, NULL, "lost"), GS_OK);
	gs_journal_abort(&j);
	append(f, 4, 5);
	assert_true(check(&f->store).holds);
	assert_int_equal(check(&f->store).head.count, 5);
}

/* From any entry down to any other: every step is one of the two links, and there are few. */
static void ways_are_short(void **state)
{
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 1);
	for (unsigned n = 0; n < 20000; n++) {
		const uint64_t from = 1 + gs_rng_below(&rng, UINT64_C(1) << 40), to = gs_rng_below(&rng, from);
		unsigned steps = 0;
		for (uint64_t at = from; at != to; steps++) {
			const uint64_t next = gs_audit_step(at, to);
			assert_true(next >= to && (next == at - 1 || next == gs_audit_skip(at)));
			at = next;
		}
		assert_true(steps <= 40 * 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_log_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hashes_as_it_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_every_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_what_was_written_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pruning_keeps_it_verifiable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_every_change_after_pruning, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_keep_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_aborted_step_leaves_nothing, set_up, tear_down),
		cmocka_unit_test(ways_are_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
