/* challenge/machine/merkle_tree.c: whole trees, many hashes at once.
 *
 * A block is GS_MERKLE_BLOCK_HEIGHT levels over 2^10 chunks: its leaves and nodes fit the processor's second cache, and
 * all but the last few of its levels fill the lanes. */
#include "challenge/machine/merkle.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_HEIGHT = GS_MERKLE_BLOCK_HEIGHT, BLOCK = 1 << BLOCK_HEIGHT };

/* How many nodes of a level are present: those with at least one present leaf below. */
static uint64_t present(uint64_t leaves, unsigned level)
{
	return (leaves + (UINT64_C(1) << level) - 1) >> level;
}

/* Hashes that a level has memory for: an even number (join). */
static uint64_t room(uint64_t leaves, unsigned level)
{
	return (present(leaves, level) + 1) & ~UINT64_C(1);
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Gaps of a trace are zero for many chunks on end; a block that is not costs a look at its first bytes. */
static bool all_zero(const uint8_t *data, uint64_t chunks)
{
	static const uint8_t zeros[GS_CHUNK_BYTES];
	return chunks == 0 || (memcmp(data, zeros, GS_CHUNK_BYTES) == 0 &&
	                       memcmp(data, data + GS_CHUNK_BYTES, (size_t)(chunks - 1) * GS_CHUNK_BYTES) == 0);
}

static void fill(struct gs_hash *out, uint64_t count, unsigned height)
{
	for (uint64_t i = 0; i < count; i++)
		out[i] = *gs_merkle_zero(height);
}

/* The level over `count` hashes of height h; an odd last one meets Z_h, which is written behind it: there is room for an
 * even number of hashes in each level. above may be below. */
static void join(const struct gs_keccak_lanes *lanes, struct gs_hash *below, uint64_t count, unsigned h,
                 struct gs_hash *above)
{
	if (count & 1)
		below[count] = *gs_merkle_zero(h);
	gs_merkle_nodes(lanes, below, (count + 1) / 2, above);
}

/* Turns 1 <= count <= 2^height leaf hashes into the root of their subtree, in place. */
static void reduce(const struct gs_keccak_lanes *lanes, struct gs_hash *hash, uint64_t count, unsigned height)
{
	for (unsigned h = 0; h < height; h++, count = (count + 1) / 2)
		join(lanes, hash, count, h, hash);
}

/* ---- the root alone ---- */

static void block_root(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks, unsigned height,
                       struct gs_hash *out)
{
	struct gs_hash hash[BLOCK];
	if (all_zero(data, chunks)) {
		*out = *gs_merkle_zero(height);
		return;
	}
	gs_merkle_leaves(lanes, data, chunks, hash);
	reduce(lanes, hash, chunks, height);
	*out = hash[0];
}

/* Keeps the roots of the complete subtrees to the left, one a set bit of i, like the digits of a binary counter. */
void gs_merkle_array_root_by(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks, unsigned depth,
                             struct gs_hash *out)
{
	struct gs_hash pending[GS_MERKLE_DEPTH_MAX + 1];
	GS_ASSERT(depth <= GS_MERKLE_DEPTH_MAX && chunks <= UINT64_C(1) << depth);
	const unsigned low = depth < BLOCK_HEIGHT ? depth : BLOCK_HEIGHT;
	const uint64_t blocks = present(chunks, low);
	if (lanes == NULL)
		lanes = gs_keccak_lanes_best();
	for (uint64_t i = 0; i < blocks; i++) {
		struct gs_hash node;
		uint64_t first = i << low;
		block_root(lanes, data + first * GS_CHUNK_BYTES, lower(chunks - first, UINT64_C(1) << low), low, &node);
		unsigned h = 0;
		for (; i >> h & 1; h++)
			gs_merkle_node(&pending[h], &node, &node);
		pending[h] = node;
	}
	if (blocks == UINT64_C(1) << (depth - low)) {
		*out = pending[depth - low];
		return;
	}
	/* The right edge upwards: either a pending subtree meets what lies right of it, or the edge meets nothing. */
	struct gs_hash edge = *gs_merkle_zero(0);
	bool any = false; /* whether edge holds chunks; else the subtree at height h is missing */
	for (unsigned h = 0; h < depth - low; h++) {
		const struct gs_hash *zero = gs_merkle_zero(low + h);
		if (blocks >> h & 1) {
			gs_merkle_node(&pending[h], any ? &edge : zero, &edge);
			any = true;
		} else if (any) {
			gs_merkle_node(&edge, zero, &edge);
		}
	}
	*out = any ? edge : *gs_merkle_zero(depth);
}

void gs_merkle_array_root(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_hash *out)
{
	gs_merkle_array_root_by(NULL, data, chunks, depth, out);
}

/* ---- kept trees ---- */

unsigned gs_merkle_base_for(uint64_t chunks)
{
	return chunks <= GS_MERKLE_WHOLE_MAX ? 0 : GS_MERKLE_BLOCK_HEIGHT;
}

static enum gs_err allocate(const struct gs_keccak_lanes *lanes, uint64_t leaves, unsigned depth, unsigned base,
                            struct gs_merkle *out)
{
	GS_ASSERT(depth <= GS_MERKLE_DEPTH_MAX && base <= depth && leaves <= UINT64_C(1) << depth);
	memset(out, 0, sizeof(*out));
	uint64_t total = 0;
	for (unsigned level = base; level <= depth; level++)
		total += room(leaves, level);
	out->memory = malloc((size_t)(total > 0 ? total : 1) * sizeof(struct gs_hash));
	if (out->memory == NULL)
		return GS_ENOMEM;
	out->depth = depth;
	out->base = base;
	out->leaves = leaves;
	out->lanes = lanes != NULL ? lanes : gs_keccak_lanes_best();
	struct gs_hash *at = out->memory;
	for (unsigned level = base; level <= depth; level++) {
		out->level[level] = at;
		at += room(leaves, level);
	}
	return GS_OK;
}

/* Fills the levels above `level`. */
static void join_above(struct gs_merkle *t, unsigned level)
{
	for (; level < t->depth; level++)
		join(t->lanes, t->level[level], present(t->leaves, level), level, t->level[level + 1]);
}

/* One block of a tree that keeps its leaves: all its levels, while its hashes are in the cache. */
static void build_block(struct gs_merkle *t, const uint8_t *data, uint64_t first, unsigned height)
{
	uint64_t count = lower(t->leaves - first, UINT64_C(1) << height);
	bool zero = all_zero(data, count);
	if (zero)
		fill(t->level[0] + first, count, 0);
	else
		gs_merkle_leaves(t->lanes, data, count, t->level[0] + first);
	for (unsigned h = 0; h < height; h++, count = (count + 1) / 2)
		if (zero)
			fill(t->level[h + 1] + (first >> (h + 1)), (count + 1) / 2, h + 1);
		else
			join(t->lanes, t->level[h] + (first >> h), count, h, t->level[h + 1] + (first >> (h + 1)));
}

enum gs_err gs_merkle_build_from(const struct gs_keccak_lanes *lanes, const uint8_t *data, uint64_t chunks,
                                 unsigned depth, unsigned base, struct gs_merkle *out)
{
	enum gs_err err = allocate(lanes, chunks, depth, base, out);
	if (err != GS_OK)
		return err;
	unsigned height = base > 0 ? base : depth < BLOCK_HEIGHT ? depth : BLOCK_HEIGHT;
	for (uint64_t first = 0; first < chunks; first += UINT64_C(1) << height) {
		const uint8_t *block = data + first * GS_CHUNK_BYTES;
		if (base == 0)
			build_block(out, block, first, height);
		else
			gs_merkle_array_root_by(out->lanes, block, lower(chunks - first, UINT64_C(1) << base), base,
			                        &out->level[base][first >> base]);
	}
	join_above(out, height);
	out->data = base > 0 ? data : NULL;
	return GS_OK;
}

enum gs_err gs_merkle_build(const uint8_t *data, uint64_t chunks, unsigned depth, struct gs_merkle *out)
{
	return gs_merkle_build_from(NULL, data, chunks, depth, 0, out);
}

enum gs_err gs_merkle_build_hashes(const struct gs_hash *leaf, uint64_t count, unsigned depth, struct gs_merkle *out)
{
	enum gs_err err = allocate(NULL, count, depth, 0, out);
	if (err != GS_OK)
		return err;
	if (count > 0)
		memcpy(out->level[0], leaf, (size_t)count * sizeof(*leaf));
	join_above(out, 0);
	return GS_OK;
}

void gs_merkle_free(struct gs_merkle *t)
{
	if (t == NULL)
		return;
	free(t->memory);
	memset(t, 0, sizeof(*t));
}

void gs_merkle_get(const struct gs_merkle *t, unsigned level, uint64_t index, struct gs_hash *out)
{
	GS_ASSERT(level <= t->depth && index < UINT64_C(1) << (t->depth - level));
	if (index >= present(t->leaves, level)) {
		*out = *gs_merkle_zero(level);
		return;
	}
	if (level >= t->base) {
		*out = t->level[level][index];
		return;
	}
	GS_ASSERT(t->data != NULL);
	uint64_t first = index << level;
	gs_merkle_array_root_by(t->lanes, t->data + first * GS_CHUNK_BYTES,
	                        lower(t->leaves - first, UINT64_C(1) << level), level, out);
}

void gs_merkle_root(const struct gs_merkle *t, struct gs_hash *out)
{
	gs_merkle_get(t, t->depth, 0, out);
}

void gs_merkle_path(const struct gs_merkle *t, unsigned level, uint64_t index, unsigned top, struct gs_hash *out)
{
	GS_ASSERT(level <= top && top <= t->depth);
	for (unsigned h = level; h < top; h++, index >>= 1)
		gs_merkle_get(t, h, index ^ 1, &out[h - level]);
}

/* ---- trees that grow ---- */

static bool fits(const struct gs_merkle *t, uint64_t leaves, unsigned depth, unsigned base)
{
	return t->memory != NULL && t->leaves == leaves && t->depth == depth && t->base == base;
}

enum gs_err gs_merkle_stream_init(struct gs_merkle_stream *s, const struct gs_keccak_lanes *lanes, uint64_t leaves,
                                  unsigned depth, unsigned base, struct gs_merkle *tree)
{
	enum gs_err err = GS_OK;
	memset(s, 0, sizeof(*s));
	s->tree = tree;
	if (fits(tree, leaves, depth, base)) {
		tree->lanes = lanes != NULL ? lanes : gs_keccak_lanes_best();
	} else {
		gs_merkle_free(tree);
		err = allocate(lanes, leaves, depth, base, tree);
	}
	if (err == GS_OK && base > 0) {
		s->pending = malloc(sizeof(struct gs_hash) << base);
		if (s->pending == NULL)
			err = GS_ENOMEM;
	}
	if (err != GS_OK)
		gs_merkle_stream_free(s);
	return err;
}

/* `count` chunks at s->next, all in one block: data, or zero ones when it is NULL. */
static void advance(struct gs_merkle_stream *s, const uint8_t *data, uint64_t count)
{
	struct gs_merkle *t = s->tree;
	const uint64_t block = UINT64_C(1) << t->base, at = s->next & (block - 1), first = s->next - at;
	const bool zero = data == NULL || all_zero(data, count);
	struct gs_hash *leaf = t->base > 0 ? s->pending + at : t->level[0] + s->next;
	s->next += count;
	if (t->base > 0 && zero && count == block) {
		t->level[t->base][first >> t->base] = *gs_merkle_zero(t->base);
		return;
	}
	if (zero)
		fill(leaf, count, 0);
	else
		gs_merkle_leaves(t->lanes, data, count, leaf);
	if (t->base > 0 && (at + count == block || s->next == t->leaves)) {
		reduce(t->lanes, s->pending, at + count, t->base);
		t->level[t->base][first >> t->base] = s->pending[0];
	}
}

struct blocks {
	const struct gs_merkle *tree;
	const uint8_t *data; /* of block `first` */
	uint64_t first;
};

static void hash_blocks(void *what, uint64_t first, uint64_t last)
{
	const struct blocks *b = what;
	const struct gs_merkle *t = b->tree;
	for (uint64_t i = first; i < last; i++)
		gs_merkle_array_root_by(t->lanes, b->data + ((i << t->base) * GS_CHUNK_BYTES), UINT64_C(1) << t->base,
		                        t->base, &t->level[t->base][b->first + i]);
}

/* Whole blocks of data from s->next on, which is where one begins. */
static void advance_blocks(struct gs_merkle_stream *s, const uint8_t *data, uint64_t count)
{
	struct blocks blocks = {s->tree, data, s->next >> s->tree->base};
	if (s->spread.run != NULL && count > 1)
		s->spread.run(s->spread.self, count, hash_blocks, &blocks);
	else
		hash_blocks(&blocks, 0, count);
	s->next += count << s->tree->base;
}

/* Up to `end`: data, or zero chunks when data is NULL. */
static void advance_to(struct gs_merkle_stream *s, const uint8_t *data, uint64_t end)
{
	const uint64_t block = UINT64_C(1) << (s->tree->base > 0 ? s->tree->base : BLOCK_HEIGHT);
	while (s->next < end) {
		const uint64_t whole = (end - s->next) / block;
		if (data != NULL && s->tree->base > 0 && s->next % block == 0 && whole > 0) {
			advance_blocks(s, data, whole);
			data += whole * block * GS_CHUNK_BYTES;
			continue;
		}
		uint64_t count = lower(end, (s->next | (block - 1)) + 1) - s->next;
		advance(s, data, count);
		if (data != NULL)
			data += count * GS_CHUNK_BYTES;
	}
}

void gs_merkle_stream_append(struct gs_merkle_stream *s, uint64_t position, const uint8_t *data, uint64_t chunks)
{
	GS_ASSERT(position >= s->next && position <= s->tree->leaves && chunks <= s->tree->leaves - position);
	advance_to(s, NULL, position);
	advance_to(s, data, position + chunks);
}

void gs_merkle_stream_finish(struct gs_merkle_stream *s, const uint8_t *data)
{
	advance_to(s, NULL, s->tree->leaves);
	join_above(s->tree, s->tree->base);
	s->tree->data = s->tree->base > 0 ? data : NULL;
	free(s->pending);
	memset(s, 0, sizeof(*s));
}

void gs_merkle_stream_free(struct gs_merkle_stream *s)
{
	if (s == NULL)
		return;
	gs_merkle_free(s->tree);
	free(s->pending);
	memset(s, 0, sizeof(*s));
}
