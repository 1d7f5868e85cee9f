/* Every instruction set that this processor runs against nettle's permutation, one message at a time, and against hashes
 * by other implementations (js-sha3, Cryptodome, cast). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nettle/sha3.h>

#include "chain/core/hash.h"
#include "chain/core/keccak_lanes.h"
#include "chain/core/rng.h"

enum { MESSAGES_MAX = 70, ROUNDS = 20, GUARD = 64 };

struct kinds {
	const struct gs_keccak_lanes *lanes[GS_KECCAK_LANES_KINDS_MAX];
	unsigned count;
};

static struct kinds kinds(void)
{
	struct kinds k = {0};
	k.count = gs_keccak_lanes_all(k.lanes);
	assert_in_range(k.count, 1, GS_KECCAK_LANES_KINDS_MAX);
	return k;
}

/* A sponge of its own over nettle's permutation. */
static void hash_of(const uint8_t *message, size_t bytes, struct gs_hash *out)
{
	struct sha3_state s = {{0}};
	uint8_t block[GS_KECCAK_RATE];
	for (bool last = false; !last;) {
		const size_t n = bytes < sizeof(block) ? bytes : sizeof(block);
		last = n < sizeof(block);
		memset(block, 0, sizeof(block));
		if (n > 0)
			memcpy(block, message, n);
		block[n < sizeof(block) ? n : 0] ^= last ? 0x01 : 0;
		block[sizeof(block) - 1] ^= last ? 0x80 : 0;
		for (size_t i = 0; i < sizeof(block) / 8; i++)
			s.a[i] ^= gs_le64_read(block + 8 * i);
		sha3_permute(&s);
		message += n;
		bytes -= n;
	}
	for (size_t i = 0; i < 4; i++)
		gs_le64_write(out->b + 8 * i, s.a[i]);
}

static void hash_one(uint8_t prefix, size_t bytes, const uint8_t *message, struct gs_hash *out)
{
	uint8_t whole[1 + 128];
	assert_true(bytes <= 128);
	whole[0] = prefix;
	memcpy(whole + 1, message, bytes);
	hash_of(whole, 1 + bytes, out);
}

/* chain/core/hash.h, whole and in pieces, for every length up to some blocks. */
static void one_message_is_hashed_as_nettle_does(void **state)
{
	uint8_t message[4 * GS_KECCAK_RATE + 1];
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 3);
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)gs_rng_u64(&rng);
	for (size_t len = 0; len <= sizeof(message); len++) {
		struct gs_hash want, whole, pieces;
		struct gs_keccak k;
		hash_of(message, len, &want);
		gs_keccak256(message, len, &whole);
		assert_true(gs_hash_equal(&want, &whole));
		gs_keccak_init(&k);
		for (size_t at = 0; at < len;) {
			const size_t n = 1 + (size_t)gs_rng_below(&rng, len - at);
			gs_keccak_update(&k, message + at, n);
			at += n;
		}
		gs_keccak_final(&k, &pieces);
		assert_true(gs_hash_equal(&want, &pieces));
	}
}

/* Those of one lane, on states that no message leads to. */
static void one_state_is_permuted_as_nettle_does(void **state)
{
	const struct kinds k = kinds();
	struct gs_rng rng;
	unsigned single = 0;
	(void)state;
	gs_rng_seed(&rng, 4);
	for (unsigned i = 0; i < k.count; i++) {
		single += k.lanes[i]->permute != NULL;
		assert_int_equal(k.lanes[i]->lanes == 1, k.lanes[i]->permute != NULL);
		for (unsigned round = 0; k.lanes[i]->permute != NULL && round < ROUNDS; round++) {
			struct sha3_state want;
			uint64_t mine[25];
			for (unsigned w = 0; w < 25; w++)
				want.a[w] = mine[w] = gs_rng_u64(&rng);
			sha3_permute(&want);
			k.lanes[i]->permute(mine);
			assert_memory_equal(mine, want.a, sizeof(mine));
		}
	}
	assert_true(single >= 1);
	assert_non_null(gs_keccak_lanes_one()->permute);
}

static gs_keccak_many *function(const struct gs_keccak_lanes *lanes, size_t bytes)
{
	return bytes == 128 ? lanes->hash128 : lanes->hash64;
}

/* A batch of `count` messages in memory of exactly that size (sanitizers see a read beyond it), at any alignment, and
 * what lies around the hashes stays as it is. */
static void check_batch(const struct gs_keccak_lanes *lanes, size_t bytes, size_t count, struct gs_rng *rng)
{
	size_t shift = (size_t)gs_rng_below(rng, 64);
	uint8_t prefix = (uint8_t)gs_rng_u64(rng);
	uint8_t *memory = malloc(shift + count * bytes + 1), *data = memory + shift;
	uint8_t *around = malloc(count * sizeof(struct gs_hash) + 2 * (size_t)GUARD);
	struct gs_hash *out = (struct gs_hash *)(void *)(around + GUARD), want;
	assert_non_null(memory);
	assert_non_null(around);
	for (size_t i = 0; i < count * bytes; i++)
		data[i] = (uint8_t)gs_rng_u64(rng);
	memset(around, 0xa5, count * sizeof(struct gs_hash) + 2 * (size_t)GUARD);
	function(lanes, bytes)(prefix, data, count, out);
	for (size_t i = 0; i < count; i++) {
		hash_one(prefix, bytes, data + i * bytes, &want);
		if (memcmp(out[i].b, want.b, sizeof(want.b)) != 0)
			fail_msg("%s: message %zu of %zu, %zu bytes, prefix %02x", lanes->isa, i, count, bytes, prefix);
	}
	for (size_t i = 0; i < GUARD; i++) {
		assert_int_equal(around[i], 0xa5);
		assert_int_equal(around[GUARD + count * sizeof(struct gs_hash) + i], 0xa5);
	}
	free(memory);
	free(around);
}

static void test_batches(void **state)
{
	(void)state;
	struct kinds k = kinds();
	struct gs_rng rng;
	gs_rng_seed(&rng, 11);
	for (unsigned i = 0; i < k.count; i++)
		for (unsigned round = 0; round < ROUNDS; round++)
			for (size_t count = 0; count <= MESSAGES_MAX; count++) {
				check_batch(k.lanes[i], 128, count, &rng);
				check_batch(k.lanes[i], 64, count, &rng);
			}
}

/* Messages of any number of words: within a block, of whole blocks, across blocks, as many as there are lanes or not. */
static void test_words(void **state)
{
	enum { WORDS_MAX = 53, COUNT_MAX = 11 };
	struct kinds k = kinds();
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 13);
	for (unsigned i = 0; i < k.count; i++)
		for (size_t words = 0; words <= WORDS_MAX; words++)
			for (size_t count = 0; count <= COUNT_MAX; count++) {
				const size_t bytes = 8 * words, shift = count % 8;
				uint8_t *memory = malloc(shift + count * bytes + 1), *data = memory + shift;
				struct gs_hash out[COUNT_MAX + 1], want;
				assert_non_null(memory);
				for (size_t b = 0; b < count * bytes; b++)
					data[b] = (uint8_t)gs_rng_u64(&rng);
				memset(out, 0xa5, sizeof(out));
				k.lanes[i]->hash_words(data, words, count, out);
				for (size_t m = 0; m < count; m++) {
					gs_keccak256(data + m * bytes, bytes, &want);
					if (memcmp(out[m].b, want.b, sizeof(want.b)) != 0)
						fail_msg("%s: message %zu of %zu, %zu words", k.lanes[i]->isa, m, count,
						         words);
				}
				for (size_t b = 0; b < sizeof(want.b); b++)
					assert_int_equal(out[count].b[b], 0xa5);
				free(memory);
			}
}

/* Hashes may be written over the messages that they are made of. */
static void test_in_place(void **state)
{
	(void)state;
	struct kinds k = kinds();
	struct gs_rng rng;
	gs_rng_seed(&rng, 12);
	for (unsigned i = 0; i < k.count; i++)
		for (size_t count = 0; count <= MESSAGES_MAX; count++)
			for (size_t bytes = 64; bytes <= 128; bytes += 64) {
				static uint8_t data[MESSAGES_MAX * 128];
				static struct gs_hash want[MESSAGES_MAX];
				for (size_t b = 0; b < count * bytes; b++)
					data[b] = (uint8_t)gs_rng_u64(&rng);
				for (size_t m = 0; m < count; m++)
					hash_one(0x01, bytes, data + m * bytes, &want[m]);
				function(k.lanes[i], bytes)(0x01, data, count, (struct gs_hash *)(void *)data);
				assert_memory_equal(data, want, count * sizeof(struct gs_hash));
			}
}

/* One set bit at a time, in each lane in turn: no bit of a message is dropped, doubled or moved. */
static void test_every_bit(void **state)
{
	(void)state;
	struct kinds k = kinds();
	for (unsigned i = 0; i < k.count; i++)
		for (size_t bytes = 64; bytes <= 128; bytes += 64)
			for (size_t bit = 0; bit < 8 * bytes; bit++) {
				uint8_t data[8 * 128] = {0};
				struct gs_hash out[8], want;
				size_t lane = bit % 8;
				data[lane * bytes + bit / 8] = (uint8_t)(1u << (bit % 8));
				hash_one(0x00, bytes, data + lane * bytes, &want);
				function(k.lanes[i], bytes)(0x00, data, 8, out);
				assert_memory_equal(out[lane].b, want.b, sizeof(want.b));
			}
}

/* The first and second constant of docs/machine.md, 4 (Z_0, Z_1), by js-sha3; the leaf of bytes 0 to 127, by Cryptodome and cast. */
static void test_known(void **state)
{
	(void)state;
	static const char *const KNOWN[] = {
		"444b5adc238afc6067148cb80b10b6303dc34e35356809851c54631d5a0e571f",
		"0c766af7f1f32b725761da35dd0d9087c175454c75e07393e3c1abb7d39e2290",
		"061f8126aceb7cd942c87d28719bc76a3e4b309b9fccb36b8b02fa4cebfa8276",
	};
	struct kinds k = kinds();
	for (unsigned i = 0; i < k.count; i++) {
		uint8_t message[9 * 128] = {0};
		struct gs_hash got[9], want[3];
		for (size_t v = 0; v < GS_ARRAY_LEN(KNOWN); v++)
			assert_int_equal(gs_hex_decode(KNOWN[v], 64, want[v].b, 32), GS_OK);
		k.lanes[i]->hash128(0x00, message, 9, got);
		for (size_t m = 0; m < 9; m++)
			assert_memory_equal(got[m].b, want[0].b, 32);
		for (size_t m = 0; m < 18; m++)
			memcpy(message + 32 * m, want[0].b, 32);
		k.lanes[i]->hash64(0x01, message, 9, got);
		for (size_t m = 0; m < 9; m++)
			assert_memory_equal(got[m].b, want[1].b, 32);
		for (size_t b = 0; b < sizeof(message); b++)
			message[b] = (uint8_t)(b % 128);
		k.lanes[i]->hash128(0x00, message, 9, got);
		for (size_t m = 0; m < 9; m++)
			assert_memory_equal(got[m].b, want[2].b, 32);
	}
}

/* "portable" is always there and last; the best comes first. */
static void test_selection(void **state)
{
	(void)state;
	struct kinds k = kinds();
	assert_ptr_equal(k.lanes[k.count - 1], &gs_keccak_lanes_portable);
	assert_ptr_equal(k.lanes[0], gs_keccak_lanes_best());
	for (unsigned i = 1; i < k.count; i++)
		assert_true(k.lanes[i - 1]->lanes >= k.lanes[i]->lanes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(one_message_is_hashed_as_nettle_does),
		cmocka_unit_test(one_state_is_permuted_as_nettle_does),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_selection),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
