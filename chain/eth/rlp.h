/* chain/eth/rlp.h: RLP, the serialisation of Ethereum transactions (Yellow Paper, appendix B). Encoding only.
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

#endif
