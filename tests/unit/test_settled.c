/* What OpenGradient settled, in the store: leaves that come again are the same ones whatever order settlements are looked at in, and blocks that are taken back leave the records as they were. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "storage/store.h"
#include "validator/node/settled.h"

enum { SETTLEMENTS = 12, LEAVES = 6, KINDS_OF_LEAVES = 30, ROUNDS = 40, FIRST_BLOCK = 100 };

struct fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_error error;
	struct gs_rng rng;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/gainsay-settled.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, &f->error), GS_OK);
	f->store = gs_store_port(f->db);
	gs_rng_seed(&f->rng, 7);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gs_store_close(f->db);
	gs_store_remove(f->dir);
	remove(f->dir);
	free(f);
	return 0;
}

static struct gs_registry_place place_of(size_t i)
{
	return (struct gs_registry_place){FIRST_BLOCK + i / 2, (uint32_t)(i % 2)};
}

/* A hash over a table's records, in order. */
static enum gs_err hash_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct gs_keccak *k = context;
	uint8_t len[8];

	gs_be64_write(len, key.len);
	gs_keccak_update(k, len, sizeof(len));
	gs_keccak_update(k, key.ptr, key.len);
	gs_be64_write(len, value.len);
	gs_keccak_update(k, len, sizeof(len));
	gs_keccak_update(k, value.ptr, value.len);
	return GS_OK;
}

static struct gs_hash hash_of_all(struct gs_journal *j)
{
	static const enum gs_table table[] = {GS_TABLE_REGISTRY, GS_TABLE_TEES, GS_TABLE_SETTLEMENTS,
	                                      GS_TABLE_SETTLED_LEAVES, GS_TABLE_SETTLED_HASHES};
	struct gs_keccak k;
	struct gs_hash out;

	gs_keccak_init(&k);
	for (size_t i = 0; i < GS_ARRAY_LEN(table); i++)
		assert_int_equal(j->store->scan(j->txn, table[i], (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
		                                hash_record, &k, NULL),
		                 GS_OK);
	gs_keccak_final(&k, &out);
	return out;
}

/* As the audit does: each leaf in its order, then the settlement. */
static void look(struct gs_journal *j, size_t i, const uint8_t leaf[LEAVES])
{
	struct gs_settled s = {.at = place_of(i), .looked = true, .leaves = LEAVES};

	for (uint32_t n = 0; n < LEAVES; n++) {
		struct gs_settled_leaf stored = {.index = n, .hash = {{leaf[n] + 1}}};
		bool again;
		assert_int_equal(gs_settled_claim_hash(j, &stored.hash, s.at, n, &again), GS_OK);
		stored.finding = again ? GS_FINDING_DUPLICATE : GS_FINDING_VALID;
		s.count[stored.finding]++;
		assert_int_equal(gs_settled_put_leaf(j, s.at, &stored), GS_OK);
	}
	assert_int_equal(gs_settled_put(j, &s), GS_OK);
}

static void waits(struct gs_journal *j, size_t i)
{
	const struct gs_settled s = {.at = place_of(i)};

	assert_int_equal(gs_settled_put(j, &s), GS_OK);
}

static enum gs_err count_again(void *context, const struct gs_settled_leaf *leaf)
{
	size_t *again = context;

	*again += leaf->finding == GS_FINDING_DUPLICATE;
	return GS_OK;
}

/* The counts of a settlement are those of its leaves. */
static enum gs_err counts_fit(void *context, const struct gs_settled *s)
{
	struct gs_journal *j = context;
	size_t again = 0;

	assert_int_equal(gs_settled_each_leaf(j, s->at, count_again, &again), GS_OK);
	assert_int_equal(s->count[GS_FINDING_DUPLICATE], again);
	assert_int_equal(s->count[GS_FINDING_VALID], LEAVES - again);
	return GS_OK;
}

static void order_does_not_matter(void **state)
{
	struct fixture *f = *state;
	uint8_t leaf[SETTLEMENTS][LEAVES];

	for (int round = 0; round < ROUNDS; round++) {
		struct gs_hash in_order, drawn;
		size_t order[SETTLEMENTS], again = 0;
		struct gs_journal j;

		for (size_t i = 0; i < SETTLEMENTS; i++) {
			order[i] = i;
			for (size_t n = 0; n < LEAVES; n++)
				leaf[i][n] = (uint8_t)gs_rng_below(&f->rng, KINDS_OF_LEAVES);
		}
		for (size_t i = SETTLEMENTS; i > 1; i--) {
			const size_t k = (size_t)gs_rng_below(&f->rng, i), kept = order[i - 1];
			order[i - 1] = order[k];
			order[k] = kept;
		}
		for (int shuffled = 0; shuffled < 2; shuffled++) {
			assert_int_equal(gs_journal_begin(&f->store, 0, &j, &f->error), GS_OK);
			j.stays = true;
			for (size_t i = 0; i < SETTLEMENTS; i++)
				look(&j, shuffled ? order[i] : i, leaf[shuffled ? order[i] : i]);
			assert_int_equal(gs_settled_each(&j, 0, counts_fit, &j), GS_OK);
			*(shuffled ? &drawn : &in_order) = hash_of_all(&j);
			gs_journal_abort(&j);
		}
		assert_true(gs_hash_equal(&in_order, &drawn));
		for (size_t i = 0; i < SETTLEMENTS * LEAVES; i++)
			for (size_t k = 0; k < i; k++)
				if ((&leaf[0][0])[i] == (&leaf[0][0])[k]) {
					again++;
					break;
				}
		assert_true(again > 0);
	}
}

static void what_is_taken_back_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct gs_hash before[SETTLEMENTS];
	struct gs_journal j;
	uint8_t leaf[LEAVES];

	for (size_t block = 0; block < SETTLEMENTS / 2; block++) {
		const struct gs_head head = {.number = FIRST_BLOCK + block, .hash = {{(uint8_t)(block + 1)}}};
		const struct gs_registry_event event = {.kind = GS_REGISTRY_ENABLED, .subject = {{1}}};
		const struct gs_settled_tee tee = {.key = {(const uint8_t *)"key", 3}};
		const struct gs_hash id = {{(uint8_t)block}};
		/* taken and looked at in one transaction, or in two: what is looked at later may be of an older block */
		assert_int_equal(gs_journal_begin(&f->store, head.number, &j, &f->error), GS_OK);
		before[block] = hash_of_all(&j);
		waits(&j, 2 * block);
		waits(&j, 2 * block + 1);
		assert_int_equal(gs_settled_put_event(&j, (struct gs_registry_place){head.number, 9},
		                                      (struct gs_time){block}, &id, &event),
		                 GS_OK);
		assert_int_equal(gs_settled_put_tee(&j, &id, &tee), GS_OK);
		assert_int_equal(gs_journal_advance(&j, &head), GS_OK);
		assert_int_equal(gs_journal_commit(&j), GS_OK);
		assert_int_equal(gs_journal_begin(&f->store, head.number, &j, &f->error), GS_OK);
		for (size_t i = block ? 2 * block - 1 : 0; i <= 2 * block; i++) {
			for (size_t n = 0; n < LEAVES; n++)
				leaf[n] = (uint8_t)gs_rng_below(&f->rng, KINDS_OF_LEAVES);
			look(&j, i, leaf);
		}
		assert_int_equal(gs_journal_commit(&j), GS_OK);
	}
	for (size_t block = SETTLEMENTS / 2; block-- > 0;) {
		struct gs_hash now;
		assert_int_equal(gs_journal_begin(&f->store, FIRST_BLOCK + block, &j, &f->error), GS_OK);
		assert_int_equal(gs_journal_rewind(&j), GS_OK);
		now = hash_of_all(&j);
		assert_true(gs_hash_equal(&now, &before[block]));
		assert_int_equal(gs_journal_commit(&j), GS_OK);
	}
}

static void reads_what_it_wrote(void **state)
{
	struct fixture *f = *state;
	struct gs_settled s = {.at = {5, 6},
	                       .kind = GS_SETTLED_INDIVIDUAL,
	                       .block_hash = {{1}},
	                       .tx = {{2}},
	                       .time = {3},
	                       .root = {{4}},
	                       .size = {{0, 0, 0, 1}},
	                       .blob = "id",
	                       .blob_len = 2,
	                       .signature = "signature",
	                       .signature_len = GS_SETTLED_SIGNATURE_MAX,
	                       .looked = true,
	                       .finding = GS_FINDING_COUNT,
	                       .sha256 = {{5}},
	                       .bytes = UINT64_MAX,
	                       .leaves = 7};
	struct gs_settled back;
	struct gs_journal j;

	s.count[GS_FINDINGS - 1] = UINT32_MAX;
	assert_int_equal(gs_journal_begin(&f->store, 0, &j, &f->error), GS_OK);
	j.stays = true;
	assert_int_equal(gs_settled_put(&j, &s), GS_OK);
	assert_int_equal(gs_settled_get(&j, s.at, &back), GS_OK);
	assert_true(back.at.block == 5 && back.at.log == 6 && back.kind == s.kind && back.looked &&
	            back.finding == s.finding && back.bytes == s.bytes && back.leaves == 7 && back.time.unix_s == 3);
	assert_int_equal(gs_u256_cmp(&back.size, &s.size), 0);
	assert_memory_equal(back.count, s.count, sizeof(s.count));
	assert_true(back.blob_len == 2 && memcmp(back.blob, "id", 2) == 0);
	assert_true(back.signature_len == s.signature_len && memcmp(back.signature, s.signature, s.signature_len) == 0);
	assert_true(gs_hash_equal(&back.root, &s.root) && gs_hash_equal(&back.sha256, &s.sha256) &&
	            gs_hash_equal(&back.tx, &s.tx) && gs_hash_equal(&back.block_hash, &s.block_hash));
	assert_int_equal(gs_settled_get(&j, (struct gs_registry_place){5, 7}, &back), GS_ENOTFOUND);
	/* bytes of another form are damage, and nothing is made of them */
	static const uint8_t key[] = {0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 8};
	assert_int_equal(gs_journal_put(&j, GS_TABLE_SETTLEMENTS, (struct gs_bytes){key, sizeof(key)},
	                                (struct gs_bytes){key, sizeof(key)}),
	                 GS_OK);
	assert_int_equal(gs_settled_get(&j, (struct gs_registry_place){5, 8}, &back), GS_ECORRUPT);
	gs_journal_abort(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order_does_not_matter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_taken_back_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_what_it_wrote, set_up, tear_down),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
