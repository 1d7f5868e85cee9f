/* Merkle roots against a naive recursion over another Keccak (js-sha3), and the ways to a root against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/core/rng.h"
#include "challenge/machine/merkle.h"
#include "challenge/machine/trace.h"

static void expect_hash(const struct gs_hash *got, const char *hex)
{
	struct gs_hash want;
	assert_int_equal(gs_hex_decode(hex, strlen(hex), want.b, sizeof(want.b)), GS_OK);
	assert_memory_equal(got->b, want.b, sizeof(want.b));
}

/* Byte k of chunk i is i * 131 + k * 7 + 3 modulo 256. */
static uint8_t *pattern(uint64_t chunks)
{
	uint8_t *data = malloc((size_t)chunks * GS_CHUNK_BYTES + 1);
	assert_non_null(data);
	for (uint64_t i = 0; i < chunks; i++)
		for (unsigned k = 0; k < GS_CHUNK_BYTES; k++)
			data[i * GS_CHUNK_BYTES + k] = (uint8_t)(i * 131 + k * 7 + 3);
	return data;
}

static const struct {
	uint64_t chunks;
	unsigned depth;
	const char *root;
} vectors[] = {
	{0, 0, "444b5adc238afc6067148cb80b10b6303dc34e35356809851c54631d5a0e571f"},
	{0, 5, "2eb7bd127e303d3a376f138a38c02a323f7a5fc32b9098dc968170fdf2a06443"},
	{1, 0, "f11addd14db1a335573b6e62c8d6554b9e69241f665982a63dbb6eb9cde27f46"},
	{1, 3, "d171765fdf0faa11bb3f82757c6aa64bfddff4f1f6547628c028aacefd409444"},
	{2, 1, "719b87466ee36c1da52d5771db1ea8c6b4f0575c2a933d73f282085791e1ca4f"},
	{3, 2, "faa2b66cf59b5016f57d7328dc4c917d31768ceae879d8d4cc2b780d0ce63139"},
	{5, 3, "1384893d3d146a50b32270bf0866e2cff52f7a7d10e572a0630d42a33ee769dd"},
	{8, 3, "784497cd0f7b1a441145d6aa9872859b018693cda112d615e571c8ba078a942f"},
	{8, 4, "8959da7c3b9027e5a9d5e8d0899d5d056b06ce80ce79f720522cdc61676906be"},
	{13, 6, "bae9c49854edc05973985e5c3a2ff39fd75889c26d9c6723dfb8a74460f8d369"},
	{31, 5, "c47c30d3fc3a45bad90bec882148d6810733bcf0bfdc8acc1e622d352cab3ca8"},
	{33, 6, "78afeb3571e8f5b7a9b499ca426f4665686b2e9d24d1c8258447cfc633919c9c"},
	{100, 20, "0c6d0f7e5504840bd740438daa96abe3195b54cf6b099bb34d537a305200ffda"},
};

static void test_roots(void **state)
{
	(void)state;
	for (size_t v = 0; v < GS_ARRAY_LEN(vectors); v++) {
		uint8_t *data = pattern(vectors[v].chunks);
		struct gs_merkle tree;
		struct gs_hash root;
		assert_int_equal(gs_merkle_build(data, vectors[v].chunks, vectors[v].depth, &tree), GS_OK);
		gs_merkle_root(&tree, &root);
		expect_hash(&root, vectors[v].root);
		gs_merkle_array_root(data, vectors[v].chunks, vectors[v].depth, &root);
		expect_hash(&root, vectors[v].root);
		gs_merkle_free(&tree);
		free(data);
	}
}

static void test_descriptor_leaves(void **state)
{
	(void)state;
	struct gs_hash leaf;
	gs_merkle_descriptor((struct gs_bytes){(const uint8_t *)"abc", 3}, &leaf);
	expect_hash(&leaf, "e0c51c31bd1626d6c593c8713f715088997d5eef09322d7a1d4adbbb506e5f62");
	gs_merkle_descriptor((struct gs_bytes){NULL, 0}, &leaf);
	expect_hash(&leaf, "f2ee15ea639b73fa3db9b34a245bdfa015c260c598b211bf05a1ecc4b3e3b4f2");
}

/* Every entry of the table from the rule; the last one also from js-sha3. */
static void test_zero_table(void **state)
{
	(void)state;
	static const uint8_t zeros[GS_CHUNK_BYTES];
	struct gs_hash z;
	gs_merkle_leaf(zeros, &z);
	for (unsigned h = 0; h <= GS_MERKLE_DEPTH_MAX; h++) {
		assert_memory_equal(gs_merkle_zero(h)->b, z.b, 32);
		gs_merkle_node(&z, &z, &z);
	}
	expect_hash(gs_merkle_zero(26), "5194ca99b68b974c3679b801bb77ae302183216595a401265bbca28b4b0a3be8");
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(gs_merkle_depth(0), 0);
	assert_int_equal(gs_merkle_depth(1), 0);
	assert_int_equal(gs_merkle_depth(2), 1);
	assert_int_equal(gs_merkle_depth(3), 2);
	assert_int_equal(gs_merkle_depth(UINT64_C(1) << 26), 26);
	assert_int_equal(gs_merkle_depth((UINT64_C(1) << 26) + 1), 27);
}

/* Any path, cut anywhere, leads to the node that it should, and with one changed bit of any part to another. */
static void test_paths(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 7);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t chunks = gs_rng_below(&rng, 70);
		unsigned depth = gs_merkle_depth(chunks) + (unsigned)gs_rng_below(&rng, 4);
		uint8_t *data = pattern(chunks);
		struct gs_merkle tree;
		struct gs_hash path[GS_MERKLE_DEPTH_MAX], node, want, got;
		assert_int_equal(gs_merkle_build(data, chunks, depth, &tree), GS_OK);
		unsigned level = (unsigned)gs_rng_below(&rng, depth + 1);
		unsigned top = level + (unsigned)gs_rng_below(&rng, depth - level + 1);
		uint64_t index = gs_rng_below(&rng, UINT64_C(1) << (depth - level));
		gs_merkle_get(&tree, level, index, &node);
		gs_merkle_get(&tree, top, index >> (top - level), &want);
		gs_merkle_path(&tree, level, index, top, path);
		gs_merkle_climb(node, index, path, top - level, &got);
		assert_memory_equal(got.b, want.b, 32);
		if (top > level) {
			path[gs_rng_below(&rng, top - level)].b[gs_rng_below(&rng, 32)] ^= 1;
			gs_merkle_climb(node, index, path, top - level, &got);
			assert_memory_not_equal(got.b, want.b, 32);
		}
		node.b[31] ^= 1;
		gs_merkle_path(&tree, level, index, top, path);
		gs_merkle_climb(node, index, path, top - level, &got);
		assert_memory_not_equal(got.b, want.b, 32);
		gs_merkle_free(&tree);
		free(data);
	}
}

/* Chunks of zeros inside the data and implied ones behind it are the same thing. */
static void test_trace_reach(void **state)
{
	(void)state;
	struct gs_trace t;
	struct gs_hash before, after;
	uint8_t chunk[GS_CHUNK_BYTES];
	assert_int_equal(gs_trace_init(&t, 10, 3), GS_OK);
	memset(t.chunks, 0x5a, 2 * GS_CHUNK_BYTES);
	assert_int_equal(gs_trace_commit(&t), GS_OK);
	gs_trace_root(&t, &before);
	assert_int_equal(gs_trace_reach(&t, 1000), GS_OK);
	assert_int_equal(gs_trace_commit(&t), GS_OK);
	gs_trace_root(&t, &after);
	assert_memory_equal(before.b, after.b, 32);
	gs_trace_chunk(&t, 1000, chunk);
	assert_int_equal(chunk[5], 0);
	assert_int_equal(gs_trace_reach(&t, 1000), GS_OK);
	t.chunks[1000 * GS_CHUNK_BYTES] = 1;
	assert_int_equal(gs_trace_commit(&t), GS_OK);
	gs_trace_root(&t, &after);
	assert_memory_not_equal(before.b, after.b, 32);
	gs_trace_free(&t);
	gs_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),      cmocka_unit_test(test_descriptor_leaves),
		cmocka_unit_test(test_zero_table), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_paths),      cmocka_unit_test(test_trace_reach),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
