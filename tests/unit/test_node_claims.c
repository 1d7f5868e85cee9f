/* How claims lie in the database: numbers, the index from ids to them over more than one run, ids that begin alike, what a
 * reorganisation takes back, and claims that earlier versions stored under their ids. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "storage/store.h"
#include "validator/node/facts_record.h"

enum { RUN = 1 << 16, LINE_MAX_LEN = 1 << 20 };

struct fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_journal j;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/gs_claims_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, NULL), GS_OK);
	f->store = gs_store_port(f->db);
	assert_int_equal(gs_journal_begin(&f->store, 0, &f->j, NULL), GS_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gs_journal_abort(&f->j);
	gs_store_close(f->db);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct gs_hash id_of(uint64_t claim)
{
	uint8_t bytes[8];
	struct gs_hash id;

	gs_be64_write(bytes, claim);
	gs_keccak256(bytes, sizeof(bytes), &id);
	return id;
}

static struct gs_claim claim_of(const struct gs_hash *id, uint64_t block)
{
	struct gs_claim claim = {.id = *id, .block = block, .status = GS_CLAIM_OPEN};

	claim.bond = gs_wei_from_u64(block * 3);
	claim.body.input_root = *id;
	return claim;
}

static void post(struct fixture *f, const struct gs_hash *id, uint64_t block)
{
	struct gs_claim claim = claim_of(id, block);
	const struct gs_bytes input = {id->b, 5}, output = {id->b + 5, block % 7};

	assert_int_equal(gs_facts_post_claim(&f->j, &claim, input, output), GS_OK);
}

static void expect(struct fixture *f, const struct gs_hash *id, uint64_t number, uint64_t block)
{
	struct gs_claim claim;
	struct gs_buf array;

	assert_int_equal(gs_facts_claim(&f->j, id, &claim), GS_OK);
	assert_true(gs_hash_equal(&claim.id, id) && gs_hash_equal(&claim.body.input_root, id));
	assert_int_equal(claim.number, number);
	assert_int_equal(claim.block, block);
	assert_int_equal(claim.bond.v.limb[0], block * 3);
	gs_buf_init(&array, 64);
	assert_int_equal(gs_facts_input(&f->j, id, &array), GS_OK);
	assert_true(gs_bytes_equal(gs_buf_view(&array), (struct gs_bytes){id->b, 5}));
	array.len = 0;
	assert_int_equal(gs_facts_output(&f->j, id, &array), GS_OK);
	assert_true(gs_bytes_equal(gs_buf_view(&array), (struct gs_bytes){id->b + 5, block % 7}));
	gs_buf_free(&array);
}

static void finds_claims_of_every_run(void **state)
{
	enum { COUNT = RUN + RUN / 2 };
	struct fixture *f = *state;
	struct gs_hash id, unknown = id_of(COUNT + 1);
	struct gs_claim claim;

	f->j.stays = true;
	for (uint64_t i = 1; i <= COUNT; i++) {
		id = id_of(i);
		post(f, &id, i);
	}
	assert_int_equal(gs_journal_commit(&f->j), GS_OK);
	assert_int_equal(gs_journal_begin(&f->store, 0, &f->j, NULL), GS_OK);
	for (uint64_t i = 1; i <= COUNT; i += i < RUN - 20 || i > RUN + 20 ? 97 : 1) {
		id = id_of(i);
		expect(f, &id, i, i);
	}
	assert_int_equal(gs_facts_claim(&f->j, &unknown, &claim), GS_ENOTFOUND);

	id = id_of(7); /* changes stay where the claim is */
	assert_int_equal(gs_facts_claim(&f->j, &id, &claim), GS_OK);
	claim.status = GS_CLAIM_FINAL;
	claim.settled.unix_s = 12345;
	assert_int_equal(gs_facts_put_claim(&f->j, &claim), GS_OK);
	expect(f, &id, 7, 7);
	assert_int_equal(gs_facts_claim(&f->j, &id, &claim), GS_OK);
	assert_true(claim.status == GS_CLAIM_FINAL && claim.settled.unix_s == 12345);
	post(f, &unknown, COUNT + 1);
	expect(f, &unknown, COUNT + 1, COUNT + 1);
}

static void tells_ids_that_begin_alike_apart(void **state)
{
	struct fixture *f = *state;
	struct gs_hash id[40], unknown;
	struct gs_claim claim;

	for (uint64_t i = 0; i < GS_ARRAY_LEN(id); i++) {
		id[i] = id_of(1);
		memset(id[i].b, i % 2 ? 0x00 : 0xab, 16); /* an id of zeros could be taken for a number */
		id[i].b[31] = (uint8_t)i;
		post(f, &id[i], i);
	}
	for (uint64_t i = 0; i < GS_ARRAY_LEN(id); i++)
		expect(f, &id[i], i + 1, i);
	unknown = id[0];
	unknown.b[30] ^= 1;
	assert_int_equal(gs_facts_claim(&f->j, &unknown, &claim), GS_ENOTFOUND);
	claim = claim_of(&id[3], 9);
	assert_int_equal(gs_facts_post_claim(&f->j, &claim, (struct gs_bytes){NULL, 0}, (struct gs_bytes){NULL, 0}),
	                 GS_ECORRUPT); /* posted twice */
}

static void take_block(struct fixture *f, uint64_t number, uint8_t branch, struct gs_hash *parent)
{
	struct gs_head head = {.number = number, .parent = *parent, .time = {1000 + number}};

	head.hash.b[0] = branch;
	head.hash.b[31] = (uint8_t)number;
	assert_int_equal(gs_journal_advance(&f->j, &head), GS_OK);
	*parent = head.hash;
}

/* What a branch that is gone has posted leaves no number behind. */
static void takes_back_numbers(void **state)
{
	struct fixture *f = *state;
	struct gs_hash parent = {{0}}, id[3] = {id_of(1), id_of(2), id_of(3)};
	struct gs_claim claim;

	take_block(f, 10, 'a', &parent);
	post(f, &id[0], 10);
	for (int again = 0; again < 3; again++) {
		struct gs_hash stem = parent;
		take_block(f, 11, (uint8_t)('b' + again), &stem);
		post(f, &id[1 + again % 2], 11);
		expect(f, &id[1 + again % 2], 2, 11);
		assert_int_equal(gs_journal_rewind(&f->j), GS_OK);
		assert_int_equal(gs_facts_claim(&f->j, &id[1 + again % 2], &claim), GS_ENOTFOUND);
		expect(f, &id[0], 1, 10);
	}
}

/* --- claims as schema 3 stored them --- */

static unsigned load_old(struct fixture *f, struct gs_hash *ids, unsigned max)
{
	static const char kept[] = "claims ", blobs[] = "blobs ";
	static char line[LINE_MAX_LEN];
	static uint8_t key[GS_STORE_KEY_MAX], value[LINE_MAX_LEN / 2];
	FILE *file = fopen("tests/data/database-schema-3.txt", "r");
	unsigned count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const bool claim = strncmp(line, kept, sizeof(kept) - 1) == 0;
		if (!claim && strncmp(line, blobs, sizeof(blobs) - 1) != 0)
			continue;
		const char *first = strchr(line, ' ') + 1, *second = strchr(first, ' ') + 1;
		const size_t key_hex = (size_t)(second - first - 1), value_hex = strcspn(second, "\n");
		assert_int_equal(gs_hex_decode(first, key_hex, key, key_hex / 2), GS_OK);
		assert_int_equal(gs_hex_decode(second, value_hex, value, value_hex / 2), GS_OK);
		assert_int_equal(gs_journal_put(&f->j, claim ? GS_TABLE_CLAIMS : GS_TABLE_BLOBS,
		                                (struct gs_bytes){key, key_hex / 2},
		                                (struct gs_bytes){value, value_hex / 2}),
		                 GS_OK);
		if (!claim)
			continue;
		assert_true(count < max && key_hex == 64);
		memcpy(ids[count++].b, key, 32);
	}
	fclose(file);
	return count;
}

static void finds_claims_under_their_ids(void **state)
{
	struct fixture *f = *state;
	struct gs_hash ids[64], other = id_of(1);
	const unsigned count = load_old(f, ids, GS_ARRAY_LEN(ids));
	struct gs_claim claim, again;
	struct gs_buf array;

	assert_true(count >= 2);
	gs_buf_init(&array, 1 << 20);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(gs_facts_claim(&f->j, &ids[i], &claim), GS_OK);
		assert_int_equal(claim.number, 0);
		assert_true(gs_hash_equal(&claim.id, &ids[i]) && claim.block > 0 && claim.window_end.unix_s > 0);
		assert_int_equal(gs_facts_input(&f->j, &ids[i], &array), GS_OK);
		assert_int_equal(gs_facts_output(&f->j, &ids[i], &array), GS_OK);

		claim.status = GS_CLAIM_VOID; /* written in today's form, where it is */
		assert_int_equal(gs_facts_put_claim(&f->j, &claim), GS_OK);
		assert_int_equal(gs_facts_claim(&f->j, &ids[i], &again), GS_OK);
		assert_memory_equal(&claim, &again, sizeof(claim));
		post(f, &other, i); /* new ones are numbered beside them */
		expect(f, &other, i + 1, i);
		other = id_of(2 + i);
	}
	assert_true(array.len > 0);
	gs_buf_free(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_claims_of_every_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_ids_that_begin_alike_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_back_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_claims_under_their_ids, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
