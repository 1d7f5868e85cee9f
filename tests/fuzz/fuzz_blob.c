/* Blobs of OpenGradient's batches: any bytes. The two readers say the same. What is read is checked and, when none of its leaves is spoiled, written again and read as the same. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/blob_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct gs_blob *blob)
{
	struct gs_settlement *s = calloc(blob->leaves, sizeof(*s));
	struct gs_hash *leaf = calloc(blob->leaves, sizeof(*leaf));
	const struct gs_u256 count = gs_u256_from_u64(blob->leaves);
	struct gs_standard_tree tree;
	struct gs_blob other;
	enum gs_finding finding;
	struct gs_buf text;

	if (!s || !leaf)
		abort();
	for (size_t i = 0; i < blob->leaves; i++) {
		s[i] = blob->leaf[i].settlement;
		leaf[i] = blob->leaf[i].hash;
	}
	if (gs_standard_tree_build(leaf, blob->leaves, &tree) != GS_OK)
		abort();
	gs_buf_init(&text, GS_BLOB_BYTES_MAX);
	gs_blob_write(s, &tree, &text);
	if (!text.err &&
	    (gs_blob_read(gs_buf_view(&text), &other, &finding, NULL) != GS_OK ||
	     gs_blob_check(&other, &tree.node[0], &count, &finding, NULL) != GS_OK || finding != GS_FINDING_VALID))
		abort();
	if (!text.err)
		gs_blob_free(&other);
	gs_buf_free(&text);
	gs_standard_tree_free(&tree);
	free(s);
	free(leaf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_u256 one = gs_u256_from_u64(1);
	struct gs_hash root = {{0}};
	struct gs_blob blob;
	enum gs_finding finding;
	bool whole = true;
	enum gs_err code;

	if (blob_readers_differ((struct gs_bytes){data, size}, NULL, &code))
		abort();
	if (gs_blob_read((struct gs_bytes){data, size}, &blob, &finding, NULL) != GS_OK) {
		if (finding == GS_FINDING_VALID)
			abort();
		return 0;
	}
	if (gs_blob_check(&blob, &root, &one, &finding, &root) != GS_OK || finding != GS_FINDING_ROOT)
		abort();
	/* Against the root of its own values it can be anything but another root's. */
	if (gs_blob_check(&blob, &root, &one, &finding, NULL) != GS_OK || finding == GS_FINDING_ROOT)
		abort();
	for (size_t i = 0; i < blob.leaves; i++)
		whole = whole && !blob.leaf[i].what;
	if (whole)
		again(&blob);
	gs_blob_free(&blob);
	return 0;
}
