/* chain/eth/rlp.h: RLP, the serialisation of Ethereum transactions (Yellow Paper, appendix B).
 *
 * An item is either a string of bytes or a list of items. Integers are strings: big-endian, no leading zeros, zero is
 * the empty string. A list is encoded by writing its items to one buffer and wrapping that buffer into another. */
#ifndef GS_CHAIN_ETH_RLP_H
#define GS_CHAIN_ETH_RLP_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"

/* All of them append to out; errors stick to the buffer (out->err). */
void gs_rlp_put_bytes(struct gs_buf *out, struct gs_bytes bytes);
void gs_rlp_put_u64(struct gs_buf *out, uint64_t v);
void gs_rlp_put_u256(struct gs_buf *out, const struct gs_u256 *v);
/* items: the concatenated encodings of the list's items. */
void gs_rlp_put_list(struct gs_buf *out, struct gs_bytes items);

/* --- reading: strict and bounds-checked. Only the shortest encoding of anything is accepted, so that bytes which were read say
 * the same when they are written again. Errors stick to the reader (GS_EPARSE), and values read after one are zero. --- */

struct gs_rlp_reader {
	struct gs_bytes rest; /* borrowed: the items that are still to be read */
	enum gs_err err;
};

struct gs_rlp_reader gs_rlp_read(struct gs_bytes items);
struct gs_bytes gs_rlp_get_bytes(struct gs_rlp_reader *r); /* borrowed */
/* GS_EPARSE also for leading zeros, or a number that does not fit. */
uint64_t gs_rlp_get_u64(struct gs_rlp_reader *r);
struct gs_u256 gs_rlp_get_u256(struct gs_rlp_reader *r);
/* A list: the reader of its items, with an error of the parent's. */
struct gs_rlp_reader gs_rlp_get_list(struct gs_rlp_reader *r);
/* Whether the next item is a list; false at the end. */
bool gs_rlp_is_list(const struct gs_rlp_reader *r);
/* Everything was read: GS_EPARSE sticks where items are left. */
GS_MUST enum gs_err gs_rlp_end(struct gs_rlp_reader *r);

#endif
