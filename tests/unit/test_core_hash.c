/* Keccak-256 against values of an independent implementation (`cast keccak`), and the sponge against itself in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"

static void expect_hash(const void *data, size_t len, const char *hex)
{
	struct gs_hash want;
	struct gs_hash got;
	assert_int_equal(gs_hex_decode(hex, strlen(hex), want.b, sizeof(want.b)), GS_OK);
	gs_keccak256(data, len, &got);
	assert_memory_equal(got.b, want.b, sizeof(want.b));
}

static void test_known_values(void **state)
{
	(void)state;
	expect_hash("", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
	expect_hash("abc", 3, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
	expect_hash("Transfer(address,address,uint256)", 33,
	            "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

/* The letter a, n times: one byte short of a block, a block, one more, two blocks, many. */
static void test_block_edges(void **state)
{
	static const struct {
		size_t len;
		const char *hash;
	} cases[] = {
		{135, "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446"},
		{136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"},
		{137, "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39"},
		{272, "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8"},
		{1000, "b6a4ac1f51884d71f30fa397a5e155de3099e11fc0edef5d08b646e621e19de9"},
	};
	char text[1000];
	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++)
		expect_hash(text, cases[i].len, cases[i].hash);
}

static void test_pieces_equal_whole(void **state)
{
	uint8_t data[1500];
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 7);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)gs_rng_u64(&rng);
	for (int round = 0; round < 500; round++) {
		size_t len = (size_t)gs_rng_below(&rng, sizeof(data) + 1);
		struct gs_hash whole;
		struct gs_hash pieces;
		struct gs_keccak k;
		gs_keccak256(data, len, &whole);
		gs_keccak_init(&k);
		for (size_t at = 0; at < len;) {
			size_t take = (size_t)gs_rng_below(&rng, 300);
			if (take > len - at)
				take = len - at;
			gs_keccak_update(&k, data + at, take);
			at += take;
		}
		gs_keccak_final(&k, &pieces);
		assert_memory_equal(whole.b, pieces.b, sizeof(whole.b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_block_edges),
		cmocka_unit_test(test_pieces_equal_whole),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
