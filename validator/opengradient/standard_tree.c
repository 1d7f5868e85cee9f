#include "validator/opengradient/standard_tree.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

void gs_standard_leaf(struct gs_bytes encoding, struct gs_hash *out)
{
	struct gs_hash once;

	gs_keccak256(encoding.ptr, encoding.len, &once);
	gs_keccak256(once.b, sizeof(once.b), out);
}

static int compare(const struct gs_hash *a, const struct gs_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

void gs_standard_node(const struct gs_hash *a, const struct gs_hash *b, struct gs_hash *out)
{
	struct gs_hash pair[2];
	const bool in_order = compare(a, b) <= 0;

	pair[0] = in_order ? *a : *b;
	pair[1] = in_order ? *b : *a;
	gs_keccak256(pair, sizeof(pair), out);
}

struct entry { /* a leaf that is being sorted */
	struct gs_hash hash;
	uint32_t index;
};

static int by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const int order = compare(&x->hash, &y->hash);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static enum gs_err allocate(size_t leaves, struct gs_standard_tree *out)
{
	memset(out, 0, sizeof(*out));
	if (leaves == 0)
		return GS_EINVAL;
	if (leaves > GS_STANDARD_LEAVES_MAX)
		return GS_ELIMIT;
	out->leaves = leaves;
	out->nodes = 2 * leaves - 1;
	out->node = calloc(out->nodes, sizeof(*out->node));
	out->place = calloc(leaves, sizeof(*out->place));
	if (out->node && out->place)
		return GS_OK;
	gs_standard_tree_free(out);
	return GS_ENOMEM;
}

/* The nodes above the leaves, which are there. */
static void hash_up(struct gs_standard_tree *tree)
{
	for (size_t i = tree->leaves - 1; i-- > 0;)
		gs_standard_node(&tree->node[2 * i + 1], &tree->node[2 * i + 2], &tree->node[i]);
}

enum gs_err gs_standard_tree_build(const struct gs_hash *leaf, size_t leaves, struct gs_standard_tree *out)
{
	enum gs_err err = allocate(leaves, out);
	struct entry *sorted;

	if (err)
		return err;
	sorted = calloc(leaves, sizeof(*sorted));
	if (!sorted) {
		gs_standard_tree_free(out);
		return GS_ENOMEM;
	}
	for (size_t i = 0; i < leaves; i++)
		sorted[i] = (struct entry){leaf[i], (uint32_t)i};
	qsort(sorted, leaves, sizeof(*sorted), by_hash);
	for (size_t i = 0; i < leaves; i++) {
		const size_t place = out->nodes - 1 - i;
		out->node[place] = sorted[i].hash;
		out->place[sorted[i].index] = (uint32_t)place;
	}
	free(sorted);
	hash_up(out);
	return GS_OK;
}

static enum gs_err put_leaves(const struct gs_hash *leaf, const uint32_t *place, bool *taken,
                              struct gs_standard_tree *out)
{
	for (size_t i = 0; i < out->leaves; i++) {
		if (place[i] >= out->nodes || place[i] < out->leaves - 1 || taken[place[i]])
			return GS_EINVAL;
		taken[place[i]] = true;
		out->node[place[i]] = leaf[i];
		out->place[i] = place[i];
	}
	return GS_OK;
}

enum gs_err gs_standard_tree_at(const struct gs_hash *leaf, const uint32_t *place, size_t leaves,
                                struct gs_standard_tree *out)
{
	enum gs_err err = allocate(leaves, out);
	bool *taken;

	if (err)
		return err;
	taken = calloc(out->nodes, sizeof(*taken));
	err = taken ? put_leaves(leaf, place, taken, out) : GS_ENOMEM;
	free(taken);
	if (err)
		gs_standard_tree_free(out);
	else
		hash_up(out);
	return err;
}

void gs_standard_tree_free(struct gs_standard_tree *tree)
{
	free(tree->node);
	free(tree->place);
	memset(tree, 0, sizeof(*tree));
}

size_t gs_standard_proof(const struct gs_standard_tree *tree, size_t i, struct gs_hash out[GS_STANDARD_PROOF_MAX])
{
	size_t count = 0;

	GS_ASSERT(i < tree->leaves);
	for (size_t at = tree->place[i]; at > 0; at = (at - 1) / 2) {
		GS_ASSERT(count < GS_STANDARD_PROOF_MAX);
		out[count++] = tree->node[at % 2 ? at + 1 : at - 1];
	}
	return count;
}

void gs_standard_proof_root(const struct gs_hash *leaf, const struct gs_hash *proof, size_t count, struct gs_hash *out)
{
	struct gs_hash at = *leaf;

	for (size_t i = 0; i < count; i++)
		gs_standard_node(&at, &proof[i], &at);
	*out = at;
}
