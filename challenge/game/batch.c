#include "challenge/game/batch.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

enum { VALUE_BYTES = 16, LEAF_TAG = 3, NODE_TAG = 1 };

struct gs_batch_leaf gs_batch_leaf_read(const uint8_t bytes[GS_BATCH_LEAF_BYTES])
{
	struct gs_batch_leaf leaf;
	uint8_t word[32] = {0};

	memcpy(word + sizeof(word) - VALUE_BYTES, bytes, VALUE_BYTES);
	leaf.value.v = gs_u256_from_be(word);
	memcpy(leaf.input_root.b, bytes + VALUE_BYTES, 32);
	memcpy(leaf.output_root.b, bytes + VALUE_BYTES + 32, 32);
	return leaf;
}

void gs_batch_leaf_write(const struct gs_batch_leaf *leaf, uint8_t out[GS_BATCH_LEAF_BYTES])
{
	uint8_t word[32];

	GS_ASSERT(leaf->value.v.limb[2] == 0 && leaf->value.v.limb[3] == 0);
	gs_u256_to_be(&leaf->value.v, word);
	memcpy(out, word + sizeof(word) - VALUE_BYTES, VALUE_BYTES);
	memcpy(out + VALUE_BYTES, leaf->input_root.b, 32);
	memcpy(out + VALUE_BYTES + 32, leaf->output_root.b, 32);
}

void gs_batch_id(uint64_t chain_id, const struct gs_address *batches, const struct gs_batch_name *name,
                 struct gs_hash *out)
{
	static const char domain[] = "gainsay.batch";
	uint8_t words[9 * 32] = {0};
	struct gs_hash tag;

	gs_keccak256(domain, sizeof(domain) - 1, &tag);
	memcpy(words, tag.b, 32);
	gs_be64_write(words + 32 + 24, chain_id);
	memcpy(words + 64 + 12, batches->b, sizeof(batches->b));
	memcpy(words + 96 + 12, name->claimant.b, sizeof(name->claimant.b));
	gs_be64_write(words + 128 + 24, name->salt);
	memcpy(words + 160, name->root.b, 32);
	gs_be32_write(words + 192 + 28, name->count);
	words[224 + 31] = name->kind;
	memcpy(words + 256, name->model.b, 32);
	gs_keccak256(words, sizeof(words), out);
}

static void hash_leaf(const struct gs_hash *model, const uint8_t *leaf, struct gs_hash *out)
{
	uint8_t bytes[1 + GS_BATCH_LEAF_BYTES + 32] = {LEAF_TAG};

	memcpy(bytes + 1, leaf, VALUE_BYTES);
	memcpy(bytes + 1 + VALUE_BYTES, model->b, 32);
	memcpy(bytes + 1 + VALUE_BYTES + 32, leaf + VALUE_BYTES, 64);
	gs_keccak256(bytes, sizeof(bytes), out);
}

static void hash_node(const struct gs_hash *left, const struct gs_hash *right, struct gs_hash *out)
{
	uint8_t bytes[65] = {NODE_TAG};

	memcpy(bytes + 1, left->b, 32);
	memcpy(bytes + 33, right->b, 32);
	gs_keccak256(bytes, sizeof(bytes), out);
}

enum gs_err gs_batch_tree(const struct gs_hash *model, struct gs_bytes leaves, uint32_t index, struct gs_hash *root,
                          struct gs_hash *siblings, unsigned *levels)
{
	size_t count = leaves.len / GS_BATCH_LEAF_BYTES;
	struct gs_hash missing = {{0}}, *level;
	unsigned depth = 0;

	if (count == 0 || count > GS_BATCH_LEAVES_MAX || leaves.len % GS_BATCH_LEAF_BYTES || index >= count)
		return GS_EINVAL;
	level = calloc(count + 1, sizeof(*level)); /* one more: where a level is completed */
	if (!level)
		return GS_ENOMEM;
	for (size_t i = 0; i < count; i++)
		hash_leaf(model, leaves.ptr + i * GS_BATCH_LEAF_BYTES, &level[i]);
	for (; count > 1; depth++) {
		if (count & 1)
			level[count] = missing;
		if (siblings)
			siblings[depth] = level[index ^ 1];
		index >>= 1;
		count = (count + 1) / 2;
		for (size_t i = 0; i < count; i++)
			hash_node(&level[2 * i], &level[2 * i + 1], &level[i]);
		hash_node(&missing, &missing, &missing);
	}
	*root = level[0];
	if (levels)
		*levels = depth;
	free(level);
	return GS_OK;
}

void gs_batch_body(const struct gs_hash *batch, const struct gs_address *claimant, const struct gs_hash *model,
                   uint32_t index, const struct gs_batch_leaf *leaf, struct gs_claim_body *out)
{
	const struct gs_u256 number = gs_u256_from_u64(index);

	*out = (struct gs_claim_body){.batch = *batch,
	                              .lot = gs_claim_lot(&number, leaf->value),
	                              .claimant = *claimant,
	                              .model_id = *model,
	                              .input_root = leaf->input_root,
	                              .output_root = leaf->output_root};
}
