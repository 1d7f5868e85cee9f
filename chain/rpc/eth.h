/* chain/rpc/eth.h: the Ethereum methods of an endpoint, typed. Every function here does one blocking call. */
#ifndef GS_CHAIN_RPC_ETH_H
#define GS_CHAIN_RPC_ETH_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"
#include "chain/eth/head.h"
#include "chain/eth/receipt.h"
#include "chain/rpc/rpc.h"

enum {
	GS_ETH_LOGS_MAX = 100 * 1000, /* of one answer */
	GS_ETH_LOG_DATA_MAX = 1024 * 1024,
	GS_ETH_FILTER_MAX = 64, /* addresses or topics of one filter */
	GS_ETH_RETURN_MAX = 16 * 1024 * 1024,
};

enum gs_block_kind {
	GS_BLOCK_NUMBER,
	GS_BLOCK_HASH,
	GS_BLOCK_LATEST,
	GS_BLOCK_SAFE,
	GS_BLOCK_FINALIZED,
	GS_BLOCK_PENDING
};
struct gs_block_id {
	enum gs_block_kind kind;
	uint64_t number;
	struct gs_hash hash;
};
struct gs_block_id gs_block_latest(void);
struct gs_block_id gs_block_at(uint64_t number);
struct gs_block_id gs_block_of(const struct gs_hash *hash);

struct gs_eth_block {
	struct gs_head head;
	struct gs_wei base_fee; /* zero before EIP-1559 */
	uint64_t gas_limit;
	struct gs_hash prev_randao;
};

struct gs_eth_call {
	const struct gs_address *from; /* NULL: nobody in particular */
	const struct gs_address *to;   /* NULL: creates a contract */
	struct gs_wei value;
	struct gs_bytes data;
};

struct gs_eth_filter { /* of logs; an empty list means any */
	uint64_t from_block;
	uint64_t to_block;
	const struct gs_hash *block_hash; /* when set, this block alone; the range is ignored */
	const struct gs_address *addresses;
	size_t address_count;
	const struct gs_hash *topics; /* alternatives for topic 0 */
	size_t topic_count;
	size_t logs_max; /* an answer with more is GS_ELIMIT; 0: GS_ETH_LOGS_MAX */
	size_t data_max; /* the same of their data, in bytes; 0: any */
};

GS_MUST enum gs_err gs_eth_chain_id(struct gs_rpc *rpc, uint64_t *out, struct gs_error *error);
GS_MUST enum gs_err gs_eth_block_number(struct gs_rpc *rpc, uint64_t *out, struct gs_error *error);
/* GS_ENOTFOUND when the node has no such block. */
GS_MUST enum gs_err gs_eth_get_block(struct gs_rpc *rpc, struct gs_block_id id, struct gs_eth_block *out,
                                     struct gs_error *error);
/* Appends the code to out; none for an address without. */
GS_MUST enum gs_err gs_eth_get_code(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id,
                                    struct gs_buf *out, struct gs_error *error);
GS_MUST enum gs_err gs_eth_get_balance(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id,
                                       struct gs_wei *out, struct gs_error *error);
GS_MUST enum gs_err gs_eth_get_nonce(struct gs_rpc *rpc, const struct gs_address *address, struct gs_block_id id,
                                     uint64_t *out, struct gs_error *error);
/* Appends the return data to out. A revert is GS_ECONFLICT, named in *error; gs_rpc_last_failure holds its data. */
GS_MUST enum gs_err gs_eth_do_call(struct gs_rpc *rpc, const struct gs_eth_call *call, struct gs_block_id id,
                                   struct gs_buf *out, struct gs_error *error);
GS_MUST enum gs_err gs_eth_estimate_gas(struct gs_rpc *rpc, const struct gs_eth_call *call, uint64_t *out,
                                        struct gs_error *error);
/* A priority fee that recent blocks paid: eth_maxPriorityFeePerGas. */
GS_MUST enum gs_err gs_eth_priority_fee(struct gs_rpc *rpc, struct gs_wei *out, struct gs_error *error);
GS_MUST enum gs_err gs_eth_send_raw(struct gs_rpc *rpc, struct gs_bytes raw, struct gs_hash *hash,
                                    struct gs_error *error);
/* GS_ENOTFOUND while it is not mined. Free *out with gs_receipt_free. */
GS_MUST enum gs_err gs_eth_get_receipt(struct gs_rpc *rpc, const struct gs_hash *tx_hash, struct gs_receipt *out,
                                       struct gs_error *error);
struct gs_receipt_answer {
	enum gs_err err;           /* as gs_eth_get_receipt's */
	struct gs_receipt receipt; /* gs_receipt_free */
	struct gs_error why;
};
/* Of several transactions, in as few requests as the endpoints take. On failure nothing is to be freed. */
GS_MUST enum gs_err gs_eth_get_receipts(struct gs_rpc *rpc, const struct gs_hash *tx, size_t count,
                                        struct gs_receipt_answer *out, struct gs_error *error);
/* Whether the log is one that this filter asks for. */
bool gs_eth_filter_admits(const struct gs_eth_filter *filter, const struct gs_log_entry *entry);
/* Free *out with gs_log_list_free. Every entry is checked against the filter: a node that returns what was not asked for is
 * GS_EPARSE. */
GS_MUST enum gs_err gs_eth_get_logs(struct gs_rpc *rpc, const struct gs_eth_filter *filter, struct gs_log_list *out,
                                    struct gs_error *error);

/* The same, read as it comes (chain/rpc/logstream.h): several times as fast for many logs. Of a range of blocks they must come in
 * order. */
GS_MUST enum gs_err gs_eth_stream_logs(struct gs_rpc *rpc, const struct gs_eth_filter *filter, struct gs_log_list *out,
                                       struct gs_error *error);

#endif
