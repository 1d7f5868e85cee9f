/* chain/eth/trie.h: Merkle-Patricia tries of lists, as the headers of blocks commit to their transactions and receipts (Yellow Paper, appendix D).
 *
 * Item i lies under the key rlp(i). A proof is the trie's nodes on the way to an item, the root's first, each behind its length in 4 bytes,
 * big-endian; nodes shorter than 32 bytes lie in the one above. Pure. */
#ifndef GS_CHAIN_ETH_TRIE_H
#define GS_CHAIN_ETH_TRIE_H

#include "chain/core/buf.h"

enum {
	GS_TRIE_ITEMS_MAX = 65536,
	GS_TRIE_DEPTH_MAX = 10,              /* nodes of a proof: keys have 8 nibbles at most */
	GS_TRIE_NODE_MAX = 17 * 1024 * 1024, /* bytes of a node: one item's value is in it */
};

/* The root of a list, and, where proof is not NULL, what proves item `index`, appended to it. An empty list has the root of an empty trie and no proofs.
 * GS_ELIMIT: too many items. GS_ENOMEM. */
GS_MUST enum gs_err gs_trie_list(const struct gs_bytes *item, size_t count, size_t index, struct gs_hash *root,
                                 struct gs_buf *proof);
/* *value: the item, borrowed from the proof. GS_EPARSE: it has not the form of a proof. GS_ECONFLICT: it has, but proves no item with this number under
 * this root. */
GS_MUST enum gs_err gs_trie_verify(const struct gs_hash *root, uint64_t index, struct gs_bytes proof,
                                   struct gs_bytes *value);

/* The next of items that each follow their length in 4 bytes. False: none is left, or what is left is cut, which *rest then still holds. */
static inline bool gs_framed_next(struct gs_bytes *rest, struct gs_bytes *out)
{
	if (rest->len < 4 || gs_be32_read(rest->ptr) > rest->len - 4)
		return false;
	*out = (struct gs_bytes){rest->ptr + 4, gs_be32_read(rest->ptr)};
	*rest = (struct gs_bytes){out->ptr + out->len, rest->len - 4 - out->len};
	return true;
}
void gs_framed_put(struct gs_buf *out, struct gs_bytes item); /* errors stick to out */

#endif
