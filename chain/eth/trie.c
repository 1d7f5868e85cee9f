#include "chain/eth/trie.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/rlp.h"

enum { NIBBLES_MAX = 8, BRANCH = 16, HASHED = 32 };

void gs_framed_put(struct gs_buf *out, struct gs_bytes item)
{
	uint8_t len[4];

	gs_be32_write(len, (uint32_t)item.len);
	gs_buf_append(out, len, sizeof(len));
	gs_buf_append(out, item.ptr, item.len);
}

struct path {
	uint8_t nibble[NIBBLES_MAX];
	unsigned count;
};

static struct path path_of(uint64_t index)
{
	struct path p = {.count = 0};
	uint8_t room[16];
	struct gs_buf key = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)};

	gs_rlp_put_u64(&key, index);
	for (size_t i = 0; i < key.len && p.count + 2 <= NIBBLES_MAX; i++) {
		p.nibble[p.count++] = key.ptr[i] >> 4;
		p.nibble[p.count++] = key.ptr[i] & 15;
	}
	return p;
}

/* --- making one --- */

struct leaf {
	struct path path;
	size_t item;
};

struct making {
	const struct gs_bytes *item;
	struct leaf *leaf;                     /* by path */
	size_t proven;                         /* the item that is proven */
	struct gs_buf node[GS_TRIE_DEPTH_MAX]; /* on the way to it, the deepest first */
	unsigned nodes;
	bool proves;
};

static int by_path(const void *a, const void *b)
{
	const struct path *x = &((const struct leaf *)a)->path, *y = &((const struct leaf *)b)->path;

	for (unsigned i = 0; i < x->count && i < y->count; i++)
		if (x->nibble[i] != y->nibble[i])
			return x->nibble[i] < y->nibble[i] ? -1 : 1;
	return 0; /* no key begins another */
}

/* "Hex prefix": nibbles as bytes, behind a flag that says whether they end a path and whether their number is odd. */
static void put_nibbles(struct gs_buf *out, const uint8_t *nibble, unsigned count, bool leaf)
{
	uint8_t bytes[NIBBLES_MAX / 2 + 1];
	unsigned len = 0, at = count % 2;

	bytes[len++] = (uint8_t)((leaf ? 0x20 : 0) | (at ? 0x10 | nibble[0] : 0));
	for (; at < count; at += 2)
		bytes[len++] = (uint8_t)(nibble[at] << 4 | nibble[at + 1]);
	gs_rlp_put_bytes(out, (struct gs_bytes){bytes, len});
}

static enum gs_err make_node(struct making *m, size_t from, size_t to, unsigned depth, struct gs_buf *out);

/* What a node holds of the one below: its hash, or all of it when it is short. */
static enum gs_err put_child(struct making *m, size_t from, size_t to, unsigned depth, struct gs_buf *out)
{
	struct gs_buf child;
	struct gs_hash hash;
	enum gs_err err;

	gs_buf_init(&child, GS_TRIE_NODE_MAX);
	err = make_node(m, from, to, depth, &child);
	if (!err && child.len < HASHED) {
		gs_buf_append(out, child.ptr, child.len);
	} else if (!err) {
		gs_keccak256(child.ptr, child.len, &hash);
		gs_rlp_put_bytes(out, (struct gs_bytes){hash.b, sizeof(hash.b)});
	}
	gs_buf_free(&child);
	return err ? err : out->err;
}

static enum gs_err put_branch(struct making *m, size_t from, size_t to, unsigned depth, struct gs_buf *items)
{
	size_t at = from;
	enum gs_err err = GS_OK;

	for (unsigned n = 0; n < BRANCH && !err; n++) {
		const size_t first = at;
		while (at < to && m->leaf[at].path.nibble[depth] == n)
			at++;
		if (at > first)
			err = put_child(m, first, at, depth + 1, items);
		else
			gs_rlp_put_bytes(items, (struct gs_bytes){NULL, 0});
	}
	gs_rlp_put_bytes(items, (struct gs_bytes){NULL, 0});
	return err;
}

static enum gs_err keep_node(struct making *m, const struct gs_buf *node)
{
	GS_ASSERT(m->nodes < GS_TRIE_DEPTH_MAX);
	gs_buf_init(&m->node[m->nodes], GS_TRIE_NODE_MAX);
	gs_buf_append(&m->node[m->nodes], node->ptr, node->len);
	return m->node[m->nodes++].err;
}

/* The node over leaves from..to-1, whose paths agree before `depth`. */
static enum gs_err make_node(struct making *m, size_t from, size_t to, unsigned depth, struct gs_buf *out)
{
	const struct path *first = &m->leaf[from].path, *last = &m->leaf[to - 1].path;
	unsigned shared = depth;
	struct gs_buf items;
	bool on_way = false;
	enum gs_err err = GS_OK;

	gs_buf_init(&items, GS_TRIE_NODE_MAX);
	while (shared < first->count && first->nibble[shared] == last->nibble[shared])
		shared++;
	if (from + 1 == to) {
		put_nibbles(&items, first->nibble + depth, first->count - depth, true);
		gs_rlp_put_bytes(&items, m->item[m->leaf[from].item]);
	} else if (shared > depth) {
		put_nibbles(&items, first->nibble + depth, shared - depth, false);
		err = put_child(m, from, to, shared, &items);
	} else {
		err = put_branch(m, from, to, depth, &items);
	}
	if (!err)
		err = items.err;
	if (!err)
		gs_rlp_put_list(out, gs_buf_view(&items));
	gs_buf_free(&items);
	for (size_t i = from; i < to && m->proves; i++)
		on_way = on_way || m->leaf[i].item == m->proven;
	if (!err && on_way && (out->len >= HASHED || depth == 0))
		err = keep_node(m, out);
	return err ? err : out->err;
}

enum gs_err gs_trie_list(const struct gs_bytes *item, size_t count, size_t index, struct gs_hash *root,
                         struct gs_buf *proof)
{
	static const uint8_t empty = 0x80; /* rlp of nothing */
	struct making m = {.item = item, .proven = index, .proves = proof != NULL};
	struct gs_buf top;
	enum gs_err err;

	if (count > GS_TRIE_ITEMS_MAX || (proof && index >= count))
		return GS_ELIMIT;
	if (count == 0) {
		gs_keccak256(&empty, 1, root);
		return GS_OK;
	}
	m.leaf = calloc(count, sizeof(*m.leaf));
	if (!m.leaf)
		return GS_ENOMEM;
	for (size_t i = 0; i < count; i++)
		m.leaf[i] = (struct leaf){.path = path_of(i), .item = i};
	qsort(m.leaf, count, sizeof(*m.leaf), by_path);
	gs_buf_init(&top, GS_TRIE_NODE_MAX);
	err = make_node(&m, 0, count, 0, &top);
	if (!err)
		gs_keccak256(top.ptr, top.len, root);
	for (unsigned i = m.nodes; i-- > 0;) {
		if (!err)
			gs_framed_put(proof, gs_buf_view(&m.node[i]));
		gs_buf_free(&m.node[i]);
	}
	gs_buf_free(&top);
	free(m.leaf);
	return err || !proof ? err : proof->err;
}

/* --- checking one --- */

struct way {
	struct gs_bytes proof;     /* nodes that are still to be read */
	struct gs_rlp_reader node; /* items of the one that is looked at */
	struct path path;
	unsigned depth; /* nibbles gone */
};

/* The node whose hash this is must be the proof's next. */
static enum gs_err enter(struct way *w, const uint8_t hash[32])
{
	struct gs_bytes bytes;
	struct gs_hash is;

	if (!gs_framed_next(&w->proof, &bytes))
		return GS_EPARSE;
	gs_keccak256(bytes.ptr, bytes.len, &is);
	if (memcmp(is.b, hash, sizeof(is.b)) != 0)
		return GS_ECONFLICT;
	struct gs_rlp_reader all = gs_rlp_read(bytes);
	w->node = gs_rlp_get_list(&all);
	return gs_rlp_end(&all);
}

/* Goes down by the reader's next item: a hash, or a node that lies there. */
static enum gs_err go_down(struct way *w, struct gs_rlp_reader *at)
{
	if (gs_rlp_is_list(at)) {
		w->node = gs_rlp_get_list(at);
		return w->node.err;
	}
	const struct gs_bytes hash = gs_rlp_get_bytes(at);
	if (at->err)
		return at->err;
	return hash.len == HASHED ? enter(w, hash.ptr) : GS_ECONFLICT;
}

static unsigned count_items(struct gs_rlp_reader r)
{
	unsigned count = 0;

	while (r.rest.len && !r.err && count <= BRANCH + 1) {
		if (gs_rlp_is_list(&r))
			(void)gs_rlp_get_list(&r);
		else
			(void)gs_rlp_get_bytes(&r);
		count++;
	}
	return r.err ? 0 : count;
}

/* Along the nibbles of a leaf or an extension. */
static enum gs_err follow(struct way *w, struct gs_bytes encoded, bool *leaf)
{
	if (encoded.len == 0 || encoded.ptr[0] >= 0x40 || (!(encoded.ptr[0] & 0x10) && (encoded.ptr[0] & 15)))
		return GS_EPARSE;
	const unsigned odd = encoded.ptr[0] >> 4 & 1, count = (unsigned)(encoded.len - 1) * 2 + odd;

	*leaf = encoded.ptr[0] & 0x20;
	if (encoded.len > NIBBLES_MAX || count > w->path.count - w->depth)
		return GS_ECONFLICT;
	for (unsigned i = 0; i < count; i++) {
		const unsigned at = i + 2 - odd;
		const uint8_t nibble = at % 2 ? encoded.ptr[at / 2] & 15 : encoded.ptr[at / 2] >> 4;
		if (w->path.nibble[w->depth++] != nibble)
			return GS_ECONFLICT;
	}
	return *leaf && w->depth != w->path.count ? GS_ECONFLICT : GS_OK;
}

enum gs_err gs_trie_verify(const struct gs_hash *root, uint64_t index, struct gs_bytes proof, struct gs_bytes *value)
{
	struct way w = {.proof = proof, .path = path_of(index)};
	enum gs_err err = index < GS_TRIE_ITEMS_MAX ? enter(&w, root->b) : GS_ECONFLICT;

	for (unsigned steps = 0; !err && steps < 2 * NIBBLES_MAX; steps++) {
		struct gs_rlp_reader node = w.node;
		const unsigned items = count_items(node);
		bool leaf = false;
		if (items == BRANCH + 1) {
			if (w.depth == w.path.count)
				return GS_ECONFLICT;
			for (unsigned n = 0; n < w.path.nibble[w.depth]; n++)
				gs_rlp_is_list(&node) ? (void)gs_rlp_get_list(&node) : (void)gs_rlp_get_bytes(&node);
			w.depth++;
			err = go_down(&w, &node);
			continue;
		}
		if (items != 2 || gs_rlp_is_list(&node))
			return GS_EPARSE;
		err = follow(&w, gs_rlp_get_bytes(&node), &leaf);
		if (!err && !leaf) {
			err = go_down(&w, &node);
			continue;
		}
		if (err)
			return err;
		*value = gs_rlp_get_bytes(&node);
		return node.err ? node.err : w.proof.len ? GS_EPARSE : GS_OK;
	}
	return err ? err : GS_EPARSE;
}
