/* Batches: the tree's vector, what a blob may be, and hostile ones. OpenZeppelin's library is asked in tests/integration/merkle_tree.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "validator/opengradient/blob.h"

enum { LEAVES = 5, TEXT_MAX = 64 * 1024 * 1024 };

static struct gs_settlement vector(void)
{
	struct gs_settlement s = {.signature = {(const uint8_t *)"\x12\x34", 2},
	                          .timestamp_s = gs_u256_from_u64(1741809483)};

	memset(s.tee.b, 0x11, 32);
	memset(s.input.b, 0x22, 32);
	memset(s.output.b, 0x33, 32);
	return s;
}

static void knows_the_vector(void **state)
{
	const struct gs_settlement s = vector();
	struct gs_hash leaf;
	char hex[65];

	(void)state;
	gs_settlement_leaf(&s, &leaf);
	gs_hex_encode(leaf.b, 32, false, hex);
	assert_string_equal(hex, "16c7b6a26a53e82029a6ddf7219d45560b3e0b90fba55d4da5a19830070b08e0");
}

static void tree_of(size_t count, struct gs_settlement *s, struct gs_standard_tree *tree)
{
	struct gs_hash *leaf = calloc(count, sizeof(*leaf));

	assert_non_null(leaf);
	for (size_t i = 0; i < count; i++) {
		s[i] = vector();
		s[i].timestamp_s = gs_u256_from_u64(i);
		gs_settlement_leaf(&s[i], &leaf[i]);
	}
	assert_int_equal(gs_standard_tree_build(leaf, count, tree), GS_OK);
	free(leaf);
}

static void makes_trees(void **state)
{
	struct gs_settlement s[40];
	struct gs_standard_tree tree;

	(void)state;
	assert_int_equal(gs_standard_tree_build(NULL, 0, &tree), GS_EINVAL);
	assert_int_equal(gs_standard_tree_build(NULL, GS_STANDARD_LEAVES_MAX + 1, &tree), GS_ELIMIT);
	for (size_t count = 1; count <= 40; count++) {
		struct gs_hash proof[GS_STANDARD_PROOF_MAX], root;
		tree_of(count, s, &tree);
		for (size_t i = 0; i < count; i++) {
			const size_t length = gs_standard_proof(&tree, i, proof);
			gs_standard_proof_root(&tree.node[tree.place[i]], proof, length, &root);
			assert_true(gs_hash_equal(&root, &tree.node[0]));
			if (length) {
				proof[length - 1].b[7] ^= 1;
				gs_standard_proof_root(&tree.node[tree.place[i]], proof, length, &root);
				assert_false(gs_hash_equal(&root, &tree.node[0]));
			}
		}
		gs_standard_tree_free(&tree);
	}
}

/* A dump of some leaves as text, with its root; gs_buf_free. */
static struct gs_buf a_dump(struct gs_hash *root)
{
	struct gs_settlement s[LEAVES];
	struct gs_standard_tree tree;
	struct gs_buf text;

	tree_of(LEAVES, s, &tree);
	gs_buf_init(&text, TEXT_MAX);
	gs_blob_write(s, &tree, &text);
	assert_int_equal(text.err, GS_OK);
	*root = tree.node[0];
	gs_standard_tree_free(&tree);
	return text;
}

/* With the first `from` replaced by `to`. */
static struct gs_buf bent(struct gs_bytes text, const char *from, const char *to)
{
	const uint8_t *at = memmem(text.ptr, text.len, from, strlen(from));
	struct gs_buf out;

	assert_non_null(at);
	gs_buf_init(&out, TEXT_MAX);
	gs_buf_append(&out, text.ptr, (size_t)(at - text.ptr));
	gs_buf_append(&out, to, strlen(to));
	at += strlen(from);
	gs_buf_append(&out, at, (size_t)(text.ptr + text.len - at));
	return out;
}

static const char *finding_of(struct gs_bytes text, const struct gs_hash *root, size_t *spoiled)
{
	const struct gs_u256 count = gs_u256_from_u64(LEAVES);
	enum gs_finding finding;
	struct gs_error error = {.code = GS_OK};
	struct gs_blob blob;

	*spoiled = 0;
	if (gs_blob_read(text, &blob, &finding, &error) != GS_OK) {
		assert_true(error.text[0] != '\0');
		return gs_finding_code(finding);
	}
	for (size_t i = 0; i < blob.leaves; i++)
		*spoiled += blob.leaf[i].what != NULL;
	assert_int_equal(gs_blob_check(&blob, root, &count, &finding, NULL), GS_OK);
	gs_blob_free(&blob);
	return gs_finding_code(finding);
}

static void names_defects(void **state)
{
	static const struct {
		const char *from, *to, *finding;
		size_t spoiled;
	} cases[] = {
		{"standard-v1", "standard-v1", "valid", 0},
		{"{\"format\"", "{\"more\":[1,{}],\"format\"", "valid", 0},
		{"\"3\"]", "3]", "valid", 0},
		{"\"3\"]", "\"0x3\"]", "valid", 0},
		{"\"3\"]", "4]", "root", 0},
		{"\"3\"]", "3.0]", "valid", 1}, /* its node stands for it */
		{"\"3\"]", "-3]", "valid", 1},
		{"\"3\"]", "null]", "valid", 1},
		{"\"3\"]", "\"3\",1]", "valid", 1},
		{"\"3\"]", "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"]",
	         "valid", 1},
		{"\"0x1234\"", "\"1234\"", "valid", 1},
		{"\"0x1234\"", "\"0x123\"", "valid", 1},
		{"\"0x1234\"", "\"0x12zz\"", "valid", 1},
		{"\"0x1234\"", "\"0x\"", "root", 0},
		{"\"0x1234\"", "{}", "valid", 1},
		{"{\"value\":[", "{\"value\":[\"0x11\",", "valid", 1},
		{"{\"value\":", "{\"worth\":", "valid", 1},
		{"\"treeIndex\":", "\"treeIndex\":1", "blob-format", 0},
		{"\"treeIndex\":", "\"treeIndex\":-", "blob-format", 0},
		{"\"treeIndex\":", "\"index\":", "blob-format", 0},
		{"\"tree\":[", "\"tree\":[\"0x11\",", "blob-format", 0},
		{"\"values\":[", "\"values\":[],\"more\":[", "blob-format", 0},
		{"\"values\":[", "\"values\":[],\"values\":[", "blob-json", 0},
		{"\"treeIndex\":", "\"treeIndex\":1,\"treeIndex\":", "blob-json", 0},
		{"uint256", "uint64", "blob-format", 0},
		{"standard-v1", "simple-v1", "blob-format", 0},
		{"\"3\"]", "99999999999999999999]", "blob-json", 0},
		{"\"3\"]", "1e999]", "blob-json", 0},
		{"\"3\"]", "\"\\u0000\"]", "blob-json", 0},
		{"\"3\"]", "\"\\ud800\"]", "blob-json", 0},
		{"]}", "]}]", "blob-json", 0},
		{"\"3\"]", "[[[[[[[3]]]]]]]]", "blob-limit", 0},
	};
	struct gs_hash root;
	struct gs_buf text = a_dump(&root);

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_buf other = bent(gs_buf_view(&text), cases[i].from, cases[i].to);
		size_t spoiled;
		const char *finding = finding_of(gs_buf_view(&other), &root, &spoiled);
		if (strcmp(finding, cases[i].finding) != 0 || spoiled != cases[i].spoiled)
			fail_msg("case %zu: %s, %zu spoiled", i, finding, spoiled);
		gs_buf_free(&other);
	}
	gs_buf_free(&text);
}

static void survives_hostile_text(void **state)
{
	struct gs_hash root;
	struct gs_buf text = a_dump(&root), wide;
	struct gs_rng rng;
	size_t spoiled;

	(void)state;
	gs_rng_seed(&rng, 3);
	for (size_t len = 0; len < text.len; len += 1 + gs_rng_below(&rng, 7))
		assert_string_not_equal(finding_of((struct gs_bytes){text.ptr, len}, &root, &spoiled), "valid");
	for (int i = 0; i < 3000; i++) {
		const size_t at = gs_rng_below(&rng, text.len);
		const uint8_t kept = text.ptr[at];
		text.ptr[at] = (uint8_t)gs_rng_u64(&rng);
		(void)finding_of(gs_buf_view(&text), &root, &spoiled);
		text.ptr[at] = kept;
	}
	gs_buf_init(&wide, TEXT_MAX);
	for (int i = 0; i <= GS_BLOB_VALUES_MAX; i++)
		gs_buf_append(&wide, i ? ",1" : "[1", 2);
	assert_string_equal(finding_of(gs_buf_view(&wide), &root, &spoiled), "blob-limit");
	memset(wide.ptr, '[', wide.len);
	assert_string_equal(finding_of(gs_buf_view(&wide), &root, &spoiled), "blob-limit");
	gs_buf_append_zeros(&wide, GS_BLOB_BYTES_MAX);
	assert_string_equal(finding_of(gs_buf_view(&wide), &root, &spoiled), "blob-limit");
	gs_buf_free(&wide);
	gs_buf_free(&text);
}

static void has_a_code_for_each_finding(void **state)
{
	(void)state;
	for (int i = 0; i < GS_FINDINGS; i++) {
		assert_non_null(gs_finding_code((enum gs_finding)i));
		assert_non_null(gs_finding_reason((enum gs_finding)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(gs_finding_code((enum gs_finding)i),
			                        gs_finding_code((enum gs_finding)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_vector),
		cmocka_unit_test(makes_trees),
		cmocka_unit_test(names_defects),
		cmocka_unit_test(survives_hostile_text),
		cmocka_unit_test(has_a_code_for_each_finding),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
