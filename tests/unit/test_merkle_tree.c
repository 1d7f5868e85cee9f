/* Trees by every instruction set of this processor, with every base, built at once and while they grow, against a naive
 * tree that hashes one node after the other. */
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

enum { DEPTH = 13, CHUNKS_MAX = 1 << DEPTH };

/* All 2^depth leaves, zero ones too, and every node: level h at [2^(depth - h), 2^(depth - h + 1)), the root at 1. */
struct naive {
	unsigned depth;
	struct gs_hash *node;
};

static struct naive naive_build(const uint8_t *data, uint64_t chunks, unsigned depth)
{
	static const uint8_t zeros[GS_CHUNK_BYTES];
	struct naive n = {depth, malloc(sizeof(struct gs_hash) << (depth + 1))};
	assert_non_null(n.node);
	uint64_t width = UINT64_C(1) << depth;
	for (uint64_t i = 0; i < width; i++)
		gs_merkle_leaf(i < chunks ? data + i * GS_CHUNK_BYTES : zeros, &n.node[width + i]);
	for (uint64_t i = width; i-- > 1;)
		gs_merkle_node(&n.node[2 * i], &n.node[2 * i + 1], &n.node[i]);
	return n;
}

static const struct gs_hash *naive_at(const struct naive *n, unsigned level, uint64_t index)
{
	return &n->node[(UINT64_C(1) << (n->depth - level)) + index];
}

/* Random bytes with stretches of zero chunks, short and long, in any place. */
static uint8_t *draw(struct gs_rng *rng, uint64_t chunks)
{
	uint8_t *data = malloc((size_t)chunks * GS_CHUNK_BYTES + 1);
	assert_non_null(data);
	for (uint64_t i = 0; i < chunks * GS_CHUNK_BYTES; i += 8)
		gs_le64_write(data + i, gs_rng_u64(rng));
	for (unsigned k = 0; chunks > 0 && k < 4; k++) {
		uint64_t first = gs_rng_below(rng, chunks),
			 count = gs_rng_below(rng, UINT64_C(1) << gs_rng_below(rng, 13));
		if (count > chunks - first)
			count = chunks - first;
		memset(data + first * GS_CHUNK_BYTES, 0, (size_t)count * GS_CHUNK_BYTES);
	}
	return data;
}

static uint64_t draw_count(struct gs_rng *rng, unsigned depth)
{
	uint64_t width = UINT64_C(1) << depth;
	switch (gs_rng_below(rng, 4)) {
	case 0: return width;
	case 1: return gs_rng_below(rng, width < 20 ? width : 20) + 1;
	case 2: return width - gs_rng_below(rng, width < 20 ? width : 20);
	default: return gs_rng_below(rng, width) + 1;
	}
}

static void expect_tree(const struct gs_merkle *t, const struct naive *n, struct gs_rng *rng)
{
	struct gs_hash got, path[GS_MERKLE_DEPTH_MAX];
	gs_merkle_root(t, &got);
	assert_memory_equal(got.b, n->node[1].b, 32);
	for (unsigned k = 0; k < 40; k++) {
		unsigned level = (unsigned)gs_rng_below(rng, n->depth + 1);
		uint64_t index = gs_rng_below(rng, UINT64_C(1) << (n->depth - level));
		gs_merkle_get(t, level, index, &got);
		assert_memory_equal(got.b, naive_at(n, level, index)->b, 32);
	}
	uint64_t leaf = gs_rng_below(rng, UINT64_C(1) << n->depth);
	gs_merkle_path(t, 0, leaf, n->depth, path);
	for (unsigned h = 0; h < n->depth; h++)
		assert_memory_equal(path[h].b, naive_at(n, h, (leaf >> h) ^ 1)->b, 32);
}

/* Appends data in pieces of random sizes, leaving out zero chunks where it likes to. */
static void grow(struct gs_merkle_stream *s, const uint8_t *data, uint64_t chunks, struct gs_rng *rng)
{
	static const uint8_t zeros[GS_CHUNK_BYTES];
	for (uint64_t at = 0; at < chunks;) {
		uint64_t count = gs_rng_below(rng, UINT64_C(1) << gs_rng_below(rng, 13)) + 1;
		if (count > chunks - at)
			count = chunks - at;
		uint64_t skipped = 0;
		while (skipped < count && memcmp(data + (at + skipped) * GS_CHUNK_BYTES, zeros, GS_CHUNK_BYTES) == 0)
			skipped++;
		skipped -= gs_rng_below(rng, skipped + 1);
		if (skipped < count || gs_rng_below(rng, 2))
			gs_merkle_stream_append(s, at + skipped, data + (at + skipped) * GS_CHUNK_BYTES,
			                        count - skipped);
		at += count;
	}
}

/* Of struct gs_merkle_spread: in another order than a single thread's; counts what it was given. */
static void backwards(void *self, uint64_t count, void (*work)(void *what, uint64_t first, uint64_t last), void *what)
{
	uint64_t *given = self;
	*given += count;
	for (uint64_t end = count, some = 1; end > 0; end -= some) {
		some = end / 3 + 1;
		work(what, end - some, end);
	}
}

static void check_one(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks, unsigned base,
                      const struct naive *n, struct gs_rng *rng)
{
	struct gs_merkle tree;
	struct gs_merkle_stream stream;
	assert_int_equal(gs_merkle_build_from(lanes, data, chunks, n->depth, base, &tree), GS_OK);
	expect_tree(&tree, n, rng);
	gs_merkle_free(&tree);
	assert_int_equal(gs_merkle_stream_init(&stream, lanes, chunks, n->depth, base, &tree), GS_OK);
	grow(&stream, data, chunks, rng);
	gs_merkle_stream_finish(&stream, data);
	expect_tree(&tree, n, rng);
	gs_merkle_stream_free(&stream); /* finished: the tree stays, and its room serves the next */
	const struct gs_hash *room = tree.memory;
	uint64_t given = 0;
	assert_int_equal(gs_merkle_stream_init(&stream, lanes, chunks, n->depth, base, &tree), GS_OK);
	assert_ptr_equal(tree.memory, room);
	memset(tree.memory, 0x5a, sizeof(struct gs_hash)); /* nothing of what it was */
	stream.spread = (struct gs_merkle_spread){&given, backwards};
	gs_merkle_stream_append(&stream, 0, data, chunks);
	gs_merkle_stream_finish(&stream, data);
	assert_int_equal(given, base > 0 && chunks >> base > 1 ? chunks >> base : 0);
	expect_tree(&tree, n, rng);
	gs_merkle_free(&tree);
}

/* Commits to the trace in stretches as a program's tensors are, one behind the other but for zero gaps. */
static void commit_in_stretches(struct gs_trace *t, const struct gs_merkle_spread *spread, struct gs_rng *rng)
{
	static const uint8_t zeros[GS_CHUNK_BYTES];
	assert_int_equal(gs_trace_commit_begin(t, spread), GS_OK);
	for (uint64_t at = 0; at < t->present;) {
		uint64_t count = gs_rng_below(rng, UINT64_C(1) << gs_rng_below(rng, 13)) + 1, left = t->present - at;
		bool gap = gs_rng_below(rng, 2) != 0;
		while (gap && left > 0 && memcmp(t->chunks + at * GS_CHUNK_BYTES, zeros, GS_CHUNK_BYTES) == 0) {
			at++;
			left--;
		}
		count = count < left ? count : left;
		gs_trace_commit_chunks(t, at, count);
		at += count;
	}
	gs_trace_commit_end(t);
}

static void test_trees(void **state)
{
	(void)state;
	const struct gs_keccak_lanes *kind[GS_KECCAK_LANES_KINDS_MAX];
	unsigned kinds = gs_keccak_lanes_all(kind);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gs_rng rng;
		gs_rng_seed(&rng, seed);
		print_message("seed %u\n", (unsigned)seed);
		unsigned depth = seed % 6 == 0 ? DEPTH : (unsigned)gs_rng_below(&rng, DEPTH);
		uint64_t chunks = draw_count(&rng, depth);
		uint8_t *data = draw(&rng, chunks);
		struct naive n = naive_build(data, chunks, depth);
		struct gs_hash root;
		for (unsigned k = 0; k < kinds; k++) {
			gs_merkle_array_root_by(kind[k], data, chunks, depth, &root);
			assert_memory_equal(root.b, n.node[1].b, 32);
			check_one(kind[k], data, chunks, 0, &n, &rng);
			check_one(kind[k], data, chunks, (unsigned)gs_rng_below(&rng, depth + 1), &n, &rng);
		}
		free(n.node);
		free(data);
	}
}

/* The bases that kept trees have, through the functions that choose them. */
static void test_kept(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 99);
	static const uint64_t COUNT[] = {1, GS_MERKLE_WHOLE_MAX, GS_MERKLE_WHOLE_MAX + 1, 3 * GS_MERKLE_WHOLE_MAX + 77};
	assert_int_equal(gs_merkle_base_for(GS_MERKLE_WHOLE_MAX), 0);
	assert_int_equal(gs_merkle_base_for(GS_MERKLE_WHOLE_MAX + 1), GS_MERKLE_BLOCK_HEIGHT);
	for (size_t i = 0; i < GS_ARRAY_LEN(COUNT); i++) {
		uint8_t *data = draw(&rng, COUNT[i]);
		unsigned depth = gs_merkle_depth(COUNT[i]) + 1;
		struct naive n = naive_build(data, COUNT[i], depth);
		struct gs_trace t;
		assert_int_equal(gs_trace_init(&t, depth, COUNT[i]), GS_OK);
		memcpy(t.chunks, data, (size_t)COUNT[i] * GS_CHUNK_BYTES);
		assert_int_equal(gs_trace_commit(&t), GS_OK);
		expect_tree(&t.tree, &n, &rng);
		/* One that is begun and left is undone by the next. */
		assert_int_equal(gs_trace_commit_begin(&t, NULL), GS_OK);
		gs_trace_commit_chunks(&t, 0, 1);
		assert_int_equal(gs_trace_commit_begin(&t, NULL), GS_OK);
		gs_trace_commit_chunks(&t, 0, COUNT[i] / 2);
		gs_trace_commit_chunks(&t, COUNT[i] / 2, COUNT[i] - COUNT[i] / 2);
		gs_trace_commit_end(&t);
		expect_tree(&t.tree, &n, &rng);
		for (unsigned k = 0; k < 6; k++) {
			uint64_t given = 0;
			const struct gs_merkle_spread spread = {&given, backwards};
			commit_in_stretches(&t, k % 2 ? &spread : NULL, &rng);
			expect_tree(&t.tree, &n, &rng);
			assert_true(COUNT[i] < 3 * GS_MERKLE_WHOLE_MAX || k % 2 == 0 || given >= 4);
		}
		for (unsigned k = 0; k < 20; k++) {
			struct gs_hash got, path[GS_MERKLE_DEPTH_MAX];
			unsigned level = (unsigned)gs_rng_below(&rng, depth + 1);
			uint64_t index = gs_rng_below(&rng, UINT64_C(1) << (depth - level));
			gs_trace_node(&t, level, index, &got);
			assert_memory_equal(got.b, naive_at(&n, level, index)->b, 32);
			index = gs_rng_below(&rng, UINT64_C(1) << depth);
			gs_trace_path(&t, index, path);
			for (unsigned h = 0; h < depth; h++)
				assert_memory_equal(path[h].b, naive_at(&n, h, (index >> h) ^ 1)->b, 32);
		}
		gs_trace_free(&t);
		free(n.node);
		free(data);
	}
}

/* Nothing at all, and nothing appended: both are the constant of that depth. */
static void test_empty(void **state)
{
	(void)state;
	for (unsigned depth = 0; depth <= 12; depth++)
		for (uint64_t leaves = 0; leaves <= UINT64_C(1) << depth; leaves += 1 + leaves) {
			struct gs_merkle_stream s;
			struct gs_merkle t = {.memory = NULL};
			struct gs_hash root;
			assert_int_equal(gs_merkle_stream_init(&s, NULL, leaves, depth, depth / 2, &t), GS_OK);
			gs_merkle_stream_finish(&s, NULL);
			gs_merkle_root(&t, &root);
			assert_memory_equal(root.b, gs_merkle_zero(depth)->b, 32);
			gs_merkle_free(&t);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_empty),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
