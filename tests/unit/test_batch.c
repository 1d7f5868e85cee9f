/* Batches: tree, paths, ids and files. The tree's oracle is the page's sentence, read recursively. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "validator/daemon/batches.h"

enum { LEAVES_MAX = 300, CHAIN = 31337 };

static void random_leaves(struct gs_rng *rng, uint8_t *out, uint32_t count)
{
	for (size_t i = 0; i < (size_t)count * GS_BATCH_LEAF_BYTES; i++)
		out[i] = (uint8_t)gs_rng_below(rng, 256);
}

/* "Missing right subtrees are the hash 0 of a missing leaf joined up": the node over leaves [first, first + 2^level). */
static struct gs_hash node_of(const struct gs_hash *model, const uint8_t *leaves, uint32_t count, uint32_t first,
                              unsigned level)
{
	uint8_t bytes[128] = {0};
	struct gs_hash out = {{0}}, half[2];

	if (level == 0 && first >= count)
		return out;
	if (level == 0) {
		const uint8_t *leaf = leaves + (size_t)first * 80;
		bytes[0] = 3;
		memcpy(bytes + 1, leaf, 16);
		memcpy(bytes + 17, model->b, 32);
		memcpy(bytes + 49, leaf + 16, 64);
		gs_keccak256(bytes, 113, &out);
		return out;
	}
	half[0] = node_of(model, leaves, count, first, level - 1);
	half[1] = node_of(model, leaves, count, first + (1U << (level - 1)), level - 1);
	bytes[0] = 1;
	memcpy(bytes + 1, half, 64);
	gs_keccak256(bytes, 65, &out);
	return out;
}

static void the_tree_is_the_pages(void **state)
{
	static uint8_t leaves[LEAVES_MAX * GS_BATCH_LEAF_BYTES];
	struct gs_rng rng;
	struct gs_hash model = {{7}};

	(void)state;
	gs_rng_seed(&rng, 1);
	random_leaves(&rng, leaves, LEAVES_MAX);
	for (uint32_t count = 1; count <= LEAVES_MAX; count += count < 20 ? 1 : 93) {
		const struct gs_bytes bytes = {leaves, (size_t)count * GS_BATCH_LEAF_BYTES};
		struct gs_hash root, want, path[GS_BATCH_LEVELS_MAX];
		unsigned levels, depth = 0;
		while (1U << depth < count)
			depth++;
		want = node_of(&model, leaves, count, 0, depth);
		for (uint32_t i = 0; i < count; i++) {
			assert_int_equal(gs_batch_tree(&model, bytes, i, &root, path, &levels), GS_OK);
			assert_true(gs_hash_equal(&root, &want));
			assert_int_equal(levels, depth);
			for (unsigned level = 0; level < depth; level++) {
				const struct gs_hash sibling = node_of(&model, leaves, count,
				                                       ((i >> level) ^ 1) << level, level);
				assert_true(gs_hash_equal(&path[level], &sibling));
			}
		}
		assert_int_equal(gs_batch_tree(&model, bytes, count, &root, path, &levels), GS_EINVAL);
	}
}

static void lengths_have_bounds(void **state)
{
	struct gs_hash model = {{7}}, root;
	uint8_t *leaves = calloc(GS_BATCH_LEAVES_MAX + 1, GS_BATCH_LEAF_BYTES);
	const size_t bad[] = {0, 1, GS_BATCH_LEAF_BYTES - 1, GS_BATCH_LEAF_BYTES + 1,
	                      (GS_BATCH_LEAVES_MAX + 1) * (size_t)GS_BATCH_LEAF_BYTES};
	struct gs_hash path[GS_BATCH_LEVELS_MAX];
	unsigned levels;

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		assert_int_equal(gs_batch_tree(&model, (struct gs_bytes){leaves, bad[i]}, 0, &root, NULL, NULL),
		                 GS_EINVAL);
	assert_int_equal(gs_batch_tree(&model,
	                               (struct gs_bytes){leaves, GS_BATCH_LEAVES_MAX * (size_t)GS_BATCH_LEAF_BYTES},
	                               GS_BATCH_LEAVES_MAX - 1, &root, path, &levels),
	                 GS_OK);
	assert_int_equal(levels, GS_BATCH_LEVELS_MAX);
	free(leaves);
}

static void a_leaf_is_read_as_written(void **state)
{
	struct gs_rng rng;

	(void)state;
	gs_rng_seed(&rng, 2);
	for (int i = 0; i < 100; i++) {
		uint8_t bytes[GS_BATCH_LEAF_BYTES], again[GS_BATCH_LEAF_BYTES];
		struct gs_batch_leaf leaf;
		random_leaves(&rng, bytes, 1);
		leaf = gs_batch_leaf_read(bytes);
		gs_batch_leaf_write(&leaf, again);
		assert_memory_equal(bytes, again, sizeof(bytes));
		assert_int_equal(leaf.value.v.limb[1] >> 56, bytes[0]);
	}
}

/* --- files --- */

struct folder {
	char path[64];
	struct gs_contracts contracts;
	struct gs_batch_file file;
	struct gs_buf bytes;
};

static int make_folder(void **state)
{
	const struct gs_hash model = {{7}};
	struct gs_batch_name name = {
		.claimant = {{9}}, .salt = 5, .count = 3, .kind = GS_BATCH_CALLDATA, .model = model};
	struct folder *f = calloc(1, sizeof(*f));
	uint8_t leaves[3 * GS_BATCH_LEAF_BYTES];
	struct gs_rng rng;

	strcpy(f->path, "/tmp/gs_batch_XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->contracts = (struct gs_contracts){.chain_id = CHAIN, .claims = {{1}}, .batches = {{2}}};
	gs_rng_seed(&rng, 3);
	random_leaves(&rng, leaves, 3);
	gs_buf_init(&f->bytes, GS_BATCH_FILE_MAX);
	assert_int_equal(gs_batch_file_begin(CHAIN, &f->contracts.batches, &name, &model,
	                                     (struct gs_bytes){leaves, sizeof(leaves)}, &f->file, &f->bytes),
	                 GS_OK);
	for (int i = 0; i < 3; i++)
		gs_batch_file_add(&f->bytes, (struct gs_bytes){(const uint8_t *)"input\0\0", (size_t)(2 * i)},
		                  (struct gs_bytes){(const uint8_t *)"output\0", 7});
	assert_int_equal(f->bytes.err, GS_OK);
	*state = f;
	return 0;
}

static int drop_folder(void **state)
{
	struct folder *f = *state;
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", f->path);
	assert_int_equal(system(command), 0);
	gs_buf_free(&f->bytes);
	free(f);
	return 0;
}

static void write_file(const struct folder *f, const char *name, struct gs_bytes bytes)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, out), bytes.len);
	assert_int_equal(fclose(out), 0);
}

static enum gs_err read_file(const struct folder *f, const char *name, struct gs_batch_file *out)
{
	struct gs_error error = {0};
	char path[128];
	enum gs_err err;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	err = gs_batch_file_read(path, CHAIN, &f->contracts.batches, out, &error);
	assert_true(err == GS_OK || (error.text[0] && !strchr(error.text, '\n')));
	return err;
}

static void a_file_is_read_as_written(void **state)
{
	struct folder *f = *state;
	struct gs_batch_file again;
	struct gs_claim_body body;
	struct gs_leaf_data data;
	struct gs_hash id;
	char path[GS_BATCH_PATH_MAX], name[67];

	assert_int_equal(gs_batch_file_write(f->path, &f->file.id, gs_buf_view(&f->bytes), NULL), GS_OK);
	gs_hex_encode(f->file.id.b, 32, true, name);
	name[10] = '\0';
	assert_int_equal(gs_batches_find(f->path, name, path, NULL), GS_OK);
	assert_int_equal(gs_batch_file_read(path, CHAIN, &f->contracts.batches, &again, NULL), GS_OK);
	assert_true(gs_hash_equal(&again.id, &f->file.id));
	assert_true(gs_hash_equal(&again.name.root, &f->file.name.root));
	gs_batch_file_claim(&again, CHAIN, &f->contracts.claims, 2, &body, &data);
	assert_memory_equal(data.input.ptr, "inpu", data.input.len);
	assert_int_equal(data.input.len, 4);
	assert_int_equal(data.output.len, 6); /* the zero at the end is left out */
	gs_claim_id(CHAIN, &f->contracts.claims, &body, &id);
	assert_true(gs_hash_equal(&id, &data.claim));
	assert_int_equal(gs_claim_lot_index(&body.lot).limb[0], 2);
	gs_batch_file_free(&again);
	assert_int_equal(gs_batches_find(f->path, "0xff", path, NULL), GS_ENOTFOUND);
}

/* Cut at any byte, or longer: refused. Changed anywhere: refused, or another batch, or other arrays of the same one. */
static void a_damaged_file_is_no_batch(void **state)
{
	struct folder *f = *state;
	struct gs_batch_file again;

	for (size_t len = 0; len < f->bytes.len; len++) {
		write_file(f, "x.batch", (struct gs_bytes){f->bytes.ptr, len});
		assert_int_not_equal(read_file(f, "x.batch", &again), GS_OK);
	}
	for (size_t i = 0; i < f->bytes.len; i++) {
		f->bytes.ptr[i] ^= 0x81;
		write_file(f, "x.batch", gs_buf_view(&f->bytes));
		if (read_file(f, "x.batch", &again) == GS_OK) {
			const bool in_arrays = i >= 73 + 3 * GS_BATCH_LEAF_BYTES;
			assert_int_equal(gs_hash_equal(&again.id, &f->file.id), in_arrays);
			gs_batch_file_free(&again);
		}
		f->bytes.ptr[i] ^= 0x81;
	}
	gs_buf_append_u8(&f->bytes, 0);
	write_file(f, "x.batch", gs_buf_view(&f->bytes));
	assert_int_equal(read_file(f, "x.batch", &again), GS_EPARSE);
	assert_int_equal(read_file(f, "none.batch", &again), GS_ENOTFOUND);
}

static enum gs_err count_leaves(void *context, const struct gs_leaf_data *leaf, size_t count)
{
	(void)leaf;
	*(size_t *)context += count;
	return GS_OK;
}

static void the_folder_is_looked_at(void **state)
{
	struct folder *f = *state;
	struct gs_batches *batches;
	size_t seen = 0;

	assert_int_equal(gs_batches_open(f->path, &f->contracts, NULL, &batches), GS_OK);
	write_file(f, "bad.batch", (struct gs_bytes){f->bytes.ptr, 80});
	write_file(f, "other.txt", gs_buf_view(&f->bytes));
	assert_int_equal(gs_batches_look(batches, 100, count_leaves, &seen), GS_OK);
	assert_int_equal(seen, 0);
	write_file(f, "good.batch", gs_buf_view(&f->bytes));
	assert_int_equal(gs_batches_look(batches, 100 + GS_BATCHES_LOOK_S - 1, count_leaves, &seen), GS_OK);
	assert_int_equal(seen, 0); /* not so often */
	assert_int_equal(gs_batches_look(batches, 200, count_leaves, &seen), GS_OK);
	assert_int_equal(seen, 3);
	write_file(f, "bad.batch", gs_buf_view(&f->bytes));
	assert_int_equal(gs_batches_look(batches, 300, count_leaves, &seen), GS_OK);
	assert_int_equal(seen, 6); /* whole now; the good one is not read again */
	gs_batches_close(batches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_is_the_pages),
		cmocka_unit_test(lengths_have_bounds),
		cmocka_unit_test(a_leaf_is_read_as_written),
		cmocka_unit_test_setup_teardown(a_file_is_read_as_written, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_no_batch, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(the_folder_is_looked_at, make_folder, drop_folder),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
