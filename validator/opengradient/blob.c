#include "validator/opengradient/blob.h"

#include <stdlib.h>
#include <string.h>

#include "validator/opengradient/blob_read.h"

const char *const gs_blob_encoding[GS_BLOB_MEMBERS] = {"bytes32", "bytes32", "bytes32", "bytes", "uint256"};

enum gs_err gs_blob_read(struct gs_bytes text, struct gs_blob *out, enum gs_finding *finding, struct gs_error *error)
{
	*finding = GS_FINDING_VALID;
	if (gs_blob_read_plain(text, out))
		return GS_OK;
	return gs_blob_read_json(text, out, finding, error);
}

void gs_blob_free(struct gs_blob *blob)
{
	free(blob->leaf);
	free(blob->node);
	free(blob->signatures);
	memset(blob, 0, sizeof(*blob));
}

/* --- the tree again --- */

/* Whether the dump's nodes are the sorted tree's and every value says where it lies. Values that are equal may lie in each other's places. */
static bool dump_agrees(const struct gs_blob *b, const struct gs_standard_tree *sorted)
{
	if (memcmp(b->node, sorted->node, sorted->nodes * sizeof(*b->node)) != 0)
		return false;
	for (size_t i = 0; i < b->leaves; i++)
		if (!gs_hash_equal(&b->node[b->leaf[i].place], &b->leaf[i].hash))
			return false;
	return true;
}

/* leaf[i] is the hash of value i, place[i] where the dump says that it lies. The tree of these places is hashed only where the sorted one is not the chain's. */
static enum gs_err compare_roots(const struct gs_blob *b, const struct gs_hash *leaf, const uint32_t *place,
                                 const struct gs_hash *on_chain, struct gs_hash *root, enum gs_finding *finding)
{
	struct gs_standard_tree sorted, as_dumped;
	enum gs_err err = gs_standard_tree_build(leaf, b->leaves, &sorted);
	bool same, whole;

	if (err)
		return err;
	*root = sorted.node[0];
	same = gs_hash_equal(&sorted.node[0], on_chain);
	whole = same && dump_agrees(b, &sorted);
	gs_standard_tree_free(&sorted);
	if (same) {
		err = gs_standard_places_check(place, b->leaves);
		*finding = whole && err == GS_OK ? GS_FINDING_VALID : GS_FINDING_BLOB_TREE;
		return err == GS_EINVAL ? GS_OK : err;
	}
	*finding = GS_FINDING_ROOT;
	err = gs_standard_tree_at(leaf, place, b->leaves, &as_dumped);
	if (err)
		return err == GS_EINVAL ? GS_OK : err;
	if (gs_hash_equal(&as_dumped.node[0], on_chain))
		*finding = GS_FINDING_UNSORTED;
	gs_standard_tree_free(&as_dumped);
	return GS_OK;
}

enum gs_err gs_blob_check(const struct gs_blob *blob, const struct gs_hash *on_chain, const struct gs_u256 *batch_size,
                          enum gs_finding *finding, struct gs_hash *root)
{
	const struct gs_u256 leaves = gs_u256_from_u64(blob->leaves);
	struct gs_hash *leaf = calloc(blob->leaves, sizeof(*leaf));
	uint32_t *place = calloc(blob->leaves, sizeof(*place));
	struct gs_hash sorted;
	enum gs_err err = GS_ENOMEM;

	if (!leaf || !place)
		goto out;
	for (size_t i = 0; i < blob->leaves; i++) {
		leaf[i] = blob->leaf[i].hash;
		place[i] = blob->leaf[i].place;
	}
	err = compare_roots(blob, leaf, place, on_chain, &sorted, finding);
	if (err)
		goto out;
	if (root)
		*root = sorted;
	if (*finding != GS_FINDING_ROOT && gs_u256_cmp(&leaves, batch_size) != 0)
		*finding = GS_FINDING_COUNT;
out:
	free(leaf);
	free(place);
	return err;
}

/* --- writing --- */

static void put_hex(struct gs_buf *out, struct gs_bytes bytes)
{
	char two[3];

	gs_buf_append_text(out, "\"0x");
	for (size_t i = 0; i < bytes.len; i++) {
		gs_hex_encode(bytes.ptr + i, 1, false, two);
		gs_buf_append(out, two, 2);
	}
	gs_buf_append_text(out, "\"");
}

static void put_hash(struct gs_buf *out, const struct gs_hash *hash)
{
	put_hex(out, (struct gs_bytes){hash->b, sizeof(hash->b)});
}

void gs_blob_write(const struct gs_settlement *settlement, const struct gs_standard_tree *tree, struct gs_buf *out)
{
	gs_buf_append_text(out, "{\"format\":\"standard-v1\",\"leafEncoding\":[");
	for (size_t i = 0; i < GS_BLOB_MEMBERS; i++)
		gs_buf_append_text(out, "%s\"%s\"", i ? "," : "", gs_blob_encoding[i]);
	gs_buf_append_text(out, "],\"tree\":[");
	for (size_t i = 0; i < tree->nodes; i++) {
		gs_buf_append_text(out, "%s", i ? "," : "");
		put_hash(out, &tree->node[i]);
	}
	gs_buf_append_text(out, "],\"values\":[");
	for (size_t i = 0; i < tree->leaves; i++) {
		const struct gs_settlement *s = &settlement[i];
		char timestamp[GS_U256_DECIMAL_MAX];
		gs_u256_to_decimal(&s->timestamp_s, timestamp);
		gs_buf_append_text(out, "%s{\"value\":[", i ? "," : "");
		put_hash(out, &s->tee);
		gs_buf_append_text(out, ",");
		put_hash(out, &s->input);
		gs_buf_append_text(out, ",");
		put_hash(out, &s->output);
		gs_buf_append_text(out, ",");
		put_hex(out, s->signature);
		gs_buf_append_text(out, ",\"%s\"],\"treeIndex\":%u}", timestamp, tree->place[i]);
	}
	gs_buf_append_text(out, "]}");
}
