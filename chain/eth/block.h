/* chain/eth/block.h: headers of blocks and consensus receipts as bytes: what a header's hash commits to (Yellow Paper 4.3; EIP-1559, 2718, 4399, 4895,
 * 4844, 4788, 7685; OP stack: deposit receipts). Pure. */
#ifndef GS_CHAIN_ETH_BLOCK_H
#define GS_CHAIN_ETH_BLOCK_H

#include "chain/eth/head.h"
#include "chain/eth/receipt.h"

enum {
	GS_BLOCK_HEADER_MAX = 4096,
	GS_BLOCK_HEADER_FIELDS = 15, /* of every header; later forks have appended to them */
	GS_BLOCK_HEADER_FIELDS_MAX = 24,
	GS_RECEIPT_LOGS_MAX = 4096,
};

struct gs_block_header {
	struct gs_head head; /* the hash is that of the bytes */
	struct gs_hash transactions_root;
	struct gs_hash receipts_root;
};
/* GS_EPARSE. */
GS_MUST enum gs_err gs_block_header_decode(struct gs_bytes rlp, struct gs_block_header *out);

/* A receipt as the trie of receipts holds it, typed or not. *logs: address, topics and data of each, free it with gs_log_list_free. GS_EPARSE, GS_ENOMEM. */
GS_MUST enum gs_err gs_receipt_decode(struct gs_bytes bytes, bool *success, struct gs_log_list *logs);

#endif
