/* Tries of lists: roots that the network knows, proofs of every item, and whatever is changed in a proof refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "chain/eth/block.h"
#include "chain/eth/trie.h"

enum { ITEMS_MAX = 700, LEN_MAX = 300 };

static struct gs_hash hash_of(const char *hex)
{
	struct gs_hash h;

	assert_int_equal(gs_hex_decode(hex, 64, h.b, 32), GS_OK);
	return h;
}

/* The root of no items, which every header without transactions has; and of one transaction, from a block of another implementation (anvil 1.7.1): its
 * transactionsRoot. */
static void roots_are_the_networks(void **state)
{
	static const char raw[] =
		"02f867827a69800184773594018252089400000000000000000000000000000000000000010180c001a01d619f870b127ad98c002459"
		"1299d2cd88766ae2d5fc8095e3698cb21add17ec9fb6d223ac533cdf70d2215b7f760ff574a480aea3689f80495671bb27b8323c";
	struct gs_hash empty = hash_of("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"), is;
	struct gs_hash one = hash_of("2c2c7b42d07983bf23f1d9a8d78b906b02f0c8cd9df63d69dc1f228cbff9d37d");
	uint8_t tx[sizeof(raw) / 2];
	const struct gs_bytes item = {tx, (sizeof(raw) - 1) / 2};

	(void)state;
	assert_int_equal(gs_trie_list(NULL, 0, 0, &is, NULL), GS_OK);
	assert_true(gs_hash_equal(&is, &empty));
	assert_int_equal(gs_hex_decode(raw, sizeof(raw) - 1, tx, item.len), GS_OK);
	assert_int_equal(gs_trie_list(&item, 1, 0, &is, NULL), GS_OK);
	assert_true(gs_hash_equal(&is, &one));
}

static void proofs_lead_to_their_items(void **state)
{
	static uint8_t bytes[ITEMS_MAX][LEN_MAX];
	static const size_t counts[] = {1, 2, 15, 16, 17, 127, 128, 129, 255, 256, 257, ITEMS_MAX};
	struct gs_bytes item[ITEMS_MAX], value;
	struct gs_hash root, again;
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 7);
	for (size_t i = 0; i < ITEMS_MAX; i++) {
		item[i] = (struct gs_bytes){
			bytes[i],
			1 + gs_rng_below(&rng, i % 3 ? LEN_MAX - 1 : 8)}; /* short ones lie in the node above */
		for (size_t b = 0; b < item[i].len; b++)
			bytes[i][b] = (uint8_t)gs_rng_u64(&rng);
	}
	for (size_t n = 0; n < GS_ARRAY_LEN(counts); n++) {
		const size_t count = counts[n];
		assert_int_equal(gs_trie_list(item, count, 0, &root, NULL), GS_OK);
		for (size_t i = 0; i < count; i += 1 + count / 40) {
			struct gs_buf proof;
			gs_buf_init(&proof, 1 << 20);
			assert_int_equal(gs_trie_list(item, count, i, &again, &proof), GS_OK);
			assert_true(gs_hash_equal(&root, &again));
			assert_int_equal(gs_trie_verify(&root, i, gs_buf_view(&proof), &value), GS_OK);
			assert_true(gs_bytes_equal(value, item[i]));
			/* A short neighbour lies in the same node: then it is proven, too, as what it is. */
			if (gs_trie_verify(&root, i + 1, gs_buf_view(&proof), &value) == GS_OK)
				assert_true(i + 1 < count && gs_bytes_equal(value, item[i + 1]));
			for (unsigned t = 0; t < 20; t++) {
				const size_t at = gs_rng_below(&rng, proof.len);
				const uint8_t bit = (uint8_t)(1u << gs_rng_below(&rng, 8));
				proof.ptr[at] ^= bit;
				assert_int_not_equal(gs_trie_verify(&root, i, gs_buf_view(&proof), &value), GS_OK);
				proof.ptr[at] ^= bit;
			}
			assert_int_not_equal(
				gs_trie_verify(&root, i, (struct gs_bytes){proof.ptr, proof.len - 1}, &value), GS_OK);
			gs_buf_append_u8(&proof, 0);
			assert_int_not_equal(gs_trie_verify(&root, i, gs_buf_view(&proof), &value), GS_OK);
			gs_buf_free(&proof);
		}
	}
}

static void headers_and_receipts_are_strict(void **state)
{
	static const uint8_t junk[] = {0xc1, 0x80};
	struct gs_block_header header;
	struct gs_log_list logs;
	bool success;

	(void)state;
	assert_int_equal(gs_block_header_decode((struct gs_bytes){junk, 2}, &header), GS_EPARSE);
	assert_int_equal(gs_block_header_decode((struct gs_bytes){NULL, 0}, &header), GS_EPARSE);
	assert_int_equal(gs_receipt_decode((struct gs_bytes){junk, 2}, &success, &logs), GS_EPARSE);
	assert_int_equal(gs_receipt_decode((struct gs_bytes){NULL, 0}, &success, &logs), GS_EPARSE);
	assert_null(logs.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_the_networks),
		cmocka_unit_test(proofs_lead_to_their_items),
		cmocka_unit_test(headers_and_receipts_are_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
