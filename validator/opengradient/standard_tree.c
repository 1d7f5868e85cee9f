#include "validator/opengradient/standard_tree.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/keccak_lanes.h"

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

/* What a node is the hash of. */
static void put_pair(const struct gs_hash *a, const struct gs_hash *b, struct gs_hash pair[2])
{
	const bool in_order = compare(a, b) <= 0;

	pair[0] = in_order ? *a : *b;
	pair[1] = in_order ? *b : *a;
}

void gs_standard_node(const struct gs_hash *a, const struct gs_hash *b, struct gs_hash *out)
{
	struct gs_hash pair[2];

	put_pair(a, b, pair);
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

/* The nodes above the leaves, which are there; from the last one up, as many at once as have all of their children. */
static void hash_up(struct gs_standard_tree *tree)
{
	enum { AT_ONCE = 64 };
	const struct gs_keccak_lanes *lanes = gs_keccak_lanes_best();
	struct gs_hash pair[AT_ONCE][2];
	size_t first;

	for (size_t end = tree->leaves - 1; end > 0; end = first) {
		/* Node i has the children 2i + 1 and 2i + 2, which must be end or more. */
		first = end / 2;
		if (end - first > AT_ONCE)
			first = end - AT_ONCE;
		for (size_t i = first; i < end; i++)
			put_pair(&tree->node[2 * i + 1], &tree->node[2 * i + 2], pair[i - first]);
		lanes->hash_words(pair[0][0].b, sizeof(pair[0]) / 8, end - first, &tree->node[first]);
	}
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

enum gs_err gs_standard_places_check(const uint32_t *place, size_t leaves)
{
	bool *taken; /* of the leaves' places, from the first one */
	enum gs_err err = GS_OK;

	if (leaves == 0)
		return GS_EINVAL;
	if (leaves > GS_STANDARD_LEAVES_MAX)
		return GS_ELIMIT;
	taken = calloc(leaves, sizeof(*taken));
	if (!taken)
		return GS_ENOMEM;
	for (size_t i = 0; i < leaves && !err; i++) {
		if (place[i] < leaves - 1 || place[i] - (leaves - 1) >= leaves || taken[place[i] - (leaves - 1)])
			err = GS_EINVAL;
		else
			taken[place[i] - (leaves - 1)] = true;
	}
	free(taken);
	return err;
}

enum gs_err gs_standard_tree_at(const struct gs_hash *leaf, const uint32_t *place, size_t leaves,
                                struct gs_standard_tree *out)
{
	enum gs_err err = allocate(leaves, out);

	if (!err)
		err = gs_standard_places_check(place, leaves);
	if (err) {
		gs_standard_tree_free(out);
		return err;
	}
	for (size_t i = 0; i < leaves; i++) {
		out->node[place[i]] = leaf[i];
		out->place[i] = place[i];
	}
	hash_up(out);
	return GS_OK;
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
